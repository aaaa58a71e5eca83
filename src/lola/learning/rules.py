"""Learning rules: which way a player climbs, given everybody's values.

A rule is a function `rule(values, thetas, i)`: it takes the players' `Values`, their parameters,
one (S, d_j) tensor each, and returns the ascent direction of player i, (S, d_i). By autograd every
rule is differentiable in every θ, so rules can look through each other, for any number of players.
`eta` (η), the step size a player assumes for the others, is a number or an (S, 1) tensor.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Values:
    """The players' expected discounted returns V_k(θ): called with everybody's parameters, one (S,) tensor each.

    `at_hand` gives them where the players are. Values from roll-outs are known nowhere else: once somebody has `moved`,
    every call of `imagine` plays anew. `closed_form` is a game that knows its derivatives without autograd.
    """

    at_hand: Callable[[list[Tensor]], list[Tensor]]
    imagine: Callable[[list[Tensor]], list[Tensor]] | None = None
    closed_form: object | None = None

    @classmethod
    def exact(cls, game) -> "Values":
        """The exact values of a game, with its closed form where it has one."""
        return cls(game.values, closed_form=game if hasattr(game, "first_order") else None)

    def __call__(self, thetas: list[Tensor]) -> list[Tensor]:
        return self.at_hand(thetas)

    def moved(self) -> "Values":
        """The values where somebody has moved."""
        return replace(self, at_hand=self.imagine or self.at_hand)

    def by_autograd(self) -> "Values":
        """The same without closed forms, through which no rule can be differentiated."""
        return replace(self, closed_form=None)


Rule = Callable[[Values, list[Tensor], int], Tensor]


def mixed(V: list[Tensor], thetas: list[Tensor], i: int, j: int, k: int, along: int) -> Tensor:
    """∇_ij V_k ∇_j V_along."""
    direction = gradient(V[along], thetas[j])
    return pull_back(gradient(V[k], thetas[j]), thetas[i], direction)


@dataclass(frozen=True)
class FirstOrder:
    """ξ_i + η (ahead·(J_oξ)_i + shape·χ_i) for constant weights, added up pair by pair (Letcher et al. 2019).

    ξ_i = ∇_i V_i. (J_oξ)_i = Σ_j ∇_ij V_i ∇_j V_j is what the others' next step does to my gradient,
    χ_i = Σ_j ∇_ij V_j ∇_j V_i how my move changes their next step, to my good.
    """

    eta: float | Tensor
    ahead: float
    shape: float

    def __call__(self, values: Values, thetas: list[Tensor], i: int) -> Tensor:
        if values.closed_form:
            return values.closed_form.first_order(thetas, i, self.eta, self.ahead, self.shape)
        V = values(thetas)
        direction = gradient(V[i], thetas[i])
        for j in others(thetas, i):
            for weight, k, along in ((self.ahead, i, j), (self.shape, j, i)):
                if weight:
                    direction = direction + self.eta * weight * mixed(V, thetas, i, j, k, along)
        return direction


def naive() -> Rule:
    """∇_i V_i(θ): naive learning, NL (LOLA paper, eq. 4.1)."""
    return FirstOrder(eta=0.0, ahead=0.0, shape=0.0)


def lola(eta: float | Tensor, order: int = 1) -> Rule:
    """∇_i V_i + η Σ_j (∇_j V_i)ᵀ ∇_i rule_j, where rule_j is the same rule of one order less.

    Order 1 takes the others for naive learners: LOLA as in the paper (eq. 4.4), where
    ∇_j V_i is held constant. Order 2 takes them for LOLA learners (§4.5, second-order LOLA);
    the paper does not say which factors it holds constant there, and we hold the same one.
    """
    rule = FirstOrder(eta, ahead=0.0, shape=1.0)
    for _ in range(order - 1):
        rule = shaping(rule, eta)
    return rule


def lola_surrogate(eta: float | Tensor) -> Rule:
    """∇_i [V_i + η Σ_j ∇_j V_i · ∇_j V_j]: LOLA as in the SOS paper, the full first-order surrogate."""
    return FirstOrder(eta, ahead=1.0, shape=1.0)


def lola_exact(eta: float | Tensor, order: int = 1, inner_steps: int = 1) -> Rule:
    """∇_i V_i(θ_i, θ_−i + η rule_−i(θ)): exact look-ahead LOLA, differentiating through the others' steps.

    Order 1 looks through naive steps, order k through steps of order k − 1; `inner_steps` is how
    many of them. On values from roll-outs this is LOLA-DiCE.
    """
    rule = naive()
    for _ in range(order):
        rule = anticipate(rule, eta, inner_steps)
    return rule


def lookahead(eta: float | Tensor) -> Rule:
    """∇_i V_i(θ_i, θ_−i + η ∇_−i V_−i(θ)) with the others' step held constant: LookAhead."""
    return anticipate(frozen(naive()), eta)


def shaping(rule: Rule, eta: float | Tensor) -> Rule:
    """∇_i V_i + η Σ_j (∇_j V_i)ᵀ ∇_i rule_j(θ): the first-order worth to me of shaping the others' steps."""

    def shaped(values: Values, thetas: list[Tensor], i: int) -> Tensor:
        values = values.by_autograd()
        V = values(thetas)[i]
        direction = gradient(V, thetas[i])
        for j in others(thetas, i):
            direction = direction + eta * pull_back(rule(values, thetas, j), thetas[i], gradient(V, thetas[j]))
        return direction

    return shaped


def anticipate(rule: Rule, eta: float | Tensor, steps: int = 1) -> Rule:
    """∇_i V_i(θ_i, θ_−i + η rule_−i(θ)), through `steps` steps of the others, one after another."""

    def anticipated(values: Values, thetas: list[Tensor], i: int) -> Tensor:
        mine, values = thetas[i], values.by_autograd()
        for _ in range(steps):
            moved = [theta.view_as(theta) for theta in thetas]  # so that the next step sees no way back
            for j in others(thetas, i):
                moved[j] = thetas[j] + eta * rule(values, thetas, j)
            thetas, values = moved, values.moved()
        return gradient(values(thetas)[i], mine)

    return anticipated


def frozen(rule: Rule) -> Rule:
    """The same direction, which nobody can influence."""
    return lambda values, thetas, i: rule(values, thetas, i).detach()


def others(thetas: list[Tensor], i: int) -> list[int]:
    """Everybody but player i."""
    return [j for j in range(len(thetas)) if j != i]


def gradient(value: Tensor, theta: Tensor) -> Tensor:
    """∇_θ of a value per seed; summing over seeds keeps their gradients apart."""
    return pull_back(value, theta, torch.ones_like(value))


def pull_back(output: Tensor, theta: Tensor, weights: Tensor) -> Tensor:
    """weightsᵀ ∂output/∂θ, itself differentiable; zero where the output does not depend on θ."""
    if not output.requires_grad:
        return torch.zeros_like(theta)
    (product,) = torch.autograd.grad(output, theta, weights, create_graph=True, materialize_grads=True)
    return product
