"""Learners that climb exact values and remember their last update, which no rule does.

They see the true parameters of all players, whatever opponent models others have.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning.joint.field import field
from lola.learning.players import Seat, View
from lola.learning.rules import Values, naive


@dataclass(frozen=True)
class Optimistic:
    """θ_i ← θ_i + lr (2ξ_i(θ_t) − ξ_i(θ_t−1)): optimistic gradient ascent, OMD or OGDA (Daskalakis et al. 2018).

    Before the first update nobody has moved, θ_−1 = θ_0, so that it is the naive one. The memory is
    ξ_i(θ_t−1), (S, d_i).
    """

    lr: float | Tensor

    def start(self, seat: Seat) -> tuple[Tensor, None]:
        return seat.policies[seat.i].initial(seat.i, seat.seeds, seat.std), None

    def step(self, view: View, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        xi = naive()(Values.exact(view.game), leaves(view), view.i).detach()
        last = xi if memory is None else memory
        return view.thetas[view.i] + self.lr * (2 * xi - last), xi


@dataclass(frozen=True)
class Lead:
    """θ_i ← θ_i + lr ξ_i + β Δθ_i + a (J_oΔθ)_i with the last update Δθ: LEAD (Askari Hemmat et al. 2023).

    β is the `momentum` and a the `coupling`, with which a player turns against where the others' last steps carried its
    gradient. J_o has the blocks ∇_j ∇_i V_i, j ≠ i. Before the first update Δθ = 0. The paper has two players with one
    value between them; this is the same for any. It is written down from memory of the paper, which was not open to us.
    What a player remembers is θ_t−1 of all, (S, d_j) each.
    """

    lr: float | Tensor
    momentum: float
    coupling: float

    def start(self, seat: Seat) -> tuple[Tensor, None]:
        return seat.policies[seat.i].initial(seat.i, seat.seeds, seat.std), None

    def step(self, view: View, memory: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        at = field(Values.exact(view.game), leaves(view))
        moved = [now - before for now, before in zip(view.thetas, memory or view.thetas, strict=True)]
        turned = at.between_times(torch.cat(moved, dim=1))
        step = at.parts((self.lr * at.xi + self.coupling * turned).detach())[view.i] + self.momentum * moved[view.i]
        return view.thetas[view.i] + step, view.thetas


def leaves(view: View) -> list[Tensor]:
    """All players' parameters, to take derivatives in."""
    return [theta.detach().requires_grad_() for theta in view.thetas]
