"""A table as CSV for programs, and as Markdown, LaTeX and a page of HTML for people."""

import re
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from types import ModuleType

import pandas as pd

from lola.analysis.groups import RULE, NothingLeft
from lola.analysis.metrics import Estimate
from lola.analysis.sources import Sources
from lola.files.artifacts import write_whole

DIGITS = 4  # CSV has so many after the point
NONE = "–"
STYLE = (
    "<style>body {font: 15px sans-serif; margin: 2em} table {border-collapse: collapse} "
    "td, th {padding: .3em .7em; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top}</style>"
)


@dataclass(frozen=True)
class Table:
    """Tidy rows of numbers, the same as blocks of text with a heading each, and how to read them."""

    rows: pd.DataFrame
    blocks: dict[str, pd.DataFrame]
    notes: str
    prose: tuple[str, ...] = ()  # columns of sentences, which LaTeX leaves out


def empty(reason: str) -> Table:
    """A table that says why it holds no numbers."""
    rows = pd.DataFrame({"not made": [reason]})
    return Table(rows, {"": rows}, "")


def with_note(table: Table, divergences: list[str]) -> Table:
    """The table with a note on runs that diverged, if any did, unless its notes tell the rule already."""
    if not divergences or RULE in table.notes:
        return table
    lines = "\n".join(f"- {line}" for line in divergences)
    return replace(table, notes="\n\n".join(filter(None, [table.notes, RULE, lines])))


def make(kind: ModuleType, sources: Sources, block: dict, caption: str, out: Path) -> list[Path]:
    """Tabulate a block and write it: the files."""
    try:
        table = kind.tabulate(sources.counted, **block)
    except NothingLeft as reason:
        table = empty(str(reason))
    return save(with_note(table, sources.divergences), caption, out)


def save(table: Table, caption: str, out: Path) -> list[Path]:
    """Write `out`.csv, `out`.md, `out`.tex and `out`.html: the files."""
    rows = table.rows.round(DIGITS).replace(-0.0, 0.0).to_csv(index=False, lineterminator="\n")
    written = {".md": markdown(table, caption), ".tex": latex(table, caption), ".html": page(table, caption)}
    return [write_whole(out.with_name(out.name + ending), text) for ending, text in ({".csv": rows} | written).items()]


def markdown(table: Table, caption: str) -> str:
    parts = [f"# {caption}"]
    for heading, block in table.blocks.items():
        lines = [list(block.columns), ["---"] * block.shape[1], *block.to_numpy().tolist()]
        grid = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts += [f"## {heading}", grid] if heading else [grid]
    return "\n\n".join([*parts, table.notes]).rstrip() + "\n"


def latex(table: Table, caption: str) -> str:
    """Booktabs; each block a tabular under a comment that holds its heading."""
    parts = [f"% {caption}"]
    for heading, block in table.blocks.items():
        tabular = block.drop(columns=list(table.prose), errors="ignore").to_latex(index=False, escape=True)
        parts.append((f"% {heading}\n" if heading else "") + re.sub(r"(?<![\w.])-(?=[\d.])", "$-$", tabular))
    return "\n".join(parts)


def page(table: Table, caption: str) -> str:
    """A page that stands alone, for the report."""
    parts = [f"<h1>{escape(caption)}</h1>"]
    for heading, block in table.blocks.items():
        parts += [f"<h2>{escape(heading)}</h2>"] if heading else []
        parts += [block.to_html(index=False, border=0)]
    parts += [f"<p>{escape(paragraph)}</p>" for paragraph in table.notes.split("\n\n")]
    return (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(caption)}</title>\n{STYLE}\n'
        + "\n".join(parts)
        + "\n"
    )


def interval(estimate: Estimate, digits: int) -> str:
    """A number with its 95 % interval: -1.07 [-1.13, -1.03]."""
    value, low, high = (number(x, digits) for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def number(value: float | None, digits: int) -> str:
    """A rounded number; a dash for None and nan; no minus sign before a zero."""
    return NONE if value is None or value != value else f"{value:z.{digits}f}"
