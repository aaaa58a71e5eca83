"""What made a result: its settings, code and environment, manifests, and what is stale. Standard library only.

Snakemake notices neither a change in an imported module nor two swapped settings. So every rule carries one canonical
JSON of its settings and one fingerprint per definition that its code reaches; both are kept beside what they made.
"""

import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lola.files import cells, records
from lola.files.artifacts import canonical, differences, file_sha256, sha256
from lola.study import plan
from lola.study.fingerprints import EVERYTHING, SOURCE, fingerprints
from lola.vocabulary import kinds, registry
from lola.vocabulary.names import Cell, ranges

LOCK = SOURCE.parent / "requirements.lock"
NAMED = 3  # definitions that a reason names at most


def training_code(group: plan.Group, command: str = "lola.commands.train") -> dict[str, str]:
    """The fingerprints of what trains a group; of the registry only the entries that its spec names."""
    looked_up = sorted({(entry.module, entry.name) for entry in group.entries})
    tables, loaders = registry.__name__, [(registry.__name__, name) for name in ("Entry", "Kind", "Course")]
    code = fingerprints(command, *loaders, *looked_up, without=tables)
    return code | {tables: sha256(canonical(sorted(map(repr, group.entries))))[:12]}


def further_code(group: plan.Group) -> dict[str, str]:
    """The fingerprints of what trains a group's further seeds, with the digest of the packages."""
    return training_code(group, "lola.commands.further") | {LOCK.name: environment()}


def environment() -> str:
    """A digest of the locked packages and the Python they run on, which training depends on too."""
    python = ".".join(platform.python_version_tuple()[:2])
    return sha256(LOCK.read_text() + python)[:12]


@dataclass(frozen=True)
class Product:
    """Something that the study makes from settings and code, with the manifest that vouches for it."""

    name: str
    stage: str  # cells, further, group, figure or table
    manifest: Path
    spec: dict
    code: dict[str, str]
    needs: tuple[str, ...] = ()  # names of the products it is made from

    @property
    def group(self) -> str:
        """What it is told of together with: all cells of a group, any other product alone."""
        return Cell.at(self.name).group if self.stage == "cells" else self.name


def products(config: dict) -> Iterator[Product]:
    """Everything that the study makes, each after what it is made from."""
    root = Path(config["results"])
    groups = plan.groups(config)
    for group in groups.values():
        code = training_code(group)
        yield from (Product(cell.name, "cells", cell.manifest(root), group.spec, code) for cell in group.cells)
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
            needs += tuple(more[group] for group in needs if stage == "table" and group in more)
            yield Product(name, stage, path, plan.block_spec(config, name, block), product_code(stage, block), needs)


def product_code(stage: str, block: dict) -> dict[str, str]:
    """The fingerprints of the code that makes a figure or table: that of its stage, and the module of its kind."""
    maker, known = kinds.SHOWN[stage]
    kind = known[block["kind"]]
    code = fingerprints("lola.commands.show", (maker, "make"), (kind.module, EVERYTHING), without=kinds.__name__)
    return code | {kinds.__name__: sha256(repr(kind))[:12]}


def problem(product: Product, lock: str) -> tuple[str, str] | None:
    """A fault of a product as it lies on disk, as (kind, reason); None if it has none.

    The kinds: missing, damaged (not as it was written), stale (made from other settings, code, packages or inputs).
    """
    if not product.manifest.exists():
        return "missing", "not made yet"
    try:
        if product.stage == "cells":
            made = cells.read_manifest(product.manifest)
            made |= {"code": json.loads(made["code"])}
        else:
            made = records.read(product.manifest)
    except FileNotFoundError as error:
        return "missing", f"{error.filename} is gone"
    except ValueError as error:
        return "damaged", str(error)
    changes = differences(*map(short, (made["spec"], product.spec)))
    then, now = made["code"], product.code
    changed = sorted(name for name in then | now if then.get(name) != now.get(name))
    more = f" and {len(changed) - NAMED} more definitions" if len(changed) > NAMED else ""
    changes += [f"{', '.join(changed[:NAMED])}{more} changed"] if changed else []
    if product.stage == "cells" and made["lock"] != lock:
        changes.append("the locked packages or Python changed")
    for path, digest in made.get("inputs", {}).items():
        if not Path(path).exists() or file_sha256(path) != digest:
            changes.append(f"{path} changed")
    return ("stale", "; ".join(changes)) if changes else None


def short(settings):
    """Settings with lists of whole numbers that grow, such as seeds, as a person writes them: `0-49`."""
    if isinstance(settings, dict):
        return {key: short(value) for key, value in settings.items()}
    if not isinstance(settings, list):
        return settings
    whole = settings and all(type(n) is int for n in settings) and settings == sorted({*settings})
    return ranges(settings) if whole else [short(value) for value in settings]
