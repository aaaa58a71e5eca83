"""From a config to groups, specs and batches of seeds."""

import pytest

from lola import study
from lola.cells import Cell
from lola.config import load


@pytest.fixture(scope="module")
def config():
    return load("config/config.yaml", [], {"seeds": 5})


def test_the_study_is_games_times_algorithms(config):
    groups = study.groups(config)
    assert set(groups) == {
        *("ipd/nl-ex/oracle", "ipd/lola-ex/oracle", "imp/nl-ex/oracle", "imp/lola-ex/oracle"),
        *("ipd/nl-t4/oracle", "ipd/lola-t4/oracle"),
        *("ipd/lola-t4-vs-nl-t4/oracle", "ipd/lola-t4-vs-lola2-t4/oracle"),
        *("ipd/lola-ex@map/oracle", "imp/lola-ex@map/oracle"),
    }
    assert all(group.seeds == (0, 1, 2, 3, 4) for group in groups.values())


def test_a_matchup_fills_the_seats_in_order(config):
    seats = study.groups(config)["ipd/lola-t4-vs-nl-t4/oracle"].spec["seats"]
    assert seats == [{"rule": "lola", "lr": 0.5, "eta": 0.5}, {"rule": "naive", "lr": 0.5}]


def test_one_algorithm_fills_every_seat(config):
    assert len(study.seats(config, "public-goods", "nl-ex")) == 3


def test_labels_are_no_part_of_a_spec(config):
    renamed = load("config/config.yaml", [], {"seeds": 5, "algorithms": {"nl-ex": {"label": "naive"}}})
    assert study.groups(renamed) == study.groups(config)
    assert study.labels(renamed)["nl-ex"] == "naive"
    assert study.labels(config)["lola-t4-vs-nl-t4"] == "LOLA-Ex vs NL-Ex"


def test_a_group_names_the_modules_of_its_rules(config):
    assert study.groups(config)["ipd/nl-ex/oracle"].modules == [
        "lola.learning.matrix_games",
        "lola.learning.opponent_models",
        "lola.learning.rules",
    ]


def test_missing_cells_train_apart_from_those_that_are_there(config, tmp_path):
    group = study.groups(config)["ipd/nl-ex/oracle"]
    for seed in (0, 1, 3):
        cell = Cell("ipd", "nl-ex", "oracle", seed)
        cell.curve(tmp_path).parent.mkdir(parents=True, exist_ok=True)
        cell.curve(tmp_path).touch()
        cell.manifest(tmp_path).touch()
    group.cells[4].curve(tmp_path).touch()  # half a cell is a missing one
    batches = [[cell.seed for cell in batch] for batch in study.batches(group, tmp_path, seeds_per_job=2)]
    assert batches == [[2, 4], [0, 1], [3]]


def test_a_cell_is_known_by_its_path(tmp_path):
    cell = Cell("ipd", "lola-ex@map", "oracle", 12)
    assert Cell.at(cell.curve(tmp_path)) == Cell.at(cell.manifest(tmp_path)) == cell
    assert cell.name == "ipd/lola-ex@map/oracle/seed12"
