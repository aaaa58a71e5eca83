"""A round robin, every entrant against every other and itself: returns, and ranks by them as samples over runs.

A run is one seed of every match. Averages are over all opponents, self-play included, as in the LOLA paper's Figure 4.
What counts is the last tenth of training, or what a scoring says: the mean over the first updates, or over the last.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from lola.analysis import intervals
from lola.analysis.chains import Ends
from lola.analysis.groups import Group
from lola.analysis.metrics import Sample, Statistic, is_zero_sum, late, mean
from lola.vocabulary.kinds import SCORING


@dataclass(frozen=True)
class Tournament:
    """The matches of one game, by (first seat, second seat); the entrants in the order of the config.

    `first` or `last`: how many updates count, if it is not the last tenth.
    """

    game: str
    name: str
    opponent_model: str
    entrants: tuple[str, ...]
    matches: dict[tuple[str, str], Group]
    first: int | None = None
    last: int | None = None

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """The runs that every match has."""
        return tuple(sorted(set.intersection(*({*self.curves(match).index} for match in self.matches.values()))))

    def curves(self, match: Group) -> pd.DataFrame:
        """The returns of which some count; where that is known, also those of runs of which only ends are kept."""
        if self.first:
            return match.early(self.first)
        return match.final if self.last == 1 else match.returns

    def returns(self, row: str, column: str) -> pd.DataFrame:
        """Returns of `row` against `column`: index seed, columns step; in self-play the mean of both seats."""
        match, seats = self.seats(row, column)
        return sum(match.returns.get(seat, pd.DataFrame()) for seat in seats) / len(seats)

    @property
    def what_counts(self) -> str:
        """Which returns count, in words that follow another."""
        if self.last == 1:
            return "after the last update"
        if self.first is None and self.last is None:
            return "over the last tenth of training"
        return f"over the first {self.first} updates" if self.first else f"over the last {self.last} updates"

    def earned(self, row: str, column: str) -> pd.Series:
        """What counts of the returns of `row` against `column`, by seed."""
        match, seats = self.seats(row, column)
        curves = self.curves(match)
        mean_of_seats = sum(curves.get(seat, pd.DataFrame()) for seat in seats) / len(seats)
        return (mean_of_seats if self.first else late(mean_of_seats, self.last)).mean(axis=1)

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

    @cached_property
    def final(self) -> np.ndarray:
        """What was `earned`, row against column: (seeds, entrants, entrants)."""
        seeds = list(self.seeds)
        pairs = [(row, column) for row in self.entrants for column in self.entrants]
        ends = np.array([self.earned(*pair).loc[seeds] for pair in pairs])
        return ends.T.reshape(len(seeds), len(self.entrants), len(self.entrants))

    @cached_property
    def ends(self) -> dict[tuple[str, str], Ends]:
        """The last policies of every match without episodes."""
        return {pair: Ends.of(match) for pair, match in self.matches.items()}

    def at_end(self, pairs: list[tuple[str, str]], of: Callable[[Ends, int], np.ndarray]) -> pd.Series:
        """What `of` says of the ends of matches of a row and a column, and of the row's seat, 0 or 1: their mean."""
        found = []
        for row, column in pairs:
            match, seats = self.seats(row, column)
            ends = self.ends[match.matchup.seated(2)]
            found.append(pd.Series(np.mean([of(ends, seat - 1) for seat in seats], axis=0), ends.seeds))
        return (sum(found) / len(found)).dropna()

    @property
    def means(self) -> np.ndarray:
        """What each entrant earns then, on average over all: (seeds, entrants)."""
        return self.final.mean(axis=-1)

    def seats(self, row: str, column: str) -> tuple[Group, tuple[int, ...]]:
        """The match of two entrants, and where `row` sits in it."""
        if row == column:
            return self.matches[row, row], (1, 2)
        if (row, column) in self.matches:
            return self.matches[row, column], (1,)
        return self.matches[column, row], (2,)


def find(groups: dict[str, Group], game: str, name: str, opponent_model: str = "oracle") -> Tournament:
    """A tournament among the groups, with the oracle's match where nobody models another. Raises KeyError for none."""
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


def tournament_of(groups: dict[str, Group], measure: dict) -> Tournament:
    """The tournament of a claim's measure, cut down to its `field` if any. Raises KeyError for what is missing."""
    game, name, model = measure["game"], measure["tournament"], measure.get("opponent_model", "oracle")
    tournament = find(groups, game, name, model)
    if model not in {match.opponent_model for match in tournament.matches.values()}:
        raise KeyError(f"{game}/{name}/{model}")
    field = measure.get("field", tournament.entrants)
    for entrant in (*field, *(measure[key] for key in ("entrant", "against") if key in measure)):
        if entrant not in tournament.entrants:
            raise KeyError(f"{entrant} in {game}/{name}/{model}")
    matches = {seats: match for seats, match in tournament.matches.items() if {*seats} <= {*field}}
    scoring = {key: measure[key] for key in SCORING if key in measure}
    return replace(tournament, entrants=tuple(field), matches=matches, **scoring)


def matches_needed(tournament: Tournament, measure: dict) -> list[Group]:
    """The matches that a measure of a tournament needs: one if it names an opponent, else all."""
    if "against" in measure:
        return [tournament.seats(measure["entrant"], measure["against"])[0]]
    return list(tournament.matches.values())


def earns(tournament: Tournament, entrant: str, against: str) -> Sample:
    """Return of an entrant against another; against itself, the mean of both seats."""
    return Sample.of(tournament.earned(entrant, against))


def average(tournament: Tournament, entrant: str) -> Sample:
    """Return of an entrant, averaged over the field."""
    return Sample(tournament.seeds, tournament.means[:, [tournament.entrants.index(entrant)]], mean())


def elicits(tournament: Tournament, entrant: str) -> Sample:
    """Percentage of moves in which the others of the field take their first action against an entrant, at the end.

    Without episodes: of discounted steps, by the last policies.
    """
    others = [other for other in tournament.entrants if other != entrant]
    if not any(match.about["blocks"] for match in tournament.matches.values()):
        pairs = [(other, entrant) for other in others]
        return Sample.of(100 * tournament.at_end(pairs, lambda ends, k: ends.first_actions()[:, k]))
    shares = [late(tournament.shares(other, entrant)).mean(axis=1) for other in others]
    return Sample.of(100 * sum(shares) / len(shares))


def exploited(tournament: Tournament, entrant: str) -> Sample:
    """What an entrant's last policies earn where the others play best replies to them, averaged over its matches."""
    pairs = [(entrant, other) for other in tournament.entrants]
    return Sample.of(tournament.at_end(pairs, lambda ends, k: ends.best_replies(k)[:, k]))


def exploiter(tournament: Tournament, entrant: str) -> Sample:
    """What best replies to an entrant's last policies earn, averaged over its matches."""
    pairs = [(entrant, other) for other in tournament.entrants]
    return Sample.of(tournament.at_end(pairs, lambda ends, k: ends.best_replies(k)[:, 1 - k]))


def itself(tournament: Tournament, entrant: str) -> Sample:
    """What an entrant earns against itself of the same seed, by the last policies of its match with itself."""
    ends = tournament.ends[entrant, entrant]
    return Sample.of(pd.Series(ends.chain.returns(ends.policies).mean(axis=-1), ends.seeds))


def across(tournament: Tournament, entrant: str) -> Sample:
    """What an entrant earns against itself of other seeds, by the last policies of its match with itself."""
    ends = tournament.ends[entrant, entrant]
    return Sample.of(pd.Series(ends.across(), ends.seeds))


def worst(tournament: Tournament, entrant: str) -> Sample:
    """What an entrant earns against the one of the field against whom it earns least, in the mean over runs."""
    earned = tournament.final[:, tournament.entrants.index(entrant)]
    return Sample(tournament.seeds, earned, Statistic(least, lambda runs: intervals.percentile(runs, least)))


def least(runs: np.ndarray) -> np.ndarray:
    """The least of k means over runs, (…, n, k) → (…)."""
    return runs.mean(axis=-2).min(axis=-1)


def apart(tournament: Tournament, authors: pd.DataFrame) -> Sample:
    """How far what entrants earn against each other lies from the authors' numbers: the mean size of the difference.

    `authors` has a row for each entrant and a column for whom it meets; what is not a number there does not count, and
    what is another number with its sign turned counts once. Each run has its own differences, with the signs that they
    have in the mean over runs, so that their mean is that size.
    """
    order = [*tournament.entrants]
    theirs, ours = authors.reindex(index=order, columns=order).to_numpy(), tournament.final
    counted = ~np.isnan(theirs)
    if is_zero_sum(np.stack([ours, ours.swapaxes(-1, -2)], axis=-1)):
        counted &= np.triu(counted)
    mean_of = ours.mean(axis=0)
    off = (ours - theirs)[:, counted] * np.sign(mean_of - theirs)[counted]
    wins = np.sign(mean_of - mean_of.T), np.sign(theirs - theirs.T)
    pairs = np.triu(~np.isnan(theirs - theirs.T), k=1)
    same, ranked = (wins[0] == wins[1])[pairs], spearmanr(mean_of[counted], theirs[counted]).statistic
    about = f"{counted.sum()} numbers, rank correlation {ranked:.2f}; in {same.sum()} of {len(same)} pairs the same win"
    return Sample(tournament.seeds, off.mean(axis=1, keepdims=True), mean(), about)


def rank(tournament: Tournament, entrant: str) -> Sample:
    """The rank of an entrant by its mean return over all opponents."""
    return Sample(tournament.seeds, tournament.means, ranked(tournament.entrants.index(entrant)))


def ranked(position: int) -> Statistic:
    """The rank of the one at `position` among k, of runs (…, n, k)."""
    return Statistic(rank_of(position), lambda runs: intervals.of_rank(runs, position))


def rank_of(position: int) -> Callable[[np.ndarray], np.ndarray]:
    """1 + how many of k earn more than the one at `position`, in the mean over runs: (…, n, k) → (…)."""

    def statistic(runs: np.ndarray) -> np.ndarray:
        means = runs.mean(axis=-2)
        return 1.0 + (means > means[..., [position]]).sum(axis=-1)

    return statistic


def borda(seeds: tuple[int, ...], means: np.ndarray, position: int) -> Sample:
    """Borda points of the entrant at `position`, of means (seeds, games, entrants) over whom they meet.

    In each game a point for each other that earns less in the mean over runs, half a point for one that earns as much.
    """
    return over_games(seeds, means, lambda points: points[..., position])


def borda_rank(seeds: tuple[int, ...], means: np.ndarray, position: int) -> Sample:
    """1 + how many entrants have more Borda points than the one at `position`."""
    return over_games(seeds, means, lambda points: 1.0 + (points > points[..., [position]]).sum(axis=-1))


def over_games(seeds: tuple[int, ...], means: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> Sample:
    """A statistic of everybody's Borda points, (…, entrants), with percentiles of the bootstrap."""
    n, games, entrants = means.shape

    def statistic(runs: np.ndarray) -> np.ndarray:
        earned = runs.mean(axis=-2).reshape(*runs.shape[:-2], games, entrants)
        ahead = np.sign(earned[..., :, None] - earned[..., None, :])
        return of(((1 + ahead).sum(axis=-1) - 1).sum(axis=-2) / 2)

    by_percentile = Statistic(statistic, lambda runs: intervals.percentile(runs, statistic))
    return Sample(seeds, means.reshape(n, games * entrants), by_percentile)


def first(ranks: Sample) -> float:
    """Share of the bootstrap's resamples in which an entrant ranks first, alone or with others; nan for one run."""
    n = len(ranks.seeds)
    rows = np.random.default_rng(0).integers(n, size=(intervals.RESAMPLES, n))
    return float((ranks.statistic.value(ranks.runs[rows]) == 1).mean()) if n > 1 else np.nan


def improvement(seeds: tuple[int, ...], mine: np.ndarray, theirs: np.ndarray) -> Sample:
    """P(X > Y) + ½ P(X = Y), averaged over opponents, for what two entrants earn, (n, opponents) each.

    X is a run of the one, Y any run of the other against the same opponent (Mann-Whitney; the probability of
    improvement of Agarwal et al. 2021, with opponents for tasks). A run contributes its place among the n.
    """
    ahead = np.sign(mine[:, None] - theirs[None]).mean(axis=-1)  # (run of mine, run of theirs)
    wins = (1 + ahead) / 2

    def statistic(runs: np.ndarray) -> np.ndarray:
        return wins[runs, runs.swapaxes(-1, -2)].mean(axis=(-2, -1))

    by_percentile = Statistic(statistic, lambda runs: intervals.percentile(runs, statistic))
    return Sample(seeds, np.arange(len(seeds))[:, None], by_percentile)


QUANTITIES: dict[str, Callable[..., Sample]] = {
    "earns": earns,
    "average": average,
    "rank": rank,
    "elicits": elicits,
    "exploited": exploited,
    "exploiter": exploiter,
    "across": across,
    "worst": worst,
}
