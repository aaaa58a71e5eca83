"""Perspectives: in which rows players keep the states, and what those with a rule take the others for.

That whole matches are played and learned from so is in `test_matches`, against a plain version of each.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from golden.regenerate import GAMES
from plain_estimators import joint_actions
from small_matches import IMP, IPD, bits, match, match_of, started, states_of

from lola.learning import rules
from lola.learning.matrix.game import MatrixGame
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.tabular import learners
from lola.learning.tabular.perspectives import as_described, as_fitted, as_released, is_symmetric
from lola.learning.training import State, learn

COMMON, OWN = [0, 1, 2, 3, 4], [0, 1, 3, 2, 4]  # player 2's rows of start, CC, CD, DC, DD as player 1 names them
KEEPS = {as_described: OWN, as_released: COMMON, as_fitted: OWN}
each_perspective = pytest.mark.parametrize("perspective", KEEPS)
each_form = pytest.mark.parametrize("perspective", [as_released, as_fitted])


@each_perspective
def test_rows_by_hand(perspective):
    """Player 1 keeps all in its own view; player 2 may keep a state elsewhere than it takes it to lead."""
    seen = perspective(IPD)
    assert seen.rows.tolist() == [COMMON, KEEPS[perspective]]
    assert seen.next_rows.tolist() == [COMMON, OWN]


@each_perspective
def test_the_second_player_learns_in_one_row_from_another(perspective):
    """C/D, then D/D, with α = 1 and Q = (10 s, 10 s + 1) in row s. The first step leads to row 3 for all, DC in player
    2's own view: Q(start, D) ← 0 + 0.96 · 31. The second starts from row 3, but as released from row 2, CD by player
    1's view, and leads to row 4: Q(·, D) ← −2 + 0.96 · 41."""
    seats = [Climber(rules.naive(), 0.0, oracle()), learners.q(alpha=1.0, decay=0.0, epsilon=0.0)]
    played = match_of(IPD, seats, [0], 2, perspective)
    start = started(played, 0.0)
    start.memories[1].values[0, :, :, 0] = 10 * np.arange(5)[:, None] + [0, 1]
    expected = start.memories[1].values[0, :, :, 0].copy()
    expected[0, 1], expected[KEEPS[perspective][2], 1] = 0.96 * 31, -2 + 0.96 * 41
    thetas = [torch.tensor([[50.0, -50, -50, -50, -50]]).double(), start.thetas[1]]
    *_, end = learn(played, replace(start, thetas=thetas), 1)
    assert joint_actions(end.rollouts).tolist() == [[[1, 3]]]
    assert end.memories[1].values[0, :, :, 0] == pytest.approx(expected, rel=1e-12)


@each_perspective
@pytest.mark.parametrize("game", [IPD, IMP], ids=["ipd", "imp"])
def test_only_as_described_everybody_learns_with_the_discount_of_the_game(game, perspective):
    """Elsewhere with 0.96, and for the same rewards. What players earn is discounted by the game everywhere."""
    learned = perspective(game).game
    assert learned.gamma == (game.gamma if perspective is as_described else 0.96)
    assert np.array_equal(learned.rewards, game.rewards)
    _, state = states_of(match(game, ["fixed", "q"], perspective=perspective.__name__), 1)
    rewards = game.rewards[:, joint_actions(state.rollouts)[0, 0]]
    earned = (rewards * game.gamma ** np.arange(100)).sum(1)
    assert state.rollouts.returns[0].tolist() == pytest.approx(earned.tolist(), rel=1e-12)


@each_form
@pytest.mark.parametrize(("game", "turned"), [(IPD, [2, 3]), (IMP, COMMON)], ids=["ipd", "imp"])
def test_a_rule_takes_itself_for_the_first_player_and_turns_the_other(game, turned, perspective):
    """The other's P(first action), row by row as the other keeps them: complements after CD and DC in the IPD,
    everywhere in IMP. Its own stay as they are."""
    thetas = [
        torch.tensor([[0.1, 1.2, -0.3, 0.4, -1.5]]).double(),
        torch.tensor([[0.6, -0.7, 1.8, 0.9, -2.0]]).double(),
    ]
    for i in range(2):
        seen, me = perspective(game).as_seen(thetas, i)
        assert me == 0
        assert torch.equal(seen[0], thetas[i])
        p = thetas[1 - i].sigmoid()
        p[:, turned] = 1 - p[:, turned]
        by_joint_state = game.probabilities(seen, 1)[..., 0]
        torch.testing.assert_close(by_joint_state, p, rtol=1e-12, atol=0)
        described, himself = as_described(game).as_seen(thetas, i)
        assert himself == i
        assert all(torch.equal(a, b) for a, b in zip(described, thetas, strict=True))


@each_perspective
def test_what_an_oracle_is_told_of_joint_values(perspective):
    """Q(C, ·) = (1, 4) and Q(D, ·) = (3, 2), after three C and one D of the other: C is worth (3 · 1 + 4) / 4 = 1.75
    and D (3 · 3 + 2) / 4 = 2.75; where the counts are on the wrong axis, (1 + 4) · 3/4 = 3.75 and (3 + 2) · 1/4 =
    1.25, but D is played all the same."""
    played = match(IPD, ["joint_q", "fixed"], perspective=perspective.__name__)
    start = started(played, 0.0)
    tables = start.memories[0]
    tables.values[0], tables.seen[0] = [[1.0, 4.0], [3.0, 2.0]], [3.0, 1.0]
    told = played.known([None, None], start.memories)[0][0].tolist()
    assert told == pytest.approx([1.75 - 2.75 if perspective is as_described else 3.75 - 1.25] * 5, rel=1e-15)
    plays = played.policies_of(State(0, [None, torch.zeros(1, 5)], start.memories))[0][0].sign().tolist()
    assert plays == [-1.0] * 5


def test_an_oracle_sees_no_probability_below_its_bounds():
    """Q-values that are 30 apart stand for 1e-8 and 1 − 1e-8, as in the authors' code; 3 apart, for softmax."""
    played = match(IPD, ["q", "fixed"])
    start = started(played, 0.0)
    start.memories[0].values[0, :3, 0, 0] = [30.0, -30.0, 3.0]
    told = played.known([None, None], start.memories)[0][0].sigmoid().tolist()
    assert told == pytest.approx([1 - 1e-8, 1e-8, 1 / (1 + np.exp(-3.0)), 0.5, 0.5], rel=1e-7)
    assert 1 - told[0] == pytest.approx(1e-8, rel=1e-6)


@each_perspective
def test_lola_from_nothing_in_either_seat(perspective):
    """From θ = 0, by the numbers derived in `test_rules`, in the rows of a player's own view: towards tit-for-tat. As
    released player 2 keeps them by player 1's view: it comes to repeat itself after CD and DC, where tit-for-tat
    would repeat the other."""
    played = match_of(IPD, [Climber(rules.lola(1.0), 1.0, oracle())] * 2, [0], 5, perspective)
    start = started(played, 0.0)
    *_, end = learn(played, start, 1)
    towards_tit_for_tat = [-0.25, 2.85, -5.85, 2.85, -5.85]
    for theta in end.thetas:
        assert theta[0].tolist() == pytest.approx(towards_tit_for_tat, rel=1e-12)
    cooperation = [IPD.probabilities(played.policies_of(end), i)[0, :, 0].tolist() for i in range(2)]
    second = [towards_tit_for_tat[row] for row in KEEPS[perspective]]
    expected = torch.tensor([towards_tit_for_tat, second], dtype=torch.float64).sigmoid().tolist()
    assert cooperation == [pytest.approx(row, rel=1e-12) for row in expected]


@each_perspective
def test_rules_without_a_closed_form_climb_the_same_values(perspective):
    """In IMP, whose own discount is another than the released one."""
    fast, slow = rules.lola(1.0), lambda values, thetas, i: rules.lola(1.0)(values, thetas, i)
    ends = []
    for rule in (fast, slow):
        played = match_of(IMP, [Climber(rule, 1.0, oracle())] * 2, [0, 1], 5, perspective)
        ends.append(states_of(played, 3)[-1].thetas)
    for a, b in zip(*ends, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_what_is_played_is_told_in_everybodys_own_view():
    """Player 2 of a released match keeps CD and DC by player 1's view; others read them the other way round."""
    played = match(IPD, ["phc", "fixed"], [0, 1], perspective="as_released")
    *_, end = states_of(played, 3)
    assert torch.equal(played.policies_of(end)[1], end.thetas[1][:, OWN])
    assert torch.equal(played.policies_of(end)[0], end.thetas[0])
    assert not torch.equal(end.thetas[1], end.thetas[1][:, OWN])


def test_where_perspectives_agree():
    """Between learners in a game of γ = 0.96, plotted is described, bit for bit, and released is for player 1's eyes
    only; with γ = 0.9, or a rule, each is its own."""
    for game, names in ((IPD, ["q", "wolf_phc"]), (IPD, ["q", "lola"]), (IMP, ["phc", "joint_q"])):
        played = {p: bits(states_of(match(game, names, [0], 50, p.__name__), 4), 0) for p in KEEPS}
        alike = game is IPD and "lola" not in names
        assert (played[as_described] == played[as_fitted]) == alike
        assert played[as_released] not in (played[as_described], played[as_fitted])


@pytest.mark.parametrize(
    ("payoffs", "symmetric"),
    [
        (GAMES["ipd"].rewards.reshape(2, 2, 2), True),
        (GAMES["imp"].rewards.reshape(2, 2, 2), False),
        ([[[-1, -3], [0, -2]], [[-1, -3], [0, -2]]], False),
    ],
    ids=["ipd", "imp", "the same rewards for both"],
)
def test_symmetric_games(payoffs, symmetric):
    assert is_symmetric(MatrixGame(np.array(payoffs).tolist(), 0.9, ["a", "b"])) == symmetric
