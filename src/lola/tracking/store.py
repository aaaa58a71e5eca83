"""Where runs are kept: the store's address, its database file, its server. Imports nothing of MLflow.

The store is `MLFLOW_TRACKING_URI`, or else `mlflow.db` beside the study's folder: studies in `results` share one.
"""

import getpass
import json
import os
import re
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote

from lola.files.artifacts import canonical, file_sha256, sha256
from lola.files.seen import Seen
from lola.vocabulary.names import count

DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
SQLITE = "sqlite:///"
SERVER_OR_DATABASE = re.compile(
    r"https?://[^/]+.*|(postgresql|mysql|mssql)(\+\w+)?://.+|sqlite(\+\w+)?:///(?!:memory:).+"
)
ATTACHED = "attached"  # a run's tag
WHOLE = "a whole database"
THOROUGH = 100_000_000  # bytes, of which it takes two seconds, eight times as long as without the indices
RETRIED = "the next call logs what is missing"
RUNS = (
    "SELECT runs.run_uuid, lifecycle_stage, artifact_uri, value FROM runs"
    " LEFT JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = :tag"
)
UNTIL = "that will come again until MLFLOW_TRACKING_URI names a store of MLflow"
PRIVATE = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}  # MLflow reads them when it is imported


def uri(root: str | Path) -> str:
    """The address of the store: `MLFLOW_TRACKING_URI`, or else a database beside the study's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{folder(root) / DATABASE}"


def folder(root: str | Path) -> Path:
    """The folder of the database and of what is attached to its runs: that in which the study's folder lies."""
    return Path(root).resolve().parent


def fault(root: str | Path) -> str | None:
    """What is wrong with the store's address, whatever it leads to; None if nothing is."""
    given, own = os.environ.get("MLFLOW_TRACKING_URI"), folder(root) / DATABASE
    if given and not SERVER_OR_DATABASE.fullmatch(given):
        allowed = "sqlite:///FILE, postgresql://…, mysql://…, mssql://…, http://… or https://…"
        return f"MLFLOW_TRACKING_URI is {given}, allowed: {allowed}; {UNTIL}, or is unset for {own}"
    if not given and "?" in str(own):
        return f"{own} has a question mark in its path, at which a store's address ends; rename the folder"
    return None


def artifacts(root: str | Path) -> str:
    """The folder of what is attached to runs, as MLflow reads paths: %20 would be a blank to it."""
    return re.sub(r"%(?=[\da-fA-F]{2})", "%25", str(folder(root) / ARTIFACTS))


def attached(contents: dict[str, str]) -> str:
    """Names the files that are attached to a run, from the digest of each by its name: a run's tag `ATTACHED`."""
    return sha256(canonical(contents))[:12]


def has_its_files(root: str | Path, uri: str, tag: str | None) -> bool:
    """Whether the folder of a run's files, at this address, holds what its tag says, if that lies beside the study."""
    return not is_own(root) or holds_its_files(folder(root) / ARTIFACTS, uri, tag)


def holds_its_files(beside: Path, uri: str, tag: str | None, seen: Seen | None = None) -> bool:
    """Whether a run's folder in the one beside the study holds what its tag says, if it is there, or was `seen` to."""
    _, ours, where = uri.rpartition(f"/{ARTIFACTS}/")
    if not ours:
        return True
    inside = beside / unquote(where)  # wherever the study lay when MLflow wrote the address
    if seen and seen.holds(inside, tag):
        return True
    try:
        found = [inside, *inside.rglob("*")]
        contents = {str(path.relative_to(inside)): file_sha256(path) for path in found if path.is_file()}
    except OSError:
        return False
    whole = tag == attached(contents)
    if seen and whole:
        seen.add(inside, tag, found)
    return whole


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
    return Path(address.removeprefix(SQLITE).partition("?")[0]) if address.startswith(SQLITE) else None


def own_database(root: str | Path) -> list[Path]:
    """The file of the study's own store, as the only one; none where the store is another."""
    return [database_file(root)] if is_own(root) else []


def own_files(root: str | Path) -> list[Path]:
    """The file of the study's own store and its lock; none where the store is another."""
    return [path for database in own_database(root) for path in (database, database_lock(database))]


def database_lock(database: Path) -> Path:
    """Held by whoever makes a database, or repairs the addresses in it."""
    return database.with_name(f".{database.name}.lock")


def damaged_databases(root: str | Path, seen: Seen | None = None) -> Iterator[Path]:
    """The file of the study's own store, where it is there and not whole, nor `seen` to be."""
    for database in filter(Path.is_file, own_database(root)):
        if seen and seen.holds(database, WHOLE):
            continue
        if not is_whole(database):
            yield database
        elif seen:
            seen.add(database, WHOLE, [database])


def is_whole(database: Path) -> bool:
    """Whether a file is an SQLite database with nothing missing; up to `THOROUGH`, its indices are checked too.

    One that somebody writes to all the time is.
    """
    check = "integrity_check" if database.stat().st_size <= THOROUGH else "quick_check"
    try:
        with closing(sqlite3.connect(database, timeout=20)) as connection:
            return connection.execute(f"PRAGMA {check}(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:
        return "is locked" in str(error)


def experiment_name(root: str | Path, game: str) -> str:
    """Such as `lola/ipd`: the name of the study's folder and the game, so that studies can share a store.

    In a store that others may write too it is `lola~anna-1f3c/ipd`, whoever owns the study and four digits for this
    folder of this machine, so that nobody replaces the runs of another.
    """
    study = Path(root).resolve().name
    whose = "" if is_own(root) else f"~{user()}-{sha256(writer(root))[:4]}"
    return f"{study}{whose}/{game}"


def user() -> str:
    """Whoever runs this, or "unknown" where the system has no name for them."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "unknown"


def writer(root: str | Path) -> str:
    """The name of this machine and this study, as the writer of runs."""
    return f"{socket.gethostname()}:{Path(root).resolve()}"


def game_lock(root: str | Path, game: str) -> Path:
    """Held by whoever logs a game's runs, so that a RUNNING run seen by its holder is a dead one."""
    return Path(root, "tracking", f".game-{game}.lock")  # no game may be taken for the watcher or the store


def watcher_lock(root: str | Path) -> Path:
    """Held by whoever shows cells while they are trained, so that without a holder a live run is a dead one."""
    return Path(root, "tracking", ".watcher.lock")


def point_at_artifacts(database: Path, root: str | Path) -> None:
    """Rewrite the artifact paths, which MLflow keeps absolute, of studies that were moved or copied with their store.

    A database elsewhere is only read. Raises sqlite3.Error if the file is not MLflow's.
    """
    present = f"{artifacts(root)}/"
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
    command += ["--default-artifact-root", artifacts(root)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    address = {"MLFLOW_BACKEND_STORE_URI": uri(root)}  # not an argument: it may hold a password
    return command, os.environ | PRIVATE | address | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def markers(root: str | Path) -> list[Path]:
    """The markers of what was logged of each game, or was to be."""
    return sorted(Path(root, "tracking").glob("*.json"))


def game_of(marker: Path) -> str:
    """The game that a marker is of."""
    return marker.stem.rpartition(".")[0]


def not_logged(root: str | Path, seen: Seen | None = None) -> Iterator[tuple[Path, str]]:
    """Each marker of what the tracking store did not take, or no longer has, with the reason.

    Files of runs that were `seen` are not read again.
    """
    known = cache(partial(runs_kept, root))
    for marker in markers(root):
        try:
            found = json.loads(marker.read_text(encoding="utf-8"))
            pending = found["status"] == "pending"
            reason = found["reason"] if pending else lost(root, found["runs"], game_of(marker), known, seen)
        except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError):
            reason = f"{marker} is damaged; {RETRIED}"
        if reason:
            yield marker, reason


def lost(root: str | Path, runs: dict[str, str], game: str, known: Callable, seen: Seen | None) -> str | None:
    """Why runs that were logged are not in the store as they were: it is gone or another one, or they were changed.

    `known` gives all runs that there are.
    """
    database = database_file(root)
    if database is None or not runs:
        return None
    if not database.exists():
        return f"{database} is gone; {RETRIED}"
    found = [known()[run] for run in runs.values() if run in known()]
    if not found:
        return f"{database} was made anew; {RETRIED}"
    active = [told for stage, *told in found if stage == "active"]
    if deleted := len(runs) - len(active):
        return f"{count(deleted, 'run')} of {game} deleted in MLflow; {RETRIED}"
    beside = folder(root) / ARTIFACTS
    if damaged := is_own(root) and sum(not holds_its_files(beside, *told, seen) for told in active):
        return f"{count(damaged, 'run')} of {game} with other files in MLflow than were attached; {RETRIED}"
    return None


def runs_kept(root: str | Path) -> dict[str, list[str]]:
    """The stage, address and tag of every run in the study's database, by its id; none if MLflow did not make it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database_file(root), timeout=20)) as connection:
        return {run: told for run, *told in connection.execute(RUNS, {"tag": ATTACHED})}
    return {}
