"""Linear equations per seed: as NumPy solves them, whatever the order of rows, with NaN where there is no solution."""

from collections import Counter

import numpy as np
import pytest
import torch

from lola.learning.arithmetic import times
from lola.learning.joint.equations import conjugate_gradients, dot, solve

RNG = np.random.default_rng(0)


def tensor(array):
    return torch.from_numpy(np.asarray(array, dtype=np.float64))


@pytest.mark.parametrize("size", [1, 2, 3, 10, 60])
def test_solutions_are_numpys(size):
    rng = np.random.default_rng(size)
    A, b = rng.normal(size=(200, size, size)), rng.normal(size=(200, size, 3))
    A[0, 0, 0] = 0.0 if size > 1 else 2.0  # so that rows must be exchanged
    A[100:] = A[100:] * 10.0 ** rng.integers(-8, 8, size=(100, size, 1))
    np.testing.assert_allclose(solve(tensor(A), tensor(b)), np.linalg.solve(A, b), rtol=1e-9)


def test_permutations_are_solved_exactly():
    order = [3, 0, 4, 1, 2]
    b = RNG.normal(size=(1, 5, 2))
    assert np.array_equal(solve(tensor(np.eye(5)[order][None]), tensor(b))[0, order], b[0])


def test_what_has_no_solution_is_nan_alone_and_others_keep_their_bits():
    A, b = RNG.normal(size=(5, 3, 3)), RNG.normal(size=(5, 3, 1))
    A[1], A[3] = 0.0, [[1, 2, 3], [2, 4, 6], [0, 1, 0]]
    A[4, 1, 1] = np.nan
    found = solve(tensor(A), tensor(b))
    assert found.isnan().all((1, 2)).tolist() == [False, True, False, True, True]
    for s in (0, 2):
        assert torch.equal(found[s], solve(tensor(A[s : s + 1]), tensor(b[s : s + 1]))[0])


def test_a_pivot_that_is_rounding_alone_is_none():
    """CGD's matrix where look-ahead times coupling is 1, but for rounding; small rows do no harm."""
    coupling = 0.41 * (1 / 0.41 + 1e-16)
    nearly = np.array([[1.0, -coupling], [-coupling, 1.0 - 2e-16]])
    graded = np.diag([1.0, 1e-20]) @ np.array([[2.0, 1.0], [1.0, 2.0]])
    found = solve(tensor(np.stack([nearly, graded])), tensor(np.stack([np.ones((2, 1)), graded @ np.ones((2, 1))])))
    assert found[0].isnan().all()
    np.testing.assert_allclose(found[1], 1.0, rtol=1e-12)


def test_given_matrices_are_left_as_they_were():
    A, b = tensor(RNG.normal(size=(2, 3, 3))), tensor(RNG.normal(size=(2, 3, 1)))
    before = A.clone(), b.clone()
    solve(A, b), solve(A.mT, b)
    assert torch.equal(A, before[0]) and torch.equal(b, before[1])


def test_conjugate_gradients_come_as_near_as_is_asked_and_a_seed_has_its_bits_alone():
    """Of a matrix that is far from symmetric; one that is singular is NaN alone, and so is one with NaN."""
    A, b = np.eye(8) + 0.4 * RNG.normal(size=(5, 8, 8)), tensor(RNG.normal(size=(5, 8)))
    A[1, 0], A[3, 2, 2] = 0.0, np.nan
    A, counts = tensor(A), Counter()

    def found(s, tolerance):
        def forward(x):
            counts[tolerance] += 1
            return times(A[s], x)

        return conjugate_gradients(forward, lambda x: times(A[s].mT, x), b[s], tolerance)

    for tolerance in (1e-2, 1e-8):
        x = found(slice(None), tolerance)
        assert x.isnan().all(1).tolist() == [False, True, False, True, False]
        assert x.isnan().any(1).tolist() == [False, True, False, True, False]
        for s in (0, 2, 4):
            residual = np.linalg.norm(A[s] @ x[s] - b[s]) / np.linalg.norm(b[s])
            assert residual <= tolerance * (1 + 1e-6)
            assert torch.equal(found(slice(s, s + 1), tolerance)[0], x[s])
    counts.clear()
    for tolerance in (0.5, 1e-8):
        found(slice(0, 1), tolerance)
    assert counts[0.5] < counts[1e-8] <= 10


def test_it_is_differentiable_twice():
    A, b = (tensor(RNG.normal(size=(2, 3, n))).requires_grad_() for n in (3, 2))
    assert torch.autograd.gradcheck(solve, (A, b))
    assert torch.autograd.gradgradcheck(solve, (A, b))
    x, y = (tensor(RNG.normal(size=(2, 3))).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(dot, (x, y))
    assert torch.autograd.gradgradcheck(dot, (x, y))


def test_products_per_seed():
    A, x, y = RNG.normal(size=(4, 3, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
    np.testing.assert_allclose(dot(tensor(x), tensor(y))[:, 0], (x * y).sum(1), rtol=1e-14)
    np.testing.assert_allclose(times(tensor(A), tensor(x)), np.einsum("sij,sj->si", A, x), rtol=1e-12)
