"""From a spec of the Coin Game to rows: what players earn and pick as they learn, averaged over blocks of updates."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lola.learning import devices, trainers
from lola.learning.coins.game import MOVES, CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.rollouts import Rollouts, play
from lola.learning.streams import stream
from lola.learning.training import Job, Keep, Snapshot, State, Trained, train
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
    job = CoinJob(**trainers.parts(spec, seeds, device), device=device)
    needed = bytes_needed(job.game, len(seeds), **spec["play"], clones=job.assess is not None)
    given = f"batch ({spec['play']['batch']}), the game's length ({spec['play']['length']}) or grid ({job.game.grid})"
    devices.check_memory(needed, device, f"{given}, or seeds_per_job ({len(seeds)} in this job)")
    job = replace(job, play=partial(play, game=job.game, seeds=seeds, **spec["play"]))
    yield from train(job, spec["steps"], saved, keep)


def bytes_needed(game: CoinGame, seeds: int, batch: int, length: int, clones: bool) -> int:
    """The memory that an update takes at its peak, as measured: most of it is what derivatives keep of every step."""
    steps, boards = (340 if clones else 225) * batch * length, (300 if game.encoder == "convolutional" else 200)
    return 2**26 + game.players * seeds * game.hidden * (steps + boards * game.boards)


@dataclass(frozen=True)
class Recurrent:
    """Parameters of recurrent networks, (S, d): orthogonal, with `std` as their gain; so are clones and critics."""

    game: CoinGame

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """Player i's first network."""
        return self.drawn(len(MOVES), seeds, std, i)

    def guess(self, i: int, j: int, seeds: list[int], std: float) -> Tensor:
        """A network of its own."""
        return self.drawn(len(MOVES), seeds, std, i, j)

    def critic(self, i: int, seeds: list[int], std: float) -> Tensor:
        """A network that answers one number."""
        return self.drawn(1, seeds, std, i, self.game.players)

    def drawn(self, outputs: int, seeds: list[int], std: float, *key: int) -> Tensor:
        """Networks from the streams (seed, 0, BEGIN, *key)."""
        network = Network(self.game, outputs)
        rows = [network.initial(stream(seed, (0, BEGIN, *key)), std) for seed in seeds]
        return torch.from_numpy(np.stack(rows)).to(self.game.outcomes.rewards.device)


@dataclass(frozen=True)
class CoinJob(Job):
    """A row per block of updates: what was earned and picked."""

    device: str = "cpu"
    shown = measures.OF_COIN_GAME

    def measured(self, state: State) -> Tensor:
        """The measures of what was played; NaN once parameters are not finite."""
        finite = torch.stack([theta.isfinite().all(1) for theta in state.thetas]).all(0).cpu()
        return state.rollouts.measures().where(finite[:, None, None], torch.nan)

    def ends(self, state: State) -> list[Tensor]:
        """Nothing: networks are large."""
        return []

    def outcome(self, s: int, state: State, ends: list[Tensor], finished: bool) -> dict:
        """The last parameters, and an episode to look at."""
        left = {"policies": [], "device": self.device}
        if finished:
            thetas = [theta[s : s + 1] for theta in state.thetas]
            film = play(thetas, (state.step, SHOW), self.game, [self.seeds[s]], batch=1, length=FILM)
            left |= {"thetas": torch.cat(thetas).tolist(), "episode": shown(film)}
        return left


def shown(film: Rollouts) -> list[list[int]]:
    """An episode to look at: red's cell, blue's, the coin's, its colour, for every step."""
    return torch.stack(film.game.parts(film.boards[0, :, 0])).T.tolist()
