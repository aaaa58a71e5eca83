"""How the returns of any number of players grow: one small panel per algorithm, on one scale."""

from matplotlib.figure import Figure

from lola.analysis.sources import Sources
from lola.figures import style


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """The mean over runs of each player's normalised return per step, with 95 % intervals."""
    groups = [sources.group(game, algorithm) for algorithm in algorithms]
    labels = {player: f"agent {player}" for player, _ in enumerate(sources.actions[game], start=1)}
    returns = [group.returns for group in groups]
    return style.draw_players(sources, groups, returns, labels, 4, style.RETURN)
