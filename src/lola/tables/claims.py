"""All claims of the paper with their verdicts, to read by the part of the paper that they belong to."""

import textwrap
from collections import Counter

import pandas as pd

from lola.analysis.claims import VERDICTS, Checked, check
from lola.analysis.groups import RULE
from lola.analysis.paper import Ledger
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table, interval, numbers

SCALE = "{batch} games of {length} steps per update, {steps} updates"
NOTES = f"""\
Measured: with its 95 % percentile bootstrap interval over runs (scipy). Certainty: how we know that the paper says so.
config/README.md describes the rules.

{RULE}"""


def tabulate(sources: Sources, *, groups: list[str]) -> Table:
    """All claims, held against all groups: as rows of numbers, and to read by the part of the paper."""
    ledger, found = sources.ledger, {name: sources.groups[name] for name in groups}
    scales = {name: SCALE.format(**scale) for name, scale in sources.coin_games.items()}
    return arrange([check(claim, found, ledger.claims, scales) for claim in ledger.claims], ledger)


def arrange(checked: list[Checked], ledger: Ledger) -> Table:
    """The table of claims that were held against runs: first how many have which verdict."""
    of = {"claims": ""} | {f"of them {ledger.heading(name)}": f"{name}/" for name in ledger.crosstables}  # ids begin so
    counts = {name: Counter(c.verdict for c in checked if c.claim.id.startswith(start)) for name, start in of.items()}
    summary = pd.DataFrame(
        {"verdict": verdict} | {column: str(count[verdict]) for column, count in counts.items()} for verdict in VERDICTS
    )
    parts = {}
    for c in checked:
        part = ledger.part(c.claim)
        parts.setdefault(ledger.heading(part), []).append(text(c, part))
    return Table(
        pd.DataFrame([row(c) for c in checked]),
        {"": summary} | {heading: pd.DataFrame(lines) for heading, lines in parts.items()},
        "\n\n".join(filter(None, (textwrap.fill(ledger.notes, 120), NOTES))),
        prose=("the paper says", "decided by"),
    )


def row(checked: Checked) -> dict:
    """One claim as numbers; those that were not measured are empty."""
    claim, measured = checked.claim, checked.measured
    value, low, high = numbers(measured).values()
    about = {"claim": claim.id, "source": claim.source, "paper": claim.paper, "measured": value}
    return about | {"low": low, "high": high, "seeds": measured.n if measured else 0, "verdict": checked.verdict}


def text(checked: Checked, part: str) -> dict:
    """One claim as people read it."""
    claim, measured = checked.claim, checked.measured
    return {
        "claim": claim.id.removeprefix(f"{part}/"),
        "the paper says": f"{claim.sentence} ({claim.source}; {claim.certainty})",
        "paper": NONE if claim.paper is None else f"{claim.paper:g}",
        "measured": interval(measured, 1 if abs(measured.value) >= 10 else 3) if measured else NONE,
        "seeds": str(measured.n) if measured else NONE,
        "verdict": checked.verdict,
        "decided by": checked.because,
    }
