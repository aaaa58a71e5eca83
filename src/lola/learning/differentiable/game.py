"""Differentiable games that are given by numbers, and where their parameters go."""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning import rules, trainers
from lola.learning.training import Job, State
from lola.vocabulary import measures


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


def build(spec: dict, seeds: list[int]) -> "ParameterJob":
    """The job of a spec."""
    return ParameterJob(**trainers.parts(spec, seeds))


@dataclass(frozen=True)
class ParameterJob(Job):
    """A row per update: values, the length of ξ_i = ∇_i V_i, which is 0 at fixed points, and parameters."""

    def table(self, means: Tensor, ends: list[Tensor]) -> list[Tensor]:
        thetas = [theta.flatten(0, 1).requires_grad_() for theta in ends]
        flat = []
        for value, theta in zip(self.game.values(thetas), thetas, strict=True):
            xi = rules.gradient(value, theta)
            flat.append(torch.cat([value[:, None], xi.norm(dim=1, keepdim=True), theta], 1).detach())
        return [of_player.unflatten(0, ends[0].shape[:2]) for of_player in flat]

    def names(self) -> list[list[str]]:
        own = [[measures.parameter(k) for k in range(1, 1 + size)] for size in self.game.sizes]
        return [[measures.RETURN, measures.GRADIENT, *names] for names in own]

    def outcome(self, s: int, state: State, ends: list[Tensor], finished: bool) -> dict:
        return {"thetas": [theta[-1].tolist() for theta in ends if len(theta)], "policies": []}
