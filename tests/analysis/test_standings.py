"""Who earns what, who ranks where and who beats whom at the end of a tournament, against numbers worked out by hand."""

import itertools

import numpy as np
import pytest
from group_files import write_match

from lola.analysis import tournaments
from lola.analysis.metrics import Sample, estimate, resample
from lola.analysis.tournaments import find, first, improvement, rank, tournament_of

# Runs 0 and 1: (what the first seat earns, what the second earns).
ENDS = {
    ("a", "a"): [(1, 3), (1, 3)],
    ("a", "b"): [(4, 0), (4, 2)],
    ("b", "b"): [(1, 1), (3, 3)],
}


def duel(tmp_path, model="oracle"):
    """Ten rows, the first nine of which are far off."""
    groups = {}
    for (one, other), runs in ENDS.items():
        seats = one if one == other else f"{one}-vs-{other}"
        returns = {s: {1: [99] * 9 + [mine], 2: [99] * 9 + [yours]} for s, (mine, yours) in enumerate(runs)}
        group = write_match(tmp_path, f"ipd/{seats}@duel/{model}", returns, every=100)
        groups[group.name] = group
    return groups


def value(sample):
    return float(sample.statistic(sample.runs))


def asked(entrant, **more):
    return {"quantity": "rank", "game": "ipd", "tournament": "duel", "entrant": entrant} | more


def test_earnings_averages_and_ranks(tmp_path):
    shown = find(duel(tmp_path), "ipd", "duel")
    assert [value(tournaments.earns(shown, *pair)) for pair in itertools.product("ab", repeat=2)] == [2, 4, 1, 2]
    assert tournaments.earns(shown, "b", "a").runs.tolist() == [[0], [2]]
    assert tournaments.average(shown, "a").runs.tolist() == [[3], [3]]
    assert tournaments.average(shown, "b").runs.tolist() == [[0.5], [2.5]]
    assert [value(rank(shown, entrant)) for entrant in "ab"] == [1, 2]


def test_above_the_field_is_the_share_of_runs_whose_average_beats_the_mean(tmp_path):
    shown = find(duel(tmp_path), "ipd", "duel")
    assert [value(tournaments.above_field(shown, entrant)) for entrant in "ab"] == [100, 0]
    assert tournaments.above_field(shown, "a").runs.tolist() == [[100], [100]]


def test_a_claims_tournament_is_that_of_its_field(tmp_path):
    groups = duel(tmp_path)
    alone = tournament_of(groups, asked("b", field=["b"]))
    assert (alone.entrants, list(alone.matches)) == (("b",), [("b", "b")])
    assert tournaments.average(alone, "b").runs.tolist() == [[1], [3]]
    assert tournament_of(groups, asked("a")).entrants == ("a", "b")
    assert [g.name for g in tournaments.matches_needed(alone, asked("b"))] == ["ipd/b@duel/oracle"]
    both = tournament_of(groups, asked("b", against="a"))
    assert [g.name for g in tournaments.matches_needed(both, asked("b", against="a"))] == ["ipd/a-vs-b@duel/oracle"]


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"field": ["a", "c"]}, "c in ipd/duel/oracle"),
        ({"against": "c"}, "c in ipd/duel/oracle"),
        ({"opponent_model": "cloning"}, "ipd/duel/cloning"),
        ({"tournament": "other"}, "ipd/other/oracle"),
    ],
)
def test_what_is_missing_of_a_tournament_is_named(tmp_path, more, missing):
    with pytest.raises(KeyError) as told:
        tournament_of(duel(tmp_path), asked("a", **more))
    assert told.value.args == (missing,)


def test_first_counts_the_resamples_and_ties_are_first_too(tmp_path):
    shown = find(duel(tmp_path), "ipd", "duel")
    assert [first(rank(shown, entrant)) for entrant in "ab"] == [1, 0]
    means = np.array([[0.0, 1.0], [0.0, -3.0], [0.0, 1.0]])  # run 1 alone puts the first entrant first
    one, other = (rank(shown, entrant) for entrant in "ab")
    ranks = [Sample((0, 1, 2), means, sample.statistic) for sample in (one, other)]
    without = (2 / 3) ** 3  # no run 1 among three draws
    assert first(ranks[0]) == pytest.approx(1 - without, abs=0.015)
    assert first(ranks[0]) + first(ranks[1]) == pytest.approx(1)
    assert {*resample(ranks[0])[0]} == {1, 2}
    assert np.isnan(first(Sample((0,), means[:1], one.statistic)))


def brute_force(mine, theirs):
    """The probability of improvement, pair of runs by pair of runs and opponent by opponent."""
    n, opponents = mine.shape
    shares = []
    for opponent in range(opponents):
        wins = 0.0
        for x, y in itertools.product(mine[:, opponent], theirs[:, opponent]):
            wins += 1.0 if x > y else 0.5 if x == y else 0.0
        shares.append(wins / n**2)
    return np.mean(shares)


def test_the_probability_of_improvement_is_that_over_all_pairs_of_runs():
    rng = np.random.default_rng(0)
    mine, theirs = rng.integers(0, 4, (7, 3)).astype(float), rng.integers(0, 4, (7, 3)).astype(float)  # with ties
    sample = improvement(tuple(range(7)), mine, theirs)
    assert value(sample) == pytest.approx(brute_force(mine, theirs))
    assert value(sample) + value(improvement(tuple(range(7)), theirs, mine)) == pytest.approx(1)
    drawn = rng.integers(0, 7, (5, 7))
    found = sample.statistic(sample.runs[drawn])
    assert found == pytest.approx([brute_force(mine[rows], theirs[rows]) for rows in drawn])


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [([2, 3], [0, 1], 1), ([0, 1], [0, 1], 0.5), ([1, 1], [1, 1], 0.5), ([0, 2], [1, 1], 0.5)],
)
def test_improvement_of_who_always_wins_and_of_who_ties(mine, theirs, expected):
    sample = improvement((0, 1), np.array([mine]).T, np.array([theirs]).T)
    assert value(sample) == expected


def test_the_interval_of_an_improvement_has_the_width_that_theory_gives():
    rng = np.random.default_rng(1)
    n = 200
    found = estimate(improvement(tuple(range(n)), rng.normal(size=(n, 1)), rng.normal(size=(n, 1))))
    error = np.sqrt((2 * n + 1) / (12 * n * n))  # of Mann-Whitney's U / n² where both have one distribution
    assert found.error == pytest.approx(error, rel=0.1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
