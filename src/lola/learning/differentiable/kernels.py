"""The joint gradient, and its Jacobian, of players who choose one number each, compiled."""

import numpy as np

from lola.learning.arithmetic_kernels import exp
from lola.learning.compiled import kernel
from lola.learning.field_kernels import add_terms


@kernel
def derivatives(functions, owners, weights, chosen):
    """ξ, Jξ, Jᵀξ, J_oξ and χ, (5, S, n), and J, (S, n, n), of sums of products, V_i = Σ_t w_t Π_j f_tj(θ_j).

    The terms t are those of which i is the owner, `owners` and `weights` (T,). `functions` (3, S, n, K) are K functions
    of each player's number, their slopes and their curvatures, of which a term takes those `chosen`, (T, n).
    """
    _, seeds, players, _ = functions.shape
    terms, jacobian = np.empty((5, seeds, players)), np.zeros((seeds, players, players))
    gradients, starts = np.empty((players, players)), np.arange(players + 1)
    for s in range(seeds):
        gradients[:] = 0.0
        for t in range(len(owners)):
            i = owners[t]
            for c in range(players):
                gradients[i, c] += weights[t] * product(functions[:, s], chosen[t], c, -1)
                jacobian[s, i, c] += weights[t] * product(functions[:, s], chosen[t], i, c)
        add_terms(terms, s, gradients, jacobian, starts)
    return terms, jacobian


@kernel
def product(functions, chosen, one, other):
    """Π_j f_j(θ_j), differentiated by the numbers of player `one` and then, unless it is −1, of player `other`."""
    out = 1.0
    for j in range(len(chosen)):
        out *= functions[(j == one) + (j == other), j, chosen[j]]
    return out


@kernel
def powers(x, highest):
    """x^e for e from 0 to `highest`, each the one before times x; slopes e x^(e−1), curvatures e (e − 1) x^(e−2)."""
    out = np.zeros((3, *x.shape, highest + 1))
    out[0, :, :, 0] = 1.0
    for s in range(x.shape[0]):
        for j in range(x.shape[1]):
            for e in range(1, highest + 1):
                out[0, s, j, e] = out[0, s, j, e - 1] * x[s, j]
                out[1, s, j, e] = e * out[0, s, j, e - 1]
                out[2, s, j, e] = e * out[1, s, j, e - 1]
    return out


@kernel
def probabilities(x):
    """p = σ(x) and q = σ(−x); the slope of p is pq, its curvature pq(q − p)."""
    out = np.empty((3, *x.shape, 2))
    for s in range(x.shape[0]):
        for j in range(x.shape[1]):
            low = exp(-abs(x[s, j]))
            p, q = 1.0 / (1.0 + low), low / (1.0 + low)
            if x[s, j] < 0.0:
                p, q = q, p
            for k, (own, other) in enumerate(((p, q), (q, p))):
                sign = 1.0 - 2.0 * k
                out[0, s, j, k], out[1, s, j, k] = own, sign * p * q
                out[2, s, j, k] = p * q * (other - own)
    return out


@kernel
def of_market(x):
    """x^e for e from 0 to 6, and then u = 1/(1 + x²), whose slope is −2xu², and its curvature 2u²(4x²u − 1)."""
    out = np.empty((3, *x.shape, 8))
    out[..., :7] = powers(x, 6)
    for s in range(x.shape[0]):
        for j in range(x.shape[1]):
            u = 1.0 / (1.0 + x[s, j] * x[s, j])
            out[0, s, j, 7], out[1, s, j, 7] = u, -2.0 * x[s, j] * u * u
            out[2, s, j, 7] = 2.0 * u * u * (4.0 * x[s, j] * x[s, j] * u - 1.0)
    return out
