"""Tabular learners: by hand, on what is known of them, and how they explore."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from golden.regenerate import GAMES
from plain_estimators import joint_actions
from small_matches import TABLES, match_of, started

from lola.learning import rules
from lola.learning.matrix.game import MatrixGame
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.tabular import learners as tabular
from lola.learning.tabular.perspectives import Perspective, as_described
from lola.learning.training import learn

IPD = GAMES["ipd"]
PENNIES = MatrixGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], 0.0, ["H", "T"])


def bandit(payoffs, gamma=0.0):
    return MatrixGame([payoffs], gamma, [[f"arm {k}" for k in range(len(payoffs))]])


def blind(game):
    """Nobody sees what was done: every step is the first of a one-shot game, which makes episodes of any length do."""
    rows = np.zeros_like(game.views)
    return Perspective(game, rows, rows, lambda thetas, i: (thetas, i))


def fixed(theta):
    """A seat that plays the same policy for ever; its parameters are for `started`."""
    return Climber(rules.naive(), 0.0, oracle()), torch.tensor([theta], dtype=torch.float64)


def one_shot(game, learners, seeds=(0,), length=100):
    return match_of(game, learners, list(seeds), length, blind)


def after(match, episodes, state=None):
    *_, end = learn(match, state or started(match, 1.0), episodes)
    return end


# By hand.


@pytest.mark.parametrize("learner", TABLES)
def test_values_of_the_first_steps_by_hand(learner):
    """One arm that pays 1, γ = 0.5, α_t = 1 / (2 + 0.5 t), Q = 0: α = 0.4, 1/3, 2/7. The start is left for "after the
    arm", where Q stays 0 till the second step: Q(start) = 0.4; Q(arm) = 1/3, then 5/7 · 1/3 + 2/7 · (1 + 0.5 · 1/3)."""
    settings = {"alpha": 0.5, "decay": 0.5, "epsilon": 0.1, "delta": 0.1, "delta_decay": 0.0, "lose": 2.0}
    entry = TABLES[learner]
    made = entry.load()(**{name: settings[name] for name, needed in entry.settings.items() if needed})
    match = match_of(bandit([1.0], 0.5), [made], [0], 3, as_described)
    end = after(match, 1, started(match, 0.0))
    third = 5 / 7 / 3 + 2 / 7 * (1 + 0.5 / 3)
    assert end.memories[0].values[0, :, 0, 0].tolist() == pytest.approx([0.4, third], rel=1e-14)
    assert end.rollouts.returns[0, 0] == 1 + 0.5 + 0.25
    assert end.thetas[0].shape == (1, 0)


@pytest.mark.parametrize(
    ("seen", "worth", "action"),
    [
        ([0, 0], [0.0, 0.0], 0),
        ([1, 0], [1.0, 3.0], 1),
        ([0, 5], [4.0, 2.0], 0),
        ([3, 1], [1.75, 2.75], 1),
        ([1, 3], [3.25, 2.25], 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("answer", [0, 1])
def test_joint_values_are_weighted_by_what_was_seen(seen, worth, action, answer):
    """Q(C, ·) = (1, 4) and Q(D, ·) = (3, 2), Σ_b Q(a, b) n(b) / n by hand, 0 at the first visit; then a step with
    α = ½ towards r + ½ · (the best of these), counted only after it was taken."""
    game = MatrixGame(IPD.rewards.reshape(2, 2, 2).tolist(), 0.5, ["C", "D"])
    opponent, theta = fixed([50.0 - 100.0 * answer] * 5)
    match = match_of(game, [tabular.joint_q(alpha=0.5, decay=0.0, epsilon=0.0), opponent], [0], 1, blind)
    start = started(match, 0.0)
    start.memories[0].values[0, 0] = before = np.array([[1.0, 4.0], [3.0, 2.0]])
    start.memories[0].seen[0, 0] = seen
    known = match.known([start.thetas[0], theta], start.memories)
    assert known[0][0, 0].item() == pytest.approx(worth[0] - worth[1], abs=1e-15)
    end = after(match, 1, replace(start, thetas=known))
    assert joint_actions(end.rollouts).item() == 2 * action + answer
    reward = [[-1, -3], [0, -2]][action][answer]
    expected = before.copy()
    expected[action, answer] = 0.5 * before[action, answer] + 0.5 * (reward + 0.5 * max(worth))
    assert end.memories[0].values[0, 0] == pytest.approx(expected, rel=1e-15)
    assert end.memories[0].seen[0, 0].tolist() == [seen[0] + (answer == 0), seen[1] + (answer == 1)]


PHC = tabular.phc(alpha=0.5, decay=0.0, delta=0.25, delta_decay=1.0)
WOLF = tabular.wolf_phc(alpha=0.5, decay=0.0, delta=0.25, delta_decay=1.0, lose=3.0)


@pytest.mark.parametrize(
    ("learner", "policy", "average", "visits", "expected"),
    [
        (PHC, [0.5, 0.3, 0.2], None, 0, [0.4, 0.5, 0.1]),  # δ_1 = 1/5, a half from each
        (PHC, [0.94, 0.0, 0.06], None, 0, [0.84, 0.16 - 1e-8, 1e-8]),  # nobody gives what it has not
        (PHC, [0.05, 0.9, 0.05], None, 0, [1e-8, 1 - 2e-8, 1e-8]),
        (WOLF, [0.5, 0.3, 0.2], [0.9, 0.0, 0.1], 3, [0.4, 0.5, 0.1]),  # 0.4 against 0.1: winning
        (WOLF, [0.5, 0.3, 0.2], [0.1, 0.9, 0.0], 3, [0.2, 0.8 - 1e-8, 1e-8]),  # 0.4 against 0.9: losing, three times δ
        (WOLF, [0.5, 0.25, 0.25], None, 0, [0.2, 0.8 - 1e-8, 1e-8]),  # at first both are one: no win
    ],
)
def test_hill_climbers_by_hand(learner, policy, average, visits, expected):
    """Arms that pay 0, 1, ½ and are known to (so Q stays): one step towards the second, and π̄ takes in the old π."""
    match = one_shot(bandit([0.0, 1.0, 0.5]), [learner], length=1)
    start = started(match, 0.0)
    start.memories[0].values[0, 0, :, 0] = [0.0, 1.0, 0.5]
    start.memories[0].policy[0, 0] = policy
    start.memories[0].average[0, 0] = average or policy
    start.memories[0].visits[0, 0] = visits
    (end,) = after(match, 1, start).memories
    mean = [a + (p - a) / (visits + 1) for p, a in zip(policy, average or policy, strict=True)]
    assert end.values[0, 0, :, 0].tolist() == [0.0, 1.0, 0.5]
    assert end.policy[0, 0] == pytest.approx(expected, rel=1e-7)
    assert end.policy[0, 0].sum() == pytest.approx(1, abs=1e-15)
    assert end.average[0, 0] == pytest.approx(mean, abs=1e-15)
    assert end.visits[0, 0] == visits + 1


def test_steps_are_counted_over_all_episodes():
    """δ_t = 1 / (4 + t): after episodes of two steps, towards a known arm, 1/5 + 1/6, and 1/7 + 1/8 more."""
    match = one_shot(bandit([0.0, 1.0]), [PHC], length=2)
    start = started(match, 0.0)
    start.memories[0].values[0, 0, 1, 0] = 1.0
    start.memories[0].policy[0, 0] = [0.9, 0.1]
    _, first, second = [state.memories[0].policy[0, 0, 1] for state in learn(match, start, 2)]
    assert first == pytest.approx(0.1 + 1 / 5 + 1 / 6, rel=1e-14)
    assert second == pytest.approx(0.1 + 1 / 5 + 1 / 6 + 1 / 7 + 1 / 8, rel=1e-14)


# What is known of them.


@pytest.mark.parametrize("learner", [tabular.q, tabular.joint_q])
def test_q_learning_solves_a_bandit(learner):
    """Q(s, a) = r_a + γ · 1 / (1 − γ) whatever came before, and the best arm is taken but for exploration."""
    game = bandit([0.0, 1.0, 0.5], gamma=0.8)
    match = match_of(game, [learner(alpha=0.5, decay=0.0, epsilon=0.3)], [0, 1], 1000, as_described)
    start = started(match, 1.0)
    end = after(match, 10, start)
    learnt = end.memories[0].values[:, 1:, :, 0]  # the start is seen but once an episode
    assert learnt == pytest.approx(np.broadcast_to([4.0, 5.0, 4.5], learnt.shape), abs=1e-9)
    assert abs(start.memories[0].values[:, 1:, :, 0] - [4.0, 5.0, 4.5]).max() > 1
    assert end.rollouts.shares[:, 0, 1] == pytest.approx([0.7, 0.7], abs=4 * (0.3 * 0.7 / 1000) ** 0.5)


OPPONENTS = {  # its P(C) after start, CC, CD, DC, DD, own action first, and what to answer
    "defects": ([0.1, 0.1, 0.1, 0.1, 0.1], "DDDDD"),
    "tit for tat": ([0.9, 0.9, 0.1, 0.9, 0.1], "CCCCC"),
    "defects on until somebody cooperates": ([0.9, 0.9, 0.9, 0.9, 0.1], "DDDDC"),
}
# The tournament's δ of PHC, 1 / (20000 + t), adds up to ln(1 + T / 20000) over T steps, of all states together: a state
# visited a tenth of the time would need some three million steps to move by ½.
CLIMBERS = {
    "phc": tabular.phc(alpha=0.05, decay=1e-4, delta=2e-3, delta_decay=0.0),
    "wolf_phc": tabular.wolf_phc(alpha=0.05, decay=1e-4, delta=1e-3, delta_decay=0.0, lose=2.0),
}


@pytest.mark.parametrize("opponent", OPPONENTS)
@pytest.mark.parametrize("climber", CLIMBERS)
def test_hill_climbers_reach_the_best_response(climber, opponent):
    """To a fixed opponent in the IPD that slips once in ten times. None of the 32 pure answers earns more than the best
    one; what is reached, in three seeds, earns at most 0.01 a step less, what was played at first 0.2 less."""
    chances, answer = OPPONENTS[opponent]
    seat, theta = fixed(torch.tensor(chances, dtype=torch.float64).logit().tolist())
    match = match_of(IPD, [CLIMBERS[climber], seat], [0, 1, 2], 50, as_described)
    start = started(match, 1.0)
    theta = theta.repeat(3, 1)
    end = after(match, 2000, replace(start, thetas=[start.thetas[0], theta]))

    def earned(mine):
        return 0.04 * IPD.values([mine, theta[:1].repeat(len(mine), 1)])[0]

    answers = torch.tensor([*product([-50.0, 50.0], repeat=5)], dtype=torch.float64)
    best = earned(torch.tensor([[50.0 if action == "C" else -50.0 for action in answer]], dtype=torch.float64)).item()
    assert best == pytest.approx(earned(answers).max().item(), rel=1e-12)
    assert earned(start.thetas[0][:1]).item() < best - 0.2
    assert (earned(end.thetas[0]) > best - 0.01).all()


def swings(learner):
    """P(H) of both players of one-shot matching pennies by quarters of the match, (4, steps, seeds, players), and π̄."""
    match = one_shot(PENNIES, [learner] * 2, [0, 1, 2, 3])
    _, *states = learn(match, started(match, 1.0), 1000)
    path = np.array([[memory.policy[:, 0, 0] for memory in state.memories] for state in states]).swapaxes(1, 2)
    average = np.array([memory.average[:, 0, 0] for memory in states[-1].memories]).T
    return path.reshape(4, -1, *path.shape[1:]), average


def test_wolf_settles_in_matching_pennies_where_phc_cycles():
    """100,000 steps of δ_t = 1 / (2000 + t / 10), slow enough for Q-values of α = 0.3 to keep up with the policies (the
    tournament's are thirty times slower). PHC's P(H) swings as far in the last quarter as in the first, across ½;
    WoLF-PHC's a third as far, hardly off ½, and π̄ is ½. With δ as fast as the tournament's, 1/100, nobody settles."""
    settings = {"alpha": 0.3, "decay": 0.0, "delta": 5e-4, "delta_decay": 0.1}
    cycles, _ = swings(tabular.phc(**settings))
    first, *_, last = np.ptp(cycles, axis=1)
    assert (last > 0.95 * first).all()
    assert (last > 0.3).all()
    assert (cycles[3].min(0) < 0.5).all()
    assert (cycles[3].max(0) > 0.5).all()
    settles, average = swings(tabular.wolf_phc(**settings, lose=2.0))
    first, *_, last = np.ptp(settles, axis=1)
    assert (last < 0.4 * first).all()
    assert (last < 0.03).all()
    assert average == pytest.approx(0.5, abs=0.02)


# How they explore.


def test_epsilon_greedy_tries_all_others_equally():
    """100,000 steps of a known four-armed bandit: ε/3 for each of the three others, within 4 standard errors."""
    match = one_shot(bandit([0.0, 0.5, 1.0, 0.25]), [tabular.q(alpha=0.5, decay=0.0, epsilon=0.3)], length=100_000)
    start = started(match, 0.0)
    start.memories[0].values[0, 0, :, 0] = [0.0, 0.5, 1.0, 0.25]
    shares = after(match, 1, start).rollouts.shares[0, 0]
    for share, chance in zip(shares, [0.1, 0.1, 0.7, 0.1], strict=True):
        assert abs(share - chance) < 4 * (chance * (1 - chance) / 100_000) ** 0.5


def test_who_has_a_policy_plays_it():
    """Fixed logits of three actions, and a hill climber's π that hardly moves: shares within 4 standard errors."""
    game = MatrixGame(np.zeros((2, 3, 3)).tolist(), 0.5, ["a", "b", "c"])
    seat, theta = fixed([1.0, -0.5] * 10)
    match = one_shot(game, [seat, tabular.phc(alpha=0.5, decay=0.0, delta=1e-9, delta_decay=0.0)], length=100_000)
    start = started(match, 0.0)
    start.memories[1].policy[0, 0] = [0.2, 0.5, 0.3]
    shares = after(match, 1, replace(start, thetas=[theta, start.thetas[1]])).rollouts.shares[0]
    odds = np.exp([1.0, -0.5, 0.0])
    for share, chance in zip(shares.flatten(), [*(odds / odds.sum()), 0.2, 0.5, 0.3], strict=True):
        assert abs(share - chance) < 4 * (chance * (1 - chance) / 100_000) ** 0.5
    moved = after(match, 1, replace(start, thetas=[theta, start.thetas[1]])).memories[1].policy[0, 0]
    assert moved == pytest.approx([0.2, 0.5, 0.3], abs=2e-4)


@pytest.mark.parametrize("learner", TABLES)
def test_initial_values_are_normal_and_depend_on_seed_and_player_alone(learner):
    """Q ~ N(0, std²), within 4 standard errors over 20,000 and more numbers; policies start uniform."""
    settings = {"alpha": 0.5, "decay": 0.0, "epsilon": 0.1, "delta": 0.1, "delta_decay": 0.0, "lose": 2.0}
    entry = TABLES[learner]
    made = entry.load()(**{name: settings[name] for name, needed in entry.settings.items() if needed})
    seeds = list(range(2000))

    def values(players, seeds):
        """(S, players, rows, actions, answers)."""
        start = match_of(IPD, players, seeds, std=2.0).start()
        for memory in (m for m in start.memories if isinstance(m, tabular.Tables)):
            assert (memory.policy == 0.5).all()
            assert (memory.average == 0.5).all()
            assert not memory.seen.any()
            assert not memory.visits.any()
        return [getattr(memory, "values", None) for memory in start.memories]

    drawn = np.stack(values([made, made], seeds), axis=1) / 2
    n = drawn.size
    assert n == 2000 * 2 * 5 * 2 * (2 if made.joint else 1)
    assert abs(drawn.mean()) < 4 / n**0.5
    assert abs(drawn.var() - 1) < 4 * (2 / n) ** 0.5
    assert abs((drawn[:, 0] * drawn[:, 1]).mean()) < 4 / (n / 2) ** 0.5
    assert len(np.unique(drawn)) == n
    for seeds, other in (([7], fixed([0.0] * 5)[0]), ([3, 7], tabular.joint_q(0.1, 0.0, 0.1))):
        again = values([other, made], seeds)[1]
        assert np.array_equal(again[-1] / 2, drawn[7, 1])
