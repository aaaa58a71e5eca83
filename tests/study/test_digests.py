"""Digests of groups say what was learned, not where; verify holds them against those that were published."""

import json
from pathlib import Path

import pytest

from lola.commands import audit
from lola.files import cells
from lola.study import digests, papers, plan, provenance
from lola.study.config import load

CURVE = [(0, 1, "return", -1.5)]
MADE = {"code": "{}", "lock": "a lock", "processor": "a processor", "device": "cpu"}
ENDED = {"status": "finished", "steps": 3, "thetas": [[0.1], [0.2]], "policies": [{"player": 1}]}


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A study of two groups with two cells each, made by hand, in a folder where nothing is published."""
    overrides = {
        "results": str(tmp_path / "made"),
        "seeds": [3, 1],
        "without": ["study", "figures", "tables"],
        "study": {"self-play": {"games": ["ipd", "imp"], "algorithms": ["nl-ex"]}},
    }
    config = load("lola", [], overrides)
    for group in plan.groups(config).values():
        for cell in group.cells:
            write(config, cell)
    monkeypatch.chdir(tmp_path)
    return config


def write(config, cell, rows=CURVE, **manifest):
    spec = plan.groups(config)[cell.group].spec
    cells.write(cell.curve(config["results"]), ("step", "player", "metric", "value"), rows, made(spec) | manifest)


def made(spec):
    return {"spec": spec} | MADE | ENDED


def group(config, game="ipd"):
    return plan.groups(config)[f"{game}/nl-ex/oracle"]


def line(config, game="ipd"):
    return digests.line(group(config, game), config["results"])


def test_a_line_names_the_group_its_seeds_and_two_digests(config):
    found = line(config)
    assert (found["group"], found["seeds"]) == ("ipd/nl-ex/oracle", "2")
    assert (len(found["spec"]), len(found["digest"])) == (12, 64)
    assert line(config, "imp")["digest"] == found["digest"], "the game is a setting, and both learned the same here"
    assert line(config, "imp")["spec"] != found["spec"]


@pytest.mark.parametrize("key", MADE)
def test_where_and_by_what_code_a_cell_was_made_is_no_part_of_its_digest(config, key):
    before = line(config)
    write(config, group(config).cells[0], **{key: "another"})
    assert line(config) == before


@pytest.mark.parametrize(
    "other",
    [
        {"rows": [(0, 1, "return", -1.4)]},
        *({"status": "failed"}, {"steps": 2}, {"thetas": [[0.1], [0.3]]}, {"policies": []}, {"episode": [[1]]}),
    ],
)
def test_what_a_cell_learned_and_how_it_ended_are(config, other):
    before = line(config)
    write(config, group(config).cells[0], **other)
    assert line(config)["digest"] != before["digest"]
    assert line(config)["spec"] == before["spec"]


def test_cells_count_in_the_order_of_their_seeds(config):
    assert group(config).seeds == (3, 1)
    write(config, group(config).cells[0], steps=2)
    before = line(config)
    config["seeds"] = [1, 3]
    assert line(config) == before


def test_other_seeds_or_settings_are_another_spec(config):
    before = digests.settings(group(config))
    config["seeds"] = [3, 4]
    assert digests.settings(group(config)) != before
    config["seeds"], config["steps"] = [3, 1], 7
    assert digests.settings(group(config)) != before


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_group_with_a_missing_or_damaged_cell_has_no_line(config, suffix):
    path = group(config).cells[0].curve(config["results"]).with_suffix(suffix)
    path.write_text("junk")
    with pytest.raises(ValueError, match=r"seed3\."):
        line(config)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"seed3\."):
        line(config)


PUBLISHED = papers.digests_file("lola")


def publish(*lines):
    PUBLISHED.parent.mkdir(parents=True)
    PUBLISHED.write_text(digests.text(lines))


def test_lines_are_read_as_they_were_written(config, tmp_path):
    lines = [line(config), line(config, "imp")]
    publish(*lines)
    assert PUBLISHED.read_text().splitlines()[0] == "group,seeds,spec,digest"
    assert digests.read(PUBLISHED) == {
        digests.settings(group(config, game)): line["digest"] for game, line in zip(("ipd", "imp"), lines, strict=True)
    }


def test_verify_says_which_groups_are_as_published(config):
    said = "Digests: nothing to compare with, since there is no docs/lola/digests.csv."
    assert audit.published(config, {}) == said
    publish(line(config), line(config, "imp") | {"spec": "another"})
    told = "Not published with these settings: imp/nl-ex/oracle."
    assert audit.published(config, {}) == f"Digests: 1 of 1 group as published. {told}"
    write(config, group(config).cells[1], steps=2)
    assert audit.published(config, {}) == (
        f"Digests: 0 of 1 group as published. Not: ipd/nl-ex/oracle (2 cells). {told}"
    )
    assert audit.published(config, {"ipd/nl-ex/oracle/seed1": "stale"}) == (
        f"Digests: 0 of 0 groups as published. {told} Not compared, since not in order here: ipd/nl-ex/oracle."
    )


def test_verify_ends_as_before_whatever_was_published(config, monkeypatch, capsys):
    publish(line(config) | {"digest": "another"})
    Path("config/lola").mkdir(parents=True)
    papers.LIBRARY.write_text(json.dumps(config))
    Path("config/lola/study.yaml").write_text("{}")
    monkeypatch.setattr("sys.argv", ["lola.commands.audit", "verify"])
    monkeypatch.setattr(provenance, "problem", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        audit.main()
    assert ended.value.code == 0
    verified, compared = capsys.readouterr().out.splitlines()
    assert verified.startswith("Verified: 4 cells")
    assert "Not: ipd/nl-ex/oracle (2 cells)." in compared
