"""Maps of games of real parameters: each point ends like the curve that is trained there alone."""

import itertools
import math

import numpy as np
import pytest
import specs
from small_jobs import same

from lola.learning import trainers
from lola.vocabulary.measures import LAST_MOVE

GRID = {"lr": [0.01, 0.1, 1e9], "eta": [0.0, 0.3]}
SEAT = {"rule": "lola_surrogate", "lr": None, "eta": None}
GAMES = {
    "tandem": specs.TANDEM | {"start": [0.1, 0.2]},
    "once": {"kind": "bimatrix", "actions": ["C", "D"], "payoffs": [[[0, -1], [1, -9]], [[0, 1], [-1, -9]]]},
    "matrices": {"kind": "covariance", "dimension": 3},
}


def spec(game, seats=(SEAT, SEAT), steps=40, grid=GRID):
    return specs.EXACT | {"game": GAMES[game], "seats": [*seats], "steps": steps, "grid": grid}


def rows(trained, *point):
    """The values at a point by player and measure."""
    return {row[-3:-1]: row[-1] for row in trained.rows if row[:-3] == point}


def measured(trained, *point):
    """The same without the last move, of which a curve has no row."""
    return {key: value for key, value in rows(trained, *point).items() if key[1] != LAST_MOVE}


@pytest.mark.parametrize("game", GAMES)
def test_a_point_ends_like_the_curve_that_is_trained_there(game):
    """But for one that diverges, where a map has nan."""
    seeds, diverged = [0, 5], 0
    mapped = list(trainers.run(spec(game), seeds))
    assert [trained.columns for trained in mapped] == [("lr", "eta", "player", "metric", "value")] * 2
    for lr in GRID["lr"]:
        for eta in GRID["eta"]:
            seat = SEAT | {"lr": lr, "eta": eta}
            alone = specs.EXACT | {"game": GAMES[game], "seats": [seat, seat], "steps": 40}
            for trained, curve in zip(mapped, trainers.run(alone, seeds), strict=True):
                there, failed = measured(trained, lr, eta), curve.outcome["status"] == "failed"
                end = {row[1:3]: row[3] for row in curve.rows if row[0] == (0 if failed else 40)}
                assert [*there] == [*end]
                assert all(map(math.isnan, there.values())) if failed else there == end
                diverged += failed
    assert diverged or game == "once"


def test_seats_take_the_settings_that_they_have():
    """A map over η alone moves one seat of two."""
    naive, grid = {"rule": "naive", "lr": 0.1}, {"eta": [0.1, 0.2]}
    (mapped,) = trainers.run(spec("tandem", (SEAT | {"lr": 0.1}, naive), grid=grid), [3])
    for eta in grid["eta"]:
        seats = [SEAT | {"lr": 0.1, "eta": eta}, naive]
        (curve,) = trainers.run(specs.EXACT | {"game": GAMES["tandem"], "seats": seats, "steps": 40}, [3])
        assert measured(mapped, eta) == {row[1:3]: row[3] for row in curve.rows if row[0] == 40}


@pytest.mark.parametrize("seat", [SEAT, {"rule": "naive", "lr": None}])
def test_the_last_move_is_the_last_visible_one_of_the_curve(seat):
    """By hand from the parameters of every update: 0 where nobody ever moves, 40 where somebody does to the end."""
    grid, found = {"lr": [0.0, 0.01, 0.1, 0.23]} | ({"eta": [0.1]} if "eta" in seat else {}), set()
    (mapped,) = trainers.run(spec("tandem", (seat, seat), grid=grid), [3])
    for lr in grid["lr"]:
        alone = [seat | {"lr": lr} | ({"eta": 0.1} if "eta" in seat else {})] * 2
        (curve,) = trainers.run(specs.EXACT | {"game": GAMES["tandem"], "seats": alone, "steps": 40}, [3])
        path = np.array([row[3] for row in curve.rows if row[2] == "parameter 1"]).reshape(41, 2)
        visible = np.flatnonzero((np.abs(np.diff(path, axis=0)) > 1e-6).any(axis=1))
        last = visible[-1] + 1 if len(visible) else 0
        there = rows(mapped, lr, *grid.get("eta", ()))
        assert there[1, LAST_MOVE] == there[2, LAST_MOVE] == last
        found.add(last)
    assert {0, 40} < found


@pytest.mark.parametrize(("rule", "axis"), [("sga", "lam"), ("consensus", "penalty")])
def test_a_map_may_be_over_the_weight_of_an_adjustment(rule, axis):
    grid = {"lr": [0.01, 0.1], axis: [0.1, 0.7]}
    (mapped,) = trainers.run(spec("once", ({"rule": rule, "lr": None, axis: None},) * 2, grid=grid), [3])
    for lr, weight in itertools.product(*grid.values()):
        seat = {"rule": rule, "lr": lr, axis: weight}
        (curve,) = trainers.run(specs.EXACT | {"game": GAMES["once"], "seats": [seat] * 2, "steps": 40}, [3])
        assert measured(mapped, lr, weight) == {row[1:3]: row[3] for row in curve.rows if row[0] == 40}


def test_it_goes_on_from_any_snapshot_and_seeds_never_feel_each_other():
    snapshots, run = [], spec("tandem", steps=5)
    whole = list(trainers.run(run, [3, 1], keep=lambda snapshot: snapshots.append(snapshot())))
    assert len(snapshots) == 6 and whole[0].outcome == {"status": "finished", "steps": 5}
    for n, saved in enumerate(snapshots):
        later = []
        resumed = trainers.run(run, [3, 1], saved, lambda snapshot, to=later: to.append(snapshot()))
        np.testing.assert_equal([trained.rows for trained in resumed], [trained.rows for trained in whole])
        assert all(same(*pair) for pair in zip(later, snapshots[n:], strict=True))
    np.testing.assert_equal([whole[1].rows], [trained.rows for trained in trainers.run(run, [1])])
