"""Arithmetic whose last bits don't depend on the processor, compiled: exp, σ, log, matrix products, linear equations.

Sums and products of two numbers round alike everywhere; what a library makes of exp, or in which order it sums, does
not: libm, MKL and NumPy pick other instructions on other processors. Here all is written down, and in which order.
"""

import math

import numpy as np

from lola.learning.compiled import fma, kernel
from lola.learning.tiles import BYTES, tile

LN2_HIGH = 0.6931471803691238  # the leading 33 bits of ln 2, so that its products with small whole numbers are exact
LN2_LOW = 1.9082149292705877e-10  # the rest
LOG2_E = 1.4426950408889634
FACTORIALS = tuple(1.0 / math.factorial(n) for n in range(14))
ODD = tuple(1.0 / (2 * n + 1) for n in range(11))
single = np.float32
SINGLE_LN2_HIGH, SINGLE_LN2_LOW = single(0.693359375), single(math.log(2) - 0.693359375)  # the first has 10 bits
SINGLE_LOG2_E, ONE = single(LOG2_E), single(1.0)
SINGLE_FACTORIALS = tuple(single(x) for x in FACTORIALS[:8])
SINGLE_FAR = single(87.0)  # beyond it e⁻ˣ has fewer bits than others
TO_WHOLE = single(1.5 * 2**23)  # single precision has no digits behind the point next to it
DEEP = 128  # lines of a matrix that are multiplied at a time, so that what is read often lies near
six_by_two, two_by_two, one_by_two = tile(6, 2), tile(2, 2), tile(1, 2)  # lines by vectors
six_by_one, one_by_one = tile(6, 1), tile(1, 1)


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
def exp_single(x):
    """eˣ for |x| ≤ 87 in single precision, to within two units of the last place, as `exp`; as at 87 or −87 beyond.

    It has no branches, so that compilers take as many numbers at once as a vector has.
    """
    x = single(x)
    x = SINGLE_FAR if x > SINGLE_FAR else x
    x = -SINGLE_FAR if x < -SINGLE_FAR else x
    shifted = fma(x, SINGLE_LOG2_E, TO_WHOLE)  # its last bits are k
    k = shifted - TO_WHOLE
    r = fma(-k, SINGLE_LN2_LOW, fma(-k, SINGLE_LN2_HIGH, x))
    total = SINGLE_FACTORIALS[7]
    for n in range(6, -1, -1):
        total = fma(total, r, SINGLE_FACTORIALS[n])
    return total * np.int32((np.float32(shifted).view(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32)


@kernel
def squash(x):
    """σ of numbers that lie side by side, in their place."""
    if x.itemsize == 4:
        for q in range(len(x)):
            x[q] = ONE / (ONE + exp_single(-x[q]))
    else:
        for q in range(len(x)):
            x[q] = 1.0 / (1.0 + exp(-x[q]))


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

    Numbers of a line of `out` lie side by side; a and b may lie however they like. What is left of N over a multiple of
    a vector is added up beside, with zeros to fill a vector.
    """
    assert out.strides[1] == out.itemsize
    (height, depth), width = a.shape, out.shape[1]
    lanes = BYTES // out.itemsize
    whole = width - width % lanes
    if whole == width and b.strides[1] == b.itemsize:  # as it lies
        for k in range(0, depth, DEEP):
            add_tiles(out, a[:, k : k + DEEP], b[k : k + DEEP], width)
        return
    lines = np.zeros((min(depth, DEEP), whole + lanes), out.dtype)  # of b, side by side
    rest = np.empty((height if whole < width else 0, lanes), out.dtype)
    for i in range(len(rest)):
        for j in range(width - whole):
            rest[i, j] = out[i, whole + j]
    for k in range(0, depth, DEEP):
        left = a[:, k : k + DEEP]
        for q in range(left.shape[1]):
            for j in range(width):
                lines[q, j] = b[k + q, j]
        add_tiles(out, left, lines, whole)
        add_tiles(rest, left, lines[:, whole:], lanes)
    for i in range(len(rest)):
        for j in range(width - whole):
            out[i, whole + j] = rest[i, j]


@kernel
def add_tiles(out, a, b, width):
    """out += a b in the first columns, so many, which are a multiple of a vector."""
    lanes, height = BYTES // out.itemsize, len(out)
    sixes, twos = height - height % 6, height - height % 2
    pairs = width - width % (2 * lanes)
    for j in range(0, pairs, 2 * lanes):
        for i in range(0, sixes, 6):
            six_by_two(out, a, b, i, j)
        for i in range(sixes, twos, 2):
            two_by_two(out, a, b, i, j)
        for i in range(twos, height):
            one_by_two(out, a, b, i, j)
    for j in range(pairs, width, lanes):
        for i in range(0, sixes, 6):
            six_by_one(out, a, b, i, j)
        for i in range(sixes, height):
            one_by_one(out, a, b, i, j)


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
