"""Deterministic claims from training to the page: the tandem game as it is trained, its claims, table and page."""

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import yaml
from group_files import failures, tell, write

from lola.analysis.claims import check
from lola.analysis.groups import Counted
from lola.analysis.paper import parsed
from lola.learning import trainers
from lola.page import results
from lola.page.strips import strip
from lola.study import plan
from lola.study.config import load
from lola.tables import claims as of_claims
from lola.tables import outcomes
from lola.tables.table import grid, rounded, save

TEXT = """
code: abcdef012345
runs: 50
sections:
  - title: The paper
    headline: true
    claims:
      - &loss
        id: tandem/surrogate/loss
        sentence: LOLA's losses average 4/9
        source: §5
        certainty: read
        measure: {quantity: R, group: tandem/tandem-surrogate/oracle, scale: -1.0}
        rule: equals
        paper: 0.4444
        tolerance: 0.0001
        rival: {name: LookAhead, group: tandem/tandem-lookahead/oracle}
      - <<: *loss
        id: tandem/surrogate/limit
        measure: {quantity: limit, group: tandem/tandem-surrogate/oracle, scale: -1.0}
      - <<: *loss
        id: tandem/surrogate/zero
        sentence: LOLA's losses average 0
        paper: 0
        rival: {name: LOLA, group: tandem/tandem-lola/oracle}
      - <<: *loss
        id: tandem/surrogate/four
        sentence: LOLA's losses average 4/9 (also against itself)
        rival: {name: itself, value: 0.44445}
      - <<: *loss
        id: tandem/surrogate/start
        measure: {quantity: distance, group: tandem/tandem-surrogate/oracle, at: 0}
        paper: 0
        tolerance: 0.000001
      - id: tandem/lookahead/gradient
        sentence: LookAhead converges to fixed points
        source: Corollary 3
        certainty: read
        measure: {quantity: gradient, group: tandem/tandem-lookahead/oracle}
        rule: less
        than: 0.000001
        tolerance: 0
        rival: {name: LOLA, group: tandem/tandem-surrogate/oracle}
      - id: tandem/lookahead/share
        sentence: the same, of runs that scatter
        source: Corollary 3
        certainty: read
        measure: {quantity: stationary, group: tandem/tandem-lookahead/oracle, within: 0.000001}
        rule: greater
        than: 50
        rival: {name: LOLA, group: tandem/tandem-surrogate/oracle}
"""
LOSS, LIMIT, ZERO, FOUR, START, GRADIENT, SHARE = range(7)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The SOS paper's tandem game, trained, with these claims."""
    root = tmp_path_factory.mktemp("sos")
    path = root / "claims.yaml"
    path.write_text(TEXT)
    config = load("sos", settings={"claims": str(path)})
    return config | {"results": str(root), "figures": {}, "tables": {}}


@pytest.fixture(scope="module")
def table(study):
    root, found = Path(study["results"]), {}
    for name, group in plan.groups(study).items():
        if not name.startswith("tandem/tandem-"):
            continue
        runs = dict(zip(group.seeds, trainers.run(group.spec, [*group.seeds]), strict=True))
        rows = [(seed, *row) for seed, trained in runs.items() for row in trained.rows]
        gathered = write(root, name, "parameters", rows, {seed: {} for seed in runs})
        about = {key: value for key, value in plan.group_spec(group).items() if key != "seeds"}
        found[name] = Counted(tell(gathered, **about).folder)
    ledger = parsed(yaml.safe_load(TEXT), "x", {})
    return of_claims.arrange([check(claim, found, ledger) for claim in ledger.claims], ledger)


def test_the_claims_of_the_tandem_game_are_decided_by_their_numbers(table):
    verdicts = ["reproduced", "reproduced", "not reproduced", "reproduced", "not reproduced", "reproduced"]
    assert table.rows.verdict.tolist() == [*verdicts, "reproduced"]
    assert table.rows.kind.tolist()[:6] == ["agrees", "agrees", "contradicts", "agrees", "contradicts", "holds"]
    assert table.rows.measured[[LOSS, LIMIT]].tolist() == pytest.approx([4 / 9, 4 / 9], abs=1e-9)
    assert table.rows["decided by"].tolist() == ["a number"] * 6 + ["runs"]
    assert table.rows.margin.tolist() == [0.0001] * 4 + [0.000001, 0, 0]
    assert table.rows.radius.tolist() == pytest.approx([0.76] * 5 + [0.68] * 2)
    assert table.rows.discriminating.tolist() == ["yes", "yes", "yes", "no", "yes", "yes", "yes"]


def test_what_chance_decides_is_empty_for_them_and_not_zero(table):
    alone = table.rows[:6]
    assert alone[["power", "same", "p", "holm"]].isna().all(axis=None)
    assert (alone[["blocks alike", "stability"]] == "").all(axis=None)
    assert table.rows[["power", "same", "p", "holm"]].iloc[SHARE].notna().all()
    block = table.blocks["The paper"]
    assert block.same.tolist() == ["deterministic"] * 6 + ["100"] and block.p[:6].tolist() == ["–"] * 6
    assert "nan" not in grid(block.columns, block.to_numpy()).replace("tandem-nan", "")
    assert table.notes.startswith("A claim that says") and "no p" in table.notes


def test_people_read_the_worst_start_and_the_span_of_all(table):
    block = table.blocks["The paper"]
    assert block.ours[LOSS] == block.ours[LIMIT] == "0.444444"
    value, span = block.ours[START].split(" ", 1)
    assert span.startswith("(0.0") and span.endswith(f" to {value})")  # the farthest from 0
    assert block.rival[LOSS].startswith("LookAhead, ") and block.rival[LOSS].endswith(": refuted")
    assert block.rival[FOUR] == "itself, 0.44445: not discriminating"
    assert block.refuted[LOSS] == "below 0.4443 or above 0.4445" and block.refuted[GRADIENT] == "above 1e-06"
    assert block.remarks[LOSS] == "tandem/tandem-surrogate/oracle: spectral radius 0.76"


def test_the_headline_counts_them_and_chance_does_not(table):
    lines = dict(table.blocks["The headline"].to_numpy().tolist())
    assert (lines["reproduced"], lines["not reproduced"], lines["not run"]) == ("4", "2", "0")
    assert lines["deterministic, decided by a number alone"] == "5"
    assert lines["not discriminating, not counted"] == "1"
    assert lines["refuted, if chance alone were at work: at most"] == "0.0"  # 0.025 of the one sentence
    assert lines["refuted after Holm's adjustment"] == "0"


def test_small_numbers_are_no_zeros_in_the_table_for_programs(table):
    rows = rounded(table)
    assert 0 < rows.measured[GRADIENT] < 1e-6 and rows["refuted above"][GRADIENT] == 1e-6
    assert rows.margin[START] == 1e-6 and rows.measured[LOSS] == 0.444444
    assert rows.measured[SHARE] == 100 and rows.low[SHARE] == round(table.rows.low[SHARE], 4)


def read_back(study, table):
    save(table, "Claims", Path(study["results"]) / "tables" / "claims")
    return outcomes.read((Path(study["results"]) / "tables" / "claims.csv").read_text())


def test_the_page_tells_what_they_are(study, table):
    rows = read_back(study, table)
    assert [outcomes.deterministic(row) for row in rows] == [True] * 6 + [False]
    assert outcomes.measured(rows[LOSS]) == "0.444444" and outcomes.measured(rows[SHARE]).startswith("100.0 [")
    assert outcomes.remarks(rows[LOSS]) == "agrees, deterministic, spectral radius 0.76"
    assert outcomes.remarks(rows[FOUR]) == "agrees, deterministic, spectral radius 0.76, not discriminating"
    assert outcomes.counts(outcomes.counted(rows)) == {
        "reproduced": 4,
        "not reproduced": 2,
        "inconclusive": 0,
        "not run": 0,
    }
    page = results.page(study, [], results.beside_results(study))
    assert "Of these, 5 are <em>deterministic</em>" in page and "tolerance 0.0001" in page
    assert "Of a deterministic claim the bar goes from the least" in page and "nan" not in page.replace("finan", "")
    old = [{key: value for key, value in row.items() if key not in ("decided by", "radius")} for row in rows]
    assert not any(map(outcomes.deterministic, old)) and outcomes.remarks(old[LOSS]) == "agrees"


def test_a_strip_shows_tolerances_from_the_papers_number(study, table):
    rows, claims = read_back(study, table), parsed(yaml.safe_load(TEXT), "x", {}).claims
    loss, zero, start = (strip(claims[n], rows[n]) for n in (LOSS, ZERO, START))
    assert loss.low == loss.ours == loss.high and loss.ground[0] < loss.ours < loss.ground[1]
    assert zero.ours > zero.ground[1] and zero.beyond == (False, True)
    assert start.low <= start.ours and start.beyond[1]


def test_one_that_was_not_run_says_why(study, table, tmp_path):
    ledger = parsed(yaml.safe_load(TEXT), "x", {})
    rows = [(0, 0, player, metric, 1.0) for player in (1, 2) for metric in ("return", "parameter 1")]
    lost = Counted(write(tmp_path, "tandem/tandem-surrogate/oracle", "parameters", rows, failures({0: 1})).folder)
    found = [check(claim, {lost.name: lost}, ledger) for claim in ledger.claims]
    told = of_claims.arrange(found, ledger).blocks["The paper"]
    assert told.verdict.tolist() == ["not run"] * 7
    assert told.remarks[LOSS] == "tandem/tandem-surrogate/oracle: 1 of 1 runs diverged"
    assert np.isnan([c.radius for c in found]).all()
    content = StringIO()
    rounded(of_claims.arrange(found, ledger)).to_csv(content)
    assert "nan" not in content.getvalue() and len(list(csv.DictReader(StringIO(content.getvalue())))) == 7
