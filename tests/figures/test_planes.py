"""Planes: a panel per map, tiles by where runs lead, a line where the spectral radius of the step is 1."""

import numpy as np
import pytest
import specs
from drawn import draw, readable
from matplotlib.collections import QuadMesh
from matplotlib.contour import ContourSet
from plane_files import by_hand, trained

from lola.analysis.planes import DIVERGED, ELSEWHERE, FIXED, MOVING
from lola.analysis.sources import Sources
from lola.figures import planes

RUNS = {(0.01, 0.1): FIXED, (0.1, 0.1): ELSEWHERE, (0.01, 1.0): MOVING, (0.1, 1.0): DIVERGED}
ENDS = {FIXED: (1.0, 0.0, 7), ELSEWHERE: (1.0, 1.0, 9), MOVING: (1.0, 1.0, 100), DIVERGED: (1e9, 0.0, 3)}
SIZES = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]


def sources(*groups):
    labels = {group.algorithm: group.algorithm.removesuffix("@map").upper() for group in groups}
    return Sources({group.name: group for group in groups}, labels, {}, titles={"tandem": "Tandem game"})


def shown(ax):
    """The numbers of a panel's tiles, colour by colour: y × x, nan where there is none."""
    return [mesh.get_array().filled(np.nan).tolist() for mesh in ax.collections if isinstance(mesh, QuadMesh)]


def test_each_point_has_the_colour_of_its_end(tmp_path):
    group = by_hand(tmp_path, {point: [ENDS[end]] for point, end in RUNS.items()})
    figure = draw(planes, sources(group), game="tandem", algorithms=["lola@map"])
    nan = np.nan
    fixed, elsewhere, near, diverged = shown(figure.axes[0])
    np.testing.assert_equal([fixed, elsewhere], [[[7, nan], [nan, nan]], [[nan, 9], [nan, nan]]])
    np.testing.assert_equal([near, diverged], [[[nan, nan], [nan, nan]], [[nan, nan], [nan, 1]]])
    assert figure.axes[0].patch.get_hatch() and figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [MOVING, DIVERGED]
    assert [ax.get_xlabel() for ax in figure.axes[1:]] == [
        f"updates until it rests {end}" for end in (FIXED, ELSEWHERE)
    ]
    assert figure.legends[0].get_title().get_text() == "Tandem game, 1 start"
    readable(figure, width=17)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_panel_per_rule_with_a_line_where_the_spectral_radius_is_1(tmp_path, count):
    """Naive learning in the tandem game has it at δ = ½, LookAhead where 4δ(1 − 2η) = 2."""
    seats = [{"rule": "naive"}, *({"rule": "lookahead"} for _ in range(count - 1))]
    grids = [{"lr": SIZES}, *({"lr": SIZES, "eta": [0.01, 0.1, 0.2]} for _ in range(count - 1))]
    groups = [
        trained(tmp_path, f"tandem/a{n}@map/oracle", specs.TANDEM, seat, grid, 300)
        for n, (seat, grid) in enumerate(zip(seats, grids, strict=True))
    ]
    figure = draw(planes, sources(*groups), game="tandem", algorithms=[group.algorithm for group in groups])
    readable(figure, width=17)
    naive, *ahead = figure.axes[:count]
    (line,) = naive.lines
    assert 0.3 < line.get_xdata()[0] < 1.0 and [ax._left_title.get_text()[-2:] for ax in ahead] == [" η"] * len(ahead)
    for ax in ahead:
        (contour,) = (each for each in ax.collections if isinstance(each, ContourSet))
        x, y = contour.get_paths()[0].vertices.T
        assert (x > 0.3).all() and (x < 1.0).all() and x[y.argmax()] > x[y.argmin()]
    assert "spectral radius of the step 1" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_powers_of_ten_are_written_out():
    assert planes.decades(np.array([0.00373, 0.2, 2.68])) == ([0.01, 0.1, 1.0], ["0.01", "0.1", "1"])
    assert planes.decades(np.array([0.01, 10.0]))[1] == ["0.01", "0.1", "1", "10"]
    assert planes.decades(np.array([])) == ([], [])
