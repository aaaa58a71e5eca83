"""Recurrent networks on the processor, compiled: what `tensors` does on a GPU, step by step in memory that lies near.

Arrays are called as in the head of `runs`: rows come first, then time, then the block of a sum, then the batch. All lie
as they are written, in one piece.
"""

import numpy as np

from lola.learning.arithmetic_kernels import accumulate, exp, squash
from lola.learning.compiled import fma, kernel


@kernel
def steps(first, end, y, table, b, c, h, z, slopes, seen, lines, W, V):
    """The steps from `first` to before `end`: states h after each, gates z, the derivatives of h, and the answers."""
    rows, _, _, batch, H = slopes.shape
    a, x_n = np.empty((3, batch, H), h.dtype), np.empty((batch, H), h.dtype)  # a is (n, r, z)
    for row in range(rows):
        for t in range(first, end):
            before, after = h[row, t], h[row, t + 1]
            x_n[:] = 0.0
            for k in range(3):
                a[k] = b[row, k]
                accumulate(a[k], before, W[row, k])
            add_lines(a[1], a[2], x_n, table[row], lines, seen[row, t])
            unit(flat(a), x_n.ravel(), before.ravel(), after.ravel(), z[row, t].ravel(), flat(slopes[row, t]))
            y[row, t] = c[row]
            accumulate(y[row, t], after, V[row])


@kernel
def flat(blocks):
    """The numbers of each block in one line."""
    return blocks.reshape(len(blocks), -1)


@kernel
def unit(a, n, before, after, z, slopes):
    """The gated unit, for numbers that lie in lines: from x^n in `n`, a^n in `a[0]`, and a + x in r and z in the rest.

    The loops have a result each, and few arrays, so that compilers find vectors in them.
    """
    one = n.dtype.type(1)
    a_n, r = a[0], a[1]
    squash(r)
    squash(a[2])
    z[:] = a[2]
    for q in range(len(n)):
        total = fma(r[q], a_n[q], n[q])
        n[q] = total + total
    squash(n)  # tanh is 2 σ(2x) − 1
    for q in range(len(n)):
        n[q] = (n[q] + n[q]) - one
    for q in range(len(n)):
        after[q] = fma(z[q], before[q] - n[q], n[q])
    by_a_n, by_r, by_z, by_x_n = slopes[0], slopes[1], slopes[2], slopes[3]
    for q in range(len(n)):
        by_x_n[q] = (one - z[q]) * (one - n[q] * n[q])
    for q in range(len(n)):
        by_a_n[q] = by_x_n[q] * r[q]
    for q in range(len(n)):
        by_r[q] = by_a_n[q] * a_n[q] * (one - r[q])
    for q in range(len(n)):
        by_z[q] = (before[q] - n[q]) * z[q] * (one - z[q])


@kernel
def add_lines(r, z, n, table, lines, boards):
    """Add x of boards (B,) to what is summed in r, z and n, (B, H) each: of a table (lines, 3H), those of the board."""
    H = r.shape[1]
    for i in range(len(boards)):
        for line in lines[boards[i]]:
            for j in range(H):
                r[i, j] += table[line, j]
            for j in range(H):
                z[i, j] += table[line, H + j]
            for j in range(H):
                n[i, j] += table[line, 2 * H + j]


@kernel
def pull_back(by_table, by_W, by_b, by_V, by_c, by_y, h, z, slopes, seen, lines, W, V):
    """Jᵀ u into derivatives by the parameters, zeros (R, C, …), for C weightings u = `by_y`, (R, C, T, B, outputs)."""
    rows, weightings, length, batch, outputs = by_y.shape
    H = h.shape[3]
    by_a, by_h = np.empty((4, batch, H), h.dtype), np.empty((batch, H), h.dtype)
    W_T, V_T = np.empty((3, H, H), h.dtype), np.empty((outputs, H), h.dtype)
    by_V_T, ones = np.empty((outputs, H), h.dtype), np.ones((1, batch), h.dtype)
    for row in range(rows):
        for k in range(3):
            W_T[k] = W[row, k].T
        V_T[:] = V[row].T
        for c in range(weightings):
            by_h[:], by_V_T[:] = 0.0, 0.0
            for t in range(length - 1, -1, -1):
                answers = by_y[row, c, t]
                accumulate(by_h, answers, V_T)
                multiply(flat(by_a), flat(slopes[row, t]), by_h.ravel())
                for k in range(3):
                    accumulate(by_W[row, c, k], h[row, t].T, by_a[k])
                    accumulate(by_b[row, c, k : k + 1], ones, by_a[k])
                accumulate(by_V_T, answers.T, h[row, t + 1])
                add_up(by_c[row, c], answers)
                scatter(by_table[row, c], by_a, lines, seen[row, t])
                if t:
                    scale(by_h.ravel(), z[row, t].ravel())
                    for k in range(3):
                        accumulate(by_h, by_a[k], W_T[k])
            by_V[row, c] = by_V_T.T


@kernel
def multiply(out, factors, numbers):
    """Lines of factors, each times the same numbers."""
    for k in range(len(out)):
        line, factor = out[k], factors[k]
        for q in range(len(numbers)):
            line[q] = factor[q] * numbers[q]


@kernel
def scale(numbers, factors):
    """Numbers times factors, in their place."""
    for q in range(len(numbers)):
        numbers[q] *= factors[q]


@kernel
def add_up(total, numbers):
    """Add lines (B, width) to a total, (width,)."""
    for i in range(len(numbers)):
        line = numbers[i]
        for j in range(len(total)):
            total[j] += line[j]


@kernel
def scatter(table, by_a, lines, boards):
    """Add derivatives by x, the last three blocks (4, B, H), to the lines of the boards (B,) in a table (lines, 3H)."""
    H = by_a.shape[2]
    for i in range(len(boards)):
        for line in lines[boards[i]]:
            for k in range(3):
                added = by_a[k + 1, i]
                total = table[line, k * H : (k + 1) * H]
                for j in range(H):
                    total[j] += added[j]


@kernel
def push_forward(dy, dtable, dW, db, dV, dc, h, z, slopes, seen, lines, W, V):
    """J v into `dy` (R, T, B, outputs), along a direction v of the parameters, (R, …) each."""
    rows, length, _, batch, H = slopes.shape
    da, dx_n, dh = np.empty((3, batch, H), h.dtype), np.empty((batch, H), h.dtype), np.empty((batch, H), h.dtype)
    for row in range(rows):
        dh[:] = 0.0
        for t in range(length):
            dx_n[:] = 0.0
            for k in range(3):
                da[k] = db[row, k]
                accumulate(da[k], h[row, t], dW[row, k])
                if t:
                    accumulate(da[k], dh, W[row, k])
            add_lines(da[1], da[2], dx_n, dtable[row], lines, seen[row, t])
            grow(dh.ravel(), flat(da), dx_n.ravel(), z[row, t].ravel(), flat(slopes[row, t]))
            dy[row, t] = dc[row]
            accumulate(dy[row, t], h[row, t + 1], dV[row])
            accumulate(dy[row, t], dh, V[row])


@kernel
def grow(dh, da, dx_n, z, slopes):
    """How h grows, from how it did before and how what goes into it grows, for numbers that lie in lines."""
    by_x_n = slopes[3]
    for q in range(len(dh)):
        dh[q] = fma(z[q], dh[q], by_x_n[q] * dx_n[q])
    for k in range(3):
        line, slope = da[k], slopes[k]
        for q in range(len(dh)):
            dh[q] = fma(slope[q], line[q], dh[q])


@kernel
def choose(t, moves, y, uniforms):
    """The action in whose part of [0, 1) a uniform number of step t lies, of (R, T, B), into `moves` (R, B).

    Answers y are (R, B, actions). If any of them is NaN, the first action is chosen.
    """
    limits = np.empty(y.shape[2])
    for row in range(len(moves)):
        for i in range(moves.shape[1]):
            divide(limits, y[row, i])
            moves[row, i] = (uniforms[row, t, i] >= limits[:-1]).sum()


@kernel
def divide(limits, y):
    """Where the parts of [0, 1) end that actions with answers y have, in double precision."""
    largest, total = y.max(), 0.0
    for k in range(len(y)):
        total += exp(np.float64(y[k] - largest))
        limits[k] = total
    for k in range(len(y)):
        limits[k] /= total
