"""Games of one number per player: values as papers print them, and where rules lead in the tandem game."""

from itertools import product

import numpy as np
import pytest
import specs
import torch
from small_jobs import trained_however

from lola.learning import rules, trainers
from lola.learning.differentiable.game import Bimatrix, Market, Polynomial
from lola.learning.joint.field import ByAutograd, field
from lola.learning.rules import Values

PENNIES = {"kind": "bimatrix", "actions": ["H", "T"], "payoffs": [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]}
ODD = {  # three players, of whom nobody has the payoffs of another
    "kind": "bimatrix",
    "actions": [["a", "b"], ["c", "d"], ["e", "f"]],
    "payoffs": [
        [[[1, 2], [3, 5]], [[8, 13], [21, 34]]],
        [[[0, 1], [0, 2]], [[3, 0], [4, 0]]],
        [[[2, 2], [1, 0]], [[0, 7], [1, 1]]],
    ],
}


def at(*columns):
    """Parameters (S, 1) of players, given by their columns."""
    return [torch.tensor(column, dtype=torch.float64)[:, None] for column in columns]


def spec(rule, steps=200, **settings):
    seat = {"rule": rule, "lr": 0.1, **settings}
    return specs.EXACT | {"game": specs.TANDEM, "seats": [seat, seat], "steps": steps}


def ends(trained):
    """The last row of a seed by player and measure."""
    last = max(row[0] for row in trained.rows)
    return {row[1:3]: row[3] for row in trained.rows if row[0] == last}


def test_values_and_gradients_by_hand():
    """At (x, y) = (1, 2): V_1 = −9 + 2, V_2 = −9 + 4; ∇_1 V_1 = −2 · 3 + 2, and the same for player 2."""
    game = Polynomial(specs.TANDEM["terms"])
    thetas = [torch.tensor([[1.0], [0.0]]).double(), torch.tensor([[2.0], [0.0]]).double()]
    assert [value.tolist() for value in game.values(thetas)] == [[-7.0, 0.0], [-5.0, 0.0]]
    at = [theta.requires_grad_() for theta in thetas]
    xi = [rules.gradient(value, theta) for value, theta in zip(game.values(at), at, strict=True)]
    assert [of_player.flatten().tolist() for of_player in xi] == [[-4.0, 2.0], [-4.0, 2.0]]


def test_terms_of_first_order_rules_by_hand():
    """∇_ij V_k = −2 for all, ∇_j V_i = −2s with s = x + y, so χ_i = 4s and (H_oξ)_i = −2 (2 − 2s)."""
    game = Polynomial(specs.TANDEM["terms"])
    thetas = [torch.tensor([[1.0]], requires_grad=True), torch.tensor([[2.0]], requires_grad=True)]
    for values in (Values.exact(game), Values(game.values)):
        at = field(values, thetas)
        found = [term.flatten().tolist() for term in (at.xi, at.ahead, at.shape)]
        assert found == [[-4.0, -4.0], [8.0, 8.0], [12.0, 12.0]]


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
    trained_however(spec("lola_surrogate", steps=6, eta=0.1))


def test_a_seed_that_diverges_fails_alone():
    """Steps of 1000 overflow after some hundred updates."""
    for trained in trainers.run(spec("naive") | {"steps": 200, "seats": [{"rule": "naive", "lr": 1000.0}] * 2}, [0]):
        assert trained.outcome["status"] == "failed"
        assert "became NaN or infinite" in trained.outcome["reason"]
        assert all(np.isfinite(row[3]) for row in trained.rows)


def test_powers_constants_and_players_who_move_nothing():
    """V_1 = 2x³y − 1.5 and V_2 = 4 at (x, y) = (−2, 3), (0, 1): player 2 has no gradient."""
    game = Polynomial([[[2.0, 3.0, 1.0], [-1.5, 0.0, 0.0]], [[4.0, 0.0, 0.0]]])
    thetas = [theta.requires_grad_() for theta in at([-2.0, 0.0], [3.0, 1.0])]
    values = game.values(thetas)
    assert [value.tolist() for value in values] == [[-49.5, -1.5], [4.0, 4.0]]
    assert rules.gradient(values[0], thetas[0]).flatten().tolist() == [72.0, 0.0]
    assert rules.gradient(values[1], thetas[1]).flatten().tolist() == [0.0, 0.0]


@pytest.mark.parametrize("block", [PENNIES, ODD])
def test_a_game_that_is_played_once_is_worth_what_its_actions_are_on_average(block):
    """Over all joint actions, each as likely as σ(θ) makes it, in numpy alone."""
    game, numbers = Bimatrix(block["payoffs"], block["actions"]), np.random.default_rng(0)
    logits = numbers.normal(0, 3, (len(block["payoffs"]), 50))
    first = 1 / (1 + np.exp(-logits))
    policies = np.stack([first, 1 - first], axis=1)
    for value, payoffs in zip(game.values(at(*logits)), block["payoffs"], strict=True):
        worth = np.array(payoffs, dtype=float)[..., None]
        for own in policies:
            worth = (worth * own.reshape(2, *[1] * (worth.ndim - 2), -1)).sum(0)
        np.testing.assert_allclose(value.numpy(), worth, rtol=1e-12)
    np.testing.assert_allclose(torch.stack([seen[:, 1] for seen in game.seen(at(*logits))]), first, rtol=1e-14)


def test_rows_of_a_game_that_is_played_once_show_probabilities_and_the_run_leaves_policies():
    run = specs.EXACT | {"game": ODD, "seats": [{"rule": "lola", "lr": 0.1, "eta": 0.1}] * 3, "steps": 5}
    (trained,) = trainers.run(run, [4])
    rows = {row[:3]: row[3] for row in trained.rows}
    for player, (action, other) in enumerate(ODD["actions"], start=1):
        names = [name for step, own, name in rows if (step, own) == (0, player)]
        assert names == ["return", "gradient norm", "parameter 1", f"{action} at start"]
        p = 1 / (1 + np.exp(-rows[5, player, "parameter 1"]))
        told = trained.outcome["policies"][player - 1]
        assert (told["player"], told["state"], told["own_state"]) == (player, "start", "start")
        assert told["probabilities"] == {action: pytest.approx(p), other: pytest.approx(1 - p)}
        assert told["probabilities"][action] == rows[5, player, f"{action} at start"]


@pytest.mark.parametrize("std", [0.0, 0.5])
@pytest.mark.parametrize("game", [specs.TANDEM, PENNIES, {"kind": "market"}])
def test_players_start_around_the_start(game, std):
    """As without a start, so much further on."""
    seat, seeds = {"rule": "naive", "lr": 0.0}, [0, 7, 3]
    run = specs.EXACT | {"game": game, "seats": [seat, seat], "steps": 1, "init_std": std}
    moved = run | {"game": game | {"start": [2.0, -1.0]}}
    for plain, around in zip(trainers.run(run, seeds), trainers.run(moved, seeds), strict=True):
        drawn = [theta for (theta,) in plain.outcome["thetas"]]
        assert [theta for (theta,) in around.outcome["thetas"]] == [2.0 + drawn[0], -1.0 + drawn[1]]
        assert std or drawn == [0.0, 0.0]


@pytest.mark.parametrize("every", [1, 2, 5])
def test_with_every_rows_are_those_after_so_many_updates(every):
    run = spec("lola", steps=10, eta=0.1)
    (whole,), (thin,) = (list(trainers.run(each, [1])) for each in (run, run | {"every": every}))
    assert thin.rows == [row for row in whole.rows if row[0] and row[0] % every == 0]
    assert thin.outcome == whole.outcome


GAMES = [
    Polynomial([[[0.3, 3, 1], [0.7, 1, 5]], [[1.1, 2, 7]]]),
    Polynomial([[[2.0, 3, 1, 0], [-1.5, 0, 0, 0]], [[4.0, 0, 0, 0]], [[-0.7, 2, 2, 2], [1.0, 1, 0, 1]]]),
    Bimatrix(*list(PENNIES.values())[:0:-1]),
    Bimatrix(*list(ODD.values())[:0:-1]),
    Market(),
]


@pytest.mark.parametrize("game", GAMES)
def test_closed_form_is_autograd(game):
    thetas = [theta.requires_grad_() for theta in at(*np.random.default_rng(2).normal(0, 2, (len(game.sizes), 20)))]
    known, found = (field(values, thetas) for values in (Values.exact(game), Values(game.values)))
    assert not isinstance(known, ByAutograd) and isinstance(found, ByAutograd)
    for term in ("xi", "forward", "backward", "ahead", "shape", "jacobian"):
        pair = [getattr(at, term).detach() for at in (known, found)]
        torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-12 * pair[1].abs().max().item())
    for i, weights in product(range(len(thetas)), [(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 2)]):
        eta = torch.linspace(0, 2, 20, dtype=torch.float64)[:, None]
        rule = rules.FirstOrder(eta, *weights)
        pair = [rule(values, thetas, i).detach() for values in (Values.exact(game), Values(game.values))]
        torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-12 * pair[1].abs().max().item())


@pytest.mark.parametrize("game", GAMES)
def test_bits_depend_on_no_other_seed(game):
    thetas = at(*np.random.default_rng(1).normal(0, 2, (len(game.sizes), 37)))

    def terms(rows):
        here = [theta[rows].requires_grad_() for theta in thetas]
        fields = [field(values, here) for values in (Values.exact(game), Values(game.values))]
        return torch.cat([x for of in fields for x in (of.xi, of.ahead, of.shape)] + game.seen(here), 1)

    together = terms(slice(None))
    for first, last in ((0, 1), (5, 9), (36, 37), (3, 36)):
        assert torch.equal(terms(slice(first, last)), together[first:last])
