"""How the returns of many algorithms grow in one game, beside results that others have saved."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

MARK = {"marker": "o", "linestyle": "", "markersize": 4, "clip_on": False, "zorder": 3}
FULL, HOLLOW = {"markeredgecolor": "white", "markeredgewidth": 0.5}, {"markerfacecolor": "white"}  # HOLLOW by dashes
FEW = 4  # so many curves have room in half a page


def draw(
    sources: Sources, *, game: str, algorithms: list[str], saved: dict | None = None, saved_label: str = "saved results"
) -> Figure:
    """The return, averaged over agents and over runs, with 95 % intervals, and where each run ends.

    In a zero-sum game, where that average is 0, it is agent 1's. `saved` has (update, return) pairs by algorithm, drawn
    as points in its colour, hollow where the curve is dashed.
    """
    groups = [sources.group(game, shown) for shown in algorithms]
    many = len(groups) > FEW
    columns = 4 if many else 2  # of the legend
    width, height = (style.FULL_WIDTH, 8) if many else (style.WIDTH, 7)
    figure = style.new_figure(height + 0.5 * -(-len(groups) // columns), width)
    ax = figure.subplots()
    curves, alone = style.of_all(groups)
    looks = style.looks(sources.colour(group.algorithm) for group in groups)
    for shown, group, returns, look in zip(algorithms, groups, curves, looks, strict=True):
        style.plot_mean(ax, returns, sources.label(group), **look)
        if saved and shown in saved:
            filling = FULL if look["linestyle"] == style.DASHES[0] else HOLLOW
            ax.plot(*zip(*saved[shown], strict=True), color=look["color"], **MARK | filling)
    paper = [sources.ledger.number(group.name, "R") for group in groups]
    style.ends(ax, curves, looks, paper, width=0.025 if many else 0.05)
    ax.set(xlim=(0, ax.dataLim.xmax), xlabel="update", ylabel=style.RETURN)
    ax.set_title(sources.title(game), loc="left")
    handles = style.keys(sources, groups, looks)
    if saved:
        handles.append(style.key(style.wrap(saved_label), color="dimgrey", **MARK | FULL))
    handles += style.keys_of_ends(paper)
    means = "agent 1, mean of" if alone else "mean over agents and"
    heading = style.heading(means, (group.seeds for group in groups))
    figure.legend(handles=handles, title=heading, ncols=columns, loc=style.ABOVE)
    return figure
