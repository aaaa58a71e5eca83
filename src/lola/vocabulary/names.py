"""Names of cells, groups and matchups, and where cells lie: standard library only."""

from dataclasses import dataclass
from pathlib import Path

SEATS = "-vs-"  # separates the seats of a matchup
TRAINED = "@"  # stands between a matchup and what is made of it: a map, or a match of the tournament named there
MAP = f"{TRAINED}map"  # ends the name of an algorithm that is trained on a grid of settings


def matchup(algorithm: str) -> str:
    """The algorithms in their seats: nl-ex-vs-lola-ex@tournament → nl-ex-vs-lola-ex."""
    return algorithm.partition(TRAINED)[0]


def group_name(game: str, shown: str, opponent_model: str) -> str:
    """The group that a block shows of a game: `shown` is an algorithm, or algorithm/opponent model, which overrides."""
    return f"{game}/{shown}" if "/" in shown else f"{game}/{shown}/{opponent_model}"


@dataclass(frozen=True)
class Cell:
    """One training run: a game, an algorithm or matchup, an opponent model and a seed."""

    game: str
    algorithm: str
    opponent_model: str
    seed: int

    @property
    def group(self) -> str:
        """The name of all cells that differ in their seed only."""
        return f"{self.game}/{self.algorithm}/{self.opponent_model}"

    @property
    def name(self) -> str:
        """What people and manifests call it: ipd/lola-ex/oracle/seed3."""
        return f"{self.group}/seed{self.seed}"

    def curve(self, root: str | Path) -> Path:
        """Where its rows are."""
        return Path(root) / "cells" / f"{self.name}.csv"

    def manifest(self, root: str | Path) -> Path:
        """Where its manifest is, beside the curve."""
        return Path(root) / "cells" / f"{self.name}.json"

    @classmethod
    def at(cls, path: str | Path) -> "Cell":
        """The cell that a curve's or manifest's path names."""
        *_, game, algorithm, opponent_model, file = Path(path).parts
        return cls(game, algorithm, opponent_model, int(file.partition(".")[0].removeprefix("seed")))
