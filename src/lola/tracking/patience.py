"""Calls that end in time, whatever they wait for. Standard library only."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps


class Late(Exception):
    """A call took longer than it may. No OSError, which those who wait for a server take as a reason to ask again."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Late in what takes longer; in the main thread alone, the only one that hears alarms.

    The alarm rings again and again, since what is raised while Python tidies up is lost.
    """

    def late(*_):
        raise Late(f"no whole answer in {seconds:g} s")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


class Limited:
    """An object each of whose calls raises Late after some seconds."""

    def __init__(self, called: object, seconds: float):
        self.called, self.seconds = called, seconds

    def __getattr__(self, name: str) -> Callable:
        call = getattr(self.called, name)

        @wraps(call)
        def limited(*arguments, **more):
            with time_limit(self.seconds):
                return call(*arguments, **more)

        return limited
