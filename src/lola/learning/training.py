"""The one loop: play, look, step, and write down. Seeds are the leading axis of every tensor.

A `Job` says what is played and what there is to see of it, and trains its players, in every kind of game.
"""

import copyreg
import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from lola.learning.players import Climber, Seat, View
from lola.learning.rows import Rows
from lola.vocabulary import measures

REAL = 0  # the stream of what is really played; player i imagines on stream 1 + i
COLUMNS = ("step", "player", "metric", "value")
Snapshot = dict[str, np.ndarray]  # all that training needs to go on, and what there is to see so far
Keep = Callable[[Callable[[], Snapshot]], None]


@dataclass(frozen=True)
class State:
    """All that training goes on from after `step` updates: players' parameters (S, d_i) and memories.

    `rollouts` are what was played before the last update, if anything was; nothing depends on them.
    """

    step: int
    thetas: list[Tensor]
    memories: list[object]
    rollouts: object | None = None


@dataclass(frozen=True)
class Trained:
    """One seed's rows, under their column names, and how it ended: status, steps taken, final policies."""

    columns: tuple[str, ...]
    rows: list[tuple]
    outcome: dict


@dataclass(frozen=True)
class Job:
    """Seeds that are trained side by side: who plays which game, and what is seen of it.

    A subclass per kind of game says what its rows measure. `play(thetas, key)` plays roll-outs before every update on
    the random streams that `key` names, if anybody needs any. Rows are means over blocks of `every` updates; without
    that there is one for the start and one for each update. `assess` says how good clones are, if there are any.
    """

    game: object
    players: list[object]
    policies: list[object]
    seeds: list[int]
    std: float
    play: Callable | None = None
    every: int | None = None
    assess: Callable | None = None

    shown = (measures.RETURN,)  # the measures that come first in a row, to be seen while it is trained
    device = "cpu"

    def train(self, until: int, saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
        """Train the seeds, from a snapshot if one was saved, and yield what each of them leaves in turn.

        After every update `keep` is given a function that, called at once, makes a snapshot.
        """
        rows = replace(unpickled(saved["rows"]), job=self) if saved else Rows(self)
        for state in learn(self, unpickled(saved["state"], self.device) if saved else self.start(), until):
            rows.add(state)
            keep(lambda now=state: packed(now) | {"rows": pickled(replace(rows, job=None, truth=[]))} | rows.shown())
        for s, (found, ended, ends) in enumerate(rows.by_seed()):
            outcome = ended | self.outcome(s, state, ends, ended["status"] == "finished")
            yield Trained(COLUMNS, found, outcome)

    def start(self) -> State:
        """Before the first update."""
        seats = [Seat(self.game, i, self.policies, self.seeds, self.std) for i in range(len(self.players))]
        started = [player.start(seat) for player, seat in zip(self.players, seats, strict=True)]
        thetas, memories = map(list, zip(*started, strict=True))
        return State(0, thetas, memories)

    def played(self, state: State) -> State:
        """The state after what is played before an update, with the roll-outs of that."""
        return replace(state, rollouts=self.play(state.thetas, (state.step, REAL)) if self.play else None)

    def view(self, state: State, i: int, done: float) -> View:
        """Player i's view of a state."""
        return View(i, state.step, done, state.thetas, state.memories, state.rollouts, self.game, self.play)

    def policies_of(self, state: State) -> list[Tensor]:
        """The parameters of what everybody would play next, (S, d_i) per player: what clones are held against."""
        return state.thetas

    def measured(self, state: State) -> Tensor:
        """The measures that rows average over their updates, (S, players, measures)."""
        return torch.zeros(len(self.seeds), len(self.players), 0, dtype=torch.float64)

    def ends(self, state: State) -> list[Tensor]:
        """What is kept of where a row ends, (S, …) per player, for `table` and `outcome`."""
        return self.policies_of(state)

    def table(self, means: Tensor, ends: list[Tensor]) -> list[Tensor]:
        """Each player's measures, (rows, S, measures): of means (rows, S, players, …), or worked out from `ends`."""
        return list(means.unbind(2))

    def names(self) -> list[list[str]]:
        """The names of each player's measures."""
        return [list(self.shown)] * len(self.players)

    def outcome(self, s: int, state: State, ends: list[Tensor], finished: bool) -> dict:
        """What is left of a seed beside its rows; `ends` are those of its finite rows, (rows, …) per player."""
        return {}

    def models(self, i: int) -> bool:
        """Whether player i has clones of the others."""
        return self.assess is not None and isinstance(self.players[i], Climber)

    def clones(self, truth: list[Tensor], state: State) -> list[Tensor]:
        """Likelihood and distance of each player's clones of the others, held against the truth: (S, 2 · others)."""
        players, found = range(len(self.players)), []
        for i in players:
            others = [j for j in players if j != i and self.models(i)]
            judged = [torch.zeros(len(self.seeds), 2 * len(others) * (not truth), dtype=torch.float64)]
            if truth:
                judged += [self.assess(state.memories[i].believed[j], truth[j], j, state.rollouts) for j in others]
            found.append(torch.cat([each.double().cpu() for each in judged], dim=1))
        return found


def learn(job: Job, state: State, until: int) -> Iterator[State]:
    """Yield `state` and then the state after each simultaneous update, until so many were taken in all."""
    assert all(theta.ndim == 2 for theta in state.thetas), "thetas must be (S, d_i)"
    yield state
    while state.step < until:
        played = job.played(state)
        stepped = [
            player.step(job.view(played, i, state.step / until), played.memories[i])
            for i, player in enumerate(job.players)
        ]
        thetas, memories = map(list, zip(*stepped, strict=True))
        state = State(state.step + 1, thetas, memories, played.rollouts)
        yield state


def pickled(value: object) -> np.ndarray:
    """Whatever it is as an array of bytes; tensors as arrays, without what they are views of, of whatever device."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | {Tensor: reduced}
    pickler.dump(value)
    return np.frombuffer(file.getvalue(), dtype=np.uint8)


def reduced(tensor: Tensor) -> tuple:
    """How a tensor is pickled."""
    if tensor.requires_grad:
        return tensor.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    return torch.as_tensor, (tensor.numpy(force=True),)


def unpickled(array: np.ndarray, device: str = "cpu"):
    """Inverse of `pickled`; tensors come to `device`."""
    with torch.device(device):
        return pickle.loads(array.tobytes())


def packed(state: State) -> Snapshot:
    """A state, whatever the players remember, as arrays by name."""
    return {"step": np.array(state.step), "state": pickled(replace(state, rollouts=None))}
