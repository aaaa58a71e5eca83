"""A round robin, every entrant against every other and itself: returns and ranks."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lola.analysis.groups import Group
from lola.analysis.metrics import Sample, late


@dataclass(frozen=True)
class Tournament:
    """The matches of one game, by (first seat, second seat); the entrants in the order of the config."""

    game: str
    name: str
    opponent_model: str
    entrants: tuple[str, ...]
    matches: dict[tuple[str, str], Group]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The runs that every match has."""
        return tuple(sorted(set.intersection(*({*match.returns.index} for match in self.matches.values()))))

    def returns(self, row: str, column: str) -> pd.DataFrame:
        """Returns of `row` against `column`: index seed, columns step; in self-play the mean of both seats."""
        match, seats = self.seats(row, column)
        return sum(match.returns.get(seat, pd.DataFrame()) for seat in seats) / len(seats)

    def shares(self, row: str, column: str) -> pd.DataFrame:
        """Shares of `row`'s first action in its match with `column`: index seed, columns step."""
        match, seats = self.seats(row, column)
        own = (match.shares[seat] for seat in seats)
        return sum(shares[shares.columns.unique("action")[0]] for shares in own) / len(seats)

    def average(self, row: str) -> pd.DataFrame:
        """The mean of what `row` earns against every entrant, itself included: index seed, columns step.

        Of the runs that all its matches have.
        """
        return (sum(self.returns(row, column) for column in self.entrants) / len(self.entrants)).dropna()

    def final(self) -> np.ndarray:
        """`returns` over the late episodes, as the authors average: (seeds, entrants, entrants), row against column."""
        seeds = list(self.seeds)
        pairs = [(row, column) for row in self.entrants for column in self.entrants]
        ends = np.array([late(self.returns(*pair).loc[seeds]).mean(axis=1) for pair in pairs])
        return ends.T.reshape(len(seeds), len(self.entrants), len(self.entrants))

    def seats(self, row: str, column: str) -> tuple[Group, tuple[int, ...]]:
        """The match of two entrants, and where `row` sits in it."""
        if row == column:
            return self.matches[row, row], (1, 2)
        if (row, column) in self.matches:
            return self.matches[row, column], (1,)
        return self.matches[column, row], (2,)


def find(groups: dict[str, Group], game: str, name: str, opponent_model: str = "oracle") -> Tournament:
    """The tournament `name` among the groups. Where no player models another, the oracle's match counts.

    Raises KeyError if none of its matches is there.
    """
    matches = {}
    for model in ("oracle", opponent_model):
        for group in groups.values():
            if (group.game, group.matchup.tournament, group.opponent_model) == (game, name, model):
                matches[group.matchup.seated(2)] = group
    if not matches:
        raise KeyError(f"{game}/{name}/{opponent_model}")
    # The first entrant has the first seat in all its matches, the last in one.
    sits_first = Counter(first for first, _ in matches)
    entrants = sorted(sits_first, key=sits_first.get, reverse=True)
    return Tournament(game, name, opponent_model, tuple(entrants), matches)


def rank(tournament: Tournament, entrant: str) -> Sample:
    """The rank of an entrant by its mean return over all opponents, itself included, as the paper's Figure 4 has it."""
    means = tournament.final().mean(axis=-1)
    return Sample(tournament.seeds, means, rank_of(tournament.entrants.index(entrant)))


def rank_of(position: int) -> Callable[[np.ndarray], np.ndarray]:
    """1 + how many of k earn more than the one at `position`, in the mean over runs: (…, n, k) → (…)."""

    def statistic(runs: np.ndarray) -> np.ndarray:
        means = runs.mean(axis=-2)
        return 1.0 + (means > means[..., [position]]).sum(axis=-1)

    return statistic
