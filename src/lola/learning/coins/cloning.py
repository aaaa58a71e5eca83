"""Behavioural cloning of recurrent players: a network of one's own, fitted to the moves that one has seen."""

from functools import partial

import torch
from torch import Tensor

from lola.learning.coins.rollouts import Rollouts, score
from lola.learning.coins.runs import Run, run
from lola.learning.opponent_models import OpponentModel, cloned


def cloning(rate: float, steps: int) -> OpponentModel:
    """θ̂_j ← θ̂_j + rate · ∇_j mean log π_θ̂j(a_j | boards), `steps` times on the roll-outs just played (eq. 4.8).

    The mean is over all steps of all roll-outs. Starting from what was believed before makes it incremental.
    """
    return cloned(partial(fitted, rate=rate, steps=steps))


def fitted(theta: Tensor, j: int, rollouts: Rollouts, rate: float, steps: int) -> Tensor:
    """The clone of player j after `steps` steps up the likelihood of what player j did; `theta` is (S, d_j)."""
    moves = rollouts.moves[j]  # (S, T, B)
    for _ in range(steps):
        ran = taking(theta, j, rollouts)
        by_y = score(torch.softmax(ran.y, dim=-1), moves) / moves[0].numel()
        theta = theta + rate * ran.vjp(by_y[:, None])[:, 0]
    return theta


def assessed(believed: Tensor, theta: Tensor, j: int, rollouts: Rollouts) -> Tensor:
    """Quality of a clone of player j, (S, 2): its mean log-likelihood per move, and its distance from the truth.

    The distance is the total variation between the two policies, ½ Σ_a |π̂(a) − π(a)|, averaged over the steps played.
    """
    guesses, truth = (taking(of, j, rollouts).y for of in (believed, theta))  # (S, T, B, A)
    likelihood = torch.log_softmax(guesses, dim=-1).gather(-1, rollouts.moves[j][..., None]).mean((1, 2, 3))
    distance = (torch.softmax(guesses, dim=-1) - torch.softmax(truth, dim=-1)).abs().sum(-1).mean((1, 2)) / 2
    return torch.stack([likelihood, distance], dim=1)


def taking(theta: Tensor, j: int, rollouts: Rollouts) -> Run:
    """How a network like player j's takes the boards that player j saw."""
    return run([rollouts.networks[j]], [theta], rollouts.boards[j]).whole
