"""The paper's sentences and numbers, as config/claims.yaml lists them."""

import math
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from lola.reporting.metrics import Estimate

Z = 1.96  # half-width of a 95 % interval, in standard errors
RUNS = 50  # behind a number of the paper


@dataclass(frozen=True)
class Claim:
    """One sentence of the paper, where it stands, and what decides it; config/claims.yaml describes the keys."""

    id: str
    sentence: str
    source: str
    certainty: str
    rule: str
    measure: dict
    minus: dict | None = None
    paper: float | None = None
    std: float | None = None
    runs: int = RUNS
    digit: float | None = None
    one_run: float = 0.0
    than: float = 0.0

    @property
    def groups(self) -> list[str]:
        """The groups that the claim's measures need."""
        return [
            name
            for measure in (self.measure, self.minus)
            if measure
            for name in measure.get("groups") or [measure["group"]]
        ]


def read_claims(path: str | Path) -> list[Claim]:
    """The claims in the order of the file. Raises ValueError that names the claim with a wrong or missing key."""
    known = {field.name for field in fields(Claim)}
    claims = []
    for entry in yaml.safe_load(Path(path).read_text())["claims"]:
        if wrong := set(entry) - known:
            raise ValueError(f"{path}: {entry.get('id')}: unknown key {sorted(wrong)[0]!r}; known: {sorted(known)}")
        try:
            claims.append(Claim(**entry))
        except TypeError as error:
            raise ValueError(f"{path}: {entry.get('id')}: {str(error).partition('() ')[2]}") from None
    return claims


def printed(claims: list[Claim], group: str, quantity: str, player: int | None = None) -> float | None:
    """The number that the paper prints for a quantity of a group, if any; however the quantity is measured."""
    for claim in claims:
        measure = claim.measure
        same = (measure.get("group"), measure["quantity"]) == (group, quantity)
        if claim.rule == "equals" and same and player in (None, measure.get("player")):
            return claim.paper
    return None


def tolerance(measured: Estimate, std: float | None, runs: int, rounding: float) -> tuple[float, float, float]:
    """√(t² + h²) + rounding, t and h; t: the sampling error of the paper's number, h: the half-width of our interval.

    Without a `std` the runs of the paper are taken to scatter like ours.
    """
    t = Z * (measured.error * math.sqrt(measured.n / runs) if std is None else std / math.sqrt(runs))
    h = (measured.high - measured.low) / 2
    return math.hypot(t, h) + rounding, t, h
