"""The rules of the Coin Game, written out for one board at a time: what the tables of `lola.learning` must say."""

from dataclasses import dataclass

RIGHT, LEFT, DOWN, UP = range(4)
SHIFTS = {RIGHT: (0, 1), LEFT: (0, -1), DOWN: (1, 0), UP: (-1, 0)}  # (rows, columns)
OTHER = {"red": "blue", "blue": "red"}
Cell = tuple[int, int]


@dataclass(frozen=True)
class Board:
    """Where the players and the coin are, (row, column), and the coin's colour."""

    red: Cell
    blue: Cell
    coin: Cell
    colour: str

    def swapped(self) -> "Board":
        """The board as blue would see it, were it red."""
        return Board(self.blue, self.red, self.coin, OTHER[self.colour])


def read(drawing: str) -> Board:
    """A board from its drawing: R and B are the players, r or b the coin, a dot an empty cell, blanks between cells."""
    where = {
        name: (row, column)
        for row, line in enumerate(drawing.strip().splitlines())
        for column, cell in enumerate(line.split())
        for name in cell
    }
    colour = "red" if "r" in where else "blue"
    return Board(where["R"], where["B"], where[colour[0]], colour)


def number(board: Board, grid: int) -> int:
    """The whole number that stands for a board: ((red · cells + blue) · cells + coin) · 2 + colour."""
    red, blue, coin = (row * grid + column for row, column in (board.red, board.blue, board.coin))
    return ((red * grid**2 + blue) * grid**2 + coin) * 2 + ["red", "blue"].index(board.colour)


def boards(grid: int) -> list[Board]:
    """Every board, in the order of their numbers."""
    cells = [(row, column) for row in range(grid) for column in range(grid)]
    return [Board(red, blue, coin, c) for red in cells for blue in cells for coin in cells for c in OTHER]


def step(board: Board, red: int, blue: int, grid: int, tie="both", respawn="free", colour="alternating"):
    """What one move of both brings: rewards (red's, blue's), who picked, and the equally likely boards after it."""

    def moved(cell: Cell, move: int) -> Cell:
        return (cell[0] + SHIFTS[move][0]) % grid, (cell[1] + SHIFTS[move][1]) % grid

    at = {"red": moved(board.red, red), "blue": moved(board.blue, blue)}
    on_it = [player for player, cell in at.items() if cell == board.coin]
    picked = ["red"] if tie == "red" and len(on_it) == 2 else on_it
    rewards = {"red": 0, "blue": 0}
    for player in picked:
        rewards[player] += 1
        if board.colour == OTHER[player]:
            rewards[OTHER[player]] -= 2
    after = [Board(at["red"], at["blue"], board.coin, board.colour)]
    if picked:
        cells = [(row, column) for row in range(grid) for column in range(grid)]
        places = cells if respawn == "anywhere" else [cell for cell in cells if cell not in at.values()]
        colours = ["red", "blue"] if colour == "random" else [OTHER[board.colour]]
        after = [Board(at["red"], at["blue"], place, c) for place in places for c in colours]
    return (rewards["red"], rewards["blue"]), ("red" in picked, "blue" in picked), after


def starts(grid: int) -> dict[Board, float]:
    """First boards and their probabilities: players anywhere, the coin on any cell free of them, of either colour."""
    free = [board for board in boards(grid) if board.coin not in (board.red, board.blue)]
    left = {(board.red, board.blue): grid**2 - len({board.red, board.blue}) for board in free}
    return {board: 1 / (grid**4 * left[board.red, board.blue] * 2) for board in free}
