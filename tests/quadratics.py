"""Games of degree two as tests know them: V_i(θ) = θᵀ Q_i θ + b_iᵀ θ."""

from lola.learning.differentiable.game import Polynomial

TANDEM = ([[[-1.0, -1.0], [-1.0, -1.0]]] * 2, [[2.0, 0.0], [0.0, 2.0]])
HAMILTONIAN = ([[[0.0, -0.5], [-0.5, 0.0]], [[0.0, 0.5], [0.5, 0.0]]], [[0.0, 0.0]] * 2)  # V_1 = −xy = −V_2


def terms(matrices: list, linear: list) -> list:
    """The terms of a polynomial game, of the Q_i and b_i."""
    players = range(len(linear))

    def exponents(*factors: int) -> list[int]:
        return [factors.count(player) for player in players]

    return [
        [[Q[j][k], *exponents(j, k)] for j in players for k in players] + [[b[j], *exponents(j)] for j in players]
        for Q, b in zip(matrices, linear, strict=True)
    ]


def game(matrices: list, linear: list) -> Polynomial:
    """The game of the Q_i and b_i."""
    return Polynomial(terms(matrices, linear))


def block(matrices: list, linear: list) -> dict:
    """The same as a config says it."""
    return {"kind": "polynomial", "terms": terms(matrices, linear)}
