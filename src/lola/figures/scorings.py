"""What matches of tournaments earn by two ways to score them, beside what papers print of either."""

import itertools
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lola.analysis import metrics
from lola.analysis.sources import Sources
from lola.analysis.tournaments import Tournament
from lola.figures import style

APART = 0.3  # between the two ways, of the distance of matches
TITLE = 30  # characters on a line
PRINTED = {"marker": "x", "linestyle": "", "markersize": 5, "markeredgewidth": 1.2, "zorder": 3}


def draw(sources: Sources, *, game: str, tournaments: list[str], first: int) -> Figure:
    """A panel per tournament: what each entrant earns against each, over the first updates and after the last one.

    With 95 % intervals over all runs, those among them of which only the end is kept. Crosses are what papers print, by
    the headline's claims on what is earned (`earns`) in these tournaments, each beside the way to score that it is of.
    """
    cups = [sources.counted.tournament(game, name) for name in tournaments]
    sizes = [len(cup.entrants) ** 2 for cup in cups]
    figure = style.new_figure(height=2 + sum(sizes) + 0.8 * len(cups))
    axes = figure.subplots(len(cups), sharex=True, squeeze=False, height_ratios=sizes).ravel()
    style.title(axes, [f"{sources.title(game)}, {sources.tournament_label(cup)}" for cup in cups], TITLE)
    ways = [
        (f"mean over the first {first} updates", style.colour("blue"), {"first": first}),
        ("after the last update", style.colour("orange"), {"last": 1}),
    ]
    runs, printed = set(), []
    for ax, cup in zip(axes, cups, strict=True):
        pairs = list(itertools.product(cup.entrants, repeat=2))
        for k, (_, colour, scoring) in enumerate(ways):
            at = np.arange(len(pairs)) + APART * (k - 0.5)
            runs |= draw_scores(ax, replace(cup, **scoring), pairs, at, colour)
            for pair, y in zip(pairs, at, strict=True):
                if (paper := paper_number(sources, cup, pair, scoring)) is not None:
                    printed += ax.plot(paper, y, color="black", **PRINTED)
        labels = [" against ".join(sources.labels[entrant] for entrant in pair) for pair in pairs]
        ax.set_yticks(range(len(pairs)), map(style.wrap, labels))
        ax.set_ylim(len(pairs) - 0.4, -0.6)
    axes[-1].set_xlabel(style.RETURN)
    handles = [style.key(name, color=colour, marker="o", linestyle="") for name, colour, _ in ways]
    handles += [style.key("printed, scored as in the row", color="black", **PRINTED)] if printed else []
    figure.legend(handles=handles, title=style.heading("mean of", runs), ncols=1, loc=style.ABOVE)
    return figure


def draw_scores(ax: Axes, cup: Tournament, pairs: list[tuple[str, str]], at: np.ndarray, colour) -> set[int]:
    """Draw what each pair's first earns, and give how many runs there are."""
    found = [metrics.estimate(metrics.Sample.of(cup.earned(*pair))) for pair in pairs]
    value, reach = style.intervals(found)
    ax.errorbar(value, at, xerr=reach, fmt="o", markersize=3.5, elinewidth=1, color=colour)
    return {each.n for each in found}


def paper_number(sources: Sources, cup: Tournament, pair: tuple[str, str], scoring: dict[str, int]) -> float | None:
    """What a claim of the headline says that a paper prints of a pair, scored this way; None if there is none."""
    of = dict(zip(("entrant", "against"), pair, strict=True))
    asked = {"quantity": "earns", "game": cup.game, "tournament": cup.name} | of | scoring
    claims = (claim for claim in sources.ledger.claims if claim.headline and claim.measure == asked)
    return next((claim.paper for claim in claims), None)
