"""Papers, reproduced: from a config to a paper's figures, tables and claims.

    config ─▶ train ─▶ aggregate ─┬▶ figures ─┐
               │                  ├▶ tables  ─┼▶ report
               └▶ tracking        └▶ claims  ─┘

`snakemake` alone runs the study of the LOLA paper, `--config paper=…` another; `--configfile` lays an overlay over it.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from shutil import which

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

from lola.files import environment, locks, slurm, warm
from lola.files.artifacts import canonical
from lola.study import display, jobs, logged, papers, plan, profiles, provenance, schedule
from lola.study.config import BadConfig, load
from lola.study.fingerprints import fingerprints
from lola.study.limits import check_command_lines
from lola.tracking import store
from lola.vocabulary import kinds, registry
from lola.vocabulary.names import count
from snakemake_logger_plugin_lola import progress

min_version("9.0")

environment.set_up()
# The job takes the place of its shell, which would tell the whole command if the job is killed.
BEGIN = "set -euo pipefail; exec "
shell.prefix(BEGIN)

OVERLAYS = [os.path.relpath(path) for path in workflow.overwrite_configfiles]
SETTINGS = workflow.config_settings.config
BY_HAND = {key: value for key, value in SETTINGS.items() if key != "paper"}
PLAN = jobs.plan_file(OVERLAYS, SETTINGS)
try:
    if workflow.is_main_process:
        checked = load(overlays=OVERLAYS, settings=SETTINGS)
        check_command_lines(checked)
    else:  # of a job, and maybe on another machine
        checked, JOBS = jobs.read(PLAN, sys.argv)
except BadConfig as error:
    raise WorkflowError(f"The config cannot be run. {error}.")
except OSError as error:
    raise WorkflowError(
        f"{Path(PLAN).resolve()}: {error.strerror}. A job needs the folder in which the study was started."
    )
config.clear()
config.update(checked)

ROOT = config["results"]
CLAIMS = papers.claims_files(config)
GROUPS = plan.groups(config)
LOCK = provenance.environment()

if workflow.is_main_process:
    JOBS = jobs.jobs(config, GROUPS, ROOT)  # by the rules that train, in the order of work
    try:
        with suppress(BlockingIOError):
            locks.hold(locks.STUDY, shared=True)
    except OSError as error:
        raise WorkflowError(str(error))
    progress.expect(
        **plan.progress(GROUPS, ROOT),
        root=ROOT,
        targets=("all", "figures", "tables", "tracking"),
        seconds=schedule.others(GROUPS, ROOT) | {name: job.seconds for name, job in JOBS.items()},
        faults=lambda: provenance.faults(provenance.examine(config, OVERLAYS, BY_HAND)),
        command=papers.makes(config["paper"], OVERLAYS, BY_HAND),
        browse=papers.command("ui", config["paper"], OVERLAYS),
    )
elif workflow.remote_exec:
    try:
        jobs.alone(ROOT, JOBS, sys.argv)
    except BlockingIOError:
        raise WorkflowError("Another process trains these cells, which this job leaves to it.")
    except OSError as error:
        raise WorkflowError(str(error))


wildcard_constraints:
    game="[^/]+",
    name="[^/]+",
    seed="[0-9]+",


include: "workflow/rules/common.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/aggregate.smk"
include: "workflow/rules/show.smk"
include: "workflow/rules/tracking.smk"
include: "workflow/rules/report.smk"


BESIDE = []  # processes that run as long as this one


onstart:
    jobs.write(PLAN, config, JOBS)
    workflow.scheduler.job_rate_limiter = None  # Snakemake 9.27 asks it ever more often: half a core after 100 jobs
    if workflow.local_exec and (started := warm.start()):
        BESIDE.append(started)
        shell.prefix(f"{BEGIN}python -m lola.commands.forked ")
    if config["tracking"] == "live":
        BESIDE.append(start_watcher(ROOT, {log.game: log.told["about"] for log in LOGS.values()}))


onsuccess:
    end(BESIDE)
    say_what_was_not_logged()


onerror:
    end(BESIDE)
    say_what_was_not_logged()


rule all:
    default_target: True
    input:
        [product.manifest for product in provenance.products(config) if product.stage != "cells" and not product.beside],
        [path for paths in TRAINED.values() for path in paths],
        [path for group in GROUPS for path in group_files(group, "table")],
        rules.figures.input,
        rules.tables.input,
        rules.tracking.input,
        [f"{ROOT}/{page}" for page in provenance.PAGES],
