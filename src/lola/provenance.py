"""What made a result: fingerprints of code and environment, manifests, and what is stale. Standard library only.

Snakemake notices neither a change in an imported module nor two swapped settings. So every
rule carries one canonical JSON of its settings and one fingerprint per module that it
really imports; both are kept beside what they made, where they can be held against today's.
"""

import ast
import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lola import cells, study
from lola.artifacts import canonical, differences, file_sha256, sha256
from lola.learning import registry
from lola.reporting import kinds, store

SOURCE = Path(__file__).parents[1]
LOCK = SOURCE.parent / "requirements.lock"


def fingerprints(entries: Iterable[str]) -> dict[str, str]:
    """{module: digest} of the entry modules and all that they import from this project.

    A digest is over the syntax tree without docstrings, so comments, docstrings and layout
    don't count. Imports by name at run time are not seen: they must be among the entries.
    """
    found, ahead = {}, list(entries)
    while ahead:
        module = ahead.pop()
        if module not in found:
            found[module], imported = read_module(module)
            ahead += imported
    return dict(sorted(found.items()))


def training_code(group: study.Group) -> dict[str, str]:
    """The fingerprints of what trains a group; of the registry only the entries that its spec names."""
    code = fingerprints(["lola.train", *(entry.module for entry in group.entries)])
    return code | {registry.__name__: sha256(canonical(sorted(map(repr, group.entries))))[:12]}


@cache
def read_module(module: str) -> tuple[str, tuple[str, ...]]:
    """A module's digest, and the modules of this project that it imports, with their packages."""
    tree = ast.parse(module_file(module).read_bytes())
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    packages = {name.rpartition(".")[0] for name in named | {module}}
    return sha256(ast.dump(tree))[:12], tuple(sorted(name for name in named | packages if name and module_file(name)))


def module_file(module: str) -> Path | None:
    """The file of a module or package of this project; None for any other name."""
    path = SOURCE.joinpath(*module.split("."))
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)


def environment() -> str:
    """A digest of the locked packages and the Python they run on, which training depends on too."""
    python = ".".join(platform.python_version_tuple()[:2])
    return sha256(LOCK.read_text() + python)[:12]


@dataclass(frozen=True)
class Product:
    """Something that the study makes from settings and code, with the manifest that vouches for it."""

    name: str
    stage: str  # cells, group, figure, table or claims
    manifest: Path
    spec: dict
    code: dict[str, str]
    needs: tuple[str, ...] = ()  # names of the products it is made from


def products(config: dict) -> Iterator[Product]:
    """Everything that the study makes, each after what it is made from."""
    root = Path(config["results"])
    groups = study.groups(config)
    for group in groups.values():
        code = training_code(group)
        for cell in group.cells:
            yield Product(cell.name, "cells", cell.manifest(root), group.spec, code)
    for group in groups.values():
        made_from = tuple(cell.name for cell in group.cells)
        code = fingerprints(["lola.aggregate"])
        spec = {"seeds": list(group.seeds)}
        yield Product(group.name, "group", manifest(root, f"groups/{group.name}"), spec, code, made_from)
    for stage in ("figure", "table"):
        for name, block in config[f"{stage}s"].items():
            spec, code = study.block_spec(config, name, block), product_code(stage, block)
            needs = tuple(study.block_groups(config, block))
            yield Product(name, stage, manifest(root, f"{stage}s/{name}"), spec, code, needs)
    code = fingerprints(["lola.claims"])
    yield Product("claims", "claims", manifest(root, "tables/claims"), study.claims_spec(groups), code, tuple(groups))


def product_code(stage: str, block: dict) -> dict[str, str]:
    """The fingerprints of the code that makes a figure or table: its stage and the module of its kind."""
    known = {"figure": kinds.FIGURES, "table": kinds.TABLES}[stage]
    return fingerprints([f"lola.{stage}", known[block["kind"]].module])


def manifest(root: str | Path, name: str) -> Path:
    """Where `lola.record` keeps what it knows of a product, such as figures/figure1."""
    return Path(root) / "manifests" / f"{name}.json"


def problem(product: Product, lock: str) -> tuple[str, str] | None:
    """What is wrong with a product as it lies on disk, as (kind, reason); None if nothing is.

    The kinds: missing, damaged (not as it was written), stale (made from other settings,
    code, packages or inputs than today's).
    """
    if not product.manifest.exists():
        return "missing", "not made yet"
    try:
        made = read_cell(product) if product.stage == "cells" else read_record(product)
    except FileNotFoundError as error:
        return "missing", f"{error.filename} is gone"
    except ValueError as error:
        return "damaged", str(error)
    changes = differences(made["spec"], product.spec)
    changes += [f"{module} changed" for module in sorted(product.code.keys() | made["code"].keys())
                if product.code.get(module) != made["code"].get(module)]  # fmt: skip
    if product.stage == "cells" and made["lock"] != lock:
        changes.append("the locked packages or Python changed")
    for path, digest in made.get("inputs", {}).items():
        if not Path(path).exists() or file_sha256(path) != digest:
            changes.append(f"{path} changed")
    return ("stale", "; ".join(changes)) if changes else None


def read_cell(product: Product) -> dict:
    """A cell's manifest, with the code fingerprints as a mapping."""
    made = cells.read_manifest(product.manifest)
    return made | {"code": json.loads(made["code"])}


def read_record(product: Product) -> dict:
    """What `lola.record` wrote, after checking the outputs against it."""
    try:
        made = json.loads(product.manifest.read_text())
        outputs, _, _ = made["outputs"], made["spec"], made["code"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{product.manifest} is not a whole manifest") from None
    for path, digest in outputs.items():
        if file_sha256(path) != digest:
            raise ValueError(f"{path} is not as it was written (truncated, edited or overwritten)")
    return made


def repair(config: dict) -> Iterator[str]:
    """Set aside what is damaged, and forget what is stale or not in MLflow, so that all of it is made again.

    Snakemake redoes what is stale by itself, but only where its own records were not lost.
    Yields a sentence for each damaged product. Its files are renamed to *.damaged, not lost.
    """
    root, lock = Path(config["results"]), environment()
    for product in products(config):
        kind, reason = problem(product, lock) or (None, None)
        if kind == "damaged":
            yield f"{reason}: {product.name} is made again, what was damaged is kept as *.damaged"
            for path in damaged_files(product):
                set_aside(path)
        elif kind == "stale":
            product.manifest.unlink()
    database = store.database_file(root)
    if store.is_own(root) and database.exists() and not store.is_whole(database):
        yield f"{database} is no whole database: it is filled again, the damaged one is kept as *.damaged"
        set_aside(database)
    for marker, _ in not_logged(root):
        marker.unlink()


def set_aside(path: Path) -> None:
    """Rename a file, so that it is made again and yet not lost."""
    path.replace(path.with_name(path.name + ".damaged"))


def damaged_files(product: Product) -> list[Path]:
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


def not_logged(root: str | Path) -> Iterator[tuple[Path, str]]:
    """Each marker of what the tracking store did not take, or no longer has, with the reason."""
    database = store.database_file(root)
    gone = database is not None and not database.exists()
    for marker in sorted(Path(root, "tracking").glob("*.json")):
        try:
            told = json.loads(marker.read_text())
            pending = told["reason"] if told["status"] == "pending" else None
        except (ValueError, KeyError, TypeError):
            pending = f"{marker} is damaged"
        if pending or gone:
            yield marker, pending or f"{database} is gone"
