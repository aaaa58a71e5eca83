"""Roll-outs of the Coin Game between recurrent players, every seed on random streams of its own."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import powers, running_sum
from lola.learning.coins.game import MOVES, PAIRS, CoinGame
from lola.learning.coins.networks import Network, Run, run
from lola.learning.streams import stream


@dataclass(frozen=True)
class Rollouts:
    """What was played: the numbers of all `steps`, (S, T, B), and the players' networks as they ran.

    Players are the groups of rows of a `Run`, so that its rows are (players · S).
    """

    game: CoinGame
    steps: Tensor
    played: Run
    runs: list[Run] = field(default_factory=list)  # how other networks took the same roll-outs
    scores: dict = field(default_factory=dict)  # what estimators have made of them, by estimator, run and critics
    downhill: dict[Tensor, Tensor] = field(default_factory=dict)  # which way each critic is to go

    @cached_property
    def boards(self) -> Tensor:
        """What each player's row saw before every step: (players · S, T, B)."""
        return self.played.seen

    @cached_property
    def moves(self) -> Tensor:
        """What each player did, (players · S, T, B)."""
        joint = self.steps % PAIRS
        return torch.cat([joint // len(MOVES), joint % len(MOVES)])

    @cached_property
    def rewards(self) -> Tensor:
        """(players, S, T, B)."""
        return self.game.outcomes.rewards[:, self.steps].to(self.played.y.dtype)

    @cached_property
    def discounts(self) -> Tensor:
        """γᵗ, (T, 1)."""
        return torch.from_numpy(powers(self.game.gamma, self.steps.shape[1])[:, None]).to(self.rewards)

    @cached_property
    def discounted(self) -> Tensor:
        """γᵗ r_t, (players, S, T, B)."""
        return self.rewards * self.discounts

    def run_of(self, network: Network, thetas: list[Tensor]) -> Run:
        """How networks with these parameters, (S, d) per player, take what was played; each is run once."""
        for known in (self.played, *self.runs):
            if known.network == network and known.theta_is(thetas):
                return known
        self.runs.append(run(network, thetas, self.boards))
        return self.runs[-1]

    def measures(self) -> Tensor:
        """What `measures.OF_COIN_GAME` names, of every seed and player: (S, players, measures)."""
        picked, own = self.game.outcomes.picked[:, self.steps], self.game.outcomes.own[:, self.steps]
        whole = [self.discounted.sum(2).mean(2) * (1 - self.game.gamma), self.rewards.mean((2, 3))]
        coins = [(picked & own).double().mean((2, 3)), picked.double().mean((2, 3))]
        return torch.stack([value.double() for value in (*whole, *coins)], dim=-1).transpose(0, 1).cpu()


def play(
    thetas: list[Tensor], key: tuple[int, ...], game: CoinGame, seeds: list[int], batch: int, length: int
) -> Rollouts:
    """`batch` games of `length` steps of every seed's players, `thetas` (S, d) each, on the streams (seed, *key).

    A move is the action in whose part of [0, 1) a uniform number lies.
    """
    first, draws, uniforms = randomness(key, game, seeds, batch, length, thetas[0].device)
    network = Network(game, len(MOVES))
    assert all(theta.shape == (len(seeds), network.size) for theta in thetas), "thetas must be (S, d)"
    ran = Run(network, thetas, length, batch)
    board = game.start(first).flatten()
    steps = torch.empty(len(seeds), length, batch, dtype=torch.int64, device=board.device)
    for t in range(length):
        seen = game.views.boards.index_select(1, board).view(-1, batch)
        limits = running_sum(torch.softmax(ran.step(t, seen), dim=-1)[..., :-1], -1)
        red, blue = (uniforms[:, t, :, None] >= limits).sum(-1).view(2, -1)
        step, board = game.step(board, red, blue, draws[t])
        steps[:, t] = step.view(-1, batch)
    return Rollouts(game, steps, ran)


def score(p: Tensor, moves: Tensor) -> Tensor:
    """∂ log π(a_t) by the answers, 1[a_t] − π, (R, T, B, A): from π, (R, T, B, A), and the moves made, (R, T, B)."""
    return (moves[..., None] == torch.arange(p.shape[-1], device=p.device)).to(p.dtype) - p


def randomness(key: tuple[int, ...], game: CoinGame, seeds: list[int], batch: int, length: int, device):
    """What chance decides: uniforms of boards (3, S, B), draws of coins (T, S · B), uniforms of moves (P · S, T, B)."""
    first, draws, moves = [], [], []
    for seed in seeds:
        numbers = stream(seed, key)
        first.append(numbers.random((3, batch), dtype=np.float32))
        draws.append(numbers.integers(game.choices, size=(length, batch)))
        moves.append(numbers.random((game.players, length, batch), dtype=np.float32))
    first, draws, moves = (
        torch.from_numpy(np.stack(of_seeds, axis=1)).to(device) for of_seeds in (first, draws, moves)
    )
    return first, draws.flatten(1), moves.flatten(0, 1)
