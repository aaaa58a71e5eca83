"""The Coin Game's trainer: rows, resumed runs, seeds that never feel each other, and the settings of a seat."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import plain_coin_game as plain
import pytest
import specs
import torch
from small_jobs import same

from lola.figures import boards
from lola.learning import devices, trainers
from lola.learning.coins import game as coin_game
from lola.learning.coins import job
from lola.learning.coins.game import CoinGame
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.policies import Plain
from lola.learning.rules import naive
from lola.learning.streams import stream
from lola.learning.training import Job, learn, packed, unpickled
from lola.study import plan
from lola.vocabulary import registry

GAME = {"kind": "coin_game", "grid": 2, "gamma": 0.9}
LINEAR = {"hidden": 4, "encoder": "linear"}
CONVOLUTIONAL = {"hidden": 3, "encoder": "convolutional", "filters": 2}
PG = {"rule": "lola", "lr": 0.1, "eta": 1.0, "estimator": "pg", "critic_lr": 0.1} | LINEAR
SPEC = specs.EXACT | {
    "game": GAME,
    "seats": [PG, PG],
    "play": {"batch": 8, "length": 5},
    "steps": 12,
    "every": 4,
}
DICE = {"rule": "lola_exact", "lr": 0.1, "eta": 1.0, "estimator": "dice"} | LINEAR
NAIVE = {"rule": "naive", "lr": 0.1, "estimator": "pg", "entropy": 0.01, "lr_final": 0.01, "clip": 0.5} | LINEAR
CLONING = {"opponent_model": {"model": "cloning", "rate": 1.0, "steps": 2}}
SPECS = {
    "LOLA-PG": SPEC,
    "cloning": SPEC | CLONING,
    "LOLA-DiCE meets a clipped naive learner": SPEC | {"seats": [DICE, NAIVE]},
    "convolutional": SPEC | {"seats": [PG | CONVOLUTIONAL] * 2, "steps": 8},
    "different networks": SPEC | CLONING | {"seats": [PG, PG | CONVOLUTIONAL], "steps": 8},
    "different networks, LOLA-DiCE": SPEC | {"seats": [DICE | CONVOLUTIONAL, DICE], "steps": 8},
}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def trained(spec, seeds, saved=None, device="cpu"):
    """What is left of every seed, and the snapshots after every update."""
    snapshots = []
    ends = list(trainers.run(spec, seeds, saved, lambda snapshot: snapshots.append(snapshot()), device))
    return ends, snapshots


# Runs that last.


@each_spec
def test_a_resumed_run_ends_like_one_that_never_stopped(spec):
    """From the snapshot at every update: rows, parameters and the shown episode, and all later snapshots."""
    whole, snapshots = trained(spec, [3, 5])
    assert [int(snapshot["step"]) for snapshot in snapshots] == list(range(spec["steps"] + 1))
    for at in range(0, spec["steps"] + 1, 1 if spec is SPEC else 3):
        again, later = trained(spec, [3, 5], snapshots[at])
        assert again == whole
        for one, other in zip(later, snapshots[at:], strict=True):
            assert same(one, other)


@each_spec
def test_a_seed_is_the_same_alone_and_in_company(spec):
    company, _ = trained(spec, [7, 3, 0, 5])
    for seed, among in zip([7, 3, 0, 5], company, strict=True):
        (alone,), _ = trained(spec, [seed])
        assert alone == among
    assert len({str(each.rows) for each in company}) == 4


def test_every_purpose_has_random_numbers_of_its_own(monkeypatch):
    """No stream of a run is opened for two purposes: first parameters, critics, clones, games played and imagined."""
    opened = []

    def listed(seed, key):
        opened.append(key)
        return stream(seed, key)

    monkeypatch.setattr("lola.learning.coins.rollouts.stream", listed)
    monkeypatch.setattr("lola.learning.coins.job.stream", listed)
    trained(SPEC | CLONING | {"seats": [DICE, DICE]}, [0])
    assert len(opened) == 6 + 12 * 3 + 1
    assert len(set(opened)) == len(opened)


def test_a_seed_whose_numbers_become_nan_fails_alone():
    """Red's parameters of the second of three seeds are spoilt after update 5, of which row 8 has the measures."""
    whole, snapshots = trained(SPEC, [0, 1, 2])
    state = unpickled(snapshots[5]["state"])
    state.thetas[0][1, 3] = np.nan
    (first, failed, last), _ = trained(SPEC, [0, 1, 2], snapshots[5] | packed(state))
    assert (first, last) == (whole[0], whole[2])
    reason = "a number became NaN or infinite between steps 5 and 8"
    assert failed.outcome == {"status": "failed", "steps": 4, "reason": reason, "policies": [], "device": "cpu"}
    assert failed.rows == [row for row in whole[1].rows if row[0] == 4]


# Rows.


@pytest.fixture
def played(monkeypatch):
    """All roll-outs of a run, in order: the last ones, of a game per seed, are what is shown."""
    real, played = job.play, []

    def recorded(*given, **settings):
        played.append(real(*given, **settings))
        return played[-1]

    monkeypatch.setattr(job, "play", recorded)
    return played


def test_rows_are_means_over_blocks_of_updates_of_what_was_played(played):
    """Recomputed game by game, from boards and moves of every update, with the metrics' names."""
    spec = SPEC | {"game": GAME | {"grid": 3}}
    (ended,), _ = trained(spec, [4])
    assert len(played) == 12 + 1
    every, expected = plain.boards(3), []
    for row, player in np.ndindex(3, 2):
        total = np.zeros(4)
        for rollouts in played[4 * row : 4 * row + 4]:
            for t, b in np.ndindex(5, 8):
                board, moves = every[rollouts.boards[0, 0, t, b]], rollouts.moves[:, 0, t, b].tolist()
                rewards, picked, _ = plain.step(board, *moves, 3)
                own = picked[player] and board.colour == ("red", "blue")[player]
                total += [0.1 * 0.9**t * rewards[player] * 5, rewards[player], own, picked[player]]
        names = ("return", "points", "own coins", "coins")
        expected += [(4 * row + 4, player + 1, name, mean) for name, mean in zip(names, total / 160, strict=True)]
    assert ended.columns == ("step", "player", "metric", "value")
    assert [row[:3] for row in ended.rows] == [row[:3] for row in expected]
    assert [row[3] for row in ended.rows] == pytest.approx([row[3] for row in expected], rel=1e-5, abs=1e-7)


def test_clones_are_judged_by_those_whose_moves_they_learned(monkeypatch):
    """At each block's end, against the parameters that were played with, not those after the update."""
    judged = []

    def assess(believed, theta, j, rollouts):
        judged.append((j, torch.equal(theta, rollouts.played.members[0][0].leaves[j])))
        return torch.tensor([[10.0 + j, 20.0 + j]])

    entry = replace(registry.COIN_GAME, assess=SimpleNamespace(load=lambda: assess))
    monkeypatch.setitem(registry.KINDS, "coin_game", entry)
    (ended,), _ = trained(SPEC | CLONING, [0])
    assert judged == [(1, True), (0, True)] * 3
    clones = [row[1:] for row in ended.rows if row[0] == 8 and "clone" in row[2]]
    names = ["clone of player {} log-likelihood", "clone of player {} distance"]
    assert clones == [
        (1, names[0].format(2), 11.0),
        (1, names[1].format(2), 21.0),
        (2, names[0].format(1), 10.0),
        (2, names[1].format(1), 20.0),
    ]


def test_the_outcome_has_the_last_parameters_and_an_episode_by_the_rules(played):
    ends, snapshots = trained(SPEC, [3, 5])
    for s, (ended, shown) in enumerate(zip(ends, played[12:], strict=True)):
        assert (ended.outcome["status"], ended.outcome["steps"]) == ("finished", 12)
        for player, theta in enumerate(ended.outcome["thetas"]):
            assert (
                theta
                == unpickled(snapshots[-1]["state"]).thetas[player][s].tolist()
                == shown.played.whole.theta[player].tolist()
            )
        film = [
            plain.Board(*(divmod(cell, 2) for cell in cells), ("red", "blue")[colour])
            for *cells, colour in ended.outcome["episode"]
        ]
        assert len(film) == 24
        for now, then in pairwise(film):
            assert any(then in plain.step(now, *moves, 2)[2] for moves in np.ndindex(4, 4))
        assert [plain.number(board, 2) for board in film] == (shown.steps[0, :, 0] // 16).tolist()


# Steps.


class Slope:
    """A game without play: V_i is the sum of player i's four parameters, so that its gradient is (1, 1, 1, 1)."""

    @staticmethod
    def values(thetas):
        return [theta.sum(1) for theta in thetas]


def steps_taken(**settings):
    """How far each of four updates takes a parameter."""
    job = Job(Slope, [Climber(naive(), 0.5, oracle(), **settings)], [Plain(SimpleNamespace(sizes=[4]))], [0, 1], 0.0)
    history = [state.thetas[0] for state in learn(job, job.start(), 4)]
    return [(then - now)[0].tolist() for now, then in pairwise(history)]


def test_step_sizes_fall_in_equal_steps_and_no_direction_is_too_long():
    """The direction has length 2; clipped to 1 it is (½, ½, ½, ½)."""
    assert steps_taken() == [[0.5] * 4] * 4
    assert steps_taken(lr_final=0.1) == [pytest.approx([lr] * 4) for lr in (0.5, 0.4, 0.3, 0.2)]
    assert steps_taken(clip=1.0) == [[0.25] * 4] * 4
    assert steps_taken(clip=3.0) == [[0.5] * 4] * 4
    assert steps_taken(lr_final=0.1, clip=1.0) == [pytest.approx([lr / 2] * 4) for lr in (0.5, 0.4, 0.3, 0.2)]


def test_each_seeds_direction_is_clipped_by_its_own_length():
    seat = Climber(naive(), 1.0, oracle(), clip=5.0)
    moves = seat.move(torch.tensor([[6.0, 8.0], [3.0, 4.0], [0.0, 0.0]]), 0.0)
    assert moves.tolist() == [[3.0, 4.0], [3.0, 4.0], [0.0, 0.0]]


def test_settings_that_do_nothing_change_no_bit():
    plainly, _ = trained(SPEC, [0])
    idle = PG | {"lr_final": PG["lr"], "clip": 1e9, "entropy": 0.0}
    assert trained(SPEC | {"seats": [idle, idle]}, [0])[0] == plainly
    for busy in ({"lr_final": 0.05}, {"clip": 0.001}, {"entropy": 0.1}):
        assert trained(SPEC | {"seats": [PG | busy, PG]}, [0])[0] != plainly


# Devices.


def test_a_batch_that_does_not_fit_is_an_error_before_training():
    huge = SPEC | {"play": {"batch": 10**9, "length": 150}}
    with pytest.raises(devices.CannotTrain, match=r"GiB of memory .* free on cpu; lower batch"):
        trained(huge, [0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@each_spec
def test_processor_and_gpu_agree(spec):
    """The first block almost to the bit, having the same random numbers; the last in distribution, over 30 seeds."""
    spec = spec | {"play": {"batch": 64, "length": 8}, "steps": 40, "every": 4}
    seeds = list(range(30))
    tables = []
    for device in ("cpu", "cuda"):
        ends, _ = trained(spec, seeds, device=device)
        tables.append(np.array([[row[3] for row in ended.rows] for ended in ends]).reshape(30, 10, -1))
    ours, theirs = tables
    assert np.mean(np.isclose(ours[:, 0], theirs[:, 0], rtol=1e-3, atol=1e-5)) > 0.8
    apart = ours[:, -1].mean(0) - theirs[:, -1].mean(0)
    error = np.sqrt((ours[:, -1].var(0, ddof=1) + theirs[:, -1].var(0, ddof=1)) / 30)
    assert (np.abs(apart) < 4 * error).all()


def test_a_games_tables_move_with_it():
    game = CoinGame(2, 0.9).to("meta")
    assert {table.device.type for table in vars(game).values() if isinstance(table, torch.Tensor)} == {"meta"}


def test_names_and_rewards_are_the_same_where_nobody_may_import_them():
    moves = list(coin_game.MOVES)
    assert (registry.COIN_GAME.players, list(registry.COIN_GAME.actions)) == (CoinGame.players, moves)
    assert (plan.players(GAME), plan.player_actions(GAME)) == (2, [moves, moves])
    assert (boards.OWN, boards.THEIRS) == (coin_game.OWN, coin_game.THEIRS)
    assert [boards.NAMES[player] for player in (coin_game.RED, coin_game.BLUE)] == ["red", "blue"]
