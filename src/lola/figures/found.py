"""How often runs find tit-for-tat, as POLA counts that: a colour per sort of learner, over games in a row."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from lola.analysis import finding, metrics
from lola.analysis.sources import Sources
from lola.figures import style
from lola.vocabulary.names import GroupName

APART = 0.16  # between sorts of learners, of the distance of games
NOTHING = metrics.Estimate(np.nan, np.nan, np.nan, 0)  # of a group without a run that finished
NAME = 12  # characters of a game's title on a line


def draw(sources: Sources, *, options: dict[str, list[str]]) -> Figure:
    """The percentage of finished runs with its 95 % interval; n-th groups of options are of games that are alike."""
    named = [[GroupName.read(name, sources.opponent_model).name for name in names] for names in options.values()]
    rows = [[sources.groups[name] for name in names] for names in named]
    figure = style.new_figure(height=6.5)
    ax = figure.subplots()
    handles = []
    for k, (option, groups) in enumerate(zip(options, rows, strict=True)):
        shares = [metrics.estimate(finding.found(group)) if group.seeds else NOTHING for group in groups]
        value, reach = style.intervals(shares)
        at = np.arange(len(groups)) + APART * (k - (len(rows) - 1) / 2)
        look = {"color": style.colour(sources.colour(groups[0].algorithm)), "marker": "o", "linestyle": ""}
        ax.errorbar(at, value, yerr=reach, markersize=4, elinewidth=1, **look)
        handles.append(style.key(option, markersize=4, **look))
    shared, own = split_titles([sources.title(group.game) for group in rows[0]])
    ax.set(ylim=(-4, 104), ylabel="runs that find tit-for-tat (%)", xlabel=shared)
    ax.set_xticks(range(len(own)), [textwrap.fill(name, NAME) for name in own])
    runs = style.heading("share of", (group.seeds for groups in rows for group in groups))
    figure.legend(handles=handles, title=runs, ncols=len(rows), loc=style.ABOVE)
    return figure


def split_titles(titles: list[str]) -> tuple[str, list[str]]:
    """The words that all titles have, for the axis, and those that tell each apart, for its place there."""
    words = [title.split() for title in titles]
    shared = [word for word in words[0] if all(word in each for each in words)]
    own = [" ".join(word for word in each if word not in shared) for each in words]
    return (" ".join(shared), own) if all(own) else ("", titles)
