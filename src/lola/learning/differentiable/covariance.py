"""Covariance estimation as a game: one player finds a root of a matrix, the other where it is none."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, normal
from lola.learning.differentiable.game import length
from lola.learning.policies import Plain
from lola.vocabulary import measures


class Covariance:
    """V_1 = −Σ_ij W_ij (UUᵀ − VVᵀ)_ij = −V_2, where player 1 chooses W and player 2 chooses V, both d × d.

    With d = `dimension`. U has entries N(0, 1), one draw for each d, the same for all seeds. Schäfer & Anandkumar
    (2019), "Competitive Gradient Descent", Appendix B: where VVᵀ = UUᵀ and W is skew, nobody moves. Parameters are
    matrices row by row.
    """

    large = True

    def __init__(self, dimension: int):
        self.sizes = [dimension * dimension] * 2
        self.root = normal(np.random.default_rng([dimension]), (dimension, dimension))
        root = torch.from_numpy(self.root)[None]
        self.target = matmul(root, root.mT)

    def matrices(self, thetas: list[Tensor]) -> list[Tensor]:
        """W and VVᵀ − UUᵀ, (S, d, d)."""
        w, v = (theta.unflatten(1, (len(self.root), -1)) for theta in thetas)
        return [w, matmul(v, v.mT, -self.target)]

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, from parameters (S, d²)."""
        w, off = (matrix.flatten(1) for matrix in self.matrices(thetas))
        value = matmul(w[:, None], off[..., None])[:, 0, 0]
        return [value, -value]

    def names(self) -> list[list[str]]:
        return [[measures.RESIDUAL]] * 2

    def seen(self, thetas: list[Tensor]) -> list[Tensor]:
        """‖W + Wᵀ‖ / 2 + ‖UUᵀ − VVᵀ‖, which is 0 where nobody moves: the same for both players, (S, 1)."""
        w, off = self.matrices(thetas)
        return [length((w + w.mT).flatten(1)) / 2 + length(off.flatten(1))] * 2

    def played(self, thetas: list[Tensor]) -> list[dict]:
        """Nothing: there are no actions."""
        return []


@dataclass(frozen=True)
class Nearby(Plain):
    """W around 0 and V around U, each entry off by up to a half, as in the paper; `std` is not asked."""

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """U[−½, ½] for W, U + U[−½, ½] for V, one stream per (seed, player): float64, (S, d²)."""
        draws = np.stack([np.random.default_rng([seed, i]).random(self.game.sizes[i]) for seed in seeds]) - 0.5
        return torch.from_numpy(draws + self.game.root.ravel() if i else draws)
