"""Run a study: `python -m lola.commands.reproduce [--paper NAME] [OVERLAY …]`, which is what `make reproduce` does.

Repairs what a killed run left, and becomes Snakemake. Several papers' studies run one after the other.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lola.files import environment, locks
from lola.files.artifacts import file_sha256
from lola.study import papers, provenance
from lola.study.config import BadConfig, load
from lola.tracking import store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.reproduce", description=__doc__.splitlines()[0])
    papers.add_arguments(parser)
    args = parser.parse_args()
    try:
        studies = papers.chosen(args.paper, args.overlays)
        configs = [load(*study) for study in studies]
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    if len(studies) > 1:
        sys.exit(one_after_the_other(studies))
    reproduce(configs[0], studies[0][1])


def one_after_the_other(studies: list[tuple[str, list[str]]]) -> int:
    """Run each study as a process of its own, until Ctrl-C, which reaches that process too; 1 if one of them failed."""
    stopped, failed = [], False
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
    for paper, overlays in studies:
        print(f"{paper}:", file=sys.stderr, flush=True)
        failed |= subprocess.run([sys.executable, "-m", __spec__.name, "--paper", paper, *overlays]).returncode != 0
        if stopped:
            return 1
    return int(failed)


def reproduce(config: dict, overlays: list[str]) -> None:
    """Become Snakemake, which runs the study."""
    try:
        lock = locks.hold(locks.STUDY)
    except BlockingIOError:
        sys.exit("A study is being run in this folder already. Wait for it, or end it, and type the command again.")
    except OSError as error:
        sys.exit(f"{error}.")
    command = [sys.executable, "-m", "snakemake", "--config", f"paper={config['paper']}"]
    command += ["--configfile", *overlays] if overlays else []
    if any(Path(".snakemake/locks").glob("*.lock")):  # of a run that was killed, since nobody holds ours
        subprocess.run([*command, "--unlock"], check=True, capture_output=True)
    for repaired in repair(config):
        print(repaired, file=sys.stderr)
    locks.share(lock)
    os.execv(sys.executable, command)


def repair(config: dict) -> Iterator[str]:
    """Set aside what is damaged, and forget what is stale or not in MLflow, so that all of it is made again.

    Snakemake redoes what is stale by itself, but only where its own records were not lost. Yields a sentence for each
    damaged product, whose files are renamed to *.damaged.
    """
    root, lock = Path(config["results"]), provenance.environment()
    for product in provenance.products(config):
        kind, reason = provenance.problem(product, lock) or (None, None)
        if kind == "damaged":
            yield f"{reason}: {product.name} is made again, what was damaged is kept as *.damaged"
            for path in damaged_files(product):
                path.replace(f"{path}.damaged")
        elif kind == "stale":
            product.manifest.unlink()
    database = store.database_file(root)
    if store.is_own(root) and database.exists() and not store.is_whole(database):
        yield f"{database} is no whole database: it is filled again, the damaged one is kept as *.damaged"
        database.replace(f"{database}.damaged")
    for marker, _ in store.not_logged(root):
        marker.unlink()


def damaged_files(product: provenance.Product) -> list[Path]:
    """The files of a damaged product that must go: both of a cell; of others, what differs from the manifest."""
    if product.stage == "cells":
        return [path for path in (product.manifest, product.manifest.with_suffix(".csv")) if path.exists()]
    try:
        outputs = json.loads(product.manifest.read_text())["outputs"]
        present = {Path(path): digest for path, digest in outputs.items() if Path(path).exists()}
        changed = [path for path, digest in present.items() if file_sha256(path) != digest]
    except (ValueError, KeyError, TypeError):
        changed = []
    return changed or [product.manifest]


if __name__ == "__main__":
    environment.set_up()
    main()
