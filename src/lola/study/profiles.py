"""Profiles of Snakemake, which say where jobs run: what one needs must be there before anything is trained."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from lola.files import slurm
from lola.study import jobs, plan, schedule
from lola.study.reading import read
from lola.vocabulary.errors import BadConfig, Faults, lookup, quoted

PROFILES, DEFAULT = Path("profiles"), "default"
BUILT_IN = ("local", "dryrun", "touch")


def flags(profile: str) -> list[str]:
    """What Snakemake is given so that a profile is laid over the default one, which it takes by itself."""
    return ["--profile", str(PROFILES / DEFAULT), "--workflow-profile", str(PROFILES / profile)] if profile else []


def check(profile: str, config: dict) -> None:
    """Raise BadConfig unless there is such a profile, with its plugin, and what its jobs ask for can be had."""
    known = {path.parent.name: path for path in sorted(PROFILES.glob("*/config.yaml"))}
    told = read(lookup("PROFILE", profile, known, "profile"))
    executor = told.get("executor") or "local"
    usual_resources(told.get("default-resources"))
    if executor not in BUILT_IN and not find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}"):
        package = "-e '.[slurm]'" if executor == "slurm" else f"snakemake-executor-plugin-{executor}"
        allowed = f"with it, .venv/bin/python -m pip install {package}"
        raise BadConfig(
            f"PROFILE: {profile} needs Snakemake's plugin {executor}, which is not installed; allowed: {allowed}"
        )
    if executor == "slurm":
        check_slurm(profile, told, config)


def check_slurm(profile: str, told: dict, config: dict) -> None:
    """Partitions must exist, with nodes large enough for what jobs ask for, and for as long."""
    try:
        partitions = slurm.partitions()
    except OSError as error:
        raise BadConfig(f"PROFILE: {profile}: {error}; allowed: a machine from which jobs can be sent") from None
    usual = usual_resources(told.get("default-resources"))
    default = next((name for name, partition in partitions.items() if partition.default), "")
    groups, faults = plan.groups(config), Faults()
    for job in jobs.jobs(config, groups, config["results"]).values():
        if not job.is_short(group := groups[job.group], config["device"]):
            name = group.resources.get("slurm_partition") or usual.get("slurm_partition") or default
            faults.of(check_job, job, group, name, partitions)
            faults.of(check_preemption, told, name.split(",")[0], partitions)
    faults.tell()


def check_preemption(told: dict, name: str, partitions: dict[str, slurm.Partition]) -> None:
    """Whoever loses its nodes to another partition's jobs must come back by SLURM, or Snakemake waits for ever."""
    there = partitions.get(name)
    loses = (
        there and there.preemption in ("REQUEUE", "CANCEL") and there.tier < max(p.tier for p in partitions.values())
    )
    if loses and (there.preemption == "CANCEL" or not told.get("slurm-requeue")):
        allowed = "a partition that does not, or REQUEUE with slurm-requeue: true in the profile, not slurm-no-requeue"
        raise BadConfig(
            f"slurm_partition: given {name}, whose jobs are preempted ({there.preemption}); allowed: {allowed}"
        )


def usual_resources(given: dict | Iterable[str] | None) -> dict[str, str]:
    """What jobs ask for that do not say it themselves, of lines like slurm_partition=main, or of a mapping."""
    if isinstance(given, str) or not all(isinstance(given, dict) or "=" in str(line) for line in given or ()):
        raise BadConfig(f"default-resources: given {quoted(given)}; allowed: a list of lines like slurm_partition=main")
    pairs = given.items() if isinstance(given, dict) else (str(line).split("=", 1) for line in given or ())
    return {name.strip(): str(value).strip(" '\"") for name, value in pairs}


def check_job(job: jobs.Job, group: plan.Group, name: str, partitions: dict[str, slurm.Partition]) -> None:
    """A partition must be there, and give what a job asks for; of several with commas between them, the first."""
    for each in name.split(","):
        if each not in partitions:
            given = quoted(each) if each else "none, and SLURM has no default"
            raise BadConfig(f"slurm_partition: given {given}; allowed: {', '.join(partitions)}")
    asked, there = schedule.asked(job.memory, job.seconds, group.resources), partitions[name.split(",")[0]]
    if asked["mem_mb"] > there.memory:
        told = f"{asked['mem_mb']} MB for {group.name}; allowed in partition {name}: up to {there.memory:.0f}"
        raise BadConfig(f"resources.mem_mb: given {told}")
    if group.resources.get("runtime", 0) > there.minutes:
        told = f"{asked['runtime']} minutes for {group.name}; allowed in partition {name}: up to {there.minutes:.0f}"
        raise BadConfig(f"resources.runtime: given {told}, since a job goes on from its checkpoint")
