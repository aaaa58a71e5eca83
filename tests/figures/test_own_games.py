"""Games of any number of players and actions, from the config to every figure and table, the page and MLflow."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn import draw, readable

from lola.analysis.groups import Group
from lola.analysis.paper import Ledger
from lola.analysis.sources import split_spec
from lola.commands import aggregate
from lola.figures import beliefs, comparison, crosstable, matches, returns, scorings, standings
from lola.files import cells
from lola.learning import trainers
from lola.page import results
from lola.study import display, plan
from lola.study.config import BadConfig, load
from lola.tables import table as tables
from lola.tracking import client, games, runs, store
from lola.vocabulary import kinds, measures

RNG = np.random.default_rng(0)
GAMES = {
    "two-by-three": {"actions": [["return", "down"], ["left", "state", "right"]], "shape": (2, 3)},
    "rock-paper-scissors": {"title": "Rock, paper, scissors", "actions": ["R", "P", "S"], "shape": (3, 3)},
    "three-players": {"actions": [["a", "b"], ["x", "y", "z"], ["on", "off"]], "shape": (2, 3, 2)},
    "six-players": {
        "actions": [["return", "state"], ["start", "at"], ["a", "b"], ["C", "D"], ["x", "y"], ["on", "off"]],
        "shape": (2,) * 6,
    },
}
PAIRS, ALL = ["two-by-three", "rock-paper-scissors"], [*GAMES]
SHOWN = {  # the games that a kind can show, and its block but for the game
    "returns": (returns, ALL, {"algorithms": ["nl-ex", "lola-ex"]}),
    "comparison": (comparison, ALL, {"algorithms": ["nl-ex", "lola-ex/cloning"]}),
    "beliefs": (beliefs, ALL, {"algorithms": ["lola-ex", "lola-ex/cloning"]}),
    "standings": (standings, PAIRS, {"tournaments": ["cup"]}),
    "crosstable": (crosstable, PAIRS, {"tournaments": ["cup"]}),
    "scorings": (scorings, PAIRS, {"tournaments": ["league"], "first": 2}),
    "matches": (matches, PAIRS, {"tournament": "cup", "shows": "first action"}),
}
TABLES = {  # the same of tables
    "matchups": (PAIRS, {"algorithms": ["nl-ex", "lola-ex"]}),
    "standings": (PAIRS, {"tournaments": ["cup"]}),
    "crosstable": (PAIRS, {"tournaments": ["cup"]}),
}


def config(figures, tables=None):
    games = {}
    for name, game in GAMES.items():
        payoffs = RNG.integers(-2, 3, (len(game["shape"]), *game["shape"])).tolist()
        games[name] = {"gamma": 0.9, "length": 5, "payoffs": payoffs, **{k: v for k, v in game.items() if k != "shape"}}
    part = {"games": ALL, "algorithms": ["nl-ex", "lola-ex"], "opponent_models": ["oracle", "cloning"]}
    cup = {"games": PAIRS, "entrants": ["phc", "nl-ex"], "episodes": 10, "length": 5, "every": 1}
    league = {"games": PAIRS, "entrants": ["nl-ex", "lola-ex"], "every": 1}
    mine = {
        "games": games,
        "study": {"mine": part, "cup": cup, "league": league},
        "figures": figures,
        "tables": tables or {},
    }
    return load("lola", [], {"without": ["study", "figures", "tables"], "seeds": 2, "steps": 3} | mine)


def block(kind, game, stage="figure"):
    known, about = (kinds.FIGURES, SHOWN[kind][2]) if stage == "figure" else (kinds.TABLES, TABLES[kind][1])
    named = {"game": game} if "game" in known[kind].keys else {"games": [game]}
    return {"kind": kind, "caption": "c"} | named | about


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The config with a figure and a table of each kind of each game, and the folder of its results, trained."""
    figures = {f"{kind}-{game}": block(kind, game) for kind, (_, games, _) in SHOWN.items() for game in games}
    tabled = {f"{kind}-{game}": block(kind, game, "table") for kind, (games, _) in TABLES.items() for game in games}
    root = tmp_path_factory.mktemp("mine") / "lola"
    found = config(figures, tabled) | {"results": str(root)}
    for group in plan.groups(found).values():
        for cell, trained in zip(group.cells, trainers.run(group.spec, list(group.seeds)), strict=True):
            about = {"spec": group.spec, "code": "c", "lock": "l"} | trained.outcome
            cells.write(cell.curve(root), trained.columns, trained.rows, about)
        folder = root / "groups" / group.name
        folder.mkdir(parents=True)
        gathered = aggregate.gather([cell.curve(root) for cell in group.cells], plan.group_spec(group))
        for name, text in gathered.items():
            (folder / name).write_text(text)
    return found, root


def shown(study, stage, name):
    """The sources and the block of a figure or table."""
    known, root = study
    block = known[f"{stage}s"][name]
    folders = [root / "groups" / group for group in plan.block_groups(known, block)]
    assert all(Group(folder).seeds == 2 for folder in folders)
    return split_spec(display.block_spec(known, name, block), folders, Ledger())


@pytest.mark.parametrize(("kind", "game"), [(kind, game) for kind, (_, games, _) in SHOWN.items() for game in games])
def test_every_kind_that_can_shows_it(study, kind, game):
    sources, rest = shown(study, "figure", f"{kind}-{game}")
    figure = draw(SHOWN[kind][0], sources, **rest)
    readable(figure, width=17 if kind == "matches" else 8)
    assert all(np.isfinite(line.get_ydata()).all() for ax in figure.axes for line in ax.lines)
    assert sources.title(game) == GAMES[game].get("title", game)


@pytest.fixture(scope="module")
def made(study):
    """The study with its tables and stand-ins for its figures, which are drawn elsewhere."""
    known, root = study
    for name in known["tables"]:
        sources, rest = shown(study, "table", name)
        kind = import_module(kinds.TABLES[known["tables"][name]["kind"]].module)
        tables.make(kind, sources, rest, "c", root / "tables" / name)
    (root / "figures").mkdir()
    for name in known["figures"]:
        (root / "figures" / f"{name}.png").write_bytes(b"a picture")
    return known, root


def test_every_table_that_can_has_a_number_in_every_cell(made):
    known, root = made
    for name in known["tables"]:
        rows = pd.read_csv(root / "tables" / f"{name}.csv")
        value = "row_value" if name.startswith("matchups") else "value"
        own = rows[rows.runs > 0]  # there is no match-up of two whom nobody has play each other
        assert len(own) and np.isfinite(own[value]).all(), name


def test_the_page_shows_all_of_them(made):
    known, _ = made
    text = results.page(known, [], results.beside_results(known))
    for stage in ("figures", "tables"):
        assert all(f'id="{stage}-{name}"' in text for name in known[stage])


@pytest.mark.parametrize("game", ALL)
def test_mlflow_has_a_run_per_cell_and_the_means_of_returns(made, game, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    known, root = made
    groups = [group for group in plan.groups(known).values() if group.game == game]
    drawn = {
        name: {"kind": block["kind"], "groups": plan.block_groups(known, block), "rank": rank}
        for rank, (name, block) in enumerate(known["figures"].items())
        if game in plan.block_games(block)
    }
    about = runs.About({group.algorithm: group.algorithm for group in groups}, {"cloning": "cloned opponent"})
    curves = [str(cell.curve(root)) for group in groups for cell in group.cells]
    logged, _ = games.log_cells(root, game, curves, about)
    assert len(logged) == len(curves)
    files = [str(Path(root, "figures", f"{name}.png")) for name in drawn]
    aggregate = games.log_aggregate(root, game, drawn, files, about)
    with client.open_client(root) as here:
        experiment = here.get_experiment_by_name(store.experiment_name(root, game))
        means = here.get_run(aggregate).data.metrics
        assert len(here.search_runs([experiment.experiment_id])) == len(curves) + 1
    agents = [runs.metric_name(str(player), measures.RETURN) for player in range(1, len(GAMES[game]["shape"]) + 1)]
    names = [f"{runs.FORBIDDEN.sub('.', group.algorithm)}/{group.opponent_model}" for group in groups]
    assert {f"{name}/{agent}" for name in names for agent in agents} <= {*means}


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
