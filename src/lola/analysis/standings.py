"""Returns and ranks of a tournament's entrants at its end, as samples over runs.

A run is one seed of every match. Averages are over all opponents, self-play included, as in the paper's Figure 4.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lola.analysis.groups import Group
from lola.analysis.metrics import Sample, late, mean, resample
from lola.analysis.tournaments import Tournament, find, rank


def tournament_of(groups: dict[str, Group], measure: dict) -> Tournament:
    """The tournament that a claim's measure names, cut down to its `field` if it has one.

    Raises KeyError, which names the entrant or the groups that are missing.
    """
    game, name, model = measure["game"], measure["tournament"], measure.get("opponent_model", "oracle")
    tournament = find(groups, game, name, model)
    if model not in {match.opponent_model for match in tournament.matches.values()}:
        raise KeyError(f"{game}/{name}/{model}")
    field = measure.get("field", tournament.entrants)
    for entrant in (*field, measure["entrant"], measure.get("against", measure["entrant"])):
        if entrant not in tournament.entrants:
            raise KeyError(f"{entrant} in {game}/{name}/{model}")
    matches = {seats: match for seats, match in tournament.matches.items() if {*seats} <= {*field}}
    return replace(tournament, entrants=tuple(field), matches=matches)


def matches_needed(tournament: Tournament, measure: dict) -> list[Group]:
    """The matches that a measure of a tournament needs: one if it names an opponent, else all."""
    if "against" in measure:
        return [tournament.seats(measure["entrant"], measure["against"])[0]]
    return list(tournament.matches.values())


def earns(tournament: Tournament, entrant: str, against: str) -> Sample:
    """Return of an entrant against another; against itself, the mean of both seats."""
    return Sample.of(late(tournament.returns(entrant, against)).mean(axis=1))


def average(tournament: Tournament, entrant: str) -> Sample:
    """Return of an entrant, averaged over the field."""
    means = tournament.final().mean(axis=-1)
    return Sample(tournament.seeds, means[:, [tournament.entrants.index(entrant)]], mean)


def above_field(tournament: Tournament, entrant: str) -> Sample:
    """Percentage of runs in which an entrant's average is above the mean average of the field."""
    means = tournament.final().mean(axis=-1)
    above = means[:, [tournament.entrants.index(entrant)]] > means.mean(axis=-1, keepdims=True)
    return Sample(tournament.seeds, 100.0 * above, mean)


def first(ranks: Sample) -> float:
    """Share of the bootstrap's resamples in which an entrant ranks first, alone or with others; nan for one run."""
    return float((resample(ranks)[0] == 1).mean()) if len(ranks.seeds) > 1 else np.nan


def improvement(seeds: tuple[int, ...], mine: np.ndarray, theirs: np.ndarray) -> Sample:
    """P(X > Y) + ½ P(X = Y), averaged over opponents, for what two entrants earn, (n, opponents) each.

    X is a run of the one, Y any run of the other against the same opponent (Mann-Whitney; the probability of
    improvement of Agarwal et al. 2021, with opponents for tasks). A run contributes its place among the n.
    """
    ahead = np.sign(mine[:, None] - theirs[None]).mean(axis=-1)  # (run of mine, run of theirs)
    wins = (1 + ahead) / 2

    def statistic(runs: np.ndarray) -> np.ndarray:
        return wins[runs, runs.swapaxes(-1, -2)].mean(axis=(-2, -1))

    return Sample(seeds, np.arange(len(seeds))[:, None], statistic)


QUANTITIES: dict[str, Callable[..., Sample]] = {
    "earns": earns,
    "average": average,
    "rank": rank,
    "above_field": above_field,
}
