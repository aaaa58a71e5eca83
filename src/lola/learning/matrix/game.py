"""Iterated matrix games between memory-one players, with their values in closed form.

A state is either the start or the last joint action. Joint actions are ordered row by row with player 0's action
slowest: CC, CD, DC, DD for two players. Every player keeps its parameters in its *own view*, its own last action
first, so the same policy has the same parameters in every seat.
"""

import math

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import solve
from lola.learning.fields import Known
from lola.learning.matrix import curvature_kernels, kernels


class MatrixGame:
    """A matrix game played for ever with discount γ, for any number of players and actions.

    `payoffs[i][a_0][a_1]…` is player i's reward for a joint action; `actions` are names, one list for all or one each.
    """

    def __init__(self, payoffs: list, gamma: float, actions: list):
        rewards = np.asarray(payoffs, dtype=np.float64)
        self.counts = rewards.shape[1:]
        self.gamma = gamma
        shared = isinstance(actions[0], str)
        self.actions = [list(actions)] * len(rewards) if shared else [list(a) for a in actions]
        self.rewards = rewards.reshape(len(rewards), -1)  # (players, joint actions)
        self.joint = np.indices(self.counts).reshape(len(rewards), -1)  # (players, joint actions)
        self.views = np.array([own_view(i, self.counts) for i in range(len(rewards))])  # (players, states)
        self.sizes = [self.views.shape[1] * (count - 1) for count in self.counts]  # the last action's logit is 0

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """V_i(θ) = p₀ᵀ (r_i + γ W_i) with W_i = (I − γP)⁻¹ P r_i: one (S,) tensor per player.

        Appendix A.2 of the LOLA paper. Not multiplied by (1 − γ).
        """
        play = self.joint_play(thetas)
        rewards = torch.from_numpy(self.rewards.T)
        now = sum(play[..., a, None] * rewards[a] for a in range(len(rewards)))  # (S, states, players)
        later = solve(torch.eye(len(rewards), dtype=play.dtype) - self.gamma * play[:, 1:], now[:, 1:])
        start = play[:, 0]
        future = sum(start[:, a, None] * later[:, a] for a in range(len(rewards)))
        return list((now[:, 0] + self.gamma * future).unbind(-1))

    def joint_play(self, thetas: list[Tensor]) -> Tensor:
        """P(joint action | joint state) = Π_i π_i(a_i | s), shape (S, states, joint actions)."""
        return math.prod(self.probabilities(thetas, i)[..., chosen] for i, chosen in enumerate(self.joint))

    def probabilities(self, thetas: list[Tensor], i: int) -> Tensor:
        """π_i(a | s) = softmax over a of (θ_i[s, ·], 0), shape (S, states, actions), the states in joint order."""
        assert thetas[i].ndim == 2, f"theta must be (S, d), got {tuple(thetas[i].shape)}"
        logits = thetas[i].unflatten(1, (-1, self.counts[i] - 1))[:, self.views[i]]
        return torch.softmax(torch.nn.functional.pad(logits, (0, 1)), dim=-1)

    def first_order(self, thetas: list[Tensor], i: int, eta, ahead: float, shape: float, apart: bool = False) -> Tensor:
        """ξ_i + η (ahead·(H_oξ)_i + shape·χ_i) without autograd, (S, d_i), or `apart` its terms; `eta` may be (S, 1).

        Agrees with `rules.FirstOrder` to rounding, and is some thirty times faster.
        """
        tables = tuple(theta.detach().numpy() for theta in thetas)
        etas = np.broadcast_to(np.asarray(eta, dtype=np.float64).reshape(-1), len(tables[0]))
        play = (self.views, self.joint, self.rewards, self.gamma)
        found = torch.from_numpy(kernels.first_order(tables, *play, i, etas, float(ahead), float(shape), apart))
        return found if apart else found[0]

    def field(self, thetas: list[Tensor]) -> Known:
        """All players' gradients and their Jacobian without autograd, and some hundred times faster."""
        tables = tuple(theta.detach().numpy() for theta in thetas)
        found = curvature_kernels.derivatives(tables, self.views, self.joint, self.rewards, self.gamma)
        terms, jacobian = map(torch.from_numpy, found)
        return Known(thetas, *terms.unbind(), jacobian)

    def state_names(self, player: int) -> list[str]:
        """Names of the joint states in joint order as `player` sees them: start, CC, CD, … own action first."""
        names = [[self.actions[k][a] for k, a in enumerate(joint)] for joint in self.joint.T]
        glue = "" if all(len(name) == 1 for own in self.actions for name in own) else "."
        return ["start", *(glue.join(own_first(tuple(n), player)) for n in names)]


def own_first(joint: tuple, player: int) -> tuple:
    """The joint action (or joint names) as `player` sees it: its own first, then the others by seat."""
    return (joint[player], *joint[:player], *joint[player + 1 :])


def own_view(player: int, counts: tuple[int, ...]) -> list[int]:
    """For each joint state (start, then joint actions) the row of the player's own table."""
    rows = 1 + np.arange(math.prod(counts)).reshape(own_first(counts, player))
    return [0, *np.moveaxis(rows, 0, player).flat]
