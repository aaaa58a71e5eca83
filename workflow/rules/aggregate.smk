# Put the cells of each group into two files.
#
# in:   the group's cells
# out:  <results>/groups/<group>/{curves.csv,ends.json}


rule aggregate:
    input:
        lambda wildcards: TRAINED[wildcards.group],
    output:
        f"{ROOT}/groups/{{group}}/curves.csv",
        f"{ROOT}/groups/{{group}}/ends.json",
        manifest=f"{ROOT}/manifests/groups/{{group}}.json",
    log:
        f"{ROOT}/logs/aggregate/{{group}}.log",
    priority: SHOW
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(schedule.OTHER_MEMORY, SECONDS["aggregate"]),
    params:
        spec=lambda wildcards: canonical(plan.group_spec(GROUPS[wildcards.group])),
        code=canonical(fingerprints("lola.commands.aggregate")),
        curves=lambda wildcards: [str(cell.curve(ROOT)) for cell in GROUPS[wildcards.group].cells],
        out=lambda wildcards: f"{ROOT}/groups/{wildcards.group}",
    message:
        "gather {wildcards.group}"
    shell:
        "python -m lola.commands.aggregate --spec {params.spec:q} --code {params.code:q} --manifest {output.manifest:q}"
        " --out {params.out:q} {params.curves:q} > {log:q} 2>&1"
