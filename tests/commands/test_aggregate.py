"""What a group keeps of its cells: rows and ends untouched, by seed; damage is named. And how the two are read."""

import json

import pytest

from lola.analysis.groups import Counted, Group
from lola.commands import aggregate
from lola.files import cells, records
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
MAP = "batch,eta,player,metric,value\n64,1.0,1,return,-1.5\n64,1.0,1,C at start,nan\n"
NONE = "step,player,metric,value\n"
UPDATES, COINS = {"course": "updates", "blocks": False}, {"course": "coin_game", "blocks": True}
CODE = {"lola.commands.aggregate": "digest"}


def write_cell(root, seed, curve, **outcome):
    path = Cell("ipd", "nl-ex", "oracle", seed).curve(root)
    ended = {"status": "finished", "steps": 1, "policies": POLICIES} | outcome
    columns, *rows = (line.split(",") for line in curve.splitlines())
    made_by = {"spec": {"grid": None}, "code": "c", "lock": "l", "processor": "p", "device": "cpu"}
    cells.write(path, columns, rows, made_by | ended | {"thetas": [[0.5]]})
    return path


def gather(monkeypatch, root, *curves, about=UPDATES):
    """The folder of the group, after the stage has run."""
    out = root / "groups/ipd/nl-ex/oracle"
    spec = json.dumps({"seeds": [Cell.at(curve).seed for curve in curves]} | about)
    given = ["--spec", spec, "--code", json.dumps(CODE), "--manifest", str(root / "m.json"), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["lola.commands.aggregate", *given, *map(str, curves)])
    aggregate.main()
    return out


def lines(folder):
    return (folder / "curves.csv").read_text().splitlines()


def test_rows_are_copied_to_the_digit_in_order_of_seeds(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=repr(-0.1 * seed - 1 / 3))) for seed in (10, 9)]
    group = gather(monkeypatch, tmp_path, *curves)
    assert {path.name for path in group.iterdir()} == {"curves.csv", "ends.json"}
    assert lines(group) == [
        "seed,step,player,metric,value",
        *(f"9,{line}" for line in CURVE.format(last=repr(-0.9 - 1 / 3)).splitlines()[1:]),
        *(f"10,{line}" for line in CURVE.format(last=repr(-1 - 1 / 3)).splitlines()[1:]),
    ]


def test_ends_are_what_manifests_say_but_for_what_made_the_cells_and_their_parameters(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=-2.0), sight="clear") for seed in (1, 0)]
    end = {"status": "finished", "steps": 1, "policies": POLICIES, "sight": "clear"}
    ends = json.loads((gather(monkeypatch, tmp_path, *curves) / "ends.json").read_text())
    assert ends == UPDATES | {"seeds": {"0": end, "1": end}}


def test_the_manifest_vouches_for_both_files_and_names_the_cells(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=-2.0)) for seed in (0, 1)]
    group = gather(monkeypatch, tmp_path, *curves)
    made = records.read(tmp_path / "m.json")
    assert (made["spec"], made["code"]) == ({"seeds": [0, 1]} | UPDATES, CODE)
    assert [*made["inputs"]] == [str(curve.with_suffix(".json")) for curve in curves]
    assert [*made["outputs"]] == [str(group / name) for name in ("curves.csv", "ends.json")]


def test_same_cells_give_same_bytes_in_any_order(tmp_path):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=-2.0)) for seed in range(3)]
    assert aggregate.gather(curves, UPDATES) == aggregate.gather(curves[::-1], UPDATES)


def test_every_damaged_cell_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=-2.0)) for seed in range(3)]
    curves[0].write_text("junk")
    curves[2].with_suffix(".json").write_text(json.dumps({"status": "finished"}))
    with pytest.raises(SystemExit) as stopped:
        gather(monkeypatch, tmp_path, *curves)
    assert "seed0.csv" in str(stopped.value) and "seed2.json" in str(stopped.value)
    assert "seed1" not in str(stopped.value)
    assert not (tmp_path / "groups").exists() and not (tmp_path / "m.json").exists()


# --- what is read out of them


def columns(frame):
    return frame.columns.tolist()


def test_returns_and_policies(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CURVE.format(last=repr(-0.1 * seed - 1 / 3))) for seed in (10, 9)]
    group = Group(gather(monkeypatch, tmp_path, *curves))
    assert {*columns(group.returns)} == {(1, 0), (1, 1), (2, 0), (2, 1)}
    assert group.returns[1].loc[9].to_dict() == pytest.approx({0: -1.5, 1: -0.9 - 1 / 3}, abs=1e-15)
    assert group.returns[2].loc[10].to_dict() == {0: -1.25, 1: -1.0}
    assert columns(group.play) == [(1, "CD", "C"), (1, "CD", "D"), (2, "CD", "C"), (2, "CD", "D")]
    assert group.play.loc[10].tolist() == [0.1, 0.9, 1 / 3, 2 / 3]
    assert len(group.failed) == len(group.beliefs) == len(group.shares.columns) == 0
    assert (group.seeds, group.about["course"]) == (2, "updates")


def test_of_a_run_that_diverged_only_the_start_counts(tmp_path, monkeypatch):
    good = write_cell(tmp_path, 0, CURVE.format(last=-2.0))
    bad = write_cell(tmp_path, 1, CURVE.format(last=-3.0), status="failed", steps=1, reason="a value became NaN, or so")
    folder = gather(monkeypatch, tmp_path, good, bad)
    group, counted = Group(folder), Counted(folder)
    assert group.failed == [1] and group.ends[1]["reason"] == "a value became NaN, or so"
    assert [*group.returns.index] == [*group.play.index] == [0] and group.seeds == counted.seeds == 1
    assert counted.counting[counted.counting.seed == 1].step.unique().tolist() == [0]
    assert counted.returns[1].loc[1].tolist() == [-1.5, -1.5] and counted.returns[2].loc[1].tolist() == [-1.25] * 2
    assert counted.play.loc[1].tolist() == [0.75, 0.25, 0.5, 0.5]  # own views


def test_a_run_that_diverged_before_its_first_row_counts_with_the_mean_of_the_others(tmp_path, monkeypatch):
    curves = [
        write_cell(tmp_path, seed, CURVE.format(last=-2.0).replace("0.75", more))
        for seed, more in ((0, "0.25"), (1, "0.75"))
    ]
    none = write_cell(tmp_path, 2, NONE, status="failed", reason="NaN", steps=0, policies=[])
    counted = Counted(gather(monkeypatch, tmp_path, *curves, none))
    assert counted.returns[1].loc[2].tolist() == [-1.5, -1.5] and counted.returns[2].loc[2].tolist() == [-1.25] * 2
    assert counted.play.loc[2].tolist() == [0.5] * 4


def test_beliefs_are_of_every_player_opponent_and_update(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, CLONED.format(far=repr(seed / 3))) for seed in (1, 2)]
    group = Group(gather(monkeypatch, tmp_path, *curves))
    assert (
        columns(group.beliefs["log-likelihood"])
        == columns(group.beliefs["distance"])
        == [(1, 2, 1), (2, 1, 1), (2, 3, 1)]
    )
    assert group.beliefs["log-likelihood"].loc[1].tolist() == [-0.69, -0.70, -0.1]
    assert group.beliefs["distance"].loc[2].tolist() == pytest.approx([2 / 3, 0.25, float("nan")], nan_ok=True)
    assert {*columns(group.returns)} == {(1, 0), (1, 1), (2, 0)}


def test_a_coin_game_has_coins_and_episodes(tmp_path, monkeypatch):
    ended = {"policies": [], "episode": EPISODE}
    curves = [write_cell(tmp_path, seed, COIN_GAME.format(points=repr(seed / 3)), **ended) for seed in (10, 9)]
    curves.append(write_cell(tmp_path, 11, NONE, status="failed", reason="NaN", policies=[]))
    folder = gather(monkeypatch, tmp_path, *curves, about=COINS)
    group, counted = Group(folder), Counted(folder)
    assert {*columns(group.coins)} == {(what, player, 20) for what in ("points", "own", "coins") for player in (1, 2)}
    assert group.coins["points"].to_numpy().tolist() == [[3.0, -0.5], [pytest.approx(10 / 3), -0.5]]
    assert group.coins["own"].loc[9].tolist() == [0.0625, 0.03125] and group.coins["coins"].loc[9].tolist() == [
        0.125,
        0.25,
    ]
    assert counted.coins["points"].loc[11].tolist() == pytest.approx([(3 + 10 / 3) / 2, -0.5])
    assert columns(group.episodes) == ["red", "blue", "coin", "colour"]
    assert group.episodes.reset_index().to_numpy().tolist() == [
        *([9, 0, 0, 4, 8, 1], [9, 1, 1, 3, 8, 1]),
        *([10, 0, 0, 4, 8, 1], [10, 1, 1, 3, 8, 1]),
    ]
    assert group.failed == [11] and group.ends[11]["reason"] == "NaN"


def test_a_coin_game_whose_seeds_all_failed_holds_nothing(tmp_path, monkeypatch):
    failed = write_cell(tmp_path, 0, NONE, status="failed", reason="NaN", policies=[])
    group = Group(gather(monkeypatch, tmp_path, failed, about=COINS))
    assert group.coins.empty and group.episodes.empty and group.returns.empty and group.seeds == 0


def test_a_map_keeps_the_axes_of_its_grid(tmp_path, monkeypatch):
    curves = [write_cell(tmp_path, seed, MAP, policies=[]) for seed in (0, 1)]
    folder = gather(monkeypatch, tmp_path, *curves, about={"course": "map", "blocks": False})
    assert lines(folder)[:2] == ["seed,batch,eta,player,metric,value", "0,64,1.0,1,return,-1.5"]
    group = Group(folder)
    assert group.map.index.tolist() == [(64, 1.0, 0), (64, 1.0, 1)] and group.map.index.names == [
        "batch",
        "eta",
        "seed",
    ]
    assert {*columns(group.map)} == {(1, "return"), (1, "C at start")}
    assert group.map[1, "return"].tolist() == [-1.5, -1.5] and group.map[1, "C at start"].isna().all()
