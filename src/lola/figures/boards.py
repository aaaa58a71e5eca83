"""Pictures of the Coin Game: what happens in an episode, a board, and an animation of its boards."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from lola.figures import style

NAMES, SIDES = ("red", "blue"), ("left", "right")
COLORS = style.VERMILLION, style.BLUE  # colour-blind readers tell them apart
GROUND = "#fff3c4"  # a board on which a coin was just picked has this ground
OWN, THEIRS = 1, -2  # rewards: for picking any coin, and when the other picks mine
PLAYER, COIN, HALO = 0.31, 0.2, 0.46  # radii in cells
# Where things that share a cell stand in it, and how large they are, by their number.
SPREAD = {1: [(0, 0)], 2: [(-0.22, -0.22), (0.22, 0.22)], 3: [(-0.24, -0.22), (0.24, -0.22), (0, 0.22)]}
SQUEEZE = {1: 1.0, 2: 0.6, 3: 0.5}
FILM, DPI, PER_SECOND = 3.0, 100, 2  # width in inches, dots per inch, frames per second


@dataclass(frozen=True)
class Frame:
    """A board, and what the last moves brought: the `pickers`, the `picked` coin's colour, the rewards.

    Cells are row · grid + column; player 0 and colour 0 are red, 1 is blue.
    """

    players: tuple[int, int]
    coin: int
    colour: int
    pickers: tuple[int, ...]
    picked: int
    rewards: tuple[int, int]


def frames(episode: list, tie: str = "both") -> list[Frame]:
    """A frame for each board of an episode, a list of [red's cell, blue's, the coin's, its colour].

    Both move at every step: who stands where the coin lay has picked it, but for blue when both do and `tie` is "red".
    """
    found, lay, picked = [], None, 0
    for red, blue, coin, colour in episode:
        pickers = tuple(player for player, cell in enumerate((red, blue)) if cell == lay)
        pickers = pickers[:1] if tie == "red" else pickers
        rewards = tuple(OWN * (p in pickers) + THEIRS * (p == picked and 1 - p in pickers) for p in (0, 1))
        found.append(Frame((red, blue), coin, colour, pickers, picked, rewards))
        lay, picked = coin, colour
    return found


def draw_board(ax: Axes, grid: int, frame: Frame) -> None:
    """A board: players are filled, the coin is hollow, in the colour and shape of its player.

    A coin that was just picked surrounds who picked it, and colours the ground.
    """
    ax.set(xlim=(0, grid), ylim=(grid, 0), aspect="equal", xticks=[], yticks=[])
    ax.set_facecolor(GROUND if frame.pickers else "white")
    for edge in range(1, grid):
        ax.axhline(edge, color="lightgrey", linewidth=0.5, zorder=0)
        ax.axvline(edge, color="lightgrey", linewidth=0.5, zorder=0)
    cells = (*frame.players, frame.coin)
    shared, placed = Counter(cells), Counter()
    for thing, cell in enumerate(cells):
        (dx, dy), size = SPREAD[shared[cell]][placed[cell]], SQUEEZE[shared[cell]]
        placed[cell] += 1
        at = cell % grid + 0.5 + dx, cell // grid + 0.5 + dy
        if thing == len(frame.players):
            add(ax, frame.colour, at, size * COIN, rim=size * 0.09)
            continue
        if thing in frame.pickers:
            add(ax, frame.picked, at, size * HALO, rim=size * 0.06)
        add(ax, thing, at, size * PLAYER)


def add(ax: Axes, whose: int, at: tuple[float, float], radius: float, rim: float = 0.0) -> None:
    """Put a shape on a board: a disc for red, a square of about its area for blue; hollow if it has a rim."""
    looks = {radius: COLORS[whose]} | ({radius - rim: ax.get_facecolor()} if rim else {})
    for size, color in looks.items():
        side = 0.9 * size
        square = Rectangle((at[0] - side, at[1] - side), 2 * side, 2 * side, facecolor=color, linewidth=0)
        ax.add_patch(square if whose else Circle(at, size, facecolor=color, linewidth=0))


def with_sign(points: int) -> str:
    """Points with a sign, none for 0."""
    return f"{points:+d}".replace("-", "−") if points else "0"


def film(episode: list, grid: int, tie: str = "both") -> bytes:
    """The episode as an animated GIF, with what each player has earned so far; equal episodes are equal bytes."""
    figure = Figure(figsize=(FILM, FILM * 1.1), dpi=DPI)
    ax = figure.add_axes((0.05, 0.05, 0.9, 0.82))
    earned = (0, 0)
    with tempfile.TemporaryDirectory() as folder:
        path, writer = Path(folder, "episode.gif"), PillowWriter(fps=PER_SECOND)
        with writer.saving(figure, path, DPI):
            for step, frame in enumerate(frames(episode, tie)):
                earned = tuple(map(sum, zip(earned, frame.rewards, strict=True)))
                ax.clear()
                draw_board(ax, grid, frame)
                ax.set_title(f"step {step}", color="dimgrey")
                for name, points, color, side in zip(NAMES, earned, COLORS, SIDES, strict=True):
                    ax.set_title(f"{name} {with_sign(points)}", loc=side, color=color, weight="bold")
                writer.grab_frame()
        return path.read_bytes()
