"""The ranking of a tournament, and which entrant beats which."""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from lola.analysis.metrics import Estimate, Sample, estimate, mean
from lola.analysis.paper import averages
from lola.analysis.sources import Sources
from lola.analysis.standings import first, improvement
from lola.analysis.tournaments import Tournament, rank_of
from lola.tables.table import NONE, Table, interval, number

MEASURES = AVERAGE, RANK, FIRST, EARNS_MORE, MARGIN = "average", "rank", "first, %", "earns more", "margin"
NOTES = """\
Average: the normalised discounted return per step over the last tenth of the episodes, the mean over all opponents,
self-play included, and over runs; authors: the same as plotted in their notebook, read to ±0.03, where the field is
theirs. Rank: 1 + how many earn more on average. In brackets: 95 % percentile bootstrap intervals over runs (scipy), all
matches of a seed drawn together; first: in how many % of the resamples the entrant ranks first.

Who earns more: the probability that a run of the row earns more than a run of the column against the same opponent,
averaged over opponents (ties count half; Mann-Whitney, the probability of improvement of Agarwal et al. 2021). Head to
head: what the row earns in its match against the column, minus what the column earns in it. Marked * where the whole
95 % interval lies on one side of even (0.5, or 0); the CSV file has the intervals, as "earns more" and "margin"."""


def tabulate(sources: Sources, *, games: list[str], tournaments: list[str], opponent_model: str = "oracle") -> Table:
    """The ranking of each game and tournament; below it, two entrants at a time, which earns more."""
    rows, rankings, contests = [], {}, {}
    for game in games:
        for name in tournaments:
            tournament = sources.tournament(game, name, opponent_model)
            label, ends = sources.tournament_label(tournament), tournament.final()
            alone, pairs = overall(sources, tournament, ends), pairwise(sources, tournament, ends)
            rows += [{"game": game, "tournament": label} | row for row in tidy(alone + pairs)]
            rankings[f"{game}, {label}"] = ranking(alone)
            contests[f"{game}, {label}: who earns more"] = matrix(pairs, EARNS_MORE, 0.5)
            contests[f"{game}, {label}: head to head"] = matrix(pairs, MARGIN, 0.0)
    return Table(pd.DataFrame(rows), rankings | contests, NOTES)


def overall(sources: Sources, tournament: Tournament, ends: np.ndarray) -> list[dict]:
    """Average, rank and share of first ranks of every entrant; `ends` are `Tournament.final`."""
    authors, means = averages(sources.claims, tournament.game), ends.mean(axis=-1)
    if {*authors.index} != {*tournament.entrants}:
        authors = {}  # means over another field
    rows = []
    for i, entrant in enumerate(tournament.entrants):
        ranks = Sample(tournament.seeds, means, rank_of(i))
        measures = {
            AVERAGE: estimate(Sample(tournament.seeds, means[:, [i]], mean)),
            RANK: estimate(ranks),
            FIRST: Estimate(100 * first(ranks), np.nan, np.nan, np.nan, len(tournament.seeds)),
        }
        rows.append({"row": sources.labels[entrant], "authors": {AVERAGE: authors.get(entrant)}} | measures)
    return rows


def pairwise(sources: Sources, tournament: Tournament, ends: np.ndarray) -> list[dict]:
    """For every two entrants, which earns more against the same opponents, and in their own match."""
    rows = []
    for (i, row), (j, column) in itertools.permutations(enumerate(tournament.entrants), 2):
        measures = {
            EARNS_MORE: estimate(improvement(tournament.seeds, ends[:, i], ends[:, j])),
            MARGIN: estimate(Sample(tournament.seeds, (ends[:, i, j] - ends[:, j, i])[:, None], mean)),
        }
        rows.append({"row": sources.labels[row], "column": sources.labels[column]} | measures)
    return rows


def tidy(found: list[dict]) -> Iterator[dict]:
    """One row of numbers per entrant, or two of them, and measure."""
    for row in found:
        for measure in MEASURES:
            if e := row.get(measure):
                about = {"measure": measure, "row": row["row"], "column": row.get("column"), "runs": e.n}
                authors = row.get("authors", {}).get(measure)
                yield about | {"value": e.value, "low": e.low, "high": e.high, "authors": authors}


def ranking(alone: list[dict]) -> pd.DataFrame:
    """A row per entrant, the one that earns most on top."""
    return pd.DataFrame(
        {
            "entrant": row["row"],
            "average": interval(row[AVERAGE], 2),
            "authors": number(row["authors"][AVERAGE], 2),
            "rank": interval(row[RANK], 0),
            "first, %": number(row[FIRST].value, 0),
        }
        for row in sorted(alone, key=lambda row: -row[AVERAGE].value)
    )


def matrix(pairs: list[dict], measure: str, even: float) -> pd.DataFrame:
    """A measure of every two entrants, marked where its interval excludes `even`."""
    cells = {(pair["row"], pair["column"]): with_star(pair[measure], even) for pair in pairs}
    names = list(dict.fromkeys(row for row, _ in cells))
    lines = [{"row against column": row} | {c: cells.get((row, c), NONE) for c in names} for row in names]
    return pd.DataFrame(lines)


def with_star(e: Estimate, even: float) -> str:
    return number(e.value, 2) + ("*" if e.low > even or e.high < even else "")
