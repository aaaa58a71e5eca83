"""`python -m lola.commands.track cells | aggregate`: log what is on disk to MLflow, and leave a marker.

A store that is down fails nothing: the marker says "pending", and why.
"""

import argparse
import json
import signal
import sys

from lola.files.artifacts import write_whole
from lola.tracking import client, games, runs, store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.track", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["cells", "aggregate"])
    parser.add_argument("--root", required=True, help="the study's folder")
    parser.add_argument("--out", required=True, help="the marker")
    parser.add_argument("--game", required=True)
    parser.add_argument("--games", type=json.loads, default=[], help="JSON: all of the study, for others to be deleted")
    parser.add_argument("--about", type=json.loads, default={}, help="JSON: what runs are told of their study")
    parser.add_argument("--figures", type=json.loads, default={}, help="of the aggregate run, JSON: what each shows")
    parser.add_argument("files", nargs="*", help="the cells' curves, or the files of the figures and tables")
    args = parser.parse_intermixed_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    about = runs.About(**args.about)
    marker = {"status": "logged", "reason": None, "store": store.digest(), "runs": {}}
    try:
        if args.what == "cells":
            marker["runs"], count = games.log_cells(args.root, args.game, args.files, about)
            if args.games:
                games.forget_games(args.root, args.games)
            print(f"MLflow: {args.game}: {count} cells logged, {len(marker['runs']) - count} were there already")
        else:
            aggregate = games.log_aggregate(args.root, args.game, args.figures, args.files, about)
            marker["runs"] = {"aggregate": aggregate}
    except client.Unavailable as reason:
        marker |= {"status": "pending", "reason": str(reason)}
        print(f"MLflow: nothing more was logged: {reason}. Training is safe on disk.", file=sys.stderr)
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
