"""What rules that know the chain of states hand to kernels: everybody's logits, and the game."""

import numpy as np
import torch
from torch import Tensor

from lola.learning.matrix.game import MatrixGame


def told(game: MatrixGame, thetas: list[Tensor]) -> tuple:
    """The arguments with which kernels begin: logits, a tuple of (S, d_j), then the game."""
    tables = tuple(np.ascontiguousarray(theta.detach().numpy()) for theta in thetas)
    return tables, game.views, game.joint, game.rewards, game.gamma


def per_seed(number: float | Tensor, thetas: list[Tensor]) -> np.ndarray:
    """A number, or one for each seed (S, 1), as (S,)."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(number, np.float64).reshape(-1), len(thetas[0])))


def policies(game: MatrixGame, thetas: list[Tensor]) -> Tensor:
    """Everybody's probabilities, (S, players, states, actions), with zeros for actions that a player has not."""
    of_players = [game.probabilities(thetas, i).detach().movedim(2, 0) for i in range(len(thetas))]
    return torch.nn.utils.rnn.pad_sequence(of_players, batch_first=True).permute(2, 0, 3, 1).contiguous()
