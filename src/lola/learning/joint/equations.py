"""Linear equations per seed, of any matrix, with bits that are the same on every processor."""

from collections.abc import Callable

import torch
from torch import Tensor

from lola.learning.arithmetic import solution
from lola.learning.joint import kernels

solve = solution(kernels.solve)  # where A is singular x is NaN, of that row alone


class Dot(torch.autograd.Function):
    """⟨x, y⟩ per seed, (S, 1), from (S, D), one term after another: differentiable as often as one likes."""

    @staticmethod
    def forward(ctx, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return torch.from_numpy(kernels.dot(x.detach().numpy(), y.detach().numpy()))

    @staticmethod
    def backward(ctx, g: Tensor):
        x, y = ctx.saved_tensors
        return g * y, g * x


dot = Dot.apply


def conjugate_gradients(
    forward: Callable[[Tensor], Tensor], transposed: Callable[[Tensor], Tensor], right: Tensor, tolerance: float
) -> Tensor:
    """x with ‖A x − b‖ ≤ tolerance ‖b‖ per seed, (S, D), for A given by x ↦ A x and x ↦ Aᵀ x; without a way back.

    By conjugate gradients on AᵀA x = Aᵀb, in at most 10 D steps: where these don't do, x is NaN. A seed that is done
    waits for the others, and its bits depend on none.
    """
    b = right.detach()
    x, residual = torch.zeros_like(b), b
    slope = direction = transposed(residual).detach()
    enough = tolerance**2 * dot(b, b)
    for _ in range(10 * b.shape[1]):
        open_ = dot(residual, residual) > enough
        if not open_.any():
            break
        image, steep = forward(direction).detach(), dot(slope, slope)
        step = torch.where(open_, steep / dot(image, image), 0.0)
        x, residual = x + step * direction, residual - step * image
        slope = transposed(residual).detach()
        direction = torch.where(open_, slope + dot(slope, slope) / steep * direction, direction)
    return torch.where(dot(residual, residual) <= enough, x, torch.nan)
