"""What people call games, algorithms, opponent models and tournaments is drawn as they wrote it."""

import io
import re
import warnings
from importlib import import_module
from xml.etree import ElementTree

import matplotlib as mpl
import odd_names
import pytest
from odd_names import CUP, GAME, MODEL, SAVED, A, B

from lola.figures import style
from lola.vocabulary.kinds import FIGURES

SHOWN = {  # the block of each kind but for the game, and what it shows
    "learning": ({"game": "ipd", "algorithms": ["a", "b"], "sampled": ["a"]}, [A, B, GAME, "_c._d"]),
    "returns": ({"game": "ipd", "algorithms": ["a", "b/cloning"]}, [A, f"{B},{MODEL}", GAME]),
    "comparison": (
        {"game": "ipd", "algorithms": ["a", "b"], "saved": {"b": [[0, 1.0]]}, "saved_label": SAVED},
        [A, B, GAME, SAVED],
    ),
    "parameters": ({"game": "tandem", "algorithms": ["a", "b"]}, [A, B, GAME]),
    "distances": ({"games": ["tandem"], "algorithms": ["a", "b"]}, [A, B, GAME]),
    "orbits": ({"game": "tandem", "algorithms": ["a", "b"]}, [A, B, GAME]),
    "planes": ({"game": "tandem", "algorithms": ["a@map"]}, [A, GAME]),
    "found": ({"options": {A: ["ipd/a"], B: ["ipd/b"]}}, [A, B, GAME]),
    "progress": ({"games": ["ipd"], "algorithms": ["a", "b"]}, [A, B, GAME]),
    "beliefs": ({"games": ["ipd"], "algorithms": ["a", "b/cloning"]}, [A, B, GAME, MODEL]),
    "map": ({"games": ["ipd"], "algorithm": "a@map"}, [A, GAME]),
    "standings": ({"games": ["ipd"], "tournaments": ["cup"]}, [A, B, GAME, CUP]),
    "crosstable": ({"game": "ipd", "tournaments": ["cup"]}, [A, B, GAME, CUP]),
    "scorings": ({"game": "ipd", "tournaments": ["league"], "first": 2}, [A, B, GAME, CUP]),
    "matches": ({"game": "ipd", "tournament": "cup", "shows": "first action"}, [A, B, GAME, "P(_c)"]),
    "coins": ({"game": "coins", "algorithms": ["a", "b"]}, [A, B]),
    "episode": ({"game": "coins", "algorithms": ["a", "b"]}, [A, B]),
    "exploration": ({"groups": ["coins/a", "coins/b"]}, [A, B, GAME]),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return odd_names.sources(tmp_path_factory.mktemp("words"))


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


def drawn(figure) -> str:
    """All that a reader finds in a figure, without blanks: the texts of a picture that has them as texts."""
    picture = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(picture, format="svg")
    texts = ElementTree.fromstring(picture.getvalue()).iter("{http://www.w3.org/2000/svg}text")
    return letters("\n".join("".join(text.itertext()) for text in texts))


@pytest.mark.parametrize("kind", FIGURES)
def test_names_are_drawn_as_written(sources, kind):
    block, names = SHOWN[kind]
    with style.theme(), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = drawn(import_module(FIGURES[kind].module).draw(sources, **block))
    assert [name for name in names if letters(name) not in found] == []


def test_files_and_notes_hold_such_names_too(sources, tmp_path):
    with style.theme(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = import_module(FIGURES["returns"].module).draw(sources, **SHOWN["returns"][0])
        files = style.save(figure, tmp_path / "f", [f"{GAME}, {A}: 1 of 2 runs; 1 diverged"])
    assert all(file.stat().st_size > 1000 for file in files)
