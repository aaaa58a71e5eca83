"""Random numbers: a generator of its own for every seed and purpose."""

import numpy as np


def stream(seed: int, key: tuple[int, ...]) -> np.random.Generator:
    """The random numbers of a seed for one purpose."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
