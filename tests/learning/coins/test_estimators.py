"""Roll-outs of recurrent players; estimators against their formula under autograd, and against exact expectations."""

import numpy as np
import plain_coin_game as plain
import plain_networks
import pytest
import torch

from lola.learning import rules
from lola.learning.coins import kernels, tensors
from lola.learning.coins.estimators import Estimator, dice, pg
from lola.learning.coins.game import CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.rollouts import play

GAMMA = 0.75  # whose powers single precision has exactly
ESTIMATORS = {
    "pg": pg(),
    "pg with entropy": pg(entropy=0.3),
    "dice": dice(),
    "dice without baseline": dice(baseline=False),
    "dice with entropy": dice(entropy=0.2),
    "everything at once": Estimator(critic_lr=1.0, centred=True, beyond=0.7, entropy=0.1),
    "centred beyond first order": Estimator(centre="step", beyond=-1.5),
}
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
RULES = {
    "naive": rules.naive(),
    "lola": rules.lola(0.7),
    "lola_surrogate": rules.lola_surrogate(0.7),
    "lola_exact": rules.lola_exact(0.7),
    "lookahead": rules.lookahead(0.7),
}


LINEAR = {"hidden": 3}
CONVOLUTIONAL = {"hidden": 5, "encoder": "convolutional", "filters": 2}
PAIRS = {  # the board's size, and both players' networks
    "linear": (2, LINEAR, LINEAR),
    "convolutional": (3, CONVOLUTIONAL, CONVOLUTIONAL),
    "different": (2, LINEAR, CONVOLUTIONAL),
}
each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


def pair_in(grid=2, *shapes, **options):
    """The networks of two players in one game."""
    game = CoinGame(grid, GAMMA, **options)
    return [Network(game, **shape) for shape in shapes or (LINEAR, LINEAR)]


def critics_of(pair):
    return [network.critic for network in pair]


def random_thetas(networks, seeds, scale=0.8, stream=0):
    rng = np.random.default_rng(stream)
    return [torch.from_numpy(scale * rng.normal(size=(seeds, network.size))) for network in networks]


def played(pair, thetas, batch=4, length=5, key=(0, 0)):
    return play(thetas, key, list(range(len(thetas[0]))), batch, length, pair)


# Roll-outs.


def test_every_key_plays_other_games():
    pair = pair_in(3)
    thetas = [theta.repeat(3, 1) for theta in random_thetas(pair, 1)]
    played_by = [played(pair, thetas, key=key).steps for key in ((3, 0), (4, 0), (3, 1), (3, 1, 1), (3, 1, 2))]
    assert torch.equal(played(pair, thetas, key=(3, 0)).steps, played_by[0])
    assert len({bytes(steps.numpy()) for each in played_by for steps in each}) == 3 * len(played_by)


@pytest.mark.parametrize("options", [{}, {"tie": "red", "respawn": "anywhere", "colour": "random"}], ids=["", "others"])
@pytest.mark.parametrize("shapes", [(LINEAR, LINEAR), (LINEAR, CONVOLUTIONAL)], ids=["alike", "different"])
def test_what_is_played_follows_the_rules(options, shapes):
    """Every step of every game, one by one: boards in both views, moves, rewards, and what each row answered."""
    pair = pair_in(3, *shapes, **options)
    thetas = random_thetas(pair, 2)
    rollouts = played(pair, thetas, batch=6, length=9)
    every = plain.boards(3)
    for s, t, b in np.ndindex(2, 9, 6):
        board = every[rollouts.boards[0, s, t, b]]
        assert rollouts.boards[1, s, t, b] == plain.number(board.swapped(), 3)
        red, blue = rollouts.moves[:, s, t, b].tolist()
        rewards, picked, after = plain.step(board, red, blue, 3, **options)
        assert tuple(rollouts.rewards[:, s, t, b].tolist()) == rewards
        assert tuple(rollouts.game.picked[:, rollouts.steps[s, t, b]].tolist()) == picked
        if t < 8:
            assert every[rollouts.boards[0, s, t + 1, b]] in after
    answers = [plain_networks.answers(*given) for given in zip(pair, thetas, rollouts.boards, strict=True)]
    torch.testing.assert_close(rollouts.played.y, torch.stack(answers), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(rollouts.discounts[:, 0], GAMMA ** torch.arange(9.0).double(), rtol=1e-15, atol=0.0)


def test_moves_are_chosen_alike_by_kernels_and_by_tensors():
    """By four rows of 50 games, one of which answers NaN."""
    rng = np.random.default_rng(0)
    y, uniforms = (torch.from_numpy(rng.normal(size=(4, 50, 4))), torch.from_numpy(rng.random((4, 3, 50))))
    y[3] = torch.nan
    moves = torch.full((2, 4, 50), -1)
    kernels.choose(1, moves[0].numpy(), y.numpy(), uniforms.numpy())
    tensors.choose(1, moves[1], y, uniforms)
    assert torch.equal(*moves)
    assert moves[0, :3].unique().tolist() == [0, 1, 2, 3]
    assert not moves[0, 3].any()


def test_moves_are_drawn_from_the_policies():
    """How often each is made, less how likely it was, against the standard error: by player, at first and later."""
    pair = pair_in(2, {"hidden": 4}, {"hidden": 4})
    rollouts = played(pair, random_thetas(pair, 1, scale=1.5), batch=20000, length=3)
    p = torch.softmax(rollouts.played.y[:, 0], dim=-1)
    made = torch.nn.functional.one_hot(rollouts.moves[:, 0], 4)
    errors = (made - p).sum(2) / (p * (1 - p)).sum(2).sqrt()
    assert errors.abs().max() < 4
    assert p.std(2).max(-1).values.min() > 0.05  # policies say different things on different boards
    joint = (made - p)[0, ..., None] * (made - p)[1, ..., None, :]  # red and blue choose independently
    assert (joint.sum(1) / joint.square().sum(1).sqrt()).abs().max() < 4


def test_coins_are_laid_and_games_begin_at_random():
    """First boards by a χ² statistic; the next coins, cell by cell, against the standard error."""
    pair = pair_in(3)
    game = pair[0].game
    rollouts = played(pair, [torch.zeros_like(theta) for theta in random_thetas(pair, 1)], batch=60000, length=2)
    expected = torch.zeros(game.boards)
    for board, probability in plain.starts(3).items():
        expected[plain.number(board, 3)] = probability * 60000
    count = torch.bincount(rollouts.boards[0, 0, 0], minlength=game.boards)
    assert not count[expected == 0].any()
    possible = expected > 0
    freedom = possible.sum().item() - 1
    chi2 = ((count - expected)[possible] ** 2 / expected[possible]).sum().item()
    assert abs(chi2 - freedom) < 4 * (2 * freedom) ** 0.5

    taken = game.picked[:, rollouts.steps[0, 0]].any(0)
    red, blue, coin, _ = (part[taken, None] for part in game.parts(rollouts.boards[0, 0, 1]))
    free = (torch.arange(9) != red) & (torch.arange(9) != blue)
    p = free / free.sum(1, keepdim=True)
    laid = torch.arange(9) == coin
    assert ((laid.double() - p).sum(0) / (p * (1 - p)).sum(0).sqrt()).abs().max() < 4


def test_coins_of_one_game_are_laid_independently():
    """Anywhere, after the first step and after the second: one time in nine on the same cell."""
    pair = pair_in(3, respawn="anywhere")
    game = pair[0].game
    rollouts = played(pair, [torch.zeros_like(theta) for theta in random_thetas(pair, 1)], batch=60000, length=3)
    both = game.picked[:, rollouts.steps[0, :2]].any(0).all(0)
    _, _, coin, _ = game.parts(rollouts.boards[0, 0, 1:, both])
    assert both.sum() > 1000
    assert abs((coin[0] == coin[1]).double().mean() - 1 / 9) < 4 * (8 / 81 / both.sum()) ** 0.5


def test_measures_are_plain_averages():
    pair = pair_in(3)
    rollouts = played(pair, random_thetas(pair, 2), batch=5, length=12)
    every = plain.boards(3)
    for s in range(2):
        total = np.zeros((2, 4))
        for t, b in np.ndindex(12, 5):
            board = every[rollouts.boards[0, s, t, b]]
            rewards, picked, _ = plain.step(board, *rollouts.moves[:, s, t, b].tolist(), 3)
            for k, colour in enumerate(("red", "blue")):
                own = picked[k] and board.colour == colour
                total[k] += [(1 - GAMMA) * GAMMA**t * rewards[k] * 12, rewards[k], own, picked[k]]
        np.testing.assert_allclose(rollouts.measures()[s], total / 60, rtol=1e-12, atol=1e-15)


# The formula, for autograd.


def by_hand(estimator, rollouts, thetas, critics):
    """The values as the head of `lola.learning.matrix.estimators` writes them, through the networks' own answers."""
    game, networks, boards, moves = rollouts.game, rollouts.networks, rollouts.boards, rollouts.moves
    log_p = [torch.log_softmax(plain_networks.answers(networks[k], thetas[k], boards[k]), -1) for k in range(2)]
    logs = [each.gather(-1, made[..., None])[..., 0] for each, made in zip(log_p, moves, strict=True)]

    def box(x):
        return torch.exp(x - x.detach())

    until = torch.stack([sum(logs)[:, : t + 1].sum(1) for t in range(boards.shape[2])], dim=1)
    linear = until - until.detach()
    values = []
    for k in range(2):
        rewards = game.rewards[k].double()[rollouts.steps]
        middle = rewards.mean(2, keepdim=True)
        baseline = torch.zeros_like(rewards)
        if estimator.critic_lr is not None:
            baseline = plain_networks.answers(networks[k].critic, critics[k], boards[k])[..., 0].detach()
        terms = rewards + (rewards - middle * estimator.centred) * linear
        terms = terms + estimator.beyond * (rewards - middle * (estimator.centre == "step")) * (box(until) - 1 - linear)
        terms = terms - baseline * sum(box(each) - 1 for each in logs)
        discounted = sum(GAMMA**t * terms[:, t] for t in range(boards.shape[2])).mean(1)
        values.append(discounted - estimator.entropy * (log_p[k].exp() * log_p[k]).sum(-1).mean((1, 2)))
    return values


def derivative(value, theta):
    return torch.autograd.grad(value.sum(), theta, create_graph=True, materialize_grads=True)[0]


@each_estimator
@each_pair
def test_estimates_are_the_formula(estimator, pair):
    """Values, gradients of each, of a weighted sum and of their product, and mixed products along random directions."""
    pair = pair_in(*pair)
    rollouts = played(pair, random_thetas(pair, 2))
    thetas = [theta.requires_grad_() for theta in random_thetas(pair, 2, stream=3)]  # not those who played
    critics, rng = random_thetas(critics_of(pair), 2, stream=4), np.random.default_rng(5)
    directions = [torch.from_numpy(rng.normal(size=theta.shape)) for theta in thetas]
    weights = torch.from_numpy(rng.normal(size=(2, 2)))  # of the players' values, in every seed

    def derivatives(evaluate):
        V = evaluate(estimator, rollouts, thetas, critics)
        several = [*V, sum(weights[k] * V[k] for k in range(2)), V[0] * V[1]]
        slopes = [[derivative(value, theta) for theta in thetas] for value in several]
        mixed = [derivative((slope[j] * directions[j]).sum(1), thetas[1 - j]) for slope in slopes for j in range(2)]
        return [*several, *(each for slope in slopes for each in slope), *mixed]

    found, expected = derivatives(Estimator.values), derivatives(by_hand)
    for actual, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(actual, wanted, rtol=1e-9, atol=1e-10)
        assert wanted.abs().max() > 1e-3


def test_what_one_estimator_made_of_roll_outs_is_not_anothers():
    """Two estimators, other critics and other parameters on the same roll-outs, each as if it were the only one."""
    pair = pair_in()
    thetas = random_thetas(pair, 2)
    critics, others = (random_thetas(critics_of(pair), 2, stream=n) for n in (4, 5))
    uses = [(pg(), critics), (dice(), critics), (pg(), others), (pg(), critics), (pg(entropy=0.3), critics)]

    def slopes(rollouts, estimator, judges, at):
        leaves = [theta.detach().requires_grad_() for theta in at]
        V = estimator.values(rollouts, leaves, judges)
        return torch.stack([derivative(value, theta) for value in V for theta in leaves])

    shared = played(pair, thetas)
    for at in (thetas, random_thetas(pair, 2, stream=6)):
        together = [slopes(shared, *use, at) for use in uses]
        for use, found in zip(uses, together, strict=True):
            assert torch.equal(found, slopes(played(pair, thetas), *use, at))
        assert not any(torch.equal(together[0], other) for other in (together[1], together[2], together[4]))


def test_networks_run_once_and_are_known_by_their_numbers():
    """Wherever a tensor lies, as long as its player, the shape of its network and each of its bits are the same."""
    pair = pair_in(2, LINEAR, CONVOLUTIONAL)
    thetas, others = random_thetas(pair, 2), random_thetas(pair, 2, stream=1)
    rollouts = played(pair, thetas)
    assert rollouts.taken_by(pair, [theta.clone() for theta in thetas]) == rollouts.played
    mixed = rollouts.taken_by(pair, [thetas[0].detach().requires_grad_(), others[1]])
    assert mixed.members[0] == rollouts.played.members[0]
    assert rollouts.taken_by(pair, others).members[1] == mixed.members[1]
    assert rollouts.taken_by(pair, others) == rollouts.taken_by(pair, others) != mixed
    thetas[0][1, 2] = torch.nan
    spoilt = rollouts.taken_by(pair, thetas)
    assert spoilt.members[0] != rollouts.played.members[0]
    assert rollouts.taken_by(pair, [theta.clone() for theta in thetas]) == spoilt

    alike = [pair[0], pair[0]]
    rollouts = played(alike, thetas := random_thetas(alike, 2))
    assert rollouts.played.whole
    assert rollouts.taken_by(alike, thetas[::-1]).members[0] != rollouts.played.members[1]


def test_a_player_has_no_second_derivative_of_its_own():
    pair = pair_in()
    thetas = [theta.requires_grad_() for theta in random_thetas(pair, 2)]
    V = dice().values(played(pair, thetas), thetas, [])
    own = derivative(derivative(V[0], thetas[0]).sum(1), thetas[0])
    assert own.isnan().all()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("estimator", [pg(entropy=0.2), dice()], ids=["pg", "dice"])
@pytest.mark.parametrize("pair", [PAIRS["linear"], PAIRS["different"]], ids=["alike", "different"])
def test_rules_see_the_formula(rule, estimator, pair):
    """Look-ahead plays where it looks: on the same random numbers, so that both ways see the same games."""
    pair = pair_in(*pair)
    start, critics = random_thetas(pair, 3), random_thetas(critics_of(pair), 3, stream=4)
    for i in range(2):
        directions = []
        for evaluate in (Estimator.values, by_hand):

            def values(thetas, evaluate=evaluate):
                rollouts = played(pair, [theta.detach() for theta in thetas], batch=9)
                return evaluate(estimator, rollouts, thetas, critics)

            thetas = [theta.clone().requires_grad_() for theta in start]
            directions.append(rule(rules.Values(values), thetas, i).detach())
        torch.testing.assert_close(*directions, rtol=1e-8, atol=1e-9)
        assert directions[0].norm() > 0.01


def test_two_steps_ahead_are_not_a_number():
    pair = pair_in()
    thetas = [theta.requires_grad_() for theta in random_thetas(pair, 1)]

    def values(thetas):
        return dice().values(played(pair, [theta.detach() for theta in thetas], batch=64), thetas, [])

    assert rules.lola_exact(0.7, inner_steps=1)(rules.Values(values), thetas, 0).isfinite().all()
    assert not rules.lola_exact(0.7, inner_steps=2)(rules.Values(values), thetas, 0).isfinite().any()


@each_pair
def test_the_critic_climbs_down_its_squared_error(pair):
    """Half of Σ γᵗ (R_t − b_t)² / Σ γᵗ, the mean over games, by autograd; the other player's critic stays."""
    pair, estimator = pair_in(*pair), pg(critic_lr=0.4)
    rollouts, critics = played(pair, random_thetas(pair, 2)), random_thetas(critics_of(pair), 2, stream=4)
    rewards = rollouts.game.rewards.double()[:, rollouts.steps]
    weights, before = [GAMMA**t for t in range(5)], [critic.clone() for critic in critics]
    for k in range(2):
        leaf = critics[k].clone().requires_grad_()
        guess = plain_networks.answers(pair[k].critic, leaf, rollouts.boards[k])[..., 0]
        errors = []
        for t in range(5):
            coming = sum(GAMMA ** (m - t) * rewards[k, :, m] for m in range(t, 5))
            errors.append(weights[t] * (coming - guess[:, t]) ** 2 / 2)
        loss = sum(errors).mean(1).sum() / sum(weights)
        updated = estimator.updated_critic(rollouts, critics, k)
        expected = critics[k] - 0.4 * torch.autograd.grad(loss, leaf)[0]
        torch.testing.assert_close(updated, expected, rtol=1e-10, atol=1e-12)
    assert all(map(torch.equal, critics, before))
    assert dice().updated_critic(rollouts, critics, 0) is critics[0]


# Against exact expectations, over everything that can happen.


def expected_values(pair, thetas):
    """V_k of two steps on the smallest board, differentiable, and the sum of all probabilities."""
    paths = []  # first and second board, both joint moves, probability of what the game decides, discounted rewards
    for board, probability in plain.starts(2).items():
        for first in np.ndindex(4, 4):
            rewards, _, after = plain.step(board, *first, 2, tie="red")
            for nxt, second in ((nxt, second) for nxt in after for second in np.ndindex(4, 4)):
                later, _, _ = plain.step(nxt, *second, 2, tie="red")
                worth = [now + GAMMA * then for now, then in zip(rewards, later, strict=True)]
                seen = [plain.number(b, 2) for each in (board, nxt) for b in (each, each.swapped())]
                paths.append((*seen, *first, *second, probability / len(after), *worth))
    table = torch.tensor(paths, dtype=torch.float64).T
    likely = table[8].log()
    for k in range(2):
        boards, made = table[[k, 2 + k]].long()[None], table[[4 + k, 6 + k]].long()[None]
        log_p = torch.log_softmax(plain_networks.answers(pair[k], thetas[k][:1], boards), -1)
        likely = likely + log_p.gather(-1, made[..., None]).sum((0, 1, 3))
    return [(likely.exp() * worth).sum() for worth in table[9:]], likely.exp().sum()


@pytest.mark.parametrize("estimator", [pg(), dice(), dice(baseline=False)], ids=["pg", "dice", "no baseline"])
def test_estimates_are_right_on_average(estimator):
    """Values, gradients and mixed products, the mean of 200 times 200 games, within 4 standard errors."""
    pair, S, B = pair_in(tie="red"), 200, 200
    single = random_thetas(pair, 1)
    exact = [theta.clone().requires_grad_() for theta in single]
    thetas = [theta.expand(S, -1).clone().requires_grad_() for theta in single]
    critics = [critic.expand(S, -1).clone() for critic in random_thetas(critics_of(pair), 1, stream=4)]
    V, total = expected_values(pair, exact)
    assert total.item() == pytest.approx(1, rel=1e-12)
    along = [derivative(V[1 - j], exact[j]).detach() for j in range(2)]  # as in LOLA, where products are largest
    along = [direction / direction.norm() for direction in along]

    def derivatives(V, thetas):
        slopes = [[derivative(value, theta) for theta in thetas] for value in V]
        mixed = [derivative((slope[j] * along[j]).sum(1), thetas[1 - j]) for slope in slopes for j in range(2)]
        return [each for slope in slopes for each in slope] + mixed

    estimates = estimator.values(played(pair, thetas, B, 2), thetas, critics)
    shrunk = (B - 1) / B if estimator.centred else 1  # derivatives, by rewards less a mean that they are part of
    found = [value[:, None] for value in estimates] + [each / shrunk for each in derivatives(estimates, thetas)]
    wanted = [value.view(1, 1) for value in V] + derivatives(V, exact)
    for estimate, truth in zip(found, wanted, strict=True):
        error = estimate.std(0) / S**0.5
        assert ((estimate.mean(0) - truth[0]).abs() <= 4 * error + 1e-12).all()
        lengths = estimate @ truth[0] / truth[0].norm()
        error = lengths.std() / S**0.5
        assert (lengths.mean() - truth[0].norm()).abs() < 4 * error
        assert truth[0].norm() > 3 * error  # zero would be noticed
