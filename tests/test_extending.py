"""Every recipe of docs/extending.md, followed in a copy of the project: what it adds runs, and has no more places."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project_copies import PROJECT, copied
from test_workflow import own, reproduce

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("recipes")]

PAGE = PROJECT / "docs" / "extending.md"
STEP = re.compile(r"^\d\. `(\S+)`, (a new file|at the end|below `.*?`).*?:\n\n```\w+\n(.*?)^```", re.M | re.S)
MOST = {"A rule": 4, "A learner": 4, "A kind of game": 5, "A paper": 4}
DATA = {"config/lookahead/claims.yaml"}  # what the paper says
STALE = """\
from lola.study import plan, provenance
from lola.study.config import load
print({name: provenance.training_code(group) for name, group in plan.groups(load("lola")).items()})
"""


def steps(title: str) -> list[tuple[str, str, str]]:
    """The places of a recipe: a file, where in it, and what stands there then."""
    section = PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = STEP.findall(section)
    assert len(found) == len(re.findall(r"^\d\. ", section, re.MULTILINE)) > 0
    return found


def follow(project: Path, file: str, place: str, block: str) -> None:
    path = project / file
    if place == "a new file":
        assert not path.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)
    elif place == "at the end":
        path.write_text(f"{path.read_text()}\n\n{block}")
    else:
        line, text = re.fullmatch("below `(.*)`", place)[1], path.read_text()
        assert text.count(f"\n{line}\n") == 1, f"{line!r} is not a line of {file}"
        path.write_text(text.replace(f"\n{line}\n", f"\n{line}\n{block}"))


def run(project: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=project, env=own(project), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(project: Path, *tests: str) -> None:
    """Run tests of the copy."""
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


def contents(project: Path) -> dict[str, bytes]:
    files = (Path(folder, name) for folder, _, names in os.walk(project) for name in names)
    kept = (path for path in files if not {"__pycache__", ".snakemake"} & {*path.parts})
    return {str(path.relative_to(project)): path.read_bytes() for path in kept}


@pytest.fixture
def project(tmp_path):
    """A copy of the project, with its tests and pages."""
    copy = copied(tmp_path)
    for folder in ("docs", "tests"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    copy.joinpath("results").mkdir()
    for file in ("README.md", "CITATION.cff", "results/README.md"):
        shutil.copy2(PROJECT / file, copy / file)
    return copy


def test_the_recipes_run_in_as_many_places_as_they_say(project):
    """One after another in one copy; what each adds runs, and leaves what was there as it was."""
    added, papers = set(), []
    for title in MOST:
        before, code = contents(project), run(project, "-c", STALE)
        recipe = steps(title)
        for step in recipe:
            follow(project, *step)
        touched = {name for name, content in contents(project).items() if before.get(name) != content}
        assert touched == {file for file, *_ in recipe} and len(touched - DATA) <= MOST[title], title
        assert run(project, "-c", STALE) == code, title
        added |= touched
        papers += runs(project, title, touched)

    before = {path: json.loads(path.read_bytes()) for path in project.joinpath("tests", "golden").glob("*.json")}
    run(project, "tests/golden/regenerate.py", "--all")
    for path, known in before.items():
        after = json.loads(path.read_bytes())
        assert all(after[name] == numbers for name, numbers in known.items()), path.name

    run(project, "-m", "lola.commands.docs", "--pages")
    for paper in papers:
        run(project, "-m", "lola.commands.docs", "--paper", paper)
    house = (
        "tests/test_architecture.py",
        "tests/vocabulary",
        "tests/commands/test_docs.py",
        "tests/study/test_papers.py",
    )
    check(project, *{*house, *(file for file in added if file.startswith("tests/"))})
    check(project, "tests/learning/test_training.py", "-k", "golden")


def runs(project: Path, title: str, touched: set[str]) -> list[str]:
    """Run the study that a recipe adds; the papers that it adds."""
    (config,) = (
        file for file in touched if file.startswith("config/") and not file.endswith(("claims.yaml", "smoke.yaml"))
    )
    papers = [Path(config).parent.name] if title == "A paper" else []
    logged = title == "A kind of game"  # the others are logged as what there was before
    (project / "quiet.yaml").write_text(f"tracking: {'live' if logged else 'none'}")
    reproduce(project, *(["--paper", *papers] if papers else [config]), "quiet.yaml")
    (project / "quiet.yaml").unlink()
    root = project / yaml.safe_load((project / config).read_text())["results"]
    assert (root / "figures" / "mine.png").exists() and (root / "report.html").exists()
    database = project / "results" / "mlflow.db"
    assert database.exists() == logged
    database.unlink(missing_ok=True)
    return papers


def test_a_game_and_then_a_seed(project):
    (example,) = re.findall(r"```yaml\n(# config/mine.yaml\n.*?)```", (project / "config/README.md").read_text(), re.S)
    config = project / "config" / "mine.yaml"
    config.write_text(f"{example}seeds: 2\nsteps: 10\ntracking: none\n")
    reproduce(project, "config/mine.yaml")
    cells = {path: path.stat().st_mtime_ns for path in project.glob("results/mine/cells/*/*/*/*")}
    assert len(cells) == 2 * 2 * 2
    config.write_text(f"{example}seeds: 3\nsteps: 10\ntracking: none\n")
    reproduce(project, "config/mine.yaml")
    now = {path: path.stat().st_mtime_ns for path in project.glob("results/mine/cells/*/*/*/*")}
    assert len(now) == 2 * 2 * 3 and now.items() >= cells.items()
