"""The paper's sentences and numbers, as config/claims.yaml lists them."""

from dataclasses import dataclass, fields
from pathlib import Path

import yaml


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
    digit: float | None = None
    one_run: float = 0.0
    than: float = 0.0

    @property
    def groups(self) -> list[str]:
        """The groups that the claim's measures need."""
        return [measure["group"] for measure in (self.measure, self.minus) if measure]


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
        same = (measure["group"], measure["quantity"]) == (group, quantity) and player in (None, measure.get("player"))
        if claim.rule == "equals" and same:
            return claim.paper
    return None
