"""Opponent models: which parameters a player believes everybody to have."""

from collections.abc import Callable

from torch import Tensor

# model(thetas, i, believed, rollouts): the true parameters, the player who believes, what it
# believed until now, and what has just been played, if anything has. Its own it always knows.
OpponentModel = Callable[[list[Tensor], int, list[Tensor], object], list[Tensor]]


def oracle() -> OpponentModel:
    """The true parameters."""
    return lambda thetas, i, believed, rollouts: thetas


def cloned(fitted: Callable[[Tensor, int, object], Tensor]) -> OpponentModel:
    """What was believed of each other player j, `fitted(believed, j, rollouts)` to what has just been played."""
    return lambda thetas, i, believed, rollouts: [
        theta if j == i else fitted(believed[j], j, rollouts) for j, theta in enumerate(thetas)
    ]
