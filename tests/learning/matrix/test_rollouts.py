"""Roll-outs: what is played how often, on whose random numbers, and the sums that gradients take from it."""

import itertools

import numpy as np
import pytest
import torch
from plain_estimators import joint_actions, joint_states
from small_jobs import drawn

from lola.learning.matrix.game import MatrixGame
from lola.learning.matrix.rollouts import play
from lola.learning.streams import stream

IPD = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])
CC, CD, DC, DD = range(4)
ALLD, TIT_FOR_TAT, SUSPICIOUS = (0, 0, 0, 0, 0), (1, 1, 0, 1, 0), (0, 1, 0, 1, 0)


def random_game(counts, gamma=0.9):
    payoffs = np.random.default_rng(0).normal(size=(len(counts), *counts))
    return MatrixGame(payoffs.tolist(), gamma, [[f"a{k}" for k in range(count)] for count in counts])


def same_thetas(game, rows):
    """One random policy per player, in every row."""
    rng = np.random.default_rng(1)
    return [torch.from_numpy(rng.normal(size=(1, d))).repeat(rows, 1) for d in game.sizes]


def deterministic(*strategies):
    """Cooperate (1) or defect (0) at start and after CC, CD, DC, DD, own action first."""
    return [torch.tensor([[100.0 * c - 50.0 for c in cooperates]], dtype=torch.float64) for cooperates in strategies]


@pytest.mark.parametrize(
    ("first", "second", "moves"),
    [
        (TIT_FOR_TAT, ALLD, [CD, DD, DD, DD]),
        (ALLD, TIT_FOR_TAT, [DC, DD, DD, DD]),
        (TIT_FOR_TAT, SUSPICIOUS, [CD, DC, CD, DC]),
        (TIT_FOR_TAT, TIT_FOR_TAT, [CC, CC, CC, CC]),
    ],
)
def test_deterministic_players_play_by_the_book(first, second, moves):
    rollouts = play(deterministic(first, second), (0, 0), IPD, [7], batch=3, length=4)
    assert joint_actions(rollouts).tolist() == [[moves] * 3]
    assert joint_states(rollouts).tolist() == [[[0, *(1 + a for a in moves[:-1])]] * 3]


@pytest.mark.parametrize("counts", [(2, 2), (2, 3), (2, 3, 2)])
def test_shapes_and_bookkeeping(counts):
    game = random_game(counts)
    rollouts = play(same_thetas(game, 4), (0, 0), game, [0, 1, 2, 3], batch=6, length=9)
    assert joint_states(rollouts).shape == joint_actions(rollouts).shape == (4, 6, 9)
    assert (rollouts.batch, rollouts.length) == (6, 9)
    assert (joint_states(rollouts)[..., 0] == 0).all()
    assert torch.equal(joint_states(rollouts)[..., 1:], 1 + joint_actions(rollouts)[..., :-1])
    assert 0 <= joint_actions(rollouts).min() < joint_actions(rollouts).max() < np.prod(counts)
    for s, t in itertools.product(range(4), range(9)):
        codes = (joint_states(rollouts) * np.prod(counts) + joint_actions(rollouts))[s, :, t]
        assert rollouts.counts[s, t].tolist() == torch.bincount(codes, minlength=rollouts.counts.shape[2]).tolist()


@pytest.mark.parametrize("counts", [(2, 2), (3, 2), (2, 3, 2)])
def test_actions_are_as_frequent_as_the_policies_say(counts):
    """Wherever 20 are expected, within 4 standard errors, over 160,000 steps; the policies as `joint_play` has them."""
    game = random_game(counts)
    thetas = same_thetas(game, 1)
    rollouts = play(thetas, (0, 0), game, [5], batch=4000, length=40)
    chances = game.joint_play(thetas)[0].numpy()
    played = rollouts.counts[0].sum(0).reshape(chances.shape)
    visits = played.sum(1, keepdims=True)
    often = visits * chances >= 20
    assert often.mean() > 0.9
    error = np.sqrt(chances * (1 - chances) / np.maximum(visits, 1))
    assert (abs(played / np.maximum(visits, 1) - chances) < 4 * error)[often].all()
    assert error[often].max() < 0.02


def test_the_next_action_depends_on_the_state_alone():
    """What is played from a state does not depend on how it was reached: the shares after two pasts agree."""
    game = random_game((2, 2))
    rollouts = play(same_thetas(game, 1), (0, 0), game, [5], batch=4000, length=40)
    states, actions = joint_states(rollouts), joint_actions(rollouts)
    before, state, action = states[0, :, 1:-1], states[0, :, 2:], actions[0, :, 2:]
    for here in range(1, 5):
        shares, errors = [], []
        for past in (1, 4):
            taken = action[(state == here) & (before == past)] == 0
            share = taken.double().mean().item()
            shares.append(share)
            errors.append(share * (1 - share) / len(taken))
        assert abs(shares[0] - shares[1]) < 4 * sum(errors) ** 0.5


def bits(seeds, key=(3, 0), length=12):
    """{seed: the bytes of its roll-outs}"""
    game = random_game((2, 3))
    rollouts = play(same_thetas(game, len(seeds)), key, game, seeds, batch=8, length=length)
    return {seed: rollouts.codes[s].tobytes() + rollouts.counts[s].tobytes() for s, seed in enumerate(seeds)}


def test_a_seed_plays_the_same_in_any_company():
    alone = bits([3])[3]
    assert alone == bits([3])[3]
    for seeds in ([3, 8], [8, 3, 1], [0, 1, 2, 3, 4], [*reversed(range(50))]):
        assert bits(seeds)[3] == alone


def test_rows_of_a_seed_share_its_stream():
    """Points of a map: neighbours or not, the same policy plays the same; another one meets the same luck."""
    game = random_game((2, 3))
    thetas = same_thetas(game, 5)
    for theta in thetas:
        theta[1] += 0.05
    codes = play(thetas, (0, 0), game, [3, 3, 3, 4, 3], batch=500, length=6).codes
    assert np.array_equal(codes[0], codes[2])
    assert np.array_equal(codes[0], codes[4])
    assert not np.array_equal(codes[0], codes[3])
    other = play([theta[1:2] for theta in thetas], (0, 0), game, [3], batch=500, length=6).codes
    assert np.array_equal(codes[1], other[0])
    assert 1 > (codes[0, 0] == codes[1, 0]).mean() > 0.9 > 0.5 > (codes[0, 0] == codes[3, 0]).mean()


def test_every_purpose_has_a_stream_of_its_own():
    """Seeds, steps, what is real, what each player imagines, and the initial parameters: no two start alike."""
    generators = [np.random.default_rng([seed, player]) for seed in range(20) for player in range(4)]
    keys = [(step, 0) for step in range(20)]
    keys += [(step, player, imagined) for step in range(20) for player in (1, 2, 3) for imagined in (1, 2, 3)]
    generators += [stream(seed, key) for seed in range(20) for key in keys]
    states = {generator.bit_generator.seed_seq.generate_state(4, np.uint64).tobytes() for generator in generators}
    assert len(states) == len(generators)


def test_every_key_plays_other_games():
    played = [bits(range(3), key) for key in ((3, 0), (4, 0), (3, 1), (3, 1, 1), (3, 1, 2))]
    assert len({moves for each in played for moves in each.values()}) == 3 * len(played)


def test_neighbouring_streams_are_independent():
    """Correlations of 20,000 numbers within 4 standard errors."""
    pairs = [(0, (0, 0)), (1, (0, 0)), (0, (1, 0)), (0, (0, 1, 1)), (0, (0, 1, 2)), (0, (0, 2, 1))]
    numbers = np.array([stream(seed, key).random(20_000, dtype=np.float32) for seed, key in pairs], dtype=np.float64)
    correlations = np.corrcoef(numbers)[np.triu_indices(len(pairs), 1)]
    assert (abs(correlations) < 4 / 20_000**0.5).all()
    assert (abs(numbers.mean(1) - 0.5) < 4 * (1 / 12 / 20_000) ** 0.5).all()


def test_playing_does_not_touch_the_initial_parameters():
    before = drawn(IPD, [3])[0]
    bits([3])
    assert torch.equal(drawn(IPD, [3])[0], before)


@pytest.mark.parametrize("counts", [(3, 5), (4, 4), (16, 17)], ids=["240 codes", "272 codes", "74256 codes"])
def test_the_last_code_of_a_game_fits(counts):
    """Who always takes the last action stays in the last state, whatever number type the codes need."""
    game = random_game(counts)
    last = np.prod(counts) - 1
    thetas = [torch.full((1, d), -50.0, dtype=torch.float64) for d in game.sizes]
    rollouts = play(thetas, (0, 0), game, [0], batch=2, length=3)
    assert joint_actions(rollouts).tolist() == [[[last] * 3] * 2]
    assert joint_states(rollouts).tolist() == [[[0, last + 1, last + 1]] * 2]
    assert rollouts.counts[0, :, -1].tolist() == [0, 2, 2]


def test_one_roll_out_of_one_step():
    game = random_game((2, 3))
    rollouts = play(same_thetas(game, 3), (0, 0), game, [0, 1, 2], batch=1, length=1)
    assert joint_states(rollouts).tolist() == [[[0]]] * 3
    assert rollouts.frequencies.sum(1).tolist() == [1, 1, 1]
    for s, a in enumerate(joint_actions(rollouts).flatten().tolist()):
        assert rollouts.mean_rewards[s, :, 0].tolist() == game.rewards[:, a].tolist()
        assert rollouts.returns_to_go[s, :, a].tolist() == game.rewards[:, a].tolist()
        assert not rollouts.centred_returns_to_go[s].any()


def test_a_seed_whose_parameters_are_nan_plays_on_alone():
    game = random_game((2, 3))
    thetas = same_thetas(game, 3)
    calm = play(thetas, (0, 0), game, [0, 1, 2], batch=5, length=7).codes
    thetas[0][1, 2] = torch.nan
    codes = play(thetas, (0, 0), game, [0, 1, 2], batch=5, length=7).codes
    assert np.array_equal(codes[[0, 2]], calm[[0, 2]])


@pytest.mark.parametrize("counts", [(2, 3), (2, 3, 2)])
def test_sums_over_roll_outs(counts):
    """Every table against loops over seeds, roll-outs and steps; seven roll-outs, so that lanes are unevenly full."""
    game, seeds, batch, length = random_game(counts, gamma=0.7), 2, 7, 5
    n, players = int(np.prod(counts)), len(counts)
    rollouts = play(same_thetas(game, seeds), (0, 0), game, [0, 1], batch, length)
    states, actions = joint_states(rollouts).numpy(), joint_actions(rollouts).numpy()
    frequencies, visits = np.zeros((seeds, (1 + n) * n)), np.zeros((seeds, (1 + n) * n))
    means = np.zeros((seeds, players, length))
    for s, b, t in np.ndindex(seeds, batch, length):
        code = states[s, b, t] * n + actions[s, b, t]
        frequencies[s, code] += 1 / (batch * length)
        visits[s, code] += 0.7**t / batch
        means[s, :, t] += 0.7**t * game.rewards[:, actions[s, b, t]] / batch
    to_go, centred = np.zeros((2, seeds, players, (1 + n) * n))
    for s, b, m in np.ndindex(seeds, batch, length):
        code = states[s, b, m] * n + actions[s, b, m]
        for t in range(m, length):
            reward = 0.7**t * game.rewards[:, actions[s, b, t]]
            to_go[s, :, code] += reward / batch
            centred[s, :, code] += (reward - means[s, :, t]) / batch
    for actual, expected in (
        (rollouts.frequencies, frequencies),
        (rollouts.discounted_visits, visits),
        (rollouts.mean_rewards, means),
        (rollouts.returns_to_go, to_go),
        (rollouts.centred_returns_to_go, centred),
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)
