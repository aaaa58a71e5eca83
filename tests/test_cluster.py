"""Studies whose jobs run elsewhere: what a node is told, what it may not look at, who may train what."""

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from project_copies import PROJECT, copied, edit
from snakemake.target_jobs import parse_target_jobs_cli_args
from snakemake_interface_executor_plugins.utils import TargetSpec, encode_target_jobs_cli_args

from lola.files import benchmarks, checkpoints, locks
from lola.files.artifacts import canonical, sha256
from lola.study import jobs, papers, plan, schedule
from lola.study.config import load
from lola.vocabulary.errors import BadConfig

NOWHERE = "a folder with no results"
GROUP = "ipd/nl-ex/oracle"
STUDIES = [(paper, [file]) for paper in papers.papers() for file in papers.overlay_files(paper).values()]
STUDIES += [(paper, []) for paper in papers.papers()]


def tiny(**more) -> dict:
    """A study of one group, whose jobs all go to the scheduler since they say how long they may take."""
    part = {"games": ["ipd"], "algorithms": ["nl-ex"], "resources": {"runtime": 5}}
    only = {"games": ["ipd"], "algorithms": ["nl-ex"], "opponent_models": ["oracle"]}
    study = {"results": "results/tiny", "without": ["study", "figures", "tables"], "only": only, "study": {"all": part}}
    return study | {"seeds": 3, "seeds_per_job": 2, "steps": 20, "tracking": "none"} | more


def of(config: dict, root: str | Path) -> dict[str, jobs.Job]:
    return jobs.jobs(config, plan.groups(config), root)


@pytest.mark.parametrize(("paper", "overlays"), STUDIES, ids=str)
def test_every_job_can_be_told_to_a_node(paper, overlays):
    """Which is told a rule and its wildcards, RULE:NAME=VALUE, and reads of the plan what stands before the colon."""
    found = of(load(paper, overlays), NOWHERE)
    targets = [TargetSpec(name, {} if job.seeds else {"seed": "3"}) for name, job in found.items()]
    words = encode_target_jobs_cli_args(targets)
    assert parse_target_jobs_cli_args(words) == targets
    assert [jobs.rule_of(word) for word in words] == [*found]


def test_a_group_with_a_job_for_every_seed_is_one_rule():
    config = load(settings=tiny(seeds=2000, seeds_per_job=1))
    (job,) = of(config, NOWHERE).values()
    (cell,) = job.cells(plan.groups(config))
    assert str(cell.curve("r")) == "r/cells/ipd/nl-ex/oracle/seed{seed}.csv"
    assert str(cell.benchmark("r", cell)) == "r/benchmarks/train/ipd/nl-ex/oracle/seed{seed}-{seed}.jsonl"


def test_a_node_goes_by_the_plan_whatever_has_become_of_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "is_trained", lambda cell, root: cell.seed in there)
    config, there = load(settings=tiny(seeds=5)), {0, 1, 2}
    planned = of(config, tmp_path)
    assert sorted(job.seeds for job in planned.values()) == [(0, 1), (2,), (3, 4)]
    jobs.write(tmp_path / "plan.json", config, planned)
    there = {0, 1}  # that of seed 2 has begun, and with that its files are removed
    assert of(config, tmp_path).keys() != planned.keys()
    for name, job in planned.items():
        assert jobs.read(tmp_path / "plan.json", ["--target-jobs", f"{name}:", "--force"]) == (config, {name: job})
    assert jobs.read(tmp_path / "plan.json", ["--target-jobs", "aggregate:group=g"])[1] == {}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"config": {}}', '{"config": {}, "jobs": {"x": {}}}'])
def test_a_damaged_plan_is_named(tmp_path, damage):
    (tmp_path / "plan.json").write_text(damage)
    with pytest.raises(BadConfig, match=r"plan\.json is damaged"):
        jobs.read(tmp_path / "plan.json", ["x:"])


def test_plans_of_two_studies_are_two_files():
    assert len({jobs.plan_file(overlays, {"paper": p}) for overlays in ([], ["a.yaml"]) for p in ("lola", "sos")}) == 4


def test_what_jobs_take_is_read_off_the_last_time(tmp_path):
    config = load(settings=tiny(seeds_per_job=1))
    groups = plan.groups(config)
    (before,) = of(config, tmp_path).values()
    assert (before.memory, before.seconds) == (schedule.MEMORY["train"], pytest.approx(schedule.START, abs=0.1))
    for seed, (seconds, memory) in enumerate([(70, 900.5), (50, 1200)]):
        cell = groups[GROUP].cell(seed)
        path = cell.benchmark(tmp_path, cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"s": seconds, "max_rss": memory}) + "\n")
    (job,) = of(config, tmp_path).values()
    assert (job.memory, job.seconds) == (1200, 70)
    path.write_text(json.dumps({"s": 0.1, "max_rss": "NA"}) + "\n")  # of a job that ended before anyone looked
    assert benchmarks.memory(path) == 0
    assert (schedule.megabytes(1200), schedule.minutes(70)) == (2300, 14)


def test_a_coin_game_of_the_papers_size_asks_for_more_memory():
    config = load(overlays=["config/lola/scale.yaml"])
    asked = {job.group: job.memory for job in of(config, NOWHERE).values()}
    assert 7_000 < asked["coin-game/coin-lola-pg/oracle"] < 9_000


def test_what_a_part_asks_a_cluster_for_moves_no_digest():
    plain, asking = (load(settings=tiny(**more)) for more in ({}, {}))
    del plain["study"]["all"]["resources"]
    (one,), (other,) = (plan.groups(config).values() for config in (plain, asking))
    assert (one.spec, one.resources, other.resources) == (other.spec, {}, {"runtime": 5})


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"memory": 5}, "study.all.resources.memory: there is no such key; allowed: mem_mb, runtime, gpu"),
        ({"mem_mb": "2 GB"}, "study.all.resources.mem_mb: given '2 GB'; allowed: a whole number from 1"),
        ({"runtime": 0}, "study.all.resources.runtime: given 0; allowed: a whole number from 1"),
        ({"gpu": 1}, f"study.all.resources.gpu: given 1 for {GROUP}; allowed: 1 where device is auto or cuda"),
    ],
)
def test_resources_that_no_cluster_has_are_refused(resources, told):
    part = {"games": ["ipd"], "algorithms": ["nl-ex"], "resources": resources}
    with pytest.raises(BadConfig) as error:
        load(settings=tiny(study={"all": part}))
    assert str(error.value).startswith(told)


@pytest.fixture
def nfs(monkeypatch):
    """Locks as NFS has them: a shared one only on what can be read, an exclusive one only on what can be written."""

    def flock(file, operation):
        mode = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE
        forbidden = os.O_WRONLY if operation & fcntl.LOCK_SH else os.O_RDONLY
        if operation & (fcntl.LOCK_SH | fcntl.LOCK_EX) and mode == forbidden:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return real(file, operation)

    real = fcntl.flock
    monkeypatch.setattr(locks.fcntl, "flock", flock)


def test_all_locks_can_be_taken_on_nfs(nfs, tmp_path):
    lock = tmp_path / "lock"
    assert not locks.is_held(lock)
    with locks.alone(lock):
        assert locks.is_held(lock)
    file = locks.hold(lock)
    assert locks.is_held(lock)
    locks.share(file)
    assert not locks.is_held(lock)
    os.close(file)


def test_a_job_is_trained_by_one_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planned = {"train+g": None}  # of which names alone count
    first, second = ["--target-jobs", "train+g:seed=1"], ["--target-jobs", "train+g:seed=2"]
    for root, words in (
        ("results/a", [*first, "--executor", "slurm-jobstep"]),
        ("results/a", first),
        ("results/a", second),
        ("results/b", first),
        ("results/a", ["--cores", "2"]),
    ):
        jobs.alone(root, planned, words, patience=0)
    with pytest.raises(BlockingIOError):
        jobs.alone("results/a", planned, first, patience=0.6)


def test_a_job_waits_a_while_for_one_that_is_ending(tmp_path):
    first = locks.hold(tmp_path / "lock")
    threading.Timer(1.0, os.close, [first]).start()
    os.close(locks.hold_within(30, tmp_path / "lock"))


@pytest.fixture
def project(tmp_path):
    """A copy of the project in which nothing has run."""
    return copied(tmp_path)


def snakemake(project: Path, study: dict, *arguments: str) -> subprocess.CompletedProcess:
    """Run a study in a copy of the project. Nodes, where there are any, write into nodes.log."""
    (project / "tiny.yaml").write_text(yaml.safe_dump(study))
    others = {name: value for name, value in os.environ.items() if not name.startswith(("SNAKEMAKE", "MLFLOW"))}
    path = os.pathsep.join([str(project / "src"), str(PROJECT / "tests/standin")])
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "tiny.yaml", *arguments]
    return subprocess.run(command, cwd=project, env=others | {"PYTHONPATH": path}, capture_output=True, text=True)


def cells(project: Path, results: str = "results/tiny") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / results / "cells" / GROUP).iterdir()}


@pytest.mark.slow
@pytest.mark.xdist_group("cluster")
def test_a_study_runs_on_nodes_to_the_same_bytes_though_the_disk_changes_under_them(project):
    """Seed 2 is trained again, for other settings, while seeds 3 and 4 are new: one job after the other, so that the
    later ones begin when the files of the first are gone or there anew."""
    target = f"results/tiny/groups/{GROUP}/ends.json"
    nodes = ("--executor", "standin", "--jobs", "2")
    first = snakemake(project, tiny(), *nodes, "--", target)
    assert first.returncode == 0, first.stderr + (project / "nodes.log").read_text()
    local = snakemake(project, tiny(results="results/here"), "--", target.replace("tiny", "here"))
    assert local.returncode == 0, local.stderr
    assert cells(project) == cells(project, "results/here") and len(cells(project)) == 6
    log = (project / "nodes.log").read_text()
    assert log.count("Finished jobid") == 2, "the aggregate of a group is no work for a node"
    again = snakemake(project, tiny(seeds=5, steps=30), "--executor", "standin", "--jobs", "1", "--", target)
    assert again.returncode == 0, again.stderr + (project / "nodes.log").read_text()
    assert len(cells(project)) == 10
    assert {json.loads(text)["steps"] for name, text in cells(project).items() if name.endswith("json")} == {30}
    assert (project / "nodes.log").read_text().count("Finished jobid") == 2 + 3


@pytest.mark.slow
@pytest.mark.xdist_group("cluster")
def test_a_node_leaves_cells_to_whom_trains_them_already(project):
    edit(project / "src/lola/study/jobs.py", "\nPATIENCE = 45.0", "\nPATIENCE = 2.0")
    study = tiny(seeds=1, seeds_per_job=1)
    lock = project / jobs.LOCKS / sha256(canonical(["results/tiny", "train+ipd+nl-ex+oracle:seed=0"]))[:12]
    file = locks.hold(lock)
    target = f"results/tiny/cells/{GROUP}/seed0.csv"
    refused = snakemake(project, study, "--executor", "standin", "--jobs", "1", "--", target)
    os.close(file)
    assert refused.returncode == 1 and "FAILED train ipd nl-ex, 1 seed" in refused.stderr
    assert "Another process trains these cells" in (project / "nodes.log").read_text()


def no_slurm() -> str:
    """Why no SLURM of one node can be started here; empty if it can."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if not shutil.which(name)]
    if missing:
        return f"not installed (Debian: slurm-wlm, munge): {', '.join(missing)}"
    if not find_spec("snakemake_executor_plugin_slurm"):
        return "not installed: snakemake-executor-plugin-slurm (pip install -e '.[slurm]')"
    if os.getuid() != 0:
        return "only root can start SLURM's daemons"
    return "this machine has a SLURM" if Path("/etc/slurm/slurm.conf").exists() else ""


@pytest.fixture
def slurm_here(tmp_path_factory):
    """A SLURM of one node, for as long as a test takes."""
    if why := no_slurm():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([PROJECT / "tests/slurm-on-loopback", "start", folder], check=True)
    yield
    subprocess.run(["scancel", "--user=root"], check=True)
    subprocess.run([PROJECT / "tests/slurm-on-loopback", "stop", folder], check=True)


class Study:
    """A study in a copy of the project that is run through SLURM: its process, and what it has said."""

    def __init__(self, project: Path):
        self.project, self.said = project, project / "said.log"
        others = {name: value for name, value in os.environ.items() if not name.startswith(("SNAKEMAKE", "MLFLOW"))}
        self.environment = others | {"PYTHONPATH": str(project / "src")}
        self.process = None

    def start(self) -> None:
        command = [sys.executable, "-m", "lola.commands.reproduce", "--profile", "loopback", "tiny.yaml"]
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                command,
                cwd=self.project,
                env=self.environment,
                stdout=said,
                stderr=said,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which a shell's background has not
            )

    def ends(self, within: float) -> tuple[int, str]:
        return self.process.wait(within), self.said.read_text()

    def until(self, condition, within: float = 300) -> None:
        """Wait until a condition holds, while the study runs."""
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end and self.process.poll() is None, self.said.read_text()
            time.sleep(0.5)

    def job(self, algorithm: str, state: str = "RUNNING") -> str:
        """The number of the group's job in SLURM if it is in this state; empty if not."""
        told = subprocess.run(["squeue", "-h", "-o", "%i %T %k"], capture_output=True, text=True, check=True).stdout
        found = [line.split() for line in told.splitlines() if f"+{algorithm}+" in line]
        return next((number for number, now, *_ in found if now == state), "")

    def memory(self, number: str) -> str:
        """What a job has asked for."""
        told = subprocess.run(["squeue", "-h", "-j", number, "-o", "%m"], capture_output=True, text=True, check=True)
        return told.stdout.strip()

    def updates(self, algorithm: str) -> int:
        """How many updates the checkpoint of the group's job is at; 0 if there is none."""
        for path in (self.project / "results/tiny/checkpoints/ipd" / algorithm).glob("oracle/*.checkpoint"):
            return int(checkpoints.read(path)[1]["step"])
        return 0

    def goes_on(self, algorithm: str, after: int = 0) -> bool:
        """Whether the group's job runs, and has come further than so many updates."""
        return bool(self.job(algorithm)) and self.updates(algorithm) > after


@pytest.mark.slow
@pytest.mark.xdist_group("cluster")
def test_a_study_goes_through_slurm_whatever_becomes_of_its_jobs_and_of_itself(slurm_here, project):
    """Of three jobs one is killed, one requeued, one has no time enough; first the study's own process is killed, and
    at the end it is interrupted."""
    parts = {
        "killed": {"games": ["ipd"], "algorithms": ["nl-ex"], "resources": {"runtime": 20, "mem_mb": 900}},
        "requeued": {"games": ["ipd"], "algorithms": ["lola-ex"], "resources": {"runtime": 20, "mem_mb": 900}},
        "limited": {"games": ["ipd"], "algorithms": ["slow"], "steps": 50_000_000, "resources": {"runtime": 1}},
        "short": {"games": ["imp"], "algorithms": ["nl-ex"], "steps": 20, "every": 10},
    }
    names = ["nl-ex", "lola-ex"]
    more = {
        "seeds": 1,
        "seeds_per_job": 1,
        "steps": 300_000,
        "study": {n: {"every": 5000} | p for n, p in parts.items()},
    }
    more["only"] = {"games": ["ipd", "imp"], "algorithms": names, "opponent_models": ["oracle"]}
    more["algorithms"] = {"slow": {"label": "slow", "rule": "naive", "lr": 0.1}}
    (project / "tiny.yaml").write_text(yaml.safe_dump(tiny(**more)))
    (project / "profiles/loopback").mkdir()
    told = (project / "profiles/slurm/config.yaml").read_text()
    for before, after in (
        ("no-requeue", "requeue"),
        ("latency-wait: 60", "latency-wait: 5"),
        ("checks: 20", "checks: 5"),
    ):
        assert before in told
        told = told.replace(before, after)
    (project / "profiles/loopback/config.yaml").write_text(told)

    study = Study(project)
    study.start()
    study.until(lambda: study.goes_on("nl-ex"))
    study.process.kill()
    study.process.wait()
    study.start()
    code, said = study.ends(60)
    assert code == 1 and "still in SLURM" in said
    end = said.strip().rpartition(": ")[2].split()
    assert end[0] == "scancel" and study.job("nl-ex") in end
    subprocess.run(end, check=True)
    while in_queue():
        time.sleep(0.5)

    before = study.updates("nl-ex")
    study.start()
    study.until(lambda: study.goes_on("nl-ex", before))
    first = study.job("nl-ex")
    assert study.memory(first) == "900M"
    subprocess.run(["scancel", first], check=True)
    study.until(lambda: study.job("nl-ex") not in ("", first))
    assert study.memory(study.job("nl-ex")) == "1800M"

    study.until(lambda: study.goes_on("lola-ex"))
    number = study.job("lola-ex")
    subprocess.run(["scontrol", "requeue", number], check=True)
    study.until(lambda: study.job("lola-ex", "PENDING") == number)
    time.sleep(10)  # SLURM starts nothing for which its node still ends what was there
    subprocess.run(["scontrol", "update", f"JobId={number}", "StartTime=now"], check=True)

    study.until(lambda: "SLURM says TIMEOUT" in study.said.read_text())
    before = study.updates("slow")
    study.until(lambda: study.goes_on("slow", before))
    for algorithm in ("nl-ex", "lola-ex"):
        study.until(
            lambda group=f"ipd/{algorithm}/oracle": (project / f"results/tiny/groups/{group}/ends.json").exists()
        )
    study.process.send_signal(signal.SIGINT)
    code, said = study.ends(120)
    assert code == 1 and said.endswith("Run the same command again to go on.\n"), said
    while in_queue():
        time.sleep(0.5)
    assert study.updates("slow") > before
    assert "SLURM says CANCELLED" in said and "FAILED train ipd lola-ex" not in said
    assert said.count("The failed job is tried again, from its checkpoint.") == 2
    here = snakemake(project, tiny(**more | {"results": "results/here"}), "--", f"results/here/cells/{GROUP}/seed0.csv")
    assert here.returncode == 0, here.stderr
    assert cells(project) == cells(project, "results/here")


def in_queue() -> str:
    """What SLURM still has to do with jobs."""
    return subprocess.run(["squeue", "-h"], capture_output=True, text=True, check=True).stdout
