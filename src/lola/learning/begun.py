"""Players that begin where others ended, and what trains them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lola.learning.players import Seat, View
from lola.learning.training import Keep, Snapshot, Trained
from lola.vocabulary import registry


@dataclass(frozen=True)
class Begun:
    """A player with other first parameters than its own, (S, d)."""

    player: object
    theta: Tensor

    def start(self, seat: Seat) -> tuple[Tensor, object]:
        _, memory = self.player.start(seat)
        return self.theta, memory

    def step(self, view: View, memory: object) -> tuple[Tensor, object]:
        return self.player.step(view, memory)


def run(
    spec: dict, seeds: list[int], begin: list[list[list] | None], saved: Snapshot | None, keep: Keep
) -> Iterator[Trained]:
    """Train the seeds as `trainers.run` does, from policies of others.

    `begin` are for each seat what everybody's last parameters were, by seed and player; None where they are drawn.
    """
    torch.set_num_threads(1)
    job = registry.COURSES[registry.course(spec)].job.load()(spec, seeds)
    players = [
        player if of_seeds is None else Begun(player, torch.tensor([of[i] for of in of_seeds], dtype=torch.float64))
        for i, (player, of_seeds) in enumerate(zip(job.players, begin, strict=True))
    ]
    yield from replace(job, players=players).train(spec["steps"], saved, keep)
