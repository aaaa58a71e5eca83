"""A deterministic claim is decided by its worst start, is never inconclusive, and must refute its rival's number."""

from dataclasses import replace
from inspect import signature

import numpy as np
import pytest
import yaml
from group_files import failures, write

from lola.analysis import deterministic, verdicts
from lola.analysis.claims import check
from lola.analysis.groups import Counted
from lola.analysis.metrics import SHARE, Sample, mean
from lola.analysis.paper import Claim, Deterministic, Ledger, parsed
from lola.analysis.verdicts import (
    ABSENT,
    AGREES,
    CONTRADICTS,
    HOLDS,
    INCONCLUSIVE,
    KINDS,
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    REVERSED,
    SMALLER,
)

A, B = "tandem/a/oracle", "tandem/b/oracle"


def claim(rule="equals", of="distance", **more):
    measure = {"quantity": of, "group": A} | more.pop("arguments", {})
    return Deterministic("x/y", "A sentence", "§5", "read", rule, measure, **{"tolerance": 0.01} | more)


def group(tmp_path, ends, name=A, failed=None):
    """Runs on the line, a start each, of which `ends` says where they end; {seed: step} of those that `failed`."""
    rows = [
        (seed, step, player, metric, value)
        for seed, end in enumerate(ends)
        for step in range(21)
        for player, x in ((1, end if step > 15 else 1.0), (2, 0.0))
        for metric, value in (("parameter 1", x), ("gradient norm", 0.0), ("return", -x))
        if step < (failed or {}).get(seed, 99)
    ]
    found = write(tmp_path, name, "parameters", rows, {seed: {} for seed in range(len(ends))} | failures(failed or {}))
    return Counted(found.folder)


def checked(told, *groups):
    return check(told, {group.name: group for group in groups}, Ledger())


@pytest.mark.parametrize(
    ("ends", "kind"),
    [
        ([0.44], AGREES),
        ([0.45], AGREES),  # on the edge of the tolerance
        ([0.4301, 0.44, 0.4499], AGREES),
        ([0.451], CONTRADICTS),
        ([0.44, 0.44, 0.429], CONTRADICTS),  # one start of three
    ],
)
def test_a_number_agrees_within_the_tolerance_from_every_start(tmp_path, ends, kind):
    found = checked(claim(paper=0.44, tolerance=0.0101), group(tmp_path, ends))
    assert (found.kind, found.verdict) == (kind, KINDS[kind])
    assert (found.measured.low, found.measured.high, found.measured.n) == (min(ends), max(ends), len(ends))
    assert found.measured.value == max(ends, key=lambda end: abs(end - 0.44))
    assert found.refutable == pytest.approx((0.4299, 0.4501))


@pytest.mark.parametrize(
    ("ends", "kind"),
    [
        ([0.52], HOLDS),
        ([0.6, 0.511], HOLDS),
        ([0.6, 0.505], SMALLER),
        ([0.6, 0.5], ABSENT),
        ([0.495], ABSENT),
        ([0.6, 0.6, 0.48], REVERSED),
    ],
)
def test_a_sentence_holds_beyond_the_tolerance_from_every_start(tmp_path, ends, kind):
    found = checked(claim("greater", than=0.5), group(tmp_path, ends))
    assert (found.kind, found.verdict, found.measured.value) == (kind, KINDS[kind], min(ends))
    assert found.refutable == (pytest.approx(0.51), np.inf)
    mirrored = checked(claim("less", than=0.5), group(tmp_path, [1 - end for end in ends]))
    assert (mirrored.kind, mirrored.measured.value) == (kind, 1 - min(ends))
    assert mirrored.refutable == (-np.inf, pytest.approx(0.49))


def test_one_run_is_enough_and_nothing_is_inconclusive():
    one = Sample((0,), np.array([[0.44]]), mean())
    by_runs = Claim("x/y", "s", "t", "read", "equals", {"quantity": "R"}, paper=0.44, margin=0.1, runs=50)
    assert KINDS[str(verdicts.kinds(by_runs, one.statistic, one.runs))] == INCONCLUSIVE
    assert deterministic.kind(claim(paper=0.44), deterministic.worst(claim(paper=0.44), one).value) == AGREES
    numbers = np.linspace(-1, 1, 201)
    for told in (claim(paper=0.1), claim("greater", than=0.1), claim("less", than=0.1, tolerance=0.0)):
        assert {KINDS[deterministic.kind(told, x)] for x in numbers} == {REPRODUCED, NOT_REPRODUCED}


def test_what_chance_decides_does_not_apply(tmp_path):
    found = checked(claim(paper=0.44, rival={"name": "1", "value": 1}), group(tmp_path, [0.44] * 200))
    assert np.isnan([found.same, found.p, found.rival.power]).all() and found.blocks == (0, 0) and not found.unstable


@pytest.mark.parametrize(
    ("rival", "value", "verdict"),
    [
        ({"name": "b", "group": B}, 0.6, NOT_REPRODUCED),  # its worst start
        ({"name": "near", "value": 0.445}, 0.445, REPRODUCED),
        ({"name": "far", "value": 0.3}, 0.3, NOT_REPRODUCED),
    ],
)
def test_the_rivals_number_must_be_refuted(tmp_path, rival, value, verdict):
    groups = group(tmp_path, [0.44]), group(tmp_path, [0.44, 0.6], B)
    found = checked(replace(claim(paper=0.44, rival=rival), headline=True), *groups)
    assert (found.rival.value, found.rival.verdict) == (value, verdict)
    assert found.discriminating == found.counts == (verdict == NOT_REPRODUCED)


def test_a_claim_and_its_rival_swap(tmp_path):
    ours, theirs = group(tmp_path, [0.44]), group(tmp_path, [0.3], B)
    found = checked(claim(paper=0.44, rival={"name": "b", "group": B}), ours, theirs)
    measure = {"quantity": "distance", "group": B}
    swapped = checked(claim(paper=0.44, arguments=measure, rival={"name": "a", "group": A}), ours, theirs)
    assert (found.verdict, found.rival.verdict, found.discriminating) == (REPRODUCED, NOT_REPRODUCED, True)
    assert (swapped.verdict, swapped.rival.verdict, swapped.discriminating) == (NOT_REPRODUCED, REPRODUCED, False)
    assert (swapped.measured.value, swapped.rival.value) == (found.rival.value, found.measured.value)


def test_the_rival_of_a_difference_is_none(tmp_path):
    groups = group(tmp_path, [0.5, 0.7]), group(tmp_path, [0.3, 0.6], B)
    told = claim("greater", minus={"quantity": "distance", "group": B})
    found = checked(told, *groups)
    assert (found.verdict, found.measured.value) == (REPRODUCED, pytest.approx(0.1))
    assert (found.rival.name, found.rival.value, found.discriminating) == ("no difference", 0.0, True)
    assert checked(replace(told, tolerance=0.0, rule="less"), *groups).rival.verdict == NOT_REPRODUCED


def test_a_run_that_diverged_is_an_answer_where_that_is_asked(tmp_path):
    groups = group(tmp_path, [9.0, 9.0], failed={1: 3}), group(tmp_path, [9.0, 9.0], B)
    for of, arguments, rule, than, verdict in [
        ("diverged", {"beyond": 5}, "greater", 50, REPRODUCED),
        ("diverged", {"beyond": 10}, "greater", 50, NOT_REPRODUCED),  # only one of two starts
        ("converged", {"within": 1, "motion": 1}, "less", 50, NOT_REPRODUCED),
        ("converged", {"within": 1, "motion": 1}, "greater", 50, NOT_REPRODUCED),
        ("arrival", {"within": 10}, "less", 1, NOT_REPRODUCED),
        ("growth", {}, "greater", 0.5, REPRODUCED),
    ]:
        assert checked(claim(rule, of, arguments=arguments, than=than), *groups).verdict == verdict, of
    for of in ("distance", "gradient", "R", "motion"):
        found = checked(claim(of=of, paper=1.0), *groups)
        assert (found.verdict, found.because) == (NOT_RUN, f"{A}: 1 of 2 runs diverged"), of
    rival = checked(claim(paper=9.0, arguments={"group": B}, rival={"name": "a", "group": A}), *groups)
    assert (rival.verdict, rival.rival, rival.discriminating) == (REPRODUCED, None, False)
    assert checked(claim(paper=1.0)).because == f"{A} is not in the study"


def test_a_share_must_be_all_of_the_starts(tmp_path):
    told = claim("greater", "near", arguments={"value": -0.2, "within": 0.3}, than=50)
    assert checked(told, group(tmp_path, [0.4, 0.8])).verdict == REPRODUCED
    found = checked(told, group(tmp_path, [0.4] * 9 + [1.8]))
    assert (found.verdict, found.measured.value) == (NOT_REPRODUCED, 0)
    assert found.measured.high == 100 and SHARE.bounds == (0, 100)


FILE = """
code: abc
code_deterministic: def
runs: 50
quantities: {R: {margin: 0.1, digit: 0.01}}
printed: {tandem/a/oracle: {R: 0.44, std: 0.1}}
sections:
  - title: T
    claims:
      - &one {id: one, sentence: s, source: t, certainty: read, rule: equals, tolerance: 0.001,
              measure: {quantity: R, group: tandem/a/oracle}}
      - {<<: *one, id: two, rule: greater, than: 1}
      - {id: three, sentence: s, source: t, certainty: read, rule: equals,
         measure: {quantity: R, group: tandem/a/oracle}}
"""


def test_a_tolerance_in_the_file_makes_a_claim_deterministic():
    one, two, three = parsed(yaml.safe_load(FILE), "x", {}).claims
    assert [type(claim) for claim in (one, two, three)] == [Deterministic, Deterministic, Claim]
    assert (one.paper, one.margin, one.runs, one.std, one.digit, one.code) == (0.44, 0.0, None, None, 0.0, "def")
    assert (three.paper, three.margin, three.runs, three.std, three.code) == (0.44, 0.1, 50, 0.1, "abc")
    assert (two.paper, two.than) == (None, 1)
    other = parsed(yaml.safe_load(FILE.replace("0.001", "0.002")), "x", {}).claims
    same = [a.digest == b.digest for a, b in zip((one, two, three), other, strict=True)]
    assert same == [False, False, True]
    changed = parsed(yaml.safe_load(FILE.replace("def", "ghi")), "x", {}).claims
    assert [a.digest == b.digest for a, b in zip((one, two, three), changed, strict=True)] == same
    assert {*signature(Claim).parameters} < {*signature(Deterministic).parameters}
