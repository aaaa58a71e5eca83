"""The exact gradients of opponent shaping in iterated matrix games between memory-one players, compiled.

The letters are those of `matrix.kernels`: play Π(a|s), visits d(s), state values W_k(s), values of joint actions
Q_k(a) = r_k(a) + γ W_k(a), F = (I − γP)⁻¹. The advantage of a joint action is A_k(s, a) = Q_k(a) − W_k(s). A joint
action a leads to the state 1 + a. Seeds are computed one by one.
"""

import numpy as np

from lola.learning.arithmetic_kernels import exp
from lola.learning.compiled import kernel
from lola.learning.matrix.kernels import (
    add_gradient,
    discounted_visits,
    evaluate,
    everybody_plays,
    inverse,
    softmax,
)


@kernel
def empty_chain(views, joint):
    """Scratch for the chain of states: π, Π, π_−i, F, work, d, W and Q, in this order."""
    players, states = views.shape
    n, actions = states - 1, joint[:, -1].max() + 1
    policies, rest = np.empty((players, states, actions)), np.empty((players, states, n))
    values, q = np.empty((players, states)), np.empty((players, n))
    return policies, np.empty((states, n)), rest, np.empty((n, n)), np.empty((n, n)), np.empty(states), values, q


@kernel
def evaluate_chain(chain, joint, rewards, gamma):
    """Fill in what follows from everybody's policies π, which are there."""
    p, play, rest, future, work, visits, values, q = chain
    everybody_plays(play, rest, p, joint)
    inverse(future, work, play, gamma)
    discounted_visits(visits, play, future, gamma)
    for k in range(len(p)):
        evaluate(values[k], q[k], play, future, rewards[k], gamma)


@kernel
def chain_at(chain, thetas, s, views, joint, rewards, gamma):
    """Fill in all of it at row `s` of everybody's logits, a tuple of (S, d_k)."""
    for k in range(len(thetas)):
        softmax(chain[0][k], thetas[k][s], views[k], joint[k, -1])
    evaluate_chain(chain, joint, rewards, gamma)


@kernel
def own_gradient(total, chain, thetas, s, views, joint, rewards, gamma, i):
    """∇_i V_i at row `s` of everybody's logits, by joint state, after filling in what is known there."""
    chain_at(chain, thetas, s, views, joint, rewards, gamma)
    p, _, rest, _, _, visits, values, q = chain
    total[:] = 0.0
    add_gradient(total, 1.0, p[i], rest[i], visits, values[i], q[i], joint[i])


@kernel
def write(row, total, view, last):
    """A direction by joint state, (states, actions), as a row of a player's own table, (d,)."""
    for state in range(len(view)):
        for b in range(last):
            row[view[state] * last + b] = total[state, b]


@kernel
def flow(out, weights, future, gamma):
    """Σ_s Σ_a w(s, a) γ F(a, s′), how much of some weights on joint actions is felt in later states, (states,)."""
    states, n = weights.shape
    out[:] = 0.0
    for a in range(n):
        inflow = 0.0
        for state in range(states):
            inflow += gamma * weights[state, a]
        for b in range(n):
            out[1 + b] += inflow * future[a, b]


@kernel
def align(thetas, views, joint, rewards, gamma, i, weights, kept):
    """∇_i V_i + w Σ_j≠i Σ_s d(s) Σ_a Π A_i(s, a) γ Σ_s′ F(a, s′) Σ_a′ Π A_j(s′, a′) ∇ log π_i(a′_i|s′), (S, d_i).

    `weights` (S,) are w; `kept` (2, 2) says which signs of A_i, then of A_j count, the positive ones first.
    """
    states, n = views.shape[1], joint.shape[1]
    out, chain = np.empty(thetas[i].shape), empty_chain(views, joint)
    p, play, rest, future, _, visits, values, q = chain
    total, past, felt = np.empty((states, p.shape[2])), np.empty((states, n)), np.empty(states)
    advantage, mean = np.empty((states, n)), np.empty(states)
    for s in range(len(out)):
        own_gradient(total, chain, thetas, s, views, joint, rewards, gamma, i)
        for before in range(2):
            for state in range(states):
                for a in range(n):
                    gain = of_sign(q[i, a] - values[i, state], before)
                    past[state, a] = visits[state] * play[state, a] * gain
            flow(felt, past, future, gamma)
            for now in range(2):
                for j in range(len(p) if kept[before, now] else 0):
                    if j == i:
                        continue
                    for state in range(states):
                        mean[state] = 0.0
                        for a in range(n):
                            advantage[state, a] = of_sign(q[j, a] - values[j, state], now)
                            mean[state] += play[state, a] * advantage[state, a]
                    add_gradient(total, weights[s], p[i], rest[i], felt, mean, advantage, joint[i])
        write(out[s], total, views[i], joint[i, -1])
    return out


@kernel
def of_sign(x, negative):
    """The positive part of a number, or its negative one."""
    return min(x, 0.0) if negative else max(x, 0.0)


@kernel
def q_aware(thetas, views, joint, rewards, gamma, i, weights, tau, taken):
    """∇_i V_i + w Σ_j≠i of ∇_i Σ_s d(s) Σ_a Π A_i(s, a) log π̂_j(a_j|s), (S, d_i), with π̂_j = softmax Q_j / τ.

    Of Q_j only what comes later depends on θ_i: see `rules.loqa`, which says what `taken` changes.
    """
    states, n = views.shape[1], joint.shape[1]
    out, chain = np.empty(thetas[i].shape), empty_chain(views, joint)
    p, play, rest, future, _, visits, values, q = chain
    total, past, felt = np.empty((states, p.shape[2])), np.empty((states, n)), np.empty(states)
    worth, mine = np.empty(p.shape[2]), np.empty(p.shape[2])
    for s in range(len(out)):
        own_gradient(total, chain, thetas, s, views, joint, rewards, gamma, i)
        for j in range(len(p)):
            if j == i:
                continue
            for state in range(states):
                actions_worth(worth, rest[j, state], q[j], joint[j])
                actions_worth(mine, rest[j, state], q[i], joint[j])
                top, norm = worth[0], 0.0
                for b in range(joint[j, -1] + 1):
                    top = max(top, worth[b])
                for b in range(joint[j, -1] + 1):
                    worth[b] = exp((worth[b] - top) / tau)
                    norm += worth[b]
                for a in range(n):
                    b = joint[j, a]
                    gain = mine[b] - values[i, state]
                    if taken:
                        gain = (q[i, a] - values[i, state]) * (1.0 - worth[b] / norm)
                    past[state, a] = visits[state] * play[state, a] * gain / tau
            flow(felt, past, future, gamma)
            add_gradient(total, weights[s], p[i], rest[i], felt, values[j], q[j], joint[i])
        write(out[s], total, views[i], joint[i, -1])
    return out


@kernel
def actions_worth(worth, rest, q, chosen):
    """q(b) = Σ_{a: a_j = b} π_−j(a_−j) Q(a) in a state."""
    worth[:] = 0.0
    for a in range(len(chosen)):
        worth[chosen[a]] += rest[a] * q[a]


@kernel
def reciprocate(thetas, views, joint, rewards, gamma, i, weights, usual):
    """∇_i [V_i + w γ Σ_j≠i Σ_s d(s) Σ_a Π(a|s) g_j(s, a) Σ_a′ Π(a′|a) v_j(a, a′)], (S, d_i).

    g_j is what j took from me, v_j what I take from j, beside `usual` play (S, players, states, actions): see
    `reciprocator.Reciprocator`.
    """
    states, n = views.shape[1], joint.shape[1]
    out, chain = np.empty(thetas[i].shape), empty_chain(views, joint)
    p, play, rest, future, _, visits, _, _ = chain
    total, grudge, influence = np.empty((states, p.shape[2])), np.empty((states, n)), np.empty((states, n))
    taken, earned, worth = np.empty(states), np.empty(states), np.empty((states, n))
    for s in range(len(out)):
        own_gradient(total, chain, thetas, s, views, joint, rewards, gamma, i)
        for j in range(len(p)):
            if j == i:
                continue
            beside_usual(grudge, usual[s, j], j, rewards[i], joint)
            beside_usual(influence, usual[s, i], i, rewards[j], joint)
            for state in range(states):
                taken[state] = 0.0
                for a in range(n):
                    taken[state] += play[state, a] * influence[state, a]
            for state in range(states):
                for a in range(n):
                    worth[state, a] = gamma * grudge[state, a] * taken[1 + a]
            accrue(earned, worth, play, future, gamma)
            add_gradient(total, weights[s], p[i], rest[i], visits, earned, worth, joint[i])
            earned[:] = 0.0  # from here how often a grudge is met in each state
            for state in range(states):
                for a in range(n):
                    earned[1 + a] += gamma * visits[state] * play[state, a] * grudge[state, a]
            add_gradient(total, weights[s], p[i], rest[i], earned, taken, influence, joint[i])
        write(out[s], total, views[i], joint[i, -1])
    return out


@kernel
def beside_usual(out, usual, k, rewards, joint):
    """Σ_b u(b|s) r(a with a_k = b) − r(a): what somebody lacks by player k's part of a joint action, (states, n)."""
    states, n = out.shape
    stride = 1  # between joint actions that differ by one in player k's
    for m in range(k + 1, len(joint)):
        stride *= joint[m, -1] + 1
    for state in range(states):
        for a in range(n):
            out[state, a] = -rewards[a]
            for b in range(joint[k, -1] + 1):
                out[state, a] += usual[state, b] * rewards[a + (b - joint[k, a]) * stride]


@kernel
def accrue(values, worth, play, future, gamma):
    """Turn rewards (states, n) of actions in states into their Q(s, a), and `values` into those of the states."""
    states, n = worth.shape
    values[:] = 0.0
    for b in range(n):
        gain = 0.0
        for a in range(n):
            gain += play[1 + b, a] * worth[1 + b, a]
        for a in range(n):
            values[1 + a] += future[a, b] * gain
    for state in range(states):
        for a in range(n):
            worth[state, a] += gamma * values[1 + a]
    for a in range(n):
        values[0] += play[0, a] * worth[0, a]


@kernel
def answer_best(thetas, views, joint, rewards, gamma, i):
    """Player i's best replies to all others' policies, (S, states), a number for an action, and everybody's values.

    Policy iteration: in every state the action that is worth most, until none is worth more than the one that is
    played. The values are (S, players), in the first state.
    """
    players, states = views.shape
    seeds, chain = len(thetas[i]), empty_chain(views, joint)
    replies, out = np.zeros((seeds, states), np.int64), np.empty((seeds, players))
    p, _, rest, _, _, _, values, q = chain
    worth = np.empty(p.shape[2])
    for s in range(len(out)):
        for k in range(players):
            softmax(p[k], thetas[k][s], views[k], joint[k, -1])
        better = True
        while better:
            play_surely(p[i], replies[s])
            evaluate_chain(chain, joint, rewards, gamma)
            better = False
            for state in range(states):
                actions_worth(worth, rest[i, state], q[i], joint[i])
                least = 1e-12 * (1.0 + abs(values[i, state]))  # so that rounding is no gain
                for b in range(joint[i, -1] + 1):
                    if worth[b] > worth[replies[s, state]] + least:
                        replies[s, state] = b
                        better = True
        for k in range(players):
            out[s, k] = values[k, 0]
    return replies, out


@kernel
def play_surely(p, actions):
    """The policy that takes an action in each state, (states, actions)."""
    p[:] = 0.0
    for state in range(len(actions)):
        p[state, actions[state]] = 1.0


@kernel
def meet_replies(thetas, views, joint, rewards, gamma, i, tau, share):
    """∇_i [Σ_k softmax_k(V_j(θ_i, k) / τ) V_i(θ_i, k) + share · V_i(θ_i, θ_i)], (S, d_i), in a game of two players.

    k are all memory-one replies of the other, j, that take an action in each state for sure.
    """
    j, states = 1 - i, views.shape[1]
    out, chain = np.empty(thetas[i].shape), empty_chain(views, joint)
    p, _, rest, _, _, visits, values, q = chain
    actions = joint[j, -1] + 1
    count = actions**states
    earned, reply = np.empty((count, 2)), np.empty(states, np.int64)
    total, mirrored, other = (
        np.empty((states, p.shape[2])),
        np.empty((states, p.shape[2])),
        np.empty(thetas[i].shape[1]),
    )
    for s in range(len(out)):
        softmax(p[i], thetas[i][s], views[i], joint[i, -1])
        for k in range(count):
            decode(reply, k, actions)
            play_surely(p[j], reply)
            evaluate_chain(chain, joint, rewards, gamma)
            earned[k, 0], earned[k, 1] = values[i, 0], values[j, 0]
        top = earned[:, 1].max()
        norm, mean = 0.0, 0.0
        for k in range(count):
            earned[k, 1] = exp((earned[k, 1] - top) / tau)  # from here weights
            norm += earned[k, 1]
        for k in range(count):
            earned[k, 1] /= norm
            mean += earned[k, 1] * earned[k, 0]
        total[:] = 0.0
        for k in range(count):
            decode(reply, k, actions)
            play_surely(p[j], reply)
            evaluate_chain(chain, joint, rewards, gamma)
            add_gradient(total, earned[k, 1], p[i], rest[i], visits, values[i], q[i], joint[i])
            pull = earned[k, 1] * (earned[k, 0] - mean) / tau
            add_gradient(total, pull, p[i], rest[i], visits, values[j], q[j], joint[i])
        write(out[s], total, views[i], joint[i, -1])
        if share != 0.0:
            softmax(p[j], thetas[i][s], views[j], joint[j, -1])
            evaluate_chain(chain, joint, rewards, gamma)
            for seat in range(2):
                mirrored[:] = 0.0
                add_gradient(mirrored, share, p[seat], rest[seat], visits, values[i], q[i], joint[seat])
                write(other, mirrored, views[seat], joint[seat, -1])
                for c in range(len(other)):
                    out[s, c] += other[c]
    return out


@kernel
def decode(reply, k, actions):
    """The actions of the k-th of all replies, the last state's fastest."""
    for state in range(len(reply) - 1, -1, -1):
        reply[state] = k % actions
        k //= actions
