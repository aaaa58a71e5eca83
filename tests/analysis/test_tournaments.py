"""Who earns what in a round robin, from its matches as they lie on disk: every number worked out by hand."""

import numpy as np
import pytest
from group_files import write, write_match

from lola.analysis.metrics import estimate
from lola.analysis.tournaments import find, rank, rank_of

SEEDS = (0, 1)
EARNED = {("a", "a"): (1, 3), ("a", "b"): (5, -5), ("a", "c"): (0, 4), ("b", "b"): (2, 2), ("b", "c"): (7, 8)}
EARNED |= {("c", "c"): (-1, -2)}  # by (first seat, second seat)


def played(tmp_path, model="oracle", shift=0.0, pairs=EARNED, name="cup", seeds=SEEDS):
    """Ten rows of 100 episodes: the last holds what was `EARNED`, plus 10 for the second seed; the others 0."""
    groups = {}
    for first, second in pairs:
        seats = first if first == second else f"{first}-vs-{second}"
        earned = enumerate(EARNED[first, second], start=1)
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
    assert [(r.value, r.low, r.high, r.n) for r in ranks] == [(2, 2, 2, 2), (3, 3, 3, 2), (1, 1, 1, 2)]
