"""Covariance estimation: values and residuals in numpy alone, starts, rows without parameters."""

import numpy as np
import pytest
import specs
import torch
from small_jobs import trained_however

from lola.learning import rules, trainers
from lola.learning.differentiable.covariance import Covariance, Nearby
from lola.learning.fields import Field
from lola.learning.joint.field import field
from lola.learning.joint.rules import cgd
from lola.learning.rules import Values

RUN = specs.EXACT | {
    "game": {"kind": "covariance", "dimension": 4},
    "seats": [{"rule": "lola_surrogate", "lr": 0.01, "eta": 0.01}] * 2,
    "steps": 6,
}


@pytest.fixture
def game():
    return Covariance(4)


def drawn(seeds, d=4):
    return [torch.from_numpy(np.random.default_rng([d, s]).normal(size=(seeds, d * d))) for s in (1, 2)]


def test_values_residuals_and_gradients_are_those_of_the_paper(game):
    """f = Σ W (UUᵀ − VVᵀ) is player 1's loss: ∇_W f = UUᵀ − VVᵀ, ∇_V f = −(W + Wᵀ) V."""
    thetas = [theta.requires_grad_() for theta in drawn(5)]
    values, seen = game.values(thetas), game.seen(thetas)
    xi = [rules.gradient(value, theta).detach().numpy() for value, theta in zip(values, thetas, strict=True)]
    for s in range(5):
        W, V, U = *(theta[s].detach().numpy().reshape(4, 4) for theta in thetas), game.root
        off = U @ U.T - V @ V.T
        assert [value[s].item() for value in values] == [
            pytest.approx(-(W * off).sum()),
            pytest.approx((W * off).sum()),
        ]
        residual = np.linalg.norm(W + W.T) / 2 + np.linalg.norm(off)
        assert [of_player[s].item() for of_player in seen] == [pytest.approx(residual)] * 2
        np.testing.assert_allclose(xi[0][s].reshape(4, 4), -off, rtol=1e-10)
        np.testing.assert_allclose(xi[1][s].reshape(4, 4), -(W + W.T) @ V, rtol=1e-10)


def test_closed_form_is_autograd(game):
    """The field, and its products with any vector, also with J made whole; and what first-order rules make of it."""
    thetas, values = [theta.requires_grad_() for theta in drawn(5)], Values.exact(game)
    known, found = field(values, thetas), field(values.by_autograd(), thetas)
    x = torch.from_numpy(np.random.default_rng(3).normal(size=(5, 32)))
    for name in ("xi", "forward", "backward", "ahead", "shape", "jacobian"):
        torch.testing.assert_close(getattr(known, name), getattr(found, name).detach(), rtol=1e-12, atol=1e-11)
    for name in ("between_times", "between_transposed_times"):
        pair = [getattr(at, name)(x).detach() for at in (known, found)]
        torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-11)
        torch.testing.assert_close(pair[0], getattr(Field, name)(known, x), rtol=1e-12, atol=1e-11)
    for i in (0, 1):
        pair = [rules.lola_surrogate(0.3)(at, thetas, i).detach() for at in (values, values.by_autograd())]
        torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-11)


def test_bits_depend_on_no_other_seed(game):
    thetas, rule = drawn(7), cgd(0.1, 1e-6)
    for i in (0, 1):
        together = rule(Values.exact(game), thetas, i)
        for s in range(7):
            assert torch.equal(rule(Values.exact(game), [theta[s : s + 1] for theta in thetas], i)[0], together[s])


def test_nobody_moves_where_it_is_solved(game):
    skew = torch.tensor([[0, 2, 0, -1], [-2, 0, 3, 0], [0, -3, 0, 1], [1, 0, -1, 0]]).double()
    thetas = [skew.reshape(1, -1).requires_grad_(), torch.from_numpy(game.root.reshape(1, -1)).requires_grad_()]
    assert all(seen.item() < 1e-13 for seen in game.seen(thetas))
    for value, theta in zip(game.values(thetas), thetas, strict=True):
        assert rules.gradient(value, theta).abs().max() < 1e-12


def test_starts_are_uniform_around_a_solution():
    game = Covariance(20)
    w, v = (Nearby(game).initial(i, [*range(100)], 3.0).numpy() for i in (0, 1))
    for off in (w, v - game.root.ravel()):
        assert -0.5 <= off.min() < -0.499 and 0.499 < off.max() <= 0.5
        assert off.mean() == pytest.approx(0, abs=0.01) and off.var() == pytest.approx(1 / 12, rel=0.02)
    assert not np.allclose(w, v - game.root.ravel())
    assert np.array_equal(Covariance(20).root, game.root) and game.root.var() == pytest.approx(1, rel=0.2)


@pytest.mark.parametrize("every", [None, 3])
def test_rows_have_residuals_and_no_parameters_and_are_resumed_from_any_snapshot(every):
    whole = trained_however(RUN | {"every": every})
    first = 0 if every is None else every
    assert [row[1:3] for row in whole[0].rows if row[0] == first] == [
        (player, name) for player in (1, 2) for name in ("return", "gradient norm", "residual")
    ]
    assert all(trained.outcome["thetas"] == trained.outcome["policies"] == [] for trained in whole)
    assert [trained.outcome["steps"] for trained in whole] == [6, 6]


def test_a_seed_that_diverges_fails_alone():
    wild = RUN | {"seats": [{"rule": "naive", "lr": 1e3}] * 2, "steps": 60}
    for trained in trainers.run(wild, [0, 1]):
        assert trained.outcome["status"] == "failed" and trained.outcome["steps"] < 60
        assert all(np.isfinite(row[3]) for row in trained.rows)
