"""Runs that show cells while they are trained and when their jobs end, read off files: training knows nothing of it.

Each cell of a checkpoint has a run of the kind "live" with its returns so far, of the Coin Game also points and coins,
at the steps of the finished cell's run. After trouble with the store it is made anew from the next checkpoint, which
holds the whole history; so no point is there twice. When Snakemake has measured a job, its cells are logged whole, and
take the place of their live runs.
"""

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from lola.files import benchmarks, checkpoints, locks
from lola.files.cells import read_manifest
from lola.tracking import games, runs, store, views
from lola.tracking.client import Unavailable
from lola.tracking.experiment import RUNNING, GameRuns, open_game
from lola.vocabulary import measures, registry
from lola.vocabulary.names import Cell, GroupName

ROUND = 14.0  # seconds between two rounds; with checkpoints.EVERY, an update and the writing, less than 30
OURS = f"tags.kind = '{runs.LIVE}'"  # finds them


@dataclass
class Job:
    """What is shown of a training job."""

    made_by: dict  # its checkpoint
    steps: set[int]  # those that the runs of finished cells have
    runs: dict[Cell, str]
    metrics: set[str] = field(default_factory=set)  # those that its runs have or will have
    step: int = -1  # the last that its runs have
    read: int = 0  # the time of change (ns) of the checkpoint that they show


def show(root: str, about: dict[str, runs.About], stale: dict[Path, int], looks: Iterable[dict[Path, int]]) -> None:
    """Keep the runs of what is trained up to date until `looks` ends, then close those of what is not done.

    A look is checkpoints and benchmarks with their times of change; those in `stale` an earlier study left. `about`
    goes by games. Trouble is reported once.
    """
    jobs, logged, due, told = {}, {}, 0.0, False
    with locks.alone(store.watcher_lock(root)):
        try:
            for found in looks:
                if time.monotonic() < due:
                    continue
                due = time.monotonic() + ROUND
                try:
                    fresh = {path: at for path, at in found.items() if stale.get(path) != at}
                    update(root, about, jobs, logged, fresh)
                except Unavailable as reason:
                    if not told:
                        print(f"MLflow: training goes on, but can't be watched: {reason}", file=sys.stderr, flush=True)
                    told = True
        finally:
            with suppress(Unavailable):
                update(root, about, jobs, {}, {})


def update(
    root: str, about: dict[str, runs.About], jobs: dict[Path, Job], logged: dict[Path, int], found: dict[Path, int]
) -> None:
    """Bring `jobs` and their runs up to the checkpoints found, and close those without one. Raises Unavailable.

    The cells of the benchmarks found that are not among those `logged` are logged.
    """
    ended = jobs.keys() - found.keys()
    read = logged | {path: job.read for path, job in jobs.items()}
    written = {path for path, at in found.items() if read.get(path) != at}
    for game, of_game in groupby(sorted(ended | written, key=lambda path: (game_of(path), path)), game_of):
        paths, told = [*of_game], about.get(game, runs.About())
        measured = [path for path in paths if path.suffix == ".jsonl"]
        try:
            with open_game(root, game) as log:
                games.log_ended(log, (curve for path in measured for curve in benchmarks.trained(path, root)), told)
                logged |= {path: found[path] for path in measured}
                for path in paths:
                    if path in ended:
                        close(log, jobs.pop(path))
                    elif path not in measured:
                        with suppress(FileNotFoundError, ValueError):  # its job has just ended; it is damaged
                            extend(log, told, jobs, path)
                            jobs[path].read = found[path]
                offer_view(log, told, [job for path, job in jobs.items() if game_of(path) == game])
        except Unavailable:
            for path in [path for path in jobs if game_of(path) == game]:
                del jobs[path]
            raise


def game_of(path: Path) -> str:
    """The game that a checkpoint or a benchmark is of."""
    return GroupName.at(path.parent).game


def extend(log: GameRuns, about: runs.About, jobs: dict[Path, Job], path: Path) -> None:
    """Add to the runs of a job, made if missing, what its checkpoint has beyond them."""
    made_by, snapshot = checkpoints.read(path)
    if path not in jobs or jobs[path].made_by != made_by:
        jobs.pop(path, None)
        known = {run_id for job in jobs.values() for run_id in job.runs.values()}
        jobs[path] = begin(log, about, GroupName.at(path.parent), made_by, known)
    job, spec = jobs[path], made_by["spec"]
    # A map with an axis of batches takes all updates once per batch.
    taken = len(snapshot.get("tables", ())) * spec["steps"] + int(snapshot["step"])
    for s, (cell, run_id) in enumerate(job.runs.items()):
        known = {} if spec["grid"] else series(snapshot, s)  # a map has no returns before its end
        fresh = runs.points(known, job.steps, job.step) if known else [("updates", taken, taken)]
        settings = runs.params(cell, spec, about) if job.step < 0 else {}
        if (fresh and taken > job.step) or settings:
            log.add(run_id, fresh, settings)
        job.metrics |= {runs.metric_name(*key) for key in known} or {"updates"}
    job.step = taken


def begin(log: GameRuns, about: runs.About, group: GroupName, made_by: dict, known: set[str]) -> Job:
    """A job with its runs, after discarding what was left RUNNING or shows the same cells, but not others' `known`."""
    cells = {cell.name: cell for cell in map(group.cell, made_by["seeds"])}
    for run in log.active(OURS):
        left = run.data.tags["cell"] in cells or run.info.status == RUNNING
        if left and run.info.run_id not in known and log.is_mine(run):
            log.discard(run.info.run_id)
    job = Job(made_by, runs.shown_steps(runs.steps_of(made_by["spec"])), {})
    for name, cell in cells.items():
        tags = {"cell": name, "kind": runs.LIVE, views.run_tag(views.TRAINING): "true"}
        job.runs[cell] = log.begin(runs.title(cell, about), runs.tags(cell, made_by, about) | tags).info.run_id
    return job


def close(log: GameRuns, job: Job) -> None:
    """End the runs of a job that has ended: with their last points where the cell was trained, else as KILLED."""
    present = {run.info.run_id for run in log.active(OURS)}
    for cell, run_id in job.runs.items():
        if run_id not in present:  # the run of the finished cell has taken its place
            continue
        if manifest := trained(cell, job.made_by, log.root):
            if registry.course(manifest["spec"]) not in registry.WITHOUT_STEPS:
                log.add(run_id, runs.points(ended(cell.curve(log.root)), job.steps, job.step))
            log.client.set_terminated(run_id, manifest["status"].upper())
        else:
            log.discard(run_id)


def trained(cell: Cell, made_by: dict, root: str) -> dict | None:
    """The cell's manifest, if it is that of the training that was watched."""
    with suppress(FileNotFoundError, ValueError):
        manifest = read_manifest(cell.curve(root))
        return manifest if all(manifest[key] == made_by[key] for key in ("spec", "code", "lock")) else None


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
    return runs.with_shares(runs.by_metric([columns, *kept]))


def offer_view(log: GameRuns, about: runs.About, jobs: list[Job]) -> None:
    """Save the view of what is being trained, or remove it when nothing is."""
    experiment = log.experiment
    if jobs:
        groups = sorted({runs.group(cell, about) for job in jobs for cell in job.runs})
        metrics = sorted(set.union(*(job.metrics for job in jobs)))
        log.describe(views.view(views.TRAINING, groups, metrics, experiment.creation_time, refreshed=True))
    elif views.TAG + views.TRAINING in experiment.tags:
        log.client.delete_experiment_tag(experiment.experiment_id, views.TAG + views.TRAINING)
