"""`python -m lola.commands.track cells | aggregate`: log what is on disk to MLflow, and leave a marker.

A store that is down fails nothing: the marker says "pending", and why.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

from lola.files import records
from lola.files.artifacts import write_whole
from lola.tracking import client, games, runs, store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.track", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["cells", "aggregate"])
    parser.add_argument("--root", required=True, help="the study's folder")
    parser.add_argument("--out", required=True, help="the marker")
    parser.add_argument("--game", required=True)
    parser.add_argument("--told", type=json.loads, required=True, help="JSON: what is known of the study")
    parser.add_argument("--digest", required=True, help="of all that is logged but the files")
    parser.add_argument("files", nargs="*", help="the manifests of the game's groups, or the figures and tables")
    args = parser.parse_intermixed_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    told, inputs = args.told, records.digests(args.files)
    about = runs.About(**told["about"])
    marker = {"status": "logged", "reason": None, "store": store.digest(), "runs": {}}
    try:
        if args.what == "cells":
            marker["runs"], count = games.log_cells(args.root, args.game, curves(args.files), about)
            if told["games"]:
                games.forget_games(args.root, told["games"])
            print(f"MLflow: {args.game}: {count} cells logged, {len(marker['runs']) - count} were there already")
        else:
            aggregate = games.log_aggregate(args.root, args.game, told["figures"], args.files, about)
            marker["runs"] = {"aggregate": aggregate}
    except client.Unavailable as reason:
        marker |= {"status": "pending", "reason": str(reason)}
        print(f"MLflow: nothing more was logged: {reason}. Training is safe on disk.", file=sys.stderr)
    except ValueError as error:
        sys.exit(f"error: {error}")
    marker |= {"digest": args.digest, "inputs": inputs}
    write_whole(args.out, json.dumps(marker, indent=1) + "\n")


def curves(groups: list[str]) -> list[str]:
    """The curves of the cells that groups were gathered from, by the groups' manifests."""
    cells = (Path(cell) for group in groups for cell in records.manifest(group)["inputs"])
    return [str(cell.with_suffix(".csv")) for cell in cells]


def stop(number: int, frame) -> None:
    """Leave by an exception, so that the open run is closed as KILLED."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt that
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
