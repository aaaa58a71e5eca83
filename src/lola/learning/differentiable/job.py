"""Differentiable games: where the parameters go."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.training import Job, Keep, Snapshot, State, Trained, train
from lola.vocabulary import measures


def run_parameters(spec: dict, seeds: list[int], saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
    """As `trainers.run`: a row per update, or per block of updates if the part says `every`."""
    yield from train(ParameterJob(**trainers.parts(spec, seeds)), spec["steps"], saved, keep)


@dataclass(frozen=True)
class ParameterJob(Job):
    """A row per update: values, the length of ξ_i = ∇_i V_i, which is 0 at fixed points, and parameters."""

    def table(self, means: Tensor, ends: list[Tensor]) -> list[Tensor]:
        thetas = [theta.flatten(0, 1) for theta in ends]
        columns = zip(self.game.values(thetas), self.game.gradients(thetas), thetas, strict=True)
        flat = [torch.cat([value[:, None], xi.norm(dim=1, keepdim=True), theta], 1) for value, xi, theta in columns]
        return [of_player.unflatten(0, ends[0].shape[:2]) for of_player in flat]

    def names(self) -> list[list[str]]:
        own = [[measures.parameter(k) for k in range(1, 1 + size)] for size in self.game.sizes]
        return [[measures.RETURN, measures.GRADIENT, *names] for names in own]

    def outcome(self, s: int, state: State, ends: list[Tensor], finished: bool) -> dict:
        return {"thetas": [theta[-1].tolist() for theta in ends if len(theta)], "policies": []}
