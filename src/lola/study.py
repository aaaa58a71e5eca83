"""From a config to what is run: groups of cells, their specs, batches of seeds. Standard library only.

A *group* is all cells that differ only in their seed: a game, an algorithm or matchup, and
an opponent model. Its *spec* is everything that can move its numbers, and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lola.cells import MAP, SEATS, Cell
from lola.learning import registry


@dataclass(frozen=True)
class Group:
    """The cells of one game, algorithm or matchup, and opponent model."""

    game: str
    algorithm: str
    opponent_model: str
    seeds: tuple[int, ...]
    spec: dict

    @property
    def name(self) -> str:
        return f"{self.game}/{self.algorithm}/{self.opponent_model}"

    @property
    def is_map(self) -> bool:
        return self.spec["grid"] is not None

    @property
    def cells(self) -> list[Cell]:
        return [Cell(self.game, self.algorithm, self.opponent_model, seed) for seed in self.seeds]

    @property
    def modules(self) -> list[str]:
        """The modules that its spec names: with their imports, all the code that can move its numbers."""
        entries = [registry.MATRIX_GAME, registry.OPPONENT_MODELS[self.opponent_model]]
        entries += [registry.RULES[seat["rule"]] for seat in self.spec["seats"]]
        return sorted({entry.module for entry in entries})


def groups(config: dict) -> dict[str, Group]:
    """Every group of the study, by name. Raises ValueError where two parts define one group differently."""
    found = {}
    for name, part in config["study"].items():
        for group in part_groups(config, part):
            if found.setdefault(group.name, group) != group:
                raise ValueError(
                    f"study.{name}: {group.name} is already in the study with other seeds, steps or grid; "
                    "give the algorithm a second name"
                )
    return found


def part_groups(config: dict, part: dict) -> Iterator[Group]:
    """The groups of one part of the study."""
    for game in part["games"]:
        for matchup in part["algorithms"]:
            for opponent_model in part.get("opponent_models", ["oracle"]):
                yield Group(
                    game=game,
                    algorithm=matchup + MAP if "grid" in part else matchup,
                    opponent_model=opponent_model,
                    seeds=seed_numbers(part.get("seeds", config["seeds"])),
                    spec={
                        "game": config["games"][game] | {"gamma": float(config["games"][game]["gamma"])},
                        "seats": seats(config, game, matchup),
                        "opponent_model": opponent_model,
                        "steps": part.get("steps", config["steps"]),
                        "init_std": float(config["init_std"]),
                        "grid": grid_of(part),
                    },
                )


def seats(config: dict, game: str, matchup: str) -> list[dict]:
    """One algorithm block per player; a single name fills every seat. Labels move no numbers, nor does 1 for 1.0."""
    names = matchup.split(SEATS)
    players = len(config["games"][game]["payoffs"])
    return [
        {
            key: float(value) if key in ("lr", "eta") else value
            for key, value in config["algorithms"][name].items()
            if key != "label"
        }
        for name in (names if len(names) > 1 else names * players)
    ]


def grid_of(part: dict) -> dict | None:
    """The step sizes of a map, or None."""
    return (
        {axis: [float(value) for value in values] for axis, values in part["grid"].items()} if "grid" in part else None
    )


def seed_numbers(seeds: int | list[int]) -> tuple[int, ...]:
    """A number n means seeds 0 … n-1."""
    return tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)


def is_trained(cell: Cell, root: str | Path) -> bool:
    """Whether both files of a cell are there."""
    return cell.curve(root).exists() and cell.manifest(root).exists()


def progress(groups: dict[str, Group], root: str | Path) -> dict[str, int]:
    """How many cells the study has, and how many of them are there already."""
    cells = [cell for group in groups.values() for cell in group.cells]
    return {"cells": len(cells), "done": sum(is_trained(cell, root) for cell in cells)}


def batches(group: Group, root: str | Path, seeds_per_job: int) -> list[list[Cell]]:
    """The cells of a group as training jobs: those still missing apart from those already there.

    So a new seed, or one whose files were lost, trains without its neighbours.
    """
    missing = [cell for cell in group.cells if not is_trained(cell, root)]
    present = [cell for cell in group.cells if cell not in missing]
    return [cells[n : n + seeds_per_job] for cells in (missing, present) for n in range(0, len(cells), seeds_per_job)]


def block_games(block: dict) -> list[str]:
    """The games that a figure or table shows."""
    return block.get("games") or [block["game"]]


def block_algorithms(block: dict) -> list[str]:
    """The algorithms that a figure or table shows."""
    return block.get("algorithms") or [block["algorithm"]]


def block_groups(block: dict) -> list[str]:
    """The names of the groups that a figure or table shows, games first, then algorithms."""
    model = block.get("opponent_model", "oracle")
    return [f"{game}/{algorithm}/{model}" for game in block_games(block) for algorithm in block_algorithms(block)]


def labels(config: dict) -> dict[str, str]:
    """Algorithm and matchup names as people read them."""
    own = {name: block.get("label", name) for name, block in config["algorithms"].items()}
    matchups = {matchup for part in config["study"].values() for matchup in part["algorithms"]}
    for matchup in matchups:
        label = " vs ".join(own[name] for name in matchup.split(SEATS))
        own[matchup] = own[matchup + MAP] = label
    return own


def block_spec(config: dict, name: str, block: dict) -> dict:
    """All that a figure or table shows and cannot read from its groups: names, labels, actions, scale."""
    found = groups(config)
    shown = [found[group] for group in block_groups(block)]
    every = labels(config)
    return block | {
        "name": name,
        "labels": {group.algorithm: every[group.algorithm] for group in shown},
        "actions": {group.game: player_actions(group.spec["game"]) for group in shown},
        "settings": {group.algorithm: {k: group.spec["seats"][0].get(k) for k in ("lr", "eta")} for group in shown},
    }


def player_actions(game: dict) -> list[list[str]]:
    """The names of each player's actions."""
    actions = game["actions"]
    return [actions] * len(game["payoffs"]) if isinstance(actions[0], str) else actions
