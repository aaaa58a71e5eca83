"""Locks on files, which the system lets go when their holder ends, however it ends. Standard library only."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Shared by whoever reads or runs the study, exclusive while its state is repaired.
STUDY = Path(".snakemake/study.lock")
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # what a file system says that has none


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock on a file; other processes that ask for it wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold(lock: Path, shared: bool = False) -> int:
    """Take a lock until this process, or what it becomes, ends: its descriptor.

    Raises BlockingIOError if another has it, and OSError with a sentence where there can be none.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(lock, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise OSError(
            f"The disk of {lock.resolve().parent} has no locks ({error.strerror}), without which jobs would overwrite "
            "each other's files. Put the project on another disk, or have this one mounted with them (Lustre: -o flock)"
        ) from error
    return file


def hold_within(seconds: float, lock: Path) -> int:
    """`hold`, for which it waits so long if another has the lock."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            return hold(lock)
        time.sleep(0.5)
    return hold(lock)


def is_held(lock: Path) -> bool:
    """Whether a process, which may be this one, holds a lock that excludes others."""
    with suppress(BlockingIOError), open(lock, "a+") as file:  # NFS shares a lock with none who can't read
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    return True


def share(file: int) -> None:
    """Turn an exclusive lock into a shared one that outlives `exec`."""
    fcntl.flock(file, fcntl.LOCK_SH)
    os.set_inheritable(file, True)
