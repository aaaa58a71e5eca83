"""Every rule against its equation, by finite differences of values computed in numpy alone (see `differences`)."""

import numpy as np
import pytest
import torch
from differences import (
    CASES,
    ETA,
    along,
    assert_is,
    basis,
    block,
    each_case,
    gradient,
    others,
    torch_case,
    value,
    values,
)

from lola.learning import rules
from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import Values
from lola.vocabulary import registry

# Each equation: rule(case, x, i, directions) is the derivative of what player i climbs.


def naive(case, x, i, directions):
    return along(value(case, i), x, directions)


def shaping(rule):
    """V_i + η Σ_j c_j · rule_j with c_j = ∇_j V_i held constant."""

    def shaped(case, x, i, directions):
        held = {j: gradient(case, x, i, j) @ basis(case, j) for j in others(case, i)}

        def climbed(y):
            worth = sum(rule(case, y, j, c[..., None, None, None, :])[..., 0] for j, c in held.items())
            return values(case, y)[..., i] + ETA * worth

        return along(climbed, x, directions)

    return shaped


def surrogate(case, x, i, directions):
    """V_i + η Σ_j ∇_j V_i · ∇_j V_j"""

    def climbed(y):
        products = (gradient(case, y, i, j) * gradient(case, y, j, j) for j in others(case, i))
        return values(case, y)[..., i] + ETA * sum(product.sum(-1) for product in products)

    return along(climbed, x, directions)


def anticipating(rule, steps=1):
    """V_i(θ_i, θ_−i + η rule_−i(θ)), the others stepping `steps` times, at once, from where the last step took them"""

    def anticipated(case, x, i, directions):
        def climbed(y):
            for _ in range(steps):
                moved = y.copy()
                for j in others(case, i):
                    moved[..., block(case, j)] += ETA * rule(case, y, j, basis(case, j))
                y = moved
            return values(case, y)[..., i]

        return along(climbed, x, directions)

    return anticipated


def lookahead(case, x, i, directions):
    """V_i(θ_i, θ_−i + Δ_−i) with Δ_j = η ∇_j V_j held constant."""
    moved = x.copy()
    for j in others(case, i):
        moved[block(case, j)] += ETA * gradient(case, x, j, j)
    return along(value(case, i), moved, directions)


EQUATIONS = {
    "naive": (rules.naive(), naive),
    "lola": (rules.lola(ETA), shaping(naive)),
    "lola, order 2": (rules.lola(ETA, order=2), shaping(shaping(naive))),
    "lola, order 3": (rules.lola(ETA, order=3), shaping(shaping(shaping(naive)))),
    "lola_surrogate": (rules.lola_surrogate(ETA), surrogate),
    "lola_exact": (rules.lola_exact(ETA), anticipating(naive)),
    "lola_exact, order 2": (rules.lola_exact(ETA, order=2), anticipating(anticipating(naive))),
    "lola_exact, 2 inner steps": (rules.lola_exact(ETA, inner_steps=2), anticipating(naive, 2)),
    "lola_exact, 3 inner steps": (rules.lola_exact(ETA, inner_steps=3), anticipating(naive, 3)),
    "lookahead": (rules.lookahead(ETA), lookahead),
}


@each_case
@pytest.mark.parametrize("name", EQUATIONS)
def test_rule_is_its_equation(name, case):
    rule, equation = EQUATIONS[name]
    assert_is(rule, equation, case)


def test_looking_ahead_in_steps_through_who_looks_ahead_in_steps():
    """The point that a step led to counts as given there: whoever looks ahead from it asks not how it came about."""
    assert_is(rules.lola_exact(ETA, order=2, inner_steps=2), anticipating(anticipating(naive, 2), 2), CASES[0])


@each_case
def test_first_order_is_made_of_hessian_blocks(case):
    """ξ_i + η Σ_j (ahead ∇_ij V_i ∇_j V_j + shape ∇_ij V_j ∇_j V_i), from the full Hessian of every value."""
    game, thetas = torch_case(case, np.random.default_rng(5).normal(size=(1, sum(case.sizes))))
    blocks = [block(case, i) for i in range(len(thetas))]
    everything = torch.cat([theta.detach()[0] for theta in thetas])
    gradients, hessians = [], []
    for k in range(len(thetas)):

        def V(flat, k=k):
            return game.values([flat[None, part] for part in blocks])[k].sum()

        gradients.append(torch.autograd.functional.jacobian(V, everything))
        hessians.append(torch.autograd.functional.hessian(V, everything))
    for ahead, shape in [(0, 0), (1, 0), (0, 1), (1, 1), (-0.5, 2)]:
        for i, me in enumerate(blocks):
            expected = gradients[i][me]
            for j in others(case, i):
                they = blocks[j]
                expected = expected + ETA * ahead * hessians[i][me, they] @ gradients[j][they]
                expected = expected + ETA * shape * hessians[j][me, they] @ gradients[i][they]
            actual = rules.FirstOrder(ETA, ahead, shape)(Values(game.values), thetas, i)[0]
            torch.testing.assert_close(actual, expected, rtol=1e-11, atol=1e-13)


@each_case
def test_without_foresight_every_rule_is_naive(case):
    game, thetas = torch_case(case, np.random.default_rng(6).normal(size=(3, sum(case.sizes))))
    foresighted = [rules.lookahead(0.0), rules.lola_surrogate(0.0)]
    foresighted += [make(0.0, order) for make in (rules.lola, rules.lola_exact) for order in (1, 2)]
    foresighted += [rules.lola_exact(0.0, inner_steps=3)]
    for i in range(len(thetas)):
        xi = rules.naive()(Values(game.values), thetas, i)
        for rule in foresighted:
            torch.testing.assert_close(rule(Values(game.values), thetas, i), xi, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    "make",
    [
        rules.lola,
        rules.lola_surrogate,
        rules.lola_exact,
        rules.lookahead,
        lambda eta: rules.lola(eta, order=2),
        lambda eta: rules.lola_exact(eta, inner_steps=2),
    ],
)
def test_every_seed_may_have_its_own_eta(make):
    case = CASES[0]
    game, thetas = torch_case(case, np.random.default_rng(7).normal(size=(3, sum(case.sizes))))
    etas = torch.tensor([[0.0], [0.5], [2.0]], dtype=torch.float64)
    together = make(etas)(Values(game.values), thetas, 1)
    for s in range(3):
        torch.testing.assert_close(
            together[s], make(etas[s].item())(Values(game.values), thetas, 1)[s], rtol=1e-13, atol=0
        )


def test_an_opponent_that_nobody_can_influence():
    """V_0 = −θ_0², V_1 = θ_1: no mixed derivatives, so every rule is the naive one; absent gradients are zeros."""
    thetas = [torch.full((1, 1), 3.0, requires_grad=True) for _ in range(2)]

    def separate(thetas):
        return [-(thetas[0][:, 0] ** 2), thetas[1][:, 0]]

    for rule, _ in EQUATIONS.values():
        assert [rule(Values(separate), thetas, i).item() for i in range(2)] == [-6.0, 1.0]


@pytest.mark.parametrize("player", [0, 1])
def test_where_learning_starts_in_the_ipd(player):
    """At θ = 0, by hand: naive learning points to always-defect, LOLA's terms to tit-for-tat.

    Under uniform play the start is visited once and each joint action d = γ / (4 (1 − γ)) = 6 times.
    Cooperating costs me 1 and brings the other 2; a logit moves its probability by a quarter, so
    ∇_i V_i = −d/4 and ∇_j V_i = d/2 in every state. More cooperation of j in s' leads to the states in
    which j cooperated last, where my cooperation pays it: χ_i(s) = ± γ Σ_s' d(s')² / 32, where the sign
    asks whether j cooperated in s. Likewise (H_oξ)_i = χ_i / 4. Nothing leads to the start.
    """
    gamma = 0.96
    ipd = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], gamma, ["C", "D"])
    thetas = [torch.zeros(1, 5, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    always_defect = np.array([-0.25, -1.5, -1.5, -1.5, -1.5])
    tit_for_tat = gamma * (1 + 4 * 6**2) / 32 * np.array([0, 1, -1, 1, -1])  # start, CC, CD, DC, DD

    def direction(rule):
        return rule(Values(ipd.values), thetas, player)[0].detach().numpy()

    assert direction(rules.naive()) == pytest.approx(always_defect, rel=1e-12)
    assert direction(rules.lola(0.3)) == pytest.approx(always_defect + 0.3 * tit_for_tat, rel=1e-12)
    assert direction(rules.lola_surrogate(0.3)) == pytest.approx(always_defect + 0.3 * 1.25 * tit_for_tat, rel=1e-12)
    for rule in (rules.lola(1.0), rules.lola_surrogate(0.3), rules.lola_exact(0.3), rules.lola_exact(1.0)):
        assert np.sign(direction(rule)).tolist() == [-1, 1, -1, 1, -1]


JOINT = ("sos", "sga", "consensus", "cgd", "lss")
IN_CLOSED_FORM = ("naive", "lola", "lola_surrogate", "lookahead_first", "extragradient", *JOINT)


@pytest.mark.parametrize("name", [*IN_CLOSED_FORM, *registry.BY_AUTOGRAD])
def test_the_registry_says_which_rules_no_closed_form_serves(name, monkeypatch):
    calls, grad = [], torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *given, **more: calls.append(name) or grad(*given, **more))
    entry = registry.RULES[name]
    settings = {key: 1 if key == "order" else 0.1 for key, needed in entry.settings.items() if needed}
    game, thetas = torch_case(CASES[0], np.random.default_rng(7).normal(size=(3, sum(CASES[0].sizes))))
    entry.load()(**settings)(Values.exact(game), thetas, 0)
    assert bool(calls) == (name in registry.BY_AUTOGRAD)
