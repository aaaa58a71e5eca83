# Train the cells of each group, many seeds to a job, and its further seeds, of which only the ends are kept. The cells of
# rules that are held against themselves, of networks that are fitted, and of players that carry these are made apart.
#
# in:   nothing but the spec of the group, its code and the locked packages
# out:  <results>/cells/<game>/<algorithm>/<opponent model>/seed<k>.{csv,json}, <results>/groups/<group>/further.csv

device = config["device"]
on_gpu = device == "cuda" or (device == "auto" and which("nvidia-smi") is not None)

for later, (job, (group, batch)) in enumerate(reversed(JOBS.items())):
    believing = "" if group.opponent_model == "oracle" else f" {group.opponent_model}"
    seeds = f"{len(batch)} seed{'s' * (len(batch) > 1)}"

    if provenance.command(group) == "lola.commands.consistent":

        rule:
            name:
                job
            input:
                [cell.manifest(ROOT) for one in batch for cell in group.read_by(one.seed)],
            output:
                curves=[str(cell.curve(ROOT)) for cell in batch],
                manifests=[str(cell.manifest(ROOT)) for cell in batch],
            log:
                f"{ROOT}/logs/train/{group.name}/seed{batch[0].seed}.log",
            benchmark:
                str(batch[0].benchmark(ROOT, batch[-1]))
            priority: TRAIN + later
            conda:
                "../../environment.yml"
            params:
                spec=canonical(group.spec),
                code=canonical(provenance.training_code(group)),
                lock=LOCK,
                reads=canonical(group.reads),
            message:
                f"{'evaluate' if group.course == 'consistency' else 'train'} {group.game} {group.algorithm}, {seeds}"
            shell:
                "python -m lola.commands.consistent --spec {params.spec:q} --code {params.code:q} --lock {params.lock:q}"
                " --reads {params.reads:q} {output.curves:q} > {log:q} 2>&1"

        continue

    rule:
        name:
            job
        output:
            curves=[str(cell.curve(ROOT)) for cell in batch],
            manifests=[str(cell.manifest(ROOT)) for cell in batch],
        log:
            f"{ROOT}/logs/train/{group.name}/seed{batch[0].seed}.log",
        benchmark:
            str(batch[0].benchmark(ROOT, batch[-1]))
        priority: TRAIN + later
        conda:
            "../../environment.yml"
        resources:
            device=device,  # no parameter, since another device is no reason to train again
            gpu=int(on_gpu and registry.COURSES[group.course].gpu),
        params:
            spec=canonical(group.spec),
            code=canonical(provenance.training_code(group)),
            lock=LOCK,
        message:
            f"train {group.game} {group.algorithm}{believing}, {len(batch)} seed{'s' * (len(batch) > 1)}"
        shell:
            "python -m lola.commands.train --spec {params.spec:q} --code {params.code:q} --lock {params.lock:q}"
            " --device {resources.device}"
            " {output.curves:q} > {log:q} 2>&1"


rule further:
    output:
        ends=f"{ROOT}/groups/{{group}}/further.csv",
        manifest=f"{ROOT}/manifests/further/{{group}}.json",
    log:
        f"{ROOT}/logs/further/{{group}}.log",
    benchmark:
        f"{ROOT}/benchmarks/further/{{group}}.jsonl"
    priority: TRAIN
    conda:
        "../../environment.yml"
    params:
        spec=lambda wildcards: canonical(plan.further_spec(GROUPS[wildcards.group])),
        code=lambda wildcards: canonical(provenance.further_code(GROUPS[wildcards.group])),
    message:
        "train further seeds of {wildcards.group}"
    shell:
        "python -m lola.commands.further --spec {params.spec:q} --code {params.code:q} --manifest {output.manifest:q}"
        " --out {output.ends:q} > {log:q} 2>&1"
