"""Copies of the project, which tests may change, with the kernels that it compiled: compiling them takes a minute."""

import shutil
from pathlib import Path

from lola.learning import compiled

PROJECT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config", "environment.yml", "profiles", "pyproject.toml", "requirements.lock", "src", "workflow")


def copied(folder: Path) -> Path:
    """A copy of the project, in a folder, in which nothing has run.

    Its kernels are read from the project's folder and written there, which a lock guards, until their sources differ.
    """
    kernels = compiled.CACHE.relative_to(PROJECT)
    project = folder / "project"
    project.mkdir()
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, project / part, ignore=shutil.ignore_patterns(compiled.CACHE.name))
        else:
            shutil.copy2(source, project / part)
    compiled.CACHE.mkdir(parents=True, exist_ok=True)
    (project / kernels).parent.mkdir(exist_ok=True)
    (project / kernels).symlink_to(compiled.CACHE)
    return project


def copied_again(project: Path, folder: Path) -> Path:
    """A copy of a copy, with all that has run there."""
    return Path(shutil.copytree(project, folder / "project", symlinks=True))


def edit(path: Path, before: str, after: str) -> None:
    """Change a text in a file of a copy, which must be there."""
    text = path.read_text()
    assert before in text, f"{before!r} is not in {path}"
    path.write_text(text.replace(before, after, 1))
