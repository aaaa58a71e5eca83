"""Reciprocators, who give back what others did to them, beside what they are used to."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning.players import Seat, View
from lola.learning.shaping import kernels
from lola.learning.shaping.chain import per_seed, policies, told


@dataclass(frozen=True)
class Reciprocator:
    """θ_i ← θ_i + lr ∇_i [V_i + w γ Σ_j≠i Σ_s d(s) Σ_a Π(a|s) g_j(s, a) Σ_a′ Π(a′|a) v_j(a, a′)]: Reciprocator-Ex.

    Zhou et al. 2024 (NeurIPS); a closed form of our own. g_j = E[r_i | j as usual] − r_i(a) is what j's action took
    from me, v_j = E[r_j | me as usual] − r_j(a′) what my next one takes from j; their product is earned at each step,
    `weight` times. Usual are the mean policies of the last `baseline_window` updates, constants in the gradient; before
    the first it is what all play then. The memory is those policies, (S, players, states, actions) each. The paper was
    not open to us; what it does is relayed by its code.
    """

    lr: float | Tensor
    weight: float
    baseline_window: int = 1

    def start(self, seat: Seat) -> tuple[Tensor, list[Tensor]]:
        return seat.policies[seat.i].initial(seat.i, seat.seeds, seat.std), []

    def step(self, view: View, memory: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        now = policies(view.game, view.thetas)
        before = memory or [now]
        usual = (sum(before) / len(before)).numpy()
        weights = per_seed(self.weight, view.thetas)
        direction = kernels.reciprocate(*told(view.game, view.thetas), view.i, weights, usual)
        return view.thetas[view.i] + self.lr * torch.from_numpy(direction), [*memory, now][-self.baseline_window :]
