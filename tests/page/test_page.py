"""The results page: what stands on it, for every sort of study, and how it behaves in a browser."""

import csv
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from docutils.core import publish_parts
from jinja2 import Environment

from lola.analysis.paper import Claim, read_ledger
from lola.commands import page as command
from lola.page import results, words
from lola.page.strips import Strip, strip
from lola.study import papers
from lola.study.config import load
from lola.tables import outcomes
from lola.tables.table import Table
from lola.tables.table import page as table_page

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
OWN = {  # a study of one's own game: nothing of a paper, no title
    "without": ["study", "figures", "tables"],
    "study": {"mine": {"games": ["ipd"], "algorithms": ["nl-ex"], "seeds": 3}},
    "figures": {"mine": {"kind": "returns", "game": "ipd", "algorithms": ["nl-ex"], "caption": "Mine <& yours>"}},
}


def made(config: dict, folder: Path, claims: Path | None = None) -> dict:
    """The study with results in the folder: every figure and table, and the claims."""
    config |= {"results": str(folder)}
    blocks = {"": pd.DataFrame({"algorithm": ["NL-Ex"], "R": ["-1.98 [-2.00, -1.95]"]})}
    for name, block in config["tables"].items():
        write(folder / "tables" / f"{name}.html", table_page(Table(blocks[""], blocks, "R: a < b."), block["caption"]))
    for name in config["figures"]:
        write(folder / "figures" / f"{name}.png", PIXEL)
    if claims:
        write(folder / "tables" / "claims.csv", claims.read_bytes())
    return config


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def lola(tmp_path):
    """The LOLA paper's study, with the claims as they were published."""
    return made(load("lola"), tmp_path / "results" / "lola", papers.DOCS / "lola" / "claims.csv")


def page(config: dict, overlays=()) -> str:
    return results.page(config, list(overlays), results.beside_results(config))


def published() -> list[dict]:
    return outcomes.read((papers.DOCS / "lola" / "claims.csv").read_text())


def test_the_page_reads_in_order_and_has_every_figure_table_and_claim(lola):
    text = page(lola)
    assert page(lola) == text
    sections = re.findall(r'<section id="(\w+)">', text)
    assert sections == ["verdict", "glance", "tables", "figures", "failed", "claims", "again"]
    assert re.findall(r'<figure id="figures-(.+?)">', text) == [*lola["figures"]]
    tables = re.findall(r'<article id="tables-(.+?)">', text)
    assert tables[0] == "table3" and {*tables} == {*lola["tables"]}
    for target in re.findall(r'href="#([\w-]+)"', text):
        assert f'id="{target}"' in text, target
    assert [row["claim"] for row in published()] == re.findall(r"<small>(\S+/\S+?)</small>", text)


def test_the_verdict_counts_the_headline_and_each_counted_claim_has_a_strip(lola):
    text = page(lola)
    counts = outcomes.counts(outcomes.counted(published()))
    assert f"Of {sum(counts.values())} claims" in text
    for verdict in ("reproduced", "not reproduced", "inconclusive"):
        assert re.search(rf">{counts[verdict]} (is|are) {verdict}<", text)
    strips = re.findall(r'<div class="row" title="(.+?)">', text)
    assert sorted(strips) == sorted(row["claim"] for row in outcomes.counted(published()))


def test_no_link_leaves_the_results_or_the_project(lola):
    assert not re.findall(r"""(?:src|href)=["'](?:\w+:)?//""", page(lola)) and "@import" not in page(lola)


def test_what_was_not_run_is_told_and_has_no_strip(lola):
    path = Path(lola["results"], "tables", "claims.csv")
    rows = published()
    rows[1] |= {"measured": "", "low": "", "high": "", "runs": "0", "verdict": "not run", "kind": ""}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    text = page(lola)
    assert "1 was not run" in text and f'title="{rows[1]["claim"]}"' not in text
    assert f"<small>{rows[1]['claim']}</small>" in text


def test_reasons_stand_on_the_page_of_the_papers_own_study_alone(lola):
    why = words.reasons(Path("docs/lola.md").read_text())
    failed = re.findall(r'<p class="reason">(.+?)</p>', page(lola), re.DOTALL)
    assert failed and {*failed} <= {str(paragraph) for paragraphs in why.values() for paragraph in paragraphs}
    overlaid = page(lola, ["config/lola/smoke.yaml"])
    assert 'class="reason"' not in overlaid and "(smoke)</h1>" in overlaid and "An overlay" in overlaid


@pytest.mark.parametrize("paper", papers.papers())
def test_reasons_are_of_claims_that_are_asked(paper):
    marked = [*words.reasons((papers.DOCS / f"{paper}.md").read_text())]
    assert {*marked} <= {claim.id for claim in read_ledger(papers.CONFIG / paper / "claims.yaml").claims}
    assert paper != "lola" or marked


def test_a_game_of_ones_own_has_a_page_without_claims(tmp_path):
    config = made(load("lola", [], OWN), tmp_path / "mine")
    text = page(config, ["config/mine.yaml"])
    assert re.findall(r'<section id="(\w+)">', text) == ["figures", "again"] and "<script>" not in text
    assert "Mine &lt;&amp; yours&gt;" in text and "seeds 0 to 2" in text
    assert ".venv/bin/snakemake" in text and "--configfile config/mine.yaml" in text
    assert "make reproduce CONFIG=config/mine.yaml" in text


ODD = "Odd $5 to $10, 50 % & _x_ *y* |z| `w`_ #1 ^2 \\alpha { <b>&amp;</script> é 😀"


def named(name: str) -> dict:
    """A study of one's own in which everything has this name, and every caption is this."""
    shown = {"kind": "returns", "game": "ipd", "algorithms": ["nl-ex"], "caption": name}
    tables = {"mine": {"kind": "convergence", "games": ["ipd"], "algorithms": ["nl-ex"], "caption": name}}
    names = {"games": {"ipd": {"title": name}}, "algorithms": {"nl-ex": {"label": name}}, "title": name}
    return load("lola", [], OWN | names | {"figures": {"mine": shown}, "tables": tables})


class Elements(HTMLParser):
    """The elements of a page in order, and all that is read there."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_a_page_shows_names_and_captions_as_written_and_ends_them_once(tmp_path):
    plain, odd = (Elements(page(made(named(name), tmp_path / name[:3]))) for name in ("Plainly", ODD))
    assert odd.tags == plain.tags and plain.text.count("Plainly") == odd.text.count(ODD) > 4
    assert f"{ODD}. The normalised" in odd.text
    for caption in ("Mine.", "Mine?", f"{ODD}\nMine…\n"):
        text = Elements(page(made(named(caption), tmp_path / "ended"))).text
        assert f"{' '.join(caption.split())} The normalised" in text


@pytest.mark.parametrize("written", ["Mine", "Mine.", "Mine?", ODD, f"{ODD}\nMine."])
def test_the_report_shows_captions_as_written_and_ends_them_once(written):
    config, one_line = named(written), " ".join(written.split())
    snakemake = SimpleNamespace(config=config, wildcards=SimpleNamespace(name="mine"))
    for name in ("figure", "table", "workflow"):
        caption = Path("workflow/report", f"{name}.rst").read_text()
        html = publish_parts(Environment().from_string(caption).render(snakemake=snakemake), writer="html")["body"]
        end = "" if name == "workflow" or one_line[-1] in ".?" else "."
        assert html.startswith("<p>") and "system-message" not in html and "</script" not in html
        assert Elements(html.partition("</p>")[0]).text == one_line + end


@pytest.mark.parametrize("paper", papers.papers())
def test_every_overlay_of_a_paper_has_a_page(paper, tmp_path):
    for name, overlay in papers.overlay_files(paper).items():
        config = load(paper, [overlay])
        file = papers.DOCS / paper / f"{Path(config.get('claims', '')).stem}.csv"
        empty = tmp_path / "none.csv"
        empty.write_text(",".join(published()[0]) + "\n")
        claims = (file if file.exists() else empty) if "claims" in config else None
        text = page(made(config, tmp_path / name, claims), [overlay])
        assert f"make reproduce{papers.asked(paper, [overlay])} " in text and f"({Path(overlay).stem})</title>" in text


def test_the_command_writes_the_page_and_lists_those_that_are_there(lola, tmp_path, monkeypatch):
    other = tmp_path / "results" / "another" / "index.html"
    write(other, page(made(load("lola", [], OWN), tmp_path / "mine")))
    out, spec = Path(lola["results"], "index.html"), {"config": lola, "overlays": [], "by_hand": {}}
    told = ["--spec", json.dumps(spec), "--code", "{}", "--manifest", str(tmp_path / "manifest.json")]
    monkeypatch.setattr("sys.argv", ["page", *told, "--out", str(out), str(other)])
    command.main()
    assert out.read_text() == page(lola)
    listed = re.findall(r'<h3><a href="(.+?)">(.+?)</a>', (tmp_path / "results" / "index.html").read_text())
    assert listed == [("lola/index.html", "LOLA, reproduced"), ("another/index.html", results.TITLE.rstrip("."))]


def claim(rule: str, **keys) -> Claim:
    return Claim("t/c", "s", "p", "read", rule, {}, **keys)


def row(ours, low, high, paper="") -> dict:
    return {"measured": str(ours), "low": str(low), "high": str(high), "paper": str(paper)}


def test_a_number_stands_in_margins_from_the_papers():
    found = strip(claim("equals", paper=-1.0, margin=0.1), row(-1.2, -1.5, -1.1, -1.0))
    assert found == Strip(26.0, 2.0, 38.0, 50.0, (38.0, 62.0), (True, False))


def test_a_sentence_holds_on_the_right_whichever_way_it_goes():
    more = strip(claim("greater", than=1.0, margin=1.0), row(4.0, 3.0, 6.0, 5.0))
    assert more == Strip(74.0, 62.0, 98.0, 86.0, (50.0, 100.0), (False, False))
    less = strip(claim("less", than=-1.0, margin=1.0), row(-4.0, -6.0, -3.0, -5.0))
    assert less == more


def test_nothing_measured_is_nothing_drawn_and_no_width_divides_by_nothing():
    assert strip(claim("equals", paper=0.0), row("", "", "")) is None
    assert strip(claim("equals", paper=0.0), row(0.0, 0.0, 0.0, 0.0)).ours == 50
    assert strip(claim("greater"), row(0.0, 0.0, 0.0)).ours == 50


@pytest.mark.parametrize(
    "claim_id, part",
    [
        ("table3/ipd/nl-pg/R", "Table 3"),
        ("ipd/sos", "Iterated prisoner's dilemma"),
        ("cola/tandem/table1a", "The tandem game"),
        ("cola/quadratic/1", "Quadratic"),
    ],
)
def test_a_claim_belongs_to_a_part_of_the_paper_or_to_a_game(claim_id, part):
    """Where all claims begin with the paper's name, what comes after it counts."""
    called = {"ipd": "Iterated prisoner's dilemma", "tandem": "The tandem game"}
    assert results.part_of(SimpleNamespace(id=claim_id, part=claim_id.split("/")[0]), "cola", called) == part


def test_words_are_as_people_write_them():
    assert words.label("section6.1") == "§6.1" and words.label("figure-a3-ipd") == "Figure A3, IPD"
    assert words.label("dice-om") == "DiCE om" and words.label("sensitivity-pg") == "Sensitivity PG"
    assert words.label("cooperation") == "Cooperation" and words.label("figure4") == "Figure 4"
    assert words.signed("R = -1.06 [-1.1, 0], a-2, 1-2") == "R = −1.06 [−1.1, 0], a-2, 1-2"
    assert words.short("so it is (we ask) (as released)") == "So it is"
    assert words.inline("a < *b*, **c** [d](e.md), `f*g`") == (
        "a &lt; <em>b</em>, <strong>c</strong> d, <code>f*g</code>"
    )
    text = "Before\n\n<!-- why: a/b c/d -->\nOne\nreason.\n\nAfter\n\n<!-- why: a/b -->\nAnother.\n"
    assert words.reasons(text) == {"a/b": ["One\nreason.", "Another."], "c/d": ["One\nreason."]}


# In a browser.

CHROMIUM = shutil.which("chromium")
in_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")


def browse(address: str, folder: Path, *flags: str) -> tuple[str, list[str]]:
    """A page as the browser has it in the end, and what its console said, where no name of a host is known."""
    options = [f"--user-data-dir={folder / 'profile'}", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    asked = [CHROMIUM, "--headless", *options, offline, *flags, "--dump-dom", address]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120)
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


@pytest.fixture
def opened(lola):
    path = Path(lola["results"], "index.html")
    path.write_text(page(lola))
    return path


@in_browser
def test_the_browser_has_nothing_to_complain_of_and_asks_nobody(opened, tmp_path):
    _, console = browse(opened.as_uri(), tmp_path)
    assert console == []
    opened.write_text(opened.read_text().replace("figures/figure1.png", "https://example.org/figure1.png"))
    _, console = browse(opened.as_uri(), tmp_path)
    assert "example.org" in str(console), "this test would not see a request"


@in_browser
def test_claims_are_filtered_by_the_address(opened, tmp_path):
    rows = published()
    asked = {"verdict": "not reproduced", "part": "Figure 5"}
    wanted = [r["claim"] for r in rows if r["verdict"] == "not reproduced" and r["claim"].startswith("figure5/")]
    for hash_, claims in (
        ("", [r["claim"] for r in rows]),
        ("#figures", [r["claim"] for r in rows]),
        (f"#verdict={asked['verdict'].replace(' ', '%20')}&part={asked['part'].replace(' ', '+')}", wanted),
    ):
        text, console = browse(opened.as_uri() + hash_, tmp_path)
        table = re.findall(r"<tr (data-part=[^>]*)>.*?<small>(.*?)</small>", text, re.DOTALL)
        shown = [claim for attributes, claim in table if "hidden" not in attributes]
        assert shown == claims and f"{len(claims)} of {len(rows)} claims" in text and not console


@in_browser
@pytest.mark.parametrize("width", [360, 838, 1280])
def test_the_page_never_scrolls_sideways(opened, tmp_path, width):
    inner = opened.read_text().replace("&", "&amp;").replace('"', "&quot;")
    measure = "document.title = frames[0].document.documentElement.scrollWidth"
    frame = f'<iframe style="border: 0" width="{width}" height="900" srcdoc="{inner}" onload="{measure}"></iframe>'
    outer = opened.with_name("outer.html")
    outer.write_text(f'<!doctype html><meta charset="utf-8"><title></title>{frame}')
    text, _ = browse(outer.as_uri(), tmp_path, "--hide-scrollbars")
    assert re.search("<title>(.*?)</title>", text)[1] == str(width)
