"""Kernels: what may be compiled, and that no change in what is compiled together goes unnoticed."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

LEARNING = Path("src/lola/learning")
PLAYED = """
import numpy as np
from lola.learning.rollout_kernels import probabilities
print(probabilities((np.ones((1, 5)),), np.arange(5)[None], np.array([[0, 0, 1, 1]])).tolist())
"""


def imported(path: Path) -> set[str]:
    """The modules that a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def test_kernels_import_kernels_alone():
    kernels = {f"lola.learning.{path.stem}" for path in LEARNING.glob("*_kernels.py")}
    assert len(kernels) == 4
    for path in LEARNING.glob("*_kernels.py"):
        assert imported(path) <= {"math", "numpy", "lola.learning.compiled"} | kernels
    assert [path.stem for path in LEARNING.glob("*.py") if "numba" in imported(path)] == ["compiled"]


def test_a_change_in_a_kernel_that_another_one_calls_is_compiled(tmp_path):
    """Also over an old checkout, whose compiled kernels are there; and back again."""

    def played() -> str:
        command = [sys.executable, "-c", PLAYED]
        return subprocess.run(
            command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
        ).stdout

    shutil.copytree("src/lola", tmp_path / "lola", ignore=shutil.ignore_patterns("__pycache__"))
    softmax = tmp_path / "lola/learning/matrix_kernels.py"
    source = softmax.read_text()
    before = played()
    compiled = set(tmp_path.rglob("rollout_kernels.probabilities*.nbi"))
    assert len(compiled) == 1

    softmax.write_text(source.replace("p[state, b] /= norm", "p[state, b] /= 2.0 * norm"))
    assert played() != before
    softmax.write_text(source)
    assert played() == before
    assert len(set(tmp_path.rglob("rollout_kernels.probabilities*.nbi"))) == 2  # the first is of use again
