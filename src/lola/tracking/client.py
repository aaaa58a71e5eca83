"""MLflow as a window on the files: deletable, rebuildable, never in the way of training.

A game is an experiment; a cell is one active run, which carries the hash of its manifest. With another hash, or after
it has shown the training, a run is replaced and deleted (MLflow keeps deleted runs until `mlflow gc`). Whatever goes
wrong with the store is raised as `Unavailable`, for the caller to report and to go on.
"""

import getpass
import logging
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from lola.files import locks
from lola.files.artifacts import canonical, sha256
from lola.tracking import runs, store, views
from lola.tracking.patience import Late, Limited
from lola.vocabulary.names import Cell

os.environ |= {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",  # seconds; MLflow's own defaults wait minutes for a server that is down
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "PGCONNECT_TIMEOUT": "5",
    **os.environ,  # of what is above, what is set already
    **store.PRIVATE,
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

import sqlalchemy
from alembic.util import CommandError
from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils import get_results_from_paginated_fn
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH
from sqlalchemy.exc import OperationalError, SQLAlchemyError

for noisy in ("mlflow", "alembic"):  # what matters is raised as Unavailable, in one line
    logging.getLogger(noisy).setLevel(logging.CRITICAL)
EXPERIMENT = {"project": "lola-reproduced", "mlflow.experimentKind": "custom_model_development"}  # its tags
RUNNING = "RUNNING"  # a run that has not ended
LOGGED = "logged_at"  # a run's tag
ATTEMPTS = 5
TRANSIENT = {"TEMPORARILY_UNAVAILABLE", "BAD_REQUEST"}  # a database is locked; another process has just written the row
REFUSED = "INVALID_PARAMETER_VALUE"  # what is too long for this server, say
CLOSED = re.compile(r"read-?only|denied|permi(t|ssion)|authenticat|(error code|status) 40[13]", re.IGNORECASE)
# Seconds for one call of a server: its answer may drip, and MLflow's limit is on each byte.
PATIENCE = 60 + 2 * float(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"])
HALF_LOGGED = 600  # seconds after which a run that still says RUNNING is dead, whoever wrote it


class Unavailable(Exception):
    """The store can't be opened, read or written. One line says why, and whether that passes by itself."""


@contextmanager
def open_client(root: str | Path) -> Iterator[MlflowClient]:
    """A client of a store that is there, whole and knows where its artifacts lie. Raises Unavailable."""
    if fault := store.fault(root):
        raise Unavailable(store.without_password(fault))
    try:
        prepare(root)
        yield limited(root, MlflowClient(store.uri(root)))
    except (MlflowException, SQLAlchemyError, CommandError, sqlite3.Error, Late, ImportError, OSError) as error:
        reason, then = " ".join(str(error).split()) or type(error).__name__, outlook(error, root)
        if isinstance(error, OSError) and error.errno in locks.NO_LOCKS:
            reason = f"the disk has no locks ({error.strerror})"
        elif is_server(root):
            reason = f"{store.uri(root)} {'does not answer' if then == store.RETRIED else 'refuses'} ({reason[:160]})"
        raise Unavailable(f"{store.without_password(reason)[:300]}; {then}") from error


def is_server(root: str | Path) -> bool:
    """Whether the store is asked over HTTP."""
    return store.uri(root).startswith("http")


def outlook(error: Exception, root: str | Path) -> str:
    """What becomes of what was not logged: a store that is away comes back, what is wrong stays until it is mended."""
    if isinstance(error, OSError) and error.errno in locks.NO_LOCKS:
        return f"that will come again until {store.folder(root)} is on another disk, or on one mounted with locks"
    if isinstance(error, MlflowException) and error.error_code == REFUSED:
        return "that will come again: MLflow refuses what it is told, which is a fault of this project"
    closed = CLOSED.search(str(error)) or (isinstance(error, MlflowException) and status(error) in (401, 403))
    if closed and not store.is_own(root):
        named = "; MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD say who you are" if is_server(root) else ""
        return f"that will come again until you may write there{named}"
    if not closed and is_away(error, root):
        return store.RETRIED
    if store.is_own(root):
        return f"that will come again until {store.folder(root)} has a database of MLflow that can be written"
    return store.UNTIL


def is_away(error: Exception, root: str | Path) -> bool:
    """Whether a store is down, or kept busy by somebody else: that passes by itself."""
    if isinstance(error, MlflowException):
        return error.error_code in TRANSIENT or (is_server(root) and status(error) in (408, 429, *range(500, 600)))
    return isinstance(error, (OperationalError, Late)) or "database is locked" in str(error)


def status(error: MlflowException) -> int:
    """The HTTP status of an answer, which MLflow has no code of its own for each of; 500 without an answer."""
    found = re.search(r"failed with error code (\d{3})", str(error))
    return int(found[1]) if found else error.get_http_status_code()


def limited(root: str | Path, client):
    """The client, or where it is a server's one that waits for it no longer than `PATIENCE`."""
    return Limited(client, PATIENCE) if is_server(root) else client


def prepare(root: str | Path) -> None:
    """Create the schema if there is none, alone and whole. Repair artifact paths. See soon if a database is down."""
    address, database = store.uri(root), store.database_file(root)
    if database:
        with locks.alone(database.with_name(f".{database.name}.lock")):
            if not database.exists() or not database.stat().st_size:
                fresh = database.with_name(f".{database.name}.new")
                fresh.unlink(missing_ok=True)
                MlflowClient(f"{store.SQLITE}{fresh}").search_experiments(max_results=1)
                fresh.replace(database)
            store.point_at_artifacts(database, root)
    elif not is_server(root):
        sqlalchemy.create_engine(address).connect().close()
        with locks.alone(Path(root, "tracking", ".store.lock")):
            MlflowClient(address).search_experiments(max_results=1)


@dataclass(frozen=True)
class GameRuns:
    """A game's experiment and its runs, while no other process of the study writes there."""

    root: str | Path
    client: MlflowClient
    experiment: Experiment

    def active(self, where: str = "") -> list[Run]:
        """The runs that are not deleted and match a filter, oldest first."""
        order = ["attributes.start_time ASC"]
        search = partial(self.client.search_runs, [self.experiment.experiment_id], where, order_by=order)
        return get_results_from_paginated_fn(lambda most, at: search(max_results=most, page_token=at), 1000)

    def sweep(self, where: str = "") -> dict[str, list[Run]]:
        """The active runs that match a filter by the cell they show, after discarding those whose writer was killed.

        Those that are being written stay in the store, but of them only the watcher's of this study are returned.
        """
        watched, kept = locks.is_held(store.watcher_lock(self.root)), defaultdict(list)
        for run in self.active(where):
            mine, live = self.is_mine(run), run.data.tags.get("kind") == runs.LIVE
            if run.info.status != RUNNING or (mine and live and watched):
                kept[run.data.tags.get("cell", "")].append(run)
            elif mine or (not live and time.time() - begun(run) > HALF_LOGGED):
                self.discard(run.info.run_id)
        return kept

    def is_mine(self, run: Run) -> bool:
        """Whether this study has written the run."""
        return store.is_own(self.root) or run.data.tags.get("writer") == store.writer(self.root)

    def begin(self, name: str, tags: dict[str, str], start: int | None = None) -> Run:
        """Start a run, at a time (ms) if it is not now. The UI shows the commit as its version."""
        version = runs.code_version()
        tags = {"mlflow.source.name": "lola.commands.train", "mlflow.source.type": "LOCAL"} | tags | version
        tags |= {"writer": store.writer(self.root), "mlflow.source.git.commit": version["git_commit"]}
        tags |= {"mlflow.user": user(), LOGGED: datetime.now(UTC).isoformat(timespec="seconds")}
        tags = {key: fitting(value, views.LIMIT) for key, value in tags.items()}
        return self.client.create_run(self.experiment.experiment_id, start, tags, name)

    def add(self, run_id: str, points: list[tuple[str, int, float]], params: dict[str, str] | None = None) -> None:
        """Add points (metric, step, value) and params to a run."""
        now = int(time.time() * 1000)
        # The last first: MLflow writes a metric's latest value anew for each point that is later than those before.
        metrics = [Metric(key, value, now, step) for key, step, value in reversed(points)]
        settings = [Param(key, fitting(value, MAX_PARAM_VAL_LENGTH)) for key, value in (params or {}).items()]
        self.client.log_batch(run_id, metrics, settings)

    def discard(self, run_id: str) -> None:
        """Close a run that was not logged to its end as KILLED, and delete it."""
        self.client.set_terminated(run_id, "KILLED")
        self.client.delete_run(run_id)

    def ensure(
        self, present: list[Run], name: str, identity: dict[str, str], content: Callable[[], runs.Content], status: str
    ) -> str:
        """The id of the one active run with this name and these identity tags; if missing, it is logged.

        `present` are the runs of the same cell; all but the one are marked as superseded and deleted.
        """
        same = [run.info for run in present if identity.items() <= run.data.tags.items()]
        whole = (info.run_id for info in same if (info.run_name, info.status) == (name, status))
        kept = next(whole, None) or retry(lambda: self.log(name, identity, content(), status))
        for run in present:
            if run.info.run_id != kept:
                if run.info.status == RUNNING:
                    self.client.set_terminated(run.info.run_id, status)
                self.client.set_tag(run.info.run_id, "superseded_by", kept)
                self.client.delete_run(run.info.run_id)
        return kept

    def log(self, name: str, identity: dict[str, str], content: runs.Content, status: str) -> str:
        """Log one run and return its id. If anything stops it, a signal included, the run ends as KILLED."""
        run = self.begin(name, content.tags | identity, content.start).info
        run_id = run.run_id
        try:
            self.add(run_id, content.metrics, content.params)
            # Told where: the client's own call reads the whole run again to find out.
            repository = get_artifact_repository(run.artifact_uri, tracking_uri=store.uri(self.root))
            with tempfile.TemporaryDirectory() as folder:
                for file, held in content.files.items():
                    path = Path(folder, file)
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(held)
                limited(self.root, repository).log_artifacts(folder)
            self.client.set_terminated(run_id, status, content.end)
        except BaseException:
            with suppress(MlflowException, Late):
                self.discard(run_id)
            raise
        return run_id

    def log_cells(self, manifests: dict[str, dict], about: runs.About, found: dict[str, list[Run]]) -> dict[str, str]:
        """The ids of the runs of cells by their names; `manifests` go by curves, `found` are the runs there are."""
        logged = {}
        for curve, manifest in manifests.items():
            cell = Cell.at(curve)
            identity = {"cell": cell.name, "manifest": sha256(canonical(manifest)), "group": runs.group(cell, about)}
            identity |= {"logging": about.code}
            content, status = partial(runs.content, curve, manifest, about), manifest["status"].upper()
            logged[cell.name] = self.ensure(found[cell.name], runs.title(cell, about), identity, content, status)
        return logged

    def describe(self, tags: dict[str, str]) -> dict[str, str]:
        """Set tags of the experiment that differ from what it has; returns those that it took, and tells of others."""
        taken = dict(tags)
        for key, value in tags.items():
            if self.experiment.tags.get(key) == value:
                continue
            try:
                self.client.set_experiment_tag(self.experiment.experiment_id, key, value)
            except MlflowException as error:
                if error.error_code != REFUSED:
                    raise
                del taken[key]
                print(f"MLflow: {self.experiment.name} goes without {key}: {error}"[:300], file=sys.stderr)
        return taken

    def forget_views(self, kept: dict[str, str]) -> None:
        """Remove the views of figures that the study no longer has, or that are pictures now."""
        for key in self.experiment.tags:
            if key.startswith(views.TAG) and key not in {*kept, views.TAG + views.TABLE, views.TAG + views.TRAINING}:
                self.client.delete_experiment_tag(self.experiment.experiment_id, key)

    def forget_cells(self, found: dict[str, list[Run]], kept: Iterable[str]) -> None:
        """Delete the runs of cells that the study no longer has; those that are being written stay."""
        for cell in found.keys() - {*kept}:
            for run in found[cell]:
                if run.data.tags.get("kind") in runs.OF_CELLS and run.info.status != RUNNING and self.is_mine(run):
                    self.client.set_tag(run.info.run_id, "left", "the study no longer has this cell")
                    self.client.delete_run(run.info.run_id)

    def mark_shown(self, cells: list[Run], shown: dict[str, list[Run]]) -> None:
        """Tag runs so that the views of figures find those that each has `shown`, and no longer those of others."""
        pages = {views.run_tag(figure): {run.info.run_id for run in runs} for figure, runs in shown.items()}
        for run in cells:
            wanted = {tag: str(run.info.run_id in page).lower() for tag, page in pages.items()}
            former = {tag: "false" for tag in run.data.tags if tag.startswith(views.SHOWN)}
            tags = [(k, v) for k, v in (former | wanted).items() if run.data.tags.get(k, "false") != v]
            self.client.log_batch(run.info.run_id, tags=[RunTag(*tag) for tag in tags])


@contextmanager
def open_game(root: str | Path, game: str) -> Iterator[GameRuns]:
    """A game's runs, for one writer at a time. Its experiment is made if missing, restored if deleted in the UI."""
    name = store.experiment_name(root, game)
    with open_client(root) as client, locks.alone(store.game_lock(root, game)):
        if client.get_experiment_by_name(name) is None:
            location = None if is_server(root) else f"{store.artifacts(root)}/{name}"
            try:
                client.create_experiment(name, location, EXPERIMENT)
            except MlflowException:  # another process may have made it first
                if client.get_experiment_by_name(name) is None:
                    raise
        experiment = client.get_experiment_by_name(name)
        if experiment.lifecycle_stage == "deleted":
            client.restore_experiment(experiment.experiment_id)
        yield GameRuns(root, client, experiment)


def retry(write: Callable[[], str]) -> str:
    """The result of `write`, tried again where another writer came first."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return write()
        except MlflowException as error:
            if error.error_code not in TRANSIENT or attempt == ATTEMPTS:
                raise
        time.sleep(0.1 * 2**attempt)


def begun(run: Run) -> float:
    """When the logging of a run began, in seconds (Unix): its start is that of the training."""
    with suppress(KeyError, ValueError):
        return datetime.fromisoformat(run.data.tags[LOGGED]).timestamp()
    return run.info.start_time / 1000


def fitting(value: str, most: int) -> str:
    """A value, cut where it is longer than MLflow takes; files of the run have the whole."""
    return value if len(value) <= most else f"{value[: most - 1]}…"


def user() -> str:
    """Whoever runs this, or "unknown" where the system has no name for them."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "unknown"
