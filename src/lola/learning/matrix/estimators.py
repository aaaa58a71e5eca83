"""Estimators: the players' values from roll-outs, twice differentiable, so that any learning rule can climb them.

With l_i,t = log π_i(a_i,t|s_t), L_t = Σ_{m≤t} Σ_i l_i,m, r_k,t the rewards, and ⊥ the stop-gradient,

    V_k = (1/B) Σ_b Σ_t γᵗ [ r_k,t (1 + L_t − ⊥L_t) + w r'_k,t (⚀(L_t) − 1 − L_t + ⊥L_t) − b_k(s_t) Σ_i (⚀(l_i,t) − 1) ]

where ⚀(x) = exp(x − ⊥x) is the MagicBox of the DiCE paper. The first part has the policy gradient, the second only
derivatives from the second on: the products of scores that a surrogate loss forgets. The third has none in expectation.
The estimators differ in w, in the baseline b_k, and in whether the rewards are centred on their mean: over the
roll-outs at each step, which shrinks every derivative by (B − 1)/B, or over all steps.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning import sampled
from lola.learning.matrix import rollout_kernels as kernels
from lola.learning.matrix.rollouts import Rollouts

Critics = list[np.ndarray | None]  # the players' baselines b_k(s), (S, states) each; None is 0 everywhere


@dataclass(frozen=True)
class Estimator:
    """A way to estimate values: see the head of the module.

    `critic_lr` is the step size of a critic, the baseline b_k(s), or None for no critic. `centred` says whether r is;
    `beyond` is w; `centre` what r' is centred on: None, the mean of the "step" over roll-outs, or that of "all" steps.
    """

    critic_lr: float | None = None
    centred: bool = False
    beyond: float = 1.0
    centre: str | None = None

    def values(self, rollouts: Rollouts, thetas: list[Tensor], critics: Critics) -> list[Tensor]:
        """One (S,) tensor per player, twice differentiable in every θ."""
        return sampled.values(Scored(self, rollouts, thetas, critics), thetas)

    def updated_critic(self, rollouts: Rollouts, critics: Critics, k: int) -> np.ndarray | None:
        """b_k(s) ← b_k(s) + lr · w(s) (R_k(s) − b_k(s)): a step on the squared error of the returns, weighted by γᵗ.

        w(s) is the share of discounted visits that s has and R_k(s) the mean return from s on: the
        weights that the error has in eq. 4.5, and with them what is cut off at the end hardly counts.
        """
        if self.critic_lr is None:
            return critics[k]
        own, tables = critics[k], (rollouts.returns_to_go[:, k], rollouts.discounted_visits)
        by_action = (table.reshape(*own.shape, -1).transpose(2, 0, 1) for table in tables)
        returns, visits = map(sum, by_action)
        return own + self.critic_lr * (returns - visits * own) / rollouts.discounts.sum()


def pg(critic_lr: float = 1.0) -> Estimator:
    """LOLA paper, eq. 4.5 (with a critic as the baseline) and 4.6, as described."""
    return Estimator(critic_lr)


def pg_released(critic_lr: float = 1.0) -> Estimator:
    """The same with the cross term of the authors' code: halved, its rewards centred on their mean over all steps."""
    return Estimator(critic_lr, beyond=0.5, centre="all")


def pg_halved(critic_lr: float = 1.0) -> Estimator:
    """As described, but for the cross term, which is halved: one of the two things that the authors' code has."""
    return Estimator(critic_lr, beyond=0.5)


def pg_centred(critic_lr: float = 1.0) -> Estimator:
    """As described, but for the cross term's rewards, which are centred on their mean over all steps: the other."""
    return Estimator(critic_lr, centre="all")


def dice(baseline: bool = True) -> Estimator:
    """DiCE (Foerster et al. 2018b), with the mean reward of each step over the roll-outs as its baseline."""
    return Estimator(centred=baseline, centre="step" if baseline else None)


def surrogate() -> Estimator:
    """DiCE without the MagicBox: a surrogate loss, right to first order only."""
    return Estimator(centred=True, beyond=0.0)


class Scored:
    """Roll-outs as seen from the parameters `thetas`: tables per code from which the derivatives follow."""

    def __init__(self, estimator: Estimator, rollouts: Rollouts, thetas: list[Tensor], critics: Critics):
        assert all(theta.ndim == 2 for theta in thetas), "thetas must be (S, d_i)"
        self.estimator, self.rollouts, self.game = estimator, rollouts, rollouts.game
        tables = tuple(theta.detach().numpy() for theta in thetas)
        self.p = kernels.probabilities(tables, self.game.views, self.game.joint)
        returns = rollouts.centred_returns_to_go if estimator.centred else rollouts.returns_to_go
        self.baseline = np.zeros_like(returns)
        for k, critic in enumerate(critics if estimator.critic_lr is not None else ()):
            if critic is not None:
                self.baseline[:, k] += rollouts.discounted_visits * critic.repeat(self.game.joint.shape[1], axis=1)
        self.advantages = returns - self.baseline

    def values(self) -> Tensor:
        return torch.from_numpy(sum(self.rollouts.mean_rewards.transpose(2, 0, 1)))

    def gradient(self, i: int, weights: Tensor) -> Tensor:
        table = mixed(self.advantages, weights.numpy())
        return torch.from_numpy(kernels.project(table, self.p[:, i], self.game.views[i], self.game.joint[i]))

    def directional(self, directions: dict[int, Tensor]) -> Tensor:
        products = self.growth(directions)[:, None] * self.advantages
        return torch.from_numpy(sum(products.transpose(2, 0, 1)))

    def hessian_product(self, weights: Tensor, directions: dict[int, Tensor]) -> list[Tensor]:
        weights = weights.numpy()
        rewards = mixed(self.game.rewards, weights)
        centre = mixed(self.rollouts.centre(self.estimator.centre), weights)
        table = self.rollouts.to_go(rewards[:, None], centre[:, None], self.growth(directions))[:, 0]
        advantages, baseline = mixed(self.advantages, weights), mixed(self.baseline, weights)
        product = []
        for i, (view, chosen) in enumerate(zip(self.game.views, self.game.joint, strict=True)):
            product.append(self.estimator.beyond * kernels.project(table, self.p[:, i], view, chosen))
            if i in directions:
                kernels.add_curvature(product[i], advantages, directions[i].numpy(), self.p[:, i], view, chosen)
                own = baseline * self.growth({i: directions[i]})
                product[i] -= kernels.project(own, self.p[:, i], view, chosen)
        return list(map(torch.from_numpy, product))

    def growth(self, directions: dict[int, Tensor]) -> np.ndarray:
        """Growth of log π of each code along the directions, (S, codes)."""
        growth = np.zeros((len(self.p), self.advantages.shape[2]))
        for j, direction in directions.items():
            kernels.add_growth(growth, direction.numpy(), self.p[:, j], self.game.views[j], self.game.joint[j])
        return growth


def mixed(tables: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ_k weights_k tables_k, (S, …) from (S, players, …) or (players, …), player by player."""
    return sum((weights[:, :, None] * tables).swapaxes(0, 1))
