"""How kernels are compiled: by one decorator, and kept on disk under a digest of the source of all of them.

Numba looks for changes in the file of a kernel, not in those of the functions that it calls, which are compiled into
it. So kernels stand in modules called `…_kernels`, which import no others of this project, and a change in any of them
means another folder. Numba itself tells processors, Pythons and its own versions apart.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from numba import config, njit

HERE = Path(__file__).parent
SOURCES = [Path(__file__), *sorted(HERE.glob("*_kernels.py"))]
CACHE = HERE / "__pycache__" / hashlib.sha256(b"\0".join(path.read_bytes() for path in SOURCES)).hexdigest()[:12]


def kernel(function: Callable) -> Callable:
    """The function as machine code, compiled on first use and read from disk afterwards.

    Without `fastmath`, so that neither sums are taken in another order nor products fused into them: its bits are the
    same on every processor. Where the disk can't be written, each process compiles for itself.
    """
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
    except OSError:
        return njit(error_model="numpy")(function)
    with patch.multiple(config, CACHE_DIR=str(CACHE), CACHE_LOCATOR_CLASSES=""):
        return njit(error_model="numpy", cache=True)(function)
