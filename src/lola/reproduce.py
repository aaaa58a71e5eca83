"""Run the study: `python -m lola.reproduce [OVERLAY …]`, which is what `make reproduce` does.

Checks the config, makes sure that nobody else is running a study in this folder, clears
what a killed run left locked, sets aside what was damaged, and becomes Snakemake.
"""

import os
import subprocess
import sys
from pathlib import Path

from lola import locks, provenance
from lola.config import BadConfig, load


def main() -> None:
    overlays = sys.argv[1:]
    try:
        config = load("config/config.yaml", overlays)
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    try:
        lock = locks.hold(locks.STUDY)
    except BlockingIOError:
        sys.exit("A study is being run in this folder already. Wait for it, or end it, and type the command again.")
    command = [sys.executable, "-m", "snakemake", *(["--configfile", *overlays] if overlays else [])]
    if any(Path(".snakemake/locks").glob("*.lock")):  # of a run that was killed, since nobody holds ours
        subprocess.run([*command, "--unlock"], check=True, capture_output=True)
    for repaired in provenance.repair(config):
        print(repaired, file=sys.stderr)
    locks.share(lock)
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
