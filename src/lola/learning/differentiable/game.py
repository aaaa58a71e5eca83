"""Differentiable games in which every player chooses one real number.

Values are sums of products of functions of one number each, V_i = Σ_t w_t Π_j f_tj(θ_j), taken term by term in one
order, so that a seed's bits depend on no other seed. What is known of the functions gives derivatives without autograd.
"""

import math
import operator
from collections.abc import Callable
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import matmul
from lola.learning.differentiable import kernels
from lola.learning.fields import Known
from lola.vocabulary import measures


class Game:
    """What games of real parameters have in common.

    `field(thetas)` says all players' gradients and their Jacobian without autograd. `large` says whether parameters are
    too many to be kept for every row.
    """

    large = False

    def first_order(self, thetas: list[Tensor], i: int, eta, ahead: float, shape: float) -> Tensor:
        """ξ_i + η (ahead·(J_oξ)_i + shape·χ_i), (S, d_i); `eta` may be (S, 1). Agrees with `rules.FirstOrder`."""
        at = self.field(thetas)
        return at.parts(at.first_order(eta, ahead, shape))[i]

    def played(self, thetas: list[Tensor]) -> list[dict]:
        """The policies that one seed's parameters are, where players have actions; else none."""
        return []


class Scalars(Game):
    """What these games have in common: a parameter per player, drawn around `start` (0, if it says none), and rows.

    `terms` has for every term whose value it is part of, its weight, and which of the game's `functions` it takes of
    each number. These are K of all numbers (S, n), with their slopes and curvatures: (3, S, n, K).
    """

    functions: Callable[[np.ndarray], np.ndarray]

    def __init__(self, players: int, start: list | None, terms: list[tuple]):
        self.sizes = [1] * players
        self.start = start or [0.0] * players
        owners, weights, *chosen = zip(*terms, strict=True)
        self.products = np.array(owners), np.array(weights, dtype=np.float64), np.array(chosen).T.copy()

    def field(self, thetas: list[Tensor]) -> Known:
        """All players' gradients and their Jacobian, some hundred times faster than by autograd."""
        functions = self.functions(torch.cat(thetas, dim=1).detach().numpy())
        found = kernels.derivatives(functions, *self.products)
        terms, jacobian = map(torch.from_numpy, found)
        return Known(thetas, *terms.unbind(), jacobian)

    def names(self) -> list[list[str]]:
        """What a row shows of each player beside its value and the length of its gradient."""
        return [[measures.parameter(1)]] * len(self.sizes)

    def seen(self, thetas: list[Tensor]) -> list[Tensor]:
        """The numbers that `names` names, (S, names) per player."""
        return thetas


def numbers(thetas: list[Tensor]) -> list[Tensor]:
    """Each player's number, (S,), of parameters (S, 1)."""
    assert all(theta.shape[1:] == (1,) for theta in thetas), "thetas must be (S, 1)"
    return [theta[:, 0] for theta in thetas]


def length(vectors: Tensor) -> Tensor:
    """The length of each row, (S, 1) of (S, d): of one number its size, which no square can overflow."""
    if vectors.shape[1] == 1:
        return vectors.abs()
    return matmul(vectors[:, None], vectors[..., None])[..., 0].sqrt()


class Polynomial(Scalars):
    """V_i(θ) = Σ_t c_t Π_j θ_j^e_tj, where θ has one real parameter per player.

    `terms` has a list per player, in it for every term t a list (c_t, e_t1, e_t2, …). The tandem game (Letcher et al.
    2019) has values −(x + y)² + 2x and −(x + y)² + 2y, player 1's in the terms (−1, 2, 0), (−2, 1, 1), (−1, 0, 2) and
    (2, 1, 0).
    """

    def __init__(self, terms: list, start: list | None = None):
        self.terms = [[(c, *map(int, exponents)) for c, *exponents in own] for own in terms]
        super().__init__(len(terms), start, [(i, *term) for i, own in enumerate(self.terms) for term in own])
        self.highest = int(self.products[-1].max())

    def functions(self, x: np.ndarray) -> np.ndarray:
        """x^e, from e = 0 to the highest exponent that there is."""
        return kernels.powers(x, self.highest)

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, from parameters (S, 1). Powers are products, x³ = (x · x) · x."""
        x = numbers(thetas)
        most = [max(term[1 + j] for own in self.terms for term in own) for j in range(len(x))]
        powers = [list(accumulate([own] * highest, operator.mul)) for own, highest in zip(x, most, strict=True)]
        one = torch.ones_like(x[0], requires_grad=False)
        return [
            sum(
                math.prod(
                    (of_player[e - 1] for of_player, e in zip(powers, exponents, strict=True) if e), start=c * one
                )
                for c, *exponents in own
            )
            for own in self.terms
        ]


class Bimatrix(Scalars):
    """V_i(θ) = Σ_a r_i(a) Π_j π_j(a_j): a matrix game played once, each player with two actions and one logit.

    Player j takes its first action with probability σ(θ_j). `payoffs[i][a_0][a_1]…` is r_i of a joint action, for any
    number of players; `actions` are names, one list for all or one each.
    """

    def __init__(self, payoffs: list, actions: list, start: list | None = None):
        rewards = np.asarray(payoffs, dtype=np.float64)
        self.actions = [actions] * len(rewards) if isinstance(actions[0], str) else actions
        self.rewards = rewards.reshape(len(rewards), -1).tolist()
        self.joint = np.indices(rewards.shape[1:]).reshape(len(rewards), -1).T.tolist()
        paid = [zip(own, self.joint, strict=True) for own in self.rewards]
        super().__init__(len(rewards), start, [(i, r, *joint) for i, own in enumerate(paid) for r, joint in own])

    def functions(self, x: np.ndarray) -> np.ndarray:
        """σ(x) and σ(−x), the probabilities of the first and the second action."""
        return kernels.probabilities(x)

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, from logits (S, 1)."""
        policies = self.policies(thetas)
        played = [math.prod(own[:, a] for own, a in zip(policies, joint, strict=True)) for joint in self.joint]
        return [sum(r * p for r, p in zip(own, played, strict=True)) for own in self.rewards]

    def policies(self, thetas: list[Tensor]) -> list[Tensor]:
        """(σ(θ_j), 1 − σ(θ_j)) per player, (S, 2), as the softmax of (θ_j, 0), whose bits depend on no other seed."""
        return [torch.softmax(torch.nn.functional.pad(own[:, None], (0, 1)), dim=-1) for own in numbers(thetas)]

    def played(self, thetas: list[Tensor]) -> list[dict]:
        return [
            {"player": i, "state": "start", "own_state": "start", "probabilities": dict(zip(own, row, strict=True))}
            for i, (own, policy) in enumerate(zip(self.actions, self.policies(thetas), strict=True), start=1)
            for row in policy.tolist()
        ]

    def names(self) -> list[list[str]]:
        return [[measures.parameter(1), measures.probability(own[0], "start")] for own in self.actions]

    def seen(self, thetas: list[Tensor]) -> list[Tensor]:
        return [torch.cat([own, policy[:, :1]], 1) for own, policy in zip(thetas, self.policies(thetas), strict=True)]


class Market(Scalars):
    """V_1 = x²/2 − xy − x⁶/6 − g/4 and V_2 = y²/2 + xy − y⁶/6 + g/4, where g = y⁴/(1 + x²) − x⁴/(1 + y²).

    The market of Letcher (2021), "On the Impossibility of Global Convergence in Multi-Loss Optimization", whose losses
    these are with their signs turned: its only fixed point is the origin, and both players are worst off there.
    """

    def __init__(self, start: list | None = None):
        u = 7  # comes after the powers
        first = [(0, 1 / 2, 2, 0), (0, -1, 1, 1), (0, -1 / 6, 6, 0), (0, -1 / 4, u, 4), (0, 1 / 4, 4, u)]
        second = [(1, 1 / 2, 0, 2), (1, 1, 1, 1), (1, -1 / 6, 0, 6), (1, 1 / 4, u, 4), (1, -1 / 4, 4, u)]
        super().__init__(2, start, first + second)

    def functions(self, x: np.ndarray) -> np.ndarray:
        """x^e from e = 0 to 6, and then 1/(1 + x²)."""
        return kernels.of_market(x)

    def values(self, thetas: list[Tensor]) -> list[Tensor]:
        """One (S,) tensor per player, from parameters (S, 1)."""
        x, y = numbers(thetas)
        x2, y2 = x * x, y * y
        g = y2 * y2 / (1 + x2) - x2 * x2 / (1 + y2)
        own = [half / 2 - half * half * half / 6 for half in (x2, y2)]
        return [own[0] - x * y - g / 4, own[1] + x * y + g / 4]
