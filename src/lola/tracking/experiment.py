"""A game's experiment and its runs: a cell is one active run, which carries the hash of its manifest.

With another hash, or after it has shown the training, a run is replaced and deleted (MLflow keeps deleted runs until
`mlflow gc`).
"""

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
from lola.tracking.client import REFUSED, TRANSIENT, is_server, limited, open_client
from lola.tracking.patience import Late
from lola.vocabulary.names import Cell

# isort: split
from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils import get_results_from_paginated_fn
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH
from sqlalchemy.exc import OperationalError

from lola.tracking import whole

EXPERIMENT = {"project": "lola-reproduced", "mlflow.experimentKind": "custom_model_development"}  # its tags
RUNNING = "RUNNING"  # a run that has not ended
LOGGED = "logged_at"  # a run's tag
MISSING = "RESOURCE_DOES_NOT_EXIST"
ATTEMPTS = 5
AT_ONCE = 50  # runs in a transaction, and in memory
HALF_LOGGED = 600  # seconds after which a run that still says RUNNING is dead, whoever wrote it


@dataclass(frozen=True)
class Wanted:
    """The one active run that a cell, or a game as a whole, is to have; `identity` are the tags that tell it."""

    name: str
    identity: dict[str, str]
    status: str
    content: Callable[[], runs.Content]

    @property
    def cell(self) -> str:
        return self.identity["cell"]

    def tags(self, content: runs.Content) -> dict[str, str]:
        """The run's tags, those of its content and one that names the files that are attached to it."""
        files = store.attached({file: sha256(held) for file, held in content.files.items()})
        return content.tags | self.identity | {store.ATTACHED: files}

    def is_shown_by(self, run: Run) -> bool:
        """Whether a run is the one, and whole."""
        same = self.identity.items() <= run.data.tags.items()
        return same and (run.info.run_name, run.info.status) == (self.name, self.status)


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
        """Start a run, at a time (ms) if it is not now."""
        return self.client.create_run(self.experiment.experiment_id, start, self.signed(tags), name)

    def signed(self, tags: dict[str, str]) -> dict[str, str]:
        """A run's tags, and those that say who logged it from which code. The UI shows the commit as its version."""
        version = runs.code_version()
        tags = {"mlflow.source.name": "lola.commands.train", "mlflow.source.type": "LOCAL"} | tags | version
        tags |= {"writer": store.writer(self.root), "mlflow.source.git.commit": version["git_commit"]}
        tags |= {"mlflow.user": store.user(), LOGGED: datetime.now(UTC).isoformat(timespec="seconds")}
        return {key: fitting(value, views.LIMIT) for key, value in tags.items()}

    def add(self, run_id: str, points: list[tuple[str, int, float]], params: dict[str, str] | None = None) -> None:
        """Add points (metric, step, value) and params to a run."""
        logged = now()
        # The last first: MLflow writes a metric's latest value anew for each point that is later than those before.
        metrics = [Metric(key, value, logged, step) for key, step, value in reversed(points)]
        self.client.log_batch(run_id, metrics, [Param(*each) for each in fitting_params(params or {}).items()])

    def discard(self, run_id: str) -> None:
        """Close a run that was not logged to its end as KILLED, and delete it."""
        self.client.set_terminated(run_id, "KILLED")
        self.client.delete_run(run_id)

    def has_its_files(self, run: Run) -> bool:
        """Whether the files that were attached to a run are there as they were."""
        return store.has_its_files(self.root, run.info.artifact_uri, run.data.tags.get(store.ATTACHED))

    def ensure(self, wanted: Iterable[Wanted], found: dict[str, list[Run]]) -> dict[str, str]:
        """The ids of the runs wanted, by cell; those that are missing are logged.

        Of the runs `found` of these cells, all others are marked as superseded and deleted.
        """
        wanted, kept = {each.cell: each for each in wanted}, {}
        for cell, each in wanted.items():
            shown = filter(each.is_shown_by, found.get(cell, ()))
            if one := next(filter(self.has_its_files, shown), None):
                kept[cell] = one.info.run_id
        missing = [each for cell, each in wanted.items() if cell not in kept]
        log = self.log_by_calls if is_server(self.root) else self.log_whole
        for first in range(0, len(missing), AT_ONCE):
            kept |= log(missing[first : first + AT_ONCE])
        for cell, each in wanted.items():
            for run in found.get(cell, ()):
                if run.info.run_id != kept[cell]:
                    if run.info.status == RUNNING:
                        self.client.set_terminated(run.info.run_id, each.status)
                    self.client.set_tag(run.info.run_id, "superseded_by", kept[cell])
                    self.client.delete_run(run.info.run_id)
        return {cell: kept[cell] for cell in wanted}

    def log_whole(self, missing: list[Wanted]) -> dict[str, str]:
        """Log runs into a database, all or, if anything stops it, none: their ids by cell.

        Whoever is killed may leave the files of these runs, which nothing refers to.
        """
        written = {}
        try:
            for each in missing:
                content, logged = each.content(), now()
                where = {"experiment": self.experiment.experiment_id, "folder": self.experiment.artifact_location}
                run = whole.Whole(
                    name=each.name,
                    status=each.status,
                    start=content.start or logged,
                    end=content.end or logged,
                    tags=self.signed(each.tags(content)),
                    params=fitting_params(content.params),
                    points=content.metrics,
                    logged=logged,
                    **where,
                )
                written[each.cell] = run
                self.attach(run.artifacts, content.files)
            retry(lambda: whole.write(store.uri(self.root), written.values()))
        except BaseException:
            for run in written.values():
                with suppress(MlflowException, OSError):
                    if not self.has(run.id):
                        self.repository(run.artifacts).delete_artifacts()
            raise
        return {cell: run.id for cell, run in written.items()}

    def has(self, run_id: str) -> bool:
        """Whether a run is in the store."""
        try:
            return bool(self.client.get_run(run_id))
        except MlflowException as error:
            if error.error_code != MISSING:
                raise
        return False

    def log_by_calls(self, missing: list[Wanted]) -> dict[str, str]:
        """The same by MLflow's calls, run by run, since a server has no call for several."""
        return {each.cell: retry(lambda each=each: self.log(each)) for each in missing}

    def log(self, wanted: Wanted) -> str:
        """Log one run and return its id. If anything stops it, a signal included, the run ends as KILLED."""
        content = wanted.content()
        run = self.begin(wanted.name, wanted.tags(content), content.start).info
        try:
            self.add(run.run_id, content.metrics, content.params)
            self.attach(run.artifact_uri, content.files)
            self.client.set_terminated(run.run_id, wanted.status, content.end)
        except BaseException:
            with suppress(MlflowException, Late):
                self.discard(run.run_id)
            raise
        return run.run_id

    def repository(self, artifacts: str):
        """MLflow's access to a run's files, told where: the client's own calls read the whole run to find out."""
        return get_artifact_repository(artifacts, tracking_uri=store.uri(self.root))

    def attach(self, artifacts: str, files: dict[str, bytes]) -> None:
        """Attach files to a run whose artifacts lie at an address."""
        with tempfile.TemporaryDirectory() as folder:
            for file, held in files.items():
                path = Path(folder, file)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(held)
            limited(self.root, self.repository(artifacts)).log_artifacts(folder)

    def log_cells(self, manifests: dict[str, dict], about: runs.About, found: dict[str, list[Run]]) -> dict[str, str]:
        """The ids of the runs of cells by their names; `manifests` go by curves, `found` are the runs there are."""
        wanted = []
        for curve, manifest in manifests.items():
            cell = Cell.at(curve)
            identity = {"cell": cell.name, "manifest": sha256(canonical(manifest)), "group": runs.group(cell, about)}
            identity |= {"logging": about.code}
            content, status = partial(runs.content, curve, manifest, about), manifest["status"].upper()
            wanted.append(Wanted(runs.title(cell, about), identity, status, content))
        return self.ensure(wanted, found)

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
            if tags:  # a call with none costs as much as one with some
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


def retry(write: Callable[[], str | None]) -> str | None:
    """The result of `write`, tried again where another writer came first."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return write()
        except (MlflowException, OperationalError) as error:
            passes = error.error_code in TRANSIENT if isinstance(error, MlflowException) else "locked" in str(error)
            if not passes or attempt == ATTEMPTS:
                raise
        time.sleep(0.1 * 2**attempt)


def begun(run: Run) -> float:
    """When the logging of a run began, in seconds (Unix): its start is that of the training."""
    with suppress(KeyError, ValueError):
        return datetime.fromisoformat(run.data.tags[LOGGED]).timestamp()
    return run.info.start_time / 1000


def fitting_params(params: dict[str, str]) -> dict[str, str]:
    """Params, each as long as MLflow takes them."""
    return {key: fitting(value, MAX_PARAM_VAL_LENGTH) for key, value in params.items()}


def now() -> int:
    """The time in ms, as MLflow keeps it."""
    return int(time.time() * 1000)


def fitting(value: str, most: int) -> str:
    """A value, cut where it is longer than MLflow takes; files of the run have the whole."""
    return value if len(value) <= most else f"{value[: most - 1]}…"
