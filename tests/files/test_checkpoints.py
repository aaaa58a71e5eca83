"""A training job that is killed goes on from its checkpoint, and ends with the bytes of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import specs

from lola.commands import train
from lola.files import cells, checkpoints, processor
from lola.files.artifacts import canonical

SAMPLED = {"rule": "lola", "lr": 1.0, "eta": 1.0, "estimator": "pg"}
SPEC = specs.EXACT | {
    "game": specs.IPD,
    "seats": [SAMPLED, SAMPLED],
    "opponent_model": {"model": "cloning", "rate": 5.0, "steps": 5},
    "play": {"batch": 32, "length": 20},
    "steps": 60,
}
MAP = SPEC | {"opponent_model": {"model": "oracle"}, "grid": {"batch": [8, 32], "eta": [0.5, 1.0]}}
MATCH = SPEC | {
    "seats": [
        {"learner": "wolf_phc", "alpha": 0.01, "decay": 0.0001, "delta": 0.01, "delta_decay": 0.00005, "lose": 2.0},
        {"rule": "lola", "lr": 1.0, "eta": 1.0},
    ],
    "play": {"batch": 1, "length": 20},
    "match": {"perspective": "as_described"},
    "every": 6,
}
COIN_PLAYER = {"rule": "lola", "lr": 0.1, "eta": 1.0, "estimator": "pg", "hidden": 4}
COIN_GAME = SPEC | {
    "game": {"kind": "coin_game", "grid": 3, "gamma": 0.96},
    "seats": [COIN_PLAYER, COIN_PLAYER],
    "play": {"batch": 8, "length": 5},
    "every": 6,
}
MADE_BY = {"spec": SPEC, "code": canonical({"lola.commands.train": "1f"}), "lock": "l", "seeds": [0, 1, 2]}
SNAPSHOT = {"step": np.array(7), "returns": np.linspace(-2, -1, 48).reshape(8, 3, 2), "theta0": np.full((3, 5), 1 / 3)}


def curves(root: Path, seeds=(0, 1, 2), algorithm="lola-pg") -> list[str]:
    return [f"{root}/cells/ipd/{algorithm}/cloning/seed{seed}.csv" for seed in seeds]


@pytest.fixture
def path(tmp_path):
    return checkpoints.beside(curves(tmp_path))


def test_a_checkpoint_lies_beside_the_cells(tmp_path):
    assert checkpoints.beside(curves(tmp_path)) == tmp_path / "checkpoints/ipd/lola-pg/cloning/seed0-seed2.checkpoint"
    assert checkpoints.beside(curves(Path("results"), [4])) == Path(
        "results/checkpoints/ipd/lola-pg/cloning/seed4-seed4.checkpoint"
    )


def test_it_reads_back_as_it_was_written(path):
    checkpoints.write(path, MADE_BY, SNAPSHOT)
    made_by, snapshot = checkpoints.read(path)
    assert made_by == MADE_BY
    assert snapshot.keys() == SNAPSHOT.keys()
    for name, array in SNAPSHOT.items():
        assert snapshot[name].dtype == array.dtype
        assert np.array_equal(snapshot[name], array)


def test_training_goes_on_from_its_own_checkpoint_and_says_nothing(path, capsys):
    assert checkpoints.resume(path, MADE_BY) is None
    checkpoints.write(path, MADE_BY, SNAPSHOT)
    assert np.array_equal(checkpoints.resume(path, MADE_BY)["returns"], SNAPSHOT["returns"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"spec": SPEC | {"steps": 90}}, "spec.steps: 90 → 60"),
        ({"code": canonical({"lola.commands.train": "2e"})}, 'code.lola.commands.train: "2e" → "1f"'),
        ({"lock": "k"}, 'lock: "k" → "l"'),
        ({"seeds": [0, 1, 4]}, "seeds[2]: 4 → 2"),
        ({"seeds": [0, 2, 1]}, "seeds[1]: 2 → 1; seeds[2]: 1 → 2"),
        ({"seeds": [2, 3]}, "seeds: [2,3] → [0,1,2]"),
    ],
)
def test_a_checkpoint_of_other_training_is_named_and_not_used(path, capsys, other, said):
    seeds = (MADE_BY | other)["seeds"]
    theirs = checkpoints.beside(curves(path.parents[4], (min(seeds), max(seeds))))
    checkpoints.write(theirs, MADE_BY | other, SNAPSHOT)
    assert checkpoints.resume(path, MADE_BY) is None
    assert capsys.readouterr().err == f"{theirs} is of other training and is not used: {said}\n"
    assert theirs.exists()


@pytest.mark.parametrize("length", [0, 40, 300, -1])
def test_a_truncated_checkpoint_is_named_and_not_used(path, capsys, length):
    checkpoints.write(path, MADE_BY, SNAPSHOT)
    path.write_bytes(path.read_bytes()[:length])
    assert checkpoints.resume(path, MADE_BY) is None
    assert f"{path} is not as it was written (truncated or overwritten): it is not used" in capsys.readouterr().err


def test_a_job_of_other_seeds_beside_ours_is_no_matter(path, capsys):
    checkpoints.write(checkpoints.beside(curves(path.parents[4], (3, 4))), MADE_BY | {"seeds": [3, 4]}, SNAPSHOT)
    assert checkpoints.resume(path, MADE_BY) is None
    assert capsys.readouterr().err == ""


def test_a_snapshot_is_made_when_one_is_due_and_only_then(path, monkeypatch):
    now, made = 0.0, []
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now)
    keep = checkpoints.keeper(path, MADE_BY)
    for update in range(1, 8):
        now = 4.0 * update
        keep(lambda update=update: made.append(update) or SNAPSHOT)
        assert path.exists() == (update >= 3)
    assert made == [3, 6]  # at 12 and 24 s


def test_a_disk_that_is_full_does_not_end_training(path, monkeypatch, capsys):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    path.parents[1].mkdir(parents=True)
    path.parent.write_text("in the way")
    checkpoints.keeper(path, MADE_BY)(lambda: SNAPSHOT)
    assert "training goes on" in capsys.readouterr().err


def test_removing_takes_what_a_kill_left_beside_and_older_ones_of_the_same_seeds(path):
    checkpoints.write(path, MADE_BY, SNAPSHOT)
    path.with_name(f".{path.name}.4711").write_bytes(b"half")
    older, others = (checkpoints.beside(curves(path.parents[4], seeds)) for seeds in ((2, 3), (7, 8)))
    checkpoints.write(older, MADE_BY | {"seeds": [2, 3]}, SNAPSHOT)
    checkpoints.write(others, MADE_BY | {"seeds": [7, 8]}, SNAPSHOT)
    checkpoints.remove(path, MADE_BY["seeds"])
    assert list(path.parent.iterdir()) == [others]


def test_a_checkpoint_of_another_version_is_named_and_not_used(path, capsys):
    checkpoints.write(path, {"spec": SPEC}, SNAPSHOT)
    assert checkpoints.resume(path, MADE_BY) is None
    assert capsys.readouterr().err == f"{path} is of another version of this project: it is not used\n"


# --- in training


def arguments(root: Path, spec: dict) -> list[str]:
    algorithm = "lola-pg" + "@map" * bool(spec["grid"]) + "@cup" * bool(spec["match"])
    made_by = ["--spec", canonical(spec), "--code", "{}", "--lock", "l", "--device", "cpu"]
    return [*made_by, *curves(root, algorithm=algorithm)]


def cells_of(root: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(root.glob("cells/*/*/*/*"))}


def run_train(monkeypatch, root: Path, spec: dict) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *arguments(root, spec)])
    train.main()


def test_a_short_job_writes_none(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 3600.0)  # short of an hour, however busy the machine
    run_train(monkeypatch, tmp_path, SPEC | {"steps": 3})
    assert len(cells_of(tmp_path)) == 6
    assert all(cells.read_manifest(path)["processor"] == processor.name() for path in curves(tmp_path))
    assert not (tmp_path / "checkpoints").exists()


class Killed(Exception):
    pass


@pytest.mark.parametrize("spec", [SPEC, MAP, MATCH, COIN_GAME], ids=["curves", "map", "match", "coin game"])
def test_what_was_trained_before_a_kill_is_not_trained_again(tmp_path, monkeypatch, spec):
    updates = []

    def counting(keep, end):
        def count(snapshot):
            keep(snapshot)
            updates.append(int(snapshot()["step"]))
            if len(updates) == end:
                raise Killed

        return count

    run_train(monkeypatch, tmp_path / "whole", spec)
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    keeper, killed_after = checkpoints.keeper, 90 if spec["grid"] else 40
    for end in (killed_after, None):
        monkeypatch.setattr(checkpoints, "keeper", lambda *job, end=end: counting(keeper(*job), end))
        if end:
            with pytest.raises(Killed):
                run_train(monkeypatch, tmp_path / "killed", spec)
            assert cells_of(tmp_path / "killed") == {}
            last = updates[-1]
            updates.clear()
    run_train(monkeypatch, tmp_path / "killed", spec)
    assert updates == list(range(last, spec["steps"] + 1))
    assert cells_of(tmp_path / "killed") == cells_of(tmp_path / "whole")
    assert not [file for file in (tmp_path / "killed" / "checkpoints").rglob("*") if file.is_file()]


LONG = {"steps": 1500, "play": {"batch": 256, "length": 50}}
MOMENTS = (0.05, 0.33, 0.61)  # seconds after a checkpoint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("long", "moments"),
    [
        (SPEC | LONG, MOMENTS),
        (MAP | LONG, MOMENTS),
        (MATCH | {"steps": 3000, "play": {"batch": 1, "length": 200}}, MOMENTS),
        (COIN_GAME | {"steps": 480}, np.random.default_rng(0).uniform(0, 0.3, 10)),
    ],
    ids=["curves", "map", "match", "coin game"],
)
def test_killed_at_any_moment_it_ends_with_the_same_bytes(tmp_path, long, moments):
    script = (
        "from lola.commands import train; from lola.files import checkpoints; checkpoints.EVERY = 0.1; train.main()"
    )

    def start(root) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", script, *arguments(tmp_path / root, long)])

    assert start("whole").wait() == 0
    for after in moments:
        killed = start("killed")
        folder = checkpoints.beside(arguments(tmp_path / "killed", long)[-3:]).parent
        before = changes(folder)
        while changes(folder) == before:
            assert killed.poll() is None, "the job ended before it could be killed"
            time.sleep(0.01)
        time.sleep(after)
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
    assert cells_of(tmp_path / "killed") == {}
    assert start("killed").wait() == 0
    assert cells_of(tmp_path / "killed") == cells_of(tmp_path / "whole")
    assert not [file for file in folder.iterdir() if file.is_file()]


def changes(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in folder.glob("*.checkpoint")}
