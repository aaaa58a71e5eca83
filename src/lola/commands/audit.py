"""Hold a study against what lies on disk: `python -m lola.commands.audit explain|verify [--paper NAME] [OVERLAY …]`.

explain  what would be made again, and why
verify   whether everything on disk is what today's settings, code and packages make, exit 1 if not; and which groups
         have the bytes that were published
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass

from lola.study import digests, papers, plan, provenance, schedule
from lola.study.config import BadConfig, load
from lola.study.provenance import Product
from lola.vocabulary.names import GroupName


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["explain", "verify"])
    papers.add_arguments(parser)
    args = parser.parse_intermixed_args()
    try:
        configs = [load(*study) for study in papers.chosen(args.paper, args.overlays)]
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    wrong = False
    for config in configs:
        if len(configs) > 1:
            print(f"{config['paper']}:")
        found = problems(config)
        if args.what == "explain":
            print(*explain(config, found), sep="\n")
        else:
            print(*verify(config, found), published(config, {problem.product.name for problem in found}), sep="\n")
            wrong |= bool(found)
    sys.exit(int(wrong))


@dataclass(frozen=True)
class Problem:
    """A product that is missing, damaged or stale (its `kind`), and the reason."""

    product: Product
    kind: str
    reason: str


def problems(config: dict) -> list[Problem]:
    """The products that are not as they should be, each with what is wrong."""
    lock = provenance.environment()
    found = ((product, provenance.problem(product, lock)) for product in provenance.products(config))
    return [Problem(product, *problem) for product, problem in found if problem]


def explain(config: dict, found: list[Problem]) -> list[str]:
    """A line per group of cells and per product that would be made again, with the reason and the cost last time."""
    reasons = {problem.product.manifest: problem.reason for problem in found}
    remade, again = set(), Counter()
    for product in provenance.products(config):
        made_anew = [need for need in product.needs if need in remade]
        reason = reasons.get(product.manifest) or (f"made from {summary(made_anew)}" if made_anew else None)
        if reason:
            remade.add(product.name)
            again[product.stage, product.group, reason] += 1
    lines = []
    for (stage, group, reason), cells in again.items():
        if stage == "cells":
            lines.append(f"train      {group}: {counted(cells, 'cell')}{cost(config, group)}: {reason}")
        else:
            lines.append(f"{stage:<10} {group}: {reason}")
    return lines or ["Nothing would be made again."]


def verify(config: dict, found: list[Problem]) -> list[str]:
    """A line per problem, those of a group's cells together, or one that says how much was verified."""
    if not found:
        products = list(provenance.products(config))
        trained = sum(product.stage == "cells" for product in products)
        return [f"Verified: {counted(trained, 'cell')} and the {len(products) - trained} results made from them."]
    alike = Counter((p.kind, p.product.stage, p.product.group, p.reason) for p in found)
    lines = []
    for (kind, stage, group, reason), cells in alike.items():
        members = f" ({counted(cells, 'cell')})" if stage == "cells" else ""
        lines.append(f"{kind:<8} {group}{members}: {reason}")
    return lines


def published(config: dict, wrong: set[str]) -> str:
    """Which groups have the cells that were published, and which have not, of those with no cell that is `wrong`."""
    file = papers.digests(config["paper"])
    if not file.exists():
        return f"Digests: nothing to compare with, since there is no {file}."
    root, known = config["results"], digests.read(file)
    groups = plan.groups(config).values()
    sound = [group for group in groups if not any(cell.name in wrong for cell in group.cells)]
    compared = [group for group in sound if digests.settings(group) in known]
    others = [group for group in compared if digests.line(group, root)["digest"] != known[digests.settings(group)]]
    lines = [f"Digests: {len(compared) - len(others)} of {counted(len(compared), 'group')} as published."]
    if others:
        names = [f"{group.name} ({counted(len(group.cells), 'cell')})" for group in others]
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


def counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def cost(config: dict, group: str) -> str:
    """The time that training the group took, from Snakemake's benchmarks; empty if it never ran."""
    seconds = sum(map(schedule.seconds, GroupName.at(group).benchmarks(config["results"])))
    return f" ({seconds:.0f} s last time)" if seconds else ""


if __name__ == "__main__":
    main()
