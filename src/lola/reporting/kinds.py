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
    "learning": Kind("lola.reporting.learning_figure", ("game", "algorithms"), ("sampled",), players=2, actions=2),
    "returns": Kind("lola.reporting.returns_figure", ("game", "algorithms"), of_coin_games=None),
    "comparison": Kind(
        "lola.reporting.comparison_figure", ("game", "algorithms"), ("saved", "saved_label"), of_coin_games=None
    ),
    "beliefs": Kind("lola.reporting.beliefs_figure", ("games", "algorithms")),
    "map": Kind(
        "lola.reporting.map_figure", ("games", "algorithm"), ("beside",), of_maps=True, players=2, actions=2, axes=2
    ),
    "standings": Kind("lola.reporting.standings_figure", ("games", "tournaments"), of_matches=True, players=2),
    "crosstable": Kind("lola.reporting.crosstable_figure", ("game", "tournaments"), of_matches=True, players=2),
    "matches": Kind("lola.reporting.matches_figure", ("game", "tournament", "shows"), of_matches=True, players=2),
    "coins": Kind("lola.reporting.coins_figure", ("game", "algorithms"), of_coin_games=True),
    "episode": Kind("lola.reporting.episode_figure", ("game", "algorithms"), of_coin_games=True),
    "exploration": Kind("lola.reporting.exploration_figure", ("groups",), of_coin_games=True),
}

TABLES = {
    "convergence": Kind("lola.reporting.convergence_table", ("games", "algorithms"), players=2, actions=2),
    "matchups": Kind("lola.reporting.matchups_table", ("game", "algorithms"), players=2),
    "settings": Kind("lola.reporting.settings_table", ("games", "algorithm"), of_maps=True, players=2, actions=2),
    "standings": Kind("lola.reporting.standings_table", ("games", "tournaments"), of_matches=True, players=2),
    "crosstable": Kind("lola.reporting.crosstable_table", ("games", "tournaments"), of_matches=True, players=2),
}
