"""Quantities of rules that are held against themselves at points of a region, as functions of finished runs."""

from lola.analysis.groups import Group
from lola.analysis.metrics import Sample
from lola.vocabulary import measures


def consistency(group: Group, eta: float | None = None, median: bool = False) -> Sample:
    """How far directions are from those that look ahead to them, Σ_i ‖f_i − ∇_iV_i(θ_i, θ_−i + ηf_−i)‖².

    The mean over the points of a seed, or the median, which one far point does not move.
    """
    return measured(group, measures.MEDIAN_CONSISTENCY if median else measures.CONSISTENCY, eta)


def cosine(group: Group, eta: float | None = None) -> Sample:
    """The cosine of the angle between directions and those that they are compared with, the mean over points."""
    return measured(group, measures.COSINE, eta)


def solutions(group: Group, eta: float | None = None) -> Sample:
    """The number of consistent directions that are affine in the parameters, a line of constants counting as one."""
    return measured(group, measures.SOLUTIONS, eta)


def measured(group: Group, measure: str, eta: float | None) -> Sample:
    """A measure of rules at the points of each seed, at an η, or at the only one."""
    rows = group.rows[group.rows.metric == measure]
    rows = rows if eta is None else rows[rows.eta == eta]
    if rows.empty or rows.seed.duplicated().any():
        raise KeyError(measure if rows.empty else "one look-ahead rate alone")
    return Sample.of(rows.set_index("seed").value)


QUANTITIES = {"consistency": consistency, "cosine": cosine, "solutions": solutions}
