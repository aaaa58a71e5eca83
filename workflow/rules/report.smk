# The report and the reproducibility checklist.
#
# in:   the figures, tables and claims
# out:  <results>/reproducibility.md, <results>/report.html


report: "../report/workflow.rst"


rule reproducibility:
    input:
        rules.figures.input,
        rules.tables.input,
    output:
        f"{ROOT}/reproducibility.md",
    log:
        f"{ROOT}/logs/reproducibility.log",
    conda:
        "../../environment.yml"
    params:
        config=canonical(config),
        overlays=OVERLAYS,
        code=canonical(provenance.fingerprints(["lola.checklist"])),
        lock=LOCK,
    message:
        "write the reproducibility checklist"
    shell:
        "python -m lola.checklist --config {params.config:q} --overlays {params.overlays:q} --out {output} > {log} 2>&1"


rule report:
    input:
        rules.figures.input,
        rules.tables.input,
        f"{ROOT}/reproducibility.md",
        "workflow/report/workflow.rst",
    output:
        f"{ROOT}/report.html",
    log:
        f"{ROOT}/logs/report.log",
    conda:
        "../../environment.yml"
    params:
        flags=[flag for overlay in OVERLAYS for flag in ("--configfile", overlay)],
    message:
        "write the report"
    shell:
        "python -m snakemake --report {output} {params.flags} --nolock --dry-run > {log} 2>&1"
