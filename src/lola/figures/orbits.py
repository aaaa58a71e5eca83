"""Where two players with a parameter each go, in the plane of both: a small panel per algorithm, a line per run."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from lola.analysis import parameters
from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 5
NEAR = 3.0  # a panel shows no farther than so many times the largest start, so that what diverges leaves room


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """Player 1's parameter to the right, player 2's up; a dot where each run begins, a ring where it ends.

    A run that diverged is drawn while it is finite.
    """
    groups = [sources.group(game, algorithm) for algorithm in algorithms]
    paths = [
        pd.DataFrame() if group.rows.empty else parameters.finite(group, parameters.READ["distance"])
        for group in groups
    ]
    if any(of_group.shape[1] != 2 for of_group in paths if len(of_group)):
        raise ValueError(f"an orbits figure is of two players with a parameter each; {game} has others")
    columns = min(COLUMNS, len(groups))
    rows = -(-len(groups) // columns)
    figure = style.new_figure(3.7 * rows + 1.2, style.FULL_WIDTH if columns > 2 else style.WIDTH)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    style.title(axes, map(sources.heading, groups))
    for ax, group, of_group in zip(axes, groups, paths, strict=False):
        color = style.colour(sources.colour(group.algorithm))
        for _, run in of_group.groupby(level="seed") if len(of_group) else ():
            x, y = run.to_numpy().T
            ax.plot(x, y, color=color, linewidth=0.5, alpha=0.8)
            ax.plot(x[0], y[0], marker="o", markersize=2, color="dimgrey", linestyle="")
            ax.plot(x[-1], y[-1], marker="o", markersize=4, color="black", linestyle="", fillstyle="none")
        ax.set_aspect("equal")
        sns.despine(ax=ax)
    for ax in axes[len(groups) :]:
        ax.remove()
    axes[0].set(**limits(paths))
    figure.supxlabel("agent 1's parameter")
    figure.supylabel("agent 2's parameter")
    runs = sorted({len(group.ends) for group in groups})
    counted = f"{' or '.join(map(str, runs))} run{'s' * (runs != [1])}"
    dot = {"marker": "o", "linestyle": ""}
    keys = [
        style.key("start", color="dimgrey", markersize=2, **dot),
        style.key("end", color="black", markersize=4, fillstyle="none", **dot),
    ]
    figure.legend(handles=keys, title=f"{sources.title(game)}: {counted}", ncols=2, loc=style.ABOVE)
    return figure


def limits(paths: list[pd.DataFrame]) -> dict[str, tuple[float, float]]:
    """The scale of all panels: what all runs reach, but no farther than `NEAR` times where they start."""
    known = [of_group for of_group in paths if len(of_group)]
    starts = max(np.abs(of_group.groupby(level="seed").first().to_numpy()).max() for of_group in known)
    reached = max(np.abs(of_group.to_numpy()).max() for of_group in known)
    most = 1.08 * min(reached, NEAR * starts or reached)
    return {"xlim": (-most, most), "ylim": (-most, most)}
