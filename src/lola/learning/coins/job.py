"""From a spec of the Coin Game to rows: what players earn and pick as they learn, averaged over blocks of updates."""

import os
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lola.learning import devices, trainers
from lola.learning.coins.game import MOVES, CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.rollouts import Rollouts, play
from lola.learning.history import named
from lola.learning.streams import stream
from lola.learning.trainers import COLUMNS, Keep, Snapshot, Trained
from lola.learning.training import State, train
from lola.vocabulary import measures

BEGIN, SHOW = 98, 99  # what streams are for, beside play: first parameters, the episode that is shown at the end
FILM = 24  # steps of that


def run_coin_game(
    spec: dict, seeds: list[int], saved: Snapshot | None, keep: Keep, device: str = "cpu"
) -> Iterator[Trained]:
    """As `trainers.run`. Rows are means over blocks of `every` updates, of the roll-outs that were learned from."""
    if device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it matrix products are not repeatable
        torch.use_deterministic_algorithms(True)
    game = trainers.game(spec).to(device)
    model, assess = trainers.opponent_model(spec), trainers.assess(spec)
    needed = bytes_needed(game, len(seeds), **spec["play"], clones=assess is not None)
    given = f"batch ({spec['play']['batch']}), the game's length ({spec['play']['length']}) or grid ({game.grid})"
    devices.check_memory(needed, device, f"{given}, or seeds_per_job ({len(seeds)} in this job)")
    seats = [trainers.seat(spec, seat, model) for seat in spec["seats"]]
    start = unpacked(saved, device) if saved else initial_state(game, seeds, spec["init_std"], device)
    history = History(game, spec["every"], assess, saved)
    for state in train(game, seats, start, spec["steps"], partial(play, game=game, seeds=seeds, **spec["play"])):
        history.add(state)
        keep(lambda state=state: packed(state) | history.snapshot())
    for s, seed in enumerate(seeds):
        rows, outcome = history.ended(s)
        if outcome["status"] == "finished":
            thetas = [theta[s : s + 1] for theta in state.thetas]
            film = play(thetas, (spec["steps"], SHOW), game, [seed], batch=1, length=FILM)
            outcome |= {"thetas": torch.cat(thetas).tolist(), "episode": shown(film)}
        yield Trained(COLUMNS, rows, outcome | {"device": device})


def bytes_needed(game: CoinGame, seeds: int, batch: int, length: int, clones: bool) -> int:
    """The memory that an update takes at its peak, as measured: most of it is what derivatives keep of every step."""
    steps, boards = (340 if clones else 225) * batch * length, (300 if game.encoder == "convolutional" else 200)
    return 2**26 + game.players * seeds * game.hidden * (steps + boards * game.boards)


def initial_state(game: CoinGame, seeds: list[int], gain: float, device: str) -> State:
    """Orthogonal policies and critics; everybody's clones of the others start from networks of their own."""
    policies, critics = Network(game, len(MOVES)), Network(game, 1)

    def drawn(network: Network, *key: int) -> Tensor:
        rows = [network.initial(stream(seed, (0, BEGIN, *key)), gain) for seed in seeds]
        return torch.from_numpy(np.stack(rows)).to(device)

    players = range(game.players)
    thetas = [drawn(policies, i) for i in players]
    believed = [[thetas[i] if j == i else drawn(policies, i, j) for j in players] for i in players]
    return State(0, thetas, believed, [drawn(critics, i, game.players) for i in players])


class History:
    """A row per block of `every` updates: the measures, averaged, and how good clones are at its end."""

    def __init__(self, game: CoinGame, every: int, assess: Callable | None, saved: Snapshot | None):
        self.game, self.every, self.assess = game, every, assess
        self.added = int(saved["step"]) if saved else 0
        self.rows = list(torch.from_numpy(saved["rows"])) if saved else []  # (S, players, measures)
        self.block = list(torch.from_numpy(saved["block"])) if saved else []  # of updates that are in no row yet
        self.thetas: list[Tensor] = []

    def add(self, state: State) -> None:
        """Take in a state, unless it is the one that training was resumed from."""
        if state.step > self.added:
            self.added = state.step
            finite = torch.stack([theta.isfinite().all(1) for theta in state.thetas]).all(0).cpu()
            self.block.append(state.rollouts.measures().where(finite[:, None, None], torch.nan))
            if len(self.block) == self.every:
                self.rows.append(torch.cat([sum(self.block) / self.every, self.clones(state)], dim=2))
                self.block = []
        self.thetas = state.thetas

    def clones(self, state: State) -> Tensor:
        """Likelihood and distance of each clone, against those who played: (S, players, 2 · opponents)."""
        players = range(self.game.players)
        judged = [
            [self.assess(state.believed[i][j], self.thetas[j], j, state.rollouts) for j in players if j != i]
            for i in (players if self.assess else ())
        ]
        if not judged:
            return torch.zeros(len(self.thetas[0]), len(players), 0, dtype=torch.float64)
        return torch.stack([torch.cat(of_player, dim=1) for of_player in judged], dim=1).double().cpu()

    @property
    def at(self) -> list[int]:
        """The updates that rows end with."""
        return [self.every * (n + 1) for n in range(len(self.rows))]

    def names(self) -> list[list[str]]:
        """Each player's metrics."""
        players = range(self.game.players)
        return [[*measures.OF_COIN_GAME, *(measures.clones(i, len(players)) if self.assess else [])] for i in players]

    def ended(self, s: int) -> tuple[list[tuple], dict]:
        """The rows of a seed as far as its numbers are finite, and how it ended."""
        rows = []
        for n, row in enumerate(self.rows):
            if not row[s].isfinite().all():
                before, after = self.at[n] - self.every, self.at[n]
                reason = f"a number became NaN or infinite between steps {before + 1} and {after}"
                return rows, {"status": "failed", "steps": before, "reason": reason, "policies": []}
            rows += [(self.at[n], *row) for row in named(self.names(), row[s].tolist())]
        return rows, {"status": "finished", "steps": self.at[-1], "policies": []}

    def snapshot(self) -> Snapshot:
        """What a history is restored from, and the updates that its rows are `at`."""
        rows = torch.stack(self.rows) if self.rows else torch.empty(0, len(self.thetas[0]), self.game.players, 1)
        block = torch.stack(self.block) if self.block else torch.empty(0)
        return {"rows": rows.numpy(), "block": block.numpy(), "at": np.array(self.at)}


def shown(film: Rollouts) -> list[list[int]]:
    """An episode to look at: red's cell, blue's, the coin's, its colour, for every step."""
    return torch.stack(film.game.parts(film.boards[0, :, 0])).T.tolist()


def packed(state: State) -> Snapshot:
    """A state as arrays by name; what was played last, nothing depends on."""
    groups = {"theta": state.thetas, "critic": state.critics} | {
        f"believed{i}.": b for i, b in enumerate(state.believed)
    }
    arrays = {f"{name}{j}": theta.cpu().numpy() for name, thetas in groups.items() for j, theta in enumerate(thetas)}
    return arrays | {"step": np.array(state.step)}


def unpacked(saved: Snapshot, device: str) -> State:
    """The state that `packed` made these arrays of."""

    def tensors(name: str) -> list[Tensor]:
        return [torch.from_numpy(saved[f"{name}{j}"]).to(device) for j in players]

    players = range(CoinGame.players)
    return State(int(saved["step"]), tensors("theta"), [tensors(f"believed{i}.") for i in players], tensors("critic"))
