"""Games of any number of players and actions, from the config to every kind of figure that can show them."""

import numpy as np
import pytest
from drawn import draw, readable

from lola.analysis.groups import Group
from lola.analysis.paper import Ledger
from lola.analysis.sources import split_spec
from lola.commands import aggregate
from lola.figures import beliefs, comparison, crosstable, matches, returns, standings
from lola.files import cells
from lola.learning import trainers
from lola.study import plan
from lola.study.config import BadConfig, load
from lola.vocabulary import kinds

RNG = np.random.default_rng(0)
GAMES = {
    "two-by-three": {"actions": [["up", "down"], ["left", "middle", "right"]], "shape": (2, 3)},
    "rock-paper-scissors": {"title": "Rock, paper, scissors", "actions": ["R", "P", "S"], "shape": (3, 3)},
    "three-players": {"actions": [["a", "b"], ["x", "y", "z"], ["on", "off"]], "shape": (2, 3, 2)},
}
PAIRS, ALL = ["two-by-three", "rock-paper-scissors"], [*GAMES]
SHOWN = {  # the games that a kind can show, and its block but for the game
    "returns": (returns, ALL, {"algorithms": ["nl-ex", "lola-ex"]}),
    "comparison": (comparison, ALL, {"algorithms": ["nl-ex", "lola-ex/cloning"]}),
    "beliefs": (beliefs, ALL, {"algorithms": ["lola-ex", "lola-ex/cloning"]}),
    "standings": (standings, PAIRS, {"tournaments": ["cup"]}),
    "crosstable": (crosstable, PAIRS, {"tournaments": ["cup"]}),
    "matches": (matches, PAIRS, {"tournament": "cup", "shows": "first action"}),
}


def config(figures):
    games = {}
    for name, game in GAMES.items():
        payoffs = RNG.integers(-2, 3, (len(game["shape"]), *game["shape"])).tolist()
        games[name] = {"gamma": 0.9, "length": 5, "payoffs": payoffs, **{k: v for k, v in game.items() if k != "shape"}}
    part = {"games": ALL, "algorithms": ["nl-ex", "lola-ex"], "opponent_models": ["oracle", "cloning"]}
    cup = {"games": PAIRS, "entrants": ["phc", "nl-ex"], "episodes": 10, "length": 5, "every": 1}
    mine = {"games": games, "study": {"mine": part, "cup": cup}, "figures": figures, "seeds": 2, "steps": 3}
    return load("lola", [], {"without": ["study", "figures", "tables"]} | mine)


def block(kind, game):
    _, _, about = SHOWN[kind]
    named = {"game": game} if "game" in kinds.FIGURES[kind].keys else {"games": [game]}
    return {"kind": kind, "caption": "c"} | named | about


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The config with a figure of each kind of each game, and its groups, trained."""
    figures = {f"{kind}-{game}": block(kind, game) for kind, (_, games, _) in SHOWN.items() for game in games}
    found, root = config(figures), tmp_path_factory.mktemp("mine")
    for group in plan.groups(found).values():
        for cell, trained in zip(group.cells, trainers.run(group.spec, list(group.seeds)), strict=True):
            about = {"spec": group.spec, "code": "c", "lock": "l"} | trained.outcome
            cells.write(cell.curve(root), trained.columns, trained.rows, about)
        folder = root / "groups" / group.name
        folder.mkdir(parents=True)
        gathered = aggregate.gather([cell.curve(root) for cell in group.cells], plan.group_spec(group))
        for name, text in gathered.items():
            (folder / name).write_text(text)
    return found, root / "groups"


@pytest.mark.parametrize(("kind", "game"), [(kind, game) for kind, (_, games, _) in SHOWN.items() for game in games])
def test_every_kind_that_can_shows_it(study, kind, game):
    known, root = study
    shown = known["figures"][f"{kind}-{game}"]
    folders = [root / name for name in plan.block_groups(known, shown)]
    assert all(Group(folder).seeds == 2 for folder in folders)
    sources, rest = split_spec(plan.block_spec(known, f"{kind}-{game}", shown), folders, Ledger())
    figure = draw(SHOWN[kind][0], sources, **rest)
    readable(figure, width=17 if kind == "matches" else 8)
    assert all(np.isfinite(line.get_ydata()).all() for ax in figure.axes for line in ax.lines)
    assert sources.title(game) == GAMES[game].get("title", game)


@pytest.mark.parametrize(
    ("kind", "game", "instead"),
    [
        ("learning", "rock-paper-scissors", "returns, comparison, beliefs"),
        ("learning", "three-players", "returns, comparison, beliefs"),
        ("progress", "two-by-three", "returns, comparison, beliefs"),
    ],
)
def test_a_kind_that_cannot_show_it_names_those_that_would_do(kind, game, instead):
    key = {"game": game} if kind == "learning" else {"games": [game]}
    with pytest.raises(BadConfig, match=rf"figures\.f: given {game}, .*; kinds that would do: {instead}$"):
        config({"f": {"kind": kind, "caption": "c", "algorithms": ["nl-ex"]} | key})


def test_whatever_a_kind_can_show_is_tried_here():
    for name, kind in kinds.FIGURES.items():
        can = [game for game, about in GAMES.items() if kind.fits(about["shape"]) and {*kind.of} & {"updates", "match"}]
        assert can == list(SHOWN[name][1] if name in SHOWN else ())
