"""Affine consistent directions: known in closed form in two games, and all that elimination finds in any other."""

import numpy as np
import pytest
import quadratics
import specs
import torch
from numpy.polynomial import Polynomial

from lola.learning import trainers
from lola.learning.cola.affine import coefficients, cola_affine, solutions
from lola.learning.rules import Values, anticipate

TANDEM, HAMILTONIAN = quadratics.game(*quadratics.TANDEM), quadratics.game(*quadratics.HAMILTONIAN)


def all_of(game, eta):
    return solutions(*coefficients(Values(game.values), game.sizes), game.sizes, eta)


def drawn(seed, players=2):
    rng = np.random.default_rng(seed)
    Q = rng.normal(size=(players, players, players))
    return quadratics.game((Q + np.swapaxes(Q, 1, 2)).tolist(), rng.normal(size=(players, players)).tolist())


def residual(values, rule, sizes, eta, seed=0):
    """How far a rule is from consistent, at points of its own, by autograd."""
    rng = np.random.default_rng(seed)
    thetas = [torch.from_numpy(rng.normal(size=(5, size))).requires_grad_() for size in sizes]
    f, g = (
        torch.cat([each(values, thetas, i) for i in range(len(sizes))], 1).detach()
        for each in (rule, anticipate(rule, eta))
    )
    return float((f - g).abs().max() / (1 + f.abs().max()))


@pytest.mark.parametrize("eta", [0.01, 0.1, 0.3, 0.374])
def test_tandem_has_two_of_one_constant_for_small_eta(eta):
    """f_i = c + b s with b = (−(4η + 1) ± √(1 + 8η)) / 4η² and c = 2 / (1 + 2η (1 + ηb)), the same for both players."""
    one, other = (each for each in all_of(TANDEM, eta) if not each.free)
    for found, root in ((one, np.sqrt(1 + 8 * eta)), (other, -np.sqrt(1 + 8 * eta))):
        b = (-(4 * eta + 1) + root) / (4 * eta**2)
        np.testing.assert_allclose(found.slopes, b, rtol=1e-9)
        np.testing.assert_allclose(found.constant, 2 / (1 + 2 * eta * (1 + eta * b)), rtol=1e-9)
        assert found.symmetric


@pytest.mark.parametrize("eta", [0.376, 0.4, 0.5, 0.8, 0.9])
def test_tandem_has_two_more_that_mirror_each_other_from_three_eighths_on(eta):
    """w_i = 1 + ηb_i of a period of two: w_1 + w_2 = 1 / 2η and w_1 w_2 = (1 − 2η) / 4η², real for η > 3/8."""
    known = [each for each in all_of(TANDEM, eta) if not each.free]
    odd = [each for each in known if not each.symmetric]
    assert (len(known), len(odd)) == (4, 2)
    np.testing.assert_allclose(odd[0].slopes, odd[1].slopes[::-1, ::-1], rtol=1e-8)
    w = 1 + eta * odd[0].slopes
    np.testing.assert_allclose(w[:, 0], w[:, 1], rtol=1e-9)
    assert w[:, 0].sum() == pytest.approx(1 / (2 * eta)) and w[:, 0].prod() == pytest.approx((1 - 2 * eta) / 4 / eta**2)


def test_at_one_half_a_player_may_stand_still_while_the_other_does_all():
    odd = [each for each in all_of(TANDEM, 0.5) if not each.symmetric]
    np.testing.assert_allclose(odd[0].slopes, [[-2, -2], [0, 0]], atol=1e-9)
    np.testing.assert_allclose(odd[0].constant, [0, 2], atol=1e-9)


@pytest.mark.parametrize("eta", [0.1, 0.5, 0.8])
def test_tandem_has_a_line_of_solutions_at_every_eta(eta):
    """f_1 = c_1 − x / 2η² + y (1 − 2η) / 2η², and the same of player 2, for any c_1 + c_2 = 2."""
    (line,) = [each for each in all_of(TANDEM, eta) if each.free]
    own, across = -1 / (2 * eta**2), (1 - 2 * eta) / (2 * eta**2)
    np.testing.assert_allclose(line.slopes, [[own, across], [across, own]], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(line.constant, [1, 1], rtol=1e-8)
    for c in (-3.0, 1.0, 4.0):

        def rule(values, thetas, i, c=c):
            return (c if i == 0 else 2 - c) + own * thetas[i] + across * thetas[1 - i]

        assert residual(Values(TANDEM.values), rule, [1, 1], eta) < 1e-12


@pytest.mark.parametrize("eta", [0.0, 0.1, 1.0, 3.0])
def test_the_hamiltonian_games_solution_is_the_only_one(eta):
    """f = (1 + 2η²)⁻¹ [[−2η, −1], [1, −2η]] θ."""
    (only,) = all_of(HAMILTONIAN, eta)
    np.testing.assert_allclose(only.slopes, np.array([[-2 * eta, -1], [1, -2 * eta]]) / (1 + 2 * eta**2), atol=1e-12)
    assert not only.constant.any() and not only.free


def eliminated(B, eta):
    """All real slopes of two players with one parameter each: M_12 solves a polynomial, all others follow from it.

    With q = M_12 and r = M_21: q = (B¹₁₂ + ηr B¹₂₂) S and r = (B²₁₂ + ηq B²₁₁) R, where S = 1 + ηM_22 is a quadratic of
    q and R = 1 + ηM_11 one of r. The first gives r as a quotient of polynomials of q, which the second then is of.
    """
    q = Polynomial([0, 1])
    S = 1 + eta * (B[1, 1, 1] + 2 * eta * B[1, 0, 1] * q + eta**2 * B[1, 0, 0] * q**2)
    top, bottom = q - B[0, 0, 1] * S, eta * B[0, 1, 1] * S  # of r
    R = (1 + eta * B[0, 0, 0]) * bottom**2 + 2 * eta**2 * B[0, 0, 1] * top * bottom + eta**3 * B[0, 1, 1] * top**2
    equation = top * bottom - (B[1, 0, 1] + eta * B[1, 0, 0] * q) * R
    found = []
    for x in (root.real for root in equation.roots() if abs(root.imag) < 1e-7 * (1 + abs(root))):
        r = top(x) / bottom(x)
        p = B[0, 0, 0] + 2 * eta * B[0, 0, 1] * r + eta**2 * B[0, 1, 1] * r**2
        found.append([p, x, r, (S(x) - 1) / eta])
    return np.array(sorted(found, key=lambda each: each[1]))


@pytest.mark.parametrize("seed", range(40))
def test_it_finds_all_that_elimination_finds(seed):
    game, eta = drawn(seed), (0.03, 0.2, 1.0, 4.0)[seed % 4]
    B, b = coefficients(Values(game.values), game.sizes)
    ours = np.array(sorted((each.slopes.ravel() for each in solutions(B, b, game.sizes, eta)), key=lambda m: m[1]))
    theirs = eliminated(B, eta)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def unequal(thetas):
    """Two players with two parameters and one."""
    (x, y), z = thetas[0].unbind(1), thetas[1][:, 0]
    return [x * y - x**2 + 0.3 * y * z - z**2 + x + 2 * z, x * z - 0.5 * z**2 + y * z - x * y + z]


@pytest.mark.parametrize("game", ["two", "three", "unequal"])
def test_every_solution_is_consistent(game):
    if game == "unequal":
        values, sizes = Values(unequal), [2, 1]
    else:
        quadratic = drawn(7, players={"two": 2, "three": 3}[game])
        values, sizes = Values(quadratic.values), quadratic.sizes
    known = solutions(*coefficients(values, sizes), sizes, 0.2)
    assert known
    for n in range(len(known)):
        assert residual(values, cola_affine(0.2, n + 1), sizes, 0.2) < 1e-9


def spec(eta, lr, steps=300, **settings):
    seat = {"rule": "cola_affine", "lr": lr, "eta": eta, **settings}
    return specs.EXACT | {"game": quadratics.block(*quadratics.TANDEM), "seats": [seat, seat], "steps": steps}


@pytest.mark.parametrize("eta", [0.1, 0.3, 0.5, 0.8, 1.0])
def test_consistent_players_of_tandem_keep_no_fixed_point(eta):
    """At the symmetric solution their mean loss is 2η, and (1 + √(1 + 8η)) / 2 the sum of their parameters."""
    for trained in trainers.run(spec(eta, 0.1), [0, 1]):
        last = {row[1:3]: row[3] for row in trained.rows if row[0] == 300}
        assert last[1, "parameter 1"] + last[2, "parameter 1"] == pytest.approx(
            (1 + np.sqrt(1 + 8 * eta)) / 2, abs=1e-7
        )
        assert -(last[1, "return"] + last[2, "return"]) / 2 == pytest.approx(2 * eta, abs=1e-7)  # a double root at 1


def test_one_where_there_are_fewer_is_told_and_fails():
    (trained,) = trainers.run(spec(0.1, 0.1, steps=5, solution=9), [0])
    assert trained.outcome["status"] == "failed" and trained.outcome["steps"] == 0
    rule = cola_affine(torch.tensor([[0.1], [0.5]], dtype=torch.float64), 4)
    thetas = [torch.zeros(2, 1, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert rule(Values(TANDEM.values), thetas, 0).isnan().flatten().tolist() == [True, False]
    about = rule.about(Values(TANDEM.values), thetas)
    assert [each["affine solutions"] for each in about] == [3, 5] and np.isnan(about[0]["symmetric"])


def test_a_seed_is_the_same_in_any_company():
    alone, together = list(trainers.run(spec(0.3, 0.1), [3])), list(trainers.run(spec(0.3, 0.1), [0, 1, 2, 3]))
    assert alone[0] == together[3]
