"""What an algorithm finds for each pair of step sizes δ and η, and where that is what the paper prints."""

import string
from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lola.cells import MAP
from lola.reporting import style
from lola.reporting.groups import Group, map_play
from lola.reporting.metrics import (
    TOLERANCE,
    agreement,
    is_zero_sum,
    mean,
    near_uniform,
    std,
    tit_for_tat_joint,
)
from lola.reporting.paper import printed
from lola.reporting.sources import Sources

LABELS = 3  # tick labels on an axis
PAPER = style.VERMILLION  # stands out from every colour of viridis


def draw(sources: Sources, *, games: list[str], algorithm: str, opponent_model: str = "oracle") -> Figure:
    """A row per game: R and %TFT, or in a zero-sum game, where R says nothing, its spread and %Nash."""
    groups = [sources.group(game, algorithm, opponent_model) for game in games]
    figure = style.new_figure(height=1.8 + 3.2 * len(groups))
    axes = figure.subplots(len(groups), 2, squeeze=False)
    settings = sources.settings.get(algorithm, {})
    letters = iter(string.ascii_lowercase)
    diverged = False
    for row, group in zip(axes, groups, strict=True):
        trained = group.name.replace(MAP, "")
        for ax, (quantity, name, grid) in zip(row, measures(group, sources.actions[group.game]), strict=True):
            paper = printed(sources.claims, trained, quantity)
            heat_map(ax, grid, paper)
            mark(ax, grid, settings)
            style.title(ax, next(letters), f"{group.game}: {name}" + (f" ({paper:g})" if paper is not None else ""))
            diverged |= bool(grid.isna().any(axis=None))
            ax.set(xlabel="", ylabel="")
    figure.supxlabel("δ, the player's own step size", fontsize=style.FONT)
    figure.supylabel("η, the step size assumed for the other", fontsize=style.FONT)
    legend(figure, f"{sources.labels[algorithm]}, {groups[0].seeds} runs at each point", settings, diverged)
    return figure


def measures(group: Group, actions: list[list[str]]) -> list[tuple[str, str, pd.DataFrame]]:
    """The two quantities that a game's row shows: the claims' name for it, its title, and its grid."""
    if len(actions) != 2:
        raise ValueError(f"a map needs a game of 2 players; {group.game} has {len(actions)}")
    returns = group.map.xs("return", axis=1, level="metric")
    play = map_play(group.map, actions)
    if is_zero_sum(returns.to_numpy()):
        quantity, name, shares = "nash", "%Nash", near_uniform(play, TOLERANCE, "joint thresholded")
        first = ("std", "std of R", over_runs(returns, std))
    else:
        quantity, name, shares = "tft", "%TFT", agreement(play, tit_for_tat_joint(play), "joint thresholded")
        first = ("R", "R", over_runs(returns, mean))
    return [first, (quantity, name, over_runs(100 * shares.where(returns.notna().all(axis=1)), mean))]


def over_runs(final: pd.Series | pd.DataFrame, statistic: Callable) -> pd.DataFrame:
    """A statistic over the runs of each point, as a grid η × δ; nan where one of them diverged."""
    grid = final.to_frame() if isinstance(final, pd.Series) else final
    return grid.groupby(["eta", "lr"]).apply(lambda runs: float(statistic(runs.to_numpy()))).unstack("lr")


def heat_map(ax: Axes, grid: pd.DataFrame, paper: float | None) -> None:
    """The grid as tiles, grey where a run diverged, with a contour at the paper's number."""
    ax.set_facecolor("lightgrey")
    scale = ax.inset_axes([1.04, 0, 0.08, 1])
    sns.heatmap(grid, ax=ax, cmap="viridis", square=True, cbar_ax=scale, rasterized=True)  # no seams in PDF
    ax.invert_yaxis()
    for axis, sizes in ((ax.xaxis, grid.columns), (ax.yaxis, grid.index)):
        shown = np.unique(np.linspace(0, len(sizes) - 1, LABELS).round().astype(int))
        axis.set_ticks(shown + 0.5, [f"{size:g}" for size in sizes[shown]], rotation=0)
    if paper is not None and np.nanmin(grid) < paper < np.nanmax(grid):
        at = np.arange(len(grid.columns)) + 0.5, np.arange(len(grid.index)) + 0.5
        ax.contour(*at, grid, levels=[paper], colors=[PAPER], linewidths=1.2, linestyles="solid")
        scale.axhline(paper, color=PAPER, linewidth=1.2)


def mark(ax: Axes, grid: pd.DataFrame, settings: dict) -> None:
    """A diamond where the study's own step sizes lie."""
    if "eta" in settings:
        x, y = (
            np.interp(settings[key], sizes, np.arange(len(sizes)) + 0.5, left=np.nan, right=np.nan)
            for key, sizes in (("lr", grid.columns), ("eta", grid.index))
        )
        ax.plot(x, y, "D", color="white", markeredgecolor="black", markersize=4)


def legend(figure: Figure, heading: str, settings: dict, diverged: bool) -> None:
    """What the line, the diamond and the grey tiles mean."""
    handles = [Line2D([], [], color=PAPER, label="(the paper's number)")]
    if "eta" in settings:
        name = f"this study: δ = {settings['lr']:g}, η = {settings['eta']:g}"
        handles.append(
            Line2D([], [], linestyle="", marker="D", color="white", markeredgecolor="black", markersize=4, label=name)
        )
    if diverged:
        handles.append(Patch(color="lightgrey", label="a run diverged"))
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=2,
        title=heading,
        title_fontsize=style.FONT,
        frameon=False,
        borderpad=0,
    )
