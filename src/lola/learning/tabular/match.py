"""Matches: players who meet for many episodes, some of whom learn at every step and some after each episode.

A seat is a rule on exact values (`training.Seat`), which plays a fixed policy for an episode and then climbs, or a
tabular learner (`learners.Learner`), which learns as it plays. A rule that needs the others' parameters gets
them from its opponent model; the oracle knows, of a learner, the logits that stand for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lola.learning.matrix.rollouts import Rollouts
from lola.learning.streams import stream
from lola.learning.tabular import kernels
from lola.learning.tabular import learners as tabular
from lola.learning.tabular.learners import Learner, Tables
from lola.learning.tabular.perspectives import Perspective
from lola.learning.training import REAL, Seat, fastest, initial_thetas


@dataclass(frozen=True)
class Episode:
    """One roll-out per seed, its discounted `returns` (S, players), and `shares` of steps (S, players, actions)."""

    rollouts: Rollouts
    returns: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True)
class State:
    """All that a match goes on from after `step` episodes.

    `thetas` are the parameters that an oracle knows, (S, d_i), a row per state as the player keeps them;
    `believed[i]` is what player i takes them for; `tables` is what learners know; `episode` is the last one.
    """

    step: int
    thetas: list[Tensor]
    believed: list[list[Tensor]]
    tables: Tables
    episode: Episode | None = None


@dataclass(frozen=True)
class Match:
    """Who meets in which game, on the random streams of which seeds, and for how many steps an episode."""

    game: object
    seats: list[Seat | Learner]
    seeds: list[int]
    length: int
    perspective: Perspective

    @cached_property
    def learners(self) -> dict[int, Learner]:
        """The tabular learners by seat."""
        return {i: seat for i, seat in enumerate(self.seats) if isinstance(seat, Learner)}

    @cached_property
    def settings(self) -> np.ndarray:
        """Those of the learners as the kernels read them, (players, fields)."""
        settings = np.zeros((len(self.seats), kernels.FIELDS))
        for i, learner in self.learners.items():
            settings[i] = learner.settings
        return settings

    @cached_property
    def climbers(self) -> dict[int, tuple]:
        """The other seats, each with its rule in the form that the game computes fastest."""
        seats = {i: seat for i, seat in enumerate(self.seats) if i not in self.learners}
        return {i: (seat, fastest(self.perspective.game, seat)) for i, seat in seats.items()}

    def start(self, std: float) -> State:
        """Before the first episode: θ and Q ~ N(0, std²). Clones take the others to play every action alike."""
        tables = tabular.initial_tables(self.game, self.learners, self.seeds, std)
        thetas = self.known(initial_thetas(self.game.sizes, self.seeds, std), tables)
        return State(0, thetas, [[torch.zeros_like(theta) for theta in thetas]] * len(thetas), tables)

    def episodes(self, state: State, until: int) -> Iterator[State]:
        """Yield `state` and then the state after each episode, until there were so many in all."""
        yield state
        while state.step < until:
            episode, tables = self.play(state)
            known = self.known(state.thetas, tables)
            thetas, believed = list(known), list(state.believed)
            for i, (seat, rule) in self.climbers.items():
                believed[i] = seat.opponent_model(known, i, state.believed[i], episode.rollouts)
                seen, me = self.perspective.as_seen(believed[i], i)
                at = [theta.detach().requires_grad_() for theta in seen]
                thetas[i] = known[i] + seat.lr * rule(self.perspective.game.values, at, me).detach()
            state = State(state.step + 1, thetas, believed, tables, episode)
            yield state

    def play(self, state: State) -> tuple[Episode, Tables]:
        """The next episode, and what learners know after it; the stream of a seed is that of the episode's number."""
        game, perspective, tables = self.game, self.perspective, state.tables.copy()
        players, states = game.views.shape
        for i in self.climbers:
            kernels.set_policy(tables.policy[:, i], state.thetas[i].numpy(), game.counts[i])
        steps = states * game.joint.shape[1]
        filled = (
            np.empty((len(self.seeds), self.length, 1), dtype=np.min_scalar_type(steps - 1)),
            np.zeros((len(self.seeds), self.length, steps), dtype=np.int64),
            np.zeros((len(self.seeds), players)),
            np.zeros((len(self.seeds), players, max(game.counts))),
        )
        kernels.episode(
            filled,
            tables,
            np.array([i in self.learners for i in range(players)]),
            self.settings,
            (game.joint, game.rewards),
            (perspective.rows, perspective.next_rows),
            (game.gamma, perspective.game.gamma),
            np.stack([stream(seed, (state.step, REAL)).random((self.length, players)) for seed in self.seeds]),
            state.step * self.length,
        )
        codes, counts, returns, taken = filled
        return Episode(Rollouts(game, codes, counts), returns, taken / self.length), tables

    def known(self, thetas: list[Tensor], tables: Tables) -> list[Tensor]:
        """`thetas` with the learners' replaced by what an oracle takes for theirs: logits of π, or of softmax(Q)."""
        return self.logits(thetas, tables, kernels.CROSSED if self.perspective.crosses_counts else kernels.KNOWN)

    def policies(self, state: State) -> list[Tensor]:
        """The logits of what everybody would play next, (S, d_i), in the player's own view."""
        kept = self.logits(state.thetas, state.tables, kernels.PLAYED)
        orders = [rows[np.argsort(own)] for own, rows in zip(self.game.views, self.perspective.rows, strict=True)]
        return [
            theta.unflatten(1, (len(order), -1))[:, order].flatten(1) for theta, order in zip(kept, orders, strict=True)
        ]

    def logits(self, thetas: list[Tensor], tables: Tables, form: int) -> list[Tensor]:
        """`thetas` with each learner's replaced by its logits."""
        learned = {
            i: torch.from_numpy(tabular.logits(tables, i, learner, self.game.counts[i], form))
            for i, learner in self.learners.items()
        }
        return [learned.get(i, theta) for i, theta in enumerate(thetas)]
