"""How often runs find tit-for-tat, though they may not keep it."""

import numpy as np

from lola.analysis import metrics
from lola.analysis.groups import Group, joint_actions
from lola.vocabulary import measures


def found(group: Group, most: float = 0.65, share: float = 0.8) -> metrics.Sample:
    """Percentage of runs that find tit-for-tat as POLA counts it: after any one update, though not to stay.

    Both players then cooperate with less than `most` where the other defected, and earn together more than `share` of
    the way from the least to the most that they can (Zhao et al. 2022, whose least is 0).
    """
    first = {player: group.play[player].columns[0][1] for player in (1, 2)}
    odds = group.wide(measures.probable, "player", "action", "state", "step")
    wary = [
        odds[player, action, state] < most
        for player, action, state in odds.columns.droplevel("step").unique()
        if state != "start" and joint_actions(state)[1] != first[3 - player]
    ]
    low, high = group.bounds()
    well = low + share * (high - low) < group.returns.T.groupby(level="step").mean().T
    return metrics.share_of_runs((well & np.logical_and.reduce(wary)).loc[:, 1:].any(axis=1))


QUANTITIES = {"found": found}
