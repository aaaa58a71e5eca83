"""Where runs go at each point of a map of a game of real parameters: whether they come to rest, how soon, and where.

A run rests if none of its last updates moved anything visibly (`last move`). It does so at a fixed point if ‖ξ‖ is next
to nothing there, else where somebody would still climb. One that moves to the end may be near a fixed point, on a slow
way there or to one at infinity. Of several starts the worst counts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from lola.analysis import linear
from lola.analysis.affine import NotLinear
from lola.analysis.groups import Group
from lola.analysis.parameters import READ, sizes
from lola.vocabulary import measures

FIXED, ELSEWHERE, MOVING, DIVERGED = "at a fixed point", "elsewhere", "still moving", "diverged"
NEAR = "still moving, near a fixed point"
ENDS = (FIXED, ELSEWHERE, NEAR, MOVING, DIVERGED)  # from the best to the worst
LEVEL = 1e-2  # ‖ξ‖ of what counts as a fixed point: a small step size may bring a run to rest where it is not yet 0
FAR = 100.0  # from the origin: who is farther has diverged


@dataclass(frozen=True)
class Plane:
    """A group's map, over its axes, the step size first, in whatever order its grid names them."""

    group: Group

    @cached_property
    def axes(self) -> list[str]:
        return sorted({*self.group.map.index.names} - {"seed"}, key=lambda name: name != "lr")

    @cached_property
    def updates(self) -> int:
        """How many were made."""
        return max(end["steps"] for end in self.group.ends.values())

    @cached_property
    def runs(self) -> pd.DataFrame:
        """How each run ends, and after how many updates it rests: index (axes…, seed)."""
        rows = self.group.map
        of = {name: sizes(self.read(name), None, name) for name in ("distance", "gradient")}
        last = rows.xs(measures.LAST_MOVE, axis=1, level="metric").iloc[:, 0]
        moving, there = last >= self.updates, of["gradient"] <= LEVEL
        ends = np.select(
            [last.isna() | ~(of["distance"] <= FAR), moving & there, moving, there],
            [DIVERGED, NEAR, MOVING, FIXED],
            ELSEWHERE,
        )
        return pd.DataFrame({"end": ends, "updates": last}, index=rows.index)

    def read(self, name: str) -> pd.DataFrame:
        """The numbers of all players of which a size is taken."""
        return self.group.map.loc[:, [READ[name](metric) is not None for _, metric in self.group.map.columns]]

    @cached_property
    def points(self) -> pd.DataFrame:
        """The worst end of all starts at each point, and of those that end so the most updates: index the axes."""
        runs = self.runs.assign(rank=self.runs.end.map(ENDS.index)).sort_values(["rank", "updates"])
        return runs.groupby(level=self.axes)[["end", "updates"]].last().sort_index()

    @cached_property
    def radius(self) -> pd.Series | None:
        """The spectral radius of the step at each point; nan where there is none; None if it is affine nowhere."""
        found = {}
        for at in self.points.index:
            place = dict(zip(self.axes, at if isinstance(at, tuple) else (at,), strict=True))
            try:
                found[at] = linear.step(linear.at_point(self.group.about["spec"], place)).radius
            except NotLinear:
                found[at] = np.nan
        radius = pd.Series(found, dtype=float).rename_axis(self.points.index.names)
        return None if radius.isna().all() else radius
