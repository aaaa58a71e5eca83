"""What a paper says and can be checked, as its file of claims lists it; config/README.md describes the keys."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import pandas as pd
import yaml

from lola.files.artifacts import canonical, sha256

CODE = ("code", "code_deterministic")  # digests of the code that decides
PARTS = (*CODE, "runs", "notes", "quantities", "printed", "plotted", "sections", "withdrawn", "deviations")
NEEDED = ("id", "sentence", "source", "certainty", "rule", "measure")
NUMERIC = ("equals", "count")  # rules about a number of the paper
FIT, APART = "fit", "apart"  # quantities that rest on numbers of the ledger
OF_TOURNAMENTS = ("opponent_model", "field", "against", "first", "last")  # keys of a measure of a tournament
OF_LEDGER = ("section", "headline", "against", "code")  # of a claim, which the rest of the file says
WORDS = ("id", "sentence", "source", "certainty", "known", "section", "headline")  # which decide nothing


@dataclass(frozen=True)
class Claim:
    """One sentence of the paper, where it stands, what decides it, and what it must be able to tell apart.

    `margin` is what still counts as the same, or of sentences as no effect. `rival` says whose runs must be refuted.
    `known` is what was known when the rule was fixed, beyond what git says. `against` are other numbers of the ledger
    that decide it, and `code` a digest of the code that does.
    """

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
    digit: float = 0.0
    than: float = 0.0
    margin: float = 0.0
    rival: dict | None = None
    known: str = ""
    against: dict | None = None
    code: str = ""
    section: str = ""
    headline: bool = False

    @property
    def measures(self) -> list[dict]:
        """The measures: one, or two of which the second is taken off the first."""
        return [measure for measure in (self.measure, self.minus) if measure]

    @property
    def digest(self) -> str:
        """A short digest of all that decides the claim; other words are no other rule."""
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in WORDS}
        told["rival"] = {key: value for key, value in (self.rival or {}).items() if key != "name"} or None
        plain = {each.name: each.default for each in fields(self)}
        return sha256(canonical({key: value for key, value in told.items() if value != plain[key]}))[:12]

    @property
    def groups(self) -> list[str]:
        """The groups that the claim's measures name; a tournament's matches are not named one by one."""
        return [name for measure in self.measures if "tournament" not in measure for name in names_of(measure)]

    @property
    def numeric(self) -> bool:
        """Whether it is about a number of the paper, and not a sentence."""
        return self.rule in NUMERIC

    @property
    def part(self) -> str:
        """The part of the paper that it belongs to."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Deterministic(Claim):
    """A claim that its number decides and no scatter: within the `tolerance` of what is said, from every start."""

    tolerance: float = 0.0


def slack(claim: Claim) -> float:
    """What still counts as the same, or as no effect: the margin, or the tolerance of a deterministic claim."""
    return claim.tolerance if isinstance(claim, Deterministic) else claim.margin


def names_of(measure: dict) -> list[str]:
    """The groups that a measure names: one, several, or those of several options."""
    if "group" in measure:
        return [measure["group"]]
    return measure.get("groups") or list(dict.fromkeys(name for names in measure["options"].values() for name in names))


@dataclass(frozen=True)
class Withdrawn:
    """A claim that is asked no more: what it came out as the last time, and why."""

    id: str
    verdict: str
    why: str


@dataclass(frozen=True)
class Fixed:
    """The commit that fixed a rule, and what was known by then: a verdict by an earlier rule, its runs, or nothing."""

    commit: str
    seen: str


@dataclass(frozen=True)
class Ledger:
    """The claims of a paper, and what stands beside them.

    `printed` are the paper's numbers by group, for claims and tables; `plotted` are, by game, the entrants of the
    authors' round robin, what they earn against each other and on average. `notes` is for readers of the claims,
    `deviations` are where the study departs from the paper.
    """

    claims: list[Claim] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    printed: dict[str, dict[str, float]] = field(default_factory=dict)
    plotted: dict[str, dict[str, list]] = field(default_factory=dict)
    quantities: dict[str, dict] = field(default_factory=dict)
    runs: int | None = None
    code: str = ""
    code_deterministic: str = ""
    notes: str = ""
    deviations: tuple[str, ...] = ()
    history: dict[tuple[str, str], Fixed] = field(default_factory=dict)  # by a claim's id and its rule's digest

    def fixed(self, claim: Claim) -> Fixed | None:
        """Where the rule of a claim was fixed; None if that is in no commit that the history knows."""
        return self.history.get((claim.id, claim.digest))

    def number(self, group: str, quantity: str, player: int | None = None) -> float | None:
        """The number that the paper prints for a quantity of a group, if any: of both players, or of one."""
        return self.printed.get(group, {}).get(quantity if player is None else f"{quantity} {player}")

    def crosstable(self, game: str) -> pd.DataFrame:
        """The authors' returns of entrants against each other: index row, columns column; nan where there is none."""
        plot = self.plotted.get(game, {"field": [], "cells": []})
        return pd.DataFrame(plot["cells"], plot["field"], plot["field"], dtype=float)

    def averages(self, game: str) -> pd.Series:
        """The authors' returns of entrants, averaged over their field: index entrant."""
        plot = self.plotted.get(game, {"field": [], "average": []})
        return pd.Series(plot["average"], plot["field"], dtype=float)


def read_ledger(path: str | Path, history: str | Path | None = None) -> Ledger:
    """The claims in the order of the file, with the history of their rules if it is given.

    Raises ValueError that names the claim with a wrong or missing key.
    """
    from lola.files.plain_yaml import PlainLoader  # not above: how claims are read is no part of how they are decided

    with open(history or os.devnull, newline="") as lines:
        fixed = {(line["claim"], line["rule"]): Fixed(line["commit"], line["known"]) for line in csv.DictReader(lines)}
    return parsed(yaml.load(Path(path).read_text(encoding="utf-8"), PlainLoader), str(path), fixed)


def parsed(file: dict, path: str, history: dict[tuple[str, str], Fixed]) -> Ledger:
    """The ledger that a file of claims holds; `path` is what messages call it."""
    if wrong := set(file) - {*PARTS}:
        raise ValueError(f"{path}: unknown key {min(wrong)!r}; known: {', '.join(PARTS)}")
    beside = {key: file[key] for key in PARTS if key in file and key not in ("sections", "withdrawn")}
    ledger = Ledger(**beside)
    for game, plot in ledger.plotted.items():
        check_plot(f"{path}: plotted: {game}", **plot)
    try:
        claims = list(claims_of(file.get("sections", []), ledger))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    gone = [Withdrawn(name, v, part["why"]) for part in file.get("withdrawn", []) for name, v in part["last"].items()]
    return Ledger(claims, gone, **beside, history=history)


def claims_of(sections: list[dict], ledger: Ledger) -> Iterator[Claim]:
    """Every claim with what the ledger says of all: the paper's number, its runs, the margin of its quantity."""
    known, ids = {each.name for each in fields(Deterministic)} - {*OF_LEDGER}, set()
    for section in sections:
        for entry in section["claims"]:
            name = entry.get("id")
            if wrong := sorted(set(entry) - known):
                raise ValueError(f"{name}: unknown key {wrong[0]!r}; known: {sorted(known)}")
            if missing := [key for key in NEEDED if key not in entry]:
                raise ValueError(f"{name}: missing key {missing[0]!r}")
            if name in ids:
                raise ValueError(f"{name}: there are two claims of this id")
            ids.add(name)
            for measure in filter(None, (entry["measure"], entry.get("minus"))):
                if wrong := fault(measure):
                    raise ValueError(f"{name}: {wrong}")
            by_number = "tolerance" in entry
            of_ledger = {
                "section": section["title"],
                "headline": section.get("headline", False),
                "code": ledger.code_deterministic if by_number else ledger.code,
                "against": against(entry["measure"], ledger),
            }
            claim = (Deterministic if by_number else Claim)(**defaults(entry, ledger) | entry, **of_ledger)
            needs = ("paper",) if by_number else ("paper", "runs")
            missing = [key for key in needs if claim.numeric and getattr(claim, key) is None]
            if claim.measure["quantity"] == FIT and ledger.runs is None:
                missing.append("runs")
            if missing:
                raise ValueError(f"{name}: missing key {missing[0]!r}, of the claim or of all")
            yield claim


def against(measure: dict, ledger: Ledger) -> dict | None:
    """The numbers that a measure compares with: those printed of its groups, and margins; or those of a plot."""
    if measure["quantity"] == FIT:
        printed = {name: ledger.printed.get(name, {}) for name in names_of(measure)}
        margins = {quantity: of["margin"] for quantity, of in ledger.quantities.items() if "margin" in of}
        return {"printed": printed, "margins": margins, "runs": ledger.runs}
    return {"plotted": ledger.plotted.get(measure["game"])} if measure["quantity"] == APART else None


def defaults(entry: dict, ledger: Ledger) -> dict:
    """What a claim need not say.

    A number and its standard deviation are as printed. The margin is that of the quantity; but of a difference of two
    printed numbers half of it, so that what counts is nearer to the paper's effect than to none; and of a sentence
    that compares with a line, nothing. Of what is printed, a deterministic claim takes the number alone.
    """
    measure = entry["measure"]
    named = measure.get("group"), measure["quantity"], measure.get("player")
    if "tolerance" in entry:
        return {"paper": ledger.number(*named)} if entry["rule"] in NUMERIC else {}
    of = ledger.quantities.get(measure["quantity"], {})
    found = {"margin": of.get("margin", 0.0)}
    if entry["rule"] in NUMERIC:
        spread = ledger.number(named[0], "std") if named[1:] == ("R", None) else None
        return found | {
            "runs": ledger.runs,
            "paper": ledger.number(*named),
            "std": spread,
            "digit": of.get("digit", 0.0),
        }
    if "minus" not in entry:
        return found | {"margin": 0.0}
    return found | ({"margin": abs(entry["paper"]) / 2} if "paper" in entry else {})


def fault(measure: dict) -> str | None:
    """A sentence on the first wrong key of a measure, if one is wrong."""
    if "tournament" in measure:
        takes = ("quantity", "tournament", "game")
        unknown = measure.keys() - {*takes, "entrant", *OF_TOURNAMENTS}
        for key in ("entrant", "against"):
            if "field" in measure and key in measure and measure[key] not in measure["field"]:
                return f"{key} {measure[key]!r} is not in field {measure['field']}"
    else:
        takes, unknown = ("quantity", next((key for key in ("groups", "options") if key in measure), "group")), ()
    missing = [key for key in takes if key not in measure]
    if missing or unknown:
        problem = f"missing key {missing[0]!r}" if missing else f"unknown key {min(unknown)!r}"
        return f"{problem} of a measure; of a tournament it takes {', '.join((*takes, 'entrant', *OF_TOURNAMENTS))}"
    return None


def check_plot(where: str, *, field: list[str], cells: list[list[float | None]], average: list[float]) -> None:
    """Raises ValueError unless a plot has as many numbers as its field asks for."""
    n = len(field)
    if {len(row) for row in (average, cells, *cells)} != {n}:
        raise ValueError(f"{where}: field names {n}, so cells must be {n} rows of {n} numbers, and average {n}")
