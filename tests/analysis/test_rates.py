"""The rules err no more often than they say: in docs/rates.csv, and where that is worked out again here."""

import csv
import re

import numpy as np
import pytest

from lola.analysis import rates
from lola.analysis.metrics import SHARE, mean
from lola.analysis.verdicts import AGREES, KINDS, NOT_REPRODUCED, kinds

with open("docs/rates.csv", newline="") as file:
    PUBLISHED = list(csv.DictReader(file))
ALIKE, APART = rates.COLUMNS[3:]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: " ".join([*row.values()][:3]))
def test_no_rule_errs_more_often_than_it_says(row):
    allowed = 2.5 if row["rule"].startswith(("a sentence", "a rank", "the best of")) else 5.0
    drawn = "normal" in row["world"] or "best of" in row["rule"]  # 2000 worlds, of which so many may differ by chance
    chance = 3 * (100 * allowed * (1 - allowed / 100) / rates.WORLDS) ** 0.5 if drawn else 0.05  # or by rounding
    assert float(row[ALIKE]) <= allowed + chance and float(row[APART]) <= allowed + chance


@pytest.mark.parametrize(
    ("rule", "runs", "p"), [("a count", "50, 50", 0.9), ("a count", "5, 20", 0.7), ("R, with its std", "5, 20", 0.8)]
)
def test_the_published_rates_come_out_again(rule, runs, p):
    claim, statistic = {
        "a count": (rates.counted, SHARE),
        "R, with its std": (rates.numbered(True), mean(rates.OUTCOMES)),
    }[rule]
    theirs, ours = map(int, re.findall(r"\d+", runs))
    alike = rates.two_outcomes(claim, statistic, theirs, ours, p, p, NOT_REPRODUCED)
    apart = max(rates.two_outcomes(claim, statistic, theirs, ours, p, q, AGREES) for q in (p - 0.1, p + 0.1))
    world = f"two outcomes, {p:g}"
    (row,) = [r for r in PUBLISHED if (r["rule"], r["runs, theirs and ours"], r["world"]) == (rule, runs, world)]
    assert rates.line(("", "", "", alike, apart))[3:] == (row[ALIKE], row[APART])


def test_a_rate_is_that_of_drawing_many_worlds():
    drawn, refuted, worlds = np.random.default_rng(0), 0, 400
    for _ in range(worlds):
        claim = rates.counted(int(drawn.binomial(50, 0.7)), 50)
        ours = np.where(drawn.random((50, 1)) < 0.7, 100.0, 0.0)
        refuted += KINDS[str(kinds(claim, SHARE, ours))] == NOT_REPRODUCED
    summed = rates.two_outcomes(rates.counted, SHARE, 50, 50, 0.7, 0.7, NOT_REPRODUCED)
    assert refuted / worlds == pytest.approx(summed, abs=0.03)
