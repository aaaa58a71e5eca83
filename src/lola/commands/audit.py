"""Hold a study against what lies on disk: `python -m lola.commands.audit explain|verify [--paper NAME] [OVERLAY …]`.

explain  what would be made again, and why
verify   whether everything on disk is what today's settings, code and packages make, exit 1 if not; and which groups
         have the bytes that were published
"""

import argparse
import itertools
import sys

from lola.study import digests, papers, plan, provenance, schedule
from lola.study.config import BadConfig, load
from lola.study.provenance import Product
from lola.vocabulary.names import Cell, GroupName


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["explain", "verify"])
    papers.add_arguments(parser)
    args = parser.parse_args()
    try:
        configs = [load(*study) for study in papers.chosen(args.paper, args.overlays)]
    except BadConfig as error:
        sys.exit(f"The config cannot be run. {error}.")
    wrong = False
    for config in configs:
        found = problems(config)
        lines = explain(config, found) if args.what == "explain" else [*verify(config, found), published(config, found)]
        print("\n".join([f"{config['paper']}:"] * (len(configs) > 1) + lines))
        wrong |= args.what == "verify" and bool(found)
    sys.exit(int(wrong))


def problems(config: dict) -> dict[str, tuple[Product, str, str]]:
    """{name: (product, kind, reason)} for each product that is not as it should be."""
    lock = provenance.environment()
    found = {}
    for product in provenance.products(config):
        if problem := provenance.problem(product, lock):
            found[product.name] = (product, *problem)
    return found


def explain(config: dict, found: dict) -> list[str]:
    """A line per group of cells and per product that would be made again, with the reason and the cost last time."""
    again = {name: reason for name, (_, _, reason) in found.items()}
    products = list(provenance.products(config))
    for product in products:
        made_anew = [need for need in product.needs if need in again]
        if made_anew and product.name not in again:
            again[product.name] = f"made from {summary(made_anew)}"
    lines = []
    stages = {product.name: product.stage for product in products}
    cells = [(Cell.at(name).group, again[name]) for name in again if stages[name] == "cells"]
    for (group, reason), members in itertools.groupby(cells):
        lines.append(f"train      {group}: {counted(len(list(members)), 'cell')}{cost(config, group)}: {reason}")
    lines += [f"{stages[name]:<10} {name}: {again[name]}" for name in again if stages[name] != "cells"]
    return lines or ["Nothing would be made again."]


def verify(config: dict, found: dict) -> list[str]:
    """A line per problem, or one that says how much was verified."""
    if found:
        lines = [(kind, Cell.at(p.name).group if p.stage == "cells" else p.name, reason, p.stage)
                 for p, kind, reason in found.values()]  # fmt: skip
        alike = ((line, len(list(same))) for line, same in itertools.groupby(lines))
        return [
            f"{kind:<8} {name}{f' ({counted(n, stage[:-1])})' if stage == 'cells' else ''}: {reason}"
            for (kind, name, reason, stage), n in alike
        ]
    products = list(provenance.products(config))
    trained = sum(product.stage == "cells" for product in products)
    return [f"Verified: {counted(trained, 'cell')} and the {len(products) - trained} results made from them."]


def published(config: dict, found: dict) -> str:
    """Which groups have the cells that were published, and which have not, of those that are in order."""
    file = papers.Paper(config["paper"]).digests
    if not file.exists():
        return f"Digests: nothing to compare with, since there is no {file}."
    root, known = config["results"], digests.read(file)
    groups = plan.groups(config).values()
    sound = [group for group in groups if not any(cell.name in found for cell in group.cells)]
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
    """What training the group took, from Snakemake's benchmarks; empty if it never ran."""
    seconds = sum(map(schedule.seconds, GroupName.at(group).benchmarks(config["results"])))
    return f" ({seconds:.0f} s last time)" if seconds else ""


if __name__ == "__main__":
    main()
