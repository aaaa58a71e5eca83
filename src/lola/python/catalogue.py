"""What a paper's config knows by name: games, algorithms and opponent models."""

import contextlib

from lola.study import config, papers
from lola.vocabulary.registry import SOURCE

PROJECT = SOURCE.parent


def games(paper: str = papers.FIRST) -> dict[str, dict]:
    """The games of a paper's study and of the library, by name: their kind, payoffs, actions, discount.

    Raises BadConfig, which names the papers, if there is no such paper.
    """
    return blocks("games", paper)


def algorithms(paper: str = papers.FIRST) -> dict[str, dict]:
    """The algorithms of a paper's study and of the library, by name: rule or learner, step sizes and other settings.

    Raises BadConfig, which names the papers, if there is no such paper.
    """
    return blocks("algorithms", paper)


def opponent_models(paper: str = papers.FIRST) -> dict[str, dict]:
    """What players may take the others' parameters for, by name: the `oracle`'s are the true ones.

    Raises BadConfig, which names the papers, if there is no such paper.
    """
    return blocks("opponent_models", paper)


def blocks(key: str, paper: str) -> dict[str, dict]:
    """A part of a study's config, by name, without the sources of its settings."""
    named = study(paper)[key].items()
    return {name: {key: value for key, value in block.items() if key != "sources"} for name, block in named}


def study(paper: str, settings: dict | None = None) -> dict:
    """The checked config of a paper's study with `settings` laid over it, from whatever folder it is asked for."""
    with contextlib.chdir(PROJECT):  # the files of a config name each other from there
        return config.load(paper, [], settings)
