"""Further seeds end where cells of theirs would, in one file that tables and claims read, and nothing else."""

import json

import pandas as pd
import pytest

from lola.commands import further
from lola.files import records
from lola.learning.trainers import run
from lola.study import plan, provenance
from lola.study.config import load

SETTINGS = {"seeds": 2, "steps": 3, "study": {"self-play": {"further": 3}}}


@pytest.fixture
def group():
    return plan.groups(load("lola", settings=SETTINGS))["ipd/lola-ex/oracle"]


def test_further_seeds_are_those_that_follow(group):
    assert (group.seeds, group.further) == ((0, 1), [2, 3, 4])
    listed = plan.groups(load("lola", settings=SETTINGS | {"seeds": [7, 3]}))["ipd/lola-ex/oracle"]
    assert listed.further == [8, 9, 10]


def test_only_the_last_rows_are_kept_the_same_as_alone(group, monkeypatch):
    monkeypatch.setattr(further, "SIDE_BY_SIDE", 2)
    found = list(further.ends(group.spec, group.further))
    alone = [(seed, *row) for seed in group.further for row in next(run(group.spec, [seed])).rows if row[0] == 3]
    assert found == alone and {row[0] for row in found} == {2, 3, 4}


def test_the_mean_return_over_the_first_updates_is_kept_where_it_is_asked_for(group):
    ends = [row for row in further.ends(group.spec, [2, 3], 2) if row[3] == "mean return of 2 updates"]
    for seed in (2, 3):
        rows = [row for row in next(run(group.spec, [seed])).rows if row[2] == "return" and 0 < row[0] <= 2]
        means = {player: sum(row[3] for row in rows if row[1] == player) / 2 for player in (1, 2)}
        assert {row[2]: row[4] for row in ends if row[0] == seed} == means
    wild = group.spec | {"seats": [seat | {"lr": 1e308} for seat in group.spec["seats"]]}
    found = [*further.ends(wild, [5], 2)]
    started = {row[2]: row[4] for row in found if row[3] == "return"}
    assert {row[2]: row[4] for row in found if row[3] == "mean return of 2 updates"} == started


def test_a_seed_that_diverges_leaves_its_first_row(group):
    wild = group.spec | {"seats": [seat | {"lr": 1e308} for seat in group.spec["seats"]]}
    found = list(further.ends(wild, [5]))
    assert {row[1] for row in found} == {0}
    assert found == [(5, *row) for row in next(run(wild, [5])).rows if row[0] == 0]


def test_the_file_has_a_manifest_and_is_made_again_when_its_code_or_settings_change(group, tmp_path, monkeypatch):
    out, manifest = tmp_path / "further.csv", tmp_path / "further.json"
    spec, code = plan.further_spec(group), provenance.further_code(group)
    told = ["--spec", json.dumps(spec), "--code", json.dumps(code), "--manifest", str(manifest), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["further", *told])
    further.main()
    rows = pd.read_csv(out)
    assert [*rows] == ["seed", "step", "player", "metric", "value"] and {*rows.seed} == {2, 3, 4}
    assert records.read(manifest)["spec"] == spec
    product = provenance.Product("x/further", "further", manifest, spec, code)
    assert provenance.problem(product, "lock") is None
    stale = provenance.Product("x/further", "further", manifest, spec | {"further": [9]}, code)
    assert provenance.problem(stale, "lock")[0] == "stale"
    other = provenance.Product("x/further", "further", manifest, spec, code | {"requirements.lock": "other"})
    assert provenance.problem(other, "lock") == ("stale", "requirements.lock changed")
    out.write_text("cut")
    assert provenance.problem(product, "lock")[0] == "damaged"


def test_tables_are_made_from_further_seeds_and_figures_are_not():
    products = {product.name: product for product in provenance.products(load("lola", settings=SETTINGS))}
    assert "ipd/lola-ex/oracle/further" in products["table3"].needs
    assert not [need for need in products["figure1"].needs if need.endswith("/further")]
    assert products["ipd/lola-ex/oracle/further"].stage == "further"
    assert "ipd/lola-pg/oracle/further" not in products
