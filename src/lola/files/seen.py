"""Files that were found to be as they should, known by what the file system says of them. Standard library only.

To read thousands of files takes seconds, to ask when they were changed milliseconds. Whatever is done to a file moves
the time of its last change, which no program can set; one that is moved or copied is another file.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lola.files.artifacts import write_whole

SETTLED = 2.0  # seconds; what was changed later before may change again within one tick of the file system's clock


class Seen:
    """What was found in order, and as what, by name; kept in a file, without which nothing is known."""

    def __init__(self, path: str | Path):
        self.path, self.before, self.now, self.began = Path(path), {}, {}, time.time()
        with suppress(OSError, ValueError, TypeError):
            self.before = dict(json.loads(self.path.read_text(encoding="utf-8")))

    def holds(self, name: str | Path, what: str | None) -> bool:
        """Whether this was found to be so, and none of its files has changed since."""
        found = self.before.get(str(name))
        with suppress(OSError, ValueError, TypeError, AttributeError):
            known, marks = found
            if known == what and all(mark(path) == so for path, so in marks.items()):
                self.now[str(name)] = found
                return True
        return False

    def add(self, name: str | Path, what: str | None, files: Iterable[str | Path]) -> None:
        """Note that this was found to be so, by reading its files, unless one of them was changed just now."""
        with suppress(OSError):
            marks = {str(path): mark(path) for path in files}
            if all(changed / 1e9 < self.began - SETTLED for _, _, changed, _ in marks.values()):
                self.now[str(name)] = [what, marks]

    def save(self) -> None:
        """Write down what was in order this time. Where nothing can be written, all is read again next time."""
        if self.now != self.before:
            with suppress(OSError):
                write_whole(self.path, json.dumps(self.now))


def mark(path: str | Path) -> list[int]:
    """What the file system says of a file or folder. Raises OSError."""
    found = os.stat(path)
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
