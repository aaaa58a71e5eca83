"""Policies: what a player's parameters are, how they are drawn, and what stands for those that it does not know.

A policy has `initial(i, seeds, std)`, player i's first parameters; `guess(i, j, seeds, std)`, the start of player i's
clone of player j, who has this policy; and `critic(i, seeds, std)`, player i's first baseline. All tensors are (S, d).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import normal


@dataclass(frozen=True)
class Plain:
    """Parameters of a game that has `sizes[i]` of them for player i, drawn from N(0, std²); clones start from zeros."""

    game: object

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """θ_i ~ N(0, std²), one stream per (seed, player): float64, (S, d_i)."""
        draws = [normal(np.random.default_rng([seed, i]), self.game.sizes[i]) for seed in seeds]
        return torch.from_numpy(np.stack([std * drawn for drawn in draws]))

    def guess(self, i: int, j: int, seeds: list[int], std: float) -> Tensor:
        """Zeros, (S, d_j)."""
        return torch.zeros(len(seeds), self.game.sizes[j], dtype=torch.float64)

    def critic(self, i: int, seeds: list[int], std: float) -> None:
        """None: there is nothing to judge between."""


@dataclass(frozen=True)
class Tabular(Plain):
    """Logits of a memory-one policy, so that clones begin with every action alike; critics have a number per state."""

    def critic(self, i: int, seeds: list[int], std: float) -> np.ndarray:
        """Zeros, (S, states)."""
        return np.zeros((len(seeds), 1 + self.game.joint.shape[1]))
