"""Files of claims that somebody got wrong, by the hundred: each is refused in short lines, or can be decided."""

import random
import string
import warnings
from copy import deepcopy
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import yaml
from claim_files import TEXT, on_disk, planned

from lola.analysis import deterministic, verdicts
from lola.analysis.claims import needed, of_claim, rival_sample
from lola.analysis.paper import Deterministic, read_ledger
from lola.study import ledger_numbers
from lola.study.config import check_claims
from lola.vocabulary.errors import BadConfig
from lola.vocabulary.quantities import CLAIM, PARTS, QUANTITIES, RIVAL, RULES, WHERE

CONTENT = yaml.safe_load(TEXT)
MUTATIONS, AT_ONCE = 520, 40
LONGEST = 320  # characters of a line
JUNK = [
    *(None, True, False, 0, -1, 1, 2, 1.5, 0.5, 50, 1000, 10**30, -1e300, float("nan"), float("inf")),
    *("", " ", "abc", "é", "a\nb", "\0", "oracle", "start", "CC", "x" * 3000, date(2026, 1, 2)),
    *([], {}, [1], ["a"], [[]], {"a": 1}, {1: 2}, [None]),
]
ARGUMENTS = {name for quantity in QUANTITIES.values() for name in quantity.takes}
KEYS = sorted({*PARTS, *CLAIM, *WHERE, *RIVAL, *ARGUMENTS, "why", "title", "last"})
NAMES = [*RULES, *QUANTITIES, "ipd/lola-ex/oracle", "coin-game/coin-nl-pg/oracle", "ipd", "lola-ex", "tournament"]


@pytest.fixture(scope="module")
def decide(tmp_path_factory):
    """Measures and decides, on runs that are made up, all claims of a file that another one has not."""
    root = tmp_path_factory.mktemp("groups")
    (root / "claims.yaml").write_text(TEXT)
    groups, told = on_disk(root), read_ledger(root / "claims.yaml")
    known, codes = told.claims, (told.code, told.code_deterministic)

    def of_file(path):
        ledger = read_ledger(path)
        for claim in ledger.claims:
            by_number = isinstance(claim, Deterministic)
            if replace(claim, code=codes[by_number]) not in known and is_there(claim, groups):
                sample = of_claim(claim, groups, ledger)
                for runs in (sample, rival_sample(claim, sample, groups, ledger)[1]):
                    if runs is not None:
                        assert len(runs.runs) and np.isfinite(runs.runs).all()
                        if by_number:
                            kind = deterministic.kind(claim, deterministic.worst(claim, runs).value)
                        else:
                            kind = str(verdicts.kinds(claim, runs.statistic, runs.runs))
                        assert kind in verdicts.KINDS

    return of_file


def is_there(claim, groups):
    """Whether the groups of a claim and of its rival are among those that were made up."""
    instead = {key: value for key, value in (claim.rival or {}).items() if key not in RIVAL}
    try:
        return all(needed(measure, groups) for measure in (*claim.measures, claim.measure | instead))
    except KeyError:
        return False


@pytest.mark.parametrize("block", range(MUTATIONS // AT_ONCE))
def test_a_file_of_claims_is_refused_in_short_lines_or_can_be_decided(tmp_path, decide, block):
    path = tmp_path / "claims.yaml"
    for seed in range(block * AT_ONCE, (block + 1) * AT_ONCE):
        path.write_bytes(mutated(random.Random(seed)))
        try:
            told = refused(path)
            if not told:
                with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
                    decide(path)
        except Exception as error:
            raise AssertionError(f"mutation {seed}: {type(error).__name__}: {error}") from error
        assert is_clear(told), f"mutation {seed}: {told}"


def numbers():
    """Every number of the file that what can be measured bounds, by its path; of points, coins and fits nothing is."""
    bounded = ("than", "paper", "margin", "line", "std", "R", "R 1", "tft", "nash")
    for parent, key in places(CONTENT):
        unbounded = isinstance(parent, dict) and str(parent.get("id")).startswith(("coin/points", "coin/coins", "fit"))
        unbounded |= parent is CONTENT["quantities"]["std"]  # whose game nobody says
        measure = parent.get("measure", {}) if isinstance(parent, dict) else {}
        unbounded |= measure.get("quantity") in (*ledger_numbers.FROM_0, "limit")
        rows = (row for plot in CONTENT["plotted"].values() for row in (*plot["cells"], plot["average"]))
        plotted = any(parent is row for row in rows)
        if (key in bounded or plotted) and isinstance(parent[key], int | float) and not unbounded:
            yield parent, key


def test_a_number_that_cannot_come_out_is_refused_wherever_it_stands(tmp_path):
    path, found = tmp_path / "claims.yaml", [*numbers()]
    for parent, key in found:
        kept = parent[key]
        for parent[key] in (1e6, -1e6):
            path.write_text(yaml.dump(CONTENT, allow_unicode=True, Dumper=Plain, sort_keys=False))
            told = refused(path)
            assert told and is_clear(told), (key, kept)
        parent[key] = kept
    assert len(found) > 40


def test_what_is_not_mutated_passes(tmp_path, decide):
    path = tmp_path / "claims.yaml"
    path.write_text(TEXT)
    assert not refused(path)
    decide(path)


def refused(path):
    """What the check of a file says; nothing if it is good."""
    try:
        check_claims(str(path), planned())
    except BadConfig as faults:
        return str(faults)


def is_clear(told):
    """Whether every line is short and says what is wrong."""
    lines = [line for line in (told or "").splitlines() if not line.endswith("faults:")]
    says = ("; allowed: ", "; give ", "is not ", "field names ", "; allowed ")
    return all(
        len(line.split("/claims.yaml: ")[-1]) <= LONGEST and any(word in line for word in says) for line in lines
    )


def mutated(rng):
    """The file with one to three mistakes: in its text, or in what it holds."""
    if rng.random() < 0.3:
        return mistyped(rng)
    content = deepcopy(CONTENT)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(MISTAKES)(rng, content)
    return yaml.dump(content, allow_unicode=True, Dumper=Plain, sort_keys=False).encode()


class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Without anchors, which a person would not write."""

    def ignore_aliases(self, data):
        return True


def places(content, parent=None, key=None):
    """Every value of a file, as what holds it and its key or place there."""
    if parent is not None:
        yield parent, key
    for inner in content if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ():
        yield from places(content[inner], content, inner)


def anywhere(rng, content, kind=object):
    """A place whose value is of a kind."""
    found = [(parent, key) for parent, key in places(content) if isinstance(parent[key], kind)]
    return rng.choice(found) if found else ([None], 0)


def replaced(rng, content):
    parent, key = anywhere(rng, content)
    parent[key] = rng.choice(JUNK)


def misspelt(rng, content):
    parent, key = anywhere(rng, content, str)
    parent[key] = typo(rng, parent[key] or "")


def renamed(rng, content):
    parent, key = anywhere(rng, content)
    if isinstance(parent, dict):
        parent[rng.choice((typo(rng, str(key)), rng.choice(KEYS)))] = parent.pop(key)


def removed(rng, content):
    parent, key = anywhere(rng, content)
    del parent[key]


def doubled(rng, content):
    parent, key = anywhere(rng, content, list)
    if chosen := parent[key]:
        chosen.insert(rng.randrange(len(chosen) + 1), rng.choice(chosen))


def added(rng, content):
    parent, key = anywhere(rng, content, dict)
    if isinstance(parent[key], dict):
        parent[key][rng.choice(KEYS)] = rng.choice([*JUNK, *NAMES])


def exchanged(rng, content):
    (one, a), (other, b) = anywhere(rng, content, (str, int, float)), anywhere(rng, content, (str, int, float))
    one[a], other[b] = other[b], one[a]


def named(rng, content):
    parent, key = anywhere(rng, content, str)
    parent[key] = rng.choice(NAMES)


def scaled(rng, content):
    parent, key = anywhere(rng, content, (int, float))
    if isinstance(parent[key], (int, float)):
        parent[key] *= rng.choice((-1, 0, 0.1, 2, 10, 1e6, float("nan")))


MISTAKES = (replaced, misspelt, renamed, removed, doubled, added, exchanged, named, scaled)


def typo(rng, text):
    """A word with a letter lost, doubled, exchanged or put in."""
    at = rng.randrange(len(text) + 1)
    return rng.choice(
        (text[:at] + text[at + 1 :], text[:at] + text[at : at + 1] * 2 + text[at + 1 :], other(rng, text, at))
    )


def other(rng, text, at):
    return text[:at] + rng.choice(string.ascii_letters + "-/_. ") + text[at + 1 :]


def mistyped(rng):
    """The text with a mistake of the keyboard, the editor or the disk."""
    lines = TEXT.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    match rng.randrange(9):
        case 0:
            lines.insert(at, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines[at] = rng.choice((" " + lines[at], lines[at][1:], "\t" + lines[at], "- " + lines[at].lstrip()))
        case 3:
            lines[at] = lines[at].replace(":", "", 1)
        case 4:
            lines = lines[:at]
        case 5:
            where = rng.randrange(len(lines[at]))
            lines[at] = lines[at][:where] + rng.choice("{}[]:,#&*!|>'\"%@`\t-?~") + lines[at][where + 1 :]
        case 6:
            return "".join(lines).encode(rng.choice(("utf-16", "utf-8-sig")))
        case 7:
            raw = "".join(lines).encode()
            where = rng.randrange(len(raw))
            return raw[:where] + bytes([rng.randrange(256)]) + raw[where + 1 :]
        case 8:
            old = rng.choice(("0.1", "50", "-1.98", "oracle", "ipd", "true", "equals"))
            new = rng.choice(
                ("1e-1", "010", "1:30", ".nan", "-.inf", "1_0", "yes", "~", "!!int abc", "2026-13-45", "*x")
            )
            return "".join(lines).replace(old, new, 1).encode()
    return "".join(lines).encode()
