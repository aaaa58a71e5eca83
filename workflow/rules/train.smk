# Train the cells of each group, many seeds to a job.
#
# in:   nothing but the spec of the group, its code and the locked packages
# out:  <results>/cells/<game>/<algorithm>/<opponent model>/seed<k>.{csv,json}

device = config["device"]
on_gpu = device == "cuda" or (device == "auto" and which("nvidia-smi") is not None)

for later, (job, (group, batch)) in enumerate(reversed(JOBS.items())):
    believing = "" if group.opponent_model == "oracle" else f" {group.opponent_model}"

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
