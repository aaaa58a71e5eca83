"""Snakemake's log events, worded by `progress`: `--logger lola`, which Snakemake finds by this package's name.

Writes to standard error (a dry run: to standard output), as Snakemake's own display does, for which it steps aside
with `--verbose` or `--debug-dag`. Snakemake's log file stays as it is.
"""

import os
import re
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

sys.path.insert(0, str(Path(__file__).parents[1]))  # before PYTHONPATH, where another package may be called lola

from lola.files import environment
from snakemake_logger_plugin_lola import progress

CLEAR_LINE = "\r\x1b[K"
# What Snakemake says before a run begins, and nobody has asked for.
CHATTER = ("Assuming unrestricted shared filesystem usage", "Building DAG of jobs", "Config file ")
STOPPING = ("Terminating processes on user request", "Will exit after finishing currently running jobs")
# What the summary says better.
SUMMED_UP = ("Exiting because a job execution failed", "WorkflowError:\nAt least one job did not complete successfully")


class LogHandler(LogHandlerBase):
    """One self-updating line in a terminal, a line per finished job elsewhere; failures and warnings in full."""

    needs_rulegraph = False
    writes_to_file = False
    has_filter = True
    has_formatter = False

    @property
    def writes_to_stream(self) -> bool:
        return not (self.common_settings.verbose or self.common_settings.debug_dag)

    def __post_init__(self) -> None:
        environment.set_up()  # here Snakemake first comes to us, and it has not yet looked for its caches
        settings = self.common_settings
        self.stream = sys.stdout if settings.stdout else sys.stderr
        self.quiet = {str(item) for item in settings.quiet or ()}
        self.live = self.stream.isatty() and os.environ.get("TERM") != "dumb" and not settings.dryrun
        # The processor time so far is what the interpreter and its imports took, before any clock was looked at.
        self.run = progress.Run(time.monotonic, time.monotonic() - time.process_time())
        self.hushed = bool({"progress", "all"} & self.quiet)
        self.in_run = False
        self.table = ""
        self.log: list[str] = []
        self.said: set[str] = set()
        self.errors_by_thread: dict[int, str] = {}
        self.closed = threading.Event()
        if self.writes_to_stream:
            threading.Thread(target=self._tick, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        try:
            with suppress(BrokenPipeError):
                if self.writes_to_stream:
                    self._show(record)
                    self.stream.flush()
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        with self.lock:
            if not self.closed.is_set() and self.writes_to_stream:
                self.closed.set()
                with suppress(OSError, ValueError):  # the stream may be gone, and with it the reader
                    self._end()
        super().close()

    def _show(self, record: LogRecord) -> None:
        match getattr(record, "event", None):
            case LogEvent.WORKFLOW_STARTED:
                self.in_run = True
            case LogEvent.RUN_INFO:
                self._plan(record)
            case LogEvent.JOB_INFO:
                self._start(record)
            case LogEvent.SHELLCMD if self.common_settings.printshellcmds and record.shellcmd:
                self._say(f"  {record.shellcmd}")
            case LogEvent.JOB_FINISHED:
                self._finish(record.job_id)
            case LogEvent.JOB_ERROR:
                self._fail(
                    record.jobid, self.errors_by_thread.pop(record.thread, "") or record.rule_msg or "", record.log
                )
            case LogEvent.ERROR if record.threadName != "MainThread":
                # A job's own exception: its JOB_ERROR follows from the same thread and says which job it was.
                self.errors_by_thread[record.thread] = record.getMessage()
            case LogEvent.ERROR | None:
                self._message(record)

    def _plan(self, record: LogRecord) -> None:
        self.table = record.getMessage()
        if self.run.planned:
            return
        self.run.plan(record.stats, progress.expected)
        if not self.common_settings.dryrun:
            self._log("started")
        self._draw()

    def _start(self, record: LogRecord) -> None:
        if record.rule_name in progress.expected.targets:
            return
        name = " ".join((record.rule_msg or record.rule_name).split())
        if not self.common_settings.dryrun:
            self.run.start(progress.Job(record.jobid, record.rule_name, name, list(record.output), list(record.log)))
            self._draw()
        elif not {"rules", "all"} & self.quiet:
            self._say(name if "reason" in self.quiet else f"{name} ({progress.short_reason(record.reason)})")

    def _finish(self, job_id: int) -> None:
        if job := self.run.running.get(job_id):
            took = progress.duration(time.monotonic() - job.started)
            if notices := self.run.finish(job_id):
                self._say(*notices)
            self._log(f"{job.name}: done in {took}")
            self._draw()

    def _fail(self, job_id: int, error: str, logs: Iterable[str] = ()) -> None:
        if job_id in self.run.running:
            limit = None if self.common_settings.show_failed_logs else progress.LINES
            self._say(*self.run.fail(job_id, error, limit, logs))

    def _message(self, record: LogRecord) -> None:
        text = (record.getMessage() if record.msg else "").strip()
        # Jobs whose command succeeded, but whose files did not.
        named = (id for id, job in self.run.running.items() if any(path in text for path in job.outputs))
        if record.levelname == "INFO":
            self._info(text)
        elif text.startswith(SUMMED_UP) and self.run.jobs:
            return
        elif hasattr(record, "exception") and (job_id := next(named, None)) is not None:
            self._fail(job_id, text)
        else:
            self._say_once(text)

    def _say_once(self, text: str) -> None:
        if text not in self.said:
            self.said.add(text)
            self._say(text)

    def _info(self, text: str) -> None:
        if text.startswith("Nothing to be done"):
            self.run.expected = progress.expected
            self._say(self.run.nothing_to_do(), *self.run.outcome())
        elif text.startswith(STOPPING):
            self.run.interrupted |= text.startswith(STOPPING[0])
            self._say_once(text)
        elif restarted := re.match(r"Trying to restart job (\d+)", text):
            self._say(self.run.tried_again(int(restarted[1])))
        elif not self.in_run and not text.startswith(CHATTER) and "all" not in self.quiet:
            self._say(text)

    def _end(self) -> None:
        self._say(*self.errors_by_thread.values())
        if self.common_settings.dryrun and self.table:
            self._say(self.table.rstrip(), "This was a dry run: nothing has been done.")
        elif self.run.jobs:
            self._say(*self.run.failed_again())
            if not self.hushed:  # with `-q`, Snakemake does not tell which jobs have finished
                self._say(*self.run.summary())
        self.stream.flush()

    def _log(self, did: str) -> None:
        """A line of the log; it is written a moment later, when what runs next is known."""
        if not self.live and not self.hushed:
            self.log.append(self.run.log_line(did))

    def _say(self, *texts: str) -> None:
        """Write permanent lines, those of the log first, above the live one."""
        lines = [" | ".join([line, *self.run.now()]) for line in self.log] + [*texts]
        self.log.clear()
        if lines:
            self.stream.write((CLEAR_LINE if self.live else "") + "".join(f"{line}\n" for line in lines))
        self._draw()

    def _draw(self) -> None:
        if self.live and self.run.jobs and not self.hushed and not self.closed.is_set():
            width = os.get_terminal_size(self.stream.fileno()).columns or 80
            self.stream.write(CLEAR_LINE + self.run.status(width - 1))

    def _tick(self) -> None:
        while not self.closed.wait(1):
            with self.lock, suppress(OSError, ValueError):
                self._say()
                self.stream.flush()
