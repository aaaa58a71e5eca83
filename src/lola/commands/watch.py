"""Show cells in MLflow while they are trained: `python -m lola.commands.watch --root FOLDER --about JSON --study PID`.

Shows the checkpoints that change and the cells of jobs that end, and ends with the study's process. What takes seconds
to import waits for the first.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lola.vocabulary.names import benchmarks, checkpoints

LOOK = 1.0  # seconds between two looks at what files there are


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.watch", description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="the study's folder")
    parser.add_argument("--about", type=json.loads, default={}, help="JSON: what the runs of each game are told")
    parser.add_argument("--study", type=int, required=True, help="the study's process, which is this one's parent")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    looks = look(arguments.root, arguments.study)
    stale = next(looks, {})
    for found in looks:
        if found.items() - stale.items():
            from lola.tracking import live, runs

            about = {game: runs.About(**told) for game, told in arguments.about.items()}
            live.show(arguments.root, about, stale, looks)


def look(root: str, study: int) -> Iterator[dict[Path, int]]:
    """The checkpoints and benchmarks, again and again while the study runs: paths and times of change (ns)."""
    while os.getppid() == study:
        found = {}
        for path in (*checkpoints(root), *benchmarks(root)):
            with suppress(FileNotFoundError):
                found[path] = path.stat().st_mtime_ns
        yield found
        time.sleep(LOOK)


def stop(number: int, frame) -> None:
    """Leave by an exception, so that what is shown is closed."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(0)


if __name__ == "__main__":
    main()
