"""Where the parameters of players go in a game without moves: one small panel per algorithm, on one scale."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style
from lola.vocabulary import measures


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """The mean over runs of each player's parameters after every update, with 95 % intervals.

    Where parameters are too many to be known, of how far all players together are from a solution.
    """
    groups = [sources.group(game, algorithm) for algorithm in algorithms]
    curves = [group.parameters for group in groups]
    if all(runs.empty for runs in curves):
        residuals = [group.curves(measures.RESIDUAL) for group in groups]
        return style.draw_players(sources, groups, residuals, {1: "both agents"}, 4, measures.RESIDUAL)
    names = dict.fromkeys(name for runs in curves for name in runs.columns.droplevel("step"))
    several = any(number > 1 for _, number in names)
    labels = {name: "agent {}, parameter {}".format(*name) if several else f"agent {name[0]}" for name in names}
    return style.draw_players(sources, groups, curves, labels, 2 if several else 4, "parameter")
