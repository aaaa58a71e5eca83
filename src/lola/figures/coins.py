"""What players of the Coin Game learn to pick, and what that earns them."""

from itertools import cycle

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lola.analysis.metrics import GAME
from lola.analysis.sources import Sources
from lola.figures import style

CHANCE = {"color": "dimgrey", "linestyle": ":", "linewidth": 0.8, "zorder": 0}


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """Figure 5 of the paper: own-colour share of the coins picked, points, and coins picked; a curve per algorithm.

    Over both players and over runs, with 95 % intervals over runs. Each point is the mean over the updates since the
    point before it; points are per player and 150 steps, the paper's episode.
    """
    groups = [sources.group(game, shown) for shown in algorithms]
    figure = style.new_figure(6, style.FULL_WIDTH)
    share, points, picked = axes = figure.subplots(1, 3)
    handles = []
    for group, color in zip(groups, cycle(style.ALGORITHMS)):
        label = sources.label(group)
        handles.append(style.key(label, color=color))
        if group.seeds:
            coins = group.coins.T.groupby(level=[0, "step"]).sum().T  # over both players
            style.plot_mean(share, 100 * coins["own"] / coins["coins"], label, color)
            style.plot_mean(points, GAME * coins["points"] / 2, label, color)
            style.plot_mean(picked, coins["coins"], label, color)
    share.axhline(50, **CHANCE)
    points.axhline(0, **CHANCE)
    style.title(axes, ("coins of the own colour", "points per player", "coins picked"))
    units = ("% of those picked", f"per {GAME} steps", "per step, both players")
    for ax, unit in zip(axes, units, strict=True):
        ax.set(xlabel="update", ylabel=unit)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    picked.set_ylim(0, None)
    heading = style.heading("mean over both players and", (group.seeds for group in groups))
    scales = dict.fromkeys("{batch} games of {length} steps".format(**sources.coin_games[g.name]) for g in groups)
    figure.legend(handles=handles, title=f"{heading}; {' or '.join(scales)} per update", ncols=4, loc=style.ABOVE)
    return figure
