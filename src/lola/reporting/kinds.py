"""The kinds of figures and tables that a config may name, each a module with one function `draw` or `tabulate`.

Standard library only; the modules are imported on use, so a change in one kind remakes
only the figures or tables of that kind.
"""

FIGURES = {
    "learning": "lola.reporting.learning_figure",
    "returns": "lola.reporting.returns_figure",
    "map": "lola.reporting.map_figure",
}

TABLES = {
    "convergence": "lola.reporting.convergence_table",
    "matchups": "lola.reporting.matchups_table",
}
