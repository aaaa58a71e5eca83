"""The processor that trains, and its instruction sets, which can move last bits. Standard library only."""

import platform
from pathlib import Path

INFO = Path("/proc/cpuinfo")  # Linux keeps it there
SETS = {"avx2": "AVX2", "avx512f": "AVX-512"}  # names by their flags there


def name() -> str:
    """The processor's model, architecture and instruction sets, as far as they are known."""
    lines = [line.partition(":") for line in INFO.read_text().splitlines()] if INFO.exists() else []
    known = {key.strip(): value.strip() for key, _, value in lines}
    flags = known.get("flags", "").split()
    model = known.get("model name") or platform.processor()
    return ", ".join(filter(None, [model, platform.machine(), *(SETS[flag] for flag in SETS if flag in flags)]))
