"""The closed-form first and mixed second derivatives of an iterated matrix game, compiled.

With play Π(a|s), visits d(s) = Σ_t γᵗ P(s_t = s) and Q_k(a) = r_k(a) + γ W_k(a), the policy
gradient theorem for a softmax policy reads

    ∇_i V_k [s, b] = d(s) π_i(b|s) (q_k(s, b) − W_k(s)),    q_k(s, b) = Σ_{a: a_i = b} π_−i(a_−i|s) Q_k(a)

and its derivative along a direction w of another player's parameters follows by the product rule. All arrays are
float64; states and actions are in joint order (see `game`), a joint action `a` leading to state 1 + a. Seeds are
computed one by one, so a seed's bits cannot depend on its company; the parts write into scratch arrays that they are
handed (first argument), because allocating for every seed would cost ten times the arithmetic.
"""

import numpy as np

from lola.learning.arithmetic_kernels import eliminate, exp
from lola.learning.compiled import kernel


@kernel
def first_order(thetas, views, joint, rewards, gamma, i, eta, ahead, shape, apart):
    """ξ_i + η (ahead·(H_oξ)_i + shape·χ_i) for every seed, (1, S, d_i); or `apart` its three terms, (3, S, d_i).

    (H_oξ)_i = Σ_j ∇_ij V_i ∇_j V_j  and  χ_i = Σ_j ∇_ij V_j ∇_j V_i.
    `thetas` is a tuple of (S, d_j), `views` (players, states) the rows of their own tables,
    `joint` (players, joint actions), `rewards` (players, joint actions), `eta` (S,).
    """
    players, states = views.shape
    n = states - 1
    actions = joint[:, -1].max() + 1
    own = joint[i, -1]  # logits a state: one less than player i has actions
    directions = np.empty((3 if apart else 1, thetas[i].shape[0], thetas[i].shape[1]))
    totals = np.empty((len(directions), states, actions))
    p, w = np.empty((players, states, actions)), np.empty((states, actions))
    play, rest, growth = np.empty((states, n)), np.empty((players, states, n)), np.empty((states, n))
    future, work = np.empty((n, n)), np.empty((n, n))
    visits, visits_dot, values_dot = np.empty(states), np.empty(states), np.empty(states)
    values, q, q_dot = np.empty((players, states)), np.empty((players, n)), np.empty((states, n))
    for s in range(directions.shape[1]):
        for k in range(players):
            softmax(p[k], thetas[k][s], views[k], joint[k, -1])
        everybody_plays(play, rest, p, joint)
        inverse(future, work, play, gamma)
        discounted_visits(visits, play, future, gamma)
        for k in range(players):
            evaluate(values[k], q[k], play, future, rewards[k], gamma)
        totals[:] = 0.0
        add_gradient(totals[0], 1.0, p[i], rest[i], visits, values[i], q[i], joint[i])
        for j in range(players):
            # V_i as j climbs for itself (ahead); V_j as j moves to my good (shape).
            for term, k, along, weight in ((1, i, j, ahead), (2, j, i, shape)):
                if j == i or weight == 0.0:
                    continue
                total = totals[term if apart else 0]
                w[:] = 0.0
                add_gradient(w, eta[s] * weight, p[j], rest[j], visits, values[along], q[along], joint[j])
                grow(growth, w, p[j], joint[j])
                move(visits_dot, values_dot, growth, play, future, visits, q[k], gamma)
                add_gradient(total, 1.0, p[i], rest[i], visits_dot, values[k], q[k], joint[i])
                for state in range(states):
                    for a in range(n):
                        q_dot[state, a] = growth[state, a] * q[k, a] + gamma * values_dot[1 + a]
                add_gradient(total, 1.0, p[i], rest[i], visits, values_dot, q_dot, joint[i])
        for term in range(len(totals)):
            for state in range(states):
                for b in range(own):
                    directions[term, s, views[i, state] * own + b] = totals[term, state, b]
    return directions


@kernel
def softmax(p, theta, view, last):
    """π(a|s) from a player's own table of logits; the last action's logit is 0."""
    for state in range(len(view)):
        row = view[state] * last
        top = 0.0
        for b in range(last):
            top = max(top, theta[row + b])
        p[state, last] = exp(-top)
        norm = p[state, last]
        for b in range(last):
            p[state, b] = exp(theta[row + b] - top)
            norm += p[state, b]
        for b in range(last + 1):
            p[state, b] /= norm


@kernel
def everybody_plays(play, rest, p, joint):
    """Π(a|s) = Π_i π_i(a_i|s), and for each player i the others' share of it, π_−i(a_−i|s)."""
    players, states, _ = p.shape
    for state in range(states):
        for a in range(joint.shape[1]):
            for i in range(players):
                rest[i, state, a] = 1.0
                for j in range(players):
                    if j != i:
                        rest[i, state, a] *= p[j, state, joint[j, a]]
            play[state, a] = p[0, state, joint[0, a]] * rest[0, state, a]


@kernel
def inverse(right, left, play, gamma):
    """(I − γP)⁻¹, whose matrix is diagonally dominant."""
    n = play.shape[1]
    for r in range(n):
        for c in range(n):
            right[r, c] = 1.0 if r == c else 0.0
            left[r, c] = right[r, c] - gamma * play[1 + r, c]
    eliminate(right, left)


@kernel
def discounted_visits(visits, play, future, gamma):
    """d(start) = 1 and d = γ p₀ᵀ (I − γP)⁻¹ for the joint actions."""
    n = play.shape[1]
    visits[:] = 0.0
    visits[0] = 1.0
    for a in range(n):
        for b in range(n):
            visits[1 + b] += gamma * play[0, a] * future[a, b]


@kernel
def evaluate(values, q, play, future, rewards, gamma):
    """W = (I − γP)⁻¹ P r, the values of the states, and Q = r + γ W, of the joint actions."""
    n = len(rewards)
    for a in range(n):
        q[a] = 0.0  # for now the expected next reward, P r
        for b in range(n):
            q[a] += play[1 + a, b] * rewards[b]
    values[:] = 0.0
    for a in range(n):
        for b in range(n):
            values[1 + a] += future[a, b] * q[b]
    for a in range(n):
        q[a] = rewards[a] + gamma * values[1 + a]
        values[0] += play[0, a] * q[a]


@kernel
def add_gradient(out, scale, own, rest, visits, values, q, chosen):
    """out += scale · d(s) π_i(b|s) (q(s, b) − W(s)), the policy gradient in player i's logits.

    `own` is π_i, `rest` π_−i, `chosen` player i's part of each joint action; `q` is (joint
    actions,), or (states, joint actions) where it also depends on the state it is reached from.
    """
    for state in range(len(values)):
        weight = scale * visits[state]
        for b in range(chosen[-1] + 1):
            out[state, b] -= weight * own[state, b] * values[state]
        for a in range(len(chosen)):
            worth = q[a] if q.ndim == 1 else q[state, a]
            out[state, chosen[a]] += weight * own[state, chosen[a]] * rest[state, a] * worth


@kernel
def grow(growth, w, own, chosen):
    """d log π_j(a_j|s) along w: w(s, a_j) − Σ_b π_j(b|s) w(s, b); the last action's logit is fixed."""
    last = chosen[-1]
    for state in range(len(w)):
        mean = 0.0
        for b in range(last):
            mean += own[state, b] * w[state, b]
        for a in range(len(chosen)):
            growth[state, a] = (w[state, chosen[a]] if chosen[a] < last else 0.0) - mean


@kernel
def move(visits_dot, values_dot, growth, play, future, visits, q, gamma):
    """Growth of visits and state values as play moves by Π(a|s)·growth(s, a)."""
    n = len(q)
    visits_dot[:] = 0.0
    values_dot[:] = 0.0
    for a in range(n):
        gain, inflow = 0.0, 0.0
        for b in range(n):
            gain += play[1 + a, b] * growth[1 + a, b] * q[b]
        for state in range(1 + n):
            inflow += gamma * visits[state] * play[state, a] * growth[state, a]
        for b in range(n):
            values_dot[1 + b] += future[b, a] * gain
            visits_dot[1 + b] += inflow * future[a, b]
    for a in range(n):
        values_dot[0] += play[0, a] * (growth[0, a] * q[a] + gamma * values_dot[1 + a])
