"""The paper's quantities as functions of finished runs, and their intervals.

A run is one seed. R is the normalised return (1-γ)V per step after the last update. The paper prints one R and one
standard deviation per row of Table 3 without saying over what; here both run over all runs and both players, which is
what makes R of matching pennies exactly 0 while its standard deviation is not.

%TFT and %Nash are not defined in the paper either. Each compares what the players do in each of the five states with
what tit-for-tat, or the mixed equilibrium, would do there, and averages over states and runs, in four `VARIANTS`. The
first is the reading that fits the printed numbers (two players who always defect score 20.0). For the mixed equilibrium
"right" means that the likeliest action is within a tolerance of uniform.

A run of the Coin Game has no values in closed form: its numbers are of the roll-outs that were learned from, averaged
over the last tenth of training. Points are counted per 150 steps, a game of the paper.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from lola.analysis import intervals
from lola.analysis.groups import Group, NothingLeft, joint_actions
from lola.analysis.intervals import Bounds, Limits
from lola.vocabulary import measures

JOINT = "joint thresholded"
VARIANTS = {  # of the right action's probability, and whether it counts as taken, (…, states, players)
    JOINT: lambda probability, right: right.all(-1).mean(-1),
    "agent thresholded": lambda probability, right: right.mean((-2, -1)),
    "joint probability": lambda probability, right: probability.prod(-1).mean(-1),
    "agent probability": lambda probability, right: probability.mean((-2, -1)),
}
TOLERANCES = (0.05, 0.1, 0.25)
TOLERANCE = 0.1  # %Nash is counted with this one where one must do; the paper states none
LEVEL = 0.05  # what is printed are 95 % intervals
LATE = 0.1  # the share of a Coin Game's training that counts as its end
GAME = 150  # a game of the paper has so many steps
PERCENT = (0.0, 100.0)


@dataclass(frozen=True)
class Statistic:
    """What sums up the numbers of runs, (…, n, k) → (…), with its intervals.

    `bounds` are those of a run. They are given where runs end in one of a few outcomes, as in matrix games, so that one
    which no run had may still be there. Where outcomes are continuous, as in the Coin Game, there are none.
    """

    value: Callable[[np.ndarray], np.ndarray]
    limits: Callable[[np.ndarray], Limits]
    bounds: Bounds | None = None


@dataclass(frozen=True)
class Sample:
    """Numbers of each run, `runs` of shape (n, k), and the statistic that sums them up.

    `about` is a remark that no number can make.
    """

    seeds: tuple[int, ...]
    runs: np.ndarray
    statistic: Statistic
    about: str = ""

    @classmethod
    def of(cls, runs: pd.DataFrame | pd.Series, statistic: Statistic | None = None, about: str = "") -> "Sample":
        """Numbers by seed, of one or several columns; their mean, if no other statistic is asked for."""
        return cls(tuple(runs.index), pd.DataFrame(runs).to_numpy(), statistic or mean(), about)


@dataclass(frozen=True)
class Estimate:
    """A statistic over `n` runs with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def mean(bounds: Bounds | None = None) -> Statistic:
    """The mean over runs, and over the numbers of each."""
    return Statistic(
        lambda runs: runs.mean(axis=(-2, -1)), lambda runs: intervals.of_mean(runs.mean(axis=-1), bounds), bounds
    )


SHARE = Statistic(mean().value, lambda runs: intervals.of_share(runs[..., 0]), PERCENT)  # of runs, each 0 or 100
# The standard deviation over runs and players, dividing by their number. It is shown and not judged, since of two
# outcomes it says less than their mean.
STD = Statistic(lambda runs: runs.std(axis=(-2, -1)), intervals.unknown)


def estimate(sample: Sample) -> Estimate:
    """The statistic with its interval. With a single run the interval is nan; with none, all is."""
    n = len(sample.seeds)
    value = float(sample.statistic.value(sample.runs)) if n else np.nan
    low, high = sample.statistic.limits(sample.runs)(LEVEL) if n > 1 else (np.nan, np.nan)
    return Estimate(value, float(low), float(high), n)


def band(runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % bootstrap interval of the mean over runs at every step; `runs` is (n, steps)."""
    if len(runs) < 2:
        return runs[0], runs[0]
    drawn = bootstrap(
        (runs,), np.mean, axis=0, method="percentile", n_resamples=999, batch=100, rng=np.random.default_rng(0)
    )
    return drawn.confidence_interval


def difference(one: Sample, other: Sample) -> Sample:
    """One mean minus another, over the seeds that both have, paired by seed."""
    seeds = sorted({*one.seeds} & {*other.seeds})
    mine, theirs = (s.runs[[s.seeds.index(seed) for seed in seeds]].mean(axis=1, keepdims=True) for s in (one, other))
    about = "; ".join(filter(None, dict.fromkeys((one.about, other.about))))
    return Sample(tuple(seeds), mine - theirs, mean(apart(one.statistic.bounds, other.statistic.bounds)), about)


def apart(one: Bounds | None, other: Bounds | None) -> Bounds | None:
    """The bounds of a difference."""
    return (one[0] - other[1], one[1] - other[0]) if one and other else None


def final_return(
    group: Group, player: int | None = None, last: int = 1, scale: float = 1.0, at: int | None = None
) -> Sample:
    """R: the normalised return times `scale`, of one player or of all, averaged over the `last` updates.

    `at`: after that update instead.
    """
    bounds = group.bounds(player)
    returns = ends(group, last, player) if at is None else by_player(at_step(group.returns, at, group), player)
    return Sample.of(scale * returns, mean(bounds and tuple(sorted(scale * end for end in bounds))))


def final_spread(group: Group) -> Sample:
    """The standard deviation of R over runs and players."""
    return Sample.of(ends(group), STD)


def ends(group: Group, last: int = 1, player: int | None = None) -> pd.DataFrame:
    """The mean return over the `last` updates: index seed, columns player. Of blocks, over the late rows."""
    curves = group.final if last == 1 and not group.about["blocks"] else group.returns
    return by_player(late(curves, None if group.about["blocks"] else last), player)


def by_player(curves: pd.DataFrame, player: int | None = None) -> pd.DataFrame:
    """The mean over everything but the player, of all or of one: index seed, columns player."""
    means = curves.T.groupby(level="player").mean().T
    return means if player is None else means[[player]]


def late(curves: pd.DataFrame, last: int | None = None) -> pd.DataFrame:
    """The rows of the `last` updates, or of the last tenth of training, each of which ends at its step."""
    steps = curves.columns.get_level_values("step")
    return curves.loc[:, steps > ((1 - LATE) * steps.max() if last is None else steps.max() - last)]


def at_step(curves: pd.DataFrame, step: int, group: Group) -> pd.DataFrame:
    """The row of a step. Raises NothingLeft if there is none."""
    steps = curves.columns.get_level_values("step")
    if step not in steps:
        raise NothingLeft(f"{group.name} has no row of step {step}")
    return curves.loc[:, steps == step]


def stationary(group: Group, within: float) -> Sample:
    """Percentage of runs that end at a fixed point: all players' gradients together are at most `within` long."""
    lengths = late(group.curves(measures.GRADIENT), last=1)
    length = pd.Series(np.linalg.norm(lengths, axis=1), lengths.index)
    return share_of_runs((length <= within) & ~length.index.isin(group.diverged))


def below(group: Group, line: float, last: int = 1) -> Sample:
    """Percentage of runs whose return, the mean of all players, ends below a line, or that diverge."""
    final = ends(group, last).mean(axis=1)
    return share_of_runs((final < line) | final.index.isin(group.diverged))


def above(group: Group, line: float, last: int = 1) -> Sample:
    """Percentage of runs whose return, the mean of all players, ends above a line; one that diverges does not."""
    final = ends(group, last).mean(axis=1)
    return share_of_runs((final > line) & ~final.index.isin(group.diverged))


def near(group: Group, value: float, within: float, scale: float = 1.0) -> Sample:
    """Percentage of runs that end at a value, the mean return of all players times `scale`, to `within` so much."""
    final = scale * ends(group).mean(axis=1)
    return share_of_runs(((final - value).abs() <= within) & ~final.index.isin(group.diverged))


def share_of_runs(true: pd.Series) -> Sample:
    """Percentage of runs of which something is true."""
    return Sample.of(100.0 * true, SHARE)


def scatter(group: Group, last: int = 1) -> Sample:
    """The mean size |R| of player 1's return: how far runs end from 0, where players of a zero-sum game are even.

    Over the `last` updates it is the mean of the sizes.
    """
    bounds = group.bounds(1)
    sizes = ends(group, player=1).abs() if last == 1 else by_player(late(group.returns, last).abs(), 1)
    return Sample.of(sizes, mean(bounds and (0.0, max(map(abs, bounds)))))


def swing(group: Group) -> Sample:
    """Standard deviation of player 1's return over the second half of a curve's rows: how much it still moves.

    A run that diverged counts as much as the one that swings most. Raises NothingLeft if all did.
    """
    returns = group.returns[1]
    swings = returns.to_numpy()[:, returns.shape[1] // 2 :].std(axis=1)
    diverged = returns.index.isin(group.failed)
    if diverged.all():
        raise NothingLeft(f"every run of {group.name} diverged")
    swings[diverged] = swings.max()
    return Sample(tuple(returns.index), swings[:, None], mean())


def own_colour(group: Group, player: int | None = None) -> Sample:
    """Percentage of coins that are picked by the player of their colour; of both players, or of one."""
    own, picked = (by_player(late(group.coins[what]), player).sum(axis=1) for what in ("own", "coins"))
    some = picked > 0
    none = f"{(~some).sum()} of {len(some)} runs pick no coin and are left out" if not some.all() else ""
    return Sample.of(100 * (own / picked)[some], about=none)


def points(group: Group, player: int | None = None) -> Sample:
    """Points in 150 steps of the Coin Game, the mean of both players or of one."""
    return Sample.of(GAME * by_player(late(group.coins["points"]), player))


def coins(group: Group, start: bool = False) -> Sample:
    """Coins that both players together pick per step, at the end or in the first row of the curve."""
    picked = group.coins["coins"]
    steps = picked.columns.get_level_values("step")
    return Sample.of(by_player(picked.loc[:, steps == steps.min()] if start else late(picked)).sum(axis=1))


def plays(group: Group, states: dict[str, str], variant: str = JOINT, player: int | None = None) -> Sample:
    """Percentage of play that follows `states`, joint state → joint action, averaged over these states.

    Of all players, or of one alone.
    """
    follow = {s: joint_actions(joint) for s, joint in states.items()}
    return percent(agreement(group.play, follow, variant, player))


def tit_for_tat(group: Group, variant: str = JOINT) -> Sample:
    """%TFT: cooperate (the first action) at the start, then repeat the other's last action."""
    return percent(near_tit_for_tat(group.play, variant))


def nash(group: Group, tolerance: float = TOLERANCE, variant: str = JOINT) -> Sample:
    """%Nash: in each state the likeliest action has at most 1/k + `tolerance`, for k actions."""
    return percent(near_uniform(group.play, tolerance, variant))


def pure(group: Group, tolerance: float = TOLERANCE) -> Sample:
    """Percentage of states in which every player takes one action with probability at least 1 - `tolerance`."""
    right = np.stack([off >= furthest - tolerance for off, furthest in off_uniform(group.play)], axis=-1)
    return percent(share(group.play, right, right, JOINT))


def percent(shares: pd.Series) -> Sample:
    return Sample.of(100 * shares, mean(PERCENT))


def near_tit_for_tat(play: pd.DataFrame, variant: str = JOINT) -> pd.Series:
    """The share of states in which two players act as tit-for-tat. Raises ValueError unless there are two."""
    players = play.columns.unique(0)
    if len(players) != 2:
        raise ValueError(f"tit-for-tat is defined for 2 players, not {len(players)}")
    first = tuple(play[player].columns[0][1] for player in players)
    states = play.columns.unique(1)
    return agreement(play, {s: first if s == "start" else joint_actions(s)[::-1] for s in states}, variant)


def agreement(
    play: pd.DataFrame, joint: dict[str, tuple[str, ...]], variant: str, only: int | None = None
) -> pd.Series:
    """The share of states, per row of `play`, in which all players, or one, take the joint action given for it."""
    players = play.columns.unique(0) if only is None else [only]
    right = [[play[player, s, actions[player - 1]] for player in players] for s, actions in joint.items()]
    right = np.ascontiguousarray(np.moveaxis(right, -1, 0))  # (rows, states, players)
    return share(play, right, right > 0.5, variant)


def near_uniform(play: pd.DataFrame, tolerance: float = TOLERANCE, variant: str = JOINT) -> pd.Series:
    """The share of states, per row of `play`, in which the players mix uniformly to within `tolerance`."""
    right = np.stack([off <= tolerance for off, _ in off_uniform(play)], axis=-1)
    return share(play, right, right, variant)


def off_uniform(play: pd.DataFrame) -> list[tuple[np.ndarray, float]]:
    """Per player how far above uniform its likeliest action is, (rows, states), and how far it could be."""
    offs = []
    for player in play.columns.unique(0):
        states, actions = play[player].columns.unique(0), play[player].columns.unique(1)
        probabilities = play[player].to_numpy().reshape(len(play), len(states), len(actions))
        offs.append((probabilities.max(-1) - 1 / len(actions), 1 - 1 / len(actions)))
    return offs


def share(play: pd.DataFrame, probability: np.ndarray, right: np.ndarray, variant: str) -> pd.Series:
    """Average (rows of `play`, states, players) over states in one of the four variants."""
    return pd.Series(VARIANTS[variant](probability, right), index=play.index)


def is_zero_sum(returns: np.ndarray) -> bool:
    """Whether the players' returns, (…, players), always cancel; tit-for-tat means nothing in such a game."""
    return bool(np.nanmax(np.abs(returns.sum(-1))) < 1e-9)


QUANTITIES: dict[str, Callable[..., Sample]] = {
    "R": final_return,
    "std": final_spread,
    "stationary": stationary,
    "scatter": scatter,
    "below": below,
    "above": above,
    "near": near,
    "tft": tit_for_tat,
    "nash": nash,
    "plays": plays,
    "pure": pure,
    "swing": swing,
    "own_colour": own_colour,
    "points": points,
    "coins": coins,
}
