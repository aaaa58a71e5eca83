"""Fit networks to the least consistency loss, many seeds and look-ahead rates side by side."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.arithmetic import powers
from lola.learning.cola.networks import NETS, Networks, cola
from lola.learning.rules import Values, anticipate
from lola.learning.streams import stream
from lola.learning.training import Keep, Snapshot, Trained, pickled, unpickled
from lola.vocabulary import measures, registry

COLUMNS = ("step", "eta", "metric", "value")
ADAM = (0.9, 0.999)
SMALL = 1e-8
PERIOD = 750  # steps after which the step size decays
BLOCK = 1000  # steps whose points are drawn together, from a stream of their own
POINTS = 2  # that stream, apart from those of the first weights, (0, player)
ROWS = 100  # of a curve that says no other number


@dataclass
class State:
    """After `step` steps: weights (R, w) per player, Adam's running means, and mean losses (R,) of each row so far."""

    step: int
    weights: list[Tensor]
    slopes: list[Tensor]
    squares: list[Tensor]
    losses: list[Tensor]
    block: list[Tensor]  # losses of steps in no row yet


@dataclass(frozen=True)
class Fit:
    """The networks of a spec for each seed at every η of its grid, or at its algorithm's own."""

    spec: dict
    seeds: list[int]

    def train(self, until: int, saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
        """As `Job.train`: rows of the loss on what is fitted to, and at the end the weights, by η and player."""
        spec, seeds = self.spec, self.seeds
        game, seat, radius = trainers.game(spec), spec["seats"][0], spec["fit"]["radius"]
        net, etas = NETS[seat["net"]], registry.etas(spec)
        every = spec["every"] or max(1, until // ROWS)
        eta = torch.tensor(etas * len(seeds), dtype=torch.float64)
        by_point = eta.repeat_interleave(net.batch)[:, None]
        state = unpickled(saved["state"]) if saved else self.start(game.sizes, len(etas))
        rates = net.lr * powers(net.decay, 1 + until // PERIOD)
        shrunk = [powers(b, until + 2) for b in ADAM]
        values, sizes = Values(game.values), game.sizes
        points = None
        for t in range(state.step, until):
            if points is None or t % BLOCK == 0:
                points = self.points(t // BLOCK, net.batch, sum(sizes), radius)
            thetas = [theta.requires_grad_() for theta in self.at(points[:, t % BLOCK], len(etas)).split(sizes, dim=1)]
            weights = [w.requires_grad_() for w in state.weights]
            loss = consistency_loss(values, thetas, by_point, Networks(seat["net"], weights)).view(len(eta), -1)
            found = torch.autograd.grad(loss.sum() / net.batch, weights)
            self.adam(state, found, rates[t // PERIOD], [1 - shrunk[k][t + 1] for k in range(2)])
            state.step = t + 1
            state.block.append(loss.detach().sum(1) / net.batch)
            if state.step % every == 0:
                state.losses.append(sum(state.block) / every)
                state.block = []
            keep(lambda: snapshot(state, len(seeds)))
        for s in range(len(seeds)):
            yield self.trained(s, state, etas, every)

    def start(self, sizes: list[int], rates: int) -> State:
        """First weights, drawn alike at every η."""
        net, weights = NETS[self.spec["seats"][0]["net"]], []
        for i, size in enumerate(sizes):
            drawn = [net.initial(stream(seed, (0, i)), sum(sizes), size) for seed in self.seeds]
            weights.append(torch.from_numpy(np.repeat(drawn, rates, axis=0)))
        zeros = [torch.zeros_like(w) for w in weights]
        return State(0, weights, zeros, [z.clone() for z in zeros], [], [])

    def points(self, block: int, batch: int, width: int, radius: float) -> np.ndarray:
        """The points of a block of steps, (S, BLOCK, batch, D)."""
        shape = (BLOCK, batch, width)
        return np.stack([radius * (2 * stream(seed, (POINTS, block)).random(shape) - 1) for seed in self.seeds])

    def at(self, points: np.ndarray, rates: int) -> Tensor:
        """The points (S, batch, D) of a step for every network, (R · batch, D)."""
        return torch.from_numpy(np.repeat(points, rates, axis=0)).flatten(0, 1)

    def adam(self, state: State, found: tuple[Tensor, ...], rate: float, unbiased: list[float]) -> None:
        """One step of Adam down the slopes `found` (Kingma & Ba 2015)."""
        b, c = ADAM
        for k, slope in enumerate(found):
            state.slopes[k] = b * state.slopes[k] + (1 - b) * slope
            state.squares[k] = c * state.squares[k] + (1 - c) * slope * slope
            step = (state.slopes[k] / unbiased[0]) / ((state.squares[k] / unbiased[1]).sqrt() + SMALL)
            state.weights[k] = state.weights[k].detach() - rate * step

    def trained(self, s: int, state: State, etas: list[float], every: int) -> Trained:
        """What is left of a seed: losses, and weights by η and player, None those that are not finite."""
        own = slice(s * len(etas), (s + 1) * len(etas))
        rows = [
            ((n + 1) * every, eta, measures.CONSISTENCY, value)
            for n, losses in enumerate(state.losses)
            for eta, value in zip(etas, losses[own].tolist(), strict=True)
        ]
        thetas = [[numbers(w[own][n]) for w in state.weights] for n in range(len(etas))]
        ended = {"status": "finished", "steps": state.step, "thetas": thetas, "policies": []}
        if not all(w[own].isfinite().all() for w in state.weights):
            ended |= {"status": "failed", "reason": "a weight became NaN or infinite"}
        return Trained(COLUMNS, rows, ended)


def snapshot(state: State, seeds: int) -> Snapshot:
    """All that fitting goes on from; nothing to be seen of it but the step."""
    shown = {"shown": np.empty((0, seeds, 0, 0)), "at": np.empty(0, dtype=np.int64), "measures": np.empty(0, dtype=str)}
    return {"step": np.array(state.step), "state": pickled(state)} | shown


def numbers(weights: Tensor) -> list[float | None]:
    """Weights as a manifest has them."""
    return [x if math.isfinite(x) else None for x in weights.tolist()]


def consistency_loss(values: Values, thetas: list[Tensor], eta: Tensor, networks: Networks) -> Tensor:
    """Σ_i ‖f_i − ∇_i V_i(θ_i, θ_−i + η f_−i)‖² at each point, (R · batch,), differentiable in the networks' weights."""
    players, rule = range(len(thetas)), cola(eta, networks)
    f = [rule(values, thetas, i) for i in players]
    ahead = anticipate(lambda values, thetas, j: f[j], eta)  # which every player asks for at the same point
    return sum(((f[i] - ahead(values, thetas, i)) ** 2).sum(1) for i in players)
