"""One game of trained pairs of the Coin Game, as a strip of boards."""

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lola.analysis.groups import Group
from lola.analysis.metrics import own_colour
from lola.analysis.sources import Sources
from lola.figures import style
from lola.figures.boards import COLORS, GROUND, NAMES, SIDES, draw_board, frames, with_sign

BOARDS = 12  # so many stand side by side
RULES = "A coin brings 1 point to whoever picks it; if it was of the other's colour, the other loses 2."
BESIDE = {"rotation": 0, "ha": "right", "va": "center", "labelpad": 4}
SHAPES = (("o", 6, 4.5), ("s", 5.5, 4))  # marker and sizes of a player and of its coin in the legend


def draw(sources: Sources, *, game: str, algorithms: list[str]) -> Figure:
    """A row per algorithm: the first steps of a game after training, with the points that each move brings.

    The run is the median one in its own-colour share; of an even number, the lower.
    """
    groups = [sources.group(game, shown) for shown in algorithms]
    figure = style.new_figure(1.5 + 1.6 * len(groups), style.FULL_WIDTH)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.02, wspace=0, hspace=0)
    axes = figure.subplots(len(groups), BOARDS, squeeze=False)
    for row, group in zip(axes, groups, strict=True):
        lines, about, shown = sources.label_lines(group), sources.coin_games[group.name], []
        if group.seeds:
            seed, share = median_run(group)
            lines.append(f"seed {seed}, {share}")
            shown = frames(group.episodes.loc[seed].to_numpy().tolist(), about["tie"])
        else:
            for ax in row:
                ax.set(xticks=[], yticks=[], frame_on=False)
        row[0].set_ylabel("\n".join(lines), **BESIDE)
        for ax, frame in zip(row, shown, strict=False):
            draw_board(ax, about["grid"], frame)
            for reward, color, side in zip(frame.rewards, COLORS, SIDES, strict=True):
                ax.set_title(with_sign(reward) if reward else "", loc=side, color=color, weight="bold", pad=2)
    for step, ax in enumerate(axes[-1]):
        ax.set_xlabel(str(step) if step else "step 0", labelpad=2)
    figure.legend(handles=handles(), title=RULES, ncols=5, loc=style.ABOVE, columnspacing=1.5, handletextpad=0.4)
    return figure


def median_run(group: Group) -> tuple[int, str]:
    """The run whose own-colour share at the end of training is the median one, and that share in words."""
    sample = own_colour(group)
    ranked = sorted(zip(sample.runs[:, 0].tolist(), sample.seeds, strict=True))
    if not ranked:
        return group.episodes.index[0][0], "no coins"
    share, seed = ranked[(len(ranked) - 1) // 2]
    return seed, f"{share:.0f} % own"


def handles() -> list:
    """A legend of what is drawn on a board."""
    players, coins, hollow = [], [], {"markerfacecolor": "white", "markeredgewidth": 1.5}
    for name, color, (marker, size, smaller) in zip(NAMES, COLORS, SHAPES, strict=True):
        shape = {"linestyle": "", "marker": marker, "markeredgecolor": color}
        players.append(style.key(f"{name} player", markersize=size, color=color, **shape))
        coins.append(style.key(f"{name} coin", markersize=smaller, **shape, **hollow))
    picked = "just picked: the coin surrounds its picker"
    return [*players, *coins, Patch(facecolor=GROUND, edgecolor="black", linewidth=0.6, label=picked)]
