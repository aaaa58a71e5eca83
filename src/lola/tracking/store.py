"""Where runs are kept: the store's address, its database file, its server. Imports nothing of MLflow.

The store is `MLFLOW_TRACKING_URI`, or else `mlflow.db` beside the study's folder: studies in `results` share one.
"""

import json
import os
import re
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from lola.files.artifacts import sha256

DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
SQLITE = "sqlite:///"
RETRIED = "the next call logs what is missing"
PRIVATE = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}  # MLflow reads them when it is imported


def uri(root: str | Path) -> str:
    """The address of the store: `MLFLOW_TRACKING_URI`, or else a database beside the study's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{folder(root) / DATABASE}"


def folder(root: str | Path) -> Path:
    """The folder of the database and of what is attached to its runs: that in which the study's folder lies."""
    return Path(root).resolve().parent


def is_own(root: str | Path) -> bool:
    """Whether the store is the database beside the study's folder, in which nobody else writes its experiments."""
    return database_file(root) == folder(root) / DATABASE


def digest() -> str:
    """Names the store without its address, which may hold a password; the same after the study has moved."""
    return sha256(os.environ.get("MLFLOW_TRACKING_URI") or "default")[:12]


def without_password(text: str) -> str:
    """A text that may name the store's address, fit to be shown."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def database_file(root: str | Path) -> Path | None:
    """The file of an SQLite store; None for a server."""
    address = uri(root)
    return Path(address.removeprefix(SQLITE)) if address.startswith(SQLITE) else None


def is_whole(database: Path) -> bool:
    """Whether a file is an SQLite database with nothing missing; one that somebody writes to all the time is."""
    try:
        with closing(sqlite3.connect(database, timeout=20)) as connection:
            return connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:
        return "is locked" in str(error)


def experiment_name(root: str | Path, game: str) -> str:
    """Such as `lola/ipd`: the name of the study's folder and the game, so that studies can share a store."""
    return f"{Path(root).resolve().name}/{game}"


def writer(root: str | Path) -> str:
    """The name of this machine and this study, as the writer of runs."""
    return f"{socket.gethostname()}:{Path(root).resolve()}"


def game_lock(root: str | Path, game: str) -> Path:
    """Held by whoever logs a game's runs, so that a RUNNING run seen by its holder is a dead one."""
    return Path(root, "tracking", f".{game}.lock")


def watcher_lock(root: str | Path) -> Path:
    """Held by whoever shows cells while they are trained, so that without a holder a live run is a dead one."""
    return Path(root, "tracking", ".watcher.lock")


def point_at_artifacts(database: Path, root: str | Path) -> None:
    """Rewrite the artifact paths, which MLflow keeps absolute, of studies that were moved or copied with their store.

    A database elsewhere is only read. Raises sqlite3.Error if the file is not MLflow's.
    """
    present = f"{folder(root) / ARTIFACTS}/"
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        locations = [row[0] for row in connection.execute("SELECT artifact_location FROM experiments")]
        if not is_own(root):
            return
        marker = f"/{ARTIFACTS}/"
        former = {where[: where.rindex(marker) + len(marker)] for where in locations if where and marker in where}
        for old in former - {present}:
            for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
                update = f"UPDATE {table} SET {column} = replace({column}, :old, :new) WHERE instr({column}, :old) = 1"
                connection.execute(update, {"old": old, "new": present})


def server(root: str | Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The command that serves the UI on this machine only, and its environment."""
    # One worker and no job runner: answers in a quarter of the time and a third of the memory of the default.
    command = [sys.executable, "-m", "mlflow", "server", "--no-serve-artifacts"]
    command += ["--default-artifact-root", str(folder(root) / ARTIFACTS)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    address = {"MLFLOW_BACKEND_STORE_URI": uri(root)}  # not an argument: it may hold a password
    return command, os.environ | PRIVATE | address | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def not_logged(root: str | Path) -> Iterator[tuple[Path, str]]:
    """Each marker of what the tracking store did not take, or no longer has, with the reason."""
    database = database_file(root)
    for marker in sorted(Path(root, "tracking").glob("*.json")):
        try:
            found = json.loads(marker.read_text())
            reason = found["reason"] if found["status"] == "pending" else lost(database, found["runs"])
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            reason = f"{marker} is damaged; {RETRIED}"
        if reason:
            yield marker, reason


def lost(database: Path | None, runs: dict[str, str]) -> str | None:
    """Why runs that were logged are no longer in the store, if its file is gone or was made anew since."""
    if database is None or not runs:
        return None
    if not database.exists():
        return f"{database} is gone; {RETRIED}"
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, timeout=20)) as connection:
        query = "SELECT count(*) FROM runs WHERE run_uuid = ?"
        if connection.execute(query, (next(iter(runs.values())),)).fetchone() == (1,):
            return None
    return f"{database} was made anew; {RETRIED}"
