"""What players of the Coin Game learn to pick, and what that earns them."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lola.analysis.groups import Group
from lola.analysis.metrics import GAME
from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 4  # the legend has so many
HEIGHT = 6  # in cm
CHANCE = {"color": "dimgrey", "linestyle": ":", "linewidth": 0.8, "zorder": 0}


def draw(sources: Sources, *, game: str, algorithms: list[str], opponent_model: str = "oracle") -> Figure:
    """Figure 5 of the paper: own-colour share of the coins picked, points, and coins picked; a curve per algorithm.

    Over both players and over runs, with 95 % intervals over runs. Each point is the mean over the updates since the
    point before it; points are per player and 150 steps, the paper's episode.
    """
    groups = [sources.group(game, shown, opponent_model) for shown in algorithms]
    figure = style.new_figure(HEIGHT, style.FULL_WIDTH)
    share, points, picked = axes = figure.subplots(1, 3)
    colors = style.cycle(style.ALGORITHMS, len(groups))
    for group, color in zip(groups, colors, strict=True):
        if not group.seeds:
            continue
        label, coins = sources.label(group), over_players(group)
        style.plot_mean(share, 100 * coins["own"] / coins["coins"], label, color)
        style.plot_mean(points, GAME * coins["points"] / 2, label, color)
        style.plot_mean(picked, coins["coins"], label, color)
    share.axhline(50, **CHANCE)
    points.axhline(0, **CHANCE)
    titles = ("coins of the own colour", "points per player", "coins picked")
    units = ("% of those picked", f"per {GAME} steps", "per step, both players")
    for ax, letter, title, unit in zip(axes, "abc", titles, units, strict=True):
        style.title(ax, letter, title)
        ax.set(xlim=(0, ax.dataLim.xmax), xlabel="update", ylabel=unit)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    picked.set_ylim(0, None)
    handles = [Line2D([], [], color=c, label=sources.label(g)) for g, c in zip(groups, colors, strict=True)]
    heading = f"mean over both players and {runs(groups)}, with 95 % intervals; {scale(sources, groups)} per update"
    style.legend(figure, handles, COLUMNS, heading)
    return figure


def over_players(group: Group):
    """The sums over players: index seed, columns (points, own or coins; step)."""
    return group.coins.T.groupby(level=[0, "step"]).sum().T


def runs(groups: list[Group]) -> str:
    """The number of runs of the groups, in words."""
    return f"{' or '.join(map(str, sorted({group.seeds for group in groups})))} runs"


def scale(sources: Sources, groups: list[Group]) -> str:
    """Roll-outs before every update, in words."""
    scales = dict.fromkeys((sources.coin_games[g.name]["batch"], sources.coin_games[g.name]["length"]) for g in groups)
    return " or ".join(f"{batch} games of {length} steps" for batch, length in scales)
