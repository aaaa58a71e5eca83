"""How each entrant of a tournament fares, on average over whom it meets."""

import itertools
import string

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 3  # the legend has so many
ALIKE = 4  # so many entrants share their dashes: colours that far apart look alike to some readers


def draw(sources: Sources, *, games: list[str], tournaments: list[str], opponent_model: str = "oracle") -> Figure:
    """Figure 4 of the paper: a row per tournament, a column per game, a curve per entrant.

    The return against every entrant, itself included, is averaged over them and over runs, with 95 % intervals over
    runs. Nothing is smoothed.
    """
    rows = [[sources.tournament(game, name, opponent_model) for game in games] for name in tournaments]
    entrants = list(dict.fromkeys(entrant for row in rows for shown in row for entrant in shown.entrants))
    colors = style.cycle(style.ALGORITHMS, len(entrants))
    dashes = style.cycle((dash for dash in style.DASHES for _ in range(ALIKE)), len(entrants))
    looks = {entrant: look for entrant, *look in zip(entrants, colors, dashes, strict=True)}
    figure = style.new_figure(height=1.8 + 3.6 * len(rows) + 0.4 * -(-len(entrants) // COLUMNS))
    axes = figure.subplots(len(rows), len(games), sharex=True, sharey="col", squeeze=False)
    letters, runs = itertools.cycle(string.ascii_lowercase), set()
    for panels, row in zip(axes, rows, strict=True):
        for ax, shown in zip(panels, row, strict=True):
            for entrant in shown.entrants:
                average = shown.average(entrant)
                runs.add(len(average))
                style.plot_mean(ax, average, sources.labels[entrant], *looks[entrant])
            style.title(ax, next(letters), style.wrap(f"{shown.game}, {sources.tournament_label(shown)}"))
    for ax in axes[-1]:
        ax.set_xlabel("episode")
    figure.supylabel("normalised return per step", fontsize=style.FONT)
    handles = [
        Line2D([], [], color=color, linestyle=dash, label=sources.labels[entrant])
        for entrant, (color, dash) in looks.items()
    ]
    heading = f"mean over opponents and {' or '.join(map(str, sorted(runs)))} runs, with 95 % intervals"
    style.legend(figure, handles, COLUMNS, heading)
    return figure
