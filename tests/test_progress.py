"""What a person reads while the study runs: the lines themselves, and the lines through the real Snakemake."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import pytest

from lola.analysis import verdicts
from snakemake_logger_plugin_lola import progress

SRC = Path(__file__).parents[1] / "src"
EXIT_1 = "RuleException:\nCommand 'set -euo pipefail; python -m x' returned non-zero exit status 1."


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def curves(group, seeds):
    return [f"results/cells/{group}/seed{k}.{kind}" for k in seeds for kind in ("csv", "json")]


def train_job(number, seeds=range(50), logs=()):
    group = f"ipd/rule{number}/oracle"
    return progress.Job(number, "train", f"train ipd rule{number} oracle", curves(group, seeds), list(logs))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def run(clock):
    """Four training jobs of 50 cells and a figure; 100 of the study's 300 cells are trained already."""
    run = progress.Run(clock, started=clock.now - 2)
    run.plan({"train": 4, "figure": 1, "all": 1}, progress.Expected(cells=300, done=100, root="results"))
    return run


def test_nothing_is_estimated_before_a_job_has_begun(run):
    assert run.remaining() is None
    assert run.status(200) == "cells 100 of 300 | jobs 0 of 5 | 0:02 elapsed"


def test_before_a_job_has_ended_all_take_what_is_expected(clock):
    run = progress.Run(clock, started=clock.now)
    run.plan({"train+a": 1, "train+b": 1, "figure": 2}, progress.Expected(seconds={"train+a": 300.0, "train+b": 100.0}))
    for number, rule in enumerate(("train+a", "train+b")):
        run.start(progress.Job(number, rule, rule, [], []))
    clock.now += 60
    assert run.remaining() == pytest.approx(240)  # the longer of the two; both and the figures need (240 + 40 + 2) / 2
    assert run.status(80) == "jobs 0 of 4 | 1:00 elapsed, about 4:00 left | train+a; train+b"


def test_a_finished_job_counts_its_curves_as_cells(run, clock):
    run.start(train_job(1))
    clock.now += 10
    assert run.finish(1) == []
    assert (run.jobs_done, run.cells_trained) == (1, 50)
    # Three more jobs of 10 s, and a figure that is taken to be as long, one at a time.
    assert run.remaining() == pytest.approx(40)
    line = run.log_line("train ipd rule1 oracle: done in 10 s")
    assert line == "[0:12] train ipd rule1 oracle: done in 10 s | cells 150 of 300 | jobs 1 of 5 | about 0:40 left"


def test_the_estimate_knows_rules_apart_and_how_many_jobs_run_at_a_time(run, clock):
    run.start(train_job(1))
    run.start(train_job(2))
    clock.now += 10
    run.finish(1)
    run.finish(2)
    run.start(progress.Job(5, "figure", "draw figure 1", ["figure1.pdf"], []))
    run.start(train_job(3))
    clock.now += 4
    run.finish(5)
    # All jobs took 8 s on average, two of four training jobs 10 s: the others are taken to need 9 s. Left: one of them,
    # and 5 s of the running one; two at a time so far.
    assert run.remaining() == pytest.approx((9 + 5) / 2)


def test_jobs_of_one_kind_are_taken_to_be_alike_and_unknown_ones_to_be_as_slow_as_all(clock):
    """Two jobs of which a second was expected took 20, and so will one of the third; of others two seconds each are."""
    run = progress.Run(clock, started=clock.now)
    run.plan({"train+a": 1, "train+b": 1, "train+c": 1, "gather": 5}, progress.Expected(seconds={"gather": 2.0}))
    for number, (rule, seconds) in enumerate((("train+a", 2), ("train+b", 18))):
        run.start(progress.Job(number, rule, rule, [], []))
        clock.now += seconds
        run.finish(number)
    assert run.remaining() == pytest.approx(10 + 5 * 2 * 10)


def test_what_is_expected_of_jobs_tells_long_ones_from_short(clock):
    """Two jobs took twice what was expected of them, so the third will; nothing is expected of what gathers."""
    run = progress.Run(clock, started=clock.now)
    seconds = {"train+a": 1.0, "train+b": 4.0, "train+c": 100.0, "train+d": 50.0}
    run.plan(dict.fromkeys(seconds, 1) | {"gather": 3}, progress.Expected(seconds=seconds))
    for number, (rule, took) in enumerate((("train+a", 2), ("train+b", 8))):
        run.start(progress.Job(number, rule, rule, [], []))
        clock.now += took
        run.finish(number)
    run.start(progress.Job(3, "train+c", "train+c", [], []))
    clock.now += 30
    assert run.remaining() == pytest.approx((200 - 30) + 100 + 3 * 2)  # a second each, which took twice that elsewhere


def test_a_job_that_was_not_planned_is_estimated_too(run, clock):
    run.start(train_job(1))
    clock.now += 10
    run.finish(1)
    run.start(progress.Job(9, "unplanned", "unplanned", [], []))
    assert run.remaining() == pytest.approx(10 + 40)


def test_the_estimate_is_never_below_what_the_running_job_still_needs(run, clock):
    run.plan({"train": 2}, progress.Expected())
    run.start(train_job(1))
    run.start(train_job(2))
    clock.now += 1
    run.finish(1)
    clock.now += 3
    run.durations["train"] = [20.0]
    assert run.remaining() == pytest.approx(16)


def test_without_expect_only_jobs_are_counted(clock):
    run = progress.Run(clock, started=clock.now)
    run.plan({"train": 2, "all": 1}, progress.Expected())
    assert run.status(80) == "jobs 0 of 2 | 0:00 elapsed"
    assert run.nothing_to_do() == "Nothing to do: everything is up to date (0.0 s)."


def test_expect_is_what_the_plan_is_counted_against(monkeypatch):
    monkeypatch.setattr(progress, "expected", progress.Expected())
    progress.expect(cells=300, done=7, root="results/smoke", targets=("all", "figures"))
    assert progress.expected == progress.Expected(300, 7, "results/smoke", ("all", "figures"))


def test_cells_trained_again_do_not_exceed_the_study(clock):
    run = progress.Run(clock, started=clock.now)
    run.plan({"train": 1}, progress.Expected(cells=50, done=50))
    run.start(train_job(1))
    run.finish(1)
    assert run.counts() == ["cells 50 of 50", "jobs 1 of 1"]


def test_a_status_fits_the_terminal(run):
    run.start(train_job(1))
    whole = run.status(1000)
    for width in (0, 1, 3, 20):
        assert len(run.status(width)) == width
    assert run.status(20) == "cells 100 of 300 ..."
    assert run.status(len(whole)) == whole


def test_a_narrow_terminal_shows_what_runs_rather_than_the_elapsed_time(run, clock):
    run.start(train_job(1))
    clock.now += 60
    whole, narrow = run.status(1000), run.status(80)
    assert "1:02 elapsed, about" in whole and len(whole) > 80
    assert "elapsed" not in narrow and narrow.startswith("cells 100 of 300 | jobs 0 of 5 | about")
    assert narrow.endswith("| train ipd rule1 oracle")


def test_a_failure_names_the_cells_the_reason_and_the_log(run, tmp_path):
    log = tmp_path / "train.log"
    log.write_text(
        "step 1\nstep 2\nTraceback (most recent call last):\n"
        '  File "train.py", line 3, in <module>\n    raise ValueError("lr is -1")\n'
        "ValueError: lr is -1\nit must be positive\n\n"
    )
    run.start(train_job(1, [0, 1, 2, 7], [str(log)]))
    assert run.fail(1, EXIT_1) == [
        "FAILED train ipd rule1 oracle",
        "  cells:  ipd/rule1/oracle seeds 0-2, 7",
        "  reason: ValueError: lr is -1",
        "          it must be positive",
        f"  log:    {log}",
    ]
    assert run.failed_again()[1] == f"  train ipd rule1 oracle: it must be positive ({log})"
    assert run.counts()[1] == "jobs 0 of 5 (1 failed)"


@pytest.mark.parametrize(
    "error, reason",
    [
        (EXIT_1, "the command ended with exit status 1"),
        ("Command 'x' returned non-zero exit status 137.", "the command was ended by SIGKILL"),
        ("Command 'x' died with <Signals.SIGTERM: 15>.", "the command was ended by SIGTERM"),
        ("Job 1 completed successfully, but a.csv is missing.", "Job 1 completed successfully, but a.csv is missing."),
        ("SLURM-job '7' failed, SLURM status is: 'TIMEOUT'. For …", "SLURM says TIMEOUT"),
        ("SLURM-job '7' failed, SLURM status is: 'FAILED'. For …", "SLURM says FAILED"),
        ("", "see the messages above"),
    ],
)
def test_without_a_log_the_reason_is_how_the_command_ended(run, error, reason):
    run.start(train_job(1, [0]))
    assert run.fail(1, error) == [
        "FAILED train ipd rule1 oracle",
        "  cells:  ipd/rule1/oracle seed 0",
        f"  reason: {reason}",
    ]


def test_a_killed_command_says_so_after_its_last_lines(run, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("step 1\nstep 2\n")
    run.start(train_job(1, [0], [str(log)]))
    run.fail(1, "Command 'x' returned non-zero exit status 137.")
    assert run.failures[1].reason == ["step 1", "step 2", "the command was ended by SIGKILL"]


def test_what_a_scheduler_did_stands_after_the_last_lines_and_its_own_log_is_named(run, tmp_path):
    own, theirs = tmp_path / "train.log", tmp_path / "7.log"
    own.write_text("step 1\n")
    theirs.write_text("slurmstepd: error: Exceeded job memory limit\n")
    run.start(train_job(1, [0], [str(own)]))
    run.fail(1, "SLURM status is: 'TIMEOUT'.", logs=[str(own), str(theirs)])
    assert run.failures[1].reason == ["step 1", "SLURM says TIMEOUT"]
    assert run.failures[1].logs == [str(own), str(theirs)]
    own.write_text("")
    run.start(train_job(1, [0], [str(own)]))
    run.fail(1, "SLURM status is: 'FAILED'.", logs=[str(own), str(theirs)])
    assert run.failures[1].reason == ["slurmstepd: error: Exceeded job memory limit"]


def test_a_job_that_is_tried_again_says_whether_it_has_a_checkpoint(run, tmp_path):
    run.expected = progress.Expected(root=str(tmp_path))
    run.start(train_job(1, [0, 1]))
    run.fail(1, EXIT_1)
    assert run.tried_again(1) == "The failed job is tried again."
    kept = tmp_path / "checkpoints/ipd/rule1/oracle/seed0-seed1.checkpoint"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert run.tried_again(1) == "The failed job is tried again, from its checkpoint."


def test_a_job_ended_by_the_user_has_not_failed(run):
    run.start(train_job(1))
    run.start(train_job(2))
    assert run.fail(1, "Command 'x' died with <Signals.SIGINT: 2>.") == []
    assert run.fail(2, EXIT_1) == []
    assert run.summary() == [
        "Stopped after 2.0 s: 0 of 5 jobs (100 of 300 cells are trained). Results: results/",
        "Run the same command again to go on.",
    ]


def test_runs_that_diverged_are_named_though_their_job_is_done(run, tmp_path):
    log = tmp_path / "train.log"
    log.write_text(
        "".join(f"ipd/rule1/oracle/seed{k} failed: a value became NaN or infinite at step {k + 1}\n" for k in range(7))
    )
    run.start(train_job(1, logs=[str(log)]))
    notice = run.finish(1)
    assert notice[0] == "DIVERGED 7 of 50 cells: train ipd rule1 oracle"
    assert notice[1] == "  ipd/rule1/oracle/seed0: a value became NaN or infinite at step 1"
    assert notice[6:] == ["  and 2 more", f"  log:    {log}"]
    assert run.failures == {}
    log.write_text("imp/nl-ex/oracle/seed3 failed: a value became NaN or infinite at step 1\n")
    run.start(train_job(2, logs=[str(log)]))
    run.finish(2)
    assert run.failed_again() == [
        "8 runs diverged: ipd/rule1/oracle seeds 0-6 and 1 other group.",
        "Figures show the other runs; tables and claims count all (config/README.md).",
    ]


def test_a_checkpoint_that_was_not_used_is_named(run, tmp_path):
    log = tmp_path / "train.log"
    log.write_text(
        "results/checkpoints/g/a/m/seed0-seed9.checkpoint is of other training and is not used: steps: 3 → 4\n"
    )
    run.start(train_job(1, range(2), [str(log)]))
    assert run.finish(1) == [log.read_text().strip()]


def test_a_job_that_is_tried_again_and_succeeds_has_not_failed(run):
    run.start(train_job(1))
    run.fail(1, EXIT_1)
    run.start(train_job(1))
    run.finish(1)
    assert run.counts()[1] == "jobs 1 of 5"


def test_the_summary_of_a_whole_run(clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = progress.Run(clock, started=clock.now)
    run.plan({"train": 2}, progress.Expected(100, 0, "results/"))
    for number in (1, 2):
        run.start(train_job(number))
        clock.now += 75.5
        run.finish(number)
    assert run.summary() == ["Done in 2 min 31 s: 2 jobs, 100 cells trained (100 of 100 in all). Results: results/"]


def test_at_the_end_verdicts_are_counted_and_where_to_look_is_said(clock, tmp_path):
    run = progress.Run(clock, started=clock.now)
    run.plan({"train": 1}, progress.Expected(50, 0, str(tmp_path), browse="make ui CONFIG=quick"))
    run.start(train_job(1))
    run.finish(1)
    assert run.summary()[1:] == ["Browse the runs: make ui CONFIG=quick"]
    rows = [("Of it", "reproduced", "yes")] * 2 + [("Of it", "reproduced", "no"), ("Others", "not run", "yes")]
    (tmp_path / "tables").mkdir()
    lines = [",".join(row) for row in [("section", "verdict", "discriminating"), *rows]]
    (tmp_path / "tables" / "claims.csv").write_text("\n".join(lines))
    (tmp_path / "index.html").touch()
    assert run.summary()[1:] == [
        "Verdicts: reproduced / not reproduced / inconclusive / not run",
        "(of claims that can tell their rival apart)",
        "    2 /   0 /   0 /   0  Of it",
        "    0 /   0 /   0 /   1  Others",
        f"Read them: {tmp_path}/index.html",
        "Browse the runs: make ui CONFIG=quick",
    ]
    assert progress.VERDICTS == verdicts.VERDICTS


def test_nothing_to_do_tells_a_whole_study_from_a_part(clock):
    run = progress.Run(clock, started=clock.now - 1.25)
    run.expected = progress.Expected(cells=250, done=250)
    whole = "Nothing to do: all 250 cells and everything made from them are up to date (1.2 s)."
    assert run.nothing_to_do() == whole
    run.expected = progress.Expected(cells=250, done=50)
    assert "what was asked for is up to date; of the whole study, 50 of 250 cells are trained" in run.nothing_to_do()


def test_what_is_not_in_order_is_told_though_snakemake_has_nothing_to_do(clock):
    run = progress.Run(clock, started=clock.now)
    found = [("stale", f"ipd/{n} (2 cells): lr: 1.0 → 0.7") for n in range(7)]
    run.expected = progress.Expected(cells=4, done=4, faults=lambda: found, command="make reproduce CONFIG=mine.yaml")
    lines = run.nothing_to_do().splitlines()
    assert not [line for line in lines if "up to date" in line]
    assert lines[1] == "  stale: ipd/0 (2 cells): lr: 1.0 → 0.7" and lines[-2] == "  and 2 more"
    assert lines[-1] == "Make it so: make reproduce CONFIG=mine.yaml"


def test_a_study_of_which_something_is_missing_is_not_called_whole(clock):
    run = progress.Run(clock, started=clock.now)
    run.expected = progress.Expected(cells=4, done=4, faults=lambda: [("missing", "report.html: not made yet")])
    assert "what was asked for is up to date; of the whole study, 4 of 4 cells are trained" in run.nothing_to_do()


def test_a_full_disk_is_said_where_a_log_could_not_be_written(run, tmp_path, monkeypatch):
    (tmp_path / "log").touch()
    monkeypatch.setattr(progress.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    run.start(train_job(1, logs=[str(tmp_path / "log")]))
    assert f"          the disk is full: 4096 bytes are free in {tmp_path}" in run.fail(1, EXIT_1)
    assert run.failed_again()[1].endswith(f"the disk is full: 4096 bytes are free in {tmp_path} ({tmp_path / 'log'})")
    (tmp_path / "log").write_text("another reason")
    run.start(train_job(2, logs=[str(tmp_path / "log")]))
    assert not [line for line in run.fail(2, EXIT_1) if "disk is full" in line]


def test_the_end_of_a_log_is_plain_and_short(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"".join(b"line %d\n\n" % i for i in range(20_000)) + b"\xff\n")
    words = progress.last_words(str(log), 3)
    assert words == ["line 19998", "line 19999", "\ufffd"]
    log.write_bytes(b"\x1b[31mred\x1b[0m\r50%\n")
    assert progress.last_words(str(log), 5) == ["red", "50%"]
    assert progress.last_words(str(tmp_path / "none"), 5) == []


@pytest.mark.parametrize(
    "seconds, clock_text, words",
    [(4.21, "0:04", "4.2 s"), (59.7, "1:00", "1 min 0 s"), (151, "2:31", "2 min 31 s"), (3723, "1:02:03", "1 h 2 min")],
)
def test_times(seconds, clock_text, words):
    assert progress.clock_time(seconds) == clock_text
    assert progress.duration(seconds) == words


def test_a_dry_run_reason_keeps_one_file_of_a_list():
    reason = "Missing output files: c.csv, a.csv, b.csv; Code has changed since last execution"
    missing, code = progress.short_reason(reason).split("; ")
    assert missing == "Missing output files: a.csv and 2 more"
    assert code == "Code has changed since last execution"


SNAKEFILE = """
from lola.analysis import verdicts
from snakemake_logger_plugin_lola import progress
from snakemake.logging import logger

progress.expect(cells=4, done=0, root="results")
logger.warning("results/cells/g/old/m/seed0.csv is truncated: it is trained again")

rule all:
    input: expand("results/{a}.txt", a=["good", "bad"])

rule train:
    message: "train g {wildcards.a} m, 2 seeds"
    output: "results/cells/g/{a}/m/seed0.csv", "results/cells/g/{a}/m/seed1.csv"
    log: "logs/{a}.log"
    shell: "(if [ {wildcards.a} = bad ]; then echo delta is negative >&2; exit 3; fi; "
        "echo g/good/m/seed1 failed: a value became NaN; touch {output}) > {log} 2>&1"

rule table:
    input: rules.train.output
    output: "results/{a}.txt"
    shell: "touch {output}"
"""


@pytest.fixture
def workflow(tmp_path):
    """A workflow of four jobs, of which one fails and so blocks another; returns how to call it."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    env = {name: value for name, value in os.environ.items() if not name.startswith("SNAKEMAKE")}
    env |= {"PYTHONPATH": str(SRC), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "TERM": "xterm"}
    snakemake = [sys.executable, "-m", "snakemake", "--logger", "lola", "--cores", "1", "--scheduler", "greedy"]

    def start(*args, **kwargs):
        return subprocess.Popen([*snakemake, *args], cwd=tmp_path, env=env, **kwargs)

    return start


def finish(process):
    out, err = process.communicate()
    return process.returncode, out, err


def test_snakemake_piped_to_a_file(workflow, tmp_path):
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    code, out, err = finish(workflow("--keep-going", **piped))
    assert (code, out) == (1, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", err)
    text = re.sub(r"\d+:\d\d|(\d+ min )?[\d.]+ s\b", "T", err)
    lines = text.splitlines()
    assert lines[0] == "results/cells/g/old/m/seed0.csv is truncated: it is trained again"
    block = lines.index("FAILED train g bad m, 2 seeds")
    assert lines[block + 1 : block + 4] == [
        "  cells:  g/bad/m seeds 0-1",
        "  reason: delta is negative",
        "  log:    logs/bad.log",
    ]
    assert any(line.startswith("[T] train g good m, 2 seeds: done in T | cells 2 of 4 | jobs 1 of 4") for line in lines)
    assert any(line.startswith("[T] table: done in T | cells 2 of 4 | jobs 2 of 4") for line in lines)
    assert lines[-6:] == [
        "1 run diverged: g/good/m seed 1.",
        "Figures show the other runs; tables and claims count all (config/README.md).",
        "1 job failed:",
        "  train g bad m, 2 seeds: delta is negative (logs/bad.log)",
        "Ended after T: 2 of 4 jobs, 2 cells trained (2 of 4 in all). Results: results/",
        "Run the same command again to retry.",
    ]
    for noise in ("Building DAG", "Select jobs", "Provided cores", "Complete log", "set -euo", "RuleException"):
        assert noise not in text

    code, out, err = finish(workflow("results/good.txt", **piped))
    assert (code, out) == (0, "")
    assert [line for line in err.splitlines() if "Nothing to do" in line] == err.splitlines()[1:]

    code, out, err = finish(workflow("-n", **piped))
    assert code == 0
    assert "train g bad m, 2 seeds (Missing output files: results/cells/g/bad/m/seed0.csv and 1 more)" in out
    assert re.search(r"^total +3$", out, re.MULTILINE)
    assert not (tmp_path / "results/bad.txt").exists()


def test_snakemake_in_a_terminal(workflow):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = workflow("--keep-going", stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux tells that the other side is closed
        while part := os.read(ours, 65_536):
            shown += part
    os.close(ours)
    assert process.wait() == 1
    text = shown.decode().replace("\r\n", "\n")
    drawn = re.findall(r"\r\x1b\[K([^\r\n]+)(?=\r)", text)
    assert any(line.startswith("cells 2 of 4 | jobs 1 of 4") for line in drawn)
    assert max(map(len, drawn)) <= 59
    assert "\r\x1b[KFAILED train g bad m, 2 seeds\n" in text
    assert text.endswith("Run the same command again to retry.\n")
