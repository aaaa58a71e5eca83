"""Best replies against all that there are, and players that never move."""

import itertools

import numpy as np
import pytest
import torch
from chains import Chain, policies
from differences import CASES, Case, torch_case
from small_jobs import job_of, states_from

from lola.learning import rules
from lola.learning.matrix.game import MatrixGame
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.shaping.replies import BestResponse, Frozen, best_reply, logits

IPD = MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"])


def answered(case, x, i, reply):
    """The chain where player i takes an action in each state."""
    everybody = policies(case, x)
    everybody[i] = np.eye(case.counts[i])[list(reply)]
    return Chain(case, everybody)


@pytest.mark.parametrize("counts", [(2, 2), (2, 3), (3, 2)])
def test_no_reply_earns_more(counts):
    """Of all memory-one replies that take an action in each state; and its value is what it earns."""
    case = Case(counts, gamma=0.95)
    points = np.random.default_rng(1).normal(size=(3, sum(case.sizes))) * np.array([[0.5], [1.0], [3.0]])
    game, thetas = torch_case(case, points)
    for i, own in enumerate(counts):
        actions, values = best_reply(game, thetas, i)
        for s, x in enumerate(points):
            of_all = [
                answered(case, x, i, k).V[i, 0] for k in itertools.product(range(own), repeat=1 + own * counts[1 - i])
            ]
            assert values[s, i].item() == pytest.approx(max(of_all), rel=1e-12)
            np.testing.assert_allclose(answered(case, x, i, actions[s]).V[:, 0], values[s], rtol=1e-11)


def test_no_action_in_any_state_is_worth_more_than_the_reply_among_three_players():
    """Bellman's equation, V_i(s) = max_b Σ π_−i(a_−i|s) (r_i + γ V_i(a)), where there are too many replies to try."""
    case = CASES[1]
    points = np.random.default_rng(2).normal(size=(2, sum(case.sizes)))
    game, thetas = torch_case(case, points)
    for i in range(3):
        actions, values = best_reply(game, thetas, i)
        c = answered(case, points[1], i, actions[1])
        own = np.array([joint[i] for joint in c.joints])
        worth = [(c.without(i) * c.Q[i])[:, own == b].sum(1) for b in range(case.counts[i])]
        np.testing.assert_allclose(np.max(worth, axis=0), c.V[i], rtol=1e-11)
        np.testing.assert_allclose(values[1], c.V[:, 0], rtol=1e-11)


def test_best_replies_to_known_policies_of_the_prisoners_dilemma():
    """By hand: to defect against who always cooperates or defects, to cooperate with tit-for-tat: 0, −2, −1 a step."""
    for policy, normalised, cooperates in [
        ("always_cooperate", 0, 0),
        ("always_defect", -2, 0),
        ("tit_for_tat", -1, 1),
    ]:
        thetas = frozen_of(IPD, [policy] * 2)
        actions, values = best_reply(IPD, thetas, 0)
        assert 0.04 * values[0, 0].item() == pytest.approx(normalised, abs=1e-5)
        assert int(actions[0, 0] == 0 and actions[0, 1] == 0) == cooperates


def frozen_of(game, names):
    return [state.detach() for state in job_of(game, [Frozen(name) for name in names]).start().thetas]


def test_frozen_policies_are_what_they_are_called():
    """After start, CC, CD, DC and DD, own action first, from either seat."""
    expected = {
        "always_cooperate": [1, 1, 1, 1, 1],
        "always_defect": [0, 0, 0, 0, 0],
        "tit_for_tat": [1, 1, 0, 1, 0],
        "random": [0.5] * 5,
    }
    for name, cooperates in expected.items():
        for theta in frozen_of(IPD, [name] * 2):
            assert torch.sigmoid(theta[0]).tolist() == pytest.approx(cooperates, abs=1.1e-8)


def test_frozen_policies_among_three_actions():
    game = MatrixGame(np.zeros((2, 3, 3)).tolist(), 0.9, ["a", "b", "c"])
    for i in range(2):
        tables = [game.probabilities(frozen_of(game, [name] * 2), i)[0] for name in ("always_defect", "tit_for_tat")]
        assert tables[0].argmax(1).tolist() == [2] * 10
        assert tables[1].argmax(1).tolist() == [0, *(joint[1 - i] for joint in np.ndindex(3, 3))]
        assert all(table.amax(1).min() > 1 - 1e-7 for table in tables)


@pytest.mark.parametrize("counts", [(2, 3), (3, 2)])
def test_logits_take_their_actions_all_but_for_sure(counts):
    case = Case(counts)
    game, thetas = torch_case(case, np.zeros((2, sum(case.sizes))))
    for i in range(2):
        chosen = torch.from_numpy(np.random.default_rng(i).integers(counts[i], size=(2, 7)))
        surely = [logits(game, chosen, i) if j == i else theta for j, theta in enumerate(thetas)]
        assert game.probabilities(surely, i).gather(2, chosen[..., None]).min() > 1 - 1e-7


def test_who_never_moves_stays_while_the_other_learns_and_a_best_response_follows():
    players = [Climber(rules.naive(), 1.0, oracle()), Frozen("tit_for_tat")]
    ends = states_from(job_of(IPD, players, seeds=[0, 1]), 5)
    assert torch.equal(ends[0].thetas[1], ends[-1].thetas[1]) and not torch.equal(ends[0].thetas[0], ends[-1].thetas[0])
    first, second = states_from(job_of(IPD, [BestResponse(), Frozen("tit_for_tat")], seeds=[0, 1]), 1)
    _, values = best_reply(IPD, first.thetas, 0)
    torch.testing.assert_close(torch.stack(IPD.values(second.thetas), 1), values, rtol=1e-5, atol=0)


def test_a_frozen_player_acts_as_surely_as_its_logit_says():
    (theta, _) = job_of(IPD, [Frozen("always_defect", logit=4.605), Frozen("random")]).start().thetas
    assert IPD.probabilities([theta, theta], 0)[..., 0].numpy() == pytest.approx(0.0099, abs=1e-4)  # about 0.01
