"""Kernels: what may be compiled, and that no change in what is compiled together goes unnoticed."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

LEARNING = Path("src/lola/learning")
PLAYED = """
import numpy as np
from lola.learning.matrix.rollout_kernels import probabilities
print(probabilities((np.ones((1, 5)),), np.arange(5)[None], np.array([[0, 0, 1, 1]])).tolist())
"""


MULTIPLIED = """
import sys, time
import numpy as np
from numba.core import caching
from lola.learning.arithmetic_kernels import add_product
save = caching.IndexDataCacheFile._save_index
def late(*of):
    time.sleep(1)
    save(*of)
caching.IndexDataCacheFile._save_index = late
dtype, order = sys.argv[1:]
a, b = (np.arange(4 * n, dtype=dtype).reshape(1, *shape) for n, shape in ((2, (2, 4)), (3, (4, 3))))
out = np.zeros((1, 2, 3), dtype)
add_product(out, a if order == "C" else np.asfortranarray(a), b)
print((out == a @ b).all())
"""


def imported(path: Path) -> set[str]:
    """The modules that a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to("src").with_suffix("").parts)


def test_kernels_import_kernels_alone():
    paths = [*LEARNING.rglob("*kernels.py")]
    assert len(paths) == 11
    ours = {"lola.learning.compiled", "lola.learning.tiles", *map(module_name, paths)}
    assert all(imported(path) <= {"math", "numpy", *ours} for path in paths)
    compilers = [path for path in LEARNING.rglob("*.py") if any("numba" in name for name in imported(path))]
    assert {*compilers} == {LEARNING / "compiled.py", LEARNING / "tiles.py"}


def played(folder: Path) -> str:
    """What a kernel of the package in a folder gives."""
    command = [sys.executable, "-c", PLAYED]
    return subprocess.run(command, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=True).stdout


def test_where_no_folder_can_be_made_a_kernel_is_compiled_and_not_kept(tmp_path):
    for place in ("usual", "closed"):
        shutil.copytree("src/lola", tmp_path / place / "lola", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "closed/lola/learning/__pycache__").touch()  # whoever asks, even root
    assert played(tmp_path / "closed") == played(tmp_path / "usual")
    kept = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.nbc")}
    assert kept == {"usual"}


def test_a_change_in_a_kernel_that_another_one_calls_is_compiled(tmp_path):
    """Also over an old checkout, whose compiled kernels are there; and back again."""
    shutil.copytree("src/lola", tmp_path / "lola", ignore=shutil.ignore_patterns("__pycache__"))
    softmax = tmp_path / "lola/learning/matrix/kernels.py"
    source = softmax.read_text()
    before = played(tmp_path)
    compiled = set(tmp_path.rglob("rollout_kernels.probabilities*.nbi"))
    assert len(compiled) == 1

    softmax.write_text(source.replace("p[state, b] /= norm", "p[state, b] /= 2.0 * norm"))
    assert played(tmp_path) != before
    softmax.write_text(source)
    assert played(tmp_path) == before
    assert len(set(tmp_path.rglob("rollout_kernels.probabilities*.nbi"))) == 2  # the first is of use again


def test_kernels_that_processes_compile_at_the_same_time_are_all_kept(tmp_path):
    """Each calls for another kind of arrays, and takes its time between reading what there is and adding to it."""
    shutil.copytree("src/lola", tmp_path / "lola", ignore=shutil.ignore_patterns("__pycache__"))
    for _ in range(2):  # compiled, then read
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", MULTIPLIED, dtype, order],
                env={"PYTHONPATH": str(tmp_path)},
                stdout=subprocess.PIPE,
                text=True,
            )
            for dtype in ("float32", "float64")
            for order in "CF"
        ]
        assert [process.communicate()[0] for process in processes] == ["True\n"] * 4
    assert len(list(tmp_path.rglob("*add_product*.nbc"))) == 4
