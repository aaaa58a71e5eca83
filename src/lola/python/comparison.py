"""Compare the runs of two groups by the project's own statistics."""

import inspect

from lola.analysis.groups import NothingLeft
from lola.analysis.metrics import QUANTITIES, Estimate, Sample, difference, estimate
from lola.python.runs import Runs
from lola.vocabulary.errors import BadConfig, lookup
from lola.vocabulary.registry import COURSES

MEANS = {name: of for name, of in QUANTITIES.items() if name != "std"}  # of means alone there are differences


def compare(one: Runs, other: Runs, quantity: str = "R", **arguments: object) -> Estimate:
    """One's quantity minus the other's, paired by seed, with a 95 % interval.

    The quantities are those of claims, with their arguments: R (the normalised return; `player`), tft, nash,
    above and below (`line`), own_colour, points, … Runs that diverged count with what they began with.

    Raises BadConfig if there is no such quantity, if it takes other arguments, or if the runs have no seed in common;
    NothingLeft, a ValueError, if none is left to count.
    """
    lookup("quantity", quantity, MEANS, "quantity that can be compared")
    check_arguments(quantity, arguments)
    apart = difference(*(measured(runs, quantity, arguments) for runs in (one, other)))
    if not apart.seeds:
        raise BadConfig(f"given {one.name} and {other.name}, which have no seed in common; allowed: runs that have")
    return estimate(apart)


def measured(runs: Runs, quantity: str, arguments: dict) -> Sample:
    """A quantity of each run. Raises BadConfig if it is not defined for them, and NothingLeft if all diverged."""
    try:
        sample = MEANS[quantity](runs.counted, **arguments)
    except NothingLeft:
        raise
    except (KeyError, ValueError):
        sample = None
    if sample is None or not sample.seeds:
        given = ", ".join([quantity, *(f"{name}={value!r}" for name, value in arguments.items())])
        allowed = f"one that docs/python.md lists for {COURSES[runs.group.course].what}"
        raise BadConfig(f"quantity: given {given}, which is not defined for {runs.name}; allowed: {allowed}")
    return sample


def check_arguments(quantity: str, arguments: dict) -> None:
    """A quantity must be given what it needs, and nothing else."""
    _, *takes = inspect.signature(MEANS[quantity]).parameters.values()
    names = ", ".join(argument.name for argument in takes) or "none"
    needs = [argument.name for argument in takes if argument.default is argument.empty]
    given = ", ".join(arguments) or "none"
    if {*arguments} - {argument.name for argument in takes} or {*needs} - {*arguments}:
        needed = f", of which it needs {', '.join(needs)}" if needs else ""
        raise BadConfig(f"arguments of {quantity}: given {given}; allowed: {names}{needed}")
