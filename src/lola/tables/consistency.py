"""How consistent rules are: whether their directions are what they would be if everybody knew everybody's."""

import math

import pandas as pd

from lola.analysis import at_points, metrics
from lola.analysis.groups import Group
from lola.analysis.metrics import Estimate, Sample
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table
from lola.vocabulary import measures

NOTES = """\
The consistency loss of directions f is Σ_i ‖f_i − ∇_iV_i(θ_i, θ_−i + ηf_−i(θ))‖², where the derivative goes through
f_−i: the mean, and the median, over points that a seed draws uniformly from a region. The cosine is of the angle
between f and the directions that the study names beside it, all players' together, on average over the points. In
brackets: 95 % intervals over seeds. Affine solutions are those consistent directions that are affine in θ."""
COLUMNS = {
    "mean": measures.CONSISTENCY,
    "median": measures.MEDIAN_CONSISTENCY,
    "cosine": measures.COSINE,
    "affine solutions": measures.SOLUTIONS,
}


def tabulate(sources: Sources, *, games: list[str], algorithms: list[str]) -> Table:
    """A row for each game, algorithm and look-ahead rate η, with all that is known of its directions there."""
    rows, lines = [], []
    for group in (sources.group(game, algorithm) for game in games for algorithm in algorithms):
        for eta in group.rows.eta.unique():
            about = {"game": sources.title(group.game), "algorithm": sources.label(group), "η": f"{eta:g}"}
            found = measured(group, eta)
            lines.append(about | {name: shown(found[name]) if name in found else NONE for name in COLUMNS})
            for name, estimate in found.items():
                numbers = {part: f"{getattr(estimate, part):.6g}" for part in ("value", "low", "high")}
                rows.append(about | {"measure": name, "seeds": estimate.n} | numbers)
    block = pd.DataFrame(lines)
    return Table(pd.DataFrame(rows), {"": block.loc[:, (block != NONE).any()]}, NOTES)


def measured(group: Group, eta: float) -> dict[str, Estimate]:
    """What is known of a group at one η."""
    known = {*group.rows.metric[group.rows.eta == eta]}
    samples: dict[str, Sample] = {
        name: at_points.measured(group, measure, eta) for name, measure in COLUMNS.items() if measure in known
    }
    return {name: metrics.estimate(sample) for name, sample in samples.items()}


def shown(estimate: Estimate) -> str:
    """A number to three digits, with its interval if it has one: numbers of one table differ by many powers of ten."""
    if estimate.value != estimate.value:
        return NONE
    known = math.isfinite(estimate.low) and math.isfinite(estimate.high)  # not of seeds that are all alike
    return f"{estimate.value:.3g}" + (f" [{estimate.low:.3g}, {estimate.high:.3g}]" if known else "")
