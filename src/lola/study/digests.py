"""Digests of groups: what a machine trained, to be held against what was published. Standard library only.

A line a group in docs/<paper>/digests.csv: how many `seeds`, a short digest of its settings (`spec`), and a `digest`
over curves and ends alone, which other code, packages, processors and devices can meet.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from lola.files.artifacts import canonical, sha256
from lola.files.cells import read_manifest
from lola.study.plan import Group

COLUMNS = ("group", "seeds", "spec", "digest")
ENDS = ("curve_sha256", "status", "steps", "thetas", "policies", "episode")  # of a manifest: what was learned


def line(group: Group, root: str | Path) -> dict[str, str]:
    """The line of a group that is on disk. Raises ValueError or OSError unless all of its cells are whole."""
    manifests = [read_manifest(cell.manifest(root)) for cell in sorted(group.cells, key=lambda cell: cell.seed)]
    ends = [{key: manifest.get(key) for key in ENDS} for manifest in manifests]
    return dict(zip(COLUMNS, (*settings(group), sha256(canonical(ends))), strict=True))


def settings(group: Group) -> tuple[str, str, str]:
    """The settings that a published line must share with a group for their digests to be comparable."""
    spec = canonical({"spec": group.spec, "seeds": sorted(group.seeds)})
    return group.name, str(len(group.seeds)), sha256(spec)[:12]


def text(lines: Iterable[dict[str, str]]) -> str:
    """Lines as a table in CSV, which `read` reads."""
    return "".join(",".join(row) + "\n" for row in [COLUMNS, *(line.values() for line in lines)])


def read(path: Path) -> dict[tuple[str, str, str], str]:
    """The published digests, by what a group must share with their lines."""
    with path.open(newline="") as file:
        return {tuple(line[column] for column in COLUMNS[:3]): line["digest"] for line in csv.DictReader(file)}
