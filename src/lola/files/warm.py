"""Jobs that begin as forks of one process that has imported what they need: PyTorch alone takes 2.5 s of a processor.

A study that trains on this machine starts that process. `python -m lola.commands.forked COMMAND …`, by which its jobs
are run, hands the command over to it and ends as the command does: with its exit status, or by its signal. The command
runs in the folder, environment and process group of who hands it over, and has its streams. Where there is no such
process, the command is run as it stands. Linux and the standard library only.
"""

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from importlib import import_module

ADDRESS = "LOLA_WARM"  # the variable that holds the address, in Linux's abstract namespace: no file is left behind
COMMAND = "lola.commands.forked"
# The modules that take longer to import than to hand over.
SLOW = tuple(f"lola.commands.{name}" for name in ("train", "consistent", "further", "show", "track"))
MOST = 2**20  # bytes of a message of a fork


def start() -> subprocess.Popen | None:
    """Start that process, which ends with this one; what it has begun does not. None where forks can't be watched."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # of another system, or an old one
        return None
    address = f"lola-{os.getpid()}-{os.urandom(8).hex()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{address}")
        listener.listen(64)
        command, given = [sys.executable, "-m", COMMAND, "serve", str(listener.fileno())], [listener.fileno()]
        # In a process group of its own, since Ctrl-C is for the jobs.
        started = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=given, process_group=0)
    os.environ[ADDRESS] = address
    return started


def hand_over(command: list[str]) -> None:
    """Have a command run by that process, and end as it does; return where there is none, or nothing to gain."""
    with socket.socket(socket.AF_UNIX) as server:
        try:
            if command[:2] != ["python", "-m"] or command[2] not in SLOW:
                return
            server.connect(f"\0{os.environ[ADDRESS]}")
        except (KeyError, OSError):
            return
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the command, which has it too
        told = {"command": command[2:], "folder": os.getcwd(), "group": os.getpgrp(), "environment": dict(os.environ)}
        socket.send_fds(server, [b"\n"], [0, 1, 2])
        server.sendall(f"{json.dumps(told)}\n".encode())
        answer = server.makefile().readline()
    ended = os.waitstatus_to_exitcode(int(answer)) if answer else -signal.SIGKILL  # as who should have answered was
    if ended < 0:
        with suppress(OSError):  # of a signal that is nobody's to handle
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    sys.exit(ended)


def serve(listener: socket.socket) -> list[str]:
    """Fork for each command that is handed over, and return it, in the fork; exit when who started this is gone."""
    given = dict(os.environ)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for forks
    forks, fork = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    fork.setblocking(False)  # no job waits at its end for a process that is busy or gone
    while sys.stdin not in (ready := select.select([listener, forks, sys.stdin], [], [])[0]):
        if forks in ready:
            imported(json.loads(forks.recv(MOST)))
            continue
        caller, _ = listener.accept()
        with caller:
            try:
                told, streams = received(caller)
            except (OSError, ValueError, KeyError):
                continue  # who called was killed meanwhile, or is somebody else
            imported(told["command"][:1])
            if os.fork() == 0:
                listener.close()
                watch_over(caller)
                set_by_imports = {name: value for name, value in os.environ.items() if given.get(name) != value}
                take_the_place(told, streams)
                os.environ |= set_by_imports
                atexit.register(tell_imports, fork, set(sys.modules))
                return told["command"]
            for stream in streams:
                os.close(stream)
    os._exit(0)


def imported(modules: list[str]) -> None:
    """Import what forks import anyway. What fails here fails there too, and is told there."""
    for module in modules:
        with suppress(Exception):
            import_module(module)


def tell_imports(fork: socket.socket, known: set[str]) -> None:
    """Tell the process that forks what a job has imported, so that the next ones need not."""
    with suppress(OSError):  # that process has ended or is busy, or there is too much to tell
        fork.sendall(json.dumps([name for name in sys.modules if name not in known]).encode())


def received(caller: socket.socket) -> tuple[dict, list[int]]:
    """What is handed over, and the caller's streams. Raises PermissionError if it is another user's."""
    _, user, _ = struct.unpack("3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if user != os.getuid():
        raise PermissionError
    _, streams, *_ = socket.recv_fds(caller, 1, 3)
    return json.loads(caller.makefile().readline()), streams


def watch_over(caller: socket.socket) -> None:
    """Return in a fork; here, wait for its end, and tell the caller. If the caller ends first, so does the fork."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if child := os.fork():
        try:
            job = os.pidfd_open(child)
            if job not in select.select([job, caller], [], [])[0]:
                os.kill(child, signal.SIGKILL)
            caller.sendall(f"{os.waitpid(child, 0)[1]}\n".encode())
        finally:
            os._exit(0)


def take_the_place(told: dict, streams: list[int]) -> None:
    """Have the caller's streams, process group, folder and environment."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    with suppress(PermissionError):  # of another session
        os.setpgid(0, told["group"])
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ |= told["environment"]


def begin(listener: int) -> None:
    """Be that process, and in its forks the commands."""
    ended_well = []
    atexit.register(lambda: leave() if ended_well else None)  # what is registered first is called last
    module, *arguments = serve(socket.socket(fileno=listener))
    command = import_module(module)
    sys.argv = [command.__file__, *arguments]
    command.main()
    ended_well.append(True)


def leave() -> None:
    """End without taking apart all that was imported: of PyTorch that takes more than a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
