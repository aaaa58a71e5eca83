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
    arguments = parse()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    marker = {"status": "logged", "reason": None, "store": store.digest(), "runs": {}}
    try:
        marker["runs"] = arguments.log(arguments)
    except client.Unavailable as reason:
        marker |= {"status": "pending", "reason": str(reason)}
        print(
            f"MLflow: the store is not available, nothing more was logged ({reason}). "
            "Training is safe on disk; the next call logs what is missing.",
            file=sys.stderr,
        )
    except ValueError as error:
        sys.exit(f"error: {error}")
    write_whole(arguments.out, json.dumps(marker, indent=1) + "\n")


def parse() -> argparse.Namespace:
    """The command line; `log` is the function that the sub-command stands for."""
    parser = argparse.ArgumentParser(prog="python -m lola.commands.track", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    cells = commands.add_parser("cells", help="log each cell of a game whose run is missing or differs")
    aggregate = commands.add_parser("aggregate", help="log a game's figures and tables, its note and its views")
    for command, log in ((cells, log_cells), (aggregate, log_aggregate)):
        command.add_argument("--root", required=True, help="the study's folder")
        command.add_argument("--out", required=True, help="the marker")
        command.add_argument("--game", required=True)
        command.set_defaults(log=log)
    cells.add_argument("--labels", type=json.loads, default={}, help="JSON: labels by algorithm")
    cells.add_argument("curves", nargs="+")
    aggregate.add_argument("--figures", type=figures, default={}, help="names, or JSON: groups by figure")
    aggregate.add_argument("files", nargs="*")
    return parser.parse_args()


def figures(text: str) -> dict[str, list[str] | None]:
    """`figure1,figure2` (all groups) or `{"figure1": ["ipd/nl-ex/oracle"]}`."""
    return json.loads(text) if text.startswith("{") else {name: None for name in text.split(",") if name}


def log_cells(arguments: argparse.Namespace) -> dict[str, str]:
    runs, count = client.log_cells(arguments.root, arguments.game, arguments.curves, arguments.labels)
    print(f"MLflow: {arguments.game}: {count} cells logged, {len(runs) - count} were there already")
    return runs


def log_aggregate(arguments: argparse.Namespace) -> dict[str, str]:
    run = client.log_aggregate(arguments.root, arguments.game, arguments.figures, arguments.files)
    return {"aggregate": run}


def stop(number: int, frame) -> None:
    """Leave by an exception, so that the open run is closed as KILLED."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a second signal must not interrupt that
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
