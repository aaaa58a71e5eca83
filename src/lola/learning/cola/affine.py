"""Consistent directions that are affine in the parameters: all of them, where values are quadratic.

A joint direction f is consistent at look-ahead rate η if f_i(θ) = ∇_i V_i(θ_i, θ_−i + η f_−i(θ)) for every player i,
the derivative going through f_−i (Willi et al. 2022, COLA). With V_i = ½ θᵀB_i θ + b_iᵀθ and f = c + Mθ it is

    M_i = U_iᵀ B_i T_i,    c_i = U_iᵀ (η B_i P_i c + b_i),    T_i = 1 + η P_i M,    U_i = the columns of i in T_i,

where P_i leaves out player i, and M_i and c_i are the rows of i. The first are quadratic equations, which may have
several solutions; the second are linear in c, and may leave it free. All is done by sums and products of two numbers,
so that bits depend on no processor.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from lola.learning.rules import Rule, Values, gradient
from lola.vocabulary import measures

STARTS = 2000  # of Newton's method
ITERATIONS = 60
SMALLEST, LARGEST = -4, 10  # starts have sizes of 2^k / η, since roots are near 1 / η² where η is small
VANISHING = 1e-6  # of a pivot that is taken for 0, of the largest number
SAME = 1e-5  # solutions that differ by less, of their size, are one: as well as threefold ones are known


@dataclass(frozen=True)
class Solution:
    """A consistent f(θ) = c + Mθ: `constant` c (D,) and `slopes` M (D, D), for D parameters of all players.

    `free`: with these slopes other constants are consistent too, and this is the shortest of them.
    """

    constant: np.ndarray
    slopes: np.ndarray
    free: bool

    @property
    def symmetric(self) -> bool:
        """Whether it is the same for all players, of one parameter each: whoever swaps them, finds it unchanged."""
        own, across = np.diag(self.slopes), self.slopes[~np.eye(len(self.slopes), dtype=bool)]
        return all(np.ptp(alike) <= SAME * (1 + np.abs(alike).max()) for alike in (own, across, self.constant))


@dataclass(frozen=True)
class Affine:
    """The rule of an affine consistent solution, which is found when it is first asked for in a game."""

    eta: float | Tensor
    solution: int
    found: dict = field(default_factory=dict, compare=False)  # by what gives the values

    def __call__(self, values: Values, thetas: list[Tensor], i: int) -> Tensor:
        constant, slopes, _ = self.in_game(values, thetas)
        first = sum(theta.shape[1] for theta in thetas[:i])
        own, theta = slice(first, first + thetas[i].shape[1]), torch.cat(thetas, dim=1)
        return constant[:, own] + sum(slopes[:, own, k] * theta[:, k, None] for k in range(theta.shape[1]))

    def in_game(self, values: Values, thetas: list[Tensor]) -> tuple[Tensor, Tensor, list[list[Solution]]]:
        """c (…, D) and M (…, D, D), with a row for each η or one for all, and all solutions at each."""
        if values.at_hand not in self.found:
            self.found[values.at_hand] = self.solve(values, [theta.shape[1] for theta in thetas])
        return self.found[values.at_hand]

    def solve(self, values: Values, sizes: list[int]) -> tuple[Tensor, Tensor, list[list[Solution]]]:
        etas, at = torch.as_tensor(self.eta, dtype=torch.float64).flatten().tolist(), {}
        game = coefficients(values, sizes)
        for eta in etas:
            at[eta] = at.get(eta) or solutions(*game, sizes, eta)
        none = Solution(np.full(sum(sizes), np.nan), np.full((sum(sizes),) * 2, np.nan), False)
        chosen = [at[eta][self.solution - 1] if self.solution <= len(at[eta]) else none for eta in etas]
        constant, slopes = (np.stack([getattr(each, name) for each in chosen]) for name in ("constant", "slopes"))
        return torch.from_numpy(constant), torch.from_numpy(slopes), [at[eta] for eta in etas]

    def about(self, values: Values, thetas: list[Tensor]) -> list[dict[str, float]]:
        """For each η the number of solutions, and whether this one is symmetric and free: 1 or 0, nan without it."""
        found = []
        for known in self.in_game(values, thetas)[2]:
            own = known[self.solution - 1] if self.solution <= len(known) else None
            symmetric, free = (own.symmetric, own.free) if own else (np.nan, np.nan)
            is_so = {measures.SYMMETRIC: float(symmetric), measures.FREE: float(free)}
            found.append({measures.SOLUTIONS: float(len(known))} | is_so)
        return found


def cola_affine(eta: float | Tensor, solution: int = 1) -> Rule:
    """c_i + M_i θ with f_i(θ) = ∇_i V_i(θ_i, θ_−i + η f_−i(θ)): COLA in closed form, where values are quadratic.

    Of several solutions it is the `solution`-th, the one of smallest slopes first, which for η → 0 is the gradient; of
    several constants with the same slopes the shortest. Where there are fewer solutions the direction is nan.
    """
    return Affine(eta, solution)


def coefficients(values: Values, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """B (players, D, D) and b (players, D): second and first derivatives of all values at 0."""
    thetas = [torch.zeros(1, size, dtype=torch.float64, requires_grad=True) for size in sizes]

    def slopes(value: Tensor) -> Tensor:
        return torch.cat([gradient(value, theta) for theta in thetas], dim=1)[0]

    b = [slopes(value) for value in values.by_autograd()(thetas)]
    B = [torch.stack([slopes(slope[None]) for slope in of_player.unbind()]) for of_player in b]
    return torch.stack(B).detach().numpy(), torch.stack(b).detach().numpy()


def solutions(B: np.ndarray, b: np.ndarray, sizes: list[int], eta: float) -> list[Solution]:
    """All affine consistent solutions that Newton's method finds from many starts, by the size of their slopes.

    For two players with one parameter each it finds every one that elimination does (tests/learning/cola).
    """
    D, owner = sum(sizes), np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.Generator(np.random.SFC64(0))
    scale = np.ldexp(1.0, rng.integers(SMALLEST, LARGEST, STARTS)) / (eta or 1.0)
    starts = scale[:, None, None] * (2.0 * rng.random((STARTS, D, D)) - 1.0)
    with np.errstate(all="ignore"):
        slopes, last = newton(np.concatenate([B[owner, range(D)][None], starts]), B, owner, eta)
        there = last <= 1e-7 * (1 + np.abs(slopes).max(axis=(1, 2)))
        found = []
        for each in slopes[there]:
            if not any(np.abs(each - other).max() <= SAME * (1 + np.abs(other).max()) for other in found):
                found.append(each)
        found, _ = newton(np.reshape(found, (-1, D, D)), B, owner, eta)  # what was found first may be rough
        constants = [constant(each, B, b, owner, eta) for each in found]
    known = [Solution(c, M, more) for (c, more), M in zip(constants, found, strict=True) if np.isfinite(c).all()]
    return sorted(known, key=rank)


def rank(solution: Solution) -> list[float]:
    """The size of the slopes, then all numbers, to six digits: mirror images are of one size but for rounding."""
    numbers = [np.sqrt((solution.slopes**2).sum()), *solution.slopes.flat, *solution.constant]
    return [float(f"{x:.6g}") for x in numbers]


def newton(M: np.ndarray, B: np.ndarray, owner: np.ndarray, eta: float) -> tuple[np.ndarray, np.ndarray]:
    """Where Newton's method leads from slopes M (K, D, D), and the size of its last step, (K,)."""
    D = len(owner)
    for _ in range(ITERATIONS):
        steps = [eta * (owner != i)[:, None] * M + np.eye(D) for i in range(len(B))]  # T_i
        residual, jacobian = M.copy(), np.zeros((len(M), D, D, D, D))
        for r, i in enumerate(owner):
            ahead = product(B[i][None], steps[i])  # B_i T_i
            back = product(np.swapaxes(steps[i], 1, 2)[:, [r]], B[i][None])[:, 0]  # row r of U_iᵀ B_i
            residual[:, r] -= product(np.swapaxes(steps[i], 1, 2)[:, [r]], ahead)[:, 0]
            for k in range(D):
                jacobian[:, r, k, r, k] += 1.0
                for q in np.flatnonzero(owner != i):  # how M_qr and M_qk move T_i
                    jacobian[:, r, k, q, r] -= eta * ahead[:, q, k]
                    jacobian[:, r, k, q, k] -= eta * back[:, q]
        step, _ = solved(jacobian.reshape(len(M), D * D, D * D), residual.reshape(len(M), D * D))
        M = M - step.reshape(M.shape)
    return M, np.abs(step).max(axis=1)


def constant(M: np.ndarray, B: np.ndarray, b: np.ndarray, owner: np.ndarray, eta: float) -> tuple[np.ndarray, bool]:
    """c, (D,), of slopes M (D, D), and whether others would do as well; not finite if none does."""
    D = len(owner)
    left, right = np.eye(D), np.zeros(D)
    for r, i in enumerate(owner):
        others = eta * (owner != i)
        to_own = others * M[:, r] + np.eye(D)[r]  # U_iᵀ
        left[r] -= product(to_own[None, None], B[i][None])[0, 0] * others
        right[r] = sum(to_own * b[i])
    (c,), (smallest,) = solved(left[None], right[None])
    if smallest > VANISHING * np.abs(left).max():
        return c, False
    squared = product(left[None], left.T[None])  # the shortest c of many, as the limit of those with a little damping
    (weights,), _ = solved(squared + VANISHING**2 * np.eye(D), right[None])
    c = product(left.T[None], weights[None, :, None])[0, :, 0]
    off = np.abs(product(left[None], c[None, :, None])[0, :, 0] - right).max()
    return (c if off <= SAME * (1 + np.abs(right).max()) else np.full(D, np.nan)), True


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a b, (K, M, N), of (K, M, L) and (K, L, N), term by term."""
    return sum(a[:, :, k, None] * b[:, None, k, :] for k in range(a.shape[2]))


def solved(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """left⁻¹ right, (K, N), of (K, N, N) and (K, N), and the size of the smallest pivot, (K,): Gauss–Jordan.

    A pivot is the largest number that is left of its column.
    """
    lines, rows = np.concatenate([left, right[:, :, None]], axis=2), np.arange(len(left))
    smallest = np.full(len(left), np.inf)
    for pivot in range(left.shape[1]):
        largest = pivot + np.abs(lines[:, pivot:, pivot]).argmax(axis=1)
        lines[rows, pivot], lines[rows, largest] = lines[rows, largest], lines[rows, pivot]
        smallest = np.minimum(smallest, np.abs(lines[:, pivot, pivot]))
        lines[:, pivot] = lines[:, pivot] / lines[:, pivot, pivot, None]
        factors = lines[:, :, pivot].copy()
        factors[:, pivot] = 0.0
        lines = lines - factors[:, :, None] * lines[:, pivot, None, :]
    return lines[:, :, -1], smallest
