"""What people type after `make` runs the study that they mean, or says what to type."""

import shlex
import subprocess
from pathlib import Path

import pytest


def typed(*words: str) -> tuple[int, str]:
    """What `make` would run, without running it: the status, and the commands that name a study or what it says."""
    done = subprocess.run(["make", "--dry-run", *words], capture_output=True, text=True)
    commands = [line for line in done.stdout.splitlines() if line.startswith(".venv/bin/python -m lola")]
    said = " ".join(word for line in commands for word in shlex.split(line))
    return done.returncode, said.replace(".venv/bin/python -m lola.commands.", "") + done.stderr


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        ("reproduce", "reproduce"),
        ("reproduce CONFIG=smoke", "reproduce smoke"),
        ("reproduce config=smoke", "reproduce smoke"),
        ("reproduce smoke", "reproduce smoke"),
        ("smoke", "reproduce smoke"),
        ("quick", "reproduce quick"),
        ("reproduce config/games.yaml", "reproduce config/games.yaml"),
        ("reproduce sos", "reproduce --paper sos"),
        ("reproduce paper=sos smoke", "reproduce --paper sos smoke"),
        ("ui quick", "browse quick"),
        ("explain PAPER=sos CONFIG=smoke", "audit explain --paper sos smoke"),
    ],
)
def test_a_study_may_be_named_in_many_ways(words, runs):
    assert typed(*words.split()) == (0, runs)


@pytest.mark.parametrize("named", ["my study.yaml", "l'été.yaml", "a; touch x.yaml", "a.yaml && b.yaml", "(a).yaml"])
def test_the_shell_takes_an_overlays_name_as_one_word(named):
    done = subprocess.run(["make", "--dry-run", "explain", f"CONFIG={named}"], capture_output=True, text=True)
    assert shlex.split(done.stdout.splitlines()[-1])[-2:] == ["explain", named]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("reproduce somke", 'There is no target, paper or overlay "somke".'),
        ("sos", "What shall be done with sos? Type: make reproduce sos."),
    ],
)
def test_what_is_no_study_is_said_before_anything_runs(words, said):
    status, error = typed(*words.split())
    assert status == 2 and said in error


def test_clean_follows_results_to_another_disk(tmp_path):
    away, project = tmp_path / "scratch", tmp_path / "project"
    for folder in (away / "one", project):
        folder.mkdir(parents=True)
    (away / "one" / "made").touch()
    (away / "README.md").touch()
    (project / "results").symlink_to(away)
    done = subprocess.run(["make", "-f", Path("Makefile").resolve(), "clean"], cwd=project)
    assert done.returncode == 0 and [path.name for path in away.iterdir()] == ["README.md"]


def test_the_set_up_takes_the_builds_for_cpus_where_they_can_be_had():
    done = subprocess.run(
        ["make", "-n", "-B", ".venv/.locked", "WITHOUT_GPU=yes", "REACHED=yes"], capture_output=True, text=True
    )
    assert "--extra-index-url https://download.pytorch.org/whl/cpu --requirement requirements.lock" in done.stdout
    done = subprocess.run(["make", "-n", "-B", ".venv/.locked", "WITHOUT_GPU="], capture_output=True, text=True)
    assert "install" in done.stdout and "index-url" not in done.stdout
