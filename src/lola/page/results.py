"""The results page of a study, and the list of such pages: what the templates are told."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from itertools import groupby
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lola.analysis.paper import Claim, read_ledger, slack
from lola.analysis.verdicts import NOT_REPRODUCED, VERDICTS
from lola.page import words
from lola.page.strips import REACH, strip
from lola.study import papers, plan, provenance, schedule
from lola.study.fingerprints import SOURCE
from lola.tables import outcomes
from lola.vocabulary import kinds

NAME = "index.html"
TITLE = "A study of learning beside others who learn."  # of a study that has none of its own
CAPTIONS = SOURCE.parent / "workflow" / "report" / "figure.rst"
HEAD = re.compile(r'<title>(.*?)</title>\n<meta name="description" content="(.*?)">')


@dataclass(frozen=True)
class Place:
    """Where a page lies, the pictures that it can show from there by figure, and whether all results lie beside it."""

    folder: Path
    pictures: dict[str, str]
    beside_results: bool

    def to(self, path: str) -> str:
        """The way from there to a file of the project."""
        return Path(os.path.relpath(path, self.folder)).as_posix()


def beside_results(config: dict) -> Place:
    """The place of a study's page: its folder of results."""
    return Place(Path(config["results"]), {name: f"figures/{name}.png" for name in config["figures"]}, True)


def in_docs(paper: str, pictures: Iterable[Path]) -> Place:
    """The place of a paper's page in docs, which has these pictures beside it."""
    return Place(papers.DOCS / paper, {path.stem: path.name for path in pictures}, False)


def page(config: dict, overlays: list[str], place: Place, by_hand: dict | None = None) -> str:
    """The page of a study, made from its tables of numbers; figures are linked to. `by_hand`: what Snakemake got."""
    root, (head, under) = Path(config["results"]), words.heading(config.get("title", TITLE))
    rows = outcomes.read((root / "tables" / "claims.csv").read_text()) if "claims" in config else []
    told = [] if overlays or by_hand else papers.told(config["paper"])  # which is of the paper's own study
    claims = listed(config, rows, words.reasons("".join(Path(page).read_text() for page in told)))
    counted = [claim for claim in claims if claim["counted"]]
    explained = CAPTIONS.read_text()
    return template("results.html.j2").render(
        head=head + (f" ({', '.join(Path(overlay).stem for overlay in overlays)})" if overlays else ""),
        under=under,
        config=config,
        overlays=overlays,
        place=place,
        verdicts=VERDICTS,
        headline=outcomes.headline(rows) if rows else "",
        deterministic=sum(map(outcomes.deterministic, outcomes.counted(rows))),
        counts=outcomes.counts(outcomes.counted(rows)),
        weak=outcomes.weak(rows),
        by_part=by_part(counted),
        claims=claims,
        titles=titles(config),
        sections=list(dict.fromkeys(claim["section"] for claim in claims)),
        parts=list(dict.fromkeys(claim["part"] for claim in claims)),
        numbers=by_part(claim for claim in counted if claim["strip"] and claim["numeric"]),
        sentences=by_part(claim for claim in counted if claim["strip"] and not claim["numeric"]),
        reach=REACH,
        failed=alike(claim for claim in counted if claim["verdict"] == NOT_REPRODUCED),
        told=told,
        tables=[
            shown(config, overlays, "table", name, by_hand)
            | words.table((root / "tables" / f"{name}.html").read_text())
            for name in schedule.ranked(config, config["tables"])
        ],
        figures=[
            shown(config, overlays, "figure", name, by_hand) | {"explained": words.caption(explained, config, name)}
            for name in config["figures"]
            if name in place.pictures
        ],
        left_out=[name for name in config["figures"] if name not in place.pictures],
        asked=papers.asked(config["paper"], overlays),
        by_hand=papers.makes(config["paper"], overlays, by_hand) if by_hand else "",
    )


def index(folder: Path, pages: dict[str, str]) -> str:
    """The list of pages by the name of their folder, the first paper's first; `folder` is where it lies."""
    entries = []
    for name, content in sorted(pages.items(), key=lambda entry: (entry[0] != papers.FIRST, entry[0])):
        if found := HEAD.search(content):  # none in a page that is damaged
            head, said = map(unescape, found.groups())
            entries.append({"name": name, "head": head, "said": said})
    return template("index.html.j2").render(entries=entries, folder=folder.name)


def template(name: str):
    """A template of this room, in which whatever is not known is an error."""
    environment = Environment(
        loader=PackageLoader("lola.page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"signed": words.signed, "short": words.short, "sentence": words.sentence, "slug": slug}
    environment.globals["plain"] = lambda file: Markup(environment.loader.get_source(environment, file)[0])
    return environment.get_template(name)


def slug(text: str) -> str:
    """A text as a name in HTML."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def titles(config: dict) -> dict[str, str]:
    """What people call the study's games that have such a name, by their names in the config."""
    played = dict.fromkeys(game for part in config["study"].values() for game in part["games"])
    return {game: config["games"][game]["title"] for game in played if "title" in config["games"][game]}


def listed(config: dict, rows: list[dict], reasons: dict[str, list[Markup]]) -> list[dict]:
    """The claims of a study in the order of their file, each with what came out."""
    if "claims" not in config:
        return []
    by_id = {row["claim"]: row for row in rows}
    ledger = read_ledger(config["claims"])
    called = titles(config)
    return [
        entry(claim, by_id[claim.id], part_of(claim, config["paper"], called), reasons)
        for claim in ledger.claims
        if claim.id in by_id
    ]


def part_of(claim: Claim, paper: str, called: dict[str, str]) -> str:
    """What people call the part of the paper that a claim belongs to, or the game, which may be `called` so."""
    name = claim.id.split("/")[1] if claim.part == paper else claim.part
    return called.get(name) or words.label(name)


def entry(claim: Claim, row: dict, part: str, reasons: dict[str, list[Markup]]) -> dict:
    """One claim as the page tells of it."""
    return {
        "id": claim.id,
        "sentence": claim.sentence,
        "part": part,
        "section": claim.section,
        "source": claim.source,
        "numeric": claim.numeric,
        "counted": row["headline"] == "yes",
        "allowance": f"{'tolerance' if outcomes.deterministic(row) else 'margin'} {slack(claim):g}",
        "paper": outcomes.printed(row),
        "ours": outcomes.measured(row),
        "runs": row["runs"],
        "verdict": row["verdict"],
        "kind": row["kind"],
        "stability": row["stability"],
        "remarks": outcomes.remarks(row),
        "strip": strip(claim, row),
        "reasons": reasons.get(claim.id, []),
    }


def by_part(claims: Iterable[dict]) -> dict[str, list[dict]]:
    """Claims by the part of the paper that they belong to, in the order of their first ones."""
    found = {}
    for claim in claims:
        found.setdefault(claim["part"], []).append(claim)
    return found


def alike(claims: Iterable[dict]) -> list[tuple[list[Markup], list[dict]]]:
    """Claims that follow each other and have the same reasons, with these."""
    return [(reasons, list(those)) for reasons, those in groupby(claims, lambda claim: claim["reasons"])]


def shown(config: dict, overlays: list[str], stage: str, name: str, by_hand: dict | None = None) -> dict:
    """A figure or table, and what it is made from."""
    root, block, groups = config["results"], config[f"{stage}s"][name], plan.groups(config)
    made = [groups[group] for group in plan.block_groups(config, block)]
    module = kinds.SHOWN[stage][1][block["kind"]].module
    code = provenance.product_code(stage, block)
    target = f"{root}/{stage}s/{name}.{'png' if stage == 'figure' else 'csv'}"
    return {
        "name": name,
        "label": words.label(name),
        "caption": block["caption"],
        "block": yaml.safe_dump({f"{stage}s": {name: block}}, sort_keys=False, allow_unicode=True, width=100),
        "module": f"src/{module.replace('.', '/')}.py",
        "definitions": len(code),
        "manifest": f"manifests/{stage}s/{name}.json",
        "groups": len(made),
        "seeds": "; ".join(dict.fromkeys(seeds(group, stage) for group in made)),
        "command": papers.snakemake(config["paper"], overlays, by_hand, target),
    }


def seeds(group: plan.Group, stage: str) -> str:
    """The seeds of a group's runs, in words; those of which only the ends are kept are in tables alone."""
    run = [*group.seeds, *(group.further if stage == "table" else [])]
    if len(run) > 2 and run == [*range(run[0], run[-1] + 1)]:
        return f"{run[0]} to {run[-1]}"
    return ", ".join(map(str, run))
