"""Exact values against hand-computed sums, brute force and play; the closed form against autograd."""

import itertools

import numpy as np
import pytest
import torch

from lola.learning import rules
from lola.learning.joint.field import field
from lola.learning.matrix.game import MatrixGame

GAMMA = 0.96
IPD = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], GAMMA, ["C", "D"])
IMP = MatrixGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], 0.9, ["H", "T"])

# Cooperate (1) or defect (0) at start and after CC, CD, DC, DD, own action first.
ALLC, ALLD = (1, 1, 1, 1, 1), (0, 0, 0, 0, 0)
TIT_FOR_TAT, WIN_STAY = (1, 1, 0, 1, 0), (1, 1, 0, 0, 1)
SUSPICIOUS = (0, 1, 0, 1, 0)  # tit-for-tat that starts by defecting
FOREVER = 1 / (1 - GAMMA)

PAIRINGS = [
    (ALLC, ALLC, -FOREVER, -FOREVER),
    (ALLD, ALLD, -2 * FOREVER, -2 * FOREVER),
    (ALLC, ALLD, -3 * FOREVER, 0),
    (TIT_FOR_TAT, TIT_FOR_TAT, -FOREVER, -FOREVER),
    (TIT_FOR_TAT, ALLC, -FOREVER, -FOREVER),
    (TIT_FOR_TAT, ALLD, -3 - 2 * GAMMA * FOREVER, -2 * GAMMA * FOREVER),
    # CD, DC, CD, …: each is the sucker every other round.
    (TIT_FOR_TAT, SUSPICIOUS, -3 / (1 - GAMMA**2), -3 * GAMMA / (1 - GAMMA**2)),
    # CD, DD, CD, …: win-stay leaves DD, to be exploited again.
    (WIN_STAY, ALLD, (-3 - 2 * GAMMA) / (1 - GAMMA**2), -2 * GAMMA / (1 - GAMMA**2)),
]


def deterministic(*strategies):
    """Logits of ±50: the policies are deterministic to 1e-22."""
    return [torch.tensor([[100.0 * c - 50.0 for c in cooperates]], dtype=torch.float64) for cooperates in strategies]


def random_game(counts, gamma, seed=0):
    payoffs = np.random.default_rng(seed).normal(size=(len(counts), *counts))
    return MatrixGame(payoffs.tolist(), gamma, [[f"a{k}" for k in range(count)] for count in counts])


def random_thetas(game, seeds=1, scale=1.0):
    rng = np.random.default_rng(1)
    return [torch.from_numpy(scale * rng.normal(size=(seeds, size))).requires_grad_() for size in game.sizes]


def policy(theta, player, counts):
    """π(a | state) as a function of the last joint action (None at the start), by the words of the definition."""
    others = [k for k in range(len(counts)) if k != player]
    seen = itertools.product(range(counts[player]), *(range(counts[k]) for k in others))
    rows = [None, *((own, *rest) for own, *rest in seen)]
    logits = np.asarray(theta).reshape(len(rows), counts[player] - 1)

    def probabilities(joint):
        row = rows.index(None if joint is None else (joint[player], *(joint[k] for k in others)))
        odds = np.exp([*logits[row], 0.0])
        return odds / odds.sum()

    return probabilities


@pytest.mark.parametrize(("first", "second", "value", "other_value"), PAIRINGS)
def test_ipd_pairings(first, second, value, other_value):
    for pair, expected in (((first, second), (value, other_value)), ((second, first), (other_value, value))):
        values = [v.item() for v in IPD.values(deterministic(*pair))]
        assert values == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_uniform_matching_pennies_is_worth_nothing():
    assert [v.tolist() for v in IMP.values([torch.zeros(3, 5, dtype=torch.float64)] * 2)] == [[0, 0, 0]] * 2


@pytest.mark.parametrize("counts", [(2, 3), (2, 3, 2)])
def test_values_are_the_discounted_sum(counts):
    """Σ_t γᵗ E[r_t], following the distribution of the last joint action step by step."""
    game = random_game(counts, 0.8)
    rewards = game.rewards.reshape(-1, *counts)
    thetas = random_thetas(game)
    players = [policy(theta.detach()[0], i, counts) for i, theta in enumerate(thetas)]
    totals, chances = np.zeros(len(counts)), {None: 1.0}
    for t in range(150):  # 0.8 ** 150 < 1e-14
        following = dict.fromkeys(np.ndindex(*counts), 0.0)
        for last, chance in chances.items():
            choices = [play(last) for play in players]
            for joint in following:
                following[joint] += chance * np.prod([choices[i][a] for i, a in enumerate(joint)])
        chances = following
        totals += 0.8**t * sum(chance * rewards[:, *joint] for joint, chance in chances.items())
    assert [v.item() for v in game.values(thetas)] == pytest.approx(totals, rel=1e-12)


def test_values_are_the_mean_of_rollouts():
    """20,000 sampled rollouts of 80 steps, 0.85 ** 80 < 3e-6; within 4 standard errors."""
    counts, rollouts, rng = (2, 3, 2), 20_000, np.random.default_rng(2)
    game = random_game(counts, 0.85)
    thetas = random_thetas(game)
    states = [None, *np.ndindex(*counts)]
    players = [policy(theta.detach()[0], i, counts) for i, theta in enumerate(thetas)]
    tables = [np.array([play(state) for state in states]).cumsum(1) for play in players]
    returns, state = np.zeros((rollouts, len(counts))), np.zeros(rollouts, dtype=int)
    for t in range(80):
        actions = [(rng.random((rollouts, 1)) > table[state, :-1]).sum(1) for table in tables]
        state = 1 + np.ravel_multi_index(actions, counts)
        returns += 0.85**t * game.rewards.reshape(-1, *counts)[:, *actions].T
    error = returns.std(0, ddof=1) / rollouts**0.5
    exact = np.array([v.item() for v in game.values(thetas)])
    assert (abs(returns.mean(0) - exact) < 4 * error).all()
    assert (error < 0.02).all()


@pytest.mark.parametrize("rule", [rules.naive(), rules.lola(0.3), rules.lola_exact(0.3)])
def test_swapping_the_players_swaps_values_and_gradients(rule):
    payoffs = np.random.default_rng(0).normal(size=(2, 2, 3))
    game = MatrixGame(payoffs.tolist(), 0.9, [["a", "b"], ["a", "b", "c"]])
    swapped = MatrixGame([payoffs[1].T.tolist(), payoffs[0].T.tolist()], 0.9, [["a", "b", "c"], ["a", "b"]])
    thetas = random_thetas(game, seeds=3)
    for i in range(2):
        torch.testing.assert_close(game.values(thetas)[i], swapped.values(thetas[::-1])[1 - i], rtol=1e-12, atol=0)
        torch.testing.assert_close(
            rule(rules.Values(game.values), thetas, i),
            rule(rules.Values(swapped.values), thetas[::-1], 1 - i),
            rtol=1e-11,
            atol=1e-12,
        )


def test_rotating_three_players_rotates_values():
    """Seats 0, 1, 2 become 1, 2, 0: own views change only in the order of the other two."""
    counts = (2, 3, 2)
    game = random_game(counts, 0.9)
    rotated = MatrixGame(
        [game.rewards[k].reshape(counts).transpose(2, 0, 1).tolist() for k in (2, 0, 1)],
        0.9,
        [game.actions[k] for k in (2, 0, 1)],
    )
    thetas = random_thetas(game)

    def others_swapped(theta, own, first, second):
        """The same policy with the columns of its own table in the other order."""
        start, after = theta[:, : own - 1], theta[:, own - 1 :]
        after = after.reshape(-1, own, first, second, own - 1).transpose(2, 3).flatten(1)
        return torch.cat([start, after], dim=1)

    # The player that moves to seat 0 saw seats (0, 1), now at (1, 2): in the same order.
    moved = [thetas[2], others_swapped(thetas[0], 2, 3, 2), others_swapped(thetas[1], 3, 2, 2)]
    expected = [game.values(thetas)[k].item() for k in (2, 0, 1)]
    assert [v.item() for v in rotated.values(moved)] == pytest.approx(expected, rel=1e-12)


def test_state_names_put_the_own_action_first():
    assert [IPD.state_names(i) for i in range(2)] == [
        ["start", "CC", "CD", "DC", "DD"],
        ["start", "CC", "DC", "CD", "DD"],
    ]
    wordy = MatrixGame(np.zeros((3, 2, 1, 2)).tolist(), 0.9, [["up", "down"], ["x"], ["l", "r"]])
    assert wordy.state_names(2) == ["start", "l.up.x", "r.up.x", "l.down.x", "r.down.x"]


@pytest.mark.parametrize("counts", [(2, 3), (2, 3, 2)])
def test_terms_are_what_first_order_rules_are_made_of(counts):
    """ξ, J_oξ and χ of all players, in closed form, add up to every rule of first order."""
    game = random_game(counts, 0.9)
    thetas = random_thetas(game, seeds=3, scale=1.0)
    values = rules.Values(game.values, closed_form=game)
    known = field(values, thetas)
    terms = [known.parts(term) for term in (known.xi, known.ahead, known.shape)]
    for i, (xi, ahead, shape) in enumerate(zip(*terms, strict=True)):
        for weights in ((0, 0), (1, 0), (0, 1), (1, 1), (0.5, 2)):
            rule = rules.FirstOrder(0.3, *weights)(values, thetas, i)
            torch.testing.assert_close(
                rule, xi + 0.3 * (weights[0] * ahead + weights[1] * shape), rtol=1e-10, atol=1e-11
            )
            assert rule.isfinite().all()


@pytest.mark.parametrize("scale", [1.0, 15.0, 1000.0], ids=["mixed", "saturated", "deterministic"])
@pytest.mark.parametrize("gamma", [0.0, 0.99])
@pytest.mark.parametrize("counts", [(2, 3), (2, 3, 2)])
def test_closed_form_is_autograd(counts, gamma, scale):
    """To 1e-12 of the largest number at work in the seed: a value or an entry of the direction."""
    game = random_game(counts, gamma)
    thetas = random_thetas(game, seeds=4, scale=scale)
    eta = torch.tensor([[0.0], [0.3], [1.0], [3.0]], dtype=torch.float64)
    largest = torch.stack(game.values(thetas)).abs().amax(0)
    for i, (ahead, shape) in itertools.product(range(len(counts)), [(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 2)]):
        expected = rules.FirstOrder(eta, ahead, shape)(rules.Values(game.values), thetas, i)
        error = (game.first_order(thetas, i, eta, ahead, shape) - expected).abs().amax(1)
        assert (error < 1e-12 * torch.maximum(largest, expected.abs().amax(1))).all()
