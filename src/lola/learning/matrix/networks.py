"""Iterated matrix games of players whose policies are small networks of what was played last."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, tanh
from lola.learning.matrix.game import MatrixGame, own_first
from lola.learning.policies import Plain

LANES = 8  # numbers that PyTorch takes at a time


class NetworkGame:
    """A matrix game played for ever, by players whose logits are tanh(x U + b) W + c; the last action's logit is 0.

    x is what everybody did last, or that it is the start, one-hot per player, the player's own first. Weights θ_i
    (S, d_i) are U, b, W and c one after another, of as many units as d_i has room for. Payoffs, discount and actions
    are those of a `MatrixGame`.
    """

    def __init__(self, payoffs: list, gamma: float, actions: list):
        self.tables = MatrixGame(payoffs, gamma, actions)
        self.gamma, self.actions, self.counts = gamma, self.tables.actions, self.tables.counts
        self.inputs = [torch.from_numpy(one_hot_states(i, self.counts)) for i in range(len(self.counts))]

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """V_i of the policies that the networks are, one (S,) tensor per player, not multiplied by (1 − γ)."""
        return self.tables.values([self.logits(theta, i) for i, theta in enumerate(thetas)])

    def probabilities(self, thetas: list[Tensor], i: int) -> Tensor:
        """π_i(a | s), (S, states, actions), the states in joint order."""
        return self.tables.probabilities([*thetas[:i], self.logits(thetas[i], i), *thetas[i + 1 :]], i)

    def logits(self, theta: Tensor, i: int) -> Tensor:
        """The table of player i's logits that its network is, (S, states · (actions − 1)), in its own view."""
        x = self.inputs[i].expand(len(theta), -1, -1)
        shapes = self.shapes(i, self.units(i, theta.shape[1]))
        parts = theta.split([rows * columns for rows, columns in shapes], dim=1)
        U, b, W, c = (part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True))
        return matmul(padded_tanh(matmul(x, U, b)), W, c).flatten(1)

    def shapes(self, i: int, units: int) -> list[tuple[int, int]]:
        """(rows, columns) of U, b, W and c."""
        inputs, outputs = self.inputs[i].shape[1], self.counts[i] - 1
        return [(inputs, units), (1, units), (units, outputs), (1, outputs)]

    def units(self, i: int, size: int) -> int:
        """How many units a network of so many weights has."""
        inputs, outputs = self.inputs[i].shape[1], self.counts[i] - 1
        units, left = divmod(size - outputs, inputs + 1 + outputs)
        assert left == 0 < units, f"no network of player {i} has {size} weights"
        return units

    def state_names(self, player: int) -> list[str]:
        """Names of the joint states, as of a `MatrixGame`."""
        return self.tables.state_names(player)


def padded_tanh(x: Tensor) -> Tensor:
    """tanh of each number, (…, n), with zeros beside: what fills no vector PyTorch would round otherwise."""
    return tanh(torch.nn.functional.pad(x, (0, -x.shape[-1] % LANES)))[..., : x.shape[-1]]


def one_hot_states(player: int, counts: tuple[int, ...]) -> np.ndarray:
    """What a player's network is shown in each state of its own view, (states, inputs): start, then the actions."""
    own = own_first(counts, player)
    last = 1 + np.indices(own).reshape(len(own), -1)  # (players, joint actions)
    return np.concatenate([np.eye(1 + n)[[0, *actions]] for n, actions in zip(own, last, strict=True)], axis=1)


@dataclass(frozen=True)
class Networks(Plain):
    """Weights of networks with so many `hidden` units, drawn as PyTorch draws those of linear layers, or given."""

    hidden: int = 16
    first_weights: list | None = None

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """θ_i ~ std · U(−1, 1) / √(inputs of the layer), one stream per (seed, player): float64, (S, d_i).

        With `first_weights` all seeds begin with these.
        """
        if self.first_weights:
            return torch.tensor(self.first_weights, dtype=torch.float64).repeat(len(seeds), 1)
        U, b, W, c = self.sizes(i)
        inputs = self.game.inputs[i].shape[1]
        widest = np.repeat(1 / np.sqrt([inputs, self.hidden]), [U + b, W + c])
        drawn = [np.random.default_rng([seed, i]).uniform(-1.0, 1.0, len(widest)) for seed in seeds]
        return torch.from_numpy(std * widest * np.stack(drawn))

    def guess(self, i: int, j: int, seeds: list[int], std: float) -> Tensor:
        """Zeros, (S, d_j); nobody clones networks."""
        return torch.zeros(len(seeds), sum(self.sizes(j)), dtype=torch.float64)

    def sizes(self, i: int) -> list[int]:
        """How many weights U, b, W and c of player i have."""
        return [rows * columns for rows, columns in self.game.shapes(i, self.hidden)]
