"""What joint rules have in common with each other and with LOLA, and where they end, in games worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from lola.learning import rules as lola_rules
from lola.learning.joint import rules
from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import Values

RNG = np.random.default_rng(11)


def column(*numbers):
    """One parameter of a player, a seed a row."""
    return torch.tensor(numbers, dtype=torch.float64)[:, None].requires_grad_()


def tandem(thetas):
    """−(x + y)² + 2x and −(x + y)² + 2y (Letcher et al. 2019)."""
    x, y = (theta[:, 0] for theta in thetas)
    return [-((x + y) ** 2) + 2 * x, -((x + y) ** 2) + 2 * y]


def hamiltonian(thetas):
    """−xy and xy."""
    x, y = (theta[:, 0] for theta in thetas)
    return [-x * y, x * y]


def quadratic(sizes, seed=0):
    """V_i = ½θᵀQ_iθ + b_iᵀθ of players with so many parameters, all numbers drawn."""
    rng = np.random.default_rng(seed)
    Q = torch.from_numpy(rng.normal(size=(len(sizes), sum(sizes), sum(sizes))))
    b = torch.from_numpy(rng.normal(size=(len(sizes), sum(sizes))))

    def values(thetas):
        theta = torch.cat(thetas, dim=1)
        return [((theta @ Q[i]) * theta).sum(1) / 2 + theta @ b[i] for i in range(len(sizes))]

    return values, [torch.from_numpy(rng.normal(size=(2, size))).requires_grad_() for size in sizes]


def directions(rule, values, thetas):
    return [rule(Values(values), thetas, i).detach() for i in range(len(thetas))]


def ends(rule, values, thetas, lr=0.1, steps=400):
    """Where everybody ends who follows a rule, (S,) per player."""
    for _ in range(steps):
        found = directions(rule, values, [theta.detach().requires_grad_() for theta in thetas])
        thetas = [(theta + lr * direction).detach() for theta, direction in zip(thetas, found, strict=True)]
    return [theta[:, 0] for theta in thetas]


def zero_sum(counts, gamma=0.9):
    payoffs = RNG.normal(size=counts)
    game = MatrixGame([payoffs.tolist(), (-payoffs).tolist()], gamma, [list("abc")[:n] for n in counts])
    return game.values, [torch.from_numpy(RNG.normal(size=(3, size))).requires_grad_() for size in game.sizes]


@pytest.mark.parametrize("counts", [(2, 2), (2, 3)])
def test_in_zero_sum_games_lola_is_lookahead_to_first_order_and_the_surrogate_twice_that(counts):
    game, thetas = zero_sum(counts)
    for one, other in [
        (lola_rules.lola(0.3), rules.lookahead_first(0.3)),
        (lola_rules.lola_surrogate(0.3), rules.lookahead_first(0.6)),
    ]:
        for pair in zip(directions(one, game, thetas), directions(other, game, thetas), strict=True):
            torch.testing.assert_close(*pair, rtol=1e-13, atol=1e-13)


def test_in_games_of_general_sum_they_differ():
    game = MatrixGame(RNG.normal(size=(2, 2, 2)).tolist(), 0.9, ["a", "b"])
    thetas = [torch.from_numpy(RNG.normal(size=(3, size))).requires_grad_() for size in game.sizes]
    pair = [directions(rule, game.values, thetas)[0] for rule in (lola_rules.lola(0.3), rules.lookahead_first(0.3))]
    assert not torch.allclose(*pair, rtol=1e-3)


@pytest.mark.parametrize("sizes", [(2, 3), (1, 2, 3), (1, 1, 1, 1)])
def test_cgd_is_the_limit_of_nested_lookahead_in_quadratic_games(sizes):
    """ξ + ηJ_oξ + (ηJ_o)²ξ + …, of which lookahead_nested is the beginning, and the first of it LookAhead."""
    values, thetas = quadratic(sizes)
    eta = 0.05
    limit, series = directions(rules.cgd(eta), values, thetas), []
    for order in range(1, 10):
        nested = directions(rules.lookahead_nested(eta, order), values, thetas)
        series.append(max((a - b).abs().max().item() for a, b in zip(nested, limit, strict=True)))
    assert series[-1] < 1e-5 and all(later < 0.7 * before for before, later in pairwise(series))
    firsts = (rules.lookahead_first(eta), lola_rules.lookahead(eta), rules.lookahead_nested(eta, 1))
    first, *same = [directions(rule, values, thetas) for rule in firsts]
    for other in same:
        for pair in zip(first, other, strict=True):
            torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-12)


def test_cgd_is_no_limit_of_hola_in_a_game_of_general_sum():
    values, thetas = quadratic((1, 2))
    limit = directions(rules.cgd(0.05), values, thetas)[0]
    for order in (1, 3, 5):
        assert (directions(rules.hola(0.05, order), values, thetas)[0] - limit).abs().max() > 1e-2


@pytest.mark.parametrize("beta", [0.1, 0.3, 0.5, 0.7, 1.0])
def test_hola_in_the_tandem_game_is_the_logistic_map(beta):
    """Player 1 moves by c + b·s, s = x + y, where w = 1 + βb goes from 1 by w ↦ 1 − 2βw² with every order."""
    thetas, w = [column(0.0, 1.0), column(0.0, 0.0)], 1.0
    for order in range(6):
        w = 1 - 2 * beta * w**2
        at_0, at_1 = directions(rules.hola(beta, order) if order else lola_rules.naive(), tandem, thetas)[0][:, 0]
        assert 1 + beta * (at_1 - at_0).item() == pytest.approx(w, rel=1e-10, abs=1e-12)


ALPHA = 0.1
LIMITS = {  # x + y at the end, for α = 0.1 as step and look-ahead
    "naive": (lola_rules.naive(), 1.0),
    "lookahead_first": (rules.lookahead_first(ALPHA), 1.0),
    "lookahead": (lola_rules.lookahead(ALPHA), 1.0),
    "sos": (rules.sos(ALPHA, 0.5, 0.1), 1.0),
    "sga": (rules.sga(1.0), 1.0),
    "sga, aligned": (rules.sga(1.0, align=True), 1.0),
    "extragradient": (rules.extragradient(ALPHA), 1.0),
    "cgd": (rules.cgd(ALPHA), 1.0),
    "lss": (rules.lss(0.1), 1.0),
    "lola_surrogate": (lola_rules.lola_surrogate(ALPHA), (1 - 2 * ALPHA) / (1 - 4 * ALPHA)),
    "lola": (lola_rules.lola(ALPHA), 1 / (1 - 2 * ALPHA)),
    "lola_exact": (lola_rules.lola_exact(ALPHA), (1 / (1 - 2 * ALPHA) - 2 * ALPHA) / (1 - 2 * ALPHA)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_where_rules_end_in_the_tandem_game(name):
    """The fixed points are those with x + y = 1; what is called LOLA ends at three other places."""
    rule, total = LIMITS[name]
    x, y = ends(rule, tandem, [column(0.05, -0.12), column(-0.03, 0.1)])
    torch.testing.assert_close(x + y, torch.full((2,), total, dtype=torch.float64), rtol=0, atol=1e-6)


def test_consensus_has_a_cycle_of_two_in_the_tandem_game():
    """s ↦ 2 − s with γ = 1, α = 0.1."""
    thetas = [column(0.05), column(-0.03)]
    for steps, total in ((1, 1.98), (2, 0.02), (3, 1.98)):
        x, y = ends(rules.consensus(1.0), tandem, thetas, steps=steps)
        assert (x + y).item() == pytest.approx(total, abs=1e-12)


def test_a_seed_whose_equations_are_singular_fails_alone():
    """In the tandem game I − ηJ_o is singular at η = ½, and nowhere else above 0."""
    etas = torch.tensor([[0.1], [0.5], [0.2]], dtype=torch.float64)
    thetas = [column(0.3, 0.1, 0.7), column(-0.2, 0.5, 0.4)]
    found = directions(rules.cgd(etas), tandem, thetas)[0]
    assert found.isnan()[:, 0].tolist() == [False, True, False]
    for s in (0, 2):
        alone = directions(rules.cgd(etas[s : s + 1]), tandem, [theta[s : s + 1] for theta in thetas])[0]
        assert torch.equal(found[s], alone[0])


def test_where_nobody_moves_anything_surgery_without_kappa_is_nan_and_with_it_naive():
    """J = ((6x, 2y), (0, 6y)) is 0 in one seed, and not in the other."""

    def values(thetas):
        x, y = (theta[:, 0] for theta in thetas)
        return [x**3 + x * y**2 + x, y**3 + y]

    thetas = [column(0.0, 0.4), column(0.0, -0.3)]
    bare, safe = (directions(rules.lss(kappa), values, thetas)[0][:, 0] for kappa in (0.0, 0.1))
    assert bare.isnan().tolist() == [True, False]
    assert safe[0] == 0.5 and safe.isfinite().all()  # ½ξ: what surgery adds is 0


@pytest.mark.parametrize("align", [False, True])
def test_sga_consensus_and_surgery_are_those_of_losses(align):
    """As their papers write them, θ ← θ − α·…, with the gradients ξ_L and the Hessian H of losses −V."""
    rng = np.random.default_rng(12)
    for seed in range(5):
        values, thetas = quadratic((2, 3), seed)
        at = [theta.detach()[:1] for theta in thetas]
        flat = torch.cat(at, dim=1)[0]

        def loss_gradient(flat, values=values):
            parts = [part[None] for part in flat.split([2, 3])]
            found = [torch.autograd.grad(-values(parts)[i].sum(), parts[i], create_graph=True)[0][0] for i in range(2)]
            return torch.cat(found)

        leaf = flat.clone().requires_grad_()
        xi = loss_gradient(leaf).detach().numpy()
        H = torch.autograd.functional.jacobian(loss_gradient, leaf).numpy()
        A, lam = (H - H.T) / 2, rng.uniform(0.1, 2)
        sign = np.sign((xi @ H.T @ xi) * (A.T @ xi @ H.T @ xi) / 5 + 0.1) if align else 1
        sign_of_co = np.sign(xi @ H.T @ xi) if align else 1
        for rule, step in [
            (rules.sga(lam, align), xi + lam * sign * A.T @ xi),
            (rules.consensus(lam, align), xi + lam * sign_of_co * H.T @ xi),
            (rules.lss(0.0), (xi + H.T @ np.linalg.solve(H, xi)) / 2),
            (rules.cgd(lam), np.linalg.solve(np.eye(5) + lam * off(H, 2), xi)),
        ]:
            found = torch.cat(directions(rule, values, thetas), dim=1)[0]
            np.testing.assert_allclose(found, -step, rtol=1e-8, atol=1e-9)


def off(matrix, cut):
    """A matrix without its two blocks on the diagonal."""
    kept = matrix.copy()
    kept[:cut, :cut] = kept[cut:, cut:] = 0.0
    return kept


def test_alignment_turns_the_adjustment_by_where_it_leads():
    """At a stable point of −½εθ² + xy-rotation it pulls inwards; at an unstable one it is turned to push outwards."""
    for curve, sign in ((0.5, 1.0), (-0.5, -1.0)):

        def values(thetas, curve=curve):
            x, y = (theta[:, 0] for theta in thetas)
            return [-curve / 2 * x**2 - x * y, -curve / 2 * y**2 + x * y]

        thetas = [column(3.0), column(4.0)]
        plain, aligned = (torch.cat(directions(rules.sga(1.0, align), values, thetas), 1) for align in (False, True))
        xi = torch.cat(directions(lola_rules.naive(), values, thetas), 1)
        torch.testing.assert_close(aligned - xi, sign * (plain - xi))
        inwards = ((aligned - xi) * -torch.cat(thetas, 1).detach()).sum()
        assert torch.sign(inwards) == sign


@pytest.mark.parametrize(
    ("rule", "radius"),
    [
        (lola_rules.naive(), lambda a: np.sqrt(1 + a**2)),
        (rules.lookahead_first(0.3), lambda a: np.hypot(1 - 0.3 * a, a)),
        (rules.cgd(0.3), lambda a: np.abs(1 + a * (1j - 0.3) / (1 + 0.09))),
        (rules.consensus(0.3), lambda a: np.hypot(1 - 0.3 * a, a)),
        (rules.sga(0.3), lambda a: np.hypot(1 - 0.3 * a, a)),
        (rules.extragradient(0.3), lambda a: np.hypot(1 - 0.3 * a, a)),
        (lola_rules.lola_surrogate(0.3), lambda a: np.hypot(1 - 0.6 * a, a)),
    ],
)
def test_in_the_hamiltonian_game_the_norm_goes_by_the_spectral_radius(rule, radius):
    """J = ((0, −1), (1, 0)), so that a direction (u + v J)θ makes ‖θ‖ grow by |1 + α(u + iv)| a step."""
    start = [column(0.6), column(-0.8)]
    for alpha in (0.1, 0.4):
        x, y = ends(rule, hamiltonian, start, lr=alpha, steps=7)
        assert torch.hypot(x, y).item() == pytest.approx(radius(alpha) ** 7, rel=1e-12)
