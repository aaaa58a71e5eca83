"""What no machine could do: folders that can't be made, jobs that are too large, command lines that are too long."""

import math
import os
import re
from pathlib import Path

from lola.files.artifacts import canonical
from lola.study import display, logged, plan
from lola.vocabulary.errors import BadConfig, Faults, quoted

OURS = ("config", "docs", "profiles", "src", "tests", "workflow")  # folders of the project
BESIDE = ("mlflow.db", "mlartifacts", "index.html", "index.json")  # what lies beside the folders of studies
AT_ONCE = 10**10  # numbers that a job may hold: more than any machine can
LONGEST_MATCHUP = 200  # letters
WORD, LINE = 120_000, 1_500_000  # bytes of one argument and of all: Linux takes 128 KiB and 2 MiB


def check_results(results: str) -> None:
    """The folder of results must be one of its own, that can be made."""
    path = os.path.normpath(results)
    here, there = os.path.realpath("."), os.path.realpath(path)
    inside = Path(there).relative_to(here).parts if Path(there).is_relative_to(here) else ("",)
    if re.search(r"[{}*?$\n\t]|^[~-]|://|^ | $", results):
        why = "which a shell or Snakemake would read as something else"
    elif max(len(os.fsencode(part)) for part in Path(results).parts or [""]) > 255 or len(results) > 500:
        why = "which is too long"
    elif path.startswith(".") or Path(here).is_relative_to(there) or inside[0] in OURS or inside[0].startswith("."):
        why = "which is the project's own"
    elif os.path.basename(path) in BESIDE:
        why = "which is what a file beside studies is called"
    elif any(os.path.lexists(part) and not os.path.isdir(part) for part in [path, *map(str, Path(path).parents)]):
        why = "which is, or lies in, a file"
    else:
        return
    allowed = 'a folder not the project\'s own, its name without braces, "$", "*", "?" and a leading "~", "-" or "."'
    raise BadConfig(f"results: given {quoted(results)}, {why}; allowed: {allowed}")


def check_names(where: str, group: plan.Group) -> None:
    """A matchup must be called so that a folder can be."""
    if len(group.algorithm) > LONGEST_MATCHUP:
        allowed = f"up to {LONGEST_MATCHUP}, since a folder is called so"
        raise BadConfig(f"{where}: {quoted(group.algorithm)} has {len(group.algorithm)} letters; allowed: {allowed}")


def check_size(where: str, group: plan.Group) -> None:
    """What a job holds at once must be what a machine could hold: its roll-outs, or how states follow each other."""
    spec, grid = group.spec, group.grid
    side_by_side = min(len(group.seeds), group.seeds_per_job)
    points = math.prod(len(values) for axis, values in grid.items() if axis != "batch")
    states = math.prod(len(actions) for actions in plan.player_actions(spec["game"]) if "payoffs" in spec["game"])
    played = max(grid.get("batch", [spec["play"]["batch"]])) * spec["play"]["length"] if spec["play"] else 0
    if (numbers := side_by_side * points * max(played, states**2)) > AT_ONCE:
        what = f"roll-outs of {played} steps in all" if played > states**2 else f"{states} × {states} joint actions"
        given = f"{side_by_side} seeds side by side{f' at {points} points' if points > 1 else ''} with {what}"
        raise BadConfig(f"{where}: {given} are {numbers:.0e} numbers at once; allowed: up to {AT_ONCE:.0e}")


def check_command_lines(config: dict) -> None:
    """What jobs are told must fit on a command line: a group's seeds and files, what is shown."""
    faults, groups, root = Faults(), plan.groups(config), config["results"]
    for name, group in groups.items():
        told = {"its seeds": plan.group_spec(group), "its settings": group.spec, "its further seeds": group.further}
        for what, words in told.items():
            faults.of(check_room, f"study: {name}", what, len(canonical(words)), WORD)
    files = {name: length_of_files(group, root) for name, group in groups.items()}
    for name, length in files.items():
        faults.of(check_room, f"study: {name}", "the names of its cells' files", length, LINE)
    manifests = sum(len(os.fsencode(f"{root}/manifests/groups/{name}.json")) + 9 for name in groups)
    faults.of(check_room, "study", "the names of its groups' files", manifests, LINE)
    faults.of(check_room, "study", "the whole config", len(canonical(config)), WORD)
    figures, tables = (plan.blocks(config, stage) for stage in ("figure", "table"))
    for stage, blocks in (("figures", figures), ("tables", tables)):
        for name, block in blocks.items():
            told = canonical(display.block_spec(config, name, block, groups))
            faults.of(check_room, f"{stage}.{name}", "what it shows", len(told), WORD)
    for log in logged.logs(config, "", [], {}):
        if log.what == logged.AGGREGATE:
            faults.of(check_room, f"games.{log.game}", "the groups in its figures", len(canonical(log.told)), WORD)
    faults.tell()


def check_room(where: str, what: str, length: int, most: int) -> None:
    """So many bytes must fit."""
    if length > most:
        raise BadConfig(f"{where}: {what} would take {length} bytes of a command line; allowed: up to {most}")


def length_of_files(group: plan.Group, root: str) -> int:
    """The bytes that the names of a group's curves take among the arguments of a command, each with a pointer."""
    name = len(os.fsencode(group.cell(0).curve(root))) - 1
    return sum(name + len(str(seed)) + 9 for seed in group.seeds)
