"""The Coin Game: two players on a board that wraps round, and a coin of the colour of one of them."""

import torch
from torch import Tensor

RED, BLUE = 0, 1
MOVES = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}  # (rows, columns)
OWN, THEIRS = 1.0, -2.0  # for picking any coin; when the other picks mine


class CoinGame:
    """The Coin Game (LOLA paper §5.2; Lerer & Peysakhovich 2017) on a `grid` × `grid` board, with discount γ.

    Both players move at once. Who steps on the coin picks it and gets +1; the other loses 2 if it
    was of its colour. The next coin has the other colour, or with `colour` "random" either.
    It lies on a cell that is "free" of players, or with `respawn` "anywhere". When both step on
    the coin, `tie` says who picks it: "both", or "red" alone as in the authors' code.

    A board is one whole number, ((red · cells + blue) · cells + coin) · 2 + colour, and a step is
    board · 16 + 4 · (red's move) + blue's, so that a move is three look-ups. A player sees the board in
    its own view, as if it were red: `views` (players, boards). `hot` (boards, 3) says which of the 4 · cells
    inputs (own cell, the other's, own coin's, the other's coin's) are one.
    """

    players = 2

    def __init__(
        self,
        grid: int,
        gamma: float,
        tie: str = "both",
        respawn: str = "free",
        colour: str = "alternating",
        hidden: int = 32,
        encoder: str = "linear",
        filters: int = 20,
    ):
        check(grid, tie=tie, respawn=respawn, colour=colour, encoder=encoder)
        self.grid, self.gamma, self.cells = grid, gamma, grid * grid
        self.hidden, self.encoder, self.filters = hidden, encoder, filters
        self.actions = list(MOVES)
        self.boards = 2 * self.cells**3
        board = torch.arange(self.boards)
        red, blue, coin, whose = self.parts(board)
        self.views = torch.stack([board, self.board(blue, red, coin, 1 - whose)])
        self.hot = torch.stack([red, self.cells + blue, (2 + whose) * self.cells + coin], dim=1)
        self.near = torch.stack([self.shifted(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)], dim=1)
        # Where each cell goes when the board is shifted by one, (by, cell), and each board, as the one that it is with
        # red on cell 0, and by how much it was shifted: that board · cells + shift.
        self.shifts = torch.stack([self.shifted(*divmod(by, grid)) for by in range(self.cells)])
        back = self.shifts.argsort(1)
        self.alike = self.board(0 * red, back[red, blue], back[red, coin], whose) * self.cells + red

        moved = torch.stack([self.shifted(*move) for move in MOVES.values()], dim=1)  # (cells, moves)
        step = torch.arange(self.boards * len(MOVES) ** 2)
        red, blue, coin, whose = self.parts(step // len(MOVES) ** 2)
        red, blue = moved[red, step // len(MOVES) % len(MOVES)], moved[blue, step % len(MOVES)]
        self.picked = torch.stack([red == coin, (blue == coin) & ~((red == coin) & (tie == "red"))])  # (players, steps)
        self.own = torch.stack([whose == RED, whose == BLUE])  # (players, steps): whose colour the coin has
        self.rewards = OWN * self.picked + THEIRS * (self.picked.flip(0) & self.own)

        # What is on the board before a coin is laid, the row of `spots` that lays it, and the coins to choose from.
        taken = self.picked.any(0)
        next_colour = (1 - whose) * (colour == "alternating")
        self.moved = torch.where(
            taken, self.board(red, blue, 0 * coin, next_colour), self.board(red, blue, coin, whose)
        )
        self.spots = self.coins(respawn, colour == "random")
        self.row = torch.where(taken, red * self.cells + blue, self.cells**2) * self.spots.shape[1]

    def board(self, red: Tensor, blue: Tensor, coin: Tensor, colour: Tensor) -> Tensor:
        """The number of a board, from cells (row · grid + column) and the coin's colour."""
        return ((red * self.cells + blue) * self.cells + coin) * 2 + colour

    def parts(self, board: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Red's cell, blue's cell, the coin's, and its colour."""
        place = board // 2
        return place // self.cells**2, place // self.cells % self.cells, place % self.cells, board % 2

    def shifted(self, rows: int, columns: int) -> Tensor:
        """Each cell's neighbour so many rows down and columns to the right, round the edges."""
        cell = torch.arange(self.cells)
        return (cell // self.grid + rows) % self.grid * self.grid + (cell + columns) % self.grid

    def coins(self, respawn: str, random_colour: bool) -> Tensor:
        """What a new coin adds to a board's number: a row per pair of cells that the players are on, and one of zeros.

        Each row repeats its choices as often as makes all rows equally long, so that every choice is as likely.
        """
        cell = torch.arange(self.cells)
        rows = []
        for red in cell:
            for blue in cell:
                free = cell[(cell != red) & (cell != blue)] if respawn == "free" else cell
                rows.append(torch.cat([2 * free, 2 * free + 1]) if random_colour else 2 * free)
        width = len(rows[0]) * len(rows[1]) if respawn == "free" else len(rows[0])
        return torch.stack([row.repeat(width // len(row)) for row in rows] + [torch.zeros(width, dtype=torch.int64)])

    def to(self, device: str) -> "CoinGame":
        """The same game with its tables on `device`."""
        for name, table in vars(self).items():
            if isinstance(table, Tensor):
                setattr(self, name, table.to(device))
        return self

    def start(self, uniforms: Tensor) -> Tensor:
        """First boards, from uniform numbers (3, …): players anywhere, a coin of either colour where new ones lie."""
        pair = (uniforms[0] * self.cells**2).long()
        choices = self.spots.shape[1]
        coin = self.spots.flatten()[pair * choices + (uniforms[1] * choices).long()] // 2 * 2
        return pair * self.cells * 2 + coin + (uniforms[2] * 2).long()

    def step(self, board: Tensor, red: Tensor, blue: Tensor, draw: Tensor) -> tuple[Tensor, Tensor]:
        """The number of the step, and the board after it; `draw`, from 0 to less than `choices`, lays the next coin."""
        step = torch.add(torch.add(blue, red, alpha=len(MOVES)), board, alpha=len(MOVES) ** 2)
        return step, self.moved[step] + self.spots.flatten()[self.row[step] + draw]

    @property
    def choices(self) -> int:
        """How many equally likely draws lay a coin."""
        return self.spots.shape[1]


ALLOWED = {
    "tie": ("both", "red"),
    "respawn": ("free", "anywhere"),
    "colour": ("alternating", "random"),
    "encoder": ("linear", "convolutional"),
}


def check(grid: int, **options: str) -> None:
    """Raise ValueError for a board that can't hold the players and the coin, or an option that there isn't."""
    if grid < 2:
        raise ValueError(
            f"grid: given {grid}; allowed: whole numbers from 2, for two players and a coin apart from them"
        )
    for name, value in options.items():
        if value not in ALLOWED[name]:
            raise ValueError(f"{name}: given {value!r}; allowed: {', '.join(ALLOWED[name])}")
