"""How what the paper prints of the end comes about, update by update, beside what it prints."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lola.analysis.groups import Group
from lola.analysis.maps import NAMES, quantities
from lola.analysis.sources import Sources
from lola.figures import style


def draw(sources: Sources, *, games: list[str], algorithms: list[str]) -> Figure:
    """A row per game: R and %TFT, or in a zero-sum game the spread of R and %Nash; a curve per algorithm.

    Over runs that finished; the paper's numbers are dotted, in grey where several algorithms share one.
    """
    figure = style.new_figure(height=2.4 + 3 * len(games), width=style.FULL_WIDTH)
    panels = figure.subplots(len(games), 2, squeeze=False, sharex=True)
    titles, printed = [], False
    rows = [[sources.group(game, algorithm) for algorithm in algorithms] for game in games]
    looks = style.looks(sources.colour(group.algorithm) for group in rows[0])
    for row, game, groups in zip(panels, games, rows, strict=True):
        for ax, quantity in zip(row, shown(groups), strict=True):
            titles.append(f"{sources.title(game)}: {NAMES[quantity]}")
            printed |= curves(ax, sources, groups, looks, quantity)
    style.title(panels.flat, titles)
    figure.supxlabel("N, updates")
    runs = " or ".join(map(str, sorted({group.seeds for group in groups})))
    handles = style.keys(sources, rows[0], looks)
    if printed:
        handles.append(style.key("the paper's numbers", color="grey", linestyle=":"))
    figure.legend(handles=handles, title=f"over {runs} runs", ncols=3, loc=style.ABOVE)
    return figure


def shown(groups: list[Group]) -> list[str]:
    """The two quantities that a game's row shows, by the first group of which something is known."""
    names = next(([*quantities(group)] for group in groups if group.seeds), ["R", "std", "tft"])
    names.remove("R" if "nash" in names else "std")
    return names


def curves(ax: Axes, sources: Sources, groups: list[Group], looks: list[dict], quantity: str) -> bool:
    """One quantity of each group after each update, and the paper's numbers; whether there are any."""
    for group, look in zip(groups, looks, strict=True):
        steps, values = [], []
        if group.seeds:
            table, statistic = quantities(group)[quantity]
            finished = table[~table.index.isin(group.failed, level="seed")]
            steps = finished.index.unique("step")
            values = [float(statistic.value(finished.xs(step, level="step").to_numpy())) for step in steps]
        ax.plot(steps, values, **look, label=sources.label(group))
    numbers = [sources.ledger.number(group.name, quantity) for group in groups]
    for number, look in zip(numbers, looks, strict=True):
        if number is not None:
            color = look["color"] if numbers.count(number) == 1 else "grey"
            ax.axhline(number, color=color, linestyle=":", linewidth=1)
    ax.set_xlim(0, ax.dataLim.xmax)
    ax.spines[["right", "top"]].set_visible(False)
    return numbers != [None] * len(numbers)
