"""What a figure or a table is made from."""

from dataclasses import dataclass, field
from pathlib import Path

from lola.reporting.groups import Group, failures
from lola.reporting.paper import Claim


@dataclass(frozen=True)
class Sources:
    """The groups at hand by name, what people call things, and the paper's claims."""

    groups: dict[str, Group]
    labels: dict[str, str]
    actions: dict[str, list[list[str]]]
    settings: dict[str, dict] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)

    def group(self, game: str, algorithm: str, opponent_model: str) -> Group:
        return self.groups[f"{game}/{algorithm}/{opponent_model}"]

    def label(self, group: Group) -> str:
        return self.labels[group.algorithm]


def split_spec(spec: dict, folders: list[Path], claims: list[Claim]) -> tuple[Sources, dict]:
    """The sources that a spec describes, and its block: the arguments of the function that its kind names.

    Raises ValueError, in one line, if a seed of one of the groups failed.
    """
    groups = {group.name: group for group in map(Group, folders)}
    if failed := failures(list(groups.values())):
        more = f"; and {len(failed) - 1} more" if failed[1:] else ""
        raise ValueError(f"{spec['name']} is not made, since {failed[0]}{more}")
    sources = Sources(groups, spec["labels"], spec["actions"], spec.get("settings", {}), claims)
    about = {"name", "kind", "caption", "labels", "actions", "settings"}
    return sources, {key: value for key, value in spec.items() if key not in about}
