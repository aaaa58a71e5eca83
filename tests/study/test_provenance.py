"""Fingerprints follow what code does, not how it looks; manifests tell what is stale, missing or edited."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lola.commands import audit, checklist, reproduce
from lola.files import cells, records
from lola.files.artifacts import canonical, sha256
from lola.study import papers, plan, provenance
from lola.study.config import load
from lola.vocabulary import kinds as figure_kinds
from lola.vocabulary import registry


def test_a_new_entry_of_the_registry_moves_nobody_and_a_changed_one_those_who_name_it(monkeypatch):
    groups = plan.groups(load())

    def code():
        return {name: provenance.training_code(group) for name, group in groups.items()}

    before = code()
    monkeypatch.setitem(registry.RULES, "sos", registry.Entry("lola.learning.rules", "sos"))
    assert code() == before
    monkeypatch.setitem(registry.RULES, "lola", replace(registry.RULES["lola"], plays=1))
    moved = {name for name, now in code().items() if now != before[name]}
    assert moved == {n for n, g in groups.items() if any(seat.get("rule") == "lola" for seat in g.spec["seats"])}
    after = code()
    keys = {key for name in moved for key in before[name] if after[name][key] != before[name][key]}
    assert keys == {"lola.vocabulary.registry"}


def test_a_figure_depends_on_the_module_of_its_kind_alone():
    learning, matchups = (
        provenance.product_code(stage, {"kind": kind})
        for stage, kind in (("figure", "learning"), ("table", "matchups"))
    )
    both = {"lola.commands.show.main", "lola.analysis.sources.split_spec", "lola.files.records.write"}
    assert both | {"lola.figures.learning.draw", "lola.figures.style.make"} <= learning.keys()
    assert both | {"lola.tables.matchups.tabulate", "lola.tables.table.make"} <= matchups.keys()
    assert not [name for name in learning if name.startswith(("lola.figures.map", "lola.tables"))]
    assert not [name for name in matchups if name.startswith(("lola.tables.convergence", "lola.figures"))]


def test_a_kind_that_changes_makes_its_own_figures_again(monkeypatch):
    before = {kind: provenance.product_code("figure", {"kind": kind}) for kind in figure_kinds.FIGURES}
    monkeypatch.setitem(figure_kinds.FIGURES, "map", replace(figure_kinds.FIGURES["map"], players=3))
    after = {kind: provenance.product_code("figure", {"kind": kind}) for kind in figure_kinds.FIGURES}
    assert [kind for kind in before if before[kind] != after[kind]] == ["map"]


def test_differences_name_the_key():
    before = {"seats": [{"lr": 1.0}, {"lr": 1.0}], "steps": 200}
    after = {"seats": [{"lr": 0.5}, {"lr": 1.0}], "steps": 200}
    assert provenance.differences(before, after) == ["seats[0].lr: 1.0 → 0.5"]
    assert provenance.differences({"a": 1}, {"b": 1}) == ["a: 1 → null", "b: null → 1"]
    assert provenance.differences([1, 2], [1]) == [": [1,2] → [1]"]


def test_seeds_are_told_as_ranges_and_payoffs_as_they_are():
    spec = {"seeds": [0, 1, 2], "payoffs": [[-1, -3], [0, -2]]}
    assert provenance.short(spec) == {"seeds": "0-2", "payoffs": [[-1, -3], [0, -2]]}


@pytest.fixture
def study_of_two(tmp_path):
    """A study of one group with two trained cells, in files made up here, and nothing else made."""
    overrides = {
        "results": str(tmp_path / "made"),
        "seeds": 2,
        "without": ["study", "figures", "tables"],
        "study": {"self-play": {"games": ["ipd"], "algorithms": ["nl-ex"]}},
        "claims": "config/lola/claims.yaml",
    }
    config = load("lola", [], overrides)
    for product in provenance.products(config):
        if product.stage == "cells":
            made = {"spec": product.spec, "code": canonical(product.code), "lock": provenance.environment()}
            cells.write(product.manifest.with_suffix(".csv"), ("step", "player"), [], made | {"processor": "mine"})
    return config


def kinds(config):
    return {name: found for name, found in problems(config).items() if "seed" in name}


def problems(config):
    """(kind, reason) of each problem, by the name of the product."""
    return {product.name: problem for product, problem in audit.examine(config) if problem}


def test_a_trained_cell_is_in_order_and_what_is_made_from_it_is_missing(study_of_two):
    assert kinds(study_of_two) == {}
    assert problems(study_of_two)["ipd/nl-ex/oracle"] == ("missing", "not made yet")


def test_another_processor_is_no_reason_to_train_again(study_of_two):
    manifest = Path(study_of_two["results"]) / "cells/ipd/nl-ex/oracle/seed1.json"
    made = cells.read_manifest(manifest)
    cells.write(manifest.with_suffix(".csv"), ("step", "player"), [], made | {"processor": "another"})
    assert cells.read_manifest(manifest)["processor"] == "another"
    assert kinds(study_of_two) == {}


def test_an_edited_curve_is_damaged(study_of_two):
    path = Path(study_of_two["results"]) / "cells/ipd/nl-ex/oracle/seed1.csv"
    path.write_text(path.read_text() + "0,1,return,0.0\n")
    (name, (kind, reason)), *rest = kinds(study_of_two).items()
    assert (name, kind, rest) == ("ipd/nl-ex/oracle/seed1", "damaged", [])
    assert str(path) in reason


def test_a_changed_setting_makes_its_cells_stale_and_says_which(study_of_two):
    study_of_two["algorithms"]["nl-ex"]["lr"] = 0.25
    assert set(kinds(study_of_two).values()) == {("stale", "seats[0].lr: 1.0 → 0.25; seats[1].lr: 1.0 → 0.25")}
    lines = audit.explain(study_of_two, audit.examine(study_of_two))
    assert lines[0] == "train      ipd/nl-ex/oracle: 2 cells: seats[0].lr: 1.0 → 0.25; seats[1].lr: 1.0 → 0.25"
    assert lines[-1] == f"In all: 2 cells to train, {len(lines) - 2} other results to make."


def test_a_new_lock_makes_cells_stale(study_of_two, monkeypatch):
    monkeypatch.setattr(provenance, "environment", lambda: "another")
    assert set(kinds(study_of_two).values()) == {("stale", "the locked packages or Python changed")}


def test_damaged_cells_are_set_aside_not_lost(study_of_two):
    path = Path(study_of_two["results"]) / "cells/ipd/nl-ex/oracle/seed0.json"
    path.write_text("junk")
    (message,) = reproduce.repair(study_of_two)
    assert "ipd/nl-ex/oracle/seed0 is made again" in message
    assert path.with_name("seed0.json.damaged").read_text() == "junk"
    assert not path.exists()
    assert not path.with_suffix(".csv").exists()
    assert list(reproduce.repair(study_of_two)) == []


def test_stale_cells_are_made_again_even_where_snakemake_has_lost_its_records(study_of_two):
    study_of_two["steps"] = 7
    assert list(reproduce.repair(study_of_two)) == []
    assert {kind for kind, _ in kinds(study_of_two).values()} == {"missing"}


def test_a_manifest_without_its_keys_is_damaged(study_of_two):
    group = next(p for p in provenance.products(study_of_two) if p.stage == "group")
    group.manifest.parent.mkdir(parents=True)
    group.manifest.write_text('{"outputs": {}}')
    assert problems(study_of_two)[group.name][0] == "damaged"
    assert len(list(reproduce.repair(study_of_two))) == 1
    assert problems(study_of_two)[group.name][0] == "missing"


def test_an_edited_file_beside_a_lost_one_is_set_aside(study_of_two):
    product = next(p for p in provenance.products(study_of_two) if p.name == "claims")
    edited, lost = (product.manifest.parent / name for name in ("a.csv", "b.csv"))
    product.manifest.parent.mkdir(parents=True)
    edited.write_text("edited")
    outputs = {str(edited): "another digest", str(lost): "its digest"}
    product.manifest.write_text(json.dumps({"spec": {}, "code": {}, "inputs": {}, "outputs": outputs}))
    assert len(list(reproduce.repair(study_of_two))) == 1
    assert edited.with_name("a.csv.damaged").read_text() == "edited"


@pytest.mark.parametrize("content", [b"junk", b"SQLite format 3\x00" + bytes(200)])
def test_a_broken_database_is_set_aside(study_of_two, content, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    database = Path(study_of_two["results"]).parent / "mlflow.db"
    database.write_bytes(content)
    (message,) = reproduce.repair(study_of_two)
    assert str(database) in message
    assert database.with_name("mlflow.db.damaged").read_bytes() == content
    assert not database.exists()


def test_a_record_keeps_digests_of_inputs_and_outputs_and_notices_what_has_changed(tmp_path):
    given, made, manifest = (tmp_path / name for name in ("given.txt", "made.txt", "manifest.json"))
    given.write_text("in")
    inputs = records.digests([given])
    given.write_text("changed meanwhile")
    made.write_text("out")
    records.write(manifest, {"a": 1}, {"m": "d"}, inputs, [made])
    told = {
        "spec": {"a": 1},
        "code": {"m": "d"},
        "inputs": {str(given): sha256("in")},
        "outputs": {str(made): sha256("out")},
    }
    assert json.loads(manifest.read_text()) == records.read(manifest) == told
    made.write_text("edited")
    with pytest.raises(ValueError, match=f"{made} is not as it was written"):
        records.read(manifest)


def test_a_figure_and_a_table_of_one_name_are_told_apart(study_of_two):
    block = {"game": "ipd", "algorithms": ["nl-ex"], "caption": "c"}
    study_of_two["figures"] = {"one": block | {"kind": "returns"}}
    study_of_two["tables"] = {"one": {"kind": "convergence", "games": ["ipd"], "algorithms": ["nl-ex"], "caption": "c"}}
    lines = audit.explain(study_of_two, audit.examine(study_of_two))
    above = Path(study_of_two["results"]).parent
    pages = ("reproducibility.md", "index.html", "report.html", f"{above}/index.html")
    assert lines == [
        f"{what}: not made yet" for what in ("group      ipd/nl-ex/oracle", "figure     one", "table      one")
    ] + [
        "table      claims: not made yet",
        *(f"page       {page}: not made yet" for page in pages),
        "In all: 0 cells to train, 8 other results to make.",
    ]
    assert audit.verify(audit.examine(study_of_two)) == [
        f"missing  {name}: not made yet" for name in ("ipd/nl-ex/oracle", "one", "one", "claims", *pages)
    ]


def test_cells_of_a_group_with_one_problem_are_one_line(study_of_two):
    study_of_two["steps"] = 7
    found = audit.examine(study_of_two)
    assert audit.verify(found)[0] == "stale    ipd/nl-ex/oracle (2 cells): steps: 200 → 7"
    assert audit.explain(study_of_two, found)[0] == "train      ipd/nl-ex/oracle: 2 cells: steps: 200 → 7"


def written(tmp_path, game: str):
    """A study of one's own game, whose settings are these."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        "without: [study, figures, tables]\nstudy: {s: {games: [duel], algorithms: [nl-ex]}}\n"
        f"games: {{duel: {{gamma: 0.9, {game}}}}}\n"
    )
    return load("lola", [path])


def test_settings_that_are_equal_are_one_text_since_snakemake_compares_texts(tmp_path):
    pays = "[[[{0}, -3], [0, -2]], [[-1, 0], [-3, -2]]]"
    one, *others = (
        written(tmp_path, f"actions: {actions}, payoffs: {pays.format(first)}")
        for actions, first in (("[C, D]", "-1"), ("[C, D]", "-1.0"), ("[[C, D], [C, D]]", "-1"))
    )
    assert all(json.dumps(other) == json.dumps(one) for other in others)
    assert json.dumps(written(tmp_path, f"actions: [C, D], payoffs: {pays.format(-1.5)}")) != json.dumps(one)
    texts = [json.dumps(load(settings={"algorithms": {"nl-ex": {"lr": lr}}})) for lr in (2, 2.0)]
    assert texts[0] == texts[1]


def test_the_order_of_the_config_is_that_of_the_page(study_of_two):
    page = next(product for product in provenance.products(study_of_two) if product.name == provenance.PAGE)
    page.manifest.parent.mkdir(parents=True)
    made = page.manifest.with_name("made")
    made.touch()
    records.write(page.manifest, page.spec, page.code, {}, [made])
    assert page.name not in problems(study_of_two)
    study_of_two["games"] = dict(reversed(study_of_two["games"].items()))
    assert problems(study_of_two)[page.name] == ("stale", "the order of config changed")
    study_of_two["steps"] = 7
    assert problems(study_of_two)[page.name] == ("stale", "config.steps changed")


@pytest.fixture
def other_numpy(monkeypatch):
    """An environment with another NumPy than the locked one."""
    there = provenance.installed()
    monkeypatch.setattr(provenance, "installed", lambda: there | {"numpy": "2.3.5"})
    provenance.foreign.cache_clear()
    yield
    provenance.foreign.cache_clear()


def test_a_package_that_is_not_the_locks_is_noticed(study_of_two, other_numpy):
    assert provenance.foreign() == {"numpy": "2.3.5"}
    assert re.fullmatch(r"numpy 2\.3\.5 \(locked: [\d.]+\)", provenance.unlocked())
    assert {kind for kind, _ in kinds(study_of_two).values()} == {"stale"}
    assert checklist.pinned().startswith("not as pinned in requirements.lock, numpy 2.3.5")
    (said,) = audit.verify([(next(provenance.products(study_of_two)), None)], provenance.unlocked())
    assert said.endswith("but not that these packages make them.")


def test_packages_are_told_by_their_folders_wheels_and_eggs_alike(tmp_path, monkeypatch):
    for folder in ("some_package-1.2.dist-info", "Other.Package-0.3-py3.11.egg-info", "edited.egg-info"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert provenance.installed() == {"some-package": "1.2", "other-package": "0.3"}


def test_packages_as_locked_are_said_to_be_so(study_of_two):
    assert (provenance.foreign(), provenance.unlocked()) == ({}, "")
    assert checklist.pinned() == "as pinned in requirements.lock"


def test_settings_given_by_hand_are_in_the_command_that_makes_the_results(study_of_two):
    by_hand = {"seeds": 3}
    assert papers.makes("lola", [], {}) == "make reproduce"
    typed = papers.makes("sos", ["mine.yaml"], by_hand)
    assert typed == ".venv/bin/snakemake --config paper=sos seeds=3 --configfile mine.yaml"
    assert "`seeds` was given to Snakemake by hand" in checklist.by_hand_alone(by_hand)[0]
    assert checklist.origin("seeds", 3, "", {"seeds": (50, "")}, by_hand).startswith("given by hand; ")
    assert checklist.origin("steps", 3, "", {"steps": (50, "")}, by_hand).startswith("an overlay; ")
    pages = {product.name: product for product in provenance.products(study_of_two, [], by_hand)}
    assert pages[provenance.REPORT].spec["by_hand"] == by_hand
