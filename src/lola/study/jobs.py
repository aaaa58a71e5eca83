"""Training jobs by the rules that Snakemake knows them by, and the plan that a study is run by.

What lies on disk decides which jobs there are, and it changes while they run; so may the config. The process that
starts a study decides once, and writes the checked config and the jobs down. A process that Snakemake starts for a job,
maybe on another machine and hours later, reads that and nothing else, and takes of the jobs its own. Standard library
only.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from lola.files import damage, locks
from lola.files.artifacts import canonical, sha256, write_whole
from lola.study import plan, schedule
from lola.vocabulary import names, registry
from lola.vocabulary.errors import BadConfig
from lola.vocabulary.names import Cell

PLANS, LOCKS = damage.SNAKEMAKE / "plans", damage.SNAKEMAKE / "jobs"
HANDS_ON = "--executor"  # given to a Snakemake that does not run its job itself, as the first of two in SLURM
PATIENCE = 45.0  # seconds; a job that was cancelled may live for another 30
EXPECTED = (schedule.expected_seconds, schedule.expected_memory)
EACH = "{seed}"  # the wildcard of a rule whose jobs train a seed each


@dataclass(frozen=True)
class Job:
    """The training jobs of a rule: one of `seeds`, or without these one for every seed of the group.

    Each is expected to take `seconds` and to hold `memory` (MB) at most.
    """

    group: str
    seeds: tuple[int, ...]
    seconds: float
    memory: float

    def cells(self, groups: dict[str, plan.Group]) -> list[Cell]:
        """Its cells; where each seed has a job, the one cell, with the wildcard in the place of its seed."""
        return [groups[self.group].cell(seed) for seed in self.seeds or (EACH,)]

    def is_short(self, group: plan.Group, device: str) -> bool:
        """Whether its jobs run beside a scheduler and not by it, which would take longer to begin them.

        What a part of the study says that its jobs ask for is asked of the scheduler, and so is a GPU.
        """
        on_gpu = device == "cuda" and registry.COURSES[group.course].gpu
        return self.seconds < schedule.SHORT and not group.resources and not on_gpu


def jobs(config: dict, groups: dict[str, plan.Group], root: str | Path) -> dict[str, Job]:
    """The training jobs by their rules, in the order of work. A rule of many jobs goes where its first one does."""
    queue, found = schedule.queue(config, groups, root), {}
    together = {group.name for group, batch in queue if len(batch) > 1}
    for group, batch in queue:
        several = group.name in together
        name = names.rule(group) + (f"+seed{batch[0].seed}" if several else "")
        seconds, memory = (expected(group, batch, root) for expected in EXPECTED)
        before = found.get(name, Job(group.name, (), 0.0, 0.0))
        seeds = tuple(cell.seed for cell in batch) if several else ()
        found[name] = Job(group.name, seeds, max(seconds, before.seconds), max(memory, before.memory))
    return found


def plan_file(overlays: list[str], settings: dict) -> Path:
    """The file of the plan of a study, by what Snakemake was given for it."""
    return PLANS / f"{sha256(canonical([overlays, settings]))[:12]}.json"


def write(path: Path, config: dict, jobs: dict[str, Job]) -> None:
    """Write the plan of a study down."""
    write_whole(path, json.dumps({"config": config, "jobs": {name: asdict(job) for name, job in jobs.items()}}))


def read(path: Path, words: Iterable[str]) -> tuple[dict, dict[str, Job]]:
    """A study's config, and those of its jobs that are named in the words of a command.

    Raises OSError, or BadConfig if the plan is damaged.
    """
    asked = {rule_of(word) for word in words}
    try:
        written = json.loads(path.read_text())
        own = {name: job for name, job in written["jobs"].items() if name in asked}
        return written["config"], {name: Job(**job | {"seeds": tuple(job["seeds"])}) for name, job in own.items()}
    except (ValueError, KeyError, TypeError):
        raise BadConfig(f"{path} is damaged; allowed: the plan that the study's own command wrote") from None


def rule_of(target: str) -> str:
    """The rule of a job as Snakemake asks for it: of train+ipd+nl-ex+oracle:seed=3 what stands before the colon."""
    return target.partition(":")[0]


def still_trained() -> bool:
    """Whether a job of a study that ended is trained on some node. What locks say holds on all machines of a disk."""
    return any(locks.is_held(lock) for lock in LOCKS.glob("*"))


def alone(root: str, jobs: dict[str, Job], words: list[str], patience: float = PATIENCE) -> None:
    """Hold a lock for every training job in the words of a command, until this process ends.

    So that a job that a scheduler or a second study starts again does not train beside the first, which may live on.
    A process that hands its job on to another needs none, and one that never ends would keep it.
    Raises BlockingIOError if another process still trains one after so many seconds.
    """
    if HANDS_ON not in words:
        for word in words:
            if ":" in word and rule_of(word) in jobs:
                locks.hold_within(patience, LOCKS / sha256(canonical([root, word]))[:12])
