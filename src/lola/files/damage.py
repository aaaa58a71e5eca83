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
RECORDS = ("metadata", "incomplete")  # folders of Snakemake's
WHOLE = "records"
CUT = re.compile(r"\..+\.\d+")  # the name of a file that `lola.files.artifacts.write_whole` has not renamed yet


def found(root: Path, files: Iterable[Path], known: Seen | None = None) -> Iterator[tuple[str, list[Path]]]:
    """What can be used by no job, of a study's folder, of these paths of files and of Snakemake's records.

    As sentences without their full stop, each with what is to be set aside. Records that are `known` are not read
    again. Raises OSError as `misplaced` does.
    """
    if broken := [path for folder in RECORDS for path in broken_records(SNAKEMAKE / folder, known)]:
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
    for at in itertools.chain(files, *map(inside, folders[1:])):
        if what := out_of_place(at):
            yield Path(at), what


def out_of_place(at: Path | os.DirEntry) -> str:
    """What it is that lies there, if it cannot be that; else empty."""
    ending = os.path.splitext(at.name)[1]
    if leads_nowhere(at):
        return "a link that leads nowhere"
    if ending == LOCK and at.is_symlink():
        return "a link where a lock belongs"
    if ending in FILES and at.is_dir():
        return "a folder where a file belongs"
    return "a file where a folder belongs" if not ending and at.is_file() else ""


def leads_nowhere(at: Path | os.DirEntry) -> bool:
    """Whether it is a link to what is not there."""
    return at.is_symlink() and not os.path.exists(at)


def inside(folder: str | Path) -> Iterator[os.DirEntry]:
    """What lies in a folder and in those in it that do not end as files do, but for what is hidden or was set aside."""
    for at in entries(folder):
        ending = os.path.splitext(at.name)[1]
        hidden = at.name.startswith(".") and ending != LOCK
        if not hidden and not ending.startswith(DAMAGED):
            yield at
            if ending not in FILES:
                yield from inside(at.path)


def entries(folder: str | Path) -> list[os.DirEntry]:
    """What lies in a folder, by name; nothing if it is none."""
    return sorted(os.scandir(folder), key=lambda at: at.name) if os.path.isdir(folder) else []


def cut_writes(root: Path) -> Iterator[Path]:
    """The files that were being written when a process was killed or the disk was full."""
    for path in (*root.rglob(".*"), *root.parent.glob(".index.*")):
        if CUT.fullmatch(path.name) and path.is_file():
            yield path


def broken_records(folder: Path, known: Seen | None = None) -> list[Path]:
    """Snakemake's records in one of its folders that are no records; one that is not text stops it at every call."""
    if not folder.is_dir():
        return [folder] if folder.exists() else []
    if known and known.holds(folder, WHOLE):
        return []
    there = [*records(folder)]
    broken = [path for path in there if not is_record(path)]
    if known and not broken:
        known.add(folder, WHOLE, {folder, *there, *(path.parent for path in there)})
    return broken


def records(folder: str | Path) -> Iterator[Path]:
    """What lies in one of these folders; records of long paths are in folders whose names begin with @."""
    for at in entries(folder):
        if at.name.startswith("@") and at.is_dir():
            yield from records(at.path)
        elif not Path(at).suffix.startswith(DAMAGED):
            yield Path(at)


def is_record(path: Path) -> bool:
    """Whether a file can be read as a record of Snakemake's."""
    try:
        return path.name == "migration_underway" or isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except (OSError, ValueError, RecursionError):
        return False
