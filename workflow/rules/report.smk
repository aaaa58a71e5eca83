# The reproducibility checklist, the results page, the report. The report runs Snakemake again, so it is the last job: none
# runs beside it.
#
# in:   the manifests of the cells, the figures, tables and claims, what was logged
# out:  <results>/reproducibility.md, <results>/index.html, <results>/report.html


report: "../report/workflow.rst"


# The paper is named even where nobody named it, so that however the study is started, the report is up to date.
FLAGS = ["--configfile", *OVERLAYS] if OVERLAYS else []
given = workflow.config_settings.config | {"paper": config["paper"]}
FLAGS += ["--config", *(f"{key}={canonical(value)}" for key, value in given.items())]


rule reproducibility:
    input:
        [cell.manifest(ROOT) for group in GROUPS.values() for cell in group.cells],
        rules.figures.input,
        rules.tables.input,
    output:
        f"{ROOT}/reproducibility.md",
    log:
        f"{ROOT}/logs/reproducibility.log",
    conda:
        "../../environment.yml"
    params:
        config=lambda wildcards: canonical(config),
        overlays=OVERLAYS,
        code=canonical(fingerprints("lola.commands.checklist")),
        lock=LOCK,
    message:
        "write the reproducibility checklist"
    shell:
        "python -m lola.commands.checklist --config {params.config:q} --overlays {params.overlays:q} --out {output:q} > {log:q} 2>&1"


rule page:
    input:
        rules.figures.input,
        rules.tables.input,
        CLAIMS,
        papers.told(config["paper"]),
        "workflow/report/figure.rst",
        sorted(str(path) for path in Path("src/lola/page/templates").iterdir()),
    output:
        f"{ROOT}/index.html",
    log:
        f"{ROOT}/logs/page.log",
    conda:
        "../../environment.yml"
    params:
        config=lambda wildcards: json.dumps(config, ensure_ascii=False),  # in its order, which is that of the page
        overlays=OVERLAYS,
        code=canonical(fingerprints("lola.commands.page")),
    message:
        "write the results page"
    shell:
        "python -m lola.commands.page --config {params.config:q} --overlays {params.overlays:q} --out {output:q} > {log:q} 2>&1"


rule report:
    input:
        rules.figures.input,
        rules.tables.input,
        rules.tracking.input,
        rules.reproducibility.output,
        rules.page.output,
        [f"workflow/report/{caption}.rst" for caption in ("workflow", "figure", "table")],
    output:
        f"{ROOT}/report.html",
    log:
        f"{ROOT}/logs/report.log",
    conda:
        "../../environment.yml"
    params:
        flags=FLAGS,
    message:
        "write the report"
    shell:  # of figures and tables, since the whole study would hold the report itself
        "python -m snakemake figures tables --report {output:q} {params.flags:q} --nolock --dry-run > {log:q} 2>&1"
