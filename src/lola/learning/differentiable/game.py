"""Differentiable games that are given by numbers."""

import itertools

import torch
from torch import Tensor


class Quadratic:
    """V_i(θ) = θᵀ Q_i θ + b_iᵀ θ, where θ has one real parameter per player.

    `matrices` are the Q_i and `linear` the b_i, one per player. The tandem game (Letcher et al. 2019), with values
    −(x + y)² + 2x and −(x + y)² + 2y, has Q_i = ((−1, −1), (−1, −1)), b_1 = (2, 0) and b_2 = (0, 2).
    """

    def __init__(self, matrices: list, linear: list):
        self.matrices, self.linear = matrices, linear
        self.sizes = [1] * len(linear)

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, from parameters (S, 1); term by term, so that bits depend on no other seed."""
        assert all(theta.shape[1:] == (1,) for theta in thetas), "thetas must be (S, 1)"
        x = [theta[:, 0] for theta in thetas]
        pairs = list(itertools.product(range(len(x)), repeat=2))
        return [
            sum(Q[j][k] * x[j] * x[k] for j, k in pairs) + sum(b * own for b, own in zip(linear, x, strict=True))
            for Q, linear in zip(self.matrices, self.linear, strict=True)
        ]

    def gradients(self, thetas: list[Tensor]) -> list[Tensor]:
        """ξ_i = ∇_i V_i, (S, 1) per player."""
        at = [theta.detach().requires_grad_() for theta in thetas]
        pairs = zip(self.values(at), at, strict=True)
        return [torch.autograd.grad(value.sum(), own, retain_graph=True)[0] for value, own in pairs]
