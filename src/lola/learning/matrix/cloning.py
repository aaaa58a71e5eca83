"""Behavioural cloning: what a player believes of the others, from what it has seen them do (LOLA paper, eq. 4.8)."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from lola.learning.matrix import rollout_kernels as kernels
from lola.learning.matrix.rollouts import Rollouts
from lola.learning.opponent_models import OpponentModel, cloned


def cloning(rate: float, steps: int) -> OpponentModel:
    """θ̂_j ← θ̂_j + rate · ∇_j mean log π_θ̂j(a_j|s), `steps` times on the roll-outs just played, for every opponent j.

    The mean is over all steps of all roll-outs, so a state teaches as much as it was visited. Starting from what was
    believed before makes it incremental: earlier play is remembered where later play says nothing.
    """
    return cloned(partial(fitted, rate=rate, steps=steps))


def fitted(theta: Tensor, j: int, rollouts: Rollouts, rate: float, steps: int) -> Tensor:
    """The clone of player j after `steps` steps up the likelihood of what player j did; `theta` is (S, d_j)."""
    game = rollouts.game
    view, chosen = game.views[j], game.joint[j]
    clone = theta.numpy().copy()
    for _ in range(steps):
        p = policy(clone, view, chosen)
        clone += rate * kernels.project(rollouts.frequencies, p, view, chosen)
    return torch.from_numpy(clone)


def assessed(believed: Tensor, theta: Tensor, j: int, rollouts: Rollouts) -> Tensor:
    """Quality of a clone of player j, (S, 2): its mean log-likelihood per action, and its distance from the truth.

    The distance is the total variation between the two policies, ½ Σ_a |π̂(a|s) − π(a|s)|, averaged over states.
    """
    game = rollouts.game
    view, chosen = game.views[j], game.joint[j]
    p, truth = policy(believed.numpy(), view, chosen), policy(theta.numpy(), view, chosen)
    likelihood = kernels.log_likelihood(rollouts.frequencies, p, chosen)
    distance = sum((np.abs(p - truth) / (2 * len(view))).reshape(len(p), -1).T)
    return torch.from_numpy(np.stack([likelihood, distance], axis=1))


def policy(theta: np.ndarray, view: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """One player's π(a|s), (S, states, actions), states in joint order."""
    return kernels.probabilities((theta,), view[None], chosen[None])[:, 0]
