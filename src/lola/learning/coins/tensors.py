"""What `kernels` does, by tensor operations, for a GPU: functions of the same names, with the same arguments."""

import torch
from torch import Tensor

from lola.learning.arithmetic import matmul, running_sum, tanh


def steps(first, end, y, table, b, c, h, z, slopes, seen, lines, W, V) -> None:
    """The kernel of this name by tensor operations."""
    every = table[:, lines].sum(2)  # x of each board
    for t in range(first, end):
        x_r, x_z, x_n = looked_up(every, seen[:, t]).chunk(3, dim=-1)
        a_n, a_r, a_z = sums(h[:, t], W, b).unbind(1)
        before, r, gate = h[:, t], torch.sigmoid(x_r + a_r), torch.sigmoid(x_z + a_z)
        n = tanh(torch.addcmul(x_n, r, a_n))
        by_x_n = (1 - gate) * (1 - n * n)
        by_a_n, by_z = by_x_n * r, (before - n) * gate * (1 - gate)
        slopes[:, t] = torch.stack([by_a_n, by_a_n * a_n * (1 - r), by_z, by_x_n], dim=1)
        h[:, t + 1], z[:, t] = torch.lerp(n, before, gate), gate
        y[:, t] = matmul(h[:, t + 1], V, c[:, None])


def pull_back(by_table, by_W, by_b, by_V, by_c, by_y, h, z, slopes, seen, lines, W, V) -> None:
    """The kernel of this name by tensor operations."""
    before, after = h[:, :-1].flatten(1, 2).mT, h[:, 1:].flatten(1, 2).mT  # (R, H, T · B)
    boards = seen.flatten(1)
    for c, answers in enumerate(by_y.unbind(1)):
        by_h = matmul(answers.flatten(1, 2), V.mT).view_as(z)  # (R, T, B, H)
        by_a = torch.empty_like(slopes)
        for t in reversed(range(len(by_h[0]))):
            by_a[:, t] = slopes[:, t] * by_h[:, t, None]
            if t:
                by_before = torch.addcmul(by_h[:, t - 1], z[:, t], by_h[:, t])
                by_h[:, t - 1] = matmul(side_by_side(by_a[:, t, :3]), W.mT.flatten(1, 2), by_before)
        for k in range(3):
            by_W[:, c, k] += matmul(before, by_a[:, :, k].flatten(1, 2))
        by_b[:, c] += by_a[:, :, :3].sum((1, 3))
        by_V[:, c] += matmul(after, answers.flatten(1, 2))
        by_c[:, c] += answers.sum((1, 2))
        by_boards = by_table.new_zeros(len(W), len(lines), by_table.shape[-1])
        by_x = side_by_side(by_a[:, :, 1:].flatten(0, 1)).unflatten(0, z.shape[:2])  # (R, T, B, 3H)
        by_boards.flatten(0, 1).index_add_(0, places(by_boards, boards), by_x.flatten(0, 2))
        for line in lines.unbind(1):
            by_table[:, c].index_add_(1, line, by_boards)


def push_forward(dy, dtable, dW, db, dV, dc, h, z, slopes, seen, lines, W, V) -> None:
    """The kernel of this name by tensor operations."""
    every, dh = dtable[:, lines].sum(2), torch.zeros_like(h[:, 0])
    for t in range(z.shape[1]):
        dx = blocks(looked_up(every, seen[:, t]))
        da = sums(h[:, t], dW, db) + sums(dh, W, torch.zeros_like(db))
        da[:, 1:] += dx[:, :2]
        through_a = (slopes[:, t, :3] * da).sum(1)
        dh = torch.addcmul(torch.addcmul(through_a, slopes[:, t, 3], dx[:, 2]), z[:, t], dh)
        dy[:, t] = matmul(h[:, t + 1], dV, matmul(dh, V, dc[:, None]))


def choose(t, moves, y, uniforms) -> None:
    """The kernel of this name by tensor operations."""
    limits = running_sum(torch.softmax(y, dim=-1)[..., :-1], -1)
    torch.sum(uniforms[:, t, :, None] >= limits, dim=-1, out=moves)


def sums(h: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """h W + b, (R, 3, B, H), from (R, B, H), (R, 3, H, H) and (R, 3, H)."""
    return blocks(matmul(h, side_by_side(W), b.flatten(1)[:, None]))


def blocks(x: Tensor) -> Tensor:
    """(R, n, 3H) as (R, 3, n, H)."""
    return x.unflatten(-1, (3, -1)).transpose(1, 2)


def side_by_side(x: Tensor) -> Tensor:
    """(R, 3, n, H) as (R, n, 3H)."""
    return x.transpose(1, 2).flatten(2)


def looked_up(table: Tensor, boards: Tensor) -> Tensor:
    """What tables (R, boards, width) have for boards (R, n): (R, n, width)."""
    return table.flatten(0, 1).index_select(0, places(table, boards)).view(*boards.shape, -1)


def places(table: Tensor, boards: Tensor) -> Tensor:
    """Where boards (R, n) stand when tables (R, boards, width) lie end to end: (R · n)."""
    first = table.shape[1] * torch.arange(len(table), device=table.device)[:, None]
    return (boards + first).flatten()
