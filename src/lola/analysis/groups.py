"""A group on disk: what `lola.commands.aggregate` gathered of the cells of one game, algorithm and opponent model."""

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from lola.vocabulary import measures
from lola.vocabulary.names import GroupName

RULE = """\
A run that diverged has learned nothing: in every table and claim it counts with what it had before its first update (in
matches and the Coin Game: in the first row of its curve; if it diverged before that, with the mean of the other runs'
first rows). It has not settled: it swings as much as the run that swings most, and ends below any line."""

PLAY = {"state": str, "own_state": str, "action": str, "probability": float}  # an action may be called NA, or 1


class NothingLeft(ValueError):
    """Runs diverged, and nothing is left to count; says of which group."""


@dataclass(frozen=True)
class Group:
    """The tables in `<root>/groups/<game>/<algorithm>/<opponent_model>`, read when first asked for: runs that finished.

    Where runs that diverged are to count too, ask `Counted`.
    """

    folder: Path

    @property
    def named(self) -> GroupName:
        return GroupName.at(self.folder)

    @property
    def game(self) -> str:
        return self.named.game

    @property
    def algorithm(self) -> str:
        return self.named.algorithm

    @property
    def opponent_model(self) -> str:
        return self.named.opponent_model

    @property
    def name(self) -> str:
        return self.named.name

    @cached_property
    def failed(self) -> pd.DataFrame:
        """One row per seed whose numbers stopped being finite: seed, step, reason."""
        return pd.read_csv(self.folder / "failed.csv")

    @cached_property
    def returns(self) -> pd.DataFrame:
        """Normalised returns per step: index seed, columns (player, step)."""
        rows = pd.read_csv(self.folder / "returns.csv")
        return self.taken(rows.pivot(index="seed", columns=["player", "step"], values="return"))

    @cached_property
    def shares(self) -> pd.DataFrame:
        """How often actions were taken in a match: index seed, columns (player, action, step).

        Shares of the steps of the episodes that a row sums up, for every action but the player's last.
        """
        rows = pd.read_csv(self.folder / "shares.csv", keep_default_na=False, dtype={"action": str})
        return self.taken(rows.pivot(index="seed", columns=["player", "action", "step"], values="share"))[
            list(dict.fromkeys(zip(rows.player, rows.action, rows.step, strict=True)))
        ]

    @cached_property
    def coins(self) -> pd.DataFrame:
        """What players of the Coin Game earn and pick: index seed, columns (points, own or coins; player; step).

        Each per step of the game, averaged over the updates since the row before: rewards, coins of the player's own
        colour that it picks, and all that it picks.
        """
        rows = pd.read_csv(self.folder / "coins.csv")
        return self.taken(rows.pivot(index="seed", columns=["player", "step"], values=["points", "own", "coins"]))

    @cached_property
    def episodes(self) -> pd.DataFrame:
        """A game of each trained pair: index (seed, step), columns red, blue, coin (cells) and colour (0 is red)."""
        return pd.read_csv(self.folder / "episodes.csv", index_col=["seed", "step"])

    @cached_property
    def beliefs(self) -> pd.DataFrame:
        """How good clones are after each update: index seed, columns (likelihood or distance, player, opponent, step).

        The likelihood is the mean log-likelihood of an action seen; the distance is the mean over states of the total
        variation distance between the clone's policy and the opponent's. In the Coin Game they are taken at the end of
        each block of updates, over the steps just played. Without clones there are no rows.
        """
        rows = pd.read_csv(self.folder / "beliefs.csv")
        columns = ["player", "opponent", "step"]
        return self.taken(rows.pivot(index="seed", columns=columns, values=["likelihood", "distance"]))

    @cached_property
    def play(self) -> pd.DataFrame:
        """Probability of each action at the end of training: index seed, columns (player, joint state, action)."""
        rows = pd.read_csv(self.folder / "policies.csv", keep_default_na=False, dtype=PLAY)
        return self.taken(rows.pivot(index="seed", columns=["player", "state", "action"], values="probability"))[
            list(dict.fromkeys(zip(rows.player, rows.state, rows.action, strict=True)))
        ]

    @cached_property
    def map(self) -> pd.DataFrame:
        """Final metrics at each point of the grid: index (its axes…, seed), columns (player, metric)."""
        rows = pd.read_csv(self.folder / "map.csv")
        axes = [column for column in rows if column not in ("seed", "player", "metric", "value")]
        return rows.pivot(index=[*axes, "seed"], columns=["player", "metric"], values="value")

    def taken(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Of all runs, a row each, those that count: here those that finished."""
        return runs.drop(index=self.failed.seed, errors="ignore")

    @property
    def seeds(self) -> int:
        """How many runs finished."""
        runs = self.map.index.get_level_values("seed") if self.is_map else self.returns.index
        return len(runs.unique().difference(self.failed.seed))

    @property
    def divergence(self) -> str:
        """How many runs finished and how many diverged, in words; nothing if none did."""
        failed = len(self.failed)
        return f"{self.seeds} of {self.seeds + failed} runs; {failed} diverged" if failed else ""

    @property
    def is_map(self) -> bool:
        return (self.folder / "map.csv").exists()

    @property
    def is_coin_game(self) -> bool:
        return (self.folder / "coins.csv").exists()


class Counted(Group):
    """A group in whose tables a run that diverged counts, by `RULE`."""

    def taken(self, runs: pd.DataFrame) -> pd.DataFrame:
        """All runs; those that diverged stay where they started. Raises NothingLeft if that is not known of one."""
        if unknown := sorted({*self.failed.seed} - {*runs.index}):
            raise NothingLeft(f"{self.named.cell(unknown[0]).name} diverged before anything was recorded of it")
        started = runs.loc[[seed for seed in runs.index if seed in {*self.failed.seed}]].ffill(axis=1)
        return runs.fillna(started)


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
