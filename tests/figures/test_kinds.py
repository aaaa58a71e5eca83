"""Each kind of figure draws what its groups hold: readable in one column, and the same bytes twice."""

import io
import itertools
import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from drawn import draw, readable
from group_files import ALWAYS_DEFECT, TIT_FOR_TAT, write, write_group, write_map, write_match, write_parameters
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image
from showing import run_show

from lola.analysis.groups import Group
from lola.analysis.paper import Ledger
from lola.analysis.sources import Sources, split_spec
from lola.figures import (
    beliefs,
    comparison,
    crosstable,
    distances,
    learning,
    matches,
    orbits,
    parameters,
    standings,
    style,
)
from lola.figures import map as map_figure
from lola.figures import returns as returns_figure
from lola.vocabulary import settings

CD = [["C", "D"], ["C", "D"]]
LABELS = {"nl": "NL-Ex", "lola": "LOLA-Ex", "lola-vs-nl": "LOLA-Ex vs NL-Ex", "lola@map": "LOLA-Ex"}
LABELS |= {"nl-pg": "NL-PG", "lola-pg": "LOLA-PG"}
COLOURS = {"nl": "red", "lola": "blue", "nl-pg": "light red", "lola-pg": "light blue"}
TITLES = {"ipd": "Iterated prisoner's dilemma", "imp": "Iterated matching pennies"}
NAMED = {"titles": TITLES, "colours": COLOURS}
ENDS = ["end of a run", "the paper's number"]


def learned(tmp_path, players=(1, 2), **more):
    """Two groups of three runs and five updates: `nl` ends at always-defect, `lola` at tit-for-tat."""
    for name, end, policy in (("nl", -2.0, ALWAYS_DEFECT), ("lola", -1.0, TIT_FOR_TAT)):
        returns = {seed: {p: list(np.linspace(-1.5, end, 5) + 0.1 * seed) for p in players} for seed in range(3)}
        write_group(tmp_path, f"ipd/{name}/oracle", returns, dict.fromkeys(range(3), policy), **more)
    return sources(tmp_path, "ipd/nl/oracle", "ipd/lola/oracle", players=len(players))


def sources(tmp_path, *names, players=2, **more):
    groups = {name: Group(tmp_path / "groups" / name) for name in names}
    return Sources(groups, LABELS, {"ipd": CD[:1] * players, "imp": CD}, **NAMED | more)


def titles(figure):
    """The titles of panels without their letters, on one line each."""
    found = (ax._left_title.get_text() for ax in figure.axes)
    return [" ".join(re.sub(r"\$.*\$ ", "", text).split()) for text in found if text]


def keys(figure):
    """The labels in the figure's last legend."""
    return [" ".join(text.get_text().split()) for text in figure.legends[-1].get_texts()]


def strip(ax):
    """What stands beside a panel: the runs and the paper's numbers, by the places of their columns."""
    (beside,) = ax.child_axes
    dots = [(to_hex(line.get_color()), *line.get_xydata().T.tolist()) for line in beside.lines]
    runs = [(round(np.mean(x)), color, y) for color, x, y in dots if color != "#000000"]
    return runs, {x[0]: y[0] for color, x, y in dots if color == "#000000"}


def named(color):
    return to_hex(style.colour(color))


def test_learning_scatters_policies_by_state_and_draws_every_agents_return(tmp_path):
    figure = draw(learning, learned(tmp_path), game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    _, b, c = figure.axes
    assert titles(figure)[:2] == ["NL-Ex", "LOLA-Ex"]
    assert [s.get_label() for s in b.collections] == ["start", "CC", "CD", "DC", "DD"]
    assert len({to_hex(s.get_facecolor()[0]) for s in b.collections}) == 5
    assert len({s.get_paths()[0].vertices.tobytes() for s in b.collections}) == 5
    centres = [np.mean(s.get_offsets(), axis=0) for s in b.collections]
    expected = np.transpose([TIT_FOR_TAT[1], TIT_FOR_TAT[2]])  # DC bottom right, CD top left
    assert np.abs(np.array(centres) - expected).max() < 0.05
    assert all(len(s.get_offsets()) == 3 for s in b.collections)
    assert "3 runs" in titles(figure)[2]
    assert [line.get_label() for line in c.lines] == [
        f"{name}, agent {player}" for name in ("NL-Ex", "LOLA-Ex") for player in (1, 2)
    ]
    assert c.lines[0].get_ydata() == pytest.approx(np.linspace(-1.5, -2, 5) + 0.1)
    assert [c.lines[i].get_linestyle() for i in (0, 1)] == ["-", "--"]
    assert [to_hex(line.get_color()) for line in c.lines] == [named("red")] * 2 + [named("blue")] * 2
    assert keys(figure) == ["NL-Ex", "LOLA-Ex", "agent 1", "agent 2", "end of a run"]


def test_learning_marks_where_each_run_ends_and_what_the_paper_prints(tmp_path):
    known = replace(learned(tmp_path), ledger=LEDGER)
    figure = draw(learning, known, game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    runs, paper = strip(figure.axes[-1])
    assert [(column, color) for column, color, _ in runs] == [(0, named("red")), (1, named("blue"))]
    assert [ends for *_, ends in runs] == [pytest.approx([end, end + 0.1, end + 0.2]) for end in (-2, -1)]
    assert paper == {1: -1.06}  # none is printed of the other
    assert keys(figure)[-2:] == ENDS


def test_learning_of_many_algorithms_is_as_wide_as_a_page(tmp_path):
    figure = draw(learning, learned(tmp_path), game="ipd", algorithms=["nl", "lola", "nl"])
    readable(figure, width=17)
    assert titles(figure)[:3] == ["NL-Ex", "LOLA-Ex", "NL-Ex"]


def test_learning_needs_two_players_with_two_actions(tmp_path):
    with pytest.raises(ValueError, match="2 players with 2 actions"):
        draw(learning, learned(tmp_path, players=(1, 2, 3)), game="ipd", algorithms=["nl"])


def test_a_colour_has_a_name_and_maybe_a_shade():
    assert {*settings.COLOURS} == {*style.PALETTE}
    assert {shade.strip() for shade in settings.SHADES} == {"", *style.SHADES}
    found = {name: style.colour(name) for name in settings.ALGORITHM["colour"].shape["enum"] if name != "dark black"}
    assert len({*map(to_hex, found.values())}) == len(found) == 26
    for hue in set(settings.COLOURS) - {"black"}:
        light, own, dark = (sum(found[shade + hue]) for shade in ("light ", "", "dark "))
        assert light > own > dark


def test_curves_of_one_colour_differ_in_their_dashes_and_then_in_width():
    looks = style.looks(["blue", "red", *["blue"] * 7])
    assert [to_hex(look["color"]) for look in looks[:3]] == [named("blue"), named("red"), named("blue")]
    assert looks[0]["linestyle"] == looks[1]["linestyle"] != looks[2]["linestyle"]
    assert len({str(look) for look in looks}) == 9
    assert [look["linewidth"] for look in looks] == [1] * 7 + [0.5] * 2


def test_numbers_have_the_minus_sign_of_axes():
    assert [style.number(-1.06), style.number(2.5), style.number(-0.001, "z.2f")] == ["−1.06", "2.5", "0.00"]


def test_sampled_returns_stand_beside_the_exact_ones_on_one_scale(tmp_path):
    known = learned(tmp_path)
    for name, end in (("nl-pg", -3.0), ("lola-pg", -1.1)):
        returns = {seed: {1: [-1.5, end, end + seed], 2: [-1.5, end, end]} for seed in range(2)}
        known.groups[f"ipd/{name}/oracle"] = write_group(tmp_path, f"ipd/{name}/oracle", returns)
    block = {"game": "ipd", "algorithms": ["nl", "lola"], "sampled": ["nl-pg", "lola-pg"]}
    figure = draw(learning, known, **block)
    readable(figure)
    c, d = figure.axes[2:]
    assert titles(figure)[2:] == ["exact, 3 runs", "sampled, 2 runs"]
    assert c.get_ylim() == d.get_ylim() and c.get_ylim()[0] < -3 and c.get_ylim()[1] > -0.8
    assert (c.get_xlim(), d.get_xlim()) == ((0, 4), (0, 2))
    assert [to_hex(line.get_color()) for line in d.lines] == [named("light red")] * 2 + [named("light blue")] * 2
    assert d.lines[2].get_ydata() == pytest.approx([-1.5, -1.1, -0.6])
    assert keys(figure) == ["NL-Ex", "LOLA-Ex", "NL-PG", "LOLA-PG", "agent 1", "agent 2", "end of a run"]


def compared(tmp_path, count=3):
    """Groups a0, a1, … of two runs, a0 with a clone as well; the mean return of run s of an ends at -1 - n/10 + s."""
    names = [f"ipd/a{n}/oracle" for n in range(count)] + ["ipd/a0/cloning"]
    for n, name in enumerate(names):
        returns = {seed: {1: [-1.5, -1 - n / 10 + seed], 2: [-1.5, -3 - n / 10 + seed]} for seed in range(2)}
        write_group(tmp_path, name, returns)
    groups = {name: Group(tmp_path / "groups" / name) for name in names}
    labels = {f"a{n}": f"LOLA-DiCE, {n} inner steps" for n in range(count)}
    colours = {f"a{n}": color for n, color in enumerate(settings.COLOURS[:count])}
    models = {"cloning": "cloned opponent"}
    return Sources(groups, labels, {"ipd": CD}, opponent_models=models, titles=TITLES, colours=colours)


SAVED = {"a1": [[0, -1.5], [1, -1.2]], "a0/cloning": [[1, -1.9]]}


def test_comparison_draws_a_curve_per_group_and_saved_results_in_its_colour(tmp_path):
    shown = {"game": "ipd", "algorithms": ["a0", "a1", "a0/cloning"]}
    figure = draw(comparison, compared(tmp_path), **shown, saved=SAVED, saved_label="the authors' five runs")
    readable(figure)
    (ax,) = figure.axes
    curves = [line for line in ax.lines if line.get_marker() == "None"]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_ydata()[-1] for line in curves] == pytest.approx([-1.5, -1.6, -1.8])  # over agents and runs
    assert [line.get_xydata().tolist() for line in marks] == [SAVED["a1"], SAVED["a0/cloning"]]
    colors = [to_hex(line.get_color()) for line in curves]
    assert colors == [named("red"), named("blue"), named("red")]
    assert [line.get_linestyle() for line in curves] == ["-", "-", "--"]
    assert [to_hex(line.get_color()) for line in marks] == colors[1:]
    assert [to_hex(line.get_markerfacecolor()) for line in marks] == [colors[1], "#ffffff"]  # the dashed one's
    assert titles(figure) == ["Iterated prisoner's dilemma"]
    assert keys(figure) == [
        "LOLA-DiCE, 0 inner steps",
        "LOLA-DiCE, 1 inner steps",
        "LOLA-DiCE, 0 inner steps, cloned opponent",
        "the authors' five runs",
        "end of a run",
    ]
    assert "2 runs" in figure.legends[0].get_title().get_text()
    assert strip(ax)[0][1] == (1, named("blue"), pytest.approx([-2.1, -1.1]))
    assert ax.collections[0].get_datalim(ax.transData).intervaly.tolist() == pytest.approx([-2, -1])  # its band


def test_comparison_tells_eight_groups_apart(tmp_path):
    figure = draw(comparison, compared(tmp_path, 8), game="ipd", algorithms=[f"a{n}" for n in range(8)])
    readable(figure, width=17)
    lines = figure.axes[0].lines
    assert len({to_hex(line.get_color()) for line in lines}) == len(lines) == 8
    assert "saved results" not in keys(figure)


def believed(tmp_path):
    """Two runs of each group; with clones, whose errors are 0.4 and 0.2 after one update, then 0.2 and 0."""
    clones = {seed: {(1, 2): [0.4, 0.2], (2, 1): [0.2, 0.0]} for seed in range(2)}
    shown = ("lola/oracle", "lola/cloning", "nl-pg/oracle")
    names = [f"{game}/{group}" for game in ("ipd", "imp") for group in shown]
    for name in names:
        sign = -1 if name.startswith("imp") else 2
        returns = {seed: {1: [0.5, 1.0, 1.5], 2: [sign * value for value in (0.5, 1.0, 1.5)]} for seed in range(2)}
        write_group(tmp_path, name, returns, beliefs=clones if name.endswith("cloning") else None)
    groups = {name: Group(tmp_path / "groups" / name) for name in names}
    return Sources(groups, LABELS, {"ipd": CD, "imp": CD}, opponent_models={"cloning": "cloned opponent"}, **NAMED)


def test_beliefs_shows_returns_and_the_distance_of_the_clones(tmp_path):
    figure = draw(beliefs, believed(tmp_path), games=["ipd", "imp"], algorithms=["lola", "lola/cloning", "nl-pg"])
    readable(figure)
    a, b, c, d = figure.axes
    assert keys(figure) == ["LOLA-Ex", "NL-PG", "opponent known", "cloned opponent", "end of a run"]
    assert titles(figure) == [
        *(f"{title} return per step" if n else "clone's error" for title in TITLES.values() for n in (1, 0))
    ]
    assert strip(c)[0][2] == (2, named("light red"), pytest.approx([1.5, 1.5]))
    assert [len(ax.lines) for ax in (a, b, c, d)] == [3, 1, 3, 1]
    assert a.lines[0].get_ydata() == pytest.approx([0.75, 1.5, 2.25])
    assert c.lines[0].get_ydata() == pytest.approx([0.5, 1.0, 1.5])  # zero-sum: agent 1's
    assert (a.get_ylabel(), c.get_ylabel()) == ("mean over agents", "agent 1")
    assert b.lines[0].get_xydata().tolist() == [[1, pytest.approx(0.3)], [2, pytest.approx(0.1)]]
    assert b.lines[0].get_label() == "LOLA-Ex, cloned opponent"
    looks = [(to_hex(line.get_color()), line.get_linestyle()) for line in [*a.lines, *b.lines]]
    lola, naive = looks[0][0], looks[2][0]
    assert lola != naive
    assert looks == [(lola, "-"), (lola, "--"), (naive, "-"), (lola, "--")]
    assert {ax.get_xlim() for ax in figure.axes} == {(0, 2)}


def test_beliefs_of_a_group_are_read_by_pair_and_update(tmp_path):
    group = believed(tmp_path).groups["ipd/lola/cloning"]
    assert group.beliefs["distance", 1, 2, 1].tolist() == [0.4, 0.4]
    assert group.beliefs["log-likelihood", 2, 1, 1].tolist() == [-0.2, -0.2]
    assert believed(tmp_path / "again").groups["ipd/lola/oracle"].beliefs.empty


def test_eight_players_of_one_algorithm_look_different(tmp_path):
    known = learned(tmp_path, players=range(1, 9))
    figure = draw(returns_figure, known, game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    for panel, color in zip(figure.axes, ("red", "blue"), strict=True):
        assert {to_hex(line.get_color()) for line in panel.lines} == {named(color)}
        looks = [(line.get_linewidth(), line._unscaled_dash_pattern) for line in panel.lines]
        assert len(looks) == len(set(map(str, looks))) == 8


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_returns_has_a_panel_per_algorithm_on_one_scale(tmp_path, count):
    known = learned(tmp_path, players=(1, 2, 3))
    figure = draw(returns_figure, known, game="ipd", algorithms=(["nl", "lola"] * 3)[:count])
    readable(figure)
    assert len(figure.axes) == count
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert [line.get_label() for line in figure.axes[0].lines] == ["agent 1", "agent 2", "agent 3"]
    assert "3 runs" in figure.legends[0].get_title().get_text()


@pytest.mark.parametrize("several", [False, True])
def test_parameters_has_a_panel_per_algorithm_and_a_curve_per_parameter(tmp_path, several):
    own = {1: [0, 0.2, 0.4]} | ({2: [0, 1, 2]} if several else {})
    for name, scale in (("nl", 1), ("lola", 2)):
        moved = {s: {1: {n: [scale * x + s for x in xs] for n, xs in own.items()}, 2: {1: [0, 1, 1]}} for s in range(3)}
        write_parameters(tmp_path, f"ipd/{name}/oracle", moved, {s: {1: [1] * 3, 2: [1] * 3} for s in range(3)})
    known = sources(tmp_path, "ipd/nl/oracle", "ipd/lola/oracle")
    figure = draw(parameters, known, game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    assert titles(figure) == ["NL-Ex", "LOLA-Ex"]
    one = (
        ["agent 1, parameter 1", "agent 1, parameter 2", "agent 2, parameter 1"] if several else ["agent 1", "agent 2"]
    )
    assert [line.get_label() for line in figure.axes[0].lines] == one
    assert figure.axes[1].lines[0].get_ydata() == pytest.approx([1, 1.4, 1.8])


@pytest.mark.parametrize("seeds", [1, 3])
def test_parameters_that_are_too_many_are_shown_by_their_residual(tmp_path, seeds):
    for name in ("nl", "lola"):
        rows = [(s, t, p, "residual", 8.0 / (t + 1)) for s in range(seeds) for t in range(4) for p in (1, 2)]
        write(tmp_path, f"ipd/{name}/oracle", "parameters", rows, {seed: {} for seed in range(seeds)})
    figure = draw(
        parameters, sources(tmp_path, "ipd/nl/oracle", "ipd/lola/oracle"), game="ipd", algorithms=["nl", "lola"]
    )
    readable(figure)
    for ax in figure.axes:
        (line,) = ax.lines
        assert line.get_label() == "both agents" and line.get_ydata().tolist() == [8, 4, pytest.approx(8 / 3), 2]
    said = figure.legends[0].get_title().get_text().splitlines()[-1]
    assert said == ("one run" if seeds == 1 else "mean of 3 runs, with 95 % intervals")


def circling(tmp_path):
    """Two groups of three runs: `nl` ever farther from the origin, `lola` ever nearer."""
    for name, factors in (("nl", (1, 2, 4)), ("lola", (1, 0.5, 0))):
        rows = [
            (s, t, p, "parameter 1", (1 + s) * factor * own)
            for s in range(3)
            for t, factor in enumerate(factors)
            for p, own in ((1, 3.0), (2, -4.0))
        ]
        write(tmp_path, f"ipd/{name}/oracle", "parameters", rows, {s: {} for s in range(3)})
    return sources(tmp_path, "ipd/nl/oracle", "ipd/lola/oracle")


def test_distances_has_a_panel_per_game_and_a_curve_per_algorithm_on_a_log_scale(tmp_path):
    figure = draw(distances, circling(tmp_path), games=["ipd"], algorithms=["nl", "lola"])
    readable(figure)
    (ax,) = figure.axes
    assert titles(figure) == ["Iterated prisoner's dilemma"] and keys(figure) == ["NL-Ex", "LOLA-Ex"]
    assert ax.get_yscale() == "log" and ax.get_ylabel() == "‖θ‖" and ax.get_xlim() == (0, 2)
    nl, lola = ax.lines
    assert nl.get_ydata().tolist() == [10, 20, 40] and lola.get_ydata().tolist() == [10, 5, 0]
    assert nl.get_color() == style.colour("red") and ax.get_ylim() == (1.25, 120)
    (band, _) = ax.collections
    assert band.get_paths()[0].get_extents().get_points().tolist() == [[0, 5], [2, 60]]
    assert figure.legends[0].get_title().get_text() == "median of 3 runs, and all of them"


def test_long_titles_of_panels_side_by_side_stay_apart(tmp_path):
    known = circling(tmp_path)
    games = ["ipd", "imp", "hunt"]
    groups = {f"{game}/{name}/oracle": known.groups[f"ipd/{name}/oracle"] for game in games for name in ("nl", "lola")}
    shown = {game: f"Quadratic game with an equilibrium, α = {n}" for n, game in enumerate(games)}
    known = replace(known, groups=groups, titles=shown)
    figure = draw(distances, known, games=games, algorithms=["nl", "lola"])
    readable(figure, width=17)
    assert titles(figure) == [*shown.values()]


def test_distances_are_written_as_numbers(tmp_path):
    figure = draw(distances, circling(tmp_path), games=["ipd"], algorithms=["nl", "lola"])
    axis = figure.axes[0].yaxis
    assert axis.get_major_formatter()(1e-6) == "1e−06" and "$" not in axis.get_minor_formatter()(2.0)


def test_distances_are_residuals_where_parameters_are_too_many(tmp_path):
    for name in ("nl", "lola"):
        rows = [(0, t, p, "residual", 8.0 / (t + 1)) for t in range(4) for p in (1, 2)]
        write(tmp_path, f"ipd/{name}/oracle", "parameters", rows, {0: {}})
    known = sources(tmp_path, "ipd/nl/oracle", "ipd/lola/oracle")
    figure = draw(distances, known, games=["ipd"], algorithms=["nl", "lola"])
    (ax,) = figure.axes
    assert ax.get_ylabel() == "residual" and ax.lines[1].get_ydata().tolist() == [8, 4, pytest.approx(8 / 3), 2]
    assert not ax.collections and figure.legends[0].get_title().get_text() == "1 run"


def test_distances_leave_room_where_a_run_diverges(tmp_path):
    rows = [(0, t, p, "parameter 1", 10.0 ** (t * 20 - 30)) for t in range(4) for p in (1, 2)]
    write(tmp_path, "ipd/nl/oracle", "parameters", rows, {0: {}})
    figure = draw(distances, sources(tmp_path, "ipd/nl/oracle"), games=["ipd"], algorithms=["nl"])
    assert figure.axes[0].get_ylim() == (distances.LEAST, distances.MOST)


def test_orbits_has_a_panel_per_algorithm_and_a_line_a_start_and_an_end_per_run(tmp_path):
    figure = draw(orbits, circling(tmp_path), game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    assert titles(figure) == ["NL-Ex", "LOLA-Ex"] and keys(figure) == ["start", "end"]
    for ax, ends in zip(figure.axes, ([12, -16], [0, 0]), strict=True):
        assert len(ax.lines) == 9
        path, start, end = ax.lines[:3]
        assert start.get_xydata().tolist() == [[3, -4]] and end.get_xydata().tolist() == [ends]
        assert path.get_xydata()[[0, -1]].tolist() == [[3, -4], ends]
        assert ax.get_xlim() == ax.get_ylim() == pytest.approx((-1.08 * 36, 1.08 * 36))  # three times the largest start
    assert figure.legends[0].get_title().get_text() == "Iterated prisoner's dilemma: 3 runs"


def test_orbits_are_of_two_players_with_a_parameter_each(tmp_path):
    rows = [(0, t, p, "parameter 1", 1.0) for t in range(2) for p in (1, 2, 3)]
    write(tmp_path, "ipd/nl/oracle", "parameters", rows, {0: {}})
    with pytest.raises(ValueError, match="two players with a parameter each; ipd has others"):
        draw(orbits, sources(tmp_path, "ipd/nl/oracle", players=3), game="ipd", algorithms=["nl"])


POINTS = list(itertools.product((0.5, 1.0, 2.0), repeat=2))
LEDGER = Ledger(
    printed={"ipd/lola/oracle": {"R": -1.06}, "imp/lola/oracle": {"std": 0.02}},
    plotted={"ipd": {"field": ["q", "lola"], "cells": [[None, -1.18], [-0.98, None]], "average": [-1.2, -1.0]}},
)


def mapped(tmp_path, diverged=False):
    value = {(lr, eta): -lr for lr, eta in POINTS}
    write_map(tmp_path, "ipd/lola@map/oracle", value | ({(2.0, 2.0): float("nan")} if diverged else {}))
    write_map(tmp_path, "imp/lola@map/oracle", {(lr, eta): 0.01 * lr for lr, eta in POINTS}, zero_sum=True)
    names = ("ipd/lola@map/oracle", "imp/lola@map/oracle")
    return sources(tmp_path, *names, settings={"lola@map": {"lr": 1.0, "eta": 2.0}}, ledger=LEDGER)


def test_map_shows_the_two_measures_of_each_game(tmp_path):
    figure = draw(map_figure, mapped(tmp_path), games=["ipd", "imp"], algorithm="lola@map")
    readable(figure)
    r, tft, spread = figure.axes[:3]
    assert titles(figure) == [
        *("Iterated prisoner's dilemma R; paper: −1.06", "%TFT"),
        *("Iterated matching pennies std of R; paper: 0.02", "%Nash"),
    ]
    assert r.collections[0].get_array().tolist() == [[-0.5, -1.0, -2.0]] * 3  # η up, δ to the right
    assert tft.collections[0].get_array().tolist() == [[20, 100, 20]] * 3
    assert np.asarray(spread.collections[0].get_array()) == pytest.approx(np.array([[0.005, 0.01, 0.02]] * 3))
    assert [tick.get_text() for tick in r.get_xticklabels()] == ["0.5", "1", "2"]


def test_map_marks_the_papers_number_and_the_settings_of_the_study(tmp_path):
    figure = draw(map_figure, mapped(tmp_path), games=["ipd", "imp"], algorithm="lola@map")
    r, tft = figure.axes[:2]
    contour = r.collections[1].get_paths()[0].vertices
    assert contour[:, 0] == pytest.approx(1.5 + 0.06)  # between the tiles at δ = 1 and 2, where R is -1 and -2
    assert len(tft.collections) == 1  # no %TFT is printed here
    assert [line.get_xydata().tolist() for line in r.lines] == [[[1.5, 2.5]]]
    assert keys(figure) == ["equal to the paper", "this study: δ = 1, η = 2"]
    assert figure.legends[0].get_title().get_text() == "LOLA-Ex, 2 runs at each point"


def test_map_greys_what_diverged_and_says_so(tmp_path):
    figure = draw(map_figure, mapped(tmp_path, diverged=True), games=["ipd"], algorithm="lola@map")
    for ax in figure.axes[:2]:
        hidden = np.ma.getmaskarray(ax.collections[0].get_array())
        assert np.argwhere(hidden).tolist() == [[2, 2]]
    assert "a run diverged" in [text.get_text() for text in figure.legends[0].get_texts()]


ENTRANTS = {"q": "NL-Q", "jal": "JAL-Q", "phc": "PHC", "wolf": "WoLF-PHC", "nl": "NL-Ex", "lola": "LOLA-Ex"}
BOTH = {"games": ["ipd", "imp"], "tournaments": ["cup", "cup-released"]}
ONE = {"game": "ipd", "tournaments": BOTH["tournaments"]}


def contested(tmp_path, entrants=tuple(ENTRANTS), models=("oracle",)):
    """Two runs, four rows of 25 episodes: entrant i earns 0, 0, 0, s - i - 2 j against j at seed s, in self-play -i.

    On matching pennies, and as released, everything is multiplied; the second seat earns the opposite of the first.
    """
    groups = {}
    for game, name, model in itertools.product(("ipd", "imp"), BOTH["tournaments"], models):
        for (i, first), (j, second) in itertools.combinations_with_replacement(enumerate(entrants), 2):
            seats = first if i == j else f"{first}-vs-{second}"
            times = (0.1 if game == "imp" else 1) * (1 if name == "cup" else 2) * (1 if model == "oracle" else 3)

            def curve(end, times=times):
                return [0, 0, 0, times * end]

            ends = {s: (s - i, -s - i) if i == j else (s - i - 2 * j, s - j - 2 * i) for s in (0, 1)}
            returns = {s: {1: curve(one), 2: curve(-one if game == "imp" else two)} for s, (one, two) in ends.items()}
            shares = {s: {1: [0.1 * i] * 4, 2: [0.1 * j] * 4} for s in (0, 1)}
            group = write_match(tmp_path, f"{game}/{seats}@{name}/{model}", returns, shares, every=25)
            groups[group.name] = group
    tournaments = {"cup": "as described", "cup-released": "as released"}
    actions = {"ipd": CD, "imp": [["H", "T"]] * 2}
    known = Sources(groups, ENTRANTS, actions, ledger=LEDGER, tournament_labels=tournaments, titles=TITLES)
    colours = dict(zip(entrants, itertools.cycle(settings.COLOURS)))
    return replace(known, opponent_models={"cloning": "cloned opponent"}, colours=colours)


def duel(tmp_path, **more):
    return contested(tmp_path, ("q", "lola"), **more)


def test_standings_average_over_opponents_and_runs(tmp_path):
    figure = draw(standings, contested(tmp_path), **BOTH)
    readable(figure, width=17)
    a, b, c, d = figure.axes
    assert titles(figure) == [
        f"{title} {label}" for label in ("as described", "as released") for title in TITLES.values()
    ]
    assert [{text.get_text() for text in ax.texts} for ax in figure.axes] == [{*ENTRANTS.values()}] * 4
    assert [to_hex(line.get_color()) for line in a.lines] == [named(color) for color in settings.COLOURS[:6]]
    assert "mean over opponents and 2 runs" in figure.legends[0].get_title().get_text()
    assert all(line.get_xdata().tolist() == [25, 50, 75, 100] for ax in figure.axes for line in ax.lines)
    ends = [line.get_ydata()[-1] for line in a.lines]
    others = 0.5 * 5 / 6  # of the mean seed: self-play has both signs of it
    assert ends == pytest.approx([others - i - 2 * (15 - i) / 6 for i in range(6)])
    assert [line.get_ydata()[-1] for line in c.lines] == pytest.approx([2 * end for end in ends])
    assert all(line.get_ydata()[2] == 0 for line in a.lines)
    band = a.collections[0].get_datalim(a.transData).intervaly
    assert band.tolist() == pytest.approx([-5, 0])  # of the two runs: -5 and -5 + 5/6
    assert len({to_hex(line.get_color()) for line in a.lines}) == 6
    assert a.get_ylim() == c.get_ylim() != b.get_ylim() == d.get_ylim()


def test_standings_tell_more_entrants_apart_than_there_are_colours(tmp_path):
    known = contested(tmp_path, tuple(f"e{n}" for n in range(10)))
    known = replace(known, labels={f"e{n}": f"LOLA-Ex-{n}" for n in range(10)})
    figure = draw(standings, known, games=["ipd"], tournaments=["cup"])
    readable(figure)
    looks = {(to_hex(line.get_color()), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(looks) == 10
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts), key=lambda box: box.y0)
    assert len(boxes) == 10 and all(low.y1 <= high.y1 - 15 for low, high in itertools.pairwise(boxes))


def test_names_at_the_ends_of_curves_make_room_for_each_other():
    assert style.apart([0.1, 0.5, 0.9], 0.1) == [0.1, 0.5, 0.9]
    assert style.apart([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    assert style.apart([0.0, 0.5, 0.5, 0.5], 0.2) == pytest.approx([0.0, 0.3, 0.5, 0.7], abs=1e-3)


def test_standings_show_what_the_authors_plotted_of_the_same_field(tmp_path):
    figure = draw(standings, duel(tmp_path), games=["ipd"], tournaments=["cup"])
    readable(figure)
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [line.get_xydata().tolist() for line in marks] == [[[100, -1.2]], [[100, -1.0]]]
    assert [to_hex(line.get_color()) for line in marks] == [named("red"), named("blue")]
    assert keys(figure) == ["authors, read off their plot of the end"]


def test_a_spec_says_what_tournaments_are_called(tmp_path):
    folders = [group.folder for group in duel(tmp_path).groups.values()]
    spec = BOTH | {"name": "figure4", "kind": "standings", "caption": "c", "labels": ENTRANTS, "actions": {"ipd": CD}}
    known, block = split_spec(spec | {"tournament_labels": {"cup": "as described"}}, folders, Ledger())
    assert known.tournament_label(known.tournament("ipd", "cup")) == "as described"
    assert block == BOTH


def test_standings_of_those_who_model_say_so(tmp_path):
    known = replace(duel(tmp_path, models=("oracle", "cloning")), opponent_model="cloning")
    figure = draw(standings, known, games=["ipd"], tournaments=["cup"])
    readable(figure)
    (ax,) = figure.axes
    assert titles(figure) == ["Iterated prisoner's dilemma as described, cloned opponent"]
    assert ax.lines[0].get_ydata()[-1] == pytest.approx(3 * (0.25 - 1))  # against itself 0, against the other 0.5 - 2


def test_tournaments_with_different_fields_stand_side_by_side(tmp_path):
    known = duel(tmp_path)
    groups = {name: group for name, group in known.groups.items() if "lola" not in name or "released" not in name}
    figure = draw(standings, replace(known, groups=groups, ledger=Ledger()), **BOTH)
    assert [[text.get_text() for text in ax.texts] for ax in figure.axes[1:3]] == [["NL-Q", "LOLA-Ex"], ["NL-Q"]]
    assert [len(ax.lines) for ax in figure.axes] == [2, 2, 1, 1]
    a, b = draw(crosstable, replace(known, groups=groups, ledger=Ledger()), **ONE).axes[:2]
    assert not np.ma.getmaskarray(a.collections[0].get_array()).any()
    assert np.ma.getmaskarray(b.collections[0].get_array()).tolist() == [[False, True], [True, True]]


def test_crosstable_shows_each_pair_on_one_scale_beside_the_authors(tmp_path):
    figure = draw(crosstable, contested(tmp_path), **ONE)
    readable(figure, width=17)
    a, b, authors, _ = figure.axes
    whose = ("as described", "as released", "authors, read off their plots; grey: not plotted")
    assert titles(figure) == [f"Iterated prisoner's dilemma {each}" for each in whose]
    expected = [[-i if i == j else 0.5 - i - 2 * j for j in range(6)] for i in range(6)]
    assert tiles(a) == pytest.approx(np.array(expected))
    assert tiles(b) == pytest.approx(2 * np.array(expected))
    known = np.argwhere(~np.ma.getmaskarray(authors.collections[0].get_array()))
    assert known.tolist() == [[0, 5], [5, 0]]
    assert (tiles(authors)[0, 5], tiles(authors)[5, 0]) == (-1.18, -0.98)
    assert {ax.collections[0].get_clim() for ax in (a, b, authors)} == {(2 * expected[4][5], 0)}
    assert [text.get_text() for text in a.texts[:3]] == ["0.0", "−1.5", "−3.5"]
    boxes = [text.get_window_extent() for text in a.texts]
    assert len(boxes) == 36 and not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    names = list(ENTRANTS.values())
    assert [tick.get_text() for tick in a.get_yticklabels()] == names
    for ax in (b, authors):  # the lowest of their columns
        assert [tick.get_text() for tick in ax.get_xticklabels() if tick.get_visible()] == names


def test_a_crosstable_of_gains_and_losses_is_centred(tmp_path):
    a, b, _ = draw(crosstable, contested(tmp_path), **ONE | {"game": "imp"}).axes
    low, high = a.collections[0].get_clim()
    assert low == -high == b.collections[0].get_clim()[0]


def tiles(ax):
    return np.ma.getdata(ax.collections[0].get_array())


def test_a_small_crosstable_is_one_column_wide_and_a_large_one_has_no_numbers(tmp_path):
    block = {"game": "imp", "tournaments": ["cup"]}
    small = draw(crosstable, duel(tmp_path / "small"), **block)
    readable(small)
    assert [text.get_text() for text in small.axes[0].texts] == ["0.00", "−0.15", "0.15", "0.00"]
    names = tuple(f"e{n}" for n in range(16))
    known = replace(contested(tmp_path / "wide", names), labels=dict(zip(names, names, strict=True)))
    wide = draw(crosstable, known, **block)
    readable(wide, width=17)
    assert len(wide.axes[0].texts) == 16 * 16
    names = tuple(f"e{n}" for n in range(19))
    known = replace(contested(tmp_path / "large", names), labels=dict(zip(names, names, strict=True)))
    large = draw(crosstable, known, **block)
    assert not large.axes[0].texts and tiles(large.axes[0]).shape == (19, 19)


def test_matches_show_what_each_earns_against_each(tmp_path):
    figure = draw(matches, contested(tmp_path), game="ipd", tournament="cup", shows="return")
    readable(figure, width=17)
    panels = np.reshape(figure.axes, (6, 6))
    assert [ax.title.get_text() for ax in panels[0]] == list(ENTRANTS.values())
    assert [ax.get_ylabel() for ax in panels[:, 0]] == list(ENTRANTS.values())
    for i, j in itertools.product(range(6), repeat=2):
        (line,) = panels[i, j].lines
        assert line.get_xdata().tolist() == [25, 50, 75, 100]
        assert line.get_ydata() == pytest.approx([0, 0, 0, -i if i == j else 0.5 - i - 2 * j])
    assert len({ax.get_ylim() for ax in panels.flat}) == 1
    assert figure._suptitle.get_text() == "Iterated prisoner's dilemma: the row's return per step, against the column"


def test_matches_show_how_often_each_takes_its_first_action(tmp_path):
    figure = draw(matches, contested(tmp_path), game="imp", tournament="cup", shows="first action")
    readable(figure, width=17)
    for i, row in enumerate(np.reshape(figure.axes, (6, 6))):
        assert all(ax.lines[0].get_ydata() == pytest.approx([0.1 * i] * 4) for ax in row)
    assert figure._suptitle.get_text() == "Iterated matching pennies: the row's P(H), against the column"
    assert figure.axes[0].get_ylim() == (-0.03, 1.03)


def test_matches_name_the_first_action_only_where_both_seats_call_it_the_same(tmp_path):
    known = replace(duel(tmp_path), actions={"ipd": [["C", "D"], ["stay", "go"]]})
    figure = draw(matches, known, game="ipd", tournament="cup", shows="first action")
    assert "P(first action)" in figure._suptitle.get_text()


def test_matches_show_one_of_two_things(tmp_path):
    known = duel(tmp_path)
    with pytest.raises(ValueError, match="shows 'return' or 'first action', not 'regret'"):
        draw(matches, known, game="ipd", tournament="cup", shows="regret")


@pytest.mark.parametrize(
    ("kind", "made", "block"),
    [
        (learning, learned, {"game": "ipd", "algorithms": ["nl"], "sampled": ["lola"]}),
        (comparison, compared, {"game": "ipd", "algorithms": ["a0", "a1", "a0/cloning"], "saved": SAVED}),
        (beliefs, believed, {"games": ["imp"], "algorithms": ["lola/cloning"]}),
        (standings, duel, BOTH),
        (crosstable, duel, ONE),
        (matches, duel, {"game": "ipd", "tournament": "cup", "shows": "return"}),
    ],
    ids=["learning", "comparison", "beliefs", "standings", "crosstable", "matches"],
)
def test_every_kind_saves_the_same_bytes_twice(tmp_path, kind, made, block):
    known = made(tmp_path)
    for name in ("one", "two"):
        with style.theme():
            style.save(kind.draw(known, **block), tmp_path / name)
    for ending in (".pdf", ".png"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_a_picture_of_few_colours_is_the_same_to_the_eye(tmp_path):
    whole = io.BytesIO()
    with style.theme():
        standings.draw(duel(tmp_path), **BOTH).savefig(whole, format="png")
    small = style.of_few_colours(whole)
    with Image.open(io.BytesIO(small)) as few, Image.open(whole) as full:
        assert few.info["dpi"] == pytest.approx((style.DPI, style.DPI), abs=0.1)
        off = np.abs(np.asarray(few.convert("RGB"), int) - np.asarray(full.convert("RGB"), int))
    assert off.max() < 32 and len(small) < len(whole.getvalue()) / 1.5


def run_stage(monkeypatch, tmp_path, out):
    spec = {"name": "figure1", "kind": "learning", "caption": "c", "game": "ipd", "algorithms": ["nl", "lola"]}
    spec |= {"labels": LABELS, "actions": {"ipd": CD}}
    folders = [tmp_path / "groups/ipd" / name / "oracle" for name in ("nl", "lola")]
    return run_show(monkeypatch, "figure", spec, out, folders)


def test_equal_figures_are_equal_files(tmp_path, monkeypatch):
    learned(tmp_path)
    for folder in ("a", "b"):
        run_stage(monkeypatch, tmp_path, tmp_path / folder / "figure1.v2")
    for ending in (".pdf", ".png"):
        one, two = ((tmp_path / folder / f"figure1.v2{ending}").read_bytes() for folder in ("a", "b"))
        assert one == two
        assert not re.search(rb"CreationDate|tIME", one)


def test_figures_are_the_same_bytes_whatever_the_users_matplotlibrc_says(tmp_path, monkeypatch):
    learned(tmp_path)
    run_stage(monkeypatch, tmp_path, tmp_path / "plain")
    theirs = {"axes.grid": True, "savefig.bbox": "tight", "savefig.dpi": 72, "lines.linewidth": 5, "text.usetex": True}
    with mpl.rc_context(theirs | {"axes.formatter.limits": (-1, 1), "pdf.compression": 0, "image.cmap": "magma"}):
        run_stage(monkeypatch, tmp_path, tmp_path / "theirs")
    for ending in (".pdf", ".png"):
        assert (tmp_path / f"plain{ending}").read_bytes() == (tmp_path / f"theirs{ending}").read_bytes()


def test_runs_that_diverged_are_counted_below_the_figure(tmp_path, monkeypatch):
    sizes, notes = {}, []
    write = Figure.text
    monkeypatch.setattr(Figure, "text", lambda *args, **look: notes.append(args[3]) or write(*args, **look))
    for failed in ({}, {3: 17, 4: 9}):
        root = tmp_path / str(len(failed))
        learned(root, failed=failed)
        run_stage(monkeypatch, root, root / "figure1")
        with Image.open(root / "figure1.png") as shown:
            sizes[len(failed)] = shown.size
    assert [width for width, _ in sizes.values()] == [629, 629]
    assert sizes[2][1] > sizes[0][1]
    counted = "ipd, NL-Ex: 3 of 5 runs; 2 diverged\nipd, LOLA-Ex: 3 of 5 runs; 2 diverged"
    assert [note for note in notes if "diverged" in note] == [counted]
