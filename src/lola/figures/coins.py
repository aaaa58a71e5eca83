"""What players of the Coin Game learn to pick, and what that earns them."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lola.analysis.metrics import GAME
from lola.analysis.sources import Sources
from lola.figures import style

CHANCE = {"color": "dimgrey", "linestyle": ":", "linewidth": 0.8, "zorder": 0}
QUANTITIES = ("own_colour", "points", "coins")  # what the ledger calls the three panels


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """Figure 5 of the paper: own-colour share of the coins picked, points, and coins picked; a curve per algorithm.

    Over both players and over runs, with 95 % intervals over runs, and where each run ends. Each point is the mean over
    the updates since the point before it; points are per player and 150 steps, the paper's episode.
    """
    groups = [sources.group(game, shown) for shown in algorithms]
    looks = style.looks(sources.colour(group.algorithm) for group in groups)
    figure = style.new_figure(6.4, style.FULL_WIDTH)
    share, points, picked = axes = figure.subplots(1, 3)
    # Over both players; nothing of a group of which no run finished.
    coins = [group.coins.T.groupby(level=[0, "step"]).sum().T for group in groups if group.seeds]
    curves = [
        [100 * of["own"] / of["coins"] for of in coins],
        [GAME * of["points"] / 2 for of in coins],
        [of["coins"] for of in coins],
    ]
    finished = [(group, look) for group, look in zip(groups, looks, strict=True) if group.seeds]
    for ax, quantity, runs in zip(axes, QUANTITIES, curves, strict=True):
        for (group, look), of_group in zip(finished, runs, strict=True):
            style.plot_mean(ax, of_group, sources.label(group), **look)
        paper = [sources.ledger.number(group.name, quantity) for group, _ in finished]
        style.ends(ax, runs, [look for _, look in finished], paper, width=0.045)
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
    handles = [style.key(sources.label(group), **look) for group, look in zip(groups, looks, strict=True)]
    printed = [sources.ledger.number(group.name, quantity) for group in groups for quantity in QUANTITIES]
    handles += style.keys_of_ends(printed)
    figure.legend(handles=handles, title=f"{heading}; {' or '.join(scales)} per update", ncols=3, loc=style.ABOVE)
    return figure
