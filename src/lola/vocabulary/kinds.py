"""The kinds of figures and tables that a config may name: standard library only, imported on use.

Each kind is a module with one function, `draw` or `tabulate`, whose arguments are the keys of the block that not all
kinds have; so a change in one kind remakes only the figures or tables of that kind.
"""

import ast
from dataclasses import dataclass

from lola.vocabulary.registry import BY_UPDATES, COURSES, SOURCE, WITHOUT_STEPS

SCORING = ("first", "last")  # how many updates of a tournament count
CURVES = tuple(name for name in COURSES if name not in WITHOUT_STEPS)  # what has returns by step


@dataclass(frozen=True)
class Kind:
    """The module, the keys that its block must give and may give, and what its groups must be.

    `of`: the courses on which they are trained. The rest, where not every number will do: of their players, of
    everybody's actions, of the axes of their grids.
    """

    module: str
    keys: tuple[str, ...]
    optional: tuple[str, ...] = ()
    of: tuple[str, ...] = ("updates",)
    players: int | None = None
    actions: int | None = None
    axes: int | None = None

    @property
    def what(self) -> str:
        """What it shows: the sentence with which its module begins, read off the file, since imports take seconds."""
        path = SOURCE.joinpath(*self.module.split(".")).with_suffix(".py")
        return ast.get_docstring(ast.parse(path.read_text())).partition("\n")[0]

    def fits(self, actions: list[int]) -> bool:
        """Whether it can show a game whose players have so many actions each."""
        return self.players in (None, len(actions)) and (self.actions is None or {self.actions} == {*actions})

    def takes(self, course: str, axes: int) -> bool:
        """Whether it can show what is trained on this course, on a grid of so many axes."""
        return course in self.of and self.axes in (None, axes)

    @property
    def asks(self) -> str:
        """What its groups are named by: tournaments, groups, options, or algorithms."""
        words = {key.removesuffix("s") + "s" for key in self.keys}
        return next(word for word in ("tournaments", "groups", "options", "algorithms") if word in words)

    @property
    def shows(self) -> str:
        """What its groups must be, in words."""
        counts = {"of {} players": self.players, "with {} actions": self.actions, "by {} axes": self.axes}
        courses = " and ".join(COURSES[course].what for course in self.of)
        return " ".join([courses, *(words.format(count) for words, count in counts.items() if count)])


FIGURES = {
    "learning": Kind("lola.figures.learning", ("game", "algorithms"), ("sampled",), players=2, actions=2),
    "returns": Kind("lola.figures.returns", ("game", "algorithms"), of=CURVES),
    "comparison": Kind("lola.figures.comparison", ("game", "algorithms"), ("saved", "saved_label"), of=CURVES),
    "parameters": Kind("lola.figures.parameters", ("game", "algorithms"), of=("parameters",)),
    "distances": Kind("lola.figures.distances", ("games", "algorithms"), of=("parameters",)),
    "orbits": Kind("lola.figures.orbits", ("game", "algorithms"), of=("parameters",), players=2),
    "found": Kind("lola.figures.found", ("options",), of=BY_UPDATES, players=2, actions=2),
    "progress": Kind("lola.figures.progress", ("games", "algorithms"), players=2, actions=2),
    "beliefs": Kind("lola.figures.beliefs", ("games", "algorithms")),
    "map": Kind("lola.figures.map", ("games", "algorithm"), ("beside",), of=("map",), players=2, actions=2, axes=2),
    "planes": Kind("lola.figures.planes", ("game", "algorithms"), of=("parameter_map",)),
    "standings": Kind("lola.figures.standings", ("games", "tournaments"), of=CURVES, players=2),
    "crosstable": Kind("lola.figures.crosstable", ("game", "tournaments"), SCORING, of=CURVES, players=2),
    "scorings": Kind("lola.figures.scorings", ("game", "tournaments", "first"), players=2),
    "matches": Kind("lola.figures.matches", ("game", "tournament", "shows"), of=("match",), players=2),
    "coins": Kind("lola.figures.coins", ("game", "algorithms"), of=("coin_game",)),
    "episode": Kind("lola.figures.episode", ("game", "algorithms"), of=("coin_game",)),
    "exploration": Kind("lola.figures.exploration", ("groups",), of=("coin_game",)),
}

TABLES = {
    "convergence": Kind("lola.tables.convergence", ("games", "algorithms"), of=BY_UPDATES, players=2, actions=2),
    "matchups": Kind("lola.tables.matchups", ("game", "algorithms"), players=2),
    "family": Kind("lola.tables.family", ("games", "algorithms"), of=("parameter_map",)),
    "settings": Kind("lola.tables.settings", ("games", "algorithm"), of=("map",), players=2, actions=2),
    "updates": Kind("lola.tables.updates", ("options",), players=2, actions=2),
    "consistency": Kind("lola.tables.consistency", ("games", "algorithms"), of=("consistency",)),
    "standings": Kind("lola.tables.standings", ("games", "tournaments"), of=CURVES, players=2),
    "crosstable": Kind("lola.tables.crosstable", ("games", "tournaments"), of=CURVES, players=2),
    "league": Kind("lola.tables.league", ("games", "tournament"), SCORING, players=2),
}

CLAIMS = "claims"  # the table that no block asks for, of all that a paper says and all groups
ALL_TABLES = TABLES | {CLAIMS: Kind("lola.tables.claims", ("groups",), of=tuple(COURSES))}
# By stage: the module whose `make` draws or tabulates and writes, and the kinds.
SHOWN = {"figure": ("lola.figures.style", FIGURES), "table": ("lola.tables.table", ALL_TABLES)}


def counts_further(stage: str, block: dict) -> bool:
    """Whether a figure or table counts further seeds, of which only the ends are kept: all tables, of figures one."""
    return stage == "table" or block["kind"] == "scorings"
