"""Matches: as the plain version plays them, as training trains, in any seat and company."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import plain_match as plain
import pytest
import torch
from golden.regenerate import GAMES
from plain_estimators import joint_actions
from small_jobs import job_of, states_from
from small_matches import IMP, IPD, SETTINGS, TABLES, bits, match, match_of, started, states_of

from lola.learning import rules
from lola.learning.matrix.cloning import assessed, cloning
from lola.learning.matrix.game import MatrixGame
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber, Memory
from lola.learning.streams import stream
from lola.learning.tabular.learners import Tables
from lola.learning.tabular.perspectives import as_described
from lola.learning.training import State, learn
from lola.vocabulary.registry import PERSPECTIVES

# Against the plain version.


def plain_players(game, names, state):
    """The players of the only seed as `plain_match` has them, with the tables and parameters that they start from."""
    players = []
    for i, name in enumerate(names):
        own, others = game.counts[i], list(product(*(range(n) for k, n in enumerate(game.counts) if k != i)))
        rows = plain.own_states(i, game.counts)
        answers = others if name == "joint_q" else [()]
        player = {"how": name, "actions": own, **SETTINGS[name]}
        if name in TABLES:
            values = state.memories[i].values[0]
            q = [{(a, b): row[a, k] for a in range(own) for k, b in enumerate(answers)} for row in values]
            player["q"] = dict(zip(rows, q, strict=True))
            player["n"] = {row: dict.fromkeys(answers, 0) for row in rows}
            player |= {key: {row: [1 / own] * own for row in rows} for key in ("pi", "mean")}
            player["visits"] = dict.fromkeys(rows, 0)
        elif own == 2:
            player["theta"] = dict(zip(rows, state.thetas[i][0].tolist(), strict=True))
        else:
            logits = torch.nn.functional.pad(state.thetas[i][0].reshape(len(rows), -1), (0, 1))
            player["pi"] = dict(zip(rows, logits.softmax(1).tolist(), strict=True))
        players.append(player)
    return players


def assert_same(game, state, players, episode, crossed):
    """What a match knows after an episode is what the plain players do; whatever was learned, to 1e-12."""
    done, returns, shares = episode
    joint = [tuple(moves) for moves in game.joint[:, joint_actions(state.rollouts)[0, 0]].T]
    assert joint == done
    assert state.rollouts.returns[0].tolist() == pytest.approx(returns, rel=1e-12, abs=1e-12)
    for i, player in enumerate(players):
        assert state.rollouts.shares[0, i, : game.counts[i]].tolist() == pytest.approx(shares[i], abs=1e-15)
        if player["how"] in TABLES:
            own = game.counts[i]
            n = [list(row.values()) for row in player["n"].values()]
            values = [np.reshape(list(row.values()), (own, -1)) for row in player["q"].values()]
            expected = {"values": values, "seen": n}
            if player["how"] in plain.CLIMBING:
                expected |= {"policy": [*player["pi"].values()], "average": [*player["mean"].values()]}
                expected |= {"visits": [*player["visits"].values()]}
            for name, numbers in expected.items():
                numbers = np.array(numbers)
                kept = getattr(state.memories[i], name)[0]
                assert kept == pytest.approx(numbers, rel=1e-12, abs=1e-12), name
            if own == 2:
                seen = list(plain.logits(player, crossed).values())
                assert state.thetas[i][0].tolist() == pytest.approx(seen, rel=1e-7, abs=1e-9)
        elif own_theta := player.get("theta"):
            assert state.thetas[i][0].tolist() == pytest.approx(list(own_theta.values()), rel=1e-7, abs=1e-7)


def compare(game, names, perspective="as_described", seed=0, episodes=5, length=80):
    played = match(game, names, [seed], length, perspective)
    states = states_of(played, episodes)
    players = plain_players(game, names, states[0])
    payoffs = game.rewards.reshape(-1, *game.counts).tolist()

    def uniforms(episode):
        return stream(seed, (episode, 0)).random((length, len(names))).tolist()

    again = plain.match(payoffs, game.gamma, players, perspective, episodes, uniforms)
    for n, (state, episode) in enumerate(zip(states[1:], again, strict=True), start=1):
        assert state.step == n
        assert_same(game, state, players, episode, crossed=perspective != "as_described")


@pytest.mark.parametrize("first", SETTINGS)
@pytest.mark.parametrize("perspective", PERSPECTIVES)
@pytest.mark.parametrize("game", ["ipd", "imp"])
def test_a_match_is_the_plain_one(game, perspective, first):
    """Everybody against everybody, in both seats, for 400 steps: moves, tables, returns, and what rules make of it."""
    for second in SETTINGS:
        compare(GAMES[game], [first, second], perspective)


MIXED = MatrixGame(np.random.default_rng(0).normal(size=(2, 3, 2)).tolist(), 0.9, [list("abc"), list("de")])


@pytest.mark.parametrize(
    ("game", "names"),
    [(MIXED, pair) for pair in product([*TABLES, "fixed"], repeat=2)]
    + [(GAMES["public_good"], trio) for trio in (("q", "joint_q", "phc"), ("wolf_phc", "fixed", "joint_q"))],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else f"{len(value.counts)} players",
)
def test_any_number_of_actions_and_players(game, names):
    """Three actions against two, and three players, one with three actions; everybody's policy sums to 1."""
    compare(game, names)
    played = match(game, names, [0, 1])
    *_, end = states_of(played, 3)
    assert end.rollouts.shares.sum(2) == pytest.approx(np.ones((2, len(names))), abs=1e-15)
    for i in played.learners:
        policies = end.memories[i].policy
        assert policies.sum(2) == pytest.approx(1.0, abs=1e-12)
        assert policies.min() >= 1e-8


# Rules.


@pytest.mark.parametrize("game", GAMES)
def test_rules_alone_are_trained_as_anywhere(game):
    """Without learners, as described, a match takes the very steps of exact training with the oracle."""
    game = GAMES[game]
    seats = [Climber(rules.lola(0.3), 0.5, oracle()), Climber(rules.naive(), 0.7, oracle())]
    seats += [Climber(rules.lola_exact(0.3), 0.5, oracle())] * (len(game.sizes) - 2)
    played = states_of(match_of(game, seats, [4, 0], 7, as_described), 6)
    trained = states_from(job_of(game, seats, [4, 0]), 6)
    for ours, theirs in zip(played, trained, strict=True):
        assert ours.step == theirs.step
        assert all(torch.equal(a, b) for a, b in zip(ours.thetas, theirs.thetas, strict=True))
    assert not torch.equal(played[0].thetas[0], played[-1].thetas[0])


def test_an_oracle_sees_the_logits_that_stand_for_a_learner():
    """After an episode: differences of Q, of joint Q weighted by what was seen, of log π; the last action is 0."""
    for name in TABLES:
        *_, end = states_of(match(MIXED, ["fixed", name], [0, 1]), 2)
        tables = end.memories[1]
        if name == "joint_q":
            chances = tables.seen / np.maximum(tables.seen.sum(2, keepdims=True), 1)
            worth = (tables.values * chances[:, :, None]).sum(3)
        else:
            worth = np.log(tables.policy[:, :, :2]) if name in plain.CLIMBING else tables.values[..., 0]
        expected = worth[:, :, 0] - worth[:, :, 1]
        for known in (end.thetas[1], end.memories[0].believed[1]):
            assert known.numpy() == pytest.approx(expected, rel=1e-12, abs=1e-12)
        assert np.abs(expected).max() > 0.1


@pytest.mark.parametrize("clone", [0, 1])
def test_clones_approach_a_fixed_opponent(clone):
    """From ½ everywhere to less than 0.05 off the truth, in total variation averaged over states, in either seat."""
    truth = torch.tensor([[1.0, 2.0, -1.0, 0.5, -2.0]]).double().repeat(3, 1)
    seats = [Climber(rules.lola(1.0), 0.001, cloning(5.0, 20))] * 2
    seats[clone] = Climber(rules.naive(), 0.0, oracle())
    played = match_of(IPD, seats, [0, 1, 2], 200, as_described)
    start = started(played, 0.0)
    thetas = [truth if i == clone else torch.zeros(3, 5).double() for i in range(2)]
    *_, end = learn(played, replace(start, thetas=thetas), 40)
    assert torch.equal(end.thetas[clone], truth)
    distances = [
        assessed(state.memories[1 - clone].believed[clone], truth, clone, end.rollouts)[:, 1] for state in (start, end)
    ]
    assert (distances[0] > 0.2).all()
    assert (distances[1] < 0.05).all()


@pytest.mark.parametrize("learner", TABLES)
def test_a_rule_climbs_what_its_clone_of_a_learner_says(learner):
    """θ_i + lr · rule_i at what was believed before, fitted to the episode."""
    model = cloning(2.0, 3)
    played = match(IPD, ["lola", learner], [0, 1], model=model)
    for before, after in pairwise(states_of(played, 4)):
        believed = model(after.thetas, 0, before.memories[0].believed, after.rollouts)
        at = [theta.clone().requires_grad_() for theta in (before.thetas[0], believed[1])]
        expected = before.thetas[0] + 0.7 * rules.lola(1.0)(rules.Values(IPD.values), at, 0).detach()
        torch.testing.assert_close(after.thetas[0], expected, rtol=1e-10, atol=1e-10)
        assert torch.equal(after.memories[0].believed[1], believed[1])
        assert not torch.allclose(believed[1], after.thetas[1], rtol=0.01)


# Seats and seeds.

PAIRS = [(a, b) for a, b in product(SETTINGS, repeat=2) if a < b]


@pytest.mark.parametrize("game", [IPD, IMP, MIXED], ids=["ipd", "imp", "three actions against two"])
def test_both_seats_are_treated_alike(game, monkeypatch):
    """The same players in the other's seats, of the same game with its players renamed, their streams in hand."""
    payoffs = game.rewards.reshape(2, *game.counts)
    renamed = MatrixGame([payoffs[1].T.tolist(), payoffs[0].T.tolist()], game.gamma, game.actions[::-1])
    for names in PAIRS:
        here = states_of(match(game, names, [0, 1]), 3)
        swapped = match(renamed, names[::-1], [0, 1])
        start = here[0]
        memories = [m if isinstance(m, Tables) else Memory(m.believed[::-1], m.critic) for m in start.memories[::-1]]
        begin = State(0, start.thetas[::-1], memories)
        with monkeypatch.context() as patch:
            patch.setattr("lola.learning.tabular.match.stream", Crossed)
            there = list(learn(swapped, begin, 3))
        for ours, theirs in zip(here[1:], there[1:], strict=True):
            moves = [g.joint[:, joint_actions(e)] for g, e in ((game, ours.rollouts), (renamed, theirs.rollouts))]
            assert np.array_equal(moves[0], moves[1][::-1])
            assert np.array_equal(ours.rollouts.returns, theirs.rollouts.returns[:, ::-1])
            assert np.array_equal(ours.rollouts.shares, theirs.rollouts.shares[:, ::-1])
            for one, other in zip(ours.memories, theirs.memories[::-1], strict=True):
                for a, b in zip(one, other, strict=True) if isinstance(one, Tables) else ():
                    assert a == pytest.approx(b, rel=1e-10, abs=1e-10)
            for a, b in zip(ours.thetas, theirs.thetas[::-1], strict=True):
                torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


class Crossed:
    """The stream of a seed, with the players' numbers swapped."""

    def __init__(self, seed, key):
        self.stream = stream(seed, key)

    def random(self, shape):
        return self.stream.random(shape)[:, ::-1]


@pytest.mark.parametrize("perspective", PERSPECTIVES)
def test_a_seed_is_the_same_bit_for_bit_in_any_company(perspective):
    models = [oracle(), cloning(2.0, 3)] if perspective == "as_described" else [oracle()]
    for names, model in product([("q", "lola"), ("wolf_phc", "joint_q"), ("phc", "naive")], models):
        alone = bits(states_of(match(IPD, names, [3], 20, perspective, model), 3), 0)
        for seeds in ([3, 8], [8, 3, 1], [*reversed(range(30))]):
            together = states_of(match(IPD, names, seeds, 20, perspective, model), 3)
            assert bits(together, seeds.index(3)) == alone, f"{names} among {len(seeds)}"
            assert len({bits(together, s) for s in range(len(seeds))}) == len(seeds)
