# What several stages ask of the study: the files of groups, who shows what, and what goes first.

SHOWN = {stage: plan.blocks(config, stage) for stage in ("figure", "table")}

# What jobs of each rule that trains no cells take.
SECONDS, MEMORY = schedule.others(GROUPS, ROOT), schedule.other_memory(ROOT)

# Priorities: what has been trained is gathered and shown at once; logging waits, so that it delays no figure.
LOG, TRAIN = 1, 2
SHOW = TRAIN + len(JOBS)


# The files that stand for those of all cells of each group: of one cell of each job, which is missing if any is. To ask
# for every cell would take Snakemake minutes where there are ten thousands.
TRAINED = {name: [] for name in GROUPS}
for job in JOBS.values():
    one_by_one = [[GROUPS[job.group].cell(seed)] for seed in GROUPS[job.group].seeds]
    for cells in [job.cells(GROUPS)] if job.seeds else one_by_one:
        cell = next((cell for cell in cells if not plan.is_trained(cell, ROOT)), cells[0])
        TRAINED[job.group] += [str(cell.curve(ROOT)), str(cell.manifest(ROOT))]


def group_files(name, counts_further=False):
    """The files of a group; for what counts further seeds with their ends, if it has any."""
    further = ["further.csv"] if counts_further and GROUPS[name].more else []
    return [f"{ROOT}/groups/{name}/{file}" for file in ["curves.csv", "ends.json", *further]]


def shown_files(stage):
    """The files of the groups that a figure or table shows."""

    def of(wildcards):
        counts_further = kinds.counts_further(stage, SHOWN[stage][wildcards.name])
        return [path for name in shown_groups(stage, wildcards) for path in group_files(name, counts_further)]

    return of


def shown_groups(stage, wildcards):
    """The names of the groups that a figure or table shows."""
    return plan.block_groups(config, SHOWN[stage][wildcards.name])


def shown_spec(stage, wildcards):
    """What a figure or table is told of what it shows; without `<`, since the report has it in a script of its page."""
    spec = display.block_spec(config, wildcards.name, SHOWN[stage][wildcards.name], GROUPS)
    return canonical(spec).replace("<", r"\u003c")


def shown_code(stage, wildcards):
    """The fingerprints of what makes a figure or table."""
    return canonical(provenance.product_code(stage, SHOWN[stage][wildcards.name]))


def page_spec(page):
    """What a page is told, in the config's order, which is that of the page."""
    return json.dumps(page.spec, ensure_ascii=False)


def needs(megabytes, seconds, own={}, beside=True):
    """What a rule's jobs, which take so much, ask a scheduler for, or to be one of the few `beside` it.

    A retry asks for more. What a part of the study does not say itself stays below the limits of the partition.
    """
    first = schedule.asked(megabytes, seconds, own)

    def asked(name, attempt):
        if name in own and attempt == 1 or workflow.local_exec:
            return first[name] * attempt
        usual = profiles.usual_resources(getattr(workflow.resource_settings.default_resources, "args", ()))
        there = slurm.limits(own.get("slurm_partition") or usual.get("slurm_partition", ""))
        return int(min(attempt * first[name], {"mem_mb": there.memory, "runtime": there.minutes}[name]))

    grow = {name: lambda wildcards, attempt, name=name: asked(name, attempt) for name in ("mem_mb", "runtime")}
    return first | grow | {"beside": int(beside)}


def gpus(group):
    """The GPUs of a training job. On a cluster `auto` asks for none: this machine's are not those of its nodes."""
    here = config["device"] == "auto" and workflow.local_exec and which("nvidia-smi") is not None
    return group.resources.get("gpu", int(registry.COURSES[group.course].gpu and (config["device"] == "cuda" or here)))


def say_what_was_not_logged():
    """Tell the person who ran this, since a store that is down fails no job."""
    for reason in dict.fromkeys(reason for _, reason in store.not_logged(ROOT)):
        logger.warning(f"MLflow: not everything was logged: {reason}. The results are safe on disk.")


def start_watcher(root, about):
    """A process that shows in MLflow what is being trained, until `end`, or until this process is gone."""
    said = Path(root, "logs", "tracking", "watcher.log")
    said.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "lola.commands.watch", "--root", root, "--about", canonical(about)]
    with open(said, "w") as log:  # in a process group of its own, since Ctrl-C is for the jobs
        return subprocess.Popen([*command, "--study", str(os.getpid())], stdout=log, stderr=log, process_group=0)


def end(processes):
    """Tell processes to end, and see to it that they do."""
    for process in processes:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
