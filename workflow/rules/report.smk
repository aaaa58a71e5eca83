# The reproducibility checklist, the results page, the report. The report runs Snakemake again, so it is the last job: none
# runs beside it.
#
# in:   the manifests of the groups, the figures, tables and claims, what was logged
# out:  <results>/reproducibility.md, <results>/index.html, <results>/report.html, and a manifest of each


report: "../report/workflow.rst"


PAGES = {page.name: page for page in provenance.pages(config, OVERLAYS, BY_HAND)}
WRITE_IT = (
    "python -m {params.command} --spec {params.spec:q} --code {params.code:q} --manifest {output.manifest:q}"
    " --out {output.page:q} {input:q} > {log:q} 2>&1"
)


rule reproducibility:
    input:
        [f"{ROOT}/manifests/groups/{group}.json" for group in GROUPS],
        rules.figures.input,
        rules.tables.input,
    output:
        page=f"{ROOT}/{provenance.CHECKLIST}",
        manifest=PAGES[provenance.CHECKLIST].manifest,
    log:
        f"{ROOT}/logs/reproducibility.log",
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(schedule.OTHER_MEMORY, SECONDS["reproducibility"]),
    params:
        command=provenance.PAGES[provenance.CHECKLIST],
        spec=lambda wildcards: page_spec(PAGES[provenance.CHECKLIST]),
        code=canonical(PAGES[provenance.CHECKLIST].code),
        lock=LOCK,
    message:
        "write the reproducibility checklist"
    shell:
        WRITE_IT


rule page:
    input:
        rules.figures.input,
        rules.tables.input,
        CLAIMS,
        papers.told(config["paper"]),
        "workflow/report/figure.rst",
        sorted(str(path) for path in Path("src/lola/page/templates").iterdir()),
    output:
        page=f"{ROOT}/{provenance.PAGE}",
        manifest=PAGES[provenance.PAGE].manifest,
    log:
        f"{ROOT}/logs/page.log",
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(schedule.OTHER_MEMORY, SECONDS["page"]),
    params:
        command=provenance.PAGES[provenance.PAGE],
        spec=lambda wildcards: page_spec(PAGES[provenance.PAGE]),
        code=canonical(PAGES[provenance.PAGE].code),
    message:
        "write the results page"
    shell:
        WRITE_IT


rule report:
    input:
        rules.figures.input,
        rules.tables.input,
        rules.tracking.input,
        rules.reproducibility.output,
        rules.page.output,
        [f"workflow/report/{caption}.rst" for caption in ("workflow", "figure", "table")],
    output:
        page=f"{ROOT}/{provenance.REPORT}",
        manifest=PAGES[provenance.REPORT].manifest,
    log:
        f"{ROOT}/logs/report.log",
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        **needs(schedule.OTHER_MEMORY, SECONDS["report"]),
    params:
        command=provenance.PAGES[provenance.REPORT],
        spec=lambda wildcards: page_spec(PAGES[provenance.REPORT]),
        code=canonical(PAGES[provenance.REPORT].code),
    message:
        "write the report"
    shell:
        WRITE_IT
