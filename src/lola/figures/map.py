"""A map of an algorithm's results over two settings, with a line where they equal the paper's numbers."""

import string
from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lola.analysis.groups import Group
from lola.analysis.maps import NAMES, SYMBOLS, quantities
from lola.analysis.paper import paper_number
from lola.analysis.sources import Sources
from lola.figures import style

FEW = 4, 6  # so many points, to the right and up, all have tick labels
LABELS = 3  # of more points, so many have one
AXES = {  # the first of a grid's two goes to the right, the second up
    "batch": "B, roll-outs per update",
    "lr": "δ, the player's own step size",
    "eta": "η, the step size assumed for the other",
}
PAPER = style.VERMILLION  # it stands out from every colour of viridis


def draw(
    sources: Sources, *, games: list[str], algorithm: str, opponent_model: str = "oracle", beside: str | None = None
) -> Figure:
    """A row per game: R and %TFT, or in a zero-sum game, where R says nothing, its spread and %Nash.

    The paper's numbers are those of the algorithm `beside`, of the map's own if none is given.
    """
    groups = [sources.group(game, algorithm, opponent_model) for game in games]
    x, y = axes_of(groups[0])
    figure = style.new_figure(height=1.8 + 3.2 * len(groups))
    panels = figure.subplots(len(groups), 2, squeeze=False)
    settings = sources.settings.get(algorithm, {})
    own = [settings.get(x), settings.get(y)]
    letters = iter(string.ascii_lowercase)
    diverged = False
    for row, group in zip(panels, groups, strict=True):
        trained = group.instead(beside).name
        for ax, (quantity, grid) in zip(row, grids(group, x, y).items(), strict=True):
            paper = paper_number(sources.claims, trained, quantity)
            heat_map(ax, grid, paper)
            mark(ax, grid, own)
            number = "" if paper is None else f" ({paper:g})"
            style.title(ax, next(letters), f"{group.game}: {NAMES[quantity]}{number}")
            diverged |= bool(grid.isna().any(axis=None))
            ax.set(xlabel="", ylabel="")
    figure.supxlabel(AXES[x], fontsize=style.FONT)
    figure.supylabel(AXES[y], fontsize=style.FONT)
    name = None if None in own else f"this study: {SYMBOLS[x]} = {own[0]:g}, {SYMBOLS[y]} = {own[1]:g}"
    legend(figure, f"{sources.label(groups[0])}, {groups[0].seeds} runs at each point", name, diverged)
    return figure


def axes_of(group: Group) -> list[str]:
    """The axes of a map, to the right and up. Raises ValueError unless there are two."""
    axes = [axis for axis in AXES if axis in group.map.index.names]
    if len(axes) != 2:
        raise ValueError(f"a map figure shows a grid of 2 axes; that of {group.name} has {', '.join(axes)}")
    return axes


def grids(group: Group, x: str, y: str) -> dict[str, pd.DataFrame]:
    """The grids of the two quantities that a game's row shows, by the claims' names for them."""
    found = quantities(group)
    left_out = "R" if "nash" in found else "std"
    return {name: over_runs(*what, x, y) for name, what in found.items() if name != left_out}


def over_runs(final: pd.DataFrame, statistic: Callable, x: str, y: str) -> pd.DataFrame:
    """A statistic over the runs of each point, as a grid y × x; nan where one of them diverged."""
    return final.groupby([y, x]).apply(lambda runs: float(statistic(runs.to_numpy()))).unstack(x)


def heat_map(ax: Axes, grid: pd.DataFrame, paper: float | None) -> None:
    """The grid as tiles, grey where a run diverged, with a contour at the paper's number."""
    ax.set_facecolor("lightgrey")
    scale = ax.inset_axes([1.04, 0, 0.08, 1])
    sns.heatmap(grid, ax=ax, cmap="viridis", cbar_ax=scale, rasterized=True)  # no seams in PDF
    ax.invert_yaxis()
    for axis, values, few in zip((ax.xaxis, ax.yaxis), (grid.columns, grid.index), FEW, strict=True):
        labels = len(values) if len(values) <= few else LABELS
        marked = np.linspace(0, len(values) - 1, labels).round().astype(int)
        axis.set_ticks(marked + 0.5, [f"{value:g}" for value in values[marked]], rotation=0)
    if paper is not None and np.nanmin(grid) < paper < np.nanmax(grid):
        at = np.arange(len(grid.columns)) + 0.5, np.arange(len(grid.index)) + 0.5
        ax.contour(*at, grid, levels=[paper], colors=[PAPER], linewidths=1.2, linestyles="solid")
        scale.axhline(paper, color=PAPER, linewidth=1.2)


def mark(ax: Axes, grid: pd.DataFrame, own: list[float | None]) -> None:
    """A diamond where the study's own settings lie."""
    if None not in own:
        x, y = (
            np.interp(value, axis, np.arange(len(axis)) + 0.5, left=np.nan, right=np.nan)
            for value, axis in zip(own, (grid.columns, grid.index), strict=True)
        )
        ax.plot(x, y, "D", color="white", markeredgecolor="black", markersize=4)


def legend(figure: Figure, heading: str, name: str | None, diverged: bool) -> None:
    """A legend of the line, the diamond (`name`; None: there is none) and the grey tiles."""
    handles = [Line2D([], [], color=PAPER, label="(the paper's number)")]
    if name:
        handles.append(
            Line2D([], [], linestyle="", marker="D", color="white", markeredgecolor="black", markersize=4, label=name)
        )
    if diverged:
        handles.append(Patch(color="lightgrey", label="a run diverged"))
    style.legend(figure, handles, 2, heading, handlelength=1.5, columnspacing=1.5)
