"""Claims are measured, decided and held against their rivals as config/README.md says, and by nothing else."""

import csv
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import yaml
from group_files import write_coin_game, write_group, write_match
from showing import run_show

from lola.analysis import tournaments, verdicts
from lola.analysis.claims import QUANTITIES, check
from lola.analysis.groups import Counted
from lola.analysis.paper import APART, FIT, Claim, Ledger, read_ledger
from lola.analysis.verdicts import INCONCLUSIVE, NOT_REPRODUCED, NOT_RUN, REPRODUCED
from lola.files import records
from lola.study import display, plan
from lola.study.config import load
from lola.tables import claims as of_claims

FILE = "config/lola/claims.yaml"
LEDGER = read_ledger(FILE)
OURS = LEDGER.claims
SECTIONS = dict.fromkeys(claim.section for claim in OURS)
CONFIG = load()
GROUPS = plan.groups(CONFIG)
PLAYED = {
    (game, name, model)
    for name, part in CONFIG["study"].items()
    if "entrants" in part
    for game in part["games"]
    for model in part.get("opponent_models", ["oracle"])
}
FIELD = ["nl-q", "jal-q", "phc", "wolf-phc", "nl-ex", "lola-ex"]
CERTAINTIES = ("read", "inferred", "relayed", "memory", "saved", "digitised")


def played(measure):
    return (measure["game"], measure["tournament"], measure.get("opponent_model", "oracle")) in PLAYED


def claim(rule="greater", **more):
    measure = {"quantity": "R", "group": "ipd/a/oracle"}
    return Claim("x/y", "A sentence", "Table 9", "read", rule, measure, **{"runs": 50} | more)


def group(tmp_path, name="ipd/a/oracle", shift=0.0, **more):
    noise = np.random.default_rng(0).normal(0, 1, 12)
    return write_group(tmp_path, name, {s: {1: [r + shift], 2: [r + shift]} for s, r in enumerate(noise)}, **more)


def by_name(*groups):
    return {group.name: group for group in groups}


def test_a_difference_is_taken_seed_by_seed(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.001, 12)
    other = {s: {1: [r], 2: [r]} for s, r in enumerate(np.random.default_rng(0).normal(0, 1, 12) + noise - 0.01)}
    groups = by_name(group(tmp_path), write_group(tmp_path, "ipd/b/oracle", other))
    found = check(claim(minus={"quantity": "R", "group": "ipd/b/oracle"}), groups, LEDGER)
    assert found.verdict == REPRODUCED and found.measured.value == pytest.approx(0.01, abs=0.001)
    assert check(claim(), groups, LEDGER).verdict == INCONCLUSIVE  # each of them alone is all noise


def test_a_claim_whose_runs_are_missing_or_left_nothing_is_not_run(tmp_path):
    whole = group(tmp_path)
    failed = Counted(write_group(tmp_path, "ipd/b/oracle", {}, failed={12: 8}).folder)
    told = claim(minus={"quantity": "R", "group": "ipd/b/oracle"})
    missing = check(told, by_name(whole), LEDGER)
    assert (missing.verdict, missing.measured, missing.because) == (NOT_RUN, None, "ipd/b/oracle is not in the study")
    broken = check(told, by_name(whole, failed), LEDGER)
    assert broken.verdict == NOT_RUN
    assert broken.because == "ipd/b/oracle/seed12 diverged before anything was recorded of it"


@pytest.mark.parametrize("rule", verdicts.RULES)
def test_a_claim_on_what_is_no_number_is_not_run(tmp_path, rule):
    one = {"quantity": "R", "group": "ipd/a/oracle"}
    other = {s: {1: [float("nan") if s == 3 else 1.0]} for s in range(12)}
    groups = by_name(group(tmp_path), write_group(tmp_path, "ipd/b/oracle", other))
    told = claim(rule, paper=1.0, margin=0.1, minus=one)
    found = check(replace(told, measure={"quantity": "R", "group": "ipd/b/oracle"}), groups, LEDGER)
    assert (found.verdict, found.measured, found.because) == (NOT_RUN, None, "1 of 12 runs have no finite number")
    held = check(claim(rule, paper=1.0, margin=0.1, rival={"name": "b", "group": "ipd/b/oracle"}), groups, LEDGER)
    assert held.verdict != NOT_RUN and held.rival is None


def test_a_claim_of_which_no_run_has_a_number_is_not_run(tmp_path):
    later = write_group(tmp_path, "ipd/b/oracle", {s: {1: [1.0], 2: [1.0]} for s in range(20, 32)})
    told = claim(minus={"quantity": "R", "group": "ipd/b/oracle"})
    assert check(told, by_name(group(tmp_path), later), LEDGER).because == "no run has a number"  # no seed in common
    idle = coin_games(tmp_path, lola=0.8)
    none = {s: dict.fromkeys((1, 2), [(0, 0, 0, 0)] * 10) for s in range(12)}
    idle |= by_name(write_coin_game(tmp_path, "coin-game/lola/oracle", none))
    found = check(of_coin_game("greater", "own_colour", than=50), idle, LEDGER)
    assert found.because == "no run has a number; 12 of 12 runs pick no coin and are left out"


def test_unknown_names_are_refused_with_what_is_known(tmp_path):
    groups = by_name(group(tmp_path))
    with pytest.raises(ValueError, match=r"x/y: unknown quantity 'Q'; known: R, std"):
        check(replace(claim(), measure={"quantity": "Q", "group": "ipd/a/oracle"}), groups, LEDGER)
    with pytest.raises(ValueError, match="x/y: unknown rule 'same'; known: equals, count, greater, less"):
        check(claim("same"), groups, LEDGER)


RIVALS = {
    "b": ({"name": "b", "group": "ipd/b/oracle"}, -3.0),
    "a number": ({"name": "a number", "value": -4.0}, -4.0),
}


@pytest.mark.parametrize("rival", RIVALS)
def test_a_claim_is_held_against_the_runs_of_its_rival(tmp_path, rival):
    groups = by_name(group(tmp_path, shift=3.0), group(tmp_path, "ipd/b/oracle", shift=-3.0))
    named, value = RIVALS[rival]
    found = check(claim(rival=named), groups, LEDGER)
    assert (found.rival.name, found.rival.verdict, found.discriminating) == (rival, NOT_REPRODUCED, True)
    assert found.rival.value == pytest.approx(value, abs=0.5) and found.rival.power > 0.95
    weak = check(claim(than=-9, rival=named), groups, LEDGER)
    assert (weak.verdict, weak.rival.verdict, weak.discriminating) == (REPRODUCED, REPRODUCED, False)


def test_a_claim_without_a_rival_or_whose_rival_was_not_run_is_not_discriminating(tmp_path):
    groups = by_name(group(tmp_path, shift=3.0))
    for rival in (None, {"name": "b", "group": "ipd/b/oracle"}):
        found = check(claim(rival=rival), groups, LEDGER)
        assert (found.verdict, found.rival, found.discriminating) == (REPRODUCED, None, False)
    assert not replace(found, claim=replace(found.claim, headline=True)).counts


def test_the_rival_of_a_difference_is_that_there_is_none(tmp_path):
    groups = by_name(group(tmp_path, shift=9.0), group(tmp_path, "ipd/b/oracle"))
    told = claim(minus={"quantity": "R", "group": "ipd/b/oracle"}, margin=4.0)
    found = check(told, groups, LEDGER)
    assert (found.rival.name, found.rival.value) == ("no difference", pytest.approx(0, abs=1e-12))
    assert found.rival.verdict == NOT_REPRODUCED and found.discriminating
    blunt = check(replace(told, margin=0.0), groups, LEDGER)  # an effect of nothing cannot be told from nothing
    assert blunt.rival.verdict == INCONCLUSIVE and not blunt.discriminating


def test_a_coin_flip_is_told_from_a_share_of_runs(tmp_path):
    runs = {s: {1: [-2.0], 2: [-2.0]} for s in range(50)}
    groups = by_name(write_group(tmp_path, "ipd/a/oracle", runs))
    measure = {"quantity": "below", "group": "ipd/a/oracle", "line": -1.5}
    told = replace(claim("count", paper=50, margin=10, rival={"name": "a coin flip", "value": 50}), measure=measure)
    found = check(told, groups, LEDGER)
    assert (found.verdict, found.rival.value, found.discriminating) == (REPRODUCED, 50, True)


def test_a_verdict_says_how_stable_it_is(tmp_path):
    steady = by_name(write_group(tmp_path / "s", "ipd/a/oracle", {s: {1: [1 + s / 500]} for s in range(150)}))
    found = check(claim(), steady, LEDGER)
    assert (found.same, found.blocks, found.unstable) == (1.0, (3, 3), "")
    halves = by_name(write_group(tmp_path / "h", "ipd/a/oracle", {s: {1: [1 - s / 90 + s % 2]} for s in range(150)}))
    found = check(claim(), halves, LEDGER)
    assert found.verdict == REPRODUCED and found.blocks == (2, 3) and found.unstable == "unstable at 50 seeds"
    close = by_name(write_group(tmp_path / "c", "ipd/a/oracle", {s: {1: [s % 2 - 0.3]} for s in range(24)}))
    assert check(claim(), close, LEDGER).unstable == "unstable"


def test_the_stage_writes_every_claim_with_a_verdict(tmp_path, monkeypatch):
    names = ["ipd/lola-ex/oracle", "ipd/nl-ex/oracle"]
    folders = [group(tmp_path, name).folder for name in names]
    spec = {"kind": "claims", "caption": "Claims", "groups": names, "labels": {}, "actions": {}}
    manifest = run_show(monkeypatch, "table", spec, tmp_path / "claims", folders, FILE)
    assert FILE in records.read(manifest)["inputs"]
    with open(tmp_path / "claims.csv") as file:
        rows = {row["claim"]: row for row in csv.DictReader(file)}
    assert list(rows) == [c.id for c in OURS]
    found = rows["table3/ipd/lola-ex/R"]
    assert (found["paper"], found["runs"], found["rival"]) == ("-1.06", "12", "NL-Ex")
    assert found["verdict"] != NOT_RUN and found["kind"] in verdicts.KINDS
    not_run = rows["table3/imp/nl-ex/nash"]
    assert (not_run["measured"], not_run["runs"], not_run["verdict"]) == ("", "0", NOT_RUN)
    text = (tmp_path / "claims.md").read_text()
    counts = Counter(row["verdict"] for row in rows.values() if row["headline"] == "yes")
    assert all(f"| {verdict} | {counts[verdict]} |" in text for verdict in verdicts.VERDICTS)
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {heading}" for heading in ("The headline", *SECTIONS, "Withdrawn")
    ]


def test_the_headline_counts_what_the_paper_describes_and_can_fail(tmp_path):
    groups = by_name(group(tmp_path, shift=3.0), group(tmp_path, "ipd/b/oracle", shift=-3.0))
    named = {"name": "b", "group": "ipd/b/oracle"}
    told = claim(rival=named, headline=True, section="s")
    asked = [told, replace(told, id="x/weak", than=-9), replace(told, id="x/ours", headline=False)]
    asked += [replace(told, id="x/wrong", rule="less", rival=None, than=-9), replace(told, id="x/lost", rule="less")]
    asked[-1] = replace(asked[-1], rival={"name": "itself", "group": "ipd/a/oracle"})
    checked = [check(each, groups, LEDGER) for each in asked]
    assert [c.counts for c in checked] == [True, False, False, False, True]
    lines = {line["claims"]: line["number"] for line in of_claims.headline(checked, of_claims.holm_of(checked))}
    assert (lines["reproduced"], lines["not reproduced"]) == ("1", "1")
    assert lines["not discriminating, not counted"] == "2"
    assert lines["refuted, if chance alone were at work: at most"] == "0.1"  # 2 × 2.5 %
    assert lines["refuted after Holm's adjustment"] == "1"


def coin_games(tmp_path, seeds=10, **own):
    """Coin Games, by algorithm: `own` of the coins that each player picks, one in four steps, have its colour."""
    found = {}
    for name, share in own.items():
        points = 0.25 - 2 * 0.25 * (1 - share)  # each loses 2 for its coins that the other picks
        rows = {s: dict.fromkeys((1, 2), [(points, points, 0.25 * share, 0.25)] * 10) for s in range(seeds)}
        group = write_coin_game(tmp_path, f"coin-game/{name}/oracle", rows)
        found[group.name] = group
    return found


def of_coin_game(rule, quantity, **more):
    measure = {"quantity": quantity, "group": "coin-game/lola/oracle"}
    return Claim("figure5/x", "A sentence", "Figure 5", "read", rule, measure, section="s", **more)


def test_a_claim_on_the_coin_game_says_at_which_scale_it_was_judged(tmp_path):
    groups, scale = coin_games(tmp_path, lola=0.8, naive=0.5), "128 games of 16 steps per update, 2000 updates"
    scales = dict.fromkeys(groups, scale)
    found = check(of_coin_game("equals", "own_colour", paper=80, digit=10, runs=30, margin=5), groups, LEDGER, scales)
    assert found.measured.value == pytest.approx(80) and found.because.endswith(scale)
    minus = {"quantity": "own_colour", "group": "coin-game/naive/oracle"}
    found = check(of_coin_game("greater", "own_colour", minus=minus), groups, LEDGER, scales)
    assert found.measured.value == pytest.approx(30) and found.because.count(scale) == 1
    assert of_claims.arrange([found], LEDGER).blocks["s"].remarks.tolist() == [scale]


def test_five_runs_of_the_coin_game_decide_nothing(tmp_path):
    groups = coin_games(tmp_path, seeds=5, lola=0.8)
    found = check(of_coin_game("greater", "own_colour", than=50), groups, LEDGER)
    assert (found.verdict, found.kind) == (INCONCLUSIVE, "too few runs")


def test_points_of_the_coin_game_are_of_a_game_of_the_paper(tmp_path):
    groups = coin_games(tmp_path, lola=0.82)  # a coin in two steps, and 0.25 - 0.09 points a step
    assert check(of_coin_game("greater", "points"), groups, LEDGER).measured.value == pytest.approx(150 * 0.16)
    assert check(of_coin_game("greater", "coins"), groups, LEDGER).measured.value == pytest.approx(0.5)


def test_what_the_study_says_of_the_scale_of_its_coin_games():
    block = plan.blocks(CONFIG, "table")["claims"]
    assert block["groups"] == [*GROUPS]
    scales = display.block_spec(CONFIG, "claims", block)["coin_games"]
    assert {name.partition("/")[0] for name in scales} == {"coin-game"} and {*scales} <= {*block["groups"]}
    game, part = CONFIG["games"]["coin-game"], CONFIG["study"]["coin-game"]
    batch = CONFIG["algorithms"]["coin-lola-pg"]["batch"]
    told = f"{batch} games of {game['length']} steps per update, {part['steps']} updates"
    assert of_claims.SCALE.format(**scales["coin-game/coin-lola-pg/oracle"]) == told


def test_our_claims_are_whole():
    for c in OURS:
        assert c.certainty in CERTAINTIES and c.rule in verdicts.RULES, c.id
        for m in c.measures:
            known = {*tournaments.QUANTITIES, APART} if "tournament" in m else {*QUANTITIES, FIT}
            assert m["quantity"] in known, c.id
        assert c.rival or c.minus, c.id  # what it must tell apart
        assert c.rule != "equals" or c.margin > 0, c.id
    assert all("why" in of for of in LEDGER.quantities.values())
    assert [c.section for c in OURS if c.headline] == [next(iter(SECTIONS))] * sum(c.headline for c in OURS)


def test_the_default_study_trains_what_every_claim_and_its_rival_need():
    for c in OURS:
        asked = [*c.measures, c.measure | {k: v for k, v in (c.rival or {}).items() if k not in ("name", "value")}]
        for m in asked:
            groups = m.get("groups") or ([m["group"]] if "group" in m else [])
            assert {*groups} <= {*GROUPS} and ("tournament" not in m or played(m)), c.id


def test_exact_claims_rest_on_a_thousand_seeds():
    exact = {name for c in OURS if c.headline for name in c.groups if name.split("/")[1][-3:] not in ("-pg", "@to")}
    for name in exact:
        if (found := GROUPS[name]).course == "updates" and not found.spec["play"]:
            assert len(found.seeds) + found.more == 1000, name


def test_one_row_of_table_3_is_one_claim():
    rows = Counter(c.id.rpartition("/")[0] for c in OURS if c.part == "table3" and c.headline)
    assert len(rows) == 8 and {*rows.values()} == {1}
    for form in ("released", "halved", "centred"):
        for game in ("ipd", "imp"):
            assert LEDGER.printed[f"{game}/lola-pg-{form}/oracle"] == LEDGER.printed[f"{game}/lola-pg/oracle"]
    released = {c.id for c in OURS if "as released" in c.sentence}
    asked = lambda c: [*c.groups, *(m.get("tournament", "") for m in c.measures)]  # noqa: E731
    assert released == {c.id for c in OURS if any("released" in group for group in asked(c))}


def test_what_was_saved_of_five_runs_is_held_against_the_last_ten_updates():
    dice = [c for c in OURS if c.part == "dice"]
    assert {c.certainty for c in dice} == {"saved"} and all(c.measure["last"] == 10 for c in dice)
    assert {c.runs for c in dice if c.numeric} == {5}
    saved = {c.groups[0].removeprefix("ipd/"): (c.paper, c.std) for c in dice if c.rule == "equals"}
    assert saved == {
        "nl-dice/oracle": (-1.991, 0.001),
        "lola-pg-64/oracle": (-1.746, 0.356),
        **{f"{eta}-dice-1/oracle": (-1.192, 0.067) for eta in ("lola", "slow")},
        **{f"{eta}-dice-2/oracle": (-1.118, 0.046) for eta in ("lola", "slow")},
        **{f"{eta}-dice-3/oracle": (-1.107, 0.065) for eta in ("lola", "slow")},
        "lola-dice-2/cloning": (-1.088, 0.011),
        "no-box-1/oracle": (-1.990, 0.001),
    }
    scales = {m["scale"] for c in dice for m in c.measures if m["quantity"] == "R"}
    assert scales == {round(1 - 0.96**150, 4)}  # their returns stop after 150 steps
    assert {c.runs for c in OURS if c.rule == "equals" and c.part == "figure5"} == {30}


@pytest.mark.parametrize(
    ("group", "quantity", "player", "number"),
    [
        ("ipd/nl-ex/oracle", "R", None, -1.98),
        ("ipd/nl-ex/oracle", "tft", None, 20.8),
        ("ipd/lola-ex/oracle", "R", None, -1.06),
        ("ipd/lola-ex/oracle", "std", None, 0.19),
        ("ipd/lola-ex/oracle", "tft", None, 81.0),
        ("imp/nl-ex/oracle", "std", None, 0.37),
        ("imp/lola-ex/oracle", "R", None, 0),
        ("imp/lola-ex/oracle", "nash", None, 98.8),
        ("ipd/lola-pg/oracle", "R", None, -1.17),
        ("imp/lola-pg-released/oracle", "nash", None, 93.2),
        ("ipd/lola-pg@map/oracle", "R", None, None),
        ("ipd/lola-t4-vs-nl-t4/oracle", "R", 1, -1.28),
        ("ipd/lola-t4-vs-nl-t4/oracle", "R", 2, -1.54),
        ("ipd/lola-t4-vs-lola2-t4/oracle", "R", 2, -1.17),
        ("ipd/lookahead/oracle", "R", None, None),
    ],
)
def test_the_papers_numbers(group, quantity, player, number):
    assert LEDGER.number(group, quantity, player) == number


def test_the_numbers_of_differences_follow_from_those_of_the_tables():
    saved = {c.groups[0]: c.paper for c in OURS if c.part == "dice" and c.rule == "equals"}
    for c in OURS:
        if c.minus and c.paper is not None:
            of = [(m["group"], m["quantity"], m.get("player")) for m in c.measures]
            one, other = (LEDGER.number(*each) if c.part != "dice" else saved[each[0]] for each in of)
            assert c.paper == pytest.approx(one - other), c.id
            assert "the number is the difference of" in c.sentence, c.id
            assert c.margin == pytest.approx(abs(c.paper) / 2) or "margin" in c.sentence, c.id


def test_numbers_that_the_paper_does_not_print_are_not_called_its_numbers():
    assert not [c.id for c in OURS if not c.numeric and c.paper is not None and not c.minus]


def test_nothing_is_measured_twice_against_one_threshold():
    decided = [(str(c.measure), str(c.minus), c.rule, c.paper if c.numeric else c.than) for c in OURS]
    assert len(set(decided)) == len(decided)
    differences = [(str(c.measure), str(c.minus), c.than) for c in OURS if c.minus]
    assert len(set(differences)) == len(differences)


def test_the_authors_tables_are_as_they_plotted_them():
    ipd, imp = LEDGER.crosstable("ipd"), LEDGER.crosstable("imp")
    assert ipd.index.tolist() == ipd.columns.tolist() == imp.index.tolist() == FIELD
    assert ipd.loc["lola-ex"].tolist() == [-0.98, -1.86, -0.97, -0.96, -0.85, -1.00]
    assert imp["lola-ex"].tolist()[:5] == [0.34, 0.25, 0.29, 0.19, -0.42] and np.isnan(imp.to_numpy().diagonal()).all()
    assert LEDGER.averages("ipd").to_dict() == dict(zip(FIELD, [-1.60, -1.99, -1.59, -1.36, -2.11, -1.10], strict=True))
    assert np.nanmax(np.abs(imp + imp.T)) <= 0.02 + 1e-9  # zero-sum, but for how well a plot can be read
    for table, game in ((ipd, "ipd"), (imp, "imp")):
        assert table.fillna(0).mean(axis=1).to_numpy() == pytest.approx(LEDGER.averages(game), abs=0.02)
    assert LEDGER.crosstable("chicken").empty and LEDGER.averages("chicken").empty


@pytest.mark.parametrize(
    ("cells", "average", "told"),
    [
        ([[1, 2], [3]], [1, 2], "field names 2, so cells must be 2 rows of 2 numbers"),
        ([[1, 2]], [1, 2], "field names 2"),
        ([[1, 2], [3, 4]], [1], ".* and average 2"),
    ],
)
def test_a_plot_that_is_not_square_is_named(tmp_path, cells, average, told):
    file = tmp_path / "claims.yaml"
    file.write_text(yaml.safe_dump({"plotted": {"g": {"field": ["a", "b"], "cells": cells, "average": average}}}))
    with pytest.raises(ValueError, match=f"claims.yaml: plotted: g: {told}"):
        read_ledger(file)


def entry(**more):
    measure = {"quantity": "R", "group": "ipd/a/oracle"}
    return {"id": "x/y", "sentence": "s", "source": "t", "certainty": "read", "rule": "less", "measure": measure} | more


def ledger_of(tmp_path, *entries, **parts):
    file = tmp_path / "claims.yaml"
    file.write_text(yaml.safe_dump({"sections": [{"title": "S", "claims": list(entries)}]} | parts))
    return read_ledger(file)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (entry(verdict="reproduced"), "x/y: unknown key 'verdict'"),
        ({"id": "x/y"}, "x/y: missing key 'sentence'"),
        (entry(rule="equals", paper=1.0), "x/y: missing key 'runs', of the claim or of all"),
        (entry(measure={"quantity": "fit", "groups": ["a/b/c"]}), "x/y: missing key 'runs', of the claim or of all"),
        (entry(rule="equals", runs=5), "x/y: missing key 'paper'"),
    ],
)
def test_a_claim_with_a_wrong_or_missing_key_is_named(tmp_path, given, told):
    with pytest.raises(ValueError, match=f"claims.yaml: {told}"):
        ledger_of(tmp_path, given)


def test_an_id_stands_once_and_a_file_has_known_parts(tmp_path):
    with pytest.raises(ValueError, match="x/y: there are two claims of this id"):
        ledger_of(tmp_path, entry(), entry())
    with pytest.raises(ValueError, match="unknown key 'claims'; known: code, code_deterministic, runs, notes"):
        ledger_of(tmp_path, claims=[])


def test_what_a_claim_need_not_say(tmp_path):
    parts = {
        "runs": 50,
        "quantities": {"R": {"margin": 0.1, "digit": 0.01}},
        "printed": {"ipd/a/oracle": {"R": -1.5, "std": 0.2, "R 1": -1.4}},
    }
    one = entry()["measure"] | {"player": 1}
    other = {"quantity": "R", "group": "ipd/b/oracle"}
    given = [entry(rule="equals"), entry(id="1", rule="equals", measure=one), entry(id="2"), entry(id="3", minus=other)]
    given += [entry(id="4", minus=other, paper=-0.5), entry(id="5", minus=other, paper=-0.5, margin=0.2)]
    found = ledger_of(tmp_path, *given, **parts).claims
    assert [(c.paper, c.std, c.runs, c.digit, c.margin) for c in found[:2]] == [
        (-1.5, 0.2, 50, 0.01, 0.1),
        (-1.4, None, 50, 0.01, 0.1),
    ]
    assert [c.margin for c in found[2:]] == [0, 0.1, 0.25, 0.2]  # a line; a quantity's; half an effect; as it says


def test_a_section_has_a_headline_if_it_says_so(tmp_path):
    for given, headline in (({}, False), ({"headline": False}, False), ({"headline": True}, True)):
        file = tmp_path / "claims.yaml"
        file.write_text(yaml.safe_dump({"sections": [{"title": "S", "claims": [entry()]} | given]}))
        assert read_ledger(file).claims[0].headline == headline


def test_other_words_are_no_other_rule():
    told = claim()
    assert told.digest == replace(told, sentence="x", source="y", certainty="memory", headline=True).digest
    assert len({told.digest, replace(told, than=1.0).digest, replace(told, margin=0.1).digest}) == 3


def cup(tmp_path, means, model="oracle", failed=None, noise=0.0, seeds=20):
    """A tournament on the IPD: `means` {entrant: what it earns from all}, and `noise` for the first seat, ± by seed."""
    groups = {}
    for n, first in enumerate(means):
        for second in list(means)[n:]:
            seats = first if first == second else f"{first}-vs-{second}"
            shift = {seed: noise * (-1) ** seed for seed in range(seeds)}
            returns = {s: {1: [9, means[first] + x], 2: [9, means[second] - x]} for s, x in shift.items()}
            diverged = {7: 50} if (first, second) == failed else {}
            returns[7] = {player: row[:1] for player, row in returns[7].items()} if diverged else returns[7]
            group = write_match(tmp_path, f"ipd/{seats}@cup/{model}", returns, failed=diverged)
            groups[group.name] = Counted(group.folder)
    return groups


def ranked(rule="less", than=1.5, **more):
    measure = {"quantity": "rank", "game": "ipd", "tournament": "cup", "entrant": "a", "field": ["a", "b", "c"]}
    return Claim("x/y", "A sentence", "Figure 9", "read", rule, measure | more, than=than)


def test_a_rank_is_decided_by_all_differences_at_once(tmp_path):
    ahead = cup(tmp_path / "ahead", {"a": -1, "b": -2, "c": -3}, noise=0.1)
    first = check(replace(ranked(), rival={"name": "b", "entrant": "b"}), ahead, LEDGER)
    assert (first.verdict, first.measured.value, first.measured.low, first.measured.high) == (REPRODUCED, 1, 1, 1)
    assert (first.rival.value, first.rival.verdict) == (2, NOT_REPRODUCED)
    assert check(ranked(entrant="b"), ahead, LEDGER).verdict == NOT_REPRODUCED
    assert check(ranked("greater", 2.5, entrant="c"), ahead, LEDGER).verdict == REPRODUCED
    close = cup(tmp_path / "close", {"a": -1, "b": -1.01, "c": -3}, noise=0.1)  # ten seeds say a, ten say b
    assert check(ranked(), close, LEDGER).verdict == INCONCLUSIVE
    tied = cup(tmp_path / "tied", {"a": -1, "b": -1, "c": -3})
    assert [check(ranked(entrant=e), tied, LEDGER).measured.value for e in "abc"] == [1, 1, 3]  # the better for both


def test_an_entrant_more_changes_no_claim(tmp_path):
    few = cup(tmp_path / "few", {"a": -1, "b": -2, "c": -3})
    more = cup(tmp_path / "more", {"z": 0, "a": -1, "b": -2, "c": -3})
    assert check(ranked(), few, LEDGER).measured == check(ranked(), more, LEDGER).measured
    assert check(ranked(field=["z", "a", "b", "c"]), more, LEDGER).measured.value == 2


def test_a_claim_about_a_tournament_that_was_not_played_is_not_run(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3})
    for asked, why in [
        ({"tournament": "other"}, "ipd/other/oracle is not in the study"),
        ({"opponent_model": "cloning"}, "ipd/cup/cloning is not in the study"),
        ({"game": "imp"}, "imp/cup/oracle is not in the study"),
        ({"field": ["a", "b", "d"]}, "d in ipd/cup/oracle is not in the study"),
    ]:
        found = check(ranked(**asked), groups, LEDGER)
        assert (found.verdict, found.measured, found.because) == (NOT_RUN, None, why)


def test_a_run_that_diverged_is_named_by_the_claims_that_need_its_match(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3}, failed=("b", "c"))
    assert check(ranked(), groups, LEDGER).because == "ipd/b-vs-c@cup/oracle: 19 of 20 runs; 1 diverged"
    earns = {"quantity": "earns", "game": "ipd", "tournament": "cup"}
    touched = check(replace(claim(), measure=earns | {"entrant": "c", "against": "b"}), groups, LEDGER)
    assert touched.measured.value == pytest.approx((19 * -3 + 9) / 20)
    assert touched.because.endswith("ipd/b-vs-c@cup/oracle: 19 of 20 runs; 1 diverged")
    cell = check(replace(claim(), measure=earns | {"entrant": "a", "against": "b"}), groups, LEDGER)
    assert cell.measured.value == -1 and "diverged" not in cell.because


def test_a_plot_as_a_whole_is_one_claim(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3}, noise=0.01)
    cells = [[-1.0, -1.1, -0.8], [-2.0, -2.0, None], [-3.0, -3.0, -3.0]]
    ledger = Ledger(plotted={"ipd": {"field": ["a", "b", "c"], "cells": cells, "average": [0, 0, 0]}})
    measure = {"quantity": "apart", "game": "ipd", "tournament": "cup", "field": ["a", "b", "c"]}
    found = check(replace(ranked(than=0.1), measure=measure), groups, ledger)
    assert found.measured.value == pytest.approx(0.3 / 8)
    assert found.because == "8 numbers, rank correlation 0.97; in 2 of 2 pairs the same win"


def test_nothing_is_asked_of_the_tournament_that_was_fitted_to_the_numbers():
    assert not [c.id for c in OURS for m in c.measures if m.get("tournament") == "tournament-fitted"]


@pytest.mark.parametrize(
    ("measure", "wrong"),
    [
        ({"quantity": "rank", "game": "ipd", "tournament": "cup", "entrnat": "a"}, "unknown key 'entrnat'"),
        (
            {"quantity": "earns", "game": "ipd", "tournament": "cup", "entrant": "a", "agianst": "b"},
            "unknown key 'agianst'",
        ),
        ({"quantity": "rank", "tournament": "cup", "entrant": "a"}, "missing key 'game'"),
        ({"quantity": "R", "grup": "ipd/nl-ex/oracle"}, "missing key 'group'"),
        (
            {"quantity": "rank", "game": "ipd", "tournament": "cup", "entrant": "z", "field": ["a", "b"]},
            "entrant 'z' is not in field ['a', 'b']",
        ),
    ],
)
def test_a_misspelt_measure_is_named_and_no_verdict(tmp_path, measure, wrong):
    with pytest.raises(ValueError, match="x/y: " + re.escape(wrong)):
        ledger_of(tmp_path, entry(measure=measure))


def test_an_unknown_quantity_of_a_tournament_is_refused_with_what_is_known(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3})
    with pytest.raises(ValueError, match="x/y: unknown quantity 'R'; known: earns, average, rank, elicits"):
        check(ranked(quantity="R"), groups, LEDGER)
