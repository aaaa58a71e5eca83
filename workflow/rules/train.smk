# Train the cells of each group, many seeds to a job, and its further seeds, of which only the ends are kept. The cells of
# rules that are held against themselves, of networks that are fitted, and of players that carry these or begin where
# others ended are made apart.
#
# in:   nothing but the spec of the group, its code and the locked packages
# out:  <results>/cells/<game>/<algorithm>/<opponent model>/seed<k>.{csv,json}, <results>/groups/<group>/further.csv

TRAIN_IT = {  # by whether it reads other cells
    False: (
        "python -m lola.commands.train --spec {params.spec:q} --code {params.code:q} --lock {params.lock:q}"
        " --device {resources.device}"
        " {output.curves:q} > {log:q} 2>&1"
    ),
    True: (
        "python -m lola.commands.consistent --spec {params.spec:q} --code {params.code:q} --lock {params.lock:q}"
        " --reads {params.reads:q} {output.curves:q} > {log:q} 2>&1"
    ),
}

for later, (name, job) in enumerate(reversed(JOBS.items())):
    group, cells = GROUPS[job.group], job.cells(GROUPS)
    # When a job runs, after this loop, its shell is looked up again; by then `params` are the job's own.
    params = {"reads": canonical(group.reads)} if provenance.command(group) == "lola.commands.consistent" else {}
    believing = "" if group.opponent_model == "oracle" else f" {group.opponent_model}"
    beside = job.is_short(group, config["device"])
    does = "evaluate" if group.course == "consistency" else "train"

    rule:
        name:
            name
        input:
            [cell.manifest(ROOT) for one in cells for cell in group.read_by(one.seed)],
        output:
            curves=[str(cell.curve(ROOT)) for cell in cells],
            manifests=[str(cell.manifest(ROOT)) for cell in cells],
        log:
            f"{ROOT}/logs/train/{group.name}/seed{cells[0].seed}.log",
        benchmark:
            str(cells[0].benchmark(ROOT, cells[-1]))
        priority: TRAIN + later
        localrule: beside
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            **needs(job.memory, job.seconds, group.resources, beside),
            gpu=lambda wildcards, group=group: gpus(group),
            device=config["device"],  # no parameter, since another device is no reason to train again
        params:
            **params,
            spec=canonical(group.spec),
            code=canonical(provenance.training_code(group)),
            lock=LOCK,
        message:
            f"{does} {group.game} {group.algorithm}{believing}, {count(len(cells), 'seed')}"
        shell:
            TRAIN_IT["reads" in params.keys()]


rule further:
    output:
        ends=f"{ROOT}/groups/{{group}}/further.csv",
        manifest=f"{ROOT}/manifests/further/{{group}}.json",
    log:
        f"{ROOT}/logs/further/{{group}}.log",
    benchmark:
        f"{ROOT}/benchmarks/further/{{group}}.jsonl"
    priority: TRAIN
    localrule: SECONDS["further"] < schedule.SHORT
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(MEMORY["further"], SECONDS["further"], beside=SECONDS["further"] < schedule.SHORT),
    params:
        spec=lambda wildcards: canonical(plan.further_spec(GROUPS[wildcards.group])),
        code=lambda wildcards: canonical(provenance.further_code(GROUPS[wildcards.group])),
    message:
        "train further seeds of {wildcards.group}"
    shell:
        "python -m lola.commands.further --spec {params.spec:q} --code {params.code:q} --manifest {output.manifest:q}"
        " --out {output.ends:q} > {log:q} 2>&1"
