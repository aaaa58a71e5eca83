"""Rules that look along paths of naive steps, and through them, of exact values of iterated matrix games."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning.matrix.game import MatrixGame
from lola.learning.players import Seat, View
from lola.learning.rules import Rule, Values, lola_exact, pull_back
from lola.learning.shaping import path_kernels
from lola.learning.shaping.chain import per_seed, told
from lola.learning.shaping.path_kernels import divergence


@dataclass(frozen=True)
class Path:
    """Σ_m V_i(θ_m) over θ_0 and `inner_steps` naive steps θ_m+1 = θ_m + η ξ(θ_m), or V_i where the `final` one ends.

    `own` and `others`: whether these move at all; `through_own` and `through_others`: whether their steps are
    differentiated. Own points behind steps that are not are constants.
    """

    eta: float | Tensor
    inner_steps: int
    final: bool = False
    own: bool = False
    others: bool = True
    through_own: bool = True
    through_others: bool = True

    def gradient(self, game: MatrixGame, thetas: list[Tensor], i: int) -> Tensor:
        """The gradient in θ_i,0, (S, d_i)."""
        weights = np.ones(1 + self.inner_steps)
        weights[:-1] *= not self.final
        mine = np.arange(len(thetas)) == i
        moves, seen = np.where(mine, self.own, self.others), np.where(mine, self.through_own, self.through_others)
        path = per_seed(self.eta, thetas), weights, moves, seen
        return torch.from_numpy(path_kernels.through_steps(*told(game, thetas), i, *path))


def meta_mapg(eta: float | Tensor, inner_steps: int, own: bool = True, peer: bool = True) -> Rule:
    """∇_i Σ_m V_i(θ_m) along θ_m+1 = θ_m + η ξ(θ_m) from where all are, m ≤ `inner_steps`: Meta-MAPG, exactly.

    Kim et al. 2021. Its gradient has three terms: the current policies' part, ∇_i V_i(θ_0); the `own` learning term,
    through θ_i,m with the others' path held constant, with which alone it is Meta-PG (Al-Shedivat et al. 2018); and the
    `peer` learning term, through θ_−i,m. With both it is the whole gradient, paths from the one into the other among
    them. Written down from memory of the paper, which was not open to us.
    """
    return lambda values, thetas, i: Path(eta, inner_steps, own=True, through_own=own, through_others=peer).gradient(
        values.closed_form, thetas, i
    )


@dataclass(frozen=True)
class OuterPola:
    """θ_i ← argmax_x V_i(x, θ_−i + η ∇_−i V_−i(x, θ_−i)) − β Σ_s KL(π_θi(·|s) ‖ π_x(·|s)): outer POLA.

    Zhao et al. 2022, whose code is `LOLA_exact.py`: the sum over states counts each once. x is found by ascent with
    step size `proximal_lr` from θ_i, until both KL between policies of one step and the next, summed over states, are
    less than `kl_tolerance`, or after so many `iterations`; with β = 0 and one of them this is exact look-ahead LOLA.
    With `precondition` c all players' logits are θ(s) = φ(s) + c · φ(last state), and steps are in φ: the paper's
    pre-conditioned policies have −2. Networks have no such columns, and no kernel. The memory is nothing.
    """

    eta: float | Tensor
    beta: float
    proximal_lr: float
    kl_tolerance: float = 1e-8
    iterations: int = 5000
    precondition: float = 0.0

    def start(self, seat: Seat) -> tuple[Tensor, None]:
        phi = seat.policies[seat.i].initial(seat.i, seat.seeds, seat.std)
        if not self.precondition:
            return phi, None
        by_state = phi.unflatten(1, (len(seat.game.views[seat.i]), -1))
        tilted = by_state + self.precondition * by_state[:, -1:]
        return torch.cat([tilted[:, :-1], by_state[:, -1:]], dim=1).flatten(1), None

    def step(self, view: View, memory: None) -> tuple[Tensor, None]:
        return self.there(view.game, view.thetas, view.i), None

    def there(self, game: object, thetas: list[Tensor], i: int) -> Tensor:
        """The argmax, (S, d_i)."""
        if not hasattr(game, "first_order"):
            return self.by_autograd(game, thetas, i)
        search = self.proximal_lr, self.beta, self.kl_tolerance, self.iterations, self.precondition
        return torch.from_numpy(path_kernels.proximal(*told(game, thetas), i, per_seed(self.eta, thetas), *search))

    def by_autograd(self, game: object, thetas: list[Tensor], i: int) -> Tensor:
        """The argmax where no kernel serves; seeds side by side, each for as long as it takes."""
        x, eta = thetas[i].detach().clone(), torch.tensor(per_seed(self.eta, thetas))[:, None]
        old, left = game.probabilities(thetas, i).detach(), torch.arange(len(x))
        for _ in range(self.iterations):
            at = [theta[left].detach().requires_grad_() for theta in (*thetas[:i], x, *thetas[i + 1 :])]
            now = game.probabilities(at, i)
            ahead = lola_exact(eta[left])(Values.exact(game), at, i)
            back = pull_back(now, at[i], old[left] / now.detach())  # −∇_x Σ_s KL(π_θi ‖ π_x)
            x[left] += self.proximal_lr * (ahead + self.beta * back).detach()
            then = game.probabilities([*at[:i], x[left], *at[i + 1 :]], i)
            pairs = zip(now.detach().numpy(), then.detach().numpy(), strict=True)
            moved = [max(divergence(p, q), divergence(q, p)) for p, q in pairs]
            left = left[torch.tensor(moved) >= self.kl_tolerance]
            if not len(left):
                break
        return x
