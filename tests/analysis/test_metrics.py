"""Quantities against values worked out by hand, and bootstrap intervals against what theory says they must be."""

import warnings

import numpy as np
import pytest
from group_files import (
    ALWAYS_DEFECT,
    STATES,
    TIT_FOR_TAT,
    tell,
    write,
    write_coin_game,
    write_group,
    write_map,
    write_parameters,
)

from lola.analysis import finding, metrics
from lola.analysis.groups import Counted, map_play
from lola.analysis.metrics import VARIANTS, Sample, estimate

HALF = {1: (0.5,) * 5, 2: (0.5,) * 5}


def flat(**runs):
    """Returns of one step: {seed: (R1, R2)}."""
    return {int(seed[1:]): {1: [r1], 2: [r2]} for seed, (r1, r2) in runs.items()}


def value(sample):
    return float(sample.statistic.value(sample.runs))


def test_r_is_the_last_return_of_both_or_of_one(tmp_path):
    group = write_group(tmp_path, "ipd/a/oracle", {0: {1: [9, -1], 2: [9, -2]}, 1: {1: [9, -3], 2: [9, -4]}})
    assert value(metrics.final_return(group)) == -2.5
    assert value(metrics.final_return(group, 1)) == -2
    assert value(metrics.final_return(group, 2)) == -3


def test_r_over_the_last_updates_is_their_mean(tmp_path):
    group = write_group(
        tmp_path, "ipd/a/oracle", {0: {1: [9, 5, -1], 2: [9, 7, -2]}, 1: {1: [9, 1, -3], 2: [9, 3, -4]}}
    )
    assert value(metrics.final_return(group, last=2)) == 0.75
    assert value(metrics.final_return(group, 1, last=2)) == 0.5
    assert value(metrics.final_return(group, last=2, scale=0.9)) == pytest.approx(0.675)
    assert value(metrics.final_return(group, last=1)) == value(metrics.final_return(group)) == -2.5


def test_below_is_the_share_of_runs_whose_last_returns_are_under_a_line(tmp_path):
    runs = {
        0: {1: [-9, -1, -3], 2: [-9, -1, -2]},
        1: {1: [9, -1, -2], 2: [9, -1, -1.9]},
        2: {1: [0, 0, 0], 2: [0, 0, 0]},
    }
    group = write_group(tmp_path, "ipd/a/oracle", runs)  # the last two: -1.75, -1.475, 0; the last: -2.5, -1.95, 0
    assert value(metrics.below(group, -1.5, last=2)) == pytest.approx(100 / 3)
    assert value(metrics.below(group, -1.5)) == pytest.approx(200 / 3)
    assert value(metrics.below(group, 0)) == pytest.approx(200 / 3)  # a run on the line is not below it


def test_plays_may_be_of_one_player_alone(tmp_path):
    """Of tit-for-tats player 1 defects after CD, where player 2 cooperates."""
    group = write_group(tmp_path, "ipd/a/oracle", flat(s0=(0, 0)), {0: TIT_FOR_TAT})
    of = {player: value(metrics.plays(group, {"CD": "CC"}, player=player)) for player in (1, 2, None)}
    assert of == {1: 0, 2: 100, None: 0}


def test_tit_for_tat_is_found_where_both_are_wary_of_who_defects_and_earn_well_at_once(tmp_path):
    """P(C after CD), P(C after DD) of both and returns at the start and after two updates; they earn −1 to 1."""
    wary, open_hearted, rich, poor = (0.6, 0.64), (0.7, 0.1), 0.9, 0.5
    runs = {
        0: [(open_hearted, poor), (wary, rich), (open_hearted, poor)],  # found, and lost again
        1: [(wary, rich), (open_hearted, rich), (wary, poor)],  # at the start alone, where nothing is learned
        2: [(wary, poor), (wary, 0.6), (open_hearted, rich)],  # never both at once; what lies on the line is too little
        3: [(wary, poor), (wary, poor), (wary, rich)],
        4: [(wary, rich)] * 3,  # but player 2 is open-hearted
    }
    rows = [
        (seed, step, player, metric, value)
        for seed, steps in runs.items()
        for step, ((after_cd, after_dd), earned) in enumerate(steps)
        for player in (1, 2)
        for metric, value in (
            ("return", earned),
            *((f"C {where}", 0.9) for where in ("at start", "after CC", "after DC")),
            ("C after CD", after_cd if player == 1 else 0.9 if seed == 4 else 0.1),
            ("C after DD", after_dd),
        )
    ]
    policies = [
        {"player": player, "state": state, "own_state": state, "probabilities": {"C": 0.5, "D": 0.5}}
        for player in (1, 2)
        for state in STATES
    ]
    group = write(tmp_path, "ipd/a/oracle", "updates", rows, {seed: {"policies": policies} for seed in runs})
    group = tell(group, bounds={"mean": [-1.0, 1.0]})
    assert finding.found(group).runs[:, 0].tolist() == [100, 0, 0, 100, 0]
    assert finding.found(group, most=0.63).runs[:, 0].tolist() == [0, 0, 0, 0, 0]
    assert finding.found(group, share=0.7).runs[:, 0].tolist() == [100, 100, 100, 100, 0]


def test_the_spread_is_over_runs_and_agents_and_divides_by_their_number(tmp_path):
    group = write_group(tmp_path, "imp/a/oracle", flat(s0=(0.5, -0.5), s1=(-0.1, 0.1)))
    assert value(metrics.final_spread(group)) == pytest.approx(np.sqrt((0.25 + 0.01) / 2))


def test_one_odd_run_of_fifty_gives_the_papers_numbers_for_naive_learning(tmp_path):
    returns = {seed: {1: [-1.0 if seed == 7 else -2.0], 2: [-1.0 if seed == 7 else -2.0]} for seed in range(50)}
    cooperates_if_it_did = {1: (0, 1, 0, 1, 0), 2: (0, 1, 1, 0, 0)}  # tit-for-tat but for the start
    policies = {seed: cooperates_if_it_did if seed == 7 else ALWAYS_DEFECT for seed in range(50)}
    group = write_group(tmp_path, "ipd/a/oracle", returns, policies)
    assert value(metrics.final_return(group)) == pytest.approx(-1.98)
    assert value(metrics.final_spread(group)) == pytest.approx(0.14)
    assert value(metrics.tit_for_tat(group)) == pytest.approx(20 + 60 / 50)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (TIT_FOR_TAT, (100, 100, 100, 100)),
        (ALWAYS_DEFECT, (20, 40, 20, 40)),
        (HALF, (0, 0, 25, 50)),
        ({1: TIT_FOR_TAT[1], 2: ALWAYS_DEFECT[2]}, (40, 70, 40, 70)),
    ],
)
def test_percent_tit_for_tat_in_four_variants(tmp_path, policy, expected):
    group = write_group(tmp_path, "ipd/a/oracle", flat(s0=(0, 0)), {0: policy})
    assert [value(metrics.tit_for_tat(group, variant)) for variant in VARIANTS] == pytest.approx(list(expected))


def test_percent_nash_counts_states_within_the_tolerance(tmp_path):
    policy = {1: (0.5, 0.54, 0.59, 0.74, 0.76), 2: (0.5, 0.5, 0.5, 0.5, 0.5)}
    group = write_group(tmp_path, "imp/a/oracle", flat(s0=(0, 0)), {0: policy})
    assert [value(metrics.nash(group, t)) for t in (0.05, 0.1, 0.25)] == pytest.approx([40, 60, 80])
    assert value(metrics.nash(group, 0.1, "agent thresholded")) == pytest.approx(80)


def test_pure_play_and_chosen_joint_actions(tmp_path):
    policy = {1: (0.95, 0.05, 0.5, 0.95, 0.95), 2: (0.95, 0.95, 0.95, 0.85, 0.05)}
    group = write_group(tmp_path, "imp/a/oracle", flat(s0=(0, 0)), {0: policy})
    assert value(metrics.pure(group)) == pytest.approx(60)
    assert value(metrics.plays(group, {"CC": "DC", "DD": "CD"})) == 100
    assert value(metrics.plays(group, {"CC": "DC", "DD": "DD"})) == 50


def test_tit_for_tat_needs_two_players(tmp_path):
    group = write_group(tmp_path, "ipd/a/oracle", flat(s0=(0, 0)), {0: HALF | {3: (0.5,) * 5}})
    with pytest.raises(ValueError, match="2 players, not 3"):
        metrics.tit_for_tat(group)


def test_swing_is_the_standard_deviation_over_the_second_half(tmp_path):
    group = write_group(tmp_path, "imp/a/oracle", {0: {1: [7, 7, 1, -1], 2: [0] * 4}, 1: {1: [0, 0, 3, 3], 2: [0] * 4}})
    assert value(metrics.swing(group)) == 0.5


def test_a_run_is_stationary_where_all_gradients_together_are_short(tmp_path):
    lengths = {0: {1: [9, 3], 2: [9, 4]}, 1: {1: [9, 0], 2: [9, 0]}}
    group = write_parameters(
        tmp_path, "tandem/a/oracle", {s: {p: {1: [0, 1]} for p in (1, 2)} for s in lengths}, lengths
    )
    assert metrics.stationary(group, 4.9).runs.tolist() == [[0], [100]]
    assert metrics.stationary(group, 5.0).runs.tolist() == [[100], [100]]


def test_above_and_near_are_shares_of_runs_and_one_that_diverged_is_neither(tmp_path):
    runs = {0: {1: [0, -1], 2: [0, -1.4]}, 1: {1: [0, -2], 2: [0, -2]}, 2: {1: [0], 2: [0]}}
    group = Counted(write_group(tmp_path, "ipd/a/oracle", runs, failed={2: 1}).folder)
    assert metrics.above(group, -1.5).runs.tolist() == [[100], [0], [0]]
    assert metrics.near(group, 1.2, within=0.01, scale=-1.0).runs.tolist() == [[100], [0], [0]]
    assert metrics.below(group, -1.5).runs.tolist() == [[0], [100], [100]]
    assert estimate(metrics.above(group, -1.5)).high == pytest.approx(90.57, abs=0.01)  # 1 of 3


def test_the_scatter_is_the_mean_size_of_player_1s_return(tmp_path):
    group = write_group(tmp_path, "imp/a/oracle", flat(s0=(0.5, -0.5), s1=(-0.1, 0.1)))
    assert value(metrics.scatter(group)) == pytest.approx(0.3)


def test_the_bounds_of_returns_are_those_of_the_game(tmp_path):
    group = write_group(tmp_path, "ipd/a/oracle", {s: {1: [-2.0], 2: [-2.0]} for s in range(50)})
    assert group.bounds() is None and estimate(metrics.final_return(group)).low == -np.inf
    group.about["bounds"] = {"1": [-3, 0], "2": [-3, 0], "mean": [-2, -1]}
    both = estimate(metrics.final_return(group))
    assert (both.low, both.high) == pytest.approx((-2, -1.93), abs=0.005)
    assert metrics.final_return(group, 1, scale=-2.0).statistic.bounds == (0, 6)
    assert metrics.difference(metrics.final_return(group), metrics.final_return(group, 1)).statistic.bounds == (-2, 2)
    assert metrics.scatter(group).statistic.bounds == (0, 3)


def test_further_runs_count_where_only_their_ends_matter(tmp_path):
    runs = {0: {1: [0, -1], 2: [0, -1]}, 1: {1: [0, -2], 2: [0, -2]}}
    group = write_group(tmp_path, "ipd/a/oracle", runs, {0: ALWAYS_DEFECT, 1: ALWAYS_DEFECT})
    own = dict(zip(STATES, range(5), strict=True))
    rows = [
        (seed, step, player, metric, value)
        for seed, step in ((2, 1), (3, 0))
        for player in (1, 2)
        for metric, value in [("return", -3.0)]
        + [(f"C {'at' if s == 'start' else 'after'} {s}", TIT_FOR_TAT[1][own[s]]) for s in STATES]
    ]
    lines = [",".join(map(str, row)) for row in [("seed", "step", "player", "metric", "value"), *rows]]
    (group.folder / "further.csv").write_text("\n".join(lines))
    counted = Counted(group.folder)
    assert metrics.final_return(counted).seeds == (0, 1, 2, 3) and metrics.final_return(group).seeds == (0, 1)
    assert metrics.final_return(counted).runs.tolist() == [[-1, -1], [-2, -2], [-3, -3], [-3, -3]]
    assert metrics.tit_for_tat(counted).runs[:, 0].tolist() == [20, 20, 100, 100]
    assert metrics.above(counted, -5).runs.tolist() == [[100], [100], [100], [0]]  # seed 3 diverged
    assert metrics.swing(counted).seeds == (0, 1)  # of which there are curves


def test_a_run_that_diverged_swings_as_much_as_the_one_that_swings_most(tmp_path):
    returns = {0: {1: [0, 0, 1, -1], 2: [0] * 4}, 1: {1: [0] * 4, 2: [0] * 4}, 2: {1: [5], 2: [5]}}
    group = Counted(write_group(tmp_path, "imp/a/oracle", returns, failed={2: 1}).folder)
    assert metrics.swing(group).runs.tolist() == [[1], [0], [1]]


def coin_game(tmp_path):
    """Two runs of 20 rows, of which the last two are the last tenth: (return, points, own, coins) per row."""
    early, other = [(9, 9, 0.1, 0.1)] * 18, [(-9, -9, 0.0, 0.2)] * 18
    one = {1: [*early, (1, 0.02, 0.2, 0.25), (3, 0.04, 0.4, 0.55)], 2: [*other, (0, 0, 0.1, 0.2), (2, 0.08, 0, 0)]}
    two = {1: [*early, *[(0, 0.1, 0.3, 0.4)] * 2], 2: [*other, *[(0, -0.1, 0.1, 0.4)] * 2]}
    return write_coin_game(tmp_path, "coin-game/a/oracle", {0: one, 1: two})


def test_the_coin_game_is_measured_over_the_last_tenth_of_its_rows(tmp_path):
    group = coin_game(tmp_path)
    assert metrics.final_return(group).runs.tolist() == [[2, 1], [0, 0]]
    assert value(metrics.final_spread(group)) == pytest.approx(np.std([2, 1, 0, 0]))
    assert value(metrics.below(group, 1)) == 50
    assert metrics.points(group).runs == pytest.approx(150 * np.array([[0.03, 0.04], [0.1, -0.1]]))
    assert value(metrics.points(group, 2)) == pytest.approx(150 * -0.03)
    assert metrics.coins(group).runs == pytest.approx(np.array([[0.5], [0.8]]))
    assert metrics.coins(group, start=True).runs == pytest.approx(np.array([[0.3], [0.3]]))


def test_the_own_colour_share_is_of_all_coins_picked_not_the_mean_of_shares(tmp_path):
    group = coin_game(tmp_path)  # 0.7 of 1.0 coins, and 0.8 of 1.6
    assert metrics.own_colour(group).runs == pytest.approx(np.array([[70], [50]]))
    assert metrics.own_colour(group, 1).runs == pytest.approx(np.array([[75], [75]]))
    assert metrics.own_colour(group, 2).runs == pytest.approx(np.array([[50], [25]]))
    assert metrics.own_colour(group).about == ""


def test_a_run_that_picks_no_coin_has_no_own_colour_share(tmp_path):
    rows = {seed: dict.fromkeys((1, 2), [(0, 0, 0.3 * seed, 0.6 * seed)] * 10) for seed in range(3)}
    found = metrics.own_colour(write_coin_game(tmp_path, "coin-game/a/oracle", rows))
    assert (found.seeds, found.about) == ((1, 2), "1 of 3 runs pick no coin and are left out")
    assert found.runs == pytest.approx(np.array([[50], [50]]))
    assert metrics.difference(found, found).about == found.about


def test_the_coin_game_swings_over_the_second_half_of_its_rows(tmp_path):
    rows = {0: {1: [(r, 0, 0, 1) for r in (7, 7, 1, -1)], 2: [(0, 0, 0, 1)] * 4}}
    assert value(metrics.swing(write_coin_game(tmp_path, "coin-game/a/oracle", rows))) == 1


def test_zero_sum_is_read_off_the_returns(tmp_path):
    zero = write_group(tmp_path, "imp/a/oracle", flat(s0=(0.3, -0.3), s1=(-0.2, 0.2)))
    other = write_group(tmp_path, "ipd/a/oracle", flat(s0=(0.3, -0.3), s1=(-0.2, 0.1)))
    assert metrics.is_zero_sum(metrics.ends(zero).to_numpy())
    assert not metrics.is_zero_sum(metrics.ends(other).to_numpy())


def test_a_map_records_own_views_and_leaves_the_last_action_out(tmp_path):
    group = write_map(tmp_path, "ipd/a@map/oracle", {(1.0, 1.0): -1.0, (2.0, 1.0): -2.0})
    play = map_play(group.map)
    assert [play[player].columns.unique(1).tolist() for player in (1, 2)] == [["C", "D"], ["C", "D"]]
    at = play.loc[(1.0, 1.0, 0)]
    assert [at[1, s, "C"] for s in STATES] == list(TIT_FOR_TAT[1])
    assert [at[2, s, "C"] for s in STATES] == list(TIT_FOR_TAT[2])  # player 2's C after DC is the joint CD
    assert (play.xs("C", axis=1, level=2) + play.xs("D", axis=1, level=2) == 1).all(axis=None)


def sample(runs, statistic=None):
    runs = np.asarray(runs, dtype=float)
    return Sample(tuple(range(len(runs))), runs.reshape(len(runs), -1), statistic or metrics.mean())


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    runs = np.random.default_rng(1).normal(3, 2, 400)
    for statistic in (metrics.mean(), metrics.mean((-5, 10))):
        found = estimate(sample(runs, statistic))
        assert found.value == pytest.approx(runs.mean())
        assert (found.high - found.low) / 2 == pytest.approx(1.96 * runs.std() / np.sqrt(400), rel=0.12)


def test_agents_of_a_run_are_drawn_together():
    r = np.random.default_rng(2).normal(size=100)
    both = np.stack([r, r], axis=1)
    assert vars(estimate(sample(both))) == pytest.approx(vars(estimate(sample(r))))


def test_intervals_come_out_the_same_twice_and_none_is_empty():
    runs = np.random.default_rng(3).normal(size=20)
    assert estimate(sample(runs)) == estimate(sample(runs))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = estimate(sample(np.full(20, -2.0)))
        bounded = estimate(sample(np.full(20, -2.0), metrics.mean((-2, -1))))
        spread = estimate(sample(np.full(20, -2.0), metrics.STD))
    assert (same.value, same.low, same.high) == (-2, -np.inf, np.inf)
    assert (bounded.low, bounded.high) == pytest.approx((-2, -1.83), abs=0.01)
    assert spread.value == 0 and np.isnan([spread.low, spread.high]).all()  # shown, not judged


def test_a_single_run_has_no_interval():
    found = estimate(sample([4.0]))
    assert (found.value, found.n) == (4, 1) and np.isnan([found.low, found.high]).all()


def test_differences_are_paired_by_seed():
    noise = np.random.default_rng(4).normal(0, 10, 30)
    small = np.random.default_rng(5).normal(0, 0.01, 30)
    one = Sample(tuple(range(30)), (noise + 0.5 + small)[:, None], metrics.mean())
    other = Sample(tuple(range(29, -1, -1)), noise[::-1, None], metrics.mean())
    found = estimate(metrics.difference(one, other))
    assert found.value == pytest.approx(0.5, abs=0.01) and found.high - found.low < 0.02
    fewer = Sample((3, 5, 99), np.zeros((3, 1)), metrics.mean())
    assert metrics.difference(one, fewer).seeds == (3, 5)


def test_the_band_of_a_curve_is_an_interval_per_step():
    runs = np.random.default_rng(5).normal(0, [1, 3, 0], (200, 3))
    low, high = metrics.band(runs)
    assert (high - low) / 2 == pytest.approx(1.96 * np.array([1, 3, 0]) / np.sqrt(200), rel=0.15)
