"""Confidence intervals for what runs end at. None of a mean has width zero, also where all runs end alike.

A function here takes runs, (…, n) or (…, n, k), of one sample or of many at once, and gives `Limits`: from a level
such as 0.05 to the two ends, each (…), of an interval that misses the truth so often.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import stats

Limits = Callable[[float], tuple[np.ndarray, np.ndarray]]
Bounds = tuple[float, float]  # between which a single run must end

DRAWS = 20_000
RESAMPLES = 9999
NESTED = 199  # so many for each of many samples
ROUNDING = 1e-12  # numbers that differ by less of themselves are one
BATCHES = 20  # that are held in memory one after the other


def of_mean(runs: np.ndarray, bounds: Bounds | None) -> Limits:
    """Of the mean of runs (…, n): by their bounds alone where they have such, else Student's t."""
    return student(runs) if bounds is None else between(runs, bounds)


def student(runs: np.ndarray) -> Limits:
    """Of a mean by Student's t: right if runs scatter normally. If all are alike it has nothing to go by: infinite."""
    n, mean = runs.shape[-1], runs.mean(axis=-1)
    alike = np.ptp(runs, axis=-1) <= ROUNDING * np.abs(runs).max(axis=-1)
    error = np.where(alike, np.inf, runs.std(axis=-1, ddof=1) / np.sqrt(n))

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        half = stats.t.ppf(1 - level / 2, n - 1) * error
        return mean - half, mean + half

    return limits


def between(runs: np.ndarray, bounds: Bounds) -> Limits:
    """Of the mean of runs that must lie between two bounds, whatever their distribution.

    An end is a quantile of the mean under weights Dirichlet(1, …, 1) over the n runs and one more at the bound on that
    side. For two outcomes that is the interval of Clopper and Pearson. Learned-Miller and Thomas (2019) conjecture that
    it always holds the mean as often as it says; no counterexample is known.
    """
    weights = dirichlet(runs.shape[-1])
    mixed = runs @ weights[:-1]
    low, high = (mixed + bound * weights[-1] for bound in bounds)
    return lambda level: (np.quantile(low, level / 2, axis=-1), np.quantile(high, 1 - level / 2, axis=-1))


@lru_cache(maxsize=2)
def dirichlet(n: int) -> np.ndarray:
    """Weights of n runs and one more, (n + 1, DRAWS), the same every time."""
    drawn = np.random.default_rng(0).standard_exponential((n + 1, DRAWS))
    return drawn / drawn.sum(axis=0)


def reach(mean: np.ndarray, spread: np.ndarray, bounds: Bounds | None, n: int, level: float) -> tuple:
    """How far the truth may lie below and above the mean of n runs, of which no more than their spread is known.

    By Student's t where runs have no bounds.
    """
    if bounds is None:
        half = stats.t.ppf(1 - level / 2, n - 1) * spread / np.sqrt(n)
        return half, half
    below, above = mean - bounds[0], bounds[1] - mean
    return towards(below, above, spread, n, level), towards(above, below, spread, n, level)


def scattered(runs: np.ndarray) -> np.ndarray:
    """The standard deviation of runs, (…, n); infinite if all are alike, which may be luck."""
    return np.where(np.ptp(runs, axis=-1) == 0, np.inf, runs.std(axis=-1, ddof=1))


def towards(bound: np.ndarray, other: np.ndarray, spread: np.ndarray, n: int, level: float) -> np.ndarray:
    """How far the mean of n runs may lie off towards a `bound` that is so far away, and the other one so far.

    Of all runs of this mean and spread those are the worst of which some are at the bound and all others alike. Of
    these it is the interval `between`: for two outcomes that of Clopper and Pearson, and without any spread as far as
    an outcome at the bound that none of the runs had could move the mean.
    """
    to = np.where(bound > 0, bound, 1.0)
    variance = np.minimum(spread**2, to * np.maximum(other, 0))  # there is no more between the bounds
    share, rest = variance / (variance + to**2), variance / to  # at the bound; how far the others lie beyond
    return np.where(bound > 0, (to + rest) * stats.beta.ppf(1 - level / 2, n * share + 1, n * (1 - share)) - rest, 0.0)


def of_share(runs: np.ndarray) -> Limits:
    """Of a percentage, of runs (…, n) that are each 0 or 100: the exact interval of Clopper and Pearson (1934)."""
    n = runs.shape[-1]
    k = np.rint(runs.sum(axis=-1) / 100)
    return lambda level: clopper_pearson(k, n, level)


def clopper_pearson(k: np.ndarray, n: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The exact interval for a percentage of which k of n were seen."""
    low = np.where(k == 0, 0.0, stats.beta.ppf(level / 2, np.maximum(k, 1), n - k + 1))
    high = np.where(k == n, 1.0, stats.beta.ppf(1 - level / 2, k + 1, np.maximum(n - k, 1)))
    return 100 * low, 100 * high


def of_rank(runs: np.ndarray, position: int) -> Limits:
    """Of the rank by mean of the one at `position` among k, from runs (…, n, k).

    From the k - 1 differences to the others, each by Student's t at level / (k - 1), so that all hold at once: who is
    surely ahead, and who is surely behind (Mogstad, Romano, Shaikh & Wilhelm 2024). A rank's bootstrap, as was used
    before, is wrong near ties.
    """
    k = runs.shape[-1]
    others = [j for j in range(k) if j != position]
    ahead = student(np.moveaxis(runs[..., others] - runs[..., [position]], -1, -2))

    def limits(level: float) -> tuple[np.ndarray, np.ndarray]:
        low, high = ahead(level / (k - 1))
        return 1.0 + (low > 0).sum(axis=-1), k - (high < 0).sum(axis=-1) * 1.0

    return limits


def percentile(runs: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], resamples: int | None = None) -> Limits:
    """Of any statistic of runs (…, n, k): percentiles of a bootstrap that draws whole runs, always the same ones."""
    *many, n, _ = runs.shape
    drawn = np.random.default_rng(0).integers(n, size=(resamples or (NESTED if many else RESAMPLES), n))
    if many:
        found = np.stack([statistic(runs[..., rows, :]) for rows in drawn], axis=-1)
    else:
        found = np.concatenate([statistic(runs[rows]) for rows in np.array_split(drawn, BATCHES)])
    return lambda level: (np.quantile(found, level / 2, axis=-1), np.quantile(found, 1 - level / 2, axis=-1))


def unknown(runs: np.ndarray) -> Limits:
    """Of a statistic that is shown and not judged."""
    nowhere = np.full(runs.shape[:-2], np.nan)
    return lambda level: (nowhere, nowhere)
