"""Recurrent networks as plain tensor operations, which autograd differentiates as often as one likes."""

import torch

from lola.learning.arithmetic import matmul, tanh


def answers(network, theta, boards):
    """y (R, T, B, outputs) to boards (R, T, B), differentiable in θ (R, d)."""
    assert theta.shape == (len(boards), network.size), "theta must be (R, d), boards (R, T, B)"
    H = network.hidden
    table, h = network.table(theta), theta.new_zeros(len(theta), boards.shape[2], H)
    W, b = network.part(theta, "W"), network.bias(theta, "b")
    states = []
    for t in range(boards.shape[1]):
        x = torch.stack([of_row[network.lines[seen]].sum(-2) for of_row, seen in zip(table, boards[:, t], strict=True)])
        sums = matmul(h, W, b)
        r, z = torch.sigmoid(x[..., : 2 * H] + sums[..., H:]).chunk(2, dim=-1)
        h = torch.lerp(tanh(torch.addcmul(x[..., 2 * H :], r, sums[..., :H])), h, z)
        states.append(h)
    h = torch.stack(states, dim=1)
    V, c = network.part(theta, "V"), network.bias(theta, "c")
    return matmul(h.flatten(1, 2), V, c).unflatten(1, h.shape[1:3])
