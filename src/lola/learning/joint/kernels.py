"""Linear equations of any matrix, compiled: elimination with partial pivoting, a seed at a time."""

import numpy as np

from lola.learning.compiled import kernel

EPSILON = 2.0**-52  # between 1 and the next number


@kernel
def solve(right, left):
    """Turn every (K, N) of `right` (R, K, N) into left⁻¹ right, with `left` (R, K, K), which is used up.

    Where a matrix is singular, which is where no pivot is left but rounding, all of its solution is NaN.
    """
    for r in range(len(right)):
        eliminate(right[r], left[r], np.abs(left[r]))


@kernel
def eliminate(right, left, added):
    """Turn (K, N) `right` into left⁻¹ right: the largest entry left in a column is the pivot, the first of equals.

    `added` is the sum of the sizes of all that was added up to an entry of `left`, |L||U|: rounding is at most K ε of
    it (Higham, Accuracy and Stability of Numerical Algorithms, theorem 9.3), and what is no larger is no pivot.
    """
    size, width = right.shape
    for pivot in range(size):
        best, largest = pivot, 0.0
        for row in range(pivot, size):
            if abs(left[row, pivot]) > max(largest, size * EPSILON * added[row, pivot]):
                best, largest = row, abs(left[row, pivot])
        if largest == 0.0:
            right[:] = np.nan
            return
        swap(left, pivot, best)
        swap(added, pivot, best)
        swap(right, pivot, best)
        for row in range(pivot + 1, size):
            factor = left[row, pivot] / left[pivot, pivot]
            if factor != 0.0:
                for c in range(pivot + 1, size):
                    left[row, c] -= factor * left[pivot, c]
                    added[row, c] += abs(factor * left[pivot, c])
                for c in range(width):
                    right[row, c] -= factor * right[pivot, c]
    for row in range(size - 1, -1, -1):
        for below in range(row + 1, size):
            for c in range(width):
                right[row, c] -= left[row, below] * right[below, c]
        for c in range(width):
            right[row, c] /= left[row, row]


@kernel
def swap(matrix, one, other):
    """Exchange two rows."""
    if one != other:
        for c in range(matrix.shape[1]):
            matrix[one, c], matrix[other, c] = matrix[other, c], matrix[one, c]


@kernel
def dot(x, y):
    """⟨x, y⟩ of every row, (S, 1), from (S, D)."""
    out = np.zeros((len(x), 1))
    for s in range(len(x)):
        for c in range(x.shape[1]):
            out[s, 0] += x[s, c] * y[s, c]
    return out
