"""Every joint rule against its equation, by finite differences of values computed in numpy alone: `differences`."""

from functools import cache

import numpy as np
import pytest
import torch
from differences import (
    CASES,
    ETA,
    OFFSETS,
    STEP,
    WEIGHTS,
    along,
    assert_is,
    basis,
    block,
    each_case,
    gradient,
    others,
    torch_case,
    value,
)

from lola.learning import rules as first_order
from lola.learning.fields import Known
from lola.learning.joint import field, rules
from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import Values

TERMS = ("xi", "forward", "backward", "ahead", "shape", "rotation", "jacobian", "between")


def xi(case, x):
    """ξ, (…, D)."""
    return np.concatenate([gradient(case, x, i, i) for i in range(len(case.counts))], axis=-1)


@cache
def derivatives(case, point):
    """ξ, J and ∇V_k, (players, D), at a point."""
    x = np.array(point)
    moved = xi(case, x + STEP * OFFSETS[:, None, None] * np.eye(len(x)))  # (offsets, where to, of what)
    players = range(len(case.counts))
    gradients = [np.concatenate([gradient(case, x, k, j) for j in players]) for k in players]
    return xi(case, x), np.tensordot(WEIGHTS, moved, 1).T / STEP, np.array(gradients)


def terms(case, point):
    """ξ, J, J_o and χ at a point."""
    found, J, gradients = derivatives(case, tuple(point))
    J_o, chi = J.copy(), np.zeros_like(found)
    for i in range(len(case.counts)):
        J_o[block(case, i), block(case, i)] = 0.0
    for i in range(len(case.counts)):
        chi[block(case, i)] = (J_o.T @ gradients[i])[block(case, i)]
    return found, J, J_o, chi


def joint(direction):
    """An equation of a direction for all, which is given ξ, J, J_o and χ."""

    def equation(case, x, i, directions):
        return directions @ direction(*terms(case, x))

    return equation


def stable(eta, a, b):
    def direction(xi, J, J_o, chi):
        start, shaping = xi + eta * J_o @ xi, eta * chi
        agrees = shaping @ start >= 0
        p1 = 1 if agrees else min(1, -a * start @ start / (shaping @ start))
        p2 = xi @ xi if np.sqrt(xi @ xi) < b else 1
        return start + min(p1, p2) * shaping

    return direction


def adjusted(lam, align, bias=0.1):
    def direction(xi, J, J_o, chi):
        A = (J - J.T) / 2
        sign = np.sign(-(xi @ J.T @ xi) * (A.T @ xi @ J.T @ xi) / len(xi) + bias) if align else 1
        return xi - lam * sign * A.T @ xi

    return direction


def agreed(penalty, align):
    def direction(xi, J, J_o, chi):
        return xi - penalty * (np.sign(-(xi @ J.T @ xi)) if align else 1) * J.T @ xi

    return direction


def surgical(kappa):
    def direction(xi, J, J_o, chi):
        return (xi + J.T @ np.linalg.solve(J.T @ J + kappa * np.eye(len(xi)), J.T @ xi)) / 2

    return direction


def extrapolated(case, x, i, directions):
    """∇_i V_i at x + η ξ(x), held constant."""
    return along(value(case, i), x + ETA * xi(case, x), directions)


def nested(order):
    """∇_i V_i where the others have taken a step of one order less, held constant."""

    def equation(case, x, i, directions):
        moved = x.copy()
        for j in others(case, i):
            moved[block(case, j)] += ETA * nested(order - 1)(case, x, j, basis(case, j)) if order else 0.0
        return along(value(case, i), moved, directions)

    return equation


EQUATIONS = {
    "lookahead_first": (rules.lookahead_first(ETA), joint(lambda xi, J, J_o, chi: xi + ETA * J_o @ xi)),
    "lookahead_nested, order 1": (rules.lookahead_nested(ETA, 1), nested(1)),
    "lookahead_nested, order 3": (rules.lookahead_nested(ETA, 3), nested(3)),
    "sos": (rules.sos(ETA, 0.5, 0.1), joint(stable(ETA, 0.5, 0.1))),
    "sos, wary": (rules.sos(9.0, 1e-3, 0.1), joint(stable(9.0, 1e-3, 0.1))),
    "sos, fading": (rules.sos(ETA, 0.5, 1e3), joint(stable(ETA, 0.5, 1e3))),
    "sga": (rules.sga(0.7), joint(adjusted(0.7, align=False))),
    "sga, aligned": (rules.sga(0.7, align=True), joint(adjusted(0.7, align=True))),
    "sga, aligned without bias": (rules.sga(0.7, align=True, bias=0.0), joint(adjusted(0.7, align=True, bias=0.0))),
    "consensus": (rules.consensus(0.7), joint(agreed(0.7, align=False))),
    "consensus, aligned": (rules.consensus(0.7, align=True), joint(agreed(0.7, align=True))),
    "extragradient": (rules.extragradient(ETA), extrapolated),
    "cgd": (rules.cgd(ETA), joint(lambda xi, J, J_o, chi: np.linalg.solve(np.eye(len(xi)) - ETA * J_o, xi))),
    "cgd, by conjugate gradients": (
        rules.cgd(ETA, 1e-10),
        joint(lambda xi, J, J_o, chi: np.linalg.solve(np.eye(len(xi)) - ETA * J_o, xi)),
    ),
    "lss": (rules.lss(0.2), joint(surgical(0.2))),
}


@each_case
@pytest.mark.parametrize("name", EQUATIONS)
def test_rule_is_its_equation(name, case):
    rule, equation = EQUATIONS[name]
    assert_is(rule, equation, case)


def test_hola_is_exact_lookahead_of_an_order():
    game, thetas = torch_case(CASES[0], np.random.default_rng(4).normal(size=(2, sum(CASES[0].sizes))))
    for order in (1, 2, 3):
        pair = [make(ETA, order)(Values(game.values), thetas, 0) for make in (rules.hola, first_order.lola_exact)]
        assert torch.equal(*pair)


@each_case
def test_without_kappa_surgery_is_done_with_the_inverse(case):
    """½(ξ + JᵀJ⁻¹ξ), from the Jacobian by autograd, since J is nearly singular and differences are not exact."""
    game, thetas = torch_case(case, np.random.default_rng(4).normal(size=(2, sum(case.sizes))))
    at = field.field(Values(game.values), thetas)
    for J, xi, *found in zip(
        at.jacobian.detach().numpy(),
        at.xi.detach().numpy(),
        *(rules.lss(0.0)(Values(game.values), thetas, i).detach().numpy() for i in range(len(thetas))),
        strict=True,
    ):
        expected = (xi + J.T @ np.linalg.solve(J, xi)) / 2
        np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-7, atol=1e-9)


def test_sos_trusts_less_where_shaping_would_turn_it_round_and_near_fixed_points():
    def trust(xi, ahead, shaping, a=0.5, b=0.1):
        return rules.trust(*(torch.tensor([v], dtype=torch.float64) for v in (xi, ahead, shaping)), a, b).item()

    assert trust([1.0, 0.0], [1.0, 0.0], [5.0, 5.0]) == 1.0  # with it
    assert trust([1.0, 0.0], [1.0, 0.0], [-0.25, 5.0]) == 1.0  # against it, and not by much
    assert trust([1.0, 0.0], [1.0, 0.0], [-2.0, 5.0]) == 0.25  # a‖ξ₀‖² / 2
    assert trust([0.0, 0.05], [1.0, 0.0], [5.0, 5.0]) == pytest.approx(0.0025)
    assert trust([0.0, 0.0], [0.0, 0.0], [5.0, 5.0]) == 0.0


@pytest.mark.parametrize("gamma", [0.8, 0.0])
@pytest.mark.parametrize("counts", [(2, 2), (2, 3), (4, 3), (2, 2, 3), (2, 2, 2, 2)])
def test_closed_form_is_autograd(counts, gamma):
    rng = np.random.default_rng(5)
    game = MatrixGame(rng.normal(size=(len(counts), *counts)).tolist(), gamma, [list("abcd")[:n] for n in counts])
    thetas = [torch.tensor(3 * rng.normal(size=(3, size)), requires_grad=True) for size in game.sizes]
    known = field.field(Values(game.values, closed_form=game), thetas)
    found = field.field(Values(game.values), thetas)
    assert isinstance(known, Known) and isinstance(found, field.ByAutograd)
    for term in TERMS:
        pair = [getattr(at, term).detach() for at in (known, found)]
        scale = pair[1].abs().max().item()
        torch.testing.assert_close(*pair, rtol=0, atol=1e-12 * scale)


@each_case
@pytest.mark.parametrize("name", EQUATIONS)
def test_in_closed_form_a_rule_is_the_same_and_a_seed_has_its_bits_alone(name, case):
    game, thetas = torch_case(case, np.random.default_rng(6).normal(size=(3, sum(case.sizes))))
    rule, values = EQUATIONS[name][0], Values(game.values, closed_form=game)
    for i in range(len(thetas)):
        together = rule(values, thetas, i)
        by_autograd = rule(values.by_autograd(), thetas, i)
        torch.testing.assert_close(together, by_autograd.detach(), rtol=1e-9, atol=1e-11)
        for s in range(3):
            assert torch.equal(rule(values, [theta[s : s + 1] for theta in thetas], i)[0], together[s])


@pytest.mark.parametrize(
    "make",
    [
        rules.lookahead_first,
        lambda eta: rules.lookahead_nested(eta, 2),
        lambda eta: rules.sos(eta, 0.5, 0.1),
        rules.extragradient,
        rules.cgd,
        lambda eta: rules.cgd(eta, 1e-12),
    ],
)
def test_every_seed_may_have_its_own_eta(make):
    game, thetas = torch_case(CASES[0], np.random.default_rng(7).normal(size=(3, sum(CASES[0].sizes))))
    etas = torch.tensor([[0.0], [0.5], [2.0]], dtype=torch.float64)
    for values in (Values(game.values), Values(game.values, closed_form=game)):
        together = make(etas)(values, thetas, 1)
        for s in range(3):
            alone = make(etas[s].item())(values, thetas, 1)[s]
            torch.testing.assert_close(together[s], alone, rtol=1e-13, atol=1e-15)


@each_case
def test_without_foresight_they_are_naive(case):
    game, thetas = torch_case(case, np.random.default_rng(8).normal(size=(3, sum(case.sizes))))
    blind = [rules.lookahead_first(0.0), rules.lookahead_nested(0.0, 2), rules.sos(0.0, 0.5, 0.1), rules.sga(0.0)]
    blind += [rules.consensus(0.0), rules.extragradient(0.0), rules.cgd(0.0)]
    for i in range(len(thetas)):
        naive = first_order.naive()(Values(game.values), thetas, i)
        for rule in blind:
            torch.testing.assert_close(rule(Values(game.values), thetas, i), naive, rtol=1e-13, atol=1e-15)


SMOOTH = {
    "sga": rules.sga(0.7),
    "sga, aligned": rules.sga(0.7, align=True),
    "consensus": rules.consensus(0.7),
    "extragradient": rules.extragradient(ETA),
    "cgd": rules.cgd(ETA),
    "lss": rules.lss(0.2),
    "lss, kappa 0": rules.lss(0.0),
}


def cubic(thetas):
    """Values of two players with two and one parameters, whose third derivatives are not 0."""
    (x, y), (z,) = (theta.unbind(1) for theta in thetas)
    return [x * z**2 - x**2 * y - y**2 + z, x * y * z + y**3 - z**2 * x]


@pytest.mark.parametrize("name", SMOOTH)
def test_rules_can_look_through_them(name):
    thetas = [torch.tensor([[0.3, -0.5]]).double().requires_grad_(), torch.tensor([[0.8]]).double().requires_grad_()]
    for i in range(2):
        assert torch.autograd.gradcheck(lambda *at, i=i: SMOOTH[name](Values(cubic), list(at), i), thetas)


def test_a_player_takes_everybody_for_its_like():
    """A mixed seat is player i's part of the joint direction: p is of all players' ξ, not of the player's own."""
    game, thetas = torch_case(CASES[0], np.random.default_rng(9).normal(size=(2, sum(CASES[0].sizes))))
    parts = [rules.sos(9.0, 1e-3, 0.1)(Values(game.values), thetas, i) for i in range(2)]
    at = field.field(Values(game.values), thetas)
    ahead, shaping = at.parts(at.xi + 9.0 * at.ahead), at.parts(9.0 * at.shape)
    ps = [(part - a) / s for part, a, s in zip(parts, ahead, shaping, strict=True)]
    for p in torch.cat(ps, dim=1):
        torch.testing.assert_close(p, p[0].expand_as(p), rtol=1e-9, atol=0)
