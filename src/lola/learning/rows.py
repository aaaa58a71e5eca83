"""Rows: what is written down of training, after every update or averaged over blocks of updates."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from lola.vocabulary import measures


@dataclass
class Rows:
    """The rows of a `training.Job` up to a step, for all of its seeds."""

    job: object
    step: int = -1
    at: list[int] = field(default_factory=list)
    means: list[Tensor] = field(default_factory=list)  # (S, players, measures) a row
    block: list[Tensor] = field(default_factory=list)  # the same, of updates in no row yet
    clones: list[list[Tensor]] = field(default_factory=list)  # (S, …) per player a row
    ends: list[list[Tensor]] = field(default_factory=list)
    truth: list[Tensor] = field(default_factory=list)  # whom clones stood for

    def add(self, state) -> None:
        """Take in a state, unless it is the one that training was resumed from."""
        every = self.job.every
        if state.step > self.step and (state.step or not every):
            self.block.append(self.job.measured(state))
            if len(self.block) == (every or 1):
                self.at.append(state.step)
                self.means.append(sum(self.block) / len(self.block))
                self.clones.append(self.job.clones(self.truth, state))
                self.ends.append(self.job.ends(state))
                self.block = []
        self.step = state.step
        self.truth = self.job.policies_of(state) if self.job.assess else []

    def table(self) -> list[Tensor]:
        """Each player's measures, those of its clones last: (rows, S, measures)."""
        own = self.job.table(torch.stack(self.means), stacked(self.ends))
        return [torch.cat(pair, dim=2) for pair in zip(own, stacked(self.clones), strict=True)]

    def by_seed(self) -> Iterator[tuple[list[tuple], dict, list[Tensor]]]:
        """Of each seed the rows up to the first number that is not finite, how it ended, and the rows' `ends`."""
        table, ends, job = self.table(), stacked(self.ends), self.job
        clones = [measures.clones(i, len(job.players)) if job.models(i) else [] for i in range(len(job.players))]
        names = list(zip(job.names(), clones, strict=True))
        finite = torch.cat([*table, *ends], dim=2).isfinite().all(2)
        for s, whole in enumerate(finite.T.tolist()):
            end = whole.index(False) if False in whole else len(whole)
            values = [of_player[:end, s].tolist() for of_player in table]
            rows = [
                (step, player, name, value)
                for n, step in enumerate(self.at[:end])
                for player, (own, of_clones) in enumerate(names, start=1)
                for name, value in zip(own + of_clones if step else own, values[player - 1][n], strict=False)
            ]
            yield rows, self.ended(end), [of_player[:end, s] for of_player in ends]

    def ended(self, finite: int) -> dict:
        """The end of a seed, so many of whose rows are finite."""
        steps = self.at[finite - 1] if finite else 0
        if finite == len(self.at):
            return {"status": "finished", "steps": steps}
        first, last = steps + 1, self.at[finite]
        when = f"at step {last}" if last <= first else f"between steps {first} and {last}"
        return {"status": "failed", "steps": steps, "reason": f"a number became NaN or infinite {when}"}

    def shown(self) -> dict[str, np.ndarray]:
        """What there is to see of them: the job's `shown` measures, (rows, S, players, measures), `at` steps."""
        names = self.job.shown
        shown = torch.empty(0, len(self.job.seeds), len(self.job.players), len(names))
        if self.at:
            shown = torch.stack([measured[..., : len(names)] for measured in self.table()], dim=2)
        return {"shown": shown.numpy(), "at": np.array(self.at, dtype=np.int64), "measures": np.array(names)}


def stacked(rows: list) -> list[Tensor]:
    """(rows, S, …) per player, of a list of tensors per player a row."""
    return [torch.stack(of_player) for of_player in zip(*rows, strict=True)]
