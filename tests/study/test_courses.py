"""Ways to train: a game of real parameters, without actions or a discount, needs an entry of its own and no more."""

import pytest
import specs

from lola.study import checks, display, plan, schedule
from lola.study.config import BadConfig, load
from lola.vocabulary import kinds, registry

BLOCKS = {
    "returns": {"kind": "returns", "caption": "c", "game": "tandem", "algorithms": ["nl-ex", "lola-ex"]},
    "learning": {"kind": "learning", "caption": "c", "game": "tandem", "algorithms": ["nl-ex"]},
}


@pytest.fixture
def config():
    """A study of the tandem game."""
    study = {"mine": {"games": ["tandem"], "algorithms": ["nl-ex", "lola-ex", "nl-ex-vs-lola-ex"]}}
    config = load("lola")
    games = config["games"] | {"tandem": specs.TANDEM}
    return config | {"games": games, "study": study, "figures": {}, "tables": {}, "first": []}


def test_its_groups_are_of_that_course_and_trained_by_its_job(config):
    checks.check_study(config)
    groups = plan.groups(config)
    assert [*groups] == [f"tandem/{name}/oracle" for name in config["study"]["mine"]["algorithms"]]
    for group in groups.values():
        assert group.course == "parameters" and len(group.spec["seats"]) == 2
        assert group.entries[0] is registry.COURSES["parameters"].job
        assert schedule.update(group) == schedule.UPDATE["parameters"]
    of_claims = {"kind": "claims", "caption": "c", "groups": [*groups]}
    assert display.block_spec(config, "claims", of_claims)["coin_games"] == {}


def test_a_map_has_a_course_of_its_own_and_no_curves(config):
    """Its seats have nothing of the settings that its grid replaces, and no figure of curves shows it."""
    config["study"]["mine"] = {"games": ["tandem"], "algorithms": ["lola-ex"], "grid": {"lr": [0.1, 1], "eta": [2, 3]}}
    checks.check_study(config)
    (group,) = plan.groups(config).values()
    assert (group.name, group.course) == ("tandem/lola-ex@map/oracle", "parameter_map")
    assert group.spec["grid"] == group.grid == {"lr": [0.1, 1.0], "eta": [2.0, 3.0]}
    assert [(seat["lr"], seat["eta"]) for seat in group.spec["seats"]] == [(None, None)] * 2
    assert group.entries[0] == registry.COURSES["parameter_map"].job
    assert schedule.work(group) == 200 * 4 and schedule.pace(group) == schedule.SECONDS["parameter_map"]
    assert plan.group_spec(group)["course"] == "parameter_map" and not plan.group_spec(group)["blocks"]
    config["figures"] = {"mine": BLOCKS["returns"] | {"algorithms": ["lola-ex@map"]}}
    with pytest.raises(
        BadConfig, match=r"one of the maps \(parts with a grid\) of games of real parameters by lr, eta"
    ):
        checks.check_study(config)


def test_what_shows_curves_shows_it(config, monkeypatch):
    monkeypatch.setitem(kinds.FIGURES, "returns", kinds.Kind("m", ("game", "algorithms"), of=("parameters",)))
    config["figures"] = {"mine": BLOCKS["returns"]}
    checks.check_study(config)
    spec = display.block_spec(config, "mine", BLOCKS["returns"])
    assert spec["actions"] == {"tandem": [[], []]}
    assert spec["labels"]["lola-ex"] == "LOLA-Ex"


def test_what_shows_policies_says_that_it_cannot(config):
    config["figures"] = {"mine": BLOCKS["learning"]}
    with pytest.raises(BadConfig, match=r"given tandem, whose 2 players have \[0, 0\] actions; kind learning shows"):
        checks.check_study(config)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"grid": {"eta": [0.1, 1.0]}}, "study.mine.grid: given eta; allowed for nl-ex: lr"),
        ({"grid": {"lr": [0.1, 1.0]}, "every": 1}, "study.mine.every: is not used by a part without entrants"),
        ({"every": 3}, "study.mine.every: given 3; allowed: a number that divides steps, 200"),
        (
            {"algorithms": None, "entrants": ["nl-ex", "lola-ex"], "episodes": 10, "length": 5, "every": 1},
            "given ['tandem']; allowed in episodes: matrix games",
        ),
    ],
)
def test_a_part_that_makes_no_sense_says_why(config, part, said):
    mine = {key: value for key, value in (config["study"]["mine"] | part).items() if value is not None}
    config["study"] = {"mine": mine}
    with pytest.raises(BadConfig) as error:
        checks.check_study(config)
    assert said in str(error.value)


def test_every_kind_of_game_knows_its_courses():
    for kind in registry.KINDS.values():
        assert {*kind.courses} <= {*registry.COURSES}
    shown = [*kinds.FIGURES.values(), *kinds.TABLES.values()]
    assert all(course in registry.COURSES for kind in shown for course in kind.of)
