"""The consistency loss: by hand, along the logistic map that look-ahead follows in the tandem game, and of any rule."""

import numpy as np
import pytest
import quadratics
import specs
import torch

from lola.learning import trainers
from lola.learning.cola.consistency import drawn, held_against_itself
from lola.learning.rules import Values, lola_exact, naive

TANDEM = quadratics.block(*quadratics.TANDEM)
ETAS = [1.0, 0.5, 0.3, 0.1, 0.01]


def spec(rule, against=None, game=TANDEM, grid=None, points=100, radius=1.0, **settings):
    seats = [{"rule": rule, **settings}] * 2
    region = {"radius": radius, "points": points, "against": against}
    grid = grid or (None if "eta" in settings else {"eta": ETAS})
    return specs.EXACT | {"game": game, "seats": seats, "grid": grid, "steps": 0, "region": region}


def evaluate(asked, seeds):
    return trainers.run(asked, seeds)


def found(trained):
    return {row[:2]: row[2] for row in trained.rows}


def test_naive_learners_by_hand():
    """At (x, y) = (1, 2) each expects a step of η (2 − 2s), −0.4 at η = 0.1; s = 2.6 then, and ds/dx = 1 − 2η."""
    game = quadratics.game(*quadratics.TANDEM)
    thetas = [torch.tensor([[x]], dtype=torch.float64, requires_grad=True) for x in (1.0, 2.0)]
    losses, _ = held_against_itself(Values(game.values), thetas, torch.tensor([[0.1]], dtype=torch.float64), naive())
    ahead = -2 * 2.6 * 0.8 + 2
    assert losses.tolist() == [pytest.approx(2 * (-4 - ahead) ** 2)]


def logistic(order, eta):
    """b and c of f_i = c + b s, of look-ahead of some order: w = 1 + ηb obeys w ↦ 1 − 2ηw², and c ↦ 2 − 2ηwc."""
    w, c = 1 - 2 * eta, 2.0
    for _ in range(order):
        c, w = 2 - 2 * eta * w * c, 1 - 2 * eta * w**2
    return (w - 1) / eta, c


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6])
def test_lookahead_of_every_order_in_the_tandem_game(order):
    (trained,) = evaluate(spec("lola_exact", order=order), [5])
    x, y = (theta.detach().numpy()[:, 0] for theta in drawn([1, 1], 5, 1.0, 100, 1))
    for eta in ETAS:
        (b, c), (next_b, next_c) = logistic(order, eta), logistic(order + 1, eta)
        losses = 2 * (next_c - c + (next_b - b) * (x + y)) ** 2
        assert found(trained)[eta, "consistency loss"] == pytest.approx(losses.mean(), rel=1e-7)
        assert found(trained)[eta, "median consistency loss"] == pytest.approx(np.median(losses), rel=1e-7)


@pytest.mark.parametrize(("order", "loss"), [(1, 128), (2, 512), (6, 131072)])
def test_at_one_all_points_are_alike(order, loss):
    """Published as 128.0, 512 and 131072."""
    (trained,) = evaluate(spec("lola_exact", order=order, eta=1.0), [0])
    assert found(trained)[1.0, "consistency loss"] == pytest.approx(loss)


def test_at_one_half_every_order_is_as_far_off_and_below_it_falls():
    (one,), (two,) = (evaluate(spec("lola_exact", order=order, points=4000), [0]) for order in (1, 2))
    assert found(one)[0.5, "consistency loss"] == pytest.approx(40 / 3, rel=0.05)
    assert found(two)[0.5, "consistency loss"] == pytest.approx(found(one)[0.5, "consistency loss"])
    assert found(two)[0.3, "consistency loss"] < found(one)[0.3, "consistency loss"]


def test_affine_solutions_are_consistent_and_are_told_of():
    (trained,) = evaluate(spec("cola_affine", against={"rule": "lola_exact", "order": 6}), [0])
    for eta in ETAS:
        assert found(trained)[eta, "consistency loss"] < 1e-20
        assert found(trained)[eta, "symmetric"] == 1
    assert [found(trained)[eta, "affine solutions"] for eta in ETAS] == [4, 5, 3, 3, 3]
    assert found(trained)[0.1, "cosine"] > 0.99


def test_the_cosine_of_a_rule_with_itself_is_one_and_near_that_of_the_authors():
    """Table 1b of the COLA paper: .94 and .98 at 0.1, .92 at 0.3; each is 1 or −1, so the mean scatters by 0.004."""
    affine = {"rule": "cola_affine"}
    (same,) = evaluate(spec("cola_affine", against=affine), [0])
    assert all(found(same)[eta, "cosine"] == pytest.approx(1) for eta in ETAS)
    first, second = (next(evaluate(spec("lola_exact", affine, order=n, points=5000), [0])) for n in (1, 2))
    assert found(first)[0.1, "cosine"] == pytest.approx(0.95, abs=0.012)
    assert found(second)[0.1, "cosine"] == pytest.approx(0.98, abs=0.01)
    assert found(first)[0.3, "cosine"] == pytest.approx(0.92, abs=0.01)


def test_every_seed_draws_points_of_its_own_the_same_for_all_rules():
    points = {seed: drawn([1, 2], seed, 7.0, 50, 2) for seed in (0, 1)}
    for thetas in points.values():
        assert [theta.shape for theta in thetas] == [(100, 1), (100, 2)]
        assert all(theta[:50].equal(theta[50:]) and 3 < theta.abs().max() <= 7 for theta in thetas)
    assert not points[0][1].equal(points[1][1])


@pytest.mark.parametrize("game", [TANDEM, specs.IPD], ids=["tandem", "ipd"])
def test_a_seed_is_the_same_in_any_company(game):
    asked = spec("lola_exact", game=game, order=2, points=7, grid={"eta": [1.0, 0.03]})
    assert list(evaluate(asked, [3])) == list(evaluate(asked, [1, 3, 2]))[1:2]


def test_a_direction_that_is_not_there_has_no_loss():
    (trained,) = evaluate(spec("cola_affine", solution=9), [0])
    assert trained.outcome["status"] == "finished"
    assert np.isnan(found(trained)[0.1, "consistency loss"]) and found(trained)[0.1, "affine solutions"] == 3


def test_lookahead_at_a_rate_of_nothing_is_consistent():
    game = quadratics.game(*quadratics.TANDEM)
    thetas, eta = drawn([1, 1], 0, 1.0, 5, 1), torch.zeros(5, 1, dtype=torch.float64)
    losses, _ = held_against_itself(Values(game.values), thetas, eta, lola_exact(eta))
    assert losses.tolist() == [0.0] * 5
