"""Clones: what they climb, whose actions they learn, and what players make of them."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from plain_estimators import joint_actions, joint_states
from small_jobs import drawn, job_of, states_from

from lola.learning import rules
from lola.learning.matrix.cloning import assessed, cloning, fitted
from lola.learning.matrix.estimators import dice, pg
from lola.learning.matrix.game import MatrixGame
from lola.learning.matrix.rollouts import play
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber

IPD = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])
each_size = pytest.mark.parametrize("counts", [(2, 3), (2, 3, 2)], ids=["two players", "three players"])


def random_game(counts):
    payoffs = np.random.default_rng(0).normal(size=(len(counts), *counts))
    return MatrixGame(payoffs.tolist(), 0.9, [[f"a{k}" for k in range(count)] for count in counts])


def random_thetas(game, seeds, scale=1.0):
    rng = np.random.default_rng(1)
    return [torch.from_numpy(scale * rng.normal(size=(seeds, d))) for d in game.sizes]


def log_likelihood(game, clone, j, rollouts):
    """Mean log-likelihood per action of player j's moves, (S,), by looking each of them up."""
    log_p = game.probabilities({j: clone}, j).log()
    moves = torch.from_numpy(game.joint[j])[joint_actions(rollouts)]
    rows = torch.arange(len(log_p))[:, None, None]
    return log_p[rows, joint_states(rollouts), moves].mean((1, 2))


@each_size
def test_a_step_is_the_gradient_of_the_mean_log_likelihood(counts):
    """By central differences in every parameter of every clone."""
    game = random_game(counts)
    rollouts = play(random_thetas(game, 2), (0, 0), game, [0, 1], batch=20, length=7)
    for j, d in enumerate(game.sizes):
        clone = torch.from_numpy(np.random.default_rng(j).normal(size=(2, d)))
        step = (fitted(clone, j, rollouts, 0.5, 1) - clone) / 0.5
        slopes = [
            (log_likelihood(game, clone + h, j, rollouts) - log_likelihood(game, clone - h, j, rollouts)) / 2e-5
            for h in 1e-5 * torch.eye(d, dtype=torch.float64)
        ]
        torch.testing.assert_close(step, torch.stack(slopes, dim=1), rtol=1e-6, atol=1e-9)
        assert step.abs().max() > 0.01


@each_size
def test_many_steps_reach_the_observed_frequencies(counts):
    """The maximum of the likelihood, wherever the player was seen."""
    game = random_game(counts)
    rollouts = play(random_thetas(game, 1, scale=0.3), (0, 0), game, [0], batch=200, length=10)
    for j, d in enumerate(game.sizes):
        clone = fitted(torch.zeros(1, d, dtype=torch.float64), j, rollouts, 20.0, 3000)
        learnt = game.probabilities({j: clone}, j)[0]
        for state in range(len(learnt)):
            moves = torch.from_numpy(game.joint[j])[joint_actions(rollouts)[joint_states(rollouts) == state]]
            assert len(moves) > 20
            observed = torch.bincount(moves, minlength=counts[j]) / len(moves)
            torch.testing.assert_close(learnt[state], observed.double(), rtol=1e-6, atol=1e-6)


def test_cloning_is_incremental():
    """Steps go on from what was believed, and what is never seen stays believed."""
    defectors = [torch.full((1, 5), -50.0, dtype=torch.float64)] * 2
    rollouts = play(defectors, (0, 0), IPD, [0], batch=4, length=6)
    believed = torch.tensor([[0.3, -1.0, 2.0, 0.7, 0.1]], dtype=torch.float64)
    once = fitted(believed, 1, rollouts, 2.0, 3)
    assert torch.equal(fitted(once, 1, rollouts, 2.0, 4), fitted(believed, 1, rollouts, 2.0, 7))
    assert torch.equal(once[:, 1:4], believed[:, 1:4])
    assert (once[:, [0, 4]] < believed[:, [0, 4]]).all()
    assert believed.tolist() == [[0.3, -1.0, 2.0, 0.7, 0.1]]


@each_size
def test_a_clone_learns_its_opponents_moves_not_its_owners(counts):
    """Player 0 prefers its first action, the others their second: every clone lands beside its own original."""
    game = random_game(counts)
    thetas = []
    for k, count in enumerate(counts):
        logits = torch.zeros(1, game.sizes[k] // (count - 1), count, dtype=torch.float64)
        logits[..., min(k, 1)] = 1.0
        thetas.append((logits[..., :-1] - logits[..., -1:]).flatten(1))
    rollouts = play(thetas, (0, 0), game, [0], batch=2000, length=20)
    unknown = [torch.zeros_like(theta) for theta in thetas]
    for i in range(len(counts)):
        believed = cloning(5.0, 2000)(thetas, i, unknown, rollouts)
        assert torch.equal(believed[i], thetas[i])
        for j in set(range(len(counts))) - {i}:
            assert assessed(believed[j], thetas[j], j, rollouts)[0, 1] < 0.03
            if counts[i] == counts[j]:
                assert assessed(believed[j], thetas[i], j, rollouts)[0, 1] > 0.4


@pytest.mark.parametrize("owner", [0, 1])
def test_between_a_cooperator_and_a_defector_each_clones_the_other(owner):
    """Equal numbers of actions, so that a clone fed with its owner's moves would fit without complaint."""
    thetas = [torch.full((1, 5), logit, dtype=torch.float64) for logit in (2.0, -2.0)]
    rollouts = play(thetas, (0, 0), IPD, [0], batch=1000, length=50)
    believed = cloning(5.0, 2000)(thetas, owner, [torch.zeros_like(theta) for theta in thetas], rollouts)
    cooperation = IPD.probabilities(believed, 1 - owner)[0, :, 0]
    assert (cooperation - torch.tensor(2.0 if owner else -2.0).sigmoid()).abs().max() < 0.1


def test_a_clone_sees_the_states_as_its_original_does():
    """Player 1 plays tit-for-tat with a slip in ten: cloned from the joint states, it still reacts to player 0."""
    slip = np.log(9)
    tit_for_tat = torch.tensor([[slip, slip, -slip, slip, -slip]], dtype=torch.float64)
    for j in range(2):
        thetas = [torch.zeros(1, 5, dtype=torch.float64)] * 2
        thetas[j] = tit_for_tat
        rollouts = play(thetas, (0, 0), IPD, [0], batch=1000, length=50)
        clone = fitted(torch.zeros(1, 5, dtype=torch.float64), j, rollouts, 5.0, 2000)
        torch.testing.assert_close(clone, tit_for_tat, rtol=0, atol=0.3)


def test_likelihood_and_distance_by_hand():
    """One roll-out CD, DD, DD; the clone of player 1 cooperates with 1/4 wherever it is, the truth with 3/4 at
    the start and after CC, else like the clone: log 3/4 each move, and ½ · 2 · ½ in two states of five."""
    chances = torch.tensor([[0.75, 0.75, 0.25, 0.25, 0.25]], dtype=torch.float64)
    truth = (chances / (1 - chances)).log()
    clone = torch.full((1, 5), -np.log(3.0), dtype=torch.float64)
    moves = [[100.0 * c - 50.0 for c in strategy] for strategy in ((1, 0, 0, 0, 0), (0, 0, 0, 0, 0))]
    rollouts = play([torch.tensor([logits]).double() for logits in moves], (0, 0), IPD, [0], batch=1, length=3)
    assert joint_actions(rollouts).tolist() == [[[1, 3, 3]]]
    assert assessed(clone, truth, 1, rollouts).tolist() == [pytest.approx([np.log(0.75), 0.2], rel=1e-14)]
    assert assessed(clone, clone, 1, rollouts)[0, 1] == 0
    log_of_owner = (np.log(0.25) + 2 * np.log(0.75)) / 3  # player 0's moves: C, D, D
    assert assessed(clone, truth, 0, rollouts).tolist() == [pytest.approx([log_of_owner, 0.2], rel=1e-14)]


@each_size
def test_likelihood_and_distance_by_looking_moves_up(counts):
    game = random_game(counts)
    thetas = random_thetas(game, 3)
    rollouts = play(thetas, (0, 0), game, [0, 1, 2], batch=20, length=7)
    for j, theta in enumerate(thetas):
        clone = theta.flip(0)
        difference = game.probabilities({j: clone}, j) - game.probabilities(thetas, j)
        expected = torch.stack(
            [log_likelihood(game, clone, j, rollouts), difference.abs().sum(2).mean(1) / 2],
            dim=1,
        )
        torch.testing.assert_close(assessed(clone, theta, j, rollouts), expected, rtol=1e-12, atol=1e-14)


def trained(game, seats, steps, batch=16):
    rollouts = partial(play, game=game, seeds=[0, 1], batch=batch, length=12)
    return states_from(job_of(game, seats, [0, 1], rollouts), steps)


LEARNERS = {
    "exact lola": (rules.lola(0.3), None),
    "exact look-ahead of order 2": (rules.lola_exact(0.3, order=2), None),
    "lola-pg": (rules.lola(0.3), pg()),
    "lola-dice": (rules.lola_exact(0.3, inner_steps=2), dice()),
}
each_learner = pytest.mark.parametrize(("rule", "estimator"), LEARNERS.values(), ids=LEARNERS)


@each_learner
@each_size
def test_players_climb_what_they_believe(counts, rule, estimator):
    """Knowing the truth is being an oracle; a clone that is wrong is not."""
    game = random_game(counts)

    def truthful(thetas, i, believed, rollouts):
        return [theta.clone() for theta in thetas]

    known, cloned, wrong = (
        trained(game, [Climber(rule, 0.5, model, estimator)] * len(counts), 2)[-1].thetas
        for model in (oracle(), truthful, cloning(1.0, 5))
    )
    for a, b, c in zip(known, cloned, wrong, strict=True):
        assert torch.equal(a, b)
        assert not torch.allclose(a, c, rtol=1e-3, atol=1e-3)


@each_learner
@each_size
def test_clones_grow_from_update_to_update(counts, rule, estimator):
    """In every state of training each belief is the last one, fitted to what was just played."""
    game = random_game(counts)
    states = trained(game, [Climber(rule, 0.5, cloning(2.0, 5), estimator)] * len(counts), 3)
    for i in range(len(counts)):
        for j in set(range(len(counts))) - {i}:
            assert not states[0].memories[i].believed[j].any()
            for before, after in pairwise(states):
                expected = fitted(before.memories[i].believed[j], j, after.rollouts, 2.0, 5)
                assert torch.equal(after.memories[i].believed[j], expected)
        assert all(torch.equal(after.memories[i].believed[i], before.thetas[i]) for before, after in pairwise(states))


def test_a_good_clone_points_where_the_oracle_does():
    """2,000 roll-outs a step: the exact LOLA direction from the clone is within 5 % of that from the truth."""
    believed, known = (
        trained(IPD, [Climber(rules.lola(1.0), 1.0, model)] * 2, 1, batch=2000)[-1].thetas
        for model in (cloning(20.0, 1000), oracle())
    )
    start = drawn(IPD, [0, 1], 1.0)
    for clone, truth, before in zip(believed, known, start, strict=True):
        assert (clone - truth).norm() < 0.05 * (truth - before).norm()


def test_a_clone_of_any_learner():
    """Whatever the opponent learns by, its clone follows: near to where it is, far from where it was."""
    for opponent in (Climber(rules.naive(), 0.1, oracle(), pg()), Climber(rules.lookahead(0.3), 0.1, oracle())):
        states = trained(IPD, [Climber(rules.lola(0.3), 0.1, cloning(5.0, 20)), opponent], 60, batch=64)
        clone, rollouts = states[-1].memories[0].believed[1], states[-1].rollouts
        there, here = (assessed(clone, states[n].thetas[1], 1, rollouts)[:, 1].mean() for n in (0, -2))
        assert here < 0.05
        assert there > 2 * here
