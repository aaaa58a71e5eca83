"""How the returns of many algorithms grow in one game, beside results that others have saved."""

from itertools import cycle

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

MARK = {"marker": "o", "linestyle": "", "markersize": 4, "markeredgecolor": "white", "markeredgewidth": 0.5}
COLUMNS = 2  # the legend has so many
SOLID = 6  # further curves are dashed, so that they show where they coincide with one of these


def draw(
    sources: Sources, *, game: str, algorithms: list[str], saved: dict | None = None, saved_label: str = "saved results"
) -> Figure:
    """The return, averaged over agents and over runs, with 95 % intervals; a colour per algorithm.

    `saved` has (update, return) pairs by algorithm, drawn as points in its colour.
    """
    figure = style.new_figure(height=7 + 0.4 * -(-len(algorithms) // COLUMNS))
    ax = figure.subplots()
    runs = set()
    for n, (shown, color) in enumerate(zip(algorithms, cycle(style.ALGORITHMS))):
        group = sources.group(game, shown)
        runs.add(group.seeds)
        dashes = style.DASHES[n // SOLID % len(style.DASHES)]
        style.plot_mean(ax, style.over_agents(group.returns), style.wrap(sources.label(group)), color, dashes)
        if saved and shown in saved:
            ax.plot(*zip(*saved[shown], strict=True), color=color, clip_on=False, zorder=3, **MARK)
    ax.set(xlim=(0, ax.dataLim.xmax), xlabel="update", ylabel="normalised return per step")
    handles = ax.get_legend_handles_labels()[0]
    if saved:
        handles.append(style.key(style.wrap(saved_label), color="dimgrey", **MARK))
    figure.legend(handles=handles, title=style.heading("mean over agents and", runs), ncols=COLUMNS, loc=style.ABOVE)
    return figure
