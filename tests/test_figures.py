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
from lola.reporting import beliefs_figure, comparison_figure, learning_figure, map_figure, returns_figure, style
from lola.reporting.groups import Group
from lola.reporting.paper import Claim
from lola.reporting.sources import Sources

CD = [["C", "D"], ["C", "D"]]
LABELS = {"nl": "NL-Ex", "lola": "LOLA-Ex", "lola-vs-nl": "LOLA-Ex vs NL-Ex", "lola@map": "LOLA-Ex"}
LABELS |= {"nl-pg": "NL-PG", "lola-pg": "LOLA-PG"}


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
    page = figure.bbox
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 and box.y1 <= page.y1 for box in boxes)
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


def test_a_ninth_algorithm_is_drawn_in_the_first_ones_colour(tmp_path):
    with style.theme():  # too crowded to lay out
        figure = learning_figure.draw(learned(tmp_path), game="ipd", algorithms=["nl", "lola"] * 4 + ["nl"])
    lines = figure.axes[-1].lines
    assert len(lines) == 18 and len(figure.axes) == 10
    colors = [to_hex(line.get_color()) for line in lines[::2]]
    assert len(set(colors[:8])) == 8 and colors[8] == colors[0]


def test_sampled_returns_stand_beside_the_exact_ones_on_one_scale(tmp_path):
    known = learned(tmp_path)
    for name, end in (("nl-pg", -3.0), ("lola-pg", -1.1)):
        returns = {seed: {1: [-1.5, end, end + seed], 2: [-1.5, end, end]} for seed in range(2)}
        known.groups[f"ipd/{name}/oracle"] = write_group(tmp_path, f"ipd/{name}/oracle", returns)
    block = {"game": "ipd", "algorithms": ["nl", "lola"], "sampled": ["nl-pg", "lola-pg"]}
    figure = draw(learning_figure, known, **block)
    readable(figure)
    c, d = figure.axes[2:]
    assert [ax._left_title.get_text().split("  ")[1] for ax in (c, d)] == ["exact, 3 runs", "sampled, 2 runs"]
    assert c.get_ylim() == d.get_ylim() and c.get_ylim()[0] < -3 and c.get_ylim()[1] > -0.8
    assert (c.get_xlim(), d.get_xlim()) == ((0, 4), (0, 2))
    assert [to_hex(line.get_color()) for line in d.lines] == [to_hex(line.get_color()) for line in c.lines]
    assert d.lines[2].get_ydata() == pytest.approx([-1.5, -1.1, -0.6])
    assert [text.get_text() for text in figure.legends[1].get_texts()] == [
        *(f"{name}, agent {player}" for name in ("NL-Ex", "LOLA-Ex", "NL-PG", "LOLA-PG") for player in (1, 2))
    ]


def compared(tmp_path, count=3):
    """Groups a0, a1, … of two runs, a0 with a clone as well; the mean return of run s of an ends at -1 - n/10 + s."""
    names = [f"ipd/a{n}/oracle" for n in range(count)] + ["ipd/a0/cloning"]
    for n, name in enumerate(names):
        returns = {seed: {1: [-1.5, -1 - n / 10 + seed], 2: [-1.5, -3 - n / 10 + seed]} for seed in range(2)}
        write_group(tmp_path, name, returns)
    groups = {name: Group(tmp_path / "groups" / name) for name in names}
    labels = {f"a{n}": f"LOLA-DiCE, {n} inner steps" for n in range(count)}
    return Sources(groups, labels, {"ipd": CD}, opponent_models={"cloning": "cloned opponent"})


SAVED = {"a1": [[0, -1.5], [1, -1.2]], "a0/cloning": [[1, -1.9]]}


def test_comparison_draws_a_curve_per_group_and_saved_results_in_its_colour(tmp_path):
    shown = {"game": "ipd", "algorithms": ["a0", "a1", "a0/cloning"]}
    figure = draw(comparison_figure, compared(tmp_path), **shown, saved=SAVED, saved_label="the authors' five runs")
    readable(figure)
    (ax,) = figure.axes
    curves = [line for line in ax.lines if line.get_marker() == "None"]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_ydata()[-1] for line in curves] == pytest.approx([-1.5, -1.6, -1.8])  # over agents and runs
    assert [line.get_xydata().tolist() for line in marks] == [SAVED["a1"], SAVED["a0/cloning"]]
    colors = [to_hex(line.get_color()) for line in curves]
    assert len(set(colors)) == 3
    assert [to_hex(line.get_color()) for line in marks] == colors[1:]
    (legend,) = figure.legends
    assert [" ".join(text.get_text().split()) for text in legend.get_texts()] == [
        "LOLA-DiCE, 0 inner steps",
        "LOLA-DiCE, 1 inner steps",
        "LOLA-DiCE, 0 inner steps, cloned opponent",
        "the authors' five runs",
    ]
    assert "2 runs" in legend.get_title().get_text()
    assert ax.collections[0].get_datalim(ax.transData).intervaly.tolist() == pytest.approx([-2, -1])  # its band


def test_comparison_tells_eight_groups_apart(tmp_path):
    figure = draw(comparison_figure, compared(tmp_path, 8), game="ipd", algorithms=[f"a{n}" for n in range(8)])
    readable(figure)
    lines = figure.axes[0].lines
    assert len({to_hex(line.get_color()) for line in lines}) == len(lines) == 8
    assert [line.get_linestyle() for line in lines] == ["-"] * 6 + ["--"] * 2
    assert "saved results" not in [text.get_text() for text in figure.legends[0].get_texts()]


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
    return Sources(groups, LABELS, {"ipd": CD, "imp": CD}, opponent_models={"cloning": "cloned opponent"})


def test_beliefs_shows_returns_and_the_distance_of_the_clones(tmp_path):
    figure = draw(
        beliefs_figure, believed(tmp_path), games=["ipd", "imp"], algorithms=["lola", "lola/cloning", "nl-pg"]
    )
    readable(figure)
    a, b, c, d = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("LOLA-Ex", "NL-PG", "opponent known", "cloned opponent")
    ]
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
    assert group.beliefs["likelihood", 2, 1, 1].tolist() == [-0.2, -0.2]
    assert believed(tmp_path / "again").groups["ipd/lola/oracle"].beliefs.empty


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


@pytest.mark.parametrize(
    ("kind", "made", "block"),
    [
        (learning_figure, learned, {"game": "ipd", "algorithms": ["nl"], "sampled": ["lola"]}),
        (comparison_figure, compared, {"game": "ipd", "algorithms": ["a0", "a1", "a0/cloning"], "saved": SAVED}),
        (beliefs_figure, believed, {"games": ["imp"], "algorithms": ["lola/cloning"]}),
    ],
    ids=["learning", "comparison", "beliefs"],
)
def test_every_kind_saves_the_same_bytes_twice(tmp_path, kind, made, block):
    known = made(tmp_path)
    for name in ("one", "two"):
        with style.theme():
            style.save(kind.draw(known, **block), tmp_path / name)
    for ending in (".pdf", ".png"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


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
