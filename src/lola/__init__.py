"""LOLA, reproduced.

Every command imports this first, before PyTorch: here stands what is pinned so that a cell has the same bytes on every
x86-64 processor with AVX2, whatever its make and whatever the user's environment says. PyTorch otherwise picks the
widest vectors that it finds, and a sum over wider ones rounds otherwise. What no variable pins, such as MKL's products,
is in `lola.learning.arithmetic`.
"""

import os
from pathlib import Path

INFO = Path("/proc/cpuinfo")  # of Linux

if INFO.exists() and {"avx2", "fma"} <= set(INFO.read_text().split()):
    os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
else:
    os.environ.pop("ATEN_CPU_CAPABILITY", None)  # which PyTorch would obey even where it can't
