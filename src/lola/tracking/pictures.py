"""Small PNGs of single runs, to look through many of them; equal runs have equal pictures."""

import io
import math
from functools import lru_cache

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave

from lola.vocabulary import measures, registry

mpl.rcdefaults()  # whatever the user's matplotlibrc says
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]  # Okabe and Ito's, readable by the colour-blind
MARKERS = ["o", "s", "^", "D"]
RED_AND_BLUE = {"red": COLOURS[1], "blue": COLOURS[0]}  # players 1 and 2 of the Coin Game
SMALLEST = 1e-12  # how far axes reach at least
FARTHEST = 1e100  # a value that is drawn: a span of larger ones would overflow
LEGEND = {"loc": "upper center", "ncols": 4, "fontsize": 8, "frameon": False}


def unit(spec: dict) -> str:
    """What a step is, in the words of the figures."""
    return "episode" if registry.course(spec) == "match" else "update"


def returns_and_policies(series: dict, manifest: dict) -> bytes:
    """Returns over steps, and in each state the probability of the first action at the end."""
    spec, policies = manifest["spec"], manifest.get("policies") or []
    payoffs, actions = np.asarray(spec["game"]["payoffs"]), spec["game"]["actions"]
    firsts = [actions[0]] * len(payoffs) if isinstance(actions[0], str) else [own[0] for own in actions]
    named = firsts[0] if len({*firsts}) == 1 else "first action"
    states = tuple(dict.fromkeys(policy["own_state"] for policy in policies))
    scale = float(payoffs.min()), float(payoffs.max()), spec["steps"]
    canvas, background = _empty(*scale, unit(spec), len(payoffs), states, named)
    canvas.restore_region(background)
    for player, (line, dot) in enumerate(zip(*(axes.lines for axes in canvas.figure.axes), strict=True), 1):
        mine = (policy for policy in policies if policy["player"] == player)
        own = {states.index(policy["own_state"]): policy["probabilities"][firsts[player - 1]] for policy in mine}
        line.set_data(*_over_steps(series.get((str(player), measures.RETURN), [])))
        dot.set_data(np.array([*own]) + 0.12 * (player - 1), [*own.values()])
        line.axes.draw_artist(line)
        dot.axes.draw_artist(dot)
    return _png(canvas)


@lru_cache(maxsize=8)
def _empty(low: float, high: float, steps: int, unit: str, players: int, states: tuple[str, ...], action: str):
    """All of the picture but its data, drawn once: drawing axes anew takes 15 times as long as filling them."""
    canvas, returns, policies = _panels()
    margin = 0.05 * (high - low) or 1
    returns.set(xlim=(0, steps), ylim=(low - margin, high + margin), xlabel=unit, ylabel="return per step")
    policies.set(ylim=(-0.05, 1.05), xlim=(-0.5, max(1, len(states)) - 0.25), ylabel=f"P({action}) at the end")
    policies.set_xticks(range(len(states)), states, rotation=0 if len(states) < 8 else 60)
    for player in range(players):
        style = {"color": COLOURS[player % 4], "label": f"agent {player + 1}", "animated": True}
        returns.plot([], [], **style)
        policies.plot([], [], linestyle="", marker=MARKERS[player % 4], **style)
    canvas.figure.legend(handles=returns.lines, **LEGEND)
    canvas.draw()
    return canvas, canvas.copy_from_bbox(canvas.figure.bbox)


def returns_and_others(series: dict, manifest: dict) -> bytes:
    """Returns over steps, and beside them all else known; of the Coin Game the share of coins in one's own colour."""
    spec, others = manifest["spec"], tuple(dict.fromkeys(name for _, name in series if name != measures.RETURN))
    players = tuple((f"agent {n + 1}", COLOURS[n % 4]) for n in range(len(spec["seats"])))
    if coins := registry.course(spec) == "coin_game":
        players, others = tuple(RED_AND_BLUE.items()), (measures.OWN_COLOUR,)
    shown = [(str(player), name) for name in (measures.RETURN, *others) for player in range(1, 1 + len(players))]
    known = [_over_steps(series.get(each, [])) for each in shown]
    left, right = _around(known[: len(players)]), (-0.02, 1.02) if coins else _around(known[len(players) :])
    canvas, background = _axes(spec["steps"], players, others, left, right, coins)
    canvas.restore_region(background)
    lines = [line for axes in canvas.figure.axes for line in axes.lines if line.get_animated()]
    for line, points in zip(lines, known, strict=True):
        line.set_data(*points)
        line.axes.draw_artist(line)
    return _png(canvas)


@lru_cache(maxsize=64)
def _axes(steps: int, players: tuple, others: tuple[str, ...], returns: tuple, right: tuple, coins: bool):
    """All of the picture but its data, as `_empty`: lines of the returns of players, then of each other measure."""
    canvas, *panels = _panels()
    for axes, names, limits in zip(panels, ((measures.RETURN,), others), (returns, right), strict=True):
        axes.set(xlim=(0, steps), ylim=limits, xlabel="update")
        for _ in names:
            for label, colour in players:
                axes.plot([], [], color=colour, label=label, animated=True)
    panels[0].set(ylabel="return per step")
    panels[1].set(ylabel="\n".join(others[:3]))
    if coins:
        panels[1].axhline(0.5, color="grey", linestyle=":", linewidth=1)
    canvas.figure.legend(handles=panels[0].lines, **LEGEND)
    canvas.draw()
    return canvas, canvas.copy_from_bbox(canvas.figure.bbox)


def _around(known: list[np.ndarray]) -> tuple[float, float]:
    """A little more than from 0 to round numbers around all values, so that many runs have the same axes."""
    values = np.concatenate([np.zeros(1), *(points[1] for points in known)])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    reach = _rounded_up(max(-low, high))
    low, high = (-reach if low < 0 else 0.0), (reach if high > 0 or not low else 0.0)
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def _rounded_up(size: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(size, SMALLEST)))
    return next(digit * power for digit in (1, 2, 5, 10, 20) if digit * power >= size)


def _panels() -> tuple[FigureCanvasAgg, Axes, Axes]:
    """An empty picture, and its two panels."""
    canvas = FigureCanvasAgg(Figure(figsize=(6, 2.2), dpi=80))
    places = {"left": 0.14, "right": 0.98, "bottom": 0.22, "wspace": 0.48}
    return canvas, *canvas.figure.subplots(1, 2, gridspec_kw=places)


def _over_steps(points: list[tuple[int, float]]) -> np.ndarray:
    """Steps and values of a series, (2, points)."""
    return np.clip(np.reshape(points, (-1, 2)).T, -FARTHEST, FARTHEST)


def _png(canvas: FigureCanvasAgg) -> bytes:
    png = io.BytesIO()
    quick = {"compress_level": 3}  # a third of the time of the default, and no larger
    imsave(png, np.asarray(canvas.buffer_rgba()), format="png", metadata={"Software": None}, pil_kwargs=quick)
    return png.getvalue()
