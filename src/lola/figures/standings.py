"""How each entrant of a tournament fares, on average over whom it meets."""

from itertools import cycle

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 3  # the legend has so many
ALIKE = 4  # so many entrants share their dashes: colours that far apart look alike to some readers


def draw(sources: Sources, *, games: list[str], tournaments: list[str]) -> Figure:
    """Figure 4 of the paper: a row per tournament, a column per game, a curve per entrant.

    The return against every entrant, itself included, is averaged over them and over runs, with 95 % intervals over
    runs. Nothing is smoothed.
    """
    cups = [sources.tournament(game, name) for name in tournaments for game in games]
    entrants = list(dict.fromkeys(entrant for shown in cups for entrant in shown.entrants))
    dashes = [dash for dash in style.DASHES for _ in range(ALIKE)]
    looks = {entrant: look for entrant, *look in zip(entrants, cycle(style.ALGORITHMS), cycle(dashes))}
    figure = style.new_figure(height=1.8 + 3.6 * len(tournaments) + 0.4 * -(-len(entrants) // COLUMNS))
    axes = figure.subplots(len(tournaments), len(games), sharex=True, sharey="col", squeeze=False)
    style.title(axes.flat, (style.wrap(f"{shown.game}, {sources.tournament_label(shown)}") for shown in cups))
    runs = set()
    for ax, shown in zip(axes.flat, cups, strict=True):
        for entrant in shown.entrants:
            average = shown.average(entrant)
            runs.add(len(average))
            style.plot_mean(ax, average, sources.labels[entrant], *looks[entrant])
    for ax in axes[-1]:
        ax.set_xlabel("episode")
    figure.supylabel("normalised return per step")
    handles = [style.key(sources.labels[name], color=look[0], linestyle=look[1]) for name, look in looks.items()]
    figure.legend(handles=handles, title=style.heading("mean over opponents and", runs), ncols=COLUMNS, loc=style.ABOVE)
    return figure
