"""Run the study: `python -m lola.reproduce [OVERLAY …]`, which is what `make reproduce` does.

Checks the config, makes sure that nobody else is running a study in this folder, clears
what a killed run left locked, and becomes Snakemake.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from lola.config import BadConfig, load

LOCK = Path(".snakemake/reproduce.lock")


def main() -> None:
    overlays = sys.argv[1:]
    try:
        load("config/config.yaml", overlays)
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    command = [sys.executable, "-m", "snakemake", *(["--configfile", *overlays] if overlays else [])]
    hold(LOCK)
    if any(Path(".snakemake/locks").glob("*.lock")):  # nobody holds ours, so theirs is of a run that was killed
        subprocess.run([*command, "--unlock"], check=True, capture_output=True)
    os.execv(sys.executable, command)


def hold(lock: Path) -> None:
    """Take a lock that lasts as long as this process, or what it becomes, lives."""
    lock.parent.mkdir(exist_ok=True)
    file = os.open(lock, os.O_CREAT | os.O_RDWR)
    os.set_inheritable(file, True)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("A study is being run in this folder already. Wait for it, or end it, and type the command again.")


if __name__ == "__main__":
    main()
