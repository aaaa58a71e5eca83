"""Networks as they run through roll-outs: what they answer step by step, and both products with the Jacobian of that.

Learning rules need no more of it than Jᵀu and Jv with J = ∂y/∂θ, and those cost a pass through time each. With what
`networks` calls them, `by_` for derivatives of Σ u · y and `d` for growth along v, the passes are

    by_h_t = u_t Vᵀ + z_{t+1} ∘ by_h_{t+1} + by_a_{t+1} Wᵀ                by_a_t = ∂h_t/∂a_t ∘ by_h_t, and so by_x_t
    dh_t = ∂h_t/∂a_t ∘ da_t + ∂h_t/∂x_t ∘ dx_t + z_t ∘ dh_{t−1}           da_t = h_{t−1} dW + db + dh_{t−1} W

Every step is tensor operations on a GPU, and kernels on the processor, which need fewer passes over memory.
Derivatives by a and x are four blocks: (n, r, z) by a, of which the last two and one more are (r, z, n) by x.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, tanh
from lola.learning.coins import kernels
from lola.learning.coins.networks import Network

VECTOR = 16  # numbers that PyTorch takes at once with AVX2


class Run:
    """The answers of networks to a roll-out's boards, step by step, and their derivatives by the parameters.

    `thetas` has the parameters of a group of rows each, (S, d), say of a player's; the rows are the
    groups' one after another. Boards `seen` are (R, T, B), answers `y` (R, T, B, outputs).
    """

    def __init__(self, network: Network, thetas: list[Tensor], length: int, batch: int):
        self.network, self.size = network, len(thetas[0])
        assert all(theta.shape == (self.size, network.size) for theta in thetas), "thetas must be (S, d)"
        self.leaves = [theta.detach().requires_grad_() for theta in thetas]
        with torch.enable_grad():
            self.tables = [network.table(leaf) for leaf in self.leaves]
        self.theta = torch.cat(self.leaves).detach()
        self.table = torch.cat(self.tables).detach()
        self.weights = {name: network.part(self.theta, name).contiguous() for name in ("W", "V", "b", "c")}
        H = network.hidden
        self.h = self.blank(length + 1, batch, H).zero_()
        self.gates = self.blank(length, batch, 2 * H)  # r and z
        self.n, self.a_n = self.blank(length, batch, H), self.blank(length, batch, H)
        self.y = self.blank(length, batch, network.outputs)
        self.seen = self.y.new_empty(self.y.shape[:3], dtype=torch.int64)

    @property
    def compiled(self) -> bool:
        """Whether kernels take the steps, on the processor, or tensor operations, on a GPU."""
        return not self.theta.is_cuda

    def blank(self, *shape: int) -> Tensor:
        """Memory for numbers of every row."""
        return self.theta.new_empty(len(self.theta), *shape)

    def rows(self, group: int | None) -> slice:
        """The rows of a group, or all."""
        return slice(None) if group is None else slice(group * self.size, (group + 1) * self.size)

    @torch.no_grad()
    def step(self, t: int, boards: Tensor) -> Tensor:
        """The networks' answers at step t to boards (R, B): (R, B, outputs)."""
        assert boards.ndim == 2, "boards must be (R, B)"
        self.seen[:, t] = boards
        if self.compiled:
            at = self.arrays
            kernels.sum_gates(t, at.gates, at.n, at.a_n, at.h, at.table, at.seen, at.W, at.b)
            self.squash(t, self.gates)
            kernels.sum_candidates(t, at.n, at.gates, at.a_n)
            self.squash(t, self.n)
            kernels.update_states(t, at.h, at.n, at.gates, at.y, at.V, at.c)
        else:
            H, (W, V, b, c) = self.network.hidden, (self.weights[name] for name in "WVbc")
            x, a = looked_up(self.table, boards), matmul(self.h[:, t], W, b[:, None])
            gates = torch.sigmoid(x[..., : 2 * H] + a[..., H:])
            r, z = gates.chunk(2, dim=-1)
            n = tanh(torch.addcmul(x[..., 2 * H :], r, a[..., :H]))
            h = torch.lerp(n, self.h[:, t], z)
            self.h[:, t + 1], self.gates[:, t], self.n[:, t], self.a_n[:, t] = h, gates, n, a[..., :H]
            self.y[:, t] = matmul(h, V, c[:, None])
        return self.y[:, t]

    def squash(self, t: int, x: Tensor) -> None:
        """σ of x (R, T, B, width) at step t, in its place, whose bits depend on no other number.

        PyTorch's is fast in vectors, and leaves what is left over, past a multiple of 16, to the C library.
        """
        if x[0, 0].numel() % VECTOR:
            kernels.squash(t, x.numpy())
        else:
            torch.sigmoid(x[:, t], out=x[:, t])

    @cached_property
    def arrays(self) -> SimpleNamespace:
        """The arrays of kernels, NumPy's views of the same memory."""
        kept = {name: getattr(self, name) for name in ("h", "gates", "n", "a_n", "y", "seen", "table")}
        return SimpleNamespace(**{name: tensor.numpy() for name, tensor in (kept | self.weights).items()})

    @cached_property
    def slopes(self) -> Tensor:
        """∂h_t by a^n, by a^r or x^r, by a^z or x^z, and by x^n: (R, T, B, 4H)."""
        if self.compiled:
            slopes = self.blank(*self.n.shape[1:3], 4 * self.n.shape[3])
            kernels.fill_slopes(slopes.numpy(), self.arrays.h, self.arrays.gates, self.arrays.n, self.arrays.a_n)
            return slopes
        (r, z), n, h = self.gates.chunk(2, dim=-1), self.n, self.h[:, :-1]
        by_x_n = (1 - z) * (1 - n * n)
        by_a_n = by_x_n * r
        by_r = by_x_n * self.a_n * r * (1 - r)
        by_z = (h - n) * z * (1 - z)
        return torch.cat([by_a_n, by_r, by_z, by_x_n], dim=-1)

    @torch.no_grad()
    def vjp(self, by_y: Tensor, group: int | None = None) -> Tensor:
        """Jᵀ u: (R, C, d) for C weightings u of the answers, `by_y` (R, C, T, B, outputs), of a group or all.

        With autograd it would be `grad(y, theta, u)`, for each weighting.
        """
        assert by_y.ndim == 5, "by_y must be (R, C, T, B, outputs)"
        rows, H, (R, C, T, B, _) = self.rows(group), self.network.hidden, by_y.shape
        W, V = (self.weights[name][rows].mT for name in ("W", "V"))
        by_h = matmul(by_y.flatten(0, 1).flatten(1, 2), V.repeat_interleave(C, dim=0)).view(R, C, T, B, H)
        by_a = by_h.new_empty(R, C, T, B, 4 * H)
        given = by_a, by_h, self.slopes[rows], self.gates[rows], W.contiguous()
        self.compute(kernels.sum_backwards, sum_backwards, *given)
        weightings = zip(by_a.unbind(1), by_y.unbind(1), strict=True)
        return torch.stack([self.gradient(of_a, of_y, group) for of_a, of_y in weightings], dim=1)

    def gradient(self, by_a: Tensor, by_y: Tensor, group: int | None) -> Tensor:
        """The gradient by all parameters, (R, d), from those by a and x, (R, T, B, 4H), and by y, (R, T, B, outputs).

            by_W = Σ h_{t−1}ᵀ by_a,   by_b = Σ by_a,   by_V = Σ h_tᵀ by_y,   by_c = Σ by_y

        Those of the encoder are `torch.autograd.grad` of its table.
        """
        rows, H, places = self.rows(group), self.network.hidden, self.network.places
        h = self.h[rows]
        before, after = h[:, :-1].flatten(1, 2).mT, h[:, 1:].flatten(1, 2).mT  # (R, H, T · B)
        by_a, by_y = by_a.flatten(1, 2), by_y.flatten(1, 2)  # (R, T · B, …)
        by_a, by_x = by_a[..., : 3 * H], by_a[..., H:]
        by_table = by_x.new_zeros(len(by_x), self.network.game.boards, 3 * H)
        self.compute(kernels.scatter, scatter, by_table, by_x, self.seen[rows].flatten(1))
        own = slice(None) if group is None else slice(group, group + 1)
        by_tables = by_table.split(self.size)
        gradient = torch.cat(torch.autograd.grad(self.tables[own], self.leaves[own], by_tables, retain_graph=True))
        gradient[:, places["W"]] = matmul(before, by_a).flatten(1)
        gradient[:, places["b"]] = by_a.sum(1)
        gradient[:, places["V"]] = matmul(after, by_y).flatten(1)
        gradient[:, places["c"]] = by_y.sum(1)
        return gradient

    @torch.no_grad()
    def jvp(self, direction: Tensor, group: int | None = None) -> Tensor:
        """J v along v (R, d), of a group or all: (R, T, B, outputs); by autograd `torch.func.jvp(y, (θ,), (v,))`."""
        assert direction.ndim == 2, "a direction must be (R, d)"
        rows, network = self.rows(group), self.network
        h, seen = self.h[rows], self.seen[rows]
        before, after = h[:, :-1].flatten(1, 2), h[:, 1:].flatten(1, 2)  # (R, T · B, H)
        W, V = (self.weights[name][rows] for name in ("W", "V"))
        dW, dV = (network.part(direction, name) for name in ("W", "V"))
        db, dc = (network.bias(direction, name) for name in ("b", "c"))
        with torch.enable_grad():
            _, dtable = torch.func.jvp(network.table, (self.theta[rows],), (direction,))
        dx = looked_up(dtable, seen.flatten(1)).view(*seen.shape, -1)  # (R, T, B, 3H)
        da = matmul(before, dW, db).view_as(dx)
        dh = torch.empty_like(h[:, 1:])
        self.compute(kernels.sum_forwards, sum_forwards, dh, da, dx, self.slopes[rows], self.gates[rows], W)
        dy = matmul(dh.flatten(1, 2), V, matmul(after, dV, dc))
        return dy.view_as(self.y[rows])

    def compute(self, kernel: Callable, twin: Callable, *tensors: Tensor) -> None:
        """Call a kernel, or on a GPU the function that does the same by tensor operations."""
        if self.compiled:
            kernel(*(tensor.numpy() for tensor in tensors))
        else:
            twin(*tensors)


def sum_backwards(by_a: Tensor, by_h: Tensor, slopes: Tensor, gates: Tensor, W: Tensor) -> None:
    """The kernel of this name by tensor operations."""
    H, C = by_h.shape[-1], by_h.shape[1]
    z, W = gates[..., H:], W.repeat_interleave(C, dim=0)
    for t in reversed(range(by_h.shape[2])):
        now = by_h[:, :, t]  # (R, C, B, H)
        by_blocks = slopes[:, None, t].unflatten(-1, (4, H)) * now[..., None, :]  # (R, C, B, 4, H)
        by_a[:, :, t] = by_blocks.flatten(-2)
        if t:
            through_h = torch.addcmul(by_h[:, :, t - 1], z[:, None, t], now)
            through_a = by_a[:, :, t, :, : 3 * H]
            by_before = matmul(through_a.flatten(0, 1), W, through_h.flatten(0, 1))  # (R · C, B, H)
            by_h[:, :, t - 1] = by_before.view_as(now)


def sum_forwards(dh: Tensor, da: Tensor, dx: Tensor, slopes: Tensor, gates: Tensor, W: Tensor) -> None:
    """The kernel of this name by tensor operations."""
    H = dh.shape[-1]
    z, dh_before = gates[..., H:], torch.zeros_like(dh[:, 0])  # (R, B, H)
    for t in range(dh.shape[1]):
        sums = matmul(dh_before, W, da[:, t])  # (R, B, 3H)
        sums[..., H:] += dx[:, t, :, : 2 * H]
        through_x_n = slopes[:, t, :, 3 * H :] * dx[:, t, :, 2 * H :]
        through_h = torch.addcmul(through_x_n, z[:, t], dh_before)
        through_sums = (slopes[:, t, :, : 3 * H] * sums).unflatten(-1, (3, H)).sum(-2)
        dh[:, t] = dh_before = through_h + through_sums


def scatter(table: Tensor, added: Tensor, boards: Tensor) -> None:
    """The kernel of this name by tensor operations."""
    table.flatten(0, 1).index_add_(0, lines(table, boards), added.flatten(0, 1))


def lines(table: Tensor, boards: Tensor) -> Tensor:
    """The lines at boards (R, n) of each row's own table, when tables (R, boards, width) lie end to end: (R · n)."""
    first = table.shape[1] * torch.arange(len(table), device=table.device)[:, None]
    return (boards + first).flatten()


def looked_up(table: Tensor, boards: Tensor) -> Tensor:
    """Each row's own lines of a table (R, boards, width) at boards (R, n): (R, n, width)."""
    return table.flatten(0, 1).index_select(0, lines(table, boards)).view(*boards.shape, -1)


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
    if len(set(networks)) == 1:
        runs = [Run(networks[0], thetas, length, batch)]
    else:
        runs = [Run(network, [theta], length, batch) for network, theta in zip(networks, thetas, strict=True)]
    return Ensemble(tuple((run, group) for run in runs for group in range(len(run.leaves))))


def run(networks: list[Network], thetas: list[Tensor], boards: Tensor) -> Ensemble:
    """How all players' networks, with parameters (S, d_i), take boards (players · S, T, B)."""
    assert boards.ndim == 3, "boards must be (players · S, T, B)"
    ran = side_by_side(networks, thetas, *boards.shape[1:])
    for t, seen in enumerate(boards.unbind(1)):
        ran.step(t, seen)
    return ran
