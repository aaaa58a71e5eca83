"""What it costs a player to learn its opponent from play: returns, and how far its clone is from the truth."""

import itertools
import string

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lola.analysis.groups import Group
from lola.analysis.metrics import is_zero_sum
from lola.analysis.sources import Sources
from lola.figures import style

KNOWN = "opponent known"  # the oracle's label here; elsewhere it has none


def draw(sources: Sources, *, games: list[str], algorithms: list[str], opponent_model: str = "oracle") -> Figure:
    """A row per game: the return, and the distance of the clones; a colour per algorithm, a dash per opponent model.

    Both are averaged over agents and runs, with 95 % intervals over runs; of a zero-sum game, whose average is 0, the
    return is agent 1's. An algorithm without clones has no distance.
    """
    rows = [[sources.group(game, shown, opponent_model) for shown in algorithms] for game in games]
    colors, dashes = (
        dict(zip(names, style.cycle(looks, len(names)), strict=True))
        for names, looks in (
            (dict.fromkeys(group.algorithm for group in rows[0]), style.ALGORITHMS),
            (dict.fromkeys(group.opponent_model for group in rows[0]), style.DASHES),
        )
    )
    figure = style.new_figure(height=2 + 3.8 * len(rows))
    axes = figure.subplots(len(rows), 2, sharex=True, squeeze=False)
    letters, runs = itertools.cycle(string.ascii_lowercase), set()
    for (left, right), groups in zip(axes, rows, strict=True):
        finished = [group for group in groups if group.seeds]
        alone = bool(finished) and all(map(zero_sum, finished))
        runs |= {group.seeds for group in finished}
        for group in finished:
            look = colors[group.algorithm], dashes[group.opponent_model]
            returns = group.returns[1] if alone else style.over_agents(group.returns)
            style.plot_mean(left, returns, sources.label(group), *look)
            if len(group.beliefs):
                style.plot_mean(right, style.over_agents(group.beliefs["distance"]), sources.label(group), *look)
        style.title(left, next(letters), f"{groups[0].game}: return per step")
        style.title(right, next(letters), f"{groups[0].game}: clone's error")
        left.set_ylabel("agent 1" if alone else "mean over agents")
        right.set(ylabel="total variation distance", ylim=(0, None))
    for ax in axes[-1]:
        ax.set(xlim=(0, max(each.dataLim.xmax for each in axes.flat)), xlabel="update")

    handles = [Line2D([], [], color=color, label=sources.labels[name]) for name, color in colors.items()]
    handles += [
        Line2D([], [], color="dimgrey", linestyle=dash, label=sources.opponent_models.get(model, KNOWN))
        for model, dash in dashes.items()
    ]
    style.legend(figure, handles, 2, f"mean of {' or '.join(map(str, sorted(runs)))} runs, with 95 % intervals")
    return figure


def zero_sum(group: Group) -> bool:
    """Whether the agents' returns always cancel."""
    players = group.returns.columns.unique("player")
    return is_zero_sum(np.stack([group.returns[player] for player in players], axis=-1))
