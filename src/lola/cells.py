"""A cell on disk: the curve `seed<k>.csv` and, beside it, the manifest `seed<k>.json`.

The manifest says what made the cell (spec, code digest, lock hash) and on which processor, how
it ended, its final policies, and the digest of the curve, so a cell can vouch for itself. It
holds nothing that changes when the same cell is trained again there. Standard library only.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lola.artifacts import canonical, sha256, write_whole

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


def write(path: str | Path, columns: Iterable[str], rows: Iterable[Iterable], manifest: dict) -> None:
    """Write the curve to `path` as CSV and the manifest beside it; the manifest last, since it vouches for the curve.

    Floats are written so that they read back the same.
    """
    curve = "".join(",".join(map(str, row)) + "\n" for row in [columns, *rows])
    manifest = {"cell": Cell.at(path).name, **manifest, "curve_sha256": sha256(curve)}
    manifest["manifest_sha256"] = sha256(canonical(manifest))
    write_whole(path, curve)
    write_whole(
        Path(path).with_suffix(".json"), json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def read_manifest(path: str | Path) -> dict:
    """A cell's manifest, after checking that it and its curve are as they were written.

    `path` is the manifest's or the curve's. Raises ValueError with the cell's path and what is wrong.
    """
    path = Path(path).with_suffix(".json")
    try:
        manifest = json.loads(path.read_text())
        vouched = manifest.pop("manifest_sha256")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ValueError(f"{path} is not a whole manifest (truncated or overwritten)") from None
    if sha256(canonical(manifest)) != vouched:
        raise ValueError(f"{path} is not as it was written (edited or overwritten)")
    curve = path.with_suffix(".csv")
    if sha256(curve.read_bytes()) != manifest["curve_sha256"]:
        raise ValueError(f"{curve} is not as it was written (truncated, edited or overwritten)")
    return manifest
