"""What is trained first: the stages that the config names, and the longest jobs first within each."""

import json

import pytest

from lola.study import plan, schedule
from lola.study.config import load
from lola.study.provenance import products

NOWHERE = "a folder with no results"


@pytest.fixture(scope="module")
def config():
    return load()


def jobs(config, root=NOWHERE):
    """(group, seconds) of each training job, in the order of work."""
    return [
        (group.name, schedule.expected_seconds(group, batch, root))
        for group, batch in schedule.queue(config, plan.groups(config), root)
    ]


def shown(config, figures=(), tables=()):
    blocks = [config["figures"][name] for name in figures] + [config["tables"][name] for name in tables]
    return {group for block in blocks for group in plan.block_groups(config, block)}


def test_the_papers_first_figures_and_tables_go_first_then_figures_4_and_5_then_all_else(config):
    queue = [name for name, _ in jobs(config)]
    first = shown(config, ["figure1", "figure2"], ["table3", "table4"])
    second = shown(config, ["figure4", "figure5"], ["figure4"])
    stages = [0 if name in first else 1 if name in second else 2 for name in queue]
    assert stages == sorted(stages)
    assert {*queue} == {*plan.groups(config)}
    assert len(first) == stages.count(0) == 15


def test_within_a_stage_the_longest_job_is_first(config):
    stages = schedule.stages(config)
    lengths = {}
    for name, seconds in jobs(config):
        lengths.setdefault(stages.get(name), []).append(seconds)
    assert [sorted(stage, reverse=True) for stage in lengths.values()] == [*lengths.values()]
    assert jobs(config)[0][0] == "ipd/nl-pg/oracle"


def test_the_first_stage_is_trained_on_two_cores_within_five_minutes(config):
    stages, cores = schedule.stages(config), [0.0, 0.0]
    for name, seconds in jobs(config):
        if stages.get(name) == 0:
            cores[cores.index(min(cores))] += seconds
    assert 120 < max(cores) < 240  # which leaves a minute to gather 14 groups and draw


def test_a_job_is_expected_to_take_as_long_as_last_time(config, tmp_path):
    groups = plan.groups(config)
    group = groups["imp/lola-ex/oracle"]
    path = group.cells[0].benchmark(tmp_path, group.cells[-1])
    assert path == tmp_path / "benchmarks/train/imp/lola-ex/oracle/seed0-49.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"s": 77.5}) + "\n")
    assert jobs(config, tmp_path)[0] == ("imp/lola-ex/oracle", 77.5)
    path.write_text('{"s": 77')
    assert jobs(config, tmp_path) == jobs(config)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [  # as the table of docs/speed.md has them
        ("ipd/lola-ex/oracle", 2.8),
        ("ipd/lola-pg/oracle", 60),
        ("imp/nl-q-vs-phc@tournament/oracle", 5),
        ("coin-game/coin-lola-pg/oracle", 78),
        ("ipd/lola-ex@map/oracle", 169 * 0.05),
        ("ipd/lola-pg@map/oracle", 36 * 12),
        ("ipd/lola-t4-vs-lola2-t4/oracle", 6),
    ],
)
def test_an_estimate_is_of_the_right_size(config, name, seconds):
    group = plan.groups(config)[name]
    batch = plan.batches(group, NOWHERE)[0]
    assert seconds / 2 < schedule.expected_seconds(group, batch, NOWHERE) < seconds * 2


def test_rules_in_closed_form_take_no_longer_than_a_job_takes_to_start():
    groups = plan.groups(load(paper="sos"))
    for name in ("ipd-sos", "ipd-sga", "ipd-co", "ipd-eg", "ipd-cgd", "ipd-lss", "ipd-la", "ipd-surrogate"):
        group = groups[f"ipd/{name}/oracle"]
        assert schedule.training_seconds(group, group.more) < 2 * schedule.START  # 950 seeds, 100 updates


def test_in_games_of_real_parameters_autograd_takes_longer_and_so_do_many_players():
    groups = plan.groups(load(paper="sos")) | plan.groups(load(paper="cgd"))
    naive, by_autograd, four = (
        groups[f"{name}/oracle"] for name in ("tandem/tandem-nl", "tandem/tandem-exact", "four-players/pcgd")
    )
    assert schedule.update(naive) < schedule.update(four) / 3 < schedule.update(by_autograd)


def test_each_order_that_autograd_looks_through_takes_longer():
    groups = plan.groups(load(paper="cola"))
    paces = [schedule.depth(groups[f"ipd/hola-{order}-at-100/oracle"]) for order in (1, 2, 4)]
    assert paces == [1, 4, 16]


def test_the_order_of_work_makes_nothing_again(config):
    assert [*products(config | {"first": [["figure5"]]})] == [*products(config)]


def test_a_config_that_names_nothing_first_has_the_longest_jobs_first(config):
    lengths = [seconds for _, seconds in jobs({key: value for key, value in config.items() if key != "first"})]
    assert lengths == sorted(lengths, reverse=True)


def test_of_what_trains_no_cells_the_mean_of_a_rule_is_expected_as_last_time_where_it_was_measured(config, tmp_path):
    groups = plan.groups(config)
    found = schedule.others(groups, tmp_path)
    assert found["figure"] == schedule.OTHERS["figure"]
    cells, games = sum(len(group.cells) for group in groups.values()), {group.game for group in groups.values()}
    assert found["track_cells"] == pytest.approx(schedule.OTHERS["track_cells"] * cells / len(games))
    assert schedule.START < found["further"] < 60  # 950 seeds, 200 updates
    folder = tmp_path / "benchmarks" / "figures"
    folder.mkdir(parents=True)
    for name, took in (("figure1", 2.0), ("figure2", 6.0)):
        (folder / f"{name}.jsonl").write_text(json.dumps({"s": took}) + "\n")
    assert schedule.others(groups, tmp_path)["figure"] == 4.0
