"""Recurrent networks, many side by side: their parameters, and what they answer to boards.

    x_t = encoder(board_t)                          r, z = σ(x^r + a^r), σ(x^z + a^z)
    a_t = h_{t−1} W + b                             n = tanh(x^n + r ∘ a^n)
    y_t = h_t V + c                                 h_t = (1 − z) ∘ n + z ∘ h_{t−1}

A gated recurrent unit (Cho et al. 2014); `runs` lets it run. Networks are *rows*, (R, …), one flat tensor of parameters
(R, d); time comes before the batch, (R, T, B, …). No operation mixes rows, or games of a batch.

The columns of a, W and b are (n, r, z), those of x (r, z, n), so that derivatives by both lie side by side, four wide.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from lola.learning.arithmetic import matmul, normal, orthonormal
from lola.learning.coins.game import MOVES, CoinGame

ENCODERS = ("linear", "convolutional")


@dataclass(frozen=True)
class Network:
    """What networks of one kind have in common: the game whose boards they see, and their shape.

    They have `hidden` units. Their `encoder` is linear in the board, or has two convolutions of `filters` each.
    Policies answer a number per move, critics one alone.
    """

    game: CoinGame
    hidden: int = 32
    encoder: str = "linear"
    filters: int = 20
    outputs: int = len(MOVES)

    def __post_init__(self):
        if self.encoder not in ENCODERS:
            raise ValueError(f"encoder: given {self.encoder!r}; allowed: {', '.join(ENCODERS)}")

    @property
    def critic(self) -> "Network":
        """The like of it that answers one number."""
        return replace(self, outputs=1)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameters by name, in the order in which they lie in a flat tensor."""
        cells, width = self.game.cells, 3 * self.hidden
        encoder = {
            "linear": {"in": (4 * cells, width)},
            "convolutional": {
                "conv1": (9 * 4, self.filters),
                "conv1 bias": (self.filters,),
                "conv2": (9 * self.filters, self.filters),
                "conv2 bias": (self.filters,),
                "in": (cells * self.filters, width),
            },
        }[self.encoder]
        gates = {"in bias": (width,), "W": (self.hidden, width), "b": (width,)}
        return encoder | gates | {"V": (self.hidden, self.outputs), "c": (self.outputs,)}

    @cached_property
    def size(self) -> int:
        """The number of parameters, d."""
        return sum(map(math.prod, self.shapes.values()))

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where each of the parameters lies in a flat tensor."""
        ends = np.cumsum([math.prod(shape) for shape in self.shapes.values()]).tolist()
        return {name: slice(a, b) for name, a, b in zip(self.shapes, [0, *ends], ends, strict=False)}

    def part(self, theta: Tensor, name: str) -> Tensor:
        """One of the parameters, (R, *shape), of a flat tensor (R, d)."""
        return theta[:, self.places[name]].unflatten(1, self.shapes[name])

    def initial(self, draws: np.random.Generator, gain: float) -> np.ndarray:
        """Orthogonal weights times `gain` and no biases, as in the authors' code, (d,).

        Those of a layer that sees a board are larger by what makes the variance of its sums gain²,
        although only three inputs are one: with less, gradient ascent learns the biases first.
        """
        blocks = []
        for name, shape in self.shapes.items():
            block = np.zeros(shape)
            if len(shape) == 2:
                rows = orthonormal(normal(draws, (max(shape), min(shape))).T)
                block = rows if shape == rows.shape else rows.T
                sees_board = name == next(iter(self.shapes))
                block = block * gain / (np.sqrt(3 * np.mean(block**2)) if sees_board else 1)
            blocks.append(block.ravel())
        return np.concatenate(blocks).astype(np.float32)

    @cached_property
    def encoder_size(self) -> int:
        """How many of the parameters, the first, are the encoder's."""
        return self.places["W"].start

    def unit(self, theta: Tensor) -> tuple[Tensor, ...]:
        """W (R, 3, H, H) and b (R, 3, H) block by block, V (R, H, outputs) and c (R, outputs)."""
        W, b, V, c = (self.part(theta, name) for name in ("W", "b", "V", "c"))
        W, b = W.unflatten(2, (3, -1)).transpose(1, 2), b.unflatten(1, (3, -1))
        return tuple(x.contiguous() for x in (W, b, V, c))

    def flattened(self, W: Tensor, b: Tensor, V: Tensor, c: Tensor) -> Tensor:
        """The parameters of the unit, (…, 3, H, H), (…, 3, H), (…, H, outputs) and (…, outputs), in one line each."""
        return torch.cat([W.transpose(-2, -3).flatten(-3), b.flatten(-2), V.flatten(-2), c], dim=-1)

    @cached_property
    def lines(self) -> Tensor:
        """The lines of a table whose sum is x of each board, (boards, n)."""
        if self.encoder == "linear":
            return self.game.inputs
        return torch.arange(self.game.boards, device=self.game.inputs.device)[:, None]

    def table(self, theta: Tensor) -> Tensor:
        """The lines that x of every board is made of, (R, lines, 3H)."""
        return {"linear": self.weighed, "convolutional": self.convolved}[self.encoder](theta)

    def weighed(self, theta: Tensor) -> Tensor:
        """A line per input. Of a board three are one, among them its own cell, with which the bias goes."""
        own, rest = self.part(theta, "in").split([self.game.cells, 3 * self.game.cells], dim=1)
        return torch.cat([own + self.bias(theta, "in bias"), rest], dim=1)

    def convolved(self, theta: Tensor) -> Tensor:
        """A line per board: two 3 × 3 convolutions that wrap round, with rectifiers, and a linear layer.

        So features of a shifted board are shifted features: only boards with oneself on cell 0 are convolved.
        """
        shifts, cells = self.game.shifts, self.game.cells
        inputs = self.game.inputs[: 2 * cells**2]  # of boards with oneself on cell 0
        planes = one_hot(inputs, 4 * cells).sum(1).unflatten(1, (4, cells))
        features = planes.mT.to(theta.dtype).expand(len(theta), -1, -1, -1)  # (R, boards, cells, channels)
        for layer in ("conv1", "conv2"):
            squares = features.index_select(2, self.game.neighbours.flatten())  # (R, boards, cells · 9, channels)
            squares = squares.unflatten(2, (-1, 9)).flatten(1, 2).flatten(2)  # (R, boards · cells, 9 · channels)
            sums = matmul(squares, self.part(theta, layer), self.bias(theta, f"{layer} bias"))
            features = torch.relu(sums).unflatten(1, (-1, cells))
        weights = self.part(theta, "in").unflatten(1, (cells, -1)).index_select(1, shifts.flatten())
        weights = weights.unflatten(1, shifts.shape).permute(0, 2, 3, 1, 4)  # (R, cells, filters, shifts, 3H)
        x = matmul(features.flatten(2), weights.flatten(3).flatten(1, 2)).unflatten(2, (cells, -1))
        return x.flatten(1, 2).index_select(1, self.game.unshifted) + self.bias(theta, "in bias")

    def bias(self, theta: Tensor, name: str) -> Tensor:
        """A bias, (R, 1, width)."""
        return self.part(theta, name)[:, None]
