"""From a match's spec to its rows: block by block, from any snapshot, to the first number that is not finite."""

import io
from itertools import product

import numpy as np
import pytest
import specs
from plain_estimators import joint_actions
from small_jobs import same
from small_matches import IMP, IPD, SETTINGS, match, states_of

from lola.learning import trainers
from lola.learning.matrix.cloning import assessed, cloning
from lola.vocabulary.registry import LEARNERS, RULES


def spec(names, model="oracle", perspective="as_described", every=2, steps=7, game=IPD, **lr):
    """A match's spec, of episodes of 12 steps."""
    blocks = {name: {"learner": name} if name in LEARNERS else {"rule": name} for name in SETTINGS}
    models = {"oracle": {"model": "oracle"}, "cloning": {"model": "cloning", "rate": 2.0, "steps": 3}}
    return specs.EXACT | {
        "game": {
            "payoffs": game.rewards.reshape(2, 2, 2).tolist(),
            "gamma": game.gamma,
            "actions": game.actions[0],
        },
        "seats": [blocks[name] | SETTINGS[name] | (lr if name in RULES else {}) for name in names],
        "opponent_model": models[model],
        "play": {"batch": 1, "length": 12},
        "steps": steps,
        "match": {"perspective": perspective},
        "every": every,
    }


RUNS = {
    "learners": spec(["q", "wolf_phc"]),
    "learners, as released": spec(["phc", "joint_q"], perspective="as_released"),
    "rules": spec(["naive", "lola"]),
    "a rule and a learner of IMP, as plotted": spec(["q", "lola"], perspective="as_fitted", game=IMP),
    "a rule that clones a learner": spec(["joint_q", "lola"], "cloning"),
    "rules that clone each other": spec(["naive", "lola"], "cloning"),
}
each_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


def read_back(snapshot):
    """What is left of a snapshot that went through a file."""
    file = io.BytesIO()
    np.savez(file, **snapshot)
    file.seek(0)
    return dict(np.load(file))


@each_run
def test_a_match_goes_on_from_any_snapshot_bit_for_bit(run):
    seeds, snapshots = [2, 0], []
    uninterrupted = list(trainers.run(run, seeds, keep=lambda snapshot: snapshots.append(read_back(snapshot()))))
    assert [int(snapshot["step"]) for snapshot in snapshots] == [*range(8)]
    for n, saved in enumerate(snapshots):
        later = []
        resumed = list(trainers.run(run, seeds, saved, lambda snapshot, to=later: to.append(read_back(snapshot()))))
        assert resumed == uninterrupted
        for ours, theirs in zip(later, snapshots[n:], strict=True):
            assert same(ours, theirs)


@each_run
@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_row_is_the_mean_of_its_block_of_episodes(run, every):
    """After episodes k, 2k, …: the mean of what was earned and done one by one; a snapshot shows the same returns."""
    run = run | {"every": every}
    names = [seat.get("learner", seat.get("rule")) for seat in run["seats"]]
    cloned = run["opponent_model"]["model"] == "cloning"
    game = IPD if run["game"]["gamma"] == IPD.gamma else IMP
    first = f"share of {game.actions[0][0]}"
    played = match(game, names, [2, 0], 12, run["match"]["perspective"], cloning(2.0, 3) if cloned else None)
    states, snapshots = states_of(played, 7), []
    for s, trained in enumerate(trainers.run(run, [2, 0], keep=lambda snapshot: snapshots.append(snapshot()))):
        assert trained.columns == ("step", "player", "metric", "value")
        rows = {row[:3]: row[3] for row in trained.rows}
        assert len(rows) == len(trained.rows)
        assert sorted({step for step, *_ in rows}) == [*range(every, 8, every)]
        assert {metric for *_, metric in rows if "clone" not in metric} == {"return", first}
        for step, i in product(range(every, 8, every), range(2)):
            block = [state.rollouts for state in states[step - every + 1 : step + 1]]
            earned = np.mean([(1 - game.gamma) * episode.returns[s, i] for episode in block])
            moves = np.array([game.joint[i][joint_actions(episode)[s, 0]] for episode in block])
            assert rows[step, i + 1, "return"] == pytest.approx(earned, rel=1e-12)
            assert rows[step, i + 1, first] == pytest.approx(np.mean(moves == 0), abs=1e-15)
            assert 0 <= rows[step, i + 1, first] <= 1
            assert snapshots[-1]["shown"][step // every - 1, s, i, 0] == rows[step, i + 1, "return"]
        clones = {key: value for key, value in rows.items() if "clone" in key[2]}
        assert {i for _, i, _ in clones} == {1 + i for i in range(2) if cloned and i not in played.learners}
        for (step, i, metric), value in clones.items():
            before, after = states[step - 1], states[step]
            truth = played.policies_of(before)[2 - i]
            judged = assessed(after.memories[i - 1].believed[2 - i], truth, 2 - i, after.rollouts)[s]
            assert metric in (f"clone of player {3 - i} log-likelihood", f"clone of player {3 - i} distance")
            assert value == pytest.approx(judged[int(metric.endswith("distance"))].item(), rel=1e-12)
        assert trained.outcome["steps"] == 7 - 7 % every
    assert snapshots[-1]["at"].tolist() == [*range(every, 8, every)]
    assert snapshots[-1]["shown"].shape == (7 // every, 2, 2, 1)


def test_policies_are_what_would_be_played_next():
    """An ε-greedy learner's best action has 1 − ε, by the states of its own view; a hill climber's policy is π."""
    names = ["q", "phc"]
    *_, end = states_of(match(IPD, names, [5], 12), 6)
    (trained,) = trainers.run(spec(names, steps=6), [5])
    rows = {(row["player"], row["own_state"]): row["probabilities"] for row in trained.outcome["policies"]}
    for row, state in enumerate(["start", "CC", "CD", "DC", "DD"]):
        best = "CD"[end.memories[0].values[0, row, :, 0].argmax()]
        assert rows[1, state] == pytest.approx({"C": 0.3, "D": 0.3} | {best: 0.7}, rel=1e-12)
        assert list(rows[2, state].values()) == pytest.approx(end.memories[1].policy[0, row].tolist(), rel=1e-9)
    assert rows[2, "CD"] != pytest.approx(rows[2, "DC"], rel=1e-3)


@pytest.mark.parametrize("opponent", ["q", "naive"])
def test_a_seed_whose_numbers_stop_being_finite_fails_alone(opponent):
    """A learning rate with which some seeds overflow: they end, and say between which episodes; others go on."""
    wild = spec([opponent, "lola"], lr=3e307)
    together = list(trainers.run(wild, [*range(12)]))
    ended = [trained.outcome["status"] for trained in together]
    assert {"failed", "finished"} == set(ended)
    for seed, trained in enumerate(together):
        assert [trained] == list(trainers.run(wild, [seed]))
        assert all(np.isfinite(row[3]) for row in trained.rows)
        if trained.outcome["status"] == "failed":
            taken = trained.outcome["steps"]
            assert (
                trained.outcome["reason"]
                == f"a number became NaN or infinite between steps {taken + 1} and {taken + 2}"
            )
            assert max((row[0] for row in trained.rows), default=0) == taken < 6
        else:
            assert trained.outcome["steps"] == 6
