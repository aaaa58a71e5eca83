"""Whatever the user's machine says, a command works; or it says in a sentence what it needs."""

import errno
import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lola.commands import reproduce
from lola.files import environment, locks
from lola.study import provenance

SOURCE = Path(environment.SOURCE)
WORKFLOW = "".join(path.read_text() for path in (Path("Snakefile"), *Path("workflow/rules").glob("*.smk")))
WORKFLOW += " ".join(provenance.PAGES.values())
HOSTILE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONOPTIMIZE": "2"}
HOSTILE |= {"OMP_NUM_THREADS": "64", "OMP_PROC_BIND": "true", "NUMBA_DISABLE_JIT": "1", "MKL_NUM_THREADS": "64"}
HOSTILE |= {"MPLBACKEND": "TkAgg", "MATPLOTLIBRC": "/theirs", "HOME": "/dev/null/none", "XDG_CACHE_HOME": "/dev/null"}
TOLD = """
import locale, os, sys
from lola.files import environment
from lola.study import provenance
environment.set_up()
os.environ.pop("LC_CTYPE", None)
os.umask(before := os.umask(0))
print(locale.getpreferredencoding(False).lower(), sys.flags.optimize, oct(before), sys.argv[1:])
print(os.environ["XDG_CACHE_HOME"], os.environ.pop("MPLCONFIGDIR"))
print(*sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(environment.FOREIGN)))
"""


def run(*command, folder: Path, umask: int = -1, **more: str) -> str:
    """What a Python says that uses this source, in a folder and an environment."""
    started = [sys.executable, *map(str, command)]
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)} | more
    done = subprocess.run(started, cwd=folder, env=known, umask=umask, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_commands_begin_anew_in_the_environment_that_is_ours(tmp_path):
    python, caches, variables = run("-c", TOLD, "ö", "", folder=tmp_path, umask=0o777, **HOSTILE).splitlines()
    assert python == "utf-8 0 0o77 ['ö', '']"
    ours = (f"{name}={value}" for name, value in environment.OURS.items() if name.startswith(environment.FOREIGN))
    assert variables == " ".join(sorted(ours))
    assert caches == f"{tmp_path}/.snakemake/cache {tmp_path}/.snakemake/cache/matplotlib"
    assert not any(tmp_path.iterdir())  # since a folder may be there to be read only


def test_a_command_that_a_person_ends_says_so_in_a_word():
    ended = "from lola.files import environment; environment.set_up(); raise KeyboardInterrupt"
    known = os.environ | {"PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", ended], env=known, capture_output=True, text=True)
    assert done.returncode != 0 and done.stderr == "Ended by Ctrl-C.\n"


def test_in_an_ordinary_environment_nothing_begins_twice(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "UTF-8")
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    assert not environment.begun_otherwise()
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    assert environment.begun_otherwise()
    monkeypatch.delenv("PYTHONWARNINGS")
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "ISO-8859-1")
    assert environment.begun_otherwise()
    monkeypatch.setenv("PYTHONUTF8", "1")  # also if Python does not obey: never twice
    assert not environment.begun_otherwise()


def test_a_command_works_in_a_hostile_environment(tmp_path):
    told = run("-m", "lola.commands.audit", "explain", "config/lola/smoke.yaml", folder=Path.cwd(), **HOSTILE)
    assert re.search(r"^(In all: .*to make\.|Nothing would be made again\.)$", told, re.MULTILINE)


@pytest.mark.parametrize("path", sorted([*SOURCE.glob("lola/commands/*.py"), SOURCE / "lola/bench/__main__.py"]))
def test_what_a_person_starts_sets_up_its_environment(path):
    """What the workflow starts has inherited it."""
    text = path.read_text()
    started = f"lola.commands.{path.stem}" not in WORKFLOW and '__name__ == "__main__"' in text
    assert ('if __name__ == "__main__":\n    environment.set_up()\n' in text) == started


def without_locks(monkeypatch):
    """As on Lustre that is mounted without flock."""

    def flock(file, how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)


def test_a_disk_without_locks_is_told_in_a_sentence(tmp_path, monkeypatch):
    without_locks(monkeypatch)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r"^The disk of .*/\.snakemake has no locks \(Function not implemented\), "):
        locks.hold(locks.STUDY, shared=True)
    with pytest.raises(SystemExit, match=r"^The disk of .* has no locks .*-o flock\)\.$"):
        reproduce.reproduce({"paper": "lola", "results": "results/lola"}, [])
    assert not Path("results").exists()


PICTURES = """
from hashlib import sha256
from lola.figures import boards
from lola.tracking import pictures
spec = {"seats": [{}, {}], "steps": 2, "game": {"kind": "coin_game"}, "grid": None, "match": None}
series = {("1", "return"): [(0, 0.0), (2, 1.0)], ("2", "own colour"): [(0, 0.0), (2, 1.0)]}
picture = pictures.returns_and_others(series, {"spec": spec})
print(sha256(picture + boards.film([[0, 4, 8, 0], [1, 5, 8, 0]], 3)).hexdigest())
"""
THEIRS = "axes.grid: True\nsavefig.bbox: tight\naxes.facecolor: yellow\nfont.size: 20\nlines.linewidth: 5\n"


def test_pictures_of_runs_are_the_same_whatever_the_users_matplotlibrc_says(tmp_path):
    plain, theirs = tmp_path / "plain", tmp_path / "theirs"
    for folder in (plain, theirs):
        folder.mkdir()
    theirs.joinpath("matplotlibrc").write_text(THEIRS)
    cache = {"MPLCONFIGDIR": str(tmp_path / "cache")}
    assert run("-c", PICTURES, folder=plain, **cache) == run("-c", PICTURES, folder=theirs, **cache)
