"""LOLA, reproduced.

Every command imports this first, before PyTorch: here stands what is pinned so that a cell has the same bytes on every
x86-64 processor with AVX2, whatever its make and whatever the user's environment says. PyTorch otherwise picks the
widest vectors that it finds, and a sum over wider ones rounds otherwise. What no variable pins, such as MKL's products,
is in `lola.learning.arithmetic`.

`OFFERED` is for people (docs/python.md). Each name is imported when it is first asked for, so that no command waits for
it. Its types are in `__init__.pyi` and not below `if TYPE_CHECKING`: all cells depend on what runs when this is
imported, and would depend on what is imported there.
"""

import os
from pathlib import Path

INFO = Path("/proc/cpuinfo")  # of Linux

if INFO.exists() and {"avx2", "fma"} <= set(INFO.read_text().split()):
    os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
else:
    os.environ.pop("ATEN_CPU_CAPABILITY", None)  # which PyTorch would obey even where it can't

OFFERED = {  # by name, where it is
    "BadConfig": "lola.vocabulary.errors",
    "Estimate": "lola.analysis.metrics",
    "Played": "lola.python.players",
    "Players": "lola.python.players",
    "Runs": "lola.python.runs",
    "algorithms": "lola.python.catalogue",
    "compare": "lola.python.comparison",
    "games": "lola.python.catalogue",
    "groups": "lola.python.results",
    "load": "lola.python.results",
    "opponent_models": "lola.python.catalogue",
    "train": "lola.python.training",
}
__all__ = [*OFFERED]


def __getattr__(name: str):
    """What is offered under a name (PEP 562)."""
    if name not in OFFERED:
        raise AttributeError(f"module 'lola' has no attribute {name!r}; it offers {', '.join(OFFERED)}")
    from importlib import import_module

    return getattr(import_module(OFFERED[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *OFFERED})
