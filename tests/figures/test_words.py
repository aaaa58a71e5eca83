"""What people call games, algorithms, opponent models and tournaments is drawn as they wrote it."""

import io
import itertools
import re
import warnings
from importlib import import_module
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from group_files import write, write_coin_game, write_map, write_match, write_parameters

from lola.analysis.sources import Sources
from lola.figures import style
from lola.vocabulary import measures
from lola.vocabulary.kinds import FIGURES

A, B = r"$5 to $10, 50 % & _x_ #1", r"_b_ \alpha$ {^2} a|b ~ <b>&amp;</script> é 😀"
GAME, MODEL, CUP, SAVED = r"Game $\frac{$, 100 $", r"$\alpha_$", r"cup \$1 <i>", r"_their $x$_"
SEATS = {"a": A, "b": B}
ACTIONS, STATES = ("_c", "_d"), ("start", "_c._c", "_c._d", "_d._c", "_d._d")
RUNS, STEPS, PLAYERS = range(2), range(3), (1, 2)
SHOWN = {  # the block of each kind but for the game, and what it shows
    "learning": ({"game": "ipd", "algorithms": ["a", "b"], "sampled": ["a"]}, [A, B, GAME, "_c._d"]),
    "returns": ({"game": "ipd", "algorithms": ["a", "b/cloning"]}, [A, f"{B},{MODEL}", GAME]),
    "comparison": (
        {"game": "ipd", "algorithms": ["a", "b"], "saved": {"b": [[0, 1.0]]}, "saved_label": SAVED},
        [A, B, GAME, SAVED],
    ),
    "parameters": ({"game": "tandem", "algorithms": ["a", "b"]}, [A, B, GAME]),
    "progress": ({"games": ["ipd"], "algorithms": ["a", "b"]}, [A, B, GAME]),
    "beliefs": ({"games": ["ipd"], "algorithms": ["a", "b/cloning"]}, [A, B, GAME, MODEL]),
    "map": ({"games": ["ipd"], "algorithm": "a@map"}, [A, GAME]),
    "standings": ({"games": ["ipd"], "tournaments": ["cup"]}, [A, B, GAME, CUP]),
    "crosstable": ({"game": "ipd", "tournaments": ["cup"]}, [A, B, GAME, CUP]),
    "matches": ({"game": "ipd", "tournament": "cup", "shows": "first action"}, [A, B, GAME, "P(_c)"]),
    "coins": ({"game": "coins", "algorithms": ["a", "b"]}, [A, B]),
    "episode": ({"game": "coins", "algorithms": ["a", "b"]}, [A, B]),
    "exploration": ({"groups": ["coins/a", "coins/b"]}, [A, B, GAME]),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A group of every course for each of two algorithms, with names that mean something elsewhere."""
    root, groups = tmp_path_factory.mktemp("words"), []
    for name in ("ipd/a/oracle", "ipd/b/oracle", "ipd/b/cloning"):
        groups.append(write_learned(root, name))
    returns = {seed: {player: [-2.0, -1.5, seed / 10] for player in PLAYERS} for seed in RUNS}
    for name in ("a", "a-vs-b", "b"):
        groups.append(write_match(root, f"ipd/{name}@cup/oracle", returns))
    for name in SEATS:
        moved = {seed: {player: {1: [0.0, 0.5, 1.0]} for player in PLAYERS} for seed in RUNS}
        groups.append(write_parameters(root, f"tandem/{name}/oracle", moved, returns))
        rows = {seed: {player: [(0.1, 0.2, 0.1, 0.3)] * 10 for player in PLAYERS} for seed in RUNS}
        groups.append(write_coin_game(root, f"coins/{name}/oracle", rows))
    points = {(lr, eta): -lr - eta for lr in (0.5, 1.0) for eta in (0.5, 1.0)}
    groups.append(write_map(root, "ipd/a@map/oracle", points))
    scale = {"grid": 3, "tie": "both", "batch": 8, "length": 16, "steps": 200}
    return Sources(
        {group.name: group for group in groups},
        SEATS | {"a@map": A, "a-vs-b@cup": f"{A} vs {B}"},
        {"ipd": [[*ACTIONS]] * 2},
        opponent_models={"cloning": MODEL},
        tournament_labels={"cup": CUP},
        titles=dict.fromkeys(("ipd", "tandem", "coins"), GAME),
        colours={"a": "red", "b": "blue"},
        coin_games={f"coins/{name}/oracle": scale for name in SEATS},
    )


def write_learned(root, name: str):
    """Two runs of three updates of players who mostly take their second action."""
    rows = [
        (seed, step, player, measure, value)
        for seed, step, player in itertools.product(RUNS, STEPS, PLAYERS)
        for measure, value in [
            (measures.RETURN, -1.5 - step / 10 + seed / 100),
            (measures.clones(player - 1, 2)[1], 0.1 * step),
            *((measures.probability(ACTIONS[0], state), 0.2 + seed / 10) for state in STATES),
        ]
    ]
    policies = [
        {"player": player, "state": state, "probabilities": dict(zip(ACTIONS, (0.2, 0.8), strict=True))}
        for player, state in itertools.product(PLAYERS, STATES)
    ]
    return write(root, name, "updates", rows, {seed: {"policies": policies} for seed in RUNS})


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
