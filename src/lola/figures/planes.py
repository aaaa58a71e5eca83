"""Where rules lead over step size and look-ahead, and how soon: a small panel per rule, a tile per point of its map."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator

from lola.analysis.planes import DIVERGED, ELSEWHERE, FIXED, MOVING, NEAR, Plane
from lola.analysis.sources import Sources
from lola.figures import style

COLUMNS = 4
RAMPS = {FIXED: "Blues_r", ELSEWHERE: "Oranges_r"}  # the darker, the sooner
PLAIN = {NEAR: (0.9, 0.94, 1.0), DIVERGED: "0.55"}
HATCH = {"facecolor": "white", "edgecolor": "0.6", "hatch": "//////", "linewidth": 0}
EDGE = {"color": "black", "linewidth": 1.1, "path_effects": [withStroke(linewidth=2.4, foreground="white")]}
WEIGHTS = {"eta": "η, look-ahead", "lam": "λ of SGA", "penalty": "γ of CO"}  # their symbols first


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """A panel per map, step size to the right; up, what else the map is over, on logarithmic scales.

    Blue: every start comes to rest at a fixed point, where ξ = 0; orange: it rests, and somebody's gradient is not 0;
    pale: it moves to the end, where ξ is nearly 0; hatched: where it is not; grey: it diverges. Of quadratic games a
    line where the spectral radius is 1.
    """
    planes = [Plane(sources.group(game, algorithm)) for algorithm in algorithms]
    columns = min(COLUMNS, len(planes))
    rows = -(-len(planes) // columns)
    figure = style.new_figure(4.2 + 3.6 * rows, style.FULL_WIDTH)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in grid[len(planes) :]:
        ax.remove()
    norm, drawn = LogNorm(1, max(plane.updates for plane in planes)), grid[: len(planes)]
    style.title(drawn, [heading(sources, plane) for plane in planes])
    lines = [tiles(ax, plane, norm) for ax, plane in zip(drawn, planes, strict=True)]
    for n, ax in enumerate(drawn):
        lowest = n + columns >= len(planes)
        ax.tick_params(labelbottom=lowest)
        ax.set_xlabel("δ, step size" if lowest else "")
    weights = dict.fromkeys(axis for plane in planes for axis in plane.axes[1:])
    figure.supylabel("; ".join(WEIGHTS[axis] for axis in weights))
    shown = {end for plane in planes for end in plane.points.end}
    scales(figure, drawn, norm, [end for end in RAMPS if end in shown])
    handles = [Patch(label=MOVING, **HATCH)] if MOVING in shown else []
    handles += [Patch(color=colour, label=end) for end, colour in PLAIN.items() if end in shown]
    handles += [style.key("spectral radius of the step 1", **EDGE)] if any(lines) else []
    starts = len(planes[0].group.ends)
    told = f"{sources.title(game)}, {starts} start{'s, of which the worst counts' if starts > 1 else ''}"
    figure.legend(handles=handles, title=told, ncols=4, loc=style.ABOVE, columnspacing=1.5)
    return figure


def heading(sources: Sources, plane: Plane) -> str:
    """The rule, and what is up in its panel."""
    up = [WEIGHTS[axis][0] for axis in plane.axes[1:]]
    return ", ".join([sources.label(plane.group), *up])


def tiles(ax: Axes, plane: Plane, norm: LogNorm) -> bool:
    """Colour each point by where it leads; whether there is a line where the spectral radius is 1."""
    places = [plane.points.index.get_level_values(axis).unique().to_numpy() for axis in plane.axes]
    x, y = [*places, np.array([1.0])][:2]
    at = [edges(values) for values in places]
    at = at if len(at) > 1 else [*at, np.array([0.5, 2.0])]
    ends, updates = (table(plane.points[name], x, y) for name in ("end", "updates"))
    for end, colours in RAMPS.items():
        values = np.ma.masked_where(ends != end, np.maximum(updates.astype(float), 1))
        ax.pcolormesh(*at, values, cmap=ramp(colours), norm=norm, rasterized=True)
    for end, colour in PLAIN.items():
        here = np.ma.masked_where(ends != end, np.ones(ends.shape))
        ax.pcolormesh(*at, here, cmap=ListedColormap([colour]), rasterized=True)
    ax.patch.set(**HATCH)
    ax.set(xscale="log", yscale="log")
    for axis, values in zip((ax.xaxis, ax.yaxis), [*places, np.array([])], strict=False):
        axis.set_ticks(*decades(values))
        axis.set_minor_locator(NullLocator())
    return line(ax, plane, x, y)


def table(points: pd.Series, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One of a map's columns as a grid y × x."""
    return points.to_numpy().reshape(len(x), -1).T if points.index.nlevels > 1 else points.to_numpy()[None]


def decades(values: np.ndarray) -> tuple[list[float], list[str]]:
    """The powers of ten among so many values, or between them, and how they are written."""
    if not len(values):
        return [], []
    low, high = np.ceil(np.log10(values.min()) - 1e-9), np.floor(np.log10(values.max()) + 1e-9)
    found = [float(10**power) for power in np.arange(low, high + 1)]
    return found, [f"{value:g}" for value in found]


def edges(values: np.ndarray) -> np.ndarray:
    """Where tiles around these values meet, on a logarithmic scale."""
    logs = np.log(values)
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp([2 * logs[0] - middle[0], *middle, 2 * logs[-1] - middle[-1]])


def ramp(name: str) -> ListedColormap:
    """The darker four fifths of a ramp of colours, so that none is near to white."""
    return ListedColormap(mpl.colormaps[name](np.linspace(0, 0.8, 256)))


def line(ax: Axes, plane: Plane, x: np.ndarray, y: np.ndarray) -> bool:
    """Draw where the spectral radius of the step is 1, if that is known and anywhere."""
    if plane.radius is None:
        return False
    radius = table(plane.radius, x, y) - 1
    beyond = radius > 0
    if len(y) == 1:
        crossed = np.flatnonzero(beyond[0, 1:] != beyond[0, :-1])
        for n in crossed:
            share = radius[0, n] / (radius[0, n] - radius[0, n + 1])
            ax.axvline(np.exp(np.log(x[n]) + share * np.log(x[n + 1] / x[n])), **EDGE)
        return len(crossed) > 0
    if beyond.all() or not beyond.any():
        return False
    found = ax.contour(x, y, np.ma.masked_invalid(radius), levels=[0], colors="black", linewidths=EDGE["linewidth"])
    found.set(path_effects=EDGE["path_effects"])
    return True


def scales(figure: Figure, axes: np.ndarray, norm: LogNorm, ends: list[str]) -> None:
    """Below the panels, a scale for each colour: after how many updates nothing moves any more."""
    for end in ends:
        scale = figure.colorbar(
            ScalarMappable(norm, ramp(RAMPS[end])), ax=list(axes), location="bottom", shrink=0.6, aspect=45, pad=0.02
        )
        ticks, labels = decades(np.array([norm.vmin, norm.vmax]))
        scale.set_ticks(ticks, labels=labels)
        scale.minorticks_off()
        scale.set_label(f"updates until it rests {end}")
