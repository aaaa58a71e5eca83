"""Where a training job is kept while it runs, so that one that was killed goes on from there.

A checkpoint is one file: a digest of the rest; a line of JSON that says what made it (spec, code, lock and seeds); the
snapshot as npz. Nothing depends on it, and it is removed once the job's cells are written.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from lola.files.artifacts import canonical, differences, sha256, write_whole
from lola.vocabulary.names import Cell

Snapshot = dict[str, np.ndarray]

EVERY = 10.0  # seconds; a shorter job never writes one


def beside(curves: list[str]) -> Path:
    """The checkpoint of the job that writes these curves: beside `cells`, named after its first and last seed."""
    return Cell.at(curves[0]).checkpoint(Cell.root(curves[0]), Cell.at(curves[-1]))


def write(path: Path, made_by: dict, snapshot: Snapshot) -> None:
    """Write whole, over what was there."""
    arrays = io.BytesIO()
    np.savez(arrays, **snapshot)
    content = canonical(made_by).encode() + b"\n" + arrays.getvalue()
    write_whole(path, sha256(content).encode() + b"\n" + content)


def read(path: Path) -> tuple[dict, Snapshot]:
    """A checkpoint: what made it, and its snapshot. Raises ValueError if the file is not as it was written."""
    digest, _, content = path.read_bytes().partition(b"\n")
    if digest != sha256(content).encode():
        raise ValueError(f"{path} is not as it was written (truncated or overwritten)")
    head, _, arrays = content.partition(b"\n")
    made_by = json.loads(head)
    if not {"spec", "code", "lock", "seeds"} <= made_by.keys():
        raise ValueError(f"{path} is of another version of this project")
    with np.load(io.BytesIO(arrays)) as snapshot:
        return made_by, dict(snapshot)


def resume(path: Path, made_by: dict) -> Snapshot | None:
    """The snapshot to go on from, or None.

    A checkpoint of any of the same seeds that was made otherwise, or is not whole, is named on standard error with
    what differs. It is left where it is; one in the place of the new one is overwritten by it.
    """
    found = None
    for other in sorted(path.parent.glob("*.checkpoint")):
        try:
            theirs, snapshot = read(other)
        except FileNotFoundError:  # of a job beside ours, which has just ended
            continue
        except (ValueError, OSError) as error:
            print(f"{error}: it is not used", file=sys.stderr)
            continue
        if set(theirs["seeds"]).isdisjoint(made_by["seeds"]):
            continue
        # The code's fingerprints as a mapping, so that a difference names the definition.
        if changes := differences(*(made | {"code": json.loads(made["code"])} for made in (theirs, made_by))):
            print(f"{other} is of other training and is not used: {'; '.join(changes)}", file=sys.stderr)
        else:
            found = snapshot
    return found


def keeper(path: Path, made_by: dict) -> Callable[[Callable[[], Snapshot]], None]:
    """The `keep` of `lola.learning.trainers.run`: writes a snapshot `EVERY` seconds."""
    last = time.monotonic()

    def keep(snapshot: Callable[[], Snapshot]) -> None:
        nonlocal last
        if time.monotonic() - last < EVERY:
            return
        try:
            write(path, made_by, snapshot())
        except OSError as error:
            print(f"{path} was not written, training goes on: {error}", file=sys.stderr)
        last = time.monotonic()

    return keep


def remove(path: Path, seeds: list[int]) -> None:
    """Remove a job's checkpoint, what a kill in the middle of writing it left beside it, and any other of its seeds."""
    others = []
    for other in path.parent.glob("*.checkpoint"):
        with suppress(ValueError, OSError):
            others += [] if set(read(other)[0]["seeds"]).isdisjoint(seeds) else [other]
    for file in (path, *path.parent.glob(f".{path.name}.*"), *others):
        file.unlink(missing_ok=True)
