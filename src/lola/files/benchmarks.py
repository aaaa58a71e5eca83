"""How long training took: what Snakemake measured of each job, which trains many cells. Standard library only."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lola.vocabulary.names import Cell, GroupName, benchmarked

WRITTEN = 2.0  # seconds at most from a job's last cell to its benchmark, and by which clocks of a file system err
IMPORTED = 60.0  # MB that each job holds that has imported what it needs


@dataclass(frozen=True)
class Job:
    """A training job that has ended: the seeds from its first to its last, its wall seconds, when it ended (Unix)."""

    seeds: range
    seconds: float
    end: float

    def wrote(self, at: float) -> bool:
        """Whether what was written at a time (Unix) was written while it ran."""
        return self.end - self.seconds - WRITTEN <= at <= self.end + WRITTEN


def seconds(path: Path) -> float:
    """Wall seconds of a job; 0 if it was not measured, or its benchmark is not whole."""
    return measured(path) or 0.0


def measured(path: Path) -> float | None:
    """Wall seconds of a job; None if its benchmark is not there, or not whole since Snakemake was killed meanwhile."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        times = [line["s"] for line in lines(path)]
        return float(sum(times)) if times and math.isfinite(sum(times)) else None
    return None


def memory(path: Path) -> float:
    """The MB that a job held at most; 0 if that was not measured.

    Snakemake does not see what ends before it looks, nor the forks of `lola.files.warm`, but those who wait for them.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        held = max(float(line["max_rss"]) for line in lines(path))
        return held if held >= IMPORTED else 0.0
    return 0.0


def lines(path: Path) -> list[dict]:
    """What Snakemake wrote of a job, once each time that it measured it."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def job(path: Path) -> Job:
    """The job of a benchmark. Raises FileNotFoundError."""
    return Job(benchmarked(path), seconds(path), path.stat().st_mtime)


def job_of(curve: str | Path) -> Job | None:
    """The job that trained a cell; None where it was not measured, or the times of files were not kept."""
    cell, at = Cell.at(curve), Path(curve).with_suffix(".json").stat().st_mtime
    jobs = (job(path) for path in cell.benchmarks(Cell.root(curve)) if cell.seed in benchmarked(path))
    return next((found for found in jobs if found.wrote(at)), None)


def trained(path: Path, root: str | Path) -> Iterator[Path]:
    """The curves of the cells that the job of a benchmark has trained."""
    found, group = job(path), GroupName.at(path.parent)
    for cell in map(group.cell, found.seeds):
        with suppress(FileNotFoundError):
            if found.wrote(cell.manifest(root).stat().st_mtime):
                yield cell.curve(root)
