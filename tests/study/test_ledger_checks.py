"""A file of claims is checked before training: what is good passes, and each mistake gets its one line."""

import inspect
import re
from copy import deepcopy
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import pytest
import yaml
from claim_files import TEXT, planned

from lola.analysis import claims as analysis_claims
from lola.analysis import metrics, paper, tournaments, verdicts
from lola.study import papers, plan
from lola.study.config import check_claims, load
from lola.study.ledger_checks import check_ledger
from lola.study.ledger_real import of_real
from lola.tables import claims
from lola.vocabulary import quantities
from lola.vocabulary.errors import BadConfig, Faults

CONTENT = yaml.safe_load(TEXT)
R, TWO, COUNT, AHEAD = (
    "table/ipd/nl-ex/R",
    "table/ipd/nl-ex/R1",
    "table/ipd/nl-ex/cooperating",
    "table/ipd/lola-ex/ahead",
)
NEAREST = r"allowed: a group that is trained \(did you mean 'ipd/nl-ex/oracle'\?\)"


def changed(*path, value):
    """The content with one value changed, by its path, in which a claim goes by its id; None removes it."""
    content = deepcopy(CONTENT)
    of_id = {claim["id"]: claim for section in content["sections"] for claim in section["claims"]}
    inner = of_id.get(path[0], content)
    *holders, key = path[1:] if path[0] in of_id else path
    for holder in holders:
        inner = inner[holder]
    if value is None:
        del inner[key]
    else:
        inner[key] = value
    return content


def told(content):
    with pytest.raises(BadConfig) as found:
        check_ledger(content, planned())
    return str(found.value)


def test_what_is_good_passes():
    check_ledger(CONTENT, planned())
    for content in ({}, {"sections": []}, {"printed": CONTENT["printed"]}):  # as of a study that is only drawn
        check_ledger(content, planned())


def test_the_example_of_the_readme_is_good():
    (example,) = re.findall(
        r"```yaml\n(# the claims.yaml of a paper\n.*?)```", Path("config/README.md").read_text(), re.S
    )
    check_ledger(yaml.safe_load(example), planned())


# Where a value stands, the value, and what is said of it.
KEYS = [
    ((R, "rule"), "equal", r"claims\[table/ipd/nl-ex/R\]\.rule: given 'equal'; allowed: equals, .*mean 'equals'\?\)"),
    ((R, "ruel"), "equals", r"\.ruel: there is no such key; allowed: id, .*\(did you mean 'rule'\?\)"),
    ((R, "id"), 5, r"sections\[0\]\.claims\[0\]\.id: given 5; allowed: up to 100 letters"),
    ((R, "id"), "x" * 101, r"sections\[0\]\.claims\[0\]\.id: given 'x{70,}…; allowed: up to 100 letters"),
    ((R, "sentence"), None, r"\.sentence: is missing; allowed: text, what is claimed"),
    ((R, "sentence"), "a \ud800", r"\.sentence: given 'a \\ud800'; allowed: text"),
    ((R, "certainty"), "sure", r"\.certainty: given 'sure'; allowed: read, inferred, relayed"),
    ((R, "measure"), 5, r"\.measure: given 5; allowed: a mapping"),
    ((R, "measure", "quantity"), "Q", r"\.measure\.quantity: given 'Q'; allowed: R, stationary"),
    ((R, "measure", "quantity"), "std", r"\.measure\.quantity: given 'std'; allowed: R, stationary"),
    ((R, "measure", "quantity"), [], r"\.measure\.quantity: given \[\]; allowed: R"),
    ((R, "measure", "group"), None, r"\.measure\.group: is missing; allowed: a group, game/algorithm/opponent model"),
    ((R, "measure", "playr"), 1, r"\.measure\.playr: there is no such key; allowed: quantity, .*mean 'player'\?\)"),
    ((TWO, "measure", "last"), 0, r"\.measure\.last: given 0; allowed: a whole number from 1"),
    ((TWO, "measure", "scale"), float("nan"), r"\.measure\.scale: given nan; allowed: a number"),
    ((TWO, "measure", "player"), True, r"\.measure\.player: given True; allowed: a whole number from 1"),
    ((TWO, "digit"), float("nan"), r"\.digit: given nan; allowed: a number from 0"),
    ((TWO, "std"), float("inf"), r"\.std: given inf; allowed: a number from 0"),
    ((TWO, "std"), -0.1, r"\.std: given -0\.1; allowed: a number from 0"),
    ((TWO, "digit"), True, r"\.digit: given True; allowed: a number from 0"),
    ((TWO, "paper"), "abc", r"\.paper: given 'abc'; allowed: a number"),
    ((TWO, "paper"), 10**30, r"\.paper: given 10{30}; allowed: a number"),
    ((TWO, "runs"), 0, r"\.runs: given 0; allowed: a whole number from 1"),
    ((TWO, "runs"), 5.0, r"\.runs: given 5\.0; allowed: a whole number from 1"),
    ((AHEAD, "minus"), [], r"\.minus: given \[\]; allowed: a mapping"),
    ((AHEAD, "minus"), 0, r"\.minus: given 0; allowed: a mapping"),
    (("plays", "measure", "states"), "CC", r"claims\[plays\]\.measure\.states: given 'CC'; allowed: a mapping"),
    (("table/imp/lola-ex/nash", "measure", "tolerance"), 2, r"\.tolerance: given 2; allowed: a number from 0 to 1"),
    (
        ("table/imp/lola-ex/nash", "measure", "variant"),
        "joint",
        r"\.variant: given 'joint'; allowed: joint thresholded, ",
    ),
    (("fit", "measure", "groups"), "all", r"\.measure\.groups: given 'all'; allowed: a list of different groups"),
    (
        ("fit", "measure", "options"),
        {"a": ["x"]},
        r"\.measure: given .*; allowed with quantity fit: either of groups and",
    ),
    (("earns", "measure", "against"), None, r"\.measure\.against: is missing; allowed: a name, whom it meets"),
    (("rank", "measure", "against"), "nl-q", r"\.measure\.against: there is no such key"),
    (
        ("rank", "measure", "field"),
        ["nl-q", "nl-q"],
        r"\.measure\.field: given .*; allowed: a list of different entrants",
    ),
    ((R, "rival", "name"), None, r"\.rival\.name: is missing; allowed: text, what the claim must tell apart"),
    (("runs",), -1, r"runs: given -1; allowed: a whole number from 1"),
    (("code",), 12, r"code: given 12; allowed: 12 digits and letters .* in quotes"),
    (("sections",), {}, r"sections: given {}; allowed: a list"),
    (("sections", 0, "title"), None, r"sections\[0\]\.title: is missing"),
    (("sections", 0, "claims"), 5, r"sections\[0\]\.claims: given 5; allowed: a list"),
    (("sections", 0, "headline"), "no", r"sections\[0\]\.headline: given 'no'; allowed: true or false"),
    (("claims",), [], r"claims: there is no such key; allowed: code, code_deterministic, runs"),
    (("quantities", "S"), {}, r"quantities: given 'S'; allowed: a quantity"),
    (("quantities", "R", "margin"), 0, r"quantities\.R\.margin: given 0; allowed: a number above 0"),
    (("printed", "ipd/nl-ex/oracle"), [], r"printed\.ipd/nl-ex/oracle: given \[\]; allowed: a mapping of std, R"),
    (("printed", "ipd/nl-ex/oracle", "R 3"), 1, r"printed\.ipd/nl-ex/oracle\.R 3: there is no such key"),
    (("printed", "ipd/nl-ex/oracle", "R"), "-1", r"printed\.ipd/nl-ex/oracle\.R: given '-1'; allowed: a number"),
    (("plotted", "ipd", "average"), [1.0, 2.0], r"plotted\.ipd: field names 3, so cells must be 3 rows of 3 numbers"),
    (("plotted", "ipd", "cells", 0, 0), "x", r"plotted\.ipd\.cells\[0\]\[0\]: given 'x'; allowed: a number or null"),
    (("plotted", "ipd", "field"), ["nl-q"] * 3, r"plotted\.ipd\.field: given .*; allowed: different entrants"),
    (("withdrawn", 0, "why"), None, r"withdrawn\[0\]\.why: is missing; allowed: text, why they are asked no more"),
    (("withdrawn", 0, "last"), {}, r"withdrawn\[0\]\.last: given {}; allowed: a mapping, from the ids"),
    (("deviations",), "It is smaller.", r"deviations: given 'It is smaller\.'; allowed: a list"),
]
MEANING = [
    ((R, "measure", "group"), "ipd/nl-exx/oracle", rf"\.measure\.group: given 'ipd/nl-exx/oracle'; {NEAREST}"),
    ((R, "rival", "group"), "ipd/nl-exx/oracle", rf"\.rival\.group: given 'ipd/nl-exx/oracle'; {NEAREST}"),
    (
        (R, "rival", "entrant"),
        "nl-q",
        r"\.rival\.entrant: there is no such key; allowed: quantity, group, player, last",
    ),
    ((R, "rival", "value"), -2, r"\.rival: given a value and group; allowed: either"),
    (
        (R, "measure", "quantity"),
        "own_colour",
        r"\.quantity: given 'own_colour' of ipd/nl-ex/oracle, one of the matrix g",
    ),
    (
        (R, "measure", "group"),
        "ipd/lola-pg@map/oracle",
        r"\.quantity: given 'R' of .*, one of the maps \(parts with a ",
    ),
    ((R, "than"), 0, r"\.than: is not used by rule equals; allowed: paper, std, runs, digit"),
    ((R, "rule"), "count", r"\.rule: given 'count'; allowed for R, a mean over runs: equals, greater, less"),
    (("rank", "rule"), "equals", r"\.rule: given 'equals'; allowed for rank, no mean over runs: greater, less"),
    (("rank", "minus"), CONTENT["sections"][1]["claims"][-4]["measure"], r"\.measure\.quantity: given 'rank', no mean"),
    (("rank", "rival"), {"name": "x", "value": 2}, r"\.rival\.value: given 2; allowed for no mean over runs: what to"),
    (
        ("plays", "than"),
        None,
        r"claims\[plays\]\.than: is missing; allowed: a number with which the measure is compared",
    ),
    (("plays", "paper"), 1, r"claims\[plays\]\.paper: is not used by rule greater without minus; allowed: than"),
    (
        ("plays", "measure", "states"),
        {"CX": "CC"},
        r"\.states: given 'CX'; allowed: a joint state of ipd: start, CC, CD,",
    ),
    (
        ("plays", "measure", "states"),
        {"CC": "C"},
        r"\.states\.CC: given 'C'; allowed: a joint action of ipd: CC, CD, DC",
    ),
    ((TWO, "measure", "player"), 3, r"\.measure\.player: given 3; allowed in ipd: 1 to 2"),
    ((TWO, "runs"), 1, r"\.runs: given 1; allowed with rule equals: a whole number from 2"),
    ((TWO, "margin"), 0, r"\.margin: given 0; allowed with rule equals: a number above 0"),
    ((COUNT, "paper"), 51, r"\.paper: given 51; allowed with rule count: a whole number from 0 to its runs, 50"),
    ((COUNT, "paper"), 0.5, r"\.paper: given 0\.5; allowed with rule count: a whole number"),
    ((COUNT, "digit"), 10, r"\.digit: given 10; allowed: a unit by which 1 is a rounded number from 0 to its runs, 50"),
    (
        (COUNT, "rival", "value"),
        101,
        r"\.rival\.value: given 101; allowed for a percentage of runs: a number from 0 to",
    ),
    (("printed", "ipd/nl-ex/oracle", "R"), None, r"\.paper: is missing, and printed\.ipd/nl-ex/oracle has no number"),
    (("quantities", "nash", "margin"), None, r"quantities\.nash\.margin: is missing; allowed: a number above 0, since"),
    (("runs",), 1, r"runs: given 1; allowed with quantity fit: a whole number from 2"),
    (("runs",), None, r"\.runs: is missing, here and of the whole file; allowed with rule equals"),
    (("printed", "ipd/nl-exx/oracle"), {"R": 1}, rf"printed: given 'ipd/nl-exx/oracle'; {NEAREST}"),
    (
        ("plotted", "ipd", "field"),
        ["nl-q", "nl-x", "lola-ex"],
        r"plotted\.ipd\.field: given 'nl-x'; allowed: a.*mean 'nl-",
    ),
    (
        ("plotted", "ipd", "cells"),
        [[None] * 3] * 3,
        r"claims\[apart\]\.measure\.game: given ipd; allowed: games with nu",
    ),
    (
        ("earns", "measure", "tournament"),
        "cup",
        r"\.tournament: given 'cup'; allowed: a tournament that is played: tourn",
    ),
    (("earns", "measure", "game"), "tandem", r"\.game: given 'tandem'; allowed: a game that is played: imp, ipd"),
    (
        ("average", "measure", "opponent_model"),
        "clone",
        r"\.opponent_model: given 'clone'; allowed: a.*: cloning, oracle",
    ),
    (("earns", "measure", "entrant"), "nl-x", r"\.entrant: given 'nl-x'; allowed: an entrant in the field.*'nl-"),
    (("rank", "measure", "entrant"), "phc", r"\.entrant: given 'phc'; allowed: an entrant in the field: nl-q, nl-ex"),
    (("rank", "rival", "entrant"), "phc", r"\.rival\.entrant: given 'phc'; allowed: an entrant in the field"),
    (
        ("fit/options", "measure", "options", "other"),
        ["ipd/lola-pg@map/oracle"],
        r"\.options: given groups of which 6 and",
    ),
    (
        ("fit", "measure", "groups"),
        ["tandem/tandem-lola/oracle"],
        r"\.quantity: given 'fit' of tandem.*, one of the games",
    ),
    ((R, "id"), TWO, r"claims\[table/ipd/nl-ex/R1\]\.id: there are two claims of this id; allowed: one"),
    (
        ("withdrawn", 0, "last"),
        {R: "reproduced"},
        r"withdrawn\[0\]\.last: given 'table/ipd/nl-ex/R'; allowed: claims th",
    ),
    (
        ("sections", 1, "title"),
        "The paper",
        r"sections\[1\]\.title: given 'The paper'; allowed: a title that nothing els",
    ),
    (("withdrawn", 0, "last"), {"a b": "reproduced"}, r"withdrawn\[0\]\.last: given 'a b'; allowed: ids of claims"),
    (("withdrawn", 0, "last"), {"a": "reproducd"}, r"withdrawn\[0\]\.last: given .*; allowed: a mapping, .*reproduced"),
    (("plotted", "ipdd"), CONTENT["plotted"]["ipd"], r"plotted: given 'ipdd'; allowed: a game with a.*mean 'ipd'"),
    (("fit", "measure", "groups"), ["ipd/lola-pg@map/oracle"] * 2, r"\.groups: given .*; allowed: a list of different"),
    (("deviations",), ["It is smaller."] * 2, r"deviations: given .*; allowed: a list of different sentences"),
    (("code",), "5e6b", r"code: given '5e6b'; allowed: 12 digits and letters from a to f"),
    (
        ("sections", 1, "title"),
        "Withdrawn",
        r"sections\[1\]\.title: given 'Withdrawn'; allowed: a title that nothing els",
    ),
]

NASH = "table/imp/lola-ex/nash"
NUMBERS = [  # a claim on what lies between 0 and 100 is none if all of that makes it true, or nothing of it
    (
        (NASH, "than"),
        500,
        r"\.than: given 500; allowed with rule greater of what lies between 0 and 100, with a margin of",
    ),
    ((NASH, "than"), 99, r"\.than: given 99; .*: a number from 0 to below 99"),
    ((NASH, "than"), -1, r"\.than: given -1; .*: a number from 0 to below 99"),
    ((NASH, "margin"), 100, r"\.margin: given 100; allowed: less than the 100 that lie between 0 and 100"),
    (("pure", "than"), 101, r"\.than: given 101; allowed with rule less of .*: a number above 0 and up to 100"),
    (("pure", "than"), 0, r"\.than: given 0; .*: a number above 0 and up to 100"),
    (("rank", "than"), 1, r"\.than: given 1; .* lies between 1 and 3: a number above 1 and up to 3"),
    (("apart", "than"), 3.1, r"\.than: given 3\.1; .* lies between 0 and 3: "),
    (("earns", "than"), 5, r"\.than: given 5; .* lies between -3 and 0: "),
    ((AHEAD, "than"), 1, r"\.than: given 1; .* lies between -1 and 1: "),
    (
        (AHEAD, "paper"),
        9.2,
        r"\.paper: given 9\.2; allowed: a number between -1 and 1, since nothing else can come out",
    ),
    ((TWO, "paper"), 1.9, r"\.paper: given 1\.9; allowed: a number between -2\.9934 and 0"),
    ((TWO, "std"), 14, r"\.std: given 14; allowed: a number between 0 and 3"),
    ((TWO, "digit"), 10, r"\.digit: given 10; allowed: up to 2, 10 times the margin"),
    ((TWO, "measure", "scale"), 0, r"\.measure\.scale: given 0; allowed: a number other than 0"),
    ((TWO, "measure", "last"), 201, r"\.measure\.last: given 201; allowed: up to the 200 updates of ipd/nl-ex/oracle"),
    ((COUNT, "measure", "line"), -2, r"\.measure\.line: given -2; allowed: a number between -2 and -1"),
    ((COUNT, "margin"), 100, r"\.margin: given 100; allowed: less than the 100"),
    (("coin/own", "paper"), 800, r"\.paper: given 800; allowed: a number between 0 and 100"),
    (("average", "margin"), 3, r"\.margin: given 3; allowed: less than the 3 that lie between -3 and 0"),
    (
        ("quantities", "tft", "digit"),
        101,
        r"quantities\.tft\.digit: given 101; allowed: up to 100, 10 times the margin",
    ),
    (("printed", "ipd/nl-ex/oracle", "tft"), 208, r"printed\.ipd/nl-ex/oracle\.tft: given 208; allowed: .* 0 and 100"),
    (("printed", "ipd/nl-ex/oracle", "R 1"), 1.9, r"printed\.ipd/nl-ex/oracle\.R 1: given 1\.9; allowed: .* -3 and 0"),
    (("printed", "ipd/nl-ex/oracle", "std"), 14, r"printed\.ipd/nl-ex/oracle\.std: given 14; allowed: .* 0 and 3"),
    (("plotted", "ipd", "cells", 1, 0), 1.94, r"plotted\.ipd\.cells\[1\]\[0\]: given 1\.94; allowed: .* -3 and 0"),
    (("plotted", "ipd", "average"), [-1.6, -19.9, -1.6], r"plotted\.ipd\.average\[1\]: given -19\.9; allowed: "),
    ((AHEAD, "minus", "quantity"), "tft", r"\.minus\.quantity: given 'tft', in percentages; allowed: returns, as R"),
    (
        (R, "rival"),
        {"name": "x", "quantity": "tft"},
        r"\.rival\.quantity: given 'tft', in percentages; allowed: returns",
    ),
]

# Claims that their number decides, and groups of real parameters: what is changed of a good one, and what is said.
EXACT = yaml.safe_load("""
id: exact
sentence: s
source: t
certainty: read
rule: equals
paper: 0.3125
tolerance: 0.0001
measure: {quantity: R, group: tandem/tandem-lola/oracle, scale: -1.0}
rival: {name: another, group: tandem/tandem-nl/oracle}
""")
DISTANCE = {"quantity": "distance", "group": "tandem/tandem-lola/oracle"}
MAP = "tandem/tandem-lola@map/oracle"
AREA = {"quantity": "area", "group": MAP, "within": 0.1, "where": {"lr": [0.1, 0.15]}}
RADIUS = {"quantity": "radius", "group": "tandem/tandem-lola/oracle"}
SENTENCE = {"rule": "greater", "than": 1, "paper": None, "rival": None}
GOOD = [
    {},
    SENTENCE,
    SENTENCE | {"tolerance": 0},
    SENTENCE | {"than": None, "minus": EXACT["measure"]},
    {"measure": DISTANCE | {"point": [1, 1.5], "at": 0}},
    {"measure": RADIUS, "rival": {"name": "1", "value": 1}},
    {"measure": AREA, "rival": {"name": "1", "value": 1}},
    {"measure": RADIUS | {"quantity": "limit", "of": "distance", "point": [0, 0]}},
    {"measure": RADIUS | {"quantity": "threshold", "over": ["lr", "eta"], "most": 1}, "rival": None},
]
BAD = [
    ({"tolerance": -1}, r"claims\[exact\]\.tolerance: given -1; allowed: a number from 0"),
    ({"tolerance": 0}, r"\.tolerance: given 0; allowed with rule equals: a number above 0"),
    ({"margin": 0.1}, r"\.margin: is not used by rule equals with a tolerance; allowed: paper, tolerance"),
    ({"runs": 5}, r"\.runs: is not used by rule equals with a tolerance; allowed: paper, tolerance"),
    ({"std": 5}, r"\.std: is not used by rule equals with a tolerance; allowed: paper, tolerance"),
    ({"digit": 5}, r"\.digit: is not used by rule equals with a tolerance; allowed: paper, tolerance"),
    ({"than": 5}, r"\.than: is not used by rule equals with a tolerance; allowed: paper, tolerance"),
    ({"paper": None}, r"\.paper: is missing, and printed.tandem/tandem-lola/oracle has no number of its own"),
    (SENTENCE | {"than": None}, r"\.than: is missing; allowed: a number with which the measure is compared"),
    (SENTENCE | {"paper": 1}, r"\.paper: is not used by rule greater with a tolerance; allowed: than, tolerance"),
    ({"rule": "count", "runs": 5}, r"\.rule: given 'count'; allowed with a tolerance: equals, greater, less"),
    (
        SENTENCE | {"measure": CONTENT["sections"][1]["claims"][-4]["measure"]},
        r"\.measure\.quantity: given 'rank', no mean over runs; allowed with a tolerance: all but fit, rank",
    ),
    (
        {"tolerance": None, "measure": RADIUS, "margin": 1},
        r"\.tolerance: is missing; allowed with quantity radius",
    ),
    ({"measure": DISTANCE | {"point": [1]}}, r"\.point: given 1 numbers; allowed in tandem: 2"),
    ({"measure": DISTANCE | {"point": []}}, r"\.point: given \[\]; allowed: a list, a number per parameter"),
    (
        {"measure": DISTANCE | {"at": 101}, "rival": None},
        r"\.at: given 101; allowed in tandem.*: a step from 0 to 100",
    ),
    (
        {"measure": DISTANCE | {"group": "ipd/nl-ex/oracle"}},
        r"\.quantity: given 'distance' of ipd/nl-ex/oracle",
    ),
    (
        {"measure": RADIUS | {"quantity": "threshold", "over": ["eta"], "most": 1, "group": "tandem/tandem-nl/oracle"}},
        r"\.over: given 'eta', which not every player of tandem/tandem-nl/oracle has; allowed: a number that every",
    ),
    (
        {"measure": AREA | {"where": {"batch": [1, 2]}}, "rival": None},
        r"\.where: given 'batch'; allowed: an axis of tandem",
    ),
    (
        {"measure": AREA | {"where": {"lr": [1, 2]}}, "rival": None},
        r"\.where\.lr: given \[1, 2\]; allowed: \[from, to\], w",
    ),
    (
        {"measure": AREA | {"where": {"lr": [1, 2, 3]}}, "rival": None},
        r"\.where\.lr: given \[1, 2, 3\]; allowed: \[from",
    ),
    ({"measure": AREA | {"quantity": "R"}, "rival": None}, r"\.measure\.within: there is no such key"),
    (
        {"measure": RADIUS | {"group": MAP}, "rival": None},
        r"\.quantity: given 'radius' of tandem/tandem-lola@map/oracle",
    ),
    ({"rival": {"name": "x", "value": 1, "group": "x"}}, r"\.rival: given a value and group; allowed: either"),
]


def exact(changes):
    """A file with that claim alone, changed; None removes a key."""
    claim = {key: value for key, value in (EXACT | changes).items() if value is not None}
    return {"runs": 50, "sections": [{"title": "T", "claims": [claim]}]}


@cache
def real():
    """The groups that are planned, with a map of the tandem game."""
    groups = planned()
    lola = groups["tandem/tandem-lola/oracle"]
    spec = lola.spec | {"grid": {"lr": [0.1, 0.2], "eta": [0.3]}}
    return groups | {MAP: replace(lola, algorithm="tandem-lola@map", spec=spec)}


@pytest.mark.parametrize("changes", GOOD, ids=str)
def test_a_claim_may_be_decided_by_its_number_alone(changes):
    check_ledger(exact(changes), real())


@pytest.mark.parametrize(("changes", "line"), BAD, ids=lambda value: None)
def test_a_mistake_of_a_deterministic_claim_gets_its_line(changes, line):
    with pytest.raises(BadConfig) as found:
        check_ledger(exact(changes), real())
    assert re.search(line, str(found.value)), found.value
    assert len(str(found.value).splitlines()) == 1


def test_a_step_is_linear_in_games_of_degree_two_alone():
    groups = real()
    lola = groups["tandem/tandem-lola/oracle"]
    cubic = {"kind": "polynomial", "terms": [[[1, 2, 1]], [[1, 0, 1]]]}
    for game in (cubic, {"kind": "market"}):
        spec = lola.spec | {"game": game}
        with pytest.raises(BadConfig, match="given 'radius' of tandem; allowed: polynomial games of degree 2 at most"):
            check_real("x", RADIUS, replace(lola, spec=spec))


def check_real(where, measure, group):
    """What the checks say of a measure of a group."""
    Faults(dict.fromkeys(of_real(where, measure, group))).tell()


@pytest.mark.parametrize(("path", "value", "line"), KEYS + MEANING + NUMBERS, ids=lambda value: None)
def test_a_mistake_gets_one_line_that_names_the_key(path, value, line):
    lines = told(changed(*path, value=value)).splitlines()
    assert len([found for found in lines if re.search(line, found)]) == 1, lines
    assert max(map(len, lines)) <= 400


def test_nothing_is_nearest_to_a_quantity_that_is_missing():
    content = changed(R, "measure", value={"group": "ipd/nl-ex/oracle"})
    assert "quantity: is missing; allowed: R, " in told(content) and "did you mean" not in told(content)


def test_all_mistakes_of_keys_are_told_at_once_and_those_of_groups_once_keys_are_good():
    content = changed(R, "rule", value="equal")
    content["sections"][1]["claims"][0] |= {"than": "x", "measure": {"quantity": "R", "group": "ipd/nobody/oracle"}}
    assert re.match(r"2 faults:\n  claims\[table/ipd/nl-ex/R\]\.rule: .*\n  claims\[plays\]\.than: ", told(content))
    content["sections"][0]["claims"][0]["rule"] = "equals"
    del content["sections"][1]["claims"][0]["than"]
    assert re.match(
        r"2 faults:\n  claims\[plays\]\.than: is missing.*\n  claims\[plays\]\.measure\.group: ", told(content)
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", r"holds nothing; allowed: a mapping of keys"),
        ("[1, 2]", r"holds a list; allowed: a mapping of keys"),
        ("sections: [", r"is not YAML \(line 1"),
        ("runs: 1\nruns: 2", r"key 'runs' is given twice \(line 2\); allowed: once"),
        (TEXT.encode("utf-16"), r"is not (text|UTF-8)"),
        ("notes: é".encode("latin-1"), r"is not (text|UTF-8)"),
        ("notes: &x a\nintro: &x b", r"is not YAML \(line 2: found duplicate anchor 'x'\)"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, line):
    path = tmp_path / "claims.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadConfig, match=rf"claims\.yaml: {line}"):
        check_claims(str(path), {})


def test_a_file_with_a_byte_order_mark_and_other_line_ends_is_read(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    check_claims(str(path), planned())


def test_numbers_are_those_of_yaml_1_2_at_the_door_and_where_claims_are_decided(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(TEXT.replace("margin: 0.1", "margin: 1e-1", 1).replace("runs: 50", "runs: 050", 1))
    check_claims(str(path), planned())
    ledger = paper.read_ledger(path)
    assert (ledger.quantities["R"]["margin"], ledger.runs) == (0.1, 50)


def test_a_study_is_refused_before_training_for_what_its_claims_say(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text((papers.CONFIG / "lola/claims.yaml").read_text().replace("rule: equals", "rule: equal", 2))
    line = r"claims\.yaml: claims\[table3/ipd/lola-ex/R\]\.rule: given 'equal'; .* \(so in 1 more place\)"
    with pytest.raises(BadConfig, match=line):
        load(settings={"claims": str(path)})


def test_claims_on_what_an_overlay_leaves_out_are_good_and_on_what_nobody_trains_are_not(tmp_path):
    path = tmp_path / "claims.yaml"
    content = {"sections": deepcopy(CONTENT["sections"][1:])}
    content["sections"][0]["claims"] = [c for c in content["sections"][0]["claims"] if c["id"] == "coin/points"]
    path.write_text(yaml.safe_dump(content))
    quick = ["config/lola/quick.yaml"]  # which has no Coin Game
    assert "coin-game/coin-lola-pg/oracle" not in plan.groups(load("lola", quick))
    assert load("lola", quick, {"claims": str(path)})["claims"] == str(path)
    path.write_text(path.read_text().replace("coin-lola-pg", "coin-lola-pgg"))
    line = r"\.group: given 'coin-game/coin-lola-pgg/oracle'; allowed: a group that is trained \(did you mean 'coin-g"
    with pytest.raises(BadConfig, match=line):
        load("lola", quick, {"claims": str(path)})


def test_an_overlay_may_change_a_game_of_which_the_paper_says_what_it_says():
    for changed_game in ({"payoffs": [[[1, 2], [3, 4]], [[1, 3], [2, 4]]]}, {"gamma": 0.5}):
        assert load("lola", [], {"results": "results/other", "steps": 50, "games": {"ipd": changed_game}})


def test_there_is_a_setting_for_every_argument_key_rule_and_word_that_decides():
    known = analysis_claims.QUANTITIES | tournaments.QUANTITIES
    assert {*quantities.QUANTITIES} == {*known} - {"std"} | {paper.FIT, paper.APART}
    for name, function in known.items():
        _, *arguments = inspect.signature(function).parameters.values()
        takes = quantities.QUANTITIES.get(name, quantities.Quantity())
        assert [*takes.takes] == [argument.name for argument in arguments], name
        assert [*takes.needs] == [argument.name for argument in arguments if argument.default is argument.empty], name
    assert {*quantities.CLAIM} == {each.name for each in fields(paper.Deterministic)} - {*paper.OF_LEDGER}
    assert quantities.PARTS.keys() == {*paper.PARTS} and quantities.NEEDED == paper.NEEDED
    assert (*quantities.RULES,) == verdicts.RULES and (*metrics.VARIANTS,) == quantities.VARIANTS
    assert quantities.HEADINGS == (claims.HEADLINE, claims.WITHDRAWN)
