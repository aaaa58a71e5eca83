"""What made a result: its settings, code and environment, manifests, and what is stale. Standard library only.

Snakemake notices neither a change in an imported module nor two swapped settings. So every rule carries one canonical
JSON of its settings and one fingerprint per definition that its code reaches; both are kept beside what they made.
"""

import json
import os
import platform
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lola.files import cells, records
from lola.files.artifacts import canonical, differences, sha256
from lola.files.seen import Seen
from lola.study import display, plan, schedule
from lola.study.fingerprints import EVERYTHING, SOURCE, fingerprints
from lola.vocabulary import kinds, registry
from lola.vocabulary.names import Cell, count, ranges

LOCK = SOURCE.parent / "requirements.lock"
PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)(.*)", re.MULTILINE)  # a package, its version, for which systems
TRAINS = ("torch", "numpy", "numba", "llvmlite")  # the packages that train
NAMED = 3  # definitions, or settings of a page, that a reason names at most
CHECKLIST, PAGE, REPORT = "reproducibility.md", "index.html", "report.html"
PAGES = {  # what is written last, from all results, and by which command
    CHECKLIST: "lola.commands.checklist",
    PAGE: "lola.commands.page",
    REPORT: "lola.commands.report",
}


def command(group: plan.Group) -> str:
    """The module that makes the cells of a group."""
    alone = group.course in ("consistency", "networks") or any(group.reads)
    return "lola.commands.consistent" if alone else "lola.commands.train"


def training_code(group: plan.Group, by: str = "") -> dict[str, str]:
    """The fingerprints of what trains a group, by its command; of the registry only the entries that its spec names."""
    looked_up = sorted({(entry.module, entry.name) for entry in group.entries})
    tables, loaders = registry.__name__, [(registry.__name__, name) for name in ("Entry", "Kind", "Course")]
    code = fingerprints(by or command(group), *loaders, *looked_up, without=tables)
    return code | {tables: sha256(canonical(sorted(map(repr, group.entries))))[:12]}


def further_code(group: plan.Group) -> dict[str, str]:
    """The fingerprints of what trains a group's further seeds, with the digest of the packages."""
    return training_code(group, "lola.commands.further") | {LOCK.name: environment()}


def environment() -> str:
    """A digest of the locked packages and the Python they run on, which training depends on too.

    Where another version of a package that trains is installed, that one counts.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    others = [f"{name}=={version}" for name, version in foreign().items() if name in TRAINS]
    return sha256(LOCK.read_text() + python + "".join(others))[:12]


@cache
def foreign() -> dict[str, str]:
    """The installed versions of the packages of which requirements.lock has another; of one that is missing "none"."""
    found, there = {}, installed()
    for name, locked, systems in PINNED.findall(LOCK.read_text(encoding="utf-8")):
        version = there.get(normal(name)) or (locked if ";" in systems else "none")
        if version.partition("+")[0] != locked.partition("+")[0]:  # a build, as +cpu, is not pinned
            found[name] = version
    return found


def installed() -> dict[str, str]:
    """The versions of all packages by name, read off their folders: to read what lies in them takes long."""
    places, endings = [Path(place) for place in reversed(sys.path)], ("egg", "dist")  # an old pip installs eggs
    folders = [path for place in places for ending in endings for path in place.glob(f"*-*.{ending}-info")]
    return {normal(name): version for name, version, *_ in (path.stem.split("-") for path in folders)}


def normal(name: str) -> str:
    """A package's name, as all that mean it are told alike."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unlocked() -> str:
    """The packages of which another version is installed than the locked one, in words; empty if there are none."""
    locked = {name: version for name, version, _ in PINNED.findall(LOCK.read_text(encoding="utf-8"))}
    return ", ".join(f"{name} {version} (locked: {locked[name]})" for name, version in foreign().items())


@dataclass(frozen=True)
class Product:
    """Something that the study makes from settings and code, with the manifest that vouches for it."""

    name: str
    stage: str  # cells, further, group, figure, table or page
    manifest: Path
    spec: dict
    code: dict[str, str]
    needs: tuple[str, ...] = ()  # names of the products it is made from
    beside: Path | None = None  # the manifest of the product with which it is made, if it is not made alone

    @property
    def group(self) -> str:
        """What it is told of together with: all cells of a group, any other product alone."""
        return Cell.at(self.name).group if self.stage == "cells" else self.name


def products(config: dict, overlays: list[str] = (), by_hand: dict | None = None) -> Iterator[Product]:
    """Everything that the study makes, each after what it is made from."""
    root = Path(config["results"])
    groups = plan.groups(config)
    for group in sorted(groups.values(), key=lambda group: generation(group.spec)):  # whoever reads cells, after them
        code = training_code(group)
        for cell in group.cells:
            needs = tuple(read.name for read in group.read_by(cell.seed))
            yield Product(cell.name, "cells", cell.manifest(root), group.spec, code, needs)
    code = fingerprints("lola.commands.aggregate")
    for group in groups.values():
        path, needs = root / f"manifests/groups/{group.name}.json", tuple(cell.name for cell in group.cells)
        yield Product(group.name, "group", path, plan.group_spec(group), code, needs)
    more = {group.name: f"{group.name}/further" for group in groups.values() if group.more}
    for name, product in more.items():
        path, spec = root / f"manifests/further/{name}.json", plan.further_spec(groups[name])
        yield Product(product, "further", path, spec, further_code(groups[name]))
    for stage in kinds.SHOWN:
        for name, block in plan.blocks(config, stage).items():
            path, needs = root / f"manifests/{stage}s/{name}.json", tuple(plan.block_groups(config, block))
            needs += tuple(more[group] for group in needs if kinds.counts_further(stage, block) and group in more)
            spec = display.block_spec(config, name, block, groups)
            yield Product(name, stage, path, spec, product_code(stage, block), needs)
    yield from pages(config, overlays, by_hand or {})


def generation(spec: dict) -> int:
    """How many sorts of cells come one after another before those of a spec, each made from the last."""
    read = [each for each in (*spec.get("networks", ()), *spec.get("begin", ())) if each]
    return 1 + max(map(generation, read)) if read else 0


def pages(config: dict, overlays: list[str], by_hand: dict) -> Iterator[Product]:
    """The checklist, the results page, the list of such pages in the folder above, and the report."""
    root, spec = Path(config["results"]), study_spec(config, overlays, by_hand)
    shown = tuple(name for stage in kinds.SHOWN for name in plan.blocks(config, stage))
    needs = {CHECKLIST: (*plan.groups(config), *shown), PAGE: shown}
    needs[REPORT] = (*needs[CHECKLIST], *needs)
    for name, command in PAGES.items():
        own = {"packages": foreign()} if name == CHECKLIST else {}
        yield Product(name, "page", page_manifest(root, name), spec | own, fingerprints(command), needs[name])
    if root.parent != Path():  # the project's own folder, where nothing is made
        manifest, code = list_manifest(root.parent), fingerprints(PAGES[PAGE])
        yield Product(str(root.parent / PAGE), "page", manifest, {}, code, (PAGE,), page_manifest(root, PAGE))


def files_of_pages(root: Path) -> list[Path]:
    """The pages of a study, and the list of such pages in the folder above with its manifest."""
    pages = [root / page for page in PAGES]
    return [*pages, root.parent / PAGE, list_manifest(root.parent)] if root.parent != Path() else pages


def page_manifest(root: str | Path, name: str) -> Path:
    """The manifest of a page of a study."""
    return Path(root, "manifests", "pages", f"{name}.json")


def list_manifest(folder: Path) -> Path:
    """The manifest of the list of pages in a folder of studies."""
    return (folder / PAGE).with_suffix(".json")


def study_spec(config: dict, overlays: list[str], by_hand: dict) -> dict:
    """What a page is told: the config, the files laid over the paper's study, what was given to Snakemake by hand.

    Of the order of work it is told the order of tables alone, and of what jobs ask a cluster for nothing.
    """
    told = {key: value for key, value in config.items() if key != "first"}
    told["study"] = {
        name: {key: value for key, value in part.items() if key != "resources"}
        for name, part in config["study"].items()
    }
    told["tables"] = schedule.ranked(config, config["tables"])
    laid_over = [os.path.relpath(path) for path in overlays]
    return {"config": told, "overlays": laid_over, "by_hand": by_hand}


def product_code(stage: str, block: dict) -> dict[str, str]:
    """The fingerprints of the code that makes a figure or table: that of its stage, and the module of its kind."""
    maker, known = kinds.SHOWN[stage]
    kind = known[block["kind"]]
    code = fingerprints("lola.commands.show", (maker, "make"), (kind.module, EVERYTHING), without=kinds.__name__)
    return code | {kinds.__name__: sha256(repr(kind))[:12]}


# What is wrong with a product, and the reason: it is missing, damaged (not as it was written) or stale (made from other
# settings, code, packages or inputs).
Problem = tuple[str, str]
Examined = list[tuple[Product, Problem | None]]


def examine(config: dict, overlays: list[str] = (), by_hand: dict | None = None, seen: Seen | None = None) -> Examined:
    """Every product of the study, each with what is wrong with it, if anything; of those `seen`, nothing is."""
    lock, found, made_from = environment(), [], {}
    for product in products(config, overlays, by_hand):
        if not seen:
            found.append((product, problem(product, lock)))
            continue
        alike = product.stage, product.group  # since cells of a group are made from the same
        if alike not in made_from:
            made_from[alike] = sha256(json.dumps([product.spec, product.code, lock]))
        fault, files = None, []
        if not seen.holds(product.manifest, made_from[alike]):
            fault, files = judged(product, lock)
        if files:
            seen.add(product.manifest, made_from[alike], files)
        found.append((product, fault))
    return found


def faults(examined: Examined) -> list[tuple[str, str]]:
    """What is wrong, as (kind, where and why): a line per problem, those of a group's cells together."""
    alike = Counter((problem, product.stage, product.group) for product, problem in examined if problem)
    lines = []
    for ((kind, reason), stage, group), alike_cells in alike.items():
        members = f" ({count(alike_cells, 'cell')})" if stage == "cells" else ""
        lines.append((kind, f"{group}{members}: {reason}"))
    return lines


def problem(product: Product, lock: str) -> Problem | None:
    """A fault of a product as it lies on disk; None if it has none."""
    return judged(product, lock)[0]


def judged(product: Product, lock: str) -> tuple[Problem | None, list[Path]]:
    """A fault of a product as it lies on disk; if it has none, the files that say so."""
    try:
        made, files = read(product)
    except FileNotFoundError as error:
        gone = Path(error.filename or product.manifest)
        return ("missing", "not made yet" if gone == product.manifest else f"{gone} is gone"), []
    except OSError as error:
        return ("damaged", f"{error.filename or product.manifest} cannot be read: {error.strerror}"), []
    except ValueError as error:
        return ("damaged", str(error)), []
    except RecursionError:
        return ("damaged", f"{product.manifest} is not a whole manifest (nested too deep)"), []
    if not records.is_as_written(product.manifest):
        return ("damaged", f"{product.manifest} is not as it was written (edited)"), []
    changes = changes_of(product, made, lock)
    return (("stale", "; ".join(changes)), []) if changes else (None, files)


def read(product: Product) -> tuple[dict, list[Path]]:
    """What a product says of how it was made, and its files and those that it was made from; all are checked.

    Raises OSError, or ValueError or RecursionError if one is damaged.
    """
    if product.stage == "cells":
        made = cells.read_manifest(product.manifest)
        own = {"inputs": {}} | made | {"code": json.loads(made["code"])}
        return own, [product.manifest, product.manifest.with_suffix(".csv"), *own["inputs"]]
    made = records.read(product.manifest)
    return made, [product.manifest, *made["inputs"], *made["outputs"]]


def changes_of(product: Product, made: dict, lock: str) -> list[str]:
    """How that of which a product was made differs from what it is to be made of, in words."""
    changes = differences(*map(short, (made["spec"], product.spec)))
    if product.stage == "page":  # which is told the whole config, and shows what is there in its order
        keys = [change.partition(": ")[0] for change in changes]
        reordered = not keys and json.dumps(made["spec"]) != json.dumps(product.spec)
        changes = changed(keys or ["the order of config"] * reordered, "settings")
    old, new = made["code"], product.code
    changes += changed(sorted(name for name in old | new if old.get(name) != new.get(name)), "definitions")
    if product.stage == "cells" and made["lock"] != lock:
        changes.append("the locked packages or Python changed")
    return changes + [f"{path} changed" for path, then in made["inputs"].items() if not records.matches(path, then)]


def changed(names: list[str], what: str) -> list[str]:
    """That what has these names changed, of which a few are named, in one sentence; none if there are no names."""
    more = f" and {len(names) - NAMED} more {what}" if len(names) > NAMED else ""
    return [f"{', '.join(names[:NAMED])}{more} changed"] if names else []


def short(settings):
    """Settings with lists of whole numbers that grow, such as seeds, as a person writes them: `0-49`."""
    if isinstance(settings, dict):
        return {key: short(value) for key, value in settings.items()}
    if not isinstance(settings, list):
        return settings
    whole = settings and all(type(n) is int for n in settings) and settings == sorted({*settings})
    return ranges(settings) if whole else [short(value) for value in settings]
