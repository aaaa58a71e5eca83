"""`import lola` costs nothing, offers what its stub says, and moves no fingerprint."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lola
from lola.study import fingerprints

SLOW = ("torch", "pandas", "numpy", "yaml", "matplotlib", "lola.python")


def test_nothing_is_imported_before_it_is_asked_for():
    code = f"import lola, sys; dir(lola); print([name for name in {SLOW} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_all_that_is_offered_is_there_under_its_own_name():
    assert lola.__all__ == [*lola.OFFERED] and {*lola.OFFERED} < {*dir(lola)}
    for name in lola.OFFERED:
        offered = getattr(lola, name)
        assert offered.__name__ == name and offered.__doc__ and offered.__module__ == lola.OFFERED[name]


def test_the_stub_says_the_same_to_editors():
    tree = ast.parse(Path("src/lola/__init__.pyi").read_text())
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module.startswith("lola.")]
    assert {alias.name: node.module for node in imports for alias in node.names} == lola.OFFERED
    assert all(alias.name == alias.asname for node in imports for alias in node.names), "as exports a name"


@pytest.mark.parametrize("name", ["nothing", "learn"])
def test_another_name_is_an_error_that_says_what_there_is(name):
    with pytest.raises(AttributeError, match=rf"'lola' has no attribute '{name}'; it offers BadConfig, .*train"):
        getattr(lola, name)


def test_every_function_and_method_is_annotated():
    for path in Path("src/lola/python").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name != "as_in_config":  # which takes anything
                given = [*node.args.args, *node.args.kwonlyargs, *filter(None, [node.args.kwarg])]
                untyped = [argument.arg for argument in given if argument.annotation is None]
                assert untyped in ([], ["self"]), f"{path}: {node.name}"
                assert node.returns is not None or node.name == "__init__", f"{path}: {node.name}"


def test_no_cell_depends_on_what_is_offered():
    code = fingerprints.fingerprints("lola.commands.train")
    assert "lola" in code and not [name for name in code if name.startswith(("lola.python", "lola.OFFERED"))]
