"""Training: which step is taken, whose random numbers, and that no seed ever feels another."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from golden.regenerate import GAMES, HERE, SETTINGS, five_steps

from lola.learning import curves, rules
from lola.learning.matrix_games import MatrixGame
from lola.learning.opponent_models import oracle
from lola.learning.registry import RULES
from lola.learning.training import Seat, initial_thetas, train

IPD = GAMES["ipd"]
FIVE_ACTIONS = MatrixGame(np.random.default_rng(0).normal(size=(2, 5, 5)).tolist(), 0.9, list("abcde"))
COMPANIES = [[3, 8], [8, 3, 1], [0, 1, 2, 3, 4, 5, 6], [*reversed(range(50))]]


def autograd(rule):
    """The rule without its closed form."""
    return lambda values, thetas, i: rule(values, thetas, i)


EVERY_RULE = {name: RULES[rule].load()(**settings) for name, (rule, settings) in SETTINGS.items()}
EVERY_RULE |= {
    f"{name} by autograd": autograd(rule) for name, rule in EVERY_RULE.items() if isinstance(rule, rules.FirstOrder)
}


def bits(game, rule, seeds, steps=2):
    """{seed: bytes of its parameters, values and probabilities at every step}, all steps in one batch."""
    seats = [Seat(rule, 0.5, oracle)] * len(game.sizes)
    history = list(train(game, seats, initial_thetas(game.sizes, seeds, 1.0), steps))
    thetas = [torch.cat(player) for player in zip(*history, strict=True)]
    numbers = [*thetas, *game.values(thetas), *(game.probabilities(thetas, i) for i in range(len(thetas)))]
    tables = [x.reshape(steps + 1, len(seeds), -1).transpose(0, 1) for x in numbers]
    return {seed: b"".join(table[s].numpy().tobytes() for table in tables) for s, seed in enumerate(seeds)}


@pytest.mark.parametrize("rule", EVERY_RULE)
@pytest.mark.parametrize(
    "game", [IPD, GAMES["public_good"], FIVE_ACTIONS], ids=["ipd", "three players", "five actions"]
)
def test_a_seed_is_the_same_bit_for_bit_in_any_company(game, rule):
    """Alone, or among 1, 2, 6 or 49 others, in any order. Twenty-five joint actions make an odd-sized linear
    system, whose rows lie differently in memory for every seed."""
    alone = bits(game, EVERY_RULE[rule], [3])[3]
    assert alone == bits(game, EVERY_RULE[rule], [3])[3]
    for seeds in COMPANIES:
        assert bits(game, EVERY_RULE[rule], seeds)[3] == alone, f"among {len(seeds)}"


def test_values_are_the_same_bit_for_bit_in_a_large_batch():
    for game in (*GAMES.values(), FIVE_ACTIONS):
        thetas = initial_thetas(game.sizes, list(range(1500)), 3.0)
        together = game.values(thetas)
        for s in (0, 1, 2, 3, 700, 1497, 1498, 1499):
            alone = game.values([theta[s : s + 1].clone() for theta in thetas])
            assert [v[s].item() for v in together] == [v.item() for v in alone]


@pytest.mark.parametrize("rule", ["lola", "lola by autograd", "lola, order 2", "lola_exact"])
@pytest.mark.parametrize(("game", "absurd"), [("ipd", 1e308), ("public_good", float("nan"))])
def test_a_seed_that_diverges_disturbs_nobody(game, absurd, rule):
    """The middle one of three seeds has an absurd learning rate: its parameters become infinite, or NaN."""
    game = GAMES[game]
    start = initial_thetas(game.sizes, [0, 1, 2], 1.0)
    rates = torch.tensor([[0.5], [absurd], [0.5]], dtype=torch.float64)
    disturbed, calm = (
        list(train(game, [Seat(EVERY_RULE[rule], lr, oracle)] * len(start), thetas, 4))
        for lr, thetas in ((rates, start), (0.5, [theta[[0, 2]] for theta in start]))
    )
    assert not torch.cat([theta[1] for theta in disturbed[-1]]).isfinite().all()
    for among, alone in zip(disturbed, calm, strict=True):
        for i in range(len(start)):
            assert torch.equal(among[i][[0, 2]], alone[i])
            assert torch.equal(game.values(among)[i][[0, 2]], game.values(alone)[i])


def test_every_player_steps_from_the_same_parameters_by_its_own_rule():
    """θ_i + lr_i rule_i(θ), at once: LOLA in seat 0 does not move first, and seat 1 stays naive."""
    start = initial_thetas(IPD.sizes, [0, 1], 1.0)
    mixed = [Seat(rules.lola(0.7), 0.25, oracle), Seat(rules.naive(), 2.0, oracle)]
    _, after = train(IPD, mixed, start, 1)
    believed = [theta.clone().requires_grad_() for theta in start]
    for i, (rule, lr) in enumerate([(rules.lola(0.7), 0.25), (rules.naive(), 2.0)]):
        step = lr * autograd(rule)(IPD.values, believed, i).detach()
        torch.testing.assert_close(after[i], start[i] + step, rtol=1e-12, atol=1e-12)


def test_lola_meets_a_naive_learner_in_either_seat_of_the_ipd():
    """From θ = 0, by the numbers derived in `test_rules`: one moves to tit-for-tat, the other to defection."""
    for lola, naive in ((0, 1), (1, 0)):
        seats = [None, None]
        seats[lola], seats[naive] = Seat(rules.lola(1.0), 1.0, oracle), Seat(rules.naive(), 1.0, oracle)
        _, after = train(IPD, seats, [torch.zeros(1, 5, dtype=torch.float64)] * 2, 1)
        assert after[lola][0].tolist() == pytest.approx([-0.25, 2.85, -5.85, 2.85, -5.85], rel=1e-12)
        assert after[naive][0].tolist() == pytest.approx([-0.25, -1.5, -1.5, -1.5, -1.5], rel=1e-12)


def test_a_learning_rate_per_seed():
    start = initial_thetas(IPD.sizes, [0, 1], 1.0)
    rates = torch.tensor([[0.0], [0.5]], dtype=torch.float64)
    *_, together = train(IPD, [Seat(rules.lola(0.7), rates, oracle)] * 2, start, 3)
    *_, alone = train(IPD, [Seat(rules.lola(0.7), 0.5, oracle)] * 2, [theta[1:] for theta in start], 3)
    for i in range(2):
        assert torch.equal(together[i][0], start[i][0])
        assert torch.equal(together[i][1], alone[i][0])


def test_training_yields_the_start_and_every_step():
    start = initial_thetas(IPD.sizes, [0], 1.0)
    history = list(train(IPD, [Seat(rules.naive(), 1.0, oracle)] * 2, start, 3))
    assert len(history) == 4
    assert all(torch.equal(a, b) for a, b in zip(history[0], start, strict=True))
    assert all(not torch.equal(a, b) for before, after in pairwise(history) for a, b in zip(before, after, strict=True))
    assert not any(theta.requires_grad for thetas in history for theta in thetas)


def test_initial_thetas_are_standard_normal():
    """Mean, variance and correlation of neighbouring streams within 4 standard errors, over 40,000 numbers."""
    first, second = initial_thetas([20, 20], list(range(2000)), 1.0)
    for theta in (first, second):
        assert theta.shape == (2000, 20)
        assert theta.dtype == torch.float64
        assert abs(theta.mean().item()) < 4 / 40_000**0.5
        assert abs(theta.var().item() - 1) < 4 * (2 / 40_000) ** 0.5
    for a, b in ((first, second), (first[1:], first[:-1]), (first[1:], second[:-1])):
        assert abs((a * b).mean().item()) < 4 / a.numel() ** 0.5


def test_initial_thetas_depend_on_seed_and_player_alone():
    together = initial_thetas([5, 7], [4, 0, 9], 1.0)
    for s, seed in enumerate([4, 0, 9]):
        for i, theta in enumerate(initial_thetas([5, 7], [seed], 1.0)):
            assert torch.equal(theta[0], together[i][s])
    numbers = torch.cat([theta.flatten() for theta in together])
    assert len(numbers.unique()) == len(numbers)


def test_initial_thetas_scale_with_std():
    wide, narrow = (initial_thetas([5], [0], std)[0] for std in (2.0, 0.5))
    assert torch.equal(wide, 4 * narrow)
    assert torch.equal(initial_thetas([5], [0], 0.0)[0], torch.zeros(1, 5))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("game", GAMES)
def test_golden(game, name):
    """Five steps, to a relative 1e-9; see golden/regenerate.py."""
    golden = json.loads((HERE / f"{game}.json").read_text())[name]
    now = five_steps(GAMES[game], name)
    for i, theta in enumerate(now["thetas"]):
        assert theta == pytest.approx(golden["thetas"][i], rel=1e-9, abs=1e-12)
    assert now["values"] == pytest.approx(golden["values"], rel=1e-9, abs=1e-12)


def test_every_rule_has_golden_numbers():
    assert {rule for rule, _ in SETTINGS.values()} == set(RULES)


def test_numbers_that_are_infinite_from_the_start_fail_each_seed_alone():
    payoffs = [[[1e308, -1e308], [1e308, 1e308]], [[1e308, 1e308], [-1e308, 1e308]]]
    spec = {
        "game": {"payoffs": payoffs, "gamma": 0.99, "actions": ["C", "D"]},
        "seats": [{"rule": "naive", "lr": 1.0}] * 2,
    }
    spec |= {"opponent_model": "oracle", "steps": 2, "init_std": 1.0, "grid": None}
    for trained in curves.run(spec, [0, 1]):
        assert trained.rows == []
        assert trained.outcome["status"] == "failed"
        assert "step 0" in trained.outcome["reason"]
