"""Run a study: `python -m lola.commands.reproduce [--paper NAME] [OVERLAY …]`, which is what `make reproduce` does.

Repairs what a killed run left, and runs Snakemake. Several papers' studies run one after the other.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lola.files import damage, environment, locks, records, slurm
from lola.files.artifacts import sha256
from lola.files.seen import Seen
from lola.study import jobs, logged, papers, profiles, provenance
from lola.study.checks import notes
from lola.study.config import BadConfig, load
from lola.study.limits import check_command_lines
from lola.study.provenance import Examined
from lola.tracking import store
from lola.vocabulary.names import count
from snakemake_logger_plugin_lola import progress


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.reproduce", description=__doc__.splitlines()[0])
    papers.add_arguments(parser)
    parser.add_argument("--profile", default="", help="a folder of profiles that says where jobs run (default: here)")
    args = parser.parse_args()
    try:
        studies = papers.chosen(args.paper, args.overlays)
        configs = [load(*study) for study in studies]
        for config in configs:
            check_command_lines(config)
            if args.profile:
                profiles.check(args.profile, config)
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    if len(studies) > 1:
        sys.exit(one_after_the_other(studies, args.profile))
    reproduce(configs[0], studies[0][1], args.profile)


def one_after_the_other(studies: list[tuple[str, list[str]]], profile: str) -> int:
    """Run each study as a process of its own, until Ctrl-C, which reaches that process too; 1 if one of them failed."""
    stopped, failed = [], False
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
    for paper, overlays in studies:
        print(f"{paper}:", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", __spec__.name, "--profile", profile, "--paper", paper, *overlays]
        failed |= subprocess.run(command).returncode != 0
        if stopped:
            return 1
    return int(failed)


def reproduce(config: dict, overlays: list[str], profile: str = "") -> None:
    """Mend what is damaged, and have Snakemake run the study."""
    try:
        if locks.STUDY.is_dir() or locks.STUDY.is_symlink():
            print(f"{locks.STUDY} is no lock: it is kept as *{damage.DAMAGED}", file=sys.stderr)
            damage.set_aside(locks.STUDY)
        lock = locks.hold(locks.STUDY)
        check_nothing_is_left_behind()
        examined = []
        for told in (*notes(config), *repair(config, overlays, examined)):
            print(told, file=sys.stderr)
        up_to_date = nothing_to_do(config, overlays, examined)
    except BlockingIOError:
        sys.exit("A study is being run in this folder already. Wait for it, or end it, and type the command again.")
    except OSError as error:
        if error.errno is None:  # it is a sentence
            sys.exit(f"{error}.")
        where = error.filename or config["results"]
        sys.exit(f"Nothing was run: {where}: {error.strerror}. What is stale or damaged must be there to be written.")
    if up_to_date:
        print(*up_to_date, sep="\n", file=sys.stderr)
        return
    locks.share(lock)
    from snakemake.cli import main as snakemake  # takes seconds, in which Ctrl-C is told as everywhere else

    snakemake([*profiles.flags(profile), *papers.flags(config["paper"], overlays)])


def check_nothing_is_left_behind() -> None:
    """Leave if jobs of a study that was killed in this folder are in SLURM, or train, which would be trained twice."""
    left = []
    with suppress(OSError):  # without an answer, locks tell of those that train
        left = slurm.left_behind(Path.cwd())
    if left:
        what = f"{count(len(left), 'job')} of a study that was run in this folder {'is' if len(left) == 1 else 'are'}"
        end = f"scancel {' '.join(left)}"
        sys.exit(f"{what} still in SLURM. Wait for them, or end them, and type the command again: {end}")
    if jobs.still_trained():
        sys.exit("A job of a study that was run in this folder is still trained on some node. Wait for it, or end it.")


def repair(config: dict, overlays: list[str] = (), examined: Examined | None = None) -> Iterator[str]:
    """Set aside what is damaged, and forget what is stale or not in MLflow, so that all of it is made again.

    Snakemake redoes what is stale by itself, but only where its own records were not lost. Yields a sentence for what
    is damaged, which is renamed to *.damaged. All products are added to what was `examined`, with what was wrong.
    Raises OSError where something can't be renamed.
    """
    root = Path(config["results"])
    seen = Seen(Path(environment.CACHE, "seen", f"{sha256(str(root.resolve()))[:12]}.json"))
    if (locked := damage.SNAKEMAKE / "locks").exists():  # of a run that was killed, since nobody holds ours
        shutil.rmtree(locked)
    for sentence, paths in damage.found(root, [*provenance.files_of_pages(root), *store.own_files(root)], seen):
        yield f"{sentence}: {'it is' if len(paths) == 1 else 'they are'} kept as *{damage.DAMAGED}"
        for path in paths:
            damage.set_aside(path)
    for path in damage.cut_writes(root):
        path.unlink()
    found = provenance.examine(config, overlays, seen=seen)
    if examined is not None:
        examined += found
    for product, problem in found:
        kind, reason = problem or (None, None)
        if kind == "damaged":
            yield f"{reason}: {product.name} is made again, what was damaged is kept as *{damage.DAMAGED}"
            for path in damaged_files(product):
                damage.set_aside(path)
        elif kind == "stale":
            product.manifest.unlink()
        if kind and product.beside:
            product.beside.unlink(missing_ok=True)
    for database in store.damaged_databases(root, seen):
        yield f"{database} is no whole database: it is filled again, the damaged one is kept as *{damage.DAMAGED}"
        damage.set_aside(database)
    unlogged = dict(store.not_logged(root, seen))
    for reason in dict.fromkeys(unlogged.values()):
        yield f"MLflow: {reason.replace(store.RETRIED, 'this call logs what is missing')}"
    changed = {log.marker for log in logged.logs(config, store.digest(), overlays, {}) if log.stale()}
    for marker in {*unlogged} | changed:
        marker.unlink(missing_ok=True)
    seen.save()


def nothing_to_do(config: dict, overlays: list[str], examined: Examined) -> list[str]:
    """What is said where all of a study is in order and logged, which saves Snakemake's seconds; elsewhere nothing."""
    markers = (log.marker for log in logged.logs(config, store.digest(), overlays, {}))
    if any(problem for _, problem in examined) or not all(marker.exists() for marker in markers):
        return []
    cells = sum(product.stage == "cells" for product, _ in examined)
    study = progress.Expected(cells, cells, config["results"], browse=papers.command("ui", config["paper"], overlays))
    run = progress.Run(time.monotonic, time.monotonic() - time.process_time(), study)
    return [run.nothing_to_do(), *run.outcome()]


def damaged_files(product: provenance.Product) -> list[Path]:
    """The files of a damaged product that must go: both of a cell; of others, what differs from the manifest."""
    if product.stage == "cells":
        return [path for path in (product.manifest, product.manifest.with_suffix(".csv")) if os.path.lexists(path)]
    try:
        outputs = records.manifest(product.manifest)["outputs"]
        changed = [Path(path) for path, digest in outputs.items() if not records.matches(path, digest)]
    except (OSError, ValueError, RecursionError):
        changed = []
    return [path for path in changed if os.path.lexists(path)] or [product.manifest]


if __name__ == "__main__":
    environment.set_up()
    main()
