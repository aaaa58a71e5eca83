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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lola.files.artifacts import sha256

SOURCE = Path(__file__).parents[2]
IMPORT, EVERYTHING = "", "*"  # in place of a definition's name


class Place(NamedTuple):
    """A definition of a module; or `IMPORT`, what runs when it is imported; or `EVERYTHING` in it."""

    module: str
    name: str


@dataclass(frozen=True)
class Code:
    """Some statements: their digest, the names that they mention, (name, attribute) pairs, and modules they import."""

    digest: str | None
    names: frozenset[str]
    attributes: frozenset[tuple[str, str]]
    imports: frozenset[str]


@dataclass(frozen=True)
class Module:
    """A module's definitions, and `IMPORT`; and the places that its other names stand for."""

    code: dict[str, Code]
    elsewhere: dict[str, Place]


def fingerprints(*entries: str | tuple[str, str], without: str = "") -> dict[str, str]:
    """{definition: digest} of all that entry points reach; what runs on import goes by its module's name.

    An entry point is a module, which is imported, or (module, name). What runs when the module `without` is imported
    does not count. Raises ValueError if an entry point is no module of this project.
    """
    return dict(digests(frozenset(entries), without))


@cache
def digests(entries: frozenset[str | tuple[str, str]], without: str) -> dict[str, str]:
    """`fingerprints`, once for entries that many have in common."""
    ahead = [Place(entry, IMPORT) if isinstance(entry, str) else Place(*entry) for entry in entries]
    if unknown := [place.module for place in ahead if not module_file(place.module)]:
        raise ValueError(f"no modules of this project: {', '.join(sorted(unknown))}")
    found, seen = {}, set()
    while ahead:
        place = ahead.pop()
        if place in seen or place == (without, IMPORT) or not module_file(place.module):
            continue
        seen.add(place)
        ahead += reached(place)
        code = read(place.module).code.get(place.name)
        if code and code.digest:
            found[".".join(filter(None, place))] = code.digest
    return dict(sorted(found.items()))


def reached(place: Place) -> Iterator[Place]:
    """The places that one place leads to at once."""
    module = read(place.module)
    yield Place(place.module.rpartition(".")[0] if place.name == IMPORT else place.module, IMPORT)
    if place.name in module.code:
        code = module.code[place.name]
        yield from (Place(imported, IMPORT) for imported in code.imports)
        for name in code.names:
            yield from named(place.module, name)
        for name, attribute in code.attributes:
            yield from taken(place.module, name, attribute)
    elif place.name in module.elsewhere:
        yield module.elsewhere[place.name]
    else:  # everything, or a name that is made at run time
        yield from (Place(place.module, name) for name in module.code.keys() | module.elsewhere.keys())


def named(module: str, name: str) -> Iterator[Place]:
    """What a name stands for; nothing where it is no name of the module, but an argument, say."""
    if name in read(module).code:
        yield Place(module, name)
    elif name in read(module).elsewhere:
        yield read(module).elsewhere[name]


def taken(module: str, name: str, attribute: str) -> Iterator[Place]:
    """What an attribute of a name stands for: where the name is a module of this project, a place in that."""
    place = read(module).elsewhere.get(name, Place(module, name))
    if place.name == EVERYTHING:
        inner = f"{place.module}.{attribute}"
        yield Place(inner, EVERYTHING) if module_file(inner) else Place(place.module, attribute)
    else:
        yield from named(module, name)


@cache
def read(module: str) -> Module:
    """The definitions and imports of a module of this project."""
    tree = ast.parse(module_file(module).read_bytes())
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
    return Module({name: code(of_name, elsewhere) for name, of_name in statements.items()}, elsewhere)


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
        if isinstance(node, ast.Import):
            whole, first = alias.name, alias.name.partition(".")[0]
            yield (alias.asname, Place(whole, EVERYTHING)) if alias.asname else (first, Place(first, EVERYTHING))
        else:
            inner = f"{node.module}.{alias.name}"
            place = Place(inner, EVERYTHING) if module_file(inner) else Place(node.module or "", alias.name)
            yield alias.asname or alias.name, place


def code(statements: list[ast.stmt], elsewhere: dict[str, Place]) -> Code:
    """What statements mention, and their digest: without imports, but with what each name mentioned stands for."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    pairs = [node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    owners = {id(node.value) for node in pairs}
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and id(n) not in owners}
    attributes = {(node.value.id, node.attr) for node in pairs}
    told = [ast.dump(statement) for statement in statements if not isinstance(statement, ast.Import | ast.ImportFrom)]
    bound = sorted((name, *elsewhere[name]) for name in names | {name for name, _ in attributes} if name in elsewhere)
    digest = sha256("\n".join([*told, repr(bound)]))[:12] if told else None
    return Code(digest, frozenset(names), frozenset(attributes), frozenset(modules))


def module_file(module: str) -> Path | None:
    """The file of a module or package of this project; None for any other name."""
    path = SOURCE.joinpath(*module.split("."))
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)
