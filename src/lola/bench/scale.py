"""How long the Coin Game takes at the paper's scale: `python -m lola.bench.scale [--minutes 5] [--device cuda]`.

Every algorithm of config/lola/scale.yaml trains one run for its share of some minutes, in a process of its own. Out:
scale.csv, with what an update took, and scale.md, with how long the study would take on one card and on a hundred.
"""

import argparse
import csv
import io
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from lola.bench.coins import now, peak
from lola.files import checkpoints, environment
from lola.files.artifacts import write_whole
from lola.learning import devices
from lola.learning.coins.job import build
from lola.learning.training import learn, packed
from lola.study import plan
from lola.study.config import load
from lola.study.plan import Group

STUDY = "config/lola/scale.yaml"
CARDS = 100  # of a cluster
ROW = 350  # bytes of ten numbers in a cell's file, with the names of what they are


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench"))
    parser.add_argument("--device", default="cuda", choices=devices.CHOICES)
    parser.add_argument("--minutes", type=float, default=5.0, help="to train in, besides starting processes")
    args = parser.parse_args()
    try:
        device = devices.chosen(args.device)
        groups = plan.groups(load("lola", [STUDY]))
        rows = measured(groups, device, 60 * args.minutes / len(groups))
    except devices.CannotTrain as error:
        sys.exit(f"{error}.")
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    told = estimate(groups, rows, torch.cuda.get_device_name() if device == "cuda" else "the processor")
    print(write_whole(args.out / "scale.csv", text.getvalue()), text.getvalue(), sep="\n")
    print(write_whole(args.out / "scale.md", told), told, sep="\n")


def measured(groups: dict[str, Group], device: str, seconds: float) -> list[dict]:
    """A row per group: what an update of one of its runs takes."""
    context = get_context("forkserver")
    with ProcessPoolExecutor(1, context, torch.set_num_threads, (1,), max_tasks_per_child=1) as fresh:
        jobs = {name: fresh.submit(train, group.spec, device, seconds) for name, group in groups.items()}
        return [{"group": name} | job.result() for name, job in jobs.items()]


def train(spec: dict, device: str, seconds: float) -> dict:
    """Updates of one run for so many seconds, two at least, of which the first does not count."""
    before, job = peak(device), build(spec, [0], device)
    run, times = learn(job, job.start(), 10**9), []
    next(run)
    ends = now(device) + seconds
    while len(times) < 2 or now(device) < ends:
        began = now(device)
        state = next(run)
        times.append(now(device) - began)
    kept = sum(array.nbytes for array in packed(state).values())
    return {
        "updates": len(times),
        "s per update": round(statistics.median(times[1:]), 4),
        "MiB": round(peak(device) - before),
        "checkpoint MiB": round(kept / 2**20, 2),
    }


def estimate(groups: dict[str, Group], rows: list[dict], card: str) -> str:
    """How long all runs of the groups would take by these rows, and what they would keep, in Markdown."""
    lines = ["| runs | updates | hours a run | hours of all, one after another |", "| --- | --- | --- | --- |"]
    hours, checkpoint, kept = [], 0.0, 0.0
    for (name, group), row in zip(groups.items(), rows, strict=True):
        runs, steps = len(group.seeds), group.spec["steps"]
        each = row["s per update"] * steps / 3600
        hours += [each] * runs
        checkpoint += runs * row["checkpoint MiB"]
        kept += runs * ROW * steps / (group.spec["every"] or 1) / 2**20
        lines.append(f"| {runs} of {name} | {steps:,} | {each:.1f} | {runs * each:,.0f} |")
    days, at_once = sum(hours) / 24, last_ends(hours, CARDS)
    told = [
        f"As {card} did it, a run at a time.",
        "\n".join(lines),
        f"All {len(hours)} runs are {len(hours)} jobs. One card takes {days:,.0f} days; a cluster of {CARDS} cards, "
        f"each job on one, {at_once:,.0f} hours. A job writes a checkpoint every {checkpoints.EVERY:.0f} seconds, over "
        f"the one before: {checkpoint:,.0f} MiB for all. What is left of them takes some {kept:,.0f} MiB.",
    ]
    return "\n\n".join(told) + "\n"


def last_ends(hours: list[float], cards: int) -> float:
    """When the last job ends if each card takes the longest that is left."""
    free = [0.0] * cards
    for each in sorted(hours, reverse=True):
        free[free.index(min(free))] += each
    return max(free)


if __name__ == "__main__":
    environment.set_up()
    main()
