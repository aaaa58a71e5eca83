"""Rules by games: up to which step size a rule comes to rest, where, and how soon."""

import itertools

import numpy as np
import pandas as pd

from lola.analysis import linear
from lola.analysis.affine import NotLinear
from lola.analysis.planes import ELSEWHERE, ENDS, FIXED, NEAR, Plane
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table

WEIGHT = 1.0  # of the adjustment of rules that have one instead of a look-ahead
WHERE = {FIXED: "fixed point", ELSEWHERE: "elsewhere"}
NOTES = f"""\
Look-ahead and step size are the same, δ = η; of SGA and CO the weight is {WEIGHT:g}. First: at which step sizes of the
grid all starts come to rest, that is, no update moves a parameter by more than 10⁻⁶ any more. Then where: at a fixed
point, ‖ξ‖ ≤ 10⁻², or elsewhere, where somebody would still climb; and after how many updates at the best step size.
In brackets, of quadratic games: from which step size on the spectral radius of the step is 1 or more, which is computed
and no run decides; 0 if it is so at all, none if it is so at no step size of the grid.

Nears: nowhere do all starts rest; at these step sizes they are near a fixed point after the last update, on a slow way
there or to one at infinity. Never: not even that. At small step sizes a rule that converges may be slow. The CSV file
has how many step sizes end how."""


def tabulate(sources: Sources, *, games: list[str], algorithms: list[str]) -> Table:
    """A line per rule, a column per game."""
    rows, cells = [], {}
    for algorithm, game in itertools.product(algorithms, games):
        plane = Plane(sources.group(game, algorithm))
        along, edge = diagonal(plane), threshold(plane)
        rows.append(tidy(plane, along) | {"threshold": np.nan if edge is None else edge})
        cells[algorithm, game] = words(along, edge)
    lines = [[sources.labels[algorithm], *(cells[algorithm, game] for game in games)] for algorithm in algorithms]
    block = pd.DataFrame(lines, columns=["rule", *map(sources.title, games)])
    return Table(pd.DataFrame(rows), {"": block}, NOTES)


def diagonal(plane: Plane) -> pd.DataFrame:
    """How runs end by step size: index δ, where the look-ahead is δ and another weight 1."""
    if len(plane.axes) == 1:
        return plane.points
    step, weight = (plane.points.index.get_level_values(axis) for axis in plane.axes)
    chosen = weight == (step if plane.axes[1] == "eta" else WEIGHT)
    return plane.points[chosen].droplevel(1)


def threshold(plane: Plane) -> float | None:
    """The step size, up to the last of the grid, from which on the step no longer contracts; None if not linear."""
    over = ["lr", *(axis for axis in plane.axes[1:] if axis == "eta")]
    spec = linear.at_point(plane.group.about["spec"], dict.fromkeys(plane.axes, WEIGHT))
    most = float(plane.points.index.get_level_values(0).max())
    try:
        return linear.threshold(spec, over, most)
    except NotLinear:
        return None


def words(along: pd.DataFrame, edge: float | None) -> str:
    """A cell: the step sizes at which runs rest, where, how soon; and the computed threshold."""
    rests = along[along.end.isin(WHERE)]
    said = [] if edge is None else ["[none]" if edge >= along.index.max() else f"[{round(edge, 6):.3g}]"]
    if rests.empty:
        near = along[along.end == NEAR]
        return " ".join(["never" if near.empty else f"nears: {ranges(along, near)}", *said])
    where = " or ".join(dict.fromkeys(WHERE[end] for end in rests.end))
    return " ".join([f"{ranges(along, rests)}:", f"{where}, {int(rests.updates.min())} updates", *said])


def ranges(along: pd.DataFrame, rests: pd.DataFrame) -> str:
    """Step sizes that follow each other on the grid as a range: 0.01–0.5, 1–2."""
    grid = {value: n for n, value in enumerate(along.index)}
    runs = itertools.groupby(enumerate(rests.index), key=lambda pair: grid[pair[1]] - pair[0])
    found = [[value for _, value in group] for _, group in runs]
    return ", ".join(f"{own[0]:g}–{own[-1]:g}" if len(own) > 1 else f"{own[0]:g}" for own in found) or NONE


def tidy(plane: Plane, along: pd.DataFrame) -> dict:
    """A row: how many step sizes end how, and the best."""
    counts = along.end.value_counts()
    best = along[along.end.isin(WHERE)].updates
    about = {"game": plane.group.game, "rule": plane.group.algorithm, "step sizes": len(along)}
    about |= {end: int(counts.get(end, 0)) for end in ENDS}
    return about | {"best step size": best.idxmin() if len(best) else np.nan, "updates": best.min()}
