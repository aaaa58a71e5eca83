# Log to MLflow what lies on disk: a run per cell, and one per game with the figures and tables.
# Runs of cells that the study no longer has are deleted, and by the first game's job the experiments of such games.
# Beside the jobs, a watcher shows there what is being trained, and logs cells as their jobs end; what it leaves, the
# rules log.
#
# in:   the cells of a game, which their groups' manifests stand for; the figures and tables
# out:  <results>/tracking/<game>.{cells,aggregate}.json, which say what was logged where

LOGS = {(log.what, log.game): log for log in logged.logs(config, store.digest(), OVERLAYS, BY_HAND)}
LOG_IT = (
    "python -m lola.commands.track {params.what} --root {params.root:q} --game {wildcards.game:q} --told {params.told:q}"
    " --digest {params.digest} --out {output:q} {input.files:q} > {log:q} 2>&1"
)


rule tracking:
    input:
        [str(log.marker) for log in LOGS.values()],


rule track_cells:
    input:
        files=lambda wildcards: LOGS["cells", wildcards.game].files,
    output:
        f"{ROOT}/tracking/{{game}}.cells.json",
    log:
        f"{ROOT}/logs/tracking/{{game}}.cells.log",
    priority: LOG
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(schedule.OTHER_MEMORY, SECONDS["track_cells"]),
    params:
        what="cells",
        root=lambda wildcards: ROOT,
        told=lambda wildcards: canonical(LOGS["cells", wildcards.game].told),
        digest=lambda wildcards: LOGS["cells", wildcards.game].digest,
    message:
        "log the cells of {wildcards.game:q} to MLflow"
    shell:
        LOG_IT


rule track_aggregate:
    input:
        rules.track_cells.output,
        files=lambda wildcards: LOGS["aggregate", wildcards.game].files,
    output:
        f"{ROOT}/tracking/{{game}}.aggregate.json",
    log:
        f"{ROOT}/logs/tracking/{{game}}.aggregate.log",
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(schedule.OTHER_MEMORY, SECONDS["track_aggregate"]),
    params:
        what="aggregate",
        root=lambda wildcards: ROOT,
        told=lambda wildcards: canonical(LOGS["aggregate", wildcards.game].told),
        digest=lambda wildcards: LOGS["aggregate", wildcards.game].digest,
    message:
        "log the figures and tables of {wildcards.game:q} to MLflow"
    shell:
        LOG_IT
