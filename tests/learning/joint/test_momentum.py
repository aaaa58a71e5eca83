"""Learners that remember their last update: by hand, against their equations, and through a snapshot."""

from itertools import pairwise

import numpy as np
import pytest
import specs
import torch
from differences import CASES, each_case, torch_case
from small_jobs import trained_however

from lola.learning import rules, trainers
from lola.learning.joint.field import field
from lola.learning.joint.momentum import Lead, Optimistic
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.policies import Plain
from lola.learning.rules import Values
from lola.learning.training import Job, learn

SEATS = {
    "optimistic": {"learner": "optimistic", "lr": 0.7},
    "lead": {"learner": "lead", "lr": 0.7, "momentum": 0.4, "coupling": 0.3},
}


class Hamiltonian:
    """V_1 = −xy and V_2 = xy."""

    sizes = (1, 1)

    def values(self, thetas):
        x, y = (theta[:, 0] for theta in thetas)
        return [-x * y, x * y]


def states(game, players, seeds, steps, thetas=None):
    """The parameters of all players, (S, D), after each update."""
    job = Job(game, players, [Plain(game)] * len(players), seeds, 1.0)
    return [torch.cat(state.thetas, dim=1) for state in learn(job, job.start(), steps)]


@pytest.mark.parametrize("lr", [0.3, 0.55, 0.6])
def test_optimistic_learners_in_the_hamiltonian_game(lr):
    """θ_t+1 = (I + 2 lr J) θ_t − lr J θ_t−1 with J = ((0, −1), (1, 0)); it converges below 1/√3 and not above."""
    found = states(Hamiltonian(), [Optimistic(lr)] * 2, [0, 1], 200)
    J = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    before, now = found[0], found[0]
    for after in found[1:]:
        expected = now + lr * (2 * now - before) @ J.T
        torch.testing.assert_close(after, expected, rtol=1e-12, atol=1e-12)
        before, now = now, after
    assert (found[-1].norm() < found[0].norm()) == (lr < 1 / np.sqrt(3))


def test_the_first_optimistic_update_is_naive():
    first, naive = (
        states(Hamiltonian(), [player] * 2, [0, 1], 1)[1]
        for player in (Optimistic(0.3), Climber(rules.naive(), 0.3, oracle()))
    )
    assert torch.equal(first, naive)


@each_case
def test_lead_is_its_equation(case):
    """Every update of players with parameters of different number, from ξ and J_o by autograd."""
    game, _ = torch_case(case, np.zeros((1, sum(case.sizes))))
    found = states(game, [Lead(0.7, 0.4, 0.3)] * len(game.sizes), [0, 1], 4)
    for before, now, after in zip(found[:1] + found, found, found[1:], strict=False):
        at = field(Values(game.values), [part.clone().requires_grad_() for part in now.split(game.sizes, dim=1)])
        moved = now - before
        turned = torch.stack([J_o @ step for J_o, step in zip(at.between.detach(), moved, strict=True)])
        expected = now + 0.7 * at.xi.detach() + 0.4 * moved + 0.3 * turned
        torch.testing.assert_close(after, expected, rtol=1e-11, atol=1e-11)


def test_lead_without_momentum_and_coupling_is_naive_and_coupling_settles_what_naive_learning_does_not():
    naive, plain, coupled = (
        states(Hamiltonian(), [player] * 2, [3], 100)
        for player in (Climber(rules.naive(), 0.1, oracle()), Lead(0.1, 0.0, 0.0), Lead(0.1, 0.0, 0.9))
    )
    torch.testing.assert_close(plain[-1], naive[-1], rtol=1e-12, atol=1e-12)
    assert naive[-1].norm() > naive[0].norm() and coupled[-1].norm() < 0.1 * coupled[0].norm()


def test_optimistic_learners_are_their_equation_in_a_matrix_game():
    game, _ = torch_case(CASES[1], np.zeros((1, sum(CASES[1].sizes))))
    found = states(game, [Optimistic(0.7)] * 3, [0], 4)
    xis = [
        field(Values(game.values), [part.clone().requires_grad_() for part in now.split(game.sizes, dim=1)]).xi.detach()
        for now in found
    ]
    for n, (now, after) in enumerate(pairwise(found)):
        expected = now + 0.7 * (2 * xis[n] - xis[max(n - 1, 0)])
        torch.testing.assert_close(after, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("learner", SEATS)
def test_they_go_on_from_any_snapshot_and_seeds_never_feel_each_other(learner):
    seats = [SEATS[learner], {"rule": "lola", "lr": 1.0, "eta": 1.0}]
    whole = trained_however(specs.EXACT | {"game": specs.IPD, "seats": seats, "steps": 5})
    assert all(trained.outcome["status"] == "finished" for trained in whole)


@pytest.mark.parametrize("learner", SEATS)
def test_maps_try_their_step_sizes(learner):
    """A point of a map is the last row of a run with that step size."""
    spec = specs.EXACT | {"game": specs.IPD, "seats": [SEATS[learner]] * 2, "steps": 4}
    (found,) = trainers.run(spec | {"grid": {"lr": [0.1, 2.0]}}, [5])
    for lr in (0.1, 2.0):
        (alone,) = trainers.run(spec | {"seats": [SEATS[learner] | {"lr": lr}] * 2}, [5])
        last = [row[1:] for row in alone.rows if row[0] == 4]
        assert [row[1:] for row in found.rows if row[0] == lr] == last
