"""Learners that see what is played and nobody's parameters: tables over states, updated after every step.

A learner sees states s, own actions a, rewards r and, if it looks, what the others did; t counts its steps from 1.
All learn Q-values with step size α_t = 1 / (1/α + t·decay). Those that are ε-greedy take an action
of the highest value, and with probability ε one of the others; the hill climbers keep a policy
π and move it by δ_t = 1 / (1/δ + t·delta_decay). The constants of the LOLA paper's round robin
are known from its authors' code only.
"""

from dataclasses import astuple, dataclass
from typing import NamedTuple

import numpy as np

from lola.learning.arithmetic import normal
from lola.learning.tabular import kernels


@dataclass(frozen=True)
class Learner:
    """The settings of a tabular learner; the functions below say what they mean. The order is that of the kernels."""

    climbs: bool
    joint: bool
    alpha: float
    decay: float
    epsilon: float = 0.0
    delta: float = 1.0
    delta_decay: float = 0.0
    lose: float = 1.0

    @property
    def settings(self) -> np.ndarray:
        return np.array(astuple(self), dtype=np.float64)


def q(alpha: float, decay: float, epsilon: float) -> Learner:
    """Q(s, a) ← (1 − α_t) Q(s, a) + α_t (r + γ max_b Q(s′, b)), ε-greedy: Q-learning, NL-Q (Watkins & Dayan 1992)."""
    return Learner(climbs=False, joint=False, alpha=alpha, decay=decay, epsilon=epsilon)


def joint_q(alpha: float, decay: float, epsilon: float) -> Learner:
    """Q-learning of joint actions, Q(s, a, b), where an action is worth Σ_b Q(s, a, b) n(s, b) / n(s): JAL-Q.

    n(s, b) is how often the others have answered the state s with b; where nothing was seen, every action is worth 0
    (Claus & Boutilier 1998).
    """
    return Learner(climbs=False, joint=True, alpha=alpha, decay=decay, epsilon=epsilon)


def phc(alpha: float, decay: float, delta: float, delta_decay: float) -> Learner:
    """Q-learning; π(s, ·) moves by δ_t towards argmax_a Q(s, a): policy hill climbing, PHC (Bowling & Veloso 2002).

    Every other action gives min(π(s, a), δ_t / (|A| − 1)). Probabilities stay above 1e-8.
    """
    return Learner(True, False, alpha, decay, delta=delta, delta_decay=delta_decay)


def wolf_phc(alpha: float, decay: float, delta: float, delta_decay: float, lose: float) -> Learner:
    """PHC that moves by δ_t when it wins, Σ_a π Q > Σ_a π̄ Q, else by `lose` · δ_t: WoLF-PHC (Bowling & Veloso 2002).

    π̄(s, ·) is the mean of π(s, ·) over the visits to s.
    """
    return Learner(True, False, alpha, decay, delta=delta, delta_decay=delta_decay, lose=lose)


class Tables(NamedTuple):
    """What the players of S matches have learned, a row per state of their own.

    `values` is (S, players, rows, actions, others' joint actions), `seen`, how often the others did what, lacks the
    actions; `policy`, what a player plays unless it is ε-greedy, and `average` are (S, players, rows, actions);
    `visits` is (S, players, rows). Where players differ in their actions, what is not theirs stays unused.
    """

    values: np.ndarray
    seen: np.ndarray
    policy: np.ndarray
    average: np.ndarray
    visits: np.ndarray

    def copy(self) -> "Tables":
        return Tables(*(table.copy() for table in self))


def initial_tables(game, learners: dict[int, Learner], seeds: list[int], std: float) -> Tables:
    """Q ~ N(0, std²), one stream per (seed, player), for the `learners` by seat; uniform policies for everybody."""
    players, rows = game.views.shape
    others = {i: game.joint.shape[1] // game.counts[i] if learner.joint else 1 for i, learner in learners.items()}
    shape = (len(seeds), players, rows, max(game.counts), max(others.values(), default=1))
    values, seen, visits = np.zeros(shape), np.zeros((*shape[:3], shape[4])), np.zeros(shape[:3])
    for i, answers in others.items():
        for s, seed in enumerate(seeds):
            drawn = normal(np.random.default_rng([seed, i]), (rows, game.counts[i], answers))
            values[s, i, :, : game.counts[i], :answers] = std * drawn
    policy = np.zeros(shape[:4])
    for i, own in enumerate(game.counts):
        policy[:, i, :, :own] = 1 / own
    return Tables(values, seen, policy, policy.copy(), visits)


def logits(tables: Tables, i: int, learner: Learner, actions: int, form: int) -> np.ndarray:
    """The logits of what learner i plays, or of what an oracle takes it for, (S, d_i): see `kernels.logits`."""
    mine = (tables.values[:, i], tables.seen[:, i], tables.policy[:, i])
    return kernels.logits(*mine, learner.settings, actions, form)
