"""What a group keeps of its cells: numbers untouched, of runs that diverged those they count with; damage is named."""

import json

import pytest

from lola.commands import aggregate
from lola.files import cells
from lola.vocabulary.names import Cell

CURVE = """step,player,metric,value
0,1,return,-1.5
0,1,C after CD,0.75
0,2,return,-1.25
0,2,C after DC,0.5
1,1,return,{last}
1,1,C after CD,0.25
1,2,return,-1.0
"""
POLICIES = [
    {"player": 1, "state": "CD", "own_state": "CD", "probabilities": {"C": 0.1, "D": 0.9}},
    {"player": 2, "state": "CD", "own_state": "DC", "probabilities": {"C": 1 / 3, "D": 2 / 3}},
]
CLONED = """step,player,metric,value
0,1,return,-1.5
0,2,return,-1.25
1,1,return,-1.0
1,1,clone of player 2 log-likelihood,-0.69
1,1,clone of player 2 distance,{far}
1,2,clone of player 1 log-likelihood,-0.70
1,2,clone of player 1 distance,0.25
1,2,clone of player 3 distance,nan
1,2,clone of player 3 log-likelihood,-0.1
"""
COIN_GAME = """step,player,metric,value
20,1,return,0.5
20,1,points,{points}
20,1,own coins,0.0625
20,1,coins,0.125
20,2,return,0.25
20,2,points,-0.5
20,2,own coins,0.03125
20,2,coins,0.25
"""
EPISODE = [[0, 4, 8, 1], [1, 3, 8, 1]]
MAP = "lr,eta,player,metric,value\n0.5,1.0,1,return,-1.5\n0.5,1.0,1,C at start,nan\n"


def write_cell(root, seed, curve, grid=None, match=None, kind="matrix_game", **outcome):
    path = Cell("ipd", "nl-ex", "oracle", seed).curve(root)
    ended = {"status": "finished", "steps": 1, "policies": POLICIES} | outcome
    columns, *rows = (line.split(",") for line in curve.splitlines())
    spec = {"game": {"kind": kind}, "grid": grid, "match": match}
    cells.write(path, columns, rows, {"spec": spec, "code": "c", "lock": "l"} | ended)
    return path


def gather(monkeypatch, out, *curves):
    monkeypatch.setattr("sys.argv", ["lola.commands.aggregate", "--out", str(out), *map(str, curves)])
    aggregate.main()
    return {path.name: path.read_text() for path in out.iterdir()}


def test_returns_and_policies_are_copied_to_the_digit_in_order_of_seeds(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=repr(-0.1 * seed - 1 / 3))) for seed in (10, 9)]
    made = gather(monkeypatch, tmp_path / "group", *curves)
    assert made["returns.csv"].splitlines() == [
        "seed,step,player,return",
        *("9,0,1,-1.5", "9,0,2,-1.25", f"9,1,1,{-0.9 - 1 / 3!r}", "9,1,2,-1.0"),
        *("10,0,1,-1.5", "10,0,2,-1.25", f"10,1,1,{-1 - 1 / 3!r}", "10,1,2,-1.0"),
    ]
    assert made["policies.csv"].splitlines()[:5] == [
        "seed,player,state,own_state,action,probability",
        *("9,1,CD,CD,C,0.1", "9,1,CD,CD,D,0.9"),
        *(f"9,2,CD,DC,C,{1 / 3!r}", f"9,2,CD,DC,D,{2 / 3!r}"),
    ]
    assert made["failed.csv"] == "seed,step,reason\n"


def test_same_cells_give_same_bytes_in_any_order(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=-2.0)) for seed in range(3)]
    assert gather(monkeypatch, tmp_path / "a", *curves) == gather(monkeypatch, tmp_path / "b", *curves[::-1])


def test_of_a_run_that_diverged_only_the_start_is_kept(tmp_path, monkeypatch):
    good = write_cell(tmp_path, 0, CURVE.format(last=-2.0))
    bad = write_cell(tmp_path, 1, CURVE.format(last=-3.0), status="failed", steps=1, reason="a value became NaN, or so")
    made = gather(monkeypatch, tmp_path / "group", good, bad)
    assert made["failed.csv"] == 'seed,step,reason\n1,2,"a value became NaN, or so"\n'
    assert made["returns.csv"].splitlines()[1:] == [
        *("0,0,1,-1.5", "0,0,2,-1.25", "0,1,1,-2.0", "0,1,2,-1.0"),
        *("1,0,1,-1.5", "1,0,2,-1.25"),
    ]
    of_both = [line for line in made["policies.csv"].splitlines()[1:] if line.startswith("1,")]
    assert of_both == ["1,1,CD,CD,C,0.75", "1,1,CD,CD,D,0.25", "1,2,CD,DC,C,0.5", "1,2,CD,DC,D,0.5"]  # own views


def test_a_run_that_diverged_before_its_first_row_counts_with_the_mean_of_the_others(tmp_path, monkeypatch):
    curves = [
        write_cell(tmp_path, seed, CURVE.format(last=-2.0).replace("0.75", more))
        for seed, more in ((0, "0.25"), (1, "0.75"))
    ]
    none = write_cell(tmp_path, 2, "step,player,metric,value\n", status="failed", reason="NaN", steps=0, policies=[])
    made = gather(monkeypatch, tmp_path / "group", *curves, none)
    assert made["returns.csv"].splitlines()[-2:] == ["2,0,1,-1.5", "2,0,2,-1.25"]
    assert made["policies.csv"].splitlines()[-4:-2] == ["2,1,CD,CD,C,0.5", "2,1,CD,CD,D,0.5"]


def test_a_map_becomes_one_table(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, MAP, grid={"lr": [0.5], "eta": [1.0]}) for seed in (0, 1)]
    made = gather(monkeypatch, tmp_path / "group", *curves)
    assert set(made) == {"map.csv", "failed.csv"}
    assert made["map.csv"].splitlines()[1:3] == ["0,0.5,1.0,1,return,-1.5", "0,0.5,1.0,1,C at start,nan"]
    assert made["map.csv"].splitlines()[3].startswith("1,")


def test_beliefs_are_a_row_per_player_opponent_and_update(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CLONED.format(far=repr(seed / 3))) for seed in (1, 2)]
    made = gather(monkeypatch, tmp_path / "group", *curves)
    assert made["beliefs.csv"].splitlines() == [
        "seed,step,player,opponent,likelihood,distance",
        *(f"1,1,1,2,-0.69,{1 / 3!r}", "1,1,2,1,-0.70,0.25", "1,1,2,3,-0.1,nan"),
        *(f"2,1,1,2,-0.69,{2 / 3!r}", "2,1,2,1,-0.70,0.25", "2,1,2,3,-0.1,nan"),
    ]
    assert len(made["returns.csv"].splitlines()) == 1 + 2 * 3


def test_without_clones_beliefs_has_a_header_only(tmp_path, monkeypatch):
    made = gather(monkeypatch, tmp_path / "group", write_cell(tmp_path, 0, CURVE.format(last=-2.0)))
    assert made["beliefs.csv"] == "seed,step,player,opponent,likelihood,distance\n"


def test_a_coin_game_has_coins_and_episodes_and_no_policies(tmp_path, monkeypatch):
    ended = {"policies": [], "episode": EPISODE, "kind": "coin_game"}
    curves = [write_cell(tmp_path, seed, COIN_GAME.format(points=repr(seed / 3)), **ended) for seed in (10, 9)]
    curves.append(
        write_cell(tmp_path, 11, "step,player,metric,value\n", kind="coin_game", status="failed", reason="NaN")
    )
    made = gather(monkeypatch, tmp_path / "group", *curves)
    assert set(made) == {"returns.csv", "coins.csv", "episodes.csv", "beliefs.csv", "failed.csv"}
    assert made["coins.csv"].splitlines() == [
        "seed,step,player,points,own,coins",
        *("9,20,1,3.0,0.0625,0.125", "9,20,2,-0.5,0.03125,0.25"),
        *(f"10,20,1,{10 / 3!r},0.0625,0.125", "10,20,2,-0.5,0.03125,0.25"),
        *(f"11,20,1,{(3 + 10 / 3) / 2!r},0.0625,0.125", "11,20,2,-0.5,0.03125,0.25"),
    ]
    assert made["episodes.csv"].splitlines() == [
        "seed,step,red,blue,coin,colour",
        *("9,0,0,4,8,1", "9,1,1,3,8,1", "10,0,0,4,8,1", "10,1,1,3,8,1"),
    ]
    assert made["returns.csv"].splitlines()[1:3] == ["9,20,1,0.5", "9,20,2,0.25"]
    assert made["failed.csv"] == "seed,step,reason\n11,2,NaN\n"


def test_a_coin_game_whose_seeds_all_failed_has_all_its_tables(tmp_path, monkeypatch):
    failed = write_cell(tmp_path, 0, "step,player,metric,value\n", kind="coin_game", status="failed", reason="NaN")
    made = gather(monkeypatch, tmp_path / "group", failed)
    assert made["coins.csv"] == "seed,step,player,points,own,coins\n"
    assert made["episodes.csv"] == "seed,step,red,blue,coin,colour\n"


def test_a_map_keeps_the_axes_of_its_grid(tmp_path, monkeypatch):
    rows = MAP.replace("lr,eta", "batch,eta").replace("0.5,", "64,")
    curve = write_cell(tmp_path, 0, rows, grid={"batch": [64], "eta": [1.0]})
    made = gather(monkeypatch, tmp_path / "group", curve)
    assert made["map.csv"].splitlines()[:2] == ["seed,batch,eta,player,metric,value", "0,64,1.0,1,return,-1.5"]


def test_every_damaged_cell_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=-2.0)) for seed in range(3)]
    curves[0].write_text("junk")
    manifest = curves[2].with_suffix(".json")
    manifest.write_text(json.dumps({"status": "finished"}))
    with pytest.raises(SystemExit) as stopped:
        gather(monkeypatch, tmp_path / "group", *curves)
    assert "seed0.csv" in str(stopped.value) and "seed2.json" in str(stopped.value)
    assert "seed1" not in str(stopped.value)
    assert not (tmp_path / "group").exists()
