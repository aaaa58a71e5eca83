"""A paper is a folder of config and a page of docs, and whatever paper there is, all of it fits together."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lola.analysis.paper import read_ledger
from lola.commands import audit, reproduce
from lola.study import papers, plan, provenance
from lola.study.config import BadConfig, load

# How many groups of cells and claims a paper has; a new one needs a row here.
PAPERS = {
    "lola": (200, 109),
    "cgd": (87, 93),
    "coala": (21, 29),
    "cola": (59, 125),
    "league": (806, 28),
    "loqa-aa": (22, 30),
    "no-outcome": (23, 40),
    "pola": (53, 52),
    "sga": (54, 51),
    "sos": (43, 65),
}


def test_every_paper_is_known_here():
    assert {*papers.papers()} == {*PAPERS} and next(iter(papers.papers())) == papers.FIRST


@pytest.mark.parametrize(("paper", "counts"), PAPERS.items())
def test_a_papers_study_is_good_and_trains_what_its_claims_ask_for(paper, counts):
    config = load(paper)
    groups, claims = plan.groups(config), read_ledger(config["claims"]).claims
    assert (len(groups), len(claims)) == counts
    assert config["results"] == f"results/{paper}" and config["title"]
    assert {name for claim in claims for name in claim.groups} <= {*groups}


@pytest.mark.parametrize("paper", PAPERS)
def test_a_papers_overlays_are_good_and_have_folders_of_their_own(paper):
    overlays = papers.overlay_files(paper)
    roots = [load(paper, [overlay])["results"] for overlay in overlays.values()]
    assert len({*roots, load(paper)["results"]}) == 1 + len(roots)
    assert {*roots} <= {f"results/{paper}-{name}" for name in overlays}


def test_a_new_paper_is_a_study_and_its_claims(tmp_path, monkeypatch):
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    Path("config/new").mkdir()
    Path("config/new/study.yaml").write_text(
        "claims: config/new/claims.yaml\nresults: results/new\nseeds: 10\nseeds_per_job: 10\nsteps: 5\ninit_std: 1.0\n"
        "study: {self-play: {games: [chicken], algorithms: [nl-ex, lola-ex]}}\n"
        "figures: {f: {kind: returns, game: chicken, algorithms: [nl-ex, lola-ex], caption: Chicken}}\ntables: {}\n"
    )
    Path("config/new/claims.yaml").write_text(
        "sections:\n- title: S\n  claims:\n  - {id: table1/R, sentence: s, source: Table 1, certainty: read, "
        "rule: greater, than: -1, measure: {quantity: R, group: chicken/lola-ex/oracle}}\n"
    )
    assert {*papers.papers()} == {*PAPERS, "new"}
    made = {(product.stage, product.name) for product in provenance.products(load("new"))}
    assert made >= {("figure", "f"), ("table", "claims"), ("cells", "chicken/lola-ex/oracle/seed9")}


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_has_a_page_and_published_digests_and_claims(paper):
    folder = papers.digests_file(paper).parent
    assert Path(f"docs/{paper}.md").exists() and papers.digests_file(paper).exists()
    assert (folder / "claims.csv").exists() and (folder / "claims.md").exists()


@pytest.mark.parametrize(("codes", "code"), [([0, 0], 0), ([1, 0], 1), ([0, 1], 1)])
def test_studies_of_all_papers_run_one_after_the_other_and_each_has_its_turn(monkeypatch, codes, code):
    ran, left = [], codes + [0] * len(PAPERS)
    monkeypatch.setattr(reproduce.signal, "signal", lambda *_: None)
    monkeypatch.setattr(
        subprocess, "run", lambda command: ran.append(command) or SimpleNamespace(returncode=left.pop(0))
    )
    monkeypatch.setattr(sys, "argv", ["reproduce", "--paper", "all", "smoke"])
    with pytest.raises(SystemExit) as ended:
        reproduce.main()
    assert ended.value.code == code
    assert [command[-3:] for command in ran] == [
        ["--paper", paper, f"config/{paper}/smoke.yaml"] for paper in papers.papers()
    ]


def test_an_unknown_paper_or_overlay_is_one_line_that_names_what_there_is():
    for study, message in (
        (
            ("lolla", []),
            "paper: given 'lolla'; there is no such paper; allowed: lola(, .*)? \\(did you mean 'lola'\\?\\)",
        ),
        (("lola", ["smok"]), "CONFIG: given 'smok'; there is no such overlay of lola, nor a YAML file; allowed: .*sm"),
        (("all", ["config/games.yaml"]), "CONFIG: given config/games.yaml with PAPER=all; allowed: a name that every"),
    ):
        with pytest.raises(BadConfig, match=message):
            [load(*each) for each in papers.chosen(*study)]


def test_a_command_takes_the_first_paper_another_or_all_of_them():
    assert papers.chosen("", ["config/games.yaml"]) == [("", ["config/games.yaml"])]
    assert papers.chosen("lola", ["smoke"]) == [("lola", ["config/lola/smoke.yaml"])]
    assert [name for name, _ in papers.chosen("all", [])] == list(papers.papers()) and papers.FIRST in papers.papers()


def test_an_overlay_may_name_its_paper_which_no_other_layer_may_contradict(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("paper: lola\nseeds: 4")
    assert load(overlays=[path])["seeds"] == 4
    for given in ("lola", ""):
        with pytest.raises(BadConfig, match=r"paper: given (lola and sos|sos and lola); allowed: one"):
            load(given, [path] if not given else [], {"paper": "sos"})


def test_claims_go_with_the_study_that_names_them(tmp_path):
    claims = "config/lola/claims.yaml"
    assert load()["claims"] == load("lola", ["config/lola/smoke.yaml"])["claims"] == claims
    assert "claims" not in load("lola", ["config/games.yaml"]) and "claims" not in load(settings={"claims": None})
    path = tmp_path / "mine.yaml"
    path.write_text(
        "without: [study, figures, tables]\nstudy: {mine: {games: [ipd], algorithms: [nl-ex]}}\nfigures: {}\n"
    )
    assert not {"title", "claims"} & set(load("lola", [path]))
    assert load("lola", ["config/lola/scale.yaml"])["claims"] == claims
    with pytest.raises(BadConfig, match=r"claims: given 'none\.yaml'; allowed: a file, as config/README.md describes"):
        load(settings={"claims": "none.yaml"})


def test_explain_and_verify_take_a_paper_and_an_overlay(monkeypatch, capsys):
    monkeypatch.setattr(provenance, "problem", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["audit", "verify", "--paper", "sos", "smoke"])
    with pytest.raises(SystemExit) as ended:
        audit.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Verified: 121 cells")


@pytest.mark.parametrize(
    ("paper", "overlays", "typed"),
    [
        ("lola", [], "make ui"),
        ("sos", [], "make ui PAPER=sos"),
        ("lola", ["config/lola/smoke.yaml"], "make ui CONFIG=smoke"),
        ("sos", ["config/sos/smoke.yaml", "mine.yaml"], "make ui PAPER=sos CONFIG='smoke mine.yaml'"),
    ],
)
def test_a_person_is_told_what_to_type_for_a_study(paper, overlays, typed):
    assert papers.command("ui", paper, overlays) == typed


def test_an_overlay_may_have_blanks_in_its_name(tmp_path):
    names = [str(tmp_path / name) for name in ("my study.yaml", "l'été.yaml", "plain.yaml")]
    for name in names:
        Path(name).write_text("seeds: 3\n")
    for overlays in ([names[0]], [names[1]], names, ["smoke"]):
        typed = papers.asked("lola", overlays)
        given = shlex.split(typed)[0].removeprefix("CONFIG=")
        assert papers.chosen("", [given]) == [("", [papers.overlay_file("lola", name) for name in overlays])]
    assert papers.chosen("", ["quick smoke"]) == [("", ["config/lola/quick.yaml", "config/lola/smoke.yaml"])]
    assert papers.chosen("", ["no such.yaml"]) == [("", ["no such.yaml"])]
    with pytest.raises(BadConfig, match="CONFIG: given 'quick smok'; there is no such overlay"):
        papers.chosen("", ["quick smok"])
