"""`python -m lola.commands.browse`: serve the MLflow UI on this machine and print where each figure is shown.

Of the newest study there is, if none is asked for. One store serves all studies that lie beside each other, and so all
papers.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from lola.files import environment
from lola.study import papers
from lola.study.config import BadConfig, load
from lola.tracking import store

PORT = 5000
PATIENCE = 60  # seconds until a server that does not answer is given up


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.browse", description=__doc__.splitlines()[0])
    papers.add_arguments(parser)
    parser.add_argument("--root", help="the study's folder (default: what the config says, or the newest)")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or any free one if that is taken")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        study = papers.chosen(arguments.paper, arguments.overlays)[0]
        root = arguments.root or load(*study)["results"]
        if not (arguments.root or arguments.paper or arguments.overlays):
            root = newest(root)
    except BadConfig as error:
        sys.exit(f"{error}.")
    with suppress(KeyboardInterrupt):
        browse(root, arguments.port)


def newest(root: str) -> str:
    """The study beside `root` that was logged last; `root` itself if none was."""
    logged = Path(root).parent.glob("*/tracking/*")
    return max(((path.stat().st_mtime, str(path.parents[1])) for path in logged), default=(0, root))[1]


def browse(root: str, port: int | None) -> None:
    """Serve the store until interrupted; one that is served elsewhere is only linked to."""
    if fault := store.fault(root):
        sys.exit(f"error: {store.without_password(fault)}")
    uri, database = store.uri(root), store.database_file(root)
    if uri.startswith("http"):
        announce(root, store.without_password(uri).rstrip("/"), figure_links(root))
        return
    if database and not database.exists():
        sys.exit(
            f"nothing is logged yet: {database} does not exist; run make reproduce first, or wait: of a study that is "
            "running, the first runs are there after about half a minute"
        )
    port = port or free_port()
    address, log = f"http://127.0.0.1:{port}", store.folder(root) / "mlflow.log"
    command, environment = store.server(root, port)
    with open(log, "w") as output:
        # a process group of its own, so that Ctrl-C reaches the server through us and none of its children stays behind
        served = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        links = figure_links(root)
        if answered := answers(address, served):
            announce(root, address, links)
            print("Close the Assistant at the right of the page once, for room. Ctrl-C ends it.", flush=True)
            served.wait()
        fault = "ended" if answered else "does not answer"
        sys.exit(f"error: the MLflow server {fault}; the end of {log}:\n{log.read_text()[-2000:]}")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(served.pid, signal.SIGTERM)
        served.wait()


def figure_links(root: str) -> dict[str, str]:
    """Titles and addresses of what there is to see."""
    from lola.tracking import client, games  # takes seconds, in which the server starts too

    try:
        return games.links(root)
    except client.Unavailable as reason:
        sys.exit(f"error: the store is not available: {reason}")


def free_port() -> int:
    """5000 if nobody listens there, else one that the system picks."""
    for port in (PORT, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
            return probe.getsockname()[1]
    sys.exit("error: no free port on 127.0.0.1")


def answers(address: str, served: subprocess.Popen) -> bool:
    """Wait until the server answers, ends or has taken too long; whether it answers."""
    end = time.monotonic() + PATIENCE
    while served.poll() is None and time.monotonic() < end:
        with suppress(OSError):
            urlopen(f"{address}/health", timeout=5).close()
            return True
        time.sleep(0.1)
    return False


def announce(root: str, address: str, links: dict[str, str]) -> None:
    """One line per table of runs and per figure."""
    print(f"MLflow: {address} serves {root} and the studies beside it.")
    width = max(map(len, links), default=0)
    for title, path in links.items():
        print(f"  {title:{width}}  {address}{path}")


if __name__ == "__main__":
    environment.set_up()
    main()
