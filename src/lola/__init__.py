"""LOLA, reproduced.

Every command imports this first, before PyTorch: here stands what is pinned so that a cell has the same bytes on every
x86-64 processor with AVX2, whatever its make and whatever the user's environment says. PyTorch otherwise picks the
widest vectors that it finds, and a sum over wider ones rounds otherwise. What no variable pins, such as MKL's products,
is in `lola.learning.arithmetic`.
"""

import os

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
