"""A paper is a folder of config: a study, laid over what papers share, claims and overlays. Standard library only."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from lola.vocabulary.errors import BadConfig, lookup

CONFIG, DOCS = Path("config"), Path("docs")
LIBRARY = CONFIG / "library.yaml"
FIRST, ALL = "lola", "all"  # the paper if none is named, and the word for every paper
YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Paper:
    """A paper, by the name of its folder."""

    name: str

    @property
    def layers(self) -> list[Path]:
        """The files of its study's config, each laid over the one before it."""
        return [LIBRARY, CONFIG / self.name / "study.yaml"]

    @property
    def digests(self) -> Path:
        """The file in which the digests of its cells are published."""
        return DOCS / self.name / "digests.csv"

    @property
    def overlays(self) -> dict[str, str]:
        """The files of its own overlays, by name."""
        files = sorted((CONFIG / self.name).glob("*.yaml"))
        return {path.stem: str(path) for path in files if path.stem not in ("study", "claims")}

    def overlay(self, given: str) -> str:
        """The file of an overlay: a path as it is, or the paper's own by name."""
        if given.endswith(YAML):
            return given
        return lookup("CONFIG", given, self.overlays, f"overlay of {self.name}, nor a YAML file")


def papers() -> dict[str, Paper]:
    """Every paper by name, the one that is taken if none is named first."""
    names = {path.parent.name for path in CONFIG.glob("*/study.yaml")}
    return {name: Paper(name) for name in sorted(names, key=lambda name: (name != FIRST, name))}


def paper(name: str) -> Paper:
    """The paper of that name. Raises BadConfig, which names those that there are."""
    return lookup("paper", name, papers(), "paper")


def add_arguments(parser: ArgumentParser) -> None:
    """Let a command be asked for a paper and overlays on its study."""
    parser.add_argument("--paper", default="", help=f"a folder of config, or {ALL} (default: {FIRST})")
    parser.add_argument("overlays", nargs="*", help="YAML files, or names of those in the paper's folder")


def chosen(name: str, overlays: list[str]) -> list[tuple[str, list[str]]]:
    """The papers that a command is asked for, each with the files of its overlays. Raises BadConfig."""
    if name != ALL:
        return [(name, [paper(name or FIRST).overlay(given) for given in overlays])]
    for given in overlays:
        if given.endswith(YAML):
            raise BadConfig(f"CONFIG: given {given} with PAPER={ALL}; allowed: a name that every paper has, as smoke")
    return [(each, [known.overlay(given) for given in overlays]) for each, known in papers().items()]
