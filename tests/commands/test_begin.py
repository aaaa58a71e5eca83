"""Players that begin where others ended go on from there, each seat and seed from its own."""

import json

import pytest
import specs

from lola.commands import consistent
from lola.files import cells
from lola.files.artifacts import file_sha256
from lola.learning.trainers import run
from lola.vocabulary.names import Cell

NAIVE, FROZEN = {"rule": "naive", "lr": 1.0}, {"learner": "frozen"}
BEFORE = specs.EXACT | {"game": specs.IPD, "seats": [NAIVE, NAIVE], "steps": 3}
SEEDS = (4, 7)


def curves(root, algorithm):
    return [Cell("ipd", algorithm, "oracle", seed).curve(root) for seed in SEEDS]


def made(root, algorithm, spec, reads):
    """The manifests of a group's cells, by the command."""
    paths = curves(root, algorithm)
    told = ["consistent", "--spec", json.dumps(spec), "--code", "c", "--lock", "l", "--reads", json.dumps(reads)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [*told, *map(str, paths)])
        consistent.main()
    return [cells.read_manifest(path) for path in paths]


@pytest.fixture
def before(tmp_path):
    for path, trained in zip(curves(tmp_path, "before"), run(BEFORE, list(SEEDS)), strict=True):
        cells.write(path, trained.columns, trained.rows, {"spec": BEFORE, "code": "c", "lock": "l"} | trained.outcome)
    return tmp_path


def test_to_go_on_is_not_to_have_stopped(before):
    spec, read = BEFORE | {"steps": 2, "begin": [BEFORE, BEFORE]}, "ipd/before/oracle"
    ends = made(before, "after", spec, [read, read])
    whole = [trained.outcome for trained in run(BEFORE | {"steps": 5}, list(SEEDS))]
    assert [end["thetas"] for end in ends] == [end["thetas"] for end in whole]
    path = curves(before, "before")[1].with_suffix(".json")
    assert ends[1]["inputs"] == {str(path): file_sha256(path)} and ends[1]["spec"] == spec


def test_one_seat_may_begin_so_and_the_other_is_drawn(before):
    spec = BEFORE | {"seats": [FROZEN, NAIVE], "steps": 2, "begin": [BEFORE, None]}
    ends = made(before, "kept-vs-naive", spec, ["ipd/before/oracle", ""])
    for seed, end, path in zip(SEEDS, ends, curves(before, "before"), strict=True):
        assert end["thetas"][0] == cells.read_manifest(path)["thetas"][0], "who is frozen stays"
        (drawn,) = run(BEFORE | {"steps": 0}, [seed])
        lines = curves(before, "kept-vs-naive")[SEEDS.index(seed)].read_text().splitlines()
        started = {(line[1], line[2]): float(line[3]) for line in (row.split(",") for row in lines) if line[0] == "0"}
        at_start = {(str(player), name): value for _, player, name, value in drawn.rows if name[0] == "C"}
        assert started["2", "C at start"] == at_start["2", "C at start"]
        assert started["1", "C at start"] != at_start["1", "C at start"]


def test_a_damaged_cell_is_named(before):
    path = curves(before, "before")[0]
    path.write_text(path.read_text() + "9,1,return,0\n")
    with pytest.raises(SystemExit, match="seed4"):
        made(before, "after", BEFORE | {"steps": 2, "begin": [BEFORE, BEFORE]}, ["ipd/before/oracle"] * 2)
