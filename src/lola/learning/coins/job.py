"""From a spec of the Coin Game to rows: what players earn and pick as they learn, averaged over blocks of updates."""

import os
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lola.learning import devices, trainers
from lola.learning.coins.game import CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.rollouts import play
from lola.learning.streams import stream
from lola.learning.training import Job, State
from lola.vocabulary import measures

BEGIN, SHOW = 98, 99  # what streams are for, beside play: first parameters, the episode that is shown at the end
FILM = 24  # steps of that


def build(spec: dict, seeds: list[int], device: str = "cpu") -> "CoinJob":
    """The job of a spec on a device. Raises `devices.CannotTrain` if that has too little memory."""
    if device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it matrix products are not repeatable
        torch.use_deterministic_algorithms(True)
    job = CoinJob(**trainers.parts(spec, seeds, device), device=device)
    needed = bytes_needed(job.networks, len(seeds), **spec["play"], clones=job.assess is not None)
    given = f"batch ({spec['play']['batch']}), the game's length ({spec['play']['length']}) or grid ({job.game.grid})"
    devices.check_memory(needed, device, f"{given}, or seeds_per_job ({len(seeds)} in this job)")
    return replace(job, play=partial(play, seeds=seeds, networks=job.networks, **spec["play"]))


def bytes_needed(networks: list[Network], seeds: int, batch: int, length: int, clones: bool) -> int:
    """The memory that an update takes at its peak, as measured: most of it is what derivatives keep of every step."""
    steps, per_board = (180 if clones else 115) * batch * length, {"linear": 50, "convolutional": 480}
    units = sum(n.hidden * (steps + per_board[n.encoder] * n.game.boards) for n in networks)
    return 2**26 + seeds * units


class Recurrent:
    """Parameters of recurrent networks, (S, d): orthogonal, with `std` as their gain; so are clones and critics."""

    def __init__(self, game: CoinGame, hidden: int = 32, encoder: str = "linear", filters: int = 20):
        self.network = Network(game, hidden, encoder, filters)

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """Player i's first network."""
        return self.drawn(self.network, seeds, std, i)

    def guess(self, i: int, j: int, seeds: list[int], std: float) -> Tensor:
        """A network of its own."""
        return self.drawn(self.network, seeds, std, i, j)

    def critic(self, i: int, seeds: list[int], std: float) -> Tensor:
        """A network like it that answers one number."""
        return self.drawn(self.network.critic, seeds, std, i, self.network.game.players)

    def drawn(self, network: Network, seeds: list[int], std: float, *key: int) -> Tensor:
        """Networks from the streams (seed, 0, BEGIN, *key)."""
        rows = [network.initial(stream(seed, (0, BEGIN, *key)), std) for seed in seeds]
        return torch.from_numpy(np.stack(rows)).to(network.game.rewards.device)


@dataclass(frozen=True)
class CoinJob(Job):
    """A row per block of updates: what was earned and picked in the roll-outs that were learned from."""

    device: str = "cpu"
    shown = measures.OF_COIN_GAME

    @property
    def networks(self) -> list[Network]:
        """The players' networks."""
        return [policy.network for policy in self.policies]

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
            film = play(thetas, (state.step, SHOW), [self.seeds[s]], batch=1, length=FILM, networks=self.networks)
            parts = torch.stack(self.game.parts(film.boards[0, 0, :, 0]))  # red's cell, blue's, the coin's, its colour
            left |= {"thetas": [theta[0].tolist() for theta in thetas], "episode": parts.T.tolist()}
        return left
