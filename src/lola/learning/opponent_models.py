"""Opponent models: which parameters a player believes everybody to have."""

from torch import Tensor


def oracle(thetas: list[Tensor], i: int) -> list[Tensor]:
    """The true parameters, cut off from how they came about. `i` is the player who believes."""
    return [theta.detach().requires_grad_() for theta in thetas]
