"""Commands that are handed over to a process that forks end as they would have ended alone."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lola.files import warm

COMMAND = """
import atexit, os, signal, sys, time
from pathlib import Path

os.environ.setdefault("SET_BY_IMPORT", "so")

def main():
    word, *rest = sys.argv[1:]
    if word == "tell":
        atexit.register(print, "at exit")
        print(sys.argv[0], rest, os.getcwd(), os.environ["OF_CALLER"], sys.stdin.read(), os.getpgrp(), end=" ")
        print("error", file=sys.stderr)
    if word == "exit":
        sys.exit(int(rest[0]) if rest[0].isdigit() else rest[0])
    if word == "raise":
        raise ValueError("told")
    if word == "end":
        os.kill(os.getpid(), int(rest[0]))
    if word == "environment":
        print(os.environ.get("SET_BY_IMPORT"))
    if word == "import":
        print("colorsys" in sys.modules)
        import colorsys
    if word == "wait":
        Path(rest[0]).write_text(str(os.getpid()))
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            print("cleaned up")
            raise
"""
CALL = "import sys; from lola.files import warm; warm.SLOW = ('spoken',); warm.hand_over(sys.argv[1:]); print('alone')"


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Start a command as jobs are started, while there is a process that forks."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("forks on Linux alone")
    tmp_path.joinpath("spoken.py").write_text(COMMAND)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{warm.__file__.removesuffix('lola/files/warm.py')}")

    def call(*words, **options):
        command = [sys.executable, "-c", CALL, "python", "-m", "spoken", *map(str, words)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE} | options
        return subprocess.Popen(command, text=True, **options)

    monkeypatch.setenv(warm.ADDRESS, "")  # which is put back afterwards
    call.forks = started = warm.start()
    yield call
    started.communicate()


def gone(process: int) -> bool:
    """Whether a process ends within a few seconds."""
    for _ in range(100):
        try:
            if "Z" in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]:
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def begun(file: Path) -> int:
    """The process that has written its number into a file."""
    while not (file.exists() and file.read_text()):
        time.sleep(0.02)
    return int(file.read_text())


def test_a_command_has_the_arguments_folder_environment_streams_and_group_of_who_calls(call, tmp_path):
    caller = call("tell", "a b", "ü", cwd=tmp_path, env=os.environ | {"OF_CALLER": "here"}, process_group=0)
    out, err = caller.communicate("typed")
    assert out == f"{tmp_path / 'spoken.py'} ['a b', 'ü'] {tmp_path} here typed {caller.pid} at exit\n"
    assert (err, caller.returncode) == ("error\n", 0)


@pytest.mark.parametrize(
    "words, status, said",
    [
        (["exit", "0"], 0, ""),
        (["exit", "3"], 3, ""),
        (["exit", "why"], 1, "why\n"),
        (["raise"], 1, "ValueError: told\n"),
        (["end", signal.SIGTERM], -signal.SIGTERM, ""),
        (["end", signal.SIGKILL], -signal.SIGKILL, ""),
        (["end", signal.SIGINT], -signal.SIGINT, "KeyboardInterrupt\n"),
    ],
)
def test_it_ends_as_it_would_alone(call, words, status, said):
    caller = call(*words)
    assert caller.communicate()[1].endswith(said)
    assert caller.returncode == status
    alone = [sys.executable, "-c", "import spoken; spoken.main()", *map(str, words)]
    assert subprocess.run(alone, stderr=subprocess.DEVNULL).returncode == status


def test_it_ends_with_who_waits_for_it(call, tmp_path):
    caller = call("wait", tmp_path / "started")
    job = begun(tmp_path / "started")
    caller.kill()
    assert gone(job)


def test_ctrl_c_reaches_it_and_lets_it_clean_up(call, tmp_path):
    caller = call("wait", tmp_path / "started", process_group=0)
    begun(tmp_path / "started")
    os.killpg(caller.pid, signal.SIGINT)
    out, _ = caller.communicate()
    assert (out, caller.returncode) == ("cleaned up\n", -signal.SIGINT)


def test_what_one_job_has_imported_the_next_one_has(call):
    first, _ = call("import").communicate()
    assert first.split()[0] == "False"
    assert any(call("import").communicate()[0].split()[0] == "True" for _ in range(20))


def test_variables_are_the_callers_and_those_that_imports_set(call):
    assert [call("environment").communicate()[0] for _ in range(2)] == ["so\n", "so\n"]


def test_many_at_once(call):
    callers = [call("exit", number) for number in range(20)]
    assert [caller.wait() for caller in callers] == list(range(20))


def test_jobs_go_on_when_what_started_them_is_gone(tmp_path, call):
    started = warm.start()
    caller = call("wait", tmp_path / "started")
    job = begun(tmp_path / "started")
    started.communicate()
    assert Path(f"/proc/{job}").exists() and caller.poll() is None
    caller.kill()
    assert gone(job)


def test_jobs_go_on_when_the_process_that_forks_is_killed_and_the_next_begin_alone(call, tmp_path):
    waiting = call("wait", tmp_path / "begun")
    process = begun(tmp_path / "begun")
    call.forks.kill()
    call.forks.wait()
    assert call("exit", 3).communicate()[0] == "alone\n"
    assert waiting.poll() is None
    os.kill(process, signal.SIGTERM)
    assert waiting.wait(10) == -signal.SIGTERM


def test_another_users_command_is_refused(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(os, "getuid", lambda: -1)
    with ours, theirs, pytest.raises(PermissionError):
        warm.received(ours)


def test_without_that_process_or_for_other_commands_nothing_is_handed_over(call, monkeypatch):
    other = [sys.executable, "-m", "lola.commands.forked", sys.executable, "-c", "print(5)"]
    assert subprocess.run(other, capture_output=True, text=True).stdout == "5\n"
    monkeypatch.setenv(warm.ADDRESS, "nobody")
    assert call("exit", 3).communicate()[0] == "alone\n"
    monkeypatch.delenv(warm.ADDRESS)
    assert call("exit", 3).communicate()[0] == "alone\n"
