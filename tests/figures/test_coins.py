"""The figures of the Coin Game: what an episode brings, boards and films of boards, curves, and settings compared."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn import draw, readable
from group_files import write_coin_game
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image
from showing import run_show

from lola.analysis import metrics
from lola.analysis.groups import Group
from lola.analysis.paper import Ledger
from lola.analysis.sources import Sources, split_spec
from lola.figures import coins as coins_figure
from lola.figures import episode, exploration, style
from lola.figures.boards import COLORS, GROUND, draw_board, film, frames
from lola.study import display, plan
from lola.study.config import BadConfig, load

RED, BLUE = 0, 1
# Red picks its own coin (4); blue picks blue's (8); blue picks red's (5); red picks blue's (1); both pick red's (0).
EPISODE = [
    *((3, 7, 4, RED), (4, 1, 8, BLUE), (3, 8, 5, RED), (0, 5, 1, BLUE), (1, 3, 0, RED), (0, 0, 6, BLUE)),
    *((3, 1, 6, BLUE), (4, 2, 6, BLUE), (5, 1, 6, BLUE), (4, 2, 6, BLUE), (5, 1, 6, BLUE), (4, 2, 6, BLUE)),
    *((5, 1, 6, BLUE), (4, 2, 6, BLUE)),
]
BROUGHT = [(0, 0), (1, 0), (0, 1), (-2, 1), (1, -2), (-1, 1), *[(0, 0)] * 8]
SCALE = {"grid": 3, "tie": "both", "batch": 128, "length": 16, "steps": 200}


def learned(tmp_path, names=("nl", "lola"), game="coin-game", seeds=3, failed=None):
    """Ten rows of 20 updates; the own-colour share of seed s ends at (4 + n + s) / 10 for the n-th name.

    `failed` {name: {seed: step}}.
    """
    for n, name in enumerate(names):
        rows = {}
        for seed in range(seeds):
            shares = [*np.linspace(0.5, 0.6, 9), (4 + n + seed) / 10]
            rows[seed] = {
                player: [(share, (share - 0.5) * player, coins * share, coins) for share in shares]
                for player, coins in ((1, 0.1), (2, 0.4))
            }
        write_coin_game(tmp_path, f"{game}/{name}/oracle", rows, episode=EPISODE, failed=(failed or {}).get(name))
    found = [f"{game}/{name}/oracle" for name in names]
    labels = {name: name.upper() for name in names}
    groups = {name: Group(tmp_path / "groups" / name) for name in found}
    return Sources(groups, labels, {}, coin_games=dict.fromkeys(found, SCALE))


def test_frames_say_who_picked_what_and_what_it_brought():
    shown = frames(EPISODE)
    assert [frame.rewards for frame in shown] == BROUGHT
    assert [frame.pickers for frame in shown[:6]] == [(), (RED,), (BLUE,), (BLUE,), (RED,), (RED, BLUE)]
    assert [frame.picked for frame in shown[1:6]] == [RED, BLUE, RED, BLUE, RED]
    assert (shown[0].players, shown[0].coin, shown[0].colour) == ((3, 7), 4, RED)


def test_a_coin_on_which_both_step_may_be_reds_alone():
    assert [frame.rewards for frame in frames(EPISODE, tie="red")] == [*BROUGHT[:5], (1, 0), *BROUGHT[6:]]
    both_on_blue = [(1, 3, 0, BLUE), (0, 0, 5, RED)]
    assert [frames(both_on_blue, tie)[1].rewards for tie in ("both", "red")] == [(1, -1), (1, -2)]


def board(frame, grid=3):
    ax = Figure().add_subplot()
    draw_board(ax, grid, frame)
    return ax


def test_a_board_has_shapes_for_players_and_hollow_ones_for_coins():
    ax = board(frames(EPISODE)[0])  # red on the left of the middle row, blue in the middle of the lowest
    red, blue, coin, hole = ax.patches
    assert (type(red), type(blue), type(coin), type(hole)) == (Circle, Rectangle, Circle, Circle)
    assert [to_hex(p.get_facecolor()) for p in (red, blue, coin, hole)] == [
        *(to_hex(color) for color in (*COLORS, COLORS[RED])),
        "#ffffff",
    ]
    assert red.center == (0.5, 1.5) and blue.get_center() == pytest.approx((1.5, 2.5)) and coin.center == (1.5, 1.5)
    assert hole.center == coin.center and hole.radius < coin.radius < red.radius
    assert ax.get_ylim() == (3, 0)  # rows downwards


def test_a_coin_just_picked_surrounds_who_picked_it():
    ax = board(frames(EPISODE)[3])  # blue has picked red's coin
    around, hole, blue = ax.patches[1:4]
    assert to_hex(ax.get_facecolor()) == to_hex(hole.get_facecolor()) == GROUND
    assert isinstance(around, Circle) and to_hex(around.get_facecolor()) == to_hex(COLORS[RED])
    assert around.center == hole.center == pytest.approx(blue.get_center()) == (2.5, 1.5)
    assert around.radius > hole.radius > blue.get_width() / 2
    assert to_hex(board(frames(EPISODE)[0]).get_facecolor()) == "#ffffff"


@pytest.mark.parametrize("things", [((4, 4), 0), ((4, 0), 4), ((4, 4), 4)])
def test_who_share_a_cell_stay_apart_inside_it(things):
    players, coin = things
    ax = board(replace(frames(EPISODE)[0], players=players, coin=coin))
    boxes = [patch.get_path().get_extents(patch.get_patch_transform()) for patch in ax.patches[:3]]
    inside = [box for box, cell in zip(boxes, (*players, coin), strict=True) if cell == 4]
    assert len(inside) == [*players, coin].count(4)
    assert all(box.min.min() >= 1 and box.max.max() <= 2 for box in inside)
    centres = np.array([((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in inside])
    sizes = [(box.x1 - box.x0) / 2 for box in inside]
    apart = np.linalg.norm(centres[:, None] - centres, axis=-1) + np.eye(len(sizes))
    assert (apart > np.add.outer(sizes, sizes) * (1 - np.eye(len(sizes)))).all()


def test_a_film_has_a_picture_per_step_and_is_small():
    made = film(EPISODE, 3)
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.n_frames, picture.size) == ("GIF", len(EPISODE), (300, 330))
        assert picture.info["duration"] == 500
    assert len(made) < 150_000
    assert film(EPISODE, 3) == made != film(EPISODE[::-1], 3)


def test_coins_are_shares_points_and_numbers_over_both_players(tmp_path):
    figure = draw(coins_figure, learned(tmp_path), game="coin-game", algorithms=["nl", "lola"])
    readable(figure, width=17)
    share, points, picked = figure.axes
    nl, lola, half = share.lines
    assert nl.get_xdata().tolist() == lola.get_xdata().tolist() == list(range(20, 201, 20))
    assert nl.get_ydata()[[0, -1]] == pytest.approx([50, 50]) and lola.get_ydata()[-1] == pytest.approx(60)
    assert set(half.get_ydata()) == {50} and half.get_linestyle() == ":"
    assert points.lines[1].get_ydata()[-1] == pytest.approx(150 * 1.5 * 0.1)
    assert picked.lines[0].get_ydata() == pytest.approx([0.5] * 10)
    assert figure.legends[0].get_title().get_text() == (
        "mean over both players and 3 runs, with 95 % intervals; 128 games of 16 steps per update"
    )
    assert legend(figure) == ["NL", "LOLA", "end of a run"]


def test_an_own_colour_share_counts_coins_not_players(tmp_path):
    rows = {0: {1: [(0, 0, 0.1, 0.1)], 2: [(0, 0, 0.0, 0.3)]}}
    write_coin_game(tmp_path, "coin-game/nl/oracle", rows)
    name = "coin-game/nl/oracle"
    known = Sources({name: Group(tmp_path / "groups" / name)}, {"nl": "NL"}, {}, coin_games={name: SCALE})
    share = coins_figure.draw(known, game="coin-game", algorithms=["nl"]).axes[0]
    assert share.lines[0].get_ydata() == pytest.approx([25])


def test_an_episode_is_the_median_runs_with_what_each_move_brings(tmp_path):
    figure = draw(episode, learned(tmp_path, seeds=4), game="coin-game", algorithms=["nl", "lola"])
    readable(figure, width=17)
    boards = np.reshape(figure.axes, (2, 12))
    assert [row[0].get_ylabel() for row in boards] == ["NL\nseed 1, 50 % own", "LOLA\nseed 1, 60 % own"]
    for row in boards:
        brought = [(ax.get_title(loc="left"), ax.get_title(loc="right")) for ax in row[:6]]
        assert brought == [("", ""), ("+1", ""), ("", "+1"), ("−2", "+1"), ("+1", "−2"), ("−1", "+1")]
    assert [ax.get_xlabel() for ax in boards[-1]] == ["step 0", *map(str, range(1, 12))]
    assert len(figure.legends[0].legend_handles) == 5


def test_an_exploration_shows_runs_means_and_scale_line_by_line(tmp_path):
    short, long = learned(tmp_path, seeds=5), learned(tmp_path, game="long", seeds=2)
    scales = short.coin_games | {name: SCALE | {"length": 150} for name in long.groups}
    known = replace(short, groups=short.groups | long.groups, coin_games=scales)
    named = ["coin-game/lola", "coin-game/nl/oracle", "long/nl"]
    figure = draw(exploration, known, groups=named)
    readable(figure, width=17)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ["coin-game", "LOLA", "NL", "long", "NL"]
    (beside,) = figure.axes[2].child_axes
    about = [text.get_text() for text in beside.get_yticklabels()]
    assert about == ["games × steps, updates", "128 × 16, 200", "128 × 16, 200", "", "128 × 150, 200"]
    share, points, picked = figure.axes
    interval, runs, mean = share.lines[:3]
    assert sorted(runs.get_xdata()) == pytest.approx([50, 60, 70, 80, 90]) and set(runs.get_ydata()) == {1}
    whole = metrics.estimate(metrics.own_colour(known.group("coin-game", "lola")))
    assert interval.get_xdata().tolist() == [whole.low, whole.high]
    assert mean.get_xdata() == pytest.approx([70])
    assert points.lines[2].get_xdata() == pytest.approx([150 * 1.5 * 0.2])
    assert picked.lines[2].get_xdata() == pytest.approx([0.5])
    of_two = share.lines[6:8]  # no interval
    assert [line.get_xdata().tolist() for line in of_two] == [pytest.approx([40, 50]), pytest.approx([45])]
    assert {y for line in share.lines[6:8] for y in line.get_ydata()} == {4} and len(share.lines) == 3 + 3 + 2 + 1
    assert legend(figure) == ["a run", "mean of runs, of 5 or more with its 95 % interval"]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_an_exploration_of_few_runs_shows_no_interval(tmp_path):
    figure = draw(exploration, learned(tmp_path, seeds=4), groups=["coin-game/nl"])
    assert [len(ax.lines) for ax in figure.axes] == [3, 3, 2] and legend(figure) == ["a run", "mean of runs"]


def test_figures_of_the_coin_game_count_the_runs_that_diverged(tmp_path, monkeypatch):
    known = learned(tmp_path, ["nl", "lola"], seeds=2, failed={"lola": {2: 41}})
    none = write_coin_game(tmp_path, "coin-game/none/oracle", {}, failed=dict.fromkeys(range(3), 41))
    groups = known.groups | {none.name: none}
    names = [*groups]
    labels = known.labels | {"none": "NONE"}
    known = Sources(groups, labels, {}, coin_games=dict.fromkeys(names, SCALE))
    figure = draw(exploration, known, groups=names)
    readable(figure, width=17)
    (beside,) = figure.axes[2].child_axes
    about = [text.get_text() for text in beside.get_yticklabels()]
    assert about[1:] == [
        "128 × 16, 200",
        *(f"128 × 16, 200, {runs}" for runs in ("1 diverged", "3 diverged")),
    ]
    assert {y for line in figure.axes[2].lines for y in line.get_ydata()} == {1, 2}

    block = {"name": "f", "caption": "c", "labels": labels, "actions": {}, "coin_games": known.coin_games}
    every = {"game": "coin-game", "algorithms": [*labels]}
    shows = {"exploration": {"groups": names}, "coins": every, "episode": every}
    for kind, shown in shows.items():
        folders = [group.folder for group in groups.values()]
        run_show(monkeypatch, "figure", block | shown | {"kind": kind}, tmp_path / kind, folders)
    assert {path.stem for path in tmp_path.glob("*.p*")} == {*shows}


def test_an_exploration_holds_25_settings(tmp_path):
    names = [f"with-a-name-as-long-as-this-{n}" for n in range(25)]
    known = learned(tmp_path, names, seeds=2)
    readable(draw(exploration, known, groups=[f"coin-game/{name}" for name in names]), width=17)


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        (coins_figure, {"game": "coin-game", "algorithms": ["nl"]}),
        (episode, {"game": "coin-game", "algorithms": ["nl"]}),
        (exploration, {"groups": ["coin-game/nl"]}),
    ],
    ids=["coins", "episode", "exploration"],
)
def test_every_kind_saves_the_same_bytes_twice(tmp_path, kind, block):
    known = learned(tmp_path)
    for name in ("one", "two"):
        with style.theme():
            style.save(kind.draw(known, **block), tmp_path / name)
    for ending in (".pdf", ".png"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def with_figure(**block):
    return load("lola", [], {"figures": {"f": block | {"caption": "c"}}})


def test_a_spec_tells_a_figure_the_scale_of_each_group():
    config = with_figure(kind="exploration", groups=["coin-game/coin-nl-pg", "coin-game/coin-lola-pg/oracle"])
    block = config["figures"]["f"]
    names = [f"coin-game/{name}/oracle" for name in ("coin-nl-pg", "coin-lola-pg")]
    assert plan.block_games(block) == ["coin-game"] and plan.block_groups(config, block) == names
    spec = display.block_spec(config, "f", block)
    game, part = config["games"]["coin-game"], config["study"]["coin-game"]
    scale = {"batch": 128, "length": game["length"], "steps": part["steps"], "grid": game["grid"], "tie": "both"}
    assert spec["coin_games"] == dict.fromkeys(names, scale)
    sources, shown = split_spec(spec, [Path("groups", name) for name in names[:0]], Ledger())
    assert (sources.coin_games, shown) == (spec["coin_games"], {"groups": block["groups"]})


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            {"kind": "coins", "game": "ipd", "algorithms": ["nl-ex"]},
            "given ipd/nl-ex/oracle, one of the matrix games; kind coins shows Coin Games",
        ),
        (
            {"kind": "exploration", "groups": ["coin-gam/coin-nl-pg"]},
            r"groups: given 'coin-gam'.*did you mean 'coin-game'",
        ),
        ({"kind": "exploration", "groups": ["coin-game/nl"]}, "'coin-game/nl/oracle'; there is no such group of cells"),
        (
            {"kind": "exploration", "groups": ["coin-game"]},
            r"groups\[0\]: given 'coin-game'; allowed: game/algorithm, or",
        ),
        (
            {"kind": "exploration", "games": ["ipd"]},
            "games: is not used; kind exploration takes groups, opponent_model",
        ),
        (
            {"kind": "episode", "groups": ["coin-game/coin-nl-pg"]},
            "algorithms: is missing; kind episode takes game, algo",
        ),
    ],
)
def test_a_figure_that_cannot_be_drawn_is_a_mistake_in_the_config(block, message):
    with pytest.raises(BadConfig, match=message):
        with_figure(**block)
