"""Games of real parameters: where they go, what is measured on the way, and where they end on a map of step sizes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from lola.learning import rules, trainers
from lola.learning.differentiable.game import length
from lola.learning.training import COLUMNS, Job, Keep, Snapshot, State, Trained, learn, packed, unpickled
from lola.vocabulary import measures

STILL = 1e-6  # an update that moves parameters by no more moves nothing that can be seen


@dataclass(frozen=True)
class ParameterJob(Job):
    """A row per update: values, the length of ξ_i = ∇_i V_i, which is 0 at fixed points, and what the game shows.

    With `every`, a row after every so many updates.
    """

    def exact(self, thetas: list[Tensor]) -> list[Tensor]:
        """The measures of `names`, (S, measures) per player."""
        thetas = [theta.detach().requires_grad_() for theta in thetas]
        shown = zip(self.game.values(thetas), thetas, self.game.seen(thetas), strict=True)
        columns = [(value[:, None], length(rules.gradient(value, theta)), seen) for value, theta, seen in shown]
        return [torch.cat(of_player, dim=1).detach() for of_player in columns]

    def ends(self, state: State) -> list[Tensor]:
        return self.exact(state.thetas) if self.game.large else state.thetas

    def table(self, means: Tensor, ends: list[Tensor]) -> list[Tensor]:
        if self.game.large:
            return ends
        flat = self.exact([theta.flatten(0, 1) for theta in ends])
        return [of_player.unflatten(0, ends[0].shape[:2]) for of_player in flat]

    def names(self) -> list[list[str]]:
        return [[measures.RETURN, measures.GRADIENT, *own] for own in self.game.names()]

    def outcome(self, s: int, state: State, ends: list[Tensor], finished: bool) -> dict:
        """The last parameters, if they are few, and the policies that they are."""
        last = [] if self.game.large else [theta[-1:] for theta in ends]
        return {"thetas": [row for theta in last for row in theta.tolist()], "policies": self.game.played(last)}


@dataclass(frozen=True)
class ParameterMap:
    """The seeds of a spec at every point of its `grid`, all of them side by side: the points of a seed in a row."""

    spec: dict
    seeds: list[int]

    def train(self, until: int, saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
        """As `Job.train`, with a row per point of what is measured at the end; nan, a result, where it diverged.

        Of every player it says the last update in which parameters, whosever, moved by more than `STILL`; it is the
        number of all updates where they move to the end.
        """
        points = list(product(*self.spec["grid"].values()))
        job = self.job(points)
        start = unpickled(saved["state"]) if saved else job.start()
        last_move = torch.from_numpy(saved["last_move"]) if saved else torch.zeros(len(job.seeds), dtype=torch.int64)
        before = start.thetas
        for state in learn(job, start, until):
            last_move = torch.where(moved(before, state.thetas), state.step, last_move)
            before = state.thetas
            keep(lambda now=state, last=last_move: packed(now) | {"last_move": last.numpy()})
        ends = [[*rows] for rows in zip(*(own.tolist() for own in last_row(job, state, last_move)), strict=True)]
        names = [[*own, measures.LAST_MOVE] for own in job.names()]
        for s in range(len(self.seeds)):
            rows = [
                (*point, player, name, value)
                for point, of_players in zip(points, ends[s * len(points) : (s + 1) * len(points)], strict=True)
                for player, (own, values) in enumerate(zip(names, of_players, strict=True), start=1)
                for name, value in zip(own, values, strict=True)
            ]
            yield Trained((*self.spec["grid"], *COLUMNS[1:]), rows, {"status": "finished", "steps": until})

    def job(self, points: list[tuple[float, ...]]) -> ParameterJob:
        """What trains every seed at every point, a row of every tensor each, with step sizes (rows, 1)."""
        axes = zip(self.spec["grid"], zip(*points, strict=True), strict=True)
        sizes = {axis: torch.tensor(of * len(self.seeds), dtype=torch.float64)[:, None] for axis, of in axes}
        seats = [seat | {axis: of for axis, of in sizes.items() if axis in seat} for seat in self.spec["seats"]]
        return ParameterJob(**trainers.parts(self.spec | {"seats": seats}, [s for s in self.seeds for _ in points]))


def moved(before: list[Tensor], after: list[Tensor]) -> Tensor:
    """Of every row, whether any parameter of anybody moved by more than `STILL`, (S,); or is no number any more."""
    far = torch.cat([new - old for old, new in zip(before, after, strict=True)], dim=1).abs()
    return ~(far <= STILL).all(dim=1)


def last_row(job: ParameterJob, state: State, last_move: Tensor) -> list[Tensor]:
    """The measures at the end and the last move, (S, measures + 1) per player; all nan where a number is not finite."""
    ends = [torch.cat([own, last_move[:, None]], dim=1) for own in job.exact(state.thetas)]
    lost = ~torch.cat([*ends, *state.thetas], dim=1).isfinite().all(1, keepdim=True)
    return [own.masked_fill(lost, torch.nan) for own in ends]


def build(spec: dict, seeds: list[int]) -> ParameterJob:
    """The job of a spec."""
    return ParameterJob(**trainers.parts(spec, seeds))
