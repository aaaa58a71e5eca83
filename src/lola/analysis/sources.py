"""What a figure or a table is made from."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from lola.analysis.groups import Counted, Group
from lola.analysis.paper import Ledger
from lola.analysis.tournaments import Tournament, find
from lola.vocabulary.names import GroupName, Matchup


@dataclass(frozen=True)
class Sources:
    """The groups at hand by name, what people call things, and the paper's claims.

    Of an algorithm's groups, those of `opponent_model` are meant if nothing else is said.
    """

    groups: dict[str, Group]
    labels: dict[str, str]
    actions: dict[str, list[list[str]]]
    settings: dict[str, dict] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    opponent_model: str = "oracle"
    opponent_models: dict[str, str] = field(default_factory=dict)
    tournament_labels: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)  # of games
    colours: dict[str, str] = field(default_factory=dict)  # of algorithms
    coin_games: dict[str, dict] = field(default_factory=dict)  # by group: grid, tie, batch, length, steps

    def group(self, game: str, shown: str) -> Group:
        """`shown` is an algorithm, or algorithm/opponent model."""
        return self.groups[GroupName.read(f"{game}/{shown}", self.opponent_model).name]

    def tournament(self, game: str, name: str, first: int | None = None, last: int | None = None) -> Tournament:
        """A tournament, of which so many updates count."""
        return replace(find(self.groups, game, name, self.opponent_model), first=first, last=last)

    def tournament_label(self, tournament: Tournament) -> str:
        """The label of a tournament, with the opponent model where it is not the oracle."""
        model = self.opponent_models.get(tournament.opponent_model)
        return self.tournament_labels[tournament.name] + (f", {model}" if model else "")

    def title(self, game: str) -> str:
        """What people call a game."""
        return self.titles.get(game, game)

    def colour(self, algorithm: str) -> str:
        """The name of the colour of an algorithm, or of a matchup's first player."""
        return self.colours.get(Matchup.read(algorithm).seats[0], "black")

    def label(self, group: Group) -> str:
        """The algorithm's name, and the opponent model's where it is not the oracle."""
        return ", ".join(self.label_lines(group))

    def label_lines(self, group: Group) -> list[str]:
        """The same, a line each."""
        model = self.opponent_models.get(group.opponent_model)
        return [self.labels.get(group.algorithm, group.algorithm)] + ([model] if model else [])

    def seats(self, group: Group) -> list[str]:
        """The labels of the algorithms in a group's seats."""
        return [self.labels[seat] for seat in group.matchup.seats]

    def heading(self, group: Group) -> str:
        """A group's label, with a line for whom its first player meets."""
        first, *others = self.seats(group)
        versus = f"\nvs {' vs '.join(others)}" if others else ""
        return ", ".join([first + versus, *self.label_lines(group)[1:]])

    @property
    def counted(self) -> "Sources":
        """The same, where runs that diverged count too."""
        return replace(self, groups={name: Counted(group.folder) for name, group in self.groups.items()})

    @property
    def divergences(self) -> list[str]:
        """For each group with a run that diverged, a line with the numbers of runs that finished and diverged."""
        diverged = [group for group in self.groups.values() if group.divergence]
        return [f"{self.title(group.game)}, {self.label(group)}: {group.divergence}" for group in diverged]


def split_spec(spec: dict, folders: list[Path], ledger: Ledger) -> tuple[Sources, dict]:
    """The sources that a spec describes, and its block: the arguments of the function that its kind names."""
    groups = {group.name: group for group in map(Group, folders)}
    own = {each.name for each in fields(Sources)} - {"groups", "ledger"}
    sources = Sources(groups, ledger=ledger, **{key: value for key, value in spec.items() if key in own})
    return sources, {key: value for key, value in spec.items() if key not in own | {"name", "kind", "caption"}}
