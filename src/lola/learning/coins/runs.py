"""Networks as they run through roll-outs: what they answer step by step, and both products with the Jacobian of that.

Learning rules need no more of it than Jᵀu and Jv with J = ∂y/∂θ, and those cost a pass through time each. With what
`networks` calls them, `by_` for derivatives of Σ u · y and `d` for growth along v, the passes are

    by_h_t = u_t Vᵀ + z_{t+1} ∘ by_h_{t+1} + by_a_{t+1} Wᵀ                by_a_t = ∂h_t/∂a_t ∘ by_h_t, and so by_x_t
    dh_t = ∂h_t/∂a_t ∘ da_t + ∂h_t/∂x_t ∘ dx_t + z_t ∘ dh_{t−1}           da_t = h_{t−1} dW + db + dh_{t−1} W

Passes are `kernels` on the processor and `tensors` on a GPU. Blocks of a, W and b are (n, r, z), those of x (r, z, n).
Derivatives by a and x are four blocks, `slopes`: (n, r, z) by a, of which the last two and one more are (r, z, n) by x.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from lola.learning.coins import kernels, tensors
from lola.learning.coins.networks import Network


class Run:
    """The answers of networks to a roll-out's boards, step by step, and their derivatives by the parameters.

    `thetas` has the parameters of a group of rows each, (S, d), say of a player's; the rows are the
    groups' one after another. Boards `seen` are (R, T, B), answers `y` (R, T, B, outputs), states `h`
    (R, T + 1, B, H), of which the first are zeros, gates `z` (R, T, B, H) and `slopes` (R, T, 4, B, H).
    """

    def __init__(self, network: Network, thetas: list[Tensor], length: int, batch: int):
        self.network, self.size = network, len(thetas[0])
        assert all(theta.shape == (self.size, network.size) for theta in thetas), "thetas must be (S, d)"
        self.leaves = [theta.detach().requires_grad_() for theta in thetas]
        with torch.enable_grad():
            self.tables = [network.table(leaf) for leaf in self.leaves]
        self.theta = torch.cat(self.leaves).detach()
        self.table = torch.cat(self.tables).detach()
        self.W, self.b, self.V, self.c = network.unit(self.theta)
        H = network.hidden
        self.h = self.blank(length + 1, batch, H)
        self.h[:, 0] = 0.0
        self.z, self.slopes = self.blank(length, batch, H), self.blank(length, 4, batch, H)
        self.y = self.blank(length, batch, network.outputs)
        self.seen = self.y.new_empty(self.y.shape[:3], dtype=torch.int64)

    def blank(self, *shape: int) -> Tensor:
        """Memory for numbers of every row."""
        return self.theta.new_empty(len(self.theta), *shape)

    def rows(self, group: int | None) -> slice:
        """The rows of a group, or all."""
        return slice(None) if group is None else slice(group * self.size, (group + 1) * self.size)

    def step(self, t: int, boards: Tensor) -> Tensor:
        """The networks' answers at step t to boards (R, B): (R, B, outputs)."""
        assert boards.ndim == 2, "boards must be (R, B)"
        self.seen[:, t] = boards
        self.take(t, t + 1)
        return self.y[:, t]

    @torch.no_grad()
    def take(self, first: int, end: int) -> None:
        """The steps from `first` to before `end`, whose boards are in `seen`."""
        compute("steps", first, end, self.y, self.table, self.b, self.c, *self.kept(slice(None)))

    def kept(self, rows: slice) -> tuple[Tensor, ...]:
        """What all passes need of some rows."""
        mine = (x[rows] for x in (self.h, self.z, self.slopes, self.seen))
        return *mine, self.network.lines, self.W[rows], self.V[rows]

    @torch.no_grad()
    def vjp(self, by_y: Tensor, group: int | None = None) -> Tensor:
        """Jᵀ u: (R, C, d) for C weightings u of the answers, `by_y` (R, C, T, B, outputs), of a group or all.

        With autograd it would be `grad(y, theta, u)`, for each weighting.
        """
        assert by_y.ndim == 5, "by_y must be (R, C, T, B, outputs)"
        rows, C = self.rows(group), by_y.shape[1]
        weights = [self.table, self.W, self.b, self.V, self.c]
        by_table, *by_unit = (x.new_zeros(len(by_y), C, *x.shape[1:]) for x in weights)
        compute("pull_back", by_table, *by_unit, by_y.contiguous(), *self.kept(rows))
        return torch.cat([self.by_encoder(by_table, group), self.network.flattened(*by_unit)], dim=-1)

    def by_encoder(self, by_table: Tensor, group: int | None) -> Tensor:
        """The derivatives by the encoder's parameters, (R, C, …), from those by its table, (R, C, lines, 3H)."""
        own = slice(None) if group is None else slice(group, group + 1)
        tables, leaves = self.tables[own], self.leaves[own]
        weightings = (
            torch.autograd.grad(tables, leaves, of_c.split(self.size), retain_graph=True) for of_c in by_table.unbind(1)
        )
        return torch.stack([torch.cat(of_c) for of_c in weightings], dim=1)[..., : self.network.encoder_size]

    @torch.no_grad()
    def jvp(self, direction: Tensor, group: int | None = None) -> Tensor:
        """J v along v (R, d), of a group or all: (R, T, B, outputs); by autograd `torch.func.jvp(y, (θ,), (v,))`."""
        assert direction.ndim == 2, "a direction must be (R, d)"
        rows = self.rows(group)
        with torch.enable_grad():
            _, dtable = torch.func.jvp(self.network.table, (self.theta[rows],), (direction,))
        dW, db, dV, dc = self.network.unit(direction)
        dy = torch.empty_like(self.y[rows])
        compute("push_forward", dy, dtable.contiguous(), dW, db, dV, dc, *self.kept(rows))
        return dy


def compute(name: str, *given: Tensor | int) -> None:
    """Call the kernel of a name, or on a GPU the function that does the same by tensor operations."""
    if given[-1].is_cuda:
        getattr(tensors, name)(*given)
    else:
        getattr(kernels, name)(*(x.numpy() if isinstance(x, Tensor) else x for x in given))


@dataclass(frozen=True)
class Ensemble:
    """How the networks of all players run: each is a group of rows of a `Run`."""

    members: tuple[tuple[Run, int], ...]

    @cached_property
    def whole(self) -> Run | None:
        """The one run whose groups are the players, if it is one."""
        shared = self.members[0][0]
        return shared if self.members == tuple((shared, group) for group in range(len(shared.leaves))) else None

    def step(self, t: int, boards: Tensor) -> Tensor:
        """All answers at step t to boards (players · S, B): (players · S, B, outputs)."""
        if self.whole:
            return self.whole.step(t, boards)
        own = zip(self.members, boards.chunk(len(self.members)), strict=True)
        return torch.cat([run.step(t, seen) for (run, _), seen in own])

    @cached_property
    def y(self) -> Tensor:
        """All answers, (players, S, T, B, outputs)."""
        if self.whole:
            return self.whole.y.unflatten(0, (len(self.members), -1))
        return torch.stack([run.y[run.rows(group)] for run, group in self.members])

    def vjp(self, by_y: Tensor) -> list[Tensor]:
        """Every player's Jᵀ u, (S, C, d_i), for weightings u of all answers, `by_y` (players, S, C, T, B, outputs)."""
        if self.whole:
            return list(self.whole.vjp(by_y.flatten(0, 1)).split(self.whole.size))
        return [run.vjp(of_player, group) for (run, group), of_player in zip(self.members, by_y, strict=True)]


def side_by_side(networks: list[Network], thetas: list[Tensor], length: int, batch: int) -> Ensemble:
    """The networks of all players, with parameters (S, d_i), before their first step: in one run if all are alike."""
    return together(before(networks, thetas, length, batch))


def run(networks: list[Network], thetas: list[Tensor], boards: Tensor) -> Ensemble:
    """How all players' networks, with parameters (S, d_i), take boards (players · S, T, B)."""
    assert boards.ndim == 3, "boards must be (players · S, T, B)"
    runs = before(networks, thetas, *boards.shape[1:])
    for each, seen in zip(runs, boards.split([len(each.theta) for each in runs]), strict=True):
        each.seen.copy_(seen)
        each.take(0, boards.shape[1])
    return together(runs)


def before(networks: list[Network], thetas: list[Tensor], length: int, batch: int) -> list[Run]:
    """Runs of all players' networks before their first step: one if all are alike, else one each."""
    if len(set(networks)) == 1:
        return [Run(networks[0], thetas, length, batch)]
    return [Run(network, [theta], length, batch) for network, theta in zip(networks, thetas, strict=True)]


def together(runs: list[Run]) -> Ensemble:
    """The players whose networks are the groups of runs, one after another."""
    return Ensemble(tuple((run, group) for run in runs for group in range(len(run.leaves))))
