"""Arithmetic that rounds alike on every processor: against many digits, plain loops, and PyTorch's own."""

import math
import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import torch

from lola.learning import arithmetic_kernels as kernels
from lola.learning.arithmetic import TAIL, matmul, normal, orthonormal, powers, running_sum, solve, tanh

RNG = np.random.default_rng(0)
DOMINANT = 3 * np.eye(4) - RNG.dirichlet(np.ones(4), size=(2, 4))


def units_off(value: float, exact: mpmath.mpf) -> float:
    """By how many units of its last place a number misses the exact one."""
    return abs(float((mpmath.mpf(value) - exact) / math.ulp(float(exact))))


def tensor(*shape: int, dtype=torch.float64) -> torch.Tensor:
    return torch.from_numpy(RNG.normal(size=shape)).to(dtype).requires_grad_(dtype == torch.float64)


@pytest.mark.parametrize(
    ("kernel", "exact", "points"),
    [
        (kernels.exp, mpmath.exp, [*RNG.uniform(-708, 709, 2000), *RNG.normal(size=2000), 0.0, -0.0, 1e-300]),
        (kernels.log, mpmath.log, [*10 ** RNG.uniform(-300, 300, 2000), *RNG.uniform(0, 2, 2000), 1.0, 5e-324]),
    ],
    ids=["exp", "log"],
)
def test_exp_and_log_are_right_to_two_units_of_the_last_place(kernel, exact, points):
    with mpmath.workdps(50):
        assert max(units_off(kernel(float(x)), exact(mpmath.mpf(float(x)))) for x in points if exact(x)) < 2


def test_exp_in_single_precision_is_right_to_two_units_of_its_last_place():
    points = [*RNG.uniform(-87, 87, 4000), *RNG.normal(size=4000), 0.0, 87.0, -87.0]
    off = [
        abs(float(kernels.exp_single(x)) - math.exp(x)) / float(np.spacing(np.float32(math.exp(x))))
        for x in map(float, np.float32(points))
    ]
    assert max(off) < 2
    ends = [kernels.exp_single(x) for x in (-math.inf, -87.0, 87.0, math.inf, 0.0)]
    assert ends == [ends[1], ends[1], ends[2], ends[2], 1.0]
    assert math.isnan(kernels.exp_single(math.nan))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_squashed_numbers_do_not_depend_on_where_they_lie(dtype):
    """σ, whether a number is one of a vector or left over, alone or among others, however large; NaN spoils itself."""
    x = np.array([*RNG.normal(scale=3, size=37), 0.0, 90.0, -90.0, 1e30, -1e30, np.inf, -np.inf, np.nan], dtype)
    squashed, one_by_one = x.copy(), x.copy()
    kernels.squash(squashed)
    for q in range(len(x)):
        kernels.squash(one_by_one[q : q + 1])
    assert squashed.tobytes() == one_by_one.tobytes()
    np.testing.assert_allclose(squashed[:-1], torch.sigmoid(torch.from_numpy(x[:-1])), rtol=1e-6, atol=1e-37)
    assert np.isnan(squashed[-1])


def test_exp_and_log_at_the_ends():
    assert [kernels.exp(x) for x in (-math.inf, -800.0, 800.0, math.inf, 0.0)] == [0.0, 0.0, math.inf, math.inf, 1.0]
    assert kernels.exp(-740.0) == pytest.approx(math.exp(-740.0), rel=0.1)  # a number of few bits
    assert [kernels.log(x) for x in (0.0, 1.0, math.inf)] == [-math.inf, 0.0, math.inf]
    assert all(map(math.isnan, (kernels.exp(math.nan), kernels.log(math.nan), kernels.log(-1.0))))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("height", "depth", "width"),
    [
        (3, 1, 5),
        (4, 7, 5),
        (3, 8, 5),
        (1, 21, 5),
        (6, 16, 5),
        (7, 3, 8),
        (8, 130, 9),
        (13, 5, 17),
        (2, 0, 3),
        (20, 2, 33),
    ],
)
def test_a_product_adds_its_terms_in_order_and_rounds_once_for_each(height, depth, width, dtype):
    """Whatever is left over of the tiles that it is made of, in whatever order numbers lie."""
    a, b = tensor(2, height, depth, dtype=dtype), tensor(2, depth, width, dtype=dtype)
    plus = torch.ones(width, dtype=dtype)
    by_hand = np.ones((2, height, width), dtype=a.detach().numpy().dtype)
    with mpmath.workprec(24 if dtype == torch.float32 else 53):  # in which a sum is rounded, but not its terms
        for r, i, j in np.ndindex(by_hand.shape):
            for x, y in zip(a[r, i].tolist(), b[r, :, j].tolist(), strict=True):
                by_hand[r, i, j] = float(mpmath.fdot([(x, y), (float(by_hand[r, i, j]), 1)]))
    a, b = a.detach(), b.detach()
    assert matmul(a, b, plus).numpy().tobytes() == by_hand.tobytes()
    torch.testing.assert_close(matmul(a, b), torch.bmm(a, b))
    assert matmul(b.mT, a.mT).numpy().tobytes() == matmul(a, b).mT.contiguous().numpy().tobytes()


def test_a_running_sum():
    x = tensor(2, 5, 3)
    torch.testing.assert_close(running_sum(x, 1), x.cumsum(1))
    assert torch.equal(running_sum(x, -1)[..., 0], x[..., 0])


def test_derivatives_of_a_product():
    given = tensor(2, 3, 9), tensor(2, 9, 4), tensor(2, 1, 4)
    assert torch.autograd.gradcheck(matmul, given, check_forward_ad=True)
    for i in range(3):  # one of them moves alone

        def alone(moving, i=i):
            return matmul(*(moving if j == i else given[j].detach() for j in range(3)))

        assert torch.autograd.gradcheck(alone, given[i], check_forward_ad=True)
    assert torch.autograd.gradgradcheck(matmul, given)
    with torch.no_grad():
        assert not matmul(*given).requires_grad


def test_solving_and_its_derivatives():
    matrix, right = torch.from_numpy(DOMINANT).requires_grad_(), tensor(2, 4, 3)
    torch.testing.assert_close(solve(matrix, right), torch.linalg.solve(matrix, right))
    torch.testing.assert_close(solve(matrix.mT, right), torch.linalg.solve(matrix.mT, right))
    assert torch.autograd.gradcheck(solve, (matrix, right))
    assert torch.autograd.gradgradcheck(solve, (matrix, right))


def test_a_row_that_is_no_number_disturbs_none_beside_it():
    matrix, right = torch.from_numpy(DOMINANT).clone(), torch.ones(2, 4, 1, dtype=torch.float64)
    alone = solve(matrix, right)[1]
    matrix[0] = torch.nan
    assert torch.equal(solve(matrix, right)[1], alone)
    assert torch.equal(matmul(matrix, right)[1], matmul(matrix[1:], right[1:])[0])


@pytest.mark.parametrize(("dtype", "off"), [(torch.float64, 4.4e-16), (torch.float32, 2.4e-7)], ids=str)
def test_tanh(dtype, off):
    x = torch.cat([torch.linspace(-20, 20, 1001, dtype=dtype), torch.logspace(-9, 0, 100, dtype=dtype)])
    torch.testing.assert_close(tanh(x), torch.tanh(x), rtol=0, atol=off)


def test_powers_are_repeated_products():
    by_hand = [1.0]
    for _ in range(149):
        by_hand.append(by_hand[-1] * 0.96)
    assert powers(0.96, 150).tolist() == by_hand
    assert powers(0.9, 1).tolist() == [1.0]


def test_normal_numbers_are_numpys_and_in_the_tail_rounded():
    drawn, numpys = (draw(np.random.default_rng(1), 100_000) for draw in (normal, np.random.Generator.standard_normal))
    tail = np.abs(numpys) > TAIL
    assert 10 < tail.sum() < 50
    assert np.array_equal(drawn[~tail], numpys[~tail])
    assert np.array_equal(drawn[tail], numpys[tail].astype(np.float32))


@pytest.mark.parametrize("shape", [(4, 9), (7, 7)])
def test_orthonormal_rows_are_those_of_qr(shape):
    given = RNG.normal(size=shape)
    rows = orthonormal(given)
    q, r = np.linalg.qr(given.T)
    np.testing.assert_allclose(rows, (q * np.sign(np.diag(r))).T, atol=1e-12)
    np.testing.assert_allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-12)


def test_pytorch_is_pinned_or_says_so():
    """Whichever instructions it had chosen before."""
    pinned = os.getenv("ATEN_CPU_CAPABILITY")
    assert pinned is None or torch.backends.cpu.get_cpu_capability() == "AVX2"
    late = "import os, torch; os.environ['ATEN_CPU_CAPABILITY'] = 'default'; torch.backends.cpu.get_cpu_capability()"
    ended = subprocess.run(
        [sys.executable, "-c", f"{late}; import lola.learning.arithmetic"], capture_output=True, text=True
    )
    if pinned:
        assert ended.stderr.endswith(
            "PyTorch computes with DEFAULT already, not AVX2: import lola before you use PyTorch\n"
        )
    else:
        assert ended.returncode == 0
