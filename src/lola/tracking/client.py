"""MLflow as a window on the files: deletable, rebuildable, never in the way of training.

A game is an experiment, a cell is a run. The run of a cell carries the hash of its manifest: the
same hash is never logged twice, and a run with another hash, or one that showed its training, is
replaced and deleted (MLflow keeps deleted runs until `mlflow gc`). So a cell has one active run.

Whatever goes wrong with the store is raised as `Unavailable`, for the caller to report and to go on.
"""

import logging
import os
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from lola.files import locks
from lola.files.artifacts import canonical, sha256
from lola.files.cells import read_manifest
from lola.tracking import runs, store, views
from lola.vocabulary import measures
from lola.vocabulary.names import Cell

os.environ |= store.PRIVATE | {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
for patience, short in {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",  # seconds; MLflow's own defaults wait minutes for a server that is down
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "PGCONNECT_TIMEOUT": "5",
}.items():
    os.environ.setdefault(patience, short)

import sqlalchemy  # noqa: E402
from alembic.util import CommandError  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Experiment, Metric, Param, Run, RunStatus, ViewType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

for noisy in ("mlflow", "alembic"):  # what matters is raised as Unavailable, in one line
    logging.getLogger(noisy).setLevel(logging.CRITICAL)
EXPERIMENT = store.PROJECT | {"mlflow.experimentKind": "custom_model_development"}  # its tags
BATCH = 1000  # MLflow takes at most so many metrics in a request
ATTEMPTS = 5
TRANSIENT = {"TEMPORARILY_UNAVAILABLE", "BAD_REQUEST"}  # a database is locked; another process has just written the row
HALF_LOGGED = 600  # seconds after which a run that still says RUNNING is dead, whoever wrote it


class Unavailable(Exception):
    """The store can't be opened, read or written. One line says why."""


# --- the store


@contextmanager
def open_client(root: str | Path) -> Iterator[MlflowClient]:
    """A client of a store that is there, whole and knows where its artifacts lie. Raises Unavailable."""
    try:
        prepare(root)
        yield MlflowClient(tracking_uri=store.uri(root))
    except (MlflowException, SQLAlchemyError, CommandError, sqlite3.Error, ImportError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if store.uri(root).startswith("http"):
            reason = f"{store.uri(root)} does not answer ({reason[:160]})"
        raise Unavailable(store.without_password(reason)[:300]) from error


def prepare(root: str | Path) -> None:
    """Create the schema if there is none, repair artifact paths, and find out soon that a database is down."""
    database = store.database_file(root)
    if database:
        with locks.alone(database.with_name(f".{database.name}.lock")):
            if not database.exists() or not database.stat().st_size:
                create(database)
            store.point_at_artifacts(database, root)
    elif not store.uri(root).startswith("http"):
        sqlalchemy.create_engine(store.uri(root)).connect().close()
        with locks.alone(Path(root, "tracking", ".store.lock")):
            create_schema(store.uri(root))


def create(database: Path) -> None:
    """Make the schema beside, then rename: two writers that make it in place both fail and leave half of one."""
    fresh = database.with_name(f".{database.name}.new")
    fresh.unlink(missing_ok=True)
    create_schema(f"{store.SQLITE}{fresh}")
    fresh.replace(database)


def create_schema(uri: str) -> None:
    """Make MLflow's tables, if they are not there. The caller holds a lock: two at once would both fail."""
    MlflowClient(tracking_uri=uri).search_experiments(max_results=1)


def retry(write: Callable[[], str]) -> str:
    """The result of `write`, tried again where another writer came first."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return write()
        except MlflowException as error:
            if error.error_code not in TRANSIENT or attempt == ATTEMPTS:
                raise
        time.sleep(0.1 * 2**attempt)


# --- experiments and their runs


def experiment_of(client: MlflowClient, root: str | Path, game: str) -> Experiment:
    """The game's experiment, made if missing, restored if somebody has deleted it in the UI."""
    name = store.experiment_name(root, game)
    remote = store.uri(root).startswith("http")
    found = client.get_experiment_by_name(name)
    if found is None:
        location = None if remote else str(store.folder(root) / store.ARTIFACTS / name)
        with suppress(MlflowException):  # another process may make it first; if not, the next line complains
            client.create_experiment(name, location, EXPERIMENT)
        found = client.get_experiment_by_name(name)
    if found is None:
        raise Unavailable(f"the store does not let us create the experiment {name}")
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return found


def active_runs(client: MlflowClient, experiment: Experiment, where: str = "") -> dict[str, list[Run]]:
    """The runs that are not deleted and match a filter, oldest first, by the cell they show."""
    found, token = defaultdict(list), None
    while True:
        page = client.search_runs(
            [experiment.experiment_id], where, ViewType.ACTIVE_ONLY, 1000, ["attributes.start_time ASC"], token
        )
        for run in page:
            found[run.data.tags.get("cell", "")].append(run)
        token = page.token
        if not token:
            return found


def discard(client: MlflowClient, run_id: str) -> None:
    """Close a run that was not logged to its end as KILLED, and delete it."""
    client.set_terminated(run_id, "KILLED")
    client.delete_run(run_id)


def code_tags(root: str | Path) -> dict[str, str]:
    """The writer and the version of its code; the UI shows the last tag as the run's version."""
    version = runs.code_version()
    return version | {"writer": store.writer(root), "mlflow.source.git.commit": version["git_commit"]}


def sweep(client: MlflowClient, found: dict[str, list[Run]], root: str | Path) -> None:
    """Discard, here and in the store, the runs whose writer was killed. The caller holds the game's lock.

    Runs that are being written stay in the store. Of these, `found` keeps those that this study's watcher shows.
    """
    watched = locks.is_held(store.watcher_lock(root))
    for cell, its_runs in found.items():
        found[cell] = kept = []
        for run in its_runs:
            mine, live = is_mine(run, root), run.data.tags.get("kind") == runs.LIVE
            if done(run) or (mine and live and watched):
                kept.append(run)
            elif mine or (not live and time.time() - run.info.start_time / 1000 > HALF_LOGGED):
                discard(client, run.info.run_id)


def is_mine(run: Run, root: str | Path) -> bool:
    """Whether this study has written the run."""
    return store.is_own(root) or run.data.tags.get("writer") == store.writer(root)


def done(run: Run) -> bool:
    return RunStatus.is_terminated(RunStatus.from_string(run.info.status))


def ensure_run(
    client: MlflowClient,
    experiment: Experiment,
    present: Iterable[Run],
    name: str,
    identity: dict[str, str],
    content: Callable[[], runs.Content],
    status: str = "FINISHED",
) -> tuple[str, bool]:
    """The id of the one active run with this name and these identity tags, and whether it had to be logged.

    `present` are the runs of the same cell; all but the one are marked as superseded and deleted.
    """

    def is_current(run: Run) -> bool:
        return run.info.run_name == name and identity.items() <= run.data.tags.items() and run.info.status == status

    current = next((run.info.run_id for run in present if is_current(run)), None)
    kept = current or retry(lambda: log_run(client, experiment, name, identity, content(), status))
    for run in present:
        if run.info.run_id != kept:
            if not done(run):
                client.set_terminated(run.info.run_id, status)
            client.set_tag(run.info.run_id, "superseded_by", kept)
            client.delete_run(run.info.run_id)
    return kept, current is None


def log_run(
    client: MlflowClient,
    experiment: Experiment,
    name: str,
    identity: dict[str, str],
    content: runs.Content,
    status: str,
) -> str:
    """Log one run and return its id. If anything stops it, a signal included, the run ends as KILLED."""
    run_id = client.create_run(experiment.experiment_id, tags=content.tags | identity, run_name=name).info.run_id
    try:
        add(client, run_id, content.metrics, content.params)
        with tempfile.TemporaryDirectory() as folder:
            for file, held in content.files.items():
                path = Path(folder, file)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(held)
            client.log_artifacts(run_id, folder)
        client.set_terminated(run_id, status)
    except BaseException:
        with suppress(MlflowException):
            discard(client, run_id)
        raise
    return run_id


def add(client: MlflowClient, run_id: str, points: list[tuple[str, int, float]], params: dict[str, str] | None = None):
    """Add points (metric, step, value) and params to a run."""
    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, step) for key, step, value in points]
    settings = [Param(key, value) for key, value in (params or {}).items()]
    for first in range(0, len(metrics) or 1, BATCH):
        client.log_batch(run_id, metrics[first : first + BATCH], [] if first else settings)


# --- what the stages call


def log_cells(root: str | Path, game: str, curves: list[str], labels: dict[str, str]) -> tuple[dict[str, str], int]:
    """Log every cell of a game whose run is missing or differs.

    Returns the run ids by cell, and how many were logged. Raises Unavailable, or ValueError for a cell whose
    files are not as they were written.
    """
    manifests = {curve: read_manifest(curve) for curve in curves}
    version = code_tags(root)
    logged, count = {}, 0
    with locks.alone(store.game_lock(root, game)), open_client(root) as client:
        experiment = experiment_of(client, root, game)
        found = active_runs(client, experiment)
        sweep(client, found, root)
        for curve, manifest in manifests.items():
            cell = Cell.at(curve)
            identity = {"cell": cell.name, "manifest": sha256(canonical(manifest)), "group": runs.group(cell, labels)}
            logged[cell.name], new = ensure_run(
                client,
                experiment,
                found[cell.name],
                runs.title(cell, labels),
                identity,
                partial(runs.content, curve, manifest, labels, version),
                "FAILED" if manifest["status"] == "failed" else "FINISHED",
            )
            count += new
    return logged, count


def log_aggregate(root: str | Path, game: str, figures: dict[str, list[str] | None], files: list[str]) -> str:
    """Log figures and tables as the game's aggregate run, and write the experiment's note and saved views.

    `figures` names the groups that each figure shows (None: all). Returns the run's id. Raises Unavailable.
    """
    contents = {file: Path(file).read_bytes() for file in files}
    with locks.alone(store.game_lock(root, game)), open_client(root) as client:
        experiment = experiment_of(client, root, game)
        found = active_runs(client, experiment)
        sweep(client, found, root)
        logged = [run for its_runs in found.values() for run in its_runs if run.data.tags.get("kind") != runs.LIVE]
        cells = [run for run in logged if "seed" in run.data.tags]
        summary = final_means(cells)
        tags = views.note(game, Path(root).resolve().name, experiment.experiment_id, figures)
        for figure, shown_groups in figures.items():
            shown = mark_shown(client, cells, figure, shown_groups)
            metrics = sorted({key for run in shown for key in run.data.metrics})
            groups = sorted({run.data.tags["group"] for run in shown})
            tags |= views.view(figure, groups, metrics, experiment.creation_time)
        for key, value in tags.items():
            client.set_experiment_tag(experiment.experiment_id, key, value)
        content = runs.Content(
            tags={"kind": "aggregate", "game": game} | code_tags(root),
            params={"figures": ", ".join(figures)},
            metrics=summary,
            files={f"{folder(file)}/{Path(file).name}": held for file, held in contents.items()},
        )
        digests = [[name, sha256(held)] for name, held in content.files.items()]
        identity = {"cell": f"{game}/aggregate", "manifest": sha256(canonical([digests, content.params, summary]))}
        return ensure_run(client, experiment, found[identity["cell"]], "aggregate", identity, lambda: content)[0]


def folder(file: str) -> str:
    return "figures" if Path(file).suffix in {".pdf", ".png", ".svg"} else "tables"


def final_means(cells: list[Run]) -> list[tuple[str, int, float]]:
    """Per group and player, the mean over seeds of the return at the end; of a Coin Game also own-colour shares."""
    returns = defaultdict(list)
    for run in cells:
        for key, value in run.data.metrics.items():
            if key.endswith((measures.RETURN, measures.OWN_COLOUR)) and run.info.status == "FINISHED":
                of = "/".join(runs.FORBIDDEN.sub(".", run.data.tags[tag]) for tag in ("algorithm", "opponent_model"))
                returns[f"{of}/{key}"].append(value)
    return [(key, 0, sum(values) / len(values)) for key, values in sorted(returns.items())]


def mark_shown(client: MlflowClient, cells: list[Run], figure: str, groups: list[str] | None) -> list[Run]:
    """The runs of a figure's groups (None: every curve) that its view has room for, tagged so that it finds them."""
    of_figure = (run.data.tags["cell"] for run in cells if groups is not None or run.data.tags["kind"] == "curve")
    page = views.page(cell for cell in of_figure if groups is None or Cell.at(cell).group in groups)
    tag = views.run_tag(figure)
    for run in cells:
        wanted = run.data.tags["cell"] in page
        if wanted != (run.data.tags.get(tag) == "true"):
            client.set_tag(run.info.run_id, tag, str(wanted).lower())
    return [run for run in cells if run.data.tags["cell"] in page]


# --- browsing


def links(root: str | Path) -> dict[str, str]:
    """Addresses in the UI by the titles of what they show. Raises Unavailable."""
    found = {}
    with open_client(root) as client:
        ours = [each for each in client.search_experiments() if store.PROJECT.items() <= each.tags.items()]
        for experiment in sorted(ours, key=lambda each: each.name):
            found[experiment.name] = f"/#/experiments/{experiment.experiment_id}/runs?{views.ML}"
            for key in sorted(key for key in experiment.tags if key.startswith(views.TAG)):
                figure = key.removeprefix(views.TAG)
                found[f"{experiment.name}, {views.figure_title(figure)}"] = views.link(experiment.experiment_id, figure)
    return found
