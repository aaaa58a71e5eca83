"""Who earns what in a round robin, from its matches as they lie on disk: every number worked out by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from group_files import write, write_match

from lola.analysis import tournaments
from lola.analysis.metrics import Sample, estimate
from lola.analysis.tournaments import find, first, improvement, rank, rank_of, tournament_of

SEEDS = (0, 1)
EARNED = {("a", "a"): (1, 3), ("a", "b"): (5, -5), ("a", "c"): (0, 4), ("b", "b"): (2, 2), ("b", "c"): (7, 8)}
EARNED |= {("c", "c"): (-1, -2)}  # by (first seat, second seat)


def played(tmp_path, model="oracle", shift=0.0, pairs=EARNED, name="cup", seeds=SEEDS):
    """Ten rows of 100 episodes: the last holds what was `EARNED`, plus 10 for the second seed; the others 0."""
    groups = {}
    for one, other in pairs:
        seats = one if one == other else f"{one}-vs-{other}"
        earned = enumerate(EARNED[one, other], start=1)
        ends = {player: value + shift for player, value in earned}
        returns = {seed: {player: [0.0] * 9 + [end + 10 * seed] for player, end in ends.items()} for seed in seeds}
        shares = {seed: {1: [0.25] * 10, 2: [0.75] * 10} for seed in seeds}
        group = write_match(tmp_path, f"ipd/{seats}@{name}/{model}", returns, shares, every=100)
        groups[group.name] = group
    return groups


def test_a_tournament_is_found_by_the_names_of_its_matches(tmp_path):
    groups = played(tmp_path) | played(tmp_path, name="other", pairs=[("a", "a"), ("a", "b"), ("b", "b")])
    cup, other = find(groups, "ipd", "cup"), find(groups, "ipd", "other")
    assert set(cup.matches) == set(EARNED)
    assert (cup.game, cup.name, cup.opponent_model, cup.entrants) == ("ipd", "cup", "oracle", ("a", "b", "c"))
    assert other.entrants == ("a", "b")


def test_the_order_of_entrants_is_that_of_their_seats_not_of_the_folders(tmp_path):
    groups = played(tmp_path)
    assert find(dict(reversed(groups.items())), "ipd", "cup").entrants == ("a", "b", "c")


@pytest.mark.parametrize("asked", [("ipd", "final", "oracle"), ("imp", "cup", "oracle")])
def test_a_tournament_that_was_not_played_is_not_found(tmp_path, asked):
    with pytest.raises(KeyError, match="/".join(asked)):
        find(played(tmp_path), *asked)


def test_either_seat_of_a_match_is_read_and_self_play_is_the_mean_of_both(tmp_path):
    cup = find(played(tmp_path), "ipd", "cup")
    assert cup.returns("a", "b")[1000].tolist() == [5, 15]
    assert cup.returns("b", "a")[1000].tolist() == [-5, 5]
    assert cup.returns("a", "a")[1000].tolist() == [2, 12]  # of 1 and 3
    assert cup.returns("c", "b").columns.tolist() == list(range(100, 1001, 100))
    assert cup.shares("a", "c")[100].tolist() == [0.25, 0.25]
    assert cup.shares("c", "a")[100].tolist() == [0.75, 0.75]
    assert cup.shares("c", "c")[100].tolist() == [0.5, 0.5]


def test_the_first_action_need_not_come_first_in_the_alphabet(tmp_path):
    shares = [(1, "NA", 0.5), (1, "B", 0.2), (2, "NA", 0.7), (2, "B", 0.1)]
    rows = [(0, 1, player, f"share of {action}", value) for player, action, value in shares]
    group = write(tmp_path, "ipd/a@cup/oracle", "match", rows, {0: {}}, blocks=True)
    groups = {group.name: group}
    assert find(groups, "ipd", "cup").shares("a", "a")[1].tolist() == pytest.approx([0.6])


def test_the_average_runs_over_all_opponents_and_oneself(tmp_path):
    cup = find(played(tmp_path), "ipd", "cup")
    assert cup.average("a")[1000].tolist() == pytest.approx([7 / 3, 37 / 3])  # 2, 5, 0
    assert cup.average("c")[1000].tolist() == pytest.approx([10.5 / 3, 40.5 / 3])  # 4, 8, -1.5
    assert cup.average("c")[900].tolist() == [0, 0]


def test_the_final_returns_are_those_of_the_last_tenth_row_against_column(tmp_path):
    cup = find(played(tmp_path), "ipd", "cup")
    matrix = np.array([[2, 5, 0], [-5, 2, 7], [4, 8, -1.5]])
    assert cup.final == pytest.approx(np.stack([matrix, matrix + 10]))


def test_without_somebody_who_models_the_oracles_match_counts(tmp_path):
    groups = played(tmp_path) | played(tmp_path, "cloning", 0.5, pairs=[("a", "c"), ("b", "c"), ("c", "c")])
    known, cloned = (find(groups, "ipd", "cup", model) for model in ("oracle", "cloning"))
    assert cloned.entrants == known.entrants
    assert cloned.final - known.final == pytest.approx(np.array([[[0, 0, 0.5], [0, 0, 0.5], [0.5, 0.5, 0.5]]] * 2))


def test_only_runs_that_finished_every_match_count(tmp_path):
    groups = played(tmp_path, pairs=[("a", "a"), ("b", "b")], seeds=(0, 1))
    groups |= played(tmp_path, pairs=[("a", "b")], seeds=(1, 2))
    cup = find(groups, "ipd", "cup")
    assert cup.seeds == (1,)
    assert cup.final.tolist() == [[[12, 15], [5, 12]]]


def test_a_rank_is_one_more_than_how_many_earn_more():
    runs = np.array([[3.0, 1.0, 3.0, 2.0], [3.0, 5.0, 3.0, 0.0]])  # means 3, 3, 3, 1
    assert [rank_of(position)(runs) for position in range(4)] == [1, 1, 1, 4]
    each = runs[:, None]  # two samples of one run each
    assert [rank_of(position)(each).tolist() for position in range(4)] == [[1, 2], [4, 1], [1, 2], [3, 4]]


def test_the_rank_of_an_entrant_and_its_interval(tmp_path):
    cup = find(played(tmp_path), "ipd", "cup")
    ranks = [estimate(rank(cup, entrant)) for entrant in cup.entrants]  # averages 7/3, 4/3, 10.5/3 in both runs
    assert [(r.value, r.n) for r in ranks] == [(2, 2), (3, 2), (1, 2)]
    assert {(r.low, r.high) for r in ranks} == {(1, 3)}  # two runs whose differences are alike tell nothing


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
    return float(sample.statistic.value(sample.runs))


def asked(entrant, **more):
    return {"quantity": "rank", "game": "ipd", "tournament": "duel", "entrant": entrant} | more


def test_earnings_averages_and_ranks(tmp_path):
    shown = find(duel(tmp_path), "ipd", "duel")
    assert [value(tournaments.earns(shown, *pair)) for pair in itertools.product("ab", repeat=2)] == [2, 4, 1, 2]
    assert tournaments.earns(shown, "b", "a").runs.tolist() == [[0], [2]]
    assert tournaments.average(shown, "a").runs.tolist() == [[3], [3]]
    assert tournaments.average(shown, "b").runs.tolist() == [[0.5], [2.5]]
    assert [value(rank(shown, entrant)) for entrant in "ab"] == [1, 2]


def test_what_an_entrant_elicits_is_how_often_the_others_take_their_first_action_against_it(tmp_path):
    shares = {("a", "b"): (0.5, 0.2), ("a", "c"): (0.5, 0.6), ("b", "c"): (0.9, 0.9)}
    groups = {}
    for (one, other), pair in shares.items():
        rows = [(s, 1, player, "share of C", x + s / 10) for s in (0, 1) for player, x in enumerate(pair, start=1)]
        rows += [(s, 1, player, "return", 0.0) for s in (0, 1) for player in (1, 2)]
        group = write(tmp_path, f"ipd/{one}-vs-{other}@cup/oracle", "match", rows, {0: {}, 1: {}}, blocks=True)
        groups[group.name] = group
    cup = replace(find(groups, "ipd", "cup"), entrants=("a", "b", "c"))
    assert tournaments.elicits(cup, "a").runs.tolist() == [[pytest.approx(40)], [pytest.approx(50)]]
    assert value(tournaments.elicits(cup, "c")) == pytest.approx((50 + 90) / 2 + 5)


def test_two_numbers_that_are_one_count_once(tmp_path):
    groups = {}
    for (one, other), ends in {("a", "a"): (0, 0), ("a", "b"): (3, -3), ("b", "b"): (0, 0)}.items():
        seats = one if one == other else f"{one}-vs-{other}"
        returns = {s: {1: [0] * 9 + [ends[0] + s], 2: [0] * 9 + [ends[1] - s]} for s in (0, 1)}
        group = write_match(tmp_path, f"imp/{seats}@duel/oracle", returns, every=100)
        groups[group.name] = group
    authors = pd.DataFrame([[np.nan, 1.0], [-1.0, np.nan]], ["a", "b"], ["a", "b"])
    found = tournaments.apart(find(groups, "imp", "duel"), authors)
    assert found.runs.tolist() == [[2], [3]] and found.about.startswith("1 numbers, ")
    assert found.about.endswith("in 1 of 1 pairs the same win")


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
    found = sample.statistic.value(sample.runs[drawn])
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
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
