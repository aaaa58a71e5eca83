"""A group on disk: what `lola.commands.aggregate` gathered of the cells of one game, algorithm and opponent model."""

import itertools
import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd

from lola.vocabulary import measures
from lola.vocabulary.names import GroupName

RULE = """\
A run that diverged has learned nothing: in every table and claim it counts with what it had before its first update (in
matches and the Coin Game: in the first row of its curve; if it diverged before that, with the mean of the other runs'
first rows). It has not settled: it swings as much as the run that swings most, and ends below any line."""

CURVE = ("player", "step")  # the columns of rows that say what a value is of, beside its metric
COINS = {measures.POINTS: "points", measures.OWN_COINS: "own", measures.COINS: "coins"}


class NothingLeft(ValueError):
    """Runs diverged, and nothing is left to count; says of which group."""


class Group(GroupName):
    """The two files in `<root>/groups/<game>/<algorithm>/<opponent_model>`, read when first asked for.

    It holds the runs that finished. Where runs that diverged are to count too, ask `Counted`.
    """

    def __init__(self, folder: Path):
        vars(self).update(vars(GroupName.at(folder)), folder=folder)  # since names are frozen

    @cached_property
    def about(self) -> dict:
        """What sort of group it is, and by seed how each run ended."""
        return json.loads((self.folder / "ends.json").read_text())

    @cached_property
    def ends(self) -> dict[int, dict]:
        """The end of each run, by seed: status, steps, and what is known besides."""
        return {int(seed): end for seed, end in self.about["seeds"].items()}

    @cached_property
    def failed(self) -> list[int]:
        """The seeds whose numbers stopped being finite."""
        return [seed for seed, end in self.ends.items() if end["status"] == "failed"]

    @property
    def diverged(self) -> list[int]:
        """All seeds whose numbers stopped being finite, of the runs that are counted."""
        return self.failed

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows of all curves: seed, step (of a map its axes instead), player, metric, value."""
        return pd.read_csv(self.folder / "curves.csv", dtype={"metric": "category"})

    @cached_property
    def counting(self) -> pd.DataFrame:
        """All rows, but of runs that diverged those of their first step, or for want of any the mean of the others'."""
        if not self.failed:
            return self.rows
        first = self.rows.step == self.rows.groupby("seed").step.transform("first")
        same = self.rows[first].groupby(["step", "player", "metric"], sort=False, observed=True)
        mean = same.value.agg(fmean).reset_index()
        absent = [mean.assign(seed=seed) for seed in self.failed if seed not in {*self.rows.seed}]
        kept = self.rows[first | ~self.rows.seed.isin(self.failed)]
        return pd.concat([kept, *absent]).sort_values("seed", kind="stable", ignore_index=True)

    def wide(self, read: Callable[[str], str | tuple | None], *columns: str, sort: bool = True) -> pd.DataFrame:
        """The values that count of all metrics that can be `read`: index seed, columns as named.

        What `read` tells of a metric fills the columns that a curve lacks. Unsorted, columns come as rows name them.
        """
        known = {metric: about for metric in self.counting.metric.unique() if (about := read(metric)) is not None}
        about = pd.DataFrame([*known.values()], index=[*known], columns=[c for c in columns if c not in CURVE])
        rows = self.counting[self.counting.metric.isin(known)].join(about, on="metric")
        runs = rows.set_index(["seed", *columns]).value.unstack([*columns], sort=sort)
        return self.taken(runs.sort_index(axis=1) if sort else runs)  # unstack alone leaves columns in any order

    def curves(self, metric: str) -> pd.DataFrame:
        """One metric of every player: index seed, columns (player, step)."""
        return self.wide(lambda name: () if name == metric else None, "player", "step")

    @cached_property
    def returns(self) -> pd.DataFrame:
        """Normalised returns per step: index seed, columns (player, step)."""
        return self.curves(measures.RETURN)

    @cached_property
    def final(self) -> pd.DataFrame:
        """Normalised returns after the last update: index seed, columns (player, step)."""
        steps = self.returns.columns.get_level_values("step")
        return self.returns.loc[:, steps == steps.max()]

    def early(self, first: int) -> pd.DataFrame:
        """Mean normalised returns over the first updates, the start not among them: index seed, columns (player, step).

        The one step is the last of these.
        """
        steps = self.returns.columns.get_level_values("step")
        means = self.returns.loc[:, (steps > 0) & (steps <= first)].T.groupby(level="player").mean().T
        return pd.concat({first: means}, axis=1, names=["step", "player"]).swaplevel(axis=1)

    def bounds(self, player: int | None = None) -> tuple[float, float] | None:
        """Between what a player's return lies, or the mean of all players', whatever they do; None if unknown."""
        known = self.about.get("bounds")
        return known and tuple(known["mean" if player is None else str(player)])

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """The parameters of players of a game without moves: index seed, columns (player, parameter, step)."""
        return self.wide(measures.numbered, "player", "parameter", "step")

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Shares of actions in a match: index seed, columns (player, action, step).

        Shares of the steps of the episodes that a row sums up, for every action but the player's last.
        """
        return self.wide(measures.shared, "player", "action", "step", sort=False)

    @cached_property
    def coins(self) -> pd.DataFrame:
        """Points and coins of players of the Coin Game: index seed, columns (points, own or coins; player; step).

        Each per step of the game, averaged over the updates since the row before: rewards, coins of the player's own
        colour that it picks, and all that it picks.
        """
        return self.wide(COINS.get, "measure", "player", "step")

    @cached_property
    def episodes(self) -> pd.DataFrame:
        """A game of each trained pair: index (seed, step), columns red, blue, coin (cells) and colour (0 is red)."""
        finished = [seed for seed in self.ends if seed not in self.failed]
        boards = [(seed, step, *board) for seed in finished for step, board in enumerate(self.ends[seed]["episode"])]
        columns = ["seed", "step", "red", "blue", "coin", "colour"]
        return pd.DataFrame(boards, columns=columns).set_index(["seed", "step"])

    @cached_property
    def beliefs(self) -> pd.DataFrame:
        """Quality of clones after each update: index seed, columns (measure, player, opponent, step).

        The log-likelihood is the mean one of an action seen; the distance is the mean over states of the total
        variation distance between the clone's policy and the opponent's. In the Coin Game they are taken at the end of
        each block of updates, over the steps just played. Without clones there are no rows.
        """
        return self.wide(measures.clone, "measure", "player", "opponent", "step")

    @cached_property
    def play(self) -> pd.DataFrame:
        """Probability of each action at the end of training: index seed, columns (player, joint state, action).

        Of a run that diverged, before the first update.
        """
        known = next((end["policies"] for end in self.ends.values() if end.get("policies")), [])
        found = {seed: end.get("policies", []) for seed, end in self.ends.items()}
        for seed in self.failed:
            start = self.counting[self.counting.seed == seed].set_index(["player", "metric"]).value
            found[seed] = start_policies(known, start.to_dict())
        columns = ["player", "state", "action"]
        rows = [
            (seed, policy["player"], policy["state"], action, probability)
            for seed, policies in found.items()
            for policy in policies
            for action, probability in policy["probabilities"].items()
        ]
        rows = pd.DataFrame(rows, columns=["seed", *columns, "probability"]).set_index(["seed", *columns])
        return self.taken(rows.probability.unstack(columns, sort=False))

    def policies(self, player: int) -> np.ndarray:
        """A player's probabilities at the end of training, (seeds of `play`, joint states, its actions)."""
        own = self.play[player]
        return own.to_numpy().reshape(len(own), len(own.columns.unique(0)), len(own.columns.unique(1)))

    @cached_property
    def map(self) -> pd.DataFrame:
        """Metrics at each point of a grid, or of a curve: index (its axes… or step, seed), columns (player, metric)."""
        counted = ~self.rows.seed.isin(self.failed) if self.matchup.is_map else slice(None)
        rows = self.rows[counted].astype({"metric": str})
        axes = [column for column in rows if column not in ("seed", "player", "metric", "value")]
        return rows.pivot(index=[*axes, "seed"], columns=["player", "metric"], values="value")

    def taken(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Of all runs, a row each, those that count: here those that finished."""
        return runs.drop(index=self.failed, errors="ignore")

    @property
    def seeds(self) -> int:
        """The number of runs that finished."""
        return len(self.ends) - len(self.failed)

    @property
    def divergence(self) -> str:
        """The number of runs that finished and of those that diverged, in words; nothing if none did."""
        return f"{self.seeds} of {len(self.ends)} runs; {len(self.failed)} diverged" if self.failed else ""


class Counted(Group):
    """A group of which every run counts: also those that diverged, by `RULE`, and those of which only the end is kept.

    Of the latter nothing is known but `final`, `play` and, where a part of the study asks for that, `early`.
    """

    def taken(self, runs: pd.DataFrame) -> pd.DataFrame:
        """All runs; those that diverged stay where they started. Raises NothingLeft if that is not known of one."""
        if unknown := sorted({*self.failed} - {*runs.index}):
            raise NothingLeft(f"{self.cell(unknown[0]).name} diverged before anything was recorded of it")
        started = runs.loc[runs.index.isin(self.failed)].sort_index(axis=1).ffill(axis=1)  # steps come last
        return runs.fillna(started)

    @cached_property
    def ends_of_further(self) -> pd.DataFrame | None:
        """The rows of further runs: seed, step, player, metric, value. Of one that diverged, its first, of step 0."""
        path = self.folder / "further.csv"
        return pd.read_csv(path) if path.exists() else None

    @cached_property
    def further(self) -> pd.DataFrame | None:
        """Where further runs end: index seed, columns (player, metric)."""
        rows = self.ends_of_further
        return None if rows is None else rows.pivot(index="seed", columns=["player", "metric"], values="value")

    @cached_property
    def diverged(self) -> list[int]:
        rows = self.ends_of_further
        return self.failed if rows is None else [*self.failed, *rows[rows.step == 0].seed.unique()]

    @cached_property
    def final(self) -> pd.DataFrame:
        return self.with_further(super().final, measures.RETURN)

    def early(self, first: int) -> pd.DataFrame:
        return self.with_further(super().early(first), measures.mean_return(first))

    def with_further(self, own: pd.DataFrame, metric: str) -> pd.DataFrame:
        """A number of each player, a column each, with those of further runs below, where that metric is kept."""
        if self.further is None or metric not in self.further.columns.unique("metric"):
            return own
        more = self.further.xs(metric, axis=1, level="metric")[own.columns.get_level_values("player")]
        return pd.concat([own, more.set_axis(own.columns, axis=1)])

    @cached_property
    def play(self) -> pd.DataFrame:
        own = super().play
        return own if self.further is None else pd.concat([own, map_play(self.further)[own.columns]])


def start_policies(known: list[dict], start: dict[tuple[int, str], float]) -> Iterator[dict]:
    """The policies before the first update: `start` has P(action | own state) of all actions but the last.

    `known` are policies of the same players in the same states. The curve of a match tells none.
    """
    for policy in known:
        *actions, last = policy["probabilities"]
        names = {action: measures.probability(action, policy["own_state"]) for action in actions}
        first = {action: start.get((policy["player"], name)) for action, name in names.items()}
        if None not in first.values():
            yield policy | {"probabilities": first | {last: 1 - sum(first.values())}}


def joint_actions(state: str) -> tuple[str, ...]:
    """The actions that a state's name spells: CD → (C, D); names of several letters are joined by dots."""
    return tuple(state.split(".") if "." in state else state)


def map_play(final: pd.DataFrame) -> pd.DataFrame:
    """The play of a two-player map: as `Group.play`, with the map's index.

    A map records P(a | own state) for every action but the last, under names like "C after CD".
    """
    columns = {}
    actions = [own_actions(final[player].columns) for player in (1, 2)]
    glue = "" if all(len(a) == 1 for own in actions for a in own) else "."
    for player, own in enumerate(actions):
        for joint in [None, *itertools.product(*actions)]:
            state = "start" if joint is None else glue.join(joint)
            seen = "start" if joint is None else glue.join(joint[::-1] if player else joint)
            first = [final[player + 1, measures.probability(action, seen)] for action in own[:-1]]
            for action, probability in zip(own, [*first, 1 - sum(first)], strict=True):
                columns[player + 1, state, action] = probability
    return pd.DataFrame(columns)


def own_actions(metrics: pd.Index) -> list[str]:
    """A player's actions, the last of which only the names of its states hold."""
    found = list(filter(None, map(measures.probable, metrics)))
    named = [action for action, state in found if state == "start"]
    played = {joint_actions(state)[0] for _, state in found if state != "start"}
    return [*named, *(played - {*named})]
