"""README and docs/ say what the results say, link to what is there, and nothing but the parts made is touched."""

import csv
import json
import re
from pathlib import Path

import group_files
import pytest

from lola.analysis.verdicts import VERDICTS
from lola.commands import docs
from lola.files import cells, policies
from lola.study import digests, papers
from lola.study.config import load
from lola.tables import outcomes

COLUMNS = ("claim", "section", "headline", "source", "paper", "measured", "low", "high", "verdict", "kind")
COLUMNS += ("discriminating", "stability")
HEAD = ",".join(COLUMNS) + "\n"
ROWS = (
    'table3/ipd/a/R,Described,yes,"Table 3, p. 7",-1.98,-1.9996,-2.004,-1.9951,inconclusive,too coarse,yes,\n'
    'figure1/ipd/a/tft,Described,yes,"Figure 1b, p. 4",,77.61,71.6,83.2,reproduced,holds,yes,unstable at 50 seeds\n'
    "section6.3/ipd/b/R,Described,no,§6.3,0.1,-0.0004,-0.0,0.001,not reproduced,absent,no,\n"
    "table3/ipd/c/R,Described,yes,Table 3,81.0,,,,not run,,yes,\n"
    "dice/ipd/d/R,Other papers,no,notebooks,1.0,1.0,0.9,1.1,reproduced,agrees,yes,\n"
)
TABLE = """\
| where | claim | paper | ours, with 95 % interval | verdict | kind |
| --- | --- | --- | --- | --- | --- |"""
PART = f"""\
3 claims on what the paper describes: 1 reproduced, 0 not reproduced, 1 inconclusive, 1 not run.

1 more cannot tell their rival apart, and are not counted.

### Described

{TABLE}
| Table 3, p. 7 | table3/ipd/a/R | -1.98 | -2.00 [-2.00, -2.00] | inconclusive | too coarse |
| Figure 1b, p. 4 | figure1/ipd/a/tft | – | 77.6 [71.6, 83.2] | reproduced | holds, unstable at 50 seeds |
| §6.3 | section6.3/ipd/b/R | 0.1 | -0.0004 [0, 0.001] | not reproduced | absent, not discriminating |

### Other papers

{TABLE}
| notebooks | dice/ipd/d/R | 1 | 1.00 [0.90, 1.10] | reproduced | agrees |"""


PAGE = "# The paper\n\n![Figure 2](lola/figure2.png), [Table 4](lola/table4.md), ![tried](lola/coin-exploration.png)\n"
PAGE += "[to play](lola/policies/ipd/nl-ex/oracle.json)\n"
ENDED = {"status": "finished", "steps": 0, "thetas": [[0.5], [0.1]], "policies": []}
MARKS = {
    name: (f"<!-- {name}: made by make docs -->", f"<!-- end of {name} -->") for name in ("answer", "studies", "claims")
}
TOTALS = "3 claims on what the paper describes: 1 reproduced, 0 not reproduced, 1 inconclusive, 1 not run"
STUDIES = f"""\
| paper | its config | verdicts |
| --- | --- | --- |
| [The paper](docs/lola.md) | `config/lola` | [{TOTALS}](docs/claims.md) |"""


def between(name, part="| old |"):
    start, end = MARKS[name]
    return f"{start}\n\n{part}\n\n{end}"


def readme(answer="old", studies="old"):
    return f"Before 1 | 2\n{between('answer', answer)}\nThen\n{between('studies', studies)}\nAfter\n"


def test_the_headline_counts_its_claims_alone_and_every_section_has_a_table():
    answer, *paragraphs = docs.listing(list(csv.DictReader((HEAD + ROWS).splitlines())))
    assert "\n\n".join([f"{answer}.", *paragraphs]) == PART and answer == TOTALS


def test_a_paper_that_was_not_run_says_so():
    assert docs.listing([]) == ["not run yet"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A study of one group with one cell, and pages that show of it a figure and a table, and an overlay's figure."""
    shown = {"algorithms": ["nl-ex"], "caption": "What there is"}
    study = {
        "without": ["study", "figures", "tables"],
        "study": {"mine": {"games": ["ipd"], "algorithms": ["nl-ex"], "seeds": 1}},
        "figures": {name: shown | {"kind": "returns", "game": "ipd"} for name in ("figure1", "figure2")},
        "tables": {"table4": shown | {"kind": "convergence", "games": ["ipd"]}},
    }
    config = load("lola", [], study)
    exploration = Path("config/lola/exploration.yaml").read_text()
    monkeypatch.chdir(tmp_path)
    Path("config/lola").mkdir(parents=True)
    papers.LIBRARY.write_text(json.dumps(config))
    Path("config/lola/study.yaml").write_text("results: results/lola\nclaims: config/lola/claims.yaml")
    Path("config/lola/claims.yaml").write_text("sections: []")
    Path("config/lola/exploration.yaml").write_text(exploration)
    cells.write("results/lola/cells/ipd/nl-ex/oracle/seed0.csv", ("step",), [], ENDED)
    group_files.write_group(
        Path("results/lola"), "ipd/nl-ex/oracle", {seed: {1: [-2.0], 2: [-1.9]} for seed in range(3)}
    )
    made = ("figures/figure1.png", "figures/figure2.png", "tables/table4.html", "tables/table4.md", "tables/claims.md")
    for name in made:
        Path("results/lola", name).parent.mkdir(parents=True, exist_ok=True)
        Path("results/lola", name).write_text(f"{name} of the study")
    Path("results/lola/tables/claims.csv").write_text(HEAD + ROWS)
    Path("results/lola-exploration/figures").mkdir(parents=True)
    Path("results/lola-exploration/figures/coin-exploration.png").write_text("what was tried")
    Path("docs").mkdir()
    Path("README.md").write_text(readme())
    marks = (f"<!-- {name}: made by make docs --><!-- end of {name} -->" for name in ("kinds", "settings"))
    docs.SETTINGS.write_text("".join(marks))
    Path("docs/claims.md").write_text(between("claims"))
    Path("docs/lola.md").write_text(PAGE)
    Path("docs/rates.csv").write_text("rule,rate\na,1.0\n")
    Path("docs/verdicts.md").write_text("<!-- rates: made by make docs --><!-- end of rates -->")
    monkeypatch.setattr("sys.argv", ["lola.commands.docs"])


def test_the_pages_are_what_docs_makes_of_the_claims_beside_them():
    for page, parts in docs.parts({}).items():
        assert page.read_text() == docs.fill(page, parts)


@pytest.mark.parametrize("paper", papers.papers())
def test_the_claims_beside_the_pages_are_those_of_their_page(paper):
    with open(f"docs/{paper}/claims.csv", newline="") as file:
        claims = list(csv.DictReader(file))
    page = Path(f"docs/{paper}/claims.md").read_text()
    for section in {claim["section"] for claim in claims}:
        assert f"## {section}" in page
    assert not [claim["claim"] for claim in claims if f"| {claim['claim']} |" not in page]
    for verdict in VERDICTS:
        counted = sum(claim["verdict"] == verdict and claim["headline"] == "yes" for claim in claims)
        assert f"| {verdict} | {counted} |" in page


@pytest.mark.parametrize("page", docs.pages(), ids=str)
def test_links_lead_to_what_is_there(page):
    links = re.findall(r"""(?:\]\(|src=")(?!http)([^)"#]+)""", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_what_was_copied_is_what_pages_show():
    for paper in papers.papers():
        folder = docs.DOCS / paper
        always = (*docs.CLAIMS, "digests.csv", "index.html", "algorithms.md")
        shown = {*docs.linked(paper)} | {folder / name for name in always}
        assert {path for path in folder.rglob("*") if path.is_file()} == shown


@pytest.mark.parametrize("page", docs.pages(), ids=str)
def test_lines_can_be_read(page):
    assert not [row for row in page.read_text().splitlines() if len(row) > 120 and not row.startswith("|")]


def test_docs_copies_what_pages_show_and_rewrites_the_parts_between_marks(project):
    for _ in range(2):
        docs.main()
        assert Path("README.md").read_text() == readme(f"**{TOTALS}**\n([all of them](docs/claims.md)).", STUDIES)
        assert Path("docs/claims.md").read_text() == between("claims", f"## The paper\n\n{PART}")
        assert Path("docs/lola.md").read_text() == PAGE
        assert "| rule | rate |\n| --- | --- |\n| a | 1.0 |" in Path("docs/verdicts.md").read_text()
        assert docs.settings_listing() in docs.SETTINGS.read_text()
        assert docs.kinds_listing() in docs.SETTINGS.read_text()
    copied = {path.name: path.read_text() for path in Path("docs/lola").rglob("*.*")}
    spec, ends = policies.read(Path("docs/lola/policies/ipd/nl-ex/oracle.json"))
    assert copied.pop("oracle.json") and ends == {0: ENDED} and spec["seats"][0]["rule"] == "naive"
    digest, page = copied.pop("digests.csv"), copied.pop("index.html")
    assert re.findall(r'src="(.+?)"', page) == ["figure2.png"] and "In the results, and not here: figure1." in page
    assert "manifests/figures/figure2.json" in page and "report.html" not in page
    of_algorithm = copied.pop("algorithms.md")
    assert "## NL-Ex (`nl-ex`)" in of_algorithm and "> `naive`: ∇_i V_i(θ): naive learning" in of_algorithm
    assert "| ipd | oracle | 3 | -1.95 [" in of_algorithm and "In the figures `figure1`, `figure2`." in of_algorithm
    assert "lola-ex" not in of_algorithm  # which the study does not train
    assert '<a href="lola/index.html">' in Path("docs/index.html").read_text()
    assert copied == {
        "figure2.png": "figures/figure2.png of the study",
        "table4.md": "tables/table4.md of the study",
        "coin-exploration.png": "what was tried",
        "claims.md": "tables/claims.md of the study",
        "claims.csv": HEAD + ROWS,
    }
    assert [group for group, _, _ in digests.read(papers.digests_file("lola"))] == ["ipd/nl-ex/oracle"] and digest


START, END = MARKS["answer"]


@pytest.mark.parametrize("bad", ["", START, END + START, START + START + END, START + END + END])
def test_a_page_without_its_marks_is_left_alone(project, bad):
    bad += between("studies")
    Path("README.md").write_text(bad)
    with pytest.raises(SystemExit, match=r"README\.md must hold '<!-- answer: made by make docs -->' and, after it"):
        docs.main()
    assert Path("README.md").read_text() == bad and not Path("docs/lola").exists()


@pytest.mark.parametrize("lost", ["figures/figure2.png", "tables/claims.csv", "cells/ipd/nl-ex/oracle/seed0.csv"])
def test_a_missing_result_is_named_and_nothing_is_written(project, lost):
    Path("results/lola", lost).unlink()
    with pytest.raises(SystemExit, match=f"results/lola/{lost}"):
        docs.main()
    assert not Path("docs/lola").exists() and Path("README.md").read_text() == readme()


def test_what_an_overlay_left_stays_published_where_the_overlay_was_not_run(project, capsys):
    source, published = Path("results/lola-exploration/figures/coin-exploration.png"), Path("docs/lola")
    source.unlink()
    with pytest.raises(SystemExit, match=str(source)):  # it was never published
        docs.main()
    published.mkdir()
    (published / source.name).write_text("of another day")
    docs.main()
    assert (published / source.name).read_text() == "of another day"
    assert capsys.readouterr().out == f"{published / source.name} stays as it was published: there is no {source}\n"


def test_a_link_to_a_figure_that_no_study_has_is_named(project):
    Path("docs/lola.md").write_text(f"{PAGE}![Figure 9](lola/figure9.png)")
    with pytest.raises(SystemExit, match=r"docs/lola/figure9\.png is linked to, but lola has no such figure"):
        docs.main()


def test_a_link_to_policies_of_a_group_that_the_study_does_not_train_is_named(project):
    Path("docs/lola.md").write_text(f"{PAGE}[to play](lola/policies/ipd/lola-ex/oracle.json)")
    with pytest.raises(SystemExit, match=r"policies/ipd/lola-ex/oracle\.json is linked to, but the study has no such"):
        docs.main()


@pytest.mark.parametrize("paper", papers.papers())
def test_each_claim_of_a_headline_is_refuted_by_its_rivals_runs_and_says_if_a_block_of_seeds_disagrees(paper):
    with open(f"docs/{paper}/claims.csv", newline="") as file:
        run = [claim for claim in csv.DictReader(file) if claim["verdict"] != docs.NOT_RUN]
    counted = [claim for claim in run if claim["headline"] == "yes"]
    assert counted
    for claim in counted:
        powerful = outcomes.deterministic(claim) or float(claim["power"]) >= 0.8
        assert claim["rival's verdict"] == "not reproduced" and powerful, claim["claim"]
    for claim in (claim for claim in run if not outcomes.deterministic(claim)):
        alike, _, of = claim["blocks alike"].partition(" of ")
        assert alike == of or "unstable" in claim["stability"], claim["claim"]
        assert float(claim["same"]) >= 0.8 or claim["stability"] == "unstable", claim["claim"]
