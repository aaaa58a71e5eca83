"""A table as CSV for programs, and as Markdown, LaTeX and a page of HTML for people."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from lola.analysis.groups import RULE, NothingLeft
from lola.analysis.metrics import Estimate
from lola.analysis.sources import Sources
from lola.files.artifacts import write_whole
from lola.vocabulary.settings import one_line

DIGITS = 4  # CSV has so many after the point
SIGNIFICANT = 6  # digits of a number that is exact
SMALL = 0.01  # what is nearer to 0 is shown by its significant digits
NONE = "–"
MARKUP = re.compile(r"[\\`<|~$#]|[*_](?=\S)|&(?=#?\w+;)|\](?=[(\[:])")  # Markdown's, where it begins something
BAR = re.compile(r"(?<!\\)\|")
STYLE = (
    "<style>body {font: 15px sans-serif; margin: 2em} table {border-collapse: collapse} "
    "td, th {padding: .3em .7em; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top}</style>"
)


@dataclass(frozen=True)
class Table:
    """Tidy rows of numbers, the same as blocks of text with a heading each, and how to read them.

    Rows in `exact` are written with significant digits, since their numbers may be small and mean it.
    """

    rows: pd.DataFrame
    blocks: dict[str, pd.DataFrame]
    notes: str
    prose: tuple[str, ...] = ()  # columns of sentences, which LaTeX leaves out
    diverged: tuple[str, ...] = ()  # a line for each group with runs that did
    exact: tuple[int, ...] = ()


def make(kind: ModuleType, sources: Sources, block: dict, caption: str, out: Path) -> list[Path]:
    """Tabulate a block and write it, with a note on runs that diverged unless its notes tell the rule: the files."""
    try:
        table = kind.tabulate(sources.counted, **block)
    except NothingLeft as reason:
        rows = pd.DataFrame({"not made": [str(reason)]})
        table = Table(rows, {"": rows}, "")
    if (divergences := sources.divergences) and RULE not in table.notes:
        notes = "\n\n".join(filter(None, [table.notes, RULE]))
        table = replace(table, notes=notes, diverged=tuple(divergences))
    return save(table, caption, out)


def save(table: Table, caption: str, out: Path) -> list[Path]:
    """Write `out`.csv, `out`.md, `out`.tex and `out`.html: the files. In the last three every text is on one line."""
    lines = {one_line(head): block.map(one_line).rename(columns=one_line) for head, block in table.blocks.items()}
    table, caption = replace(table, blocks=lines), one_line(caption)
    rows = rounded(table).to_csv(index=False, lineterminator="\n")
    written = {".md": markdown(table, caption), ".tex": latex(table, caption), ".html": page(table, caption)}
    return [write_whole(out.with_name(out.name + ending), text) for ending, text in ({".csv": rows} | written).items()]


def rounded(table: Table) -> pd.DataFrame:
    """The tidy rows as CSV has them."""
    rows, exact = table.rows.round(DIGITS).replace(-0.0, 0.0), list(table.exact)
    for column in rows.select_dtypes("float"):
        rows.loc[exact, column] = table.rows.loc[exact, column].map(lambda x: float(significant(x)))
    return rows


def markdown(table: Table, caption: str) -> str:
    parts = [f"# {plain(caption)}"]
    for heading, block in table.blocks.items():
        parts += [f"## {plain(heading)}"] if heading else []
        parts += [grid(map(plain, block.columns), block.map(plain).to_numpy())]
    parts += [table.notes, "\n".join(f"- {plain(line)}" for line in table.diverged)]
    return "\n\n".join(filter(None, parts)).rstrip() + "\n"


def plain(text: str) -> str:
    """A text in Markdown that shows as it is."""
    return MARKUP.sub(r"\\\g<0>", text)


def grid(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, of texts in Markdown; a bar in one is a bar, and no end of its cell."""
    lines = [[BAR.sub(r"\|", one_line(cell)) for cell in line] for line in ([*columns], *rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latex(table: Table, caption: str) -> str:
    """Booktabs; each block a tabular under a comment that holds its heading."""
    parts = [f"% {caption}"]
    for heading, block in table.blocks.items():
        tabular = block.drop(columns=list(table.prose), errors="ignore").to_latex(index=False, escape=True)
        tabular = re.sub(r"(?<![\w.])-(?=[\d.])", "$-$", tabular)
        tabular = re.sub(r"^[\[*]", r"{\g<0>}", tabular, flags=re.MULTILINE)  # no argument of the line before
        parts.append((f"% {heading}\n" if heading else "") + tabular)
    return "\n".join(parts)


def page(table: Table, caption: str) -> str:
    """A page that stands alone, for the report."""
    head = f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(caption)}</title>'
    parts = [head, STYLE, f"<h1>{escape(caption)}</h1>"]
    for heading, block in table.blocks.items():
        parts += [f"<h2>{escape(heading)}</h2>"] if heading else []
        parts += [block.to_html(index=False, border=0)]
    parts += [f"<p>{escape(paragraph)}</p>" for paragraph in table.notes.split("\n\n")]
    parts += ["<ul>", *(f"<li>{escape(line)}</li>" for line in table.diverged), "</ul>"] if table.diverged else []
    return "\n".join(parts) + "\n"


def matrix(cells: dict[tuple[str, str], str], rows: Iterable[str], labels: dict[str, str]) -> pd.DataFrame:
    """A block of the cells (row, column), a row for each of `rows`, a column for all that have labels."""
    lines = [[labels[row], *(cells.get((row, column), NONE) for column in labels)] for row in rows]
    return pd.DataFrame(lines, columns=["row against column", *labels.values()])


def numbers(estimate: Estimate | None) -> dict[str, float]:
    """What tidy rows have of an estimate; nan for None."""
    return {part: getattr(estimate, part, np.nan) for part in ("value", "low", "high")}


def interval(estimate: Estimate, digits: int | None) -> str:
    """A number with its 95 % interval: -1.07 [-1.13, -1.03]; alone if it has none."""
    value, low, high = (number(x, digits) for x in (estimate.value, estimate.low, estimate.high))
    return value if NONE in (low, high) else f"{value} [{low}, {high}]"


def decimals(wanted: int, *together: float) -> int | None:
    """How many decimals numbers have that are shown together; None if all are too small for any, but not all 0."""
    known = [abs(x) for x in together if x == x]
    return None if 0 < max(known, default=0.0) < SMALL else wanted


def significant(value: float) -> str:
    """A number with its significant digits."""
    return f"{value:z.{SIGNIFICANT}g}"


def span(value: float, least: float, greatest: float) -> str:
    """An exact number, with the least and the greatest of several starts where these differ: 0.45 (0.44 to 0.45)."""
    shown, *ends = map(significant, (value, least, greatest))
    return shown if {*ends} == {shown} else f"{shown} ({ends[0]} to {ends[1]})"


def number(value: float | None, digits: int | None) -> str:
    """A rounded number, without `digits` by three significant ones; a dash for None and nan; no minus before a zero."""
    if value is None or value != value:
        return NONE
    return f"{value:z.3g}" if digits is None else f"{value:z.{digits}f}"
