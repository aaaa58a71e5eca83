"""`python -m lola.commands.track cells | aggregate`: log what is on disk to MLflow, and leave a marker.

A store that is down fails nothing: the marker says "pending", and the next call logs what is missing.
"""

import argparse
import json
import signal
import sys

from lola.files.artifacts import write_whole
from lola.tracking import client, store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.track", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["cells", "aggregate"])
    parser.add_argument("--root", required=True, help="the study's folder")
    parser.add_argument("--out", required=True, help="the marker")
    parser.add_argument("--game", required=True)
    parser.add_argument("--labels", type=json.loads, default={}, help="of cells, JSON: labels by algorithm")
    parser.add_argument("--figures", type=json.loads, default={}, help="of the aggregate run, JSON: groups by figure")
    parser.add_argument("files", nargs="*", help="the cells' curves, or the files of the figures and tables")
    args = parser.parse_intermixed_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    marker = {"status": "logged", "reason": None, "store": store.digest(), "runs": {}}
    try:
        if args.what == "cells":
            runs, count = client.log_cells(args.root, args.game, args.files, args.labels)
            print(f"MLflow: {args.game}: {count} cells logged, {len(runs) - count} were there already")
        else:
            runs = {"aggregate": client.log_aggregate(args.root, args.game, args.figures, args.files)}
        marker["runs"] = runs
    except client.Unavailable as reason:
        marker |= {"status": "pending", "reason": str(reason)}
        print(
            f"MLflow: the store is not available, nothing more was logged ({reason}). "
            "Training is safe on disk; the next call logs what is missing.",
            file=sys.stderr,
        )
    except ValueError as error:
        sys.exit(f"error: {error}")
    write_whole(args.out, json.dumps(marker, indent=1) + "\n")


def stop(number: int, frame) -> None:
    """Leave by an exception, so that the open run is closed as KILLED."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt that
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
