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
# Each room of src/lola: which others it may import, and whose packages.
HOUSE = {
    "vocabulary": ((), ()),
    "files": (("vocabulary",), ()),
    "study": (("vocabulary", "files"), ()),
    "learning": (("vocabulary",), ("torch", "numpy")),
    "analysis": (("vocabulary", "files"), ("pandas", "numpy", "scipy", "yaml")),
    "figures": (("vocabulary", "files", "analysis"), ("matplotlib", "seaborn", "numpy", "pandas", "PIL")),
    "tables": (("vocabulary", "files", "analysis"), ("pandas", "numpy")),
    "page": (("vocabulary", "study", "analysis", "tables"), ("jinja2", "markupsafe", "yaml")),
    "tracking": (("vocabulary", "files", "figures"), ("matplotlib", "numpy")),
    "bench": (("vocabulary", "files", "study", "learning"), ("torch",)),
    "python": (("vocabulary", "files", "study", "learning", "analysis"), ("torch", "numpy", "pandas")),
    "commands": (
        ("vocabulary", "files", "study", "learning", "analysis", "figures", "tables", "page", "tracking"),
        (),
    ),
}
# The rooms of learning: which others they may import. Loose files know none: the registry names what is in them.
LEARNING = {
    "matrix": (),
    "tabular": ("matrix",),
    "coins": (),
    "differentiable": (),
    "joint": (),
    "cola": (),
    "shaping": ("matrix",),
}
EXCEPTIONS = {  # of a module alone
    "lola.files.checkpoints": {"numpy"},
    "lola.files.plain_yaml": {"yaml"},
    "lola.study.config": {"yaml", "jsonschema"},
    "lola.study.reading": {"yaml"},
    "lola.commands.ledger": {"yaml"},  # of files as they were
    "lola.commands.reproduce": {"snakemake", "snakemake_logger_plugin_lola"},  # which words what it says
    "lola.commands.thumbnails": {"PIL"},
    "lola.learning.compiled": {"numba", "lola.files"},  # which keeps what it compiled
    "lola.learning.tiles": {"numba", "llvmlite"},
    "lola.learning.devices": {"psutil"},
    "lola.tracking.client": {"mlflow", "alembic", "sqlalchemy"},
    "lola.tracking.experiment": {"mlflow", "sqlalchemy"},
    "lola.tracking.whole": {"mlflow", "sqlalchemy"},
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
def test_rooms_import_those_that_they_may(module):
    rooms, theirs = HOUSE[room(module)]
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
    for module in part("learning.matrix.game", "learning.matrix.kernels"):
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
    """What `import lola` offers is imported on use, so that no command waits for it and no cell depends on it."""
    assert not [m for m in MODULES if m.endswith("__init__") and imports(m)]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_read_in_one_sitting(module):
    assert len(source(module).splitlines()) <= 350


def test_modules_are_loaded_by_name_only_through_the_registries():
    dynamic = {m for m in MODULES if re.search(r"import_module|__import__|run_module", source(m))}
    assert dynamic == {
        "lola.__init__",
        "lola.commands.show",
        "lola.files.warm",  # what it is told to run
        "lola.vocabulary.registry",
    }


def test_nothing_is_unpickled_but_checkpoints():
    """Theirs hold what a player remembers, behind a digest that is looked at first."""
    picklers = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}

    def unpickles(module: str) -> bool:
        nodes = [*ast.walk(ast.parse(source(module)))]
        called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
        allowed = any(isinstance(node, ast.keyword) and node.arg == "allow_pickle" for node in nodes)
        names = {origin.partition(".")[0] for _, origin in bound(nodes)}
        return bool(names & picklers) or allowed or bool(called & {"torch.load", "pd.read_pickle", "yaml.unsafe_load"})

    assert set(filter(unpickles, MODULES)) == {"lola.learning.training"}


# What fingerprints rely on (lola/study/fingerprints.py).


@pytest.mark.parametrize("module", MODULES)
def test_decorators_register_nothing(module):
    """The only one of ours is the one that compiles."""
    nodes = list(ast.walk(ast.parse(source(module))))
    decorators = [part for node in nodes for d in getattr(node, "decorator_list", []) for part in ast.walk(d)]
    used = {node.id for node in decorators if isinstance(node, ast.Name)}
    ours = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    ours |= {name for name, origin in bound(nodes) if origin.startswith("lola.")}
    assert used & ours <= {"kernel"}


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_plain(module):
    """None is relative, of everything or dotted without `as`; no name stands for two things."""
    tree = ast.parse(source(module))
    nodes = list(ast.walk(tree))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    names = {}
    for name, origin in bound(nodes):
        assert name != "*" and not (name.startswith("lola.") or names.setdefault(name, origin) != origin), name
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert not defined & names.keys()


def bound(nodes: list[ast.AST]) -> list[tuple[str, str]]:
    """Each name that imports bind, with what it stands for."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [(alias.asname or alias.name, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names]
    return found
