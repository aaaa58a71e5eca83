"""Quantities of games of real parameters against values worked out by hand, and against the step that the game has."""

import numpy as np
import pytest
from group_files import failures, tell, write

from lola.analysis import parameters
from lola.analysis.claims import check
from lola.analysis.groups import Counted, Group, NothingLeft
from lola.analysis.paper import Deterministic, Ledger

HAMILTONIAN = [[[1, 1, 1]], [[-1, 1, 1]]]
TANDEM = [[[-1, 2, 0], [-2, 1, 1], [-1, 0, 2], [2, 1, 0]], [[-1, 2, 0], [-2, 1, 1], [-1, 0, 2], [2, 0, 1]]]


def group(tmp_path, paths, gradients=None, returns=None, failed=None, every=1, name="hamiltonian/a/oracle"):
    """`paths` {seed: [(x, y) per row]}, `gradients` and `returns` alike; {seed: step} of those that `failed`."""
    rows = []
    for metric, values in (("parameter 1", paths), ("gradient norm", gradients or {}), ("return", returns or {})):
        for seed, of_run in values.items():
            for n, row in enumerate(of_run):
                rows += [(seed, n * every, player, metric, float(v)) for player, v in enumerate(row, start=1)]
    ends = {seed: {} for seed in paths} | failures(failed or {})
    return Counted(write(tmp_path, name, "parameters", rows, ends).folder)


def told(found, terms, seat):
    """The same group, told its spec as aggregating tells it."""
    return tell(found, spec={"game": {"kind": "polynomial", "terms": terms}, "seats": [seat] * 2})


def numbers(sample):
    return sample.runs[:, 0].tolist()


def test_the_distance_is_of_all_players_at_the_end_or_at_a_step(tmp_path):
    found = group(tmp_path, {0: [(0, 0), (6, 8), (3, 4)], 7: [(0, 1), (1, 1), (0, 5)]})
    assert numbers(parameters.distance(found)) == [5, 5] and parameters.distance(found).seeds == (0, 7)
    assert numbers(parameters.distance(found, point=[3, 3])) == [1, pytest.approx(np.sqrt(13))]
    assert numbers(parameters.distance(found, at=1)) == [10, pytest.approx(np.sqrt(2))]
    with pytest.raises(NothingLeft, match="hamiltonian/a/oracle has no row of step 9"):
        parameters.distance(found, at=9)
    with pytest.raises(NothingLeft, match="a point of 3 numbers is none of 2 parameters"):
        parameters.distance(found, point=[1, 2, 3])


def test_a_distance_whose_square_is_no_number_is_one(tmp_path):
    found = group(tmp_path, {0: [(0, 0), (3e200, 4e200)], 1: [(0, 0), (3e-200, 4e-200)], 2: [(0, 0), (0, 0)]})
    assert numbers(parameters.distance(found)) == pytest.approx([5e200, 5e-200, 0], rel=1e-12)


def test_the_gradient_is_that_of_all_players(tmp_path):
    found = group(tmp_path, {0: [(0, 0)] * 2}, {0: [(1, 0), (0.3, 0.4)]})
    assert numbers(parameters.gradient(found)) == [0.5] and numbers(parameters.gradient(found, at=0)) == [1]


def test_motion_is_how_far_runs_are_from_their_end_in_the_last_tenth(tmp_path):
    one = [(9, 9)] * 18 + [(3, 4), (0, 1), (0, 0)]  # steps 0 … 20, of which 18, 19 and 20 count
    found = group(tmp_path, {0: one, 1: [(5, 5)] * 21, 2: [(1, 1)] * 3}, failed={2: 3})
    assert numbers(parameters.motion(found)) == [5, 0, 5]  # one that diverged has not settled
    assert numbers(parameters.motion(group(tmp_path, {0: [(0, 1), (0, -1)] * 10}))) == [2]  # a two-cycle
    with pytest.raises(NothingLeft, match="the last tenth of hamiltonian/a/oracle is one row"):
        parameters.motion(group(tmp_path, {0: [(0, 0)] * 5}))
    with pytest.raises(NothingLeft, match="every run of hamiltonian/a/oracle diverged"):
        parameters.motion(group(tmp_path, {0: one}, failed={0: 21}))


def test_growth_is_the_factor_per_update_also_of_a_run_that_diverges(tmp_path):
    spiral = [(1.1**n * np.cos(n), 1.1**n * np.sin(n)) for n in range(11)]
    bent = [(1, 0)] * 5 + [(3**n, 0) for n in range(1, 7)]
    found = group(tmp_path, {0: [(x + 1, y) for x, y in spiral], 1: bent, 2: spiral[:5]}, failed={2: 5})
    assert numbers(parameters.growth(found, point=[1, 0]))[0] == pytest.approx(1.1)
    assert numbers(parameters.growth(found))[1:] == pytest.approx([3**0.6, 1.1])
    assert numbers(parameters.growth(found, since=4))[1] == pytest.approx(3)
    assert np.isnan(numbers(parameters.growth(found, since=4))[2])  # there is no later row
    shrinking = group(tmp_path, {0: [(0.5**n * 1e-300, 0) for n in range(11)], 1: [(0, 0)] * 11}, every=5)
    assert numbers(parameters.growth(shrinking)) == pytest.approx([0.5**0.2, np.nan], nan_ok=True)
    with pytest.raises(NothingLeft, match="no row of step 3"):
        parameters.growth(shrinking, since=3)


def test_arrival_is_when_something_comes_to_stay_within_a_bound(tmp_path):
    paths = {
        0: [(9, 0), (0, 0), (3, 0), (1, 0), (0, 0)],  # it was there before, and left again
        1: [(1, 0)] * 5,
        2: [(9, 0)] * 5,
        3: [(0, 0)] * 2,
    }
    turned = {seed: [(0, 2 * x) for x, _ in path] for seed, path in paths.items()}
    lost = {seed: [(-x, 99) for x, _ in path] for seed, path in paths.items()}
    found = group(tmp_path, paths, turned, lost, failed={3: 2}, every=10)
    assert numbers(parameters.arrival(found, 1.0)) == [30, 0, 41, 41]  # the last never, or not for good
    assert numbers(parameters.arrival(found, 1.0, point=[9, 0])) == [41, 41, 0, 41]
    assert numbers(parameters.arrival(found, 2.0, of="gradient")) == [30, 0, 41, 41]
    assert numbers(parameters.arrival(found, 0.5, of="return", scale=2.0)) == [80, 82, 82, 82]


def test_a_run_has_converged_where_gradients_are_short_and_it_stays(tmp_path):
    still, moving = [(1, 1)] * 20, [(0, 1), (0, -1)] * 10
    paths = {0: still, 1: still, 2: moving, 3: still[:3]}
    flat = {seed: [(0, 1 if seed == 1 else 0)] * len(path) for seed, path in paths.items()}
    found = group(tmp_path, paths, flat, failed={3: 3})
    assert numbers(parameters.converged(found, within=1e-6, motion=1e-6)) == [100, 0, 0, 0]
    assert numbers(parameters.converged(found, within=1.0, motion=2.0)) == [100, 100, 100, 0]


def test_that_all_runs_diverged_before_the_first_row_is_an_answer(tmp_path):
    found = group(tmp_path, {}, failed={0: 3, 1: 5})
    assert numbers(parameters.diverged(found, beyond=10)) == [100, 100]
    assert numbers(parameters.converged(found, within=1, motion=1)) == [0, 0]


def test_a_run_has_diverged_if_its_numbers_end_or_it_is_far_away(tmp_path):
    found = group(tmp_path, {0: [(0, 0), (3, 4)], 1: [(0, 0), (3, 4.1)], 2: [(0, 0)]}, failed={2: 1})
    assert numbers(parameters.diverged(found, beyond=5)) == [0, 100, 100]


def test_the_residual_is_one_number_of_all_players(tmp_path):
    rows = [
        (seed, step, player, metric, value)
        for seed, of_run in {0: [9, 4, 3], 1: [9, 5, 7]}.items()
        for step, value in enumerate(of_run)
        for player in (1, 2)
        for metric in ("residual", "return")
    ]
    found = Counted(write(tmp_path, "covariance/a/oracle", "parameters", rows, {0: {}, 1: {}}).folder)
    assert numbers(parameters.residual(found)) == [3, 7] and numbers(parameters.residual(found, at=1)) == [4, 5]
    assert numbers(parameters.arrival(found, 5, of="residual")) == [1, 3]
    assert numbers(parameters.diverged(found, 3, of="residual")) == [0, 100]
    with pytest.raises(NothingLeft, match="the curves of covariance/a/oracle have no"):
        parameters.diverged(found, 3)


def test_the_area_is_the_share_of_a_map_that_ends_within_a_bound(tmp_path):
    ends = {(0.1, 1): (3, 4), (0.1, 2): (0, 0), (0.2, 1): (0, 1), (0.2, 2): (np.nan, np.nan)}
    rows = [
        (seed, lr, eta, player, metric, value + seed)
        for seed in (0, 1)
        for (lr, eta), end in ends.items()
        for player, value in enumerate(end, start=1)
        for metric in ("parameter 1", "gradient norm", "return")
    ]
    columns = ("lr", "eta", "player", "metric", "value")
    name = "tandem/a@map/oracle"
    found = Counted(write(tmp_path, name, "parameter_map", rows, {0: {}, 1: {}}, columns=columns).folder)
    assert numbers(parameters.area(found, 1.0)) == [50, 0] == numbers(parameters.area(found, 1.0, of="gradient"))
    assert numbers(parameters.area(found, 5.0)) == [75, 50]
    assert numbers(parameters.area(found, 0.0, point=[3, 4])) == [25, 0]
    assert numbers(parameters.area(found, 1.0, where={"lr": [0.2, 9], "eta": [0, 1]})) == [100, 0]
    assert numbers(parameters.area(found, 0.5, of="return", where={"lr": [0.2, 0.2]})) == [50, 0]
    seat = {"rule": "naive", "lr": None}
    found = tell(found, spec={"game": {"terms": TANDEM}, "seats": [seat] * 2, "grid": {"lr": [0.1], "eta": [1]}})
    asked = {"quantity": "area", "group": found.name, "within": 5.0}
    told = check(Deterministic("x", "s", "t", "read", "less", asked, than=80.0), {found.name: found}, Ledger())
    assert (told.measured.value, told.verdict, told.because) == (75, "reproduced", "") and np.isnan(told.radius)
    with pytest.raises(NothingLeft, match="tandem/a@map/oracle has no such points"):
        parameters.area(found, 1.0, where={"lr": [3, 4]})


def test_what_curves_do_not_have_is_told(tmp_path):
    found = group(tmp_path, {0: []}, {0: [(1, 1)] * 3})
    for quantity in (parameters.distance, parameters.growth):
        with pytest.raises(NothingLeft, match="the curves of hamiltonian/a/oracle have no"):
            quantity(found)


def trained(tmp_path, terms, seat, M, c, starts, steps):
    """A group that steps by θ ↦ Mθ + c, and is told of the settings that should make such steps."""
    paths = {}
    for seed, theta in enumerate(starts):
        paths[seed] = [np.array(theta, dtype=float)]
        for _ in range(steps):
            paths[seed].append(np.array(M) @ paths[seed][-1] + c)
    return told(group(tmp_path, paths), terms, {"lr": 0.1, "lr_final": None, "clip": None} | seat)


def test_the_radius_and_the_limit_are_those_of_the_steps_that_were_taken(tmp_path):
    spiral = [[1, 0.1], [-0.1, 1]]
    found = trained(tmp_path, HAMILTONIAN, {"rule": "naive"}, spiral, 0.0, [(1, 0), (0, 2)], 20)
    assert numbers(parameters.radius(found)) == pytest.approx([np.sqrt(1.01)] * 2)
    assert numbers(parameters.radius(found)) == pytest.approx(numbers(parameters.growth(found)))
    with pytest.raises(NothingLeft, match=r"has no limit: the spectral radius of its step is 1.00499"):
        parameters.limit(found)
    assert numbers(parameters.threshold(found, ["lr"], 1.0)) == pytest.approx([0, 0], abs=1e-6)
    # Tandem, naive: ξ = 2 − 2(x + y), 1 − … of each.
    found = trained(tmp_path, TANDEM, {"rule": "naive"}, [[0.8, -0.2], [-0.2, 0.8]], 0.2, [(1, 0.5), (3, -3)], 100)
    assert numbers(parameters.radius(found)) == pytest.approx([0.6, 0.6])
    assert numbers(parameters.limit(found)) == pytest.approx([0, 0], abs=1e-12)
    assert numbers(parameters.limit(found, of="gradient")) == pytest.approx([0, 0], abs=1e-12)
    assert numbers(parameters.limit(found, of="distance", point=[0, 0])) == pytest.approx(
        numbers(parameters.distance(found)), abs=1e-12
    )
    assert numbers(parameters.limit(found, player=1)) == pytest.approx([0.5, 6.0])  # 2x − 1
    assert numbers(parameters.limit(found, player=2, scale=-1.0)) == pytest.approx([0.5, 6.0])


def test_what_is_not_linear_has_no_radius_and_says_so(tmp_path):
    found = told(group(tmp_path, {0: [(1, 1)] * 20}), TANDEM, {"lr": 0.1, "rule": "naive", "clip": 1.0})
    for quantity in (parameters.radius, parameters.limit, lambda g: parameters.threshold(g, ["lr"], 1.0)):
        with pytest.raises(NothingLeft, match="hamiltonian/a/oracle: the size of a step changes with lr_final or clip"):
            quantity(found)
    assert isinstance(found, Group)
