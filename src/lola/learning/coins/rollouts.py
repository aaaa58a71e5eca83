"""Roll-outs of the Coin Game between recurrent players, every seed on random streams of its own."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lola.learning.arithmetic import powers
from lola.learning.coins.game import MOVES, PAIRS, CoinGame
from lola.learning.coins.networks import Network
from lola.learning.coins.runs import Ensemble, Run, compute, run, side_by_side
from lola.learning.streams import stream


@dataclass(frozen=True)
class Rollouts:
    """A batch of games per seed: the numbers of all `steps`, (S, T, B), and the players' networks as they ran.

    It keeps how other networks took the same boards, and what was worked out of that.
    """

    game: CoinGame
    steps: Tensor
    played: Ensemble
    results: dict[Hashable, object] = field(default_factory=dict, compare=False)  # of `once`

    @property
    def networks(self) -> list[Network]:
        """The players' networks."""
        return [run.network for run, _ in self.played.members]

    @cached_property
    def boards(self) -> Tensor:
        """The boards that each player saw before every step: (players, S, T, B)."""
        return self.game.views[:, self.steps // PAIRS]

    @cached_property
    def moves(self) -> Tensor:
        """The moves of each player, (players, S, T, B)."""
        joint = self.steps % PAIRS
        return torch.stack([joint // len(MOVES), joint % len(MOVES)])

    @cached_property
    def rewards(self) -> Tensor:
        """(players, S, T, B)."""
        return self.game.rewards[:, self.steps].to(self.played.y.dtype)

    @cached_property
    def discounts(self) -> Tensor:
        """γᵗ, (T, 1)."""
        return torch.from_numpy(powers(self.game.gamma, self.steps.shape[1])[:, None]).to(self.rewards)

    @cached_property
    def discounted(self) -> Tensor:
        """γᵗ r_t, (players, S, T, B)."""
        return self.rewards * self.discounts

    def measures(self) -> Tensor:
        """What `measures.OF_COIN_GAME` names, of every seed and player: (S, players, measures)."""
        picked, own = self.game.picked[:, self.steps], self.game.own[:, self.steps]
        whole = [self.discounted.sum(2).mean(2) * (1 - self.game.gamma), self.rewards.mean((2, 3))]
        coins = [(picked & own).double().mean((2, 3)), picked.double().mean((2, 3))]
        return torch.stack([value.double() for value in (*whole, *coins)], dim=-1).transpose(0, 1).cpu()

    @cached_property
    def known(self) -> dict[tuple[int, Network, bytes], tuple[Run, int]]:
        """What took the boards of a player, by that player, network and the bits of its parameters."""
        members = enumerate(self.played.members)
        return {(i, run.network, bits(run.leaves[group])): (run, group) for i, (run, group) in members}

    def taken_by(self, networks: list[Network], thetas: list[Tensor]) -> Ensemble:
        """How each player's network, with parameters (S, d_i), takes what that player saw; no network runs twice."""
        keys = [(i, network, bits(theta)) for i, (network, theta) in enumerate(zip(networks, thetas, strict=True))]
        missing = [i for i, key in enumerate(keys) if key not in self.known]
        if missing:
            boards = torch.cat([self.boards[i] for i in missing])
            ran = run([networks[i] for i in missing], [thetas[i] for i in missing], boards)
            self.known.update(zip([keys[i] for i in missing], ran.members, strict=True))
        return Ensemble(tuple(self.known[key] for key in keys))

    def once(self, key: Hashable, work_out: Callable) -> object:
        """What `work_out()` gave when it was first wanted under this key."""
        if key not in self.results:
            self.results[key] = work_out()
        return self.results[key]


def bits(theta: Tensor) -> bytes:
    """All numbers to the last bit, so that NaN is found again."""
    return theta.detach().cpu().numpy().tobytes()


def play(
    thetas: list[Tensor], key: tuple[int, ...], seeds: list[int], batch: int, length: int, networks: list[Network]
) -> Rollouts:
    """`batch` games of `length` steps of every seed's players, `thetas` (S, d_i) each, on the streams (seed, *key).

    A move is the action in whose part of [0, 1) a uniform number lies.
    """
    assert all(len(theta) == len(seeds) for theta in thetas), "thetas must be (S, d_i)"
    game = networks[0].game
    first, draws, uniforms = randomness(key, game, seeds, batch, length, thetas[0].device)
    played = side_by_side(networks, thetas, length, batch)
    board, moves = game.start(first), torch.empty_like(uniforms[:, 0], dtype=torch.int64)
    steps = torch.empty(len(seeds), length, batch, dtype=torch.int64, device=board.device)
    for t in range(length):
        y = played.step(t, game.views[:, board].flatten(0, 1))
        compute("choose", t, moves, y.contiguous(), uniforms)
        steps[:, t], board = game.step(board, *moves.chunk(2), draws[t])
    return Rollouts(game, steps, played)


def score(p: Tensor, moves: Tensor) -> Tensor:
    """∂ log π(a_t) by the answers, 1[a_t] − π, (…, A): from π, (…, A), and the moves made, (…)."""
    assert p.ndim == moves.ndim + 1, "p must be (…, A) and moves (…)"
    return (moves[..., None] == torch.arange(p.shape[-1], device=p.device)).to(p.dtype) - p


def randomness(key: tuple[int, ...], game: CoinGame, seeds: list[int], batch: int, length: int, device):
    """Random numbers: uniforms of boards (3, S, B), draws of coins (T, S, B), uniforms of moves (P · S, T, B)."""
    drawn = []
    for source in (stream(seed, key) for seed in seeds):
        boards = source.random((3, batch), dtype=np.float32)
        coins = source.integers(game.choices, size=(length, batch))
        drawn.append((boards, coins, source.random((game.players, length, batch), dtype=np.float32)))
    stacked = (np.stack(numbers, axis=1) for numbers in zip(*drawn, strict=True))
    boards, coins, moves = (torch.from_numpy(numbers).to(device) for numbers in stacked)
    return boards, coins, moves.flatten(0, 1)
