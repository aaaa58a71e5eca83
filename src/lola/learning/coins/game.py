"""The Coin Game: two players on a board that wraps round, and a coin of the colour of one of them."""

import math
from itertools import product

import torch
from torch import Tensor

RED, BLUE = 0, 1
MOVES = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}  # (rows, columns)
PAIRS = len(MOVES) ** 2  # of a move of red and one of blue
OWN, THEIRS = 1.0, -2.0  # for picking any coin; when the other picks mine
ALLOWED = {"tie": ("both", "red"), "respawn": ("free", "anywhere"), "colour": ("alternating", "random")}


class CoinGame:
    """The Coin Game (LOLA paper §5.2; Lerer & Peysakhovich 2017) on a `grid` × `grid` board, with discount γ.

    Both players move at once. Who steps on the coin picks it and gets +1; the other loses 2 if it
    was of its colour. The next coin has the other colour, or with `colour` "random" either.
    It lies on a cell that is "free" of players, or with `respawn` "anywhere". When both step on
    the coin, `tie` says who picks it: "both", or "red" alone as in the authors' code.

    A board is one whole number, ((red · cells + blue) · cells + coin) · 2 + colour, and a step is
    board · 16 + 4 · (red's move) + blue's, so that a move is three look-ups in tables.

    Boards as players see them, each as if it were red:
    `views` (players, boards): the number that a board has in each player's view.
    `inputs` (boards, 3): which of a network's 4 · cells inputs are one. There is an input per cell for oneself, then
    for the other, then for a coin of one's own colour, then for one of the other's.

    The outcome of every step:
    `picked` (players, steps): who picks the coin. `own` (players, steps): whose colour it has.
    `rewards` (players, steps): what players earn. `after` (steps): the board afterwards, with a coin that was picked
    replaced on cell 0. `pairs` (steps): the row of `coins` that adds a new coin's cell and colour to that.
    `coins` (cells² + 1, choices): numbers that a new coin may add to a board's, a row per pair of cells that red and
    blue are on, red · cells + blue, and a last one of zeros for no new coin. All choices of a row are as likely.

    The board, which looks the same from every cell, for convolutions:
    `neighbours` (cells, 9): each cell's square of 3 × 3, row by row. `shifts` (shifts, cells): where cells go when the
    board is shifted so that cell 0 comes to lie on each cell. `unshifted` (boards): each board as one with red on
    cell 0 that was shifted, in one number, that board · cells + shift.
    """

    players = 2

    def __init__(self, grid: int, gamma: float, tie: str = "both", respawn: str = "free", colour: str = "alternating"):
        if grid < 2:
            allowed = "whole numbers from 2, for two players and a coin apart from them"
            raise ValueError(f"grid: given {grid}; allowed: {allowed}")
        for name, value in {"tie": tie, "respawn": respawn, "colour": colour}.items():
            if value not in ALLOWED[name]:
                raise ValueError(f"{name}: given {value!r}; allowed: {', '.join(ALLOWED[name])}")
        self.grid, self.gamma, self.cells = grid, gamma, grid * grid
        self.actions = list(MOVES)
        self.boards = 2 * self.cells**3
        self.views, self.inputs = views(self)
        self.picked, self.own, self.rewards, self.after, self.pairs = outcomes(self, tie, colour)
        self.coins = coins(self, respawn, colour)
        self.choices = self.coins.shape[1]
        self.neighbours, self.shifts, self.unshifted = shifts(self)

    def number(self, red: Tensor, blue: Tensor, coin: Tensor, colour: Tensor) -> Tensor:
        """The number of a board, from cells (row · grid + column) and the coin's colour."""
        return ((red * self.cells + blue) * self.cells + coin) * 2 + colour

    def parts(self, board: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Red's cell, blue's cell, the coin's, and its colour."""
        return torch.unravel_index(board, (self.cells, self.cells, self.cells, 2))

    def shifted(self, rows: int, columns: int) -> Tensor:
        """Each cell's neighbour so many rows down and columns to the right, round the edges."""
        return torch.arange(self.cells).view(self.grid, self.grid).roll((-rows, -columns), (0, 1)).flatten()

    def to(self, device: str) -> "CoinGame":
        """The same game with its tables on `device`."""
        vars(self).update({name: x.to(device) for name, x in vars(self).items() if isinstance(x, Tensor)})
        return self

    def start(self, uniforms: Tensor) -> Tensor:
        """First boards, from uniform numbers (3, …): players anywhere, a coin of either colour where new ones lie."""
        pair = (uniforms[0] * self.cells**2).long()
        coin = self.coins[pair, (uniforms[1] * self.choices).long()] // 2 * 2
        return pair * self.cells * 2 + coin + (uniforms[2] * 2).long()

    def step(self, board: Tensor, red: Tensor, blue: Tensor, draw: Tensor) -> tuple[Tensor, Tensor]:
        """The number of the step, and the board after it; `draw`, from 0 to less than `choices`, lays the next coin."""
        step = torch.add(torch.add(blue, red, alpha=len(MOVES)), board, alpha=PAIRS)
        return step, self.after[step] + self.coins[self.pairs[step], draw]


def views(game: CoinGame) -> tuple[Tensor, Tensor]:
    """Every board as both players see it."""
    board = torch.arange(game.boards)
    red, blue, coin, colour = game.parts(board)
    as_blue = game.number(blue, red, coin, 1 - colour)
    inputs = [red, game.cells + blue, (2 + colour) * game.cells + coin]
    return torch.stack([board, as_blue]), torch.stack(inputs, dim=1)


def outcomes(game: CoinGame, tie: str, colour: str) -> tuple[Tensor, ...]:
    """The outcome of both players' moves on every board."""
    step = torch.arange(PAIRS * game.boards)
    red_before, blue_before, coin, coin_colour = game.parts(step // PAIRS)
    after = torch.stack([game.shifted(*move) for move in MOVES.values()], dim=1)  # (cells, moves)
    red = after[red_before, step // len(MOVES) % len(MOVES)]
    blue = after[blue_before, step % len(MOVES)]

    red_picks = red == coin
    blue_picks = (blue == coin) & ~(red_picks & (tie == "red"))
    picked = torch.stack([red_picks, blue_picks])
    own = torch.stack([coin_colour == RED, coin_colour == BLUE])
    rewards = OWN * picked + THEIRS * (picked.flip(0) & own)

    any_picks = red_picks | blue_picks
    next_colour = 1 - coin_colour if colour == "alternating" else 0 * coin_colour
    colour_after = torch.where(any_picks, next_colour, coin_colour)
    boards = game.number(red, blue, torch.where(any_picks, 0, coin), colour_after)
    pairs = torch.where(any_picks, red * game.cells + blue, game.cells**2)
    return picked, own, rewards, boards, pairs


def coins(game: CoinGame, respawn: str, colour: str) -> Tensor:
    """New coins by the players' places; a row repeats its choices, each as often, until all rows are equally long."""
    cell = torch.arange(game.cells)
    rows = []
    for red, blue in product(cell, cell):
        allowed = cell[(cell != red) & (cell != blue)] if respawn == "free" else cell
        rows.append(torch.cat([2 * allowed, 2 * allowed + 1]) if colour == "random" else 2 * allowed)
    width = math.prod({len(row) for row in rows})
    no_coin = torch.zeros(width, dtype=torch.int64)
    return torch.stack([*(row.repeat(width // len(row)) for row in rows), no_coin])


def shifts(game: CoinGame) -> tuple[Tensor, Tensor, Tensor]:
    """The board as it looks from every cell."""
    offsets = (-1, 0, 1)
    neighbours = torch.stack([game.shifted(*offset) for offset in product(offsets, offsets)], dim=1)
    cells = torch.stack([game.shifted(*divmod(shift, game.grid)) for shift in range(game.cells)])
    back = cells.argsort(1)
    red, blue, coin, colour = game.parts(torch.arange(game.boards))
    boards = game.number(0 * red, back[red, blue], back[red, coin], colour) * game.cells + red
    return neighbours, cells, boards
