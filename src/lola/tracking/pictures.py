"""Small PNGs of single runs, to look through many of them; equal runs have equal pictures."""

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave

from lola.vocabulary import measures

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]  # Okabe and Ito's, readable by the colour-blind
MARKERS = ["o", "s", "^", "D"]
RED_AND_BLUE = {"red": COLOURS[1], "blue": COLOURS[0]}  # players 1 and 2 of the Coin Game
SIZE = {"figsize": (6, 2.2), "dpi": 80}
PANELS = {"left": 0.12, "right": 0.99, "bottom": 0.22, "wspace": 0.35}
LEGEND = {"loc": "upper center", "ncols": 4, "fontsize": 8, "frameon": False}


def returns_and_policies(series: dict, manifest: dict) -> bytes:
    """Returns over steps, and in each state the probability of the first action at the end."""
    spec = manifest["spec"]
    payoffs = np.asarray(spec["game"]["payoffs"])
    policies = manifest.get("policies") or []
    states = tuple(dict.fromkeys(policy["own_state"] for policy in policies))
    action = spec["game"]["actions"][0]
    canvas, background, lines, dots = _empty(
        float(payoffs.min()), float(payoffs.max()), spec["steps"], len(payoffs), states, action
    )
    canvas.restore_region(background)
    for player, (line, dot) in enumerate(zip(lines, dots, strict=True), 1):
        own = {
            policy["own_state"]: policy["probabilities"][action] for policy in policies if policy["player"] == player
        }
        line.set_data(*np.reshape(series.get((str(player), "return"), []), (-1, 2)).T)
        dot.set_data(np.arange(len(own)) + 0.12 * (player - 1), [own[state] for state in states if state in own])
        line.axes.draw_artist(line)
        dot.axes.draw_artist(dot)
    return _png(canvas)


@lru_cache(maxsize=8)
def _empty(low: float, high: float, steps: int, players: int, states: tuple[str, ...], action: str):
    """All of the picture but its data, drawn once: drawing axes anew takes 15 times as long as filling them."""
    figure = Figure(**SIZE)
    canvas = FigureCanvasAgg(figure)
    returns, policies = figure.subplots(1, 2, gridspec_kw=PANELS)
    margin = 0.05 * (high - low) or 1
    returns.set(xlim=(0, steps), ylim=(low - margin, high + margin), xlabel="step", ylabel="return per step")
    policies.set(ylim=(-0.05, 1.05), xlim=(-0.5, max(1, len(states)) - 0.25), ylabel=f"P({action}) at the end")
    policies.set_xticks(range(len(states)), states, rotation=0 if len(states) < 8 else 60)
    lines, dots = [], []
    for player in range(players):
        style = {"color": COLOURS[player % 4], "label": f"player {player + 1}"}
        lines.append(returns.plot([], [], **style)[0])
        dots.append(policies.plot([], [], linestyle="", marker=MARKERS[player % 4], **style)[0])
    figure.legend(handles=lines, **LEGEND)
    for artist in (*lines, *dots):
        artist.set_animated(True)
    canvas.draw()
    return canvas, canvas.copy_from_bbox(figure.bbox), lines, dots


def returns_and_shares(series: dict, manifest: dict) -> bytes:
    """Of a Coin Game: returns over steps, and how large a share of the coins that a player picked had its colour."""
    share = measures.OWN_COLOUR
    canvas, shares = _beside_returns(series, manifest["spec"], RED_AND_BLUE, lambda measure: measure == share)
    shares.axhline(0.5, color="grey", linestyle=":", linewidth=1)
    shares.set(ylim=(-0.02, 1.02), ylabel=share)
    canvas.draw()
    return _png(canvas)


def returns_and_others(series: dict, manifest: dict) -> bytes:
    """Returns over steps, and beside them all else that is known of the players."""
    spec = manifest["spec"]
    players = {f"player {n + 1}": COLOURS[n % 4] for n in range(len(spec["seats"]))}
    canvas, others = _beside_returns(series, spec, players, lambda measure: measure != measures.RETURN)
    names = list(dict.fromkeys(measure for _, measure in series if measure != measures.RETURN))
    others.set(ylabel="\n".join(names[:3]))
    canvas.draw()
    return _png(canvas)


def _beside_returns(
    series: dict, spec: dict, players: dict[str, str], shown: Callable[[str], bool]
) -> tuple[FigureCanvasAgg, Axes]:
    """A picture with returns in the left panel, and in the right one, which is returned, the measures to be shown."""
    figure = Figure(**SIZE)
    canvas = FigureCanvasAgg(figure)
    returns, others = figure.subplots(1, 2, gridspec_kw=PANELS)
    for player, (name, colour) in enumerate(players.items(), 1):
        own = {measure: np.reshape(points, (-1, 2)).T for (of, measure), points in series.items() if of == str(player)}
        returns.plot(*own.pop(measures.RETURN, np.empty((2, 0))), color=colour, label=name)
        for measure, points in own.items():
            if shown(measure):
                others.plot(*points, color=colour)
    for ax in (returns, others):
        ax.set(xlim=(0, spec["steps"]), xlabel="update")
    returns.set(ylabel="return per step")
    figure.legend(handles=returns.lines, **LEGEND)
    return canvas, others


def _png(canvas: FigureCanvasAgg) -> bytes:
    png = io.BytesIO()
    imsave(png, np.asarray(canvas.buffer_rgba()), format="png", metadata={"Software": None})
    return png.getvalue()
