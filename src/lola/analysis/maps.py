"""A map's runs at each point of its grid, and the distance of each point from the paper's numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
import pandas as pd

from lola.analysis import intervals
from lola.analysis.groups import Group, NothingLeft, map_play
from lola.analysis.metrics import (
    PERCENT,
    STD,
    Estimate,
    Sample,
    Statistic,
    estimate,
    is_zero_sum,
    mean,
    near_tit_for_tat,
    near_uniform,
)
from lola.analysis.paper import Ledger
from lola.vocabulary import measures

# What may tell points apart, in this order.
SYMBOLS = {"option": "", "batch": "B", "lr": "δ", "eta": "η", "lam": "λ", "penalty": "γ", "step": "N"}
NAMES = {"R": "R", "std": "std of R", "tft": "%TFT", "nash": "%Nash"}


@dataclass(frozen=True)
class Compared:
    """A number of the paper, of `of` runs, beside what each point gives: `runs` is (points, n, k), within `bounds`.

    It is of a game and a quantity, and of an `algorithm` where several are compared. `digit` is what rounding hides.
    """

    game: str
    algorithm: str
    quantity: str
    paper: float
    of: int
    margin: float
    digit: float
    runs: np.ndarray
    bounds: intervals.Bounds | None
    statistic: Statistic
    estimates: list[Estimate]

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.game, self.algorithm, NAMES[self.quantity])))

    def off(self, runs: np.ndarray) -> np.ndarray:
        """|measured − paper| / margin at each point, of `runs` (…, points, n, k)."""
        return np.abs(self.statistic.value(runs) - self.paper) / self.margin

    def limits(self, runs: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """The interval of that distance, by the half-widths of both numbers (Zou & Donner 2008).

        The paper's runs are taken to scatter like ours.
        """
        off, hidden = self.statistic.value(runs) - self.paper, self.digit / 2
        (below, above), (nearer, farther) = (self.reach(runs, n, level) for n in (runs.shape[-2], self.of))
        low, high = off - np.hypot(below, farther) - hidden, off + np.hypot(above, nearer) + hidden
        least = np.maximum(0, np.maximum(low, -high))
        return least / self.margin, np.maximum(-low, high) / self.margin

    def reach(self, runs: np.ndarray, n: int, level: float) -> tuple[np.ndarray, np.ndarray]:
        """How far the truth may lie below and above the statistic of n runs that scatter like these.

        Of a standard deviation it is that of the mean square.
        """
        if self.statistic is not STD:
            each = runs.mean(axis=-1)
            return intervals.reach(each.mean(axis=-1), intervals.scattered(each), self.bounds, n, level)
        middle = runs.mean(axis=(-2, -1), keepdims=True)
        squares = ((runs - middle) ** 2).mean(axis=-1)
        furthest = self.bounds and (0.0, np.maximum(*((end - middle[..., 0, 0]) ** 2 for end in self.bounds)))
        variance = squares.mean(axis=-1)
        below, above = intervals.reach(variance, intervals.scattered(squares), furthest, n, level)
        std = np.sqrt(variance)
        return std - np.sqrt(np.maximum(0, variance - below)), np.sqrt(variance + above) - std


@dataclass(frozen=True)
class Fit:
    """Every point of the grid, a row of `points`, beside all that the paper prints of the maps' games."""

    points: pd.DataFrame
    seeds: tuple[int, ...]
    compared: list[Compared]

    @property
    def worst(self) -> np.ndarray:
        """At each point, the distance of the number that fits worst, in margins."""
        return np.max([c.off(c.runs) for c in self.compared], axis=0)

    @property
    def sample(self) -> Sample:
        """The worst number at the point where it is best: below 1 if one point gives all of the paper's numbers."""
        return Sample(self.seeds, self.runs, self.statistic, self.about)

    @property
    def runs(self) -> np.ndarray:
        """What each run gives of all numbers at all points, (n, points · numbers)."""
        together = np.moveaxis(np.concatenate([c.runs for c in self.compared], axis=-1), 0, 1)
        return together.reshape(len(together), -1)

    @property
    def statistic(self) -> Statistic:
        """The distance of the point that is best, with its intervals.

        A point is refuted by one number that is surely further off, at a level shared by all numbers, and the claim if
        every point is. The best of many points is so partly by luck. So the upper end is of the point that is best in
        one half of the seeds, measured in the other half; of both ways the worse.
        """
        return Statistic(lambda runs: self.distances(runs).min(axis=-1), self.limits)

    def distances(self, runs: np.ndarray) -> np.ndarray:
        """The distance of the worst number at each point, (…, points), of runs (…, n, points · numbers)."""
        return np.max([c.off(part) for c, part in self.parts(runs)], axis=0)

    def parts(self, runs: np.ndarray) -> Iterator[tuple[Compared, np.ndarray]]:
        """Each number with its part of the runs, (…, points, n, k)."""
        ends = np.cumsum([c.runs.shape[-1] for c in self.compared])
        at_points = np.moveaxis(runs.reshape(*runs.shape[:-1], len(self.points), ends[-1]), -3, -2)
        return zip(self.compared, np.split(at_points, ends[:-1], axis=-1), strict=True)

    def limits(self, runs: np.ndarray) -> intervals.Limits:
        """The intervals of the sample's statistic, of one or of many."""
        halves = runs[..., ::2, :], runs[..., 1::2, :]

        def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
            each = level / len(self.compared)
            least = np.max([c.limits(part, each)[0] for c, part in self.parts(runs)], axis=0).min(axis=-1)
            return least, np.maximum(self.held_out(*halves, level), self.held_out(*halves[::-1], level))

        return limits

    def held_out(self, choosing: np.ndarray, measuring: np.ndarray, level: float) -> np.ndarray:
        """The upper end of the distance, in some runs, of the point that is best in others."""
        best = self.distances(choosing).argmin(axis=-1)[..., None]
        most = np.max([c.limits(part, level)[1] for c, part in self.parts(measuring)], axis=0)
        return np.take_along_axis(most, best, axis=-1)[..., 0]

    @property
    def about(self) -> str:
        """The best point in words."""
        at = int(self.worst.argmin())
        where = ", ".join(told(axis, x) for axis, x in self.points.iloc[at].items())
        numbers = ", ".join(f"{c.name} {c.estimates[at].value:.3g} ({c.paper:g})" for c in self.compared)
        return f"the best of {len(self.points)} points is {where}: {numbers}"


def told(axis: str, x: float | str) -> str:
    """Where a point lies along an axis: η = 2."""
    return x if axis == "option" else f"{SYMBOLS[axis]} = {x:g}"


def fit(options: dict[str, list[Group]], ledger: Ledger) -> Fit:
    """The points of several settings side by side, each of groups that stand for the same numbers in the same order."""
    fits = {name: fit_of(groups, ledger) for name, groups in options.items()}
    if len(fits) == 1:
        return next(iter(fits.values()))
    first, *others = fits.values()
    if {(len(f.compared), f.seeds) for f in others} != {(len(first.compared), first.seeds)}:
        raise ValueError(f"{', '.join(options)} must have the same seeds, and the paper as many numbers of each")
    compared = []
    for same in zip(*(f.compared for f in fits.values()), strict=True):
        runs, estimates = np.concatenate([c.runs for c in same]), [e for c in same for e in c.estimates]
        words = zip(*(c.algorithm.split("-") for c in same), strict=False)
        who = "-".join(first for first, *others in takewhile(lambda at: len({*at}) == 1, words))
        compared.append(replace(same[0], algorithm=who, runs=runs, estimates=estimates))
    points = pd.concat([f.points.assign(option=name) for name, f in fits.items()], ignore_index=True)
    return Fit(points[[axis for axis in SYMBOLS if axis in points]], first.seeds, compared)


def fit_of(maps: list[Group], ledger: Ledger) -> Fit:
    """Hold each point of the maps against all that the paper prints of their algorithm for both players.

    A point of a group that is no map is an update of its curve. Points at which a run diverged are left out. Raises
    NothingLeft if none is left, ValueError if the paper prints nothing or does not say of how many runs.
    """
    found = []
    for group in maps:
        if printed := ledger.printed.get(group.instead().name):
            known = quantities(group)
            found += [(group, name, paper, *known[name]) for name, paper in printed.items() if name in known]
    names = ", ".join(group.name for group in maps)
    if not found:
        raise ValueError(f"the paper prints no number of {names}")
    if ledger.runs is None:
        raise ValueError(f"of how many runs are the paper's numbers of {names}? Missing key 'runs'")
    wide = [final.unstack("seed") for *_, final, _ in found]
    finite = pd.concat(wide, axis=1, keys=range(len(wide)), join="inner").dropna()
    if finite.empty:
        raise NothingLeft(f"no point is left of {names}: at each a run diverged, or only one of them has it")
    seeds = sorted(set.intersection(*({*final.columns.unique("seed")} for final in wide)))
    compared = []
    for which, (group, quantity, paper, _, statistic) in enumerate(found):
        runs = np.stack([finite[which].xs(seed, axis=1, level="seed") for seed in seeds], axis=1)
        estimates = [estimate(Sample(tuple(seeds), at_point, statistic)) for at_point in runs]
        margin, digit = ledger.quantities[quantity]["margin"], ledger.quantities[quantity].get("digit", 0.0)
        who = group.algorithm if len({each.algorithm for each in maps}) > 1 else ""
        bounds = bounds_of_all(group) if statistic is STD else statistic.bounds
        numbers = (paper, ledger.runs, margin, digit, runs, bounds, statistic, estimates)
        compared.append(Compared(group.game, who, quantity, *numbers))
    points = finite.index.to_frame(index=False)
    return Fit(points[[axis for axis in SYMBOLS if axis in points]], tuple(seeds), compared)


def bounds_of_all(group: Group) -> intervals.Bounds | None:
    """Between what the return of either player lies."""
    known = [group.bounds(player) for player in (1, 2)]
    return (min(low for low, _ in known), max(high for _, high in known)) if None not in known else None


def quantities(group: Group) -> dict[str, tuple[pd.DataFrame, Statistic]]:
    """Each quantity of a two-player map by the claims' name for it: numbers of each run, and a statistic over runs.

    The numbers have the map's index; they are nan where the run diverged. Of tit-for-tat and the mixed
    equilibrium only the one that means something in the game is given.
    """
    if group.map.empty:
        raise NothingLeft(f"at every point of {group.name} a run diverged")
    returns = group.map.xs(measures.RETURN, axis=1, level="metric")
    if returns.shape[1] != 2:
        raise ValueError(f"a map needs a game of 2 players; {group.game} has {returns.shape[1]}")
    if returns.unstack("seed").dropna().empty:
        raise NothingLeft(f"at every point of {group.name} a run diverged")
    name, share = ("nash", near_uniform) if is_zero_sum(returns.to_numpy()) else ("tft", near_tit_for_tat)
    percent = 100 * share(map_play(group.map)).where(returns.notna().all(axis=1))
    percent = percent.to_frame().rename_axis(columns="player")
    return {"R": (returns, mean(group.bounds())), "std": (returns, STD), name: (percent, mean(PERCENT))}
