"""A map of an algorithm's results over two settings, with a line where they equal the paper's numbers."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from lola.analysis.groups import Group
from lola.analysis.maps import NAMES, SYMBOLS, quantities
from lola.analysis.sources import Sources
from lola.figures import style

FEW = 4, 6  # so many points, to the right and up, all have tick labels
LABELS = 3  # of more points, so many have one
AXES = {  # the first of a grid's two goes to the right, the second up
    "batch": "B, roll-outs per update",
    "lr": "δ, the player's own step size",
    "eta": "η, the step size assumed for the other",
}
HALO = withStroke(linewidth=2.4, foreground="white")
PAPER = {"color": "black", "linewidth": 1.2, "path_effects": [HALO]}  # it stands out from every colour of viridis
OWN = {"marker": "D", "linestyle": "", "color": "white", "markeredgecolor": "black", "markersize": 4}


def draw(sources: Sources, *, games: list[str], algorithm: str, beside: str | None = None) -> Figure:
    """A row per game: R and %TFT, or in a zero-sum game, where R says nothing, its spread and %Nash.

    The paper's numbers are those of the algorithm `beside`, of the map's own if none is given.
    """
    groups = [sources.group(game, algorithm) for game in games]
    x, y = axes_of(groups[0])
    figure = style.new_figure(height=1.8 + 3.5 * len(groups))
    panels = figure.subplots(len(groups), 2, squeeze=False)
    settings = sources.settings.get(algorithm, {})
    own = [settings.get(x), settings.get(y)]
    titles, diverged, printed = [], False, False
    for row, group in zip(panels, groups, strict=True):
        trained = group.instead(beside).name
        titles.append([])
        for ax, (quantity, grid) in zip(row, grids(group, x, y).items(), strict=True):
            paper = sources.ledger.number(trained, quantity)
            titles[-1].append(NAMES[quantity] + ("" if paper is None else f"; paper: {style.number(paper)}"))
            heat_map(ax, grid, paper, own)
            diverged |= bool(grid.isna().any(axis=None))
            printed |= paper is not None
    style.title(panels.flat, style.rows(map(sources.title, games), titles))
    figure.supxlabel(AXES[x])
    figure.supylabel(AXES[y])
    handles = [style.key("equal to the paper", **PAPER)] if printed else []
    if None not in own:
        handles.append(style.key(f"this study: {SYMBOLS[x]} = {own[0]:g}, {SYMBOLS[y]} = {own[1]:g}", **OWN))
    if diverged:
        handles.append(Patch(color="lightgrey", label="a run diverged"))
    heading = f"{sources.label(groups[0])}, {groups[0].seeds} runs at each point"
    figure.legend(handles=handles, title=heading, ncols=2, loc=style.ABOVE, handlelength=1.5, columnspacing=1.5)
    return figure


def axes_of(group: Group) -> list[str]:
    """The axes of a map, to the right and up. Raises ValueError unless there are two."""
    axes = [axis for axis in AXES if axis in group.map.index.names]
    if len(axes) != 2:
        raise ValueError(f"a map figure shows a grid of 2 axes; that of {group.name} has {', '.join(axes)}")
    return axes


def grids(group: Group, x: str, y: str) -> dict[str, pd.DataFrame]:
    """The two quantities that a game's row shows, by the claims' names, as grids y × x; nan where a run diverged."""
    found = quantities(group)
    del found["R" if "nash" in found else "std"]
    return {
        name: final.groupby([y, x]).apply(lambda runs, of: float(of.value(runs.to_numpy())), statistic).unstack(x)
        for name, (final, statistic) in found.items()
    }


def heat_map(ax: Axes, grid: pd.DataFrame, paper: float | None, own: list[float | None]) -> None:
    """Tiles, grey where a run diverged, a contour at the paper's number, a diamond at the study's `own` settings."""
    ax.set_facecolor("lightgrey")
    scale = ax.inset_axes([1.04, 0, 0.08, 1])
    sns.heatmap(grid, ax=ax, cmap="viridis", cbar_ax=scale, rasterized=True)  # no seams in PDF
    ax.invert_yaxis()
    ax.set(xlabel="", ylabel="")
    for axis, values, few in zip((ax.xaxis, ax.yaxis), (grid.columns, grid.index), FEW, strict=True):
        labels = len(values) if len(values) <= few else LABELS
        marked = np.linspace(0, len(values) - 1, labels).round().astype(int)
        axis.set_ticks(marked + 0.5, [f"{value:g}" for value in values[marked]], rotation=0)
    at = np.arange(len(grid.columns)) + 0.5, np.arange(len(grid.index)) + 0.5
    if paper is not None and np.nanmin(grid) < paper < np.nanmax(grid):
        line = ax.contour(
            *at, grid, levels=[paper], linestyles="solid", colors=PAPER["color"], linewidths=PAPER["linewidth"]
        )
        line.set(path_effects=PAPER["path_effects"])
        scale.axhline(paper, **PAPER)
    if None not in own:
        places = zip(own, (grid.columns, grid.index), at, strict=True)
        ax.plot(*(np.interp(*place, left=np.nan, right=np.nan) for place in places), **OWN)
