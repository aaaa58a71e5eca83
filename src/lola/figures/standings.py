"""How each entrant of a tournament fares, on average over whom it meets."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

ROW, AXIS = 4.2, 1.0  # the height of a panel in cm, and what of it is no curves

AUTHORS = {"marker": "D", "linestyle": "", "markersize": 4, "markerfacecolor": "white", "clip_on": False, "zorder": 3}


def draw(sources: Sources, *, games: list[str], tournaments: list[str]) -> Figure:
    """Figure 4 of the paper: a row per tournament, a column per game, a curve per entrant with its name at the end.

    The return against every entrant, itself included, is averaged over them and over runs, with 95 % intervals over
    runs. Nothing is smoothed. At the end is what the authors plotted, of the same field.
    """
    cups = [sources.tournament(game, name) for name in tournaments for game in games]
    entrants = list(dict.fromkeys(entrant for shown in cups for entrant in shown.entrants))
    looks = dict(zip(entrants, style.looks(map(sources.colour, entrants)), strict=True))
    width = style.WIDTH if len(games) == 1 else style.FULL_WIDTH
    figure = style.new_figure(height=1.2 + ROW * len(tournaments), width=width)
    axes = figure.subplots(len(tournaments), len(games), sharex=True, sharey="col", squeeze=False)
    style.title(axes.flat, (f"{sources.title(shown.game)}\n{sources.tournament_label(shown)}" for shown in cups))
    runs, ends, plotted = set(), [], False
    for ax, shown in zip(axes.flat, cups, strict=True):
        ends.append({})
        theirs = sources.ledger.averages(shown.game)
        if {*theirs.index} != {*shown.entrants}:
            theirs = {}  # means over another field
        plotted |= len(theirs) > 0
        for entrant in shown.entrants:
            average = shown.average(entrant)
            runs.add(len(average))
            style.plot_mean(ax, average, sources.labels[entrant], **looks[entrant])
            if len(average):
                ends[-1][sources.labels[entrant]] = average.iloc[:, -1].mean(), looks[entrant]["color"]
            if len(average) and entrant in theirs:
                ax.plot(average.columns[-1:], [theirs[entrant]], color=looks[entrant]["color"], **AUTHORS)
    for ax, names in zip(axes.flat, ends, strict=True):  # when all curves of a column have moved its scale
        style.name_ends(ax, names, ROW - AXIS)
    for ax in axes[-1]:
        ax.set_xlabel("episode")
    figure.supylabel(style.RETURN)
    handles = [style.key("authors, read off their plot of the end", color="dimgrey", **AUTHORS)] if plotted else []
    figure.legend(handles=handles, title=style.heading("mean over opponents and", runs), loc=style.ABOVE)
    return figure
