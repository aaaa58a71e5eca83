"""Who earns what against whom: a heat map per tournament, beside the authors' numbers."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.analysis.tournaments import Tournament
from lola.figures import style

AUTHORS, UNKNOWN = "authors, read off their plots", "; grey: not plotted"
COLUMNS = 2
LEGIBLE = 18  # up to so many tiles side by side have room for a number over the full width, half as many on half of it
DIGITS = 3  # such a number has so many
SHORT, LETTER = 12, 0.13  # names have room below the tiles for so many letters; one more is at most so many cm high


def draw(
    sources: Sources, *, game: str, tournaments: list[str], first: int | None = None, last: int | None = None
) -> Figure:
    """Returns of the row against the column in the last tenth of training, the mean over all runs, as in tables.

    Or in the `first` or the `last` so many updates. A panel per tournament, and one for the numbers among the claims,
    with one scale of colours.
    """
    grids = grids_of(sources, game, [sources.counted.tournament(game, name, first, last) for name in tournaments])
    names, columns = next(iter(grids.values())).index, min(COLUMNS, len(grids))
    entrants, letters = len(names), max(len(line) for name in names for line in name.split("\n"))
    titles = [f"{sources.title(game)}\n{label}" for label in grids]
    width = style.WIDTH if columns * entrants <= LEGIBLE // 2 else style.FULL_WIDTH
    row = 1.9 + 0.6 * entrants + LETTER * max(0, letters - SHORT)
    figure, axes = style.panels(titles, columns, row=row, width=width)
    colors = scale(list(grids.values()))
    for ax, grid in zip(axes, grids.values(), strict=True):
        heat_map(ax, grid, *colors, numbers=columns * entrants <= LEGIBLE)
    figure.colorbar(ScalarMappable(*colors), ax=axes, aspect=30, pad=0.01, label="the row's return")
    figure.supxlabel("against")
    return figure


def grids_of(sources: Sources, game: str, shown: list[Tournament]) -> dict[str, pd.DataFrame]:
    """The returns of a game's tournaments by their labels, and the authors' where there are any."""
    entrants = list(dict.fromkeys(entrant for each in shown for entrant in each.entrants))
    grids = {
        heading(sources, each): pd.DataFrame(each.final.mean(axis=0), each.entrants, each.entrants) for each in shown
    }
    theirs = sources.ledger.crosstable(game).reindex(index=entrants, columns=entrants)
    if theirs.notna().any(axis=None):
        grids[AUTHORS + (UNKNOWN if theirs.isna().any(axis=None) else "")] = theirs
    labels = {entrant: style.wrap(sources.labels[entrant]) for entrant in entrants}
    called = {"index": labels, "columns": labels}
    return {label: grid.reindex(index=entrants, columns=entrants).rename(**called) for label, grid in grids.items()}


def heading(sources: Sources, shown: Tournament) -> str:
    """A tournament's label, with what counts if it isn't the last tenth."""
    counted = f", {shown.what_counts}" if shown.first or shown.last else ""
    return sources.tournament_label(shown) + counted


def scale(grids: list[pd.DataFrame]) -> tuple[Normalize, str]:
    """One scale for all grids; where there are gains and losses, its middle colour is at 0."""
    low, high = min(np.nanmin(grid) for grid in grids), max(np.nanmax(grid) for grid in grids)
    if low < 0 < high:
        most = max(-low, high)
        return Normalize(-most, most), "PuOr"
    return Normalize(low, high), "viridis"


def heat_map(ax: Axes, grid: pd.DataFrame, norm: Normalize, cmap: str, numbers: bool) -> None:
    """The grid as tiles, grey where nothing is known."""
    ax.set_facecolor("lightgrey")
    before_point = len(f"{max(abs(norm.vmin), abs(norm.vmax)):.0f}")
    text = f"z.{max(0, DIGITS - before_point)}f"
    texts = grid.map(lambda value: style.number(value, text))
    written = {"annot": texts, "fmt": "", "annot_kws": {"size": style.FONT}} if numbers else {}
    sns.heatmap(grid, ax=ax, norm=norm, cmap=cmap, cbar=False, rasterized=True, **written)  # no seams in PDF
    ax.tick_params(axis="x", rotation=90, length=0)
    ax.tick_params(axis="y", rotation=0, length=0)
