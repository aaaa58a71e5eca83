"""How runs end at each point of a map, by hand and as trained, and where the spectral radius says that they must."""

import math

import numpy as np
import pytest
import specs
from plane_files import by_hand, trained

from lola.analysis.planes import DIVERGED, ELSEWHERE, FIXED, MOVING, NEAR, Plane

NAN = math.nan
RUNS = {  # (θ, ‖ξ‖, last move) after 100 updates, and how that ends
    FIXED: (3.0, 1e-5, 40),
    ELSEWHERE: (3.0, 0.5, 60),
    NEAR: (3.0, 1e-9, 100),
    MOVING: (3.0, 0.5, 100),
    DIVERGED: (80.0, 0.0, 5),  # both are farther than 100 together
    "no number": (NAN, NAN, NAN),
}


@pytest.mark.parametrize("end", RUNS)
def test_how_a_run_ends(tmp_path, end):
    plane = Plane(by_hand(tmp_path, {(0.1, 0.2): [RUNS[end]], (0.1, 0.3): [RUNS[FIXED]]}))
    assert plane.axes == ["lr", "eta"] and plane.updates == 100 and plane.radius is None
    assert plane.points.end.tolist() == [DIVERGED if end == "no number" else end, FIXED]
    assert plane.points.updates[0.1, 0.3] == 40


@pytest.mark.parametrize(("ends", "worst", "updates"), [
    ([FIXED, ELSEWHERE, FIXED], ELSEWHERE, 60),
    ([MOVING, DIVERGED, FIXED], DIVERGED, 5),
    ([FIXED, MOVING, NEAR], MOVING, 100),
    ([FIXED, NEAR, ELSEWHERE], NEAR, 100),
])  # fmt: skip
def test_of_several_starts_the_worst_counts(tmp_path, ends, worst, updates):
    plane = Plane(by_hand(tmp_path, {(0.1,): [RUNS[end] for end in ends]}))
    assert [*plane.points.itertuples(index=False, name=None)] == [(worst, updates)]


def test_of_starts_that_end_alike_the_slowest_counts(tmp_path):
    runs = [(1.0, 0.0, updates) for updates in (7, 70, 40)]
    assert Plane(by_hand(tmp_path, {(0.1,): runs})).points.updates.tolist() == [70]


def test_the_step_size_comes_first_in_whatever_order_a_grid_names_its_axes(tmp_path):
    found = []
    for n, axes in enumerate((("lr", "eta"), ("eta", "lr"))):
        grid = {axis: {"lr": [0.1, 0.9], "eta": [0.05, 0.1, 0.2]}[axis] for axis in axes}
        found.append(Plane(trained(tmp_path / f"{n}", "tandem/x@map/oracle", specs.TANDEM, {"rule": "lola"}, grid, 50)))
    assert [plane.axes for plane in found] == [["lr", "eta"]] * 2
    assert found[0].points.equals(found[1].points) and found[0].radius.equals(found[1].radius)


def test_lola_rests_where_somebody_would_still_climb_and_lookahead_does_not(tmp_path):
    grid = {"lr": [0.05, 0.1], "eta": [0.05, 0.1]}
    for rule, end in (("lola", ELSEWHERE), ("lookahead", FIXED)):
        plane = Plane(trained(tmp_path, f"tandem/{rule}@map/oracle", specs.TANDEM, {"rule": rule}, grid, 300))
        assert {*plane.points.end} == {end} and (plane.points.updates < 200).all()


def test_runs_go_where_the_spectral_radius_says(tmp_path):
    """θ rests where it is below 1, and is far away where it is above; 0.9 of the game's threshold and 1.1 times it."""
    hamiltonian = {"kind": "polynomial", "terms": [[[-1, 1, 1]], [[1, 1, 1]]]}
    grid = {"lr": [0.3, 0.9, 1.1], "lam": [1.0, 3.0]}
    plane = Plane(trained(tmp_path, "hamiltonian/sga@map/oracle", hamiltonian, {"rule": "sga"}, grid, 2000))
    assert plane.radius[0.9, 1.0] == pytest.approx(np.hypot(0.1, 0.9)) and plane.radius.index.equals(plane.points.index)
    assert (plane.points.end == np.where(plane.radius < 1, FIXED, DIVERGED)).all()
    assert {*plane.points.end} == {FIXED, DIVERGED}
