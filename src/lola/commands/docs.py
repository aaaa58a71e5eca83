"""Bring README.md and docs/ up to date with the results: `python -m lola.commands.docs [--paper NAME]`.

In:  the figures, tables and cells of each paper's study, and of overlays whose figures the pages show.
Out: in docs/<paper>/ the files that README.md and docs/*.md link to there, its claims, and the digests of its cells; in
     these pages what stands between marks such as `<!-- claims: made by make docs -->`, and nothing else; likewise the
     list of settings in config/README.md.
"""

import argparse
import csv
import re
import sys
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from lola.analysis.claims import NOT_RUN, VERDICTS
from lola.analysis.paper import Ledger, read_ledger
from lola.files.artifacts import write_whole
from lola.study import digests, papers, plan
from lola.study.config import BadConfig, load
from lola.vocabulary import registry, settings

README, DOCS, SETTINGS = Path("README.md"), Path("docs"), papers.CONFIG / "README.md"

LINK = re.compile(r"""(?:\]\(|src=")([\w./-]+)""")
CLAIMS = ("claims.csv", "claims.md")
COLUMNS = ("where", "claim", "paper", "measured, with 95 % interval", "verdict")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.docs", description=__doc__.splitlines()[0])
    parser.add_argument("--paper", default=papers.ALL, help=f"whose results are published (default: {papers.ALL})")
    parser.add_argument("--pages", action="store_true", help="publish nothing, only bring the pages up to date")
    args = parser.parse_args()
    try:
        asked = [] if args.pages else [paper for paper, _ in papers.chosen(args.paper, [])]
        made = {path: content for paper in asked for path, content in copies(paper)}
        written = made | {page: fill(page, of_page) for page, of_page in parts(made).items()}
        written[SETTINGS] = fill(SETTINGS, {"settings": settings_listing()})
    except (OSError, ValueError, BadConfig) as error:
        sys.exit(str(error))
    for path, content in written.items():
        write_whole(path, content)


def pages() -> list[Path]:
    return [README, *sorted(DOCS.glob("*.md"))]


def copies(paper: str) -> list[tuple[Path, str | bytes]]:
    """The contents of docs/<paper>/. Raises ValueError if a page links to what nothing makes."""
    configs = [load(paper), *(load(paper, [overlay]) for overlay in papers.overlays(paper).values())]
    root = Path(configs[0]["results"])
    found = [(DOCS / paper / name, (root / "tables" / name).read_bytes()) for name in CLAIMS]
    for path in linked(paper):
        folder = "figures" if path.suffix == ".png" else "tables"
        roots = [config["results"] for config in configs if path.stem in config[folder]]
        if not roots:
            raise ValueError(f"{path} is linked to, but {paper} has no such {folder.removesuffix('s')}")
        found.append((path, Path(roots[0], folder, path.name).read_bytes()))
    groups = plan.groups(configs[0]).values()
    return [*found, (papers.digests(paper), digests.text(digests.line(group, root) for group in groups))]


def linked(paper: str) -> list[Path]:
    """The files in docs/<paper>/ that pages link to, without those that are always there."""
    folder, links = DOCS / paper, set()
    for page in pages():
        links |= {page.parent / link for link in LINK.findall(page.read_text())}
    always = {folder / name for name in (*CLAIMS, papers.digests(paper).name)}
    return sorted(path for path in links - always if path.parent == folder)


def fill(page: Path, parts: dict[str, str]) -> str:
    """A page with the parts between its marks made anew. Raises ValueError unless it has each mark once, in order."""
    text = page.read_text()
    for name, part in parts.items():
        start, end = f"<!-- {name}: made by make docs -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        if text.count(start) != 1 or text.count(end) != 1 or end in before:
            raise ValueError(f"{page} must hold {start!r} and, after it, {end!r}, once each")
        text = f"{before}{start}\n\n{part}\n\n{end}{after}"
    return text


def parts(made: dict[Path, str | bytes]) -> dict[Path, dict[str, str]]:
    """Parts of pages about claims: the first paper's counts, a line for each paper, and all that were run."""
    verdicts = {paper: Verdicts(read(made, paper), read_ledger(load(paper)["claims"])) for paper in papers.papers()}
    studies = [
        (f"[{title(paper)}](docs/{paper}.md)", f"`config/{paper}`", f"[{found.totals}](docs/claims.md)")
        for paper, found in verdicts.items()
    ]
    listed = "\n\n".join(f"## {title(paper)}\n\n{listing(found)}" for paper, found in verdicts.items())
    return {
        README: {
            "answer": f"**{verdicts[papers.FIRST].totals}** ([all of them](docs/claims.md)).",
            "studies": table(("paper", "its config", "verdicts"), studies),
        },
        DOCS / "claims.md": {"claims": listed},
    }


def settings_listing() -> str:
    """Every setting that a config may give, what it may be and what takes it."""
    kinds = registry.KINDS.items()
    estimators = [(f"`{name}`", entry) for _, kind in kinds for name, entry in kind.estimators.items()]
    models = [(f"`{name}`", entry) for _, kind in kinds for name, entry in kind.opponent_models.items()]
    policies = [(f"players of a `{name}`", kind.policy) for name, kind in kinds]
    players = [(f"`{name}`", entry) for name, entry in (registry.RULES | registry.LEARNERS).items()]
    blocks = {
        "The whole study; a part may have its own, but for the last two": (settings.STUDY, []),
        "A part of the study": ({name: s for name, s in settings.PART.items() if name not in settings.STUDY}, []),
        "A game": (settings.GAME, [(f"`{name}`", kind.game) for name, kind in kinds]),
        "An algorithm": (settings.ALGORITHM, players + estimators + policies),
        "An opponent model": (settings.OPPONENT_MODEL, models),
    }
    tables = []
    for title, (known, entries) in blocks.items():
        columns, rows = ("setting", "given as", "meaning"), []
        for name, setting in known.items():
            takers = dict.fromkeys(who for who, entry in entries if name in entry.settings)
            rows.append((f"`{name}`", setting.allowed, setting.meaning, *([", ".join(takers)] if entries else [])))
        tables.append(f"### {title}\n\n{table((*columns, 'taken by') if entries else columns, rows)}")
    return "\n\n".join(tables)


def read(made: dict[Path, str | bytes], paper: str) -> list[dict]:
    """A paper's claims as just copied, or as published before; none if neither is there."""
    path = DOCS / paper / "claims.csv"
    if path not in made and not path.exists():
        return []
    return list(csv.DictReader(StringIO(made[path].decode() if path in made else path.read_text())))


def title(paper: str) -> str:
    """The heading of a paper's page."""
    return (DOCS / f"{paper}.md").read_text().partition("\n")[0].removeprefix("# ")


@dataclass(frozen=True)
class Verdicts:
    """A paper's claims with their verdicts, as rows of a table, and what its file says of them."""

    claims: list[dict]
    ledger: Ledger

    def cells(self, name: str) -> list[dict]:
        """Those of a cross table, which are counted and not listed."""
        return [claim for claim in self.claims if claim["claim"].startswith(f"{name}/")]

    @property
    def listed(self) -> list[dict]:
        cells = [claim for name in self.ledger.crosstables for claim in self.cells(name)]
        return [claim for claim in self.claims if claim not in cells]

    @property
    def totals(self) -> str:
        """The number of claims by verdict, without cells of a cross table."""
        counts = Counter(claim["verdict"] for claim in self.listed)
        numbers = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
        return f"{counts.total()} claims: {numbers}" if self.claims else "not run yet"


def listing(found: Verdicts) -> str:
    """The number of claims by verdict, and a table of those that were run; cells of cross tables only counted."""
    run = [claim for claim in found.listed if claim["verdict"] != NOT_RUN]
    paragraphs = [f"{found.totals[0].upper()}{found.totals[1:]}."]
    paragraphs += [table(COLUMNS, [line(claim) for claim in run])] if run else []
    for name in found.ledger.crosstables:
        if counted := found.cells(name):
            paragraphs += [f"{found.ledger.heading(name)}: {len(counted)} claims, counted:"]
            paragraphs += [table(("game and tournament", *VERDICTS), tally(counted))]
    return "\n\n".join(paragraphs)


def tally(claims: list[dict]) -> list[tuple[str, ...]]:
    """The number of cells of each game and tournament by verdict."""
    counts = {}
    for claim in claims:
        _, game, tournament, *_ = claim["claim"].split("/")
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
