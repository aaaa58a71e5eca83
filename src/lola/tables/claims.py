"""All claims of the paper with their verdicts, to read by the part of the paper that they belong to."""

from collections import Counter

import numpy as np
import pandas as pd

from lola.analysis.claims import VERDICTS, Checked
from lola.analysis.groups import RULE
from lola.analysis.paper import Claim
from lola.tables.table import NONE, Table, interval

CELLS = "figure4-cells"  # what the ids of a cross table's claims start with; game and tournament follow
HEADINGS = {"dice": "LOLA-DiCE", "pola": "LOLA-DiCE on the Coin Game", CELLS: "Figure 4, cell by cell"}

NOTES = f"""\
Measured: with its 95 % percentile bootstrap interval over runs (scipy). Certainty: how we know that the paper says so.
The paper's error assumes that its number comes from 50 runs. That is known for Table 3 only; for Table 4 it is
assumed, and for Figure 5 30 are, from memory. The paper's players of the Coin Game learn from 4000 games of 150 steps
per update. What ours learn from stands beside each verdict, which says nothing of any other scale. The results of
LOLA-DiCE come from 5 runs; their returns stop after 150 steps, and ours are scaled to that. The cells of Figure 4 are
read off plots of unknown many runs: a cell is called reproduced or not only if that holds for any number of them from
2. Up to 1 in 20 may be refuted by chance. The rules are described at the head of config/lola/claims.yaml.

{RULE}"""


def tabulate(checked: list[Checked]) -> Table:
    """All claims: as rows of numbers, and to read by the part of the paper that they belong to."""
    counts = Counter(c.verdict for c in checked)
    cells = Counter(c.verdict for c in checked if c.claim.id.startswith(CELLS))
    summary = pd.DataFrame(
        {"verdict": verdict, "claims": str(counts[verdict]), "of them cells of Figure 4": str(cells[verdict])}
        for verdict in VERDICTS
    )
    parts = {}
    for c in checked:
        parts.setdefault(part(c.claim), []).append(text(c))
    return Table(
        pd.DataFrame([row(c) for c in checked]),
        {"": summary} | {heading(part): pd.DataFrame(lines) for part, lines in parts.items()},
        NOTES,
        prose=("the paper says", "decided by"),
    )


def row(checked: Checked) -> dict:
    """One claim as numbers; those that were not measured are empty."""
    claim, measured = checked.claim, checked.measured
    return {
        "claim": claim.id,
        "source": claim.source,
        "paper": np.nan if claim.paper is None else claim.paper,
        "measured": measured.value if measured else np.nan,
        "low": measured.low if measured else np.nan,
        "high": measured.high if measured else np.nan,
        "seeds": measured.n if measured else 0,
        "verdict": checked.verdict,
    }


def text(checked: Checked) -> dict:
    """One claim as people read it."""
    claim, measured = checked.claim, checked.measured
    return {
        "claim": claim.id.removeprefix(f"{part(claim)}/"),
        "the paper says": f"{claim.sentence} ({claim.source}; {claim.certainty})",
        "paper": NONE if claim.paper is None else f"{claim.paper:g}",
        "measured": interval(measured, 1 if abs(measured.value) >= 10 else 3) if measured else NONE,
        "seeds": str(measured.n) if measured else NONE,
        "verdict": checked.verdict,
        "decided by": checked.because,
    }


def part(claim: Claim) -> str:
    """The part of the paper that a claim belongs to; of a cross table, one game and tournament."""
    pieces = claim.id.split("/")
    return "/".join(pieces[: 3 if pieces[0] == CELLS else 1])


def heading(part: str) -> str:
    """table3 → Table 3, section6.1 → Section 6.1, dice → LOLA-DiCE, figure4-cells/ipd/x → …: ipd, x."""
    of, *about = part.split("/")
    name = of.rstrip("0123456789.")
    named = HEADINGS.get(of, f"{name.capitalize()} {of.removeprefix(name)}")
    return ": ".join([named, ", ".join(about)] if about else [named])
