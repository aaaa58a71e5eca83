"""The paper's quantities as functions of finished runs, and their bootstrap intervals.

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

from lola.analysis.groups import Group, NothingLeft, joint_actions
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
RESAMPLES = 9999
LATE = 0.1  # the share of a Coin Game's training that counts as its end
GAME = 150  # a game of the paper has so many steps
BATCH = 500  # so many resamples are held in memory at once; their numbers don't depend on it


@dataclass(frozen=True)
class Sample:
    """Numbers of each run, `runs` of shape (n, k), and the statistic (…, n, k) → (…) that sums them up.

    `about` is a remark that no number can make.
    """

    seeds: tuple[int, ...]
    runs: np.ndarray
    statistic: Callable[[np.ndarray], np.ndarray]
    about: str = ""

    @classmethod
    def of(cls, runs: pd.DataFrame | pd.Series, statistic: Callable | None = None, about: str = "") -> "Sample":
        """Numbers by seed, of one or several columns; their mean, if no other statistic is asked for."""
        return cls(tuple(runs.index), pd.DataFrame(runs).to_numpy(), statistic or mean, about)


@dataclass(frozen=True)
class Estimate:
    """A statistic over `n` runs with its 95 % bootstrap interval and bootstrap standard error."""

    value: float
    low: float
    high: float
    error: float
    n: int


def mean(runs: np.ndarray) -> np.ndarray:
    return runs.mean(axis=(-2, -1))


def std(runs: np.ndarray) -> np.ndarray:
    """Standard deviation over runs and players, dividing by their number."""
    return runs.std(axis=(-2, -1))


def estimate(sample: Sample) -> Estimate:
    """The statistic and its percentile bootstrap over runs: whole runs are drawn, the same way every time.

    Percentile, since it stays defined where all runs agree. With a single run the interval is nan; with none, all is.
    """
    n = len(sample.seeds)
    value = float(sample.statistic(sample.runs)) if n else np.nan
    if n < 2:
        return Estimate(value, np.nan, np.nan, np.nan, n)
    distribution, (low, high) = resample(sample)
    return Estimate(value, float(low), float(high), float(distribution.std(ddof=1)), n)


def resample(sample: Sample) -> tuple[np.ndarray, tuple[float, float]]:
    """The statistic's bootstrap distribution over two or more runs, (RESAMPLES,), and its 95 % percentile interval."""
    drawn = bootstrap(
        (np.arange(len(sample.seeds)),),
        lambda rows, axis: sample.statistic(sample.runs[rows]),
        method="percentile",
        n_resamples=RESAMPLES,
        batch=BATCH,
        rng=np.random.default_rng(0),
        vectorized=True,
    )
    return drawn.bootstrap_distribution, drawn.confidence_interval


def band(runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % bootstrap interval of the mean over runs at every step; `runs` is (n, steps)."""
    if len(runs) < 2:
        return runs[0], runs[0]
    drawn = bootstrap(
        (runs,), np.mean, axis=0, method="percentile", n_resamples=999, batch=100, rng=np.random.default_rng(0)
    )
    return drawn.confidence_interval


def difference(one: Sample, other: Sample) -> Sample:
    """One statistic minus another, over the seeds that both have, paired by seed."""
    seeds = sorted(set(one.seeds) & set(other.seeds))
    mine, theirs = (s.runs[[s.seeds.index(seed) for seed in seeds]] for s in (one, other))
    k = mine.shape[1]
    return Sample(
        tuple(seeds),
        np.hstack([mine, theirs]),
        lambda runs: one.statistic(runs[..., :k]) - other.statistic(runs[..., k:]),
        "; ".join(filter(None, dict.fromkeys((one.about, other.about)))),
    )


def final_return(group: Group, player: int | None = None, last: int = 1, scale: float = 1.0) -> Sample:
    """R: the normalised return times `scale`, of one player or of all, averaged over the `last` updates."""
    return Sample.of(scale * ends(group, last, player))


def final_spread(group: Group) -> Sample:
    """The standard deviation of R over runs and players."""
    return Sample.of(ends(group), std)


def ends(group: Group, last: int = 1, player: int | None = None) -> pd.DataFrame:
    """The mean return over the `last` updates: index seed, columns player. Of blocks, over the late rows."""
    return by_player(late(group.returns, None if group.about["blocks"] else last), player)


def by_player(curves: pd.DataFrame, player: int | None = None) -> pd.DataFrame:
    """The mean over everything but the player, of all or of one: index seed, columns player."""
    means = curves.T.groupby(level="player").mean().T
    return means if player is None else means[[player]]


def late(curves: pd.DataFrame, last: int | None = None) -> pd.DataFrame:
    """The rows of the `last` updates, or of the last tenth of training, each of which ends at its step."""
    steps = curves.columns.get_level_values("step")
    return curves.loc[:, steps > ((1 - LATE) * steps.max() if last is None else steps.max() - last)]


def gradient(group: Group) -> Sample:
    """The distance from a fixed point at the end of training: the length of all players' gradients together."""
    lengths = late(group.curves(measures.GRADIENT), last=1)
    return Sample(tuple(lengths.index), np.linalg.norm(lengths, axis=1, keepdims=True), mean)


def below(group: Group, line: float, last: int = 1) -> Sample:
    """Percentage of runs whose return, the mean of all players, ends below a line, or that diverge."""
    final = ends(group, last).mean(axis=1)
    return percent((final < line) | final.index.isin(group.failed))


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
    return Sample(tuple(returns.index), swings[:, None], mean)


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


def plays(group: Group, states: dict[str, str], variant: str = JOINT) -> Sample:
    """Percentage of play that follows `states`, joint state → joint action, averaged over these states."""
    return percent(agreement(group.play, {s: joint_actions(joint) for s, joint in states.items()}, variant))


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
    return Sample.of(100 * shares)


def near_tit_for_tat(play: pd.DataFrame, variant: str = JOINT) -> pd.Series:
    """The share of states in which two players act as tit-for-tat. Raises ValueError unless there are two."""
    players = play.columns.unique(0)
    if len(players) != 2:
        raise ValueError(f"tit-for-tat is defined for 2 players, not {len(players)}")
    first = tuple(play[player].columns[0][1] for player in players)
    states = play.columns.unique(1)
    return agreement(play, {s: first if s == "start" else joint_actions(s)[::-1] for s in states}, variant)


def agreement(play: pd.DataFrame, joint: dict[str, tuple[str, ...]], variant: str) -> pd.Series:
    """The share of states, per row of `play`, in which the players take the joint action given for the state."""
    right = [[play[player, s, a] for player, a in enumerate(actions, start=1)] for s, actions in joint.items()]
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
    "gradient": gradient,
    "below": below,
    "tft": tit_for_tat,
    "nash": nash,
    "plays": plays,
    "pure": pure,
    "swing": swing,
    "own_colour": own_colour,
    "points": points,
    "coins": coins,
}
