"""How the returns of any number of players grow: one small panel per algorithm, on one scale."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 2
LEGEND = 4  # players stand side by side in it


def draw(sources: Sources, *, game: str, algorithms: list[str], opponent_model: str = "oracle") -> Figure:
    """The mean over runs of each player's normalised return per step, with 95 % intervals."""
    groups = [sources.group(game, algorithm, opponent_model) for algorithm in algorithms]
    players = len(sources.actions[game])
    figure, axes = style.panels(list(map(sources.heading, groups)), COLUMNS, -(-players // LEGEND))
    for ax, group in zip(axes, groups, strict=True):
        style.plot_returns(ax, group, style.cycle(style.PLAYERS, players))
    figure.supxlabel("update", fontsize=style.FONT)
    figure.supylabel("normalised return per step", fontsize=style.FONT)
    style.legend(figure, axes[0].get_legend_handles_labels()[0], LEGEND, style.of_runs(groups))
    return figure
