"""A run that diverges is a result: every figure shows the other runs, every table and claim counts it by the rule."""

import itertools
from pathlib import Path

import pandas as pd
import pytest
import yaml
from showing import run_show

from lola.analysis.groups import RULE, Counted, Group
from lola.commands import aggregate
from lola.figures import style
from lola.files import cells
from lola.study.payoffs import return_bounds
from lola.vocabulary import kinds, registry
from lola.vocabulary.names import Cell

SEEDS = range(3)
ONE = ("finished", "finished", "diverged")  # how each seed of a group ends
ALL = ("diverged",) * 3
AT_ONCE = ("diverged at once",) * 3  # before there is a row
REASON = {"reason": "a number became NaN or infinite at step 2"}
OWN = [f"after {own}{other}" for own in "CD" for other in "CD"]
EPISODE = [[0, 4, 8, 1], [1, 3, 8, 1]] * 8
IPD = {"payoffs": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], "gamma": 0.96}
POINTS = [*itertools.product((0.5, 1.0), (0.5, 1.0))]


def start(seed):
    """The return that a run starts with."""
    return -1.5 + 0.1 * seed


def learned(seed, end=(-2.0, -2.0), clones=False):
    """From P(C) = 0.6 in every state to always defecting."""
    for step, player in itertools.product(range(4), (1, 2)):
        yield step, player, "return", end[player - 1] if step else start(seed)
        for state in ["at start", *OWN]:
            yield step, player, f"C {state}", 0.0 if step else 0.6
        if clones and step:
            yield step, player, f"clone of player {3 - player} log-likelihood", -0.5
            yield step, player, f"clone of player {3 - player} distance", 0.25


def played(seed, end=(-1.0, -2.0)):
    """A match: a row per 5 of 20 episodes."""
    for step, player in itertools.product((5, 10, 15, 20), (1, 2)):
        yield step, player, "return", start(seed) if step == 5 else end[player - 1]
        yield step, player, "share of C", 0.6 if step == 5 else 0.0


def moved(seed):
    """A game of real parameters, each of which goes from the start to its player's number."""
    for step, player in itertools.product(range(4), (1, 2)):
        yield step, player, "return", -1.0 if step else start(seed)
        yield step, player, "gradient norm", 0.0 if step else 1.0
        yield step, player, "parameter 1", float(player) if step else 0.5


def picked(seed):
    """A Coin Game: half of the coins are of the own colour at first and 60 % later, which then brings points."""
    for step, player in itertools.product(range(20, 201, 20), (1, 2)):
        early = step == 20
        for metric, value in {
            "return": 0.0 if early else 1.0,
            "points": 0.0 if early else 0.1,
            "own coins": 0.05 if early else 0.06,
            "coins": 0.1,
        }.items():
            yield step, player, metric, value


def mapped(seed, everywhere=False):
    """A map: the last seed diverges at the last point, or every seed at every point; the others are all alike."""
    for lr, eta in POINTS:
        value = float("nan") if everywhere or (seed, lr, eta) == (2, 1.0, 1.0) else -lr - eta / 10
        for player in (1, 2):
            yield lr, eta, player, "return", value
            for state in ["at start", *OWN]:
                yield lr, eta, player, f"C {state}", 0.0 * value


GROUPS = {
    "ipd/nl/oracle": (learned, {}),
    "ipd/lola/oracle": (learned, {"end": (-1.0, -1.0)}),
    "ipd/nl-pg/oracle": (learned, {}),
    "ipd/nl-pg/cloning": (learned, {"clones": True}),
    "ipd/lola-vs-nl/oracle": (learned, {"end": (-1.0, -2.0)}),
    "ipd/a@cup/oracle": (played, {"end": (-1.0, -1.0)}),
    "ipd/a-vs-b@cup/oracle": (played, {}),
    "ipd/b@cup/oracle": (played, {"end": (-2.0, -2.0)}),
    "ipd/a@league/oracle": (learned, {"end": (-1.0, -1.0)}),
    "ipd/a-vs-b@league/oracle": (learned, {"end": (-1.0, -2.0)}),
    "ipd/b@league/oracle": (learned, {}),
    "ipd/lola@map/oracle": (mapped, {}),
    "tandem/nl/oracle": (moved, {}),
    "tandem/lola/oracle": (moved, {}),
    "coin-game/nl/oracle": (picked, {}),
    "coin-game/lola/oracle": (picked, {}),
}
LABELS = {"nl": "NL", "lola": "LOLA", "nl-pg": "NL-PG", "lola-vs-nl": "LOLA vs NL", "lola@map": "LOLA"}
LABELS |= {"a": "A", "b": "B", "a@cup": "A (cup)", "a-vs-b@cup": "A vs B (cup)", "b@cup": "B (cup)"}
SPEC = {
    "name": "shown",
    "caption": "Shown",
    "labels": LABELS,
    "actions": {"ipd": [["C", "D"], ["C", "D"]]},
    "opponent_models": {"cloning": "clones"},
    "tournament_labels": {"cup": "the cup", "league": "the league"},
    "coin_games": {
        f"coin-game/{name}/oracle": {"grid": 3, "tie": "both", "batch": 128, "length": 16, "steps": 200}
        for name in ("nl", "lola")
    },
}
CUP = ["ipd/a@cup/oracle", "ipd/a-vs-b@cup/oracle", "ipd/b@cup/oracle"]
LEAGUE = [name.replace("cup", "league") for name in CUP]
COINS = ["coin-game/nl/oracle", "coin-game/lola/oracle"]
SELF_PLAY = ["ipd/nl/oracle", "ipd/lola/oracle"]
TANDEM = ["tandem/nl/oracle", "tandem/lola/oracle"]
FIGURES = {  # the block, and the groups that it shows
    "learning": ({"game": "ipd", "algorithms": ["nl", "lola"], "sampled": ["nl-pg"]}, [*SELF_PLAY, "ipd/nl-pg/oracle"]),
    "returns": ({"game": "ipd", "algorithms": ["nl", "lola"]}, SELF_PLAY),
    "comparison": ({"game": "ipd", "algorithms": ["nl", "lola"]}, SELF_PLAY),
    "parameters": ({"game": "tandem", "algorithms": ["nl", "lola"]}, TANDEM),
    "distances": ({"games": ["tandem"], "algorithms": ["nl", "lola"]}, TANDEM),
    "orbits": ({"game": "tandem", "algorithms": ["nl", "lola"]}, TANDEM),
    "found": ({"options": {"naive": SELF_PLAY[:1], "shaping": SELF_PLAY[1:]}}, SELF_PLAY),
    "progress": ({"games": ["ipd"], "algorithms": ["nl", "lola"]}, SELF_PLAY),
    "beliefs": (
        {"games": ["ipd"], "algorithms": ["nl-pg", "nl-pg/cloning"]},
        ["ipd/nl-pg/oracle", "ipd/nl-pg/cloning"],
    ),
    "map": ({"games": ["ipd"], "algorithm": "lola@map"}, ["ipd/lola@map/oracle"]),
    "standings": ({"games": ["ipd"], "tournaments": ["cup"]}, CUP),
    "crosstable": ({"game": "ipd", "tournaments": ["cup"]}, CUP),
    "scorings": ({"game": "ipd", "tournaments": ["league"], "first": 2}, LEAGUE),
    "matches": ({"game": "ipd", "tournament": "cup", "shows": "first action"}, CUP),
    "coins": ({"game": "coin-game", "algorithms": ["nl", "lola"]}, COINS),
    "episode": ({"game": "coin-game", "algorithms": ["nl", "lola"]}, COINS),
    "exploration": ({"groups": ["coin-game/nl", "coin-game/lola"]}, COINS),
}
TABLES = {
    "convergence": ({"games": ["ipd"], "algorithms": ["nl", "lola"]}, SELF_PLAY),
    "matchups": ({"game": "ipd", "algorithms": ["lola-vs-nl"]}, ["ipd/lola-vs-nl/oracle"]),
    "settings": ({"games": ["ipd"], "algorithm": "lola@map"}, ["ipd/lola@map/oracle"]),
    "updates": ({"options": {"both": SELF_PLAY}}, SELF_PLAY),
    "standings": ({"games": ["ipd"], "tournaments": ["cup"]}, CUP),
    "crosstable": ({"games": ["ipd"], "tournaments": ["cup"]}, CUP),
    "league": ({"games": ["ipd"], "tournament": "league"}, LEAGUE),
}


def study(root, names, ends):
    """Cells of these groups, whose seeds end as `ends` says by name of the group, gathered; the groups' folders."""
    for name in names:
        curve, settings = GROUPS[name]
        settings = settings | ({"everywhere": ends[name] == AT_ONCE} if curve is mapped else {})
        spec = {
            "game": {"kind": {picked: "coin_game", moved: "polynomial"}.get(curve, "matrix_game")},
            "grid": {"lr": [0.5, 1.0], "eta": [0.5, 1.0]} if curve is mapped else None,
            "match": {"perspective": "as_described"} if curve is played else None,
        }
        paths = []
        for seed, end in zip(SEEDS, ends[name], strict=True):
            rows = list(curve(seed, **settings))
            outcome = {"status": "finished", "steps": 3, "policies": [] if curve in (picked, moved) else policies()}
            outcome |= {"episode": EPISODE} if curve is picked else {}
            if end != "finished" and curve is not mapped:
                rows = rows[: len(rows) // 2] if end == "diverged" else []
                outcome = {"status": "failed", "steps": 1, "policies": outcome["policies"] if rows else []} | REASON
            paths.append(Cell(*name.split("/"), seed).curve(root))
            columns = [*(spec["grid"] or ["step"]), "player", "metric", "value"]
            cells.write(paths[-1], columns, rows, {"spec": spec, "code": "c", "lock": "l"} | outcome)
        folder = root / "groups" / name
        folder.mkdir(parents=True)
        course = registry.course(spec)
        blocks = registry.COURSES[course].blocks
        about = {"seeds": [*SEEDS], "course": course, "blocks": blocks, "spec": {"game": IPD}}
        about |= {"bounds": return_bounds(IPD)} if course == "updates" else {}
        for file, text in aggregate.gather(paths, about).items():
            (folder / file).write_text(text)
    return [root / "groups" / name for name in names]


def policies():
    """Of two players who always defect."""
    own = {1: ["start", "CC", "CD", "DC", "DD"], 2: ["start", "CC", "DC", "CD", "DD"]}
    return [
        {"player": player, "state": state, "own_state": view, "probabilities": {"C": 0.0, "D": 1.0}}
        for player, views in own.items()
        for state, view in zip(own[1], views, strict=True)
    ]


def made(monkeypatch, root, stage, kind, block, folders):
    """Run a stage on the groups; returns the path of what it made, without the suffix."""
    spec, out = SPEC | block | {"kind": kind}, root / "made" / kind
    claims = root / "claims.yaml"
    printed = {"ipd/lola/oracle": {"R": -1.0}}
    sections = [{"title": "All", "claims": CLAIMS}]
    parts = {"runs": 50, "printed": printed, "quantities": {"R": {"margin": 0.1}}, "sections": sections}
    claims.write_text(yaml.safe_dump(parts))
    run_show(monkeypatch, stage, spec, out, folders, claims)
    return out


def claim(name, group, quantity="R", **more):
    measure = {"quantity": quantity, "group": group} if group else {"quantity": quantity}
    shown = {"id": name, "sentence": "s", "source": "t", "certainty": "read", "rule": "greater"}
    return shown | {"measure": measure | more.pop("measure", {})} | more


CUP_OF = {"game": "ipd", "tournament": "cup"}
CLAIMS = [
    claim("exact/R", "ipd/lola/oracle", rule="equals", paper=-1.0, digit=0.1),
    claim("exact/tft", "ipd/nl/oracle", "tft"),
    claim("sampled/R", "ipd/nl-pg/oracle"),
    claim("sampled/below", "ipd/nl-pg/oracle", "below", measure={"line": -1.4}),
    claim("sampled/swing", "ipd/nl-pg/oracle", "swing"),
    claim("clones/R", "ipd/nl-pg/cloning", minus={"quantity": "R", "group": "ipd/nl/oracle"}),
    claim("matchup/R", "ipd/lola-vs-nl/oracle", measure={"player": 2}),
    claim("match/earns", None, "earns", measure=CUP_OF | {"entrant": "a", "against": "b"}),
    claim("match/average", None, "average", measure=CUP_OF | {"entrant": "b"}),
    claim("match/rank", None, "rank", measure=CUP_OF | {"entrant": "a"}),
    claim("map/fit", None, "fit", measure={"groups": ["ipd/lola@map/oracle"]}, rule="less", than=1),
    claim("coins/own", "coin-game/nl/oracle", "own_colour"),
    claim("coins/points", "coin-game/nl/oracle", "points"),
]
MEASURED = {  # seed 2 counts with its start, where R = -1.3, P(C) = 0.6, and half of the coins are of the own colour
    "exact/R": (-1 - 1 - 1.3) / 3,
    "exact/tft": (20 + 20 + 40) / 3,
    "sampled/R": (-2 - 2 - 1.3) / 3,
    "sampled/below": 100,
    "sampled/swing": 0,
    "clones/R": 0,
    "matchup/R": (-2 - 2 - 1.3) / 3,
    "match/earns": (-1 - 1 - 1.3) / 3,
    "match/average": (-2 - 2 - 1.3) / 3,
    "match/rank": 1,
    "coins/own": (60 + 60 + 50) / 3,
    "coins/points": 150 * (0.1 + 0.1 + 0) / 3,
}


@pytest.fixture
def saved(monkeypatch):
    """The figures that are saved, each with its notes."""
    shown, write = [], style.save

    def save(figure, out, notes=()):
        shown.append((figure, list(notes)))
        return write(figure, out, notes)

    monkeypatch.setattr(style, "save", save)
    return shown


def texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def squeezed(figure):
    return [text.get_text().replace("\n", " ") for text in figure.texts]


def test_every_kind_is_tried():
    """But those that say of each point how it ends, or are of rules that nobody follows, which have their own tests."""
    assert {*FIGURES} == {*kinds.FIGURES} - {"planes"}
    assert {*TABLES} == {*kinds.TABLES} - {"family", "consistency"}


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize(
    ("ends", "others"),
    [(ONE, True), (ALL, True), (AT_ONCE, True), (AT_ONCE, False)],
    ids=["a run", "all of a group", "at once", "whatever is shown"],
)
def test_every_figure_is_drawn_and_says_how_many_runs_diverged(tmp_path, monkeypatch, saved, kind, ends, others):
    block, names = FIGURES[kind]
    fates = {name: ("finished",) * 3 if others and name != names[0] else ends for name in names}
    out = made(monkeypatch, tmp_path, "figure", kind, block, study(tmp_path, names, fates))
    assert out.with_suffix(".png").exists() and out.with_suffix(".pdf").exists()
    ((figure, notes),) = saved
    if kind == "map":
        nothing = ["at every point of ipd/lola@map/oracle a run diverged"]
        assert notes == [] and (
            squeezed(figure) == nothing if ends == AT_ONCE else texts(figure)[-1] == "a run diverged"
        )
        return
    touched = [name for name in names if fates[name] == ends]
    said = "2 of 3 runs; 1 diverged" if ends == ONE else "0 of 3 runs; 3 diverged"
    assert len(notes) == len(touched) and all(note.endswith(f": {said}") for note in notes)
    game = {
        "coins": "coin-game, NL",
        "episode": "coin-game, NL",
        "exploration": "coin-game, NL",
        **dict.fromkeys(("parameters", "distances", "orbits"), "tandem, NL"),
    }
    assert notes[0].startswith(game.get(kind, "ipd, "))


def test_curves_are_of_the_runs_that_finished(tmp_path, monkeypatch, saved):
    block, names = FIGURES["comparison"]
    made(monkeypatch, tmp_path, "figure", "comparison", block, study(tmp_path, names, dict.fromkeys(names, ONE)))
    ((figure, _),) = saved
    curve = figure.axes[0].lines[0].get_ydata()
    assert curve.tolist() == pytest.approx([-1.45, -2, -2, -2])
    assert figure.legends[0].get_title().get_text() == "mean over agents and 2 runs, with 95 % intervals"


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_counts_a_run_that_diverged_and_says_so(tmp_path, monkeypatch, kind):
    block, names = TABLES[kind]
    folders = study(tmp_path, names, dict.fromkeys(names, ONE))
    out = made(monkeypatch, tmp_path, "table", kind, block, folders)
    rows, page = pd.read_csv(out.with_suffix(".csv")), out.with_suffix(".md").read_text()
    if kind in ("settings", "updates"):
        left = {"settings": 3, "updates": 2}[kind]  # points of four, or updates
        assert len(rows) == left and "no run diverged" in page
        return
    assert RULE in page and "2 of 3 runs; 1 diverged" in page
    assert {*rows.runs} <= {3, 0}  # none where a matchup isn't in the study
    value = {
        "convergence": lambda: rows[(rows.algorithm == "LOLA") & (rows.measure == "R")].value,
        "matchups": lambda: rows[rows.row == "LOLA"].row_value.dropna(),
        "standings": lambda: rows[(rows.row == "A") & (rows.measure == "average")].value,
        "crosstable": lambda: rows[(rows.row == "A") & (rows.column == "B")].value,
        "league": lambda: rows[(rows.row == "A") & (rows.column == "B")].value,
    }[kind]()
    assert value.tolist() == pytest.approx([-1.1], abs=1e-4)


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_says_of_which_run_nothing_was_recorded(tmp_path, monkeypatch, kind):
    block, names = TABLES[kind]
    folders = study(tmp_path, names, dict.fromkeys(names, AT_ONCE))
    page = made(monkeypatch, tmp_path, "table", kind, block, folders).with_suffix(".md").read_text()
    if kind in ("settings", "updates"):
        assert f"at every point of {names[-1]} a run diverged" in page
        return
    assert f"{names[0]}/seed0 diverged before anything was recorded of it" in page
    assert "0 of 3 runs; 3 diverged" in page


def claims_made(monkeypatch, root, ends):
    folders = study(root, GROUPS, dict.fromkeys(GROUPS, ends))
    out = made(monkeypatch, root, "table", "claims", {"groups": [*GROUPS]}, folders)
    return pd.read_csv(out.with_suffix(".csv")).set_index("claim"), out.with_suffix(".md").read_text().splitlines()


def test_every_claim_counts_a_run_that_diverged_and_says_so(tmp_path, monkeypatch):
    rows, page = claims_made(monkeypatch, tmp_path, ONE)
    assert {*rows.verdict} == {"inconclusive"}, "three seeds decide nothing, but none is `not run`"
    assert {*rows.runs} == {3}
    assert rows.measured.drop("map/fit").to_dict() == pytest.approx(MEASURED, abs=1e-4)
    of_claims = [line for line in page if line.endswith(" |") and "too few runs" in line]
    assert len(of_claims) == len(CLAIMS)
    assert ["2 of 3 runs; 1 diverged" in line for line in of_claims] == ["map/fit" not in line for line in of_claims]
    assert sum("the best of 3 points" in line for line in page) == 1


def test_a_claim_whose_runs_all_diverged_counts_their_start(tmp_path, monkeypatch):
    rows, _ = claims_made(monkeypatch, tmp_path, ALL)
    assert rows.measured["exact/R"] == rows.measured["match/earns"] == pytest.approx(-1.4)
    assert rows.measured["coins/own"] == pytest.approx(50) and rows.measured["coins/points"] == 0


def test_a_claim_is_not_run_only_if_nothing_was_recorded(tmp_path, monkeypatch):
    rows, page = claims_made(monkeypatch, tmp_path, AT_ONCE)
    assert {*rows.verdict} == {"not run"}
    assert sum("diverged before anything was recorded of it" in line for line in page) == len(CLAIMS) - 1
    assert sum("at every point of ipd/lola@map/oracle a run diverged" in line for line in page) == 1


def test_a_run_that_diverged_at_once_counts_with_the_mean_of_the_others_first_rows(tmp_path):
    ends = dict.fromkeys(GROUPS, ("finished", "finished", "diverged at once"))
    groups = {"/".join(folder.parts[-3:]): Counted(folder) for folder in study(tmp_path, GROUPS, ends)}
    exact, match, coins = (groups[name] for name in ("ipd/nl/oracle", "ipd/a-vs-b@cup/oracle", "coin-game/nl/oracle"))
    assert exact.returns.loc[2].tolist() == match.returns.loc[2].tolist() == pytest.approx([-1.45] * 8)
    assert match.shares.loc[2].tolist() == pytest.approx([0.6] * 8)
    assert exact.play.loc[2].tolist() == pytest.approx([0.6, 0.4] * 10)
    assert coins.coins.loc[2, "own"].tolist() == pytest.approx([0.05] * 20)


def test_a_group_holds_the_runs_that_finished(tmp_path):
    (folder,) = study(tmp_path, ["ipd/nl/oracle"], {"ipd/nl/oracle": ONE})
    group = Group(folder)
    assert [*group.returns.index] == [*group.play.index] == [0, 1] and group.seeds == Counted(folder).seeds == 2


def test_the_rule_stands_where_claims_are_described():
    assert " ".join(RULE.split()) in " ".join(Path("config/README.md").read_text().split())
