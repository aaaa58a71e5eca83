"""Covariance estimation as a game: one player finds a root of a matrix, the other where it is none."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, normal
from lola.learning.differentiable.game import Game, length
from lola.learning.fields import Field
from lola.learning.policies import Plain
from lola.vocabulary import measures


class Covariance(Game):
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

    def square(self, parts: Iterable[Tensor]) -> list[Tensor]:
        """Both players' parts of anything as matrices, (S, d, d), from (S, d²)."""
        return [part.unflatten(1, (len(self.root), -1)) for part in parts]

    def matrices(self, thetas: list[Tensor]) -> list[Tensor]:
        """W and VVᵀ − UUᵀ, (S, d, d)."""
        w, v = self.square(thetas)
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

    def field(self, thetas: list[Tensor]) -> "Antisymmetric":
        """All players' gradients, and products of their Jacobian, which is not made, without autograd."""
        return Antisymmetric(self, thetas)


@dataclass(frozen=True)
class Antisymmetric(Field):
    """The field of covariance estimation, by products of d × d matrices.

    ξ = (VVᵀ − UUᵀ, −(W + Wᵀ)V). J_o takes (dW, dV) to (A dV, −Aᵀ dW), where A dV = dV Vᵀ + V dVᵀ and
    Aᵀ dW = (dW + dWᵀ) V: with one value between the players J_oᵀ = −J_o and χ = J_oξ. The one block on J's diagonal
    that is not 0 takes dV to −(W + Wᵀ) dV.
    """

    game: Covariance
    thetas: list[Tensor]

    @cached_property
    def point(self) -> tuple[Tensor, Tensor]:
        """W + Wᵀ and V, (S, d, d)."""
        w, v = self.game.square(theta.detach() for theta in self.thetas)
        return w + w.mT, v

    @cached_property
    def xi(self) -> Tensor:
        w, v = self.point
        _, off = self.game.matrices([theta.detach() for theta in self.thetas])
        return joint(off, -matmul(w, v))

    @cached_property
    def forward(self) -> Tensor:
        return self.ahead + self.own_times(self.xi)

    @cached_property
    def backward(self) -> Tensor:
        return self.own_times(self.xi) - self.ahead

    @cached_property
    def ahead(self) -> Tensor:
        return self.between_times(self.xi)

    @property
    def shape(self) -> Tensor:
        return self.ahead

    @cached_property
    def jacobian(self) -> Tensor:
        """Column by column."""
        size = sum(self.game.sizes)
        columns = torch.eye(size, dtype=torch.float64)[:, None].expand(-1, len(self.xi), -1)
        return torch.stack([self.between_times(x) + self.own_times(x) for x in columns], dim=2)

    def between_times(self, x: Tensor) -> Tensor:
        dw, dv = self.game.square(self.parts(x))
        _, v = self.point
        moved = matmul(dv, v.mT)
        return joint(moved + moved.mT, -matmul(dw + dw.mT, v))

    def between_transposed_times(self, x: Tensor) -> Tensor:
        return -self.between_times(x)

    def own_times(self, x: Tensor) -> Tensor:
        """(J − J_o) x."""
        w, _ = self.point
        _, dv = self.game.square(self.parts(x))
        return joint(torch.zeros_like(dv), -matmul(w, dv))


def joint(w: Tensor, v: Tensor) -> Tensor:
    """Two matrices as one vector, (S, 2d²)."""
    return torch.cat([w.flatten(1), v.flatten(1)], dim=1)


@dataclass(frozen=True)
class Nearby(Plain):
    """W around 0 and V around U, each entry off by up to a half, as in the paper; `std` is not asked."""

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """U[−½, ½] for W, U + U[−½, ½] for V, one stream per (seed, player): float64, (S, d²)."""
        draws = np.stack([np.random.default_rng([seed, i]).random(self.game.sizes[i]) for seed in seeds]) - 0.5
        return torch.from_numpy(draws + self.game.root.ravel() if i else draws)
