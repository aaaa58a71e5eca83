"""Tables hold the numbers of their groups beside the paper's, in three formats that agree."""

import io
import itertools
from dataclasses import replace

import pandas as pd
import pytest
from group_files import ALWAYS_DEFECT, TIT_FOR_TAT, write_group, write_match
from showing import run_show

from lola.analysis.metrics import VARIANTS, Estimate
from lola.analysis.paper import Ledger
from lola.analysis.sources import Sources
from lola.tables import convergence, crosstable, standings
from lola.tables import matchups as matchups_table
from lola.tables import table as tables

CD = [["C", "D"], ["C", "D"]]
NEAR_HALF = {1: (0.5,) * 5, 2: (0.42,) * 5}
LABELS = {
    "nl": "NL-Ex",
    "lola": "LOLA-Ex",
    "lola2": "2nd-order LOLA",
    "lola-vs-nl": "LOLA-Ex vs NL-Ex",
    "lola-vs-lola2": "LOLA-Ex vs 2nd-order LOLA",
}


LEDGER = Ledger(
    printed={
        "ipd/lola/oracle": {"R": -1.06, "tft": 81.0},
        "imp/lola/oracle": {"nash": 98.8},
        "ipd/lola-vs-nl/oracle": {"R 1": -1.28, "R 2": -1.54},
    }
)


def constant(one, other):
    return {seed: {1: [0.0, one], 2: [0.0, other]} for seed in range(4)}


def sources(tmp_path, **more):
    groups = [
        write_group(tmp_path, "ipd/nl/oracle", constant(-2, -2), **more),
        write_group(tmp_path, "ipd/lola/oracle", constant(-1, -1.5), dict.fromkeys(range(4), TIT_FOR_TAT)),
        write_group(tmp_path, "imp/nl/oracle", constant(0.5, -0.5), dict.fromkeys(range(4), ALWAYS_DEFECT)),
        write_group(tmp_path, "imp/lola/oracle", constant(0, 0), dict.fromkeys(range(4), NEAR_HALF)),
        write_group(tmp_path, "ipd/lola-vs-nl/oracle", constant(-1.25, -1.75)),
        write_group(tmp_path, "ipd/lola-vs-lola2/oracle", constant(-1.1, -1.2)),
    ]
    return Sources({group.name: group for group in groups}, LABELS, {"ipd": CD, "imp": CD}, ledger=LEDGER)


def test_convergence_reports_each_measure_beside_the_papers(tmp_path):
    table = convergence.tabulate(sources(tmp_path), games=["ipd", "imp"], algorithms=["nl", "lola"])
    rows = table.rows.set_index(["game", "algorithm", "measure"]).sort_index()
    assert rows.loc[("ipd", "LOLA-Ex", "R"), ["runs", "value", "paper"]].tolist() == [4, -1.25, -1.06]
    assert rows.value["ipd", "LOLA-Ex", "std"] == 0.25
    assert [rows.value["ipd", "NL-Ex", f"%TFT {variant}"] for variant in VARIANTS] == [20, 40, 20, 40]
    assert rows.value["imp", "NL-Ex", "std"] == 0.5 and rows.value["imp", "NL-Ex", "R"] == 0
    assert rows.value["imp", "LOLA-Ex"].filter(like="%Nash").to_dict() == {
        "%Nash joint within 0.1": 100,
        "%Nash agent within 0.1": 100,
        "%Nash joint within 0.05": 0,
        "%Nash agent within 0.05": 50,
        "%Nash joint within 0.25": 100,
        "%Nash agent within 0.25": 100,
    }
    assert rows.paper["imp", "LOLA-Ex"].filter(like="%Nash").unique().tolist() == [98.8]
    assert rows.paper["ipd", "NL-Ex"].isna().all()


def test_convergence_reads_like_the_papers_table(tmp_path):
    table = convergence.tabulate(sources(tmp_path), games=["ipd", "imp"], algorithms=["nl", "lola"])
    assert table.blocks[""].iloc[1].tolist() == [
        *("ipd", "LOLA-Ex", "4", "-1.25 [-inf, inf]", "-1.06", "0.25", "–"),
        *("%TFT 100.0 [40.4, 100.0]", "81.0"),
    ]
    variants = table.blocks["Other ways to count, with the paper's number in brackets"]
    assert variants.columns.tolist() == ["game", "measure", "NL-Ex", "LOLA-Ex"]
    assert variants.iloc[0].tolist() == ["ipd", "%TFT joint thresholded", "20.0 (–)", "100.0 (81.0)"]


def matchups(tmp_path, **labels):
    algorithms = ["nl", "lola-vs-nl", "lola", "lola-vs-lola2"]
    known = sources(tmp_path)
    known = replace(known, labels=known.labels | labels)
    return matchups_table.tabulate(known, game="ipd", algorithms=algorithms)


def test_a_label_may_hold_what_stands_between_seats(tmp_path):
    matrix = matchups(tmp_path, nl="naive vs naive").blocks[""].set_index("row against column")
    assert matrix.loc["LOLA-Ex", "naive vs naive"] == "(-1.25, -1.75); paper (-1.28, -1.54)"


def test_a_matchup_is_read_from_either_seat_and_a_missing_one_is_a_dash(tmp_path):
    matrix = matchups(tmp_path).blocks[""].set_index("row against column")
    assert matrix.loc["LOLA-Ex", "NL-Ex"] == "(-1.25, -1.75); paper (-1.28, -1.54)"
    assert matrix.loc["NL-Ex", "LOLA-Ex"] == "(-1.75, -1.25); paper (-1.54, -1.28)"
    assert matrix.loc["LOLA-Ex", "2nd-order LOLA"] == "(-1.10, -1.20); paper (–, –)"
    assert matrix.loc["NL-Ex", "2nd-order LOLA"] == "–"
    assert matrix.shape == (2, 3)


def test_the_rows_of_a_matchups_table_hold_numbers(tmp_path):
    rows = matchups(tmp_path).rows.set_index(["row", "column"])
    assert rows.loc[("NL-Ex", "LOLA-Ex"), ["row_value", "row_paper", "column_value", "column_paper"]].tolist() == [
        *(-1.75, -1.54, -1.25, -1.28)
    ]
    assert rows.runs["NL-Ex", "2nd-order LOLA"] == 0
    assert rows.loc[("NL-Ex", "2nd-order LOLA")].drop("runs").isna().all()


ENTRANTS = {"q": "NL-Q", "nl": "NL-Ex", "lola": "LOLA-Ex"}
EARNED = {("q", "q"): -2, ("q", "nl"): -1.5, ("q", "lola"): -1.2, ("nl", "q"): -1.9, ("nl", "nl"): -2}
EARNED |= {("nl", "lola"): -1.7, ("lola", "q"): -1.0, ("lola", "nl"): -1.3, ("lola", "lola"): -1.1}


AUTHORS = {
    "field": [*ENTRANTS],
    "cells": [[-1.5, -1.4, None], [-1.95, None, None], [None, None, None]],
    "average": [-1.5, -1.8, -1.1],
}


def contested(tmp_path, plot=AUTHORS):
    """Two tournaments: `EARNED`, and as released 0.5 less; ± 0.1 by seed for the first seat, ± 0.05 for the second."""
    groups = {}
    for name, shift in (("cup", 0), ("cup-released", -0.5)):
        for one, other in itertools.combinations_with_replacement(ENTRANTS, 2):
            ends = {1: EARNED[one, other] + shift, 2: EARNED[other, one] + shift}
            noise = {seed: 0.1 * (-1) ** seed for seed in range(4)}
            returns = {s: {1: [9, ends[1] + x], 2: [9, ends[2] + SECOND[s]]} for s, x in noise.items()}
            group = write_match(tmp_path, f"ipd/{one if one == other else f'{one}-vs-{other}'}@{name}/oracle", returns)
            groups[group.name] = group
    tournaments = {"cup": "as described", "cup-released": "as released"}
    ledger = Ledger(plotted={"ipd": plot} if plot else {})
    return Sources(groups, ENTRANTS, {"ipd": CD}, ledger=ledger, tournament_labels=tournaments)


SECOND = (0.05, 0.05, -0.05, -0.05)
BOTH = {"games": ["ipd"], "tournaments": ["cup", "cup-released"]}


def test_standings_rank_by_the_mean_over_opponents(tmp_path):
    table = standings.tabulate(contested(tmp_path), **BOTH)
    rows = table.rows.set_index(["tournament", "measure", "row"]).sort_index()
    assert rows.value["as described", "average"].round(9).to_dict() == {
        "NL-Q": round(-4.7 / 3, 9),
        "NL-Ex": round(-5.6 / 3, 9),
        "LOLA-Ex": round(-3.4 / 3, 9),
    }
    assert rows.value["as released", "average", "LOLA-Ex"] == pytest.approx(-3.4 / 3 - 0.5)
    ranks = rows.loc[("as described", "rank"), ["value", "low", "high"]]
    assert ranks.to_numpy().T.tolist() == [[1, 3, 2]] * 3  # LOLA-Ex, NL-Ex, NL-Q
    assert rows.value["as described", "first, %"].tolist() == [100, 0, 0]
    assert rows.authors["as described", "average", "LOLA-Ex"] == -1.1
    assert rows.authors.notna().sum() == 6 and (rows.runs == 4).all()


def test_means_over_another_field_are_not_shown_beside_ours(tmp_path):
    other = {"field": ["q", "lola"], "cells": [[0, 0], [0, 0]], "average": [-1.5, -1.1]}
    assert standings.tabulate(contested(tmp_path, other), **BOTH).rows.authors.isna().all()


def test_standings_read_from_the_top_and_say_who_beats_whom(tmp_path):
    blocks = standings.tabulate(contested(tmp_path), **BOTH).blocks
    contests = (": who earns more", ": head to head")
    assert list(blocks) == [
        *("ipd, as described", "ipd, as released"),
        *(f"ipd, as {how}{what}" for how in ("described", "released") for what in contests),
    ]
    top, middle, last = blocks["ipd, as described"].to_numpy().tolist()
    assert top == ["LOLA-Ex", "-1.13 [-1.22, -1.05]", "-1.10", "1 [1, 1]", "100"]
    assert (middle[0], middle[2:]) == ("NL-Q", ["-1.50", "2 [2, 2]", "0"]) and last[0] == "NL-Ex"
    more = blocks["ipd, as described: who earns more"].set_index("row against column")
    assert more.loc["NL-Q"].tolist() == ["–", "0.71*", "0.08*"]  # 1/8 + 1 + 1 and 0 + 0 + 1/4, of three
    assert more.loc["LOLA-Ex"].tolist() == ["0.92*", "1.00*", "–"]
    match = blocks["ipd, as described: head to head"].set_index("row against column")
    assert match.loc["NL-Q"].tolist() == ["–", "0.40*", "-0.20"]
    assert match.loc["NL-Ex", "NL-Q"] == "-0.40*"


def test_a_measure_is_marked_where_its_interval_leaves_even_out():
    assert standings.with_star(Estimate(0.6, 0.51, 0.7, 20), 0.5) == "0.60*"
    assert standings.with_star(Estimate(0.6, 0.5, 0.7, 20), 0.5) == "0.60"
    assert standings.with_star(Estimate(-0.2, -0.3, -0.1, 20), 0.0) == "-0.20*"


def test_a_crosstable_is_beside_the_authors(tmp_path):
    table = crosstable.tabulate(contested(tmp_path), **BOTH)
    assert list(table.rows) == [
        *("game", "tournament", "row", "column", "runs", "value", "low", "high", "authors", "difference")
    ]
    rows = table.rows.set_index(["tournament", "row", "column"])
    assert len(rows) == 18
    cell = rows.loc[("as described", "NL-Q", "NL-Ex")]
    assert cell[["runs", "value", "authors", "difference"]].tolist() == pytest.approx([4, -1.5, -1.4, -0.1])
    assert (cell.low, cell.high) == pytest.approx((-1.6837, -1.3163), abs=1e-4)  # t of 3
    assert rows.value["as described", "NL-Ex", "NL-Q"] == -1.9
    assert pd.isna(rows.authors["as described", "NL-Ex", "NL-Ex"])
    matrix = table.blocks["ipd, as described"].set_index("row against column")
    assert matrix.loc["NL-Q"].tolist() == ["-2.00 (-1.50)*", "-1.50 (-1.40)", "-1.20 (–)"]
    assert matrix.columns.tolist() == list(ENTRANTS.values()) == matrix.index.tolist()


def test_the_distance_from_the_authors_says_which_tournament_is_nearer(tmp_path):
    summary = crosstable.tabulate(contested(tmp_path), **BOTH).blocks["How far from the authors"]
    described, released = summary.to_numpy().tolist()
    assert described == ["ipd", "as described", "0.22", "-0.18", "2 of 3"]  # off by -0.5, -0.1 and 0.05
    assert released == ["ipd", "as released", "0.68", "-0.68", "0 of 3"]


def test_a_crosstable_needs_no_authors(tmp_path):
    table = crosstable.tabulate(contested(tmp_path, None), **BOTH)
    assert table.rows.authors.isna().all() and list(table.blocks) == ["ipd, as described", "ipd, as released"]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-1.996, 2, "-2.00"),
        (-0.001, 2, "0.00"),
        (None, 2, "–"),
        (float("nan"), 1, "–"),
        (80.96, 1, "81.0"),
        (1.2e-13, None, "1.2e-13"),
    ],
)
def test_numbers_as_text(value, digits, text):
    assert tables.number(value, digits) == text


def test_an_estimate_as_text():
    assert tables.interval(Estimate(-1.066, -1.12, -1.0149, 50), 2) == "-1.07 [-1.12, -1.01]"


def test_numbers_too_small_for_decimals_have_significant_digits():
    assert [tables.decimals(3, 0.0, 0.0, 0.0), tables.decimals(3, 0.001, -0.02, float("nan"))] == [3, 3]
    tiny = Estimate(7.01e-7, 0.0, 0.0012, 50)
    assert tables.interval(tiny, tables.decimals(3, tiny.value, tiny.low, tiny.high)) == "7.01e-07 [0, 0.0012]"


def test_three_formats_agree(tmp_path):
    rows = pd.DataFrame({"a": ["x%"], "b": [-0.123456]})
    block = pd.DataFrame({"a": ["x%"], "b": ["-0.12"], "why": ["because"]})
    tables.save(tables.Table(rows, {"": block, "More": block}, "Notes.", prose=("why",)), "Caption", tmp_path / "t")
    assert (tmp_path / "t.csv").read_text() == "a,b\nx%,-0.1235\n"
    grid = "| a | b | why |\n| --- | --- | --- |\n| x% | -0.12 | because |\n"
    assert (tmp_path / "t.md").read_text() == f"# Caption\n\n{grid}\n## More\n\n{grid}\nNotes.\n"
    tex = (tmp_path / "t.tex").read_text()
    assert tex.count("\\toprule") == 2 and "x\\% & $-$0.12 \\\\" in tex and "because" not in tex


def run_stage(monkeypatch, tmp_path, out):
    spec = {"name": "table3", "kind": "convergence", "caption": "Where it ends", "labels": LABELS}
    spec |= {"games": ["ipd"], "algorithms": ["nl", "lola"], "actions": {"ipd": CD}}
    folders = [tmp_path / "groups/ipd" / name / "oracle" for name in ("nl", "lola")]
    return run_show(monkeypatch, "table", spec, out, folders)


def test_the_stage_writes_the_same_bytes_twice(tmp_path, monkeypatch):
    sources(tmp_path)
    for folder in ("a", "b"):
        run_stage(monkeypatch, tmp_path, tmp_path / folder / "table3")
    for ending in (".csv", ".md", ".tex"):
        one, two = ((tmp_path / folder / f"table3{ending}").read_bytes() for folder in ("a", "b"))
        assert one == two
    rows = pd.read_csv(io.BytesIO((tmp_path / "a" / "table3.csv").read_bytes()))
    assert rows.value[rows.measure == "R"].tolist() == [-2, -1.25]
    assert (tmp_path / "a" / "table3.md").read_text().startswith("# Where it ends\n")


def test_a_table_of_which_nothing_was_recorded_says_so(tmp_path, monkeypatch):
    sources(tmp_path)
    write_group(tmp_path, "ipd/nl/oracle", {}, failed={9: 3})
    run_stage(monkeypatch, tmp_path, tmp_path / "table3")
    told = "ipd/nl/oracle/seed9 diverged before anything was recorded of it"
    assert (tmp_path / "table3.csv").read_text() == f"not made\n{told}\n"
    assert told in (tmp_path / "table3.md").read_text() and told in (tmp_path / "table3.html").read_text()
