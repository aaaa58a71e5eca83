# Draw each figure and write each table from its own groups; the table of claims, if there are any, from all.
#
# in:   the files of the groups that its block names, the claims
# out:  <results>/figures/<name>.{pdf,png}, <results>/tables/<name>.{csv,md,tex,html}

SHOW_IT = (
    "python -m lola.commands.show {params.stage} --spec {params.spec:q} --code {params.code:q}"
    " --manifest {output.manifest:q} --claims {input.claims:q} --out {params.out:q} {params.groups:q} > {log:q} 2>&1"
)


rule figures:
    input:
        expand(f"{ROOT}/figures/{{name}}.{{ext}}", name=SHOWN["figure"], ext=["pdf", "png"]),


rule tables:
    input:
        expand(f"{ROOT}/tables/{{name}}.{{ext}}", name=SHOWN["table"], ext=["csv", "md", "tex", "html"]),


rule figure:
    input:
        shown_files("figure"),
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
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(MEMORY["figure"], SECONDS["figure"]),
    params:
        stage="figure",
        spec=lambda wildcards: shown_spec("figure", wildcards),
        code=lambda wildcards: shown_code("figure", wildcards),
        groups=lambda wildcards: [f"{ROOT}/groups/{group}" for group in shown_groups("figure", wildcards)],
        out=f"{ROOT}/figures/{{name}}",
    message:
        "draw {wildcards.name}"
    shell:
        SHOW_IT


rule table:
    input:
        shown_files("table"),
        claims=CLAIMS,
    output:
        csv=f"{ROOT}/tables/{{name}}.csv",
        html=report(
            f"{ROOT}/tables/{{name}}.html",
            caption="../report/table.rst",
            category=lambda wildcards: "Claims" if wildcards.name == "claims" else "Tables",
            labels={"table": "{name}"},
        ),
        md=f"{ROOT}/tables/{{name}}.md",
        tex=f"{ROOT}/tables/{{name}}.tex",
        manifest=f"{ROOT}/manifests/tables/{{name}}.json",
    log:
        f"{ROOT}/logs/tables/{{name}}.log",
    benchmark:
        f"{ROOT}/benchmarks/tables/{{name}}.jsonl"
    priority: SHOW
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(MEMORY["table"], SECONDS["table"]),
    params:
        stage="table",
        spec=lambda wildcards: shown_spec("table", wildcards),
        code=lambda wildcards: shown_code("table", wildcards),
        groups=lambda wildcards: [f"{ROOT}/groups/{group}" for group in shown_groups("table", wildcards)],
        out=f"{ROOT}/tables/{{name}}",
    message:
        "tabulate {wildcards.name}"
    shell:
        SHOW_IT
