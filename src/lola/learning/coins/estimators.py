"""Estimators for recurrent players: the formula of `matrix.estimators`, with derivatives from passes through time.

With l_i,t = log π_i(a_i,t | boards until t) and J the Jacobian of player i's answers (see `runs`),

    ∇_i V_k    = Jᵀ of  Σ_t A_k,t ∂l_i,t,                 A_k,t = Σ_{m≥t} γᵐ r_k,m − γᵗ b_k,t
    ∇_ij V_k d = Jᵀ of  w Σ_t (Σ_{m≥t} γᵐ r'_k,m X_m) ∂l_i,t,   X_m = Σ_{q≤m} x_q

(j ≠ i) as means over roll-outs, where x_q is how l_j,q grows along d. So the cross term takes a pass
forwards in time and one backwards, and no derivative of a backward pass.
A player's own second derivative, which only look-ahead over several steps asks for, is not there: it is NaN.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from lola.learning import sampled
from lola.learning.arithmetic import running_sum
from lola.learning.coins.rollouts import Rollouts, score
from lola.learning.coins.runs import Ensemble


@dataclass(frozen=True)
class Estimator:
    """A way to estimate values: as `matrix.estimators.Estimator`, with `centre` None or "step".

    The critic is a network like its player's that sees what that sees. `entropy` times the mean
    entropy of a player's own moves is added to its value.
    """

    critic_lr: float | None = None
    centred: bool = False
    beyond: float = 1.0
    centre: str | None = None
    entropy: float = 0.0

    def values(self, rollouts: Rollouts, thetas: list[Tensor], critics: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, with first and mixed second derivatives; `critics` is (S, d_k) per player."""
        taken = rollouts.taken_by(rollouts.networks, thetas)
        judged = None if self.critic_lr is None else baselines(rollouts, critics)
        scored = rollouts.once((self, taken, judged), lambda: Scored(self, rollouts, taken, judged))
        return sampled.values(scored, thetas)

    def updated_critic(self, rollouts: Rollouts, critics: list[Tensor], k: int) -> Tensor:
        """φ_k ← φ_k + lr Σ_t γᵗ (R_k,t − b_k,t) ∇b_k,t / Σ_t γᵗ, the mean over roll-outs: down the squared error."""
        if self.critic_lr is None:
            return critics[k]
        judged = baselines(rollouts, critics)
        gradients = rollouts.once((critic_gradients, judged), lambda: critic_gradients(rollouts, judged))
        return critics[k] + self.critic_lr * gradients[k]


def pg(critic_lr: float = 1.0, entropy: float = 0.0) -> Estimator:
    """LOLA paper, eq. 4.5 (with a critic as the baseline) and 4.6."""
    return Estimator(critic_lr, entropy=entropy)


def dice(baseline: bool = True, entropy: float = 0.0) -> Estimator:
    """DiCE (Foerster et al. 2018b), with the mean reward of each step over the roll-outs as its baseline."""
    return Estimator(centred=baseline, centre="step" if baseline else None, entropy=entropy)


class Scored:
    """Roll-outs as players' networks took them, and what critics say of them: values and derivatives.

    It keeps what it needs of the roll-outs, which keep it: no circle, whose memory would wait to be found.
    """

    def __init__(self, estimator: Estimator, rollouts: Rollouts, taken: Ensemble, judged: Ensemble | None):
        self.estimator, self.taken, self.players = estimator, taken, rollouts.game.players
        self.discounted = rollouts.discounted
        self.baseline = rollouts.discounts * judged.y.squeeze(-1) if judged else 0.0
        p = torch.softmax(taken.y, dim=-1)  # (players, S, T, B, A)
        self.slopes = score(p, rollouts.moves)  # ∂l_t by the answers
        if estimator.entropy:
            log_p = torch.log_softmax(taken.y, dim=-1)
            self.entropy = -(p * log_p).sum(-1, keepdim=True)  # of the moves in every step
            steps = self.discounted[0, 0].numel()
            self.entropy_slopes = estimator.entropy / steps * -p * (log_p + self.entropy)  # of its mean, by the answers

    @cached_property
    def gradients(self) -> list[Tensor]:
        """∇_i V_k, (S, players k, d_i) per player i."""
        rewards = self.discounted
        if self.estimator.centred:
            rewards = rewards - rewards.mean(-1, keepdim=True)
        advantages = to_go(rewards) - self.baseline  # A, (k, S, T, B)
        weights = advantages.transpose(0, 1)[..., None] / rewards.shape[-1]  # (S, k, T, B, 1)
        by_y = weights * self.slopes[:, :, None]  # (i, S, k, T, B, A)
        if self.estimator.entropy:
            for i in range(self.players):
                by_y[i, :, i] += self.entropy_slopes[i]
        return self.taken.vjp(by_y)

    def values(self) -> Tensor:
        values = self.discounted.sum(2).mean(2)
        if self.estimator.entropy:
            values = values + self.estimator.entropy * self.entropy.squeeze(-1).mean((2, 3))
        return values.T

    def gradient(self, i: int, weights: Tensor) -> Tensor:
        return sum(weights[:, k, None] * self.gradients[i][:, k] for k in range(self.players))

    def directional(self, directions: dict[int, Tensor]) -> Tensor:
        return sum((self.gradients[j] * direction[:, None]).sum(-1) for j, direction in directions.items())

    def hessian_product(self, weights: Tensor, directions: dict[int, Tensor]) -> list[Tensor]:
        rewards = self.discounted
        if self.estimator.centre == "step":
            rewards = rewards - rewards.mean(-1, keepdim=True)
        rewards = sum(weights[:, k, None, None] * rewards[k] for k in range(self.players))  # Σ_k weights_k r'_k
        grown = 0.0  # X, the running sum of x, how l_j grows along a direction (S, d_j) in every step, (S, T, B)
        for j, direction in directions.items():
            run, group = self.taken.members[j]
            grown = grown + running_sum((run.jvp(direction, group) * self.slopes[j]).sum(-1), 1)
        worth = self.estimator.beyond * to_go(rewards * grown) / rewards.shape[-1]  # (S, T, B)
        products = []
        for i, (run, group) in enumerate(self.taken.members):
            if i in directions:  # a second derivative by a player's own parameters
                products.append(torch.full_like(directions[i], torch.nan))
            else:
                by_y = worth[..., None] * self.slopes[i]
                products.append(run.vjp(by_y[:, None], group)[:, 0])
        return products


def critic_gradients(rollouts: Rollouts, judged: Ensemble) -> list[Tensor]:
    """Σ_t γᵗ (R_k,t − b_k,t) ∇b_k,t / Σ_t γᵗ, the mean over roll-outs, (S, d_k) per player k."""
    errors = to_go(rollouts.discounted) - rollouts.discounts * judged.y.squeeze(-1)
    weights = errors / (rollouts.discounts.sum() * errors.shape[-1])  # (k, S, T, B)
    return [by_critic[:, 0] for by_critic in judged.vjp(weights[:, :, None, ..., None])]


def baselines(rollouts: Rollouts, critics: list[Tensor]) -> Ensemble:
    """The players' critics at every step."""
    return rollouts.taken_by([network.critic for network in rollouts.networks], critics)


def to_go(rewards: Tensor) -> Tensor:
    """Σ_{m≥t} of (…, T, B) over time."""
    return running_sum(rewards.flip(-2), -2).flip(-2)
