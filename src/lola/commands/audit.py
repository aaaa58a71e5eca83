"""Hold a study against what lies on disk: `python -m lola.commands.audit explain|verify [--paper NAME] [OVERLAY …]`.

explain  what would be made again, and why
verify   whether everything on disk is what today's settings, code and packages make, exit 1 if not; and which groups
         have the bytes that were published

Both name what `reproduce` would set aside or log again, on which no result depends.
"""

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lola.files import benchmarks, damage, environment
from lola.study import digests, logged, papers, plan, provenance
from lola.study.checks import notes
from lola.study.config import BadConfig, load
from lola.study.limits import check_command_lines
from lola.study.provenance import Examined, examine
from lola.tracking import store
from lola.vocabulary.names import GroupName, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["explain", "verify"])
    papers.add_arguments(parser)
    args = parser.parse_intermixed_args()
    try:
        studies = papers.chosen(args.paper, args.overlays)
        configs = [load(*study) for study in studies]
        for config in configs:
            check_command_lines(config)
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    others = provenance.unlocked()
    if others:
        print(f"Installed are other packages than {provenance.LOCK.name} has: {others}.")
    wrong = bool(others)
    for config, (_, overlays) in zip(configs, studies, strict=True):
        if len(configs) > 1:
            print(f"{config['paper']}:")
        for note in notes(config):
            print(note, file=sys.stderr)
        examined, root = examine(config, overlays), Path(config["results"])
        harmed, unlogged = [*beside(root, examined)], {reason: None for _, reason in store.not_logged(root)}
        faulty = {product.name for product, problem in examined if problem}
        if args.what == "explain":
            lines = [f"{'set aside':<10} {fault}" for fault in harmed] + explain(config, examined)
            lines += [f"{'log':<10} {reason}" for reason in [*unlogged, *changed(config, overlays)]]
        else:
            lines = [f"{'damaged':<8} {fault}" for fault in harmed] + verify(examined, others)
            lines += [published(config, faulty), *(f"MLflow: {reason}." for reason in unlogged)]
        print(*lines, sep="\n")
        wrong |= bool(faulty or harmed)
    sys.exit(int(wrong and args.what == "verify"))


def beside(root: Path, examined: Examined) -> Iterator[str]:
    """What is damaged in a study's folder and is no product that was examined, nor a part of one."""
    told = " ".join(problem[1] for _, problem in examined if problem)
    try:
        for sentence, paths in damage.found(root, [*provenance.files_of_pages(root), *store.own_files(root)]):
            if not any(str(path) in told for path in paths):
                yield sentence
    except OSError as error:
        yield f"{error.filename}: {error.strerror}"
    for database in store.damaged_databases(root):
        yield f"{database} is no whole database"


def changed(config: dict, overlays: list[str]) -> Iterator[str]:
    """What was logged and would be again, since it is not what it was."""
    for log in logged.logs(config, store.digest(), overlays, {}):
        if log.marker.exists() and (why := log.stale()):
            yield f"{log.what} of {log.game}: {why}"


def explain(config: dict, examined: Examined) -> list[str]:
    """A line per group of cells and per product that would be made again, with reason and cost last time; how many."""
    remade, again = set(), Counter()
    for product, problem in examined:
        made_anew = [need for need in product.needs if need in remade]
        if problem or made_anew:
            reason = problem[1] if problem else f"made from {summary(made_anew)}"
            remade.add(product.name)
            again[product.stage, product.group, reason] += 1
    lines, trained, took, made = [], 0, 0.0, 0
    for (stage, group, reason), cells in again.items():
        if stage == "cells":
            last_time = seconds(config, group)
            cost = f" ({last_time:.0f} s last time)" if last_time else ""
            lines.append(f"train      {group}: {count(cells, 'cell')}{cost}: {reason}")
            trained, took = trained + cells, took + last_time
        else:
            lines.append(f"{stage:<10} {group}: {reason}")
            made += 1
    cost = f" ({took:.0f} s for the whole of their groups last time)" if took else ""
    total = f"In all: {count(trained, 'cell')} to train{cost}, {count(made, 'other result')} to make."
    return [*lines, total] if lines else ["Nothing would be made again."]


def verify(examined: Examined, others: str = "") -> list[str]:
    """A line per problem, or one that says how much was verified, and that with `others` than the locked packages."""
    if faults := provenance.faults(examined):
        return [f"{kind:<8} {line}" for kind, line in faults]
    trained = sum(product.stage == "cells" for product, _ in examined)
    but = ", but not that these packages make them" if others else ""
    return [f"Verified: {count(trained, 'cell')} and the {len(examined) - trained} results made from them{but}."]


def published(config: dict, wrong: set[str]) -> str:
    """Which groups have the cells that were published, and which have not, of those with no cell that is `wrong`."""
    file = papers.digests_file(config["paper"])
    if not file.exists():
        return f"Digests: nothing to compare with, since there is no {file}."
    root, known = config["results"], digests.read(file)
    groups = plan.groups(config).values()
    sound = [group for group in groups if not any(cell.name in wrong for cell in group.cells)]
    compared = [group for group in sound if digests.settings(group) in known]
    others = [group for group in compared if digests.line(group, root)["digest"] != known[digests.settings(group)]]
    lines = [f"Digests: {len(compared) - len(others)} of {count(len(compared), 'group')} as published."]
    if others:
        names = [f"{group.name} ({count(len(group.cells), 'cell')})" for group in others]
        lines.append(f"Not: {', '.join(names)}.")
    for why, left in (
        ("Not published with these settings", [group.name for group in sound if group not in compared]),
        ("Not compared, since not in order here", [group.name for group in groups if group not in sound]),
    ):
        lines += [f"{why}: {summary(left)}."] if left else []
    return " ".join(lines)


def summary(names: list[str]) -> str:
    """A few names, or the first and how many more."""
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def seconds(config: dict, group: str) -> float:
    """The time that training the group took, from Snakemake's benchmarks; 0 if it never ran."""
    return sum(map(benchmarks.seconds, GroupName.at(group).benchmarks(config["results"])))


if __name__ == "__main__":
    environment.set_up()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as `head` may leave
    main()
