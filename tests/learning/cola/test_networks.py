"""Networks that are fitted to consistent directions: plain loops, Adam by hand, whose numbers they are."""

import numpy as np
import pytest
import quadratics
import specs
import torch
from small_jobs import same

from lola.learning import trainers
from lola.learning.cola.fitting import PERIOD, Fit, consistency_loss
from lola.learning.cola.networks import NETS, Networks, carrying, cola
from lola.learning.rules import Values

TANDEM = quadratics.block(*quadratics.TANDEM)


def spec(steps=6, net="relu", game=TANDEM, etas=(0.1, 0.3), **more):
    seat = {"rule": "cola", "eta": None, "net": net}
    fit = {"radius": 1.0}
    return (
        specs.EXACT | {"game": game, "seats": [seat] * 2, "grid": {"eta": [*etas]}, "fit": fit, "steps": steps} | more
    )


def fitted(asked, seeds=(0,)):
    return list(trainers.run(asked, list(seeds)))


@pytest.mark.parametrize("net", NETS)
def test_answers_are_those_of_plain_loops(net):
    kind, rng = NETS[net], np.random.default_rng(0)
    layers = [(rng.normal(size=shape), rng.normal(size=shape[1])) for shape in kind.shapes(3, 2)]
    weights = torch.from_numpy(np.concatenate([part.ravel() for layer in layers for part in layer]))[None]
    x = rng.normal(size=(1, 4, 3))
    y = x[0]
    for k, (W, b) in enumerate(layers):
        y = y @ W + b
        if net == "tanh" and k < 3:
            y = np.tanh(y)
        if net == "relu" and k == 0:
            y = np.maximum(y, 0)
    np.testing.assert_allclose(kind.answer(weights, torch.from_numpy(x), 2)[0].numpy(), y, rtol=1e-12)


def test_the_shapes_are_those_of_the_authors():
    assert NETS["relu"].shapes(2, 1) == [(2, 8), (8, 8), (8, 1)]
    assert NETS["tanh"].shapes(10, 5) == [(10, 16), (16, 16), (16, 16), (16, 5)]


def test_the_loss_has_the_slopes_of_finite_differences():
    """Through f_−i and its slope by θ_i, in every weight of a small network."""
    game, rng = quadratics.game(*quadratics.TANDEM), np.random.default_rng(1)
    size = len(NETS["tanh"].initial(rng, 2, 1))
    weights = [torch.from_numpy(0.5 * rng.normal(size=(1, size))).requires_grad_() for _ in range(2)]
    points, eta = rng.normal(size=(5, 2)), torch.full((5, 1), 0.3, dtype=torch.float64)

    def loss():
        thetas = [torch.from_numpy(points[:, [i]].copy()).requires_grad_() for i in range(2)]
        return consistency_loss(Values(game.values), thetas, eta, Networks("tanh", weights)).sum()

    slopes = torch.autograd.grad(loss(), weights)
    for k, at in ((0, 3), (0, size - 1), (1, 40), (1, 200)):
        ends = []
        for step in (1e-5, -2e-5):
            with torch.no_grad():
                weights[k][0, at] += step
            ends.append(loss().item())
        with torch.no_grad():
            weights[k][0, at] += 1e-5
        assert slopes[k][0, at].item() == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-7)


def test_adams_first_step_moves_weights_by_lr():
    job = Fit(spec(steps=1), [0])
    before = job.start([1, 1], 2).weights
    (trained,) = fitted(spec(steps=1))
    after = [torch.tensor([at[i] for at in trained.outcome["thetas"]], dtype=torch.float64) for i in range(2)]
    for old, new in zip(before, after, strict=True):
        moved = (new - old).abs()
        assert moved.max().item() == pytest.approx(0.1, rel=1e-3)
        assert ((moved - 0.1).abs().lt(1e-3) | moved.lt(1e-3)).all()  # none, behind a rectifier that is shut


def test_they_come_near_the_affine_solution():
    """f_i = 1.7082 − 1.4590 s at η = 0.1, in closed form."""
    (trained,) = fitted(spec(steps=2 * PERIOD, etas=(0.1,), every=PERIOD // 5))
    losses = [row[3] for row in trained.rows]
    assert [row[:3] for row in trained.rows[:1]] == [(150, 0.1, "consistency loss")] and len(losses) == 10
    assert losses[-1] < 0.1 < losses[0]
    weights = [torch.tensor(w, dtype=torch.float64)[None] for w in trained.outcome["thetas"][0]]
    rule = cola(0.1, Networks("relu", weights))
    thetas = [torch.tensor([[0.0], [0.5], [-0.5]], dtype=torch.float64)] * 2
    for i in range(2):
        np.testing.assert_allclose(rule(None, thetas, i)[:, 0], 1.7082 - 1.459 * np.array([0, 1, -1]), atol=0.1)


def test_they_go_on_from_any_snapshot():
    asked, snapshots = spec(steps=5, every=2), []
    whole = list(trainers.run(asked, [3, 1], keep=lambda snapshot: snapshots.append(snapshot())))
    for n, saved in enumerate(snapshots):
        later = []
        assert list(trainers.run(asked, [3, 1], saved, lambda snapshot, to=later: to.append(snapshot()))) == whole
        assert all(same(*pair) for pair in zip(later, snapshots[n + 1 :], strict=True))


@pytest.mark.parametrize(("net", "game"), [("relu", TANDEM), ("tanh", specs.IPD)])
def test_a_seed_is_the_same_in_any_company(net, game):
    asked = spec(steps=3, net=net, game=game, every=1)
    assert fitted(asked, [3]) == fitted(asked, [0, 3, 5])[1:2]


def test_an_eta_is_fitted_the_same_beside_others():
    beside, alone = fitted(spec(etas=(0.3, 0.1)))[0], fitted(spec(etas=(0.1,)))[0]
    assert beside.outcome["thetas"][1] == alone.outcome["thetas"][0]


def test_players_follow_their_networks_and_clamp_what_these_see():
    nets = spec(steps=2)
    left = [trained.outcome["thetas"] for trained in fitted(nets, [0, 1])]
    seat = {"rule": "cola", "lr": 1.0, "eta": 0.3, "net": "relu", "clamp": 0.01}
    told = specs.EXACT | {"game": TANDEM, "seats": [seat, {"rule": "naive", "lr": 0.5}], "steps": 1}
    told |= {"networks": [nets, None]}
    for s, trained in enumerate(trainers.run(carrying(told, [left, None]), [0, 1])):
        rows = {row[:3]: row[3] for row in trained.rows}
        x, y = (rows[0, i, "parameter 1"] for i in (1, 2))
        seen = torch.tensor([[x, y]], dtype=torch.float64).clamp(-0.01, 0.01)[None]
        step = NETS["relu"].answer(torch.tensor([left[s][1][0]], dtype=torch.float64), seen, 1).item()
        assert rows[1, 1, "parameter 1"] == pytest.approx(x + step)
        assert rows[1, 2, "parameter 1"] == pytest.approx(y + 0.5 * (2 - 2 * (x + y)))


def test_networks_that_were_not_finite_leave_a_seed_without_direction():
    nets = spec(steps=1)
    left = [trained.outcome["thetas"] for trained in fitted(nets, [0, 1])]
    left[1] = [[[None] * len(w) for w in at] for at in left[1]]
    seat = {"rule": "cola", "lr": 1.0, "eta": 0.3, "net": "relu"}
    told = specs.EXACT | {"game": TANDEM, "seats": [seat] * 2, "steps": 2, "networks": [nets] * 2}
    alone = trainers.run(carrying(told, [left[:1]] * 2), [0])
    ended = list(trainers.run(carrying(told, [left] * 2), [0, 1]))
    assert [trained.outcome["status"] for trained in ended] == ["finished", "failed"]
    assert ended[0] == next(alone)


def test_a_step_size_without_bounds_leaves_no_numbers(monkeypatch):
    monkeypatch.setitem(NETS, "relu", NETS["relu"].__class__(8, NETS["relu"].activations, 1e200, 1.0, 8))
    (trained,) = fitted(spec(steps=4, etas=(0.1,)))
    assert trained.outcome["status"] == "failed" and None in trained.outcome["thetas"][0][0]
