"""The returns of pairs of algorithms that learn together."""

import itertools

import pandas as pd

from lola.analysis.metrics import estimate, final_return
from lola.analysis.paper import paper_number
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table, interval, number
from lola.vocabulary.names import Matchup

NOTES = """\
Each cell holds the returns of the row and of the column player: normalised, per step, after the last update, the mean
over runs. In brackets: 95 % percentile bootstrap intervals over runs (scipy)."""


def tabulate(sources: Sources, *, game: str, algorithms: list[str], opponent_model: str = "oracle") -> Table:
    """Table 4 of the paper, beside the paper's numbers: a row per algorithm that sits first, a column per algorithm."""
    if len(sources.actions[game]) != 2:
        raise ValueError(f"a matchups table needs a game of 2 players; {game} has {len(sources.actions[game])}")
    cells, labels = {}, {}
    for matchup in algorithms:
        group = sources.group(game, matchup, opponent_model)
        seats = Matchup.read(matchup).seats
        labels |= dict(zip(seats, sources.seats(group), strict=True))
        players = [(estimate(final_return(group, p)), paper_number(sources.claims, group.name, "R", p)) for p in (1, 2)]
        cells[seats[0], seats[-1]] = players
        cells.setdefault((seats[-1], seats[0]), players[::-1])

    first = list(dict.fromkeys(Matchup.read(matchup).seats[0] for matchup in algorithms))
    pairs = list(itertools.product(first, labels))
    matrix = pd.DataFrame([[labels[row], *(cell(cells.get((row, column))) for column in labels)] for row in first])
    matrix.columns = ["row against column", *labels.values()]
    rows = [tidy(labels[row], labels[column], cells.get((row, column))) for row, column in pairs]
    lines = [line(labels[row], labels[column], cells[row, column]) for row, column in pairs if (row, column) in cells]
    return Table(pd.DataFrame(rows), {"": matrix, "Intervals": pd.DataFrame(lines)}, NOTES)


def cell(players: list[tuple] | None) -> str:
    """The returns of both, as (row, column), and the paper's."""
    if players is None:
        return NONE
    ours = ", ".join(number(measured.value, 2) for measured, _ in players)
    paper = ", ".join(number(paper, 2) for _, paper in players)
    return f"({ours}); paper ({paper})"


def line(row: str, column: str, players: list[tuple]) -> dict:
    """One matchup as a line of text."""
    (one, paper_one), (other, paper_other) = players
    return {
        "row": row,
        "column": column,
        "runs": str(one.n),
        "return of row": interval(one, 2),
        "paper": number(paper_one, 2),
        "return of column": interval(other, 2),
        "paper ": number(paper_other, 2),
    }


def tidy(row: str, column: str, players: list[tuple] | None) -> dict:
    """One cell as a row of numbers, empty where the matchup was not run."""
    numbers = {"row": row, "column": column, "runs": players[0][0].n if players else 0}
    for side, (measured, paper) in zip(("row", "column"), players or [(None, None)] * 2, strict=True):
        for part in ("value", "low", "high"):
            numbers[f"{side}_{part}"] = getattr(measured, part, None)
        numbers[f"{side}_paper"] = paper
    return numbers
