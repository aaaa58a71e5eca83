"""The returns of pairs of algorithms that learn together."""

import itertools

import pandas as pd

from lola.analysis.metrics import estimate, final_return
from lola.analysis.sources import Sources
from lola.tables.table import Table, interval, matrix, number, numbers
from lola.vocabulary.names import Matchup

NOTES = """\
Each cell holds the returns of the row and of the column player: normalised, per step, after the last update, the mean
over runs. In brackets: 95 % intervals over runs."""


def tabulate(sources: Sources, *, game: str, algorithms: list[str]) -> Table:
    """Table 4 of the paper, beside the paper's numbers: a row per algorithm that sits first, a column per algorithm."""
    cells, labels = {}, {}
    for matchup in algorithms:
        group = sources.group(game, matchup)
        seats = Matchup.read(matchup).seats
        labels |= dict(zip(seats, sources.seats(group), strict=True))
        players = [(estimate(final_return(group, p)), sources.ledger.number(group.name, "R", p)) for p in (1, 2)]
        cells[seats[0], seats[-1]] = players
        cells.setdefault((seats[-1], seats[0]), players[::-1])

    first = dict.fromkeys(Matchup.read(matchup).seats[0] for matchup in algorithms)
    rows, lines = [], []
    for row, column in itertools.product(first, labels):
        about, players = {"row": labels[row], "column": labels[column]}, cells.get((row, column))
        rows.append(about | tidy(*players or [(None, None)] * 2))
        lines += [about | line(*players)] if players else []
    seen = matrix({pair: cell(players) for pair, players in cells.items()}, first, labels)
    return Table(pd.DataFrame(rows), {"": seen, "Intervals": pd.DataFrame(lines)}, NOTES)


def cell(players: list[tuple]) -> str:
    """The returns of both, as (row, column), and the paper's."""
    ours = ", ".join(number(measured.value, 2) for measured, _ in players)
    paper = ", ".join(number(paper, 2) for _, paper in players)
    return f"({ours}); paper ({paper})"


def line(row: tuple, column: tuple) -> dict:
    """One matchup as text."""
    return {
        "runs": str(row[0].n),
        "return of row": interval(row[0], 2),
        "paper": number(row[1], 2),
        "return of column": interval(column[0], 2),
        "paper ": number(column[1], 2),
    }


def tidy(row: tuple, column: tuple) -> dict:
    """One cell as numbers, empty where the matchup was not run."""
    found = {"runs": row[0].n if row[0] else 0}
    for side, (measured, paper) in {"row": row, "column": column}.items():
        found |= {f"{side}_{part}": x for part, x in (numbers(measured) | {"paper": paper}).items()}
    return found
