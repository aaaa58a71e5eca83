"""What people type after `make` runs the study that they mean, or says what to type; how it sets up its environment."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def typed_in_a_shell(monkeypatch):
    """Not below the `make` that may have started the tests, which would tell these its flags and where it works."""
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"):
        monkeypatch.delenv(name, raising=False)


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
        ("smoke sos", "reproduce --paper sos smoke"),
        ("quick config=config/games.yaml", "reproduce quick config/games.yaml"),
        ("reproduce config/games.yaml", "reproduce config/games.yaml"),
        ("reproduce sos", "reproduce --paper sos"),
        ("reproduce sos PROFILE=slurm", "reproduce --profile slurm --paper sos"),
        ("reproduce paper=sos smoke", "reproduce --paper sos smoke"),
        ("ui quick", "browse quick"),
        ("explain PAPER=sos CONFIG=smoke", "audit explain --paper sos smoke"),
    ],
)
def test_a_study_may_be_named_in_many_ways(words, runs):
    assert typed(*words.split()) == (0, runs)


@pytest.mark.parametrize("named", ["my study.yaml", "l'été.yaml", "a; touch x.yaml", "a.yaml && b.yaml", "(a).yaml"])
def test_the_shell_takes_nothing_in_an_overlays_name_for_its_own(named):
    done = subprocess.run(["make", "--dry-run", "explain", f"CONFIG={named}"], capture_output=True, text=True)
    assert shlex.split(done.stdout.splitlines()[-1])[-1 - len(named.split()) :] == ["explain", *named.split()]


def test_a_path_with_blanks_is_one_overlay(tmp_path):
    path, asked = tmp_path / "my study.yaml", ["make", "--dry-run", "explain"]
    for words in (str(path).split(), [str(path)]):  # not there, so that it is two; there
        done = subprocess.run([*asked, f"CONFIG={path}"], capture_output=True, text=True)
        assert shlex.split(done.stdout.splitlines()[-1])[-len(words) :] == words
        path.touch()


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


def test_help_names_papers_and_overlays():
    shown = subprocess.run(["make", "help"], capture_output=True, text=True, check=True).stdout
    assert "make reproduce" in shown and "papers: cgd" in shown and " quick " in shown and "PYTHON=" in shown


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


def test_the_set_up_takes_only_files_whose_hashes_are_known_but_for_pytorch():
    done = subprocess.run(["make", "-n", "-B", "explain", "WITHOUT_GPU="], capture_output=True, text=True)
    installed = [
        line.partition(" pip install ")[2].split() for line in done.stdout.splitlines() if " pip install " in line
    ]
    *hashed, locked, own = installed
    assert len(hashed) == 2 and all("--require-hashes" in words for words in hashed)
    assert hashed[0][-1] == ".venv/build.txt" and hashed[1][-1] == "requirements.hashes"
    assert locked[-1] == "requirements.lock"  # of which PyTorch alone is left
    assert "--no-build-isolation" in hashed[1] and "--no-build-isolation" in own and own[-2:] == ["--editable", "."]


def test_nothing_that_is_meant_for_other_pythons_reaches_a_command():
    theirs = {"PYTHONPATH": "/theirs", "PYTHONHOME": "/theirs", "PYTHONOPTIMIZE": "2", "PYTHONUTF8": "0"}
    command = ["make", "TARGETS=told", "--eval", "told: ; @env", "told"]
    told = subprocess.run(command, env=os.environ | theirs, capture_output=True, text=True, check=True).stdout
    assert [line for line in told.splitlines() if line.startswith("PYTHON")] == ["PYTHONUTF8=1"]


def test_an_environment_whose_python_is_gone_is_set_up_again(tmp_path):
    for name in ("Makefile", "requirements.lock", "requirements.hashes", "pyproject.toml"):
        shutil.copy2(name, tmp_path)
    shutil.copytree("config", tmp_path / "config")
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    Path(tmp_path, ".venv/.locked").touch()
    for target, again in ((shutil.which("true"), False), (tmp_path / "gone", True)):
        python.unlink(missing_ok=True)
        python.symlink_to(target)
        done = subprocess.run(["make", "-n", "explain"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert ("-m venv --clear" in done.stdout) == again
