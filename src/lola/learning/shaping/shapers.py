"""Players that train against naive learners of their own, drawn or copied afresh in every update."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import normal
from lola.learning.players import Seat, View
from lola.learning.rules import Values, naive
from lola.learning.shaping.paths import Path
from lola.learning.streams import stream

DECAYS = (0.9, 0.999)  # of Adam's means
EPSILON = 1e-8


@dataclass(frozen=True)
class Adam:
    """Adam's running means of slopes and squared slopes, (S, d), and what is left in them of their start at zero."""

    slopes: Tensor
    squares: Tensor
    left: tuple[float, float] = (1.0, 1.0)

    def step(self, slope: Tensor) -> tuple[Tensor, "Adam"]:
        """The step to take, for a step size of 1, and the next means (Kingma & Ba 2015)."""
        (b, c), (left_b, left_c) = DECAYS, self.left
        left = (left_b * b, left_c * c)
        slopes, squares = b * self.slopes + (1 - b) * slope, c * self.squares + (1 - c) * slope * slope
        return slopes / (1 - left[0]) / ((squares / (1 - left[1])).sqrt() + EPSILON), Adam(slopes, squares, left)


@dataclass(frozen=True)
class Memory:
    """The seeds, the standard deviation with which policies are drawn, and Adam's means, for who climbs by it."""

    seeds: list[int]
    std: float
    adam: Adam


@dataclass(frozen=True)
class Shaper:
    """θ_i ← θ_i + lr · step(p · the mean over learners of ∇_i Σ_m V_i(θ_m) + (1 − p) ∇_i V_i(θ)).

    `path` says what a learner's path is. In every update so many `learners` are drawn from N(0, init_std²), or with
    None there is one, which begins where the others are. p is the `naive_share`. The step is by AdamW with its
    `weight_decay`, or with None plain.
    """

    lr: float
    path: Path
    learners: int | None
    naive_share: float = 1.0
    weight_decay: float | None = None

    def start(self, seat: Seat) -> tuple[Tensor, Memory]:
        theta = seat.policies[seat.i].initial(seat.i, seat.seeds, seat.std)
        return theta, Memory(seat.seeds, seat.std, Adam(torch.zeros_like(theta), torch.zeros_like(theta)))

    def step(self, view: View, memory: Memory) -> tuple[Tensor, Memory]:
        theta, i = view.thetas[view.i], view.i
        each = self.path.gradient(view.game, self.met(view, memory), i).unflatten(0, (len(theta), -1))
        slope = self.naive_share * sum(each.unbind(1)) / each.shape[1]
        if self.naive_share < 1:
            slope = slope + (1 - self.naive_share) * naive()(Values.exact(view.game), view.thetas, i)
        if self.weight_decay is None:
            return theta + self.lr * slope, memory
        step, adam = memory.adam.step(slope)
        return theta + self.lr * (step - self.weight_decay * theta), replace(memory, adam=adam)

    def met(self, view: View, memory: Memory) -> list[Tensor]:
        """Everybody's first parameters on the paths, (S · learners, d_j), those of a seed one after another."""
        if self.learners is None:
            return view.thetas
        rngs = [stream(seed, (view.step, 1 + view.i)) for seed in memory.seeds]

        def drawn(size: int) -> Tensor:
            return torch.from_numpy(memory.std * np.concatenate([normal(r, (self.learners, size)) for r in rngs]))

        return [
            theta.repeat_interleave(self.learners, dim=0) if j == view.i else drawn(theta.shape[1])
            for j, theta in enumerate(view.thetas)
        ]


def gs(lr: float, eta: float, inner_steps: int, learners: int) -> Shaper:
    """θ_i ← θ_i + lr ∇_i Σ_m V_i(θ_i, ψ_m) along `inner_steps` naive steps of drawn learners ψ: GS-Ex, Good Shepherd.

    Balaguer et al. 2022; with states of one step GS in Khan et al. 2024, who climb by evolution. Its policy is the same
    on the whole path. The sum is over the points of the path, the first among them.
    """
    return Shaper(lr, Path(eta, inner_steps), learners)


def coala(
    lr: float,
    eta: float,
    inner_steps: int,
    naive_share: float = 1.0,
    learners: int | None = None,
    final_only: bool = False,
    weight_decay: float = 0.01,
) -> Shaper:
    """The policy that climbs p Σ_m V_i(θ_i, ψ_m) + (1 − p) V_i(θ) along naive steps of learners ψ, by AdamW: COALA-Ex.

    Meulemans et al. 2025, Appendix C. p, the `naive_share`, is that of naive learners among those whom the player
    meets. So many `learners` are drawn, or else a copy of the other's policy learns; with that and the final return
    alone (`final_only`) it is the paper's LOLA-DiCE. The rest of its objective is what it earns against the other as it
    is, since a policy with a memory of one step cannot see earlier episodes. How many learners there are, and how the
    two parts are scaled beside each other, the paper does not print; here each episode counts once.
    """
    return Shaper(lr, Path(eta, inner_steps, final=final_only), learners, naive_share, weight_decay)


def m_maml(lr: float, eta: float, inner_steps: int, learners: int, final_only: bool = False) -> Shaper:
    """Where to begin naive learning: θ_i,0 climbs Σ_m V_i(θ_m) while drawn learners and it learn, by Adam: M-MAML.

    As Lu et al. 2022 and Cooijmans et al. 2023 have it: through all steps of both. Who trains it is not who plays: it
    is the first policy of a naive learner.
    """
    return Shaper(lr, Path(eta, inner_steps, final=final_only, own=True), learners, weight_decay=0.0)
