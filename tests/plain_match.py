"""Matches once more, by the definitions alone: lists and dictionaries, player after player, no code of the package.

Players know states by what was last done, START or a tuple of actions. A player is a dictionary: `how` it plays,
its settings, and what it knows. Uniform numbers become actions by the inverse distribution function; an
ε-greedy player explores below ε, and there the actions other than its best have equal parts.
"""

from itertools import product

import numpy as np

START = "start"
GREEDY, CLIMBING, RULES = ("q", "joint_q"), ("phc", "wolf_phc"), ("naive", "lola")
FLOOR = 1e-8  # what the authors clip probabilities to


def own_first(i, joint):
    return (joint[i], *joint[:i], *joint[i + 1 :])


def own_states(i, counts):
    """Start, then what player i and then the others can have done, in the order of a table's rows."""
    return [START, *product(*map(range, own_first(i, counts)))]


def worth(player, state):
    """What a learner takes its actions to be worth."""
    q, n = player["q"][state], player["n"][state]
    if player["how"] != "joint_q":
        return [q[a, ()] for a in range(player["actions"])]
    total = sum(n.values())
    return [sum(q[a, b] * n[b] / total for b in n) if total else 0.0 for a in range(player["actions"])]


def first_best(numbers):
    return max(range(len(numbers)), key=lambda a: (numbers[a], -a))


def act(player, state, uniform):
    if player["how"] in GREEDY:
        best = first_best(worth(player, state))
        others = [a for a in range(player["actions"]) if a != best]
        epsilon = player["epsilon"]
        return others[int(uniform / epsilon * len(others))] if uniform < epsilon and others else best
    below = 0.0
    for a, p in enumerate(player["pi"][state][:-1]):
        below += p
        if uniform < below:
            return a
    return player["actions"] - 1


def learn(player, state, action, others, reward, led_to, gamma, t):
    alpha = 1 / (1 / player["alpha"] + t * player["decay"])
    seen = others if player["how"] == "joint_q" else ()
    q = player["q"][state]
    q[action, seen] = (1 - alpha) * q[action, seen] + alpha * (reward + gamma * max(worth(player, led_to)))
    player["n"][state][seen] += 1
    if player["how"] in CLIMBING:
        climb(player, state, 1 / (1 / player["delta"] + t * player["delta_decay"]))


def climb(player, state, delta):
    pi, mean, values = player["pi"][state], player["mean"][state], worth(player, state)
    player["visits"][state] += 1
    for a, p in enumerate(pi):
        mean[a] += (p - mean[a]) / player["visits"][state]
    if player["how"] == "wolf_phc":
        now, usually = (sum(p * v for p, v in zip(policy, values, strict=True)) for policy in (pi, mean))
        delta *= 1 if now > usually else player["lose"]
    best = first_best(values)
    for a, p in enumerate(pi):
        if a != best:
            pi[a] = max(p - min(p, delta / (len(pi) - 1)), FLOOR)
    pi[best] = 1 - sum(p for a, p in enumerate(pi) if a != best)


def logits(player, crossed=False):
    """What somebody who sees into the player takes for its parameters: {state: its first action against its second}.

    The authors' code has the counts of a learner of joint actions on the axis of its own actions (`crossed`).
    """
    if player["how"] == "joint_q" and crossed:
        n = {state: {b: m / max(sum(row.values()), 1) for (b,), m in row.items()} for state, row in player["n"].items()}
        q = player["q"]
        return {s: sum(q[s][0, (b,)] * n[s][0] - q[s][1, (b,)] * n[s][1] for b in (0, 1)) for s in q}
    if player["how"] in GREEDY:
        return {state: worth(player, state)[0] - worth(player, state)[1] for state in player["q"]}
    if player["how"] in CLIMBING:
        return {state: np.log(p[0] / p[1]) for state, p in player["pi"].items()}
    return player["theta"]


def softmax(logit):
    return [1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))]


def value(mine, other, rewards, gamma):
    """V = p₀ᵀ (I − γP)⁻¹ r for P(first action), start first, then after CC, CD, DC, DD; complex numbers are welcome."""
    chances = np.array([mine * other, mine * (1 - other), (1 - mine) * other, (1 - mine) * (1 - other)]).T
    return chances[0] @ np.linalg.solve(np.eye(4) - gamma * chances[1:], np.ravel(rewards).astype(complex))


def probability(theta):
    return 1 / (1 + np.exp(-theta))


def along(f, x, direction):
    """The exact slope of an analytic f at x, by a step in the imaginary direction."""
    return f(x + 1e-30j * direction).imag / 1e-30


def upward(how, mine, other, my_view, other_view, rewards, gamma):
    """∇_me V_me, and for LOLA (η = 1) also ∇_me (∇_other V_me · ∇_other V_other), ∇_other V_me held fixed.

    `mine` and `other` are rows of logits; the views say in which row a player keeps each state of the value.
    """

    def v(me, you, k):
        return value(probability(me[my_view]), probability(you[other_view]), rewards[k], gamma)

    unit = np.eye(5)
    step = np.array([along(lambda me: v(me, other, 0), mine, e) for e in unit])
    if how == "lola":
        pull = np.array([along(lambda you: v(mine, you, 0), other, e) for e in unit])
        h = 1e-3
        for k, e in enumerate(unit):
            shift = {n: along(lambda you, me=mine + n * h * e: v(me, you, 1), other, pull) for n in (-2, -1, 1, 2)}
            step[k] += (shift[-2] - 8 * shift[-1] + 8 * shift[1] - shift[2]) / (12 * h)
    return step


def described_step(i, player, other, payoffs, gamma):
    """In their own views; for player 2 the rewards are transposed, so that the climber comes first in its value."""
    rewards = [np.array(payoffs[0]), np.array(payoffs[1])] if i == 0 else [np.transpose(r) for r in payoffs[::-1]]
    mine, theirs = (np.array([logits(p)[state] for state in own_states(0, (2, 2))]) for p in (player, other))
    return upward(player["how"], mine, theirs, [0, 1, 2, 3, 4], [0, 1, 3, 2, 4], rewards, gamma)


def released_step(i, player, other, payoffs, gamma):
    """Whoever climbs takes itself for player 1; of the other it takes the rows as they are, and complements for p."""
    symmetric = np.array_equal(payoffs[0], np.transpose(payoffs[1]))
    mine, theirs = (np.array([logits(p, True)[state] for state in own_states(0, (2, 2))]) for p in (player, other))
    turned = [2, 3] if symmetric else [0, 1, 2, 3, 4]
    p = probability(theirs)
    p[turned] = 1 - p[turned]
    same = [0, 1, 2, 3, 4]
    return upward(player["how"], mine, np.log(p / (1 - p)), same, same, [np.array(r) for r in payoffs], gamma)


def match(payoffs, gamma, players, perspective, episodes, uniforms):
    """After each episode: its joint actions, discounted returns, and shares of actions by player.

    `uniforms(episode)` are (length, players). Players learn in place.
    """
    counts = np.shape(payoffs[0])
    plain = perspective == "as_described"
    learned = gamma if plain else 0.96
    seats = range(len(players))
    t = 0
    for episode in range(episodes):
        for player in players:
            if "theta" in player:
                player["pi"] = {state: softmax(logit) for state, logit in player["theta"].items()}
        last, done, returns = START, [], [0.0 for _ in seats]
        for step, numbers in enumerate(uniforms(episode)):
            t += 1
            seen = [last if last == START or perspective == "as_released" else own_first(i, last) for i in seats]
            last = tuple(act(players[i], seen[i], numbers[i]) for i in seats)
            done.append(last)
            for i, player in enumerate(players):
                reward = payoffs[i][last[0]]
                for action in last[1:]:
                    reward = reward[action]
                returns[i] += gamma**step * reward
                if player["how"] in GREEDY + CLIMBING:
                    led_to = own_first(i, last)
                    learn(player, seen[i], last[i], led_to[1:], reward, led_to, learned, t)
        climbs = {}
        for i, player in enumerate(players):
            if player["how"] in RULES:
                step = (described_step if plain else released_step)(i, player, players[1 - i], payoffs, learned)
                climbs[i] = dict(zip(own_states(0, (2, 2)), step, strict=True))
        for i, step in climbs.items():
            players[i]["theta"] = {
                state: x + players[i]["lr"] * step[state] for state, x in players[i]["theta"].items()
            }
        shares = [[sum(joint[i] == a for joint in done) / len(done) for a in range(counts[i])] for i in seats]
        yield done, returns, shares
