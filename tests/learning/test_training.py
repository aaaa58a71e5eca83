"""Training: which step is taken, whose random numbers, and that no seed ever feels another."""

import io
import json
from functools import partial
from itertools import pairwise, product
from types import SimpleNamespace

import numpy as np
import pytest
import specs
import torch
from golden.regenerate import GAMES, HERE, LEARNS, MATCHES, PLAYED, SAMPLED, SETTINGS, five_episodes, five_steps, plays
from plain_estimators import joint_actions, joint_states
from small_jobs import drawn, job_of, same, states_from

from lola.learning import rules, trainers
from lola.learning.matrix.cloning import cloning
from lola.learning.matrix.estimators import dice, pg
from lola.learning.matrix.game import MatrixGame
from lola.learning.matrix.rollouts import play
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.rules import Values
from lola.vocabulary import registry
from lola.vocabulary.registry import KINDS, RULES

IPD = GAMES["ipd"]
FIVE_ACTIONS = MatrixGame(np.random.default_rng(0).normal(size=(2, 5, 5)).tolist(), 0.9, list("abcde"))
COMPANIES = [[3, 8], [8, 3, 1], [0, 1, 2, 3, 4, 5, 6], [*reversed(range(50))]]


def path(game, seats, thetas, steps):
    """The parameters before the first step and after each."""
    return [state.thetas for state in states_from(job_of(game, seats, range(len(thetas[0]))), steps, thetas)]


def autograd(rule):
    """The rule without its closed form."""
    return lambda values, thetas, i: rule(values.by_autograd(), thetas, i)


EVERY_RULE = {name: RULES[rule].load()(**settings) for name, (rule, settings) in SETTINGS.items() if rule in RULES}
EVERY_RULE |= {
    f"{name} by autograd": autograd(rule) for name, rule in EVERY_RULE.items() if isinstance(rule, rules.FirstOrder)
}


def bits(game, rule, seeds, steps=2):
    """{seed: bytes of its parameters, values and probabilities at every step}, all steps in one batch."""
    seats = [Climber(rule, 0.5, oracle())] * len(game.sizes)
    history = path(game, seats, drawn(game, seeds, 1.0), steps)
    thetas = [torch.cat(player) for player in zip(*history, strict=True)]
    numbers = [*thetas, *game.values(thetas), *(game.probabilities(thetas, i) for i in range(len(thetas)))]
    tables = [x.reshape(steps + 1, len(seeds), -1).transpose(0, 1) for x in numbers]
    return {seed: b"".join(table[s].numpy().tobytes() for table in tables) for s, seed in enumerate(seeds)}


@pytest.mark.parametrize(
    ("game", "rule"),
    [(game, rule) for game in (IPD, GAMES["public_good"], FIVE_ACTIONS) for rule in EVERY_RULE if plays(game, rule)],
    ids=lambda value: value if isinstance(value, str) else " × ".join(map(str, value.counts)),
)
def test_a_seed_is_the_same_bit_for_bit_in_any_company(game, rule):
    """Alone, or among 1, 2, 6 or 49 others, in any order. Twenty-five joint actions make an odd-sized linear
    system, whose rows lie differently in memory for every seed."""
    alone = bits(game, EVERY_RULE[rule], [3])[3]
    assert alone == bits(game, EVERY_RULE[rule], [3])[3]
    for seeds in COMPANIES:
        assert bits(game, EVERY_RULE[rule], seeds)[3] == alone, f"among {len(seeds)}"


def test_values_are_the_same_bit_for_bit_in_a_large_batch():
    for game in (*GAMES.values(), FIVE_ACTIONS):
        thetas = drawn(game, list(range(1500)), 3.0)
        together = game.values(thetas)
        for s in (0, 1, 2, 3, 700, 1497, 1498, 1499):
            alone = game.values([theta[s : s + 1].clone() for theta in thetas])
            assert [v[s].item() for v in together] == [v.item() for v in alone]


@pytest.mark.parametrize("rule", ["lola", "lola by autograd", "lola, order 2", "lola_exact"])
@pytest.mark.parametrize(("game", "absurd"), [("ipd", 1e308), ("public_good", float("nan"))])
def test_a_seed_that_diverges_disturbs_nobody(game, absurd, rule):
    """The middle one of three seeds has an absurd learning rate: its parameters become infinite, or NaN."""
    game = GAMES[game]
    start = drawn(game, [0, 1, 2], 1.0)
    rates = torch.tensor([[0.5], [absurd], [0.5]], dtype=torch.float64)
    disturbed, calm = (
        path(game, [Climber(EVERY_RULE[rule], lr, oracle())] * len(start), thetas, 4)
        for lr, thetas in ((rates, start), (0.5, [theta[[0, 2]] for theta in start]))
    )
    assert not torch.cat([theta[1] for theta in disturbed[-1]]).isfinite().all()
    for among, alone in zip(disturbed, calm, strict=True):
        for i in range(len(start)):
            assert torch.equal(among[i][[0, 2]], alone[i])
            assert torch.equal(game.values(among)[i][[0, 2]], game.values(alone)[i])


def test_every_player_steps_from_the_same_parameters_by_its_own_rule():
    """θ_i + lr_i rule_i(θ), at once: LOLA in seat 0 does not move first, and seat 1 stays naive."""
    start = drawn(IPD, [0, 1], 1.0)
    mixed = [Climber(rules.lola(0.7), 0.25, oracle()), Climber(rules.naive(), 2.0, oracle())]
    _, after = path(IPD, mixed, start, 1)
    believed = [theta.clone().requires_grad_() for theta in start]
    for i, (rule, lr) in enumerate([(rules.lola(0.7), 0.25), (rules.naive(), 2.0)]):
        step = lr * autograd(rule)(Values(IPD.values), believed, i).detach()
        torch.testing.assert_close(after[i], start[i] + step, rtol=1e-12, atol=1e-12)


def test_lola_meets_a_naive_learner_in_either_seat_of_the_ipd():
    """From θ = 0, by the numbers derived in `test_rules`: one moves to tit-for-tat, the other to defection."""
    for lola, naive in ((0, 1), (1, 0)):
        seats = [None, None]
        seats[lola], seats[naive] = Climber(rules.lola(1.0), 1.0, oracle()), Climber(rules.naive(), 1.0, oracle())
        _, after = path(IPD, seats, [torch.zeros(1, 5, dtype=torch.float64)] * 2, 1)
        assert after[lola][0].tolist() == pytest.approx([-0.25, 2.85, -5.85, 2.85, -5.85], rel=1e-12)
        assert after[naive][0].tolist() == pytest.approx([-0.25, -1.5, -1.5, -1.5, -1.5], rel=1e-12)


def test_a_learning_rate_per_seed():
    start = drawn(IPD, [0, 1], 1.0)
    rates = torch.tensor([[0.0], [0.5]], dtype=torch.float64)
    *_, together = path(IPD, [Climber(rules.lola(0.7), rates, oracle())] * 2, start, 3)
    *_, alone = path(IPD, [Climber(rules.lola(0.7), 0.5, oracle())] * 2, [theta[1:] for theta in start], 3)
    for i in range(2):
        assert torch.equal(together[i][0], start[i][0])
        assert torch.equal(together[i][1], alone[i][0])


def test_training_yields_the_start_and_every_step():
    start = drawn(IPD, [0], 1.0)
    history = path(IPD, [Climber(rules.naive(), 1.0, oracle())] * 2, start, 3)
    assert len(history) == 4
    assert all(torch.equal(a, b) for a, b in zip(history[0], start, strict=True))
    assert all(not torch.equal(a, b) for before, after in pairwise(history) for a, b in zip(before, after, strict=True))
    assert not any(theta.requires_grad for thetas in history for theta in thetas)


def test_initial_thetas_are_standard_normal():
    """Mean, variance and correlation of neighbouring streams within 4 standard errors, over 40,000 numbers."""
    first, second = drawn(SimpleNamespace(sizes=[20, 20]), range(2000))
    for theta in (first, second):
        assert theta.shape == (2000, 20)
        assert theta.dtype == torch.float64
        assert abs(theta.mean().item()) < 4 / 40_000**0.5
        assert abs(theta.var().item() - 1) < 4 * (2 / 40_000) ** 0.5
    for a, b in ((first, second), (first[1:], first[:-1]), (first[1:], second[:-1])):
        assert abs((a * b).mean().item()) < 4 / a.numel() ** 0.5


def test_initial_thetas_depend_on_seed_and_player_alone():
    together = drawn(SimpleNamespace(sizes=[5, 7]), [4, 0, 9])
    for s, seed in enumerate([4, 0, 9]):
        for i, theta in enumerate(drawn(SimpleNamespace(sizes=[5, 7]), [seed])):
            assert torch.equal(theta[0], together[i][s])
    numbers = torch.cat([theta.flatten() for theta in together])
    assert len(numbers.unique()) == len(numbers)


def test_initial_thetas_scale_with_std():
    wide, narrow = (drawn(SimpleNamespace(sizes=[5]), [0], std)[0] for std in (2.0, 0.5))
    assert torch.equal(wide, 4 * narrow)
    assert torch.equal(drawn(SimpleNamespace(sizes=[5]), [0], 0.0)[0], torch.zeros(1, 5))


@pytest.mark.parametrize(("game", "name"), PLAYED)
def test_golden(game, name):
    """Five steps, to the last bit; see golden/regenerate.py."""
    assert five_steps(GAMES[game], name) == json.loads((HERE / f"{game}.json").read_text())[name]


def test_golden_matches():
    """Five episodes, to the last bit."""
    assert {name: five_episodes(name) for name in MATCHES} == json.loads((HERE / "matches.json").read_text())


def test_every_rule_estimator_learner_and_perspective_has_golden_numbers():
    tables = {name for name, entry in registry.LEARNERS.items() if "match" in entry.courses}
    anywhere = {name for name, entry in RULES.items() if not entry.courses or "updates" in entry.courses} - {"cola"}
    assert {learner for learner, _ in SETTINGS.values()} == anywhere | set(registry.LEARNERS) - tables
    assert {estimator for _, _, estimator in SAMPLED.values()} == set(KINDS["matrix_game"].estimators)
    in_seats = {name for _, names, _, _ in MATCHES.values() for name in names}
    assert set(LEARNS) == tables == in_seats - set(RULES)
    assert {perspective for _, _, perspective, _ in MATCHES.values()} == set(registry.PERSPECTIVES)


def test_numbers_that_are_infinite_from_the_start_fail_each_seed_alone():
    payoffs = [[[1e308, -1e308], [1e308, 1e308]], [[1e308, 1e308], [-1e308, 1e308]]]
    spec = specs.EXACT | {
        "game": {"payoffs": payoffs, "gamma": 0.99, "actions": ["C", "D"]},
        "seats": [{"rule": "naive", "lr": 1.0}] * 2,
        "steps": 2,
    }
    for trained in trainers.run(spec, [0, 1]):
        assert trained.rows == []
        assert trained.outcome["status"] == "failed"
        assert "step 0" in trained.outcome["reason"]


# From samples.

LEARNERS = {
    "exact": (rules.lola(0.3), None),
    **{name: (rules.lola(0.3), entry.load()()) for name, entry in KINDS["matrix_game"].estimators.items()},
    "dice, 2 inner steps": (rules.lola_exact(0.3, inner_steps=2), dice()),
}
MODELS = {"oracle": oracle(), "cloning": cloning(2.0, 3)}
each_learner = pytest.mark.parametrize("learner", LEARNERS)
each_model = pytest.mark.parametrize("model", MODELS)


def states_of(game, seats, seeds, steps=3, batch=9, length=6, played=None):
    """Every state of training; `played` is handed the key of all that is played."""

    def recorded(thetas, key):
        if played is not None:
            played.append(key)
        return play(thetas, key, game=game, seeds=seeds, batch=batch, length=length)

    return states_from(job_of(game, seats, seeds, recorded), steps)


def self_play(game, learner, model, lr=0.5):
    rule, estimator = LEARNERS[learner]
    return [Climber(rule, lr, MODELS[model], estimator)] * len(game.sizes)


def state_bits(states, s):
    """The bytes of row s of every state: parameters, beliefs, critics and roll-outs."""
    arrays = []
    for state in states:
        believed = [theta for memory in state.memories for theta in memory.believed]
        arrays += [theta[s].numpy() for theta in (*state.thetas, *believed)]
        arrays += [memory.critic[s] for memory in state.memories]
        arrays += [state.rollouts.codes[s]] if state.rollouts else []
    return b"".join(array.tobytes() for array in arrays)


@each_model
@each_learner
@pytest.mark.parametrize("game", [IPD, GAMES["public_good"]], ids=["ipd", "three players"])
def test_a_seed_that_samples_is_the_same_bit_for_bit_in_any_company(game, learner, model):
    seats = self_play(game, learner, model)
    alone = state_bits(states_of(game, seats, [3]), 0)
    for seeds in COMPANIES:
        assert state_bits(states_of(game, seats, seeds), seeds.index(3)) == alone, f"among {len(seeds)}"


@each_model
@each_learner
def test_a_seed_that_diverges_disturbs_no_other_that_samples(learner, model):
    """The middle one of three seeds has an absurd learning rate: its parameters become infinite, then NaN."""
    rates = torch.tensor([[0.5], [float("inf")], [0.5]], dtype=torch.float64)
    disturbed = states_of(IPD, self_play(IPD, learner, model, rates), [0, 1, 2], steps=4)
    assert disturbed[-1].thetas[0][1].isnan().any()
    for s in (0, 2):
        alone = state_bits(states_of(IPD, self_play(IPD, learner, model), [s], steps=4), 0)
        assert state_bits(disturbed, s) == alone


@each_model
@pytest.mark.parametrize("learner", [*KINDS["matrix_game"].estimators, "exact"])
def test_everybody_learns_from_the_same_roll_outs(learner, model):
    """One play per update, however many players, and however many take it for what."""
    for game in (IPD, GAMES["public_good"]):
        played = []
        states_of(game, self_play(game, learner, model), [0, 1], played=played)
        assert played == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize("inner_steps", [1, 2, 3])
def test_every_inner_step_imagines_roll_outs_anew(inner_steps):
    """The first inner step takes what was played; every further one, and the look at where they led, new luck."""
    played = []
    seats = [Climber(rules.lola_exact(0.3, inner_steps=inner_steps), 0.5, oracle(), dice())] * 2
    states_of(IPD, seats, [0], steps=2, played=played)
    imagined = [(step, player, n) for step in (0, 1) for player in (1, 2) for n in range(1, inner_steps + 1)]
    assert sorted(key for key in played if len(key) == 3) == imagined
    assert sorted(key for key in played if len(key) == 2) == [(0, 0), (1, 0)]


def test_an_update_from_samples_is_the_rule_on_what_was_played():
    """θ_i + lr_i rule_i for a LOLA-DiCE, a LOLA-PG and an exact seat at one table; critics are their players' own."""
    game, seeds = GAMES["public_good"], [0, 1]
    seats = [
        Climber(rules.lola_exact(0.3), 0.25, oracle(), dice()),
        Climber(rules.lola(0.3), 0.5, oracle(), pg(critic_lr=0.7)),
        Climber(rules.lola_exact(0.3), 1.0, oracle()),
    ]
    playing = partial(play, game=game, seeds=seeds, batch=9, length=6)
    states = states_of(game, seats, seeds)
    for before, after in pairwise(states):
        real = playing(before.thetas, (before.step, 0))
        assert np.array_equal(real.codes, after.rollouts.codes)
        at = [theta.clone().requires_grad_() for theta in before.thetas]

        critics, updated = ([memory.critic for memory in state.memories] for state in (before, after))

        def by_pg(thetas, real=real, critics=critics):
            return pg().values(real, thetas, critics)

        def by_dice(thetas, at=at, real=real, step=before.step):
            return dice().values(real if thetas is at else playing(thetas, (step, 1, 1)), thetas, [])

        for i, values in enumerate((by_dice, by_pg, game.values)):
            expected = before.thetas[i] + seats[i].lr * seats[i].rule(Values(values), at, i).detach()
            torch.testing.assert_close(after.thetas[i], expected, rtol=1e-12, atol=1e-12)
        expected = [critics[0], pg(critic_lr=0.7).updated_critic(real, critics, 1), critics[2]]
        assert all(np.array_equal(ours, theirs) for ours, theirs in zip(updated, expected, strict=True))
        assert not np.array_equal(updated[1], critics[1])
        assert not updated[0].any()
        assert not updated[2].any()


def test_an_exact_player_does_not_care_who_samples():
    """Its step is that of a table where nobody does."""
    mixed = [Climber(rules.lola(0.3), 0.5, oracle()), Climber(rules.lola(0.3), 0.5, oracle(), pg())]
    _, sampled = states_of(IPD, mixed, [0, 1], steps=1)
    _, exact = path(IPD, mixed[:1] * 2, drawn(IPD, [0, 1], 1.0), 1)
    assert torch.equal(sampled.thetas[0], exact[0])
    assert not torch.allclose(sampled.thetas[1], exact[1], rtol=1e-3)


def spec(seat, model="oracle", grid=None, steps=4):
    """A group's spec on the IPD, with nine roll-outs of six steps."""
    models = {"oracle": {"model": "oracle"}, "cloning": {"model": "cloning", "rate": 2.0, "steps": 3}}
    samples = "estimator" in seat or model == "cloning"
    return specs.EXACT | {
        "game": specs.IPD,
        "seats": [seat] * 2,
        "opponent_model": models[model],
        "play": {"batch": 9, "length": 6} if samples else None,
        "steps": steps,
        "grid": grid,
    }


EXACT = {"rule": "lola", "lr": 0.5, "eta": 0.3}
PG = EXACT | {"estimator": "pg", "critic_lr": 0.7}
DICE = {"rule": "lola_exact", "lr": 0.5, "eta": 0.3, "inner_steps": 2, "estimator": "dice"}
STEP_SIZES = {"lr": [0.2, 0.5], "eta": [0.0, 0.3, 1.0]}
BATCHES = {"batch": [4, 9, 2], "eta": [0.3, 1.0]}
RUNS = {
    "exact": spec(EXACT),
    "exact, cloning": spec(EXACT, "cloning"),
    "pg": spec(PG),
    "pg, cloning": spec(PG, "cloning"),
    "dice, cloning": spec(DICE, "cloning"),
    "exact map": spec(EXACT, grid=STEP_SIZES),
    "map of step sizes": spec(PG, grid=STEP_SIZES),
    "map of batches": spec(PG, grid=BATCHES),
    "map of batches, cloning": spec(DICE, "cloning", grid=BATCHES),
}


def read_back(snapshot):
    """What is left of a snapshot that went through a file."""
    file = io.BytesIO()
    np.savez(file, **snapshot)
    file.seek(0)
    return dict(np.load(file))


@pytest.mark.parametrize("name", RUNS)
def test_training_goes_on_from_any_snapshot_bit_for_bit(name):
    seeds, snapshots = [2, 0], []
    uninterrupted = list(trainers.run(RUNS[name], seeds, keep=lambda snapshot: snapshots.append(read_back(snapshot()))))
    assert uninterrupted == list(trainers.run(RUNS[name], seeds))
    assert len(snapshots) == 5 * len((RUNS[name]["grid"] or {}).get("batch", [None]))
    for n, saved in enumerate(snapshots):
        later = []
        resumed = list(
            trainers.run(RUNS[name], seeds, saved, lambda snapshot, to=later: to.append(read_back(snapshot())))
        )
        assert resumed == uninterrupted
        assert len(later) == len(snapshots) - n
        for ours, theirs in zip(later, snapshots[n:], strict=True):
            assert same(ours, theirs)


@pytest.mark.parametrize("name", [name for name in RUNS if "map" not in name])
def test_a_snapshot_shows_the_returns_so_far(name):
    """(updates taken + 1, S, players), as in the rows that are left in the end."""
    snapshots = []
    trained = list(trainers.run(RUNS[name], [2, 0], keep=lambda snapshot: snapshots.append(snapshot())))
    for step, snapshot in enumerate(snapshots):
        assert snapshot["step"].shape == ()
        assert snapshot["step"] == step
        assert snapshot["measures"].tolist() == ["return"]
        assert snapshot["shown"].shape == (step + 1, 2, 2, 1)
        for s, t, player in product(range(2), range(step + 1), range(2)):
            ((value,),) = ([row[3] for row in trained[s].rows if row[:3] == (t, player + 1, "return")],)
            assert snapshot["shown"][t, s, player, 0] == value


@pytest.mark.parametrize("name", [name for name in RUNS if "map" in name])
def test_a_point_of_a_map_is_the_end_of_the_curve_with_its_settings(name):
    on_map = RUNS[name]
    for s, trained in enumerate(trainers.run(on_map, [2, 0])):
        axes = list(on_map["grid"])
        assert trained.columns == (*axes, "player", "metric", "value")
        points = {row[: len(axes)] for row in trained.rows}
        assert points == set(product(*on_map["grid"].values()))
        for point in points:
            settings = dict(zip(axes, point, strict=True))
            rolled = {"play": on_map["play"] | {"batch": settings.pop("batch")}} if "batch" in axes else {}
            curve = on_map | {"grid": None, "seats": [on_map["seats"][0] | settings] * 2} | rolled
            rows = list(trainers.run(curve, [2, 0]))[s].rows
            end = [row[1:] for row in rows if row[0] == 4 and "clone" not in row[2]]
            assert [row[len(axes) :] for row in trained.rows if row[: len(axes)] == point] == end


@pytest.mark.parametrize("name", ["exact, cloning", "pg, cloning"])
def test_curves_say_how_good_clones_are(name):
    """From the first update on, as fitted to the roll-outs of the parameters before it."""
    (trained,) = trainers.run(RUNS[name], [2])
    measures = {f"clone of player {j} {measure}" for j in (1, 2) for measure in ("log-likelihood", "distance")}
    of_clones = {row[:3]: row[3] for row in trained.rows if row[2] in measures}
    assert {key[0] for key in of_clones} == {1, 2, 3, 4}
    assert len(of_clones) == 4 * 4
    assert {key[1:] for key in of_clones} == {
        (i, f"clone of player {3 - i} {measure}") for i in (1, 2) for measure in ("log-likelihood", "distance")
    }
    seat = Climber(rules.lola(0.3), 0.5, cloning(2.0, 3), pg(critic_lr=0.7) if name.startswith("pg") else None)
    for before, after in pairwise(states_of(IPD, [seat] * 2, [2], steps=4)):
        for i, j in ((0, 1), (1, 0)):
            clone, truth = (IPD.probabilities(thetas, j) for thetas in (after.memories[i].believed, before.thetas))
            moves = torch.from_numpy(IPD.joint[j])[joint_actions(after.rollouts)[0]]
            likelihood = clone[0].log()[joint_states(after.rollouts)[0], moves].mean().item()
            distance = (clone - truth).abs().sum(2).mean().item() / 2
            key = (after.step, i + 1, f"clone of player {j + 1}")
            assert of_clones[*key[:2], f"{key[2]} log-likelihood"] == pytest.approx(likelihood, rel=1e-12)
            assert of_clones[*key[:2], f"{key[2]} distance"] == pytest.approx(distance, rel=1e-12)


def test_a_seed_whose_numbers_stop_being_finite_ends_there_alone():
    """A learning rate that overflows: no rows from there on, and neighbours as if alone, clones and critics too."""
    wild = spec(PG | {"lr": 1e308}, "cloning")
    together = list(trainers.run(wild, [2, 0, 1]))
    assert {trained.outcome["status"] for trained in together} == {"failed"}
    for seed, trained in zip([2, 0, 1], together, strict=True):
        assert [trained] == list(trainers.run(wild, [seed]))
        assert all(np.isfinite(row[3]) for row in trained.rows)
        assert max(row[0] for row in trained.rows) == trained.outcome["steps"] < 4
