"""What joint rules are made of, from the players' gradients and the Jacobian of these, compiled."""

from lola.learning.compiled import kernel


@kernel
def add_terms(terms, s, gradients, jacobian, starts):
    """ξ, Jξ, Jᵀξ, J_oξ and χ of seed s, (5, S, D), from ∇V_k, (players, D), and J.

    Player i has parameters from starts[i] up to starts[i + 1].
    """
    players = len(gradients)
    terms[:, s] = 0.0
    for i in range(players):
        for r in range(starts[i], starts[i + 1]):
            terms[0, s, r] = gradients[i, r]
            for j in range(players):
                for c in range(starts[j], starts[j + 1]):
                    forward = jacobian[s, r, c] * gradients[j, c]
                    terms[1, s, r] += forward
                    terms[2, s, r] += jacobian[s, c, r] * gradients[j, c]
                    if i != j:
                        terms[3, s, r] += forward
                        terms[4, s, r] += jacobian[s, c, r] * gradients[i, c]
