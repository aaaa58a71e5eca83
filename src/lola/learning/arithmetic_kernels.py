"""Arithmetic whose last bits don't depend on the processor, compiled: exp, log, matrix products, linear equations.

Sums and products of two numbers round alike everywhere; what a library makes of exp, or in which order it sums, does
not: libm, MKL and NumPy pick other instructions on other processors. Here all is written down, and in which order.
"""

import math

import numpy as np

from lola.learning.compiled import kernel

LN2_HIGH = 0.6931471803691238  # the leading 33 bits of ln 2, so that its products with small whole numbers are exact
LN2_LOW = 1.9082149292705877e-10  # the rest
LOG2_E = 1.4426950408889634
FACTORIALS = tuple(1.0 / math.factorial(n) for n in range(14))
ODD = tuple(1.0 / (2 * n + 1) for n in range(11))
UNROLLED = 8


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
    """out += a b for (R, M, N), (R, M, K) and (R, K, N), each sum in the order of k.

    Several products are added to a sum between reading and writing it, which makes this as fast as a library.
    """
    rows, height, depth = a.shape
    width = out.shape[2]
    whole = depth - depth % UNROLLED
    for r in range(rows):
        for k in range(0, whole, UNROLLED):
            b0, b1, b2, b3 = b[r, k], b[r, k + 1], b[r, k + 2], b[r, k + 3]
            b4, b5, b6, b7 = b[r, k + 4], b[r, k + 5], b[r, k + 6], b[r, k + 7]
            for i in range(height):
                a0, a1, a2, a3 = a[r, i, k], a[r, i, k + 1], a[r, i, k + 2], a[r, i, k + 3]
                a4, a5, a6, a7 = a[r, i, k + 4], a[r, i, k + 5], a[r, i, k + 6], a[r, i, k + 7]
                line = out[r, i]
                for j in range(width):
                    total = (((line[j] + a0 * b0[j]) + a1 * b1[j]) + a2 * b2[j]) + a3 * b3[j]
                    line[j] = (((total + a4 * b4[j]) + a5 * b5[j]) + a6 * b6[j]) + a7 * b7[j]
        for k in range(whole, depth):
            for i in range(height):
                for j in range(width):
                    out[r, i, j] += a[r, i, k] * b[r, k, j]


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
