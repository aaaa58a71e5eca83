"""What two players with two actions learn: where their policies end, and their returns on the way there."""

import string

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.figures import style

SPREAD = 0.025  # points are moved so far, so that piles show which states and how many runs they hold


def draw(
    sources: Sources,
    *,
    game: str,
    algorithms: list[str],
    opponent_model: str = "oracle",
    sampled: list[str] | None = None,
) -> Figure:
    """Figures 1 and 2 of the paper: a policy scatter per algorithm, and below them all returns.

    The returns of `sampled` stand beside those, on the same scale.
    """
    actions = sources.actions[game]
    if [len(own) for own in actions] != [2, 2]:
        raise ValueError(f"a learning figure needs 2 players with 2 actions; in {game} they have {actions}")
    groups = [sources.group(game, algorithm, opponent_model) for algorithm in algorithms]
    panels = {f"mean of {groups[0].seeds} runs, with 95 % intervals": groups}
    if sampled:
        others = [sources.group(game, algorithm, opponent_model) for algorithm in sampled]
        panels = {f"exact, {groups[0].seeds} runs": groups, f"sampled, {others[0].seeds} runs": others}
    letters = string.ascii_lowercase[: len(groups) + len(panels)]
    above, below = letters[: len(groups)], letters[len(groups) :]
    figure = style.new_figure(height=11 if sampled else 9.6)
    rows = ["".join(letter * len(below) for letter in above), "".join(letter * len(above) for letter in below)]
    axes = figure.subplot_mosaic(";".join(rows), height_ratios=[1, 1.05])

    for letter, group in zip(above, groups, strict=True):
        style.title(axes[letter], letter, sources.label(group))
        scatter(axes[letter], group, actions)
    axes[letters[0]].set_ylabel(f"P({actions[1][0]} | state), agent 2")
    heading = "state: last actions of agents 1 and 2 (points spread a little)"
    states = max((axes[letter].get_legend_handles_labels()[0] for letter in above), key=len)
    style.legend(figure, states, 5, heading, handletextpad=0, columnspacing=0.8)

    if sampled:
        axes[below[1]].sharey(axes[below[0]])
        axes[below[1]].tick_params(labelleft=False)
    handles = []
    for letter, (title, shown) in zip(below, panels.items(), strict=True):
        style.title(axes[letter], letter, title)
        for group, color in zip(shown, style.cycle(style.ALGORITHMS, len(shown)), strict=True):
            style.plot_returns(axes[letter], group, [color, color], sources.label(group))
        axes[letter].set_xlabel("update")
        handles += axes[letter].get_legend_handles_labels()[0]
    axes[below[0]].set_ylabel("normalised return per step")
    heading = "means, with 95 % intervals" if sampled else None
    style.legend(figure, handles, 2 if sampled else len(groups), heading, side="lower")
    return figure


def scatter(ax: Axes, group: Group, actions: list[list[str]]) -> None:
    """A point per run and joint state: how likely either player is to take its first action there."""
    jitter = np.random.default_rng(0).uniform(-SPREAD / 2, SPREAD / 2, (2, len(group.play)))
    states = group.play.columns.unique("state")
    for n, (state, (color, marker)) in enumerate(zip(states, style.STATES, strict=False)):
        angle = 2 * np.pi * n / len(states)
        x, y = (group.play[player + 1, state, actions[player][0]] for player in (0, 1))
        ax.scatter(
            x + SPREAD * np.sin(angle) + jitter[0],
            y + SPREAD * np.cos(angle) + jitter[1],
            s=9,
            color=color,
            marker=marker,
            alpha=0.55,
            linewidths=0.2,
            edgecolors="white",
            label=state,
            clip_on=False,
        )
    ax.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal")
    ax.set_xlabel(f"P({actions[0][0]} | state), agent 1")
