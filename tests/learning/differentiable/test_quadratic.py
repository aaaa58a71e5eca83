"""Quadratic games: values by hand, and where rules lead in the tandem game, known in closed form."""

import numpy as np
import pytest
import specs
import torch
from small_jobs import same

from lola.learning import rules, trainers
from lola.learning.differentiable.game import Quadratic
from lola.learning.rules import Values

TANDEM = {"kind": "quadratic", "matrices": [[[-1, -1], [-1, -1]]] * 2, "linear": [[2, 0], [0, 2]]}


def spec(rule, steps=200, **settings):
    seat = {"rule": rule, "lr": 0.1, **settings}
    return specs.EXACT | {"game": TANDEM, "seats": [seat, seat], "steps": steps}


def ends(trained):
    """The last row of a seed by player and measure."""
    last = max(row[0] for row in trained.rows)
    return {row[1:3]: row[3] for row in trained.rows if row[0] == last}


def test_values_and_gradients_by_hand():
    """At (x, y) = (1, 2): V_1 = −9 + 2, V_2 = −9 + 4; ∇_1 V_1 = −2 · 3 + 2, and the same for player 2."""
    game = Quadratic(TANDEM["matrices"], TANDEM["linear"])
    thetas = [torch.tensor([[1.0], [0.0]]).double(), torch.tensor([[2.0], [0.0]]).double()]
    assert [value.tolist() for value in game.values(thetas)] == [[-7.0, 0.0], [-5.0, 0.0]]
    at = [theta.requires_grad_() for theta in thetas]
    xi = [rules.gradient(value, theta) for value, theta in zip(game.values(at), at, strict=True)]
    assert [of_player.flatten().tolist() for of_player in xi] == [[-4.0, 2.0], [-4.0, 2.0]]


def test_terms_of_first_order_rules_by_hand():
    """∇_ij V_k = −2 for all, ∇_j V_i = −2s with s = x + y, so χ_i = 4s and (H_oξ)_i = −2 (2 − 2s)."""
    game = Quadratic(TANDEM["matrices"], TANDEM["linear"])
    thetas = [torch.tensor([[1.0]], requires_grad=True), torch.tensor([[2.0]], requires_grad=True)]
    found = rules.terms(Values(game.values), thetas)
    assert [[t.item() for t in of_term] for of_term in found] == [[-4.0, -4.0], [8.0, 8.0], [12.0, 12.0]]


@pytest.mark.parametrize(
    ("rule", "total"),
    [("naive", 1.0), ("lookahead", 1.0), ("lola", 1.25), ("lola_surrogate", 4 / 3)],
)
def test_where_rules_end_in_the_tandem_game(rule, total):
    """η = 0.1: 0 = 2 − 2s (naive), times 1 − 2η (LookAhead); + 4ηs (LOLA); (2 − 2s)(1 − 2η) + 4ηs (full surrogate)."""
    settings = {} if rule == "naive" else {"eta": 0.1}
    for trained in trainers.run(spec(rule, **settings), [0, 1, 2]):
        end = ends(trained)
        assert trained.outcome["status"] == "finished"
        assert end[1, "parameter 1"] + end[2, "parameter 1"] == pytest.approx(total, abs=1e-9)
        mean = (end[1, "return"] + end[2, "return"]) / 2
        assert mean == pytest.approx(total - total**2, abs=1e-9)
        assert end[1, "gradient norm"] == pytest.approx(abs(2 - 2 * total), abs=1e-9)
        assert trained.outcome["thetas"] == [[end[1, "parameter 1"]], [end[2, "parameter 1"]]]


def test_it_goes_on_from_any_snapshot_and_seeds_never_feel_each_other():
    snapshots, run = [], spec("lola_surrogate", steps=6, eta=0.1)
    whole = list(trainers.run(run, [3, 1], keep=lambda snapshot: snapshots.append(snapshot())))
    for n, saved in enumerate(snapshots):
        later = []
        assert list(trainers.run(run, [3, 1], saved, lambda snapshot, to=later: to.append(snapshot()))) == whole
        assert all(same(*pair) for pair in zip(later, snapshots[n:], strict=True))
    assert [whole[1]] == list(trainers.run(run, [1]))


def test_a_seed_that_diverges_fails_alone():
    """Steps of 1000 overflow after some hundred updates."""
    for trained in trainers.run(spec("naive") | {"steps": 200, "seats": [{"rule": "naive", "lr": 1000.0}] * 2}, [0]):
        assert trained.outcome["status"] == "failed"
        assert "became NaN or infinite" in trained.outcome["reason"]
        assert all(np.isfinite(row[3]) for row in trained.rows)
