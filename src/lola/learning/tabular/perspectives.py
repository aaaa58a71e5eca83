"""Who sees what in a match: in which rows players keep the states, and what they take the game to be."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from lola.learning.matrix.game import MatrixGame

RELEASED_GAMMA = 0.96  # with which everybody learns in the released round robin, whatever the game's discount


@dataclass(frozen=True)
class Perspective:
    """`rows` and `next_rows` are (players, states): where a player keeps a state, and where it takes it to lead.

    Players learn with the discount of `game`; `as_seen(thetas, i)` is what player i takes all parameters and its own
    seat for; `crosses_counts`: an oracle weighs a learner of joint actions by how often the *other* took each action.
    """

    game: MatrixGame
    rows: np.ndarray
    next_rows: np.ndarray
    as_seen: Callable[[list[Tensor], int], tuple[list[Tensor], int]]
    crosses_counts: bool = False


def as_described(game: MatrixGame) -> Perspective:
    """Every player in its own view, own action first, and with the game's discount."""
    return Perspective(game, game.views, game.views, lambda thetas, i: (thetas, i))


def as_released(game: MatrixGame) -> Perspective:
    """A game of two players with two actions as the authors' round robin has it (alshedivat/lola at 0e8b13e).

    Everybody learns with γ = 0.96. Both players keep states by player 1's view, but player 2's tables take a state to
    lead to a row of its own view. A player with a rule takes itself for player 1, and the probabilities of the other,
    whose order it leaves, for their complements: after CD and DC in a symmetric game, everywhere in a zero-sum one.
    What it is told of a learner of joint actions has the counts on the wrong axis.
    """
    flipped = np.ones(1 + game.joint.shape[1])
    flipped[[2, 3] if is_symmetric(game) else slice(None)] = -1.0
    own_second = game.views[1]

    def as_seen(thetas: list[Tensor], i: int) -> tuple[list[Tensor], int]:
        other = thetas[1 - i] * thetas[i].new_tensor(flipped)
        return [thetas[i], other[:, own_second]], 0  # the rule's game reads player 2's parameters in its own view

    joint_view = np.tile(game.views[0], (2, 1))
    learned = MatrixGame(game.rewards.reshape(2, *game.counts), RELEASED_GAMMA, game.actions)
    return Perspective(learned, joint_view, game.views, as_seen, crosses_counts=True)


def as_fitted(game: MatrixGame) -> Perspective:
    """As released, but with states that every player sees and keeps in its own view.

    Fitted: of the ways to read their code that we tried, the one that comes nearest to what the authors plotted.
    """
    return replace(as_released(game), rows=game.views)


def is_symmetric(game: MatrixGame) -> bool:
    """Whether swapping the players swaps their rewards; of the games as released, the others are zero-sum."""
    first, second = game.rewards.reshape(2, *game.counts)
    return np.array_equal(first, second.T)
