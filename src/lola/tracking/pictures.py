"""Small PNGs of single runs, to look through many of them; equal runs have equal pictures."""

import io
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
    spec, others = manifest["spec"], list(dict.fromkeys(name for _, name in series if name != measures.RETURN))
    players = {f"agent {n + 1}": COLOURS[n % 4] for n in range(len(spec["seats"]))}
    coins = registry.course(spec) == "coin_game"
    if coins:
        players, others = RED_AND_BLUE, [measures.OWN_COLOUR]
    canvas, left, right = _panels()
    for player, (name, colour) in enumerate(players.items(), 1):
        own = {measure: _over_steps(points) for (of, measure), points in series.items() if of == str(player)}
        left.plot(*own.get(measures.RETURN, _over_steps([])), color=colour, label=name)
        for measure in others:
            right.plot(*own.get(measure, _over_steps([])), color=colour)
    left.set(xlim=(0, spec["steps"]), xlabel="update", ylabel="return per step")
    right.set(xlim=(0, spec["steps"]), xlabel="update", ylabel="\n".join(others[:3]))
    if coins:
        right.axhline(0.5, color="grey", linestyle=":", linewidth=1)
        right.set(ylim=(-0.02, 1.02))
    canvas.figure.legend(handles=left.lines, **LEGEND)
    canvas.draw()
    return _png(canvas)


def _panels() -> tuple[FigureCanvasAgg, Axes, Axes]:
    """An empty picture, and its two panels."""
    canvas = FigureCanvasAgg(Figure(figsize=(6, 2.2), dpi=80))
    places = {"left": 0.12, "right": 0.99, "bottom": 0.22, "wspace": 0.35}
    return canvas, *canvas.figure.subplots(1, 2, gridspec_kw=places)


def _over_steps(points: list[tuple[int, float]]) -> np.ndarray:
    """Steps and values of a series, (2, points)."""
    return np.clip(np.reshape(points, (-1, 2)).T, -FARTHEST, FARTHEST)


def _png(canvas: FigureCanvasAgg) -> bytes:
    png = io.BytesIO()
    quick = {"compress_level": 3}  # a third of the time of the default, and no larger
    imsave(png, np.asarray(canvas.buffer_rgba()), format="png", metadata={"Software": None}, pil_kwargs=quick)
    return png.getvalue()
