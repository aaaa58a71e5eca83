"""Estimators against loops over their equations, against each other, and against the exact derivatives."""

import numpy as np
import pytest
import torch
from plain_estimators import by_autograd, joint_actions, joint_states

from lola.learning import rules
from lola.learning.matrix.estimators import Estimator, dice, pg, pg_released, surrogate
from lola.learning.matrix.game import MatrixGame
from lola.learning.matrix.rollouts import play

ESTIMATORS = {
    "pg": pg(),
    "pg_released": pg_released(),
    "dice": dice(),
    "dice without baseline": dice(baseline=False),
    "surrogate": surrogate(),
    "everything at once": Estimator(critic_lr=1.0, centred=True, beyond=0.7),
}
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
SIZES = [(2, 3), (2, 3, 2)]
each_size = pytest.mark.parametrize("counts", SIZES, ids=["two players", "three players"])


def random_game(counts, gamma=0.8):
    payoffs = np.random.default_rng(0).normal(size=(len(counts), *counts))
    return MatrixGame(payoffs.tolist(), gamma, [[f"a{k}" for k in range(count)] for count in counts])


def random_thetas(game, seeds, scale=1.0):
    rng = np.random.default_rng(1)
    return [torch.from_numpy(scale * rng.normal(size=(seeds, size))).requires_grad_() for size in game.sizes]


def random_critics(game, seeds):
    return per_player(np.random.default_rng(2).normal(size=(seeds, len(game.sizes), 1 + len(game.joint.T))))


def per_player(critics):
    """(S, states) per player, from (S, players, states)."""
    return list(critics.swapaxes(0, 1).copy())


def derivative(value, theta):
    return torch.autograd.grad(value.sum(), theta, create_graph=True, materialize_grads=True)[0]


def mixed(value, first, second):
    """∇_first ∇_second value, (S, d_first, d_second)."""
    slope = derivative(value, second)
    if not slope.requires_grad:
        return torch.zeros(*first.shape, second.shape[1], dtype=first.dtype)
    return torch.stack([derivative(column, first) for column in slope.T], dim=2)


# The equations, by loops over roll-outs and steps.


def score(game, thetas, s, i, state, action):
    """∇_i log π_i(a_i|state) by differences: log π is linear in θ but for the norm, whose slope is π."""
    p = game.probabilities([theta.detach()[s : s + 1] for theta in thetas], i)[0, state].numpy()
    rows = game.sizes[i] // (game.counts[i] - 1)
    seats = [i, *(k for k in range(len(game.counts)) if k != i)]
    row = 0
    if state:
        row = 1 + np.ravel_multi_index(game.joint[seats, state - 1], [game.counts[k] for k in seats])
    slope = np.zeros((rows, game.counts[i]))
    slope[row] = -p
    slope[row, game.joint[i, action]] += 1
    return slope[:, :-1].flatten()


def looped(game, rollouts, thetas, critics, s, k):
    """Eq. 4.5 and 4.6 for the value of player k: baseline b, rewards plain, centred on each step's mean, on all.

    Three dicts of first derivatives by player, and three of second ones by pair of different players.
    """
    states, actions = joint_states(rollouts)[s].numpy(), joint_actions(rollouts)[s].numpy()
    batch, length = states.shape
    players = range(len(thetas))
    plain = game.rewards[k][actions]
    rewards = game.gamma ** np.arange(length) * plain
    first = {kind: {i: np.zeros(game.sizes[i]) for i in players} for kind in ("plain", "critic", "centred")}
    pairs = [(i, j) for i in players for j in players if i != j]
    second = {
        kind: {(i, j): np.zeros((game.sizes[i], game.sizes[j])) for i, j in pairs}
        for kind in ("plain", "centred", "overall")
    }
    for b in range(batch):
        scores = [[score(game, thetas, s, i, states[b, t], actions[b, t]) for t in range(length)] for i in players]
        for t in range(length):
            later = rewards[b, t:].sum()
            baseline = game.gamma**t * critics[k][s, states[b, t]]
            later_centred = (rewards[b, t:] - rewards[:, t:].mean(0)).sum()
            for i in players:
                first["plain"][i] += scores[i][t] * later / batch
                first["critic"][i] += scores[i][t] * (later - baseline) / batch
                first["centred"][i] += scores[i][t] * later_centred / batch
            for i, j in pairs:
                until = np.outer(sum(scores[i][: t + 1]), sum(scores[j][: t + 1])) / batch
                second["plain"][i, j] += rewards[b, t] * until
                second["centred"][i, j] += (rewards[b, t] - rewards[:, t].mean()) * until
                second["overall"][i, j] += game.gamma**t * (plain[b, t] - plain.mean()) * until
    return rewards.sum(1).mean(), first, second


@each_size
@pytest.mark.parametrize("evaluate", [Estimator.values, by_autograd], ids=["values", "by_autograd"])
def test_estimates_are_their_equations(counts, evaluate):
    """Values, first and mixed second derivatives of every player's value, on five roll-outs of four steps."""
    game = random_game(counts)
    thetas, critics = random_thetas(game, 2), random_critics(game, 2)
    rollouts = play(thetas, (0, 0), game, [0, 1], batch=5, length=4)
    parts = {  # what each is made of: first derivatives, the factor of the second ones, and their rewards
        pg(): ("critic", 1.0, "plain"),
        pg_released(): ("critic", 0.5, "overall"),
        dice(): ("centred", 1.0, "centred"),
        dice(baseline=False): ("plain", 1.0, "plain"),
        surrogate(): ("centred", 0.0, "plain"),
    }
    for k in range(len(counts)):
        value, first, second = looped(game, rollouts, thetas, critics, 1, k)
        for estimator, (slopes, factor, products) in parts.items():
            V = evaluate(estimator, rollouts, thetas, critics)[k]
            assert V[1].item() == pytest.approx(value, rel=1e-12)
            for i, theta in enumerate(thetas):
                actual = derivative(V, theta)[1].detach()
                np.testing.assert_allclose(actual, first[slopes][i], rtol=1e-10, atol=1e-12)
            for (i, j), expected in second[products].items():
                actual = mixed(V, thetas[i], thetas[j])[1].detach()
                np.testing.assert_allclose(actual, factor * expected, rtol=1e-10, atol=1e-12)


@each_estimator
@each_size
def test_values_are_those_of_autograd(counts, estimator):
    """Values, first derivatives, and all second ones, of a player's own parameters too, along random directions."""
    game = random_game(counts)
    thetas, critics = random_thetas(game, 3), random_critics(game, 3)
    rollouts = play(thetas, (0, 0), game, [0, 1, 2], batch=30, length=12)
    rng = np.random.default_rng(3)
    directions = [torch.from_numpy(rng.normal(size=theta.shape)) for theta in thetas]
    weights = torch.from_numpy(rng.normal(size=(len(counts), 3)))  # of the players' values, in every seed

    def derivatives(evaluate):
        V = evaluate(estimator, rollouts, thetas, critics)
        mean = sum(weight * value for weight, value in zip(weights, V, strict=True))
        slopes = [derivative(value, theta) for value in (*V, mean) for theta in thetas]
        along = [(slope * directions[n % len(thetas)]).sum(1) for n, slope in enumerate(slopes)]
        return [*V, *slopes, *(derivative(slope, theta) for slope in along for theta in thetas)]

    for actual, expected in zip(derivatives(Estimator.values), derivatives(by_autograd), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-11)


RULES = {
    "naive": rules.naive(),
    "lola": rules.lola(0.3),
    "lola_surrogate": rules.lola_surrogate(0.3),
    "lookahead": rules.lookahead(0.3),
    **{f"lola_exact, {k} inner steps": rules.lola_exact(0.3, inner_steps=k) for k in (1, 2, 3)},
}


@each_estimator
@each_size
def test_every_rule_climbs_them_as_by_autograd(counts, estimator):
    game = random_game(counts)
    thetas, critics = random_thetas(game, 2), random_critics(game, 2)

    def values(evaluate):
        return rules.Values(
            lambda at: evaluate(estimator, play(at, (0, 0), game, [0, 1], batch=16, length=10), at, critics)
        )

    for rule in RULES.values():
        for i in range(len(counts)):
            actual, expected = (rule(values(evaluate), thetas, i) for evaluate in (Estimator.values, by_autograd))
            torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-11)


def test_a_game_with_more_codes_than_a_byte_counts():
    game = random_game((4, 4))
    thetas, critics = random_thetas(game, 1), random_critics(game, 1)
    rollouts = play(thetas, (0, 0), game, [0], batch=20, length=6)
    for i in range(2):
        actual, expected = (
            rules.lola(0.3)(rules.Values(lambda at, by=evaluate: by(pg(), rollouts, at, critics)), thetas, i)
            for evaluate in (Estimator.values, by_autograd)
        )
        torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


# Against the exact derivatives: many seeds of the same parameters, whose spread is the standard error.

PAYOFFS = {
    "ipd": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]],
    "imp": [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]],
    "two by three": np.random.default_rng(5).normal(size=(2, 2, 3)).tolist(),
    "three players": np.random.default_rng(5).normal(size=(3, 2, 3, 2)).tolist(),
}
SEEDS, BATCH, LENGTH, GAMMA = 400, 100, 60, 0.75  # 0.75 ** 60 < 4e-8


def sampled_game(name):
    """A game, one random policy a player, a row for each seed, and what was played."""
    payoffs = np.array(PAYOFFS[name])
    game = MatrixGame(PAYOFFS[name], GAMMA, [[f"a{k}" for k in range(count)] for count in payoffs.shape[1:]])
    rng = np.random.default_rng(6)
    policy = [0.7 * rng.normal(size=(1, d)) for d in game.sizes]
    thetas = [torch.from_numpy(theta).repeat(SEEDS, 1).requires_grad_() for theta in policy]
    return game, thetas, play(thetas, (2, 0), game, list(range(SEEDS)), BATCH, LENGTH)


def state_values(game, thetas):
    """W_k(s) at the first seed's parameters, (players, states): what a perfect critic says."""
    play = game.joint_play([theta[:1] for theta in thetas])[0].detach().numpy()
    return np.linalg.solve(np.eye(len(play)) - game.gamma * np.pad(play, ((0, 0), (1, 0))), play @ game.rewards.T).T


def first_derivatives(values, thetas):
    """∇_i V_k for every k and i, side by side, (S, …)."""
    V = values(thetas)
    return torch.cat([derivative(value, theta) for value in V for theta in thetas], dim=1).detach()


def mixed_derivatives(values, thetas):
    """∇_i (u_j · ∇_j V_k) for every k and i ≠ j and a random direction u_j, side by side, (S, …)."""
    rng = np.random.default_rng(7)
    V, players, columns = values(thetas), range(len(thetas)), []
    directions = [torch.from_numpy(rng.normal(size=theta.shape[1])) for theta in thetas]
    for k in players:
        for j in players:
            slope = derivative(V[k], thetas[j]) @ directions[j]
            if slope.requires_grad:
                columns += [derivative(slope, thetas[i]) for i in players if i != j]
    return torch.cat(columns, dim=1).detach()


def own_derivatives(values, thetas):
    """∇_i (u_i · ∇_i V_k) for every k and i and a random direction u_i, side by side, (S, …)."""
    rng = np.random.default_rng(8)
    directions = [torch.from_numpy(rng.normal(size=theta.shape[1])) for theta in thetas]
    return torch.cat(
        [
            derivative(derivative(value, theta) @ along, theta)
            for value in values(thetas)
            for theta, along in zip(thetas, directions, strict=True)
        ],
        dim=1,
    ).detach()


def deviations(estimates, exact):
    """How many standard errors the mean over seeds is off, and how large what is estimated is beside them."""
    error = estimates.std(0) / len(estimates) ** 0.5
    moving = error > 1e-12
    assert torch.equal(estimates.mean(0)[~moving], exact[~moving])
    return ((estimates.mean(0) - exact)[moving] / error[moving]).abs().max(), exact.norm() / error.norm()


@pytest.mark.parametrize("name", PAYOFFS)
def test_derivatives_are_right_in_expectation(name):
    """First and mixed second derivatives of every value, within 4 standard errors of the exact ones.

    A baseline that is a mean over the very roll-outs shrinks what it centres by (B − 1)/B, no more.
    """
    game, thetas, rollouts = sampled_game(name)
    shrunk = 1 - 1 / BATCH
    critics = per_player(np.stack([state_values(game, thetas)] * SEEDS))
    one = [theta[:1].detach().requires_grad_() for theta in thetas]
    for derivatives in (first_derivatives, mixed_derivatives):
        exact = derivatives(game.values, one)[0]
        second = derivatives is mixed_derivatives
        for estimator, factor in {
            pg(): 1.0,
            pg_released(): 0.5 if second else 1.0,
            dice(): shrunk,
            dice(baseline=False): 1.0,
        }.items():
            estimates = derivatives(lambda at, e=estimator: e.values(rollouts, at, critics), thetas)
            off, clarity = deviations(estimates, factor * exact)
            assert off < 4
            assert clarity > 5


@pytest.mark.parametrize("name", ["imp", "three players"])
def test_own_second_derivatives_are_right_in_expectation(name):
    """∇_ii V_k, which look-ahead over several inner steps needs, whatever the baseline."""
    game, thetas, rollouts = sampled_game(name)
    exact = own_derivatives(game.values, [theta[:1].detach().requires_grad_() for theta in thetas])[0]
    critics = per_player(np.stack([state_values(game, thetas)] * SEEDS))
    for estimator, factor in ((pg(), 1.0), (dice(), 1 - 1 / BATCH), (dice(baseline=False), 1.0)):
        estimates = own_derivatives(lambda at, e=estimator: e.values(rollouts, at, critics), thetas)
        off, clarity = deviations(estimates, factor * exact)
        assert off < 4
        assert clarity > 5


@pytest.mark.parametrize("name", ["ipd", "three players"])
def test_a_baseline_changes_the_variance_and_not_the_mean(name):
    """A perfect critic and the mean of each step lower it, a critic of random numbers raises it; means agree."""
    game, thetas, rollouts = sampled_game(name)
    none = np.zeros((SEEDS, len(thetas), 1 + len(game.joint.T)))
    perfect = none + state_values(game, thetas)
    noise = none + 20 * np.random.default_rng(9).normal(size=none.shape[1:])

    def spread(derivatives, estimator, critics, factor=1.0):
        critics = per_player(critics)
        estimates = derivatives(lambda at: estimator.values(rollouts, at, critics), thetas) / factor
        return estimates, estimates.var(0).sum().item()

    plain, variance = spread(first_derivatives, pg(), none)
    for estimates, other, lower in (
        (*spread(first_derivatives, pg(), perfect), True),
        (*spread(first_derivatives, pg(), noise), False),
        (*spread(first_derivatives, dice(), none, 1 - 1 / BATCH), True),
    ):
        assert other < 0.7 * variance if lower else other > 2 * variance
        assert deviations(estimates - plain, torch.zeros(plain.shape[1], dtype=plain.dtype))[0] < 4
    plain, variance = spread(mixed_derivatives, dice(baseline=False), none)
    centred, other = spread(mixed_derivatives, dice(), none, 1 - 1 / BATCH)
    assert other < 0.7 * variance
    assert deviations(centred - plain, torch.zeros(plain.shape[1], dtype=plain.dtype))[0] < 4


def test_without_the_magic_box_second_derivatives_are_wrong():
    """The ablation of the DiCE paper: first derivatives stay, the mixed ones, which shape others, are all gone."""
    game, thetas, rollouts = sampled_game("ipd")
    one = [theta[:1].detach().requires_grad_() for theta in thetas]
    boxed, bare = (
        rules.Values(lambda at, e=estimator: e.values(rollouts, at, None)) for estimator in (dice(), surrogate())
    )
    assert torch.equal(first_derivatives(boxed, thetas), first_derivatives(bare, thetas))
    exact = (1 - 1 / BATCH) * mixed_derivatives(game.values, one)[0]
    assert exact.norm() > 0.1
    assert deviations(mixed_derivatives(boxed, thetas), exact)[0] < 4
    for estimate in (bare, lambda at: by_autograd(surrogate(), rollouts, at, None)):
        assert not mixed_derivatives(estimate, thetas).any()
    for i in range(2):
        assert torch.equal(rules.lola(1.0)(bare, thetas, i), rules.naive()(bare, thetas, i))
        assert not torch.equal(rules.lola(1.0)(boxed, thetas, i), rules.naive()(boxed, thetas, i))


def test_what_was_released_is_half_of_what_was_described():
    """The same first derivatives to the bit, and half of the cross term (its baseline aside)."""
    game = random_game((2, 3))
    thetas, critics = random_thetas(game, 3), random_critics(game, 3)
    rollouts = play(thetas, (0, 0), game, [0, 1, 2], batch=10, length=8)

    def sampled(estimator):
        return lambda at: estimator.values(rollouts, at, critics)

    assert torch.equal(first_derivatives(sampled(pg()), thetas), first_derivatives(sampled(pg_released()), thetas))
    uncentred = Estimator(critic_lr=1.0, beyond=0.5)
    described, halved = (mixed_derivatives(sampled(e), thetas) for e in (pg(), uncentred))
    torch.testing.assert_close(halved, described / 2, rtol=1e-14, atol=0)


# The critic.


def test_a_step_of_the_critic_by_hand():
    """Two roll-outs of two steps at γ = 1/2: CC then CD, and CC then CC; from b = 1 everywhere, at lr = 3/4.

    Player 0 earns 4 for CC and 2 for CD, so the start returns 4 + 2/2 = 5 and 4 + 4/2 = 6, CC returns 2 and 4.
    Discounted visits are 1 and 1/2, in all 3/2: b(start) = 1 + 3/4 · (5.5 − 1)/(3/2) and
    b(CC) = 1 + 3/4 · 1/2 · (3 − 1)/(3/2).
    """
    game = MatrixGame([[[4, 2], [0, 0]], [[1, 1], [1, 1]]], 0.5, ["C", "D"])
    always, split = [50.0, 50.0, 0.0, 0.0, 0.0], [50.0, 0.0, 0.0, 0.0, 0.0]
    thetas = [torch.tensor([logits], dtype=torch.float64) for logits in (always, split)]
    tries = (play(thetas, (0, 0), game, [seed], batch=2, length=2) for seed in range(20))
    rollouts = next(r for r in tries if sorted(joint_actions(r)[0, :, 1].tolist()) == [0, 1])
    critics = [np.ones((1, 5))] * 2
    updated = pg(critic_lr=0.75).updated_critic(rollouts, critics, 0)
    assert updated[0].tolist() == pytest.approx([3.25, 1.5, 1, 1, 1], rel=1e-14)
    assert (critics[0] == 1).all() and (critics[1] == 1).all()
    assert dice().updated_critic(rollouts, critics, 0) is critics[0]


@each_size
def test_a_critic_learns_the_values_of_the_states(counts):
    game = random_game(counts, gamma=0.8)
    thetas = [theta[:1].detach() for theta in random_thetas(game, 1, scale=0.3)]
    critics = [np.zeros((1, 1 + len(game.joint.T)))] * len(counts)
    for step in range(300):
        rollouts = play(thetas, (step, 0), game, [0], batch=200, length=40)
        for k in range(len(counts)):
            critics[k] = pg().updated_critic(rollouts, critics, k)
    exact = state_values(game, thetas)
    assert abs(exact).max() > 0.5
    np.testing.assert_allclose(np.concatenate(critics), exact, atol=0.1)
