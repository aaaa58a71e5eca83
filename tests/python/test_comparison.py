"""Comparisons from Python are those of claims: the same samples, differences and intervals."""

import math

import pytest
import snippets

import lola
from lola.analysis import metrics
from lola.analysis.groups import Counted
from lola.commands import aggregate
from lola.python.comparison import MEANS
from lola.study import plan


@pytest.fixture(scope="module")
def both():
    return [lola.train("ipd", algorithm, seeds=6, steps=60) for algorithm in ("lola-ex", "nl-ex")]


@pytest.mark.parametrize(
    ("quantity", "arguments"),
    [("R", {}), ("R", {"player": 2, "last": 10}), ("tft", {}), ("above", {"line": -1.5}), ("swing", {})],
)
def test_a_comparison_is_what_a_claim_would_say_of_the_groups_on_disk(both, quantity, arguments, tmp_path):
    samples = []
    for runs in both:
        root = snippets.write_results(tmp_path, runs)
        curves = [cell.curve(root) for cell in runs.group.cells]
        folder = root / "groups" / runs.name
        folder.mkdir(parents=True)
        for name, text in aggregate.gather(curves, plan.group_spec(runs.group)).items():
            (folder / name).write_text(text)
        samples.append(metrics.QUANTITIES[quantity](Counted(folder), **arguments))
    expected = metrics.estimate(metrics.difference(*samples))
    found = lola.compare(*both, quantity, **arguments)
    assert found == expected and found.n == 6 and found.low < found.high
    back = lola.compare(both[1], both[0], quantity, **arguments)
    assert back.value == -found.value


def test_runs_beside_themselves_differ_by_nothing(both):
    found = lola.compare(both[0], both[0])
    assert found.value == 0 and found.low < 0 < found.high


def test_only_seeds_that_both_have_are_compared(both):
    few = lola.train("ipd", "nl-ex", seeds=[4, 5, 9], steps=60)
    assert lola.compare(both[0], few).n == 2
    alone = lola.compare(both[0], lola.train("ipd", "nl-ex", seeds=[3], steps=60))
    assert alone.n == 1 and math.isnan(alone.low)
    with pytest.raises(lola.BadConfig, match="which have no seed in common; allowed: runs that have"):
        lola.compare(both[0], lola.train("ipd", "nl-ex", seeds=[9], steps=60))


@pytest.mark.parametrize(
    ("quantity", "arguments", "message"),
    [
        ("r", {}, "quantity: given 'r'; there is no such quantity that can be compared; allowed: R, .*"),
        ("std", {}, "quantity: given 'std'; there is no such quantity"),
        ("below", {}, "arguments of below: given none; allowed: line, last, of which it needs line"),
        ("R", {"agent": 1}, "arguments of R: given agent; allowed: player, last, scale"),
        ("R", {"player": 3}, "quantity: given R, player=3, which is not defined for ipd/lola-ex/oracle; allowed:"),
        ("own_colour", {}, r"given own_colour, .* allowed: one that docs/python\.md lists for matrix games"),
        ("stationary", {"within": 0.1}, "given stationary, within=0.1, which is not defined for ipd/lola-ex/oracle"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(both, quantity, arguments, message):
    with pytest.raises(lola.BadConfig, match=message):
        lola.compare(*both, quantity, **arguments)


def test_the_coin_game_and_games_of_parameters_have_quantities_of_their_own():
    coins = [lola.train("coin-game", name, seeds=2, steps=20, every=1) for name in ("coin-nl-pg", "coin-lola-pg")]
    assert lola.compare(*coins, "points").n == 2
    one, other = (lola.train("tandem", name, seeds=3, paper="sos") for name in ("tandem-nl", "tandem-surrogate"))
    assert lola.compare(one, other, "stationary", within=0.01).value == 100.0


def test_the_page_lists_every_quantity_that_can_be_compared():
    listed = snippets.DOCS.joinpath("python.md").read_text().partition("| quantity |")[2]
    assert not [name for name in MEANS if f"`{name}`" not in listed]
