"""Bring README.md and docs/ up to date with the results: `python -m lola.commands.docs [--paper NAME]`.

In:  the figures, tables and cells of each paper's study, and of overlays whose figures the pages show.
Out: in docs/<paper>/ the files that pages link to there (figures, tables, final policies), its claims, the page on its
     algorithms, the results page with these pictures, and the digests of its cells; docs/index.html, which lists the
     papers; in these pages and config/README.md what stands between marks such as `<!-- claims: made by make docs -->`,
     and nothing else.
"""

import argparse
import csv
import re
import sys
from pathlib import Path

from lola.analysis.verdicts import NOT_RUN
from lola.files import cells, environment, policies
from lola.files.artifacts import write_whole
from lola.page import algorithms, family, results
from lola.study import digests, papers, plan
from lola.study.config import BadConfig, load
from lola.tables import outcomes
from lola.tables.table import grid
from lola.vocabulary import registry, settings
from lola.vocabulary.kinds import FIGURES
from lola.vocabulary.names import GroupName

README, DOCS, SETTINGS = Path("README.md"), Path("docs"), papers.CONFIG / "README.md"
FAMILY = DOCS / "family.md"
LEAGUE, LEAGUE_GAME = DOCS / "league" / "league.md", "Iterated prisoner's dilemma"
LEAGUE_COLUMNS = {  # of its table, as the README calls them
    "entrant": "player",
    "average": "earns against all, itself included",
    "self-play": "against itself",
    "left by best replies": "against a best reply",
}

LINK = re.compile(r"""(?:\]\(|src=")([\w./-]+)""")
CLAIMS = ("claims.csv", "claims.md")
COLUMNS = ("where", "claim", "paper", "ours, with 95 % interval", "verdict", "kind")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lola.commands.docs", description=__doc__.splitlines()[0])
    parser.add_argument("--paper", default=papers.ALL, help=f"whose results are published (default: {papers.ALL})")
    parser.add_argument("--pages", action="store_true", help="publish nothing, only bring the pages up to date")
    args = parser.parse_args()
    try:
        asked = [] if args.pages else [paper for paper, _ in papers.chosen(args.paper, [])]
        made = {path: content for paper in asked for path, content in copies(paper)}
        written = made | {page: fill(page, of_page) for page, of_page in parts(made).items()} | index(made)
    except (OSError, ValueError, BadConfig) as error:
        sys.exit(str(error))
    for path, content in written.items():
        write_whole(path, content)


def pages() -> list[Path]:
    return [README, *sorted(DOCS.glob("*.md"))]


def copies(paper: str) -> list[tuple[Path, str | bytes]]:
    """The contents of docs/<paper>/. Raises ValueError if a page links to what nothing makes."""
    configs = [load(paper), *(load(paper, [overlay]) for overlay in papers.overlay_files(paper).values())]
    root, groups = Path(configs[0]["results"]), plan.groups(configs[0])
    found = [(DOCS / paper / name, (root / "tables" / name).read_bytes()) for name in CLAIMS]
    own = {Path(config["claims"]).stem: config["results"] for config in configs[1:] if "claims" in config}
    links = linked(paper)
    for path in links:
        if path.is_relative_to(DOCS / paper / policies.FOLDER):
            found.append((path, final_policies(path, groups, root)))
            continue
        folder = "figures" if path.suffix == ".png" else "tables"
        roots = [config["results"] for config in configs if path.stem in config[folder]]
        if path.stem in own:  # an overlay's own claims
            source = Path(own[path.stem], "tables", "claims").with_suffix(path.suffix)
        elif roots:
            source = Path(roots[0], folder, path.name)
        else:
            raise ValueError(f"{path} is linked to, but {paper} has no such {folder.removesuffix('s')}")
        if source.exists() or not path.exists() or source.is_relative_to(root):
            found.append((path, source.read_bytes()))
        else:  # of an overlay that was not run here
            print(f"{path} stays as it was published: there is no {source}")
    pictures = [path for path in links if path.suffix == ".png"]
    found.append((DOCS / paper / algorithms.NAME, algorithms.page(configs[0])))
    found.append((DOCS / paper / results.NAME, results.page(configs[0], [], results.in_docs(paper, pictures))))
    return [*found, (papers.digests_file(paper), digests.text(digests.line(group, root) for group in groups.values()))]


def final_policies(path: Path, groups: dict[str, plan.Group], root: Path) -> str:
    """The final policies of the group that a file is named after. Raises ValueError if the study has no such group."""
    name = GroupName.at(path.with_suffix("")).name
    if name not in groups:
        raise ValueError(f"{path} is linked to, but the study has no such group")
    manifests = ((cell.seed, cells.read_manifest(cell.manifest(root))) for cell in groups[name].cells)
    return policies.text(name, groups[name].spec, manifests)


def index(made: dict[Path, str | bytes]) -> dict[Path, str]:
    """The list of papers that have a results page, as just made or published before."""
    published = {path: path.read_text() for path in DOCS.glob(f"*/{results.NAME}")}
    every = published | {path: content for path, content in made.items() if path.name == results.NAME}
    pages = {path.parent.name: content for path, content in every.items()}
    return {DOCS / results.NAME: results.index(DOCS, pages)}


def linked(paper: str) -> list[Path]:
    """The files in docs/<paper>/ that pages link to, without those that are always there."""
    links = {page.parent / link for page in pages() for link in LINK.findall(page.read_text())}
    always = (*CLAIMS, papers.digests_file(paper).name, algorithms.NAME)
    return sorted(path for path in links if path.is_relative_to(DOCS / paper) and path.name not in always)


def fill(page: Path, parts: dict[str, str]) -> str:
    """A page with the parts between its marks made anew. Raises ValueError unless it has each mark once, in order."""
    text = page.read_text()
    for name, part in parts.items():
        start, end = f"<!-- {name}: made by make docs -->", f"<!-- end of {name} -->"
        pieces = re.split(f"({start}|{end})", text)
        if pieces[1::2] != [start, end]:
            raise ValueError(f"{page} must hold {start!r} and, after it, {end!r}, once each")
        text = f"{pieces[0]}{start}\n\n{part}\n\n{end}{pieces[-1]}"
    return text


def parts(made: dict[Path, str | bytes]) -> dict[Path, dict[str, str]]:
    """The parts of pages: what became of each paper's claims, as just copied or as published before; the settings."""
    answers, studies, sections, every = [], [], [], {}
    for paper in papers.papers():  # the first one first
        path = DOCS / paper / "claims.csv"
        content = made.get(path) or (path.read_bytes() if path.exists() else b"")
        claims = every[paper] = outcomes.read(content.decode())
        answer, *paragraphs = listing(claims)
        title = (DOCS / f"{paper}.md").read_text().partition("\n")[0].removeprefix("# ")
        answers.append(answer)
        studies.append((f"[{title}](docs/{paper}.md)", f"`config/{paper}`", f"[{answer}](docs/claims.md)"))
        sections += [f"## {title}", f"{answer[0].upper()}{answer[1:]}.", *paragraphs]
    return {
        README: {
            "answer": f"**{answers[0]}**\n([all of them](docs/claims.md)).",
            "studies": grid(("paper", "its config", "verdicts"), studies),
            **({"league": league_listing(made)} if LEAGUE in made or LEAGUE.exists() else {}),
        },
        DOCS / "claims.md": {"claims": "\n\n".join(sections)},
        DOCS / "verdicts.md": {"rates": grid(*rates_listing())},
        **({FAMILY: {"rules": grid(*family.listing(every))}} if FAMILY.exists() else {}),
        SETTINGS: {"kinds": kinds_listing(), "settings": settings_listing()},
    }


def league_listing(made: dict[Path, str | bytes]) -> str:
    """What a reader asks first of the league's table in one game: some of its columns, as just made or published."""
    content = made.get(LEAGUE) or LEAGUE.read_bytes()
    _, _, section = content.decode().partition(f"\n## {LEAGUE_GAME}\n\n")
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.partition("\n\n")[0].splitlines()
    ]
    head, _, *rows = lines
    return grid(LEAGUE_COLUMNS.values(), ([row[head.index(name)] for name in LEAGUE_COLUMNS] for row in rows))


def rates_listing() -> tuple[list[str], list[list[str]]]:
    """The columns and lines of the table of how often the rules err, as `lola.commands.rates` left it."""
    with (DOCS / "rates.csv").open(newline="") as file:
        columns, *lines = csv.reader(file)
    return columns, lines


def listing(claims: list[dict]) -> list[str]:
    """The number of claims of the headline by verdict; then of each section a table of those that were run."""
    paragraphs = [outcomes.headline(claims)]
    if weak := outcomes.weak(claims):
        paragraphs.append(f"{weak} more cannot tell their rival apart, and are not counted.")
    for section in dict.fromkeys(claim["section"] for claim in claims):
        run = [line(c) for c in claims if c["section"] == section and c["verdict"] != NOT_RUN]
        paragraphs += [f"### {section}", grid(COLUMNS, run)] if run else []
    return paragraphs


def kinds_listing() -> str:
    """Every kind of figure: how it looks, what it shows, what its block gives besides, and of which groups."""
    rows = []
    for name, kind in FIGURES.items():
        keys = [*kind.keys, *(f"[{key}]" for key in kind.optional)]
        picture = f'<img src="../{papers.PICTURES / name}.png" alt="{name}">'
        rows.append((picture, f"`{name}`", kind.what, ", ".join(keys), kind.shows))
    return grid(("", "kind", "what it shows", "keys", "of"), rows)


def settings_listing() -> str:
    """Every setting that a config may give, what it may be and what takes it."""
    kinds = registry.KINDS.items()
    estimators = [(f"`{name}`", entry) for _, kind in kinds for name, entry in kind.estimators.items()]
    models = [(f"`{name}`", entry) for _, kind in kinds for name, entry in kind.opponent_models.items()]
    own = [(f"players of a `{name}`", kind.policy) for name, kind in kinds]
    players = [(f"`{name}`", entry) for name, entry in (registry.RULES | registry.LEARNERS).items()]
    blocks = {
        "The whole study; a part may have its own, but for the last two": (settings.STUDY, []),
        "A part of the study": ({name: s for name, s in settings.PART.items() if name not in settings.STUDY}, []),
        "A game": (settings.GAME, [(f"`{name}`", kind.game) for name, kind in kinds]),
        "An algorithm": (settings.ALGORITHM, players + estimators + own),
        "An opponent model": (settings.OPPONENT_MODEL, models),
    }
    tables = []
    for title, (known, entries) in blocks.items():
        columns, rows = ("setting", "given as", "meaning"), []
        for name, setting in known.items():
            takers = dict.fromkeys(who for who, entry in entries if name in entry.settings)
            rows.append((f"`{name}`", setting.allowed, setting.meaning, *([", ".join(takers)] if entries else [])))
        tables.append(f"### {title}\n\n{grid((*columns, 'taken by') if entries else columns, rows)}")
    return "\n\n".join(tables)


def line(claim: dict) -> tuple[str, ...]:
    """One line of the table."""
    numbers = outcomes.printed(claim), outcomes.measured(claim)
    return claim["source"], claim["claim"], *numbers, claim["verdict"], outcomes.remarks(claim)


if __name__ == "__main__":
    environment.set_up()
    main()
