"""Each kind of figure draws what its groups hold: readable in one column, and the same bytes twice."""

import itertools
import json
import re

import numpy as np
import pytest
from group_files import ALWAYS_DEFECT, TIT_FOR_TAT, write_group, write_map
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from lola import figure as stage
from lola.reporting import learning_figure, map_figure, returns_figure, style
from lola.reporting.groups import Group
from lola.reporting.paper import Claim
from lola.reporting.sources import Sources

CD = [["C", "D"], ["C", "D"]]
LABELS = {"nl": "NL-Ex", "lola": "LOLA-Ex", "lola-vs-nl": "LOLA-Ex vs NL-Ex", "lola@map": "LOLA-Ex"}


def learned(tmp_path, players=(1, 2), **more):
    """Two groups of three runs and five updates: `nl` ends at always-defect, `lola` at tit-for-tat."""
    for name, end, policy in (("nl", -2.0, ALWAYS_DEFECT), ("lola", -1.0, TIT_FOR_TAT)):
        returns = {seed: {p: list(np.linspace(-1.5, end, 5) + 0.1 * seed) for p in players} for seed in range(3)}
        write_group(tmp_path, f"ipd/{name}/oracle", returns, dict.fromkeys(range(3), policy), **more)
    return sources(tmp_path, "ipd/nl/oracle", "ipd/lola/oracle", players=len(players))


def sources(tmp_path, *names, players=2, **more):
    groups = {name: Group(tmp_path / "groups" / name) for name in names}
    return Sources(groups, LABELS, {"ipd": CD[:1] * players, "imp": CD}, **more)


def draw(kind, *args, **block):
    with style.theme():
        figure = kind.draw(*args, **block)
        FigureCanvasAgg(figure).draw()
        return figure


def readable(figure):
    """One column wide, no type under 7 pt, and no label, title or legend over another."""
    assert figure.get_size_inches()[0] == pytest.approx(8 / 2.54)
    assert all(text.get_fontsize() >= 7 for text in figure.findobj(Text) if text.get_text())
    parts = [*figure.legends, *(t for t in (figure._supxlabel, figure._supylabel) if t)]
    for ax in figure.axes:
        parts += [t for t in (ax._left_title, ax.xaxis.label, ax.yaxis.label) if t.get_text()]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            shown = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            parts += [label for label in shown if label.get_visible() and label.get_text()]
    boxes = [part.get_window_extent() for part in parts]
    overlaps = [(a, b) for (a, p), (b, q) in itertools.combinations(zip(parts, boxes, strict=True), 2) if p.overlaps(q)]
    assert not overlaps


def test_learning_scatters_policies_by_state_and_draws_every_agents_return(tmp_path):
    figure = draw(learning_figure, learned(tmp_path), game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    a, b, c = figure.axes
    assert [ax._left_title.get_text().split("  ")[1] for ax in (a, b)] == ["NL-Ex", "LOLA-Ex"]
    assert [s.get_label() for s in b.collections] == ["start", "CC", "CD", "DC", "DD"]
    assert len({to_hex(s.get_facecolor()[0]) for s in b.collections}) == 5
    assert len({s.get_paths()[0].vertices.tobytes() for s in b.collections}) == 5
    centres = [np.mean(s.get_offsets(), axis=0) for s in b.collections]
    expected = np.transpose([TIT_FOR_TAT[1], TIT_FOR_TAT[2]])  # DC bottom right, CD top left
    assert np.abs(np.array(centres) - expected).max() < 0.05
    assert all(len(s.get_offsets()) == 3 for s in b.collections)
    assert "3 runs" in c._left_title.get_text()
    assert [line.get_label() for line in c.lines] == [
        f"{name}, agent {player}" for name in ("NL-Ex", "LOLA-Ex") for player in (1, 2)
    ]
    assert c.lines[0].get_ydata() == pytest.approx(np.linspace(-1.5, -2, 5) + 0.1)
    assert [c.lines[i].get_linestyle() for i in (0, 1)] == ["-", "--"]


def test_learning_needs_two_players_with_two_actions(tmp_path):
    with pytest.raises(ValueError, match="2 players with 2 actions"):
        draw(learning_figure, learned(tmp_path, players=(1, 2, 3)), game="ipd", algorithms=["nl"])


def test_a_seventh_algorithm_is_drawn_in_the_first_ones_colour(tmp_path):
    with style.theme():  # too crowded to lay out
        figure = learning_figure.draw(learned(tmp_path), game="ipd", algorithms=["nl", "lola"] * 3 + ["nl"])
    lines = figure.axes[-1].lines
    assert len(lines) == 14 and len(figure.axes) == 8
    colors = [to_hex(line.get_color()) for line in lines[::2]]
    assert len(set(colors[:6])) == 6 and colors[6] == colors[0]


def test_more_players_than_colours_still_look_different(tmp_path):
    known = learned(tmp_path, players=range(1, 9))
    figure = draw(returns_figure, known, game="ipd", algorithms=["nl", "lola"])
    readable(figure)
    looks = [(to_hex(line.get_color()), line.get_linestyle(), line._dash_pattern) for line in figure.axes[0].lines]
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


POINTS = list(itertools.product((0.5, 1.0, 2.0), repeat=2))
PAPER = [
    Claim(id, "", "", "read", "equals", {"quantity": quantity, "group": group}, paper=paper)
    for id, quantity, group, paper in (("a", "R", "ipd/lola/oracle", -1.06), ("b", "std", "imp/lola/oracle", 0.02))
]


def mapped(tmp_path, diverged=False):
    value = {(lr, eta): -lr for lr, eta in POINTS}
    write_map(tmp_path, "ipd/lola@map/oracle", value | ({(2.0, 2.0): float("nan")} if diverged else {}))
    write_map(tmp_path, "imp/lola@map/oracle", {(lr, eta): 0.01 * lr for lr, eta in POINTS}, zero_sum=True)
    names = ("ipd/lola@map/oracle", "imp/lola@map/oracle")
    return sources(tmp_path, *names, settings={"lola@map": {"lr": 1.0, "eta": 2.0}}, claims=PAPER)


def test_map_shows_the_two_measures_of_each_game(tmp_path):
    figure = draw(map_figure, mapped(tmp_path), games=["ipd", "imp"], algorithm="lola@map")
    readable(figure)
    r, tft, spread, nash = figure.axes[:4]
    assert [ax._left_title.get_text().split("  ")[1] for ax in (r, tft, spread, nash)] == [
        *("ipd: R (-1.06)", "ipd: %TFT", "imp: std of R (0.02)", "imp: %Nash")
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
    assert len(tft.collections) == 1  # the paper's %TFT is not among the claims
    assert [line.get_xydata().tolist() for line in r.lines] == [[[1.5, 2.5]]]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["(the paper's number)", "this study: δ = 1, η = 2"]
    assert figure.legends[0].get_title().get_text() == "LOLA-Ex, 2 runs at each point"


def test_map_greys_what_diverged_and_says_so(tmp_path):
    figure = draw(map_figure, mapped(tmp_path, diverged=True), games=["ipd"], algorithm="lola@map")
    for ax in figure.axes[:2]:
        hidden = np.ma.getmaskarray(ax.collections[0].get_array())
        assert np.argwhere(hidden).tolist() == [[2, 2]]
    assert "a run diverged" in [text.get_text() for text in figure.legends[0].get_texts()]


def run_stage(monkeypatch, tmp_path, out):
    spec = {"name": "figure1", "kind": "learning", "caption": "c", "game": "ipd", "algorithms": ["nl", "lola"]}
    spec |= {"labels": LABELS, "actions": {"ipd": CD}}
    folders = [str(tmp_path / "groups/ipd" / name / "oracle") for name in ("nl", "lola")]
    monkeypatch.setattr("sys.argv", ["lola.figure", "--spec", json.dumps(spec), "--out", str(out), *folders])
    stage.main()


def test_equal_figures_are_equal_files(tmp_path, monkeypatch):
    learned(tmp_path)
    for folder in ("a", "b"):
        run_stage(monkeypatch, tmp_path, tmp_path / folder / "figure1.v2")
    for ending in (".pdf", ".png"):
        one, two = ((tmp_path / folder / f"figure1.v2{ending}").read_bytes() for folder in ("a", "b"))
        assert one == two
        assert not re.search(rb"CreationDate|tIME", one)


def test_a_failed_seed_stops_its_figure_with_one_line(tmp_path, monkeypatch):
    learned(tmp_path, failed="3,17,a value became NaN or infinite\n4,9,a value became NaN or infinite\n")
    with pytest.raises(SystemExit) as stopped:
        run_stage(monkeypatch, tmp_path, tmp_path / "figure1")
    assert str(stopped.value) == (
        "figure1 is not made, since ipd/nl/oracle/seed3 failed at step 17: a value became NaN or infinite; and 3 more"
    )
    assert not list(tmp_path.glob("figure1*"))
