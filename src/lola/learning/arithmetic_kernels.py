"""Arithmetic whose last bits don't depend on the processor, compiled: exp, log, matrix products, linear equations.

Sums and products of two numbers round alike everywhere; what a library makes of exp, or in which order it sums, does
not: libm, MKL and NumPy pick other instructions on other processors. Here all is written down, and in which order.
"""

import math

import numpy as np

from lola.learning.compiled import fma, kernel

LN2_HIGH = 0.6931471803691238  # the leading 33 bits of ln 2, so that its products with small whole numbers are exact
LN2_LOW = 1.9082149292705877e-10  # the rest
LOG2_E = 1.4426950408889634
FACTORIALS = tuple(1.0 / math.factorial(n) for n in range(14))
ODD = tuple(1.0 / (2 * n + 1) for n in range(11))


@kernel
def exp(x):
    """eˣ, to within two units of the last place: 2ᵏ Σ rⁿ/n! with x = k ln 2 + r, |r| ≤ ½ ln 2."""
    if not -746.0 < x < 710.0:
        return x if np.isnan(x) else np.inf if x > 0.0 else 0.0
    k = np.rint(x * LOG2_E)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    total = FACTORIALS[13]
    for n in range(12, -1, -1):
        total = total * r + FACTORIALS[n]
    half = int(k) // 2
    return total * power_of_two(half) * power_of_two(int(k) - half)


@kernel
def power_of_two(k):
    """2ᵏ for |k| ≤ 1022, from its bits."""
    return np.int64((k + 1023) << 52).view(np.float64)


@kernel
def log(x):
    """ln x, to within two units of the last place: e ln 2 + 2 artanh s, x = m 2ᵉ, s = (m − 1) / (m + 1), ½ ≤ m² < 2."""
    if not 0.0 < x < np.inf:
        return -np.inf if x == 0.0 else x if x > 0.0 else np.nan
    m, e = math.frexp(x)
    if m < math.sqrt(0.5):
        m, e = 2.0 * m, e - 1
    s = (m - 1.0) / (m + 1.0)
    square, total = s * s, ODD[10]
    for n in range(9, 0, -1):
        total = total * square + ODD[n]
    return e * LN2_HIGH + (e * LN2_LOW + 2.0 * s * square * total + 2.0 * s)


@kernel
def add_product(out, a, b):
    """out += a b for (R, M, N), (R, M, K) and (R, K, N): see `accumulate`."""
    for r in range(len(out)):
        accumulate(out[r], a[r], b[r])


@kernel
def accumulate(out, a, b):
    """out += a b for (M, N), (M, K) and (K, N), each sum in the order of k and every term added by `fma`.

    Eight terms of two lines are added between reading and writing them, since memory is slower than multiplying.
    """
    (height, depth), width = a.shape, out.shape[1]
    even, whole = height - height % 2, depth - depth % 8
    lines = np.empty((8, width), out.dtype)  # of b, side by side in memory however b lies
    b0, b1, b2, b3, b4, b5, b6, b7 = lines
    for k in range(0, whole, 8):
        for j in range(width):
            for q in range(8):
                lines[q, j] = b[k + q, j]
        for i in range(0, even, 2):
            n = i + 1
            x0, x1, x2, x3 = a[i, k], a[i, k + 1], a[i, k + 2], a[i, k + 3]
            x4, x5, x6, x7 = a[i, k + 4], a[i, k + 5], a[i, k + 6], a[i, k + 7]
            y0, y1, y2, y3 = a[n, k], a[n, k + 1], a[n, k + 2], a[n, k + 3]
            y4, y5, y6, y7 = a[n, k + 4], a[n, k + 5], a[n, k + 6], a[n, k + 7]
            above, below = out[i], out[n]
            for j in range(width):
                c0, c1, c2, c3, c4, c5, c6, c7 = b0[j], b1[j], b2[j], b3[j], b4[j], b5[j], b6[j], b7[j]
                p = fma(x3, c3, fma(x2, c2, fma(x1, c1, fma(x0, c0, above[j]))))
                q = fma(y3, c3, fma(y2, c2, fma(y1, c1, fma(y0, c0, below[j]))))
                above[j] = fma(x7, c7, fma(x6, c6, fma(x5, c5, fma(x4, c4, p))))
                below[j] = fma(y7, c7, fma(y6, c6, fma(y5, c5, fma(y4, c4, q))))
    for k in range(whole if even == height else 0, depth):
        for j in range(width):
            b0[j] = b[k, j]
        for i in range(even if k < whole else 0, height):
            for j in range(width):
                out[i, j] = fma(a[i, k], b0[j], out[i, j])


@kernel
def solve(right, left):
    """Turn every (K, N) of `right` (R, K, N) into left⁻¹ right, with `left` (R, K, K), which is used up."""
    for r in range(len(right)):
        eliminate(right[r], left[r])


@kernel
def eliminate(right, left):
    """Turn (K, N) `right` into left⁻¹ right and (K, K) `left` into 1: Gauss–Jordan without pivoting.

    The matrix is to be diagonally dominant, by rows or by columns.
    """
    size, width = right.shape
    for pivot in range(size):
        scale = 1.0 / left[pivot, pivot]
        for c in range(size):
            left[pivot, c] *= scale
        for c in range(width):
            right[pivot, c] *= scale
        for row in range(size):
            if row != pivot:
                factor = left[row, pivot]
                for c in range(size):
                    left[row, c] -= factor * left[pivot, c]
                for c in range(width):
                    right[row, c] -= factor * right[pivot, c]
