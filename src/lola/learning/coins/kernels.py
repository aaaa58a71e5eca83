"""Recurrent networks on the processor, compiled: what `runs` does by tensors on a GPU, in a pass over memory each.

Arrays are those of a `runs.Run`, and are called as in its module's head: rows come first, then time, then the batch.
"""

import numpy as np

from lola.learning.arithmetic_kernels import accumulate, exp
from lola.learning.compiled import fma, kernel


@kernel
def sum_gates(t, gates, n, a_n, h, table, seen, W, b):
    """The sums in r and z into `gates` at step t, x^n into `n`, h W^n + b^n into `a_n`."""
    rows, _, batch, H = n.shape
    sums = np.empty((batch, 3 * H), n.dtype)
    for r in range(rows):
        sums[:] = b[r]
        accumulate(sums, h[r, t], W[r])
        for i in range(batch):
            board = seen[r, t, i]
            for j in range(2 * H):
                gates[r, t, i, j] = table[r, board, j] + sums[i, H + j]
            for j in range(H):
                n[r, t, i, j], a_n[r, t, i, j] = table[r, board, 2 * H + j], sums[i, j]


@kernel
def squash(t, x):
    """σ of x (R, T, B, width) at step t, in its place."""
    for r in range(len(x)):
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                x[r, t, i, j] = 1.0 / (1.0 + exp(-x[r, t, i, j]))


@kernel
def sum_candidates(t, n, gates, a_n):
    """2 (x^n + r ∘ a^n) into `n` at step t, where x^n is, so that tanh is 2 σ − 1 of it."""
    rows, _, batch, H = n.shape
    for r in range(rows):
        for i in range(batch):
            for j in range(H):
                total = fma(gates[r, t, i, j], a_n[r, t, i, j], n[r, t, i, j])
                n[r, t, i, j] = total + total


@kernel
def update_states(t, h, n, gates, y, V, c):
    """From σ in `n`: n itself, the next h = n + z ∘ (h − n), and y = h V + c, all at step t."""
    rows, _, batch, H = n.shape
    one = n.dtype.type(1)
    for r in range(rows):
        for i in range(batch):
            for j in range(H):
                candidate = (n[r, t, i, j] + n[r, t, i, j]) - one
                n[r, t, i, j] = candidate
                h[r, t + 1, i, j] = fma(gates[r, t, i, H + j], h[r, t, i, j] - candidate, candidate)
        y[r, t] = c[r]
        accumulate(y[r, t], h[r, t + 1], V[r])


@kernel
def fill_slopes(slopes, h, gates, n, a_n):
    """∂h_t by a^n, by a^r or x^r, by a^z or x^z, and by x^n, side by side: (R, T, B, 4H)."""
    rows, length, batch, H = n.shape
    one = n.dtype.type(1)
    for row in range(rows):
        for t in range(length):
            for i in range(batch):
                for j in range(H):
                    r, z, candidate = gates[row, t, i, j], gates[row, t, i, H + j], n[row, t, i, j]
                    by_x_n = (one - z) * (one - candidate * candidate)
                    slopes[row, t, i, j] = by_x_n * r
                    slopes[row, t, i, H + j] = by_x_n * a_n[row, t, i, j] * r * (one - r)
                    slopes[row, t, i, 2 * H + j] = (h[row, t, i, j] - candidate) * z * (one - z)
                    slopes[row, t, i, 3 * H + j] = by_x_n


@kernel
def sum_backwards(by_a, by_h, slopes, gates, W):
    """The derivatives by a and x, (R, C, T, B, 4H), from those by h, `by_h` (R, C, T, B, H), through y of each step.

    W is transposed, (R, 3H, H). What follows from later steps is added to `by_h`.
    """
    rows, weightings, length, batch, H = by_h.shape
    for r in range(rows):
        for t in range(length - 1, -1, -1):
            for c in range(weightings):
                for i in range(batch):
                    for k in range(0, 4 * H, H):
                        for j in range(H):
                            by_a[r, c, t, i, k + j] = slopes[r, t, i, k + j] * by_h[r, c, t, i, j]
                if t:
                    for i in range(batch):
                        for j in range(H):
                            z = gates[r, t, i, H + j]
                            by_h[r, c, t - 1, i, j] = fma(z, by_h[r, c, t, i, j], by_h[r, c, t - 1, i, j])
                    accumulate(by_h[r, c, t - 1], by_a[r, c, t, :, : 3 * H], W[r])


@kernel
def sum_forwards(dh, da, dx, slopes, gates, W):
    """How h grows, (R, T, B, H), as x grows by `dx` and a by `da`, to which what h adds is added; W is (R, H, 3H)."""
    rows, length, batch, H = dh.shape
    for r in range(rows):
        for t in range(length):
            if t:
                accumulate(da[r, t], dh[r, t - 1], W[r])
            for i in range(batch):
                for j in range(H):
                    by_r = slopes[r, t, i, H + j] * (da[r, t, i, H + j] + dx[r, t, i, j])
                    by_z = slopes[r, t, i, 2 * H + j] * (da[r, t, i, 2 * H + j] + dx[r, t, i, H + j])
                    by_x = slopes[r, t, i, 3 * H + j] * dx[r, t, i, 2 * H + j]
                    dh[r, t, i, j] = fma(slopes[r, t, i, j], da[r, t, i, j], by_r + by_z + by_x)
                if t:
                    for j in range(H):
                        dh[r, t, i, j] = fma(gates[r, t, i, H + j], dh[r, t - 1, i, j], dh[r, t, i, j])


@kernel
def scatter(table, lines, boards):
    """Add `lines` (R, n, width) to each row's own of `table` (R, boards, width) at `boards` (R, n)."""
    for r in range(len(lines)):
        for i in range(lines.shape[1]):
            for j in range(lines.shape[2]):
                table[r, boards[r, i], j] += lines[r, i, j]
