"""Who earns what against whom in a tournament, beside the authors' numbers."""

import itertools

import pandas as pd

from lola.analysis.metrics import estimate
from lola.analysis.sources import Sources
from lola.analysis.tournaments import earns
from lola.tables.table import Table, matrix, number, numbers

MARKED = 0.25  # a cell that is further off the authors' has a mark
READ = 0.03  # the authors' plots can be read to so much
DISTANCES = "How far from the authors"
NOTES = f"""\
What the row earns against the column: the normalised discounted return per step, averaged over the last tenth of the
episodes and over runs. In brackets: what the authors' entrants earn, read off the plots in their notebook to ±{READ};
how many runs are behind those is not known. In self-play both seats are averaged; the authors' notebook has the two
seats' returns in one series. Marked * where ours and theirs are more than {MARKED} apart. The CSV file has 95 %
intervals over runs.

How far from the authors: the difference of ours and theirs, the mean over cells of its size and of itself, and in how
many cells theirs lies in our interval, widened by {READ}. That allows for no sampling error of theirs. Of a pair in a
zero-sum game both cells count, though they are one number."""


def tabulate(sources: Sources, *, games: list[str], tournaments: list[str]) -> Table:
    """The cross table of each game and tournament, and how near to the authors' each tournament comes."""
    rows, matrices = [], {}
    for game, name in itertools.product(games, tournaments):
        tournament = sources.tournament(game, name)
        entrants, label = tournament.entrants, sources.tournament_label(tournament)
        authors = sources.ledger.crosstable(game).reindex(index=entrants, columns=entrants)
        cells = {}
        for row, column in itertools.product(entrants, repeat=2):
            e, theirs = estimate(earns(tournament, row, column)), authors.loc[row, column]
            mark = "*" if abs(e.value - theirs) > MARKED else ""
            cells[row, column] = f"{number(e.value, 2)} ({number(theirs, 2)}){mark}"
            about = {"game": game, "tournament": label, "row": sources.labels[row], "column": sources.labels[column]}
            compared = {"authors": theirs, "difference": e.value - theirs}
            rows.append(about | {"runs": e.n} | numbers(e) | compared)
        matrices[f"{sources.title(game)}, {label}"] = matrix(
            cells, entrants, {name: sources.labels[name] for name in entrants}
        )
    long = pd.DataFrame(rows)
    compared = long.dropna(subset="authors")
    return Table(long, matrices | ({DISTANCES: distances(compared, sources)} if len(compared) else {}), NOTES)


def distances(compared: pd.DataFrame, sources: Sources) -> pd.DataFrame:
    """A row per game and tournament: the distance of its cells from the authors'."""
    inside = (compared.low - READ <= compared.authors) & (compared.authors <= compared.high + READ)
    groups = compared.assign(inside=inside).groupby(["game", "tournament"], sort=False)
    return pd.DataFrame(
        {
            "game": sources.title(game),
            "tournament": tournament,
            "mean absolute difference": number(of.difference.abs().mean(), 2),
            "mean difference": number(of.difference.mean(), 2),
            "authors' number in our interval": f"{of.inside.sum()} of {len(of)}",
        }
        for (game, tournament), of in groups
    )
