"""Where the parameters of players go in a game without moves: one small panel per algorithm, on one scale."""

import pandas as pd
from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 2


def draw(sources: Sources, *, game: str, algorithms: list[str], opponent_model: str = "oracle") -> Figure:
    """The mean over runs of each player's parameters after every update, with 95 % intervals."""
    groups = [sources.group(game, algorithm, opponent_model) for algorithm in algorithms]
    names = list(dict.fromkeys(name for group in groups for name in group.parameters.columns.droplevel("step")))
    several = any(number > 1 for _, number in names)
    legend = 2 if several else 4  # curves stand side by side in it
    figure, axes = style.panels(list(map(sources.heading, groups)), COLUMNS, -(-len(names) // legend))
    looks = zip(style.cycle(style.PLAYERS, len(names)), style.cycle(style.DASHES, len(names)), strict=True)
    looks = dict(zip(names, looks, strict=True))
    for ax, group in zip(axes, groups, strict=True):
        for player, number in names:
            label = f"agent {player}" + (f", parameter {number}" if several else "")
            runs = group.parameters.get((player, number), pd.DataFrame())
            style.plot_mean(ax, runs, label, *looks[player, number])
    figure.supxlabel("update", fontsize=style.FONT)
    figure.supylabel("parameter", fontsize=style.FONT)
    style.legend(figure, axes[0].get_legend_handles_labels()[0], legend, style.of_runs(groups))
    return figure
