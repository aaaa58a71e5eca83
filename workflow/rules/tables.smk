# Write each table from its own groups, and hold every claim of the paper against what was measured.
#
# in:   the tables of the groups, the claims
# out:  <results>/tables/<name>.{csv,md,tex,html}, <results>/tables/claims.{csv,md,tex,html}

ALL_TABLES = [*config["tables"], *(["claims"] if CLAIMS else [])]
FORMATS = ("csv", "md", "tex", "html")


rule tables:
    input:
        expand(f"{ROOT}/tables/{{name}}.{{ext}}", name=ALL_TABLES, ext=FORMATS),


rule table:
    input:
        lambda wildcards: sum(map(group_files, plan.block_groups(config, config["tables"][wildcards.name])), []),
        claims=CLAIMS,
    output:
        csv=f"{ROOT}/tables/{{name}}.csv",
        html=report(
            f"{ROOT}/tables/{{name}}.html",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{name}"},
        ),
        md=f"{ROOT}/tables/{{name}}.md",
        tex=f"{ROOT}/tables/{{name}}.tex",
        manifest=f"{ROOT}/manifests/tables/{{name}}.json",
    log:
        f"{ROOT}/logs/tables/{{name}}.log",
    benchmark:
        f"{ROOT}/benchmarks/tables/{{name}}.jsonl"
    wildcard_constraints:
        name="|".join(config["tables"]) or "$^",
    priority: SHOW
    conda:
        "../../environment.yml"
    params:
        spec=lambda wildcards: canonical(plan.block_spec(config, wildcards.name, config["tables"][wildcards.name])),
        code=lambda wildcards: canonical(provenance.product_code("table", config["tables"][wildcards.name])),
        groups=lambda wildcards: [
            f"{ROOT}/groups/{group}" for group in plan.block_groups(config, config["tables"][wildcards.name])
        ],
        out=f"{ROOT}/tables/{{name}}",
    message:
        "tabulate {wildcards.name}"
    shell:
        "python -m lola.commands.record --manifest {output.manifest:q} --spec {params.spec:q} --code {params.code:q} --inputs {input:q}"
        " --outputs {output:q} -- lola.commands.table --spec {params.spec:q} --claims {input.claims:q} --out {params.out:q} {params.groups:q} > {log:q} 2>&1"


rule claims:
    input:
        claims=CLAIMS,
        groups=sum(map(group_files, GROUPS), []),
    output:
        csv=f"{ROOT}/tables/claims.csv",
        html=report(
            f"{ROOT}/tables/claims.html", caption="../report/claims.rst", category="Claims", labels={"table": "claims"}
        ),
        md=f"{ROOT}/tables/claims.md",
        tex=f"{ROOT}/tables/claims.tex",
        manifest=f"{ROOT}/manifests/tables/claims.json",
    log:
        f"{ROOT}/logs/tables/claims.log",
    benchmark:
        f"{ROOT}/benchmarks/tables/claims.jsonl"
    priority: SHOW
    conda:
        "../../environment.yml"
    params:
        spec=canonical(plan.claims_spec(GROUPS)),
        code=canonical(fingerprints("lola.commands.claims")),
        groups=[f"{ROOT}/groups/{group}" for group in GROUPS],
        out=lambda wildcards: f"{ROOT}/tables/claims",
    message:
        "check the claims"
    shell:
        "python -m lola.commands.record --manifest {output.manifest:q} --spec {params.spec:q} --code {params.code:q} --inputs {input:q}"
        " --outputs {output:q} -- lola.commands.claims --spec {params.spec:q} --claims {input.claims:q} --out {params.out:q} {params.groups:q} > {log:q} 2>&1"
