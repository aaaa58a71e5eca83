"""Estimators for recurrent players: the formula of `matrix.estimators`, with derivatives from passes through time.

With l_i,t = log π_i(a_i,t | boards until t) and J the Jacobian of player i's answers (see `networks`),

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
from lola.learning.coins.networks import Network, Run
from lola.learning.coins.rollouts import Rollouts, score


@dataclass(frozen=True)
class Estimator:
    """How values are estimated: `critic_lr`, `centred` and `beyond` are those of `matrix.estimators.Estimator`,
    and so is `centre`, which is None or "step".

    The critic is a network of its own that sees what its player sees. `entropy` times the mean
    entropy of a player's own moves is added to its value.
    """

    critic_lr: float | None = None
    centred: bool = False
    beyond: float = 1.0
    centre: str | None = None
    entropy: float = 0.0

    def values(self, rollouts: Rollouts, thetas: list[Tensor], critics: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, with first and mixed second derivatives; `critics` is (S, d) per player."""
        run = rollouts.run_of(rollouts.played.network, thetas)
        key = (self, run, *critics)
        if key not in rollouts.scores:
            rollouts.scores[key] = Scored(self, rollouts, run, critics)
        return sampled.values(rollouts.scores[key], thetas)

    def updated_critic(self, rollouts: Rollouts, critics: list[Tensor], k: int) -> list[Tensor]:
        """φ_k ← φ_k + lr Σ_t γᵗ (R_k,t − b_k,t) ∇b_k,t / Σ_t γᵗ, the mean over roll-outs: down the squared error."""
        if self.critic_lr is None:
            return critics
        if critics[k] not in rollouts.downhill:
            rollouts.downhill.update(zip(critics, critic_gradients(rollouts, critics), strict=True))
        return [*critics[:k], critics[k] + self.critic_lr * rollouts.downhill[critics[k]], *critics[k + 1 :]]


def pg(critic_lr: float = 1.0, entropy: float = 0.0) -> Estimator:
    """LOLA paper, eq. 4.5 (with a critic as the baseline) and 4.6."""
    return Estimator(critic_lr, entropy=entropy)


def dice(baseline: bool = True, entropy: float = 0.0) -> Estimator:
    """DiCE (Foerster et al. 2018b), with the mean reward of each step over the roll-outs as its baseline."""
    return Estimator(centred=baseline, centre="step" if baseline else None, entropy=entropy)


class Scored:
    """Roll-outs as players' networks took them (`run`), and what critics say of them: values and derivatives.

    It keeps what it needs of the roll-outs, which keep it: no circle, whose memory would wait to be found.
    """

    def __init__(self, estimator: Estimator, rollouts: Rollouts, run: Run, critics: list[Tensor]):
        self.estimator, self.run, self.players = estimator, run, rollouts.game.players
        self.moves, self.discounted = rollouts.moves, rollouts.discounted
        self.baseline = 0.0
        if estimator.critic_lr is not None:
            self.baseline = rollouts.discounts * baselines(rollouts, critics).y.squeeze(-1).view_as(self.discounted)

    @cached_property
    def p(self) -> Tensor:
        """π(a) of every move, (players · S, T, B, A)."""
        return torch.softmax(self.run.y, dim=-1)

    @cached_property
    def log_p(self) -> Tensor:
        """log π(a) of every move."""
        return torch.log_softmax(self.run.y, dim=-1)

    @cached_property
    def slopes(self) -> Tensor:
        """∂l_t by the answers."""
        return score(self.p, self.moves)

    @cached_property
    def advantages(self) -> Tensor:
        """A_k,t (players, S, T, B)."""
        rewards = self.discounted
        if self.estimator.centred:
            rewards = rewards - rewards.mean(-1, keepdim=True)
        return to_go(rewards) - self.baseline

    @cached_property
    def gradients(self) -> Tensor:
        """∇_i V_k, (players i, S, players k, d)."""
        P, S, T, B = self.advantages.shape
        weights = self.advantages.transpose(0, 1).repeat(P, 1, 1, 1)[..., None] / B  # (P · S, k, T, B, 1)
        dy = weights * self.slopes[:, None]
        if self.estimator.entropy:
            entropy = -(self.p * self.log_p).sum(-1, keepdim=True)
            growth = self.estimator.entropy / (T * B) * -self.p * (self.log_p + entropy)
            for i in range(P):
                dy[self.run.rows(i), i] += growth[self.run.rows(i)]
        return self.run.vjp(dy).unflatten(0, (P, S))

    def values(self) -> Tensor:
        """The mean over roll-outs of Σ_t γᵗ r_k,t, with the entropy bonus, (S, players)."""
        values = self.discounted.sum(2).mean(2)
        if self.estimator.entropy:
            entropy = -(self.p * self.log_p).sum(-1).mean((1, 2))
            values = values + self.estimator.entropy * entropy.view_as(values)
        return values.T

    def gradient(self, i: int, weights: Tensor) -> Tensor:
        """∇_i Σ_k weights_k V_k, (S, d); `weights` is (S, players)."""
        return sum(weights[:, k, None] * self.gradients[i][:, k] for k in range(self.players))

    def directional(self, directions: dict[int, Tensor]) -> Tensor:
        """Σ_j directions_j · ∇_j V_k, (S, players)."""
        return sum((self.gradients[j] * direction[:, None]).sum(-1) for j, direction in directions.items())

    def hessian_product(self, weights: Tensor, directions: dict[int, Tensor]) -> list[Tensor]:
        """Σ_j ∇_ij (Σ_k weights_k V_k) directions_j for every player i, (S, d); NaN for a player with a direction."""
        rewards = self.discounted
        if self.estimator.centre == "step":
            rewards = rewards - rewards.mean(-1, keepdim=True)
        rewards = sum(weights[:, k, None, None] * rewards[k] for k in range(self.players))
        grown = sum(running_sum(self.growth(j, direction), 1) for j, direction in directions.items())
        worth = self.estimator.beyond * to_go(rewards * grown) / rewards.shape[-1]
        products = []
        for i in range(self.players):
            if i in directions:
                products.append(torch.full_like(directions[i], torch.nan))
            else:
                slopes = self.slopes[self.run.rows(i)]
                products.append(self.run.vjp((worth[..., None] * slopes)[:, None], group=i)[:, 0])
        return products

    def growth(self, j: int, direction: Tensor) -> Tensor:
        """How log π of every move of player j grows along a direction, (S, T, B)."""
        return (self.run.jvp(direction, group=j) * self.slopes[self.run.rows(j)]).sum(-1)


def critic_gradients(rollouts: Rollouts, critics: list[Tensor]) -> Tensor:
    """Σ_t γᵗ (R_k,t − b_k,t) ∇b_k,t / Σ_t γᵗ, the mean over roll-outs, (players, S, d)."""
    judged = baselines(rollouts, critics)
    errors = to_go(rollouts.discounted) - rollouts.discounts * judged.y.squeeze(-1).view_as(rollouts.rewards)
    weights = errors / (rollouts.discounts.sum() * errors.shape[-1])
    return judged.vjp(weights.flatten(0, 1)[:, None, ..., None])[:, 0].unflatten(0, errors.shape[:2])


def baselines(rollouts: Rollouts, critics: list[Tensor]) -> Run:
    """What the players' critics say of every step."""
    return rollouts.run_of(Network(rollouts.game, 1), critics)


def to_go(rewards: Tensor) -> Tensor:
    """Σ_{m≥t} of (…, T, B) over time."""
    return running_sum(rewards.flip(-2), -2).flip(-2)
