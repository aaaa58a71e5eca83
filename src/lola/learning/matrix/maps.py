"""Maps: what is measured after the last update, at every point of a grid of settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from lola.learning.matrix.job import MatrixJob, build
from lola.learning.training import COLUMNS, Keep, Snapshot, State, Trained, learn, packed, unpickled


@dataclass(frozen=True)
class Map:
    """The seeds of a spec at every point of its grid."""

    spec: dict
    seeds: list[int]

    def train(self, until: int, saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
        """As `Job.train`, with rows of each point; nan, a result, where it diverged.

        Points are trained side by side, but for different batches of roll-outs, which come one after another.
        """
        grid = self.spec["grid"]
        points, batches = list(product(*grid.values())), [{"batch": [batch]} for batch in grid.get("batch", [])]
        rounds = [list(product(*(grid | batch).values())) for batch in batches or [{}]]
        tables = list(saved["tables"]) if saved else []  # of each round that is over, (S, points, players, measures)
        for together in rounds[len(tables) :]:
            job = build_round(self.spec, self.seeds, together)
            start, saved = unpickled(saved["state"]) if saved else job.start(), None
            for state in learn(job, start, until):
                keep(lambda state=state: packed(state) | {"tables": np.array(tables)})
            tables.append(last_row(job, state).unflatten(0, (len(self.seeds), -1)).numpy())
        for s in range(len(self.seeds)):
            ends = {}
            for together, table in zip(rounds, tables, strict=True):
                ends |= zip(together, table[s].tolist(), strict=True)
            rows = [
                (*point, player, name, value)
                for point in points
                for player, (own, values) in enumerate(zip(job.names(), ends[point], strict=True), start=1)
                for name, value in zip(own, values, strict=False)
            ]
            yield Trained((*grid, *COLUMNS[1:]), rows, {"status": "finished", "steps": until})


def build_round(spec: dict, seeds: list[int], points: list[tuple[float, ...]]) -> MatrixJob:
    """The job that trains every seed at some points, a row of every tensor each: the points of a seed side by side."""
    axes = dict(zip(spec["grid"], zip(*points, strict=True), strict=True))  # values by axis
    if batch := axes.pop("batch", None):
        spec = spec | {"play": spec["play"] | {"batch": batch[0]}}
    sizes = {axis: torch.tensor(values * len(seeds), dtype=torch.float64)[:, None] for axis, values in axes.items()}
    return build(spec, [seed for seed in seeds for _ in points], sizes)


def last_row(job: MatrixJob, state: State) -> Tensor:
    """The measures at the end, (S, players, measures), with zeros at the end of players that have fewer."""
    table = torch.nn.utils.rnn.pad_sequence([own.T for own in job.exact(state.thetas)]).permute(2, 1, 0)
    table[~torch.cat(state.thetas, dim=1).isfinite().all(1)] = torch.nan
    return table
