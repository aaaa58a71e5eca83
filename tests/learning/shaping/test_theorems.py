"""What papers prove of LOQA, advantage alignment and LOLA, held against exact updates: true or not, in numbers."""

import numpy as np
import pytest
import torch
from chains import chain
from differences import Case, others, torch_case

from lola.learning.matrix.game import MatrixGame
from lola.learning.rules import FirstOrder, Values, naive
from lola.learning.shaping.replies import SURE
from lola.learning.shaping.rules import advantage_alignment, loqa

IPD = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])
CASES = [Case((2, 2)), Case((2, 3)), Case((2, 2, 3))]
each_case = pytest.mark.parametrize("case", CASES, ids=["2 × 2", "2 × 3", "three players"])


def term(rule, game, thetas, i=0):
    """What a rule adds to ∇_i V_i."""
    values = Values.exact(game)
    return (rule(values, thetas, i) - naive()(values, thetas, i)).detach()


def cosines(one, other):
    return torch.nn.functional.cosine_similarity(one, other).numpy()


def drawn(seeds, std=1.0):
    return [torch.from_numpy(std * np.random.default_rng(k).normal(size=(seeds, 5))) for k in range(2)]


def weighted(case, x, i, factor):
    """The term of advantage alignment with a factor on each past advantage, (states, joint actions), of each other."""
    c, total = chain(case, x), np.zeros(case.sizes[i])
    for j in others(case, i):
        past = c.play * c.A[i] * factor(c, j)
        felt = case.gamma * np.einsum("s,sa,at->t", c.visits, past, c.after)
        pull = np.einsum("t,ta,ta,tab->tb", felt, c.play, c.A[j], scores(c, i))
        game, _ = torch_case(case, x[None])
        total += inverse_view(pull[:, :-1], game.views[i])
    return total


def scores(c, i):
    """∂ log π_i(a_i|s) in the logit of each of player i's actions, (states, joint actions, actions)."""
    own = np.eye(c.policies[i].shape[1])[[joint[i] for joint in c.joints]]
    return own[None] - c.policies[i][:, None]


def inverse_view(by_joint_state, view):
    """Rows by joint state as player i's own table, flat."""
    own = np.empty_like(by_joint_state)
    own[view] = by_joint_state
    return own.ravel()


def others_share(c, j, tau):
    """1 − π̂_j(a_j|s), (states, joint actions)."""
    own = np.array([joint[j] for joint in c.joints])
    worth = np.stack([(c.without(j) * c.Q[j])[:, own == b].sum(1) for b in range(own.max() + 1)], axis=1) / tau
    odds = np.exp(worth - worth.max(1, keepdims=True))
    return 1 - (odds / odds.sum(1, keepdims=True))[:, own]


@each_case
def test_loqa_as_released_is_advantage_alignment_but_for_the_others_share(case):
    """LOQA's term = Σ (1 − π̂_j(a_j|s)) / τ · A_i A_j ∇ log π_i, to 1e−10: true of the update that the code makes."""
    x = np.random.default_rng(1).normal(size=sum(case.sizes))
    game, thetas = torch_case(case, x[None])
    for i in range(len(thetas)):
        found = term(loqa(0.9, through="taken"), game, thetas, i)[0].numpy()
        assert np.abs(found - weighted(case, x, i, lambda c, j: others_share(c, j, 0.9) / 0.9)).max() < 1e-10
        aligned = term(advantage_alignment(1.0), game, thetas, i)[0].numpy()
        assert np.abs(aligned - weighted(case, x, i, lambda c, j: 1.0)).max() < 1e-10


@each_case
def test_loqa_as_described_is_not_but_aligns_what_the_others_action_brings(case):
    """With all Q-values live no share is left, and E[A_i | s, a_j] stands for A_i: my own part of it falls out."""
    x = np.random.default_rng(1).normal(size=sum(case.sizes))
    game, thetas = torch_case(case, x[None])

    def others_part(i):
        def factor(c, j):
            own = np.array([joint[j] for joint in c.joints])
            mean = np.stack([(c.without(j) * c.A[i])[:, own == b].sum(1) for b in range(own.max() + 1)], axis=1)
            return mean[:, own] / c.A[i] / 0.9

        return factor

    for i in range(len(thetas)):
        found = term(loqa(0.9), game, thetas, i)[0].numpy()
        assert np.abs(found - weighted(case, x, i, others_part(i))).max() < 1e-10
        assert np.abs(found - weighted(case, x, i, lambda c, j: others_share(c, j, 0.9) / 0.9)).max() > 1e-2


def test_where_temperature_is_high_shares_are_constant_and_loqa_as_released_is_advantage_alignment():
    """1 − π̂ → ½ of two actions."""
    thetas, aligned = drawn(100), term(advantage_alignment(1.0), IPD, drawn(100))
    off = [(2 * tau * term(loqa(tau, through="taken"), IPD, thetas) - aligned).norm() for tau in (1e3, 1e5)]
    assert off[1] < 0.02 * off[0] and off[1] < 1e-3 * aligned.norm()


def test_loqa_as_released_often_pulls_elsewhere_than_advantage_alignment():
    """At temperature 1 shares vary so much that in the prisoner's dilemma the cosine of both terms has a mean of 0.12.

    At θ = 0 LOQA as described points to tit-for-tat, as LOLA does, and as released to cooperate whatever happened.
    """
    thetas, zeros = drawn(1000), [torch.zeros(1, 5, dtype=torch.float64)] * 2
    aligned = term(advantage_alignment(1.0), IPD, thetas)
    released = cosines(term(loqa(1.0, through="taken"), IPD, thetas), aligned)
    assert released.mean() == pytest.approx(0.123, abs=0.001) and (released < 0).mean() == pytest.approx(
        0.339, abs=0.001
    )
    described = cosines(term(loqa(1.0), IPD, thetas), aligned)
    assert described.mean() == pytest.approx(0.867, abs=0.001) and described.min() > 0.2
    assert term(loqa(1.0), IPD, zeros)[0].tolist() == pytest.approx([0, 3, -3, 3, -3], abs=1e-12)
    assert (term(loqa(1.0, through="taken"), IPD, zeros)[0, 1:] > 15).all()


def test_advantage_alignment_is_beside_lola_and_not_lola():
    """Their terms are one where scores are orthonormal, as in the prisoner's dilemma they are not: cosine 0.84."""
    thetas, zeros = drawn(1000), [torch.zeros(1, 5, dtype=torch.float64)] * 2
    aligned, shaping = (
        [term(rule, IPD, at) for at in (thetas, zeros)]
        for rule in (advantage_alignment(1.0), FirstOrder(1.0, 0.0, 1.0))
    )
    found = cosines(aligned[0], shaping[0])
    assert found.mean() == pytest.approx(0.836, abs=0.001)
    assert 0 < found.min() < 0.1 and found.max() < 1 - 1e-6
    assert aligned[1][0].tolist() == pytest.approx([0, 1.5, -4.5, 4.5, -1.5], abs=1e-12)
    assert cosines(aligned[1], shaping[1])[0] == pytest.approx(2 / np.sqrt(5), rel=1e-12)


POLICIES = {"defect": [-1] * 5, "cooperate": [1] * 5, "tit-for-tat": [1, 1, -1, 1, -1]}


@pytest.mark.parametrize("name", POLICIES)
def test_advantage_alignment_keeps_nash_points_and_all_else_that_is_sure(name):
    """Its term vanishes at mutual defection; as a pull on probabilities too, where ∇V does not; but so it does wherever
    all act for sure, Nash or not, since nobody has an advantage over itself: at mutual cooperation as well.
    """
    pulls = []
    for logit in (6.0, 12.0, SURE):
        thetas = [logit * torch.tensor([POLICIES[name]], dtype=torch.float64)] * 2
        slope = torch.sigmoid(thetas[0]) * torch.sigmoid(-thetas[0])  # of probabilities in logits
        pulls.append((term(advantage_alignment(1.0), IPD, thetas) / slope).norm().item())
    assert pulls[2] < 0.01 * pulls[1] < 1e-4 * pulls[0]
    assert term(advantage_alignment(1.0), IPD, thetas).norm() < 1e-10
    assert (naive()(Values.exact(IPD), thetas, 0) / slope).norm() > 10


def test_advantage_alignment_leaves_a_mixed_nash_point():
    """In chicken with both at one half nobody gains by moving, and its term pulls all the same."""
    chicken = MatrixGame([[[3, 1], [4, 0]], [[3, 4], [1, 0]]], 0.9, ["C", "D"])
    thetas = [torch.zeros(1, 5, dtype=torch.float64)] * 2
    assert naive()(Values.exact(chicken), thetas, 0).norm() < 1e-12
    assert term(advantage_alignment(1.0), chicken, thetas).norm() > 1
