"""Bring docs/ and the README up to date with the results: `python -m lola.commands.docs`.

In:  the study's figures, its table of claims and its cells; the figure of the Coin Game's exploration; README.md.
Out: copies in docs/, and digests of the cells; in README.md, what stands between MADE and END, and nothing else.
"""

import argparse
import csv
import sys
from collections import Counter
from pathlib import Path

from lola.files.artifacts import write_whole
from lola.study import digests, plan
from lola.study.config import BadConfig, load

README, DOCS = Path("README.md"), Path("docs")
FIGURES = (
    *("figure1.png", "figure2.png", "dice.png", "opponent-models.png"),
    *("sensitivity.png", "sensitivity-pg.png", "batch-size.png"),
    *("figure4.png", "figure4-cells-ipd.png", "figure4-cells-imp.png", "figure4-ipd-actions.png"),
    *("figure5.png", "coin-episode.png"),
)
EXPLORATION = "coin-exploration/figures/coin-exploration.png"  # of config/coin-exploration.yaml
TABLES = (
    *("claims.md", "claims.csv", "settings-pg.md", "settings-released.md"),
    *("figure4.md", "figure4-cells.md"),
)

MADE, END = "<!-- claims: made by make docs -->", "<!-- end of claims -->"
NOT_RUN = "not run"
VERDICTS = ("reproduced", "not reproduced", "inconclusive", NOT_RUN)
CELLS = "figure4-cells/"  # the ids of claims that are counted, not listed; game and tournament follow
COLUMNS = ("where", "claim", "paper", "measured, with 95 % interval", "verdict")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path("results"), help="the study's folder (default: results)")
    root = parser.parse_args().root
    try:
        readme = with_claims(README.read_text(), root / "tables" / "claims.csv")
        made = [*(root / "figures" / name for name in FIGURES), *(root / "tables" / name for name in TABLES)]
        made.append(root / EXPLORATION)
        copies = [(DOCS / path.name, path.read_bytes()) for path in made]
        groups = plan.groups(load("config/config.yaml")).values()
        copies.append((digests.PUBLISHED, digests.text(digests.line(group, root) for group in groups)))
    except (OSError, ValueError, BadConfig) as error:
        sys.exit(str(error))
    for path, content in [*copies, (README, readme)]:
        write_whole(path, content)


def with_claims(readme: str, claims: Path) -> str:
    """The README with the part between its marks made anew. Raises ValueError unless it has both, once, in order."""
    before, made, rest = readme.partition(MADE)
    _, end, after = rest.partition(END)
    if not (made and end) or MADE in rest or END in before + after:
        raise ValueError(f"{README} must hold {MADE!r} and, after it, {END!r}, once each")
    with open(claims, newline="") as file:
        return f"{before}{MADE}\n\n{part(list(csv.DictReader(file)))}\n\n{END}{after}"


def part(claims: list[dict]) -> str:
    """How many claims have which verdict, and a table of those that were run; cells of a cross table only counted."""
    listed = [claim for claim in claims if not claim["claim"].startswith(CELLS)]
    counted = [claim for claim in claims if claim["claim"].startswith(CELLS)]
    counts = Counter(claim["verdict"] for claim in listed)
    totals = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    parts = [f"{len(listed)} claims: {totals}.", table(COLUMNS, [line(c) for c in listed if c["verdict"] != NOT_RUN])]
    if counted:
        told = "numbers that the authors plotted of who earns what in the round robin, a verdict each"
        parts += [f"{len(counted)} {told}:", table(("game and tournament", *VERDICTS), tally(counted))]
    return "\n\n".join(parts)


def tally(claims: list[dict]) -> list[tuple[str, ...]]:
    """How many cells of each game and tournament have which verdict."""
    counts = {}
    for claim in claims:
        game, tournament = claim["claim"].removeprefix(CELLS).split("/")[:2]
        counts.setdefault(f"{game}, as {tournament}", Counter())[claim["verdict"]] += 1
    return [(where, *(str(found[verdict]) for verdict in VERDICTS)) for where, found in counts.items()]


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))


def line(claim: dict) -> tuple[str, ...]:
    """One line of the table."""
    value, low, high = (float(claim[key]) for key in ("measured", "low", "high"))
    digits = 1 if abs(value) >= 10 else 2
    measured = f"{value:z.{digits}f} [{low:z.{digits}f}, {high:z.{digits}f}]"
    paper = f"{float(claim['paper']):g}" if claim["paper"] else "–"
    return claim["source"], claim["claim"].partition("/")[2], paper, measured, claim["verdict"]


if __name__ == "__main__":
    main()
