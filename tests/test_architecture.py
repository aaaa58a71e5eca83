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
# Each room of src/lola, which rooms it may import, and whose packages: `None` are any.
HOUSE = {
    "vocabulary": ((), ()),
    "files": (("vocabulary",), ("numpy",)),
    "study": (("vocabulary", "files"), ("yaml", "jsonschema")),
    "learning": (("vocabulary",), ("torch", "numpy")),
    "analysis": (("vocabulary", "files"), ("pandas", "numpy", "scipy", "yaml")),
    "figures": (("vocabulary", "files", "analysis"), ("matplotlib", "seaborn", "numpy", "pandas", "PIL")),
    "tables": (("vocabulary", "files", "analysis"), ("pandas", "numpy")),
    "tracking": (("vocabulary", "files", "figures"), ("matplotlib", "numpy", "pandas")),
    "bench": (("vocabulary", "files", "study", "learning"), ("torch",)),
    "commands": (None, None),
}
# The rooms of learning: which others they may import. Loose files know none: the registry names what is in them.
LEARNING = {"matrix": (), "tabular": ("matrix",), "coins": ()}
EXCEPTIONS = {  # of a module alone
    "lola.learning.compiled": {"numba", "lola.files"},  # which keeps what it compiled
    "lola.learning.devices": {"psutil"},
    "lola.tracking.client": {"mlflow", "alembic", "sqlalchemy"},
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


def room(name: str) -> str:
    """lola.learning.coins.game → learning; nothing for the package itself."""
    return [*name.split("."), ""][1]


def part(*prefixes: str) -> list[str]:
    return [m for m in MODULES if any(f"{m}.".startswith(f"lola.{prefix}.") for prefix in prefixes)]


def test_every_module_stands_in_a_room():
    assert {room(m) for m in MODULES} - {"__init__"} == set(HOUSE)
    inner = {m.split(".")[2] for m in part("learning") if len(m.split(".")) > 3}
    assert inner == set(LEARNING)


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) != "__init__"])
def test_rooms_import_those_below_them(module):
    rooms, theirs = HOUSE[room(module)]
    if rooms is None:
        return
    allowed = {"lola", *theirs} | EXCEPTIONS.get(module, set())
    assert packages(module) <= allowed
    ours = {f"lola.{room(name)}" for name in imports(module) if name.startswith("lola.")}
    assert ours <= {f"lola.{name}" for name in (room(module), *rooms)} | allowed


@pytest.mark.parametrize("module", part("learning"))
def test_rooms_of_learning_know_few_others(module):
    home = module.split(".")[2] if module.count(".") > 2 else ""
    allowed = {home, *LEARNING.get(home, ())}
    inner = {name.split(".")[2] for name in imports(module) if name.startswith("lola.learning.")} & set(LEARNING)
    assert inner <= allowed
    assert not [n for n in ast.walk(ast.parse(source(module))) if isinstance(n, ast.Name) and n.id in ("print", "open")]


def test_rules_know_no_game_and_games_no_rule():
    assert packages("lola.learning.rules") == packages("lola.learning.opponent_models") == {"torch"}
    for module in part("learning.matrix.game", "learning.matrix.kernels", "learning.matrix.policies"):
        assert not imports(module) & {f"lola.learning.{name}" for name in ("rules", "training", "opponent_models")}


def test_nobody_imports_a_command():
    assert not {name for m in MODULES for name in imports(m) if room(name) == "commands"}
    with_main = {m for m in MODULES if "__main__" in source(m) and m.startswith("lola.")}
    assert {room(m) for m in with_main} <= {"commands", "bench"}


@pytest.mark.parametrize("folder", [*HOUSE, *(f"learning/{name}" for name in LEARNING)])
def test_every_room_says_in_a_sentence_what_it_is_for(folder):
    said = ast.get_docstring(ast.parse((SOURCE / "lola" / folder / "__init__.py").read_text()))
    assert said and "\n" not in said and said.endswith(".")


def test_packages_import_nothing():
    assert not [m for m in MODULES if m.endswith("__init__") and imports(m)]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_read_in_one_sitting(module):
    assert len(source(module).splitlines()) <= 350


def test_modules_are_loaded_by_name_only_through_the_registries():
    dynamic = {m for m in MODULES if re.search(r"import_module|__import__|run_module", source(m))}
    assert dynamic == {
        "lola.commands.figure",
        "lola.commands.table",
        "lola.vocabulary.registry",
        "lola.commands.record",
    }


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
