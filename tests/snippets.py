"""Code in pages, run as it stands there: blocks of Python, each with what it prints in a block of text below it."""

import contextlib
import io
import re
from pathlib import Path

import lola
from lola.files import cells

DOCS = Path("docs").absolute()
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """The blocks of a page with what they print."""
    return BLOCK.findall(page)


def printed(source: str, namespace: dict) -> str:
    """What a block prints when it is run."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, source, "exec"), namespace)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def write_results(folder: Path, runs: "lola.Runs | None" = None) -> Path:
    """The folder of a study in which a group was trained: without other word LOLA-Ex, in the prisoner's dilemma."""
    runs = runs or lola.train("ipd", "lola-ex", seeds=2, steps=20)
    for seed, end in runs.ends.items():
        rows = runs.curves[runs.curves.seed == seed].drop(columns="seed")
        made_by = {"spec": runs.group.spec, "code": "{}", "lock": "a lock"}
        path = runs.group.cell(seed).curve(folder / "results" / "lola")
        cells.write(path, rows.columns, rows.itertuples(index=False), made_by | end)
    return folder / "results" / "lola"
