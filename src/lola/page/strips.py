"""Where a claim's numbers stand on a strip of its own, in percent of its width: a row of the forest plot.

Of a number of the paper: how far ours lies from it, in margins, `REACH` of them on either side; what is within one is
the ground on which it counts as the same. Of a sentence: the place at which it turns true stands in the middle, and on
the ground to the right it holds; each has a scale of its own, which shows all that there is. Of a deterministic claim
the tolerance takes the place of the margin, and the span of all starts that of the interval.
"""

from dataclasses import dataclass

from lola.analysis.paper import Claim, slack

REACH = 4  # margins
EDGE = 2  # percent that a strip keeps free on either side


@dataclass(frozen=True)
class Strip:
    """Places in percent: ours with its interval, the paper's number if any, and the ground; arrows where it is cut."""

    ours: float
    low: float
    high: float
    paper: float | None
    ground: tuple[float, float]
    beyond: tuple[bool, bool]


def strip(claim: Claim, row: dict) -> Strip | None:
    """The strip of a claim with its row of the table; None if nothing was measured."""
    if not row["measured"]:
        return None
    ours, low, high = (float(row[key]) for key in ("measured", "low", "high"))
    paper = float(row["paper"]) if row["paper"] else None
    if claim.numeric:
        centre, unit, ground = paper, REACH * slack(claim), (place(-1 / REACH), place(1 / REACH))
        if not unit:
            unit = max(abs(end - centre) for end in (ours, low, high)) or 1.0
    else:
        side = 1 if claim.rule == "greater" else -1
        centre, ground = claim.than + side * slack(claim), (place(0), 100.0)
        ends = [ours, low, high, claim.than, *([paper] if paper is not None else [])]
        unit = side * (max(abs(end - centre) for end in ends) or 1.0)
    low, high = sorted(((low - centre) / unit, (high - centre) / unit))
    return Strip(
        ours=place((ours - centre) / unit),
        low=place(low),
        high=place(high),
        paper=None if paper is None else place((paper - centre) / unit),
        ground=ground,
        beyond=(low < -1, high > 1),
    )


def place(share: float) -> float:
    """A place from -1 to 1, left to right, in percent; what is beyond stands at the edge."""
    inner = 50 - EDGE
    return round(50 + inner * min(1.0, max(-1.0, share)), 2)
