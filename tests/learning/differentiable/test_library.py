"""The games of one number per player that papers share: their values are the losses that papers print, turned round."""

import numpy as np
import pytest
import torch

from lola.learning import rules, trainers
from lola.study.config import load
from lola.vocabulary import registry
from lola.vocabulary.settings import GAME, plain

KINDS = ("polynomial", "bimatrix", "market")
GAMES = {name: block for name, block in load("lola")["games"].items() if registry.kind_name(block) in KINDS}


def sigma(x):
    return 1 / (1 + np.exp(-x))


def bimatrix(first, second):
    """xᵀ M y of two matrices, where x = (σ(θ_1), 1 − σ(θ_1)) and y alike."""

    def losses(x, y):
        p, q = np.array([sigma(x), 1 - sigma(x)]), np.array([sigma(y), 1 - sigma(y)])
        return [np.einsum("is,ij,js->s", p, np.array(table, dtype=float), q) for table in (first, second)]

    return losses


def zero_sum(loss):
    return lambda *x: [loss(*x), -loss(*x)]


def alike(loss):
    return lambda *x: [loss(*x)] * 2


def four(epsilon):
    return lambda w, x, y, z: [
        epsilon / 2 * w**2 + w * x + w * y + w * z,
        -w * x + epsilon / 2 * x**2 + x * y + x * z,
        -w * y - x * y + epsilon / 2 * y**2 + y * z,
        -w * z - x * z - y * z + epsilon / 2 * z**2,
    ]


def market(x, y):
    g = y**4 / (1 + x**2) - x**4 / (1 + y**2)
    return [x * y - x**2 / 2 + x**6 / 6 + g / 4, -x * y - y**2 / 2 + y**6 / 6 - g / 4]


def ultimatum(x, y):
    f, a = sigma(x), sigma(y)
    return [-(5 * f + 8 * (1 - f) * a), -(5 * f + 2 * (1 - f) * a)]


LOSSES = {
    "tandem": lambda x, y: [(x + y) ** 2 - 2 * x, (x + y) ** 2 - 2 * y],
    "hamiltonian": zero_sum(lambda x, y: x * y),
    "balduzzi": lambda x, y: [x**2 / 2 + 10 * x * y, y**2 / 2 - 10 * x * y],
    "four-players": four(0.01),
    "four-players-neutral": four(0),
    **{f"bilinear-{a}": zero_sum(lambda x, y, a=a: a * x * y) for a in (1, 3, 6)},
    **{f"equilibrium-{a}": zero_sum(lambda x, y, a=a: a * (x**2 - y**2)) for a in (1, 3, 6)},
    **{f"no-equilibrium-{a}": zero_sum(lambda x, y, a=a: a * (-(x**2) + y**2)) for a in (1, 3, 6)},
    "potential": alike(lambda x, y: -(x**2 + y**2) / 2),
    "saddle": alike(lambda x, y: x * y),
    "no-outcome": zero_sum(lambda x, y: x * y - x**2 / 2 + y**2 / 2 + x**4 / 4 - y**4 / 4),
    "market": market,
    "pennies-once": bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]),
    "chicken-once": bimatrix([[0, 1], [-1, 100]], [[0, -1], [1, 100]]),
    "ultimatum": ultimatum,
}
STARTS = {name: [0.5, 0.5] for name in LOSSES if name.startswith(("bilinear", "equilibrium", "no-equilibrium"))}


def test_each_of_them_is_held_against_what_is_printed():
    assert {*GAMES} == {*LOSSES}


@pytest.mark.parametrize("name", LOSSES)
def test_its_values_are_the_losses_turned_round(name):
    game = trainers.game({"game": plain(GAMES[name], GAME)})
    x = np.random.default_rng(0).normal(0, 1.5, (len(game.sizes), 200))
    values = game.values([torch.from_numpy(own[:, None]) for own in x])
    for value, loss in zip(values, LOSSES[name](*x), strict=True):
        np.testing.assert_allclose(value.numpy(), -loss, rtol=1e-12, atol=1e-12)
    assert game.start == STARTS.get(name, [0.0] * len(game.sizes))


@pytest.mark.parametrize("name", LOSSES)
def test_its_gradients_are_slopes_of_the_losses(name):
    """ξ_i by central differences, in numpy alone."""
    game, h = trainers.game({"game": plain(GAMES[name], GAME)}), 1e-5
    x = np.random.default_rng(1).normal(0, 1, (len(game.sizes), 50))
    thetas = [torch.from_numpy(own[:, None]).requires_grad_() for own in x]
    for i, value in enumerate(game.values(thetas)):
        there, back = x.copy(), x.copy()
        there[i], back[i] = x[i] + h, x[i] - h
        slope = (LOSSES[name](*there)[i] - LOSSES[name](*back)[i]) / (2 * h)
        np.testing.assert_allclose(rules.gradient(value, thetas[i])[:, 0].detach(), -slope, rtol=1e-6, atol=1e-7)
