"""What it costs a player to learn its opponent from play: returns, and how far its clone is from the truth."""

from itertools import cycle

from matplotlib.figure import Figure

from lola.analysis.metrics import is_zero_sum
from lola.analysis.sources import Sources
from lola.figures import style

KNOWN = "opponent known"  # the oracle's label here; elsewhere it has none


def draw(sources: Sources, *, games: list[str], algorithms: list[str]) -> Figure:
    """A row per game: the return, and the distance of the clones; a colour per algorithm, a dash per opponent model.

    Both are averaged over agents and runs, with 95 % intervals over runs; of a zero-sum game, whose average is 0, the
    return is agent 1's. An algorithm without clones has no distance.
    """
    rows = [[sources.group(game, shown) for shown in algorithms] for game in games]
    colors = dict(zip(dict.fromkeys(group.algorithm for group in rows[0]), cycle(style.ALGORITHMS)))
    dashes = dict(zip(dict.fromkeys(group.opponent_model for group in rows[0]), cycle(style.DASHES)))
    figure = style.new_figure(height=2 + 3.8 * len(rows))
    axes = figure.subplots(len(rows), 2, sharex=True, squeeze=False)
    style.title(axes.flat, [f"{game}: {what}" for game in games for what in ("return per step", "clone's error")])
    runs = set()
    for (left, right), groups in zip(axes, rows, strict=True):
        finished = [group for group in groups if group.seeds]
        runs |= {group.seeds for group in finished}
        by_player = [group.returns.stack("step", future_stack=True).to_numpy() for group in finished]
        alone = bool(finished) and all(map(is_zero_sum, by_player))
        for group in finished:
            look = colors[group.algorithm], dashes[group.opponent_model]
            returns = group.returns[1] if alone else style.over_agents(group.returns)
            style.plot_mean(left, returns, sources.label(group), *look)
            if len(group.beliefs):
                style.plot_mean(right, style.over_agents(group.beliefs["distance"]), sources.label(group), *look)
        left.set_ylabel("agent 1" if alone else "mean over agents")
        right.set(ylabel="total variation distance", ylim=(0, None))
    for ax in axes[-1]:
        ax.set(xlim=(0, max(each.dataLim.xmax for each in axes.flat)), xlabel="update")

    handles = [style.key(sources.labels[name], color=color) for name, color in colors.items()]
    for model, dash in dashes.items():
        handles.append(style.key(sources.opponent_models.get(model, KNOWN), color="dimgrey", linestyle=dash))
    figure.legend(handles=handles, title=style.heading("mean of", runs), ncols=2, loc=style.ABOVE)
    return figure
