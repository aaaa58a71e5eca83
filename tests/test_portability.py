"""The same bytes whatever the processor: small cells of every kind, under what makes libraries compute otherwise."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("processors")  # groups begin first, and these take long

GOLDEN = json.loads(Path("tests/golden/cells.json").read_text())
VARIABLES = {  # that pick code paths, and the older processors that they stand for
    "MKL": {"MKL_CBWR": "COMPATIBLE", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
    "ATen": {"ATEN_CPU_CAPABILITY": "default"},
    "NumPy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": "X86_V4,AVX512_ICL,AVX512_SPR"},
    "NumPy without AVX2": {"NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR"},
    "OpenBLAS": {"OPENBLAS_CORETYPE": "Prescott"},
    "glibc": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4"},
    "many threads": dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "4"),
    "Numba for Haswell": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2"},
    "Numba for any": {"NUMBA_CPU_NAME": "generic"},
}
TOGETHER = {name: value for some in VARIABLES.values() for name, value in some.items() if name[:5] != "NUMBA"}
EMULATOR = shutil.which("qemu-x86_64")


def digests(variables: dict[str, str], under: tuple[str, ...] = (), brief: bool = False) -> dict[str, str]:
    """The digests of small cells, trained in a process that has these variables, or by an emulator."""
    free = {name: value for name, value in os.environ.items() if name not in TOGETHER}
    command = [*under, sys.executable, "tests/portable_cells.py", *(["--brief"] if brief else [])]
    ended = subprocess.run(command, env=free | variables, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_cells_of_every_kind_are_golden_to_the_last_bit():
    assert digests({}) == GOLDEN


@pytest.mark.slow
def test_no_variable_moves_a_bit():
    variants = VARIABLES | {"all together": TOGETHER}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(variants, pool.map(digests, variants.values()), strict=True))
    moved = {name: [k for k in GOLDEN if of[k] != GOLDEN[k]] for name, of in found.items() if of != GOLDEN}
    assert not moved


@pytest.mark.slow
@pytest.mark.skipif(EMULATOR is None, reason="needs qemu-x86_64 (Debian's package qemu-user)")
def test_emulated_processors_of_two_makes_give_the_same_bytes():
    """With kernels that this machine compiled for Haswell: what is emulated is how they and the libraries compute.

    Two updates of every kind, since an emulator takes a hundred times as long; the longer cells are the test above's.
    """
    named = VARIABLES["Numba for Haswell"]
    native = digests(named, brief=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        makes = pool.map(lambda cpu: digests(named, (EMULATOR, "-cpu", cpu), brief=True), ("Haswell", "EPYC"))
        assert list(makes) == [native, native]
