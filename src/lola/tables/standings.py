"""The ranking of a tournament, and which entrant beats which."""

import itertools

import numpy as np
import pandas as pd

from lola.analysis.metrics import Estimate, Sample, estimate, mean
from lola.analysis.sources import Sources
from lola.analysis.tournaments import Tournament, average, first, improvement, rank
from lola.tables.table import Table, interval, matrix, number, numbers

AVERAGE, RANK, FIRST, EARNS_MORE, MARGIN = "average", "rank", "first, %", "earns more", "margin"
NOTES = """\
Average: the normalised discounted return per step over the last tenth of the episodes, the mean over all opponents,
self-play included, and over runs; authors: the same as plotted in their notebook, read to ±0.03, where the field is
theirs. Rank: 1 + how many earn more on average; its interval is from all differences to the others at once. In
brackets: 95 % intervals over runs, all matches of a seed together; first: in how many % of bootstrap resamples the
entrant ranks first.

Who earns more: the probability that a run of the row earns more than a run of the column against the same opponent,
averaged over opponents (ties count half; Mann-Whitney, the probability of improvement of Agarwal et al. 2021). Head to
head: what the row earns in its match against the column, minus what the column earns in it. Marked * where the whole
95 % interval lies on one side of even (0.5, or 0); the CSV file has the intervals, as "earns more" and "margin"."""


def tabulate(sources: Sources, *, games: list[str], tournaments: list[str]) -> Table:
    """The ranking of each game and tournament; below it, two entrants at a time, which earns more."""
    rows, rankings, contests = [], {}, {}
    for game, name in itertools.product(games, tournaments):
        tournament = sources.tournament(game, name)
        entrants, label = tournament.entrants, sources.tournament_label(tournament)
        where, heading = {"game": game, "tournament": label}, f"{sources.title(game)}, {label}"
        labels = {name: sources.labels[name] for name in entrants}
        authors = sources.ledger.averages(game)
        if {*authors.index} != {*entrants}:
            authors = {}  # means over another field
        alone, pairs = overall(tournament), pairwise(tournament)
        for (row, column), measures in (alone | pairs).items():
            for measure, e in measures.items():
                about = {"measure": measure, "row": labels[row], "column": labels.get(column), "runs": e.n}
                theirs = authors.get(row) if measure == AVERAGE else None
                rows.append(where | about | numbers(e) | {"authors": theirs})
        ranked = sorted(alone.items(), key=lambda item: -item[1][AVERAGE].value)
        rankings[heading] = pd.DataFrame(
            {
                "entrant": labels[row],
                AVERAGE: interval(of[AVERAGE], 2),
                "authors": number(authors.get(row), 2),
                RANK: interval(of[RANK], 0),
                FIRST: number(of[FIRST].value, 0),
            }
            for (row, _), of in ranked
        )
        for what, measure, even in (("who earns more", EARNS_MORE, 0.5), ("head to head", MARGIN, 0.0)):
            cells = {pair: with_star(of[measure], even) for pair, of in pairs.items()}
            contests[f"{heading}: {what}"] = matrix(cells, entrants, labels)
    return Table(pd.DataFrame(rows), rankings | contests, NOTES)


def overall(tournament: Tournament) -> dict[tuple[str, None], dict[str, Estimate]]:
    """Average, rank and share of first ranks of every entrant."""
    found = {}
    for entrant in tournament.entrants:
        ranks = rank(tournament, entrant)
        firsts = Estimate(100 * first(ranks), np.nan, np.nan, len(ranks.seeds))
        found[entrant, None] = {AVERAGE: estimate(average(tournament, entrant)), RANK: estimate(ranks), FIRST: firsts}
    return found


def pairwise(tournament: Tournament) -> dict[tuple[str, str], dict[str, Estimate]]:
    """For every two entrants, which earns more against the same opponents, and in their own match."""
    seeds, ends, found = tournament.seeds, tournament.final, {}
    for (i, row), (j, column) in itertools.permutations(enumerate(tournament.entrants), 2):
        found[row, column] = {
            EARNS_MORE: estimate(improvement(seeds, ends[:, i], ends[:, j])),
            MARGIN: estimate(Sample(seeds, (ends[:, i, j] - ends[:, j, i])[:, None], mean())),
        }
    return found


def with_star(e: Estimate, even: float) -> str:
    return number(e.value, 2) + ("*" if e.low > even or e.high < even else "")
