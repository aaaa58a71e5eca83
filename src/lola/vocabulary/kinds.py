"""The kinds of figures and tables that a config may name: standard library only, imported on use.

Each kind is a module with one function, `draw` or `tabulate`, whose arguments are the keys
of the block; so a change in one kind remakes only the figures or tables of that kind.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """The module, the keys that its block must give and may give, and what its groups must be."""

    module: str
    keys: tuple[str, ...]
    optional: tuple[str, ...] = ()
    of_maps: bool = False
    of_matches: bool = False
    of_coin_games: bool | None = False  # None: either
    players: int | None = None  # None: any number
    actions: int | None = None
    axes: int | None = None  # of the grids of its maps


FIGURES = {
    "learning": Kind("lola.figures.learning", ("game", "algorithms"), ("sampled",), players=2, actions=2),
    "returns": Kind("lola.figures.returns", ("game", "algorithms"), of_coin_games=None),
    "comparison": Kind("lola.figures.comparison", ("game", "algorithms"), ("saved", "saved_label"), of_coin_games=None),
    "beliefs": Kind("lola.figures.beliefs", ("games", "algorithms")),
    "map": Kind("lola.figures.map", ("games", "algorithm"), ("beside",), of_maps=True, players=2, actions=2, axes=2),
    "standings": Kind("lola.figures.standings", ("games", "tournaments"), of_matches=True, players=2),
    "crosstable": Kind("lola.figures.crosstable", ("game", "tournaments"), of_matches=True, players=2),
    "matches": Kind("lola.figures.matches", ("game", "tournament", "shows"), of_matches=True, players=2),
    "coins": Kind("lola.figures.coins", ("game", "algorithms"), of_coin_games=True),
    "episode": Kind("lola.figures.episode", ("game", "algorithms"), of_coin_games=True),
    "exploration": Kind("lola.figures.exploration", ("groups",), of_coin_games=True),
}

TABLES = {
    "convergence": Kind("lola.tables.convergence", ("games", "algorithms"), players=2, actions=2),
    "matchups": Kind("lola.tables.matchups", ("game", "algorithms"), players=2),
    "settings": Kind("lola.tables.settings", ("games", "algorithm"), of_maps=True, players=2, actions=2),
    "standings": Kind("lola.tables.standings", ("games", "tournaments"), of_matches=True, players=2),
    "crosstable": Kind("lola.tables.crosstable", ("games", "tournaments"), of_matches=True, players=2),
}
