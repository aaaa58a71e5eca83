"""Own views and softmax policies against tables written out by hand."""

import math

import numpy as np
import pytest
import torch

from lola.learning.matrix.game import MatrixGame, own_first, own_view

# For each joint state (start, then joint actions, player 0's slowest) the row of the player's own
# table, whose rows are sorted by own action first, then by the others' actions in the order of seats.
OWN_VIEWS = {
    # joint states:  start 00 01 10 11
    ((2, 2), 0): [0, 1, 2, 3, 4],
    ((2, 2), 1): [0, 1, 3, 2, 4],
    # joint states:  start 00 01 02 10 11 12
    ((2, 3), 0): [0, 1, 2, 3, 4, 5, 6],
    ((2, 3), 1): [0, 1, 3, 5, 2, 4, 6],
    # joint states:  start 000 001 010 011 020 021 100 101 110 111 120 121
    ((2, 3, 2), 0): [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ((2, 3, 2), 1): [0, 1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12],
    ((2, 3, 2), 2): [0, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12],
}


@pytest.mark.parametrize(("counts", "player"), OWN_VIEWS)
def test_own_view(counts, player):
    assert own_view(player, counts) == OWN_VIEWS[counts, player]


def test_own_first():
    assert [own_first(("a", "b", "c"), i) for i in range(3)] == [
        ("a", "b", "c"),
        ("b", "a", "c"),
        ("c", "a", "b"),
    ]


def game_of(*counts):
    """A game of players that have so many actions each, in which nobody earns anything."""
    return MatrixGame(np.zeros((len(counts), *counts)), 0.9, [["a", "b", "c", "d"][:count] for count in counts])


def test_joint_actions_vary_the_last_player_fastest():
    assert game_of(2, 3).joint.T.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [((2, 2), [5, 5]), ((2, 3), [7, 14]), ((2, 3, 2), [13, 26, 13]), ((4, 2), [27, 9])],
)
def test_size_is_a_logit_per_state_and_action_but_the_last(counts, sizes):
    assert game_of(*counts).sizes == sizes


def test_two_actions_make_a_sigmoid():
    theta = torch.tensor([[math.log(3.0), 0.0, -math.log(3.0), math.log(9.0), 800.0]], dtype=torch.float64)
    expected = torch.tensor([0.75, 0.5, 0.25, 0.9, 1.0], dtype=torch.float64)
    own, other = (game_of(2, 2).probabilities([theta] * 2, i)[0] for i in range(2))
    torch.testing.assert_close(own, torch.stack([expected, 1 - expected], dim=-1))
    torch.testing.assert_close(other[:, 0], expected[[0, 1, 3, 2, 4]])


def test_the_last_of_three_logits_is_zero():
    """Player 1 of 2 x 3 actions: a row (log 2, log 5) is (2, 5, 1) / 8, found where its own view puts it."""
    theta = torch.zeros(2, 14, dtype=torch.float64)
    theta[1, 2 * 3 : 2 * 4] = torch.tensor([2.0, 5.0], dtype=torch.float64).log()  # row 3: own 1, other 0
    probs = game_of(2, 3).probabilities([None, theta], 1)
    expected = torch.full((2, 7, 3), 1 / 3, dtype=torch.float64)
    expected[1, 2] = torch.tensor([2.0, 5.0, 1.0]) / 8  # joint state 01
    torch.testing.assert_close(probs, expected)


def test_seeds_are_the_leading_axis():
    with pytest.raises(AssertionError, match=r"theta must be \(S, d\), got \(5,\)"):
        game_of(2, 2).probabilities([torch.zeros(5)] * 2, 0)
