"""How figures look: half a page wide or all of it, 7 pt type, a colour per algorithm that colour-blind readers tell."""

import io
import itertools
import string
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
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
from PIL import Image

from lola.analysis.groups import Group, NothingLeft
from lola.analysis.metrics import Estimate, band, is_zero_sum
from lola.analysis.sources import Sources
from lola.files.artifacts import write_whole

# Pages show a figure of WIDTH on half of their width or more, one of FULL_WIDTH on all of it.
WIDTH = 8 / 2.54  # in inches, as all lengths of matplotlib
FULL_WIDTH = 17 / 2.54
FONT = 7  # in points, at those widths
DPI = 200
LEGEND_WIDTH = 24  # in characters
NOTE_WIDTH = 56  # in characters, below a figure of WIDTH
ABOVE, BELOW = "outside upper center", "outside lower center"  # of all panels, for a legend
LINE = 1.3 * FONT / 72  # the height of a line in inches

BLUE, ORANGE, GREEN, VERMILLION, PURPLE, BROWN, _, GREY, _, SKY = sns.color_palette("colorblind")
PALETTE = {"red": VERMILLION, "blue": BLUE, "purple": PURPLE, "green": GREEN, "orange": ORANGE, "brown": BROWN}
PALETTE |= {"sky": SKY, "black": (0, 0, 0), "grey": GREY}
SHADES = {"light": ((1, 1, 1), 0.45), "dark": ((0, 0, 0), 0.45)}  # so much of white or black is mixed in
STATES = [("black", "o"), (SKY, "s"), (ORANGE, "^"), (GREEN, "D"), (PURPLE, "v")]  # start, CC, CD, DC, DD
DASHES = ["-", (0, (3, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1))]
INK = 0.75  # letters are so much of their curve's brightness, since they are thin
RETURN = "return per step"
RUN = {"marker": "o", "linestyle": "", "markersize": 2, "markeredgewidth": 0, "alpha": 0.6, "color": "dimgrey"}
PAPER = {"marker": "_", "linestyle": "", "markersize": 6, "markeredgewidth": 1.4, "color": "black", "zorder": 1}
ASIDE = 0.3  # runs that end alike lie so far apart, of the width of their column

SIZES = ("font.size", "legend.fontsize", "legend.title_fontsize", "figure.titlesize", "figure.labelsize")
SIZES += ("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
RC = (
    dict.fromkeys(SIZES, FONT)
    | {"axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "lines.linewidth": 1.0}
    | {"xtick.major.size": 2.5, "ytick.major.size": 2.5, "xtick.major.pad": 2, "ytick.major.pad": 2}
    | {"font.family": "DejaVu Sans", "pdf.fonttype": 42, "legend.frameon": False, "legend.borderpad": 0}
    | {"text.parse_math": False}  # dollars in labels are dollars
)


def theme() -> AbstractContextManager:
    """The style of every figure, whatever the user's matplotlibrc says: draw and save inside this."""
    return mpl.rc_context(sns.axes_style("ticks") | RC, Path(mpl.get_data_path(), "matplotlibrc"))


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of a height in cm, as wide as a column if nothing else is said."""
    return Figure(figsize=(width, height / 2.54), dpi=DPI, layout="constrained")


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
    width, height = figure.get_size_inches()
    if lines := [line for note in notes for line in textwrap.wrap(note, int(NOTE_WIDTH * width / WIDTH))]:
        for legend in figure.legends:  # a legend keeps its place while the figure grows
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        figure.text(0.5, -LINE / height, "\n".join(lines), ha="center", va="top", color="dimgrey")
        shown = {"bbox_inches": Bbox([(0, -LINE * (len(lines) + 2)), (width, height)])}
    pdf, png = io.BytesIO(), io.BytesIO()
    figure.savefig(pdf, format="pdf", metadata={"CreationDate": None}, **shown)
    figure.savefig(png, format="png", metadata={"Software": None}, **shown)
    contents = {".pdf": pdf.getvalue(), ".png": of_few_colours(png)}
    return [write_whole(out.with_name(out.name + ending), content) for ending, content in contents.items()]


def of_few_colours(png: io.BytesIO) -> bytes:
    """The same picture with 256 colours, which makes it half as large or less."""
    small = io.BytesIO()
    with Image.open(png) as picture:
        few = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, format="PNG", optimize=True, dpi=(DPI, DPI))
    return small.getvalue()


def colour(name: str) -> tuple[float, float, float]:
    """The colour of a name in a config: blue, light blue."""
    *shade, hue = name.split()
    other, much = SHADES[shade[0]] if shade else ((0, 0, 0), 0)
    return tuple((1 - much) * own + much * mixed for own, mixed in zip(PALETTE[hue], other, strict=True))


def looks(names: Iterable[str]) -> list[dict]:
    """The look of each curve: of the colour that is named, and where several have one colour, of different dashes.

    When the dashes are used up, they begin again on thinner lines.
    """
    before, found = Counter(), []
    for name in names:
        repeat, dashes = divmod(before[name], len(DASHES))
        found.append({"color": colour(name), "linestyle": DASHES[dashes], "linewidth": 1 / (1 + repeat)})
        before[name] += 1
    return found


def number(value: float, form: str = "g") -> str:
    """A number with the minus sign that axes have."""
    return f"{value:{form}}".replace("-", "−")


def wrap(label: str) -> str:
    """A label on as many lines as it needs to stand in one of two columns of a legend."""
    return textwrap.fill(label, LEGEND_WIDTH)


def intervals(estimates: Iterable[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """The values of estimates, and how far their intervals reach below and above, as error bars take them."""
    value, low, high = np.array([(each.value, each.low, each.high) for each in estimates]).T
    return value, np.stack([value - low, high - value])


def key(label: str, **look) -> Line2D:
    """A line, or what else `look` says, as it stands in a legend."""
    return Line2D([], [], label=label, **look)


def keys(sources: Sources, groups: Iterable[Group], looks: Iterable[dict]) -> list[Line2D]:
    """The curve of each group, as it stands in a legend."""
    return [key(wrap(sources.label(group)), **look) for group, look in zip(groups, looks, strict=True)]


def heading(mean: str, runs: Iterable[int]) -> str:
    """What curves are and of how many runs; `mean` is "mean of" or "mean over agents and", say."""
    counts = sorted({*runs})
    if counts == [1]:
        return f"{mean} one run".removeprefix("mean of ")
    return f"{mean} {' or '.join(map(str, counts))} runs, with 95 % intervals"


def title(axes: Iterable[Axes], texts: Iterable[str], width: int | None = None) -> None:
    """Each panel's bold letter and its title, flush left; of several lines the letter stands before the last.

    With `width` a line of more characters goes on below.
    """
    for ax, text, letter in zip(axes, texts, itertools.cycle(string.ascii_lowercase)):
        *above, last = text.replace("$", r"\$").rsplit("\n", 1)
        last = textwrap.fill(last, width) if width else last
        ax.set_title("\n".join([*above, f"$\\bf{{{letter}}}$  {last}"]), loc="left", parse_math=True)


def rows(headings: Iterable[str], titles: Iterable[Sequence[str]]) -> list[str]:
    """Titles of panels in rows: the first of each row has the row's heading above it."""
    pairs = zip(headings, titles, strict=True)
    return [text for heading, (first, *others) in pairs for text in (f"{heading}\n{first}", *others)]


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
    """A panel per group, a curve for each key of `labels`, which begins with the player or is it.

    With the update it names a column of its `curves`. A player has its algorithm's colour, and dashes of its own.
    """
    figure, axes = panels(list(map(sources.heading, groups)), 2, 1 - (-len(labels) // columns))
    dashes = [look | {"color": "dimgrey"} for look in looks(["grey"] * len(labels))]
    for ax, group, runs in zip(axes, groups, curves, strict=True):
        for (name, label), look in zip(labels.items(), dashes, strict=True):
            player = name if isinstance(name, int) else name[0]
            own = {"color": colour(sources.colour(group.matchup.seated(player)[player - 1]))}
            plot_mean(ax, runs.get(name, pd.DataFrame()), label, **look | own)
    figure.supxlabel("update")
    figure.supylabel(ylabel)
    means = heading("mean of", (group.seeds for group in groups))
    keys = [key(label, **look) for label, look in zip(labels.values(), dashes, strict=True)]
    legend = figure.legend(handles=keys, title=f"{sources.title(groups[0].game)}\n{means}", ncols=columns, loc=ABOVE)
    legend.get_title().set_multialignment("center")
    return figure


def plot_mean(ax: Axes, runs: pd.DataFrame, label: str, color, **look) -> None:
    """The mean over runs, one per row, after every update, one per column, with its 95 % band."""
    ax.plot(runs.columns, np.mean(runs, axis=0), color=color, label=label, **look)
    if len(runs):
        ax.fill_between(runs.columns, *band(runs.to_numpy()), color=color, alpha=0.2, linewidth=0)
        ax.set_xlim(0, ax.dataLim.xmax)
    sns.despine(ax=ax)


def ends(ax: Axes, curves: Sequence[pd.DataFrame], looks: Iterable[dict], paper: Iterable[float | None], width: float):
    """Beside a panel, a column for each of its curves: where each run ends, and a tick at the paper's number.

    A column is `width` of the panel wide.
    """
    beside = ax.inset_axes([1.02, 0, width * len(curves), 1], sharey=ax)
    beside.set_axis_off()
    beside.set_xlim(-0.6, len(curves) - 0.4)
    for column, (runs, look, number) in enumerate(zip(curves, looks, paper, strict=True)):
        if len(runs):
            aside = np.random.default_rng(0).uniform(-ASIDE, ASIDE, len(runs))
            beside.plot(column + aside, runs.iloc[:, -1], **RUN | {"color": look["color"]})
        if number is not None:
            beside.plot(column, number, **PAPER)


def keys_of_ends(paper: Iterable[float | None]) -> list[Line2D]:
    """What `ends` shows, as it stands in a legend."""
    known = any(number is not None for number in paper)
    return [key("end of a run", **RUN), *([key("the paper's number", **PAPER)] if known else [])]


def name_ends(ax: Axes, curves: dict[str, tuple[float, object]], height: float) -> None:
    """At the right of a panel, so many cm high, the names of its curves in their colours, each by where it ends."""
    low, high = ax.get_ylim()
    names = sorted(curves, key=lambda name: curves[name][0])
    places = apart([(curves[name][0] - low) / (high - low) for name in names], 2.54 * LINE / height)
    for name, place in zip(names, places, strict=True):
        color = [part * INK for part in curves[name][1]]
        ax.text(1.03, place, name, transform=ax.transAxes, color=color, va="center")


def apart(places: list[float], gap: float) -> list[float]:
    """Places in ascending order, moved as little as keeps them a gap apart: pairs that are too near make room."""
    moved = list(places)
    for _ in range(100 * len(moved)):
        for n in range(len(moved) - 1):
            short = max(0.0, gap - (moved[n + 1] - moved[n]))
            moved[n], moved[n + 1] = moved[n] - short / 2, moved[n + 1] + short / 2
    return moved


def over_agents(curves: pd.DataFrame) -> pd.DataFrame:
    """The mean over everything but the update: index seed, columns step."""
    return curves.T.groupby(level="step").mean().T


def of_all(groups: Sequence[Group]) -> tuple[list[pd.DataFrame], bool]:
    """The return of each group, index seed, columns step, averaged over agents; and whether it is agent 1's alone.

    So it is in a zero-sum game, where that average is 0.
    """
    by_player = [group.returns.stack("step", future_stack=True).to_numpy() for group in groups if group.seeds]
    alone = bool(by_player) and all(map(is_zero_sum, by_player))
    found = [group.returns.get(1, pd.DataFrame()) if alone else over_agents(group.returns) for group in groups]
    return found, alone
