"""What a person reads while the study runs. Knows neither the terminal nor Snakemake. Standard library only."""

import csv
import math
import re
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lola.vocabulary.names import CELL, Cell, count, curves, ranges

UNUSED = re.compile(r"^.*\.checkpoint .*is not used.*$", re.MULTILINE)
CELL_FAILURE = re.compile(rf"^({CELL}) failed: (.+)$", re.MULTILINE)
ESCAPE_OR_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\t\n -~\u00a0-\U0010ffff]")
LOG_TAIL = 65_536  # characters
ROOM = 1_000_000  # bytes; a disk with less is full for a job
LINES = 5  # of a list that is shown in part
VERDICTS = ("reproduced", "not reproduced", "inconclusive", "not run")


@dataclass(frozen=True)
class Expected:
    """What the study holds before anything runs."""

    cells: int = 0
    done: int = 0  # of them, trained already
    root: str = ""  # the folder of results
    targets: tuple[str, ...] = ("all",)  # rules that only gather files and are no jobs
    seconds: Mapping[str, float] = field(default_factory=dict)  # what a job is expected to take, by rule
    faults: Callable[[], list[tuple[str, str]]] = list  # looks for what is missing, damaged or stale: kinds and lines
    command: str = ""  # that makes all of the results
    browse: str = ""  # that shows them in MLflow


expected = Expected()  # what `expect` was last told


def expect(**study) -> None:
    """Announce the study, by the fields of `Expected`."""
    global expected
    expected = Expected(**study)


@dataclass
class Job:
    """One job of the workflow. `name` is for people, `outputs` and `logs` are paths, `reason` says why it failed."""

    id: int
    rule: str
    name: str
    outputs: list[str]
    logs: list[str]
    started: float = 0.0
    reason: list[str] = field(default_factory=list)

    def where(self) -> list[str]:
        return [f"  log:    {path}" for path in self.logs]


@dataclass
class Run:
    """One call of the workflow: is told what happens, and says it in lines. `clock` gives seconds."""

    clock: Callable[[], float]
    started: float
    expected: Expected = field(default_factory=Expected)
    planned: Counter = field(default_factory=Counter)
    running: dict[int, Job] = field(default_factory=dict)
    failures: dict[int, Job] = field(default_factory=dict)
    diverged: list[Cell] = field(default_factory=list)
    durations: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cells_trained: int = 0
    jobs_done: int = 0
    first_start: float = math.inf
    interrupted: bool = False

    def plan(self, jobs: Mapping[str, int], expected: Expected) -> None:
        """Take the number of jobs per rule, from which targets and Snakemake's total are left out."""
        self.expected = expected
        self.planned = Counter({rule: n for rule, n in jobs.items() if rule not in ("total", *expected.targets)})

    def start(self, job: Job) -> None:
        job.started = self.clock()
        self.first_start = min(self.first_start, job.started)
        self.failures.pop(job.id, None)
        self.running[job.id] = job

    def finish(self, job_id: int) -> list[str]:
        """Count the job as done, and name what its log says: checkpoints that it did not use, cells that diverged."""
        job = self._end(job_id)
        cells, log = len(curves(job.outputs)), "\n".join(map(log_text, job.logs))
        self.jobs_done += 1
        self.cells_trained += cells
        unused, diverged = UNUSED.findall(log), CELL_FAILURE.findall(log)
        self.diverged += [Cell.at(cell) for cell, _ in diverged]
        if not diverged:
            return unused
        lines = [f"  {cell}: {reason}" for cell, reason in diverged[:LINES]]
        if len(diverged) > LINES:
            lines.append(f"  and {len(diverged) - LINES} more")
        return [*unused, f"DIVERGED {len(diverged)} of {count(cells, 'cell')}: {job.name}", *lines, *job.where()]

    def fail(self, job_id: int, error: str, log_limit: int | None = LINES, logs: Iterable[str] = ()) -> list[str]:
        """Count the job as failed, and say so: its cells, the reason, where its log is; unless the user stopped it.

        `error` is Snakemake's account. If that is only an exit status, the reason is the end of the log. `logs` are
        all that there are now, among them those of a scheduler.
        """
        job = self._end(job_id)
        own, job.logs = job.logs, [*dict.fromkeys([*job.logs, *logs])]
        how, signal_name = command_ended(error)
        self.interrupted |= signal_name == "SIGINT"
        if self.interrupted:
            return []
        told = own if signal_name else job.logs  # a scheduler's log says no more than that it ended the job
        log = next(filter(None, (last_words(path, log_limit) for path in told)), [])
        if how:
            job.reason = [*log, how] if signal_name or not log else log
            job.reason += [] if log else no_room(job.logs)
        else:
            job.reason = error.strip().splitlines() or log or ["see the messages above"]
        self.failures[job_id] = job
        cells = [f"  cells:  {group}" for group in cell_names(curves(job.outputs))]
        cells += [f"  note:   {line}" for path in job.logs for line in UNUSED.findall(log_text(path))]
        reason = [f"  {'reason:' if i == 0 else '':7s} {line}" for i, line in enumerate(job.reason)]
        return [f"FAILED {job.name}", *cells, *reason, *job.where()]

    def tried_again(self, job_id: int) -> str:
        """What is said when Snakemake starts a failed job again."""
        cells = curves(self.failures[job_id].outputs) if job_id in self.failures else []
        kept = cells and cells[0].checkpoint(self.expected.root, cells[-1]).exists()
        return "The failed job is tried again" + (", from its checkpoint." if kept else ".")

    def _end(self, job_id: int) -> Job:
        job = self.running.pop(job_id)
        self.durations[job.rule].append(self.clock() - job.started)
        return job

    @property
    def elapsed(self) -> float:
        return self.clock() - self.started

    @property
    def jobs(self) -> int:
        return self.planned.total()

    def remaining(self) -> float | None:
        """Seconds left, or None before any job has begun. As many jobs run at a time as so far.

        A job takes what is expected of it, as many times as jobs that ended did: the more of its kind have ended, the
        more those of its kind alone. Where nothing is expected of a job, that is a second.
        """
        if not (self.running or self.durations):
            return None
        now, running, due = self.clock(), self.running.values(), self.expected.seconds
        begun, took, ended, foreseen = Counter(job.rule for job in running), Counter(), Counter(), Counter()
        for rule, durations in self.durations.items():
            begun[rule] += len(durations)
            took[kind(rule)] += sum(durations)
            ended[kind(rule)] += len(durations) * due.get(rule, 1.0)
        for rule, n in (self.planned | begun).items():
            foreseen[kind(rule)] += n * due.get(rule, 1.0)
        usual = took.total() / ended.total() if took else 1.0
        pace = {name: usual + (took[name] - usual * ended[name]) / foreseen[name] for name in foreseen}
        needs = {rule: due.get(rule, 1.0) * pace[kind(rule)] for rule in self.planned | begun}
        left = [max(0.0, needs[job.rule] - (now - job.started)) for job in running]
        work = sum(left) + sum(n * needs[rule] for rule, n in (self.planned - begun).items())
        so_far = took.total() + sum(now - job.started for job in running)
        return max([work * (now - self.first_start) / max(so_far, 1e-9), *left])

    def counts(self) -> list[str]:
        cells = [f"cells {self._cells_done()} of {self.expected.cells}"] if self.expected.cells else []
        failed = f" ({len(self.failures)} failed)" if self.failures else ""
        return [*cells, f"jobs {self.jobs_done} of {self.jobs}{failed}"]

    def _cells_done(self) -> int:
        return min(self.expected.done + self.cells_trained, self.expected.cells)

    def _left(self) -> int:
        return self.jobs - self.jobs_done - len(self.failures)

    def status(self, width: int) -> str:
        """The line a terminal shows: cells, jobs, elapsed and remaining time, what runs; at most `width` characters.

        Where that is too long it goes without the elapsed time, so that one can read what runs.
        """
        elapsed, left = [f"{clock_time(self.elapsed)} elapsed"], self._time_left()
        whole, shorter = (
            " | ".join([*self.counts(), ", ".join(times), *self.now("")]) for times in (elapsed + left, left or elapsed)
        )
        return whole if len(whole) <= width else truncate(shorter, width)

    def log_line(self, did: str) -> str:
        """The line a log gets when a job ends: elapsed time, what was done, and the rest of `status` but `now`."""
        return f"[{clock_time(self.elapsed)}] " + " | ".join([did, *self.counts(), *self._time_left()])

    def _time_left(self) -> list[str]:
        remaining = self.remaining()
        return [] if remaining is None or not self._left() else [f"about {clock_time(remaining)} left"]

    def now(self, label: str = "running: ") -> list[str]:
        """What is running, as one string; none if nothing is."""
        names = [job.name for job in self.running.values()]
        return [label + "; ".join(names)] if names else []

    def nothing_to_do(self) -> str:
        """What is said where Snakemake has no job to run, which knows only what it has records of."""
        faults = self.expected.faults()
        wrong = [f"  {kind}: {line}" for kind, line in faults if kind != "missing"]
        if wrong:
            more = [f"  and {len(wrong) - LINES} more"] if len(wrong) > LINES else []
            first = "Snakemake has nothing to do, but not everything is as today's settings, code and packages make it:"
            return "\n".join([first, *wrong[:LINES], *more, f"Make it so: {self.expected.command}"])
        if not self.expected.cells:
            what = "everything is up to date"
        elif self.expected.done >= self.expected.cells and not faults:
            what = f"all {self.expected.cells} cells and everything made from them are up to date"
        else:
            trained = f"{self.expected.done} of {self.expected.cells} cells"
            what = f"what was asked for is up to date; of the whole study, {trained} are trained"
        return f"Nothing to do: {what} ({self.elapsed:.1f} s)."

    def failed_again(self) -> list[str]:
        """Which runs diverged, and all jobs that failed, a line each."""
        lines = []
        if self.diverged:
            first, *more = cell_names(self.diverged)
            others = f" and {count(len(more), 'other group')}" if more else ""
            lines += [f"{count(len(self.diverged), 'run')} diverged: {first}{others}."]
            lines += ["Figures show the other runs; tables and claims count all (config/README.md)."]
        if self.failures:
            lines += [f"{count(len(self.failures), 'job')} failed:"]
            for job in self.failures.values():
                lines.append(f"  {job.name}: {job.reason[-1]}" + "".join(f" ({log})" for log in job.logs))
        return lines

    def summary(self) -> list[str]:
        """The last lines: what was done, in what time, where the results are, what to do next."""
        unfinished = self._left() or self.failures
        done = f"{self.jobs_done} of {count(self.jobs, 'job')}" if unfinished else count(self.jobs, "job")
        if self.cells_trained:
            done += f", {count(self.cells_trained, 'cell')} trained"
        if self.expected.cells:
            in_all = "in all" if self.cells_trained else "cells are trained"
            done += f" ({self._cells_done()} of {self.expected.cells} {in_all})"
        ended = "Ended" if self.failures else "Stopped" if unfinished else "Done"
        where = f" Results: {self.expected.root.rstrip('/')}/" if self.expected.root else ""
        line = f"{ended} {'after' if unfinished else 'in'} {duration(self.elapsed)}: {done}.{where}"
        again = f"Run the same command again to {'retry' if self.failures else 'go on'}."
        return [line, again] if unfinished else [line, *self.outcome()]

    def outcome(self) -> list[str]:
        """What came out: how many claims have which verdict, by section, if there are any; and where to look."""
        root, lines = Path(self.expected.root), []
        if (claims := root / "tables" / "claims.csv").is_file():
            with claims.open(newline="", encoding="utf-8") as file:
                told = [claim for claim in csv.DictReader(file) if claim["discriminating"] == "yes"]
            counts = Counter((claim["section"], claim["verdict"]) for claim in told)
            if counts:
                lines += [f"Verdicts: {' / '.join(VERDICTS)}", "(of claims that can tell their rival apart)"]
            for section in dict.fromkeys(section for section, _ in counts):
                lines.append(f"  {' / '.join(f'{counts[section, verdict]:3d}' for verdict in VERDICTS)}  {section}")
        if (page := root / "index.html").is_file():
            lines.append(f"Read them: {page}")
        return [*lines, f"Browse the runs: {self.expected.browse}"] if self.expected.browse else lines


def kind(rule: str) -> str:
    """What rules of a kind share: `train+ipd+…` and `train+imp+…` are both train."""
    return rule.partition("+")[0]


def command_ended(error: str) -> tuple[str, str]:
    """How a command ended, and by which signal, from Snakemake's account of it; empty if that is of something else.

    Of a job that SLURM ended otherwise than as failed, its word for that stands for the signal.
    """
    if state := re.search(r"SLURM status is: '(\w+)", error):
        return f"SLURM says {state[1]}", state[1] if state[1] != "FAILED" else ""
    by = re.search(r"died with <Signals\.(\w+)", error)
    status = re.search(r"returned non-zero exit status (\d+)\.\s*\Z", error)
    of_shell = {str(128 + number): number.name for number in signal.Signals}  # exit statuses
    if name := by[1] if by else of_shell.get(status[1] if status else ""):
        return f"the command was ended by {name}", name
    return f"the command ended with exit status {status[1]}" if status else "", ""


def cell_names(cells: list[Cell]) -> list[str]:
    """The cells, a line per group: `ipd/lola-ex/oracle seeds 0-49`."""
    seeds = defaultdict(list)
    for cell in cells:
        seeds[cell.group].append(cell.seed)
    return [f"{group} {'seeds' if len(found) > 1 else 'seed'} {ranges(found)}" for group, found in seeds.items()]


def last_words(path: str, limit: int | None) -> list[str]:
    """The last lines of a log that say something, at most `limit`; of a Python traceback, what it ends with."""
    text = log_text(path)
    _, traceback, end = text.rpartition("Traceback (most recent call last):\n")
    if traceback and limit is not None:
        text = re.sub(r"\A(?:[ \t].*\n)+", "", end)
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return lines if limit is None else lines[-limit:]


def log_text(path: str) -> str:
    """The end of a log as plain text, without colours and carriage returns; empty if there is none."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")  # carriage returns become ends of lines
    except OSError:
        return ""
    return ESCAPE_OR_CONTROL.sub("", text[-LOG_TAIL:])


def no_room(paths: list[str]) -> list[str]:
    """That the disk is full on which these logs would lie, if it is: then they could not be written either."""
    for folder in (Path(path).parent for path in paths):
        if folder.is_dir() and (free := shutil.disk_usage(folder).free) < ROOM:
            return [f"the disk is full: {free} bytes are free in {folder}"]
    return []


def short_reason(reason: str) -> str:
    """Why a job is to run, with each list of files cut to its first."""
    parts = []
    for part in reason.split("; "):
        label, _, files = part.partition(": ")
        listed = sorted(files.split(", "))
        if len(listed) > 1 and "files" in label:
            part = f"{label}: {listed[0]} and {len(listed) - 1} more"
        parts.append(part)
    return truncate("; ".join(parts).replace("\n", " "), 300)


def truncate(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(0, width - 3)] + "..."[:width]


def clock_time(seconds: float) -> str:
    """`0:42`, `12:03`, `1:02:03`."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


def duration(seconds: float) -> str:
    """`4.2 s`, `42 s`, `2 min 31 s`, `1 h 2 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours} h {m} min" if hours else f"{m} min {s} s" if m else f"{s} s"
