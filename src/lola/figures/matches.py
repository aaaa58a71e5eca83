"""Every match of a tournament: a small panel for each entrant against each."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

RETURN, FIRST_ACTION = SHOWS = "return", "first action"


def draw(sources: Sources, *, game: str, tournament: str, shows: str = RETURN) -> Figure:
    """A row per entrant, a column per opponent: the row's return, or how often it takes its first action.

    Means over runs with 95 % intervals; in self-play also over both seats. Raises ValueError for anything else to show.
    """
    if shows not in SHOWS:
        raise ValueError(f"a matches figure shows {' or '.join(map(repr, SHOWS))}, not {shows!r}")
    shown = sources.tournament(game, tournament)
    entrants, curves, label = shown.entrants, shown.returns, f"the row's {style.RETURN}"
    figure = style.new_figure(14, style.FULL_WIDTH)
    axes = figure.subplots(len(entrants), len(entrants), sharex=True, sharey=True, squeeze=False)
    if shows == FIRST_ACTION:
        names = {own[0] for own in sources.actions[game]}  # one where both seats call it the same
        curves, label = shown.shares, f"the row's P({names.pop() if len(names) == 1 else FIRST_ACTION})"
        axes[0, 0].set(ylim=(-0.03, 1.03), yticks=[0, 0.5, 1])
    for panels, row in zip(axes, entrants, strict=True):
        color = style.colour(sources.colour(row))
        for ax, column in zip(panels, entrants, strict=True):
            if shown.seats(row, column)[0].seeds:
                style.plot_mean(ax, curves(row, column), sources.labels[row], color)
            if row == column:
                ax.set_facecolor("whitesmoke")
        panels[0].set_ylabel(style.wrap(sources.labels[row]))
    for ax, column in zip(axes[0], entrants, strict=True):
        ax.set_title(style.wrap(sources.labels[column]))
    figure.suptitle(f"{sources.title(game)}: {label}, against the column")
    figure.supxlabel("episode")
    figure.supylabel("the row")
    return figure
