"""What a paper says and can be checked, as its file of claims lists it; config/README.md describes the keys."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import pandas as pd
import yaml

from lola.analysis.metrics import Estimate
from lola.vocabulary.names import Matchup

Z = 1.96  # a 95 % interval reaches so many standard errors to either side
OF_TOURNAMENTS = ("opponent_model", "field", "against")  # a measure of a tournament may have these keys
EARNS, AVERAGE = "earns", "average"  # quantities of an entrant, against one opponent and against all


@dataclass(frozen=True)
class Claim:
    """One sentence of the paper, where it stands, and what decides it."""

    id: str
    sentence: str
    source: str
    certainty: str
    rule: str
    measure: dict
    minus: dict | None = None
    paper: float | None = None
    std: float | None = None
    runs: int | None = None
    fewest: int | None = None
    digit: float | None = None
    one_run: float = 0.0
    than: float = 0.0

    @property
    def measures(self) -> list[dict]:
        """The measures: one, or two of which the second is taken off the first."""
        return [measure for measure in (self.measure, self.minus) if measure]

    @property
    def groups(self) -> list[str]:
        """The groups that the claim's measures name; a tournament's matches are not named one by one."""
        return [name for m in self.measures for name in m.get("groups") or [m.get("group")] if name]


@dataclass(frozen=True)
class Ledger:
    """The claims of a paper, and what stands beside them.

    `headings` names parts of the paper by what ids begin with, `crosstables` are the parts that hold a claim per cell.
    `notes` is for readers of the claims, `deviations` are where the study departs from the paper.
    """

    claims: list[Claim] = field(default_factory=list)
    crosstables: tuple[str, ...] = ()
    headings: dict[str, str] = field(default_factory=dict)
    notes: str = ""
    deviations: tuple[str, ...] = ()

    def part(self, claim: Claim) -> str:
        """The part of the paper that a claim belongs to; of a cross table, one game and tournament."""
        pieces = claim.id.split("/")
        return "/".join(pieces[: 3 if pieces[0] in self.crosstables else 1])

    def heading(self, part: str) -> str:
        """table3 → Table 3, section6.1 → Section 6.1, another as its heading says; of a cross table …: ipd, x."""
        of, *about = part.split("/")
        name = of.rstrip("0123456789.")
        named = self.headings.get(of, f"{name.capitalize()} {of.removeprefix(name)}".strip())
        return ": ".join([named, ", ".join(about)] if about else [named])


def read_ledger(path: str | Path) -> Ledger:
    """The claims in the order of the file, then those of its cross tables.

    Raises ValueError that names the claim, or the cross table, with a wrong or missing key.
    """
    file = yaml.safe_load(Path(path).read_text())
    parts = ("claims", "crosstables", "runs", "headings", "notes", "deviations")
    if wrong := set(file) - {*parts}:
        raise ValueError(f"{path}: unknown key {min(wrong)!r}; known: {', '.join(parts)}")
    known = {field.name for field in fields(Claim)}
    claims = []
    for entry in file["claims"]:
        if wrong := set(entry) - known:
            raise ValueError(f"{path}: {entry.get('id')}: unknown key {sorted(wrong)[0]!r}; known: {sorted(known)}")
        try:
            claims.append(Claim(**{"runs": file.get("runs")} | entry))
        except TypeError as error:
            raise ValueError(f"{path}: {entry.get('id')}: {str(error).partition('() ')[2]}") from None
        if claims[-1].rule == "equals" and claims[-1].runs is None:
            raise ValueError(f"{path}: {entry['id']}: missing key 'runs', of the claim or of all")
        for measure in claims[-1].measures:
            if wrong := fault(measure):
                raise ValueError(f"{path}: {entry['id']}: {wrong}")
    for name, table in file.get("crosstables", {}).items():
        try:
            claims += expand(name, **{"runs": file.get("runs")} | table)
        except KeyError as missing:
            raise ValueError(f"{path}: crosstables: {name}: missing key {missing}") from None
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: crosstables: {name}: {str(error).rpartition('() ')[2]}") from None
    beside = {key: file[key] for key in ("headings", "notes", "deviations") if key in file}
    return Ledger(claims, tuple(file.get("crosstables", ())), **beside)


def fault(measure: dict) -> str | None:
    """A sentence on the first wrong key of a measure, if one is wrong."""
    if "tournament" in measure:
        takes = ("quantity", "tournament", "game", "entrant")
        unknown = measure.keys() - {*takes, *OF_TOURNAMENTS}
        for key in ("entrant", "against"):
            if "field" in measure and key in measure and measure[key] not in measure["field"]:
                return f"{key} {measure[key]!r} is not in field {measure['field']}"
    else:
        takes, unknown = ("quantity", "groups" if "groups" in measure else "group"), ()
    missing = [key for key in takes if key not in measure]
    if missing or unknown:
        problem = f"missing key {missing[0]!r}" if missing else f"unknown key {min(unknown)!r}"
        return f"{problem} of a measure; of a tournament it takes {', '.join((*takes, *OF_TOURNAMENTS))}"
    return None


def expand(
    table: str, *, field: list[str], tournaments: dict[str, str], games: dict[str, dict], **shared
) -> Iterator[Claim]:
    """A claim per cell and per row's mean of a cross table, for each tournament that is held against it.

    `field` are the entrants and `tournaments` maps each to its word in ids. `games` has for each the matrix `cells`,
    row against column, null where a cell says nothing, and the vector `average`; `shared` is the same for all claims.
    Raises ValueError unless a game has as many numbers as its field asks for.
    """
    n = len(field)
    for game, numbers in games.items():
        if {len(row) for row in (numbers["average"], numbers["cells"], *numbers["cells"])} != {n}:
            raise ValueError(f"{game}: field names {n}, so cells must be {n} rows of {n} numbers, and average {n}")
    for (game, numbers), (tournament, word) in itertools.product(games.items(), tournaments.items()):
        ids, where = f"{table}/{game}/{word}", {"game": game, "tournament": tournament}
        for row, cells, average in zip(field, numbers["cells"], numbers["average"], strict=True):
            for column, earned in zip(field, cells, strict=True):
                if earned is not None:
                    measure = where | {"quantity": EARNS, "entrant": row, "against": column}
                    sentence = f"{row} earns {earned:.2f} against {column}"
                    name = f"{ids}/{Matchup((row, column))}"
                    yield Claim(name, sentence, rule="equals", measure=measure, paper=earned, **shared)
            measure = where | {"quantity": AVERAGE, "entrant": row, "field": field}
            sentence = f"{row} earns {average:.2f} on average over the field"
            yield Claim(f"{ids}/{row}", sentence, rule="equals", measure=measure, paper=average, **shared)


def crosstable(claims: list[Claim], game: str) -> pd.DataFrame:
    """The authors' returns of entrants against each other: index row, columns column; nan where there is none."""
    found = of_entrants(claims, game, EARNS)
    cells = pd.Series(found, dtype=float)
    order = list(dict.fromkeys(row for row, _ in found))
    return cells.unstack().reindex(index=order, columns=order) if found else pd.DataFrame(dtype=float)


def averages(claims: list[Claim], game: str) -> pd.Series:
    """The authors' returns of entrants, averaged over their field: index entrant."""
    found = of_entrants(claims, game, AVERAGE)
    return pd.Series({entrant: paper for (entrant, _), paper in found.items()}, dtype=float)


def of_entrants(claims: list[Claim], game: str, quantity: str) -> dict[tuple[str, str | None], float]:
    """The authors' numbers of a quantity of entrants, by entrant and opponent, if it has one."""
    asked = [c for c in claims if c.rule == "equals" and c.measure["quantity"] == quantity]
    return {(c.measure["entrant"], c.measure.get("against")): c.paper for c in asked if c.measure["game"] == game}


def paper_number(claims: list[Claim], group: str, quantity: str, player: int | None = None) -> float | None:
    """The number that the paper prints for a quantity of a group, if any; however the quantity is measured."""
    for claim in claims:
        same = (claim.measure.get("group"), claim.measure["quantity"]) == (group, quantity)
        if claim.rule == "equals" and same and player in (None, claim.measure.get("player")):
            return claim.paper
    return None


def tolerance(measured: Estimate, std: float | None, runs: int, rounding: float) -> tuple[float, float, float]:
    """√(t² + h²) + rounding, t and h; t: the sampling error of the paper's number, h: the half-width of our interval.

    Without a `std` the runs of the paper are taken to scatter like ours.
    """
    t = Z * (measured.error * math.sqrt(measured.n / runs) if std is None else std / math.sqrt(runs))
    h = (measured.high - measured.low) / 2
    return math.hypot(t, h) + rounding, t, h
