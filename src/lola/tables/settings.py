"""Which settings fit the paper best: the points of a map beside all that the paper prints of its games."""

import pandas as pd

from lola.analysis.maps import NAMES, Compared, Fit, fit, told
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table, interval, number, numbers

BEST = 5  # so many points are listed
NOTES = """\
Every point of the grid is held against the paper's numbers at once. Off: how far the number that fits worst lies from
the paper's, in margins. A point where it is below 1 gives every number of the paper. In brackets: 95 % intervals over
runs.

The nearest points are shown, the nearest first. That one is the best of many, and partly by luck: its intervals don't
allow for the choice. The CSV file has every point at which no run diverged."""


def tabulate(sources: Sources, *, games: list[str], algorithm: str) -> Table:
    """The points of a map that come nearest to the paper's numbers of all games together."""
    found = fit({"": [sources.group(game, algorithm) for game in games]}, sources.ledger)
    return table(sources, found, f"{sources.labels[algorithm]}, ")


def table(sources: Sources, found: Fit, heading: str) -> Table:
    """A row per number of the paper and a column for each of the best points, under a heading that says of how many."""
    order = found.worst.argsort(kind="stable")
    best = {at: ", ".join(told(*axis) for axis in found.points.iloc[at].items()) for at in order[:BEST].tolist()}
    rows = []
    for c in found.compared:
        estimates = {place: interval(c.estimates[at], 1 if "%" in c.name else 2) for at, place in best.items()}
        rows.append({"": name(sources, c), "the paper": f"{c.paper:g}"} | estimates)
    off = {place: number(found.worst[at], 2) for at, place in best.items()}
    rows.append({"": "off", "the paper": NONE} | off)
    heading += f"{len(found.seeds)} runs at each of {len(order)} points"
    return Table(tidy(found, order.tolist()), {heading: pd.DataFrame(rows)}, NOTES)


def name(sources: Sources, compared: Compared) -> str:
    """What a number is of, as people read it; who learns, by what the labels of several settings begin with."""
    who = sources.labels.get(compared.algorithm, "").partition(",")[0]
    return f"{', '.join(filter(None, (sources.title(compared.game), who)))}: {NAMES[compared.quantity]}"


def tidy(found: Fit, order: list[int]) -> pd.DataFrame:
    """One row per point and number of the paper, the best points first."""
    rows, off = [], [c.off(c.runs) for c in found.compared]
    for rank, at in enumerate(order, start=1):
        about = {"rank": rank, **found.points.iloc[at]}
        for c, how_far in zip(found.compared, off, strict=True):
            fits = {"paper": c.paper, "margin": c.margin, "off": how_far[at]}
            rows.append(about | {"measure": c.name} | numbers(c.estimates[at]) | fits)
    return pd.DataFrame(rows)
