"""Gradients through naive steps of memory-one players in an iterated matrix game, in reverse, compiled.

The letters are those of `matrix.kernels`. A path is everybody's logits before the first step and after each,
(players, K + 1, D), a row of D numbers holding the d_k of player k. Who moves on it climbs its own value,
θ_k ← θ_k + η ∇_k V_k. What player i climbs is Σ_m w_m V_i(θ_m), with a weight for each point of the path.
"""

import numpy as np

from lola.learning.arithmetic_kernels import log
from lola.learning.compiled import kernel
from lola.learning.matrix.kernels import add_gradient, grow, move, softmax
from lola.learning.shaping.kernels import chain_at, empty_chain, write


@kernel
def through_steps(thetas, views, joint, rewards, gamma, i, etas, weights, moves, seen):
    """∇_i Σ_m w_m V_i(θ_m) in player i's first parameters, (S, d_i).

    `weights` (K + 1,) are w. `moves` says of each player whether it moves, `seen` whether its steps are differentiated;
    where a player who moves unseen has come to is constant. Whoever does not move is the same on the whole path.
    """
    out, path, scratch = np.empty(thetas[i].shape), empty_path(thetas, len(weights)), empty_scratch(views, joint)
    for s in range(len(out)):
        for k in range(len(thetas)):
            path[k, 0, : thetas[k].shape[1]] = thetas[k][s]
        walk(path, scratch, views, joint, rewards, gamma, etas[s], moves, 0.0)
        climb(out[s], path, scratch, views, joint, rewards, gamma, i, etas[s], weights, moves, seen, 0.0)
    return out


@kernel
def empty_path(thetas, points):
    """Room for a path."""
    width = 0
    for k in range(len(thetas)):
        width = max(width, thetas[k].shape[1])
    return np.zeros((len(thetas), points, width))


@kernel
def empty_scratch(views, joint):
    """The chain; what of it turns with a player's policy; what is felt of all logits, how that grows, a move."""
    players, states = views.shape
    n, actions = states - 1, joint[:, -1].max() + 1
    turn = np.empty((states, n)), np.empty(states), np.empty(states), np.empty((states, n))
    felt, more = np.empty((players, states, actions)), np.empty((players, states, actions))
    return empty_chain(views, joint), turn, (felt, more, np.empty((states, actions)))


@kernel
def walk(path, scratch, views, joint, rewards, gamma, eta, moves, tilt):
    """Fill in a path after its first point, of players who step in tilted parameters: see `step_tilted`."""
    chain, total = scratch[0], scratch[2][2]
    p, _, rest, _, _, visits, values, q = chain
    for m in range(path.shape[1] - 1):
        chain_at(chain, path, m, views, joint, rewards, gamma)
        for k in range(len(path)):
            path[k, m + 1] = path[k, m]
            if moves[k]:
                total[:] = 0.0
                add_gradient(total, eta, p[k], rest[k], visits, values[k], q[k], joint[k])
                step_tilted(total, tilt)
                add_to(path[k, m + 1], total, views[k], joint[k, -1])


@kernel
def add_to(row, total, view, last):
    """Add (states, actions) by joint state to a row of a player's own table."""
    for state in range(len(view)):
        for b in range(last):
            row[view[state] * last + b] += total[state, b]


@kernel
def step_tilted(total, tilt):
    """Turn a gradient in logits θ = Aφ into what a step along that in φ does to them, A Aᵀ times as much.

    A is 1 with `tilt` in the last state's column, but for that state itself: θ(s) = φ(s) + tilt · φ(last).
    """
    if tilt == 0.0:
        return
    last = len(total) - 1
    for b in range(total.shape[1]):
        for state in range(last):
            total[last, b] += tilt * total[state, b]
        for state in range(last):
            total[state, b] += tilt * total[last, b]


@kernel
def climb(out, path, scratch, views, joint, rewards, gamma, i, eta, weights, moves, seen, tilt):
    """The gradient of a path, (d_i,): `felt` of a player is what its logits at a point bring, from there on."""
    chain, turn, (felt, more, w) = scratch
    p, _, rest, _, _, visits, values, q = chain
    felt[:] = 0.0
    for m in range(path.shape[1] - 1, -1, -1):
        chain_at(chain, path, m, views, joint, rewards, gamma)
        more[:] = 0.0
        for k in range(len(path) if m < path.shape[1] - 1 else 0):
            if moves[k] and seen[k]:
                w[:] = felt[k]
                step_tilted(w, tilt)
                begin_turn(turn, w, k, chain, joint, gamma)
                for j in range(len(path)):
                    if j == i or (moves[j] and seen[j]):
                        add_turn(more[j], eta, turn, w, k, j, chain, joint)
        if moves[i] and not seen[i]:
            felt[i] = 0.0
        for j in range(len(path)):
            if j == i or (moves[j] and seen[j]):
                felt[j] += more[j]
                if weights[m] != 0.0:
                    add_gradient(felt[j], weights[m], p[j], rest[j], visits, values[i], q[i], joint[j])
    write(out, felt[i], views[i], joint[i, -1])


@kernel
def begin_turn(turn, w, k, chain, joint, gamma):
    """How play, visits, values and Q of player k grow as its logits move along w (states, actions)."""
    growth, visits_dot, values_dot, q_dot = turn
    p, play, _, future, _, visits, _, q = chain
    grow(growth, w, p[k], joint[k])
    move(visits_dot, values_dot, growth, play, future, visits, q[k], gamma)
    for state in range(len(growth)):
        for a in range(growth.shape[1]):
            q_dot[state, a] = growth[state, a] * q[k, a] + gamma * values_dot[1 + a]


@kernel
def add_turn(total, scale, turn, w, k, j, chain, joint):
    """total += scale · ∂(∇_j V_k) along w in player k's logits, which is ∇_j of w · ∇_k V_k."""
    _, visits_dot, values_dot, q_dot = turn
    p, _, rest, _, _, visits, values, q = chain
    add_gradient(total, scale, p[j], rest[j], visits_dot, values[k], q[k], joint[j])
    add_gradient(total, scale, p[j], rest[j], visits, values_dot, q_dot, joint[j])
    if j != k:
        return
    last = joint[k, -1]
    for state in range(len(visits)):  # π_k itself grows, and with it what all its actions bring on average
        mean = 0.0
        for b in range(last):
            mean += p[k, state, b] * w[state, b]
        for b in range(last):
            total[state, b] -= scale * visits[state] * p[k, state, b] * (w[state, b] - mean) * values[k, state]


@kernel
def proximal(thetas, views, joint, rewards, gamma, i, etas, lr, beta, least, most, tilt):
    """argmax_x V_i(x, θ_−i + η ∇_−i V_−i(x, θ_−i)) − β Σ_s KL(π_θi(·|s) ‖ π_x(·|s)), (S, d_i), by gradient ascent.

    Steps of `lr` from θ_i, until both KL between policies of one step and the next are below `least`, or there are
    `most`. All players' steps are in tilted parameters: see `step_tilted`.
    """
    out, path, scratch = np.empty(thetas[i].shape), empty_path(thetas, 2), empty_scratch(views, joint)
    last, x = joint[i, -1], path[i, 0]
    weights, moves = np.array([0.0, 1.0]), np.arange(len(thetas)) != i
    old, now, then = np.empty((3, views.shape[1], last + 1))
    direction, total = np.empty(out.shape[1]), np.zeros((views.shape[1], joint[:, -1].max() + 1))
    for s in range(len(out)):
        for k in range(len(thetas)):
            path[k, 0, : thetas[k].shape[1]] = thetas[k][s]
        softmax(old, x, views[i], last)
        then[:] = old
        for _ in range(most):
            now[:] = then
            walk(path, scratch, views, joint, rewards, gamma, etas[s], moves, tilt)
            climb(direction, path, scratch, views, joint, rewards, gamma, i, etas[s], weights, moves, moves, tilt)
            for state in range(len(now)):
                for b in range(last):
                    slope = direction[views[i, state] * last + b] - beta * (now[state, b] - old[state, b])
                    total[state, b] = lr * slope
            step_tilted(total, tilt)
            add_to(x, total, views[i], last)
            softmax(then, x, views[i], last)
            if divergence(now, then) < least and divergence(then, now) < least:
                break
        out[s] = x[: out.shape[1]]
    return out


@kernel
def divergence(p, q):
    """Σ_s KL(p(·|s) ‖ q(·|s))."""
    total = 0.0
    for state in range(len(p)):
        for b in range(p.shape[1]):
            if p[state, b] > 0.0:
                total += p[state, b] * (log(p[state, b]) - log(q[state, b]))
    return total
