# Put the cells of each group into one table.
#
# in:   the group's cells
# out:  <results>/groups/<group>/{returns,policies,beliefs,failed}.csv, for a match shares.csv too; {map,failed}.csv for a grid

for rule_name, tables, pattern in (
    ("aggregate", TABLES_OF_A_GROUP, f"[^/]+/[^/{TRAINED}]+/[^/]+"),
    ("aggregate_map", TABLES_OF_A_MAP, f"[^/]+/[^/]+{MAP}/[^/]+"),
    ("aggregate_match", TABLES_OF_A_MATCH, f"[^/]+/[^/]+{TRAINED}(?!map/)[^/]+/[^/]+"),
):

    rule:
        name:
            rule_name
        input:
            group_cells,
        output:
            [f"{ROOT}/groups/{{group}}/{table}.csv" for table in tables],
            manifest=f"{ROOT}/manifests/groups/{{group}}.json",
        log:
            f"{ROOT}/logs/aggregate/{{group}}.log",
        wildcard_constraints:
            group=pattern,
        conda:
            "../../environment.yml"
        params:
            spec=lambda wildcards: canonical({"seeds": list(GROUPS[wildcards.group].seeds)}),
            code=canonical(provenance.fingerprints(["lola.aggregate"])),
            curves=lambda wildcards: [str(cell.curve(ROOT)) for cell in GROUPS[wildcards.group].cells],
            out=f"{ROOT}/groups/{{group}}",
        message:
            "gather {wildcards.group}"
        shell:
            "python -m lola.record --manifest {output.manifest:q} --spec {params.spec:q} --code {params.code:q} --inputs {input:q}"
            " --outputs {output:q} -- lola.aggregate --out {params.out:q} {params.curves:q} > {log:q} 2>&1"
