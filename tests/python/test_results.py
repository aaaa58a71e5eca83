"""What was trained is found and loaded: whole cells of one experiment, and the policies that are shipped."""

import numpy as np
import pytest
import snippets

import lola
from lola.files import cells


@pytest.fixture
def results(tmp_path):
    return snippets.write_results(tmp_path, lola.train("ipd", "lola-ex", seeds=3, steps=5))


def test_groups_are_named_and_the_oracle_may_be_left_out(results):
    assert lola.groups(results) == lola.groups(str(results)) == ["ipd/lola-ex/oracle"]
    assert lola.load("ipd/lola-ex", results).name == lola.load("ipd/lola-ex/oracle", str(results)).name


@pytest.mark.parametrize("name", ["ipd/lola-x", "ipd", "ipd/lola-ex/cloning", "a/b/c/d"])
def test_a_group_that_is_not_there_is_an_error_that_names_those_that_are(results, name):
    with pytest.raises(lola.BadConfig, match=r"name: given .* no such group of runs; allowed: ipd/lola-ex/oracle"):
        lola.load(name, results)
    with pytest.raises(lola.BadConfig, match=r"name: given .* allowed: coin-game/.*oracle"):
        lola.load(name)


def test_a_folder_without_cells_is_an_error(tmp_path):
    with pytest.raises(lola.BadConfig, match=r"results: given .*, in which nothing is trained; allowed: a study's"):
        lola.groups(tmp_path)


def test_a_cell_that_was_edited_is_refused(results):
    curve = results / "cells/ipd/lola-ex/oracle/seed1.csv"
    curve.write_text(curve.read_text().replace("return", "returns", 1))
    with pytest.raises(ValueError, match=r"seed1\.csv is not as it was written"):
        lola.load("ipd/lola-ex", results)


def test_cells_of_different_settings_are_not_mixed(results):
    other = lola.train("ipd", "lola-ex", seeds=[7], steps=6)
    snippets.write_results(results.parent.parent, other)
    with pytest.raises(ValueError, match="has cells of different settings; make reproduce trains those again"):
        lola.load("ipd/lola-ex", results)


def test_further_runs_count_among_those_that_end(results):
    folder = results / "groups/ipd/lola-ex/oracle"
    folder.mkdir(parents=True)
    rows = lola.train("ipd", "lola-ex", seeds=[10, 11], steps=5).curves.query("step == 5")
    rows.to_csv(folder / "further.csv", index=False)
    runs = lola.load("ipd/lola-ex", results)
    assert runs.seeds == [0, 1, 2] and [*runs.returns.index] == [0, 1, 2, 10, 11]
    assert lola.compare(runs, runs, "tft").n == 5


def test_runs_that_diverged_are_kept_but_have_no_players(results):
    path = results / "cells/ipd/lola-ex/oracle/seed1.csv"
    manifest = cells.read_manifest(path)
    rows = [line.split(",") for line in path.read_text().splitlines()[1:] if line.startswith(("0,", "1,"))]
    failed = manifest | {"status": "failed", "steps": 1, "reason": "a number became NaN or infinite at step 2"}
    cells.write(path, ("step", "player", "metric", "value"), rows, failed)
    runs = lola.load("ipd/lola-ex", results)
    assert runs.seeds == [0, 2] and repr(runs) == "ipd/lola-ex/oracle: 3 runs, of which 1 diverged"
    assert [*runs.policies.index.unique("seed")] == [0, 2]
    first = runs.curves.query("seed == 1 and step == 0 and metric == 'return'").value.tolist()
    assert runs.returns.loc[1].tolist() == first, "it has learned nothing"
    with pytest.raises(lola.BadConfig, match="seed: given 1 of ipd/lola-ex/oracle; allowed: 0, 2"):
        runs.players(1)


def test_a_map_has_curves_by_its_axes_and_no_returns(tmp_path):
    folder = tmp_path / "cells/ipd/lola-ex@map/oracle"
    spec = lola.train("ipd", "lola-ex", seeds=1, steps=1).group.spec | {"grid": {"lr": [0.1, 1.0]}}
    made_by = {"spec": spec, "code": "{}", "lock": "a lock", "status": "finished", "steps": 1}
    cells.write(folder / "seed0.csv", ("lr", "player", "metric", "value"), [(0.1, 1, "return", -1.5)], made_by)
    runs = lola.load("ipd/lola-ex@map", tmp_path)
    assert runs.curves.to_dict("list") == {
        "seed": [0],
        "lr": [0.1],
        "player": [1],
        "metric": ["return"],
        "value": [-1.5],
    }
    with pytest.raises(lola.BadConfig, match=r"ipd/lola-ex@map/oracle: given a map, which has no returns by step"):
        _ = runs.returns


@pytest.mark.parametrize("name", ["ipd/nl-ex", "ipd/lola-ex", "imp/nl-ex", "imp/lola-ex"])
def test_shipped_policies_are_what_the_study_trains(name):
    shipped, trained = lola.load(name), lola.train(*name.split("/"), seeds=5)
    assert shipped.seeds == trained.seeds == [0, 1, 2, 3, 4] and shipped.group.spec == trained.group.spec
    assert shipped.ends == trained.ends


def test_what_is_shipped_is_small():
    files = list(snippets.DOCS.rglob("policies/*/*/*.json"))
    assert len(files) == len(lola.groups()) > 4
    assert sum(path.stat().st_size for path in files) < 300_000


@pytest.mark.parametrize("name", lola.groups())
def test_everything_shipped_has_players_of_the_study(name):
    runs = lola.load(name)
    assert runs.seeds and runs.name == name
    for seed in runs.seeds:
        assert all(np.isfinite(theta).all() for theta in runs.players(seed).parameters)
    with pytest.raises(lola.BadConfig, match=r"is shipped without its curves; allowed: lola.train, or lola.load with"):
        _ = runs.curves
    assert runs.players(runs.seeds[0]).curve is None
