# Put the cells of each group into one table.
#
# in:   the group's cells
# out:  <results>/groups/<group>/{returns,policies,beliefs,failed}.csv, for a match shares.csv too; for a Coin Game
#       {returns,coins,episodes,beliefs,failed}.csv; {map,failed}.csv for a grid

for rule_name, tables in (
    ("aggregate", TABLES_OF_A_GROUP),
    ("aggregate_map", TABLES_OF_A_MAP),
    ("aggregate_match", TABLES_OF_A_MATCH),
    ("aggregate_coin_game", TABLES_OF_A_COIN_GAME),
):
    names = [re.escape(name) for name, group in GROUPS.items() if group_tables(group) == tables]

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
            group="|".join(names) or NOTHING,
        priority: SHOW
        conda:
            "../../environment.yml"
        params:
            spec=lambda wildcards: canonical({"seeds": list(GROUPS[wildcards.group].seeds)}),
            code=canonical(fingerprints("lola.commands.aggregate")),
            curves=lambda wildcards: [str(cell.curve(ROOT)) for cell in GROUPS[wildcards.group].cells],
            out=f"{ROOT}/groups/{{group}}",
        message:
            "gather {wildcards.group}"
        shell:
            "python -m lola.commands.record --manifest {output.manifest:q} --spec {params.spec:q} --code {params.code:q} --inputs {input:q}"
            " --outputs {output:q} -- lola.commands.aggregate --out {params.out:q} {params.curves:q} > {log:q} 2>&1"
