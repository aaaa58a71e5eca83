"""How often the rules of verdicts err, in worlds where the truth is known. Nothing here looks at a result.

Worlds of two outcomes are summed over all counts that they may come to; of normal ones `WORLDS` are drawn, always the
same.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from lola.analysis.intervals import Bounds
from lola.analysis.maps import Compared, Fit
from lola.analysis.metrics import SHARE, STD, Statistic, mean
from lola.analysis.paper import Claim
from lola.analysis.tournaments import ranked
from lola.analysis.verdicts import AGREES, HOLDS, KINDS, NOT_REPRODUCED, kinds

OUTCOMES = (-2.0, -1.0)  # mutual defection and mutual cooperation
LIKELY = (0.7, 0.8, 0.9, 0.94, 0.98)  # how likely the second one is
MARGIN, DIGIT = 0.1, 0.01  # of R
WORLDS = 2000
RARE = 1e-5  # counts that are rarer are left out
COLUMNS = ("rule", "runs, theirs and ours", "world", "refuted though alike", "reproduced though a margin apart")


def line(row: tuple) -> tuple[str, ...]:
    """A row as text, its rates in per cent."""
    return *row[:3], *(f"{100 * rate:.1f}" for rate in row[3:])


def rows() -> Iterator[tuple]:
    """Every rule in every world, with its two rates of errors."""
    of_counts = {"R, with its std": numbered(True), "R, without": numbered(False), "a count": counted}
    for (rule, claim), (theirs, ours), p in product(of_counts.items(), ((50, 50), (50, 1000), (5, 20)), LIKELY):
        found = SHARE if claim is counted else mean(OUTCOMES)
        alike = two_outcomes(claim, found, theirs, ours, p, p, NOT_REPRODUCED)
        others = [q for q in (p - MARGIN, p + MARGIN) if q <= 1]
        apart = max(two_outcomes(claim, found, theirs, ours, p, q, AGREES) for q in others)
        yield rule, f"{theirs}, {ours}", f"two outcomes, {p:g}", alike, apart
    for theirs, ours, std in ((50, 50, True), (5, 20, True), (30, 10, False)):
        rates = (normal(theirs, ours, std, shift, word) for shift, word in ((0, NOT_REPRODUCED), (MARGIN, AGREES)))
        yield f"a mean, with{'' if std else 'out'} its std", f"{theirs}, {ours}", "normal, std 0.1", *rates
    for ours, p in product((50, 1000), LIKELY):
        rates = (of_sentence(ours, p, word) for word in (NOT_REPRODUCED, HOLDS))
        yield "a sentence", f"–, {ours}", f"two outcomes, {p:g}", *rates
    for ours in (10, 20, 50):
        rates = (of_normal_sentence(ours, word) for word in (NOT_REPRODUCED, HOLDS))
        yield "a sentence", f"–, {ours}", "normal", *rates
    for ours in (50, 1000):
        rates = (of_rank(ours, behind, word) for behind, word in ((0.0, NOT_REPRODUCED), (MARGIN, HOLDS)))
        yield "a rank, first of six", f"–, {ours}", "normal, level with all others; level with one", *rates
    of_fits = {f"normal, std {std:g}": partial(normal_points, std) for std in (0.1, 0.34)}
    of_fits |= {f"two outcomes, {p:g}, R and its std": partial(points_of_two_outcomes, p) for p in LIKELY[::2]}
    for (world, drawn), (points, ours) in product(of_fits.items(), ((1, 50), (36, 10), (180, 50))):
        rates = (of_fit(drawn, points, ours, apart, word) for apart, word in ((False, NOT_REPRODUCED), (True, HOLDS)))
        yield f"the best of {points} points", f"50, {ours}", world, *rates


def told(rule: str, **more) -> Claim:
    return Claim("", "", "", "", rule, {}, **more)


def numbered(std: bool) -> Callable[[int, int], Claim]:
    """What a paper prints of k of n runs that end in the second outcome."""

    def claim(k: int, n: int) -> Claim:
        share = k / n
        spread = round(float(np.sqrt(share * (1 - share))), 2) if std else None
        return told("equals", paper=round(OUTCOMES[0] + share, 2), std=spread, runs=n, digit=DIGIT, margin=MARGIN)

    return claim


def counted(k: int, n: int) -> Claim:
    return told("count", paper=k, runs=n, margin=100 * MARGIN)


def likely(n: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """The counts of n runs that are not too rare, and how likely each is."""
    k = np.arange(n + 1)
    weights = stats.binom.pmf(k, n, p)
    return k[weights > RARE], weights[weights > RARE]


def samples(k: np.ndarray, n: int, statistic: Statistic) -> np.ndarray:
    """A sample of n runs for each count, (counts, n, 1)."""
    low, high = (0.0, 100.0) if statistic is SHARE else OUTCOMES
    return np.where(np.arange(n) < k[:, None], high, low)[..., None]


def two_outcomes(claim, statistic: Statistic, theirs: int, ours: int, p: float, q: float, word: str) -> float:
    """How often a claim on runs with p is `word` of runs with q."""
    (k_theirs, how_often), (k_ours, weights) = likely(theirs, p), likely(ours, q)
    runs = samples(k_ours, ours, statistic)
    rates = [weights[is_word(kinds(claim(int(k), theirs), statistic, runs), word)].sum() for k in k_theirs]
    return float(how_often @ rates)


def is_word(found: np.ndarray, word: str) -> np.ndarray:
    """Whether kinds are a kind, or of a verdict."""
    return np.array([word in (kind, KINDS[kind]) for kind in found.ravel()]).reshape(found.shape)


def normal(theirs: int, ours: int, std: bool, shift: float, word: str) -> float:
    """How often a claim on normal runs is `word` of runs that are shifted, both with a standard deviation of 0.1."""
    drawn = np.random.default_rng(0)
    found = 0
    for _ in range(WORLDS):
        paper, runs = drawn.normal(0, 0.1, theirs), drawn.normal(shift, 0.1, (ours, 1))
        spread = round(float(paper.std()), 2) if std else None
        claim = told("equals", paper=round(float(paper.mean()), 2), std=spread, runs=theirs, digit=DIGIT, margin=MARGIN)
        found += bool(is_word(kinds(claim, mean(), runs), word))
    return found / WORLDS


def of_sentence(n: int, p: float, word: str) -> float:
    """How often a sentence is `word` where the truth is exactly its margin beyond its line."""
    k, weights = likely(n, p)
    claim = told("greater", than=OUTCOMES[0] + p - MARGIN, margin=MARGIN)
    return float(weights[is_word(kinds(claim, mean(OUTCOMES), samples(k, n, mean())), word)].sum())


def of_normal_sentence(n: int, word: str) -> float:
    """The same of normal runs."""
    runs = np.random.default_rng(0).normal(MARGIN, 0.1, (WORLDS, n, 1))
    return float(is_word(kinds(told("greater", margin=MARGIN), mean(), runs), word).mean())


def of_rank(n: int, behind: float, word: str) -> float:
    """How often it is `word` that one of six is first. It is level with one other, and four are so far `behind`."""
    means = np.array([0, 0, *4 * [-behind]])
    runs = np.random.default_rng(0).normal(means, 0.1, (WORLDS, n, 6))
    return float(is_word(kinds(told("less", than=1.5), ranked(0), runs), word).mean())


def of_fit(drawn: Callable[..., list[Compared]], points: int, n: int, apart: bool, word: str) -> float:
    """How often it is `word` that one of many points gives all numbers of a paper with 50 runs.

    `apart`: each point is a margin off in one number. Otherwise the first gives them all.
    """
    rng, found, claim = np.random.default_rng(0), 0, told("less", than=1.0)
    for _ in range(WORLDS):
        fit = Fit(pd.DataFrame(index=range(points)), tuple(range(n)), drawn(rng, points, n, apart))
        found += bool(is_word(kinds(claim, fit.statistic, fit.runs), word))
    return found / WORLDS


def normal_points(std: float, rng: np.random.Generator, points: int, n: int, apart: bool) -> list[Compared]:
    """Five numbers, each the mean of normal runs."""
    truth = np.zeros((5, points))
    if apart:
        truth[rng.integers(5, size=points), range(points)] = MARGIN
    else:
        truth[:, 1:] = 3 * MARGIN
    theirs, ours = rng.normal(0, std, (5, 50)), rng.normal(truth[..., None, None], std, (5, points, n, 1))
    return [compared(*pair, mean(), None) for pair in zip(theirs, ours, strict=True)]


def points_of_two_outcomes(p: float, rng: np.random.Generator, points: int, n: int, apart: bool) -> list[Compared]:
    """R and its standard deviation. Apart, R is; the standard deviation is what it is."""
    likely = np.full(points, p - MARGIN) if apart else np.array([p, *(points - 1) * [p - 3 * MARGIN]])
    defection, cooperation = OUTCOMES
    theirs = np.where(rng.random(50) < p, cooperation, defection)
    ours = np.where(rng.random((points, n, 1)) < likely[:, None, None], cooperation, defection)
    return [compared(theirs, ours, statistic, OUTCOMES) for statistic in (mean(OUTCOMES), STD)]


def compared(theirs: np.ndarray, ours: np.ndarray, statistic: Statistic, bounds: Bounds | None) -> Compared:
    """What a paper prints of its runs, beside ours at every point."""
    paper = round(float(statistic.value(theirs[:, None])), 2)
    return Compared("", "", "", paper, len(theirs), MARGIN, DIGIT, ours, bounds, statistic, [])
