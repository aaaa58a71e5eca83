"""What cannot be in a study's folder or in Snakemake's records, and how it is set aside. Standard library only.

Every file of a study ends in one of `FILES`, and no folder does: no game or algorithm may be called so.
"""

import errno
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lola.files import benchmarks, locks
from lola.files.seen import Seen
from lola.vocabulary import names

FOLDERS = ("cells", "groups", "figures", "tables", "manifests", "tracking", "checkpoints", "benchmarks", "logs")
LOCK = ".lock"  # what a hidden file ends in that processes hold
FILES = (".csv", ".json", ".jsonl", ".png", ".pdf", ".md", ".tex", ".html", ".log", ".checkpoint", ".db", LOCK)
SNAKEMAKE = Path(".snakemake")
DAMAGED = ".damaged"
RECORD = "a record"
CUT = re.compile(r"\..+\.\d+")  # the name of a file that `lola.files.artifacts.write_whole` has not renamed yet


def found(root: Path, files: Iterable[Path], known: Seen | None = None) -> Iterator[tuple[str, list[Path]]]:
    """What can be used by no job, of a study's folder, of these paths of files and of Snakemake's records.

    As sentences without their full stop, each with what is to be set aside. Records that are `known` are not read
    again. Raises OSError as `misplaced` does.
    """
    if broken := [path for folder in ("metadata", "incomplete") for path in broken_records(SNAKEMAKE / folder, known)]:
        yield f"{len(broken)} of Snakemake's records cannot be read, as {broken[0]}, which moves no result", broken
    seen = []
    for path, what in misplaced(root, [*files, locks.STUDY]):
        seen.append(path)
        yield f"{path} is {what}", [path]
    for path in root.glob("benchmarks/**/*.jsonl"):
        if path not in seen and benchmarks.measured(path) is None:
            yield f"{path} is not whole, so that the time of this job is not known any more", [path]
    for path in names.checkpoints(root):
        if path not in seen and (why := unusable(path)):
            yield f"{path} cannot be used ({why}), its job starts anew", [path]


def unusable(checkpoint: Path) -> str:
    """Why a checkpoint cannot be used; empty if it can."""
    from lola.files import checkpoints  # loads NumPy, which nothing else here needs

    try:
        checkpoints.read(checkpoint)
    except Exception as error:  # of whatever kind, the job would end with it
        return str(error) or type(error).__name__
    return ""


def set_aside(path: Path) -> Path:
    """Rename what is damaged, over what was set aside before unless one of them is a folder. Returns the new path."""
    for number in itertools.count(1):
        aside = path.with_name(path.name + DAMAGED + (f"-{number}" if number > 1 else ""))
        if not (aside.is_dir() or (path.is_dir() and os.path.lexists(aside))):
            return path.replace(aside)


def misplaced(root: Path, files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """What lies where a file or folder of a study belongs, in its folder or at these paths of files; and what it is.

    Raises OSError if the folder, or one of those in it, is a link that leads nowhere: its disk may be away.
    """
    folders = [root, *(root / name for name in FOLDERS)]
    for path in (*reversed(root.parents), *folders):
        if leads_nowhere(path):
            raise OSError(errno.ENOENT, f"the link leads nowhere, {path.readlink()} is not there", str(path))
    yield from ((path, "a file where a folder belongs") for path in folders if path.is_file())
    for path in itertools.chain(files, *map(inside, folders[1:])):
        if leads_nowhere(path):
            yield path, "a link that leads nowhere"
        elif path.suffix == LOCK and path.is_symlink():
            yield path, "a link where a lock belongs"
        elif path.suffix in FILES and path.is_dir():
            yield path, "a folder where a file belongs"
        elif not path.suffix and path.is_file():
            yield path, "a file where a folder belongs"


def leads_nowhere(path: Path) -> bool:
    """Whether a path is a link to what is not there."""
    return path.is_symlink() and not path.exists()


def inside(folder: Path) -> Iterator[Path]:
    """What lies in a folder and in those in it that do not end as files do, but for what is hidden or was set aside."""
    for path in entries(folder):
        hidden = path.name.startswith(".") and path.suffix != LOCK
        if not hidden and not path.suffix.startswith(DAMAGED):
            yield path
            if path.suffix not in FILES:
                yield from inside(path)


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing if it is none."""
    return sorted(folder.iterdir(), key=lambda path: path.name) if folder.is_dir() else []


def cut_writes(root: Path) -> Iterator[Path]:
    """The files that were being written when a process was killed or the disk was full."""
    for path in (*root.rglob(".*"), *root.parent.glob(".index.*")):
        if CUT.fullmatch(path.name) and path.is_file():
            yield path


def broken_records(folder: Path, known: Seen | None = None) -> Iterator[Path]:
    """Snakemake's records in one of its folders that are no records; one that is not text stops it at every call."""
    if folder.exists() and not folder.is_dir():
        yield folder
    for path in entries(folder):
        if path.suffix.startswith(DAMAGED):
            continue
        if path.name.startswith("@") and path.is_dir():  # in which records of long paths are
            yield from broken_records(path, known)
            continue
        if known and known.holds(path, RECORD):
            continue
        try:
            whole = isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
        except (OSError, ValueError, RecursionError):
            whole = False
        if known and whole:
            known.add(path, RECORD, [path])
        if not whole and path.name != "migration_underway":
            yield path
