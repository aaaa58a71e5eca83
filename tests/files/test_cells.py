"""A cell vouches for itself: every way of damaging it is noticed."""

import json

import pytest

from lola.files import cells
from lola.files.artifacts import canonical, sha256, write_whole


@pytest.fixture
def curve(tmp_path):
    path = tmp_path / "cells" / "ipd" / "nl-ex" / "oracle" / "seed3.csv"
    cells.write(
        path, ("step", "player", "metric", "value"), [(0, 1, "return", -1.5)], {"status": "finished", "steps": 0}
    )
    return path


def test_a_cell_reads_back_from_either_path(curve):
    manifest = cells.read_manifest(curve)
    assert manifest == cells.read_manifest(curve.with_suffix(".json"))
    assert manifest["cell"] == "ipd/nl-ex/oracle/seed3"
    assert manifest["curve_sha256"] == sha256("step,player,metric,value\n0,1,return,-1.5\n")


@pytest.mark.parametrize(
    "damage",
    [
        lambda curve: curve.write_text(curve.read_text()[:-3]),
        lambda curve: curve.write_bytes(b"\x00junk"),
        lambda curve: curve.write_text(""),
        lambda curve: curve.with_suffix(".json").write_text(""),
        lambda curve: curve.with_suffix(".json").write_text("[1]"),
        lambda curve: curve.with_suffix(".json").write_text(curve.with_suffix(".json").read_text()[:-9]),
        lambda curve: curve.with_suffix(".json").write_text(
            json.dumps(json.loads(curve.with_suffix(".json").read_text()) | {"steps": 9})
        ),
    ],
)
def test_damage_is_noticed_and_named(curve, damage):
    damage(curve)
    with pytest.raises(ValueError, match="seed3"):
        cells.read_manifest(curve)


def test_bytes_that_are_no_text_are_damage_too(curve):
    curve.with_suffix(".json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="seed3"):
        cells.read_manifest(curve)


def test_writing_leaves_nothing_beside(tmp_path):
    write_whole(tmp_path / "a" / "b.txt", "new")
    write_whole(tmp_path / "a" / "b.txt", b"newer")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]
    assert (tmp_path / "a" / "b.txt").read_text() == "newer"


def test_canonical_text_does_not_depend_on_key_order_but_on_which_key_has_which_value():
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1}) == '{"a":1,"b":2}'
    assert canonical({"a": 2, "b": 1}) != canonical({"a": 1, "b": 2})
