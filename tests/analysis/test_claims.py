"""The rules decide as config/README.md says, and no verdict comes from anywhere else."""

import csv
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import yaml
from group_files import write_coin_game, write_group, write_match
from showing import run_show

from lola.analysis import claims, tournaments
from lola.analysis.claims import INCONCLUSIVE, NOT_REPRODUCED, NOT_RUN, REPRODUCED, check
from lola.analysis.groups import Counted
from lola.analysis.metrics import QUANTITIES, Estimate
from lola.analysis.paper import Claim, averages, crosstable, paper_number, read_ledger
from lola.files import records
from lola.study import plan
from lola.study.config import load
from lola.tables import claims as of_claims

LEDGER = read_ledger("config/lola/claims.yaml")
OURS = LEDGER.claims
CONFIG = load()


def equals(found, paper, std, rounding, **more):
    return claims.equals(found, claim("equals", paper=paper, std=std, digit=2 * rounding, **more))


TRAINED = {
    f"{game}/{algorithm}{'@map' if 'grid' in part else ''}/{model}"
    for part in CONFIG["study"].values()
    for game in part["games"]
    for algorithm in part.get("algorithms", [])
    for model in part.get("opponent_models", ["oracle"])
}
PLAYED = {
    (game, name, model)
    for name, part in CONFIG["study"].items()
    if "entrants" in part
    for game in part["games"]
    for model in part.get("opponent_models", ["oracle"])
}
FIELD = ["nl-q", "jal-q", "phc", "wolf-phc", "nl-ex", "lola-ex"]


def trained(claim):
    tournaments = {
        (m["game"], m["tournament"], m.get("opponent_model", "oracle")) for m in claim.measures if "tournament" in m
    }
    return set(claim.groups) <= TRAINED and tournaments <= PLAYED


def measured(value, half, n=50, error=None):
    return Estimate(value, value - half, value + half, half / 1.96 if error is None else error, n)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(-1.06, REPRODUCED), (-1.06 - 0.084, REPRODUCED), (-1.06 + 0.084, REPRODUCED), (-1.06 - 0.086, NOT_REPRODUCED)],
)
def test_equals_allows_both_sampling_errors_and_the_rounding(value, verdict):
    t = 1.96 * 0.19 / np.sqrt(50)  # 0.0527
    assert np.hypot(t, 0.06) + 0.005 == pytest.approx(0.0848, abs=1e-4)
    assert equals(measured(value, 0.06), -1.06, 0.19, 0.005)[0] == verdict


def test_equals_takes_our_error_for_the_papers_where_it_prints_none():
    ten = measured(80, 14, n=10, error=7)  # the paper's 50 runs would have √5 less
    allowed = np.hypot(1.96 * 7 / np.sqrt(5), 14) + 1
    assert equals(ten, 80 - allowed + 0.01, None, 1)[0] == REPRODUCED
    assert equals(ten, 80 - allowed - 0.01, None, 1)[0] == NOT_REPRODUCED


def test_equals_does_not_credit_agreement_that_only_a_wide_interval_allows():
    assert equals(measured(-1.3, 0.5), -1.06, 0.19, 0.005)[0] == INCONCLUSIVE
    assert equals(measured(-1.9, 0.5), -1.06, 0.19, 0.005)[0] == NOT_REPRODUCED


def test_equals_takes_as_many_runs_as_are_behind_the_papers_number():
    found = measured(-1.1, 0.0)
    t = 1.96 * 0.067 / np.sqrt(5)  # 0.0587
    assert equals(found, -1.1 + t, 0.067, 0.005, runs=5)[0] == REPRODUCED
    assert equals(found, -1.1 + t, 0.067, 0.005)[0] == NOT_REPRODUCED
    told = claim("equals", paper=-1.1 - t - 0.1, std=0.067, digit=0.01, runs=5, one_run=0.2)
    verdict, because = claims.decide(told, found)
    assert verdict == INCONCLUSIVE and "one of the 5 runs ended otherwise (0.2)" in because
    ours = measured(-1.1, 0.02, n=20, error=0.01)  # without a std the paper's error is ours with 5 runs: 0.0392
    assert equals(ours, -1.1 + np.hypot(0.0392, 0.02) + 0.0049, None, 0.005, runs=5)[0] == REPRODUCED
    assert equals(ours, -1.1 + np.hypot(0.0392, 0.02) + 0.0051, None, 0.005, runs=5)[0] == NOT_REPRODUCED


@pytest.mark.parametrize(
    ("value", "low", "verdict"),
    [(0.9, 0.5, REPRODUCED), (1.0, 0.5, REPRODUCED), (1.2, 0.9, INCONCLUSIVE), (1.2, 1.1, NOT_REPRODUCED)],
)
def test_within_asks_for_the_value_and_refutes_by_the_interval(value, low, verdict):
    assert claims.decide(claim("within", than=1), Estimate(value, low, 2.0, 0.2, 10))[0] == verdict


def claim(rule="greater", **more):
    measure = {"quantity": "R", "group": "ipd/a/oracle"}
    return Claim("x/y", "A sentence", "Table 9", "read", rule, measure, **{"runs": 50} | more)


@pytest.mark.parametrize(
    ("rule", "than", "low", "high", "verdict"),
    [
        ("greater", 0, 0.1, 0.3, REPRODUCED),
        ("greater", 0, -0.1, 0.3, INCONCLUSIVE),
        ("greater", 0, -0.3, -0.1, NOT_REPRODUCED),
        ("greater", 0.2, 0.1, 0.3, INCONCLUSIVE),
        ("less", 0, -0.3, -0.1, REPRODUCED),
        ("less", 0, -0.3, 0.1, INCONCLUSIVE),
        ("less", 0, 0.1, 0.3, NOT_REPRODUCED),
        ("less", 0.5, 0.1, 0.3, REPRODUCED),
    ],
)
def test_greater_and_less_want_the_whole_interval_on_one_side(rule, than, low, high, verdict):
    found = Estimate((low + high) / 2, low, high, 0.05, 50)
    assert claims.decide(claim(rule, than=than), found)[0] == verdict


@pytest.mark.parametrize("rule", ["greater", "less", "equals", "within"])
def test_fewer_than_ten_seeds_decide_nothing(rule):
    told = claim(rule, paper=-1.0, digit=0.01)
    assert claims.decide(told, measured(-1.0, 0.001, n=9))[0] == INCONCLUSIVE
    assert claims.decide(told, measured(-1.0, 0.001, n=10))[0] != INCONCLUSIVE


def test_one_run_of_fifty_may_have_ended_otherwise():
    told = claim("equals", paper=-1.98, digit=0.01)
    assert claims.decide(told, measured(-1.999, 0.0))[0] == NOT_REPRODUCED
    verdict, because = claims.decide(replace(told, one_run=0.02), measured(-1.999, 0.0))
    assert verdict == INCONCLUSIVE and "agrees only if one of the 50 runs ended otherwise (0.02)" in because


@pytest.mark.parametrize(
    ("off", "verdict"),
    [(0.024, REPRODUCED), (0.026, INCONCLUSIVE), (0.034, INCONCLUSIVE), (0.036, NOT_REPRODUCED)],
)
def test_what_agrees_thanks_to_one_run_alone_is_not_called_reproduced(off, verdict):
    found = measured(-1 + off, 0.016)  # t = 0.012 and √(0.012² + 0.016²) = 0.02, and the rounding of 0.005
    assert equals(found, -1, 0.012 / 1.96 * np.sqrt(50), 0.005, one_run=0.03)[0] == verdict


def group(tmp_path, name="ipd/a/oracle", shift=0.0, **more):
    noise = np.random.default_rng(0).normal(0, 1, 12)
    return write_group(tmp_path, name, {s: {1: [r + shift], 2: [r + shift]} for s, r in enumerate(noise)}, **more)


def test_a_difference_is_taken_seed_by_seed(tmp_path):
    groups = {g.name: g for g in (group(tmp_path), group(tmp_path, "ipd/b/oracle", shift=-0.01))}
    found = check(claim(minus={"quantity": "R", "group": "ipd/b/oracle"}), groups)
    assert found.verdict == REPRODUCED and found.measured.low == pytest.approx(0.01)
    assert check(claim(), groups).verdict == INCONCLUSIVE  # each of them alone is all noise


def test_a_claim_whose_runs_are_missing_or_left_nothing_is_not_run(tmp_path):
    whole = group(tmp_path)
    failed = Counted(write_group(tmp_path, "ipd/b/oracle", {}, failed={12: 8}).folder)
    told = claim(minus={"quantity": "R", "group": "ipd/b/oracle"})
    missing = check(told, {whole.name: whole})
    assert (missing.verdict, missing.measured, missing.because) == (NOT_RUN, None, "ipd/b/oracle is not in the study")
    broken = check(told, {whole.name: whole, failed.name: failed})
    assert (broken.verdict, broken.because) == (
        NOT_RUN,
        "ipd/b/oracle/seed12 diverged before anything was recorded of it",
    )


def test_unknown_names_are_refused_with_what_is_known(tmp_path):
    groups = {"ipd/a/oracle": group(tmp_path)}
    with pytest.raises(ValueError, match=r"x/y: unknown quantity 'Q'; known: R, std"):
        check(replace(claim(), measure={"quantity": "Q", "group": "ipd/a/oracle"}), groups)
    with pytest.raises(ValueError, match="x/y: unknown rule 'same'; known: equals, greater, less, within"):
        check(claim("same"), groups)
    file = tmp_path / "claims.yaml"
    file.write_text("claims: [{id: a, verdict: reproduced}]")
    with pytest.raises(ValueError, match="a: unknown key 'verdict'"):
        read_ledger(file)
    file.write_text("claims: [{id: a, sentence: s, source: t, certainty: read, rule: less}]")
    with pytest.raises(ValueError, match="a: missing 1 required positional argument: 'measure'"):
        read_ledger(file)


def test_the_stage_writes_every_claim_with_a_verdict(tmp_path, monkeypatch):
    names = ["ipd/lola-ex/oracle", "ipd/nl-ex/oracle"]
    folders = [group(tmp_path, name).folder for name in names]
    spec = {"kind": "claims", "caption": "Claims", "groups": names, "labels": {}, "actions": {}}
    manifest = run_show(monkeypatch, "table", spec, tmp_path / "claims", folders, "config/lola/claims.yaml")
    assert "config/lola/claims.yaml" in records.read(manifest)["inputs"]
    with open(tmp_path / "claims.csv") as file:
        rows = {row["claim"]: row for row in csv.DictReader(file)}
    assert list(next(iter(rows.values()))) == [
        *("claim", "source", "paper", "measured", "low", "high", "seeds", "verdict")
    ]
    assert list(rows) == [c.id for c in OURS]
    assert rows["table3/ipd/lola-ex/R"]["paper"] == "-1.06" and rows["table3/ipd/lola-ex/R"]["seeds"] == "12"
    assert rows["table3/ipd/lola-ex/R"]["verdict"] != NOT_RUN
    not_run = rows["table3/imp/nl-ex/std"]
    assert (not_run["measured"], not_run["seeds"], not_run["verdict"]) == ("", "0", NOT_RUN)
    text = (tmp_path / "claims.md").read_text()
    counts = Counter(row["verdict"] for row in rows.values())
    assert all(f"| {verdict} | {counts[verdict]} |" in text for verdict in claims.VERDICTS)
    assert "within" in text and "read" in text


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
    return Claim("figure5/x", "A sentence", "Figure 5", "read", rule, measure, **more)


def test_a_claim_on_the_coin_game_says_at_which_scale_it_was_judged(tmp_path):
    groups, scale = coin_games(tmp_path, lola=0.8, naive=0.5), "128 games of 16 steps per update, 2000 updates"
    scales = dict.fromkeys(groups, scale)
    about = of_coin_game("equals", "own_colour", paper=80, digit=10, runs=30)
    found = check(about, groups, scales=scales)
    assert (found.verdict, found.measured.value) == (REPRODUCED, pytest.approx(80))
    assert found.because == f"within 5 (paper's error 0, ours 0, rounding 5); {scale}"
    more = replace(about, rule="greater", minus={"quantity": "own_colour", "group": "coin-game/naive/oracle"})
    found = check(more, groups, scales=scales)
    assert (found.verdict, found.measured.value) == (REPRODUCED, pytest.approx(30))
    assert found.because.count(scale) == 1
    text = of_claims.arrange([found], LEDGER).blocks["Figure 5"]
    assert text["decided by"].tolist() == [f"its interval must lie above 0; {scale}"]


def test_five_runs_of_the_coin_game_decide_nothing(tmp_path):
    groups = coin_games(tmp_path, seeds=5, lola=0.8)
    assert check(of_coin_game("greater", "own_colour", than=50), groups).verdict == INCONCLUSIVE


def test_points_of_the_coin_game_are_of_a_game_of_the_paper(tmp_path):
    groups = coin_games(tmp_path, lola=0.82)  # a coin in two steps, and 0.25 - 0.09 points a step
    assert check(of_coin_game("greater", "points"), groups).measured.value == pytest.approx(150 * 0.16)
    assert check(of_coin_game("greater", "coins"), groups).measured.value == pytest.approx(0.5)


def test_what_the_study_says_of_the_scale_of_its_coin_games():
    block = plan.blocks(CONFIG, "table")["claims"]
    assert block["groups"] == [*plan.groups(CONFIG)]
    scales = plan.block_spec(CONFIG, "claims", block)["coin_games"]
    assert {name.partition("/")[0] for name in scales} == {"coin-game"} and {*scales} <= {*block["groups"]}
    game, part = CONFIG["games"]["coin-game"], CONFIG["study"]["coin-game"]
    batch = CONFIG["algorithms"]["coin-lola-pg"]["batch"]
    told = f"{batch} games of {game['length']} steps per update, {part['steps']} updates"
    assert of_claims.SCALE.format(**scales["coin-game/coin-lola-pg/oracle"]) == told


def test_our_claims_are_whole():
    assert len({c.id for c in OURS}) == len(OURS)
    for c in OURS:
        assert c.certainty in ("read", "inferred", "relayed", "memory", "saved", "digitised"), c.id
        assert c.rule in claims.RULES, c.id
        assert c.rule != "equals" or None not in (c.paper, c.digit), c.id
        for m in c.measures:
            known = tournaments.QUANTITIES if "tournament" in m else {*QUANTITIES, claims.FIT}
            assert m["quantity"] in known or not trained(c), c.id


def test_the_default_study_trains_what_every_claim_needs():
    assert not [c.id for c in OURS if not trained(c)]


def test_each_form_of_lola_pg_is_held_against_the_same_numbers():
    said = {
        (c.measure["group"], c.measure["quantity"]): (c.paper, c.std, c.digit, c.one_run, c.certainty)
        for c in OURS
        if c.id.startswith("table3/") and c.rule == "equals"
    }
    released = {key: numbers for key, numbers in said.items() if "lola-pg-released" in key[0]}
    assert len(released) == 6
    for (group, quantity), numbers in released.items():
        assert numbers == said[group.replace("-released", ""), quantity]
    labelled = {c.id for c in OURS if "as released" in c.sentence}
    assert labelled == {
        c.id
        for c in OURS
        if any("released" in group for group in [*c.groups, *(m.get("tournament", "") for m in c.measures)])
        and not c.id.startswith(LEDGER.crosstables)
    }


def test_what_was_saved_of_five_runs_is_held_against_the_last_ten_updates():
    dice = [c for c in OURS if c.id.startswith("dice/")]
    numbers = [c for c in dice if c.rule == "equals"]
    assert {c.certainty for c in dice} == {"saved"} and all(c.measure["last"] == 10 for c in dice)
    assert {(c.runs, c.digit, c.one_run) for c in numbers} == {(5, 0.01, 0.0)}
    assert {c.groups[0].removeprefix("ipd/"): (c.paper, c.std) for c in numbers} == {
        "nl-dice/oracle": (-1.991, 0.001),
        "lola-pg-64/oracle": (-1.746, 0.356),
        "lola-dice-1/oracle": (-1.192, 0.067),
        "lola-dice-2/oracle": (-1.118, 0.046),
        "lola-dice-3/oracle": (-1.107, 0.065),
        "lola-dice-2/cloning": (-1.088, 0.011),
        "no-box-1/oracle": (-1.990, 0.001),
    }
    scales = {
        measure["scale"] for c in dice for measure in (c.measure, c.minus) if measure and measure["quantity"] == "R"
    }
    assert scales == {round(1 - 0.96**150, 4)}  # their returns stop after 150 steps
    coin_game = [c for c in OURS if c.rule == "equals" and c.id.startswith("figure5/")]
    assert {c.runs for c in coin_game} == {30}
    assert {c.runs for c in OURS if c not in [*dice, *coin_game]} == {50}


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
    assert paper_number(OURS, group, quantity, player) == number


def test_the_numbers_of_differences_follow_from_those_of_the_tables():
    for c in OURS:
        if c.minus and c.paper is not None:
            one, other = (paper_number(OURS, m["group"], m["quantity"], m.get("player")) for m in (c.measure, c.minus))
            assert c.paper == pytest.approx(one - other), c.id
            assert "the number is the difference of" in c.sentence, c.id


def test_numbers_that_the_paper_does_not_print_are_not_called_its_numbers():
    assert not [c.id for c in OURS if c.rule != "equals" and c.paper is not None and not c.minus]
    asked = Counter(
        (c.measure["game"], c.rule, c.than, c.measure["entrant"]) for c in OURS if c.measure["quantity"] == "rank"
    )
    assert asked == {  # first; and neither first nor last; as described, as released, and with clones
        ("ipd", "less", 1.5, "lola-ex"): 3,
        ("imp", "greater", 1.5, "lola-ex"): 3,
        ("imp", "less", 5.5, "lola-ex"): 3,
        ("imp", "greater", 3.5, "lola-ex"): 2,
    }


def test_nothing_is_measured_twice_against_one_threshold():
    decided = [(str(c.measure), str(c.minus), c.rule, c.paper if c.rule == "equals" else c.than) for c in OURS]
    assert len(set(decided)) == len(decided)
    differences = [(str(c.measure), str(c.minus)) for c in OURS if c.minus]
    assert len(set(differences)) == len(differences)


def test_every_cell_of_the_authors_tables_is_a_claim_for_each_tournament():
    cells = {c.id: c for c in OURS if c.id.startswith(LEDGER.crosstables)}
    assert len(cells) == 2 * (36 + 6) + 2 * (30 + 6)  # the diagonal of matching pennies says nothing
    assert {(c.rule, c.certainty, c.fewest, c.digit) for c in cells.values()} == {("equals", "digitised", 2, 0.06)}
    found = cells["figure4-cells/ipd/released/phc-vs-lola-ex"]
    assert (found.paper, found.sentence) == (-1.14, "phc earns -1.14 against lola-ex")
    assert found.measure == {
        "quantity": "earns",
        "game": "ipd",
        "tournament": "tournament-released",
        "entrant": "phc",
        "against": "lola-ex",
    }
    mean = cells["figure4-cells/imp/described/nl-ex"]
    assert mean.paper == -0.25 and mean.measure["field"] == FIELD and mean.measure["tournament"] == "tournament"


def test_the_authors_tables_are_as_they_plotted_them():
    ipd, imp = crosstable(OURS, "ipd"), crosstable(OURS, "imp")
    assert ipd.index.tolist() == ipd.columns.tolist() == imp.index.tolist() == FIELD
    assert ipd.loc["lola-ex"].tolist() == [-0.98, -1.86, -0.97, -0.96, -0.85, -1.00]
    assert imp["lola-ex"].tolist()[:5] == [0.34, 0.25, 0.29, 0.19, -0.42] and np.isnan(imp.to_numpy().diagonal()).all()
    assert averages(OURS, "ipd").to_dict() == dict(zip(FIELD, [-1.60, -1.99, -1.59, -1.36, -2.11, -1.10], strict=True))
    assert np.nanmax(np.abs(imp + imp.T)) <= 0.02 + 1e-9  # zero-sum, but for how well a plot can be read
    for table, game in ((ipd, "ipd"), (imp, "imp")):
        assert table.fillna(0).mean(axis=1).to_numpy() == pytest.approx(averages(OURS, game), abs=0.02)
    assert crosstable(OURS, "chicken").empty and averages(OURS, "chicken").empty


TABLE = "{source: s, certainty: read, digit: 1, field: [a, b], tournaments: {cup: described}, games: {g: %s}}"


def test_a_cross_table_is_expanded_in_the_order_of_its_rows(tmp_path):
    file = tmp_path / "claims.yaml"
    file.write_text(f"claims: []\ncrosstables: {{x: {TABLE % '{cells: [[1, -2], [null, 4]], average: [-0.5, 4]}'}}}")
    found = read_ledger(file).claims
    assert [(c.id, c.paper) for c in found] == [
        *(("x/g/described/a-vs-a", 1), ("x/g/described/a-vs-b", -2), ("x/g/described/a", -0.5)),
        *(("x/g/described/b-vs-b", 4), ("x/g/described/b", 4)),
    ]
    assert crosstable(found, "g").loc["b"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ("{cells: [[1, 2], [3]], average: [1, 2]}", "x: g: field names 2, so cells must be 2 rows of 2 numbers"),
        ("{cells: [[1, 2]], average: [1, 2]}", "x: g: field names 2"),
        ("{cells: [[1, 2], [3, 4]], average: [1]}", "x: g: .* and average 2"),
        ("{cells: [[1, 2], [3, 4]]}", "x: missing key 'average'"),
    ],
)
def test_a_cross_table_that_is_not_square_is_named(tmp_path, numbers, told):
    file = tmp_path / "claims.yaml"
    file.write_text(f"claims: []\ncrosstables: {{x: {TABLE % numbers}}}")
    with pytest.raises(ValueError, match=f"claims.yaml: crosstables: {told}"):
        read_ledger(file)


def test_a_cross_table_with_a_wrong_key_is_named(tmp_path):
    file = tmp_path / "claims.yaml"
    table = (TABLE % "{cells: [[1, 2], [3, 4]], average: [1, 2]}").replace("digit", "digits")
    file.write_text(f"claims: []\ncrosstables: {{x: {table}}}")
    with pytest.raises(ValueError, match="crosstables: x: got an unexpected keyword argument 'digits'"):
        read_ledger(file)


@pytest.mark.parametrize(
    ("off", "half", "verdict"),
    [
        (0.10, 0.08, REPRODUCED),  # 0.08 + 0.03
        (0.12, 0.08, INCONCLUSIVE),
        (0.29, 0.08, INCONCLUSIVE),  # √(0.253² + 0.08²) + 0.03, with t = 0.08 √(20/2)
        (0.30, 0.08, NOT_REPRODUCED),
        (0.00, 0.10, INCONCLUSIVE),  # more than three times 0.03
        (0.029, 0.00, REPRODUCED),
        (0.031, 0.00, NOT_REPRODUCED),
    ],
)
def test_a_number_of_unknown_many_runs_is_decided_only_if_their_number_does_not_matter(off, half, verdict):
    told = claim("equals", paper=-1.0, digit=0.06, fewest=2)
    assert claims.decide(told, measured(-1.0 - off, half, n=20))[0] == verdict


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


def test_a_rank_is_decided_by_its_interval(tmp_path):
    ahead = cup(tmp_path / "ahead", {"a": -1, "b": -2, "c": -3}, noise=0.1)
    first = check(ranked(), ahead)
    assert (first.verdict, first.measured.value, first.measured.low, first.measured.high) == (REPRODUCED, 1, 1, 1)
    assert check(ranked(entrant="b"), ahead).verdict == NOT_REPRODUCED
    assert check(ranked("greater", 2.5, entrant="c"), ahead).verdict == REPRODUCED
    close = cup(tmp_path / "close", {"a": -1, "b": -1.01, "c": -3}, noise=0.1)  # ten seeds say a, ten say b
    assert check(ranked(), close).verdict == INCONCLUSIVE
    tied = cup(tmp_path / "tied", {"a": -1, "b": -1, "c": -3})
    assert [check(ranked(entrant=e), tied).measured.value for e in "abc"] == [1, 1, 3]  # the better rank for both


def test_an_entrant_more_changes_no_claim(tmp_path):
    few = cup(tmp_path / "few", {"a": -1, "b": -2, "c": -3})
    more = cup(tmp_path / "more", {"z": 0, "a": -1, "b": -2, "c": -3})
    assert check(ranked(), few).measured == check(ranked(), more).measured
    assert check(ranked(field=["z", "a", "b", "c"]), more).measured.value == 2


def test_a_claim_about_a_tournament_that_was_not_played_is_not_run(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3})
    for asked, why in [
        ({"tournament": "other"}, "ipd/other/oracle is not in the study"),
        ({"opponent_model": "cloning"}, "ipd/cup/cloning is not in the study"),
        ({"game": "imp"}, "imp/cup/oracle is not in the study"),
        ({"field": ["a", "b", "d"]}, "d in ipd/cup/oracle is not in the study"),
    ]:
        found = check(ranked(**asked), groups)
        assert (found.verdict, found.measured, found.because) == (NOT_RUN, None, why)


def test_a_run_that_diverged_is_named_by_the_claims_that_need_its_match(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3}, failed=("b", "c"))
    found = check(ranked(), groups)
    assert found.because == "its interval must lie below 1.5; ipd/b-vs-c@cup/oracle: 19 of 20 runs; 1 diverged"
    earns = {"quantity": "earns", "game": "ipd", "tournament": "cup"}
    told = replace(claim(), rule="equals", paper=-1.0, digit=0.06, fewest=2)
    touched = check(replace(told, measure=earns | {"entrant": "c", "against": "b"}), groups)
    assert touched.measured.value == pytest.approx((19 * -3 + 9) / 20)
    assert touched.because.endswith("; ipd/b-vs-c@cup/oracle: 19 of 20 runs; 1 diverged")
    cell = check(replace(told, measure=earns | {"entrant": "a", "against": "b"}), groups)
    assert (cell.verdict, cell.measured.value) == (REPRODUCED, -1) and "diverged" not in cell.because


def test_nothing_is_asked_of_the_tournament_that_was_fitted_to_the_numbers():
    assert not [c.id for c in OURS for m in c.measures if m.get("tournament") == "tournament-fitted"]


@pytest.mark.parametrize(
    ("measure", "wrong"),
    [
        ({"quantity": "rank", "game": "ipd", "tournament": "cup", "entrnat": "a"}, "missing key 'entrant'"),
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
    entry = {"id": "x/y", "sentence": "s", "source": "s", "certainty": "read", "rule": "greater", "measure": measure}
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"claims": [entry]}))
    with pytest.raises(ValueError, match="x/y: " + re.escape(wrong)):
        read_ledger(tmp_path / "claims.yaml")


def test_an_unknown_quantity_of_a_tournament_is_refused_with_what_is_known(tmp_path):
    groups = cup(tmp_path, {"a": -1, "b": -2, "c": -3})
    with pytest.raises(ValueError, match="x/y: unknown quantity 'R'; known: earns, average, rank, above_field"):
        check(ranked(quantity="R"), groups)


def test_the_page_of_claims_has_a_part_for_each_game_and_tournament_of_the_cells(tmp_path):
    table = of_claims.arrange([check(c, {}, OURS) for c in OURS], LEDGER)
    words = ("described", "released")
    headings = [f"Figure 4, cell by cell: {where}" for where in (f"{g}, {w}" for g in ("ipd", "imp") for w in words)]
    assert list(table.blocks)[-4:] == headings
    assert table.blocks[headings[0]].claim.tolist()[:7] == [*(f"nl-q-vs-{other}" for other in FIELD), "nl-q"]
    assert table.blocks[""].iloc[3].tolist() == ["not run", str(len(OURS)), "156"]
