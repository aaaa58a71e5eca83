"""What the table of claims says, read back: the verdicts counted, and the numbers as people read them."""

import csv
from collections import Counter
from io import StringIO

from lola.analysis.verdicts import VERDICTS
from lola.tables.table import NONE, decimals, number, span


def read(content: str) -> list[dict[str, str]]:
    """The rows of a claims.csv."""
    return list(csv.DictReader(StringIO(content)))


def counted(rows: list[dict]) -> list[dict]:
    """The claims that the headline counts."""
    return [row for row in rows if row["headline"] == "yes"]


def counts(rows: list[dict]) -> dict[str, int]:
    """How many of these claims have which verdict; every verdict is named."""
    found = Counter(row["verdict"] for row in rows)
    return {verdict: found[verdict] for verdict in VERDICTS}


def headline(rows: list[dict]) -> str:
    """How many claims the headline counts, and how many have which verdict."""
    if not rows:
        return "not run yet"
    of_headline = counted(rows)
    numbers = ", ".join(f"{number} {verdict}" for verdict, number in counts(of_headline).items())
    return f"{len(of_headline)} claims on what the paper describes: {numbers}"


def weak(rows: list[dict]) -> int:
    """How many claims stand in a section of the headline and are not counted, since they cannot tell a rival apart."""
    sections = {row["section"] for row in counted(rows)}
    return sum(row["headline"] == "no" and row["section"] in sections for row in rows)


def measured(row: dict) -> str:
    """Our number with its interval, or of a deterministic claim with its span; a dash where nothing was measured."""
    if not row["measured"]:
        return NONE
    value, low, high = (float(row[key]) for key in ("measured", "low", "high"))
    if deterministic(row):
        return span(value, low, high)
    digits = decimals(1 if abs(value) >= 10 else 2, value, low, high)
    return f"{number(value, digits)} [{number(low, digits)}, {number(high, digits)}]"


def deterministic(row: dict) -> bool:
    """Whether a number decides the claim, and no scatter."""
    return row.get("decided by") == "a number"  # which tables of before do not say


def printed(row: dict) -> str:
    """The paper's number; a dash where it has none."""
    return f"{float(row['paper']):g}" if row["paper"] else NONE


def remarks(row: dict) -> str:
    """The kind of verdict, and what else must be known of it."""
    apart = "" if row["discriminating"] == "yes" else "not discriminating"
    alone = "deterministic" if deterministic(row) else ""
    radius = f"spectral radius {row['radius']}" if row.get("radius") else ""
    return ", ".join(filter(None, (row["kind"], alone, row["stability"], radius, apart)))
