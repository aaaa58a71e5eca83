"""A tournament without episodes: which updates count, what last policies are worth, points over games; by hand."""

import numpy as np
import pandas as pd
import pytest
from group_files import tell, write_group

from lola.analysis import tournaments
from lola.analysis.claims import measure
from lola.analysis.groups import Counted
from lola.analysis.metrics import estimate
from lola.analysis.sources import Sources
from lola.analysis.tournaments import borda, borda_rank, find, tournament_of
from lola.tables import league

IPD = {"payoffs": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], "gamma": 0.96}
TFT, AD, AC = {1: (1, 1, 0, 1, 0), 2: (1, 1, 1, 0, 0)}, (0,) * 5, (1,) * 5  # P(C | joint state), by player
SEEDS = (0, 1, 2)
LABELS = {"t": "tit-for-tat", "d": "defector"}
# By (first seat, second seat): returns of both after 0, 1, 2 and 3 updates; the second run earns 0.1 more all the time.
MATCHES = {
    ("t", "t"): ((9, -4, -2, -1), (9, -4, -2, -1)),
    ("t", "d"): ((9, -3, -2.5, -2.04), (9, 0, -1.5, -1.92)),
    ("d", "d"): ((9, -2, -2, -2), (9, -2, -2, -2)),
}


def policy(entrant, player):
    return TFT[player] if entrant == "t" else AD


def played(root, game="ipd", further=None):
    groups = {}
    for (one, other), returns in MATCHES.items():
        name = f"{game}/{one if one == other else f'{one}-vs-{other}'}@cup/oracle"
        curves = {s: {k: [x + 0.1 * (s == 1) for x in own] for k, own in enumerate(returns, 1)} for s in SEEDS}
        play = {s: {1: policy(one, 1), 2: policy(other, 2)} for s in SEEDS}
        group = tell(write_group(root, name, curves, play), spec={"game": IPD})
        groups[group.name] = group
        if further:
            rows = [(s, 3, k, metric, value) for s in (7, 8) for k in (1, 2) for metric, value in further.items()]
            columns = ["seed", "step", "player", "metric", "value"]
            pd.DataFrame(rows, columns=columns).to_csv(group.folder / "further.csv", index=False)
    return groups


def scored(groups, **scoring):
    return tournament_of(groups, {"game": "ipd", "tournament": "cup"} | scoring)


@pytest.mark.parametrize(
    ("scoring", "earned", "words"),
    [
        ({"first": 2}, -2.75, "over the first 2 updates"),  # of -3 and -2.5, the start not among them
        ({"first": 3}, -7.54 / 3, "over the first 3 updates"),
        ({"last": 2}, -2.27, "over the last 2 updates"),
        ({"last": 1}, -2.04, "after the last update"),
        ({}, -2.04, "over the last tenth of training"),
    ],
)
def test_so_many_updates_count(tmp_path, scoring, earned, words):
    cup = scored(played(tmp_path), **scoring)
    assert cup.earned("t", "d").tolist() == pytest.approx([earned, earned + 0.1, earned])
    assert cup.final[0, 0, 1] == pytest.approx(earned) and cup.what_counts == words


def test_a_claims_measure_says_which_updates_count(tmp_path):
    asked = {"quantity": "earns", "game": "ipd", "tournament": "cup", "entrant": "d", "against": "t", "first": 2}
    sample = measure(None, asked, played(tmp_path), None)
    assert sample.runs[:, 0].tolist() == pytest.approx([-0.75, -0.65, -0.75])


def test_further_runs_count_where_what_is_asked_of_them_is_known(tmp_path):
    rest = {f"C {at}": 0.5 for at in ("at start", "after CC", "after CD", "after DC", "after DD")}
    groups = played(tmp_path, further={"return": -5.0, "mean return of 2 updates": -6.0} | rest)
    groups = {name: Counted(group.folder) for name, group in groups.items()}
    assert scored(groups, last=1).earned("t", "d").tolist() == pytest.approx([-2.04, -1.94, -2.04, -5, -5])
    assert scored(groups, first=2).earned("t", "d").tolist() == pytest.approx([-2.75, -2.65, -2.75, -6, -6])
    assert scored(groups, first=3).earned("t", "d").index.tolist() == [*SEEDS]
    assert scored(groups, first=2).seeds == (*SEEDS, 7, 8)


def value(of, groups, *told, **more):
    return estimate(of(scored(groups, **more), *told)).value


def test_last_policies_meet_each_other_and_best_replies(tmp_path):
    groups = played(tmp_path)
    assert value(tournaments.itself, groups, "t") == pytest.approx(-1)
    assert value(tournaments.across, groups, "d") == pytest.approx(-2)
    # Tit-for-tat is met best by cooperating, a defector by defecting.
    assert value(tournaments.exploited, groups, "t") == value(tournaments.exploiter, groups, "t") == pytest.approx(-1)
    assert value(tournaments.exploited, groups, "d") == value(tournaments.exploiter, groups, "d") == pytest.approx(-2)
    # Against tit-for-tat the defector never cooperates; against the defector tit-for-tat does so once.
    assert value(tournaments.elicits, groups, "t") == pytest.approx(0)
    assert value(tournaments.elicits, groups, "d") == pytest.approx(100 * 0.04)


def test_policies_of_other_seeds_meet_too(tmp_path):
    play = {0: {1: AC, 2: AC}, 1: {1: AD, 2: AD}, 2: {1: AD, 2: AD}}
    curves = {s: {1: [0, 0], 2: [0, 0]} for s in SEEDS}
    for name in ("ipd/a@cup/oracle", "ipd/a-vs-b@cup/oracle", "ipd/b@cup/oracle"):
        tell(write_group(tmp_path, name, curves, play), spec={"game": IPD})
    names = ("a", "a-vs-b", "b")
    groups = {f"ipd/{n}@cup/oracle": Counted(tmp_path / "groups" / f"ipd/{n}@cup/oracle") for n in names}
    sample = tournaments.across(find(groups, "ipd", "cup"), "a")
    # Seed 0's first seat meets two who defect; 1's and 2's meet one who cooperates and one who defects.
    assert sample.runs[:, 0].tolist() == pytest.approx([-1.5, (-1.5 - 2) / 2, (-1.5 - 2) / 2])
    assert tournaments.itself(find(groups, "ipd", "cup"), "a").runs[:, 0].tolist() == pytest.approx([-1, -2, -2])


def test_the_worst_opponent_is_the_one_of_the_mean_over_runs(tmp_path):
    assert value(tournaments.worst, played(tmp_path), "t", last=1) == pytest.approx(-2.04 + 0.1 / 3)


def test_borda_counts_whom_one_beats_in_every_game():
    means = np.array([[[3.0, 2.0, 1.0], [1.0, 1.0, 0.0]]] * 4)  # four runs of two games among three
    points = [estimate(borda((0, 1, 2, 3), means, k)).value for k in range(3)]
    assert points == [2 + 1.5, 1 + 1.5, 0]
    assert [estimate(borda_rank((0, 1, 2, 3), means, k)).value for k in range(3)] == [1, 2, 3]


def test_the_table_of_a_league_has_every_number(tmp_path):
    groups = played(tmp_path) | played(tmp_path, "other")
    sources = Sources(groups, LABELS, {}, tournament_labels={"cup": "the cup"}, titles={"ipd": "The IPD"})
    table = league.tabulate(sources, games=["ipd", "other"], tournament="cup", last=1)
    assert list(table.blocks) == ["All games", "The IPD", "other"]
    assert table.blocks["The IPD"].entrant.tolist() == ["tit-for-tat", "defector"]
    assert table.blocks["The IPD"]["self-play"].tolist() == ["-1.00", "-2.00"], "runs that are alike have no interval"
    assert table.blocks["The IPD"].average[0].startswith("-1.49 [")
    rows = table.rows.set_index(["game", "measure", "row"]).value.sort_index()
    assert rows["ipd", "average", "tit-for-tat"] == pytest.approx((-1 - 2.04) / 2 + 0.1 / 3)
    assert rows["all", "Borda", "tit-for-tat"] == 2 and rows["all", "rank", "defector"] == 2
    assert rows["ipd", "best reply", "defector"] == pytest.approx(-2)
    pairs = table.rows[table.rows.measure == "earns"].set_index(["game", "row", "column"]).value
    assert pairs["other", "defector", "tit-for-tat"] == pytest.approx(-1.92 + 0.1 / 3)
    assert "after the last update" in table.notes
    assert "All games" not in league.tabulate(sources, games=["ipd"], tournament="cup", first=2).blocks
