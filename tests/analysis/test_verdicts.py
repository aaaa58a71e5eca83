"""Each verdict comes out in a world where it should, and not in one beside it; the rules err as seldom as they say."""

import numpy as np
import pytest
from scipy import stats

from lola.analysis import verdicts
from lola.analysis.metrics import SHARE, Sample, mean
from lola.analysis.paper import Claim
from lola.analysis.verdicts import (
    ABSENT,
    AGREES,
    COARSE,
    CONTRADICTS,
    DIFFERS,
    FEW,
    HOLDS,
    KINDS,
    NOT_RUN,
    OPEN,
    REVERSED,
    SLIGHTLY,
    SMALLER,
)

IPD = (-2.0, -1.0)


def claim(rule="equals", **more):
    measure = {"quantity": "R", "group": "a/b/c"}
    return Claim("x/y", "A sentence", "Table 9", "read", rule, measure, **{"runs": 50} | more)


def runs(at, spread, n=50):
    """n runs whose mean and standard deviation are exactly these."""
    scores = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return at + spread * (scores / scores.std(ddof=1) if n > 1 else scores)


def sample(values, statistic=None):
    values = np.asarray(values, dtype=float)
    return Sample(tuple(range(len(values))), values[:, None], statistic or mean())


def two_outcomes(k, n):
    return sample(np.where(np.arange(n) < k, 100.0, 0.0), SHARE)


def kind(told, found):
    return str(verdicts.kinds(told, found.statistic, found.runs))


NUMBER = claim(paper=-1.06, std=0.19, digit=0.01, margin=0.1)
# What their 50 runs leave open at 95 and 90 %: 0.054 and 0.045; ours with a standard deviation of 0.1: 0.028 and 0.024.


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (runs(-1.06, 0.1), AGREES),
        (runs(-1.10, 0.1), AGREES),  # 0.04 + 0.051 is within 0.1, and 0.04 within 0.061 + 0.005
        (runs(-1.12, 0.1), COARSE),  # 0.06 is too, but 0.06 + 0.051 is more than 0.1
        (runs(-1.06, 0.5), COARSE),  # the same number from runs that scatter widely
        (runs(-1.13, 0.1), DIFFERS),  # 0.07 is more than 0.061 + 0.005, and the interval reaches into the margin
        (runs(-1.22, 0.1), CONTRADICTS),  # 0.16 - 0.051 is beyond the margin
        (runs(-1.06, 0.1, 9), FEW),
    ],
)
def test_a_number_is_asked_whether_it_is_consistent_and_whether_equivalent(values, expected):
    assert kind(NUMBER, sample(values)) == expected
    mirrored = claim(paper=1.06, std=0.19, digit=0.01, margin=0.1)
    assert kind(mirrored, sample(-values)) == expected


@pytest.mark.parametrize("rule", verdicts.RULES)
@pytest.mark.parametrize("n", [50, 9])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_nothing_is_said_of_what_is_no_number(rule, n, value, all_of_them):
    told = claim(rule, paper=1.0, than=-2.0, margin=100.0)
    values = runs(-1.06, 0.1, n)
    values[slice(None) if all_of_them else 3] = value
    assert kind(told, sample(values)) == NOT_RUN == KINDS[NOT_RUN]


def test_a_number_may_differ_by_less_than_matters():
    told = claim(paper=-1.98, std=0.0, digit=0.01, margin=0.1)
    assert kind(told, sample(runs(-1.999, 0.001))) == SLIGHTLY
    assert kind(told, sample(runs(-1.985, 0.001))) == AGREES
    assert verdicts.KINDS[SLIGHTLY] == verdicts.NOT_REPRODUCED


def test_rounding_hides_half_a_digit():
    told = claim(paper=80, std=0.001, digit=10, margin=5)
    assert [kind(told, sample(runs(at, 0.01))) for at in (84, 84.9)] == [AGREES, AGREES]
    assert kind(told, sample(runs(85.1, 0.01))) == CONTRADICTS  # beyond the rounding, and the margin


def test_without_a_standard_deviation_the_papers_runs_scatter_like_ours():
    told, ours = claim(paper=0.0, margin=1), runs(0.05, 0.1, 20)
    t = stats.t.ppf(0.975, 49) * 0.1 / np.sqrt(50), stats.t.ppf(0.975, 19) * 0.1 / np.sqrt(20)
    low, high = verdicts.refutable(told, sample(ours))
    assert (low, high) == pytest.approx((-np.hypot(*t), np.hypot(*t)))
    assert kind(told, sample(runs(high - 1e-6, 0.1, 20))) == AGREES
    assert kind(told, sample(runs(high + 1e-6, 0.1, 20))) == SLIGHTLY


def test_few_runs_of_theirs_have_a_wide_interval_by_t():
    told = claim(paper=0.0, std=0.1, runs=5, margin=0.1)
    assert verdicts.refutable(told, sample(runs(0, 1e-6)))[1] == pytest.approx(2.776 * 0.1 / np.sqrt(4), rel=1e-3)


def test_an_outcome_that_none_of_their_runs_had_may_still_be_there():
    told, ours = claim(paper=-1.0, std=0.0, runs=5, margin=0.1), np.where(np.arange(100) < 30, -2.0, -1.0)
    assert kind(told, sample(ours, mean(IPD))) == COARSE  # of 5 runs, none of a third may be seen
    assert kind(claim(paper=-1.0, std=0.0, margin=0.1), sample(ours, mean(IPD))) == CONTRADICTS  # of 50, hardly


@pytest.mark.parametrize(
    ("k", "n", "expected"),
    [(0, 50, AGREES), (2, 50, COARSE), (5, 50, COARSE), (8, 50, DIFFERS), (20, 50, CONTRADICTS), (20, 1000, AGREES)],
)
def test_a_count_is_asked_by_fishers_exact_test(k, n, expected):
    told = claim("count", paper=1, margin=10)  # one of 50
    assert kind(told, two_outcomes(k, n)) == expected
    consistent = stats.fisher_exact([[1, 49], [k, n - k]]).pvalue >= 0.05
    assert consistent == (expected in (AGREES, COARSE))
    other = claim("count", paper=49, margin=10)
    assert kind(other, two_outcomes(n - k, n)) == expected


def test_what_would_have_refuted_a_count_is_told():
    told = claim("count", paper=1)
    low, high = verdicts.refutable(told, two_outcomes(0, 50))
    assert (low, high) == (0, 14)  # 7 of 50 agree with 1 of 50, 8 do not
    half = claim("count", paper=41.5, digit=1)  # 41 or 42
    assert verdicts.counts(half, 50, 0.05) == (
        verdicts.accepted(41, 50, 50, 0.05)[0],
        verdicts.accepted(42, 50, 50, 0.05)[1],
    )


@pytest.mark.parametrize(
    ("at", "expected"),
    [(0.3, HOLDS), (0.09, OPEN), (0.05, OPEN), (0.04, SMALLER), (0.02, ABSENT), (0.0, ABSENT), (-0.3, REVERSED)],
)
def test_a_sentence_holds_beyond_the_margin_and_is_absent_within(at, expected):
    values = runs(at, 0.1)  # ± 0.028
    assert kind(claim("greater", margin=0.07), sample(values)) == expected
    assert kind(claim("less", margin=0.07), sample(-values)) == expected
    assert kind(claim("greater", margin=0.07, than=5), sample(values + 5)) == expected


def test_what_would_have_refuted_a_sentence_is_told():
    half = stats.t.ppf(0.975, 49) * 0.1 / np.sqrt(50)
    assert verdicts.refutable(claim("greater", margin=0.07), sample(runs(1, 0.1))) == (
        pytest.approx(0.07 - half),
        np.inf,
    )
    assert verdicts.refutable(claim("less", than=3), sample(runs(1, 0.1))) == (-np.inf, pytest.approx(3 + half))


def test_the_p_value_is_the_level_at_which_a_claim_is_refuted():
    told, values = claim("greater"), sample(runs(-0.03, 0.1))
    two_sided = stats.ttest_1samp(values.runs[:, 0], 0).pvalue
    assert verdicts.p_value(told, values) == pytest.approx(two_sided, rel=0.02)
    fisher = stats.fisher_exact([[1, 49], [8, 42]]).pvalue
    assert verdicts.p_value(claim("count", paper=1), two_outcomes(8, 50)) == pytest.approx(fisher, rel=0.02)
    assert verdicts.p_value(told, sample(runs(1, 0.1))) == 1.0


def test_holm_takes_the_smallest_for_as_many_as_there_are():
    assert verdicts.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert verdicts.holm([0.9, 0.001]) == pytest.approx([0.9, 0.002])


def test_a_clear_verdict_comes_out_of_every_resample_and_block_and_a_close_one_does_not():
    clear, close = sample(runs(1, 0.1, 200)), sample(runs(0.015, 0.1, 200))
    assert (verdicts.resampled(claim("greater"), clear) == verdicts.REPRODUCED).all()
    assert 0.3 < (verdicts.resampled(claim("greater"), close) == verdicts.REPRODUCED).mean() < 0.8
    assert verdicts.blocks(claim("greater"), clear).tolist() == [verdicts.REPRODUCED] * 4
    assert verdicts.blocks(claim("greater"), sample(runs(1, 0.1, 149))).tolist() == []  # of less than three


def test_blocks_are_of_fifty_seeds_in_their_order():
    seeds, values = np.random.default_rng(0).permutation(150), np.zeros(150)
    values[seeds < 50] = 1.0
    noise = runs(0, 0.1, 150)
    found = verdicts.blocks(claim("greater", than=0.5), Sample(tuple(seeds), (values + noise)[:, None], mean()))
    assert found.tolist() == [verdicts.REPRODUCED, verdicts.NOT_REPRODUCED, verdicts.NOT_REPRODUCED]
