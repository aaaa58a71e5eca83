"""From a config to groups, specs and batches of seeds."""

from dataclasses import replace
from pathlib import Path

import pytest

from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.files import checkpoints
from lola.study import display, plan
from lola.study.config import load
from lola.vocabulary.names import Cell

ENTRANTS = ("nl-q", "jal-q", "phc", "wolf-phc", "nl-ex", "lola-ex")


def everybody_meets_everybody(entrants):
    return [*entrants, *(f"{a}-vs-{b}" for n, a in enumerate(entrants) for b in entrants[n + 1 :])]


@pytest.fixture(scope="module")
def config():
    return load("lola", [], {"seeds": 5})


def test_the_study_is_games_times_algorithms(config):
    groups = plan.groups(config)
    assert set(groups) == {
        *("ipd/nl-ex/oracle", "ipd/lola-ex/oracle", "imp/nl-ex/oracle", "imp/lola-ex/oracle"),
        *("ipd/nl-t4/oracle", "ipd/lola-t4/oracle"),
        *("ipd/lola-t4-vs-nl-t4/oracle", "ipd/lola-t4-vs-lola2-t4/oracle"),
        *(f"{game}/{a}/oracle" for game in ("ipd", "imp") for a in ("nl-pg", "lola-pg")),
        *(f"{game}/lola-pg-{form}/oracle" for game in ("ipd", "imp") for form in ("halved", "centred", "released")),
        *("imp-96/lola-ex/oracle", "imp-99/lola-ex/oracle", "ipd/nl-t4-vs-lola2-t4/oracle"),
        *(f"{game}/{a}/cloning" for game in ("ipd", "imp") for a in ("lola-ex", "lola-pg")),
        *(f"ipd/{a}/oracle" for a in ("nl-dice", "lola-pg-64", "no-box-1", "no-box-2")),
        *(f"ipd/{kind}-dice-{k}/oracle" for kind in ("lola", "slow") for k in (1, 2, 3)),
        *(f"ipd/lola-dice-{k}/cloning" for k in (1, 2, 3)),
        *(
            f"{game}/{match}@{tournament}/oracle"
            for game in ("ipd", "imp")
            for match in everybody_meets_everybody(ENTRANTS)
            for tournament in ("tournament", "tournament-released", "tournament-fitted")
        ),
        *(
            f"{game}/{match}@tournament/cloning"
            for game in ("ipd", "imp")
            for match in everybody_meets_everybody(ENTRANTS)
            if match.endswith("-ex")  # the others' matches have nobody who models anybody
        ),
        *(
            f"{game}/{a}@map/oracle"
            for game in ("ipd", "imp")
            for a in ("lola-ex", "lola-pg", "lola-pg-batch", "lola-pg-released")
        ),
        *(f"coin-game/coin-{a}/oracle" for a in ("nl-pg", "lola-pg", "lola-bare", "lola-dice")),
        *("coin-game/coin-lola-pg/coin-cloning", "coin-game/coin-lola-bare/coin-cloning"),
    }
    assert groups["ipd/lola-t4/oracle"].seeds == (0, 1, 2, 3, 4)
    assert groups["ipd/nl-dice/oracle"].seeds == tuple(range(20))
    assert groups["imp/lola-pg@map/oracle"].seeds == tuple(range(10))


def test_roll_outs_are_played_where_somebody_needs_them(config):
    groups = plan.groups(config)
    assert groups["ipd/lola-ex/oracle"].spec["play"] is None
    assert groups["ipd/lola-pg/oracle"].spec["play"] == {"batch": 4000, "length": 150}
    assert groups["ipd/lola-pg/cloning"].spec["play"] == {"batch": 4000, "length": 150}
    assert groups["ipd/lola-ex/cloning"].spec["play"] == {"batch": 64, "length": 150}
    assert "batch" not in groups["ipd/lola-pg/oracle"].spec["seats"][0]


def test_the_length_of_roll_outs_moves_nobody_who_plays_none(config):
    longer = load("lola", [], {"seeds": 5, "games": {"ipd": {"length": 151}}})
    before, after = plan.groups(config), plan.groups(longer)
    moved = {name for name in before if before[name] != after[name]}
    played = (name for name in before if before[name].spec["play"] and before[name].course != "match")
    assert moved == {name for name in played if name.startswith("ipd/")}


def with_tournament(config, **settings):
    part = {"games": ["ipd"], "entrants": ["nl-q", "phc", "lola-ex"], "seeds": 2}
    return config | {"study": {"cup": part | {"episodes": 6, "length": 9, "every": 3} | settings}}


@pytest.mark.parametrize(("setting", "maps"), [("lr", "lola-pg"), ("eta", "lola-pg"), ("batch", "lola-pg-batch")])
def test_a_setting_that_a_grid_replaces_moves_no_map(config, setting, maps):
    other = load("lola", [], {"seeds": 5, "algorithms": {maps: {setting: 8}}})
    before, after = plan.groups(config), plan.groups(other)
    found = {name for name in before if name.endswith(f"/{maps}@map/oracle")}
    assert len(found) == 2 and other != config
    assert all(before[name].spec == after[name].spec for name in found)


def test_in_a_tournament_everybody_meets_everybody(config):
    groups = plan.groups(with_tournament(config, opponent_models=["oracle", "cloning"]))
    assert list(groups) == [
        *(f"ipd/{match}@cup/oracle" for match in ("nl-q", "nl-q-vs-phc", "nl-q-vs-lola-ex")),
        *(f"ipd/{match}@cup/oracle" for match in ("phc", "phc-vs-lola-ex", "lola-ex")),
        *(f"ipd/{match}@cup/cloning" for match in ("nl-q-vs-lola-ex", "phc-vs-lola-ex", "lola-ex")),
    ]
    spec = groups["ipd/nl-q-vs-lola-ex@cup/cloning"].spec
    assert spec["seats"] == [
        {"learner": "q", "alpha": 0.01, "decay": 0.0001, "epsilon": 0.05},
        {"rule": "lola", "lr": 1.0, "eta": 1.0},
    ]
    assert (spec["steps"], spec["play"]) == (6, {"batch": 1, "length": 9})
    assert (spec["match"], spec["every"]) == ({"perspective": "as_described"}, 3)


def test_a_new_entrant_adds_its_own_matches_only(config):
    before = plan.groups(with_tournament(config))
    after = plan.groups(with_tournament(config, entrants=["nl-q", "phc", "lola-ex", "nl-ex"]))
    assert {name: after[name] for name in before} == before
    new = {name.split("/")[1].partition("@")[0] for name in after.keys() - before.keys()}
    assert new == {"nl-q-vs-nl-ex", "phc-vs-nl-ex", "lola-ex-vs-nl-ex", "nl-ex"}


def test_a_match_names_the_modules_of_its_players_and_no_others(config):
    groups = plan.groups(with_tournament(config))
    shared = (
        "matrix.game",
        "opponent_models",
        "policies",
        "rules",
        "tabular.learners",
        "tabular.match",
        "tabular.perspectives",
    )
    assert modules(groups["ipd/nl-q-vs-lola-ex@cup/oracle"]) == [f"lola.learning.{name}" for name in shared]
    assert "lola.learning.rules" not in modules(groups["ipd/nl-q@cup/oracle"])


def test_a_tournaments_block_shows_its_matches_with_the_oracles_where_nobody_models(config):
    cup = with_tournament(config, entrants=["nl-q", "lola-ex"], opponent_models=["oracle", "cloning"], label="the cup")
    block = {"kind": "standings", "games": ["ipd"], "tournaments": ["cup"], "opponent_model": "cloning", "caption": "c"}
    assert plan.block_groups(cup, block) == [
        *("ipd/nl-q@cup/oracle", "ipd/nl-q-vs-lola-ex@cup/cloning", "ipd/lola-ex@cup/cloning")
    ]
    spec = display.block_spec(cup, "f", block)
    assert spec["tournament_labels"] == {"cup": "the cup"}
    assert spec["labels"]["nl-q"] == "NL-Q"
    assert spec["labels"]["nl-q-vs-lola-ex@cup"] == "NL-Q vs LOLA-Ex (the cup)"


def test_a_matchup_fills_the_seats_in_order(config):
    seats = plan.groups(config)["ipd/lola-t4-vs-nl-t4/oracle"].spec["seats"]
    assert seats == [{"rule": "lola", "lr": 0.5, "eta": 0.5}, {"rule": "naive", "lr": 0.5}]


def test_one_algorithm_fills_every_seat():
    groups = plan.groups(load("lola", ["config/games.yaml"]))
    assert groups["public-goods/nl-ex/oracle"].spec["seats"] == 3 * [{"rule": "naive", "lr": 1.0}]


def test_no_two_of_many_rules_have_one_colour():
    blocks = {f"a{n}": {"rule": f"rule {n}"} for n in range(20)}
    drawn = display.colours({"algorithms": blocks | {"again": {"rule": "rule 3"}}})
    assert drawn["again"] == drawn["a3"] and len({*drawn.values()}) == 20
    assert drawn["a0"] == "red" and drawn["a9"] == "light red"


def test_a_rule_has_one_colour_in_all_papers_of_the_family():
    colours = {}
    for paper in ("cgd", "no-outcome", "sga", "sos"):
        config = load(paper=paper)
        drawn = display.colours(config)
        for name, block in config["algorithms"].items():
            if "colour" in block:
                colours.setdefault(block.get("rule") or block["learner"], set()).add(drawn[name].split()[-1])
    assert all(len(found) == 1 for found in colours.values()), colours


def test_labels_are_no_part_of_a_spec(config):
    renamed = load("lola", [], {"seeds": 5, "algorithms": {"nl-ex": {"label": "naive"}}})
    assert plan.groups(renamed) == plan.groups(config)
    assert display.labels(renamed)["nl-ex"] == "naive"
    assert display.labels(config)["lola-t4-vs-nl-t4"] == "LOLA-Ex vs NL-Ex"


def modules(group):
    return sorted({entry.module for entry in group.entries})


def test_a_group_names_the_modules_of_its_rules(config):
    assert modules(plan.groups(config)["ipd/nl-ex/oracle"]) == [
        "lola.learning.matrix.game",
        "lola.learning.matrix.job",
        "lola.learning.opponent_models",
        "lola.learning.policies",
        "lola.learning.rules",
    ]
    assert modules(plan.groups(config)["ipd/lola-pg/cloning"]) == [
        "lola.learning.matrix.cloning",
        "lola.learning.matrix.estimators",
        "lola.learning.matrix.game",
        "lola.learning.matrix.job",
        "lola.learning.matrix.rollouts",
        "lola.learning.policies",
        "lola.learning.rules",
    ]
    coin_game = ("coins.estimators", "coins.game", "coins.job", "coins.rollouts", "opponent_models", "rules")
    assert modules(plan.groups(config)["coin-game/coin-lola-pg/oracle"]) == [f"lola.learning.{m}" for m in coin_game]


def test_missing_cells_train_apart_from_those_that_are_there(config, tmp_path):
    group = plan.groups(config)["ipd/nl-ex/oracle"]
    for seed in (0, 1, 3):
        cell = Cell("ipd", "nl-ex", "oracle", seed)
        cell.curve(tmp_path).parent.mkdir(parents=True, exist_ok=True)
        cell.curve(tmp_path).touch()
        cell.manifest(tmp_path).touch()
    group.cells[4].curve(tmp_path).touch()  # half a cell is a missing one
    batches = [[cell.seed for cell in batch] for batch in plan.batches(replace(group, seeds_per_job=2), tmp_path)]
    assert batches == [[2, 4], [0, 1], [3]]


def test_a_job_that_was_killed_stays_the_job_it_was(config, tmp_path):
    """Its checkpoint holds seeds 1, 3 and 4; seed 1 was written before the kill."""
    group = plan.groups(config)["ipd/nl-ex/oracle"]
    written = group.cells[1]
    checkpoints.write(tmp_path / "checkpoints" / group.name / "seed1-seed4.checkpoint", {"seeds": [1, 3, 4]}, {})
    for file in (written.curve(tmp_path), written.manifest(tmp_path)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def jobs():
        return [[cell.seed for cell in batch] for batch in plan.batches(replace(group, seeds_per_job=5), tmp_path)]

    assert jobs() == [[1, 3, 4], [0, 2]]
    (tmp_path / "checkpoints" / group.name / "seed0-seed2.checkpoint").write_bytes(b"half\n")  # no matter
    assert jobs() == [[1, 3, 4], [0, 2]]
    for cell in (group.cells[3], group.cells[4]):
        cell.curve(tmp_path).touch()
        cell.manifest(tmp_path).touch()
    assert jobs() == [[0, 2], [1, 3, 4]]  # it had ended: its cells are there


def test_a_cell_is_known_by_its_path(tmp_path):
    cell = Cell("ipd", "lola-ex@map", "oracle", 12)
    assert Cell.at(cell.curve(tmp_path)) == Cell.at(cell.manifest(tmp_path)) == cell
    assert cell.name == "ipd/lola-ex@map/oracle/seed12"


def test_a_block_may_name_the_opponent_model_of_what_it_shows(config):
    block = {"games": ["ipd", "imp"], "algorithms": ["lola-ex", "lola-ex/cloning", "nl-ex"], "opponent_model": "oracle"}
    assert plan.block_groups(config, block) == [
        *("ipd/lola-ex/oracle", "ipd/lola-ex/cloning", "ipd/nl-ex/oracle"),
        *("imp/lola-ex/oracle", "imp/lola-ex/cloning", "imp/nl-ex/oracle"),
    ]
    shown = {"game": "ipd", "algorithms": ["a", "b/oracle"], "sampled": ["c", "a"], "opponent_model": "cloning"}
    assert plan.block_groups(config, shown) == ["ipd/a/cloning", "ipd/b/oracle", "ipd/c/cloning"]


def test_a_block_knows_the_names_of_its_opponent_models(config):
    part = {"games": ["ipd"], "algorithms": ["lola-ex"], "opponent_models": ["oracle", "cloning"]}
    models = {"oracle": {"model": "oracle"}, "cloning": {"model": "cloning", "label": "cloned opponent"}}
    described = config | {"study": {"believing": part}, "opponent_models": models}
    block = {"kind": "returns", "game": "ipd", "algorithms": ["lola-ex", "lola-ex/cloning"], "caption": "c"}
    spec = display.block_spec(described, "f", block)
    assert (spec["labels"], spec["opponent_models"]) == ({"lola-ex": "LOLA-Ex"}, {"cloning": "cloned opponent"})
    folders = [Path("groups", name) for name in plan.block_groups(config, block)]
    known = Sources(
        {"/".join(folder.parts[1:]): Group(folder) for folder in folders},
        spec["labels"],
        {},
        opponent_models=spec["opponent_models"],
    )
    assert [known.label(known.group("ipd", shown)) for shown in block["algorithms"]] == [
        *("LOLA-Ex", "LOLA-Ex, cloned opponent")
    ]


def test_a_gathered_group_of_real_parameters_is_told_its_settings_and_no_other_group():
    groups = plan.groups(load("sos")) | plan.groups(load("lola"))
    for group in groups.values():
        told = plan.group_spec(group)
        assert told.get("spec") == (group.spec if group.course == "parameters" else None)
    assert {group.course for group in groups.values()} > {"parameters", "updates"}
