"""Operations of PyTorch and NumPy whose last bits would depend on the processor, done so that they don't.

On the processor, PyTorch leaves matrix products, linear equations, tanh, exp and log to MKL, which has other code for
other makes; here the first two are kernels and tanh is made of σ. What is left to PyTorch is code of its own, which
`lola` pins to one set of vector instructions. On a GPU matrix products are PyTorch's.
"""

import os
from collections.abc import Callable
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from lola.learning import arithmetic_kernels as kernels

PINNED, CHOSEN = os.getenv("ATEN_CPU_CAPABILITY", "").upper(), torch.backends.cpu.get_cpu_capability()
if PINNED not in ("", CHOSEN):
    raise ImportError(f"PyTorch computes with {CHOSEN} already, not {PINNED}: import lola before you use PyTorch")

TAIL = 3.6541528853610088  # beyond it NumPy's normal numbers come from libm's logarithm (its ziggurat has 256 layers)


def matmul(a: Tensor, b: Tensor, plus: Tensor | None = None) -> Tensor:
    """plus + a b, (R, M, N), from (R, M, K) and (R, K, N): differentiable as often as one likes, either way.

    `plus` is anything that broadcasts to the product. Within `torch.no_grad` nothing is kept for derivatives.
    """
    assert a.ndim == b.ndim == 3 and a.shape[::2] == (len(b), b.shape[1]), "a must be (R, M, K) and b (R, K, N)"
    if a.is_cuda:
        return torch.bmm(a, b) if plus is None else torch.baddbmm(plus, a, b)
    multiplied = Product.apply if torch.is_grad_enabled() else Product.forward
    return multiplied(a, b, a.new_zeros(()) if plus is None else plus)


def times(matrix: Tensor, x: Tensor) -> Tensor:
    """A x per seed, (S, D), from (S, D, D) and (S, D)."""
    return matmul(matrix, x[:, :, None])[:, :, 0]


class Product(torch.autograd.Function):
    """plus + a b on the processor, and its derivatives, which are products again."""

    @staticmethod
    def forward(a: Tensor, b: Tensor, plus: Tensor) -> Tensor:
        out = torch.empty(*a.shape[:2], b.shape[2], dtype=a.dtype)
        out.copy_(plus)
        kernels.add_product(out.numpy(), a.detach().numpy(), b.detach().numpy())
        return out

    @staticmethod
    def setup_context(ctx, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
        ctx.set_materialize_grads(False)  # so that what doesn't move costs no product

    @staticmethod
    def backward(ctx, g: Tensor | None):
        a, b, plus = ctx.saved_tensors
        by_a, by_b, by_plus = (wanted and g is not None for wanted in ctx.needs_input_grad)
        return (
            matmul(g, b.mT) if by_a else None,
            matmul(a.mT, g) if by_b else None,
            g.sum_to_size(plus.shape) if by_plus else None,
        )

    @staticmethod
    def jvp(ctx, da: Tensor | None, db: Tensor | None, dplus: Tensor | None) -> Tensor:
        a, b, _ = ctx.saved_tensors
        moved = None if dplus is None else dplus.expand(*a.shape[:2], b.shape[2])
        for x, y in ((da, b), (a, db)):
            if x is not None and y is not None:
                moved = matmul(x, y, moved)
        return moved


def solution(kernel: Callable) -> Callable[[Tensor, Tensor], Tensor]:
    """x = A⁻¹ b, (R, K, N), from (R, K, K) and (R, K, N): differentiable as often as one likes.

    The kernel turns b into x and uses A up. With g = ∂L/∂x, ∂L/∂b = A⁻ᵀ g and ∂L/∂A = −(A⁻ᵀ g) xᵀ.
    """

    class Solution(torch.autograd.Function):
        @staticmethod
        def forward(ctx, matrix: Tensor, right: Tensor) -> Tensor:
            left, x = (given.detach().clone(memory_format=torch.contiguous_format) for given in (matrix, right))
            kernel(x.numpy(), left.numpy())
            ctx.save_for_backward(matrix, x)
            return x

        @staticmethod
        def backward(ctx, g: Tensor):
            matrix, x = ctx.saved_tensors
            by_right = Solution.apply(matrix.mT, g)
            return -matmul(by_right, x.mT), by_right

    return Solution.apply


solve = solution(kernels.solve)  # A is to be diagonally dominant, by rows or by columns


def tanh(x: Tensor) -> Tensor:
    """2 σ(2x) − 1, within two roundings of 1, so that next to 0 it is less exact than PyTorch's."""
    return 2 * torch.sigmoid(2 * x) - 1


def running_sum(x: Tensor, dim: int) -> Tensor:
    """Σ_{m≤n} x_m along an axis, one term after another. On a GPU, PyTorch's own takes them as they come."""
    return torch.stack(list(accumulate(x.unbind(dim))), dim)


def powers(base: float, count: int) -> np.ndarray:
    """baseᵗ for t from 0 to less than `count`, each the one before times `base`."""
    return np.multiply.accumulate([1.0, *[base] * (count - 1)])


def normal(numbers: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers; in the tail, one in 4,000, rounded to 24 bits, which the last of libm's don't reach."""
    drawn = numbers.standard_normal(shape)
    return np.where(np.abs(drawn) > TAIL, drawn.astype(np.float32), drawn)


def orthonormal(rows: np.ndarray) -> np.ndarray:
    """The rows, each less its parts along those before it, of length 1: Gram–Schmidt, (k, n) with k ≤ n."""
    rows = rows.copy()
    for k in range(len(rows)):
        rows[k] /= np.sqrt((rows[k] * rows[k]).sum())
        rows[k + 1 :] -= (rows[k + 1 :] * rows[k]).sum(1)[:, None] * rows[k]
    return rows
