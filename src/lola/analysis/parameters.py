"""Quantities of games of real parameters: where θ and ξ of all players go, as functions of finished runs.

θ are the parameters of all players side by side, ξ_i = ∇_iV_i their own gradients, and ‖·‖ is the Euclidean length.
Some quantities are worked out from a group's settings and from no run: see `lola.analysis.linear`.
"""

import numpy as np
import pandas as pd

from lola.analysis import linear
from lola.analysis.affine import Forms, NotLinear
from lola.analysis.groups import Group, NothingLeft
from lola.analysis.metrics import LATE, Sample, at_step, late, share_of_runs
from lola.vocabulary import measures


def only(wanted: str):
    """Reads the metric of one name."""
    return lambda name: () if name == wanted else None


READ = {  # what decides whether a measure of a row is one of these numbers
    "distance": measures.numbered,
    "gradient": only(measures.GRADIENT),
    "return": only(measures.RETURN),
    "residual": only(measures.RESIDUAL),
}
OF_ONE = ("return", "residual")  # of which player 1's is taken; a residual is the same for all


def distance(group: Group, point: list[float] | None = None, at: int | None = None) -> Sample:
    """‖θ − point‖ at the end, or after the update `at`."""
    return Sample.of(sizes(last(parameters(group), group, at), point))


def gradient(group: Group, at: int | None = None) -> Sample:
    """‖ξ‖ at the end, or after the update `at`."""
    return Sample.of(sizes(last(group.curves(measures.GRADIENT), group, at)))


def motion(group: Group) -> Sample:
    """How far θ lies from its end, at most, over the last tenth of the updates.

    A run that diverged counts as much as the one that moves most. Raises NothingLeft if all did, or if one row of the
    curve is all that there is of the last tenth.
    """
    if len(group.failed) == len(group.ends):
        raise NothingLeft(f"every run of {group.name} diverged")
    moved = farthest(group)
    finished = ~moved.index.isin(group.failed)
    return Sample.of(moved.where(finished, moved[finished].max()))


def growth(group: Group, point: list[float] | None = None, since: int | None = None) -> Sample:
    """The factor by which ‖θ − point‖ grows per update, from `since`, or the first row, to the last that is finite."""
    found = {}
    for seed, of_run in sizes(finite(group, measures.numbered), point).groupby(level="seed"):
        steps = of_run.index.get_level_values("step")
        if since not in (None, *steps):
            raise NothingLeft(f"{group.name} has no row of step {since}")
        first = 0 if since is None else steps.get_loc(since)
        updates, start = steps[-1] - steps[first], of_run.iloc[first]
        found[seed] = (of_run.iloc[-1] / start) ** (1 / updates) if updates and start else np.nan
    return Sample.of(pd.Series(found, dtype=float))


def arrival(
    group: Group, within: float, of: str = "distance", point: list[float] | None = None, scale: float = 1.0
) -> Sample:
    """The first update after which something stays within so much of 0, times `scale`.

    That is ‖θ − point‖, ‖ξ‖, the size of player 1's return, or the residual. A run that does not stay there, or
    diverges, counts as if it arrived in the update after its last.
    """
    away = sizes(finite(group, READ[of]), point, of)
    found = dict.fromkeys(group.ends, 1 + away.index.get_level_values("step").max())
    for seed, of_run in away.groupby(level="seed"):
        steps, outside = of_run.index.get_level_values("step"), np.flatnonzero(of_run > within)
        after = outside[-1] + 1 if len(outside) else 0
        if seed not in group.failed and after < len(steps):
            found[seed] = steps[after]
    return Sample.of(scale * pd.Series(found, dtype=float))


def converged(group: Group, within: float, motion: float) -> Sample:
    """Percentage of runs that end where ‖ξ‖ is at most `within`, and stay within `motion` of it in the last tenth."""
    if not left(group):
        return share_of_runs(pd.Series(False, index=[*group.ends]))
    still = farthest(group) <= motion
    length = sizes(last(group.curves(measures.GRADIENT), group))
    return share_of_runs(still & (length <= within) & ~still.index.isin(group.diverged))


def diverged(group: Group, beyond: float, of: str = "distance") -> Sample:
    """Percentage of runs whose numbers stop being finite, or that end farther from the origin than `beyond`.

    Or, with `of` residual, whose residual ends beyond it.
    """
    if not left(group):  # maybe before there was a row
        return share_of_runs(pd.Series(True, index=[*group.ends]))
    curves = parameters(group) if of == "distance" else group.curves(measures.RESIDUAL)
    away = sizes(last(curves, group), None, of)
    return share_of_runs((away > beyond) | away.index.isin(group.diverged))


def left(group: Group) -> set[int]:
    """The seeds of the runs that did not diverge."""
    return {*group.ends} - {*group.diverged}


def residual(group: Group, at: int | None = None) -> Sample:
    """How far all players together are from a solution, at the end or after the update `at`."""
    return Sample.of(sizes(last(group.curves(measures.RESIDUAL), group, at), None, "residual"))


def area(
    group: Group,
    within: float,
    of: str = "distance",
    point: list[float] | None = None,
    where: dict[str, list[float]] | None = None,
) -> Sample:
    """Percentage of a map's points at which something ends within so much of 0; where a run diverged it does not.

    It is as in `arrival`; `where` keeps the points between two values of an axis.
    """
    rows = group.map
    for axis, (least, most) in (where or {}).items():
        values = rows.index.get_level_values(axis)
        rows = rows[(values >= least) & (values <= most)]
    rows = rows.loc[:, [READ[of](metric) is not None for _, metric in rows.columns]]
    if rows.empty:
        raise NothingLeft(f"{group.name} has no such points or numbers")
    return Sample.of(100.0 * (sizes(rows, point, of) <= within).groupby(level="seed").mean())


def radius(group: Group) -> Sample:
    """The spectral radius of the step, of directions in which it is not the identity."""
    return of_every_run(group, step(group).radius)


def limit(
    group: Group,
    of: str = "return",
    point: list[float] | None = None,
    player: int | None = None,
    scale: float = 1.0,
) -> Sample:
    """Where the step leads from each run's first row: the mean value there (or a player's), ‖ξ‖ or ‖θ − point‖."""
    game, steps = Forms.of(group.about["spec"]["game"]["terms"]), step(group)
    first = finite(group, measures.numbered).groupby(level="seed").first()
    found = {}
    for seed, start in zip(first.index, first.to_numpy(), strict=True):
        end = steps.limit(start)
        if end is None:
            raise NothingLeft(f"{group.name} has no limit: the spectral radius of its step is {steps.radius:.6g}")
        values = game.values(end)
        found[seed] = {
            "return": values.mean() if player is None else values[player - 1],
            "gradient": length(game.xi(end)[None])[0],
            "distance": length(end[None], point)[0],
        }[of]
    return Sample.of(scale * pd.Series(found, dtype=float))


def threshold(group: Group, over: list[str], most: float) -> Sample:
    """The least value of the settings `over`, moved together, at which the radius reaches 1; `most` if it does not."""
    try:
        return of_every_run(group, linear.threshold(group.about["spec"], over, most))
    except NotLinear as reason:
        raise NothingLeft(f"{group.name}: {reason}") from None


def step(group: Group) -> linear.Step:
    """The group's step. Raises NothingLeft if it is not affine."""
    try:
        return linear.step(group.about["spec"])
    except NotLinear as reason:
        raise NothingLeft(f"{group.name}: {reason}") from None


def of_every_run(group: Group, number: float) -> Sample:
    """A number that is the same of all runs."""
    return Sample.of(pd.Series(number, index=[*group.ends], dtype=float))


def parameters(group: Group) -> pd.DataFrame:
    """θ by row of the curve. Raises NothingLeft if the curves of this game have none."""
    if (found := group.parameters).empty:
        raise NothingLeft(f"the curves of {group.name} have no parameters")
    return found


def finite(group: Group, read) -> pd.DataFrame:
    """The rows of all runs, also of those that diverged later: index (seed, step), columns player and parameter."""
    names = [name for name in group.rows.metric.unique() if read(name) is not None]
    if not names:
        raise NothingLeft(f"the curves of {group.name} have no such numbers")
    rows = group.rows[group.rows.metric.isin(names)].astype({"metric": str})
    return rows.pivot(index=["seed", "step"], columns=["player", "metric"], values="value").sort_index()


def last(curves: pd.DataFrame, group: Group, at: int | None = None) -> pd.DataFrame:
    """The columns of the last step, or of one."""
    return late(curves, last=1) if at is None else at_step(curves, at, group)


def farthest(group: Group) -> pd.Series:
    """How far θ lies from its end, at most, over the last tenth: by seed."""
    theta = parameters(group)
    steps = theta.columns.get_level_values("step")
    theta = theta.loc[:, steps >= (1 - LATE) * steps.max()]
    if (rows := theta.columns.unique("step").size) < 2:
        raise NothingLeft(f"the last tenth of {group.name} is one row of its curve")
    paths = np.moveaxis(theta.to_numpy().reshape(len(theta), -1, rows), 2, 1)  # (seeds, rows, parameters)
    away = length((paths - paths[:, -1:]).reshape(-1, paths.shape[2])).reshape(len(theta), rows)
    return pd.Series(away.max(axis=1), theta.index)


def sizes(rows: pd.DataFrame, point: list[float] | None = None, of: str = "distance") -> pd.Series:
    """‖x − point‖ of every row of parameters, or the length of what else it has; columns begin with the player."""
    numbers = (rows[[1]] if of in OF_ONE else rows).to_numpy()
    return pd.Series(length(numbers, point if of == "distance" else None), rows.index)


def length(x: np.ndarray, point: list[float] | None = None) -> np.ndarray:
    """‖x − point‖ of every row (n, d), also where squares are no numbers any more. Raises NothingLeft if d differs."""
    if point is not None and len(point) != x.shape[1]:
        raise NothingLeft(f"a point of {len(point)} numbers is none of {x.shape[1]} parameters")
    away = np.abs(x - (0.0 if point is None else np.array(point, dtype=float)))
    largest = away.max(axis=1)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    return scale * np.linalg.norm(away / scale[:, None], axis=1)


QUANTITIES = {
    "distance": distance,
    "gradient": gradient,
    "motion": motion,
    "growth": growth,
    "arrival": arrival,
    "converged": converged,
    "diverged": diverged,
    "residual": residual,
    "area": area,
    "radius": radius,
    "limit": limit,
    "threshold": threshold,
}
