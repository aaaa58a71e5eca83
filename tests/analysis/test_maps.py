"""Maps over any settings: what a point holds, how near it comes to the paper, and how both are shown."""

import itertools
from dataclasses import replace

import group_files
import numpy as np
import pytest
from group_files import ALWAYS_DEFECT, STATES, TIT_FOR_TAT
from matplotlib.backends.backend_agg import FigureCanvasAgg

from lola.analysis import claims
from lola.analysis.maps import Compared, fit, fit_of, quantities
from lola.analysis.metrics import STD, estimate, mean
from lola.analysis.paper import Claim, Ledger
from lola.analysis.sources import Sources
from lola.analysis.verdicts import INCONCLUSIVE, NOT_REPRODUCED, NOT_RUN, REPRODUCED
from lola.figures import map as map_figure
from lola.figures import style
from lola.study import display, plan
from lola.study.config import BadConfig, load
from lola.tables import settings as settings_table

# P(first action | own state) of both players, by what share of the states is tit-for-tat's, or the mixed equilibrium's
TFT = {20: ALWAYS_DEFECT[1], 60: (0, 0, 0, 1, 0), 100: TIT_FOR_TAT[1]}
NASH = {20: (0.9, 0.9, 0.9, 0.9, 0.5), 60: (0.9, 0.9, 0.5, 0.5, 0.5)}
AXES = ("batch", "eta")


def write(tmp_path, name, points, axes=AXES, zero_sum=False):
    """`points` {point: [(R of player 1, share) per seed]}; the share is %TFT, or %Nash in a zero-sum game."""
    rows = []
    for point, runs in points.items():
        for (seed, (r, share)), player in itertools.product(enumerate(runs), (1, 2)):
            at = (seed, *point, player)
            rows.append((*at, "return", -r if zero_sum and player == 2 else r))
            for state, p in zip(STATES, (NASH if zero_sum else TFT)[share], strict=True):
                rows.append((*at, f"C {'at' if state == 'start' else 'after'} {state}", p))
    columns = (*axes, "player", "metric", "value")
    return group_files.write(tmp_path, name, "map", rows, {row[0]: {} for row in rows}, columns)


def ledger(**printed):
    """What is printed of `a`, by game, with the margins of the quantities."""
    margins = {"R": {"margin": 0.1}, "tft": {"margin": 20}, "std": {"margin": 0.05}, "nash": {"margin": 40}}
    return Ledger(
        printed={f"{game}/a/oracle": numbers for game, numbers in printed.items()}, quantities=margins, runs=50
    )


PAPER = ledger(ipd={"R": -1.0, "tft": 100.0}, imp={"std": 0.1, "nash": 80.0})
NEAR, FAR = (64, 1.0), (4000, 2.0)


def pair(tmp_path, n=12, apart=0.0):
    """Two maps whose runs agree at each point, but for R that is so far apart from its mean in each.

    NEAR is off by 1.5, 2, 1, 0.5 margins, FAR by 0.5, 0, 0, 1.5.
    """

    def runs(r, share):
        return [(r + apart * (-1) ** (seed // 2), share) for seed in range(n)]

    ipd = write(tmp_path, "ipd/a@map/oracle", {NEAR: runs(-1.15, 60), FAR: runs(-1.05, 100)})
    imp = {NEAR: runs(0.15, 60), FAR: runs(0.1, 20)}
    return [ipd, write(tmp_path, "imp/a@map/oracle", imp, zero_sum=True)]


def test_a_map_holds_its_games_quantities_at_every_point(tmp_path):
    ipd, imp = (quantities(group) for group in pair(tmp_path, n=2))
    assert list(ipd) == ["R", "std", "tft"] and list(imp) == ["R", "std", "nash"]
    percent, mean = ipd["tft"]
    assert percent.index.names == ["batch", "eta", "seed"]
    assert percent[0].tolist() == [60, 60, 100, 100] and mean.value(percent.to_numpy()) == 80
    assert imp["nash"][0][0].tolist() == [60, 60, 20, 20]
    runs, spread = imp["std"]
    assert spread.value(runs.loc[NEAR].to_numpy()) == pytest.approx(0.15)


def test_each_point_is_as_good_as_the_number_that_fits_it_worst(tmp_path):
    found = fit_of(pair(tmp_path), PAPER)
    assert found.points.to_dict("list") == {"batch": [64, 4000], "eta": [1.0, 2.0]}
    assert [c.name for c in found.compared] == ["ipd R", "ipd %TFT", "imp std of R", "imp %Nash"]
    off = np.array([c.off(c.runs) for c in found.compared])
    assert off == pytest.approx(np.array([[1.5, 0.5], [2, 0], [1, 0], [0.5, 1.5]]))
    assert found.worst == pytest.approx([2, 1.5])
    best = estimate(found.sample)
    assert (best.value, best.n) == (pytest.approx(1.5), 12) and best.low < 1.5 < best.high
    assert found.about == (
        "the best of 2 points is B = 4000, η = 2: "
        "ipd R -1.05 (-1), ipd %TFT 100 (100), imp std of R 0.1 (0.1), imp %Nash 20 (80)"
    )


def test_seeds_are_drawn_together_for_both_games_and_all_points(tmp_path):
    values = np.random.default_rng(0).normal(size=(2, 12))
    maps = [
        write(
            tmp_path, "ipd/a@map/oracle", {p: [(r, 20) for r in v] for p, v in zip((NEAR, FAR), values, strict=True)}
        ),
        write(tmp_path, "imp/a@map/oracle", {p: [(0.3, 20)] * 9 for p in (NEAR, FAR)}, zero_sum=True),
    ]
    found = fit_of(maps, ledger(ipd={"R": -1.0}, imp={"std": 0.1}))
    assert found.seeds == tuple(range(9))  # those that both have
    rows = np.random.default_rng(1).integers(0, 9, (5, 9))
    expected = [min(max(abs(v[draw].mean() + 1) / 0.1, 0.2 / 0.05) for v in values) for draw in rows]
    assert found.sample.statistic.value(found.sample.runs[rows]) == pytest.approx(expected)
    assert found.sample.statistic.value(found.sample.runs) == pytest.approx(found.worst.min())
    low, high = found.sample.statistic.limits(found.sample.runs)(0.05)
    assert low <= found.worst.min() <= high
    many = found.sample.statistic.limits(found.sample.runs[rows])(0.05)
    assert np.stack(many)[:, 3] == pytest.approx(found.sample.statistic.limits(found.sample.runs[rows[3]])(0.05))


def test_the_interval_of_a_distance_has_the_papers_runs_scatter_like_ours():
    """By hand: t has 11 and 49 degrees of freedom, and the number of ours lies 0.3 below the paper's."""
    runs = np.array([[-1.3 + x, -1.3 + x] for x in 6 * (0.05, -0.05)])
    number = Compared("ipd", "", "R", -1.0, 50, 0.1, 0.01, runs[None], None, mean(), [])
    s = 0.05 * (12 / 11) ** 0.5
    half = np.hypot(2.200985 * s / 12**0.5, 2.009575 * s / 50**0.5) + 0.005
    assert np.ravel(number.limits(runs, 0.05)) == pytest.approx([(0.3 - half) / 0.1, (0.3 + half) / 0.1], rel=1e-5)
    assert np.ravel(number.limits(runs + 0.3, 0.05)) == pytest.approx([0, half / 0.1], rel=1e-5)


def test_runs_that_are_all_alike_leave_room_for_one_that_is_not():
    """Of 50 that end at -2 one in 14 may end at 0 (Clopper & Pearson), which bounds their mean and their spread."""
    runs, most = np.full((50, 2), -2.0), 1 - 0.025 ** (1 / 50)
    for statistic, furthest in ((mean((-2.0, 0.0)), 2 * most), (STD, 2 * most**0.5)):
        number = Compared("ipd", "", "", -2.0, 50, 0.1, 0.0, runs[None], (-2.0, 0.0), statistic, [])
        below, above = number.reach(runs, 50, 0.05)
        assert (float(below), float(above)) == pytest.approx((0.0, furthest), rel=0.02)


def test_points_at_which_a_run_diverged_are_left_out(tmp_path):
    ipd = write(tmp_path, "ipd/a@map/oracle", {NEAR: [(-1.0, 20)] * 3, FAR: [(-1.0, 20), (float("nan"), 20)] * 1})
    imp = write(tmp_path, "imp/a@map/oracle", {NEAR: [(0.1, 20)] * 3, (9, 9.0): [(0.1, 20)] * 3}, zero_sum=True)
    assert fit_of([ipd, imp], PAPER).points.to_numpy().tolist() == [[64, 1.0]]
    other = write(tmp_path, "stag/a@map/oracle", {FAR: [(-1.0, 20)] * 3})
    with pytest.raises(ValueError, match="no point is left of ipd/a@map/oracle, stag/a@map/oracle"):
        fit_of([ipd, other], ledger(ipd={"R": -1.0}, stag={"R": -1.0}))


def test_numbers_of_one_player_or_of_other_groups_are_not_compared(tmp_path):
    (group, _) = pair(tmp_path)
    assert [c.name for c in fit_of([group], ledger(ipd={"R": -1.0, "R 1": 9.0, "nash": 9.0})).compared] == ["ipd R"]
    with pytest.raises(ValueError, match="the paper prints no number of ipd/a@map/oracle"):
        fit_of([group], ledger(imp={"R": 9.0}))


def curves(tmp_path, name, **ends):
    """A group whose runs have these R after 10 and 20 updates, of both players, who always defect."""
    rows = [
        (seed, step, player, metric, value)
        for seed in range(12)
        for step, r in zip((10, 20), ends["r"], strict=True)
        for player in (1, 2)
        for metric, value in [("return", r)] + [(f"C {'at' if s == 'start' else 'after'} {s}", 0.0) for s in STATES]
    ]
    return group_files.write(tmp_path, name, "updates", rows, {row[0]: {} for row in rows})


def test_an_update_of_a_curve_is_a_point_and_options_stand_side_by_side(tmp_path):
    naive = curves(tmp_path, "ipd/naive/oracle", r=(-1.6, -2.0))
    ends = {"a": (-1.3, -1.2), "b": (-1, -1)}
    found = {name: curves(tmp_path, f"ipd/lola-{name}/oracle", r=r) for name, r in ends.items()}
    numbers = {"ipd/naive/oracle": {"R": -1.9}} | {group.name: {"R": -1.15} for group in found.values()}
    printed = Ledger(printed=numbers, quantities=PAPER.quantities, runs=50)
    both = fit({name: [naive, group] for name, group in found.items()}, printed)
    assert both.points.to_dict("list") == {"option": ["a", "a", "b", "b"], "step": [10, 20, 10, 20]}
    assert [c.name for c in both.compared] == ["ipd naive R", "ipd lola R"]
    assert both.worst == pytest.approx([3, 1, 3, 1.5])
    assert both.about == "the best of 4 points is a, N = 20: ipd naive R -2 (-1.9), ipd lola R -1.2 (-1.15)"


def test_whether_one_setting_gives_both_rows_is_a_claim(tmp_path):
    maps = {group.name: group for group in pair(tmp_path, n=60, apart=0.001)}
    asked = Claim("x/y", "", "", "inferred", "less", {"quantity": "fit", "groups": list(maps)}, than=1)
    checked = claims.check(asked, maps, PAPER)
    assert (checked.verdict, checked.measured.value) == (NOT_REPRODUCED, pytest.approx(1.5))
    assert checked.because.startswith("the best of 2 points is B = 4000, η = 2: ipd R -1.05 (-1)")
    lenient = replace(PAPER, quantities=PAPER.quantities | {"nash": {"margin": 50}})
    assert claims.check(asked, maps, lenient).verdict == INCONCLUSIVE  # 1.2 margins, but perhaps one
    three = ledger(ipd={"R": -1.0, "tft": 100.0}, imp={"std": 0.1})  # which FAR gives
    assert claims.check(asked, maps, three).verdict == REPRODUCED
    assert claims.check(asked, maps, replace(three, runs=5)).verdict == INCONCLUSIVE  # %TFT of five runs may be any
    without = claims.check(asked, {"ipd/a@map/oracle": maps["ipd/a@map/oracle"]}, PAPER)
    assert (without.verdict, without.because) == (NOT_RUN, "imp/a@map/oracle is not in the study")


def test_a_paper_that_does_not_say_how_many_runs_it_has_is_refused(tmp_path):
    with pytest.raises(ValueError, match="of how many runs are the paper's numbers of ipd/a@map/oracle"):
        fit_of(pair(tmp_path), replace(PAPER, runs=None))


def test_the_best_of_many_points_is_not_believed(tmp_path):
    """Each point is one margin off in one number: the best of 40 looks better, and its interval does not say so."""
    drawn, points = np.random.default_rng(0), [(lr, eta) for lr in range(8) for eta in range(5)]
    runs = {p: [(-1.1 + x, 20) for x in drawn.normal(0, 0.34, 50)] for p in points}
    group = write(tmp_path, "ipd/a@map/oracle", runs, axes=("lr", "eta"))
    found = fit_of([group], ledger(ipd={"R": -1.0}))
    best = estimate(found.sample)
    assert best.value < 0.4 and best.high > 1
    near = {p: [(-1.02 + x, 20) for x in drawn.normal(0, 0.05, 50)] for p in points}
    group = write(tmp_path / "near", "ipd/a@map/oracle", near, axes=("lr", "eta"))
    assert estimate(fit_of([group], ledger(ipd={"R": -1.0})).sample).high < 1


def sources(*groups, **more):
    return Sources({g.name: g for g in groups}, {"a@map": "LOLA-PG"}, {"ipd": [["C", "D"]] * 2}, **more)


def test_the_table_lists_the_best_settings_first(tmp_path):
    shown = sources(*pair(tmp_path), ledger=PAPER, titles={"ipd": "Prisoner's dilemma"})
    table = settings_table.tabulate(shown, games=["ipd", "imp"], algorithm="a@map")
    (heading, block), *_ = table.blocks.items()
    assert heading == "LOLA-PG, 12 runs at each of 2 points"
    assert block.columns.tolist() == ["", "the paper", "B = 4000, η = 2", "B = 64, η = 1"]
    assert block[""].tolist() == [
        *("Prisoner's dilemma: R", "Prisoner's dilemma: %TFT", "imp: std of R", "imp: %Nash", "off"),
    ]
    assert block["the paper"].tolist() == ["-1", "100", "0.1", "80", "–"]
    assert block["B = 4000, η = 2"].tolist() == [
        *("-1.05 [-inf, inf]", "100.0 [73.5, 100.0]", "0.10", "20.0 [14.7, 41.2]", "1.50"),
    ]
    assert block.iloc[-1].tolist() == ["off", "–", "1.50", "2.00"]
    rows = table.rows.set_index(["rank", "measure"])
    assert rows.loc[(2, "ipd R"), ["batch", "eta", "value", "paper", "margin", "off"]].tolist() == pytest.approx(
        [64, 1, -1.15, -1, 0.1, 1.5]
    )


def draw(groups, **more):
    settings = {"a@map": {"lr": 1.0, "eta": 1.0, "batch": 4000}}
    with style.theme():
        games = [group.game for group in groups]
        figure = map_figure.draw(sources(*groups, settings=settings, **more), games=games, algorithm="a@map")
        FigureCanvasAgg(figure).draw()
        return figure


BATCHES = {(batch, eta): [(-1 - eta / batch, 20)] for batch in (10, 100, 4000) for eta in (0.5, 1.0)}


def test_a_map_over_batch_sizes_has_them_to_the_right(tmp_path):
    figure = draw([write(tmp_path, "ipd/a@map/oracle", BATCHES)])
    assert figure._supxlabel.get_text() == "B, roll-outs per update"
    assert figure._supylabel.get_text() == "η, the step size assumed for the other"
    r = figure.axes[0]
    assert np.asarray(r.collections[0].get_array()) == pytest.approx(
        np.array([[-1.05, -1.005, -1.000125], [-1.1, -1.01, -1.00025]])
    )
    assert [tick.get_text() for tick in r.get_xticklabels()] == ["10", "100", "4000"]
    assert [line.get_xydata().tolist() for line in r.lines] == [[[2.5, 1.5]]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["this study: B = 4000, η = 1"]
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1


def test_the_order_of_the_columns_does_not_turn_a_map(tmp_path):
    turned = {(eta, lr): [(-lr - 10 * eta, 20)] for lr in (1, 2) for eta in (3, 4)}
    figure = draw([write(tmp_path, "ipd/a@map/oracle", turned, axes=("eta", "lr"))])
    assert figure.axes[0].collections[0].get_array().tolist() == [[-31, -32], [-41, -42]]
    assert figure._supxlabel.get_text().startswith("δ")


def test_a_map_may_stand_beside_the_numbers_of_another_algorithm(tmp_path):
    known = Ledger(printed={"ipd/other/oracle": {"R": -1.02}})
    group = write(tmp_path, "ipd/a@map/oracle", BATCHES)
    with style.theme():
        beside = map_figure.draw(sources(group, ledger=known), games=["ipd"], algorithm="a@map", beside="other")
        alone = map_figure.draw(sources(group, ledger=known), games=["ipd"], algorithm="a@map")
    assert [f.axes[0]._left_title.get_text().split("  ")[1] for f in (beside, alone)] == ["R; paper: −1.02", "R"]
    assert [len(f.axes[0].collections) for f in (beside, alone)] == [2, 1]
    assert not len(beside.axes[0].collections[1].get_facecolor())  # the contour is a line, which hides no tile


@pytest.mark.parametrize("axes", [("lr",), ("lr", "eta", "batch")])
def test_a_map_of_other_than_two_axes_is_refused(tmp_path, axes):
    group = write(tmp_path, "ipd/a@map/oracle", {(1,) * len(axes): [(0, 20)], (2,) * len(axes): [(0, 20)]}, axes=axes)
    with pytest.raises(ValueError, match=rf"2 axes; that of ipd/a@map/oracle has {', '.join(sorted(axes, key=AXIS))}"):
        draw([group])


AXIS = ("batch", "lr", "eta").index


def test_the_config_refuses_a_map_figure_of_one_axis():
    part = {"games": ["ipd", "imp"], "algorithms": ["lola-ex"], "grid": {"lr": [1.0, 2.0], "eta": None}}
    with pytest.raises(
        BadConfig, match=r"lola-ex@map/oracle, one of the maps \(.*\) by lr; kind map shows .* by 2 axes"
    ):
        load("lola", settings={"study": {"map": part}})


def test_a_block_knows_what_the_study_itself_takes_for_each_axis():
    config = load("lola")
    groups = plan.groups(config)
    own = display.own_settings(config, groups["ipd/lola-pg@map/oracle"])
    assert own == {axis: config["algorithms"]["lola-pg"][axis] for axis in ("lr", "eta", "batch")}
    assert display.own_settings(config, groups["ipd/nl-ex/oracle"]) == {"lr": 1.0, "eta": None, "batch": None}
