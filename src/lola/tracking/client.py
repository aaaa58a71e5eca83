"""MLflow as a window on the files: deletable, rebuildable, never in the way of training.

Whatever goes wrong with the store is raised as `Unavailable`, for the caller to report and to go on.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lola.files import locks
from lola.tracking import store
from lola.tracking.patience import Late, Limited

os.environ |= {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",  # seconds; MLflow's own defaults wait minutes for a server that is down
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "PGCONNECT_TIMEOUT": "5",
    **os.environ,  # of what is above, what is set already
    **store.PRIVATE,
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}  # MLflow reads them when it is imported, so this module comes first

import sqlalchemy
from alembic.util import CommandError
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError, SQLAlchemyError

for noisy in ("mlflow", "alembic"):  # what matters is raised as Unavailable, in one line
    logging.getLogger(noisy).setLevel(logging.CRITICAL)
TRANSIENT = {"TEMPORARILY_UNAVAILABLE", "BAD_REQUEST"}  # a database is locked; another process has just written the row
REFUSED = "INVALID_PARAMETER_VALUE"  # what is too long for this server, say
CLOSED = re.compile(r"read-?only|denied|permi(t|ssion)|authenticat|(error code|status) 40[13]", re.IGNORECASE)
# Seconds for one call of a server: its answer may drip, and MLflow's limit is on each byte.
PATIENCE = 60 + 2 * float(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"])


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
        with locks.alone(store.database_lock(database)):
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
