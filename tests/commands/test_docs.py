"""docs/ and the README say what the results say, and nothing else in the README is touched."""

import csv
import json
from pathlib import Path

import pytest

from lola.commands import docs
from lola.files import cells
from lola.study import digests
from lola.study.config import load

HEAD = "claim,source,paper,measured,low,high,seeds,verdict\n"
ROWS = (
    'table3/ipd/a/R,"Table 3, p. 7",-1.98,-1.9996,-2.004,-1.9951,50,inconclusive\n'
    'figure1/ipd/a/tft,"Figure 1b, p. 4",,77.61,71.6,83.2,50,reproduced\n'
    "section6.3/ipd/b/R,§6.3,0.1,-0.0004,-0.0,0.001,50,not reproduced\n"
    "table3/ipd/c/R,Table 3,81.0,,,,0,not run\n"
)
PART = """\
4 claims: 1 reproduced, 1 not reproduced, 1 inconclusive, 1 not run.

| where | claim | paper | measured, with 95 % interval | verdict |
| --- | --- | --- | --- | --- |
| Table 3, p. 7 | ipd/a/R | -1.98 | -2.00 [-2.00, -2.00] | inconclusive |
| Figure 1b, p. 4 | ipd/a/tft | – | 77.6 [71.6, 83.2] | reproduced |
| §6.3 | ipd/b/R | 0.1 | 0.00 [0.00, 0.00] | not reproduced |"""


CELLS = (
    "figure4-cells/ipd/described/a-vs-b,notebooks,1.0,1.0,0.9,1.1,20,reproduced\n"
    "figure4-cells/ipd/described/a,notebooks,1.0,1.0,0.9,1.1,20,inconclusive\n"
    "figure4-cells/imp/released/a-vs-b,notebooks,1.0,1.0,0.9,1.1,20,reproduced\n"
    "figure4-cells/imp/released/b-vs-a,notebooks,1.0,1.0,0.9,1.1,20,reproduced\n"
    "figure4-cells/imp/released/b,notebooks,1.0,,,,0,not run\n"
)
COUNTED = f"""\
{PART}

5 numbers that the authors plotted of who earns what in the round robin, a verdict each:

| game and tournament | reproduced | not reproduced | inconclusive | not run |
| --- | --- | --- | --- | --- |
| ipd, as described | 1 | 0 | 1 | 0 |
| imp, as released | 2 | 0 | 0 | 1 |"""


def test_cells_of_a_cross_table_are_counted_not_listed(tmp_path):
    (tmp_path / "claims.csv").write_text(HEAD + ROWS + CELLS)
    made = docs.with_claims(docs.MADE + docs.END, tmp_path / "claims.csv")
    assert made == f"{docs.MADE}\n\n{COUNTED}\n\n{docs.END}"


def results(root):
    """A study of one group with one cell, whose config lies in a folder beside `root`, and all that docs copies."""
    mine = {"games": ["ipd"], "algorithms": ["nl-ex"], "seeds": 1}
    config = load("config/config.yaml", [], {"without": ["study", "figures", "tables"], "study": {"mine": mine}})
    (root.parent / "config").mkdir()
    (root.parent / "config/config.yaml").write_text(json.dumps(config))
    cells.write(root / "cells/ipd/nl-ex/oracle/seed0.csv", ("step",), [], {"status": "finished", "steps": 0})
    for folder, names in (("figures", docs.FIGURES), ("tables", docs.TABLES)):
        (root / folder).mkdir(parents=True)
        for name in names:
            (root / folder / name).write_text(f"{name} of the study")
    (root / docs.EXPLORATION).parent.mkdir(parents=True)
    (root / docs.EXPLORATION).write_text("what was tried")
    (root / "tables" / "claims.csv").write_text(HEAD + ROWS)


def test_the_readme_is_what_docs_makes_of_the_claims_beside_it():
    readme = docs.README.read_text()
    assert readme == docs.with_claims(readme, docs.DOCS / "claims.csv")


def test_the_claims_beside_the_readme_are_those_of_their_page():
    with open("docs/claims.csv", newline="") as file:
        claims = list(csv.DictReader(file))
    page = Path("docs/claims.md").read_text()
    known = ("(§", "(Table", "(Figure", "(App.", "(notebooks", "(config")
    assert sum(page.count(source) for source in known) >= len(claims)
    for verdict in docs.VERDICTS:
        assert f"| {verdict} | {sum(claim['verdict'] == verdict for claim in claims)} |" in page


def test_docs_copies_the_results_and_rewrites_one_part_of_the_readme(tmp_path, monkeypatch):
    results(tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text(f"Before 1 | 2\n{docs.MADE}\n| old |\n{docs.END}\nAfter\n")
    monkeypatch.setattr("sys.argv", ["lola.commands.docs", "--root", "out"])
    for _ in range(2):
        docs.main()
        made = Path("README.md").read_text()
        assert made == f"Before 1 | 2\n{docs.MADE}\n\n{PART}\n\n{docs.END}\nAfter\n"
    assert sorted(path.name for path in Path("docs").iterdir() if path.is_file()) == sorted(
        (*docs.FIGURES, *docs.TABLES, Path(docs.EXPLORATION).name)
    )
    assert [group for group, _, _ in digests.read(digests.PUBLISHED)] == ["ipd/nl-ex/oracle"]
    assert Path("docs/figure2.png").read_text() == "figure2.png of the study"


@pytest.mark.parametrize(
    "readme", ["", docs.MADE, docs.END + docs.MADE, docs.MADE + docs.MADE + docs.END, docs.MADE + docs.END + docs.END]
)
def test_a_readme_without_its_marks_is_left_alone(tmp_path, monkeypatch, readme):
    results(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lola.commands.docs"])
    Path("README.md").write_text(readme)
    with pytest.raises(SystemExit, match=r"README\.md must hold '<!-- claims: made by make docs -->' and, after it"):
        docs.main()
    assert Path("README.md").read_text() == readme and not Path("docs").exists()


@pytest.mark.parametrize("lost", ["figures/figure2.png", "cells/ipd/nl-ex/oracle/seed0.csv"])
def test_a_missing_result_is_named_and_nothing_is_written(tmp_path, monkeypatch, lost):
    results(tmp_path / "results")
    (tmp_path / "results" / lost).unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lola.commands.docs"])
    Path("README.md").write_text(docs.MADE + docs.END)
    with pytest.raises(SystemExit, match=f"results/{lost}"):
        docs.main()
    assert not Path("docs").exists()
