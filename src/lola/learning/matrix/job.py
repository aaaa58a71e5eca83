"""Matrix games between players who know or estimate each other's policies: what is measured of them."""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.matrix.rollouts import play
from lola.learning.training import Job, State
from lola.vocabulary import measures


@dataclass(frozen=True)
class MatrixJob(Job):
    """A row per update: exact returns and policies."""

    def table(self, means: Tensor, ends: list[Tensor]) -> list[Tensor]:
        flat = self.exact([theta.flatten(0, 1) for theta in ends])
        return [of_player.unflatten(0, ends[0].shape[:2]) for of_player in flat]

    def exact(self, thetas: list[Tensor]) -> list[Tensor]:
        """The measures of `names`, (S, measures) per player."""
        game = self.game
        return [
            torch.cat([(1 - game.gamma) * value[:, None], game.probabilities(thetas, i)[..., :-1].flatten(1)], dim=1)
            for i, value in enumerate(game.values(thetas))
        ]

    def names(self) -> list[list[str]]:
        """Per player: the normalised return, and P(a | own state) of every action but the last."""
        return [
            [measures.RETURN, *(measures.probability(a, state) for state in self.game.state_names(i) for a in own[:-1])]
            for i, own in enumerate(self.game.actions)
        ]

    def outcome(self, s: int, state: State, ends: list[Tensor], finished: bool) -> dict:
        """The last parameters, and the policies that they are."""
        game, thetas = self.game, [theta[-1:] for theta in ends]
        policies = [
            {"player": i + 1, "state": joint, "own_state": own, "probabilities": dict(zip(actions, row, strict=True))}
            for i, actions in enumerate(game.actions)
            for table in game.probabilities(thetas, i).tolist()
            for joint, own, row in zip(game.state_names(0), game.state_names(i), table, strict=True)
        ]
        return {"thetas": [row for theta in thetas for row in theta.tolist()], "policies": policies}


def build(spec: dict, seeds: list[int], sizes: dict[str, Tensor] | None = None) -> MatrixJob:
    """The job of a spec, with one seed per row; step sizes (S, 1) by name replace the spec's own, as a map needs."""
    seats = [seat | {name: of for name, of in (sizes or {}).items() if name in seat} for seat in spec["seats"]]
    job = MatrixJob(**trainers.parts(spec | {"seats": seats}, seeds))
    if not spec["play"]:
        return job
    return replace(job, play=partial(play, game=job.game, seeds=seeds, **spec["play"]))
