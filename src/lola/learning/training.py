"""Training: play, look, step, yield. Seeds are the leading axis of every tensor."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import normal
from lola.learning.opponent_models import OpponentModel
from lola.learning.rules import FirstOrder, Rule

REAL = 0  # the stream of what is really played; player i imagines on stream 1 + i


@dataclass(frozen=True)
class Seat:
    """How one player learns: θ_i ← θ_i + lr · rule_i, on the parameters its opponent model believes in.

    Without an `estimator` the rule climbs the game's exact values. With `lr_final` the step size is
    lr + (lr_final − lr) · (share of updates done); with `clip` no direction is longer than that.
    """

    rule: Rule
    lr: float | Tensor
    opponent_model: OpponentModel
    estimator: object | None = None
    lr_final: float | None = None
    clip: float | None = None

    def move(self, direction: Tensor, done: float) -> Tensor:
        """Δθ_i, (S, d_i), in a direction, when the share `done` of all updates was taken."""
        if self.clip is not None:
            lengths = torch.stack([row.norm() for row in direction])[:, None]
            direction = direction * (self.clip / lengths).clamp(max=1.0)
        lr = self.lr if self.lr_final is None else self.lr + (self.lr_final - self.lr) * done
        return lr * direction


@dataclass(frozen=True)
class State:
    """All that training goes on from after `step` updates.

    `thetas` has a tensor (S, d_i) per player; `believed[i]` what player i takes them for; `critics`
    are what estimators take for baselines; `rollouts` what was played before the last update, if anything was.
    """

    step: int
    thetas: list[Tensor]
    believed: list[list[Tensor]]
    critics: object
    rollouts: object | None = None


def initial_thetas(sizes: list[int], seeds: list[int], std: float) -> list[Tensor]:
    """θ ~ N(0, std²), one stream per (seed, player): float64 tensors (S, d_i)."""
    return [
        torch.from_numpy(np.stack([std * normal(np.random.default_rng([seed, player]), d) for seed in seeds]))
        for player, d in enumerate(sizes)
    ]


def initial_state(game, thetas: list[Tensor]) -> State:
    """Before the first update. Whoever doesn't know the others takes them to play every action alike."""
    unknown = [torch.zeros_like(theta) for theta in thetas]
    states = 1 + game.joint.shape[1]
    return State(0, thetas, [unknown] * len(thetas), np.zeros((len(thetas[0]), len(thetas), states)))


def train(game, seats: list[Seat], state: State, steps: int, play: Callable | None = None) -> Iterator[State]:
    """Yield `state` and then the state after each simultaneous update, until `steps` were taken in all.

    `play(thetas, key)` plays roll-outs on the random streams that `key` names; without it nothing is played.
    """
    assert all(theta.ndim == 2 for theta in state.thetas), "thetas must be (S, d_i)"
    rules = [fastest(game, seat) for seat in seats]
    yield state
    while state.step < steps:
        rollouts = play(state.thetas, (state.step, REAL)) if play else None
        believed = [seat.opponent_model(state.thetas, i, state.believed[i], rollouts) for i, seat in enumerate(seats)]
        thetas = []
        for i, (rule, seat) in enumerate(zip(rules, seats, strict=True)):
            at = [theta.detach().requires_grad_() for theta in believed[i]]
            values = sampled(seat, rollouts, at, state, play, 1 + i) if seat.estimator else game.values
            thetas.append(state.thetas[i] + seat.move(rule(values, at, i).detach(), state.step / steps))
        critics = state.critics
        for i, seat in enumerate(seats):
            if seat.estimator:
                critics = seat.estimator.updated_critic(rollouts, critics, i)
        state = State(state.step + 1, thetas, believed, critics, rollouts)
        yield state


def sampled(seat: Seat, rollouts, at: list[Tensor], state: State, play: Callable, stream: int) -> Callable:
    """`values(thetas)` as one player estimates them: at the parameters `at` from what was played, else imagined."""
    imagined = 0

    def values(thetas: list[Tensor]) -> list[Tensor]:
        nonlocal imagined
        here = all(theta is known for theta, known in zip(thetas, at, strict=True))
        imagined += not here
        seen = rollouts if here else play(thetas, (state.step, stream, imagined))
        return seat.estimator.values(seen, thetas, state.critics)

    return values


def fastest(game, seat: Seat) -> Rule:
    """The game's closed form of an exact player's rule where it has one, else the rule itself."""
    rule = seat.rule
    if seat.estimator is None and isinstance(rule, FirstOrder) and hasattr(game, "closed_form"):
        return game.closed_form(rule.eta, rule.ahead, rule.shape)
    return rule
