# Log to MLflow what lies on disk: a run per cell, and one per game with the figures and tables.
# Runs of cells that the study no longer has are deleted, and by the first game's job the experiments of such games.
# Beside the jobs, a watcher shows there what is being trained, and logs cells as their jobs end; what it leaves, the
# rules log.
#
# in:   the cells of a game, which their groups' manifests stand for; the figures and tables
# out:  <results>/tracking/<game>.{cells,aggregate}.json, which say what was logged where

STORE = store.digest()
TRACKED = [] if config["tracking"] == "none" else sorted({group.game for group in GROUPS.values()})


rule tracking:
    input:
        expand(f"{ROOT}/tracking/{{game}}.{{what}}.json", game=TRACKED, what=["cells", "aggregate"]),


rule track_cells:
    input:
        lambda wildcards: [f"{ROOT}/manifests/groups/{group.name}.json" for group in game_groups(wildcards.game)],
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
        root=lambda wildcards: ROOT,
        store=STORE,
        about=lambda wildcards: canonical(about_runs(wildcards.game)),
        code=canonical(fingerprints("lola.commands.track", without=registry.__name__)),
        games=lambda wildcards: canonical(TRACKED if wildcards.game == TRACKED[0] else []),
        curves=lambda wildcards: [str(c.curve(ROOT)) for g in game_groups(wildcards.game) for c in g.cells],
    message:
        "log the cells of {wildcards.game:q} to MLflow"
    shell:
        "python -m lola.commands.track cells --root {params.root:q} --game {wildcards.game:q} --about {params.about:q}"
        " --games {params.games:q} --out {output:q} {params.curves:q} > {log:q} 2>&1"


rule track_aggregate:
    input:
        rules.track_cells.output,
        results=game_results,
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
        root=lambda wildcards: ROOT,
        store=STORE,
        about=lambda wildcards: canonical(about_runs(wildcards.game)),
        figures=lambda wildcards: canonical(game_figures(wildcards.game)),
        code=canonical(fingerprints("lola.commands.track", without=registry.__name__)),
    message:
        "log the figures and tables of {wildcards.game:q} to MLflow"
    shell:
        "python -m lola.commands.track aggregate --root {params.root:q} --game {wildcards.game:q} --about {params.about:q}"
        " --figures {params.figures:q} --out {output:q} {input.results:q} > {log:q} 2>&1"
