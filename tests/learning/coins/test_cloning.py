"""Clones of recurrent players: what they climb, whose moves they learn, and how they are judged."""

import numpy as np
import plain_networks
import pytest
import torch

from lola.learning.coins.cloning import assessed, cloning, fitted
from lola.learning.coins.game import CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.rollouts import play

GAME = CoinGame(2, 0.75)
PAIR = [Network(GAME, hidden=3, encoder="convolutional", filters=2), Network(GAME, hidden=4)]


def random_thetas(seeds, stream=0, scale=0.8):
    rng = np.random.default_rng(stream)
    return [torch.from_numpy(scale * rng.normal(size=(seeds, network.size))) for network in PAIR]


def played(thetas, batch=6, length=5, key=(0, 0)):
    return play(thetas, key, list(range(len(thetas[0]))), batch, length, PAIR)


def log_policies(theta, j, rollouts):
    """log π of all moves on the boards that player j saw, (S, T, B, moves), differentiable."""
    return torch.log_softmax(plain_networks.answers(PAIR[j], theta, rollouts.boards[j]), dim=-1)


def log_likelihood(theta, j, rollouts):
    """Mean log-likelihood of player j's moves, (S,)."""
    steps = rollouts.steps % 16
    moves = steps % 4 if j else steps // 4
    return log_policies(theta, j, rollouts).gather(-1, moves[..., None]).mean((1, 2, 3))


@pytest.mark.parametrize("j", [0, 1])
def test_steps_climb_the_mean_log_likelihood_of_the_players_own_moves(j):
    """Three steps, one after another, by autograd; each seed's clone by its own seed's games."""
    rollouts, clone = played(random_thetas(3)), random_thetas(3, stream=1)[j]
    expected = clone
    for _ in range(3):
        leaf = expected.clone().requires_grad_()
        expected = expected + 0.5 * torch.autograd.grad(log_likelihood(leaf, j, rollouts).sum(), leaf)[0]
    found = fitted(clone, j, rollouts, 0.5, 3)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert (log_likelihood(found, j, rollouts) > log_likelihood(clone, j, rollouts) + 0.01).all()


def test_everybody_clones_the_others_and_knows_itself():
    thetas, believed = random_thetas(2), random_thetas(2, stream=1)
    rollouts, model = played(thetas), cloning(rate=0.5, steps=2)
    for i in range(2):
        views = model(thetas, i, believed, rollouts)
        assert views[i] is thetas[i]
        assert torch.equal(views[1 - i], fitted(believed[1 - i], 1 - i, rollouts, 0.5, 2))


def test_a_clone_recovers_a_policy_that_it_sees_long_enough():
    """From other parameters to nearly the player's moves, on games that it was not fitted to."""
    thetas, (_, clone) = random_thetas(1, scale=1.2), random_thetas(1, stream=1, scale=0.1)
    seen, unseen = played(thetas, batch=400), played(thetas, batch=400, key=(1, 0))
    before = assessed(clone, thetas[1], 1, unseen)[0, 1].item()
    after = assessed(fitted(clone, 1, seen, 2.0, 300), thetas[1], 1, unseen)[0, 1].item()
    assert before > 0.25
    assert after < 0.3 * before


def test_likelihood_and_distance_of_a_clone():
    """Against sums over every step and move: and the truth is no distance from itself, and nobody likelier."""
    rollouts, believed = played(random_thetas(2), batch=40), random_thetas(2, stream=1)
    for j, truth in enumerate(random_thetas(2)):
        likelihood, distance = assessed(believed[j], truth, j, rollouts).T
        torch.testing.assert_close(likelihood, log_likelihood(believed[j], j, rollouts), rtol=1e-12, atol=1e-12)
        pairs = zip(log_policies(believed[j], j, rollouts).exp(), log_policies(truth, j, rollouts).exp(), strict=True)
        for s, (guess, known) in enumerate(pairs):
            apart = [abs(guess[at] - known[at]).sum().item() / 2 for at in np.ndindex(5, 40)]
            assert distance[s].item() == pytest.approx(np.mean(apart), rel=1e-12)
        best, none = assessed(truth, truth, j, rollouts).T
        assert (best > likelihood).all()
        assert none.tolist() == [0, 0]
