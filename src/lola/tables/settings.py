"""Which settings fit the paper best: the points of a map beside all that the paper prints of its games."""

import pandas as pd

from lola.analysis.maps import SYMBOLS, Fit, fit
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table, interval, number, numbers

BEST = 5  # so many points are listed
NOTES = """\
Every point of the grid is held against the paper's numbers at once. Off: how far the number that fits worst lies from
the paper's, in margins. A point where it is below 1 gives every number of the paper. In brackets: 95 % intervals over
runs.

The points are sorted by that, so the first one is the best of many, and partly by luck: its intervals don't allow for
the choice. The CSV file has every point at which no run diverged."""


def tabulate(sources: Sources, *, games: list[str], algorithm: str) -> Table:
    """The points of a map that come nearest to the paper's numbers of all games together."""
    found = fit({"": [sources.group(game, algorithm) for game in games]}, sources.ledger)
    return table(found, f"{sources.labels[algorithm]}, ")


def table(found: Fit, heading: str) -> Table:
    """The best points, under a heading that says of how many."""
    order = found.worst.argsort(kind="stable")
    paper = {c.name: f"{c.paper:g}" for c in found.compared}
    first = {"": "the paper"} | {name(axis): NONE for axis in found.points} | paper | {"off": NONE}
    lines = [first, *(line(found, rank, at) for rank, at in enumerate(order[:BEST].tolist(), start=1))]
    heading += f"{len(found.seeds)} runs at each of {len(order)} points"
    return Table(tidy(found, order.tolist()), {heading: pd.DataFrame(lines)}, NOTES)


def name(axis: str) -> str:
    return SYMBOLS[axis] or axis


def line(found: Fit, rank: int, at: int) -> dict:
    """One point as people read it."""
    axes = {name(axis): x if axis == "option" else f"{x:g}" for axis, x in found.points.iloc[at].items()}
    estimates = {c.name: interval(c.estimates[at], 1 if "%" in c.name else 2) for c in found.compared}
    return {"": f"{rank}."} | axes | estimates | {"off": number(found.worst[at], 2)}


def tidy(found: Fit, order: list[int]) -> pd.DataFrame:
    """One row per point and number of the paper, the best points first."""
    rows, off = [], [c.off(c.runs) for c in found.compared]
    for rank, at in enumerate(order, start=1):
        about = {"rank": rank, **found.points.iloc[at]}
        for c, how_far in zip(found.compared, off, strict=True):
            fits = {"paper": c.paper, "margin": c.margin, "off": how_far[at]}
            rows.append(about | {"measure": c.name} | numbers(c.estimates[at]) | fits)
    return pd.DataFrame(rows)
