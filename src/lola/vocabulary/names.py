"""Names of cells, groups and matchups, and where cells lie: no other module glues or cuts them. Standard library only.

A cell is called `<game>/<matchup>/<opponent model>/seed<k>`; a group, all cells that differ only in it, lacks that.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

SEATS, WITHIN, MAP = "-vs-", "@", "map"
CONSISTENCY = "consistency"  # what a matchup is within whose rules are held against themselves
NETWORKS = "networks"  # and one whose networks are fitted
CELL = r"[^\s/]+/[^\s/]+/[^\s/]+/seed\d+"  # the names of cells, as a regular expression


@dataclass(frozen=True)
class Matchup:
    """The algorithms in their seats, or one for all seats; `within` is the tournament of a match, or `map`.

    Written lola-ex, lola-ex-vs-nl-ex, lola-ex@map, nl-q-vs-lola-ex@tournament.
    """

    seats: tuple[str, ...]
    within: str = ""

    @classmethod
    def read(cls, text: str) -> "Matchup":
        seats, _, within = text.partition(WITHIN)
        return cls(tuple(seats.split(SEATS)), within)

    def __str__(self) -> str:
        return SEATS.join(self.seats) + (WITHIN + self.within if self.within else "")

    @property
    def players(self) -> str:
        """The seats alone, as a config names them."""
        return str(Matchup(self.seats))

    @property
    def is_map(self) -> bool:
        """Whether it is trained on a grid of settings."""
        return self.within == MAP

    @property
    def tournament(self) -> str:
        """The tournament that it is a match of; empty if it is none."""
        return "" if self.is_map else self.within

    def seated(self, players: int) -> tuple[str, ...]:
        """An algorithm per player: one alone fills every seat."""
        return self.seats * players if len(self.seats) == 1 else self.seats


def tournament(matchup: Matchup) -> str:
    """The tournament that a matchup is a match of; empty if it is none."""
    return matchup.tournament if matchup.within not in (CONSISTENCY, NETWORKS) else ""


@dataclass(frozen=True)
class GroupName:
    """A game, an algorithm or matchup in it, and an opponent model."""

    game: str
    algorithm: str
    opponent_model: str

    @staticmethod
    def read(text: str, opponent_model: str = "oracle") -> "GroupName":
        """A group that is written as game/algorithm, or as game/algorithm/opponent model, which overrides."""
        return GroupName(*[*text.split("/"), opponent_model][:3])

    @staticmethod
    def at(folder: str | Path) -> "GroupName":
        """The group that a folder is of."""
        return GroupName(*Path(folder).parts[-3:])

    @property
    def group(self) -> str:
        """The whole name: ipd/lola-ex/oracle."""
        return f"{self.game}/{self.algorithm}/{self.opponent_model}"

    name = group

    @property
    def slug(self) -> str:
        """The whole name where it may hold no slash; no part of it has a colon."""
        return f"{self.game}:{self.algorithm}:{self.opponent_model}"

    @property
    def matchup(self) -> Matchup:
        return Matchup.read(self.algorithm)

    def instead(self, algorithm: str | None = None) -> "GroupName":
        """The group of another algorithm, or of these players trained once, with settings of their own."""
        return GroupName(self.game, algorithm or self.matchup.players, self.opponent_model)

    def cell(self, seed: int) -> "Cell":
        return Cell(self.game, self.algorithm, self.opponent_model, seed)

    def checkpoints(self, root: str | Path) -> list[Path]:
        """The files of its training jobs that are kept."""
        return sorted(Path(root, "checkpoints", self.group).glob("*.checkpoint"))

    def benchmarks(self, root: str | Path) -> list[Path]:
        """The files that say how long its training jobs took."""
        return sorted(Path(root, "benchmarks", "train", self.group).glob("*.jsonl"))


@dataclass(frozen=True)
class Cell(GroupName):
    """One training run: a group's name and a seed."""

    seed: int

    @property
    def name(self) -> str:
        """Its name for people and manifests: ipd/lola-ex/oracle/seed3."""
        return f"{self.group}/seed{self.seed}"

    def curve(self, root: str | Path) -> Path:
        """The file of its rows."""
        return Path(root) / "cells" / f"{self.name}.csv"

    def manifest(self, root: str | Path) -> Path:
        """The file of its manifest, beside the curve."""
        return Path(root) / "cells" / f"{self.name}.json"

    def checkpoint(self, root: str | Path, last: "Cell") -> Path:
        """The checkpoint of a training job of which it is the first cell."""
        return Path(root, "checkpoints", self.group, f"seed{self.seed}-seed{last.seed}.checkpoint")

    def benchmark(self, root: str | Path, last: "Cell") -> Path:
        """The file in which Snakemake keeps the time of a training job of which it is the first cell."""
        return Path(root, "benchmarks", "train", self.group, f"seed{self.seed}-{last.seed}.jsonl")

    @staticmethod
    def root(curve: str | Path) -> Path:
        """The folder of the study that a curve is in."""
        return Path(curve).parents[4]

    @classmethod
    def at(cls, path: str | Path) -> "Cell":
        """The cell that a curve's or manifest's path names, or its own name."""
        *_, game, algorithm, opponent_model, file = Path(path).parts
        return cls(game, algorithm, opponent_model, int(file.partition(".")[0].removeprefix("seed")))


def rule(group: GroupName) -> str:
    """The rule that trains a group: train+ipd+lola-ex+oracle. Snakemake ends a rule's name at the first colon."""
    return f"train:{group.slug}".replace(":", "+")


def of_seed(seed: int, groups: Iterable[str]) -> list[Cell]:
    """The cells of a seed in some groups, each once; a name may be empty, of no group."""
    return [GroupName.read(name).cell(seed) for name in dict.fromkeys(filter(None, groups))]


def count(n: int, noun: str) -> str:
    """3 cells, or 1 cell."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def ranges(numbers: list[int]) -> str:
    """Whole numbers in order, runs of them joined: `0-4, 7`."""
    spans = groupby(enumerate(sorted(numbers)), lambda placed: placed[1] - placed[0])  # that is the same within a run
    ends = [(span[0][1], span[-1][1]) for span in (list(pairs) for _, pairs in spans)]
    return ", ".join(f"{first}-{last}" if first < last else str(first) for first, last in ends)


def curves(paths: Iterable[str]) -> list[Cell]:
    """The cells whose curves are among the paths."""
    return [Cell.at(path) for path in map(Path, paths) if path.suffix == ".csv" and path.parts[-5:-4] == ("cells",)]


def checkpoints(root: str | Path) -> Iterator[Path]:
    """The files of all training jobs that are kept, each in the folder of its group."""
    return Path(root).glob("checkpoints/*/*/*/*.checkpoint")


def benchmarks(root: str | Path) -> Iterator[Path]:
    """The files that say how long training jobs took, each in the folder of its group."""
    return Path(root).glob("benchmarks/train/*/*/*/*.jsonl")


def benchmarked(path: Path) -> range:
    """The seeds from the first to the last of the training job that a benchmark's path names."""
    first, last = path.stem.removeprefix("seed").split("-")
    return range(int(first), int(last) + 1)
