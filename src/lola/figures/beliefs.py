"""What it costs a player to learn its opponent from play: returns, and how far its clone is from the truth."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

KNOWN = "opponent known"  # the oracle's label here; elsewhere it has none


def draw(sources: Sources, *, games: list[str], algorithms: list[str]) -> Figure:
    """A row per game: the return with the ends of runs, and the distance of the clones; a dash per opponent model.

    Both are averaged over agents and runs, with 95 % intervals over runs; of a zero-sum game, whose average is 0, the
    return is agent 1's. An algorithm without clones has no distance.
    """
    rows = [[sources.group(game, shown) for shown in algorithms] for game in games]
    models = dict(zip(dict.fromkeys(group.opponent_model for group in rows[0]), style.DASHES, strict=False))
    figure = style.new_figure(height=2.4 + 4 * len(rows))
    axes = figure.subplots(len(rows), 2, sharex=True, squeeze=False)
    style.title(axes.flat, style.rows(map(sources.title, games), [(style.RETURN, "clone's error")] * len(rows)))
    runs, paper = set(), []
    for (left, right), groups in zip(axes, rows, strict=True):
        runs |= {group.seeds for group in groups if group.seeds}
        curves, alone = style.of_all(groups)
        printed = [sources.ledger.number(group.name, "R") for group in groups]
        looks = [{"color": style.colour(sources.colour(group.algorithm))} for group in groups]
        for group, returns, look in zip(groups, curves, looks, strict=True):
            look = look | {"linestyle": models[group.opponent_model]}
            style.plot_mean(left, returns, sources.label(group), **look)
            if group.seeds and len(group.beliefs):
                style.plot_mean(right, style.over_agents(group.beliefs["distance"]), sources.label(group), **look)
        style.ends(left, curves, looks, printed, width=0.055)
        paper += printed
        left.set_ylabel("agent 1" if alone else "mean over agents")
        right.set(ylabel="total variation distance", ylim=(0, None))
    for ax in axes[-1]:
        ax.set(xlim=(0, max(each.dataLim.xmax for each in axes.flat)), xlabel="update")

    names = dict.fromkeys(group.algorithm for group in rows[0])
    handles = [style.key(sources.labels[name], color=style.colour(sources.colour(name))) for name in names]
    for model, dashes in models.items():
        handles.append(style.key(sources.opponent_models.get(model, KNOWN), color="dimgrey", linestyle=dashes))
    handles += style.keys_of_ends(paper)
    figure.legend(handles=handles, title=style.heading("mean of", runs), ncols=2, loc=style.ABOVE)
    return figure
