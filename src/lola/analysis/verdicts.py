"""The rules that turn runs into a verdict; config/README.md says them in words, docs/verdicts.md how often they err.

Of a number two questions are asked. Is it *consistent*: could both numbers, each from so many runs, be of one truth
(a prediction interval; Patil, Peng & Leek 2016)? And is it *equivalent*: is all of the 90 % interval of the difference
within the margin (two one-sided tests; Lakens 2017)? Of a sentence one is: does its interval lie beyond the margin?
"""

from functools import cache

import numpy as np
from scipy import stats

from lola.analysis.intervals import DRAWS, Limits, clopper_pearson, reach, scattered
from lola.analysis.metrics import LEVEL, Sample, Statistic
from lola.analysis.paper import Claim

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN = "reproduced", "not reproduced", "inconclusive", "not run"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN)

AGREES, COARSE = "agrees", "too coarse"
SLIGHTLY, DIFFERS, CONTRADICTS = "differs immaterially", "differs", "contradicts"
HOLDS, OPEN, SMALLER, ABSENT, REVERSED = "holds", "open", "smaller", "absent", "reversed"
FEW = "too few runs"
KINDS = {
    AGREES: REPRODUCED,
    COARSE: INCONCLUSIVE,
    SLIGHTLY: NOT_REPRODUCED,
    DIFFERS: NOT_REPRODUCED,
    CONTRADICTS: NOT_REPRODUCED,
    HOLDS: REPRODUCED,
    OPEN: INCONCLUSIVE,
    SMALLER: NOT_REPRODUCED,
    ABSENT: NOT_REPRODUCED,
    REVERSED: NOT_REPRODUCED,
    FEW: INCONCLUSIVE,
    NOT_RUN: NOT_RUN,
}
RULES = ("equals", "count", "greater", "less")
FEWEST = 10  # of fewer runs nothing is said
EQUIVALENCE = 0.10  # two one-sided tests at 5 % are one interval at 90 %
RESAMPLES = 200
BLOCK = 50  # the paper's number of runs
UNSTABLE = 0.8  # a verdict that comes out in a smaller share of resamples may be luck
POWER = 0.8  # the chance with which a rival must be refuted


def kinds(claim: Claim, statistic: Statistic, runs: np.ndarray) -> np.ndarray:
    """The kind of verdict, of one sample (n, k) or of many (…, n, k); where a number is not finite, not run."""
    runs = np.where(np.isfinite(runs), runs, np.nan)
    value = statistic.value(runs)
    if runs.shape[-2] < FEWEST:
        return np.where(np.isfinite(value), FEW, NOT_RUN).astype(object)
    interval_of_gap = gap(claim, statistic, runs)
    low, high = interval_of_gap(LEVEL)
    unknown = ~np.isfinite(value) | np.isnan(low) | np.isnan(high)
    if not claim.numeric:
        short = high < claim.margin
        found = [(low > claim.margin, HOLDS), (high < 0, REVERSED), (short & (low > 0), SMALLER), (short, ABSENT)]
        rest = OPEN
    else:
        consistent = agrees(claim, value, low, high, runs.shape[-2], LEVEL)
        near, far = interval_of_gap(EQUIVALENCE)
        equivalent = (near > -claim.margin) & (far < claim.margin)
        outside = (near > claim.margin) | (far < -claim.margin)
        found = [
            (consistent & equivalent, AGREES),
            (consistent, COARSE),
            (equivalent, SLIGHTLY),
            (outside, CONTRADICTS),
        ]
        rest = DIFFERS
    conditions, words = zip(*found, strict=True)
    return np.select((unknown, *conditions), np.array([NOT_RUN, *words], dtype=object), rest)


def gap(claim: Claim, statistic: Statistic, runs: np.ndarray) -> Limits:
    """The intervals of what decides a claim.

    Of a sentence: how far its number lies on the side that it names. Of a number: how far it lies above the paper's,
    by the half-widths of both (Zou & Donner 2008).
    """
    value, limits = statistic.value(runs), statistic.limits(runs)

    def of_gap(level: float) -> tuple[np.ndarray, np.ndarray]:
        low, high = limits(level)
        if claim.rule == "greater":
            return low - claim.than, high - claim.than
        if claim.rule == "less":
            return claim.than - high, claim.than - low
        paper, below, above = theirs(claim, statistic, runs, level)
        off = value - paper
        return off - np.hypot(value - low, above), off + np.hypot(high - value, below)

    return of_gap


def theirs(claim: Claim, statistic: Statistic, runs: np.ndarray, level: float) -> tuple[float, np.ndarray, np.ndarray]:
    """The paper's number and how far its interval reaches below and above it.

    By the standard deviation that it prints; without one its runs are taken to scatter like ours, or if all of ours are
    alike as far as may be. By Student's t where runs have no bounds.
    """
    n, paper = claim.runs, claim.paper
    if claim.rule == "count":
        share, (low, high) = 100 * paper / n, clopper_pearson(np.asarray(paper), n, level)
        return share, share - low, high - share
    spread = scattered(runs.mean(axis=-1)) if claim.std is None else np.asarray(claim.std)
    if not statistic.bounds and claim.std is not None:
        spread = spread * np.sqrt(n / (n - 1))  # nobody says whether it divides by n or n - 1; this is the wider one
    return paper, *reach(paper, spread, statistic.bounds, n, level)


def agrees(claim: Claim, value, low, high, n: int, level: float) -> np.ndarray:
    """Whether a number is consistent with the paper's, given the interval of the gap between them.

    A mean is, if the interval holds 0 or a difference that rounding hides. A count is, unless Fisher's exact test
    tells it from the paper's.
    """
    if claim.rule == "count":
        least, most = counts(claim, n, level)
        k = np.rint(value / 100 * n)
        return (least <= k) & (k <= most)
    return (low <= claim.digit / 2) & (high >= -claim.digit / 2)


def counts(claim: Claim, n: int, level: float) -> tuple[int, int]:
    """The least and the most of n runs that agree with the paper's count, or with one that is rounded to the same."""
    whole = range(int(np.ceil(claim.paper - claim.digit / 2)), int(claim.paper + claim.digit / 2) + 1)
    ends = [accepted(k, claim.runs, n, level) for k in whole]
    return min(least for least, _ in ends), max(most for _, most in ends)


@cache
def accepted(k: int, of: int, n: int, level: float) -> tuple[int, int]:
    """The least and the most of n runs that Fisher's exact test does not tell from k `of` so many."""

    def alike(ours: int) -> bool:
        return stats.fisher_exact([[k, of - k], [ours, n - ours]]).pvalue >= level

    def last(good: int, bad: int) -> int:
        """Of the numbers from a good one to a bad one, the last good one."""
        while abs(bad - good) > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if alike(middle) else (good, middle)
        return good

    same = round(k * n / of)
    return last(same, -1), last(same, n + 1)


def p_value(claim: Claim, sample: Sample) -> float:
    """The least level at which a claim is refuted, to a hundredth of itself; at most 1."""
    value, n = sample.statistic.value(sample.runs), len(sample.runs)
    interval_of_gap = gap(claim, sample.statistic, sample.runs)

    def refuted(level: float) -> bool:
        low, high = interval_of_gap(level)
        if not claim.numeric:
            return bool(high < claim.margin)
        return not agrees(claim, value, low, high, n, level)

    low, high = np.log(2 / DRAWS), np.log(0.999)  # nobody knows less; and at 1 an interval is a point
    if not refuted(0.999):
        return 1.0
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if refuted(float(np.exp(middle))) else (middle, high)
    return float(np.exp(high))


def holm(p_values: list[float]) -> list[float]:
    """The p-values of a family, adjusted for being so many: now each is of a false refutation in all (Holm 1979)."""
    order, adjusted, most = np.argsort(p_values), np.empty(len(p_values)), 0.0
    for rank, at in enumerate(order):
        most = max(most, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = most
    return adjusted.tolist()


def refutable(claim: Claim, sample: Sample) -> tuple[float, float]:
    """Below and above what, with runs that scatter like these, the claim would have been refuted; ±inf for nowhere."""
    runs, value = sample.runs, sample.statistic.value(sample.runs)
    if claim.rule == "count":
        n = len(runs)
        return tuple(100 * k / n for k in counts(claim, n, LEVEL))
    low, high = sample.statistic.limits(runs)(LEVEL)
    if claim.rule == "greater":
        return float(claim.than + claim.margin - (high - value)), np.inf
    if claim.rule == "less":
        return -np.inf, float(claim.than - claim.margin + (value - low))
    paper, below, above = theirs(claim, sample.statistic, runs, LEVEL)
    reach = claim.digit / 2
    return float(paper - np.hypot(high - value, below) - reach), float(paper + np.hypot(value - low, above) + reach)


def finest(claim: Claim, sample: Sample) -> float:
    """How far the 90 % interval would reach if ours were the paper's number: with a smaller margin none can agree."""
    value, (low, high) = sample.statistic.value(sample.runs), sample.statistic.limits(sample.runs)(EQUIVALENCE)
    _, below, above = theirs(claim, sample.statistic, sample.runs, EQUIVALENCE)
    return float(max(np.hypot(value - low, above), np.hypot(high - value, below)))


def resampled(claim: Claim, sample: Sample, n: int | None = None) -> np.ndarray:
    """The verdict on each of many samples of n runs drawn from these with replacement, as words (RESAMPLES,)."""
    size = (RESAMPLES, n or len(sample.runs))
    rows = np.random.default_rng(0).integers(len(sample.runs), size=size)
    return words(kinds(claim, sample.statistic, sample.runs[rows]))


def blocks(claim: Claim, sample: Sample) -> np.ndarray:
    """The verdict on each block of 50 seeds, as words; none if there are fewer than three."""
    whole = len(sample.runs) // BLOCK
    if whole < 3:
        return np.array([], dtype=object)
    order = np.argsort(sample.seeds, kind="stable")[: whole * BLOCK].reshape(whole, BLOCK)
    return words(kinds(claim, sample.statistic, sample.runs[order]))


def words(found: np.ndarray) -> np.ndarray:
    """The verdicts that kinds are of."""
    return np.array([KINDS[kind] for kind in found.ravel()], dtype=object).reshape(found.shape)
