"""How far all players together are from the origin, or from a solution, on a log scale: a curve per algorithm."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from lola.analysis import parameters
from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.figures import style

LEAST, MOST = 1e-16, 1e8  # no panel's scale goes farther, so that what diverges leaves room for the rest
COLUMNS = 3
TITLE_WIDTH = 32  # in characters, above one of so many panels


def draw(sources: Sources, *, games: list[str], algorithms: list[str]) -> Figure:
    """A panel per game: ‖θ‖ of all players after every update, or the residual where parameters are too many.

    Of several runs the median, with a band from the least to the most. A run that diverged is drawn while it is finite.
    """
    rows = -(-len(games) // COLUMNS)
    legend = 1.2 + 0.45 * -(-len(algorithms) // 4)
    figure = style.new_figure(5.2 * rows + legend, style.FULL_WIDTH if len(games) > 1 else style.WIDTH)
    axes = figure.subplots(rows, -(-len(games) // rows), squeeze=False).ravel()
    style.title(axes, map(sources.title, games), TITLE_WIDTH)
    looks = style.looks(map(sources.colour, algorithms))
    for ax, game in zip(axes, games, strict=False):
        curves = [away(sources.group(game, algorithm)) for algorithm in algorithms]
        for (_, runs), look in zip(curves, looks, strict=True):
            ax.plot(runs.columns, runs.median(), **look)
            if len(runs) > 1:
                ax.fill_between(runs.columns, runs.min(), runs.max(), color=look["color"], alpha=0.15, linewidth=0)
        lengths = np.concatenate([runs.to_numpy().ravel() for _, runs in curves])
        shown = lengths[(lengths > 0) & np.isfinite(lengths)]
        if len(shown):
            ax.set(yscale="log", ylim=(max(LEAST, 0.5 * shown.min()), min(MOST, 2 * shown.max())))
            ax.yaxis.set_major_formatter("{x:g}")  # what comes with the scale writes formulas
            ax.yaxis.set_minor_formatter(LogFormatter())
            ax.set_xlim(0, max(runs.columns.max() for _, runs in curves if runs.size))
        ax.set(xlabel="update", ylabel=curves[0][0])
        sns.despine(ax=ax)
    for ax in axes[len(games) :]:
        ax.remove()
    groups = [sources.group(games[0], algorithm) for algorithm in algorithms]
    runs = sorted({len(sources.group(game, algorithm).ends) for game in games for algorithm in algorithms})
    heading = "1 run" if runs == [1] else f"median of {' or '.join(map(str, runs))} runs, and all of them"
    keys = style.keys(sources, groups, looks)
    figure.legend(handles=keys, title=heading, ncols=4 if len(games) > 1 else 2, loc=style.ABOVE)
    return figure


def away(group: Group) -> tuple[str, pd.DataFrame]:
    """What is drawn, and its size by run and update, as far as it is finite."""
    if group.rows.empty:
        return "‖θ‖", pd.DataFrame()
    residual = parameters.READ["residual"]
    of = "residual" if any(residual(name) is not None for name in group.rows.metric.unique()) else "distance"
    sizes = parameters.sizes(parameters.finite(group, parameters.READ[of]), of=of)
    return {"residual": "residual", "distance": "‖θ‖"}[of], sizes.unstack("step")
