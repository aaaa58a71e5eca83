"""An episode of a match, compiled: everybody acts, tabular learners learn, step by step. See `learners`.

Players who don't learn play a fixed policy. Seeds are computed one by one: no seed's bits depend on its company.
"""

import numpy as np

from lola.learning.arithmetic_kernels import log
from lola.learning.compiled import kernel

FIELDS = 8  # those of tabular.Learner, in its order:
CLIMBS, JOINT, ALPHA, DECAY, EPSILON, DELTA, DELTA_DECAY, LOSE = range(FIELDS)
FLOOR = 1e-8  # of a probability
FARTHEST = 18.420680733952366  # of a logit, then: ln((1 − FLOOR) / FLOOR)
PLAYED, KNOWN, CROSSED = range(3)  # what logits stand for


@kernel
def episode(joint, rewards, rows, next_rows, gamma, learners_gamma, tables, settings, uniforms, clock):
    """Play one episode of every match, after `clock` steps; everybody's `tables` are filled.

    `joint` and `rewards` are (players, joint actions): each player's action, and what it earns. `rows` (players,
    states) are those in which players keep a state, `next_rows` those to which they take it to lead. The discounts are
    the game's, and the one that learners learn with. `settings` (players, fields) say who learns how, with α = 0 who
    doesn't; `uniforms` are (S, length, players).

    Gives `codes` (S, length, 1) and their `counts` (S, length, codes), those of `matrix.rollouts`; discounted `returns`
    (S, players); and `taken` (S, players, actions), how often each action was.
    """
    seeds, length, players = uniforms.shape
    learns = settings[:, ALPHA] > 0.0
    actions, steps = tables.policy.shape[3], rows.shape[1] * joint.shape[1]
    codes, counts = np.empty((seeds, length, 1), dtype=np.int64), np.zeros((seeds, length, steps), dtype=np.int64)
    returns, taken = np.zeros((seeds, players)), np.zeros((seeds, players, actions))
    chosen, worth = np.empty(players, dtype=np.int64), np.empty(actions)
    for s in range(seeds):
        state, discount = 0, 1.0
        for t in range(length):
            move = 0
            for i in range(players):
                row, own = rows[i, state], joint[i, -1] + 1
                if learns[i] and not settings[i, CLIMBS]:
                    action_values(worth, tables.values[s, i, row], tables.seen[s, i, row], own, settings[i])
                    chosen[i] = greedy(worth, own, settings[i, EPSILON], uniforms[s, t, i])
                else:
                    chosen[i] = drawn(tables.policy[s, i, row], own, uniforms[s, t, i])
                move = move * own + chosen[i]
                taken[s, i, chosen[i]] += 1.0
            code = state * joint.shape[1] + move
            codes[s, t, 0] = code
            counts[s, t, code] = 1
            for i in range(players):
                returns[s, i] += discount * rewards[i, move]
                if learns[i]:
                    answer = 0
                    for k in range(players):
                        if k != i:
                            answer = answer * (joint[k, -1] + 1) + chosen[k]
                    row, own = rows[i, state], joint[i, -1] + 1
                    ahead = next_rows[i, 1 + move]
                    action_values(worth, tables.values[s, i, ahead], tables.seen[s, i, ahead], own, settings[i])
                    target = rewards[i, move] + learners_gamma * worth[:own].max()
                    learn(tables, s, i, row, chosen[i], answer, target, own, settings[i], clock + t + 1)
            discount *= gamma
            state = 1 + move
    return codes, counts, returns, taken


@kernel
def learn(tables, s, i, row, action, answer, target, own, setting, t):
    """One step of a learner's Q-values, and of its policy if it has one."""
    step = 1.0 / (1.0 / setting[ALPHA] + t * setting[DECAY])
    values = tables.values[s, i, row]
    if not setting[JOINT]:
        answer = 0
    values[action, answer] = (1.0 - step) * values[action, answer] + step * target
    tables.seen[s, i, row, answer] += 1.0
    if setting[CLIMBS]:
        policy, average = tables.policy[s, i, row], tables.average[s, i, row]
        tables.visits[s, i, row] += 1.0
        now, usual, best = 0.0, 0.0, 0
        for a in range(own):
            average[a] += (policy[a] - average[a]) / tables.visits[s, i, row]
            now += policy[a] * values[a, 0]
            usual += average[a] * values[a, 0]
            if values[a, 0] > values[best, 0]:
                best = a
        pace = 1.0 / (1.0 / setting[DELTA] + t * setting[DELTA_DECAY])
        climb(policy, best, own, pace if now > usual else setting[LOSE] * pace)


@kernel
def climb(policy, best, own, pace):
    """Every other action gives the best one min(π(a), pace / (|A| − 1)), and keeps no less than FLOOR."""
    rest = 1.0
    for a in range(own):
        if a != best:
            policy[a] = max(policy[a] - pace / (own - 1), FLOOR)
            rest -= policy[a]
    policy[best] = rest


@kernel
def action_values(worth, values, seen, own, setting):
    """The value of each action in a row: Q(a), or of joint actions Σ_b Q(a, b) n(b) / n."""
    for a in range(own):
        worth[a] = values[a, 0]
    if setting[JOINT]:
        total = seen.sum()
        for a in range(own):
            worth[a] = 0.0
            for b in range(len(seen)):
                if seen[b] > 0.0:
                    worth[a] += values[a, b] * seen[b] / total


@kernel
def greedy(worth, own, epsilon, uniform):
    """The first best action; with probability ε one of the others, each as likely."""
    best = worth[:own].argmax()
    if uniform >= epsilon or own == 1:
        return best
    other = int(uniform / epsilon * (own - 1))
    return other + (other >= best)


@kernel
def drawn(policy, own, uniform):
    """The action in whose part of [0, 1) the uniform number lies."""
    action, total = 0, policy[0]
    while uniform >= total and action < own - 1:
        action += 1
        total += policy[action]
    return action


@kernel
def logits(values, seen, policy, setting, own, form):
    """A learner's rows as logits against its last action, (S, rows · (actions − 1)), within ±FARTHEST: of π, if any.

    Of an ε-greedy learner, those of what it plays (PLAYED), or of softmax(Q), for which an oracle takes it (KNOWN).
    If it counts joint actions, an oracle may also value them at Σ_b Q(s, a, b) n(s, a) / n(s) (CROSSED).
    """
    seeds, rows = values.shape[:2]
    theta = np.empty((seeds, rows * (own - 1)))
    worth = np.empty(values.shape[2])
    for s in range(seeds):
        for row in range(rows):
            if setting[CLIMBS]:
                for a in range(own):
                    worth[a] = log(policy[s, row, a])
            else:
                action_values(worth, values[s, row], seen[s, row], own, setting)
                if form == CROSSED and setting[JOINT]:
                    for a in range(own):
                        worth[a] = values[s, row, a].sum() * seen[s, row, a] / max(seen[s, row].sum(), 1.0)
                if form == PLAYED:
                    best = worth[:own].argmax()
                    explored = max(setting[EPSILON], FLOOR)
                    worth[:own] = log(explored / (own - 1)) if own > 1 else 0.0
                    worth[best] = log(max(1.0 - explored, FLOOR))
            for a in range(own - 1):
                theta[s, row * (own - 1) + a] = min(max(worth[a] - worth[own - 1], -FARTHEST), FARTHEST)
    return theta
