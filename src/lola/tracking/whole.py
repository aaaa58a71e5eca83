"""Runs that are written whole, many in one transaction, into the tables of a store that is a database.

MLflow's own calls take one run in four transactions, with an object per point: three to four times as long. The tables
are its own too, and a test holds what is written here against what its calls write.
"""

import math
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from mlflow.entities import LifecycleStage, SourceType
from mlflow.store.db.utils import create_sqlalchemy_engine
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam, SqlRun, SqlTag
from sqlalchemy import insert, text

PATIENCE = 20  # seconds for other writers of an SQLite database, as MLflow has


@dataclass(frozen=True)
class Whole:
    """A run that has ended. Points are (metric, step, value), and those that are finite are kept. Times are in ms."""

    experiment: str
    folder: str  # of its experiment's artifacts
    name: str
    status: str
    start: int
    end: int
    tags: dict[str, str]
    params: dict[str, str]
    points: list[tuple[str, int, float]]
    logged: int  # the time that its points have
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def artifacts(self) -> str:
        """Where its files lie."""
        return f"{self.folder}/{self.id}/artifacts"


def write(address: str, runs: Iterable[Whole]) -> None:
    """Write runs into the database at an address: all of them or, if anything fails, none. Raises SQLAlchemyError."""
    tables = defaultdict(list)
    for run in runs:
        for table, rows in _rows(run):
            tables[table] += rows
    engine = create_sqlalchemy_engine(address)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text(f"PRAGMA busy_timeout = {1000 * PATIENCE}"))
        for table, rows in tables.items():
            if rows:  # of none, a row of defaults would be made
                connection.execute(insert(table), rows)
    engine.dispose()


def _rows(run: Whole) -> Iterable[tuple[type, list[dict]]]:
    """What a run is in each table."""
    mine = {"run_uuid": run.id}
    own = {"experiment_id": int(run.experiment), "name": run.name, "artifact_uri": run.artifacts, "status": run.status}
    own |= {"start_time": run.start, "end_time": run.end, "user_id": run.tags.get("mlflow.user", "unknown")}
    own |= {"source_type": SourceType.to_string(SourceType.UNKNOWN), "lifecycle_stage": LifecycleStage.ACTIVE}
    yield SqlRun, [mine | own | {"source_name": "", "entry_point_name": "", "source_version": ""}]
    tags = run.tags | {"mlflow.runName": run.name}
    yield SqlTag, [mine | {"key": key, "value": value} for key, value in tags.items()]
    yield SqlParam, [mine | {"key": key, "value": value} for key, value in run.params.items()]
    at = mine | {"timestamp": run.logged, "is_nan": False}
    finite = dict.fromkeys(point for point in run.points if math.isfinite(point[2]))
    points = [at | {"key": key, "step": step, "value": value} for key, step, value in finite]
    yield SqlMetric, points
    latest = {point["key"]: point for point in sorted(points, key=lambda point: (point["step"], point["value"]))}
    yield SqlLatestMetric, [*latest.values()]
