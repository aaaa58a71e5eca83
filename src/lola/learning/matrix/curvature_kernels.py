"""The closed-form Jacobian of the players' gradients in an iterated matrix game, compiled.

With the letters of `kernels`, and what an action of player i brings player k above the mean, its advantage
A_k,i(s, b) = π_i(b|s) (q_k,i(s, b) − W_k(s)), the gradient is ∇_i V_k [s, b] = d(s) A_k,i(s, b). A logit (s′, b′) of
player j changes play in the state s′ alone, so that its effects elsewhere go by how often s′ follows on a state:

    K_i(s, b, s′) = γ Σ_{a: a_i = b} π_−i(a_−i|s) F(a, s′)      after action b of player i, with F = (I − γP)⁻¹
    N(s, s′) = Σ_b π_i(b|s) K_i(s, b, s′)                       after whatever is played
    ∂d(s) = d(s′) π_j(b′|s′) (K_j(s′, b′, s) − N(s′, s))
    ∂W_i(s) = ([s = s′] + N(s, s′)) A_i,j(s′, b′)
    ∂(∇_i V_i)[s, b] = ∂d(s) A_i,i(s, b) + d(s) π_i(b|s) (K_i(s, b, s′) A_i,j(s′, b′) − ∂W_i(s) + [s = s′] L)

L is the effect within a state: Σ_{a: a_i = b, a_j = b′} π_−i(a_−i|s) Q_i(a) − π_j(b′|s) q_i,i(s, b) for another player,
and ([b = b′] − π_i(b′|s)) (q_i,i(s, b) − W_i(s)) for player i itself. Seeds are computed one by one.
"""

import numpy as np

from lola.learning.compiled import kernel
from lola.learning.field_kernels import add_terms
from lola.learning.matrix.kernels import discounted_visits, evaluate, everybody_plays, inverse, softmax


@kernel
def derivatives(thetas, views, joint, rewards, gamma):
    """ξ, Jξ, Jᵀξ, J_oξ and χ, (5, S, D), and J, (S, D, D), of all players' parameters, player after player.

    The arguments are those of `kernels.first_order`.
    """
    players, states = views.shape
    n, actions, seeds = states - 1, joint[:, -1].max() + 1, len(thetas[0])
    starts = np.zeros(players + 1, np.int64)  # where each player's parameters begin
    for i in range(players):
        starts[i + 1] = starts[i] + thetas[i].shape[1]
    size = starts[-1]
    terms, jacobian = np.empty((5, seeds, size)), np.empty((seeds, size, size))
    gradients = np.empty((players, size))  # ∇V_k
    p, q = np.empty((players, states, actions)), np.empty((players, n))
    play, rest = np.empty((states, n)), np.empty((players, states, n))
    future, work, visits, values = np.empty((n, n)), np.empty((n, n)), np.empty(states), np.empty((players, states))
    worth = np.empty((players, players, states, actions))  # q_k,i
    after, follow = np.zeros((players, states, actions, states)), np.zeros((states, states))  # K, N
    for s in range(seeds):
        for k in range(players):
            softmax(p[k], thetas[k][s], views[k], joint[k, -1])
        everybody_plays(play, rest, p, joint)
        inverse(future, work, play, gamma)
        discounted_visits(visits, play, future, gamma)
        for k in range(players):
            evaluate(values[k], q[k], play, future, rewards[k], gamma)
        actions_worth(worth, rest, q, joint)
        what_follows(after, follow, rest, play, future, joint, gamma)
        slopes(gradients, p, worth, values, visits, views, joint, starts)
        elsewhere(jacobian[s], p, after, worth, follow, visits, values, views, joint, starts)
        add_within(jacobian[s], p, rest, q, worth, values, visits, views, joint, starts)
        add_terms(terms, s, gradients, jacobian, starts)
    return terms, jacobian


@kernel
def actions_worth(worth, rest, q, joint):
    """q_k,i(s, b) = Σ_{a: a_i = b} π_−i(a_−i|s) Q_k(a)."""
    players, states, n = rest.shape
    worth[:] = 0.0
    for k in range(players):
        for i in range(players):
            for state in range(states):
                for a in range(n):
                    worth[k, i, state, joint[i, a]] += rest[i, state, a] * q[k, a]


@kernel
def what_follows(after, follow, rest, play, future, joint, gamma):
    """K_i(s, b, s′) and N(s, s′); nothing leads to the start, s′ = 0."""
    players, states, n = rest.shape
    after[:] = 0.0
    follow[:] = 0.0
    for state in range(states):
        for a in range(n):
            for then in range(n):
                follow[state, 1 + then] += gamma * play[state, a] * future[a, then]
                for i in range(players):
                    after[i, state, joint[i, a], 1 + then] += gamma * rest[i, state, a] * future[a, then]


@kernel
def slopes(gradients, p, worth, values, visits, views, joint, starts):
    """∇_i V_k [s, b] = d(s) π_i(b|s) (q_k,i(s, b) − W_k(s)), in the rows of player i's table."""
    players, states = views.shape
    for k in range(players):
        for i in range(players):
            last = joint[i, -1]
            for s in range(states):
                for b in range(last):
                    gain = p[i, s, b] * (worth[k, i, s, b] - values[k, s])
                    gradients[k, starts[i] + views[i, s] * last + b] = visits[s] * gain


@kernel
def elsewhere(jacobian, p, after, worth, follow, visits, values, views, joint, starts):
    """The part of ∂(∇_i V_i) that goes by visits and by later values, which every entry has."""
    players, states = views.shape
    for i in range(players):
        last = joint[i, -1]
        for j in range(players):
            for then in range(states):
                for other in range(joint[j, -1]):
                    column = starts[j] + views[j, then] * joint[j, -1] + other
                    odds = p[j, then, other]
                    advantage = odds * (worth[i, j, then, other] - values[i, then])
                    for s in range(states):
                        moved_visits = visits[then] * odds * (after[j, then, other, s] - follow[then, s])
                        moved_value = ((1.0 if s == then else 0.0) + follow[s, then]) * advantage
                        row = starts[i] + views[i, s] * last
                        for b in range(last):
                            later = visits[s] * (after[i, s, b, then] * advantage - moved_value)
                            gain = moved_visits * (worth[i, i, s, b] - values[i, s]) + later
                            jacobian[row + b, column] = p[i, s, b] * gain


@kernel
def add_within(jacobian, p, rest, q, worth, values, visits, views, joint, starts):
    """The part within a state, d(s) π_i(b|s) L: of player i's own moves, and of the others'."""
    players, states = views.shape
    for i in range(players):
        last = joint[i, -1]
        for s in range(states):
            row = starts[i] + views[i, s] * last
            for b in range(last):
                weight = visits[s] * p[i, s, b]
                for c in range(last):
                    change = (1.0 if b == c else 0.0) - p[i, s, c]
                    jacobian[row + b, row + c] += weight * change * (worth[i, i, s, b] - values[i, s])
                for j in range(players):
                    column = starts[j] + views[j, s] * joint[j, -1]
                    for other in range(joint[j, -1] if j != i else 0):
                        jacobian[row + b, column + other] -= weight * p[j, s, other] * worth[i, i, s, b]
            for j in range(players):
                column = starts[j] + views[j, s] * joint[j, -1]
                for a in range(q.shape[1] if j != i else 0):
                    b, other = joint[i, a], joint[j, a]
                    if b < last and other < joint[j, -1]:
                        jacobian[row + b, column + other] += visits[s] * p[i, s, b] * rest[i, s, a] * q[i, a]
