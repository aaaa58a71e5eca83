"""Shipped policies: the first runs that finished, exactly, in a small file."""

import json

import numpy as np
import pytest

from lola.files import policies

SPEC = {"game": {"gamma": 0.5}, "steps": 3}
NAME = "ipd/lola-ex/oracle"


def manifest(thetas=((0.1, -2.5), (1e-300, 3.0)), status="finished"):
    return {"status": status, "steps": 3, "thetas": [[*theta] for theta in thetas], "policies": [{"player": 1}]}


def written(tmp_path, manifests):
    path = tmp_path / "oracle.json"
    path.write_text(policies.text(NAME, SPEC, manifests))
    return path


def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path):
    path = written(tmp_path, [(3, manifest())])
    assert policies.read(path) == (SPEC, {3: manifest()})
    assert json.loads(path.read_text())["group"] == NAME


def test_single_precision_takes_half_the_room_and_loses_nothing(tmp_path):
    rows = [np.linspace(-1, 1, 100, dtype=dtype).tolist() for dtype in (np.float32, np.float64)]
    files = [written(tmp_path, [(0, manifest([row]))]) for row in rows[:1]]
    assert policies.read(files[0])[1][0]["thetas"] == [rows[0]]
    lengths = [len(policies.text(NAME, SPEC, [(0, manifest([row]))])) for row in rows]
    assert lengths[1] - lengths[0] == 1068 - 536, "base64 of 800 bytes and of 400"


def test_the_first_five_that_finished_are_kept_and_no_more_are_asked_for(tmp_path):
    seeds = iter([(seed, manifest(status="failed" if seed == 1 else "finished")) for seed in range(9)])
    path = written(tmp_path, seeds)
    assert [*policies.read(path)[1]] == [0, 2, 3, 4, 5] and next(seeds)[0] == 6


def test_a_large_run_is_shipped_alone(tmp_path):
    large = manifest([np.arange(15_500, dtype=float).tolist()])
    assert [*policies.read(written(tmp_path, [(2, large), (5, large)]))[1]] == [2]
    small = manifest()
    assert [*policies.read(written(tmp_path, [(0, small), (1, large), (2, small)]))[1]] == [0]


def test_a_group_of_which_every_run_diverged_is_named():
    with pytest.raises(ValueError, match="no run of ipd/lola-ex/oracle finished"):
        policies.text(NAME, SPEC, [(0, manifest(status="failed"))])
