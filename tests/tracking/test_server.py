"""A study whose runs go to a server that others use too: MLflow's, on PostgreSQL, on this machine alone."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml
from mlflow import MlflowClient
from project_copies import PROJECT, copied

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("server")]

SEEDS = 15
STUDY = {
    "results": "results/tiny",
    "without": ["study", "figures", "tables"],
    "only": {"games": ["ipd"], "algorithms": ["nl-ex", "lola-ex"], "opponent_models": ["oracle"]},
    "study": {"all": {"games": ["ipd"], "algorithms": ["nl-ex", "lola-ex"]}},
    "figures": {"returns": {"kind": "returns", "game": "ipd", "algorithms": ["nl-ex", "lola-ex"], "caption": "Both"}},
    "seeds": SEEDS,
    "steps": 20,
}
PASSWORD = secrets.token_urlsafe()
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def no_postgresql() -> str:
    """Why there can be no PostgreSQL here; empty if there can."""
    if not BINARIES:
        return "not installed: PostgreSQL (Debian: postgresql)"
    if not find_spec("psycopg2"):
        return "not installed: psycopg2 (pip install psycopg2-binary)"
    return "" if os.getuid() == 0 else "only root can start PostgreSQL as another user"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def postgresql():
    """The address of an empty database on loopback, with its password."""
    if why := no_postgresql():
        pytest.skip(why)
    folder, port = Path(tempfile.mkdtemp()), free_port()
    (folder / "password").write_text(PASSWORD)
    for path in (folder, folder / "password"):
        shutil.chown(path, "postgres")

    def run(program: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(BINARIES[-1] / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    data, options = folder / "data", f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    run("initdb", "-D", str(data), "--auth=scram-sha-256", f"--pwfile={folder}/password")
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder)


class Server:
    """MLflow's server on a database, which can be killed and started again; `admin` is who it asks for, if anybody."""

    def __init__(self, database: str, folder: Path, admin: tuple[str, str] | None = None):
        self.database, self.folder, self.port, self.process = database, folder, free_port(), None
        self.address, self.admin = f"http://127.0.0.1:{self.port}", admin

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--artifacts-destination", str(self.folder / "artifacts")]
        own = {"MLFLOW_BACKEND_STORE_URI": self.database, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        if self.admin:
            command += ["--app-name", "basic-auth"]
            own |= {"MLFLOW_FLASK_SERVER_SECRET_KEY": PASSWORD, "MLFLOW_AUTH_CONFIG_PATH": str(self.passwords())}
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                command, env=os.environ | own, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )
        for _ in range(600):
            with suppress(OSError), urlopen(f"{self.address}/health", timeout=5):
                return
            time.sleep(0.2)
        raise AssertionError((self.folder / "server.log").read_text())

    def passwords(self) -> Path:
        """The file that says who may do what, as docs/cluster.md has it."""
        (example,) = re.findall(r"```ini\n(.*?)```", (PROJECT / "docs/cluster.md").read_text(), re.DOTALL)
        written = example.replace(
            "postgresql://mlflow:PASSWORD@localhost/mlflow_auth", f"sqlite:///{self.folder}/auth.db"
        )
        for before, after in zip(("= admin", "ANOTHER"), (f"= {self.admin[0]}", self.admin[1]), strict=True):
            assert before in written
            written = written.replace(before, after)
        path = self.folder / "auth.ini"
        path.touch(0o600)
        path.write_text(written)
        return path

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def runs(self, study: str = "") -> dict[str, str]:
        """The ids of all runs that are there by their experiment and cell."""
        client = MlflowClient(self.address)
        found = {}
        for experiment in client.search_experiments(filter_string="tags.project = 'lola-reproduced'"):
            if experiment.name.startswith(study):
                for run in client.search_runs([experiment.experiment_id], max_results=1000):
                    found[f"{experiment.name} {run.data.tags['cell']}"] = run.info.run_id
        return found


@pytest.fixture
def server(postgresql, tmp_path):
    served = Server(postgresql, tmp_path)
    served.start()
    yield served
    served.kill()


def project_in(folder: Path, study: dict) -> Path:
    """A copy of the project with a study of its own."""
    folder.mkdir()
    project = copied(folder)
    (project / "tiny.yaml").write_text(yaml.safe_dump(study))
    return project


def started(project: Path, store: str, user: tuple[str, str] = ("", "")) -> subprocess.Popen:
    """The study, with this store, by this user with a password."""
    command = [sys.executable, "-m", "lola.commands.reproduce", "tiny.yaml"]
    own = {"PYTHONPATH": str(project / "src"), "MLFLOW_TRACKING_URI": store}
    if user[0]:
        own |= {"MLFLOW_TRACKING_USERNAME": user[0], "MLFLOW_TRACKING_PASSWORD": user[1]}
    return subprocess.Popen(
        command, cwd=project, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def reproduce(project: Path, store: str, user: tuple[str, str] = ("", "")) -> str:
    """What a study says that is run to its end."""
    process = started(project, store, user)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert PASSWORD not in said
    return said


def markers(project: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(project.glob("results/tiny/tracking/*.json"))]


def test_runs_files_and_views_go_to_the_server_and_a_colleagues_stay(server, tmp_path):
    ours = project_in(tmp_path / "ours", STUDY)
    said = reproduce(ours, server.address)
    assert "not everything was logged" not in said
    runs = server.runs()
    assert len(runs) == 2 * SEEDS + 1
    (experiment,) = {name.partition(" ")[0] for name in runs}
    assert experiment.startswith("tiny~") and experiment.endswith("/ipd")
    client = MlflowClient(server.address)
    aggregate = runs[f"{experiment} ipd/aggregate"]
    assert {file.path for file in client.list_artifacts(aggregate)} == {"figures"}
    assert client.download_artifacts(aggregate, "figures/returns.png", str(tmp_path))
    assert any(key.startswith("mlflow.sharedViewState") for key in client.get_experiment_by_name(experiment).tags)
    assert "Nothing to do" in reproduce(ours, server.address)

    theirs = project_in(tmp_path / "theirs", STUDY | {"steps": 25})
    reproduce(theirs, server.address)
    assert runs.items() < server.runs().items() and len(server.runs()) == 2 * len(runs)


def test_a_server_that_dies_in_the_middle_costs_no_training_and_is_caught_up(server, tmp_path):
    project = project_in(tmp_path / "project", STUDY)
    process = started(project, server.address)
    for _ in range(600):
        if server.runs("tiny~"):
            break
        time.sleep(0.1)
    server.kill()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0 and "The results are safe on disk" in said
    assert "pending" in {marker["status"] for marker in markers(project)}
    server.start()
    again = reproduce(project, server.address)
    assert "this call logs what is missing" in again
    assert {marker["status"] for marker in markers(project)} == {"logged"}
    client = MlflowClient(server.address)
    experiment = client.get_run(markers(project)[0]["runs"]["aggregate"]).info.experiment_id
    assert len(client.search_runs([experiment], max_results=1000)) == 2 * SEEDS + 1


def test_a_database_itself_may_be_the_store(postgresql, tmp_path):
    project = project_in(tmp_path / "project", STUDY)
    wrong = postgresql.replace(PASSWORD, "wrong")
    said = started(project, wrong).communicate(timeout=300)[0]
    assert "authentication failed" in said and "that will come again until you may write there" in said
    assert {marker["status"] for marker in markers(project)} == {"pending"}
    reproduce(project, postgresql)
    assert {marker["status"] for marker in markers(project)} == {"logged"}
    assert len(markers(project)[1]["runs"]) == 2 * SEEDS


@pytest.mark.skipif(not find_spec("flask_wtf"), reason="not installed: mlflow[auth] (pip install 'mlflow[auth]')")
def test_a_server_may_ask_for_passwords(postgresql, tmp_path):
    admin = ("head", secrets.token_urlsafe())
    server = Server(postgresql, tmp_path, admin)
    server.start()
    project = project_in(tmp_path / "project", STUDY)
    for user in (("", ""), ("head", "wrong")):
        said = reproduce(project, server.address, user)
        assert "refuses" in said and "that will come again until you may write there" in said
        assert {marker["status"] for marker in markers(project)} == {"pending"}
    said = reproduce(project, server.address, admin)
    assert admin[1] not in said
    assert {marker["status"] for marker in markers(project)} == {"logged"}
    assert len(markers(project)[1]["runs"]) == 2 * SEEDS
    server.kill()
