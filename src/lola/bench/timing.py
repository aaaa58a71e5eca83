"""Seconds: of repeats, of an update, and of the parts that a computation is made of."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice

REST = "rest"


class Laps:
    """The time of each part of a computation, without the parts that run inside it; `clock` gives the time."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self.clock, self.running, self.seconds = clock, [REST], defaultdict(float)
        self.since = clock()

    def of(self, part: str, function: Callable) -> Callable:
        """The same function; its time counts as that part's."""

        @wraps(function)
        def timed(*args, **settings):
            self.count()
            self.running.append(part)
            try:
                return function(*args, **settings)
            finally:
                self.count()
                self.running.pop()

        return timed

    def during(self, call: Callable[[], object]) -> dict[str, float]:
        """Seconds of a call, by part; what belongs to none is the rest."""
        self.count()
        self.seconds.clear()
        call()
        self.count()
        return dict(self.seconds)

    def count(self) -> None:
        """Add the time that has passed to the part that runs."""
        now = self.clock()
        self.seconds[self.running[-1]] += now - self.since
        self.since = now


def per_update(run: Iterator, count: int) -> list[float]:
    """Seconds per update, `count` of them at a time."""
    next(run)
    return [s / count for s in repeat(lambda: list(islice(run, count)), repeats=5)]


def repeat(run: Callable, repeats: int) -> list[float]:
    """Seconds of each repeat, after one that does not count."""
    seconds = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def spread(unit: str, figures: list[float]) -> dict[str, float]:
    """Median, fastest and slowest."""
    named = {"median": statistics.median(figures), "fastest": min(figures), "slowest": max(figures)}
    return {f"{name} {unit}": round(figure, 4) for name, figure in named.items()}
