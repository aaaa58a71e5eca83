"""The joint gradient of all players and its Jacobian: what joint rules are made of.

All players' parameters are one vector here, player after player: (S, D) with D = Σ_i d_i. Its gradient is
ξ = (∇_1 V_1, …, ∇_n V_n). J is the Jacobian of ξ, (S, D, D), whose block in row i and column j is ∇_j ∇_i V_i; J_o is
J without the blocks on its diagonal, so without what players do to their own gradients. A game that knows them without
autograd offers `field(thetas)`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning.arithmetic import times


class Field:
    """ξ and its Jacobian at a point, with the products of them that rules are made of; all are (S, D).

    `thetas`: the parameters, (S, d_i) per player. `xi`: ξ. `forward`: Jξ. `backward`: Jᵀξ, the gradient of ½‖ξ‖².
    `ahead`: J_oξ, what the others' steps do to each gradient. `shape`: χ_i = Σ_j≠i ∇_ij V_j ∇_j V_i, how each moves the
    others' steps to its own good. `jacobian` and `between` are J and J_o, (S, D, D).
    """

    @property
    def rotation(self) -> Tensor:
        """Aᵀξ of the antisymmetric part of the Jacobian, A = ½(J − Jᵀ)."""
        return (self.backward - self.forward) / 2

    @property
    def between(self) -> Tensor:
        """J_o."""
        owner = torch.repeat_interleave(torch.tensor([theta.shape[1] for theta in self.thetas]))
        return self.jacobian.masked_fill(owner[:, None] == owner, 0.0)

    def first_order(self, eta: float | Tensor, ahead: float, shape: float) -> Tensor:
        """ξ + η (ahead·J_oξ + shape·χ); terms of no weight are not asked for."""
        direction = self.xi
        for weight, term in ((ahead, "ahead"), (shape, "shape")):
            if weight:
                direction = direction + eta * weight * getattr(self, term)
        return direction

    def between_times(self, x: Tensor) -> Tensor:
        """J_o x of a joint vector."""
        return times(self.between, x)

    def between_transposed_times(self, x: Tensor) -> Tensor:
        """J_oᵀ x of a joint vector."""
        return times(self.between.mT, x)

    def parts(self, joint: Tensor) -> tuple[Tensor, ...]:
        """The players' parts of a joint vector, (S, d_i) each."""
        return joint.split([theta.shape[1] for theta in self.thetas], dim=1)


@dataclass(frozen=True)
class Known(Field):
    """The field at a point where all of it is known, without a way back."""

    thetas: list[Tensor]
    xi: Tensor
    forward: Tensor
    backward: Tensor
    ahead: Tensor
    shape: Tensor
    jacobian: Tensor
