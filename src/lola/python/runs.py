"""Runs of one group in memory: curves, returns, policies, players."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from lola.analysis import metrics
from lola.analysis.groups import Counted
from lola.python.players import Players, policy_table
from lola.study import plan
from lola.vocabulary.errors import BadConfig, quoted
from lola.vocabulary.names import count
from lola.vocabulary.registry import WITHOUT_STEPS


class Gathered(Counted):
    """A group as `lola.commands.aggregate` would gather it, without its files."""

    def __init__(self, group: plan.Group, ends: dict[int, dict], rows: pd.DataFrame, further: pd.DataFrame | None):
        about = plan.group_spec(group) | {"seeds": ends}
        name = {"game": group.game, "algorithm": group.algorithm, "opponent_model": group.opponent_model}
        vars(self).update(name, about=about, rows=rows, ends_of_further=further)


@dataclass(frozen=True, eq=False, repr=False)
class Runs:
    """Runs that differ in their seed alone: what `train` and `load` give.

    `ends` says by seed how each ended: status, steps, parameters (`thetas`), policies. `rows` are those of all curves,
    None if only policies were shipped; `further` those of further runs, of which only the ends were kept.
    """

    group: plan.Group
    ends: dict[int, dict]
    rows: pd.DataFrame | None
    further: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """Game, algorithm or matchup, and opponent model: ipd/lola-ex/oracle."""
        return self.group.name

    @property
    def game(self) -> dict:
        """The settings of the game."""
        return self.group.spec["game"]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the runs that finished."""
        return [seed for seed, end in self.ends.items() if end["status"] == "finished"]

    @property
    def curves(self) -> pd.DataFrame:
        """A row per seed, step, player and metric, with its value, of all runs; of a map its axes instead of a step.

        Raises BadConfig if the runs were shipped without them.
        """
        if self.rows is None:
            raise BadConfig(
                f"{self.name}: given a group that is shipped without its curves; "
                "allowed: lola.train, or lola.load with a folder of results"
            )
        return self.rows

    @cached_property
    def counted(self) -> Counted:
        """What the project's statistics are taken of: every run, those that diverged by the rule of `analysis.groups`.

        Raises BadConfig if there are no curves by step.
        """
        if (course := self.group.course) in WITHOUT_STEPS:
            what = {"map": "a map", "consistency": "rules at points"}.get(course, course)
            raise BadConfig(f"{self.name}: given {what}, which has no returns by step; allowed: its curves")
        return Gathered(self.group, self.ends, self.curves, self.further)

    @property
    def returns(self) -> pd.DataFrame:
        """The normalised return that each run ends with: index seed, a column per player.

        In a match or the Coin Game it is the mean over the last tenth of training. Raises BadConfig as `counted` does.
        """
        return metrics.ends(self.counted)

    @property
    def policies(self) -> pd.DataFrame:
        """The probability of each action at the end: index seed, player, state as that player sees it.

        Empty where policies are no tables, as in the Coin Game.
        """
        return pd.concat({seed: policy_table(self.ends[seed]["policies"]) for seed in self.seeds}, names=["seed"])

    def players(self, seed: int = 0) -> Players:
        """The players of one run that finished. Raises BadConfig, which names the seeds that did."""
        if seed not in self.seeds:
            allowed = ", ".join(map(str, self.seeds)) or "none, since every run diverged"
            raise BadConfig(f"seed: given {quoted(seed)} of {self.name}; allowed: {allowed}")
        curve = None if self.rows is None else self.rows[self.rows.seed == seed].drop(columns="seed")
        return Players(self.group.cell(seed).name, self.group.spec, self.ends[seed], curve)

    def __repr__(self) -> str:
        diverged = len(self.ends) - len(self.seeds)
        return f"{self.name}: {count(len(self.ends), 'run')}, of which {diverged} diverged"
