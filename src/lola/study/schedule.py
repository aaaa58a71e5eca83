"""The order of work: which training jobs go first, what jobs take. It moves no number. Standard library only.

Stage by stage as the config's `first` says, then the rest; in a stage the longest first, so that no core idles late.
"""

import math
from pathlib import Path

from lola.files.benchmarks import memory, seconds
from lola.study import plan
from lola.study.plan import Group
from lola.vocabulary import registry
from lola.vocabulary.names import Cell

START = 3.0  # seconds from the start of a process to its first update
# Seconds of one core by course or how values are found, as `make bench` measured on an AMD EPYC (docs/speed.md), but
# for autograd and games of real parameters, measured since then. Of a unit of a seed's work:
SECONDS = {
    "exact": 0.23e-3 / 50,  # an update of one of 50 seeds, side by side
    "autograd": 15e-6,  # the same by rules that no closed form serves
    "sampled": 0.385 / 50 / (4000 * 150),  # a step of a roll-out: one of 50 seeds, 4000 roll-outs of 150 steps
    "match": 1 / 2.4e6,  # a step of an episode
    "parameter_map": 5e-6,  # an update at one of many points, side by side
    "networks": 0.3e-3,  # a step of fitting one of 12 pairs, side by side
    "coin_game": 0.012 / (128 * 16),  # a step of a roll-out: one of five seeds, 128 games of 16 steps
}
# And of an update whatever the number of seeds, where that is what takes long:
UPDATE = {
    "autograd": 7e-3,  # by rules that no closed form serves
    "parameters": 0.3e-3,  # of two players in a game of real parameters
    "parameters by autograd": 3e-3,
}
OTHERS = {  # seconds of a job of each other rule; of `track_cells` and `further` those of one of their cells or seeds
    "aggregate": 0.2,
    "figure": 5.0,
    "table": 5.0,
    "track_cells": 0.04,
    "track_aggregate": 6.0,
    "reproducibility": 3.0,
    "page": 2.0,
    "report": 3.0,
}
SHORT = 60.0  # seconds; a scheduler takes as long to begin a job and to tell that it has ended
AROUND = 500  # MB of the two Snakemakes that a scheduler's job runs around its command
MEMORY = {"train": 600, "further": 600, "figure": 500, "table": 500}  # MB of a job that nobody has measured
OTHER_MEMORY = 800  # and of one of any other rule
COIN_BYTES = 12e3  # of a step of the Coin Game, with clones: 7 GB of 4000 games of 150 steps


def queue(config: dict, groups: dict[str, Group], root: str | Path) -> list[tuple[Group, list[Cell]]]:
    """The training jobs, each as its group and its cells, in the order of work."""
    stage = stages(config)
    jobs = [(group, batch) for group in groups.values() for batch in plan.batches(group, root)]
    return sorted(jobs, key=lambda job: (stage.get(job[0].name, math.inf), -expected_seconds(*job, root)))


def stages(config: dict) -> dict[str, int]:
    """The first stage that shows each group, of those that some stage shows."""
    found = {}
    for stage, names in enumerate(config.get("first", [])):
        for block in (config[kind][name] for kind in ("figures", "tables") for name in names if name in config[kind]):
            found = dict.fromkeys(plan.block_groups(config, block), stage) | found
    return found


def ranked(config: dict, blocks: dict[str, dict]) -> dict[str, dict]:
    """Figures or tables in the order in which they are looked at: what the config has `first`, then all others."""
    first = [name for names in config.get("first", []) for name in names if name in blocks]
    return {name: blocks[name] for name in dict.fromkeys([*first, *blocks])}


def expected_seconds(group: Group, batch: list[Cell], root: str | Path) -> float:
    """The time of a training job: as last time, or as its spec lets one expect."""
    last_time = seconds(batch[0].benchmark(root, batch[-1]))
    return last_time or training_seconds(group, len(batch))


def training_seconds(group: Group, seeds: int) -> float:
    """The time of a job that trains so many seeds of a group side by side, as its spec lets one expect."""
    return START + work(group) * (update(group) + seeds * pace(group))


def others(groups: dict[str, Group], root: str | Path) -> dict[str, float]:
    """The time of a job of each rule that trains no cells, on average over its jobs: as last time, if that is known."""
    found = dict(OTHERS)
    for rule in ("figure", "table"):
        last_time = [seconds(path) for path in Path(root, "benchmarks", f"{rule}s").glob("*.jsonl")]
        found[rule] = sum(last_time) / len(last_time) if last_time else OTHERS[rule]
    further = [training_seconds(group, group.more) for group in groups.values() if group.more]
    games = {group.game for group in groups.values()}
    cells = sum(len(group.cells) for group in groups.values())
    found["further"] = sum(further) / max(1, len(further))
    found["track_cells"] *= cells / max(1, len(games))
    return found


def expected_memory(group: Group, batch: list[Cell], root: str | Path) -> float:
    """The MB of a training job: as last time, or as its roll-outs let one expect."""
    play = group.spec["play"] if group.course == "coin_game" else None
    held = len(batch) * play["batch"] * play["length"] * COIN_BYTES / 1e6 if play else 0.0
    return memory(batch[0].benchmark(root, batch[-1])) or MEMORY["train"] + held


def other_memory(root: str | Path) -> dict[str, float]:
    """The MB of a job of each rule that is measured and trains no cells: the most of last time, if that is known."""
    folders = {"figure": "figures", "table": "tables", "further": "further"}
    measured = {rule: Path(root, "benchmarks", folder).rglob("*.jsonl") for rule, folder in folders.items()}
    return {rule: max(map(memory, paths), default=0.0) or MEMORY[rule] for rule, paths in measured.items()}


def megabytes(taken: float) -> int:
    """The MB that a scheduler is asked for, for a job that takes so many: half as much again."""
    return AROUND + math.ceil(1.5 * taken)


def minutes(taken: float) -> int:
    """The time that a scheduler is asked for, in minutes, for a job that takes so many seconds: three times as much."""
    return 10 + math.ceil(3 * taken / 60)


def asked(megabytes_taken: float, seconds_taken: float, own: dict) -> dict:
    """What a scheduler is asked for, for a job that takes so much, unless a part of the study says it itself."""
    return {"mem_mb": megabytes(megabytes_taken), "runtime": minutes(seconds_taken)} | own


def pace(group: Group) -> float:
    """The seconds that a unit of a seed's work takes."""
    if depth(group):
        return SECONDS["autograd"] * depth(group)
    return SECONDS.get(group.course) or SECONDS["sampled" if group.spec["play"] else "exact"]


def update(group: Group) -> float:
    """The seconds that an update takes besides, whatever the number of seeds."""
    if group.course == "parameters":
        by_autograd = UPDATE["parameters by autograd"] * depth(group)
        return (UPDATE["parameters"] + by_autograd) * (len(group.spec["seats"]) / 2) ** 2
    return UPDATE["autograd"] * depth(group)


def depth(group: Group) -> int:
    """How many times a rule of autograd that looks one step ahead an update takes: of exact values.

    Each further order and inner step is differentiated through once more; LOLA of order one has a closed form. 0 if
    nobody needs autograd.
    """
    if group.course not in ("updates", "map", "parameters") or group.spec["play"]:
        return 0
    orders = [(seat, seat.get("order") or 1) for seat in group.spec["seats"]]
    return max(
        order**2 * seat.get("inner_steps", 1) if order > 1 or seat.get("rule") in registry.BY_AUTOGRAD else 0
        for seat, order in orders
    )


def work(group: Group) -> int:
    """The work of a seed of a group, at all points of a map: updates, or steps if it plays any."""
    spec, grid = group.spec, group.grid
    updates = spec["steps"] * math.prod(len(values) for axis, values in grid.items() if axis != "batch")
    if not spec["play"]:
        return updates
    return updates * sum(grid.get("batch", [spec["play"]["batch"]])) * spec["play"]["length"]
