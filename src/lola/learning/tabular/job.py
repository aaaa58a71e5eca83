"""From the spec of a match to its rows: what each player earned and did, averaged over blocks of episodes."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.matrix.job import trained
from lola.learning.tabular.learners import Tables
from lola.learning.tabular.match import Match, State
from lola.learning.trainers import Keep, Snapshot, Trained
from lola.vocabulary import measures, registry


def run_match(spec: dict, seeds: list[int], saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
    """As `trainers.run`: all seeds of a match side by side."""
    match = build(spec, seeds)
    start = unpacked(saved) if saved else match.start(spec["init_std"])
    history = MatchHistory(match, spec["every"], trainers.assess(spec), saved)
    for state in match.episodes(start, spec["steps"]):
        history.add(state)
        keep(lambda state=state: packed(state) | history.snapshot())
    yield from trained(match.game, history)


def build(spec: dict, seeds: list[int]) -> Match:
    """The match of a spec, a seed per row."""
    game, opponent_model = trainers.game(spec), trainers.opponent_model(spec)
    seats = [
        trainers.configured(registry.LEARNERS[seat["learner"]], seat)
        if "learner" in seat
        else trainers.seat(spec, seat, opponent_model)
        for seat in spec["seats"]
    ]
    perspective = registry.PERSPECTIVES[spec["match"]["perspective"]].load()(game)
    return Match(game, seats, seeds, spec["play"]["length"], perspective)


class MatchHistory:
    """A row per block of `every` episodes: mean returns and shares of actions; how good clones are at its end."""

    def __init__(self, match: Match, every: int, assess: Callable | None, saved: Snapshot | None):
        self.match, self.every, self.assess = match, every, assess
        self.added = int(saved["step"]) if saved else -1
        self.rows = list(torch.from_numpy(saved["rows"])) if saved else []  # (S, players, metrics)
        self.block = list(torch.from_numpy(saved["block"])) if saved else []  # of those episodes that are in no row yet
        players = range(len(match.seats))
        ends = [torch.from_numpy(saved[f"end{i}"]) for i in players] if self.rows else []
        self.ends = list(zip(*ends, strict=True))  # (S, d_i) per player
        self.playing: list[Tensor] = []

    def add(self, state: State) -> None:
        """Take in a state, unless it is the one that the match was resumed from."""
        if state.step > max(self.added, 0):
            self.block.append(self.earned(state))
            self.added = state.step
            if len(self.block) == self.every:
                mean = sum(self.block) / self.every
                self.rows.append(torch.cat([mean, self.assessed(state)], dim=2))
                self.ends.append(tuple(self.match.policies(state)))
                self.block = []
        self.playing = self.match.policies(state) if self.assess else []

    def earned(self, state: State) -> Tensor:
        """Normalised returns and shares of all actions but the last, (S, players, actions)."""
        returns = (1 - self.match.game.gamma) * state.episode.returns
        return torch.from_numpy(np.concatenate([returns[:, :, None], state.episode.shares[:, :, :-1]], axis=2))

    def assessed(self, state: State) -> Tensor:
        """Likelihood and distance of each clone, held against who played the last episode; zeros without clones."""
        players = range(len(self.match.seats))
        clones = torch.zeros(len(self.match.seeds), len(players), 2 * (len(players) - 1) * bool(self.assess)).double()
        for i in self.match.climbers if self.assess else ():
            others = [j for j in players if j != i]
            judged = [self.assess(state.believed[i][j], self.playing[j], j, state.episode.rollouts) for j in others]
            clones[:, i] = torch.cat(judged, dim=1)
        return clones

    @property
    def at(self) -> list[int]:
        """The episodes that rows end with."""
        return [self.every * (n + 1) for n in range(len(self.rows))]

    def table(self) -> Tensor:
        """(rows, S, players, metrics)."""
        return torch.stack(self.rows)

    def thetas(self) -> list[Tensor]:
        """The logits of what everybody would play after each row's last episode: (rows, S, d_i) per player."""
        return [torch.stack(ends) for ends in zip(*self.ends, strict=True)]

    def names(self, step: int) -> list[list[str]]:
        """Each player's metrics: its return, how often it took each action but the last, how good its clones are."""
        names = []
        for i, own in enumerate(self.match.game.actions):
            models = i in self.match.climbers and self.assess
            clones = measures.clones(i, len(self.match.seats)) if models else []
            names.append([measures.RETURN, *map(measures.share, own[:-1]), *clones])
        return names

    def snapshot(self) -> Snapshot:
        """What a history is restored from, and the returns so far, (rows, S, players), `at` which episodes."""
        none = torch.empty(0, len(self.match.seeds), len(self.match.seats), 1, dtype=torch.float64)
        rows = torch.stack(self.rows) if self.rows else none
        kept = {"rows": rows.numpy(), "block": np.array([earned.numpy() for earned in self.block])}
        ends = {f"end{i}": end.numpy() for i, end in enumerate(self.thetas())}
        return kept | ends | {"at": np.array(self.at), "returns": rows[..., 0].numpy()}


def packed(state: State) -> Snapshot:
    """A state as arrays by name; what its last episode was, nothing depends on."""
    believed = [theta for of_i in state.believed for theta in of_i]
    thetas = {f"theta{i}": theta.numpy() for i, theta in enumerate(state.thetas)}
    thetas |= {f"believed{n}": theta.numpy() for n, theta in enumerate(believed)}
    return thetas | state.tables._asdict() | {"step": np.array(state.step)}


def unpacked(saved: Snapshot) -> State:
    """The state that `packed` made these arrays of."""
    players = saved["policy"].shape[1]
    thetas = [torch.from_numpy(saved[f"theta{i}"]) for i in range(players)]
    believed = [[torch.from_numpy(saved[f"believed{players * i + j}"]) for j in range(players)] for i in range(players)]
    return State(int(saved["step"]), thetas, believed, Tables(*(saved[name] for name in Tables._fields)))
