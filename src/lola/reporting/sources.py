"""What a figure or a table is made from."""

from dataclasses import dataclass, field
from pathlib import Path

from lola.cells import group_name
from lola.reporting.groups import Group, failures
from lola.reporting.paper import Claim
from lola.reporting.tournaments import Tournament, find


@dataclass(frozen=True)
class Sources:
    """The groups at hand by name, what people call things, and the paper's claims."""

    groups: dict[str, Group]
    labels: dict[str, str]
    actions: dict[str, list[list[str]]]
    settings: dict[str, dict] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    opponent_models: dict[str, str] = field(default_factory=dict)
    tournaments: dict[str, str] = field(default_factory=dict)
    coin_games: dict[str, dict] = field(default_factory=dict)  # by group: grid, tie, batch, length, steps

    def group(self, game: str, shown: str, opponent_model: str = "oracle") -> Group:
        """`shown` is an algorithm, or algorithm/opponent model."""
        return self.groups[group_name(game, shown, opponent_model)]

    def tournament(self, game: str, name: str, opponent_model: str = "oracle") -> Tournament:
        return find(self.groups, game, name, opponent_model)

    def tournament_label(self, tournament: Tournament) -> str:
        """What a tournament is called, and the opponent model where it is not the oracle."""
        model = self.opponent_models.get(tournament.opponent_model)
        return self.tournaments[tournament.name] + (f", {model}" if model else "")

    def label(self, group: Group) -> str:
        """The algorithm's name, and the opponent model's where it is not the oracle."""
        model = self.opponent_models.get(group.opponent_model)
        return self.labels[group.algorithm] + (f", {model}" if model else "")


def split_spec(
    spec: dict, folders: list[Path], claims: list[Claim], shows_failures: bool = False
) -> tuple[Sources, dict]:
    """The sources that a spec describes, and its block: the arguments of the function that its kind names.

    Raises ValueError, in one line, if a seed of one of the groups failed, unless the kind `shows_failures`.
    """
    groups = {group.name: group for group in map(Group, folders)}
    failed = failures(list(groups.values()))
    if failed and not shows_failures:
        more = f"; and {len(failed) - 1} more" if failed[1:] else ""
        raise ValueError(f"{spec['name']} is not made, since {failed[0]}{more}")
    names = [spec.get(key, {}) for key in ("opponent_models", "tournament_labels", "coin_games")]
    sources = Sources(groups, spec["labels"], spec["actions"], spec.get("settings", {}), claims, *names)
    about = {"name", "kind", "caption", "labels", "actions", "settings"}
    about |= {"opponent_models", "tournament_labels", "coin_games"}
    return sources, {key: value for key, value in spec.items() if key not in about}
