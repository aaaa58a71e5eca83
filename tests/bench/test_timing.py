"""What is timed is charged to the part that ran, and the table of the Coin Game has all its parts."""

import pytest

from lola.bench import coins
from lola.bench.timing import REST, Laps, spread
from lola.study import plan
from lola.study.config import load


def test_a_part_is_not_charged_for_another_that_runs_inside_it():
    """The clock says 0, 1, 3, 6, 10, …: between its n-th and (n + 1)-th reading n + 1 seconds pass."""
    readings = iter([0, 1, 3, 6, 10, 15, 21, 28])
    laps = Laps(lambda: next(readings))
    inner = laps.of("inner")(lambda x: 2 * x)
    outer = laps.of("outer")(lambda: inner(x=3) + 1)
    answers = []
    seconds = laps.during(lambda: answers.append(outer()))
    assert answers == [7]
    assert seconds == {REST: 2 + 6, "outer": 3 + 5, "inner": 4}


def test_a_call_that_fails_gives_the_time_back():
    laps = Laps(iter(range(100)).__next__)
    failing = laps.of("failing")(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failing()
    assert laps.during(lambda: None) == {REST: 1}


def test_a_spread_is_the_median_and_both_ends():
    assert spread("s", [3.0, 1.0, 2.00004]) == {"median s": 2.0, "fastest s": 1.0, "slowest s": 3.0}
    assert spread("ms", [0.25, 0.5]) == {"median ms": 375.0, "fastest ms": 250.0, "slowest ms": 500.0}


@pytest.fixture
def groups(monkeypatch):
    """Of the smoke study; what the measurement puts a clock on is put back afterwards."""
    monkeypatch.setattr(coins, "REPEATS", 1)
    for owner, name, _ in coins.FUNCTIONS:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    return plan.groups(load("lola", ["config/lola/smoke.yaml"]))


@pytest.mark.parametrize(("algorithm", "batches", "critic"), [("coin-lola-pg", 1, True), ("coin-lola-dice", 3, False)])
def test_an_update_of_the_coin_game_is_split_into_its_parts(algorithm, batches, critic, groups):
    spec = groups[f"coin-game/{algorithm}/oracle"].spec
    row = coins.measure_update("cpu", "who", spec, batches, batch=4, length=5, seeds=2)
    assert (row["what"], row["steps"]) == ("who", 2 * batches * 4 * 5)
    assert min(row[f"{part} ms"] for part in ("play", "first derivatives", "second derivatives", "rest")) > 0
    assert (row["critic ms"] > 0) == critic
    assert row["s per seed"] == pytest.approx(row["median ms"] / 2000, abs=1e-4)


def test_the_game_alone_plays_and_does_nothing_else(monkeypatch):
    monkeypatch.setattr(coins, "REPEATS", 1)
    row = coins.measure_game("cpu", batch=3, steps=7)
    assert row["steps"] == 21
    assert [row[f"{part} ms"] for part in ("first derivatives", "second derivatives", "critic")] == [0, 0, 0]
    assert row["million steps per second"] == pytest.approx(21e-3 / row["median ms"], abs=1e-3)
