"""Iterated matrix games as chains of states, in numpy alone and from policies: what exact shaping is held against."""

import numpy as np
from differences import block


class Chain:
    """A `differences.Case` under everybody's policies, (states, actions_i) each, states in joint order.

    `joints` are the joint actions; `play` is Π, `visits` d, `after` M from each joint action, `V` (players, states),
    `Q` (players, joint actions) and `A` (players, states, joint actions).
    """

    def __init__(self, case, policies):
        counts, n = case.counts, int(np.prod(case.counts))
        self.joints, self.policies = list(np.ndindex(*counts)), policies
        self.rewards = np.array([[table[joint] for joint in self.joints] for table in case.payoffs])
        odds = [
            [policy[s, [joint[i] for joint in self.joints]] for s in range(1 + n)] for i, policy in enumerate(policies)
        ]
        self.odds = np.array(odds)  # (players, states, joint actions)
        self.play = self.odds.prod(0)
        move = np.concatenate([np.zeros((1 + n, 1)), self.play], axis=1)
        M = np.linalg.inv(np.eye(1 + n) - case.gamma * move)
        self.visits, self.after = M[0], M[1:]
        self.V = (M @ self.play @ self.rewards.T).T
        self.Q = self.rewards + case.gamma * self.V[:, 1:]
        self.A = self.Q[:, None] - self.V[:, :, None]

    def without(self, i):
        """π_−i(a_−i|s), (states, joint actions)."""
        return np.delete(self.odds, i, axis=0).prod(0)


def policies(case, x):
    """Everybody's policies at parameters x (D,), in joint order of the states."""
    counts, n = case.counts, int(np.prod(case.counts))
    found = []
    for i, count in enumerate(counts):
        seats = [i, *(k for k in range(len(counts)) if k != i)]
        order = [[joint[k] for k in seats] for joint in np.ndindex(*counts)]
        rows = [0, *(1 + np.ravel_multi_index(own, [counts[k] for k in seats]) for own in order)]
        logits = np.pad(x[block(case, i)].reshape(1 + n, count - 1)[rows], ((0, 0), (0, 1)))
        odds = np.exp(logits)
        found.append(odds / odds.sum(1, keepdims=True))
    return found


def chain(case, x):
    return Chain(case, policies(case, x))


def along(f, x, direction, step=1e-2):
    """The derivative of f at x along a direction, by central differences of fourth order."""
    near, far = (f(x + k * step * direction) - f(x - k * step * direction) for k in (1, 2))
    return (8 * near - far) / (12 * step)


def direction_of(case, i, rng):
    """A random direction of player i's parameters alone, (D,), which no wrong entry survives."""
    direction = np.zeros(sum(case.sizes))
    direction[block(case, i)] = rng.normal(size=case.sizes[i])
    return direction
