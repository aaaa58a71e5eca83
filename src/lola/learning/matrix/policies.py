"""Memory-one policies: who sees which state, and what they do there.

A state is either the start or the last joint action. Joint actions are ordered
row by row with player 0's action slowest: CC, CD, DC, DD for two players. Every
player keeps its parameters in its *own view*, its own last action first, so the
same policy has the same parameters in every seat.
"""

import itertools
import math

import torch
from torch import Tensor


def joint_actions(counts: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All joint actions of players that have `counts` actions each, in joint order."""
    return list(itertools.product(*map(range, counts)))


def own_first(joint: tuple, player: int) -> tuple:
    """The joint action (or joint names) as `player` sees it: its own first, then the others by seat."""
    return (joint[player], *joint[:player], *joint[player + 1 :])


def own_view(player: int, counts: tuple[int, ...]) -> list[int]:
    """For each joint state (start, then joint actions) the row of the player's own table."""
    seen = {own: row for row, own in enumerate(joint_actions(own_first(counts, player)), start=1)}
    return [0, *(seen[own_first(joint, player)] for joint in joint_actions(counts))]


def size(player: int, counts: tuple[int, ...]) -> int:
    """Parameters of one player: a logit per state and action; the last action's logit is fixed at 0."""
    return (1 + math.prod(counts)) * (counts[player] - 1)


def probabilities(theta: Tensor, player: int, counts: tuple[int, ...]) -> Tensor:
    """π_i(a | s) = softmax over a of (θ_i[s, ·], 0).

    `theta` is (S, d_i); the result is (S, states, actions) with the states in joint order.
    """
    assert theta.ndim == 2, f"theta must be (S, d), got {tuple(theta.shape)}"
    logits = theta.unflatten(1, (-1, counts[player] - 1))[:, own_view(player, counts)]
    return torch.softmax(torch.nn.functional.pad(logits, (0, 1)), dim=-1)
