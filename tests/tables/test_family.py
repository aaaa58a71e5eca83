"""The table of rules by games: where on the diagonal rules rest, and from where on the step no longer contracts."""

import pandas as pd
import pytest
import specs
from plane_files import by_hand, trained

from lola.analysis.planes import DIVERGED, ELSEWHERE, FIXED, MOVING
from lola.analysis.sources import Sources
from lola.tables import family

SIZES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
HAMILTONIAN = {"kind": "polynomial", "terms": [[[-1, 1, 1]], [[1, 1, 1]]]}


def tabulate(*groups):
    labels = {group.algorithm: group.algorithm.removesuffix("@map") for group in groups}
    titles = {"tandem": "Tandem game", "hamiltonian": "Hamiltonian game"}
    games, algorithms = (list(dict.fromkeys(getattr(g, key) for g in groups)) for key in ("game", "algorithm"))
    found = Sources({group.name: group for group in groups}, labels, {}, titles=titles)
    return family.tabulate(found, games=games, algorithms=algorithms)


def test_a_cell_says_where_a_rule_rests_how_soon_and_the_computed_threshold(tmp_path):
    """In the Hamiltonian game LOLA contracts below 1, and naive learning nowhere; in tandem both do below ½.

    There LOLA's factor is ((1 − δ²)² + δ²)^½, with which 1,000 updates are too few at δ = 0.1.
    """
    groups = [
        trained(tmp_path, f"{name}/{rule}@map/oracle", game, {"rule": rule}, grid, 1000)
        for name, game in (("tandem", specs.TANDEM), ("hamiltonian", HAMILTONIAN))
        for rule, grid in (("naive", {"lr": SIZES}), ("lola", {"lr": SIZES, "eta": SIZES}))
    ]
    table = tabulate(*groups)
    (block,) = table.blocks.values()
    assert block.columns.tolist() == ["rule", "Tandem game", "Hamiltonian game"]
    assert block.rule.tolist() == ["naive", "lola"]
    (naive, nowhere), (shaped, ahead) = block.iloc[:, 1:].to_numpy()
    assert naive.startswith("0.05–0.4: fixed point, ") and naive.endswith(" updates [0.5]")
    assert nowhere.startswith("never [")
    assert shaped.startswith("0.05–0.4: elsewhere, ") and ahead.startswith("0.2–0.8: fixed point, ")
    rows = table.rows.set_index(["game", "rule"])
    assert rows.threshold["hamiltonian", "lola@map"] == pytest.approx(1.0)
    assert rows.loc[("tandem", "naive@map"), [FIXED, ELSEWHERE, MOVING, DIVERGED]].tolist() == [4, 0, 0, 2]


def test_a_range_is_of_step_sizes_that_follow_each_other(tmp_path):
    rests, away = (1.0, 0.0, 9), (1e9, 0.0, 3)
    ends = {(lr,): [rests if lr in (0.05, 0.1, 0.8) else away] for lr in SIZES}
    (block,) = tabulate(by_hand(tmp_path, ends)).blocks.values()
    assert block["Tandem game"].tolist() == ["0.05–0.1, 0.8: fixed point, 9 updates"]


def test_of_a_weight_the_line_at_1_is_taken_and_of_a_look_ahead_the_diagonal(tmp_path):
    plane = family.Plane(by_hand(tmp_path, {(a, b): [(1.0, 0.0, 10 * a + b)] for a in (1, 2, 3) for b in (1, 2, 3)}))
    assert family.diagonal(plane).updates.tolist() == [11, 22, 33]
    renamed = pd.Series({(a, b): 10 * a + b for a in (1, 2) for b in (1, 2)}).rename_axis(["lr", "lam"])
    weighed = type("Weighed", (), {"axes": ["lr", "lam"], "points": renamed.to_frame("updates")})
    assert family.diagonal(weighed).updates.tolist() == [11, 21]
