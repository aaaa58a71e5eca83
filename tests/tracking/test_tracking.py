"""MLflow: one run per cell with the right numbers, replaced when retrained, whole after any interruption."""

import base64
import errno
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing, suppress
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
import specs
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    BAD_REQUEST,
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    TEMPORARILY_UNAVAILABLE,
)
from sqlalchemy.exc import OperationalError

from lola.commands import browse, track, watch
from lola.files import cells, checkpoints, locks, records
from lola.tracking import client as tracking
from lola.tracking import experiment, games, live, runs, store, views, whole
from lola.tracking.patience import Late, time_limit
from lola.vocabulary import measures
from lola.vocabulary.names import Cell

ABOUT = runs.About(
    {"lola-ex": "LOLA-Ex", "nl-ex": "NL-Ex", "lola-ex-vs-nl-ex": "LOLA-Ex vs NL-Ex"}, {"cloning": "cloned opponent"}
)
WATCHED = {"ipd": ABOUT}  # what the watcher is told, by games
LOLA, NAIVE = {"rule": "lola", "lr": 1.0, "eta": 0.5}, {"rule": "naive", "lr": 1.0}
STEPS = 100
SPEC = specs.EXACT | {"game": specs.IPD, "seats": [LOLA, LOLA], "steps": STEPS}
PG = {"rule": "lola", "lr": 0.1, "eta": 0.4, "estimator": "pg", "entropy": 0.01, "lr_final": 0.05, "clip": 3.0}
NETWORK = {"hidden": 32, "encoder": "linear"}
COIN_GAME = SPEC | {
    "game": {"kind": "coin_game", "grid": 3, "gamma": 0.96},
    "seats": [PG | NETWORK, PG | NETWORK],
    "play": {"batch": 128, "length": 16},
    "every": 4,
}


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    """A database with its schema, made once: it takes seconds."""
    root = tmp_path_factory.mktemp("empty") / "lola"
    tracking.prepare(root)
    return root.parent / store.DATABASE


@pytest.fixture
def root(tmp_path, monkeypatch, empty_store):
    """A study's folder with an empty store."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "my results" / "lola"
    folder.mkdir(parents=True)
    shutil.copy(empty_store, folder.parent)
    return folder


def write_cell(root, seed=0, algorithm="lola-ex", game="ipd", shift=0.0, seats=(LOLA, LOLA), **more) -> str:
    """A cell whose return is -2 + step / 100 for player 1 and -1 for player 2, plus `shift`."""
    spec = SPEC | {"seats": list(seats)}
    rows = ["step,player,metric,value"]
    for step in range(STEPS + 1):
        rows += [f"{step},1,return,{-2 + step / 100 + shift!r}", f"{step},1,C after CD,0.25"]
        rows += [f"{step},2,return,{-1 + shift!r}", f"{step},2,C after CD,0.75"]
    policies = [
        {
            "player": player,
            "state": state,
            "own_state": state,
            "probabilities": {"C": 0.1 * player, "D": 1 - 0.1 * player},
        }
        for player in (1, 2)
        for state in ("start", "CC")
    ]
    manifest = {"spec": spec, "code": "{}", "lock": "b", "status": "finished", "steps": STEPS, "policies": policies}
    path = Cell(game, algorithm, more.pop("opponent_model", "oracle"), seed).curve(root)
    curve = more.pop("curve", "\n".join(rows) + "\n")
    manifest["spec"] |= more.pop("spec", {})
    columns, *rows = (line.split(",") for line in curve.splitlines())
    cells.write(path, columns, rows, manifest | more)
    return str(path)


def log(root, *curves, game="ipd") -> dict[str, str]:
    return games.log_cells(root, game, list(curves), ABOUT)[0]


def client(root) -> MlflowClient:
    return MlflowClient(tracking_uri=store.uri(root))


def all_runs(root, game="ipd", deleted=False):
    here = client(root)
    experiment = here.get_experiment_by_name(store.experiment_name(root, game))
    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    return [] if experiment is None else here.search_runs([experiment.experiment_id], "", view, 1000)


def cells_logged(root, game="ipd") -> list[str]:
    return sorted(run.data.tags["cell"] for run in all_runs(root, game))


def artifacts(root, run_id) -> set[str]:
    return {entry.path for entry in client(root).list_artifacts(run_id)}


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", *map(str, arguments)]


def environment(**more) -> dict[str, str]:
    known = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "MLFLOW"))}
    return known | {"PYTHONPATH": str(Path(store.__file__).parents[2])} | more


# --- what a run holds


def test_a_cell_is_a_run_with_its_settings_and_numbers(root):
    curve = write_cell(root, seed=3)
    (run_id,) = log(root, curve).values()
    run = client(root).get_run(run_id)
    assert run.info.run_name == "s3 LOLA-Ex"
    assert run.info.status == "FINISHED"
    expected = {"cell": "ipd/lola-ex/oracle/seed3", "algorithm": "lola-ex", "opponent_model": "oracle", "seed": "3"}
    expected |= {"seat1": "lola-ex", "seat2": "lola-ex", "lock": "b", "snakemake_rule": "train+ipd+lola-ex+oracle"}
    expected |= {"kind": "curve"}
    assert expected.items() <= run.data.tags.items()
    assert {"git_commit", "git_dirty", "code_fingerprint", "manifest"} <= run.data.tags.keys()
    assert run.data.params == {
        "algorithm": "LOLA-Ex",
        "seed": "3",
        "opponent_model": "oracle",
        "opponent_model.model": "oracle",
        "steps": "100",
        "init_std": "1.0",
        "game.gamma": "0.96",
        "game.actions": '["C","D"]',
        "game.payoffs": "[[[-1,-3],[0,-2]],[[-1,0],[-3,-2]]]",
        "seat1.rule": "lola",
        "seat1.lr": "1.0",
        "seat1.eta": "0.5",
        "seat2.rule": "lola",
        "seat2.lr": "1.0",
        "seat2.eta": "0.5",
    }
    assert run.data.metrics == {
        "agent 1/return": -1.0,
        "agent 1/C after CD": 0.25,
        "agent 2/return": -1.0,
        "agent 2/C after CD": 0.75,
    }
    assert [step for step, _ in points(root, run_id, "agent 1/C after CD")] == [*range(0, STEPS + 1, 5)]
    history = client(root).get_metric_history(run_id, "agent 1/return")
    steps = [point.step for point in history]
    assert (len(steps), steps[0], steps[-1]) == (41, 0, STEPS)
    assert {after - before for before, after in pairwise(steps)} == {2, 3}
    assert all(point.value == pytest.approx(-2 + point.step / 100) for point in history)
    assert artifacts(root, run_id) == {"curve.csv", "manifest.json", "policies.json", "config.json", "picture.png"}
    folder = Path(client(root).download_artifacts(run_id, ""))
    assert (folder / "curve.csv").read_text() == Path(curve).read_text()
    assert json.loads((folder / "config.json").read_text())["seats"] == [LOLA, LOLA]


def test_a_matchup_names_its_seats(root):
    curve = write_cell(root, algorithm="lola-ex-vs-nl-ex", seats=(LOLA, NAIVE))
    (run_id,) = log(root, curve).values()
    run = client(root).get_run(run_id)
    assert run.info.run_name == "s0 LOLA-Ex vs NL-Ex"
    assert (run.data.tags["seat1"], run.data.tags["seat2"]) == ("lola-ex", "nl-ex")
    assert (run.data.params["seat1.rule"], run.data.params["seat2.rule"]) == ("lola", "naive")
    assert "seat2.eta" not in run.data.params


def test_algorithms_with_one_label_are_told_apart():
    labels = {"nl-ex": "NL-Ex", "nl-t4": "NL-Ex", "lola-ex": "LOLA-Ex", "lola-ex@map": "LOLA-Ex"}

    def title(algorithm):
        return runs.title(Cell("ipd", algorithm, "oracle", 3), runs.About(labels))

    assert title("nl-ex") == "s3 NL-Ex (nl-ex)"
    assert title("lola-ex") == "s3 LOLA-Ex"
    assert title("lola-ex@map") == "s3 LOLA-Ex map"
    assert title("unheard-of") == "s3 unheard-of"


def test_a_failed_cell_is_a_failed_run_without_its_infinite_numbers(root):
    curve = "step,player,metric,value\n0,1,return,-1.5\n0,2,return,nan\n1,1,return,inf\n1,2,return,-inf\n"
    path = write_cell(root, curve=curve, status="failed", reason="not finite at step 1", policies=None)
    (run_id,) = log(root, path).values()
    run = client(root).get_run(run_id)
    assert (run.info.status, run.data.tags["reason"]) == ("FAILED", "not finite at step 1")
    assert run.data.metrics == {"agent 1/return": -1.5}
    assert games.log_cells(root, "ipd", [path], ABOUT) == ({"ipd/lola-ex/oracle/seed0": run_id}, 0)


def test_a_map_is_logged_by_its_best_and_its_diverged_points(root):
    rows = [(0.1, -2.0, -1.5), (1.0, -1.0, -1.25), (10.0, "nan", "nan"), (20.0, "nan", "nan")]
    lines = ["lr,eta,player,metric,value"]
    lines += [f"{lr},1.0,{player},return,{value}" for lr, *values in rows for player, value in enumerate(values, 1)]
    spec = {"grid": {"lr": [0.1, 1.0, 10.0, 20.0], "eta": [1.0]}}
    path = write_cell(root, algorithm="lola-ex@map", curve="\n".join(lines) + "\n", spec=spec, policies=None)
    (run_id,) = log(root, path).values()
    run = client(root).get_run(run_id)
    assert run.data.metrics == {
        "agent 1/best return": -1.0,
        "agent 1/share diverged": 0.5,
        "agent 2/best return": -1.25,
        "agent 2/share diverged": 0.5,
    }
    assert run.data.tags["kind"] == "map"
    assert run.data.params["grid.lr"] == "[0.1,1.0,10.0,20.0]"
    assert artifacts(root, run_id) == {"curve.csv", "manifest.json", "config.json"}


def test_no_game_takes_a_lock_that_is_not_a_games(tmp_path):
    """A study of a game called watcher would wait for its own watcher."""
    games = [store.game_lock(tmp_path, name) for name in ("watcher", "store", "game-ipd", "ipd")]
    assert len({*games, store.watcher_lock(tmp_path), tmp_path / "tracking" / ".store.lock"}) == 6


def test_a_game_of_many_states_is_thinned_further():
    series = {("1", f"C after {n}"): [(step, 0.5) for step in range(201)] for n in range(240)}
    points = runs.thin(series)
    assert len(points) == 2400
    steps = [step for name, step, _ in points if name == "agent 1/C after 0"]
    assert (len(steps), steps[0], steps[-1]) == (10, 0, 200)


def test_a_sampled_run_tells_how_it_was_played_and_how_good_clones_are(root):
    seat = LOLA | {"estimator": "pg"}
    clone = {"model": "cloning", "rate": 5.0, "steps": 20}
    spec = {"opponent_model": clone, "play": {"batch": 4000, "length": 150}, "seats": [seat, seat]}
    lines = ["step,player,metric,value", "0,1,return,-2.0"]
    for step in range(1, STEPS + 1):
        lines += [f"{step},1,return,-1.0", f"{step},1,clone of player 2 log-likelihood,{-1 / step!r}"]
        lines += [f"{step},1,clone of player 2 distance,0.125"]
    path = write_cell(root, opponent_model="cloning", spec=spec, curve="\n".join(lines) + "\n", policies=None)
    (run_id,) = log(root, path).values()
    run = client(root).get_run(run_id)
    assert run.info.run_name == "s0 LOLA-Ex, cloned opponent"
    expected = {"opponent_model": "cloned opponent", "opponent_model.model": "cloning", "opponent_model.rate": "5.0"}
    expected |= {"opponent_model.steps": "20", "play.batch": "4000", "play.length": "150", "seat2.estimator": "pg"}
    assert expected.items() <= run.data.params.items()
    assert run.data.metrics == {
        "agent 1/return": -1.0,
        "agent 1/clone of agent 2 log-likelihood": -0.01,
        "agent 1/clone of agent 2 distance": 0.125,
    }
    steps = [step for step, _ in points(root, run_id, "agent 1/clone of agent 2 distance")]
    assert [0, *steps] == [step for step, _ in points(root, run_id)]


def measure(root, first, last, seconds=8.0, algorithm="lola-ex", later=0.0) -> Path:
    """The benchmark that Snakemake leaves when the job of these seeds has ended, so much later than its last cell."""
    name = Cell("ipd", algorithm, "oracle", first)
    path = name.benchmark(root, name.cell(last))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"s": seconds}) + "\n")
    end = name.cell(last).manifest(root).stat().st_mtime + later
    os.utime(path, (end, end))
    return path


@pytest.mark.parametrize("algorithm", ["lola-ex", "lola-ex-vs-nl-ex", "lola-ex@map", "lola-ex-vs-nl-ex@cup"])
def test_what_was_logged_as_its_job_ended_is_not_logged_again(root, algorithm):
    """Nor the other way round, whatever the group is called."""
    first, second = (write_cell(root, seed, algorithm=algorithm) for seed in range(2))
    with experiment.open_game(root, "ipd") as log_of_game:
        games.log_ended(log_of_game, [first], ABOUT)
    known, logged = games.log_cells(root, "ipd", [first, second], ABOUT)
    assert logged == 1
    with experiment.open_game(root, "ipd") as log_of_game:
        games.log_ended(log_of_game, [first, second], ABOUT)
        assert {run.info.run_id for run in log_of_game.active()} == {*known.values()}


def test_a_run_has_the_times_of_its_training(root):
    """Side by side seeds have their job's, a cell alone its own; older benchmarks of the same seeds don't count."""
    curves = [write_cell(root, seed) for seed in range(3)]
    measure(root, 0, 2)
    old = measure(root, 1, 1, later=-3600.0)
    here = [client(root).get_run(run_id) for run_id in log(root, *curves).values()]
    end = (old.parent / "seed0-2.jsonl").stat().st_mtime * 1000
    assert [run.info.end_time for run in here] == [pytest.approx(end, abs=1)] * 3
    assert [run.info.start_time for run in here] == [pytest.approx(end - 8000 + seed, abs=1) for seed in range(3)]
    assert "Seeds 0 to 2 were trained side by side in one job of 8 s" in here[1].data.tags["mlflow.note.content"]
    alone = write_cell(root, 3)
    measure(root, 3, 3, seconds=2.5)
    (run_id,) = log(root, alone).values()
    run = client(root).get_run(run_id)
    assert run.info.end_time - run.info.start_time == 2500
    assert "those of its training" in run.data.tags["mlflow.note.content"]


def test_a_run_says_how_it_ended_who_made_it_and_how_to_make_it_again(root):
    (run_id,) = log(root, write_cell(root, 3)).values()
    tags = client(root).get_run(run_id).data.tags
    files = Cell("ipd", "lola-ex", "oracle", 3).curve(root).with_suffix(".*")
    assert "**LOLA-Ex** in *ipd*, seed 3: finished after 100 updates" in tags["mlflow.note.content"]
    assert f"To make it again, byte for byte: `rm {files}`, then `make reproduce`." in tags["mlflow.note.content"]
    assert "How long it trained was not kept" in tags["mlflow.note.content"]
    assert tags["mlflow.source.name"] == "lola.commands.train"
    assert tags["mlflow.user"] == store.user() != ""


def test_what_would_be_logged_otherwise_now_is_logged_anew(root):
    curve = write_cell(root)
    (old,) = log(root, curve).values()
    assert games.log_cells(root, "ipd", [curve], ABOUT)[1] == 0
    logged, count = games.log_cells(root, "ipd", [curve], replace(ABOUT, code="of another day"))
    assert count == 1 and [run.info.run_id for run in all_runs(root)] == [*logged.values()] != [old]


def test_a_setting_that_is_longer_than_mlflow_takes_is_cut(root):
    payoffs = np.arange(2 * 40 * 40).reshape(2, 40, 40).tolist()
    spec = {"game": {**specs.IPD, "payoffs": payoffs}}
    (run_id,) = log(root, write_cell(root, spec=spec)).values()
    shown = client(root).get_run(run_id).data.params["game.payoffs"]
    assert len(shown) == 6000 and shown.endswith("…")
    folder = Path(client(root).download_artifacts(run_id, ""))
    assert json.loads((folder / "config.json").read_text())["game"]["payoffs"] == payoffs


def test_players_with_actions_of_their_own_have_a_picture(tmp_path):
    actions, payoffs = [["up", "down"], ["left", "middle", "right"]], [[[0, 1, 2], [3, 4, 5]], [[0, 1, 2], [3, 4, 5]]]
    policies = [
        {"player": player, "state": "start", "own_state": "start", "probabilities": dict.fromkeys(own, 1 / len(own))}
        for player, own in enumerate(actions, start=1)
    ]
    path = write_cell(
        tmp_path, spec={"game": {"actions": actions, "payoffs": payoffs, "gamma": 0.9}}, policies=policies
    )
    assert runs.content(path, cells.read_manifest(path), ABOUT).files["picture.png"].startswith(b"\x89PNG")


def coin_rows(steps=STEPS) -> np.ndarray:
    """What a Coin Game leaves, (rows, players, measures): ever more coins, of red's 3 in 4 its own, of blue's none."""
    picked = np.arange(4, steps + 1, 4) / 1000
    red, blue = np.stack([picked - 1, picked, 0.75 * picked, picked]), np.stack([-picked, picked, 0 * picked, picked])
    return np.stack([red.T, blue.T], axis=1)


def write_coin_game(root, seed=0, **more) -> str:
    """The cell that leaves `coin_rows`, and its episode."""
    lines = ["step,player,metric,value"]
    for row, players in enumerate(coin_rows().tolist(), start=1):
        for player, values in enumerate(players, start=1):
            lines += [
                f"{4 * row},{player},{name},{value!r}"
                for name, value in zip(measures.OF_COIN_GAME, values, strict=True)
            ]
    more = {"curve": "\n".join(lines) + "\n", "episode": [[0, 4, 8, 0], [1, 5, 8, 0], [2, 8, 6, 1]] * 3} | more
    more = {"device": "cpu", "policies": []} | more
    return write_cell(root, seed, "coin-lola", "coin-game", seats=(PG, PG), spec=COIN_GAME, **more)


def test_a_coin_game_is_a_run_with_its_coins_and_an_episode_to_look_at(root):
    (run_id,) = log(root, write_coin_game(root), game="coin-game").values()
    run = client(root).get_run(run_id)
    assert run.data.metrics == pytest.approx(
        {
            "own-colour share": 0.375,
            "agent 1/own-colour share": 0.75,
            "agent 2/own-colour share": 0.0,
            "agent 1/return": -0.9,
            "agent 2/return": -0.1,
        }
        | dict.fromkeys([f"agent {player}/{name}" for player in (1, 2) for name in ("points", "coins")], 0.1)
    )
    assert [step for step, _ in points(root, run_id, "own-colour share")] == list(range(4, STEPS + 1, 4))
    settings = {
        "game.kind": "coin_game",
        "game.grid": "3",
        "seat1.hidden": "32",
        "seat2.encoder": "linear",
        "every": "4",
    }
    settings |= {"play.batch": "128", "play.length": "16", "seat1.lr": "0.1", "seat1.eta": "0.4", "seat1.clip": "3.0"}
    settings |= {"seat2.lr_final": "0.05", "seat2.entropy": "0.01"}
    assert settings.items() <= run.data.params.items()
    assert artifacts(root, run_id) == {"curve.csv", "manifest.json", "config.json", "picture.png", "episode.gif"}
    assert run.data.tags["device"] == "cpu"
    film = Path(client(root).download_artifacts(run_id, "episode.gif")).read_bytes()
    assert film.startswith(b"GIF8") and b"NETSCAPE2.0" in film  # animated


def test_a_coin_game_that_failed_has_no_episode(root):
    curve = "step,player,metric,value\n" + "".join(
        f"4,1,{name},0.0\n4,2,{name},0.0\n" for name in measures.OF_COIN_GAME
    )
    path = write_coin_game(root, curve=curve, status="failed", reason="not finite between steps 5 and 8")
    manifest = cells.read_manifest(path)
    del manifest["episode"]
    logged = runs.content(path, manifest, ABOUT)
    assert (logged.tags["device"], logged.tags["reason"]) == ("cpu", "not finite between steps 5 and 8")
    assert "episode.gif" not in logged.files and logged.files["picture.png"].startswith(b"\x89PNG")
    assert {name for name, _, _ in logged.metrics} == {  # nobody picks a coin: no shares
        f"agent {player}/{name}" for player in (1, 2) for name in ("return", "points", "coins")
    }


def test_metric_names_hold_only_what_mlflow_allows():
    assert runs.metric_name("1", "C after CD") == "agent 1/C after CD"
    assert runs.metric_name("2", "give! after (a/b)") == "agent 2/give_ after _a_b_"
    assert runs.metric_name("2", "player after player") == "agent 2/player after player"


def test_a_metric_whose_name_is_too_long_for_mlflow_has_a_name_of_its_own(root):
    states = [f"{'very-' * 60}{end}" for end in ("C", "D")]
    lines = ["step,player,metric,value", "0,1,return,-1.0", *(f"0,1,C after {state},0.5" for state in states)]
    (run_id,) = log(root, write_cell(root, curve="\n".join(lines) + "\n")).values()
    names = client(root).get_run(run_id).data.metrics.keys()
    assert len(names) == 3 and max(map(len, names)) == 250


def test_equal_cells_have_equal_pictures(tmp_path):
    def picture(**cell):
        path = write_cell(tmp_path, **cell)
        return runs.content(path, cells.read_manifest(path), ABOUT).files["picture.png"]

    first, other = picture(), picture(shift=0.1)
    assert first != other
    assert picture() == first
    assert first.startswith(b"\x89PNG") and b"Software" not in first


def test_a_game_of_real_parameters_is_a_run_with_a_picture_and_no_policies(root):
    rows = [
        f"{step},{player},{name},{step * player}" for step in range(3) for player in (1, 2) for name in ("return", "x")
    ]
    spec = {"game": {"kind": "polynomial"}}
    path = write_cell(root, game="tandem", curve="\n".join(["step,player,metric,value", *rows]), spec=spec, policies=[])
    (run_id,) = log(root, path, game="tandem").values()
    assert artifacts(root, run_id) == {"curve.csv", "manifest.json", "config.json", "picture.png"}
    assert client(root).get_run(run_id).data.metrics == {
        "agent 1/return": 2,
        "agent 1/x": 2,
        "agent 2/return": 4,
        "agent 2/x": 4,
    }
    sections = views.sections("figure1", ["agent 1/return", "agent 1/x", "agent 2/x"])
    assert [section["name"] for section in sections] == [
        *("Figure 1: returns", "Parameters of agent 1", "Parameters of agent 2")
    ]


def test_a_run_that_goes_as_far_as_numbers_do_has_a_picture(tmp_path):
    rows = [f"{step},1,x,{value}" for step, value in enumerate((0.5, -1.7e308, 1.7e308))]
    curve, spec = "\n".join(["step,player,metric,value", *rows]), {"game": {"kind": "polynomial"}}
    path = write_cell(tmp_path, game="tandem", curve=curve, spec=spec, policies=[])
    assert runs.content(path, cells.read_manifest(path), ABOUT).files["picture.png"].startswith(b"\x89PNG")


# --- one run per cell


def test_nothing_is_logged_twice(root):
    curves = [write_cell(root, seed) for seed in range(2)]
    first = games.log_cells(root, "ipd", curves, ABOUT)
    assert first[1] == 2
    assert games.log_cells(root, "ipd", curves, ABOUT) == (first[0], 0)
    assert len(all_runs(root, deleted=True)) == 2


def test_a_retrained_cell_replaces_its_run(root):
    same = write_cell(root, 0)
    kept, old = log(root, same, write_cell(root, 1)).values()
    _, new = log(root, same, write_cell(root, 1, shift=0.5)).values()
    assert sorted(run.info.run_id for run in all_runs(root)) == sorted([kept, new])
    former = client(root).get_run(old)
    assert (former.info.lifecycle_stage, former.data.tags["superseded_by"]) == ("deleted", new)
    assert client(root).get_run(new).data.metrics["agent 2/return"] == -0.5


def test_a_new_label_renames_the_run(root):
    curve = write_cell(root)
    log(root, curve)
    games.log_cells(root, "ipd", [curve], runs.About({"lola-ex": "LOLA"}))
    assert [run.info.run_name for run in all_runs(root)] == ["s0 LOLA"]


def test_a_run_deleted_by_hand_is_logged_again(root):
    curve = write_cell(root)
    (first,) = log(root, curve).values()
    client(root).delete_run(first)
    (second,) = log(root, curve).values()
    assert first != second and cells_logged(root) == ["ipd/lola-ex/oracle/seed0"]


def test_cells_that_left_the_study_leave_the_runs_and_the_means(root):
    """Their runs are kept among the deleted; those of seeds that come back are logged again."""
    curves = [write_cell(root, seed, shift=seed / 10) for seed in range(3)]

    def final():
        run_id = games.log_aggregate(root, "ipd", {"figure1": figure("ipd/lola-ex/oracle")}, [], ABOUT)
        return client(root).get_run(run_id).data.metrics["lola-ex/oracle/agent 1/return"]

    log(root, *curves)
    assert final() == pytest.approx(-0.9)
    log(root, curves[0])
    assert final() == -1.0
    assert cells_logged(root) == ["ipd/aggregate", "ipd/lola-ex/oracle/seed0"]
    left = [run.data.tags["cell"] for run in all_runs(root, deleted=True) if "left" in run.data.tags]
    assert sorted(left) == ["ipd/lola-ex/oracle/seed1", "ipd/lola-ex/oracle/seed2"]
    log(root, *curves)
    assert final() == pytest.approx(-0.9)


def test_a_run_that_somebody_else_made_in_the_experiment_is_left_alone(root):
    curve = write_cell(root)
    log(root, curve)
    theirs = client(root).create_run(all_runs(root)[0].info.experiment_id)
    client(root).set_terminated(theirs.info.run_id)
    log(root, curve)
    assert theirs.info.run_id in [run.info.run_id for run in all_runs(root)]


def test_a_figure_that_left_the_study_leaves_the_runs(root):
    curve = write_cell(root)
    log(root, curve)
    for drawn, shown in (("figure1", "zoom"), ("zoom", "figure1")):
        games.log_aggregate(root, "ipd", {drawn: figure()}, [], ABOUT)
        (tags,) = (run.data.tags for run in all_runs(root) if run.data.tags["kind"] == "curve")
        assert tags[views.run_tag(drawn)] == "true" and tags.get(views.run_tag(shown), "false") == "false"


def test_a_game_that_left_the_study_leaves_the_ui_until_it_comes_back(root, monkeypatch):
    for game in ("ipd", "my.game"):
        marker, curve = root / "tracking" / f"{game}.cells.json", write_cell(root, game=game)
        run_stage(monkeypatch, *stage_of_cells(root, game, marker, curve))
    other = root.parent / "lola-smoke"
    log(other, write_cell(other))
    (before,) = cells_logged(root, "my.game")
    games.forget_games(root, ["ipd"])
    assert [*games.links(root)] == ["lola/ipd, all runs", "lola-smoke/ipd, all runs"]
    assert [path.name for path in store.markers(root)] == ["ipd.cells.json"]
    assert not [*store.not_logged(root)]
    log(root, curve, game="my.game")
    assert cells_logged(root, "my.game") == [before]


def test_what_somebody_deletes_in_the_ui_is_named_and_comes_back(root, monkeypatch):
    marker, curves = root / "tracking" / "ipd.cells.json", [write_cell(root, seed) for seed in range(2)]

    def stage():
        run_stage(monkeypatch, *stage_of_cells(root, "ipd", marker, *curves))
        assert not [*store.not_logged(root)]

    stage()
    client(root).delete_run(all_runs(root)[0].info.run_id)
    assert [*store.not_logged(root)] == [(marker, f"1 run of ipd deleted in MLflow; {store.RETRIED}")]
    stage()
    client(root).delete_experiment(all_runs(root)[0].info.experiment_id)
    assert [*store.not_logged(root)] == [(marker, f"2 runs of ipd deleted in MLflow; {store.RETRIED}")]
    stage()
    assert cells_logged(root) == ["ipd/lola-ex/oracle/seed0", "ipd/lola-ex/oracle/seed1"]


def as_a_folder(path):
    path.unlink()
    (path / "inner").mkdir(parents=True)


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "emptied": lambda path: path.write_bytes(b""),
    "one byte flipped": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "deleted": Path.unlink,
    "a folder": as_a_folder,
    "a link to nowhere": lambda path: (path.unlink(), path.symlink_to("nowhere")),
    "all deleted": lambda path: shutil.rmtree(path.parent),
    "one more": lambda path: path.with_name("other").touch(),
}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("file", ["curve.csv", "picture.png"])
def test_a_damaged_file_of_a_run_is_named_and_attached_again(root, monkeypatch, file, kind):
    marker, curves = root / "tracking" / "ipd.cells.json", [write_cell(root, seed) for seed in range(2)]
    stage = stage_of_cells(root, "ipd", marker, *curves)
    run_stage(monkeypatch, *stage)
    harmed, whole = (run.info.run_id for run in all_runs(root))
    attached = root.parent / "mlartifacts/lola/ipd"
    before = (attached / harmed / "artifacts" / file).read_bytes()
    DAMAGE[kind](attached / harmed / "artifacts" / file)
    assert [*store.not_logged(root)] == [
        (marker, f"1 run of ipd with other files in MLflow than were attached; {store.RETRIED}")
    ]
    run_stage(monkeypatch, *stage)
    assert not [*store.not_logged(root)]
    now = {run.info.run_id for run in all_runs(root)}
    assert len(now) == 2 and whole in now and harmed not in now
    (anew,) = now - {whole}
    assert (attached / anew / "artifacts" / file).read_bytes() == before


def test_duplicates_are_reduced_to_one(root):
    curve = write_cell(root)
    (first,) = log(root, curve).values()
    here, original = client(root), client(root).get_run(first)
    twin = here.create_run(original.info.experiment_id, tags=original.data.tags, run_name=original.info.run_name)
    here.set_terminated(twin.info.run_id)
    assert log(root, curve) == {"ipd/lola-ex/oracle/seed0": first}
    assert cells_logged(root) == ["ipd/lola-ex/oracle/seed0"]


def test_a_half_logged_run_is_closed_and_logged_anew(root):
    curve = write_cell(root)
    (whole,) = log(root, curve).values()
    here, original = client(root), client(root).get_run(whole)
    here.delete_run(whole)
    half = here.create_run(original.info.experiment_id, tags=original.data.tags, run_name=original.info.run_name)
    (again,) = log(root, curve).values()
    closed = here.get_run(half.info.run_id).info
    assert (closed.status, closed.lifecycle_stage) == ("KILLED", "deleted")
    assert [run.info.run_id for run in all_runs(root)] == [again]


def test_another_writers_open_run_is_left_alone_in_a_shared_store(root, monkeypatch):
    curve = write_cell(root)
    monkeypatch.setattr(store, "is_own", lambda root: False)
    log(root, curve)
    (run,) = all_runs(root)
    here = client(root)
    tags = run.data.tags | {"writer": "elsewhere:/results", "cell": "ipd/lola-ex/oracle/seed1"}
    theirs = here.create_run(run.info.experiment_id, tags=tags)
    long_ago = {experiment.LOGGED: "2020-01-01T00:00:00+00:00"}
    dead = here.create_run(run.info.experiment_id, tags=tags | long_ago)
    log(root, curve)
    assert here.get_run(theirs.info.run_id).info.status == "RUNNING"
    assert here.get_run(dead.info.run_id).info.status == "KILLED"


INTERRUPTED = [
    ("log_whole", {}),
    ("log_by_calls", {"0": ("FINISHED", "active"), "1": ("KILLED", "deleted")}),
]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("way", "left"), INTERRUPTED)
def test_a_signal_while_logging_leaves_no_half_a_run(root, number, way, left):
    curves = [write_cell(root, seed) for seed in range(3)]
    script = f"""
import os
from lola.commands import track
from lola.tracking.experiment import GameRuns
attach = GameRuns.attach
def interrupted(self, artifacts, files):
    attach(self, artifacts, files)
    if b"seed1" in files["manifest.json"]:
        os.kill(os.getpid(), {int(number)})
GameRuns.attach = interrupted
GameRuns.log_whole = GameRuns.{way}
track.main()
"""
    arguments = stage_of_cells(root, "ipd", root / "marker.json", *curves)
    done = subprocess.run([sys.executable, "-c", script, *map(str, arguments)], env=environment())
    assert done.returncode == 128 + number
    assert not (root / "marker.json").exists()
    states = {
        run.data.tags["seed"]: (run.info.status, run.info.lifecycle_stage) for run in all_runs(root, deleted=True)
    }
    assert states == left
    if not left:
        assert not any(path.is_file() for path in Path(store.artifacts(root)).rglob("*"))
    assert len(log(root, *curves)) == len(cells_logged(root)) == 3


def test_runs_written_whole_are_those_that_the_trackers_own_calls_write(tmp_path, monkeypatch, empty_store):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    written = []
    for way in ("log_whole", "log_by_calls"):
        monkeypatch.setattr(experiment.GameRuns, "log_whole", getattr(experiment.GameRuns, way))
        root = tmp_path / way / "lola"
        root.mkdir(parents=True)
        shutil.copy(empty_store, root.parent)
        log(root, write_cell(root, 0), write_cell(root, 1, status="failed", steps=7, reason="not finite"))
        files = {run.info.run_name: artifacts(root, run.info.run_id) for run in all_runs(root)}
        written.append((tables(root), files))
    for table, rows in written[0][0].items():
        assert rows == written[1][0][table]
    assert written[0][1] == written[1][1]
    assert {name: len(rows) for name, rows in written[0][0].items()}["runs"] == 2


def test_a_run_without_a_number_is_written_too(root):
    with experiment.open_game(root, "ipd") as game:
        content = runs.Content({"kind": "aggregate"}, {}, [("lost", 0, float("nan"))], {"figure.png": b"?"})
        wanted = experiment.Wanted("aggregate", {"cell": "ipd/aggregate"}, "FINISHED", lambda: content)
        kept = game.ensure([wanted], {})
    (run,) = all_runs(root)
    assert (kept, run.data.metrics, run.data.params) == ({"ipd/aggregate": run.info.run_id}, {}, {})


def test_runs_that_are_in_the_database_keep_their_files_whatever_stops_the_logging_then(root, monkeypatch):
    write = whole.write

    def cut(*arguments):
        write(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(whole, "write", cut)
    with pytest.raises(KeyboardInterrupt):
        log(root, write_cell(root))
    (run,) = all_runs(root)
    assert "manifest.json" in artifacts(root, run.info.run_id)


def test_a_full_disk_is_told_at_once(root, monkeypatch):
    calls = []

    def full(*arguments):
        calls.append(arguments)
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(whole, "write", full)
    with pytest.raises(tracking.Unavailable, match="disk is full"):
        log(root, write_cell(root))
    assert len(calls) == 1
    assert not any(path.is_file() for path in Path(store.artifacts(root)).rglob("*"))


def tables(root) -> dict[str, list[tuple]]:
    """The rows of a store that are runs' own, without what differs from one logging to the next."""
    own = {"run_uuid", "timestamp", "start_time", "end_time", "artifact_uri"}
    of_runs, found = ("runs", "tags", "params", "metrics", "latest_metrics"), {}
    with closing(sqlite3.connect(root.parent / store.DATABASE)) as connection:
        names = dict(connection.execute("SELECT run_uuid, name FROM runs"))
        for table in of_runs:
            rows = connection.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in rows.description]
            found[table] = sorted(
                (
                    names[row["run_uuid"]],
                    *(repr(value).replace(str(root), "") for key, value in row.items() if key not in own),
                )
                for row in (dict(zip(columns, values, strict=True)) for values in rows)
                if row.get("key") not in ("logged_at", "writer")
            )
    return found


@pytest.mark.parametrize("games", [("ipd", "imp"), pytest.param(("ipd", "ipd", "ipd"), marks=pytest.mark.slow)])
def test_writers_at_once_on_a_new_store_lose_nothing(tmp_path, games):
    root = tmp_path / "lola"
    curves = {game: [write_cell(root, seed, game=game) for seed in range(6)] for game in games}
    jobs = [
        subprocess.Popen(
            command("lola.commands.track", *stage_of_cells(root, game, root / f"{n}.json", *curves[game])),
            env=environment(),
        )
        for n, game in enumerate(games)
    ]
    assert [job.wait() for job in jobs] == [0] * len(games)
    for n, game in enumerate(games):
        marker = json.loads((root / f"{n}.json").read_text())
        assert marker["status"] == "logged"
        assert marker["runs"] == {run.data.tags["cell"]: run.info.run_id for run in all_runs(root, game, deleted=True)}
        assert cells_logged(root, game) == [f"{game}/lola-ex/oracle/seed{seed}" for seed in range(6)]


def test_a_second_writer_of_one_game_waits_for_the_first(root):
    curve = write_cell(root)
    second = threading.Thread(target=log, args=(root, curve))
    with locks.alone(store.game_lock(root, "ipd")):
        second.start()
        second.join(1)
        assert all_runs(root) == []
    second.join()
    assert cells_logged(root) == ["ipd/lola-ex/oracle/seed0"]


def test_a_row_that_somebody_else_has_just_written_is_tried_again(root, monkeypatch):
    failures = iter([TEMPORARILY_UNAVAILABLE, BAD_REQUEST])
    log_batch = MlflowClient.log_batch

    def contended(*arguments, **more):
        for code in failures:
            raise MlflowException("database is locked", error_code=code)
        return log_batch(*arguments, **more)

    monkeypatch.setattr(MlflowClient, "log_batch", contended)
    monkeypatch.setattr(experiment.GameRuns, "log_whole", experiment.GameRuns.log_by_calls)
    log(root, write_cell(root))
    assert [run.info.status for run in all_runs(root)] == ["FINISHED"]
    assert sorted(run.info.status for run in all_runs(root, deleted=True)) == ["FINISHED", "KILLED", "KILLED"]


def test_a_database_that_somebody_holds_is_tried_again(root, monkeypatch):
    failures, write = iter(range(2)), whole.write

    def contended(*arguments):
        for _ in failures:
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))
        write(*arguments)

    monkeypatch.setattr(whole, "write", contended)
    log(root, write_cell(root))
    assert [run.info.status for run in all_runs(root, deleted=True)] == ["FINISHED"]


# --- while training


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(live, "ROUND", 0.0)


def save(root, step, seeds=(0,), spec=None, **more) -> Path:
    """The checkpoint of a job that will leave the cells of `write_cell`, after `step` updates."""
    spec = SPEC | (spec or {})
    algorithm = "lola-ex@map" if spec["grid"] else "lola-ex"
    path = checkpoints.beside([str(Cell("ipd", algorithm, "oracle", seed).curve(root)) for seed in seeds])
    returns = [[[-2 + n / 100, -1.0]] * len(seeds) for n in range(step + 1)]
    snapshot = {"step": np.array(step), "at": np.arange(step + 1), "shown": np.array(returns)[..., None]}
    snapshot |= {"measures": np.array(["return"])} | more
    checkpoints.write(path, {"spec": spec, "code": "{}", "lock": "b", "seeds": list(seeds)}, snapshot)
    return path


def state_of(view: str) -> dict:
    """The page's state in the tag of a view, as the UI reads it."""
    packed = json.loads(view)["state"].removeprefix("deflate;")
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def look(root) -> dict[Path, int]:
    return next(watch.look(str(root), os.getppid()))


def points(root, run_id, metric="agent 1/return") -> list[tuple[int, float]]:
    return [(point.step, round(point.value, 9)) for point in client(root).get_metric_history(run_id, metric)]


def expected_points(last: int) -> list[tuple[int, float]]:
    """Player 1's of a run of 100 steps, thinned as when it is finished."""
    return [(step, round(-2 + step / 100, 9)) for step in sorted(runs.shown_steps(range(STEPS + 1))) if step <= last]


@pytest.mark.parametrize(("episodes", "every", "points"), [(990, 30, 33), (1000, 40, 25), (1000, 10, 41), (20, 2, 10)])
def test_a_match_shows_its_blocks_of_episodes_whatever_their_length(episodes, every, points):
    rows = runs.steps_of({"every": every, "steps": episodes})
    series = {("1", "return"): [(step, -1.0) for step in rows], ("1", "share of C"): [(step, 0.5) for step in rows]}
    shown = [step for key, step, _ in runs.thin(series) if key == "agent 1/return"]
    assert (len(shown), shown[0], shown[-1]) == (points, every, episodes)
    assert set(shown) == runs.shown_steps(rows)  # those that a live run shows


def test_a_view_has_as_many_seeds_of_every_group_as_the_page_loads_at_once():
    cells_of = {f"ipd/{name}/oracle": [f"ipd/{name}/oracle/seed{k}" for k in range(50)] for name in "abc"}
    page = views.page(cell for group in cells_of.values() for cell in reversed(group))
    assert page == {f"{group}/seed{k}" for group in cells_of for k in range(33)}
    many = [f"ipd/{n}/oracle/seed{k}" for n in range(150) for k in (7, 11)]
    assert views.page(many) == {cell for cell in many if cell.endswith("/seed7")}
    assert views.page([]) == set()


def test_a_match_is_found_by_its_tournament_and_its_seats():
    cell = Cell("ipd", "nl-q-vs-lola-ex@cup", "oracle", 3)
    manifest = {"spec": SPEC | {"match": {"perspective": "as_described"}}, "code": "{}", "lock": "b"}
    found = runs.tags(cell, manifest, runs.About({"nl-q-vs-lola-ex@cup": "NL-Q vs LOLA-Ex (the cup)"}))
    assert (found["tournament"], found["seat1"], found["seat2"]) == ("cup", "nl-q", "lola-ex")
    assert found["group"] == "NL-Q vs LOLA-Ex (the cup)"


def test_a_match_shows_the_blocks_of_episodes_that_it_has(root, at_once):
    seen = []

    def looks():
        block = {"at": np.array([25, 50]), "shown": np.array([[[[-1.5], [-1.25]]], [[[-1.75], [-1.0]]]])}
        save(root, 60, spec={"every": 25, "match": {"perspective": "as_described"}}, **block)
        yield look(root)
        (run,) = all_runs(root)
        seen.append(points(root, run.info.run_id, "agent 2/return"))
        assert (run.data.params["every"], run.data.params["perspective"]) == ("25", "as_described")

    live.show(root, WATCHED, {}, looks())
    assert seen == [[(25, -1.25), (50, -1.0)]]


def test_a_coin_game_shows_its_coins_while_it_is_trained(root, at_once):
    shown = ("own-colour share", "agent 2/return", "agent 1/points", "agent 1/coins", "agent 1/own-colour share")
    seen = []

    def save_coin_game(step):
        rows = coin_rows(step)[:, None]
        path = checkpoints.beside([str(Cell("coin-game", "coin-lola", "oracle", 0).curve(root))])
        at = np.arange(4, step + 1, 4)
        snapshot = {"step": np.array(step), "at": at, "shown": rows, "measures": np.array(measures.OF_COIN_GAME)}
        checkpoints.write(path, {"spec": COIN_GAME, "code": "{}", "lock": "b", "seeds": [0]}, snapshot)
        return path

    def looks():
        charts = []
        for step in (3, 42):  # none before the first block
            path = save_coin_game(step)
            yield look(root)
            experiment = client(root).get_experiment_by_name("lola/coin-game")
            state = state_of(experiment.tags["mlflow.sharedViewState.training"])
            charts.append([chart["metricKey"] for chart in state["compareRunCharts"]])
        (run,) = all_runs(root, "coin-game")
        seen.extend(points(root, run.info.run_id, metric) for metric in shown)
        before_any, now = charts
        assert now[0] == "own-colour share"
        assert before_any == now and {*now} == run.data.metrics.keys()
        write_coin_game(root)
        path.unlink()
        yield look(root)

    live.show(root, WATCHED, {}, looks())
    (run,) = all_runs(root, "coin-game")
    closed = [points(root, run.info.run_id, metric) for metric in shown]
    (finished,) = log(root, write_coin_game(root), game="coin-game").values()
    assert closed == [points(root, finished, metric) for metric in shown]
    assert seen == [[point for point in series if point[0] <= 42] for series in closed]
    assert seen[0] == [(step, 0.375) for step in range(4, 43, 4)]
    assert seen[1][-1] == (40, -0.04)


def test_a_live_run_appears_grows_and_gives_way_to_the_finished_one(root, at_once):
    seen = []

    def looks():
        path = save(root, 12, seeds=(0, 1))
        yield look(root)
        seen.extend(sorted(all_runs(root), key=lambda run: run.info.run_name))
        yield look(root)
        save(root, 12, seeds=(0, 1))  # the same again, as after a kill soon after a resumption
        yield look(root)
        assert [points(root, run.info.run_id) for run in seen] == [expected_points(12)] * 2
        save(root, 57, seeds=(0, 1))
        yield look(root)
        assert [points(root, run.info.run_id) for run in seen] == [expected_points(57)] * 2
        write_cell(root, 0)
        write_cell(root, 1, status="failed", reason="not finite at step 101")
        path.unlink()
        yield look(root)

    live.show(root, WATCHED, {}, looks())
    assert [run.info.status for run in seen] == ["RUNNING", "RUNNING"]
    assert [run.info.run_name for run in seen] == ["s0 LOLA-Ex", "s1 LOLA-Ex"]
    closed = [client(root).get_run(run.info.run_id) for run in seen]
    assert [run.info.status for run in closed] == ["FINISHED", "FAILED"]
    assert {run.info.lifecycle_stage for run in closed} == {"active"}
    assert closed[0].data.tags["kind"] == "live"  # until Snakemake has measured the job

    curves = [str(Cell("ipd", "lola-ex", "oracle", seed).curve(root)) for seed in (0, 1)]
    logged = log(root, *curves)
    assert sorted(run.info.run_id for run in all_runs(root)) == sorted(logged.values())
    for before, after in zip(closed, logged.values(), strict=True):
        finished = client(root).get_run(after)
        assert points(root, before.info.run_id) == points(root, after) == expected_points(STEPS)
        assert before.data.params == finished.data.params
        assert finished.data.tags["kind"] == "curve"
        assert client(root).get_run(before.info.run_id).data.tags["superseded_by"] == after


def test_a_cell_that_is_logged_before_its_live_run_is_closed_takes_its_place(root, at_once):
    logged = {}

    def looks():
        path = save(root, 50)
        yield look(root)
        path.unlink()
        logged.update(log(root, write_cell(root)))
        yield look(root)

    live.show(root, WATCHED, {}, looks())
    assert [run.info.run_id for run in all_runs(root)] == list(logged.values())
    assert sorted(run.info.status for run in all_runs(root, deleted=True)) == ["FINISHED", "FINISHED"]


def test_cells_are_logged_as_their_job_ends_and_take_the_place_of_live_runs(root, at_once):
    """Not when their files are there, since a job may fail yet; and no cell that an earlier job has left."""
    seen = []

    def looks():
        left = write_cell(root, 2)
        os.utime(Path(left).with_suffix(".json"), (0, 0))
        path = save(root, 50, seeds=(0, 1, 3))
        yield look(root)
        for seed in (0, 1, 3):
            write_cell(root, seed)
        yield look(root)
        seen.append({run.info.status for run in all_runs(root)})
        path.unlink()
        measure(root, 0, 3)
        yield look(root)
        seen.extend(sorted(all_runs(root), key=lambda run: run.data.tags["cell"]))
        yield look(root)

    live.show(root, WATCHED, {}, looks())
    running, *finished = seen
    assert running == {"RUNNING"}
    assert [(run.info.run_name, run.data.tags["kind"]) for run in finished] == [
        (f"s{seed} LOLA-Ex", "curve") for seed in (0, 1, 3)
    ]
    assert [*games.links(root)] == ["lola/ipd, all runs"]
    curves = [str(Cell("ipd", "lola-ex", "oracle", seed).curve(root)) for seed in (0, 1, 3)]
    assert games.log_cells(root, "ipd", curves, ABOUT)[1] == 0, "the rule finds them there"
    assert len(all_runs(root, deleted=True)) == 6


def test_a_job_of_an_earlier_study_is_left_to_the_rules(root, at_once):
    write_cell(root)
    measure(root, 0, 0)
    stale = look(root)
    live.show(root, WATCHED, stale, iter([stale]))
    assert all_runs(root) == []


def test_what_the_watcher_could_not_log_it_tries_again(root, at_once, tmp_path, monkeypatch):
    write_cell(root)
    measure(root, 0, 0)

    def looks():
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store_that_is_down("not a database", tmp_path))
        yield look(root)
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        yield look(root)

    live.show(root, WATCHED, {}, looks())
    assert cells_logged(root) == ["ipd/lola-ex/oracle/seed0"]


def test_a_live_run_is_closed_when_its_training_is_killed(root, at_once):
    write_cell(root, spec={"steps": 90})  # of an earlier study with other settings

    def looks():
        save(root, 50)
        yield look(root)

    live.show(root, WATCHED, {}, looks())
    assert all_runs(root) == []
    assert [run.info.status for run in all_runs(root, deleted=True)] == ["KILLED"]


def test_a_resumed_job_begins_anew_when_it_has_gone_on(root, at_once):
    save(root, 50)
    live.update(root, WATCHED, {}, {}, look(root))  # by a watcher that was killed
    (dead,) = all_runs(root)
    stale = look(root)

    def looks():
        yield stale
        assert [run.info.run_id for run in all_runs(root)] == [dead.info.run_id]
        save(root, 60)
        yield look(root)
        (run,) = all_runs(root)
        assert run.info.run_id != dead.info.run_id
        assert points(root, run.info.run_id) == expected_points(60)

    live.show(root, WATCHED, stale, looks())
    assert client(root).get_run(dead.info.run_id).info.status == "KILLED"


def test_logging_discards_the_live_runs_of_a_dead_watcher_only(root, at_once):
    save(root, 50, seeds=(0, 1))
    with locks.alone(store.watcher_lock(root)):
        live.update(root, WATCHED, {}, {}, look(root))
        seven = write_cell(root, seed=7)
        log(root, seven)
        games.log_aggregate(root, "ipd", {}, [], ABOUT)
        assert [run.info.status for run in all_runs(root) if run.data.tags["kind"] == "live"] == ["RUNNING"] * 2
    log(root, seven, write_cell(root, seed=8))
    assert cells_logged(root) == ["ipd/aggregate", "ipd/lola-ex/oracle/seed7", "ipd/lola-ex/oracle/seed8"]
    assert sorted(run.info.status for run in all_runs(root, deleted=True)) == ["FINISHED"] * 3 + ["KILLED"] * 2


def test_a_run_that_somebody_deletes_is_shown_anew(root, at_once, capsys):
    def looks():
        save(root, 50)
        yield look(root)
        (run,) = all_runs(root)
        client(root).delete_run(run.info.run_id)
        save(root, 60)
        yield look(root)
        save(root, 70)
        yield look(root)
        (anew,) = all_runs(root)
        assert points(root, anew.info.run_id) == expected_points(70)

    live.show(root, WATCHED, {}, looks())
    assert "training goes on" in capsys.readouterr().err


def test_a_store_that_is_down_is_reported_once_and_tried_again(root, at_once, tmp_path, monkeypatch, capsys):
    def looks():
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store_that_is_down("not a database", tmp_path))
        for step in (30, 40):
            save(root, step)
            yield look(root)
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        yield look(root)
        (run,) = all_runs(root)
        assert points(root, run.info.run_id) == expected_points(40)

    live.show(root, WATCHED, {}, looks())
    assert capsys.readouterr().err.count("MLflow: training goes on, but can't be watched") == 1


def test_a_map_shows_how_far_it_is(root, at_once):
    grid = {"grid": {"batch": [8, 64], "eta": [0.5, 1.0]}}

    def looks():
        save(root, 30, spec=grid, tables=np.empty(0))
        yield look(root)
        save(root, 30, spec=grid, tables=np.empty((1, 1, 2, 2, 6)))
        yield look(root)
        (run,) = all_runs(root)
        assert points(root, run.info.run_id, "updates") == [(30, 30), (130, 130)]
        assert run.data.params["grid.batch"] == "[8,64]"

    live.show(root, WATCHED, {}, looks())


def test_a_view_of_what_is_trained_is_there_as_long_as_it_is(root, at_once):
    def looks():
        save(root, 50)
        yield look(root)
        experiment = client(root).get_experiment_by_name("lola/ipd")
        state = state_of(experiment.tags["mlflow.sharedViewState.training"])
        assert state["autoRefreshEnabled"]
        assert [chart["metricKey"] for chart in state["compareRunCharts"]] == ["agent 1/return", "agent 2/return"]
        (shown,) = client(root).search_runs([experiment.experiment_id], state["searchFilter"])
        assert shown.info.run_name == "s0 LOLA-Ex"
        assert "lola/ipd, Training" in games.links(root)

    live.show(root, WATCHED, {}, looks())
    assert "lola/ipd, Training" not in games.links(root)


def test_the_watcher_imports_nothing_slow_before_the_first_checkpoint():
    slow = {"mlflow", "numpy", "matplotlib", "torch"}
    script = f"import lola.commands.watch, sys; print(sorted({slow} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_watcher_ends_with_its_study(root):
    script = (
        "import os, subprocess, sys; subprocess.Popen([sys.executable, '-m', 'lola.commands.watch',"
        " '--root', sys.argv[1], '--study', str(os.getpid())])"
    )
    # it has our end of the pipe until it ends
    done = subprocess.run([sys.executable, "-c", script, root], env=environment(), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.slow
def test_a_watcher_that_is_told_to_end_closes_its_runs(root):
    watcher = subprocess.Popen(
        command("lola.commands.watch", "--root", root, "--study", os.getpid()), env=environment()
    )
    step = 0
    while not all_runs(root):
        step += 1
        save(root, step)
        time.sleep(0.5)
        assert watcher.poll() is None
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait() == 0
    assert [run.info.status for run in all_runs(root, deleted=True)] == ["KILLED"]


# --- the store


def stage_of_cells(root: Path, game: str, marker: Path, *curves: Path, about: dict | None = None) -> list:
    """The arguments of the command that logs the cells of a game, with the manifest of a group of these curves."""
    group = root / f"manifests/groups/{game}.json"
    group.parent.mkdir(parents=True, exist_ok=True)
    records.write(group, {}, {}, {str(Path(curve).with_suffix(".json")): "digest" for curve in curves}, curves)
    told = json.dumps({"about": about or {}, "games": []})
    return ["cells", "--root", root, "--game", game, "--told", told, "--digest", "all", "--out", marker, group]


def run_stage(monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["track", *map(str, arguments)])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    track.main()


class Silent(BaseHTTPRequestHandler):
    """A server that is up, but is not MLflow."""

    def do_GET(self):
        self.send_error(404)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def store_that_is_down(kind: str, folder: Path) -> str:
    if kind == "nobody listens":
        return "http://127.0.0.1:9"
    if kind == "no folder":
        return "sqlite:////dev/null/mlflow.db"
    if kind == "no such kind":
        return "mystery://store"
    database = folder / "other.db"
    if kind == "not a database":
        database.write_bytes(b"junk" * 1000)
    else:
        sqlite3.connect(database).execute("CREATE TABLE anything (at_all)")
    return f"sqlite:///{database}"


@pytest.mark.parametrize(
    ("kind", "comes_back"),
    [
        ("nobody listens", True),
        *((kind, False) for kind in ("no folder", "no such kind", "not a database", "somebody else's")),
    ],
)
def test_a_store_that_is_down_costs_nothing(root, kind, comes_back, tmp_path, monkeypatch, capsys):
    curve, marker = write_cell(root), root / "tracking" / "ipd.cells.json"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_that_is_down(kind, tmp_path))
    arguments = stage_of_cells(root, "ipd", marker, curve, about=asdict(ABOUT))
    run_stage(monkeypatch, *arguments)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Training is safe on disk" in said
    assert (store.RETRIED in said) == comes_back
    assert ("come again until MLFLOW_TRACKING_URI names a store of MLflow" in said) != comes_back
    pending = json.loads(marker.read_text())
    assert (pending["status"], pending["runs"]) == ("pending", {})
    assert pending["reason"] in said

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    run_stage(monkeypatch, *arguments)
    logged = json.loads(marker.read_text())
    assert (logged["status"], logged["reason"]) == ("logged", None)
    assert logged["store"] != pending["store"]
    assert list(logged["runs"]) == cells_logged(root) == ["ipd/lola-ex/oracle/seed0"]


def test_a_password_is_not_shown():
    assert store.without_password("can't reach http://me:secret@host:80/x") == "can't reach http://host:80/x"


def test_a_server_that_is_not_mlflow_is_a_store_that_is_down(root, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(tracking.Unavailable, match="404"):
        log(root, write_cell(root))
    server.shutdown()


def test_a_damaged_cell_is_an_error_and_no_matter_of_the_store(root, monkeypatch):
    curve = write_cell(root)
    Path(curve).write_text("step,player\n")
    with pytest.raises(SystemExit, match=r"seed0\.csv is not as it was written"):
        run_stage(monkeypatch, *stage_of_cells(root, "ipd", root / "marker.json", curve))


def test_the_first_writer_makes_the_store_and_the_next_leaves_it_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / "lola"
    marker, curve = root / "tracking" / "ipd.cells.json", write_cell(root)
    for _ in range(2):
        run_stage(monkeypatch, *stage_of_cells(root, "ipd", marker, curve))
        assert json.loads(marker.read_text())["status"] == "logged"
        assert len(all_runs(root)) == 1


@pytest.mark.parametrize("elsewhere", [False, True])
def test_studies_share_a_store_without_sharing_runs(tmp_path, monkeypatch, empty_store, elsewhere):
    """That beside their folders, or another; links lead to all of them."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if elsewhere:
        shutil.copy(empty_store, tmp_path / "shared.db")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/shared.db")
    else:
        shutil.copy(empty_store, tmp_path)
    ours, theirs = tmp_path / "lola", tmp_path / "sos"
    (mine,) = log(ours, write_cell(ours)).values()
    (other,) = log(theirs, write_cell(theirs, shift=0.1)).values()
    assert store.uri(ours) == store.uri(theirs)
    assert [run.info.run_id for run in all_runs(ours)] == [mine]
    assert [run.info.run_id for run in all_runs(theirs)] == [other]
    tables = [f"{store.experiment_name(root, 'ipd')}, all runs" for root in (ours, theirs)]
    whose = re.escape(f"~{store.user()}-") + r"[0-9a-f]{4}" if elsewhere else ""
    assert re.fullmatch(f"lola{whose}/ipd, all runs", tables[0])
    assert list(games.links(ours)) == tables
    assert list(games.links(theirs)) == tables[::-1]  # each study's own first
    assert artifacts(theirs, other) >= {"curve.csv"}
    client(ours).create_experiment("somebody else's")
    assert list(games.links(ours)) == tables


def test_a_store_that_one_study_made_anew_is_filled_again_by_the_next(tmp_path, monkeypatch, empty_store):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_store, tmp_path)
    for study in ("lola", "sos"):
        root, curve = tmp_path / study, write_cell(tmp_path / study)
        marker = root / "tracking" / "ipd.cells.json"
        run_stage(monkeypatch, *stage_of_cells(root, "ipd", marker, curve))
    assert not [*store.not_logged(tmp_path / "lola"), *store.not_logged(tmp_path / "sos")]
    (tmp_path / store.DATABASE).unlink()
    ((_, why),) = store.not_logged(tmp_path / "sos")
    assert "mlflow.db is gone" in why
    shutil.copy(empty_store, tmp_path)
    ((_, why),) = store.not_logged(tmp_path / "sos")
    assert "mlflow.db was made anew" in why


def test_studies_that_were_copied_or_moved_with_their_store_show_their_own_artifacts(root):
    (run_id,) = log(root, write_cell(root)).values()
    copy = root.parents[1] / "a copy's % place" / "lola"
    shutil.copytree(root.parent, copy.parent)
    before = (root.parent / store.DATABASE).read_bytes()
    assert client(copy).get_run(run_id).info.artifact_uri.startswith(str(root.parent))

    marked = copy / "tracking" / "ipd.cells.json"
    marked.parent.mkdir(exist_ok=True)
    marked.write_text(json.dumps({"status": "logged", "reason": None, "runs": {"cell": run_id}}))
    assert not [*store.not_logged(copy)]  # although the database still names the former folder
    games.links(copy)
    present = f"{copy.parent}/mlartifacts/lola/ipd"
    assert client(copy).get_run(run_id).info.artifact_uri == f"{present}/{run_id}/artifacts"
    assert client(copy).get_experiment_by_name("lola/ipd").artifact_location == present
    assert (root.parent / store.DATABASE).read_bytes() == before

    moved = root.parents[1] / "moved" / "lola"
    shutil.move(root.parent, moved.parent)
    (again,) = log(moved, str(Cell("ipd", "lola-ex", "oracle", 0).curve(moved))).values()
    assert again == run_id
    assert "picture.png" in artifacts(moved, run_id)


@pytest.mark.parametrize("name", ["a%20b", "100% – été #2", 'it\'s "so"; (a) & b', "%(here)s"])
def test_odd_names_of_folders_are_taken(tmp_path, monkeypatch, empty_store, name):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / name / "lola"
    curve = write_cell(root)
    shutil.copy(empty_store, root.parent)
    (run_id,) = log(root, curve).values()
    assert (root.parent / f"mlartifacts/lola/ipd/{run_id}/artifacts/curve.csv").read_bytes() == Path(curve).read_bytes()
    assert "picture.png" in artifacts(root, run_id)
    assert [*log(root, curve).values()] == [run_id]


def test_a_store_is_made_in_a_folder_with_a_per_cent_sign(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / "50% – %20" / "lola"
    log(root, write_cell(root))
    assert cells_logged(root) == ["ipd/lola-ex/oracle/seed0"]


def test_a_folder_at_which_the_address_of_a_store_would_end_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = tmp_path / "what?" / "lola"
    with pytest.raises(tracking.Unavailable, match=r"what\?/mlflow\.db has a question mark"):
        log(root, write_cell(root))
    assert not (tmp_path / "what").exists()


def test_a_database_whose_index_is_damaged_is_not_whole(tmp_path):
    database = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("CREATE INDEX i ON t (x)")
        connection.execute("INSERT INTO t VALUES ('abcdef')")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'i'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    assert store.is_whole(database)
    held = bytearray(database.read_bytes())
    held[held.index(b"abcdef", (page - 1) * size)] ^= 1
    database.write_bytes(held)
    assert not store.is_whole(database)


class Dripping(Silent):
    """A server that never comes to an end, and never stops."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                time.sleep(0.1)

    do_POST = do_GET


def test_a_server_that_drips_is_given_up(root, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(tracking, "PATIENCE", 0.5)
    with pytest.raises(tracking.Unavailable, match=rf"does not answer .*no whole answer in 0\.5 s.*{LATER}"):
        log(root, write_cell(root))
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    server.shutdown()


class Swallowing:
    """Takes long to be tidied up, and loses what is raised meanwhile."""

    def __del__(self):
        time.sleep(0.3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_limit_holds_although_python_loses_the_first_alarm():
    with pytest.raises(Late), time_limit(0.1):
        swallowing = Swallowing()
        del swallowing
        time.sleep(60)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_nothing_is_sent_anywhere_else():
    script = "import lola.tracking.games; from mlflow.telemetry import get_telemetry_client as c; print(c())"
    clean = {key: value for key, value in environment().items() if key not in {"CI", "DO_NOT_TRACK"}}
    done = subprocess.run([sys.executable, "-c", script], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


# --- figures and the UI


def figure(*groups, kind="learning", rank=0) -> dict:
    """What the stage is told of a figure; without groups, one of every curve."""
    return {"kind": kind, "groups": list(groups) or None, "rank": rank}


FIGURE1 = {"figure1": figure("ipd/lola-ex/oracle", "ipd/nl-ex/oracle")}


def write_study(root) -> None:
    """Two seeds of two algorithms and one of a third, logged."""
    curves = [write_cell(root, seed, algorithm) for algorithm in ("lola-ex", "nl-ex") for seed in range(2)]
    log(root, *curves, write_cell(root, algorithm="lola-ex-vs-nl-ex", seats=(LOLA, NAIVE)))


def test_the_aggregate_holds_figures_tables_and_mean_returns(root, tmp_path):
    write_study(root)
    files = [tmp_path / name for name in ("figures/figure1.pdf", "figures/figure1.png", "tables/table3.csv")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"as drawn")
    files = [str(file) for file in files]
    run_id = games.log_aggregate(root, "ipd", FIGURE1, files, ABOUT)
    run = client(root).get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("aggregate", "FINISHED")
    assert run.data.metrics["nl-ex/oracle/agent 2/return"] == -1.0
    assert {entry.path for entry in client(root).list_artifacts(run_id, "figures")} == {
        "figures/figure1.pdf",
        "figures/figure1.png",
    }
    assert [entry.path for entry in client(root).list_artifacts(run_id, "tables")] == ["tables/table3.csv"]
    assert games.log_aggregate(root, "ipd", FIGURE1, files, ABOUT) == run_id
    Path(files[0]).write_bytes(b"drawn anew")
    assert games.log_aggregate(root, "ipd", FIGURE1, files, ABOUT) != run_id
    assert sum(run.info.run_name == "aggregate" for run in all_runs(root)) == 1


def test_a_view_shows_the_figures_curves_grouped_over_seeds(root):
    write_study(root)
    games.log_aggregate(root, "ipd", FIGURE1 | {"everything": figure(rank=1)}, [], ABOUT)
    experiment = client(root).get_experiment_by_name("lola/ipd")
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert "make reproduce" in experiment.tags["mlflow.note.content"]
    assert "viewStateShareKey=figure1" in experiment.tags["mlflow.note.content"]
    view = experiment.tags["mlflow.sharedViewState.figure1"]
    state = state_of(view)
    assert json.loads(view)["name"] == "Figure 1"
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "group"}]
    assert state["groupsExpanded"] == {"tag.group.LOLA-Ex": False, "tag.group.NL-Ex": False}
    assert state["compareRunSections"][0]["name"] == "Figure 1: returns"
    in_section = {chart["metricKey"]: chart["metricSectionId"] for chart in state["compareRunCharts"]}
    assert in_section == {
        "agent 1/C after CD": "agent 1",
        "agent 1/return": "returns",
        "agent 2/C after CD": "agent 2",
        "agent 2/return": "returns",
    }
    assert {chart["type"] for chart in state["compareRunCharts"]} == {"LINE"}

    def found(figure):
        stated = state_of(experiment.tags[views.TAG + figure])
        matching = client(root).search_runs([experiment.experiment_id], stated["searchFilter"])
        return sorted(run.info.run_name for run in matching)

    assert found("figure1") == ["s0 LOLA-Ex", "s0 NL-Ex", "s1 LOLA-Ex", "s1 NL-Ex"]
    assert len(found("everything")) == 5
    games.log_aggregate(root, "ipd", {"figure1": figure("ipd/nl-ex/oracle")}, [], ABOUT)
    assert found("figure1") == ["s0 NL-Ex", "s1 NL-Ex"]


def test_a_figure_marks_the_runs_of_the_opponent_models_it_shows(root):
    log(root, write_cell(root), write_cell(root, opponent_model="cloning"))
    games.log_aggregate(root, "ipd", {"believed": figure("ipd/lola-ex/cloning")}, [], ABOUT)
    marked = {run.info.run_name: run.data.tags.get(views.run_tag("believed")) for run in all_runs(root)}
    assert marked["s0 LOLA-Ex, cloned opponent"] == "true"
    assert marked["s0 LOLA-Ex"] != "true"


def test_the_table_has_who_learns_the_returns_and_the_status(root):
    write_study(root)
    log(root, write_coin_game(root), game="coin-game")

    def columns(game):
        view = client(root).get_experiment_by_name(f"lola/{game}").tags["mlflow.sharedViewState.runs"]
        return state_of(view)["selectedColumns"]

    first, last = ["params.`algorithm`", "params.`opponent_model`", "params.`seed`"], ["tags.`status`"]
    returns = ["metrics.`agent 1/return`", "metrics.`agent 2/return`"]
    assert columns("ipd") == first + returns + last
    assert columns("coin-game") == [*first, "metrics.`own-colour share`", *returns, *last]
    (run,) = all_runs(root, "coin-game")
    assert run.data.tags["status"] == "finished" and {"own-colour share", "agent 2/return"} < run.data.metrics.keys()


def test_a_view_leaves_out_charts_rather_than_pass_the_limit_of_a_tag(root):
    """First those of policies, then all but returns, then all; a view of few has each."""
    states = [f"C after {n}" for n in range(300)]
    returns = ["agent 1/return", "agent 2/return"]
    policies = [f"agent {player}/{state}" for player in (1, 2) for state in states]
    clones = [f"agent 1/clone of agent {n} distance" for n in range(600)]

    def shown(*metrics, groups=()):
        (tag,) = views.view("figure1", [*groups], [*metrics], 0).values()
        assert len(tag) <= 5_000
        state = state_of(tag)
        return [chart["metricKey"] for chart in state["compareRunCharts"]]

    assert shown(*returns, *policies[:4]) == sorted([*returns, *policies[:4]])
    assert shown(*returns, *policies) == returns
    assert shown(*returns, clones[0], *policies) == sorted([clones[0], *returns])
    assert shown(*returns, *clones, *policies) == returns
    assert shown(*(f"agent {n}/return" for n in range(600))) == []
    assert shown(*returns, groups=[f"a long name of a group of runs, {n}" for n in range(3000)]) == []


def test_three_actions_for_two_players_have_a_chart_each():
    actions = ("Rock", "Paper", "Scissors")
    metrics = [f"agent {n}/{a} after {b}_{c}" for n in (1, 2) for a in actions for b in actions for c in actions]
    (tag,) = views.view("rps", ["LOLA-Ex", "NL-Ex"], metrics, 0).values()
    assert len(state_of(tag)["compareRunCharts"]) == len(metrics) == 54


def test_a_note_leaves_out_links_rather_than_cut_one():
    drawn = {f"Figure {n}": f"/#/experiments/1/runs?viewStateShareKey=figure{n}" for n in range(200)}
    (text,) = views.note("ipd", "lola", "1", drawn, "make reproduce").values()
    assert len(text) <= 5_000 and "figure0)" in text and "…. Lines are means" in text
    assert text.endswith("is trained and logged again.")


def test_a_view_that_the_store_refuses_costs_neither_figures_nor_tables(root, monkeypatch, capsys):
    """Its link is to the picture instead."""
    write_study(root)
    set_tag = MlflowClient.set_experiment_tag

    def small(self, experiment_id, key, value):
        if key == views.TAG + "figure1":
            raise MlflowException("exceeded the maximum length", error_code=INVALID_PARAMETER_VALUE)
        set_tag(self, experiment_id, key, value)

    monkeypatch.setattr(MlflowClient, "set_experiment_tag", small)
    run_id = games.log_aggregate(root, "ipd", FIGURE1 | {"zoom": figure(rank=1)}, [], ABOUT)
    assert client(root).get_run(run_id).info.status == "FINISHED"
    assert "lola/ipd goes without mlflow.sharedViewState.figure1: exceeded" in capsys.readouterr().err
    links = games.links(root)
    assert f"{run_id}/artifacts/figures/figure1.png" in links["lola/ipd, Figure 1"]
    assert "viewStateShareKey=zoom" in links["lola/ipd, Zoom"]


OWN, OTHER, SERVER = None, "sqlite:////elsewhere/runs.db", "http://127.0.0.1:9"
LATER, UNTIL = store.RETRIED, "that will come again until"


@pytest.mark.parametrize(
    ("address", "error", "outlook"),
    [
        (OWN, MlflowException("database is locked", error_code=TEMPORARILY_UNAVAILABLE), LATER),
        (OWN, MlflowException("too long", error_code=INVALID_PARAMETER_VALUE), "a fault of this project"),
        (OWN, sqlite3.OperationalError("database is locked"), LATER),
        (OWN, sqlite3.OperationalError("no such table: experiments"), f"{UNTIL} .* has a database"),
        (OWN, PermissionError(13, "Permission denied"), f"{UNTIL} .* has a database .* can be written"),
        (OWN, MlflowException("attempt to write a readonly database", TEMPORARILY_UNAVAILABLE), f"{UNTIL} .* has a"),
        (OTHER, MlflowException("attempt to write a readonly database", TEMPORARILY_UNAVAILABLE), f"{UNTIL} you may"),
        (OTHER, sqlite3.DatabaseError("file is not a database"), f"{UNTIL} MLFLOW_TRACKING_URI names a store"),
        (SERVER, MlflowException("API request failed with exception Connection refused"), f"does not answer.*{LATER}"),
        (SERVER, MlflowException("failed with error code 503 != 200"), f"does not answer.*{LATER}"),
        (SERVER, MlflowException("failed with error code 401 != 200"), "refuses.* MLFLOW_TRACKING_USERNAME"),
        (SERVER, MlflowException("no", PERMISSION_DENIED), "refuses.* MLFLOW_TRACKING_USERNAME"),
        (SERVER, MlflowException("failed with error code 413 != 200"), f"refuses.*{UNTIL}"),
        (SERVER, MlflowException("too long", error_code=INVALID_PARAMETER_VALUE), "a fault of this project"),
    ],
)
def test_only_a_store_that_is_away_is_promised_another_try(root, monkeypatch, address, error, outlook):
    if address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        monkeypatch.setattr(tracking, "prepare", lambda root: None)
        monkeypatch.setattr(tracking, "MlflowClient", lambda uri: None)
    with pytest.raises(tracking.Unavailable) as raised, tracking.open_client(root):
        raise error
    assert re.search(outlook, str(raised.value))
    assert (LATER in str(raised.value)) == (LATER in outlook)


@pytest.mark.parametrize(
    "address",
    [
        "./mlruns",
        "mlruns",
        "file:///tmp/runs",
        "databricks",
        "http://",
        "sqlite://",
        "sqlite:///:memory:",
        "mystery://x",
    ],
)
def test_an_address_of_no_store_is_named_with_what_is_allowed(root, monkeypatch, capsys, address):
    """By the stage, and by the command that serves the UI."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    run_stage(monkeypatch, *stage_of_cells(root, "ipd", root / "marker.json", write_cell(root)))
    said = capsys.readouterr().err
    assert f"MLFLOW_TRACKING_URI is {address}, allowed: sqlite:///FILE, postgresql://…" in said
    assert UNTIL in said and LATER not in said
    with pytest.raises(SystemExit, match=r"error: MLFLOW_TRACKING_URI is .*, allowed: sqlite"):
        browse.browse(str(root), None)


@pytest.mark.parametrize(
    "address",
    ["http://h:1", "https://me:secret@h/x", "sqlite:////a b/x.db", "sqlite:///x.db", "postgresql+psycopg2://h/x"],
)
def test_addresses_of_stores_are_taken(root, monkeypatch, address):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert store.fault(root) is None


def test_an_action_called_return_is_no_return(root):
    lines = ["step,player,metric,value", "0,1,return,-1.0", "0,1,keep after keep.return,0.5", "0,1,return at start,0.5"]
    log(root, write_cell(root, curve="\n".join(lines) + "\n"))
    run_id = games.log_aggregate(root, "ipd", {"figure1": figure()}, [], ABOUT)
    assert client(root).get_run(run_id).data.metrics == {"lola-ex/oracle/agent 1/return": -1.0}
    state = state_of(client(root).get_experiment_by_name("lola/ipd").tags["mlflow.sharedViewState.figure1"])
    assert {chart["metricKey"]: chart["metricSectionId"] for chart in state["compareRunCharts"]} == {
        "agent 1/return": "returns",
        "agent 1/keep after keep.return": "agent 1",
        "agent 1/return at start": "agent 1",
    }


def test_a_view_shows_clones_in_a_section_of_their_own():
    metrics = ["agent 1/C after CD", "agent 1/clone of agent 2 distance", "agent 1/return", "agent 2/return"]
    (tag,) = views.view("beliefs", [], metrics, 0).values()
    state = state_of(tag)
    assert [chart["metricSectionId"] for chart in state["compareRunCharts"]] == [
        "agent 1",
        "clones",
        "returns",
        "returns",
    ]
    assert [section["uuid"] for section in state["compareRunSections"]] == ["returns", "agent 1", "clones"]
    assert not state["autoRefreshEnabled"]


def test_a_view_of_a_coin_game_opens_on_the_own_colour_share(root):
    log(root, write_coin_game(root, 0), write_coin_game(root, 1), game="coin-game")
    run_id = games.log_aggregate(root, "coin-game", {"figure5": figure("coin-game/coin-lola/oracle")}, [], ABOUT)
    assert client(root).get_run(run_id).data.metrics == pytest.approx(
        {
            "coin-lola/oracle/own-colour share": 0.375,
            "coin-lola/oracle/agent 1/own-colour share": 0.75,
            "coin-lola/oracle/agent 2/own-colour share": 0.0,
            "coin-lola/oracle/agent 1/return": -0.9,
            "coin-lola/oracle/agent 2/return": -0.1,
        }
    )
    experiment = client(root).get_experiment_by_name("lola/coin-game")
    state = state_of(experiment.tags["mlflow.sharedViewState.figure5"])
    assert [section["name"] for section in state["compareRunSections"]] == [
        "Figure 5: own-colour share, points, coins",
        "Figure 5: returns",
    ]
    assert state["compareRunCharts"][0]["metricKey"] == "own-colour share"
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == {"coins", "returns"}


@pytest.mark.parametrize(
    ("figure", "title"), [("figure1", "Figure 1"), ("figure-a3-ipd", "Figure a3 ipd"), ("sensitivity", "Sensitivity")]
)
def test_figure_titles(figure, title):
    assert views.figure_title(figure) == title


def test_links_lead_to_every_figure(root):
    """The table of the runs first, then figures by rank; of one that lines can't stand for, to its picture."""
    write_study(root)
    log(root, write_cell(root, game="imp"), game="imp")
    drawn = {"zoom": figure(rank=0), "map": figure(kind="map", rank=1), "figure1": figure(rank=2)}
    aggregate = games.log_aggregate(root, "ipd", drawn, [], ABOUT)
    games.log_aggregate(root, "imp", {"figure2": figure(rank=3)}, [], ABOUT)
    ipd, imp = (client(root).get_experiment_by_name(f"lola/{game}").experiment_id for game in ("ipd", "imp"))
    ml, table = "workflowType=machine_learning", "viewStateShareKey=runs&compareRunsMode=TABLE"
    assert [*games.links(root).items()] == [
        ("lola/ipd, all runs", f"/#/experiments/{ipd}/runs?{ml}&{table}"),
        ("lola/imp, all runs", f"/#/experiments/{imp}/runs?{ml}&{table}"),
        ("lola/ipd, Zoom", f"/#/experiments/{ipd}/runs?{ml}&viewStateShareKey=zoom&compareRunsMode=CHART"),
        ("lola/ipd, Map", f"/#/experiments/{ipd}/runs/{aggregate}/artifacts/figures/map.png?{ml}"),
        ("lola/ipd, Figure 1", f"/#/experiments/{ipd}/runs?{ml}&viewStateShareKey=figure1&compareRunsMode=CHART"),
        ("lola/imp, Figure 2", f"/#/experiments/{imp}/runs?{ml}&viewStateShareKey=figure2&compareRunsMode=CHART"),
    ]
    note = client(root).get_experiment(ipd).tags["mlflow.note.content"]
    assert all(f"({address[1:]})" in note for title, address in games.links(root).items() if "ipd" in title)
    games.log_aggregate(root, "ipd", {"zoom": figure(kind="map")}, [], ABOUT)
    assert [title for title in games.links(root) if title.startswith("lola/ipd")] == [
        "lola/ipd, all runs",
        "lola/ipd, Zoom",
    ]
    assert not [
        key for key in client(root).get_experiment(ipd).tags if key in (views.TAG + "zoom", views.TAG + "figure1")
    ]


def test_the_newest_study_is_served_if_none_is_asked_for(tmp_path):
    for name, at in (("lola", 300), ("lola-smoke", 500), ("sos", 400)):
        marker = tmp_path / name / "tracking" / "ipd.cells.json"
        marker.parent.mkdir(parents=True)
        marker.touch()
        os.utime(marker, (at, at))
    (tmp_path / "bench").mkdir()
    assert browse.newest(str(tmp_path / "lola")) == str(tmp_path / "lola-smoke")
    assert browse.newest("nowhere/lola") == "nowhere/lola"


def test_a_disk_without_locks_fails_no_study(root, monkeypatch):
    def flock(file, how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(tracking.Unavailable, match=r"^the disk has no locks"):
        log(root, write_cell(root))


TRACED = """
import sys
OUTSIDE = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
sys.addaudithook(lambda event, told: event in OUTSIDE and print(event, told[1:], file=sys.stderr, flush=True))
if len(sys.argv) > 1:
    from lola.commands import track
    track.main()
else:
    from socket import create_connection
    create_connection(("127.0.0.1", 9))
"""


def test_logging_asks_nobody_outside(root, tmp_path):
    asks = subprocess.run([sys.executable, "-c", TRACED], env=environment(), capture_output=True, text=True)
    assert "socket.connect ((" in asks.stderr, "the trace sees nothing"
    cells = stage_of_cells(root, "ipd", tmp_path / "marker", write_cell(root))
    command = [sys.executable, "-c", TRACED, *map(str, cells)]
    free = {name: value for name, value in environment().items() if name not in store.PRIVATE}
    logged = subprocess.run(command, env=free, capture_output=True, text=True)
    assert "1 cells logged" in logged.stdout and "socket." not in logged.stderr


def test_browsing_before_anything_is_logged_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(SystemExit, match=r"nothing is logged yet.*run make reproduce first"):
        browse.browse(str(tmp_path / "lola"), None)


@pytest.mark.slow
def test_the_ui_serves_the_store_and_ends_with_its_command(root):
    """By either signal, in one test, since port 5000 is free for one at a time."""
    (run_id, *_) = log(root, write_cell(root)).values()
    games.log_aggregate(root, "ipd", {"figure1": figure()}, [], ABOUT)
    for number in (signal.SIGINT, signal.SIGTERM):
        served = subprocess.Popen(
            command("lola.commands.browse", "--root", root),
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which a shell's background jobs ignore
        )
        lines = []
        while not lines or not lines[-1].endswith("Ctrl-C ends it.\n"):
            lines.append(served.stdout.readline())
            assert lines[-1], "the command ended before it printed its links"
        address = lines[0].split()[1]
        assert address.startswith("http://127.0.0.1:")
        assert any("Figure 1" in line and "viewStateShareKey=figure1" in line for line in lines)
        artifact = f"{address}/get-artifact?path=curve.csv&run_uuid={run_id}"
        assert urlopen(artifact).read().startswith(b"step,player,metric,value")
        served.send_signal(number)
        assert served.wait() == 0
        with pytest.raises(OSError, match="refused"):
            urlopen(address)
