"""A page on the algorithms of a study: of each what it is, its settings with their sources, what it comes to."""

from inspect import getdoc
from pathlib import Path

from lola.analysis import metrics
from lola.analysis.groups import Counted
from lola.analysis.paper import Ledger, read_ledger
from lola.study import papers, plan
from lola.tables.table import grid, interval, number, plain
from lola.vocabulary import registry
from lola.vocabulary.settings import ALGORITHM, given

NAME = "algorithms.md"
LOOKS = ("label", "colour")  # settings that say how an algorithm is shown
SHOWN = {  # what a group of a course comes to: the claims' name of the quantity, a heading, a sample, digits
    **dict.fromkeys(registry.BY_UPDATES, ("R", "R", metrics.final_return, 2)),
    "coin_game": ("own_colour", "own colour, %", metrics.own_colour, 1),
}
HEAD = """\
# The algorithms of `config/{paper}`

Made by `make docs` from the config, the definitions and the results. The formula is the docstring of the definition; a
setting without a source is ours. Results are of all seats filled alike, with 95 % intervals over runs; where the paper
prints a number it stands beside. The ideas behind them, side by side: [algorithms.md](../algorithms.md).
"""


def page(config: dict) -> str:
    """The page of a study whose results are there, in Markdown."""
    groups, ledger = plan.groups(config), Ledger()
    if "claims" in config:
        ledger = read_ledger(*papers.claims_files(config))
    sections = [HEAD.format(paper=config["paper"])]
    for name, block in config["algorithms"].items():
        own = [group for group in groups.values() if name in group.matchup.seats]
        if own:
            sections.append("\n\n".join(section(config, name, block, own, ledger)))
    if ledger.deviations:
        sections.append("## Where the study departs from the paper")
        sections.append("\n".join(f"- {sentence}" for sentence in ledger.deviations))
    return "\n\n".join(part.strip() for part in sections) + "\n"


def section(config: dict, name: str, block: dict, groups: list[plan.Group], ledger: Ledger) -> list[str]:
    """All of one algorithm that the study trains in these groups."""
    settings = {key: value for key, value in given(block, ALGORITHM).items() if key not in LOOKS}
    sources = block.get("sources", {})
    listed = [(f"`{key}`", f"`{value}`", sources.get(key, "ours")) for key, value in settings.items()]
    parts = [f"## {plain(block.get('label', name))} (`{name}`)", *definitions(block, groups[0])]
    parts.append(grid(("setting", "value", "source"), listed))
    columns, rows = results(Path(config["results"]), name, groups, ledger)
    if rows:
        parts.append(grid(columns, rows))
    parts += shown_in(config, groups)
    alone = [group for group in groups if group.algorithm == name and group.opponent_model == "oracle"]
    if alone:
        parts.append(f'To train it again: `make reproduce`, or from Python `lola.train("{alone[0].game}", "{name}")`.')
    return parts


def definitions(block: dict, group: plan.Group) -> list[str]:
    """What the rule or learner says of itself, and the estimator if it has one."""
    player = (registry.RULES | registry.LEARNERS)[block.get("rule") or block["learner"]]
    estimators = registry.kind(group.spec["game"]).estimators
    entries = [player, *([estimators[block["estimator"]]] if "estimator" in block else [])]
    return [f"> `{entry.name}`: {' '.join(getdoc(entry.load()).split())}" for entry in entries]


def results(root: Path, name: str, groups: list[plan.Group], ledger: Ledger) -> tuple[tuple[str, ...], list[tuple]]:
    """What its groups come to, where the course says of what a number is."""
    rows, headings = [], []
    for group in groups:
        if group.algorithm != name or group.course not in SHOWN:
            continue
        quantity, heading, sample, digits = SHOWN[group.course]
        estimate = metrics.estimate(sample(Counted(root / "groups" / group.name)))
        paper = number(ledger.number(group.name, quantity), digits)
        rows.append((group.game, group.opponent_model, str(estimate.n), interval(estimate, digits), paper))
        headings.append(heading)
    return ("game", "opponent model", "runs", " or ".join(dict.fromkeys(headings)), "the paper"), rows


def shown_in(config: dict, groups: list[plan.Group]) -> list[str]:
    """A sentence each on the figures and the tables of the study that show one of these groups."""
    names, said = {group.name for group in groups}, []
    for kind in ("figures", "tables"):
        shown = [f"`{name}`" for name, block in config[kind].items() if names & {*plan.block_groups(config, block)}]
        said += [f"In the {kind} {', '.join(shown)}."] if shown else []
    return said
