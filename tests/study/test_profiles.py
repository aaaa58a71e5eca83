"""Profiles: that they can be used is known before anything is trained, and each fault is one sentence."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lola.commands import reproduce
from lola.files import locks, slurm
from lola.study import jobs, profiles
from lola.study.config import load
from lola.vocabulary.errors import BadConfig

PART = {"games": ["ipd"], "algorithms": ["nl-ex"]}
TINY = {"results": "results/tiny", "without": ["study", "figures", "tables"], "seeds": 1, "tracking": "none"}
NODES = """main*|8000|1:00:00|OFF|1
main*|12000|1:00:00|OFF|1
long|16000+|7-00:00:00|OFF|1
short|4000|30:00|OFF|1
free|9000|infinite|OFF|1
"""


@pytest.fixture
def slurm_says(tmp_path, monkeypatch):
    """SLURM's commands, of which each writes what a test gives it; and a plugin that is there."""

    def say(command: str, text: str, status: int = 0) -> None:
        path = tmp_path / command
        path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\nexit {status}\n")
        path.chmod(0o755)
        slurm.partitions.cache_clear()

    (tmp_path / "snakemake_executor_plugin_slurm.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    say("sinfo", NODES)
    yield say
    slurm.partitions.cache_clear()


def asking(**resources) -> dict:
    """A study whose jobs ask for this."""
    return load(settings=TINY | {"study": {"all": PART | ({"resources": resources} if resources else {})}})


def refused(config: dict, profile: str = "slurm") -> str:
    with pytest.raises(BadConfig) as error:
        profiles.check(profile, config)
    return str(error.value)


def test_partitions_are_read_with_their_largest_node_and_their_time(slurm_says):
    found = slurm.partitions()
    assert {name: (one.memory, one.minutes) for name, one in found.items()} == {
        "main": (12000, 60),
        "long": (16000, 7 * 24 * 60),
        "short": (4000, 30),
        "free": (9000, math.inf),
    }
    assert slurm.limits().default and slurm.limits() == slurm.limits("main") == slurm.limits("no such")
    assert slurm.limits("long").memory == 16000


def test_without_an_answer_there_are_no_limits(slurm_says):
    slurm_says("sinfo", "", status=1)
    assert slurm.limits() == slurm.Partition(math.inf, math.inf, False)


def test_what_a_cluster_has_is_not_refused(slurm_says):
    for resources in ({}, {"mem_mb": 12000, "runtime": 60}, {"slurm_partition": "free", "runtime": 10**6}):
        profiles.check("slurm", asking(**resources))


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"slurm_partition": "gpu"}, "slurm_partition: given 'gpu'; allowed: main, long, short, free"),
        (
            {"mem_mb": 12001},
            "resources.mem_mb: given 12001 MB for ipd/nl-ex/oracle; allowed in partition main: up to 12000",
        ),
        (
            {"slurm_partition": "short", "runtime": 31},
            "resources.runtime: given 31 minutes for ipd/nl-ex/oracle; allowed",
        ),
    ],
)
def test_what_a_cluster_has_not_is_refused(slurm_says, resources, told):
    assert refused(asking(**resources)).startswith(told)


def test_a_cluster_without_a_default_needs_a_partition(slurm_says):
    slurm_says("sinfo", NODES.replace("*", ""))
    assert refused(asking(runtime=5)).startswith("slurm_partition: given none, and SLURM has no default; allowed: main")
    profiles.check("slurm", asking(runtime=5, slurm_partition="main"))


@pytest.mark.parametrize(
    "written", ["[slurm_partition=long]", "[\"slurm_partition='long'\"]", "{slurm_partition: long}"]
)
def test_a_profile_says_what_jobs_ask_for_that_say_nothing(slurm_says, tmp_path, monkeypatch, written):
    monkeypatch.setattr(profiles, "PROFILES", tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/config.yaml").write_text(f"executor: slurm\ndefault-resources: {written}\n")
    profiles.check("ours", asking(mem_mb=16000, runtime=10080))
    assert "allowed in partition long: up to 16000" in refused(asking(mem_mb=16001), "ours")


@pytest.mark.parametrize("written", ["", "[]", "{}"])
def test_a_profile_may_say_nothing_of_what_jobs_ask_for(slurm_says, tmp_path, monkeypatch, written):
    monkeypatch.setattr(profiles, "PROFILES", tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/config.yaml").write_text(f"executor: slurm\ndefault-resources: {written}\n")
    profiles.check("ours", asking())


@pytest.mark.parametrize("written", ["slurm_partition=long", "[slurm_partition]"])
def test_what_jobs_ask_for_is_given_in_lines(slurm_says, tmp_path, monkeypatch, written):
    monkeypatch.setattr(profiles, "PROFILES", tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/config.yaml").write_text(f"executor:\ndefault-resources: {written}\n")
    assert "default-resources: given" in refused(asking(), "ours")


def test_several_partitions_must_all_be_there(slurm_says):
    names = list(slurm.partitions())
    profiles.check("slurm", asking(runtime=5, slurm_partition=",".join(names)))
    assert "given 'nowhere'" in refused(asking(runtime=5, slurm_partition=f"{names[0]},nowhere"))


@pytest.mark.parametrize(
    ("partition", "requeue", "refusal"),
    [
        ("low", "slurm-no-requeue: true", "slurm_partition: given low, whose jobs are preempted (REQUEUE); allowed: a"),
        ("low", "slurm-requeue: true", None),
        ("lost", "slurm-requeue: true", "slurm_partition: given lost, whose jobs are preempted (CANCEL); allowed: a"),
        ("high", "slurm-no-requeue: true", None),
    ],
)
def test_jobs_that_others_may_take_nodes_from_come_back_by_slurm(
    slurm_says, tmp_path, monkeypatch, partition, requeue, refusal
):
    slurm_says("sinfo", "high|8000|1:00:00|REQUEUE|10\nlow|8000|1:00:00|REQUEUE|1\nlost|8000|1:00:00|CANCEL|2\n")
    monkeypatch.setattr(profiles, "PROFILES", tmp_path)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/config.yaml").write_text(f"executor: slurm\n{requeue}\n")
    study = asking(runtime=5, slurm_partition=partition)
    if refusal:
        assert refused(study, "ours").startswith(refusal)
    else:
        profiles.check("ours", study)


def test_what_goes_to_no_scheduler_needs_no_partition(slurm_says):
    slurm_says("sinfo", NODES.replace("*", ""))
    profiles.check("slurm", asking())


def test_a_scheduler_that_does_not_answer_is_named(slurm_says):
    slurm_says("sinfo", "sinfo: error: Unable to contact\nslurm controller\n", status=1)
    told = refused(asking(runtime=5))
    assert told.startswith("PROFILE: slurm: SLURM does not answer: sinfo: error: Unable to contact slurm controller;")


def test_a_machine_without_slurm_is_named(slurm_says, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert refused(asking()).startswith("PROFILE: slurm: SLURM is not there: no sinfo on this machine; allowed:")


def test_a_profile_and_its_plugin_must_be_there(monkeypatch):
    monkeypatch.setattr(profiles, "find_spec", lambda name: None)
    config = load(settings=TINY | {"study": {"all": PART}})
    assert refused(config, "slrm") == (
        "PROFILE: given 'slrm'; there is no such profile; allowed: default, slurm (did you mean 'slurm'?)"
    )
    assert refused(config) == (
        "PROFILE: slurm needs Snakemake's plugin slurm, which is not installed; "
        "allowed: with it, .venv/bin/python -m pip install -e '.[slurm]'"
    )
    profiles.check("default", config)


@pytest.mark.parametrize("path", sorted(Path("profiles").glob("*/config.yaml")), ids=str)
def test_every_line_of_a_profile_is_an_option_of_snakemake(path):
    help_text = subprocess.run([sys.executable, "-m", "snakemake", "--help"], capture_output=True, text=True).stdout
    for key in yaml.safe_load(path.read_text()):
        if not key.startswith("slurm-") or "--slurm-requeue" in help_text:
            assert f"--{key}" in help_text.split() or f"--{key}," in help_text, key


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("7|{here}|rule_train+ipd+nl-ex+oracle_wildcards_0\n8|/elsewhere|rule_x\n9|{here}|(null)\n", "1 job "),
        ("7|{here}|rule_a\n8|{here}|group_b\n", "2 jobs "),
        ("9|{here}|(null)\n", ""),
        ("", ""),
    ],
)
def test_a_study_whose_jobs_are_still_in_slurm_is_not_run_beside_them(slurm_says, lines, told):
    slurm_says("squeue", lines.format(here=Path.cwd()))
    if told:
        with pytest.raises(SystemExit) as end:
            reproduce.check_nothing_is_left_behind()
        numbers = "7" if told == "1 job " else "7 8"
        assert str(end.value).startswith(told) and str(end.value).endswith(f"scancel {numbers}")
    else:
        reproduce.check_nothing_is_left_behind()


def test_a_study_is_not_run_beside_a_job_that_a_node_still_trains(slurm_says, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "LOCKS", tmp_path)
    held = locks.hold(tmp_path / "job")
    with pytest.raises(SystemExit, match="still trained on some node"):
        reproduce.check_nothing_is_left_behind()
    os.close(held)
    reproduce.check_nothing_is_left_behind()
