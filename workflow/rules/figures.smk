# Draw each figure from its own groups.
#
# in:   the tables of the groups that the figure's block names, the paper's numbers
# out:  <results>/figures/<name>.{pdf,png}


rule figures:
    input:
        expand(f"{ROOT}/figures/{{name}}.{{ext}}", name=config["figures"], ext=["pdf", "png"]),


rule figure:
    input:
        lambda wildcards: sum(map(group_files, plan.block_groups(config, config["figures"][wildcards.name])), []),
        claims=CLAIMS,
    output:
        pdf=f"{ROOT}/figures/{{name}}.pdf",
        png=report(
            f"{ROOT}/figures/{{name}}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{name}"},
        ),
        manifest=f"{ROOT}/manifests/figures/{{name}}.json",
    log:
        f"{ROOT}/logs/figures/{{name}}.log",
    benchmark:
        f"{ROOT}/benchmarks/figures/{{name}}.jsonl"
    priority: SHOW
    conda:
        "../../environment.yml"
    params:
        spec=lambda wildcards: canonical(plan.block_spec(config, wildcards.name, config["figures"][wildcards.name])),
        code=lambda wildcards: canonical(provenance.product_code("figure", config["figures"][wildcards.name])),
        groups=lambda wildcards: [
            f"{ROOT}/groups/{group}" for group in plan.block_groups(config, config["figures"][wildcards.name])
        ],
        out=f"{ROOT}/figures/{{name}}",
    message:
        "draw {wildcards.name}"
    shell:
        "python -m lola.commands.record --manifest {output.manifest:q} --spec {params.spec:q} --code {params.code:q} --inputs {input:q}"
        " --outputs {output:q} -- lola.commands.figure --spec {params.spec:q} --claims {input.claims:q} --out {params.out:q} {params.groups:q} > {log:q} 2>&1"
