"""Players as a run left them, and what they play."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from lola.learning.coins import rollouts as coin_rollouts
from lola.learning.coins.game import MOVES, PAIRS, CoinGame
from lola.learning.matrix import rollouts as matrix_rollouts
from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig, quoted

PLAYED = (0, 97)  # the stream of play after training, apart from those that training takes
WIDE = 78  # characters of a line of boards
NAMES = "RB"  # of red and blue on a board; a coin has its colour's in small


@dataclass(frozen=True, repr=False)
class Played:
    """What was played: `table` has a row per step with everybody's moves and rewards, `text` is for reading."""

    table: pd.DataFrame
    text: str

    @property
    def rewards(self) -> pd.Series:
        """The mean reward per step of each player."""
        return self.table.filter(like="reward").mean()

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False, repr=False)
class Players:
    """All players of one run, as they ended.

    `name` is the run's, `spec` all its settings, `end` how it ended, and `curve` its rows, None if it was shipped.
    """

    name: str
    spec: dict
    end: dict
    curve: pd.DataFrame | None

    @property
    def game(self) -> dict:
        """The settings of their game."""
        return self.spec["game"]

    @property
    def policies(self) -> pd.DataFrame:
        """The probability of each action: index player and state as that player sees it, its own last action first.

        Empty where policies are no tables, as in the Coin Game.
        """
        return policy_table(self.end["policies"])

    @property
    def parameters(self) -> list[np.ndarray]:
        """The parameters of each player."""
        return [np.array(theta) for theta in self.end.get("thetas", [])]

    def play(self, steps: int = 10, seed: int = 0) -> Played:
        """Let them play from the start, without learning; `seed` draws other moves.

        Raises BadConfig if the game has no moves, or if there are no such steps.
        """
        for what, number, least in (("steps", steps, 1), ("seed", seed, 0)):
            if type(number) is not int or number < least:
                raise BadConfig(f"{what}: given {quoted(number)}; allowed: a whole number from {least}")
        kind = registry.kind_name(self.game)
        if kind not in TOLD or not self.parameters:
            given = f"given {self.name}, whose game is of kind {kind}"
            raise BadConfig(f"play: {given}; allowed: trained players of {' or '.join(TOLD)}")
        build = registry.COURSES[registry.KINDS[kind].courses[0]].job.load()
        job = build(self.spec | {"match": None, "grid": None, "play": {"batch": 1, "length": steps}}, [seed])
        alike = [policy.initial(i, [seed], 1.0) for i, policy in enumerate(job.policies)]
        thetas = [torch.tensor([own], dtype=drawn.dtype) for own, drawn in zip(self.end["thetas"], alike, strict=True)]
        return TOLD[kind](job.play(thetas, PLAYED))

    def __repr__(self) -> str:
        return f"the players of {self.name}"


def policy_table(policies: list[dict]) -> pd.DataFrame:
    """The policies of a manifest as a table, every player's states in player 1's order where they have one."""
    order = list(dict.fromkeys(policy["state"] for policy in policies))
    place = {state: n for n, state in enumerate(order)}
    rows = sorted(policies, key=lambda policy: (policy["player"], place.get(policy["own_state"], 0)))
    keys = [(policy["player"], policy["own_state"]) for policy in rows]
    index = pd.MultiIndex.from_tuples(keys, names=["player", "state"])
    return pd.DataFrame([policy["probabilities"] for policy in rows], index=index)


def table_of(moves: Iterable[list[str]], rewards: np.ndarray) -> pd.DataFrame:
    """A row per step, from every player's moves and rewards, (players, steps)."""
    columns = {f"player {i}": own for i, own in enumerate(moves, start=1)}
    columns |= {f"reward {i}": own for i, own in enumerate(rewards, start=1)}
    return pd.DataFrame(columns).rename_axis("step")


def matrix_game(rollouts: matrix_rollouts.Rollouts) -> Played:
    """A roll-out of a matrix game."""
    game = rollouts.game
    joint = rollouts.codes[0, :, 0].astype(int) % game.rewards.shape[1]
    moves = [[names[a] for a in game.joint[i, joint]] for i, names in enumerate(game.actions)]
    table = table_of(moves, game.rewards[:, joint])
    return Played(table, table.to_string())


def coin_game(rollouts: coin_rollouts.Rollouts) -> Played:
    """A roll-out of the Coin Game; player 1 is red, player 2 blue."""
    game, names = rollouts.game, list(MOVES)
    moves = [[names[a] for a in own] for own in rollouts.moves[:, 0, :, 0].tolist()]
    table = table_of(moves, rollouts.rewards[:, 0, :, 0].numpy())
    boards = torch.stack(game.parts(rollouts.steps[0, :, 0] // PAIRS), dim=1).tolist()
    pictures = [picture(game, t, board, table.loc[t]) for t, board in enumerate(boards)]
    width = max(len(line) for lines in pictures for line in lines) + 2
    side_by_side = max(1, WIDE // width)
    strips = [pictures[n : n + side_by_side] for n in range(0, len(pictures), side_by_side)]
    lines = ["R and B are red and blue, r and b a coin of their colour; below, their moves and what those bring."]
    for strip in strips:
        lines += ["", *("".join(line.ljust(width) for line in row).rstrip() for row in zip(*strip, strict=True))]
    return Played(table, "\n".join(lines))


def picture(game: CoinGame, step: int, board: list[int], played: pd.Series) -> list[str]:
    """A board as lines of text, with the moves that are made on it."""
    *players, coin, colour = board
    things = [*zip(players, NAMES, strict=True), (coin, NAMES[colour].lower())]
    cells = ["".join(name for at, name in things if at == cell) or "." for cell in range(game.cells)]
    rows = [cells[n : n + game.grid] for n in range(0, game.cells, game.grid)]
    lines = [f"step {step}", *(" ".join(cell.ljust(2) for cell in row).rstrip() for row in rows)]
    for i, name in enumerate(NAMES, start=1):
        reward = played[f"reward {i}"]
        lines.append(f"{name} {played[f'player {i}']}" + (f" {reward:+g}" if reward else ""))
    return lines


TOLD: dict[str, Callable[..., Played]] = {"matrix_game": matrix_game, "coin_game": coin_game}  # by kind of game
