"""The environment of every command, so that nothing of the user's machine stops one or reaches a result.

Set up by what a person starts (`make`, a command of `lola.commands`, `snakemake`), and inherited by what that starts.
What training pins in its own process is in `lola/__init__.py`. Standard library only.
"""

import codecs
import locale
import os
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2]
CACHE = Path(".snakemake/cache")  # below the project, since a home may be read-only, or not be there
# What these begin is the user's, for other programs: it is not passed on, but for what changes nothing.
FOREIGN = ("PYTHON", "NUMBA_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "MPL", "MATPLOTLIB", "BASH_ENV")
HARMLESS = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
OURS = {
    "PYTHONUTF8": "1",  # whatever the locale
    "PYTHONPATH": str(SOURCE),  # where another package may be called lola too
    **dict.fromkeys(THREADS, "1"),  # one thread per job: two jobs with two threads each are three times slower
    "MPLBACKEND": "Agg",
    "MATPLOTLIBRC": os.devnull,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}


def set_up() -> None:
    """Set the environment of this process and of what it starts; begin it anew if Python was started in another."""
    sys.excepthook = told
    misled = begun_otherwise()
    for name in [name for name in os.environ if name.startswith(FOREIGN) and name not in HARMLESS]:
        del os.environ[name]
    os.environ |= OURS | {"XDG_CACHE_HOME": str(CACHE.resolve()), "MPLCONFIGDIR": str(CACHE.resolve() / "matplotlib")}
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.getenv('PATH', os.defpath)}"  # jobs' Python
    os.umask(os.umask(0o077) & 0o077)  # the owner may read and write what we make
    if misled:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def told(kind, error, trace) -> None:
    """Say in a word that a person has ended a command; of any other exception, where it was raised."""
    if issubclass(kind, KeyboardInterrupt):
        print("Ended by Ctrl-C.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def begun_otherwise() -> bool:
    """Whether Python was told at its start what we would not tell it: another encoding, or variables of its own."""
    if os.environ.get("PYTHONUTF8") == "1":
        return False  # as we start it, or a person who knows
    theirs = {name for name in os.environ if name.startswith("PYTHON")} - {*HARMLESS, "PYTHONPATH"}
    return bool(theirs) or codecs.lookup(locale.getpreferredencoding(False)).name != "utf-8"
