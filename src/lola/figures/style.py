"""How figures look: one column of a paper wide or two, 7 pt type, colours that colour-blind readers can tell apart."""

import io
import itertools
import string
import textwrap
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from lola.analysis.groups import Group, NothingLeft
from lola.analysis.metrics import band
from lola.analysis.sources import Sources
from lola.files.artifacts import write_whole

WIDTH = 8 / 2.54  # in inches, as all lengths of matplotlib
FULL_WIDTH = 17 / 2.54  # a page with two columns is so wide
FONT = 7  # in points, at those widths
LEGEND_WIDTH = 24  # in characters
NOTE_WIDTH = 56  # in characters; a note stands below a figure
ABOVE, BELOW = "outside upper center", "outside lower center"  # of all panels, for a legend
LINE = 1.3 * FONT / 72  # the height of a line in inches

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, BROWN, PINK, GREY, YELLOW, SKY = sns.color_palette("colorblind")
ALGORITHMS = [VERMILLION, BLUE, GREEN, PURPLE, BROWN, SKY, "black", GREY]
PLAYERS = [BLUE, VERMILLION, GREEN, PURPLE, BROWN]  # five, and four dashes: together they repeat after 20 players
STATES = [("black", "o"), (SKY, "s"), (ORANGE, "^"), (GREEN, "D"), (PURPLE, "v")]  # start, CC, CD, DC, DD
DASHES = ["-", (0, (3, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1))]  # by player

SIZES = ("font.size", "legend.fontsize", "legend.title_fontsize", "figure.titlesize", "figure.labelsize")
SIZES += ("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
RC = (
    dict.fromkeys(SIZES, FONT)
    | {"axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "lines.linewidth": 1.0}
    | {"xtick.major.size": 2.5, "ytick.major.size": 2.5, "xtick.major.pad": 2, "ytick.major.pad": 2}
    | {"font.family": "DejaVu Sans", "pdf.fonttype": 42, "legend.frameon": False, "legend.borderpad": 0}
)


def theme() -> AbstractContextManager:
    """The style of every figure: draw and save inside this."""
    return mpl.rc_context(sns.axes_style("ticks") | RC)


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of a height in cm, as wide as a column if nothing else is said."""
    return Figure(figsize=(width, height / 2.54), dpi=200, layout="constrained")


def make(kind: ModuleType, sources: Sources, block: dict, caption: str, out: Path) -> list[Path]:
    """Draw a block and write it, with a note on runs that diverged; the caption stands elsewhere. Gives the files."""
    with theme():
        try:
            if not any(group.seeds for group in sources.groups.values()):
                raise NothingLeft("no run of what this figure shows finished")
            figure = kind.draw(sources, **block)
        except NothingLeft as reason:
            figure = new_figure(height=2)
            figure.text(0.5, 0.5, textwrap.fill(str(reason), NOTE_WIDTH), ha="center", va="center")
        return save(figure, out, sources.divergences)


def save(figure: Figure, out: Path, notes: Iterable[str] = ()) -> list[Path]:
    """Write `out`.pdf and `out`.png, with the notes below, and no dates: equal figures are equal files."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for both formats
    shown = {}
    if lines := [line for note in notes for line in textwrap.wrap(note, NOTE_WIDTH)]:
        width, height = figure.get_size_inches()
        for legend in figure.legends:  # a legend keeps its place while the figure grows
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        figure.text(0.5, -LINE / height, "\n".join(lines), ha="center", va="top", color=VERMILLION)
        shown = {"bbox_inches": Bbox([(0, -LINE * (len(lines) + 2)), (width, height)])}
    files = []
    for ending, metadata in ((".pdf", {"CreationDate": None}), (".png", {"Software": None})):
        content = io.BytesIO()
        figure.savefig(content, format=ending[1:], metadata=metadata, **shown)
        files.append(write_whole(out.with_name(out.name + ending), content.getvalue()))
    return files


def wrap(label: str) -> str:
    """A label on as many lines as it needs to stand in one of two columns of a legend."""
    return textwrap.fill(label, LEGEND_WIDTH)


def key(label: str, **look) -> Line2D:
    """A line, or what else `look` says, as it stands in a legend."""
    return Line2D([], [], label=label, **look)


def heading(mean: str, runs: Iterable[int]) -> str:
    """What curves are and of how many runs; `mean` is "mean of" or "mean over agents and", say."""
    return f"{mean} {' or '.join(map(str, sorted({*runs})))} runs, with 95 % intervals"


def title(axes: Iterable[Axes], texts: Iterable[str]) -> None:
    """Each panel's bold letter and its title, flush left."""
    for ax, text, letter in zip(axes, texts, itertools.cycle(string.ascii_lowercase)):
        ax.set_title(f"$\\bf{{{letter}}}$  {text}", loc="left")


def panels(
    titles: list[str], columns: int, lines: int = 0, row: float = 3.6, width: float = WIDTH
) -> tuple[Figure, list[Axes]]:
    """A panel per title, so many side by side, on one scale, in rows of `row` cm, with room for `lines` of a legend."""
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    figure = new_figure(1 + row * rows + 0.5 * lines, width)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    shown = grid[: len(titles)]
    title(shown, titles)
    for ax in grid[len(titles) :]:
        ax.remove()
    for ax in shown[-columns:]:
        ax.tick_params(labelbottom=True)
    return figure, shown


def draw_players(
    sources: Sources, groups: list[Group], curves: list[pd.DataFrame], labels: dict, columns: int, ylabel: str
) -> Figure:
    """A panel per group, a curve for each key of `labels`, which with the update names a column of its `curves`."""
    figure, axes = panels(list(map(sources.heading, groups)), 2, -(-len(labels) // columns))
    for ax, runs in zip(axes, curves, strict=True):
        for name, color, dashes in zip(labels, itertools.cycle(PLAYERS), itertools.cycle(DASHES)):
            plot_mean(ax, runs.get(name, pd.DataFrame()), labels[name], color, dashes)
    figure.supxlabel("update")
    figure.supylabel(ylabel)
    means = heading("mean of", (group.seeds for group in groups))
    figure.legend(handles=axes[0].get_legend_handles_labels()[0], title=means, ncols=columns, loc=ABOVE)
    return figure


def plot_mean(ax: Axes, runs: pd.DataFrame, label: str, color, dashes="-") -> None:
    """The mean over runs, one per row, after every update, one per column, with its 95 % band."""
    ax.plot(runs.columns, np.mean(runs, axis=0), color=color, linestyle=dashes, label=label)
    if len(runs):
        ax.fill_between(runs.columns, *band(runs.to_numpy()), color=color, alpha=0.2, linewidth=0)
        ax.set_xlim(0, ax.dataLim.xmax)
    sns.despine(ax=ax)


def over_agents(curves: pd.DataFrame) -> pd.DataFrame:
    """The mean over everything but the update: index seed, columns step."""
    return curves.T.groupby(level="step").mean().T
