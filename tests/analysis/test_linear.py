"""Each rule's matrix and vector against its equation, taken apart by differences; radii, limits against iterating."""

import inspect

import numpy as np
import pytest
import torch

from lola.analysis import linear
from lola.analysis.affine import LEARNERS, RULES, Forms, NotLinear
from lola.learning.rules import Values
from lola.learning.trainers import configured
from lola.vocabulary import registry

TANDEM = [[[-1, 2, 0], [-2, 1, 1], [-1, 0, 2], [2, 1, 0]], [[-1, 2, 0], [-2, 1, 1], [-1, 0, 2], [2, 0, 1]]]
HAMILTONIAN = [[[1, 1, 1]], [[-1, 1, 1]]]
BALDUZZI = [[[-0.5, 2, 0], [-10, 1, 1]], [[-0.5, 0, 2], [10, 1, 1]]]
PAIRS = {(0, 1): 1, (0, 2): 1, (0, 3): 1, (1, 2): 1, (1, 3): 1, (2, 3): 1}
GENERAL = [  # of three players, with constants, nobody's loss another's gain
    [[0.3, 0, 0, 0], [-1, 2, 0, 0], [0.4, 1, 1, 0], [-0.7, 0, 1, 1], [0.5, 0, 0, 2], [0.2, 1, 0, 0], [0.9, 0, 0, 1]],
    [[0.6, 1, 1, 0], [-0.8, 0, 2, 0], [0.3, 0, 1, 1], [0.4, 1, 0, 1], [-0.5, 0, 1, 0], [0.7, 1, 0, 0]],
    [[-1.2, 0, 0, 2], [0.5, 1, 0, 1], [-0.4, 0, 1, 1], [0.2, 2, 0, 0], [0.8, 0, 0, 1]],
]


def four_players(epsilon):
    """Each pair's product once for one and once against the other; ε/2 of the own square is lost."""
    terms = [[[-epsilon / 2, *(2 if j == i else 0 for j in range(4))]] for i in range(4)]
    for (i, j), weight in PAIRS.items():
        both = [int(k in (i, j)) for k in range(4)]
        terms[i].append([weight, *both])
        terms[j].append([-weight, *both])
    return terms


GAMES = {
    "tandem": TANDEM,
    "hamiltonian": HAMILTONIAN,
    "balduzzi": BALDUZZI,
    "four": four_players(0.01),
    "general": GENERAL,
}
SETTINGS = [
    ("naive", {}),
    ("lookahead", {"eta": 0.2}),
    ("lookahead_first", {"eta": 0.2}),
    ("lola", {"eta": 0.2}),
    ("lola", {"eta": 0.2, "order": 2}),
    ("lola_surrogate", {"eta": 0.2}),
    ("lola_exact", {"eta": 0.2}),
    ("lola_exact", {"eta": 0.1, "order": 3}),
    ("lola_exact", {"eta": 0.1, "order": 2, "inner_steps": 3}),
    ("hola", {"eta": 0.1, "order": 2}),
    ("lookahead_nested", {"eta": 0.2, "order": 3}),
    ("sga", {"lam": 0.5}),
    ("consensus", {"penalty": 0.3}),
    ("extragradient", {"eta": 0.2}),
    ("cgd", {"eta": 0.2}),
    ("lss", {"kappa": 0.1}),
]


def named(settings):
    return str(settings)


# The equations, of values alone: derivatives of what has degree two are differences.


def values(terms):
    known = [(np.array([term[0] for term in own]), np.array([term[1:] for term in own])) for own in terms]

    def V(i, theta):
        coefficients, exponents = known[i]
        return coefficients @ (theta**exponents).prod(axis=1)

    return V


def derivative(function, theta, j):
    ahead, back = theta.copy(), theta.copy()
    ahead[j], back[j] = theta[j] + 0.5, theta[j] - 0.5
    return function(ahead) - function(back)


def moved(theta, by, i):
    """Everybody but player i has moved."""
    found = theta + by
    found[i] = theta[i]
    return found


def xi(V, theta):
    return np.array([derivative(lambda at, i=i: V(i, at), theta, i) for i in range(len(theta))])


def jacobian(V, theta):
    return np.stack([derivative(lambda at: xi(V, at), theta, j) for j in range(len(theta))], axis=1)


def gradient(V, i, theta):
    return np.array([derivative(lambda at: V(i, at), theta, j) for j in range(len(theta))])


def off(J):
    return J - np.diag(np.diag(J))


def chi(V, theta):
    J = off(jacobian(V, theta))
    return np.array([J[:, i] @ gradient(V, i, theta) for i in range(len(theta))])


def anticipated(V, theta, rule, eta, steps=1):
    def after(i, at):
        for _ in range(steps):
            at = moved(at, eta * rule(at), i)
        return V(i, at)

    return np.array([derivative(lambda at, i=i: after(i, at), theta, i) for i in range(len(theta))])


def lola(V, theta, eta, order=1):
    def rule(at, n):
        if n == 0:
            return xi(V, at)
        shaping = [derivative(lambda at: rule(at, n - 1), at, i) for i in range(len(at))]  # ∂_i rule_j
        return xi(V, at) + eta * np.array(
            [sum(shaping[i][j] * gradient(V, i, at)[j] for j in range(len(at)) if j != i) for i in range(len(at))]
        )

    return rule(theta, order)


def lola_exact(V, theta, eta, order=1, inner_steps=1):
    def rule(at, n):
        return anticipated(V, at, lambda at: rule(at, n - 1), eta, inner_steps) if n else xi(V, at)

    return rule(theta, order)


def lookahead_nested(V, theta, eta, order=1):
    def rule(at, n):
        if n == 0:
            return xi(V, at)
        ahead = rule(at, n - 1)
        return np.array([derivative(lambda x, i=i: V(i, moved(x, eta * ahead, i)), at, i) for i in range(len(at))])

    return rule(theta, order)


def sga(V, theta, lam, align=False, bias=0.1):
    J, x = jacobian(V, theta), xi(V, theta)
    turned, own = (J - J.T).T @ x / 2, J.T @ x
    sign = np.sign(bias - (x @ own) * (turned @ own) / len(x)) if align else 1
    return x - lam * sign * turned


def consensus(V, theta, penalty, align=False):
    J, x = jacobian(V, theta), xi(V, theta)
    return x - penalty * (np.sign(-x @ J.T @ x) if align else 1) * J.T @ x


def lss(V, theta, kappa):
    J, x = jacobian(V, theta), xi(V, theta)
    return (x + J.T @ np.linalg.solve(J.T @ J + kappa * np.eye(len(x)), J.T @ x)) / 2


EQUATIONS = {
    "naive": xi,
    "lookahead": lambda V, theta, eta: lookahead_nested(V, theta, eta),
    "lookahead_first": lambda V, theta, eta: xi(V, theta) + eta * off(jacobian(V, theta)) @ xi(V, theta),
    "lola": lola,
    "lola_surrogate": lambda V, theta, eta: (
        xi(V, theta) + eta * (off(jacobian(V, theta)) @ xi(V, theta) + chi(V, theta))
    ),
    "lola_exact": lola_exact,
    "hola": lola_exact,
    "lookahead_nested": lookahead_nested,
    "sga": sga,
    "consensus": consensus,
    "extragradient": lambda V, theta, eta: xi(V, theta + eta * xi(V, theta)),
    "cgd": lambda V, theta, eta: np.linalg.solve(np.eye(len(theta)) - eta * off(jacobian(V, theta)), xi(V, theta)),
    "lss": lss,
}


def spec(terms, *seats, lr=0.1):
    """The spec of a group whose players are all of one algorithm, or each of its own."""
    seats = seats * len(terms) if len(seats) == 1 else seats
    return {"game": {"terms": terms}, "seats": [{"lr": lr} | seat for seat in seats]}


def start(terms, seed=0):
    return np.random.default_rng(seed).normal(size=len(terms))


def iterated(terms, rule, settings, theta, steps, lr=0.1):
    V = values(terms)
    for _ in range(steps):
        theta = theta + lr * EQUATIONS[rule](V, theta, **settings)
    return theta


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize(("rule", "settings"), SETTINGS, ids=named)
def test_a_step_is_what_the_equation_says(game, rule, settings):
    terms = GAMES[game]
    step, theta = linear.step(spec(terms, {"rule": rule, **settings})), start(terms)
    assert step.map(theta) == pytest.approx(iterated(terms, rule, settings, theta, 1), rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize(("rule", "settings"), SETTINGS, ids=named)
def test_a_step_is_what_the_rule_that_trains_does(game, rule, settings):
    if rule not in registry.RULES:
        pytest.skip(f"no rule {rule} is registered")
    terms, theta = GAMES[game], torch.from_numpy(start(GAMES[game]))

    def V(thetas):
        x = torch.cat(thetas, dim=1)  # (1, players)
        return [sum(c * (x ** torch.tensor(exponents)).prod(dim=1) for c, *exponents in own) for own in terms]

    thetas = [each.reshape(1, 1).clone().requires_grad_() for each in theta]
    trains = configured(registry.RULES[rule], settings)
    found = [trains(Values(V), thetas, i).item() for i in range(len(terms))]
    step = linear.step(spec(terms, {"rule": rule, **settings}))
    assert step.map(theta.numpy()) == pytest.approx(theta.numpy() + 0.1 * np.array(found), rel=1e-9, abs=1e-10)


def test_every_rule_and_learner_is_tried_here():
    assert {*RULES} == {*EQUATIONS, "sos"} == {rule for rule, _ in SETTINGS} | {"sos"}
    assert {*LEARNERS} == {*SEATS}


def test_players_of_different_rules_take_their_own_part():
    seats = [{"rule": "lola", "eta": 0.3}, {"rule": "naive", "lr": 0.2}, {"rule": "cgd", "eta": 0.1, "lr": 0.05}]
    step, theta = linear.step(spec(GENERAL, *seats)), start(GENERAL)
    alone = [iterated(GENERAL, "lola", {"eta": 0.3}, theta, 1), iterated(GENERAL, "naive", {}, theta, 1, lr=0.2)]
    alone.append(iterated(GENERAL, "cgd", {"eta": 0.1}, theta, 1, lr=0.05))
    assert step.map(theta) == pytest.approx([alone[i][i] for i in range(3)])


def test_the_sign_of_an_aligned_rule_is_taken_where_it_is_one_and_nowhere_else():
    for terms in (HAMILTONIAN, four_players(0.01), BALDUZZI):
        step, theta = linear.step(spec(terms, {"rule": "sga", "lam": 0.5, "align": True})), start(terms)
        assert step.map(theta) == pytest.approx(iterated(terms, "sga", {"lam": 0.5, "align": True}, theta, 1))
    step, theta = linear.step(spec(BALDUZZI, {"rule": "consensus", "penalty": 0.5, "align": True})), start(BALDUZZI)
    assert step.map(theta) == pytest.approx(iterated(BALDUZZI, "consensus", {"penalty": 0.5, "align": True}, theta, 1))
    V, signs = values(GENERAL), set()
    for seed in range(50):
        theta = 9 * start(GENERAL, seed)
        turned = sga(V, theta, 1.0) - xi(V, theta)
        signs.add(round(float((sga(V, theta, 1.0, align=True) - xi(V, theta)) @ turned / (turned @ turned))))
    assert signs == {-1, 1}  # so there is no one map
    for rule, settings in (("sga", {"lam": 0.5, "align": True}), ("sos", {"eta": 0.1, "a": 0.5, "b": 0.1})):
        with pytest.raises(NotLinear, match=r"changes? with the parameters"):
            linear.step(spec(GENERAL, {"rule": rule, **settings}))
    with pytest.raises(NotLinear, match="sign of CO"):
        linear.step(spec([[[1, 2, 0]], [[-1, 0, 2]]], {"rule": "consensus", "penalty": 0.5, "align": True}))


def test_sos_is_lookahead_where_nobody_can_shape_anybody():
    alone = [[[-1, 2, 0], [1, 1, 0]], [[-2, 0, 2]]]
    sos, ahead = (linear.step(spec(alone, {"rule": rule, "eta": 0.1})) for rule in ("sos", "lookahead"))
    assert (sos.map.matrix == ahead.map.matrix).all() and (sos.map.vector == ahead.map.vector).all()


def remembering(V, theta, before, learner, lr=0.07, momentum=0.3, coupling=0.2):
    """The parameters after those of now and before, of players that remember."""
    if learner == "optimistic":
        return theta + lr * (2 * xi(V, theta) - xi(V, before))
    moved = theta - before
    return theta + lr * xi(V, theta) + momentum * moved + coupling * off(jacobian(V, theta)) @ moved


SEATS = {
    "optimistic": {"learner": "optimistic"},
    "lead": {"learner": "lead", "momentum": 0.3, "coupling": 0.2},
}


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("learner", SEATS)
def test_a_step_of_players_that_remember_is_one_of_the_companion_matrix(game, learner):
    terms, V = GAMES[game], values(GAMES[game])
    step, theta = linear.step(spec(terms, SEATS[learner], lr=0.07)), start(terms)
    state, before = np.tile(theta, 2), theta
    for _ in range(5):
        theta, before = remembering(V, theta, before, learner), theta
        state = step.map(state)
        assert state == pytest.approx(np.concatenate([theta, before]))
    if game in ("hamiltonian", "four"):  # whose fixed point is the origin
        lengths = []
        for _ in range(300):
            theta, before = remembering(V, theta, before, learner), theta
            lengths.append(np.log(np.linalg.norm(theta)))
        assert np.exp(np.polyfit(np.arange(250), lengths[50:], 1)[0]) == pytest.approx(step.radius, rel=5e-3)


def test_one_that_remembers_may_meet_one_that_does_not():
    step = linear.step(spec(HAMILTONIAN, SEATS["optimistic"], {"rule": "lola", "eta": 0.3, "lr": 0.2}, lr=0.07))
    V, before, theta = values(HAMILTONIAN), np.array([1.0, 2.0]), np.array([0.5, 3.0])
    expected = (
        remembering(V, theta, before, "optimistic")[0],
        iterated(HAMILTONIAN, "lola", {"eta": 0.3}, theta, 1, 0.2)[1],
    )
    assert step.map(np.concatenate([theta, before])) == pytest.approx([*expected, *theta])


@pytest.mark.parametrize(
    ("game", "rule", "settings"),
    [
        (game, rule, settings)
        for game in ("hamiltonian", "balduzzi", "four")
        for rule, settings in SETTINGS
        if game != "four" or "order" not in settings  # which takes seconds
    ],
    ids=named,
)
def test_the_radius_is_the_slope_of_the_measured_log_norm(game, rule, settings):
    terms, lengths = GAMES[game], [0.0]
    theta = start(terms)
    for _ in range(150):
        theta = iterated(terms, rule, settings, theta, 1, lr=0.05)
        length = np.linalg.norm(theta)  # from now on 1, since the game is homogeneous, so that digits are left
        theta, lengths = theta / length, [*lengths, lengths[-1] + np.log(length)]
    slope = np.polyfit(np.arange(110), lengths[-110:], 1)[0]
    step = linear.step(spec(terms, {"rule": rule, **settings}, lr=0.05))
    assert np.exp(slope) == pytest.approx(step.radius, rel=5e-3)
    assert step.map.vector == pytest.approx(0.0)


@pytest.mark.parametrize(("rule", "settings"), SETTINGS, ids=named)
@pytest.mark.parametrize("game", ["tandem", "general"])
def test_the_limit_is_where_iterating_ends(game, rule, settings):
    terms = GAMES[game]
    step, theta = linear.step(spec(terms, {"rule": rule, **settings})), start(terms)
    state, limit = theta, step.limit(theta)
    for _ in range(3000):
        state = step.map(state)
    if limit is None:
        assert not np.isfinite(state).all() or np.abs(state - step.map(state)).max() > 1e-9
    else:
        assert limit == pytest.approx(state, abs=1e-8)
    known = game == "tandem" and (rule, settings) != ("consensus", {"penalty": 0.3})
    assert (limit is not None) or not known


@pytest.mark.parametrize(
    ("rule", "loss"),
    [
        ("naive", 0),
        ("lookahead", 0),
        ("lola", 0.3125),
        ("lola_exact", 0.41015625),
        ("lola_surrogate", 4 / 9),
        ("cgd", 0),
    ],
)
def test_losses_in_the_tandem_game_are_those_of_its_closed_form(rule, loss):
    step = linear.step(spec(TANDEM, {"rule": rule, "eta": 0.1}))
    assert -Forms.of(TANDEM).values(step.limit(start(TANDEM))).mean() == pytest.approx(loss, abs=1e-12)


def test_lola_in_the_tandem_game_converges_to_nothing_from_a_quarter_on():
    found = linear.threshold(spec(TANDEM, {"rule": "lola_surrogate", "eta": 0.1}), ["lr", "eta"], 1.0)
    assert found == pytest.approx(0.25)  # where (1 − 2α)/(1 − 4α) has no value
    assert linear.step(spec(TANDEM, {"rule": "lola_surrogate", "eta": 0.25}, lr=0.25)).limit(start(TANDEM)) is None


@pytest.mark.parametrize(
    ("seat", "expected"),
    [
        ({"rule": "naive"}, 0.0),
        ({"rule": "lola", "eta": 0.1}, 1.0),
        ({"rule": "lookahead", "eta": 0.1}, 1.0),
        ({"rule": "extragradient", "eta": 0.1}, 1.0),
        ({"rule": "lola_surrogate", "eta": 0.1}, np.sqrt(3) / 2),
        ({"rule": "lola_exact", "eta": 0.1}, np.sqrt(3) / 2),
        ({"rule": "hola", "eta": 0.1, "order": 2}, 0.9306),
        ({"rule": "hola", "eta": 0.1, "order": 3}, np.sqrt(0.5)),
        ({"rule": "hola", "eta": 0.1, "order": 4}, 0.6351),
        ({"rule": "cgd", "eta": 0.1}, 50.0),
        ({"learner": "optimistic", "eta": None}, 1 / np.sqrt(3)),
    ],
    ids=named,
)
def test_thresholds_in_the_hamiltonian_game_are_the_known_ones(seat, expected):
    over = ["lr", "eta"] if "eta" in seat else ["lr"]
    found = linear.threshold(spec(HAMILTONIAN, seat), over, 50.0 if expected == 50.0 else 2.0)
    assert found == pytest.approx(expected, abs=1e-3 if expected in (0.9306, 0.6351) else 1e-6)


def test_a_step_that_drifts_or_stands_still_has_no_limit_or_its_start():
    drift = linear.step(spec([[[1, 1, 0]], [[-1, 0, 2]]], {"rule": "naive"}))  # V_1 = x grows for ever
    assert drift.radius == pytest.approx(0.8) and drift.limit(np.ones(2)) is None
    still = linear.step(spec(HAMILTONIAN, {"rule": "naive"}, lr=0.0))
    assert still.radius == 1.0
    shear = linear.step(spec([[[1, 1, 1]], [[-1, 0, 2], [0, 1, 0]]], {"rule": "naive"}))
    assert shear.limit(np.array([1.0, 2.0])) == pytest.approx([2.0, 0.0])  # x + Σ 0.1 · 2 · 0.8^t


def test_what_is_not_linear_says_why():
    for seat, why in [
        ({"rule": "naive", "lr_final": 0.01}, "lr_final or clip"),
        ({"rule": "naive", "lr_final": 0.0}, "lr_final or clip"),
        ({"rule": "naive", "clip": 1.0}, "lr_final or clip"),
        ({"rule": "somebody"}, "no linear map is known of somebody"),
        ({"rule": "cgd", "eta": 0.5}, "singular at η = 0.5"),
        ({"rule": "cgd", "eta": 0.1, "tolerance": 1e-6}, "linear but for that"),
        ({"rule": "lss", "kappa": 0}, "singular without κ"),
    ]:
        with pytest.raises(NotLinear, match=why):
            linear.step(spec(TANDEM, seat))
    with pytest.raises(NotLinear, match="player 2's value has degree 3"):
        linear.step(spec([[[1, 1, 1]], [[1, 2, 1]]], {"rule": "naive"}))
    with pytest.raises(NotLinear, match="a map has a step for every point"):
        linear.step(spec(TANDEM, {"rule": "naive", "lr": None}) | {"grid": {"lr": [0.1]}})
    with pytest.raises(NotLinear, match="not given by terms"):
        linear.step({"game": {"kind": "market"}, "seats": []})
    assert linear.step(spec(TANDEM, {"rule": "naive", "lr_final": 0.1, "clip": None})).players == 2


def test_settings_are_called_as_the_rules_that_train_call_them():
    for name, function in RULES.items():
        if name in registry.RULES:
            _, *takes = inspect.signature(function).parameters
            assert {*takes} >= {*registry.RULES[name].settings}, name
