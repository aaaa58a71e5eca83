"""Networks that answer with consistent directions: what they are, how they are fitted, and the rule that follows them.

Each player has a network of its own, from all players' parameters to its direction f_i. Together they are fitted to the
least consistency loss (see `consistency`) at points drawn uniformly from a region, afresh in every step. Networks are
rows, (R, …), one for each seed and η, and one flat tensor of weights (R, w) per player. No operation mixes rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, normal, tanh
from lola.learning.rules import Rule, Values
from lola.vocabulary import registry

STD = 0.1  # of the first weights; biases start at 0


@dataclass(frozen=True)
class Net:
    """Layers of `hidden` units, after each of which comes one of `activations`, and one that is linear.

    Fitted by Adam with step size `lr`, times `decay` after every 750 steps, to `batch` points a step.
    """

    hidden: int
    activations: tuple[Callable[[Tensor], Tensor], ...]
    lr: float
    decay: float
    batch: int

    def shapes(self, inputs: int, outputs: int) -> list[tuple[int, int]]:
        """(rows, columns) of the layers' weights."""
        return list(pairwise([inputs, *[self.hidden] * len(self.activations), outputs]))

    def initial(self, rng: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
        """First weights, (w,)."""
        layers = [(STD * normal(rng, shape).ravel(), np.zeros(shape[1])) for shape in self.shapes(inputs, outputs)]
        return np.concatenate([part for layer in layers for part in layer])

    def answer(self, weights: Tensor, x: Tensor, outputs: int) -> Tensor:
        """(R, B, outputs) to inputs (R, B, n), of weights (R, w)."""
        at, last = 0, len(self.activations)
        for k, (rows, columns) in enumerate(self.shapes(x.shape[2], outputs)):
            W = weights[:, at : at + rows * columns].unflatten(1, (rows, columns))
            at += (rows + 1) * columns
            x = matmul(x, W, weights[:, None, at - columns : at])
            x = self.activations[k](x) if k < last else x
        return x


def linear(x: Tensor) -> Tensor:
    """The same: two linear layers, one after another."""
    return x


NETS = {  # of the authors' code: for quadratic games, for all others
    "relu": Net(8, (torch.relu, linear), lr=0.1, decay=0.8, batch=8),
    "tanh": Net(16, (tanh, tanh, tanh), lr=0.001, decay=1.0, batch=64),
}


@dataclass(frozen=True)
class Networks:
    """Players' networks of one kind: `weights` per player (R, w), the rows of a seed one after another."""

    net: str
    weights: list[Tensor]

    def of(self, s: int, seeds: int) -> "Networks":
        """Those of the s-th of so many seeds."""
        each = len(self.weights[0]) // seeds
        return Networks(self.net, [w[s * each : (s + 1) * each] for w in self.weights])

    def answer(self, i: int, x: Tensor, outputs: int) -> Tensor:
        """What player i's networks answer to x (R, B, n): (R, B, outputs)."""
        return NETS[self.net].answer(self.weights[i], x, outputs)


@dataclass(frozen=True)
class Carried:
    """The rule that follows networks."""

    networks: Networks
    clamp: float | None

    def __call__(self, values: Values, thetas: list[Tensor], i: int) -> Tensor:
        x = torch.cat(thetas, dim=1)
        x = x if self.clamp is None else x.clamp(-self.clamp, self.clamp)
        rows = x.unflatten(0, (len(self.networks.weights[i]), -1))
        return self.networks.answer(i, rows, thetas[i].shape[1]).flatten(0, 1)

    def of_seed(self, s: int, seeds: int) -> "Carried":
        """The same with the networks of the s-th of so many seeds."""
        return Carried(self.networks.of(s, seeds), self.clamp)


def cola(eta: float | Tensor, net: Networks, clamp: float | None = None) -> Rule:
    """f_i(θ), what player i's network answers, fitted to f_i(θ) = ∇_i V_i(θ_i, θ_−i + η f_−i(θ)): COLA.

    Willi et al. 2022. With `clamp` networks see parameters beyond ± that as if they were there.
    """
    return Carried(net, clamp)


def carrying(spec: dict, fitted: list[list[list] | None]) -> dict:
    """A spec whose seats, and whom they are compared with, carry their networks in place of their kind.

    `fitted` are for each of them what `fitting.Fit` left of each seed, weights by η and player; None who carries none.
    """
    against = spec.get("region", {}).get("against")
    named = [*spec["seats"], *([against] if against else [])]
    held = [
        seat if of_seat is None else seat | {"net": picked(seat, of_seat, registry.etas(networks), spec["grid"])}
        for seat, of_seat, networks in zip(named, fitted, spec["networks"], strict=True)
    ]
    spec = spec | {"seats": held[: len(spec["seats"])]}
    return spec | {"region": spec["region"] | {"against": held[-1]}} if against else spec


def picked(seat: dict, fitted: list[list], etas: list[float], grid: dict | None) -> Networks:
    """The networks of a seat at its own η, or at each of the grid, of those that were fitted at `etas`."""
    at = [etas.index(eta) for eta in (grid["eta"] if seat["eta"] is None else [seat["eta"]])]
    players = range(len(fitted[0][0]))
    whole = [np.array([of_seed[n][i] for of_seed in fitted for n in at], dtype=np.float64) for i in players]
    return Networks(seat["net"], [torch.from_numpy(weights) for weights in whole])
