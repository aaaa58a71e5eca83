"""Learners that see what is played and nobody's parameters: tables over states, updated after every step.

A learner sees states s, own actions a, rewards r and, if it looks, what the others did; t counts its steps from 1. All
learn Q-values with step size α_t = 1 / (1/α + t·decay). Those that are ε-greedy take an action of the highest value,
and with probability ε one of the others; the hill climbers move a policy π by δ_t = 1 / (1/δ + t·delta_decay). The
constants of the LOLA paper's round robin are known from its authors' code only.
"""

from dataclasses import astuple, dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import normal
from lola.learning.players import Seat, View
from lola.learning.tabular import kernels


class Tables(NamedTuple):
    """A learner's tables on S seeds, a row per state as it keeps them; the whole of its memory.

    `values` is (S, rows, actions, others' joint actions), where the last axis has one entry unless it counts those;
    `seen`, how often the others did what, lacks the actions; `policy`, what it plays unless it is ε-greedy, and
    `average` are (S, rows, actions); `visits` is (S, rows).
    """

    values: np.ndarray
    seen: np.ndarray
    policy: np.ndarray
    average: np.ndarray
    visits: np.ndarray


@dataclass(frozen=True)
class Learner:
    """A player that learns while it plays. The functions below say what its settings mean; the order is the kernels'.

    θ are the logits for which an oracle takes it: of π, or of softmax(Q).
    """

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

    def start(self, seat: Seat) -> tuple[Tensor, Tables]:
        """Q ~ N(0, std²), one stream per seed and seat, and a uniform policy."""
        game, i = seat.game, seat.i
        own, rows = game.counts[i], game.views.shape[1]
        shape = (rows, own, game.joint.shape[1] // own if self.joint else 1)
        values = seat.std * np.stack([normal(np.random.default_rng([seed, i]), shape) for seed in seat.seeds])
        policy = np.full(values.shape[:3], 1 / own)
        tables = Tables(values, np.zeros_like(values[:, :, 0]), policy, policy.copy(), np.zeros(values.shape[:2]))
        return self.logits(tables, kernels.KNOWN), tables

    def step(self, view: View, memory: Tables) -> tuple[Tensor, Tables]:
        """Nothing: it has learned as it played."""
        return view.thetas[view.i], memory

    def logits(self, tables: Tables, form: int) -> Tensor:
        """Logits of its play, or of what an oracle takes it for, (S, d): see `kernels.logits`."""
        mine = (tables.values, tables.seen, tables.policy)
        return torch.from_numpy(kernels.logits(*mine, self.settings, tables.policy.shape[2], form))


def q(alpha: float, decay: float, epsilon: float) -> Learner:
    """Q(s, a) ← (1 − α_t) Q(s, a) + α_t (r + γ max_b Q(s′, b)), ε-greedy: Q-learning, NL-Q (Watkins & Dayan 1992)."""
    return Learner(climbs=False, joint=False, alpha=alpha, decay=decay, epsilon=epsilon)


def joint_q(alpha: float, decay: float, epsilon: float) -> Learner:
    """Q-learning of joint actions, Q(s, a, b), where an action is worth Σ_b Q(s, a, b) n(s, b) / n(s): JAL-Q.

    n(s, b): how often the others answered s with b; where nothing was seen, all is worth 0 (Claus & Boutilier 1998).
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
