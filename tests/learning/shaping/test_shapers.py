"""Players that train against naive learners of their own, and Reciprocators: their steps, and what they remember."""

from itertools import pairwise

import pytest
import specs
import torch
from small_jobs import job_of, states_from, trained_however

from lola.learning import rules, trainers
from lola.learning.arithmetic import normal
from lola.learning.matrix.game import MatrixGame
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.rules import Values, lola_exact, naive
from lola.learning.shaping.chain import per_seed, policies, told
from lola.learning.shaping.kernels import reciprocate
from lola.learning.shaping.reciprocator import Reciprocator
from lola.learning.shaping.shapers import Adam, coala, gs, m_maml
from lola.learning.streams import stream

IPD = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])
NAIVE = Climber(rules.naive(), 1.0, oracle())
SEATS = {
    "reciprocator": {"learner": "reciprocator", "lr": 0.5, "weight": 1.5, "baseline_window": 2},
    "gs": {"learner": "gs", "lr": 0.1, "eta": 1.0, "inner_steps": 4, "learners": 3},
    "coala": {"learner": "coala", "lr": 0.01, "eta": 1.0, "inner_steps": 3, "naive_share": 0.6, "learners": 2},
    "coala of a copy": {"learner": "coala", "lr": 0.01, "eta": 1.0, "inner_steps": 3, "final_only": True},
    "m_maml": {"learner": "m_maml", "lr": 0.1, "eta": 1.0, "inner_steps": 3, "learners": 2},
    "outer_pola": {"learner": "outer_pola", "eta": 1.0, "beta": 1.0, "proximal_lr": 0.1, "iterations": 5},
    "best_response": {"learner": "best_response"},
    "frozen": {"learner": "frozen", "policy": "tit_for_tat"},
}


def steps_of(player, steps=1, seeds=(0, 1), std=1.0):
    return states_from(job_of(IPD, [player, NAIVE], seeds=seeds, std=std), steps)


def learners_met(seed, step, count, std=1.0):
    """Those that the first player draws for an update."""
    return torch.from_numpy(std * normal(stream(seed, (step, 1)), (count, 5)))


def climbed_along(mine, other, eta, inner_steps, own_moves):
    """The gradient of Σ_m V_1 by autograd, for one seed's own logits (5,) and one learner's."""
    start = mine.clone()[None].requires_grad_()
    at, total = [start, other.clone()[None].requires_grad_()], 0.0
    for m in range(inner_steps + 1):
        V = IPD.values(at)
        total = total + V[0].sum()
        if m < inner_steps:
            slopes = [torch.autograd.grad(V[k].sum(), at[k], create_graph=True)[0] for k in range(2)]
            at = [at[0] + eta * slopes[0] if own_moves else at[0], at[1] + eta * slopes[1]]
    return torch.autograd.grad(total, start)[0][0]


@pytest.mark.parametrize("own_moves", [False, True], ids=["gs", "m_maml"])
def test_their_slope_is_the_mean_over_the_learners_that_are_drawn(own_moves):
    """GS steps along it, M-MAML by Adam, whose first step has one size."""
    player = m_maml(0.1, 0.7, 3, 4) if own_moves else gs(0.1, 0.7, 3, 4)
    states = steps_of(player, steps=2, std=0.5)
    for n, (before, after) in enumerate(pairwise(states)):
        for s in range(2):
            mine = before.thetas[0][s]
            met = learners_met(s, n, 4, std=0.5)
            slope = sum(climbed_along(mine, other, 0.7, 3, own_moves) for other in met) / 4
            moved = after.thetas[0][s] - mine
            if not own_moves:
                torch.testing.assert_close(moved, 0.1 * slope, rtol=1e-9, atol=1e-11)
            elif n == 0:
                torch.testing.assert_close(moved, 0.1 * slope.sign(), rtol=1e-6, atol=0)


def test_coala_mixes_naive_learners_and_the_other_as_it_is():
    share, decay = 0.3, 0.2
    before, after = steps_of(coala(0.01, 0.7, 2, share, 3, weight_decay=decay))
    for s in range(2):
        theta = before.thetas[0][s]
        learn = sum(climbed_along(theta, other, 0.7, 2, False) for other in learners_met(s, 0, 3)) / 3
        xi = naive()(Values.exact(IPD), before.thetas, 0)[s]
        expected = 0.01 * ((share * learn + (1 - share) * xi).sign() - decay * theta)
        torch.testing.assert_close(after.thetas[0][s] - theta, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("inner_steps", [1, 4])
def test_coala_without_drawn_learners_looks_ahead_of_a_copy_of_the_other(inner_steps):
    """Of the final return: exact look-ahead LOLA, by AdamW."""
    before, after = steps_of(coala(0.01, 0.7, inner_steps, final_only=True, weight_decay=0.0))
    slope = lola_exact(0.7, inner_steps=inner_steps)(Values(IPD.values), [t.requires_grad_() for t in before.thetas], 0)
    torch.testing.assert_close(after.thetas[0] - before.thetas[0].detach(), 0.01 * slope.sign(), rtol=1e-6, atol=0)


def test_adam_is_pytorchs():
    theta = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)
    theirs = theta.clone().requires_grad_()
    optimiser = torch.optim.AdamW([theirs], lr=0.1, weight_decay=0.3, maximize=True)
    adam = Adam(torch.zeros_like(theta), torch.zeros_like(theta))
    for n in range(5):
        slope = torch.cos(n + 3 * theta)
        theirs.grad = torch.cos(n + 3 * theirs.detach())
        optimiser.step()
        step, adam = adam.step(slope)
        theta = theta + 0.1 * (step - 0.3 * theta)
        torch.testing.assert_close(theta, theirs.detach(), rtol=1e-12, atol=1e-13)


def test_reciprocators_are_used_to_the_last_policies():
    states = steps_of(Reciprocator(0.5, 1.5, baseline_window=2), steps=4)
    played = [policies(IPD, state.thetas) for state in states]
    for n, (before, after) in enumerate(pairwise(states)):
        known = played[max(0, n - 2) : n] or played[:1]
        usual = torch.stack(known).mean(0).numpy()
        direction = reciprocate(*told(IPD, before.thetas), 0, per_seed(1.5, before.thetas), usual)
        torch.testing.assert_close(after.thetas[0] - before.thetas[0], 0.5 * torch.from_numpy(direction))


@pytest.mark.parametrize("name", SEATS)
def test_they_go_on_from_any_snapshot_and_seeds_never_feel_each_other(name):
    seats = [SEATS[name], {"rule": "lola", "lr": 1.0, "eta": 1.0}]
    whole = trained_however(specs.EXACT | {"game": specs.IPD, "seats": seats, "steps": 4})
    assert all(trained.outcome["status"] == "finished" for trained in whole)


@pytest.mark.parametrize(
    ("axis", "seat"),
    [
        ("lr", {"rule": "advantage_alignment", "lr": 1.0, "weight": 0.4}),
        ("lr", SEATS["reciprocator"]),
        ("eta", SEATS["outer_pola"]),
    ],
)
def test_maps_try_their_step_sizes(axis, seat):
    """A point of a map is the last row of a run with that step size."""
    spec = specs.EXACT | {"game": specs.IPD, "seats": [seat] * 2, "steps": 3}
    (found,) = trainers.run(spec | {"grid": {axis: [0.1, 2.0]}}, [5])
    for size in (0.1, 2.0):
        (alone,) = trainers.run(spec | {"seats": [seat | {axis: size}] * 2}, [5])
        last = [row[1:] for row in alone.rows if row[0] == 3]
        assert [row[1:] for row in found.rows if row[0] == size] == last
