"""Training from Python gives the pipeline's numbers, with the study's settings, and says what is wrong."""

import json

import numpy as np
import pandas as pd
import pytest
import snippets

import lola
from lola.commands import train as command
from lola.files import cells
from lola.study import plan
from lola.study.config import load

STUDY = plan.groups(load("lola"))
SMALL = {  # a group of every course, and what is smaller than in the study
    "ipd/lola-ex/oracle": {},
    "imp/lola-pg/cloning": {"steps": 4},
    "ipd/phc-vs-lola-ex@tournament/oracle": {"episodes": 50, "every": 5},
    "coin-game/coin-lola-pg/oracle": {"steps": 20, "every": 2},
}


def shrunk(spec, smaller):
    """The spec of the study with these settings of a part."""
    return (
        spec
        | {"steps": smaller.get("episodes") or smaller.get("steps", spec["steps"])}
        | {"every": smaller.get("every", spec["every"])}
    )


def trained(name, seeds, **settings):
    game, algorithm, opponent_model = name.split("/")
    return lola.train(game, algorithm, opponent_model=opponent_model, seeds=seeds, **settings)


@pytest.mark.parametrize("name", SMALL)
def test_a_cell_has_the_pipelines_numbers_to_the_last_bit(name, tmp_path, monkeypatch):
    spec, seeds = shrunk(STUDY[name].spec, SMALL[name]), [0, 2]
    files = [STUDY[name].cell(seed).curve(tmp_path) for seed in seeds]
    given = ["--spec", json.dumps(spec), "--code", "{}", "--lock", "a lock", "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["lola.commands.train", *given, *map(str, files)])
    command.main()

    ours = trained(name, seeds, **SMALL[name])
    assert ours.group.spec == spec and ours.name == name
    snippets.write_results(tmp_path, ours)
    for seed, file in zip(seeds, files, strict=True):
        theirs, mine = (cells.read_manifest(STUDY[name].cell(seed).curve(at)) for at in (tmp_path, root(tmp_path)))
        theirs.pop("processor")
        assert mine == theirs and file.read_bytes() == STUDY[name].cell(seed).curve(root(tmp_path)).read_bytes()


def root(folder):
    return folder / "results" / "lola"


def test_what_is_read_back_is_what_was_trained(tmp_path):
    ours = lola.train("ipd", "lola-ex", seeds=[3, 1], steps=20)
    read = lola.load("ipd/lola-ex", snippets.write_results(tmp_path, ours))
    assert read.group.spec == ours.group.spec and read.seeds == [1, 3] and read.ends == ours.ends
    expected = ours.curves.sort_values("seed", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(read.curves, expected, check_exact=True)
    pd.testing.assert_frame_equal(read.returns, ours.returns, check_exact=True)
    assert not read.policies.empty and read.policies.equals(
        ours.policies.sort_index(level="seed", sort_remaining=False)
    )


def test_what_is_not_given_is_as_in_the_study():
    assert trained("ipd/nl-ex/oracle", 1).group.spec == STUDY["ipd/nl-ex/oracle"].spec
    dice = trained("ipd/nl-dice/oracle", 1, steps=2).group.spec
    assert dice == STUDY["ipd/nl-dice/oracle"].spec | {"steps": 2} and dice["init_std"] == 0.447
    assert lola.train("chicken", "nl-ex", seeds=1).ends[0]["steps"] == 200, "which the study says of all"


def test_seeds_are_a_number_or_any_collection():
    for seeds in (2, [0, 1], range(2), np.arange(2), (seed for seed in (0, 1))):
        assert lola.train("ipd", "nl-ex", seeds=seeds, steps=2).seeds == [0, 1]


def test_a_run_depends_on_no_other():
    together = lola.train("ipd", "lola-ex", seeds=5, steps=20)
    pd.testing.assert_frame_equal(
        lola.train("ipd", "lola-ex", seeds=[4], steps=20).curves,
        together.curves[together.curves.seed == 4].reset_index(drop=True),
        check_exact=True,
    )


def test_settings_stand_in_the_place_of_names():
    named = lola.train("ipd", "lola-ex-vs-nl-ex", seeds=2, steps=20)
    games, algorithms = lola.games(), lola.algorithms()
    game = games["ipd"] | {"payoffs": np.array(games["ipd"]["payoffs"]), "actions": ("C", "D")}
    own = lola.train(game, (algorithms["lola-ex"], "nl-ex"), opponent_model={"model": "oracle"}, seeds=2, steps=20)
    assert own.name == "own/own-1-vs-nl-ex/own" and own.curves.equals(named.curves)
    more = lola.train("ipd", [algorithms["lola-ex"] | {"eta": 3.0}, "nl-ex"], seeds=2, steps=20)
    assert not more.curves.equals(named.curves)


def test_three_players_each_learn_as_they_are_told():
    seats = ["lola-ex", {"rule": "naive", "lr": 0.0}, "nl-ex"]
    runs = lola.train("public-goods", seats, seeds=2, steps=10)
    first = runs.curves.query("player == 2 and step == 0 and metric != 'return'").value.tolist()
    last = runs.curves.query("player == 2 and step == 10 and metric != 'return'").value.tolist()
    assert first == last and runs.returns.shape == (2, 3)


PRISONERS = lola.games()["ipd"]
WRONG = {
    "games: given 'idp'; there is no such name; allowed: ipd,.*did you mean 'ipd'": ("idp", "lola-ex", {}),
    "algorithms: given 'lola-x'; there is no such name; allowed: nl-ex, lola-ex,": ("ipd", "lola-x", {}),
    "algorithms: given 'lola-ex@nowhere'; there is no such name": ("ipd", "lola-ex@nowhere", {}),
    "algorithms: given 'lola-ex@map'; there is no such name": ("ipd", "lola-ex@map", {}),
    "algorithms: nl-ex-vs-nl-ex-vs-nl-ex names 3 seats; allowed: 1 .* or 2": ("ipd", ["nl-ex"] * 3, {}),
    "^algorithm: given 3; allowed: a name, or settings by name": ("ipd", 3, {}),
    r"^algorithm: given \[\]; allowed: a name": ("ipd", [], {}),
    "^game: given None; allowed: a name": (None, "lola-ex", {}),
    "^opponent_model: given 1; allowed: a name": ("ipd", "lola-ex", {"opponent_model": 1}),
    "opponent_models: given 'clone'; there is no such name; allowed: oracle, cloning": (
        "ipd",
        "lola-ex",
        {"opponent_model": "clone"},
    ),
    "algorithms.own.eta: is missing; the rule lola needs it": ("ipd", {"rule": "lola", "lr": 1.0}, {}),
    "algorithms.own-2.rule: given 'lol'; .*did you mean 'lola'": ("ipd", ["nl-ex", {"rule": "lol", "lr": 1}], {}),
    "games.own.gamma: given 1; allowed: a number from 0 up to": (PRISONERS | {"gamma": 1}, "lola-ex", {}),
    "games.own.payoffs: player 1's is .*; allowed: numbers nested 2 × 2": (
        PRISONERS | {"payoffs": np.ones((2, 3, 2))},
        "lola-ex",
        {},
    ),
    "^seeds: given 0; allowed: a whole number n from 1": ("ipd", "lola-ex", {"seeds": 0}),
    r"^seeds: given \[1, 1\]; allowed: .* different whole numbers": ("ipd", "lola-ex", {"seeds": (1, 1)}),
    "^steps: given 0; allowed: a whole number from 1": ("ipd", "lola-ex", {"steps": 0}),
    "given phc, which learns as it plays, in episodes; allowed:": ("ipd", "phc", {}),
    "^every: given 15; allowed: a number that divides a tenth of steps": ("coin-game", "coin-lola-pg", {"steps": 20}),
    "needs exact values, and coin-game has none": ("coin-game", "nl-ex", {"steps": 20, "every": 2}),
    "^device: given 'gpu'; allowed: auto, cpu, cuda": ("ipd", "lola-ex", {"device": "gpu"}),
    "^paper: given 'lolla'; .*allowed: lola, cgd": ("ipd", "lola-ex", {"paper": "lolla"}),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_said_in_a_sentence(message):
    game, algorithm, settings = WRONG[message]
    with pytest.raises(lola.BadConfig, match=message):
        lola.train(game, algorithm, **settings)


def test_the_catalogue_is_the_config_without_its_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert lola.games()["imp"]["payoffs"] == STUDY["imp/nl-ex/oracle"].spec["game"]["payoffs"]
    assert lola.algorithms()["lola-ex"] == {"label": "LOLA-Ex", "rule": "lola", "lr": 1.0, "eta": 1.0}
    assert {"oracle", "cloning", "coin-cloning"} == {*lola.opponent_models()}
    assert "tandem" in lola.games("sos") and "coin-game" not in lola.games("sos")
    with pytest.raises(lola.BadConfig, match="paper: given 'dice'"):
        lola.games("dice")
