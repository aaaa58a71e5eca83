"""The Coin Game under many settings, a line for each."""

import itertools

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lola.analysis.metrics import GAME, Sample, coins, estimate, own_colour, points
from lola.analysis.sources import Sources
from lola.figures import style
from lola.vocabulary.names import GroupName

COLUMNS = (  # quantity, title, unit, place of a dotted line
    (own_colour, "coins of the own colour", "% of those picked", 50),
    (points, "points per player", f"per {GAME} steps", 0),
    (coins, "coins picked", "per step, both players", None),
)
RUN = {"marker": "o", "linestyle": "", "markersize": 3, "alpha": 0.5, "markeredgewidth": 0}
MEAN = {"marker": "|", "linestyle": "", "markersize": 7, "markeredgewidth": 1.2}
ENOUGH = 5  # from so many runs on there is an interval: a bootstrap of two spans the two


def draw(sources: Sources, *, groups: list[str]) -> Figure:
    """A line per group, in this order: each run that finished, and their mean; of 5 or more with its 95 % interval.

    Numbers are those of the last tenth of training. A change of game is a heading. On the right: how many games of
    how many steps there are before an update, how many updates, and how many runs diverged if any did.
    """
    found = [sources.groups[GroupName.read(name, sources.opponent_model).name] for name in groups]
    lines = []  # (label, text on the right, group or None for a heading)
    for game, its in itertools.groupby(found, key=lambda group: group.game):
        lines.append((sources.title(game), "" if lines else "games × steps, updates", None))
        for group in its:
            scale = "{batch} × {length}, {steps}".format(**sources.coin_games[group.name])
            diverged = f", {len(group.failed)} diverged" if len(group.failed) else ""
            lines.append((sources.label(group), scale + diverged, group))

    labels, beside, shown = zip(*lines, strict=True)
    figure = style.new_figure(2.4 + 0.42 * len(lines), style.FULL_WIDTH)
    axes = figure.subplots(1, len(COLUMNS), sharey=True)
    for ax, (quantity, title, unit, reference) in zip(axes, COLUMNS, strict=True):
        for y, group in enumerate(shown):
            if group and group.seeds:
                dot(ax, y, quantity(group), style.colour(sources.colour(group.algorithm)))
        if reference is not None:
            ax.axvline(reference, color="dimgrey", linestyle=":", linewidth=0.8, zorder=0)
        ax.margins(x=0.08)
        ax.set(title=title, xlabel=unit, ylim=(len(lines) - 0.5, -0.5))
        ax.xaxis.set_major_locator(MaxNLocator(4))
        bare(ax)
    right = axes[-1].secondary_yaxis("right")
    axes[0].set_yticks(range(len(lines)), labels)
    right.set_yticks(range(len(lines)), beside)
    for label, about, group in zip(axes[0].get_yticklabels(), right.get_yticklabels(), shown, strict=True):
        label.set_weight("normal" if group else "bold")
        about.set_color(style.VERMILLION if group and len(group.failed) else "dimgrey")
    bare(right)
    intervals = any(group.seeds >= ENOUGH for group in found)
    mean = f"mean of runs, of {ENOUGH} or more with its 95 % interval" if intervals else "mean of runs"
    handles = [style.key("a run", color="dimgrey", **RUN), style.key(mean, color="dimgrey", **MEAN)]
    figure.legend(handles=handles, title="averages over the last tenth of training", ncols=2, loc=style.ABOVE)
    return figure


def dot(ax: Axes, y: float, sample: Sample, color) -> None:
    """Each run, the mean over runs and its interval if they are enough, on a line of their own."""
    whole = estimate(sample)
    if whole.n >= ENOUGH:
        ax.plot([whole.low, whole.high], [y, y], color=color)
    ax.plot(sample.runs.mean(axis=1), [y] * whole.n, color=color, **RUN)
    ax.plot(whole.value, y, color=color, **MEAN)


def bare(ax: Axes) -> None:
    """Nothing at the sides but the names of lines."""
    ax.grid(axis="y", color="whitesmoke", linewidth=0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
