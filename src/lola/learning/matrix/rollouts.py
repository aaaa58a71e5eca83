"""Roll-outs of memory-one policies: (seeds, roll-outs, steps), every seed on random streams of its own.

Sums are taken one term after another, so that a seed's bits don't depend on its company.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from lola.learning.arithmetic import powers
from lola.learning.matrix import rollout_kernels
from lola.learning.streams import stream


@dataclass(frozen=True)
class Rollouts:
    """Roll-outs: `codes` (S, length, batch) and `counts` (S, length, codes); see `rollout_kernels`."""

    game: object
    codes: np.ndarray
    counts: np.ndarray

    @property
    def batch(self) -> int:
        return self.codes.shape[2]

    @property
    def length(self) -> int:
        return self.codes.shape[1]

    @cached_property
    def discounts(self) -> np.ndarray:
        """γᵗ, (length,)."""
        return powers(self.game.gamma, self.length)

    @cached_property
    def frequencies(self) -> np.ndarray:
        """The share of all steps that each code has, (S, codes)."""
        return self.counts.sum(1) / (self.batch * self.length)

    @cached_property
    def discounted_visits(self) -> np.ndarray:
        """The mean over roll-outs of Σ_t γᵗ 1[code_t], (S, codes)."""
        steps = zip(self.discounts, self.counts.swapaxes(0, 1), strict=True)
        return sum(discount * counts for discount, counts in steps) / self.batch

    def centre(self, over: str | None) -> np.ndarray:
        """What centring takes off discounted rewards, (S, players, length): their mean over a "step", or "all"."""
        if over is None:
            return np.zeros((len(self.counts), len(self.game.rewards), self.length))
        if over == "step":
            return self.mean_rewards
        return self._earned(self.counts.sum(1, keepdims=True)) / (self.batch * self.length) * self.discounts

    @cached_property
    def mean_rewards(self) -> np.ndarray:
        """The mean over roll-outs of every player's discounted reward at each step, (S, players, length)."""
        return self._earned(self.counts) * self.discounts / self.batch

    def _earned(self, counts: np.ndarray) -> np.ndarray:
        """Every player's rewards in so many of each code, (S, players, T) from (S, T, codes)."""
        rewards = self.game.rewards
        played = counts.reshape(*counts.shape[:2], -1, rewards.shape[1]).sum(2)
        return sum(worth[:, None] * played[:, None, :, a] for a, worth in enumerate(rewards.T))

    @cached_property
    def returns_to_go(self) -> np.ndarray:
        """The mean over roll-outs of Σ_m 1[code_m] Σ_{t≥m} γᵗ r_k,t, (S, players, codes)."""
        return self.to_go(self.game.rewards, self.centre(None))

    @cached_property
    def centred_returns_to_go(self) -> np.ndarray:
        """The same with rewards centred, at each step, on their mean over roll-outs."""
        return self.to_go(self.game.rewards, self.centre("step"))

    def to_go(self, rewards: np.ndarray, centre: np.ndarray, growth: np.ndarray | None = None) -> np.ndarray:
        """The result of `rollout_kernels.to_go`, the rewards those of every seed or of all alike."""
        rewards = np.broadcast_to(rewards, (*centre.shape[:2], rewards.shape[-1]))
        return rollout_kernels.to_go(self.codes, rewards, self.discounts, centre, growth)


def play(thetas: list[Tensor], key: tuple[int, ...], game, seeds: list[int], batch: int, length: int) -> Rollouts:
    """`batch` roll-outs of `length` steps of every row of `thetas`, (S, d_i), on the streams (seed, *key).

    Neighbouring rows of the same seed, such as the points of a map, share its stream.
    """
    assert all(theta.shape == (len(seeds), d) for theta, d in zip(thetas, game.sizes, strict=True)), "thetas (S, d_i)"
    p = rollout_kernels.probabilities(tuple(theta.detach().numpy() for theta in thetas), game.views, game.joint)
    likely = math.prod(p[:, i].take(chosen, axis=2) for i, chosen in enumerate(game.joint))  # (S, states, joint)
    limits = np.add.accumulate(likely, axis=2).astype(np.float32)
    steps = likely[0].size
    codes = np.empty((len(seeds), length, batch), dtype=np.min_scalar_type(steps - 1))
    counts = np.empty((len(seeds), length, steps), dtype=np.int64)
    uniforms = np.empty((length, batch), dtype=np.float32)
    drawn = None
    for row, seed in enumerate(seeds):
        if seed != drawn:
            stream(seed, key).random(dtype=np.float32, out=uniforms)
            drawn = seed
        rollout_kernels.play(codes[row], counts[row], limits[row], uniforms)
    return Rollouts(game, codes, counts)
