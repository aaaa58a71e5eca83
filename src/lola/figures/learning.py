"""What two players with two actions learn: where their policies end, and their returns on the way there."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.figures import style

SPREAD = 0.025  # points are moved so far, so that piles show which states and how many runs they hold
POINT = {"s": 9, "alpha": 0.55, "linewidths": 0.2, "edgecolors": "white", "clip_on": False}


def draw(sources: Sources, *, game: str, algorithms: list[str], sampled: list[str] = ()) -> Figure:
    """Figures 1 and 2 of the paper: a policy scatter per algorithm; below, all returns and where each run ends.

    The returns of `sampled` stand beside those, on the same scale. A run ends at the mean of both agents' returns, or
    in a zero-sum game, where that is 0, at agent 1's.
    """
    actions = sources.actions[game]
    if [len(own) for own in actions] != [2, 2]:
        raise ValueError(f"a learning figure needs 2 players with 2 actions; in {game} they have {actions}")
    groups = [sources.group(game, algorithm) for algorithm in algorithms]
    panels = {style.heading("mean of", [groups[0].seeds]): groups}
    if sampled:
        others = [sources.group(game, algorithm) for algorithm in sampled]
        panels = {f"exact, {groups[0].seeds} runs": groups, f"sampled, {others[0].seeds} runs": others}
    n, m = len(groups), len(panels)
    figure = style.new_figure(11.4 if sampled else 10.2, style.WIDTH if n <= 2 else style.FULL_WIDTH)
    layout = [np.repeat(np.arange(n), m), np.repeat(np.arange(n, n + m), n)]
    axes = list(figure.subplot_mosaic(layout, height_ratios=[1, 1.05]).values())
    above, below = axes[:n], axes[n:]
    style.title(axes, [*map(sources.label, groups), *panels])

    for ax, group in zip(above, groups, strict=True):
        scatter(ax, group, actions)
    above[0].set_ylabel(f"P({actions[1][0]} | state), agent 2")
    heading = f"{sources.title(game)}\nstate: last actions of agents 1 and 2 (points spread a little)"
    states = max((list(ax.collections) for ax in above), key=len)
    legend = figure.legend(handles=states, title=heading, ncols=5, loc=style.ABOVE, handletextpad=0, columnspacing=0.8)
    legend.get_title().set_multialignment("center")

    if sampled:
        below[1].sharey(below[0])
        below[1].tick_params(labelleft=False)
    handles, paper = [], []
    for ax, shown in zip(below, panels.values(), strict=True):
        printed = [sources.ledger.number(group.name, "R") for group in shown]
        handles += returns(ax, sources, shown, printed, width=0.055 * m)
        paper += printed
        ax.set_xlabel("update")
    below[0].set_ylabel(style.RETURN)
    for player, dashes in zip((1, 2), style.DASHES, strict=False):
        handles.append(style.key(f"agent {player}", color="dimgrey", linestyle=dashes))
    handles += style.keys_of_ends(paper)
    heading = "means, with 95 % intervals" if sampled else None
    figure.legend(handles=handles, title=heading, ncols=2 if sampled else 3, loc=style.BELOW)
    return figure


def returns(ax: Axes, sources: Sources, groups: list[Group], paper: list[float | None], width: float) -> list[Line2D]:
    """Both agents' returns, with the ends of runs and the paper's numbers: a key for each group."""
    looks = style.looks(sources.colour(group.algorithm) for group in groups)
    for group, look in zip(groups, looks, strict=True):
        for player, dashes in zip((1, 2), style.DASHES, strict=False):
            runs = group.returns.get(player, pd.DataFrame())
            style.plot_mean(ax, runs, f"{sources.label(group)}, agent {player}", **look | {"linestyle": dashes})
    style.ends(ax, style.of_all(groups)[0], looks, paper, width)
    return style.keys(sources, groups, ({"color": look["color"]} for look in looks))


def scatter(ax: Axes, group: Group, actions: list[list[str]]) -> None:
    """A point per run and joint state: how likely either player is to take its first action there."""
    jitter = np.random.default_rng(0).uniform(-SPREAD / 2, SPREAD / 2, (2, len(group.play)))
    states = group.play.columns.unique("state")
    for n, (state, (color, marker)) in enumerate(zip(states, style.STATES, strict=False)):
        angle = 2 * np.pi * n / len(states)
        x, y = (group.play[player + 1, state, actions[player][0]] for player in (0, 1))
        moved = x + SPREAD * np.sin(angle) + jitter[0], y + SPREAD * np.cos(angle) + jitter[1]
        ax.scatter(*moved, color=color, marker=marker, label=state, **POINT)
    ax.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
    ax.set_xlabel(f"P({actions[0][0]} | state), agent 1")
