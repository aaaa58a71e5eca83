"""Players: values that step on what they see, and remember what they like.

A player has `start(seat)`, which gives its first parameters θ (S, d) and its first memory, and `step(view, memory)`,
which gives the next of both. A memory is whatever can be pickled: it is kept in checkpoints, and nobody else reads it
but through a view. Seeds are the leading axis of every tensor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from lola.learning.opponent_models import OpponentModel
from lola.learning.rules import Rule, Values


@dataclass(frozen=True)
class Seat:
    """A place in a game: seat `i`, the `policies` of all players, and the seeds."""

    game: object
    i: int
    policies: list[object]
    seeds: list[int]
    std: float


@dataclass(frozen=True)
class View:
    """Player i's view before a step: all parameters and memories, and what was played.

    `step` updates were taken, `done` is their share of all. `game` is what the player takes the game to be, and
    `as_seen(thetas, i)` whom it takes the others for and itself; `play(thetas, key)` plays roll-outs that it imagines.
    """

    i: int
    step: int
    done: float
    thetas: list[Tensor]
    memories: list[object]
    rollouts: object | None
    game: object
    play: Callable | None = None
    as_seen: Callable = lambda thetas, i: (thetas, i)


@dataclass(frozen=True)
class Memory:
    """A climber's memory: the parameters that it believes all players have, and its critic, which estimators use."""

    believed: list[Tensor]
    critic: object


@dataclass(frozen=True)
class Climber:
    """θ_i ← θ_i + lr · rule_i, at the parameters that its opponent model takes everybody's for.

    Without an `estimator` the rule climbs the game's exact values. With `lr_final` the step size is
    lr + (lr_final − lr) · (share of updates done); with `clip` no direction is longer than that.
    """

    rule: Rule
    lr: float | Tensor
    opponent_model: OpponentModel
    estimator: object | None = None
    lr_final: float | None = None
    clip: float | None = None

    def start(self, seat: Seat) -> tuple[Tensor, Memory]:
        own, drawn = seat.policies[seat.i], (seat.seeds, seat.std)
        theta = own.initial(seat.i, *drawn)
        guesses = [theta if j == seat.i else policy.guess(seat.i, j, *drawn) for j, policy in enumerate(seat.policies)]
        return theta, Memory(guesses, own.critic(seat.i, *drawn))

    def step(self, view: View, memory: Memory) -> tuple[Tensor, Memory]:
        believed = self.opponent_model(view.thetas, view.i, memory.believed, view.rollouts)
        seen, me = view.as_seen(believed, view.i)
        at = [theta.detach().requires_grad_() for theta in seen]
        critics = [getattr(other, "critic", None) for other in view.memories]
        direction = self.rule(self.values(view, critics), at, me).detach()
        critic = self.estimator.updated_critic(view.rollouts, critics, view.i) if self.estimator else memory.critic
        return view.thetas[view.i] + self.move(direction, view.done), Memory(believed, critic)

    def values(self, view: View, critics: list) -> Values:
        """The values that the rule climbs: exact ones, or estimates from roll-outs, real here and imagined elsewhere.

        The real roll-outs of a step are on stream (step, 0), those that player i imagines on (step, 1 + i, n) in turn.
        """
        if self.estimator is None:
            return Values.exact(view.game)

        def estimated(thetas: list[Tensor], rollouts=view.rollouts) -> list[Tensor]:
            return self.estimator.values(rollouts, thetas, critics)

        streams = ((view.step, 1 + view.i, n) for n in count(1))
        return Values(estimated, lambda thetas: estimated(thetas, view.play(thetas, next(streams))))

    def move(self, direction: Tensor, done: float) -> Tensor:
        """Δθ_i, (S, d_i), in a direction, when the share `done` of all updates was taken."""
        if self.clip is not None:
            lengths = torch.stack([row.norm() for row in direction])[:, None]
            direction = direction * (self.clip / lengths).clamp(max=1.0)
        lr = self.lr if self.lr_final is None else self.lr + (self.lr_final - self.lr) * done
        return lr * direction
