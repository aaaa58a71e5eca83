"""Gradients through naive steps: against finite differences, autograd, and what they must come to."""

import numpy as np
import pytest
import torch
from chains import along, direction_of, policies
from differences import CASES, ETA, Case, assert_is, block, each_case, gradient, others, torch_case, values
from small_jobs import job_of

from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import Values, lola_exact, naive
from lola.learning.shaping.paths import OuterPola, Path, meta_mapg

SWITCHES = [(own, peer) for own in (False, True) for peer in (False, True)]


def on_values(rule):
    """The same rule where tests give it the values alone."""
    return lambda values, thetas, i: rule(Values.exact(values.at_hand.__self__), thetas, i)


def along_path(weights, moving):
    """Σ_m w_m V_i(θ_m), where `moving(case, i)` step, all at once."""

    def equation(case, x, i, directions):
        def climbed(y):
            total = weights[0] * values(case, y)[..., i]
            for weight in weights[1:]:
                moved = y.copy()
                for k in moving(case, i):
                    moved[..., block(case, k)] += ETA * gradient(case, y, k, k)
                y = moved
                total = total + weight * values(case, y)[..., i]
            return total

        return np.array([along(climbed, x, direction) for direction in directions])

    return equation


def everybody(case, i):
    return range(len(case.counts))


@each_case
@pytest.mark.parametrize("inner_steps", [1, 2])
def test_paths_are_their_equation_whoever_moves(case, inner_steps):
    """Σ_m V_i along paths on which all move, or all others: by finite differences in numpy alone."""
    every = np.ones(1 + inner_steps)
    assert_is(on_values(meta_mapg(ETA, inner_steps)), along_path(every, everybody), case)
    shaping = Path(ETA, inner_steps)
    assert_is(on_values(lambda values, *at: shaping.gradient(values.closed_form, *at)), along_path(every, others), case)


def by_autograd(game, thetas, i, weights, own, peer, mine_moves=True):
    """∇_i Σ_m w_m V_i(θ_m), where steps that are not seen through are constants."""
    at = [theta.detach().clone().requires_grad_() for theta in thetas]
    start, total = at[i], 0.0
    for m, weight in enumerate(weights):
        V = game.values(at)
        total = total + weight * V[i].sum()
        if m == len(weights) - 1:
            return torch.autograd.grad(total, start)[0]
        steps = [torch.autograd.grad(V[k].sum(), at[k], create_graph=True)[0] for k in range(len(at))]
        moved = [theta + ETA * step for theta, step in zip(at, steps, strict=True)]
        moved = [new if (own if k == i else peer) else new.detach().requires_grad_() for k, new in enumerate(moved)]
        at = [at[k] if k == i and not mine_moves else new for k, new in enumerate(moved)]


@each_case
@pytest.mark.parametrize(("own", "peer"), SWITCHES)
def test_meta_mapg_has_its_three_terms(case, own, peer):
    game, thetas = torch_case(case, np.random.default_rng(3).normal(size=(2, sum(case.sizes))))
    for i in range(len(thetas)):
        expected = by_autograd(game, thetas, i, [1.0] * 6, own, peer)
        found = meta_mapg(ETA, 5, own, peer)(Values.exact(game), thetas, i)
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-11)


def test_a_hundred_steps_are_seen_through():
    case = Case((2, 2), gamma=0.96)
    game, thetas = torch_case(case, np.random.default_rng(3).normal(size=(2, sum(case.sizes))))
    for mine_moves in (False, True):
        expected = by_autograd(game, thetas, 1, [1.0] * 101, True, True, mine_moves)
        found = Path(ETA, 100, own=mine_moves).gradient(game, thetas, 1)
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)


@each_case
@pytest.mark.parametrize("inner_steps", [1, 3])
def test_the_last_value_alone_is_that_of_exact_look_ahead(case, inner_steps):
    game, thetas = torch_case(case, np.random.default_rng(4).normal(size=(2, sum(case.sizes))))
    for i in range(len(thetas)):
        expected = lola_exact(ETA, inner_steps=inner_steps)(Values(game.values), thetas, i).detach()
        found = Path(ETA, inner_steps, final=True).gradient(game, thetas, i)
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@each_case
def test_where_steps_have_no_size_there_are_only_naive_gradients(case):
    game, thetas = torch_case(case, np.random.default_rng(5).normal(size=(2, sum(case.sizes))))
    for i in range(len(thetas)):
        xi = naive()(Values.exact(game), thetas, i)
        torch.testing.assert_close(Path(0.0, 4).gradient(game, thetas, i), 5 * xi, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(meta_mapg(ETA, 4, own=False, peer=False)(Values.exact(game), thetas, i), xi)


def test_every_seed_has_its_own_eta_and_feels_no_other():
    game, thetas = torch_case(CASES[0], np.random.default_rng(7).normal(size=(3, sum(CASES[0].sizes))))
    etas = torch.tensor([[0.0], [0.5], [2.0]], dtype=torch.float64)

    def mapg(eta, thetas):
        return meta_mapg(eta, 3)(Values.exact(game), thetas, 1)

    def pola(eta, thetas):
        return OuterPola(eta, 1.0, 0.1, iterations=9).there(game, thetas, 1)

    for of in (mapg, pola):
        together = of(etas, thetas)
        for s in range(3):
            assert torch.equal(together[s], of(etas[s].item(), [theta[s : s + 1] for theta in thetas])[0])


BETA, TILT = 2.0, -2.0


def tilting(case, tilt):
    """The matrix A of all players' logits θ = Aφ, (D, D)."""
    matrix = np.eye(sum(case.sizes))
    for i, count in enumerate(case.counts):
        own, last = block(case, i), count - 1
        for b in range(last):
            matrix[own.start + b : own.stop - last : last, own.stop - last + b] = tilt
    return matrix


def proximally(case, x, i, tilt):
    """What x is to maximise, of φ; the others' parameters are those of θ = Aφ."""
    A = tilting(case, tilt)

    def climbed(phi):
        moved = phi.copy()
        for j in others(case, i):
            moved[block(case, j)] += ETA * (A.T @ whole(gradient(case, A @ phi, j, j), j))[block(case, j)]
        kl = 0.0
        for old, new in zip(policies(case, A @ x)[i], policies(case, A @ phi)[i], strict=True):
            kl += (old * np.log(old / new)).sum()
        return values(case, A @ moved)[i] - BETA * kl

    def whole(part, j):
        everything = np.zeros(len(x))
        everything[block(case, j)] = part
        return everything

    return climbed


@each_case
@pytest.mark.parametrize("tilt", [0.0, -0.5])  # a steeper one would take far more steps
def test_outer_pola_goes_to_where_its_equation_is_at_rest(case, tilt):
    """By finite differences in φ: along random directions nothing is gained there, and something was at the start."""
    rng, A = np.random.default_rng(11), tilting(case, tilt)
    points = rng.normal(size=(2, sum(case.sizes)))
    game, thetas = torch_case(case, points @ A.T)
    for i in range(len(case.counts)):
        there, climbed = points[1].copy(), proximally(case, points[1], i, tilt)
        theta = OuterPola(ETA, BETA, 0.1, 1e-17, precondition=tilt).there(game, thetas, i)[1]
        there[block(case, i)] = np.linalg.solve(A[block(case, i), block(case, i)], theta.numpy())
        assert climbed(there) > climbed(points[1])
        for _ in range(3):
            u = direction_of(case, i, rng)
            assert abs(along(climbed, there, u)) < 1e-4 < abs(along(climbed, points[1], u))


@pytest.mark.parametrize("tilt", [0.0, TILT])
def test_one_step_of_outer_pola_is_exact_look_ahead_in_its_own_parameters(tilt):
    """At θ itself the divergence has no slope."""
    case, A = CASES[0], torch.from_numpy(tilting(CASES[0], tilt))
    points = np.random.default_rng(12).normal(size=(2, sum(case.sizes)))
    game, phis = torch_case(case, points)

    def split(joint):
        return list(joint.split(case.sizes, dim=1))

    def logits(phis):
        return split(sum(A[:, c] * torch.cat(phis, dim=1)[:, c, None] for c in range(A.shape[1])))

    for i in range(2):
        slope = lola_exact(ETA)(Values(lambda phis: game.values(logits(phis))), phis, i)
        moved = [phi + 0.1 * slope if j == i else phi for j, phi in enumerate(phis)]
        found = OuterPola(ETA, BETA, 0.1, iterations=1, precondition=tilt).there(game, logits(phis), i)
        torch.testing.assert_close(found, logits(moved)[i], rtol=1e-10, atol=1e-11)


def test_outer_pola_stops_where_it_is_close():
    game, thetas = torch_case(CASES[0], np.random.default_rng(12).normal(size=(2, sum(CASES[0].sizes))))
    close, closer, one = (
        OuterPola(ETA, BETA, 0.1, closeness, iterations).there(game, thetas, 0) - thetas[0]
        for closeness, iterations in ((1e-6, 5000), (1e-14, 5000), (1e-14, 1))
    )
    assert (
        (close - closer).norm() < 0.1 * closer.norm() and not torch.equal(close, closer) and not torch.equal(close, one)
    )


def test_pre_conditioned_players_begin_in_their_own_parameters():
    """θ(s) = φ(s) − 2 φ(DD) in all states but DD, with φ drawn as others draw θ."""
    ipd = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])
    plain, tilted = (
        job_of(ipd, [OuterPola(1.0, 1.0, 0.1, precondition=tilt)] * 2, [0, 1]).start().thetas for tilt in (0, TILT)
    )
    for phi, theta in zip(plain, tilted, strict=True):
        assert torch.equal(theta[:, :4], phi[:, :4] - 2 * phi[:, 4:]) and torch.equal(theta[:, 4], phi[:, 4])
