"""What SLURM says of its partitions, and of jobs that this project left in it. Standard library only."""

import math
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

PATIENCE = 20  # seconds


@dataclass(frozen=True)
class Partition:
    """Nodes that jobs may be sent to: the MB of the largest, the minutes a job may take, whether it is the default.

    Jobs of partitions of a higher `tier` may take the nodes away from its jobs, as `preemption` says.
    """

    memory: float
    minutes: float
    default: bool
    preemption: str = "OFF"
    tier: int = 1


@cache
def partitions() -> dict[str, Partition]:
    """Every partition by its name. Raises OSError, with a sentence where SLURM gives no answer."""
    found = {}
    for line in answer("sinfo", "--noheader", "--Node", "--format=%P|%m|%l|%M|%p"):
        name, memory, limit, preemption, tier = line.split("|")
        before = found.get(name.rstrip("*"), Partition(0, 0, False))
        largest = max(before.memory, float(memory.rstrip("+")))
        found[name.rstrip("*")] = Partition(largest, minutes(limit), name.endswith("*"), preemption, int(tier))
    return found


def minutes(limit: str) -> float:
    """A time as SLURM writes it, [days-]hours:minutes:seconds or minutes:seconds, in minutes."""
    days, _, clock = limit.rpartition("-")
    parts = clock.split(":")
    if not all(part.isdigit() for part in parts):
        return math.inf
    seconds = sum(int(part) * 60**n for n, part in enumerate(reversed(parts)))
    return int(days or 0) * 24 * 60 + seconds / 60


def limits(name: str = "") -> Partition:
    """A partition, by default the default one; one without limits where there is no such, or no SLURM that answers."""
    found = {}
    with suppress(OSError):
        found = partitions()
    default = next((partition for partition in found.values() if partition.default), None)
    return found.get(name, default) or Partition(math.inf, math.inf, False)


def left_behind(folder: Path) -> list[str]:
    """The numbers of the jobs that a study in a folder has sent and that have not ended. Raises OSError."""
    found = [line.split("|", 2) for line in answer("squeue", "--me", "--noheader", "--format=%i|%Z|%k")]
    sent = [(number, Path(where)) for number, where, told in found if told.startswith(("rule_", "group_"))]
    return [number for number, where in sent if where.resolve() == folder.resolve()]


def answer(*command: str) -> list[str]:
    """The lines that a command of SLURM's writes."""
    if not which(command[0]):
        raise OSError(f"SLURM is not there: no {command[0]} on this machine")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise OSError(f"SLURM does not answer {command[0]} within {PATIENCE} seconds") from None
    if done.returncode:
        raise OSError(f"SLURM does not answer: {' '.join((done.stderr or done.stdout).split())}")
    return [line for line in done.stdout.splitlines() if line.strip()]
