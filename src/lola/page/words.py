"""Texts that were written for other pages: captions, reasons, tables, as parts of this one."""

import re
from html import escape
from types import SimpleNamespace

from jinja2 import Template
from markupsafe import Markup

INLINE = (  # of Markdown and reStructuredText: what pages here use within a paragraph
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*", re.DOTALL), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\([^)]+\)"), r"\1"),  # links stay words: they lead from where the text stands
)
WHY = re.compile(r"<!-- why: ([^>]+) -->\n(.+?)(?:\n\n|\Z)", re.DOTALL)
MINUS = re.compile(r"(?<![\w.\-])-(?=[\d.])")
CAPITALS = ["ipd", "imp", "igc", "lola", "pg", "sos", "sga", "cgd", "lcgd", "pcgd", "cola", "co", "eg", "lss", "omd"]
SPELT = {name: name.upper() for name in CAPITALS} | {"dice": "DiCE", "mfos": "M-FOS", "meva": "MeVa"}
SPELT |= {"mp": "matching pennies", "four": "four players"}
PARTS = {"table": "Table ", "figure": "Figure ", "section": "§"}


def inline(text: str) -> Markup:
    """A paragraph with its emphasis and code."""
    found = escape(text, quote=False)
    for pattern, replacement in INLINE:
        found = pattern.sub(replacement, found)
    return Markup(found)


def signed(text: str) -> str:
    """A text in which minus signs are no hyphens."""
    return MINUS.sub("−", text)


def short(sentence: str) -> str:
    """A claim's sentence without the reading in brackets at its end, as a sentence begins."""
    text = re.sub(r"(?: \([^()]*\))+$", "", sentence)
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A text with a full stop, unless it ends in what ends a sentence."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def label(name: str) -> str:
    """A name as people call what it names: table3 is Table 3, section6.1 is §6.1, figure-a3-ipd is Figure A3, IPD."""
    if numbered := re.fullmatch(r"(table|figure|section)-?([a-z]?[\d.]+)-?(.*)", name):
        return ", ".join(filter(None, (PARTS[numbered[1]] + numbered[2].upper(), spelt(numbered[3]))))
    text = spelt(name)
    return text[:1].upper() + text[1:]


def spelt(name: str) -> str:
    """The words of a name, short ones as they are written."""
    return " ".join(SPELT.get(word, word) for word in name.split("-"))


def heading(title: str) -> tuple[str, str]:
    """A study's title as a heading and what stands under it: what is before a colon and after it."""
    head, colon, rest = title.rstrip(".").partition(": ")
    return head, f"{rest[:1].upper()}{rest[1:]}." if colon else ""


def caption(template: str, config: dict, name: str) -> list[Markup]:
    """The paragraphs that the report has under a figure, without the first line, which is the block's own caption."""
    snakemake = SimpleNamespace(config=config, wildcards=SimpleNamespace(name=name))
    _, _, explained = Template(template).render(snakemake=snakemake).partition("</p>\n")
    *paragraphs, _ = explained.strip().split("\n\n")  # the last one says where the PDF lies beside the report
    return [inline(paragraph) for paragraph in paragraphs]


def reasons(page: str) -> dict[str, list[Markup]]:
    """By claim the paragraphs of a Markdown page that say why it came out so: those under `<!-- why: claim … -->`."""
    found = {}
    for claims, paragraph in WHY.findall(page):
        for claim in claims.split():
            found.setdefault(claim, []).append(inline(paragraph.strip()))
    return found


def table(page: str) -> dict[str, Markup]:
    """The tables of a page as `lola.tables.table` writes it, and its notes."""
    body = page.partition("</h1>")[2].replace("h2>", "h4>").replace(' style="text-align: right;"', "")
    tables, end, notes = body.rpartition("</table>")
    tables = re.sub(r"\n +", "\n", signed(tables + end))
    tables = re.sub(r"<table[^>]*>", '<div class="wide" tabindex="0"><table>', tables).replace(end, f"{end}</div>")
    return {"tables": Markup(tables), "notes": Markup(notes.strip())}
