"""How a claim that scatter has no part in is decided: by its number and a tolerance; config/README.md says it in words.

Of several starts all must be as is said, so the worst decides. It is never inconclusive, and needs no number of runs.
"""

import numpy as np

from lola.analysis.metrics import Estimate, Sample
from lola.analysis.paper import Deterministic
from lola.analysis.verdicts import ABSENT, AGREES, CONTRADICTS, HOLDS, REVERSED, SMALLER


def kind(claim: Deterministic, number: float) -> str:
    """The kind of verdict on a number.

    A number of the paper agrees within the tolerance. A sentence holds beyond it; short of it its effect is smaller, or
    absent at 0, and on the other side by more than the tolerance it is reversed.
    """
    gap = beyond(claim, number)
    if claim.numeric:
        return AGREES if gap >= 0 else CONTRADICTS
    if gap > claim.tolerance:
        return HOLDS
    return SMALLER if gap > 0 else ABSENT if gap >= -claim.tolerance else REVERSED


def beyond(claim: Deterministic, number: float) -> float:
    """How far a number lies on the side that a sentence names; of the paper's number, what is left of the tolerance."""
    if claim.numeric:
        return claim.tolerance - abs(number - claim.paper)
    return number - claim.than if claim.rule == "greater" else claim.than - number


def worst(claim: Deterministic, sample: Sample) -> Estimate:
    """The number of the start that is farthest from what is said, with the least and the greatest of all."""
    numbers = sample.runs.mean(axis=-1)
    number = min(numbers.tolist(), key=lambda number: beyond(claim, number))
    return Estimate(number, float(numbers.min()), float(numbers.max()), len(numbers))


def refutable(claim: Deterministic) -> tuple[float, float]:
    """Below and above what the claim would have been refuted; ±inf for nowhere."""
    if claim.numeric:
        return claim.paper - claim.tolerance, claim.paper + claim.tolerance
    if claim.rule == "greater":
        return claim.than + claim.tolerance, np.inf
    return -np.inf, claim.than - claim.tolerance
