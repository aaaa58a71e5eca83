"""Joint rules: what all players would do at once, of which a player does its part.

They are written over the joint gradient ξ and its Jacobian (see `field`), in ascent form: papers write them for losses
−V, with which ξ and J change sign, and χ does not. A joint rule takes everybody for players of the same rule, whoever
sits there: in `sos-vs-nl` the first player does its part of what both would do were both SOS. `eta` (η) is the step
size that a player assumes for the others, a number or an (S, 1) tensor. Products ⟨x, y⟩ and norms are over all
players' parameters, for each seed alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, times
from lola.learning.fields import Field
from lola.learning.joint.equations import conjugate_gradients, dot, solve
from lola.learning.joint.field import field
from lola.learning.rules import FirstOrder, Rule, Values, anticipate, lola_exact, naive


@dataclass(frozen=True)
class Joint:
    """Player i's part, (S, d_i), of a direction for all parameters at once, (S, D)."""

    direction: Callable[[Field], Tensor]

    def __call__(self, values: Values, thetas: list[Tensor], i: int) -> Tensor:
        at = field(values, thetas)
        return at.parts(self.direction(at))[i]


def lookahead_first(eta: float | Tensor) -> Rule:
    """ξ + ηJ_oξ: LookAhead to first order, as in the SOS paper (Letcher et al. 2019); also LCGD."""
    return FirstOrder(eta, ahead=1.0, shape=0.0)


def hola(eta: float | Tensor, order: int) -> Rule:
    """∇_i V_i(θ_i, θ_−i + η rule_−i(θ)), rule_−i of one order less, 0 being ξ: HOLA (Willi et al. 2022).

    The same as `lola_exact`.
    """
    return lola_exact(eta, order)


def lookahead_nested(eta: float | Tensor, order: int) -> Rule:
    """∇_i V_i(θ_i, θ_−i + η rule_−i), the others' steps held constant: LookAhead of an order less, down to ξ.

    In quadratic games this is ξ + ηJ_oξ + … + (ηJ_o)ⁿξ, the series of `cgd`.
    """

    def nested(values: Values, thetas: list[Tensor], i: int) -> Tensor:
        players = range(len(thetas))
        steps = [naive()(values, thetas, j).detach() for j in players]
        ahead = anticipate(lambda values, thetas, j: steps[j], eta)
        for _ in range(order - 1):
            steps = [ahead(values, thetas, j).detach() for j in players]
        return ahead(values, thetas, i)

    return nested


def sos(eta: float | Tensor, a: float, b: float) -> Rule:
    """ξ₀ + pηχ with ξ₀ = ξ + ηJ_oξ and p = min(p₁, p₂): stable opponent shaping, SOS (Letcher et al. 2019).

    p₁ = min(1, −a‖ξ₀‖²/⟨ηχ, ξ₀⟩) where ⟨ηχ, ξ₀⟩ < 0, else 1. p₂ = ‖ξ‖² where ‖ξ‖ < b, else 1. p is one number per seed,
    over all players, and held constant.
    """

    def direction(at: Field) -> Tensor:
        ahead, shaping = at.xi + eta * at.ahead, eta * at.shape
        return ahead + trust(at.xi.detach(), ahead.detach(), shaping.detach(), a, b) * shaping

    return Joint(direction)


def trust(xi: Tensor, ahead: Tensor, shaping: Tensor, a: float, b: float) -> Tensor:
    """p of SOS, (S, 1)."""
    agreement, length = dot(shaping, ahead), dot(xi, xi)
    p1 = torch.where(agreement < 0, (-a * dot(ahead, ahead) / agreement).clamp(max=1.0), 1.0)
    p2 = torch.where(length.sqrt() < b, length, 1.0)
    return torch.minimum(p1, p2)


def sga(lam: float, align: bool = False, bias: float = 0.1) -> Rule:
    """ξ − λAᵀξ with A = ½(J − Jᵀ): symplectic gradient adjustment, SGA (Balduzzi et al. 2018; Letcher et al. 2019).

    With `align` λ takes the sign of −⟨ξ, Jᵀξ⟩⟨Aᵀξ, Jᵀξ⟩/D + bias, of D parameters, which turns it to where stable fixed
    points pull and unstable ones push.
    """

    def direction(at: Field) -> Tensor:
        if not align:
            return at.xi - lam * at.rotation
        pull = -dot(at.xi, at.backward) * dot(at.rotation, at.backward) / at.xi.shape[1]
        return at.xi - lam * torch.sign(pull + bias) * at.rotation

    return Joint(direction)


def consensus(penalty: float, align: bool = False) -> Rule:
    """ξ − γJᵀξ, which climbs V_i and descends ½γ‖ξ‖², γ the `penalty`: consensus optimisation, CO (Mescheder 2017).

    With `align` γ takes the sign of −⟨ξ, Jᵀξ⟩ (Letcher et al. 2019, eq. 3).
    """

    def direction(at: Field) -> Tensor:
        sign = torch.sign(-dot(at.xi, at.backward)) if align else 1.0
        return at.xi - penalty * sign * at.backward

    return Joint(direction)


def extragradient(eta: float | Tensor) -> Rule:
    """ξ(θ + ηξ), the gradient where everybody's naive step would lead: EG (Korpelevich 1976)."""
    climb = naive()

    def extrapolated(values: Values, thetas: list[Tensor], i: int) -> Tensor:
        moved = [theta + eta * climb(values, thetas, j) for j, theta in enumerate(thetas)]
        return climb(values.moved(), moved, i)

    return extrapolated


def cgd(eta: float | Tensor, tolerance: float | None = None) -> Rule:
    """(I − ηJ_o)⁻¹ξ: competitive gradient descent, CGD (Schäfer & Anandkumar 2019), of n players PCGD (Ma et al. 2021).

    It is NaN for a seed whose matrix is singular. With `tolerance` ‖(I − ηJ_o)x − ξ‖ ≤ tolerance ‖ξ‖ will do, without J
    and for players with many parameters, but then no rule can look through it.
    """

    def direction(at: Field) -> Tensor:
        if tolerance:
            forward, transposed = at.between_times, at.between_transposed_times
            pair = (lambda x: x - eta * forward(x), lambda x: x - eta * transposed(x))
            return conjugate_gradients(*pair, at.xi, tolerance)
        matrix = torch.eye(at.xi.shape[1], dtype=at.xi.dtype) - scaled(eta) * at.between
        return solve(matrix, at.xi[:, :, None])[:, :, 0]

    return Joint(direction)


def scaled(eta: float | Tensor) -> float | Tensor:
    """η for matrices: a number, or (S, 1, 1)."""
    return eta[:, :, None] if isinstance(eta, Tensor) else eta


def lss(kappa: float) -> Rule:
    """½(ξ + Jᵀ(JᵀJ + κI)⁻¹Jᵀξ): local symplectic surgery, LSS (Mazumdar et al. 2019), with one κ everywhere.

    With κ = 0 it is ½(I + JᵀJ⁻¹)ξ, which is NaN for a seed whose J is singular.
    """

    def direction(at: Field) -> Tensor:
        J, xi = at.jacobian, at.xi
        square = matmul(J.mT, J) + kappa * torch.eye(xi.shape[1], dtype=xi.dtype) if kappa else J
        right = at.backward if kappa else xi
        return (xi + times(J.mT, solve(square, right[:, :, None])[:, :, 0])) / 2

    return Joint(direction)
