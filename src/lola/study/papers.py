"""A paper is a folder of config: a study, laid over what papers share, claims and overlays. Standard library only."""

import os
import shlex
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path

from lola.files.artifacts import canonical
from lola.vocabulary.errors import BadConfig, lookup
from lola.vocabulary.registry import SOURCE

CONFIG, DOCS = Path("config"), Path("docs")
LIBRARY = CONFIG / "library.yaml"
PICTURES = DOCS / "kinds"  # of the kinds of figures
FIRST, ALL = "lola", "all"  # the paper if none is named, and the word for every paper
YAML = (".yaml", ".yml")


def papers() -> dict[str, Path]:
    """The folder of every paper by its name, the one that is taken if none is named first.

    Raises BadConfig in another folder than the project's, from which all files are named.
    """
    if not LIBRARY.is_file():
        allowed = f"the project's own, {SOURCE.parent}, from which all commands are called"
        raise BadConfig(f"folder: given {Path.cwd()}, in which there is no {LIBRARY}; allowed: {allowed}")
    folders = [path.parent for path in CONFIG.glob("*/study.yaml")]
    return {folder.name: folder for folder in sorted(folders, key=lambda folder: (folder.name != FIRST, folder))}


def layers(paper: str) -> list[Path]:
    """The files of a study's config, each laid over the one before it. Raises BadConfig, which names the papers."""
    return [LIBRARY, lookup("paper", paper, papers(), "paper") / "study.yaml"]


def told(paper: str) -> list[str]:
    """The page of docs that tells in words what came out of a paper's study, if there is one."""
    page = DOCS / f"{paper}.md"
    return [str(page)] if page.exists() else []


def digests_file(paper: str) -> Path:
    """The file in which the digests of a paper's cells are published."""
    return DOCS / paper / "digests.csv"


def history_file(claims: str | Path) -> Path:
    """The file that says when each rule of a file of claims was fixed: of claims-x.yaml ledger-x.csv."""
    return Path(claims).with_name(Path(claims).stem.replace("claims", "ledger") + ".csv")


def claims_files(config: dict) -> list[str]:
    """The files of a study's claims: what is said, and when each rule was fixed if that is known."""
    if "claims" not in config:
        return []
    return [config["claims"], *(str(path) for path in [history_file(config["claims"])] if path.exists())]


def overlay_files(paper: str) -> dict[str, str]:
    """The files of a paper's own overlays, by name. Raises BadConfig, which names the papers."""
    files = sorted(lookup("paper", paper, papers(), "paper").glob("*.yaml"))
    return {path.stem: str(path) for path in files if path.stem != "study" and not path.stem.startswith("claims")}


def overlay_file(paper: str, given: str) -> str:
    """The file of an overlay, as seen from here, as Snakemake's jobs name it: a path, or the paper's own by name."""
    if given.endswith(YAML):
        return os.path.relpath(given)
    return lookup("CONFIG", given, overlay_files(paper), f"overlay of {paper}, nor a YAML file")


def files(paper: str, overlays: list[str]) -> list[str]:
    """The files of the overlays that a command is asked for. Raises BadConfig."""
    return [overlay_file(paper, word) for given in overlays for word in words(paper, given)]


def words(paper: str, given: str) -> list[str]:
    """What `make` was given as CONFIG: overlays with blanks between them, or one, whose file's name may have blanks."""
    with suppress(ValueError):  # of a quote that is not closed
        several = shlex.split(given)
        if not Path(given).is_file() and all(word.endswith(YAML) or word in overlay_files(paper) for word in several):
            return several
    return [given]


def asked(paper: str, overlays: list[str]) -> str:
    """What a `make` command is given so that it is about a study: nothing, or ` PAPER=… CONFIG=…`.

    A paper's own overlay goes by its name.
    """
    own = {path: name for name, path in overlay_files(paper).items()}
    named = [f" PAPER={paper}"] if paper != FIRST else []
    called = [own.get(path, path) for path in overlays]
    laid_over = called[0] if len(called) == 1 else shlex.join(called)
    return "".join([*named, f" CONFIG={shlex.quote(laid_over)}" if overlays else ""])


def command(what: str, paper: str, overlays: list[str]) -> str:
    """What a person types for a study: make reproduce PAPER=sos CONFIG=config/games.yaml."""
    return f"make {what}{asked(paper, overlays)}"


def flags(paper: str, overlays: list[str], by_hand: dict | None = None) -> list[str]:
    """What Snakemake is given for a study: the paper, settings given by hand, overlays, none of which it need have."""
    settings = ({"paper": paper} if paper else {}) | (by_hand or {})
    given = [f"{key}={value if key == 'paper' else canonical(value)}" for key, value in settings.items()]
    return [*(["--config", *given] if given else []), *(["--configfile", *overlays] if overlays else [])]


def snakemake(paper: str, overlays: list[str], by_hand: dict | None = None, target: str = "") -> str:
    """What a person types to have Snakemake make a study's results, or a file of them."""
    named = paper if paper != FIRST else ""
    return shlex.join([".venv/bin/snakemake", *([target] if target else []), *flags(named, overlays, by_hand)])


def makes(paper: str, overlays: list[str], by_hand: dict) -> str:
    """The command that makes a study's results: of `make`, which takes no settings given by hand."""
    return snakemake(paper, overlays, by_hand) if by_hand else command("reproduce", paper, overlays)


def add_arguments(parser: ArgumentParser) -> None:
    """Let a command be asked for a paper and overlays on its study."""
    parser.add_argument("--paper", default="", help=f"a folder of config, or {ALL} (default: {FIRST})")
    parser.add_argument("overlays", nargs="*", help="YAML files, or names of those in the paper's folder")


def chosen(name: str, overlays: list[str]) -> list[tuple[str, list[str]]]:
    """The papers that a command is asked for, each with the files of its overlays. Raises BadConfig."""
    if name != ALL:
        return [(name, files(name or FIRST, overlays))]
    for given in overlays:
        if given.endswith(YAML):
            raise BadConfig(f"CONFIG: given {given} with PAPER={ALL}; allowed: a name that every paper has, as smoke")
    return [(paper, files(paper, overlays)) for paper in papers()]
