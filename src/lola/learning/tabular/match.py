"""Matches: players who meet for many episodes, some of whom learn at every step and some after each episode.

Tabular learners (`learners.Learner`) learn as they play. Everybody else plays a fixed policy for an episode, and steps
after it: an oracle then takes a learner for the logits that stand for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.matrix.cloning import policy
from lola.learning.matrix.job import MatrixJob
from lola.learning.matrix.rollouts import Rollouts, play
from lola.learning.players import View
from lola.learning.streams import stream
from lola.learning.tabular import kernels
from lola.learning.tabular.learners import Learner, Tables
from lola.learning.tabular.perspectives import Perspective
from lola.learning.training import REAL, State
from lola.vocabulary import measures, registry


def build(spec: dict, seeds: list[int]) -> "Match":
    """The match of a spec, a seed per row."""
    parts = trainers.parts(spec, seeds)
    perspective = registry.PERSPECTIVES[spec["match"]["perspective"]].load()(parts["game"])
    imagined = partial(play, game=parts["game"], seeds=seeds, **spec["play"])
    return Match(**parts, play=imagined, length=spec["play"]["length"], perspective=perspective)


@dataclass(frozen=True)
class Episode(Rollouts):
    """One roll-out per seed, its discounted `returns` (S, players), and `shares` of steps (S, players, actions)."""

    returns: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True)
class Match(MatrixJob):
    """A job whose updates are episodes of `length` steps, played from a perspective; a row per block of episodes.

    A player's θ has a row per state as the player keeps them.
    """

    length: int = 1
    perspective: Perspective | None = None

    @cached_property
    def learners(self) -> dict[int, Learner]:
        """The tabular learners by seat."""
        return {i: player for i, player in enumerate(self.players) if isinstance(player, Learner)}

    @cached_property
    def settings(self) -> np.ndarray:
        """Those of the learners as the kernels read them, (players, fields); 0 of who doesn't learn."""
        still = np.zeros(kernels.FIELDS)
        return np.stack([player.settings if i in self.learners else still for i, player in enumerate(self.players)])

    def played(self, state: State) -> State:
        """The state after the next episode; the stream of a seed is that of the episode's number."""
        game, seen, shape = self.game, self.perspective, (self.length, len(self.players))
        board = (game.joint, game.rewards, seen.rows, seen.next_rows, game.gamma, seen.game.gamma)
        tables = self.joint_tables(state)
        uniforms = np.stack([stream(seed, (state.step, REAL)).random(shape) for seed in self.seeds])
        clock = state.step * self.length
        codes, counts, returns, taken = kernels.episode(*board, tables, self.settings, uniforms, clock)
        codes = codes.astype(np.min_scalar_type(counts.shape[2] - 1))
        memories = list(state.memories)
        for i in self.learners:
            memories[i] = Tables(*(whole.copy() for whole in own_part(tables, i, memories[i])))
        thetas = self.known(state.thetas, memories)
        return State(state.step, thetas, memories, Episode(game, codes, counts, returns, taken / self.length))

    def joint_tables(self, state: State) -> Tables:
        """The players' tables side by side, (S, players, …), as wide as the widest; policies alone of the others."""
        game = self.game
        players, rows = game.views.shape
        answers = max((state.memories[i].seen.shape[2] for i in self.learners), default=1)
        shape = (len(self.seeds), players, rows, max(game.counts))
        tables = Tables(*(np.zeros(s) for s in ((*shape, answers), (*shape[:3], answers), shape, shape, shape[:3])))
        for i, theta in enumerate(state.thetas):
            if i in self.learners:
                for whole, own in zip(own_part(tables, i, state.memories[i]), state.memories[i], strict=True):
                    whole[:] = own
            else:
                tables.policy[:, i, :, : game.counts[i]] = policy(theta.numpy(), np.arange(rows), game.joint[i])
        return tables

    def view(self, state: State, i: int, done: float) -> View:
        seen = super().view(state, i, done)
        return replace(seen, game=self.perspective.game, as_seen=self.perspective.as_seen)

    def known(self, thetas: list[Tensor], memories: list) -> list[Tensor]:
        """`thetas` with the learners' replaced by what an oracle takes for theirs: logits of π, or of softmax(Q)."""
        return self.logits(thetas, memories, kernels.CROSSED if self.perspective.crosses_counts else kernels.KNOWN)

    def logits(self, thetas: list[Tensor], memories: list, form: int) -> list[Tensor]:
        """`thetas` with each learner's replaced by its logits."""
        learned = {i: learner.logits(memories[i], form) for i, learner in self.learners.items()}
        return [learned.get(i, theta) for i, theta in enumerate(thetas)]

    def policies_of(self, state: State) -> list[Tensor]:
        """The logits of what everybody would play next, (S, d_i), in the player's own view."""
        kept = self.logits(state.thetas, state.memories, kernels.PLAYED)
        orders = [rows[np.argsort(own)] for own, rows in zip(self.game.views, self.perspective.rows, strict=True)]
        return [
            theta.unflatten(1, (len(order), -1))[:, order].flatten(1) for theta, order in zip(kept, orders, strict=True)
        ]

    def measured(self, state: State) -> Tensor:
        """Normalised returns and shares of all actions but the last, (S, players, actions)."""
        episode = state.rollouts
        returns = (1 - self.game.gamma) * episode.returns
        return torch.from_numpy(np.concatenate([returns[:, :, None], episode.shares[:, :, :-1]], axis=2))

    def table(self, means: Tensor, ends: list[Tensor]) -> list[Tensor]:
        return [means[:, :, i, :own] for i, own in enumerate(self.game.counts)]

    def names(self) -> list[list[str]]:
        return [[measures.RETURN, *map(measures.share, own[:-1])] for own in self.game.actions]


def own_part(tables: Tables, i: int, memory: Tables) -> Iterator[np.ndarray]:
    """Player i's part of joint tables, as views in the shapes of its memory."""
    for whole, own in zip(tables, memory, strict=True):
        yield whole[:, i][tuple(slice(n) for n in own.shape)]
