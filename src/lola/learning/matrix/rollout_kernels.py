"""Playing memory-one policies, and the sums over roll-outs that their gradients need, compiled.

A step of a roll-out is one whole number, its *code*: state · (joint actions) + joint action, states and joint actions
in joint order (see `game`). The score of a memory-one policy depends on the code alone, so whatever a gradient sums
over steps is first summed per code into a table and then projected on the parameters. With ρ_t a reward,
C_t = Σ_{m≤t} g_m the scores so far and X_t = Σ_{m≤t} x_m their products with a direction,

    Σ_t ρ_t C_t     = Σ_m g_m Σ_{t≥m} ρ_t          (first derivatives)
    Σ_t ρ_t X_t C_t = Σ_m g_m Σ_{t≥m} ρ_t X_t      (second ones, along the direction)

so one pass backwards in time takes a few operations a step, for any number of players. Seeds are computed one by one: a
seed's bits cannot depend on its company. Roll-outs are the inner loop, and neighbours add to tables of their own, since
adding to one number again and again has to wait for the last addition.
"""

import numpy as np

from lola.learning.arithmetic_kernels import log
from lola.learning.compiled import kernel
from lola.learning.matrix.kernels import softmax

LANES = 4  # tables that neighbouring roll-outs take in turn: a power of two
FEW = 4  # joint actions whose limits are faster tried than looked up


@kernel
def probabilities(thetas, views, joint):
    """π_i(a|s) of every player, (S, players, states, actions), from a tuple of (S, d_i)."""
    players, states = views.shape
    p = np.zeros((len(thetas[0]), players, states, joint[:, -1].max() + 1))
    for s in range(len(p)):
        for i in range(players):
            softmax(p[s, i], thetas[i][s], views[i], joint[i, -1])
    return p


@kernel
def play(codes, counts, limits, uniforms):
    """One seed's roll-outs from (length, batch) uniforms: the code of every step, and how often each code comes when.

    `codes` is (length, batch), `counts` (length, codes), `limits` (states, joint actions).
    """
    length, batch = uniforms.shape
    few, kind = limits.shape[1] <= FEW, uniforms.dtype
    before, action, limit = np.zeros(batch, kind), np.zeros(batch, kind), np.zeros(batch, kind)
    state = np.zeros(batch, codes.dtype)
    lanes = np.empty((counts.shape[1], LANES), dtype=np.int64)
    for t in range(length):
        if few:
            choose_by_trying(codes[t], before, action, limit, limits, uniforms[t], t)
        else:
            choose_by_state(codes[t], state, limits, uniforms[t])
        lanes[:] = 0
        for b in range(batch):
            lanes[codes[t, b], b & (LANES - 1)] += 1
        for code in range(len(lanes)):
            counts[t, code] = lanes[code].sum()


@kernel
def choose_by_state(code, state, limits, uniform):
    """The codes of a step, from states, which are then the next ones."""
    actions = limits.shape[1]
    for b in range(len(code)):
        a = 0
        for limit in range(actions - 1):
            a += uniform[b] >= limits[state[b], limit]
        code[b] = state[b] * actions + a
        state[b] = 1 + a


@kernel
def choose_by_trying(code, before, action, limit, limits, uniform, t):
    """The codes of step t, from the joint actions `before`, which are then those of this step.

    All states' limits are tried on everybody, in loops of few arrays whose numbers are like the uniforms, in which
    compilers find vectors.
    """
    actions = limits.shape[1]
    one, none, many = action.dtype.type(1), action.dtype.type(0), action.dtype.type(actions)
    action[:] = none
    for k in range(actions - 1):
        limit[:] = limits[min(t, 1), k]
        for last in range(1, actions if t else 0):
            here, own = action.dtype.type(last), limits[1 + last, k]
            for b in range(len(limit)):
                limit[b] = own if before[b] == here else limit[b]
        for b in range(len(action)):
            action[b] += one if uniform[b] >= limit[b] else none
    later = one if t else none
    for b in range(len(code)):
        code[b] = (later + before[b]) * many + action[b]
    before[:] = action


@kernel
def to_go(codes, rewards, discounts, centre, growth):
    """Per code, the mean over roll-outs of Σ_m Σ_{t≥m} ρ_t X_t with ρ_t = γᵗ r_t − centre_t, (S, K, codes).

    X_t = Σ_{l≤t} growth(code_l), or 1 if `growth`, (S, codes), is None. `codes` is (S, length, batch), `rewards`
    (S, K, joint actions), `discounts` (length,), `centre` (S, K, length).
    """
    seeds, length, batch = codes.shape
    kinds, actions = rewards.shape[1:]
    steps = (1 + actions) * actions
    table = np.empty((seeds, kinds, steps))
    lanes, worth = np.empty((steps, LANES)), np.empty(steps)
    grown, to_go = np.empty(batch), np.empty(batch)
    for s in range(seeds):
        for k in range(kinds):
            for code in range(steps):
                worth[code] = rewards[s, k, code % actions]
            lanes[:] = 0.0
            to_go[:] = 0.0
            if growth is not None:
                grown[:] = 0.0
                for t in range(length):
                    for b in range(batch):
                        grown[b] += growth[s, codes[s, t, b]]
            for t in range(length - 1, -1, -1):
                discount, middle = discounts[t], centre[s, k, t]
                for b in range(batch):
                    code = codes[s, t, b]
                    reward = discount * worth[code] - middle
                    to_go[b] += reward if growth is None else reward * grown[b]
                    lanes[code, b & (LANES - 1)] += to_go[b]
                    if growth is not None:
                        grown[b] -= growth[s, code]
            for code in range(steps):
                table[s, k, code] = lanes[code].sum() / batch
    return table


@kernel
def project(table, p, view, chosen):
    """Σ_code table(code) ∇log π(a|s), (S, d): what a table says about one player's logits.

    `table` is (S, codes), `p` (S, states, actions), `view` the rows of the player's own table,
    `chosen` its part of each joint action. ∇log π(a|s) in logit b is 1[a = b] − π(b|s).
    """
    states, actions, own = len(view), len(chosen), chosen[-1]
    slope = np.empty((len(table), states * own))
    for s in range(len(table)):
        for state in range(states):
            total = table[s, state * actions : (state + 1) * actions].sum()
            for b in range(own):
                mine = 0.0
                for a in range(actions):
                    if chosen[a] == b:
                        mine += table[s, state * actions + a]
                slope[s, view[state] * own + b] = mine - p[s, state, b] * total
    return slope


@kernel
def add_growth(growth, direction, p, view, chosen):
    """growth(code) += ∇log π(a|s) · direction, the reverse of `project`: (S, d) onto (S, codes)."""
    states, actions, own = len(view), len(chosen), chosen[-1]
    for s in range(len(growth)):
        for state in range(states):
            mean = 0.0
            for b in range(own):
                mean += p[s, state, b] * direction[s, view[state] * own + b]
            for a in range(actions):
                up = direction[s, view[state] * own + chosen[a]] if chosen[a] < own else 0.0
                growth[s, state * actions + a] += up - mean


@kernel
def add_curvature(slope, table, direction, p, view, chosen):
    """slope += Σ_code table(code) ∇²log π(a|s) · direction, where ∇²log π = ππᵀ − diag(π) whatever the action."""
    states, actions, own = len(view), len(chosen), chosen[-1]
    for s in range(len(slope)):
        for state in range(states):
            total, mean = table[s, state * actions : (state + 1) * actions].sum(), 0.0
            for b in range(own):
                mean += p[s, state, b] * direction[s, view[state] * own + b]
            for b in range(own):
                slope[s, view[state] * own + b] += total * p[s, state, b] * (mean - direction[s, view[state] * own + b])


@kernel
def log_likelihood(table, p, chosen):
    """Σ_code table(code) log π(a|s), (S,)."""
    actions = len(chosen)
    total = np.zeros(len(table))
    for s in range(len(table)):
        for code in range(table.shape[1]):
            if table[s, code] > 0.0:
                total[s] += table[s, code] * log(p[s, code // actions, chosen[code % actions]])
    return total
