"""Figures of shares that are found and of ways to score: dots lie where the numbers are."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import odd_names
import pytest

from lola.analysis import finding, metrics
from lola.figures import found, scorings, style


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return odd_names.sources(tmp_path_factory.mktemp("dots"))


def dots(ax):
    """The dots of error bars, in the order in which they were drawn: their x and y."""
    return [tuple(map(list, container[0].get_data())) for container in ax.containers]


def test_every_match_is_scored_both_ways_beside_what_is_printed(sources):
    """Returns are −1.5 − step / 10 + seed / 100, of seeds 0 and 1: −1.645 over two updates, −1.695 after them."""
    measure = {"quantity": "earns", "game": "ipd", "tournament": "league", "entrant": "b", "against": "a"}
    claims = [
        SimpleNamespace(measure=measure | {"first": 2}, paper=-1.25, headline=True),
        SimpleNamespace(measure=measure | {"first": 1}, paper=-9.0, headline=True),  # scored otherwise
        SimpleNamespace(measure=measure | {"last": 1}, paper=-9.0, headline=False),  # not printed so
        SimpleNamespace(measure=measure | {"last": 1}, paper=-1.75, headline=True),
        SimpleNamespace(
            measure=measure | {"last": 1, "tournament": "cup"}, paper=-9.0, headline=True
        ),  # of another field
    ]
    told = replace(sources, ledger=replace(sources.ledger, claims=claims))
    with style.theme():
        (ax,) = scorings.draw(told, game="ipd", tournaments=["league"], first=2).axes
    (first, at), (last, below) = dots(ax)
    assert first == pytest.approx([-1.645] * 4) and last == pytest.approx([-1.695] * 4)
    assert [label.get_text().startswith(odd_names.A[:5]) for label in ax.get_yticklabels()] == [
        True,
        True,
        False,
        False,
    ]
    printed = [(x, y) for line in ax.lines for x, y in zip(*line.get_data(), strict=True) if line.get_marker() == "x"]
    assert printed == [(-1.25, at[2]), (-1.75, below[2])]


def test_a_dot_is_the_share_of_runs_that_find_it(sources, monkeypatch):
    shares = {"ipd/a/oracle": [100.0, 0.0], "ipd/b/oracle": [100.0, 100.0]}
    monkeypatch.setattr(
        finding,
        "found",
        lambda group: metrics.Sample(tuple(range(2)), np.array(shares[group.name])[:, None], metrics.SHARE),
    )
    with style.theme():
        (ax,) = found.draw(sources, options={"one": ["ipd/a"], "other": ["ipd/b"]}).axes
    (left, half), (right, all_of_them) = dots(ax)
    assert (half, all_of_them) == ([50.0], [100.0]) and left[0] < 0 < right[0]


@pytest.mark.parametrize(
    ("titles", "told"),
    [
        (["Game × 1.1", "Game × 2"], ("Game ×", ["1.1", "2"])),
        (["Chicken", "Stag hunt"], ("", ["Chicken", "Stag hunt"])),
        (["One", "One more"], ("", ["One", "One more"])),
    ],
)
def test_what_titles_share_is_said_once(titles, told):
    assert found.split_titles(titles) == told
