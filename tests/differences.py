"""Derivatives of matrix games by finite differences of values computed in numpy alone: what rules are held against.

All parameters of all players are one vector x of numpy floats here, `block(game, i)` the part
of player i. Functions of x take any leading axes, so finite differences can be nested.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import Values

ETA = 0.3
STEP = 0.01
OFFSETS, WEIGHTS = np.array([-2, -1, 1, 2]), np.array([1, -8, 8, -1]) / 12


@dataclass(frozen=True)
class Case:
    """A random game of players with different action counts, so with different parameter counts."""

    counts: tuple[int, ...]
    gamma: float = 0.8

    @property
    def payoffs(self):
        return np.random.default_rng(3).normal(size=(len(self.counts), *self.counts))

    @property
    def sizes(self):
        return [(1 + int(np.prod(self.counts))) * (count - 1) for count in self.counts]


CASES = [Case((2, 3)), Case((2, 2, 3))]
each_case = pytest.mark.parametrize("case", CASES, ids=["two players", "three players"])


def values(case, x):
    """V_k(x) for every player k, (…, players): one linear system over start and joint actions."""
    counts, n = case.counts, int(np.prod(case.counts))
    joints = list(np.ndindex(*counts))
    play = np.ones((*x.shape[:-1], 1 + n, n))
    for i, part in enumerate(np.split(x, np.cumsum(case.sizes)[:-1], axis=-1)):
        seats = [i, *(k for k in range(len(counts)) if k != i)]
        own_counts = [counts[k] for k in seats]
        rows = [0, *(1 + np.ravel_multi_index([joint[k] for k in seats], own_counts) for joint in joints)]
        odds = np.exp(part.reshape(*part.shape[:-1], 1 + n, counts[i] - 1)[..., rows, :])
        odds = np.concatenate([odds, np.ones((*odds.shape[:-1], 1))], axis=-1)
        play *= (odds / odds.sum(-1, keepdims=True))[..., [joint[i] for joint in joints]]
    move = np.concatenate([np.zeros((*play.shape[:-1], 1)), play], axis=-1)  # nobody returns to the start
    rewards = play @ case.payoffs.reshape(len(counts), n).T
    return np.linalg.solve(np.eye(1 + n) - case.gamma * move, rewards)[..., 0, :]


def along(f, x, directions):
    """The derivatives of f at x along each row of `directions`, by central differences of fourth order."""
    points = x[..., None, None, :] + STEP * OFFSETS[:, None, None] * directions[..., None, :, :]
    return np.moveaxis(f(points), -2, -1) @ WEIGHTS / STEP


def basis(case, i):
    """The unit vectors of player i's parameters."""
    return np.eye(sum(case.sizes))[block(case, i)]


def block(case, i):
    return slice(sum(case.sizes[:i]), sum(case.sizes[: i + 1]))


def others(case, i):
    return [j for j in range(len(case.counts)) if j != i]


def value(case, i):
    return lambda x: values(case, x)[..., i]


def gradient(case, x, i, j):
    """∇_j V_i"""
    return along(value(case, i), x, basis(case, j))


def torch_case(case, x):
    """The same game and parameters (S, D) for the rules under test."""
    game = MatrixGame(case.payoffs.tolist(), case.gamma, [["a", "b", "c"][:count] for count in case.counts])
    return game, [torch.tensor(x[:, block(case, i)], requires_grad=True) for i in range(len(case.counts))]


def assert_is(rule, equation, case):
    """Along one random direction per player, which no wrong entry survives; of two seeds side by side."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, sum(case.sizes)))
    game, thetas = torch_case(case, x)
    for i, size in enumerate(case.sizes):
        u = rng.normal(size=size)
        (expected,) = equation(case, x[1], i, u[None] @ basis(case, i))
        assert rule(Values(game.values), thetas, i)[1].detach().numpy() @ u == pytest.approx(
            expected, rel=1e-6, abs=1e-8
        )
