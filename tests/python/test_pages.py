"""The page and the notebook on use from Python: all of their code runs, and prints what they say."""

import json
from pathlib import Path

import matplotlib
import nbformat
import pytest
import snippets

import lola

PAGE, NOTEBOOK = (Path("docs", name).absolute() for name in ("python.md", "tour.ipynb"))
FUNCTIONS = sorted(name for name in lola.OFFERED if name.islower())


def test_every_block_of_the_page_prints_what_stands_below_it(tmp_path, monkeypatch):
    snippets.write_results(tmp_path)
    monkeypatch.chdir(tmp_path)  # there is no config here
    namespace = {}
    blocks = snippets.blocks(PAGE.read_text())
    assert len(blocks) > 10
    for source, expected in blocks:
        assert snippets.printed(source, namespace) == expected, source


def test_the_page_uses_every_function_in_a_block():
    code = "\n".join(source for source, _ in snippets.blocks(PAGE.read_text()))
    assert len(FUNCTIONS) <= 10
    assert not [name for name in FUNCTIONS if f"lola.{name}(" not in code]


@pytest.fixture
def notebook():
    return json.loads(NOTEBOOK.read_text())


def test_every_cell_of_the_notebook_runs_and_it_draws_a_picture(notebook, tmp_path, monkeypatch):
    matplotlib.use("agg")
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(len(pyplot.gcf().axes[0].lines)))
    monkeypatch.chdir(NOTEBOOK.parent)  # where Jupyter runs it
    namespace, said = {}, ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            said += snippets.printed("".join(cell["source"]), namespace)
    pyplot.close("all")
    assert shown == [2 * (20 + 1)]
    assert "R: 0.93, from 0.60 to 0.98 (20 pairs of runs)" in said
    assert "R and B are red and blue" in said


def test_the_notebook_opens_in_jupyter_and_keeps_no_outputs(notebook):
    nbformat.validate(nbformat.reads(NOTEBOOK.read_text(), as_version=4))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
