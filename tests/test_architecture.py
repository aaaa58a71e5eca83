"""Who may import whom, and nothing hidden: read off the syntax trees."""

import ast
import re
import sys
from pathlib import Path

import pytest

SOURCE = Path("src")
MODULES = sorted(
    str(path.relative_to(SOURCE).with_suffix("")).replace("/", ".") for path in SOURCE.rglob("lola/**/*.py")
)
STAGES = {
    "aggregate",
    "audit",
    "bench",
    "browse",
    "checklist",
    "claims",
    "docs",
    "figure",
    "record",
    "reproduce",
    "table",
    "track",
    "train",
    "watch",
}
SHELVES = {
    *("artifacts", "cells", "checkpoints", "checks", "coin_bench", "config", "digests", "fingerprints"),
    *("locks", "processor", "progress", "provenance", "schedule", "settings", "study", "timing"),
}
PLAIN = {
    "schedule",
    "timing",
    "locks",
    "watch",
    "reporting.store",
    "artifacts",
    "cells",
    "study",
    "digests",
    "processor",
    "fingerprints",
    "provenance",
    "record",
    "progress",
    "learning.registry",
    "reporting.kinds",
}


def source(module: str) -> str:
    return SOURCE.joinpath(*module.split(".")).with_suffix(".py").read_text()


def imports(module: str) -> set[str]:
    """The full names that a module imports, without the standard library's."""
    tree = ast.parse(source(module))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}


def packages(module: str) -> set[str]:
    return {name.partition(".")[0] for name in imports(module)}


def own(module: str, *parts: str) -> set[str]:
    """What a module imports of these parts of the project."""
    return {name for name in imports(module) for part in parts if f"{name}.".startswith(f"lola.{part}.")}


def part(*prefixes: str) -> list[str]:
    return [m for m in MODULES if any(f"{m}.".startswith(f"lola.{prefix}.") for prefix in prefixes)]


def test_every_module_has_a_place():
    top = {m.split(".")[1] for m in MODULES} - {"__init__", "learning", "reporting"}
    assert top == STAGES | SHELVES


@pytest.mark.parametrize("module", [f"lola.{name}" for name in sorted(PLAIN)])
def test_standard_library_only(module):
    assert packages(module) <= {"lola"}


@pytest.mark.parametrize("module", part("learning"))
def test_learning_knows_no_files_tracking_or_plots(module):
    memory = {"psutil"} if module == "lola.learning.devices" else set()
    assert packages(module) <= {"lola", "torch", "numpy", "numba"} | memory
    shelves = (
        SHELVES - {"locks"} if module == "lola.learning.compiled" else SHELVES
    )  # Numba's files are written together
    assert not own(module, "reporting", *STAGES, *shelves)
    tree = ast.parse(source(module))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in ("print", "open")]


def test_rules_know_no_game_and_games_no_rule():
    assert packages("lola.learning.rules") == {"torch"}
    for module in part("learning.matrix_games", "learning.matrix_kernels", "learning.policies"):
        assert not own(module, "learning.rules", "learning.training", "learning.opponent_models")
    assert packages("lola.learning.opponent_models") == {"torch"}


@pytest.mark.parametrize("module", part("reporting"))
def test_reporting_learns_nothing(module):
    assert not packages(module) & {"torch", "snakemake", "numba"}
    assert not own(module, "learning", *STAGES)


def test_only_tracking_imports_mlflow():
    assert [m for m in MODULES if "mlflow" in packages(m)] == ["lola.reporting.tracking"]


@pytest.mark.parametrize("module", part(*STAGES))
def test_no_stage_imports_another(module):
    assert not own(module, *(STAGES - {module.split(".")[1]}))


def test_packages_import_nothing():
    assert not [m for m in MODULES if m.endswith("__init__") and imports(m)]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_read_in_one_sitting(module):
    assert len(source(module).splitlines()) <= 350


def test_modules_are_loaded_by_name_only_through_the_registries():
    dynamic = {m for m in MODULES if re.search(r"import_module|__import__|run_module", source(m))}
    assert dynamic == {"lola.figure", "lola.table", "lola.learning.registry", "lola.record"}


@pytest.mark.parametrize("module", MODULES)
def test_decorators_register_nothing(module):
    """Fingerprints don't see what a decorator keeps, so the only one of ours is the one that compiles."""
    nodes = list(ast.walk(ast.parse(source(module))))
    used = {
        node.id
        for n in nodes
        for d in getattr(n, "decorator_list", [])
        for node in ast.walk(d)
        if isinstance(node, ast.Name)
    }
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert used & (defined | {name.rpartition(".")[2] for name in imports(module) if name.startswith("lola.")}) <= {
        "kernel"
    }
