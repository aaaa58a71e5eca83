"""Runs that show cells while they are trained, read off the checkpoints of training, which knows nothing of it.

Each cell of a checkpoint has a run of the kind "live" with its returns so far, of the Coin Game also points and coins,
at the steps that the run of the finished cell will have. After any trouble with the store these runs are made anew,
from the next checkpoint, which holds the whole history; so no point is there twice.
"""

import csv
import math
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lola.files import checkpoints, locks
from lola.files.cells import read_manifest
from lola.tracking import client as tracking
from lola.tracking import runs, store, views
from lola.vocabulary import measures, registry
from lola.vocabulary.names import Cell, GroupName

ROUND = 14.0  # seconds between two rounds; with checkpoints.EVERY, an update and the writing, less than 30
VIEW = "training"  # the saved view that shows these runs


@dataclass
class Job:
    """What is shown of a training job: what made its checkpoint, when that was read, its runs, their last step."""

    made_by: dict
    cells: list[Cell]
    read: int = 0
    runs: dict[Cell, str] = field(default_factory=dict)
    step: int = -1


def show(root: str, labels: dict[str, str], stale: dict[Path, int], looks: Iterable[dict[Path, int]]) -> None:
    """Keep the runs of what is being trained up to date until `looks` ends, then close them.

    A look is what checkpoints there are: paths and times of change. Those that are as in `stale` are left from a study
    that was killed. A store that is down is reported once.
    """
    jobs: dict[Path, Job] = {}
    due, told = 0.0, False
    with locks.alone(store.watcher_lock(root)):
        try:
            for found in looks:
                if time.monotonic() < due:
                    continue
                due = time.monotonic() + ROUND
                try:
                    update(root, labels, jobs, {path: at for path, at in found.items() if stale.get(path) != at})
                except tracking.Unavailable as reason:
                    if not told:
                        print(f"MLflow: training goes on, but can't be watched: {reason}", file=sys.stderr, flush=True)
                    told = True
        finally:
            with suppress(tracking.Unavailable):
                update(root, labels, jobs, {})


def update(root: str, labels: dict[str, str], jobs: dict[Path, Job], found: dict[Path, int]) -> None:
    """Bring `jobs` and their runs up to the checkpoints found; close those without one. Raises Unavailable."""
    ended = {path for path in jobs if path not in found}
    written = {path for path, at in found.items() if path not in jobs or jobs[path].read != at}
    for game in sorted({game_of(path) for path in ended | written}):
        try:
            with locks.alone(store.game_lock(root, game)), tracking.open_client(root) as client:
                experiment = tracking.experiment_of(client, root, game)
                for path in sorted(path for path in ended if game_of(path) == game):
                    close(client, experiment, root, jobs.pop(path))
                for path in sorted(path for path in written if game_of(path) == game):
                    with suppress(FileNotFoundError, ValueError):  # its job has just ended; it is damaged
                        extend(client, experiment, root, labels, jobs, path)
                        jobs[path].read = found[path]
                offer_view(client, experiment, labels, [job for path, job in jobs.items() if game_of(path) == game])
        except tracking.Unavailable:
            for path in [path for path in jobs if game_of(path) == game]:
                del jobs[path]
            raise


def game_of(path: Path) -> str:
    """The game that a checkpoint is of."""
    return GroupName.at(path.parent).game


def extend(client, experiment, root: str, labels: dict[str, str], jobs: dict[Path, Job], path: Path) -> None:
    """Add to the runs of a job, made if missing, what its checkpoint has beyond them."""
    made_by, snapshot = checkpoints.read(path)
    if path not in jobs or jobs[path].made_by != made_by:
        jobs[path] = Job(made_by, [GroupName.at(path.parent).cell(seed) for seed in made_by["seeds"]])
        begin(client, experiment, root, labels, jobs, jobs[path])
    job, taken = jobs[path], updates(made_by["spec"], snapshot)
    for s, (cell, run_id) in enumerate(job.runs.items()):
        # A map has no returns before its end.
        fresh = [("updates", taken, taken)] if made_by["spec"]["grid"] else points(job, series(snapshot, s))
        settings = runs.params(cell, made_by["spec"], labels) if job.step < 0 else {}
        if (fresh and taken > job.step) or settings:
            tracking.add(client, run_id, fresh, settings)
    job.step = taken


def begin(client, experiment, root: str, labels: dict[str, str], jobs: dict[Path, Job], job: Job) -> None:
    """Make a job's runs, after discarding those that were left RUNNING, and older ones of the same cells."""
    known = {run_id for other in jobs.values() for run_id in other.runs.values()}
    names = {cell.name for cell in job.cells}
    for name, its_runs in tracking.active_runs(client, experiment, f"tags.kind = '{runs.LIVE}'").items():
        for run in its_runs:
            left = run.info.run_id not in known and (name in names or not tracking.done(run))
            if left and tracking.is_mine(run, root):
                tracking.discard(client, run.info.run_id)
    version = tracking.code_tags(root)
    for cell in job.cells:
        tags = runs.tags(cell, job.made_by, labels) | version
        tags |= {"cell": cell.name, "kind": runs.LIVE, views.run_tag(VIEW): "true"}
        run = client.create_run(experiment.experiment_id, tags=tags, run_name=runs.title(cell, labels))
        job.runs[cell] = run.info.run_id


def close(client, experiment, root: str, job: Job) -> None:
    """End the runs of a job that has ended: with their last points where the cell was trained, else as KILLED."""
    active = tracking.active_runs(client, experiment, f"tags.kind = '{runs.LIVE}'")
    present = {run.info.run_id for its_runs in active.values() for run in its_runs}
    for cell, run_id in job.runs.items():
        if run_id not in present:  # the run of the finished cell has taken its place
            continue
        if manifest := trained(cell, job.made_by, root):
            tracking.add(client, run_id, [] if manifest["spec"]["grid"] else points(job, ended(cell.curve(root))))
            client.set_terminated(run_id, "FAILED" if manifest["status"] == "failed" else "FINISHED")
        else:
            tracking.discard(client, run_id)


def trained(cell: Cell, made_by: dict, root: str) -> dict | None:
    """The cell's manifest, if it is that of the training that was watched."""
    try:
        manifest = read_manifest(cell.curve(root))
    except (FileNotFoundError, ValueError):
        return None
    return manifest if all(manifest[key] == made_by[key] for key in ("spec", "code", "lock")) else None


def updates(spec: dict, snapshot: checkpoints.Snapshot) -> int:
    """The number of updates that were taken; a map with an axis of batches takes all of them once per batch."""
    return len(snapshot.get("tables", ())) * spec["steps"] + int(snapshot["step"])


def series(snapshot: checkpoints.Snapshot, s: int) -> runs.Series:
    """A seed's series so far, as the rows of its curve will give them."""
    found = {
        (str(player), measure): list(zip(snapshot["at"].tolist(), values, strict=True))
        for player, own in enumerate(snapshot["shown"][:, s].transpose(1, 2, 0).tolist(), start=1)
        for measure, values in zip(snapshot["measures"].tolist(), own, strict=True)
    }
    return runs.with_shares(found)


def ended(curve: Path) -> runs.Series:
    """The same of a finished cell."""
    columns, *lines = curve.read_text().splitlines()
    kept = (line for line in lines if any(f",{measure}," in line for measure in measures.OF_COIN_GAME))
    return runs.with_shares(runs.by_metric(csv.DictReader([columns, *kept])))


def points(job: Job, curve: runs.Series) -> list[tuple[str, int, float]]:
    """The finite values after the last step shown, at the steps that the finished cell's run has."""
    shown = runs.shown_steps(runs.steps_of(job.made_by["spec"]))
    return [
        (runs.metric_name(player, metric), step, value)
        for (player, metric), values in curve.items()
        for step, value in values
        if step > job.step and step in shown and math.isfinite(value)
    ]


def offer_view(client, experiment, labels: dict[str, str], jobs: list[Job]) -> None:
    """Save the view of what is being trained, or remove it when nothing is."""
    if jobs:
        groups = sorted({runs.group(job.cells[0], labels) for job in jobs})
        players = range(1, 1 + max(len(job.made_by["spec"]["seats"]) for job in jobs))
        coins = any(registry.course(job.made_by["spec"]) == "coin_game" for job in jobs)
        metrics = [runs.metric_name("", measures.OWN_COLOUR)] * coins
        for measure in (measures.RETURN, *((measures.POINTS, measures.COINS, measures.OWN_COLOUR) if coins else ())):
            metrics += [runs.metric_name(str(player), measure) for player in players]
        metrics += ["updates"] * any(job.made_by["spec"]["grid"] for job in jobs)
        for key, value in views.view(VIEW, groups, metrics, experiment.creation_time, refreshed=True).items():
            client.set_experiment_tag(experiment.experiment_id, key, value)
    elif views.TAG + VIEW in experiment.tags:
        client.delete_experiment_tag(experiment.experiment_id, views.TAG + VIEW)
