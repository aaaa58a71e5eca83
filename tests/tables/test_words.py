"""What people call things stands in tables as they wrote it, whatever it means to Markdown, LaTeX and HTML."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import import_module

import odd_names
import pandas as pd
import pytest
from odd_names import CUP, GAME, MODEL, A, B

from lola.tables import table as tables
from lola.vocabulary.kinds import TABLES

CAPTION = "Where they end, 50% of it:\n# \\input{x} & | ref_1 <b>*a*</b> [a](b)\t$5 to $10"
ONE_LINE = "Where they end, 50% of it: # \\input{x} & | ref_1 <b>*a*</b> [a](b) $5 to $10"
SHOWN = {  # the block of each kind, and what it shows
    "convergence": ({"games": ["ipd"], "algorithms": ["a", "b/cloning"]}, [A, f"{B}, {MODEL}", GAME]),
    "matchups": ({"game": "ipd", "algorithms": ["a", "a-vs-b"]}, [A, B]),
    "settings": ({"games": ["ipd"], "algorithm": "a@map"}, [A, GAME]),
    "updates": ({"options": {A: ["ipd/a"], B: ["ipd/b"]}}, [A, B, GAME]),
    "family": ({"games": ["tandem"], "algorithms": ["a@map"]}, [A, GAME]),
    "consistency": ({"games": ["tandem"], "algorithms": ["a@consistency"]}, [A, GAME]),
    "standings": ({"games": ["ipd"], "tournaments": ["cup"]}, [A, B, GAME, CUP]),
    "league": ({"games": ["ipd"], "tournament": "league", "last": 1}, [A, B, GAME]),
    "crosstable": ({"games": ["ipd"], "tournaments": ["cup"]}, [A, B, GAME, CUP]),
}
SIGNS = {"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^"}
LATEX = next(filter(None, map(shutil.which, ("lualatex", "xelatex", "tectonic"))), None)


class Page(HTMLParser):
    """The elements of a page, and what stands in them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.texts.append("")

    def handle_data(self, data):
        if self.texts:
            self.texts[-1] += data.rstrip("\n")

    def of(self, *tags):
        return [text for tag, text in zip(self.tags, self.texts, strict=True) if tag in tags]


def from_markdown(text):
    """What a text shows in which every sign is escaped that could mean something."""
    assert not re.search(r"(?<!\\)(\\\\)*[`<$#|~]", text)
    return re.sub(r"\\(\W|_)", r"\1", text)


def from_latex(text):
    """What LaTeX prints of a text in which all that means something to it is escaped."""
    text = re.sub(r"\\(text\w+) (?:\\space ?)?", lambda found: "\0" + found[1] + "\0", text.replace("$-$", "-"))
    left = re.sub(r"\\[#$%&_{}]|\{[\[*]\}", "", text)
    assert not re.search(r"[#$%&_{}~^\\]", left), left
    text = re.sub(r"\\([#$%&_{}])", r"\1", re.sub(r"\{([\[*])\}", r"\1", text))
    return re.sub("\0(.+?)\0", lambda found: SIGNS[found[1]], text)


def squeezed(texts):
    return {"".join(text.split()) for text in texts}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return odd_names.sources(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module", params=TABLES)
def made(request, sources, tmp_path_factory):
    """A table of each kind in three formats, and the names that it shows."""
    block, names = SHOWN[request.param]
    out = tmp_path_factory.mktemp(request.param) / "t"
    tables.make(import_module(TABLES[request.param].module), sources, block, CAPTION, out)
    return {ending: out.with_name(f"t.{ending}").read_text() for ending in ("md", "tex", "html")}, names


def shows(texts, names):
    """Every name is a cell or heading, or part of one, whatever its blanks."""
    found = squeezed(texts)
    return all(any(name in text for text in found) for name in squeezed(names))


def test_markdown_has_a_cell_per_column_with_the_names_in_them(made):
    lines = made[0]["md"].splitlines()
    assert from_markdown(lines[0].removeprefix("# ")) == ONE_LINE
    texts, width = [], None
    for line in lines:
        if line.startswith("| "):
            cells = re.split(r"(?<!\\) \| ", line[2:-2])
            width = width or len(cells)
            assert len(cells) == width and not re.search(r"(?<!\\)\|", "".join(cells))
            texts += map(from_markdown, cells)
        else:
            width = None
            texts += [from_markdown(line.removeprefix("## "))] if line.startswith("## ") else []
    assert shows(texts, made[1])


def test_latex_prints_the_names(made):
    lines = made[0]["tex"].splitlines()
    texts = [line[2:] for line in lines if line.startswith("% ")]
    assert texts[0] == ONE_LINE
    for line in lines:
        if line.endswith(r" \\"):
            texts += map(from_latex, re.split(r"(?<!\\) & ", line.removesuffix(r" \\")))
        else:
            assert re.match(r"% |\\(begin|end)\{tabular\}|\\(top|mid|bottom)rule$|$", line), line
    assert shows(texts, made[1])


@pytest.mark.skipif(not LATEX, reason="no LaTeX that reads UTF-8 is installed")
def test_latex_compiles(made, tmp_path):
    whole = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n%s\\end{document}\n"
    (tmp_path / "t.tex").write_text(whole % made[0]["tex"])
    flags = [] if LATEX.endswith("tectonic") else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([LATEX, *flags, "t.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_html_has_no_elements_but_its_own(made):
    page = Page(made[0]["html"])
    own = ["meta", "title", "style", "h1", "h2", "table", "thead", "tbody", "tr", "th", "td", "p"]
    assert {*page.tags} <= {*own} and page.of("title", "h1") == [ONE_LINE] * 2
    assert shows(page.of("h2", "th", "td"), made[1])


def test_what_begins_a_row_or_a_heading_is_no_command(tmp_path):
    block = pd.DataFrame({"[x]": ["*a", "[b]"], "y\nz": ["# 1", "c \\"]})
    tables.save(tables.Table(block, {"+ [a](b) #": block}, "", diverged=("a_b_|",)), "c", tmp_path / "t")
    tex, text = (tmp_path / "t.tex").read_text(), (tmp_path / "t.md").read_text()
    assert "{[}x] & y z" in tex and "{*}a & \\# 1" in tex and "{[}b] & c \\textbackslash" in tex
    assert text == (
        "# c\n\n## + [a\\](b) \\#\n\n| [x] | y z |\n| --- | --- |\n| \\*a | \\# 1 |\n| [b] | c \\\\ |\n\n"
        "- a\\_b\\_\\|\n"
    )
