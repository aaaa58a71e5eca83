"""Training: look, step, yield. Seeds are the leading axis of every tensor."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning.rules import FirstOrder, Rule


@dataclass(frozen=True)
class Seat:
    """How one player learns: θ_i ← θ_i + lr · rule_i, on the parameters its opponent model believes in."""

    rule: Rule
    lr: float | Tensor
    opponent_model: Callable[[list[Tensor], int], list[Tensor]]


def initial_thetas(sizes: list[int], seeds: list[int], std: float) -> list[Tensor]:
    """θ ~ N(0, std²), one stream per (seed, player): float64 tensors (S, d_i)."""
    return [
        torch.from_numpy(np.stack([std * np.random.default_rng([seed, player]).standard_normal(d) for seed in seeds]))
        for player, d in enumerate(sizes)
    ]


def train(game, seats: list[Seat], thetas: list[Tensor], steps: int) -> Iterator[list[Tensor]]:
    """Yield the players' parameters before the first of `steps` simultaneous updates and after each."""
    assert all(theta.ndim == 2 for theta in thetas), "thetas must be (S, d_i)"
    rules = [fastest(game, seat.rule) for seat in seats]
    yield thetas
    for _ in range(steps):
        directions = [
            rule(game.values, seat.opponent_model(thetas, i), i).detach()
            for i, (rule, seat) in enumerate(zip(rules, seats, strict=True))
        ]
        thetas = [theta + seat.lr * direction for theta, seat, direction in zip(thetas, seats, directions, strict=True)]
        yield thetas


def fastest(game, rule: Rule) -> Rule:
    """The game's closed form of the rule where it has one, else the rule itself."""
    if isinstance(rule, FirstOrder) and hasattr(game, "closed_form"):
        return game.closed_form(rule.eta, rule.ahead, rule.shape)
    return rule
