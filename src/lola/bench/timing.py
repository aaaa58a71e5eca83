"""Seconds: of an update, of the parts that a computation is made of, and as rows of tables have them."""

import statistics
import time
import timeit
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from lola.learning.training import Job, learn

REST = "rest"
UNITS = {"s": 1, "ms": 1e3}


class Laps:
    """The time of each part of a computation, without the parts that run inside it; `clock` gives the time."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self.clock, self.running, self.seconds, self.since = clock, [REST], Counter(), clock()

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """What runs in this block, or in a function that this decorates, counts as that part's."""
        self.count()
        self.running.append(part)
        try:
            yield
        finally:
            self.count()
            self.running.pop()

    def during(self, call: Callable[[], object]) -> Counter[str]:
        """Seconds of a call, by part; what belongs to none is the rest."""
        self.count()
        self.seconds = Counter()
        call()
        self.count()
        return self.seconds

    def count(self) -> None:
        """Add the time that has passed to the part that runs."""
        now = self.clock()
        self.seconds[self.running[-1]] += now - self.since
        self.since = now


def updates(job: Job) -> Callable[[], object]:
    """A function that makes the next update of a job with each call."""
    run = learn(job, job.start(), 10**9)
    next(run)
    return partial(next, run)


def per_update(job: Job, count: int, repeats: int = 5) -> list[float]:
    """Seconds per update of a job, `count` of them at a time, after a repeat that does not count."""
    return [s / count for s in timeit.repeat(updates(job), number=count, repeat=1 + repeats)[1:]]


def spread(unit: str, seconds: list[float]) -> dict[str, float]:
    """Median, fastest and slowest, in s or ms."""
    named = {"median": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds)}
    return {f"{name} {unit}": round(UNITS[unit] * figure, 4) for name, figure in named.items()}


def pace(steps: int, seconds: list[float]) -> dict[str, float]:
    """The speed of so many steps in these seconds."""
    return {"million steps per second": round(steps / statistics.median(seconds) / 1e6, 3)}
