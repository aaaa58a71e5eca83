"""Recurrent networks, many side by side: what they answer to boards, and both products with the Jacobian of that.

    x_t = encoder(board_t)                          r, z = σ(x^r + h W^r + b^r), σ(x^z + h W^z + b^z)
    h_t = (1 − z) ∘ n + z ∘ h_{t−1}                 n = tanh(x^n + r ∘ (h W^n + b^n)),   h = h_{t−1}
    y_t = h_t V + c

A gated recurrent unit (Cho et al. 2014), as plain tensor operations that autograd differentiates as
often as one likes. Learning rules need no more than Jᵀu and Jv with J = ∂y/∂θ, though, and those
cost a pass through time each: `Run.vjp` and `Run.jvp`. What a `Run` does at every step are tensor operations
on a GPU, and on the processor kernels, which need fewer passes over memory. Networks are *rows*, (R, …), one
flat tensor of parameters (R, d); time comes before the batch, (R, T, B, …). No operation mixes rows, or games
of a batch.

The gates' columns are (n, r, z) where they come from h, and (r, z, n) where they come from x: so
the derivatives by both lie side by side in memory, four blocks wide.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from lola.learning.arithmetic import matmul, normal, orthonormal, tanh
from lola.learning.coins import kernels

VECTOR = 16  # numbers that PyTorch takes at once with AVX2


@dataclass(frozen=True)
class Network:
    """What networks of one kind have in common: how they see a game's boards, and how many numbers they answer."""

    game: object
    outputs: int

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameters by name, in the order in which they lie in a flat tensor."""
        inputs, hidden, filters, cells = 4 * self.game.cells, self.game.hidden, self.game.filters, self.game.cells
        encoder = {
            "linear": {"in": (inputs, 3 * hidden)},
            "convolutional": {
                "conv1": (9 * 4, filters),
                "conv1 bias": (filters,),
                "conv2": (9 * filters, filters),
                "conv2 bias": (filters,),
                "in": (cells * filters, 3 * hidden),
            },
        }[self.game.encoder]
        gates = {"in bias": (3 * hidden,), "W": (hidden, 3 * hidden), "b": (3 * hidden,)}
        return encoder | gates | {"V": (hidden, self.outputs), "c": (self.outputs,)}

    @cached_property
    def size(self) -> int:
        """The number of parameters, d."""
        return sum(map(math.prod, self.shapes.values()))

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where parameters lie in a flat tensor."""
        ends = np.cumsum([math.prod(shape) for shape in self.shapes.values()]).tolist()
        return {name: slice(a, b) for name, a, b in zip(self.shapes, [0, *ends], ends, strict=False)}

    def part(self, theta: Tensor, name: str) -> Tensor:
        """One of the parameters, (R, *shape), of a flat tensor (R, d)."""
        return theta[:, self.places[name]].unflatten(1, self.shapes[name])

    def initial(self, draws: np.random.Generator, gain: float) -> np.ndarray:
        """Orthogonal weights times `gain` and no biases, as in the authors' code, (d,).

        Those of a layer that sees a board are larger by what makes the variance of its sums gain²,
        although only three inputs are one: with less, gradient ascent learns the biases first.
        """
        blocks = []
        for name, shape in self.shapes.items():
            block = np.zeros(shape)
            if len(shape) == 2:
                rows = orthonormal(normal(draws, (max(shape), min(shape))).T)
                block = rows if shape == rows.shape else rows.T
                sees_board = name == next(iter(self.shapes))
                block = block * gain / (np.sqrt(3 * np.mean(block**2)) if sees_board else 1)
            blocks.append(block.ravel())
        return np.concatenate(blocks).astype(np.float32)

    def table(self, theta: Tensor) -> Tensor:
        """x of every board, (R, boards, 3H)."""
        sums = {"linear": self.summed, "convolutional": self.convolved}[self.game.encoder](theta)
        return sums + self.bias(theta, "in bias")

    def summed(self, theta: Tensor) -> Tensor:
        """The weights of the three inputs of a board that are one, added up."""
        own, other, coin, their_coin = self.part(theta, "in").chunk(4, dim=1)
        coins = torch.stack([coin, their_coin], dim=2)
        return (own[:, :, None, None, None] + other[:, None, :, None, None] + coins[:, None, None]).flatten(1, 4)

    def convolved(self, theta: Tensor) -> Tensor:
        """Two 3 × 3 convolutions that wrap round like the board, with rectifiers, and a linear layer.

        So features of a shifted board are shifted features: only boards with oneself on cell 0 are convolved.
        """
        shifts, cells = self.game.shifts, self.game.cells
        inputs = self.game.views.inputs[: 2 * cells**2]  # of boards with oneself on cell 0
        planes = one_hot(inputs, 4 * cells).sum(1).unflatten(1, (4, cells))
        features = planes.mT.to(theta.dtype).expand(len(theta), -1, -1, -1)  # (R, boards, cells, channels)
        for layer in ("conv1", "conv2"):
            squares = features.index_select(2, shifts.neighbours.flatten())  # (R, boards, cells · 9, channels)
            squares = squares.unflatten(2, (-1, 9)).flatten(1, 2).flatten(2)  # (R, boards · cells, 9 · channels)
            sums = matmul(squares, self.part(theta, layer), self.bias(theta, f"{layer} bias"))
            features = torch.relu(sums).unflatten(1, (-1, cells))
        weights = self.part(theta, "in").unflatten(1, (cells, -1)).index_select(1, shifts.cells.flatten())
        weights = weights.unflatten(1, shifts.cells.shape).permute(0, 2, 3, 1, 4)  # (R, cells, filters, shifts, 3H)
        x = matmul(features.flatten(2), weights.flatten(3).flatten(1, 2)).unflatten(2, (cells, -1))
        return x.flatten(1, 2).index_select(1, shifts.boards)

    def bias(self, theta: Tensor, name: str) -> Tensor:
        """A bias, (R, 1, width)."""
        return self.part(theta, name)[:, None]

    def step(self, x: Tensor, h: Tensor, W: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """h_t from x_t (R, B, 3H) and h_{t−1} (R, B, H), and what its derivatives need: r and z, n, and h W^n + b^n."""
        H = self.game.hidden
        g = matmul(h, W, b)
        gates = torch.sigmoid(x[..., : 2 * H] + g[..., H:])
        n = tanh(torch.addcmul(x[..., 2 * H :], gates[..., :H], g[..., :H]))
        return torch.lerp(n, h, gates[..., H:]), (gates, n, g[..., :H])

    def answers(self, theta: Tensor, boards: Tensor) -> Tensor:
        """y (R, T, B, outputs) to boards (R, T, B), differentiable in θ as often as one likes."""
        table, h = self.table(theta), theta.new_zeros(len(theta), boards.shape[2], self.game.hidden)
        W, b = self.part(theta, "W"), self.bias(theta, "b")
        states = []
        for t in range(boards.shape[1]):
            x = torch.stack([of_row[seen] for of_row, seen in zip(table, boards[:, t], strict=True)])
            h, _ = self.step(x, h, W, b)
            states.append(h)
        h = torch.stack(states, dim=1)
        return matmul(h.flatten(1, 2), self.part(theta, "V"), self.bias(theta, "c")).unflatten(1, h.shape[1:3])


class Run:
    """What networks answer to a roll-out's boards, step by step, and how that depends on their parameters.

    `thetas` has the parameters of a group of rows each, (S, d), say of a player's; the rows are the
    groups' one after another. Boards `seen` are (R, T, B), answers `y` (R, T, B, outputs).
    """

    def __init__(self, network: Network, thetas: list[Tensor], length: int, batch: int):
        self.network, self.size = network, len(thetas[0])
        self.leaves = [theta.detach().requires_grad_() for theta in thetas]
        with torch.enable_grad():
            self.tables = [network.table(leaf) for leaf in self.leaves]
        self.theta = torch.cat(self.leaves).detach()
        self.table = torch.cat(self.tables).detach()
        self.weights = {name: network.part(self.theta, name).contiguous() for name in ("W", "V", "b", "c")}
        H = network.game.hidden
        self.h = self.blank(length + 1, batch, H).zero_()
        self.gates, self.n, self.g = (self.blank(length, batch, width) for width in (2 * H, H, H))
        self.y = self.blank(length, batch, network.outputs)
        self.seen = self.y.new_empty(self.y.shape[:3], dtype=torch.int64)

    @property
    def compiled(self) -> bool:
        """Whether kernels take the steps, on the processor, or tensor operations, on a GPU."""
        return not self.theta.is_cuda

    def theta_is(self, thetas: list[Tensor]) -> bool:
        """Whether these very tensors, not equal ones, are its parameters."""
        return [leaf.data_ptr() for leaf in self.leaves] == [theta.data_ptr() for theta in thetas]

    def blank(self, *shape: int) -> Tensor:
        return self.theta.new_empty(len(self.theta), *shape)

    @torch.no_grad()
    def step(self, t: int, boards: Tensor) -> Tensor:
        """What the networks answer at step t to boards (R, B): (R, B, outputs)."""
        self.seen[:, t] = boards
        if self.compiled:
            at = self.arrays
            kernels.sum_gates(t, at.gates, at.n, at.g, at.h, at.table, at.seen, at.W, at.b)
            self.squash(t, self.gates)
            kernels.sum_candidates(t, at.n, at.gates, at.g)
            self.squash(t, self.n)
            kernels.update_states(t, at.h, at.n, at.gates, at.y, at.V, at.c)
        else:
            W, V, b, c = (self.weights[name] for name in "WVbc")
            h, (gates, n, g) = self.network.step(looked_up(self.table, boards), self.h[:, t], W, b[:, None])
            self.h[:, t + 1], self.gates[:, t], self.n[:, t], self.g[:, t] = h, gates, n, g
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
        """What kernels read and write, as NumPy's views of the same memory."""
        kept = {name: getattr(self, name) for name in ("h", "gates", "n", "g", "y", "seen", "table")}
        return SimpleNamespace(**{name: tensor.numpy() for name, tensor in (kept | self.weights).items()})

    @cached_property
    def slopes(self) -> Tensor:
        """∂h_t by h W^n + b^n, by the sums in r and in z, and by x^n: (R, T, B, 4H)."""
        if self.compiled:
            slopes = self.blank(*self.n.shape[1:3], 4 * self.n.shape[3])
            kernels.fill_slopes(slopes.numpy(), self.arrays.h, self.arrays.gates, self.arrays.n, self.arrays.g)
            return slopes
        (r, z), n = self.gates.chunk(2, dim=-1), self.n
        by_n = (1 - z) * (1 - n * n)
        return torch.cat([by_n * r, by_n * self.g * r * (1 - r), (self.h[:, :-1] - n) * z * (1 - z), by_n], dim=-1)

    @torch.no_grad()
    def vjp(self, dy: Tensor, group: int | None = None) -> Tensor:
        """Jᵀ dy, the gradients of Σ y · dy: (R, C, d) for C weightings dy (R, C, T, B, outputs), of a group or all."""
        rows, (R, C, T, B, _) = self.rows(group), dy.shape
        W, V = (self.weights[name][rows].mT for name in ("W", "V"))
        dh = matmul(dy.flatten(0, 1).flatten(1, 2), V.repeat_interleave(C, dim=0)).view(R, C, T, B, -1)
        sums = dh.new_empty(R, C, T, B, 4 * self.network.game.hidden)
        sum_up = kernels.sum_backwards if self.compiled else sum_backwards
        sum_up(*self.given(sums, dh, self.slopes[rows], self.gates[rows], W.contiguous()))
        h, seen, weightings = self.h[rows], self.seen[rows], zip(sums.unbind(1), dy.unbind(1), strict=True)
        return torch.stack([self.gradient(of_c, y, h, seen, group) for of_c, y in weightings], dim=1)

    def gradient(self, sums: Tensor, dy: Tensor, h: Tensor, seen: Tensor, group: int | None) -> Tensor:
        """The gradient by all parameters, (R, d), from those by the sums in the gates, (R, T, B, 4H), and by y."""
        H, sums, dy = self.network.game.hidden, sums.flatten(1, 2), dy.flatten(1, 2)
        tables = scattered(sums[..., H:], seen, self.network.game.boards)
        groups = range(len(self.leaves)) if group is None else [group]
        by_groups = [
            torch.autograd.grad(self.tables[k], self.leaves[k], of_group, retain_graph=True)[0]
            for k, of_group in zip(groups, tables.split(self.size), strict=True)
        ]
        gradient, places = torch.cat(by_groups), self.network.places
        gradient[:, places["W"]] = matmul(h[:, :-1].flatten(1, 2).mT, sums[..., : 3 * H]).flatten(1)
        gradient[:, places["b"]] = sums[..., : 3 * H].sum(1)
        gradient[:, places["V"]] = matmul(h[:, 1:].flatten(1, 2).mT, dy).flatten(1)
        gradient[:, places["c"]] = dy.sum(1)
        return gradient

    @torch.no_grad()
    def jvp(self, direction: Tensor, group: int | None = None) -> Tensor:
        """J v, how y grows along v (R, d): (R, T, B, outputs), of a group or all."""
        rows, network, h = self.rows(group), self.network, self.h[self.rows(group)]
        W, V = (self.weights[name][rows] for name in ("W", "V"))
        with torch.enable_grad():
            _, table = torch.func.jvp(network.table, (self.theta[rows],), (direction,))
        x = looked_up(table, self.seen[rows].flatten(1)).view(*self.seen[rows].shape, -1)
        along = matmul(h[:, :-1].flatten(1, 2), network.part(direction, "W"), network.bias(direction, "b"))
        dh = torch.empty_like(h[:, 1:])
        sum_up = kernels.sum_forwards if self.compiled else sum_forwards
        sum_up(*self.given(dh, along.view_as(x), x, self.slopes[rows], self.gates[rows], W))
        dy = matmul(h[:, 1:].flatten(1, 2), network.part(direction, "V"), network.bias(direction, "c"))
        return matmul(dh.flatten(1, 2), V, dy).view_as(self.y[rows])

    def given(self, *tensors: Tensor) -> list:
        """Tensors as kernels take them, where they are what computes."""
        return [tensor.numpy() for tensor in tensors] if self.compiled else list(tensors)

    def rows(self, group: int | None) -> slice:
        """The rows of a group, or all."""
        return slice(None) if group is None else slice(group * self.size, (group + 1) * self.size)


def run(network: Network, thetas: list[Tensor], boards: Tensor) -> Run:
    """What networks with these parameters, (S, d) per group, answer to boards (R, T, B)."""
    ran = Run(network, thetas, *boards.shape[1:])
    for t, seen in enumerate(boards.unbind(1)):
        ran.step(t, seen)
    return ran


def sum_backwards(sums: Tensor, dh: Tensor, slopes: Tensor, gates: Tensor, W: Tensor) -> None:
    """What the kernel of this name does, by tensors."""
    H, z, W = dh.shape[-1], gates.chunk(2, dim=-1)[1], W.repeat_interleave(dh.shape[1], dim=0)
    for t in reversed(range(dh.shape[2])):
        now = dh[:, :, t]
        sums[:, :, t] = (slopes[:, None, t].unflatten(-1, (4, H)) * now[..., None, :]).flatten(-2)
        if t:
            kept = torch.addcmul(dh[:, :, t - 1], z[:, None, t], now)
            added = matmul(sums[:, :, t, :, : 3 * H].flatten(0, 1), W, kept.flatten(0, 1))
            dh[:, :, t - 1] = added.view_as(kept)


def sum_forwards(dh: Tensor, along: Tensor, x: Tensor, slopes: Tensor, gates: Tensor, W: Tensor) -> None:
    """What the kernel of this name does, by tensors."""
    H, z = dh.shape[-1], gates.chunk(2, dim=-1)[1]
    now = torch.zeros_like(dh[:, 0])
    for t in range(dh.shape[1]):
        sums = matmul(now, W, along[:, t])
        sums[..., H:] += x[:, t, :, : 2 * H]
        grown = torch.addcmul(slopes[:, t, :, 3 * H :] * x[:, t, :, 2 * H :], z[:, t], now)
        now = grown + (slopes[:, t, :, : 3 * H] * sums).unflatten(-1, (3, H)).sum(-2)
        dh[:, t] = now


def looked_up(table: Tensor, boards: Tensor) -> Tensor:
    """Each row's own lines of a table (R, boards, width) at boards (R, n): (R, n, width)."""
    first = table.shape[1] * torch.arange(len(table), device=table.device)[:, None]
    return table.flatten(0, 1).index_select(0, (boards + first).flatten()).view(*boards.shape, -1)


def scattered(dx: Tensor, boards: Tensor, height: int) -> Tensor:
    """What derivatives (R, n, width) by lines that were looked up at boards (R, …) are by the table's."""
    table, boards = dx.new_zeros(len(dx), height, dx.shape[2]), boards.flatten(1)
    if not dx.is_cuda:
        kernels.scatter(table.numpy(), dx.numpy(), boards.numpy())
        return table
    first = height * torch.arange(len(dx), device=dx.device)[:, None]
    table.view(-1, dx.shape[2]).index_add_(0, (boards + first).flatten(), dx.flatten(0, 1))
    return table
