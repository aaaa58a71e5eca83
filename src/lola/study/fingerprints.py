"""Fingerprints of code: a digest of every definition that entry points reach. Standard library only.

A definition is a function, a class, or an assignment that calls nothing, at the top of a module. It reaches what it
mentions, in whatever module of this project, and so on; what a mentioned name is imported from counts too. All
other statements at the top of a module count wherever it is imported, and a module that is passed on as a value
counts as a whole. Comments, docstrings and layout don't count.

Look-ups by name at run time are not seen: what they find must be among the entry points. Nor is what decorators,
default arguments and bodies of classes do beside defining. Imports are to be plain: no relative ones, no stars, no
dotted `import lola.…` without `as`, no name twice (tests/test_architecture.py).
"""

import ast
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lola.files import environment
from lola.files.artifacts import canonical, sha256, write_whole

SOURCE = Path(__file__).parents[2]
IMPORT, EVERYTHING = "", "*"  # in place of a definition's name


class Place(NamedTuple):
    """A definition of a module; or `IMPORT`, what runs when it is imported; or `EVERYTHING` in it."""

    module: str
    name: str


class Code(NamedTuple):
    """Some statements: their digest, None if they are imports alone, and the places that they lead to at once."""

    digest: str | None
    leads_to: set[Place]


@cache  # since many have their entries in common
def fingerprints(*entries: str | tuple[str, str], without: str = "") -> dict[str, str]:
    """{definition: digest} of all that entry points reach; what runs on import goes by its module's name.

    An entry point is a module, which is imported, or (module, name). What runs when the module `without` is imported
    does not count. Raises ValueError if an entry point is no module of this project.
    """
    ahead = [Place(entry, IMPORT) if isinstance(entry, str) else Place(*entry) for entry in entries]
    if unknown := [place.module for place in ahead if not module_file(place.module)]:
        raise ValueError(f"no modules of this project: {', '.join(sorted(unknown))}")
    found, seen = {}, set()
    while ahead:
        place = ahead.pop()
        if place in seen or place == (without, IMPORT) or not module_file(place.module):
            continue
        seen.add(place)
        known = read(place.module)
        # Everything, and a name that is made at run time, lead to all that the module has.
        code = known.get(place.name) or Code(None, {Place(place.module, name) for name in known})
        above = place.module.rpartition(".")[0] if place.name == IMPORT else place.module
        ahead += [Place(above, IMPORT), *code.leads_to]
        if code.digest:
            found[".".join(filter(None, place))] = code.digest
    return dict(sorted(found.items()))


@cache
def read(module: str) -> dict[str, Code]:
    """The code of every definition of a module, and of `IMPORT`; any other name leads to what it stands for.

    What was read once is kept under a digest of all that it depends on, since reading all modules takes seconds.
    """
    source = module_file(module).read_bytes()
    name = sha256(f"{module} {sha256(source)} {surroundings()}")
    kept = SOURCE.parent / environment.CACHE / "code" / f"{name}.json"
    with suppress(OSError, ValueError, TypeError):
        digest, told = kept.read_text(encoding="utf-8").split("\n")
        if digest == sha256(told):
            known = json.loads(told).items()
            return {name: Code(code, {Place(*place) for place in leads}) for name, (code, leads) in known}
    found = parsed(module, source)
    with suppress(OSError):  # where nothing can be written, each command reads for itself
        told = json.dumps({name: (code.digest, sorted(code.leads_to)) for name, code in found.items()})
        write_whole(kept, f"{sha256(told)}\n{told}")
    return found


@cache
def surroundings() -> str:
    """A digest of what the reading of a module depends on beside it: this module, Python, which modules there are."""
    modules = sorted(str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py"))
    return sha256(canonical([sha256(Path(__file__).read_bytes()), sys.version, *modules]))


def parsed(module: str, source: bytes) -> dict[str, Code]:
    """The code of every definition in the source of a module."""
    tree = ast.parse(source)
    elsewhere = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            elsewhere |= dict(imported(node))
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    statements: dict[str, list[ast.stmt]] = {IMPORT: []}
    for statement in tree.body:
        names = defined(statement)
        for name in names or [IMPORT]:
            statements.setdefault(name, []).append(statement)
        if not names:
            elsewhere |= {name: Place(module, IMPORT) for name in stored(statement) if name not in elsewhere}
    own = {name: Place(module, name) for name in statements}
    others = {name: Code(None, {place}) for name, place in elsewhere.items()}
    return others | {name: code(of_name, elsewhere, own) for name, of_name in statements.items()}


def defined(statement: ast.stmt) -> list[str]:
    """The names of a function, a class, or an assignment to plain names that calls nothing; else none."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or any(
        isinstance(node, ast.Call)
        or (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store))
        for node in ast.walk(statement)
    ):
        return []
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [name for target in targets for name in stored(target)]


def stored(node: ast.AST) -> list[str]:
    """The plain names that are assigned to."""
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Place]]:
    """The names that an import binds, and the places that they stand for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, attribute_of(Place(node.module, EVERYTHING), alias.name)
        else:  # `import a.b` binds a, and with `as` a name of a.b
            bound = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or bound, Place(bound, EVERYTHING)


def code(statements: list[ast.stmt], elsewhere: dict[str, Place], own: dict[str, Place]) -> Code:
    """What statements lead to, and their digest: without imports, but with what each name mentioned stands for."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    pairs = [node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    owners = {id(node.value) for node in pairs}
    places = elsewhere | own
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and id(n) not in owners}
    attributes = {(node.value.id, node.attr) for node in pairs}
    leads_to = {places[name] for name in names if name in places}
    leads_to |= {attribute_of(places[name], attribute) for name, attribute in attributes if name in places}
    for node in nodes:
        if isinstance(node, ast.Import):
            leads_to |= {Place(alias.name, IMPORT) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {Place(f"{node.module}.{alias.name}", IMPORT) for alias in node.names}
            leads_to |= inner | {Place(node.module, IMPORT)}
    told = [ast.dump(statement) for statement in statements if not isinstance(statement, ast.Import | ast.ImportFrom)]
    bound = sorted((name, *elsewhere[name]) for name in names | {name for name, _ in attributes} if name in elsewhere)
    return Code(sha256("\n".join([*told, repr(bound)]))[:12] if told else None, leads_to)


def attribute_of(place: Place, attribute: str) -> Place:
    """What an attribute stands for: a place in a module of this project, or else the place that it is taken of."""
    if place.name != EVERYTHING:
        return place
    inner = f"{place.module}.{attribute}"
    return Place(inner, EVERYTHING) if module_file(inner) else Place(place.module, attribute)


@cache
def module_file(module: str) -> Path | None:
    """The file of a module or package of this project; None for any other name."""
    path = SOURCE.joinpath(*module.split("."))
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)
