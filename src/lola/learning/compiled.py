"""How kernels are compiled: by one decorator, and kept on disk under a digest of the source of all of them.

Numba looks for changes in a kernel's file, not in those of the functions that it calls, which are compiled into it; and
two processes that save a kernel at once may overwrite each other's. So kernels stand in modules called `kernels` or
`…_kernels`, which of this project import kernels, this module and `tiles` alone; a change in any means another folder
(`make clean` removes the old ones); and one process at a time reads or writes there. Numba tells processors, Pythons
and its versions apart.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from numba import njit
from numba.core import caching
from numba.extending import intrinsic

from lola.files import locks

HERE = Path(__file__).parent
SOURCES = [Path(__file__), HERE / "tiles.py", *sorted(HERE.rglob("*kernels.py"))]
CACHE = HERE / "__pycache__" / hashlib.sha256(b"\0".join(path.read_bytes() for path in SOURCES)).hexdigest()[:12]


def kernel(function: Callable) -> Callable:
    """The function as machine code, compiled on first use and read from disk afterwards.

    Without `fastmath`, so that neither sums are taken in another order nor products fused into them but by `fma`: its
    bits are the same on every processor. Where the disk can't be written, each process compiles for itself.
    """
    compiled = njit(error_model="numpy")(function)
    with suppress(RuntimeError):  # as there is no folder that can be written
        compiled._cache = Cache(function)
    return compiled


@intrinsic
def fma(context, a, b, c):
    """a b + c, rounded once, of three numbers of one type: an instruction where there is one, else libm's, as exact."""
    return a(a, a, a), lambda target, builder, signature, given: builder.fma(*given)


class Folder(caching.InTreeCacheLocator):
    """Numba's place for a kernel, below the folder of today's sources, by its own: Numba goes by names of files."""

    def __init__(self, function: Callable, file: str):
        super().__init__(function, file)
        self._cache_path = str(CACHE / Path(file).parent.name)


class Implementation(caching.CompileResultCacheImpl):
    """Numba's way to keep a kernel, in our folder alone."""

    _locator_classes = (Folder,)


class Cache(caching.FunctionCache):
    """Numba's cache of a kernel, for one process at a time."""

    _impl_class = Implementation

    def load_overload(self, *signature):
        with locks.alone(CACHE / "lock"):
            return super().load_overload(*signature)

    def save_overload(self, *compiled):
        with locks.alone(CACHE / "lock"):
            super().save_overload(*compiled)
