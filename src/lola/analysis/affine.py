"""Every rule's direction as a matrix and a vector, in games whose values have degree two at most.

One parameter per player, θ ∈ ℝⁿ. V_i = ½θᵀS_iθ + b_iᵀθ + k_i gives ∇V_i = S_iθ + b_i, so ξ = Jθ + b with row i of J
that of S_i, and so is every rule below, by its equation. Nothing here is shared with what trains
(`lola.learning`), so each may be held against the other.
"""

from dataclasses import dataclass

import numpy as np


class NotLinear(ValueError):
    """The step is not affine, or not everywhere the same; says why."""


@dataclass(frozen=True)
class Affine:
    """x ↦ matrix·x + vector."""

    matrix: np.ndarray
    vector: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.matrix @ x + self.vector

    def __add__(self, other: "Affine") -> "Affine":
        return Affine(self.matrix + other.matrix, self.vector + other.vector)

    def __rmul__(self, factor: float) -> "Affine":
        return Affine(factor * self.matrix, factor * self.vector)

    def __rmatmul__(self, matrix: np.ndarray) -> "Affine":
        return Affine(matrix @ self.matrix, matrix @ self.vector)

    __array_ufunc__ = None  # so that matrix @ affine is asked here

    def after(self, first: "Affine") -> "Affine":
        """x ↦ self(first(x))."""
        return Affine(self.matrix @ first.matrix, self(first.vector))


@dataclass(frozen=True)
class Forms:
    """The values of all players: S_i (n, n) symmetric, b_i (n,), k_i, stacked."""

    S: np.ndarray
    b: np.ndarray
    k: np.ndarray

    @classmethod
    def of(cls, terms: list) -> "Forms":
        """Of a game's `terms`: per player lists of a coefficient and the exponent of each player's parameter."""
        n = len(terms)
        S, b, k = np.zeros((n, n, n)), np.zeros((n, n)), np.zeros(n)
        for i, own in enumerate(terms):
            for coefficient, *exponents in own:
                factors = [j for j, exponent in enumerate(exponents) for _ in range(int(exponent))]
                match factors:
                    case []:
                        k[i] += coefficient
                    case [j]:
                        b[i, j] += coefficient
                    case [j, l]:
                        S[i, j, l] += coefficient
                        S[i, l, j] += coefficient
                    case _:
                        raise NotLinear(f"player {i + 1}'s value has degree {len(factors)}")
        return cls(S, b, k)

    @property
    def players(self) -> range:
        return range(len(self.k))

    def values(self, theta: np.ndarray) -> np.ndarray:
        """V_i(θ) of every player, (n,)."""
        return 0.5 * np.einsum("ijk,j,k->i", self.S, theta, theta) + self.b @ theta + self.k

    def gradient(self, i: int) -> Affine:
        """∇V_i by all parameters."""
        return Affine(self.S[i], self.b[i])

    @property
    def xi(self) -> Affine:
        """ξ = (∇_iV_i)_i."""
        return Affine(np.stack([self.S[i, i] for i in self.players]), np.diagonal(self.b))

    @property
    def J(self) -> np.ndarray:
        """∇_j∇_iV_i, row i."""
        return self.xi.matrix

    @property
    def J_o(self) -> np.ndarray:
        """J without its diagonal blocks."""
        return self.J - np.diag(np.diagonal(self.J))

    @property
    def A(self) -> np.ndarray:
        """The antisymmetric part of J."""
        return (self.J - self.J.T) / 2


def rows(affines: list[Affine]) -> Affine:
    """Row i of the i-th."""
    matrices, vectors = zip(*((each.matrix[i], each.vector[i]) for i, each in enumerate(affines)), strict=True)
    return Affine(np.stack(matrices), np.array(vectors))


def naive(game: Forms) -> Affine:
    """ξ."""
    return game.xi


def shaped(game: Forms, other: Affine, eta: float) -> Affine:
    """ξ_i + η Σ_{j≠i} (∂_i other_j) ∇_jV_i."""
    weights = other.matrix - np.diag(np.diagonal(other.matrix))
    each = [np.outer(np.ones(len(weights)), weights[:, i]) @ game.gradient(i) for i in game.players]
    return game.xi + eta * rows(each)


def lola(game: Forms, eta: float, order: int = 1) -> Affine:
    """ξ + ηχ, and of a higher order the same through LOLA learners."""
    direction = game.xi
    for _ in range(order):
        direction = shaped(game, direction, eta)
    return direction


def lookahead(game: Forms, eta: float) -> Affine:
    """ξ + ηJ_oξ; so is the exact rule, where the others' step is held constant."""
    return game.xi + eta * (game.J_o @ game.xi)


def lola_surrogate(game: Forms, eta: float) -> Affine:
    """ξ + ηJ_oξ + ηχ."""
    return lookahead(game, eta) + lola(game, eta) + -1.0 * game.xi


def lola_exact(game: Forms, eta: float, order: int = 1, inner_steps: int = 1) -> Affine:
    """∇_iV_i(T_i(θ)), where T_i takes all but player i so many steps ahead: (∂_iT_i)ᵀ∇V_i(T_i(θ))."""
    direction, identity = game.xi, np.eye(len(game.J))
    for _ in range(order):
        ahead = []
        for i in game.players:
            once = Affine(identity, np.zeros(len(identity))) + eta * (np.diag(1 - identity[i]) @ direction)
            all_of_them = once
            for _ in range(inner_steps - 1):
                all_of_them = once.after(all_of_them)
            along = np.outer(np.ones(len(identity)), all_of_them.matrix[:, i])
            ahead.append(along @ game.gradient(i).after(all_of_them))
        direction = rows(ahead)
    return direction


def lookahead_nested(game: Forms, eta: float, order: int = 1) -> Affine:
    """g_n = ξ + ηJ_o g_{n−1}, g_0 = ξ: the first terms of the series of competitive gradient descent."""
    direction = game.xi
    for _ in range(order):
        direction = game.xi + eta * (game.J_o @ direction)
    return direction


def cgd(game: Forms, eta: float, tolerance: float | None = None) -> Affine:
    """(I − ηJ_o)⁻¹ξ. Raises NotLinear where that is singular, or no more than near to it."""
    if tolerance:
        raise NotLinear("CGD with a tolerance is linear but for that")
    try:
        return np.linalg.inv(np.eye(len(game.J)) - eta * game.J_o) @ game.xi
    except np.linalg.LinAlgError:
        raise NotLinear(f"I − ηJ_o is singular at η = {eta:g}") from None


def sos(game: Forms, eta: float, a: float = 0.5, b: float = 0.1) -> Affine:
    """ξ + ηJ_oξ + pηχ, which is affine where χ = 0 alone, since p changes with θ."""
    chi = lola(game, 1.0) + -1.0 * game.xi
    if chi.matrix.any() or chi.vector.any():
        raise NotLinear("SOS's p changes with the parameters")
    return lookahead(game, eta)


def sga(game: Forms, lam: float, align: bool = False, bias: float = 0.1) -> Affine:
    """ξ − λAᵀξ; aligned, λ takes the sign of bias − ⟨ξ, Jᵀξ⟩⟨Aᵀξ, Jᵀξ⟩/d.

    That is the bias's where the product is surely not above 0, and else changes with θ.
    """
    if align:
        with_own, with_turned = sign_of(game.J), sign_of(game.A @ game.J.T)
        if with_own is None or with_turned is None or with_own * with_turned > 0 or bias <= 0:
            raise NotLinear("the sign of SGA's λ changes with the parameters")
    return game.xi + -lam * (game.A.T @ game.xi)


def consensus(game: Forms, penalty: float, align: bool = False) -> Affine:
    """ξ − γJᵀξ; aligned, γ takes the sign of −⟨ξ, Jᵀξ⟩, which is one where J is definite."""
    sign = -sign_of(game.J, everywhere=True) if align else 1
    return game.xi + -penalty * sign * (game.J.T @ game.xi)


def sign_of(matrix: np.ndarray, everywhere: bool = False) -> int | None:
    """The sign of xᵀMx, 0 if that is 0 for every x; None if it depends on x.

    `everywhere`: it must be so for every x but 0, or NotLinear is raised.
    """
    eigenvalues = np.linalg.eigvalsh(matrix + matrix.T)
    scale = 1e-12 * max(1.0, np.abs(matrix).max())
    signs = {*np.sign(np.where(np.abs(eigenvalues) <= scale, 0.0, eigenvalues)).astype(int).tolist()}
    if everywhere and len(signs) > 1:
        raise NotLinear("the sign of CO's γ changes with the parameters")
    return None if {-1, 1} <= signs else min(signs, key=lambda sign: sign == 0)


def extragradient(game: Forms, eta: float) -> Affine:
    """ξ(θ + ηξ)."""
    return game.xi + eta * (game.J @ game.xi)


def lss(game: Forms, kappa: float) -> Affine:
    """½(ξ + Jᵀ(JᵀJ + κI)⁻¹Jᵀξ), of κ = 0 ½(I + JᵀJ⁻¹)ξ. Raises NotLinear where that is singular."""
    J, identity = game.J, np.eye(len(game.J))
    try:
        turned = J.T @ (np.linalg.inv(J.T @ J + kappa * identity) @ J.T if kappa else np.linalg.inv(J))
    except np.linalg.LinAlgError:
        raise NotLinear("LSS is singular without κ") from None
    return 0.5 * ((identity + turned) @ game.xi)


RULES = {
    "naive": naive,
    "lola": lola,
    "lola_surrogate": lola_surrogate,
    "lola_exact": lola_exact,
    "hola": lola_exact,
    "lookahead": lookahead,
    "lookahead_first": lookahead,
    "lookahead_nested": lookahead_nested,
    "sos": sos,
    "sga": sga,
    "consensus": consensus,
    "extragradient": extragradient,
    "cgd": cgd,
    "lss": lss,
}


def optimistic(game: Forms, lr: float) -> tuple[Affine, np.ndarray]:
    """θ_{t+1} − θ_t = δ(2ξ(θ_t) − ξ(θ_{t−1})): what is affine in θ_t, and the matrix before θ_t − θ_{t−1}."""
    return lr * game.xi, lr * game.J


def lead(game: Forms, lr: float, momentum: float, coupling: float) -> tuple[Affine, np.ndarray]:
    """θ_{t+1} − θ_t = δξ(θ_t) + (βI + aJ_o)(θ_t − θ_{t−1})."""
    return lr * game.xi, momentum * np.eye(len(game.J)) + coupling * game.J_o


LEARNERS = {"optimistic": optimistic, "lead": lead}  # which remember the last step
