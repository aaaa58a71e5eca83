"""Intervals against what theory says they must be, and against each other; none is empty."""

import numpy as np
import pytest
from scipy import stats

from lola.analysis import intervals

LEVELS = (0.05, 0.1)


@pytest.mark.parametrize(("k", "n"), [(0, 50), (1, 50), (25, 50), (50, 50), (0, 10), (7, 20)])
@pytest.mark.parametrize("level", LEVELS)
def test_of_two_outcomes_the_interval_by_bounds_is_the_exact_one(k, n, level):
    runs = np.where(np.arange(n) < k, 100.0, 0.0)
    exact = stats.binomtest(k, n).proportion_ci(1 - level, method="exact")
    assert np.array(intervals.of_share(runs)(level)) == pytest.approx(100 * np.array([exact.low, exact.high]), abs=1e-9)
    assert np.array(intervals.between(runs, (0, 100))(level)) == pytest.approx(
        100 * np.array([exact.low, exact.high]), abs=0.8
    )


def test_none_of_fifty_is_up_to_seven_percent():
    assert intervals.of_share(np.zeros(50))(0.05) == pytest.approx((0, 7.11), abs=0.01)
    low, high = intervals.between(np.full(50, -2.0), (-2, -1))(0.05)
    assert (low, high) == pytest.approx((-2, -1.93), abs=0.005)


def test_students_interval_is_scipys_and_infinite_where_runs_are_alike():
    runs = np.random.default_rng(0).normal(3, 2, 10)
    theirs = stats.ttest_1samp(runs, 0).confidence_interval(0.95)
    assert intervals.of_mean(runs, None)(0.05) == pytest.approx((theirs.low, theirs.high))
    assert intervals.of_mean(np.ones(10), None)(0.05) == (-np.inf, np.inf)


@pytest.mark.parametrize("bounds", [None, (-10.0, 10.0)])
def test_many_samples_at_once_are_as_one_at_a_time(bounds):
    many = np.random.default_rng(0).normal(size=(3, 12))
    low, high = intervals.of_mean(many, bounds)(0.05)
    alone = [intervals.of_mean(one, bounds)(0.05) for one in many]
    assert (low, high) == (pytest.approx([a for a, _ in alone]), pytest.approx([b for _, b in alone]))


def test_the_interval_by_bounds_holds_the_mean_of_any_shape_as_often_as_it_says():
    drawn = np.random.default_rng(1)
    worlds = {
        0.5: drawn.random((2000, 30)),
        1 / 3: drawn.beta(0.1, 0.2, (2000, 30)),
        0.97: (drawn.random((2000, 30)) < 0.97) * 1.0,
    }
    for mean, runs in worlds.items():
        low, high = intervals.between(runs, (0, 1))(0.05)
        assert ((low <= mean) & (mean <= high)).mean() > 0.94


def test_a_rank_is_known_as_far_as_all_differences_are():
    runs = np.random.default_rng(0).normal([0, 0.01, -1, 5], 0.1, (20, 4))
    ends = [tuple(map(float, intervals.of_rank(runs, position)(0.05))) for position in range(4)]
    assert ends == [(2, 3), (2, 3), (4, 4), (1, 1)]  # the first two cannot be told apart
    low, high = intervals.of_rank(np.stack([runs, runs[:, ::-1]]), 0)(0.05)
    assert (low.tolist(), high.tolist()) == ([2, 1], [3, 1])


def test_the_percentiles_of_a_bootstrap_are_nearly_students_for_a_mean():
    runs = np.random.default_rng(2).normal(size=(200, 1))
    by_percentile = intervals.percentile(runs, lambda drawn: drawn.mean(axis=(-2, -1)))(0.05)
    assert by_percentile == pytest.approx(intervals.student(runs[:, 0])(0.05), abs=0.02)
    many = intervals.percentile(np.stack([runs, runs + 1]), lambda drawn: drawn.mean(axis=(-2, -1)))(0.05)
    assert many[0][1] - many[0][0] == pytest.approx(1)
