"""Rules that know the chain of states, against finite differences of their equations on chains in numpy alone."""

import itertools

import numpy as np
import pytest
import torch
from chains import Chain, along, chain, direction_of, policies
from differences import Case, block, each_case, others, torch_case

from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import Values, naive
from lola.learning.shaping import rules
from lola.learning.shaping.chain import per_seed, told
from lola.learning.shaping.chain import policies as played
from lola.learning.shaping.kernels import reciprocate

WEIGHT, TAU = 0.7, 0.9
QUADRANTS = [rules.QUADRANTS, ["++"], ["+-", "-+"], ["--", "++", "-+"]]


def value(case, i):
    return lambda x: chain(case, x).V[i, 0]


def aligned(case, i, quadrants):
    """V_i + w Σ_j Σ_s d Σ_a Π A_i γ Σ_s′ M Σ_a′ Π A_j log π_i(x), all but V_i and the last factor held constant."""

    def climbed(at, x):
        c, logs = chain(case, at), np.log(chain(case, x).odds[i])
        total = 0.0
        for j in others(case, i):
            for mine, theirs in quadrants:
                past, now = (np.clip(c.A[k], *SIGNS[sign]) for k, sign in ((i, mine), (j, theirs)))
                felt = case.gamma * np.einsum("s,sa,sa,at->t", c.visits, c.play, past, c.after)
                total += np.einsum("t,tb,tb,tb->", felt, c.play, now, logs)
        return value(case, i)(x) + WEIGHT * total

    return climbed


SIGNS = {"+": (0, None), "-": (None, 0)}


def by_q(case, i, live):
    """V_i + w Σ_j Σ_s d Σ_a Π A_i log π̂_j(a_j|s), through V_j(x) in the Q-values that are live."""

    def climbed(at, x):
        c, moved = chain(case, at), chain(case, x).V
        total = 0.0
        for j in others(case, i):
            own = np.array([joint[j] for joint in c.joints])
            later = case.gamma * moved[j, 1:]  # (joint actions,)
            for s, (a, _) in itertools.product(range(len(c.visits)), enumerate(c.joints)):
                actions = range(case.counts[j])

                def q(of_joint, s=s, j=j, own=own, actions=actions):
                    return np.array([c.without(j)[s, own == b] @ of_joint[own == b] for b in actions])

                values = q(c.rewards[j] + later) if live == "all" else q(c.Q[j])
                if live == "taken":
                    values[own[a]] += later[a] - case.gamma * c.V[j, 1 + a]
                logs = values / TAU - np.log(np.exp(values / TAU).sum())
                total += c.visits[s] * c.play[s, a] * c.A[i, s, a] * logs[own[a]]
        return value(case, i)(x) + WEIGHT * total

    return climbed


def met(case, i, share):
    """Σ_k softmax_k(V_j / τ) V_i + share · V_i against itself, by trying all replies of the other."""
    j, states = 1 - i, 1 + int(np.prod(case.counts))

    def climbed(at, x):
        mine, earned = policies(case, x)[i], []
        for reply in itertools.product(range(case.counts[j]), repeat=states):
            pair = [None, None]
            pair[i], pair[j] = mine, np.eye(case.counts[j])[list(reply)]
            earned.append(Chain(case, pair).V[[i, j], 0])
        mine_earned, theirs = np.array(earned).T
        odds = np.exp((theirs - theirs.max()) / TAU)
        total = odds @ mine_earned / odds.sum()
        if share:
            twice = x.copy()
            twice[block(case, j)] = x[block(case, i)]
            total += share * value(case, i)(twice)
        return total

    return climbed


def holds(rule, climbed, case, step=1e-2):
    """Whether the rule is the derivative of what is climbed, for every player, of two seeds side by side."""
    rng = np.random.default_rng(8)
    points = rng.normal(size=(2, sum(case.sizes)))
    game, thetas = torch_case(case, points)
    for i in range(len(case.counts)):
        u = direction_of(case, i, rng)
        expected = along(lambda x, i=i: climbed(i)(points[1], x), points[1], u, step)
        found = rule(Values.exact(game), thetas, i)[1].numpy() @ u[block(case, i)]
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-8)


@each_case
@pytest.mark.parametrize("quadrants", QUADRANTS, ids=" ".join)
def test_advantage_alignment_is_its_equation(case, quadrants):
    holds(rules.advantage_alignment(WEIGHT, quadrants), lambda i: aligned(case, i, quadrants), case)


@each_case
@pytest.mark.parametrize("live", ["all", "taken"])
def test_loqa_is_its_equation(case, live):
    holds(rules.loqa(TAU, WEIGHT, live), lambda i: by_q(case, i, live), case)


@pytest.mark.parametrize(("counts", "share"), [((2, 2), 0.0), ((2, 2), 0.6), ((2, 3), 0.0)])
def test_best_response_shaping_is_its_equation(counts, share):
    case = Case(counts)
    holds(rules.brs(TAU, share), lambda i: met(case, i, share), case)


@each_case
def test_reciprocation_is_its_equation(case):
    """V_i + w γ Σ_j Σ_s d Σ_a Π g_j Σ_a′ Π v_j, where g_j and v_j compare with what is usual, which is constant."""
    rng = np.random.default_rng(9)
    before, points = rng.normal(size=(2, 2, sum(case.sizes)))
    game, thetas = torch_case(case, points)
    usual = played(game, torch_case(case, before)[1]).numpy()

    def lacks(c, k, j):
        """What player k lacks by player j's part of a joint action, beside usual, (states, joint actions)."""
        tables = [
            [c.rewards[k, c.joints.index((*a[:j], b, *a[j + 1 :]))] for b in range(case.counts[j])] for a in c.joints
        ]
        return policies(case, before[1])[j] @ np.array(tables).T - c.rewards[k]

    for i in range(len(case.counts)):

        def climbed(x, i=i):
            c = chain(case, x)
            total = sum(
                np.einsum("s,sa,sa,ab,ab->", c.visits, c.play, lacks(c, i, j), c.play[1:], lacks(c, j, i)[1:])
                for j in others(case, i)
            )
            return c.V[i, 0] + WEIGHT * case.gamma * total

        u = direction_of(case, i, rng)
        found = reciprocate(*told(game, thetas), i, per_seed(WEIGHT, thetas), usual)[1] @ u[block(case, i)]
        assert found == pytest.approx(along(climbed, points[1], u), rel=1e-6, abs=1e-8)


@each_case
def test_without_weight_they_are_naive_and_weights_may_differ_by_seed(case):
    game, thetas = torch_case(case, np.random.default_rng(6).normal(size=(3, sum(case.sizes))))
    weights = torch.tensor([[0.0], [0.5], [2.0]], dtype=torch.float64)
    for make in (rules.advantage_alignment, lambda w: rules.loqa(TAU, w), lambda w: rules.loqa(TAU, w, "taken")):
        for i in range(len(thetas)):
            together, xi = (rule(Values.exact(game), thetas, i) for rule in (make(weights), naive()))
            torch.testing.assert_close(together[0], xi[0].detach(), rtol=1e-12, atol=1e-14)
            for s in range(3):
                alone = [theta[s : s + 1] for theta in thetas]
                assert torch.equal(together[s], make(weights[s].item())(Values.exact(game), alone, i)[0])


@pytest.mark.parametrize(
    "make", [lambda: rules.advantage_alignment(0.4), lambda: rules.loqa(1.0), lambda: rules.brs(1.0, 1.0)]
)
def test_who_swaps_seats_in_a_symmetric_game_swaps_directions(make):
    ipd = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])
    _, thetas = torch_case(Case((2, 2)), np.random.default_rng(2).normal(size=(2, 10)))
    first = make()(Values.exact(ipd), thetas, 0)
    second = make()(Values.exact(ipd), thetas[::-1], 1)
    torch.testing.assert_close(first, second, rtol=1e-11, atol=1e-11)
