"""Players whose policies are networks: against networks in plain numpy, and against the tables that they stand for."""

import numpy as np
import pytest
import torch
from differences import CASES, ETA, each_case, values

from lola.learning.matrix.game import MatrixGame
from lola.learning.matrix.job import MatrixJob
from lola.learning.matrix.networks import NetworkGame, Networks
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.rules import Values, lola_exact
from lola.learning.shaping.paths import OuterPola
from lola.study import seats

UNITS, SEEDS = 3, [0, 1]


def networks(case, std=2.0, seeds=SEEDS):
    game = NetworkGame(case.payoffs, case.gamma, [[f"a{a}" for a in range(count)] for count in case.counts])
    policy = Networks(game, hidden=UNITS)
    return game, [policy.initial(i, seeds, std) for i in range(len(case.counts))]


def tables(case, weights):
    """All logits that networks of weights (d_i,) stand for, (D,), state by state and unit by unit."""
    found = []
    for i, (own, count) in enumerate(zip(weights, case.counts, strict=True)):
        seen = [case.counts[i], *(n for k, n in enumerate(case.counts) if k != i)]
        inputs, outputs = sum(1 + n for n in seen), count - 1
        U, rest = own[: inputs * UNITS].reshape(inputs, UNITS), own[inputs * UNITS :]
        b, W, c = rest[:UNITS], rest[UNITS : UNITS + UNITS * outputs].reshape(UNITS, outputs), rest[-outputs:]
        firsts = np.cumsum([0, *(1 + n for n in seen)])
        for state in [None, *np.ndindex(*seen)]:
            last = [0] * len(seen) if state is None else [1 + action for action in state]
            hidden = np.tanh(b + sum(U[first + action] for first, action in zip(firsts, last, strict=False)))
            found += [*(hidden @ W + c)]
    return np.array(found)


@each_case
def test_values_and_probabilities_are_those_of_the_tables_that_networks_stand_for(case):
    game, thetas = networks(case)
    for s in range(len(SEEDS)):
        logits = tables(case, [theta[s].numpy() for theta in thetas])
        found = [value[s].item() for value in game.values(thetas)]
        assert found == pytest.approx(values(case, logits), rel=1e-12)
        table = MatrixGame(case.payoffs, case.gamma, game.actions)
        split = [torch.from_numpy(part)[None] for part in np.split(logits, np.cumsum(case.sizes)[:-1])]
        for i in range(len(thetas)):
            odds = table.probabilities(split, i)[0]
            torch.testing.assert_close(game.probabilities(thetas, i)[s], odds, rtol=1e-13, atol=0)


@each_case
def test_weights_are_drawn_within_what_their_layer_has_for_inputs_or_given(case):
    game, thetas = networks(case, std=1.0, seeds=[*range(200)])
    for i, theta in enumerate(thetas):
        inputs, outputs = sum(1 + n for n in case.counts), case.counts[i] - 1
        first = (inputs + 1) * UNITS
        for part, fan in ((theta[:, :first], inputs), (theta[:, first:], UNITS)):
            assert 0.98 * fan**-0.5 < part.abs().max() <= fan**-0.5 and part.min() < 0 < part.max()
        assert theta.shape[1] == first + (UNITS + 1) * outputs
        given = Networks(game, UNITS, [*map(float, range(theta.shape[1]))]).initial(i, [4, 5], 1.0)
        assert given.tolist() == [[*range(theta.shape[1])]] * 2


def test_the_door_knows_how_many_weights_there_are():
    """It counts them from a config, without this module."""
    assert Networks.hidden == seats.UNITS
    for case in CASES:
        game, _ = networks(case)
        for i, count in enumerate(case.counts):
            policy = Networks(game, hidden=5)
            assert policy.initial(i, [0], 1.0).shape[1] == seats.weights(5, case.counts, count)


def test_no_seed_feels_another():
    game, thetas = networks(CASES[0], seeds=[0, 1, 2])
    pola = OuterPola(ETA, 1.0, 0.1, iterations=100)
    together, ahead = pola.there(game, thetas, 1), lola_exact(ETA)(Values.exact(game), tracked(thetas), 1)
    for s in range(3):
        alone = [theta[s : s + 1] for theta in thetas]
        assert torch.equal(pola.there(game, alone, 1)[0], together[s])
        assert torch.equal(lola_exact(ETA)(Values.exact(game), tracked(alone), 1)[0], ahead[s])


def tracked(thetas):
    return [theta.detach().requires_grad_() for theta in thetas]


@each_case
def test_outer_pola_by_autograd_is_that_of_its_kernel_where_there_is_one(case):
    rng = np.random.default_rng(12)
    game = MatrixGame(case.payoffs, case.gamma, [[f"a{a}" for a in range(count)] for count in case.counts])
    thetas = [torch.from_numpy(rng.normal(size=(3, size))) for size in case.sizes]
    etas = torch.tensor([[0.1], [0.5], [1.0]], dtype=torch.float64)
    for i in range(len(thetas)):
        for pola in (OuterPola(etas, 2.0, 0.1, kl_tolerance=1e-4), OuterPola(ETA, 0.5, 0.2, iterations=7)):
            found, known = pola.by_autograd(game, thetas, i), pola.there(game, thetas, i)
            torch.testing.assert_close(found, known, rtol=1e-10, atol=1e-11)


def test_outer_pola_of_networks_goes_to_where_its_equation_is_at_rest():
    """V_i(x, θ_−i + η ∇_−i V_−i) − β Σ KL is larger there, and slopes in many directions are all but gone."""
    game, thetas = networks(CASES[0], std=1.0)
    there = OuterPola(ETA, 2.0, 0.1, iterations=800).there(game, thetas, 0)

    def climbed(x):
        at = tracked([x, thetas[1]])
        (step,) = torch.autograd.grad(game.values(at)[1].sum(), at[1])
        old, new = (game.probabilities([theta, thetas[1]], 0) for theta in (thetas[0], x))
        return game.values([x, thetas[1] + ETA * step])[0] - 2.0 * (old * (old / new).log()).sum((1, 2))

    best, rng = climbed(there), np.random.default_rng(5)
    assert (best > climbed(thetas[0])).all()
    slopes = torch.zeros(2, len(SEEDS))
    for _ in range(20):
        direction = torch.from_numpy(rng.normal(size=there.shape))
        for k, x in enumerate((thetas[0], there)):
            slopes[k] += ((climbed(x + 1e-4 * direction) - climbed(x - 1e-4 * direction)) / 2e-4) ** 2
    assert (slopes[1] < 0.001 * slopes[0]).all()


def test_a_job_trains_them_and_tells_their_policies():
    game, _ = networks(CASES[0])
    players = [Climber(lola_exact(ETA), 0.1, oracle()), OuterPola(ETA, 1.0, 0.1, iterations=5)]
    job = MatrixJob(game, players, [Networks(game, UNITS)] * 2, SEEDS, 1.0)
    trained = list(job.train(2, None, lambda snapshot: None))
    assert {trained[0].outcome["status"], trained[1].outcome["status"]} == {"finished"}
    assert len(trained[0].outcome["policies"]) == 2 * 7
