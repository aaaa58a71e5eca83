"""How the returns of any number of players grow: one small panel per algorithm, on one scale."""

import string

from matplotlib.figure import Figure

from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 2
LEGEND = 4  # players stand side by side in it


def draw(sources: Sources, *, game: str, algorithms: list[str], opponent_model: str = "oracle") -> Figure:
    """The mean over runs of each player's normalised return per step, with 95 % intervals."""
    groups = [sources.group(game, algorithm, opponent_model) for algorithm in algorithms]
    columns = min(COLUMNS, len(groups))
    rows = -(-len(groups) // columns)
    players = len(sources.actions[game])
    figure = style.new_figure(height=1 + 3.6 * rows + 0.5 * -(-players // LEGEND))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = grid.ravel()
    colors = style.cycle(style.PLAYERS, players)
    letters = style.cycle(string.ascii_lowercase, len(groups))
    for letter, ax, group in zip(letters, panels[: len(groups)], groups, strict=True):
        style.title(ax, letter, panel_title(sources, group))
        style.plot_returns(ax, group, colors)
    for ax in panels[len(groups) :]:
        ax.remove()
    for ax in panels[max(0, len(groups) - columns) : len(groups)]:
        ax.tick_params(labelbottom=True)
    figure.supxlabel("update", fontsize=style.FONT)
    figure.supylabel("normalised return per step", fontsize=style.FONT)
    runs = sorted({group.seeds for group in groups})
    heading = f"mean of {' or '.join(map(str, runs))} runs, with 95 % intervals"
    style.legend(figure, panels[0].get_legend_handles_labels()[0], LEGEND, heading)
    return figure


def panel_title(sources: Sources, group: Group) -> str:
    """The group's label, with a line for whom its first player meets."""
    first, *others = sources.seats(group)
    versus = f"\nvs {' vs '.join(others)}" if others else ""
    return ", ".join([first + versus, *sources.label_lines(group)[1:]])
