"""What last policies are worth, worked out from them alone: held against sums over steps and against what learns."""

import itertools

import numpy as np
import pytest
import torch

from lola.analysis.chains import Chain
from lola.learning.matrix.game import MatrixGame
from lola.learning.shaping.replies import best_reply

IPD = ([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]])
SHAPES = {"2 × 2": (2, 2), "2 × 3": (2, 3), "3 × 2": (3, 2)}


def drawn(counts, n=4, gamma=0.9, seed=0):
    """A game with payoffs at random, and the policies of n pairs."""
    rng = np.random.default_rng(seed)
    states = 1 + counts[0] * counts[1]
    return Chain(rng.normal(size=(2, *counts)), gamma), [rng.dirichlet(np.ones(k), (n, states)) for k in counts]


@pytest.mark.parametrize("counts", SHAPES.values(), ids=SHAPES)
def test_visits_are_the_discounted_sum_over_steps(counts):
    chain, policies = drawn(counts, gamma=0.7)
    for run, (first, second) in enumerate(zip(*policies, strict=True)):
        joint, total = np.outer(first[0], second[0]), 0.0
        for step in range(200):
            total = total + (1 - 0.7) * 0.7**step * joint
            ahead = [np.outer(first[1 + a], second[1 + a]) for a in range(joint.size)]
            joint = sum(p * play for p, play in zip(joint.flat, ahead, strict=True))
        assert chain.visits(policies)[run] == pytest.approx(total, abs=1e-12)


def test_two_who_always_defect_earn_what_defection_pays():
    always = np.tile([0.0, 1.0], (1, 5, 1))
    assert Chain(np.array(IPD, float), 0.96).returns([always, always]).tolist() == [[-2.0, -2.0]]


@pytest.mark.parametrize("counts", SHAPES.values(), ids=SHAPES)
def test_returns_are_those_that_players_climb(counts):
    chain, policies = drawn(counts)
    game = MatrixGame(chain.payoffs.tolist(), chain.gamma, [[*"ABC"[:k]] for k in counts])
    values = game.values(thetas(game, policies))
    assert pytest.approx(0.1 * torch.stack(values).numpy(), abs=1e-12) == chain.returns(policies).T


def thetas(game, policies):
    """Parameters of policies: log p(a) − log p(the last action), in each player's own order of states."""
    found = []
    for i, policy in enumerate(policies):
        own = torch.empty(len(policy), len(game.views[i]), policy.shape[-1] - 1, dtype=torch.float64)
        own[:, game.views[i]] = torch.from_numpy(np.log(policy[..., :-1]) - np.log(policy[..., -1:]))
        found.append(own.flatten(1))
    return found


@pytest.mark.parametrize("k", (0, 1))
@pytest.mark.parametrize("counts", SHAPES.values(), ids=SHAPES)
def test_nothing_earns_more_than_a_best_reply(counts, k):
    chain, policies = drawn(counts, n=2)
    actions, states = counts[1 - k], policies[0].shape[1]
    most = np.full(2, -np.inf)
    for reply in itertools.product(range(actions), repeat=states) if actions**states < 300 else ():
        pure = np.tile(np.eye(actions)[list(reply)], (2, 1, 1))
        pair = [policies[k], pure] if k == 0 else [pure, policies[k]]
        most = np.maximum(most, chain.returns(pair)[:, 1 - k])
    found = chain.meet_best_reply(policies[k], k)
    if np.isfinite(most).all():
        assert found[:, 1 - k] == pytest.approx(most, abs=1e-12)
    game = MatrixGame(chain.payoffs.tolist(), chain.gamma, [[*"ABC"[:count]] for count in counts])
    _, values = best_reply(game, thetas(game, policies), 1 - k)
    assert found == pytest.approx(0.1 * values.numpy(), abs=1e-10)


def test_a_best_reply_to_tit_for_tat_cooperates_and_one_to_always_cooperating_takes_all():
    chain = Chain(np.array(IPD, float), 0.96)
    tit_for_tat = np.array([[[1, 0], [1, 0], [0, 1], [1, 0], [0, 1]]], float)  # of player 1
    assert chain.meet_best_reply(tit_for_tat, 0) == pytest.approx(np.array([[-1.0, -1.0]]))
    always = np.tile([1.0, 0.0], (1, 5, 1))
    assert chain.meet_best_reply(always, 1) == pytest.approx(np.array([[0.0, -3.0]]))
