"""From a config to what is run: groups of cells, their specs, batches of seeds. Standard library only.

A *group* is all cells that differ only in their seed; its *spec*, all that can move its numbers and nothing else.
"""

import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from lola.study import regions
from lola.study.payoffs import return_bounds
from lola.study.regions import overridden
from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig
from lola.vocabulary.kinds import CLAIMS
from lola.vocabulary.names import MAP, Cell, GroupName, Matchup, of_seed
from lola.vocabulary.settings import (
    ALGORITHM,
    GAME,
    OPPONENT_MODEL,
    PART,
    in_shape,
    plain,
)

# Of a player's block: how people are shown it, what `play` says of all players, and what `begin` of a spec says.
UNSEEN = ("label", "colour", "batch", "begin")


@dataclass(frozen=True)
class Group(GroupName):
    """The cells of one game, algorithm or matchup, and opponent model."""

    seeds: tuple[int, ...]
    seeds_per_job: int
    spec: dict
    more: int = 0  # so many further seeds, of which only the ends are kept
    more_first: int | None = None  # and the mean return over so many first updates
    # The groups whose networks its seats carry, or with whose policies they begin, "" for none; of a region last whom
    # it has.
    reads: tuple[str, ...] = ()
    resources: dict = field(default_factory=dict)  # what its jobs ask a cluster for

    @property
    def course(self) -> str:
        """The name of the way in which it is trained, which says what sort of group it is."""
        return registry.course(self.spec)

    @property
    def grid(self) -> dict[str, list]:
        """The settings that it tries, if it is a map, by name."""
        return self.spec["grid"] or {}

    @property
    def cells(self) -> list[Cell]:
        return [self.cell(seed) for seed in self.seeds]

    @property
    def further(self) -> list[int]:
        """The seeds of which only the ends are kept: those that follow."""
        first = max(self.seeds) + 1
        return list(range(first, first + self.more))

    def read_by(self, seed: int) -> list[Cell]:
        """The cells that a seed's cell is made from: those of what its seats carry or begin with."""
        return of_seed(seed, self.reads)

    @property
    def entries(self) -> list[registry.Entry]:
        """Entries of the registry that its spec names: with all that they reach, the code that moves its numbers."""
        kind, model = registry.kind(self.spec["game"]), self.spec["opponent_model"]["model"]
        tables = {"rule": registry.RULES, "learner": registry.LEARNERS, "estimator": kind.estimators}
        entries = [registry.COURSES[self.course].job, kind.game, kind.policy, kind.opponent_models[model]]
        entries += [kind.assess] if model == "cloning" else []
        seats = regions.seats(self.spec)
        entries += [registry.COURSES["networks"].job] if "networks" in self.spec else []
        entries += [known[seat[key]] for seat in seats for key, known in tables.items() if key in seat]
        if match := self.spec["match"]:
            entries.append(registry.PERSPECTIVES[match["perspective"]])
        elif self.spec["play"]:
            entries.append(kind.play)
        return entries


def groups(config: dict) -> dict[str, Group]:
    """Every group of the study, by name. Raises BadConfig where two parts define one group differently."""
    found = {}
    for name, part in config["study"].items():
        for group in part_groups(config, name, part):
            if found.setdefault(group.name, group) != group:
                others = "other seeds, steps, resources or such; give the algorithm a second name"
                raise BadConfig(f"study.{name}: {group.name} is already in the study with {others}")
    return found


def part_groups(config: dict, name: str, part: dict) -> Iterator[Group]:
    """The groups of one part of the study; a number n of seeds means 0 … n-1."""
    seeds = part.get("seeds", config["seeds"])
    for game, (algorithm, opponent_model) in itertools.product(part["games"], part_matchups(config, name, part)):
        block, model = config["games"][game], config["opponent_models"][opponent_model]
        seats = [config["algorithms"][name] for name in Matchup.read(algorithm).seated(players(block))]
        grid = in_shape(part["grid"], PART["grid"].shape) if "grid" in part else None
        spec = {
            "game": plain(block, GAME, without=("title", "length")),
            "seats": [overridden(plain(seat, ALGORITHM, UNSEEN), grid) for seat in seats],
            "opponent_model": plain(model, OPPONENT_MODEL, UNSEEN),
            "play": overridden(play_of(part, block, [*seats, model]), grid),
            "steps": part.get("episodes") or part.get("steps", config["steps"]),
            "init_std": float(part.get("init_std", config["init_std"])),
            "grid": grid,
            "match": {"perspective": part.get("perspective", "as_described")} if "episodes" in part else None,
            "every": part.get("every"),
        } | regions.differences(config, part, seats, grid)
        nets = [] if regions.fits(part) else [carried(config, game, seat, spec) for seat in regions.seats(spec)]
        begun = [begins(config, game, seat) for seat in seats]
        read = begun if any(begun) else nets
        yield Group(
            game=game,
            algorithm=algorithm,
            opponent_model=opponent_model,
            seeds=tuple(range(seeds) if isinstance(seeds, int) else seeds),
            seeds_per_job=part.get("seeds_per_job", config["seeds_per_job"]),
            more=part.get("further", 0),
            more_first=part.get("further_first"),
            resources=part.get("resources", {}),
            reads=tuple(group.name if group else "" for group in read),
            spec=spec | specs_of("networks", nets) | specs_of("begin", begun),
        )


def specs_of(key: str, read: list[Group | None]) -> dict:
    """The specs of the groups that a group is made from, under a key; nothing if there are none."""
    return {key: [group and group.spec for group in read]} if any(read) else {}


def begins(config: dict, game: str, block: dict) -> Group | None:
    """The group with whose last policies a player begins; None if its own are drawn, or the study trains none."""
    name = block.get("begin")
    if not name or not begins_somewhere(config, name):
        return None
    for part_name, part in config["study"].items():
        if name in part.get("algorithms", ()) and game in part["games"] and not {"grid", "region"} & {*part}:
            only = {"games": [game], "algorithms": [name], "opponent_models": ["oracle"]}
            (group,) = part_groups(config, part_name, part | only)
            return group
    return None


def begins_somewhere(config: dict, name: str) -> bool:
    """Whether there is an algorithm of this name, and a first one in the chain of those that it begins with."""
    seen = set()
    while name in config["algorithms"] and name not in seen:
        seen.add(name)
        if "begin" not in config["algorithms"][name]:
            return True
        name = config["algorithms"][name]["begin"]
    return False


def carried(config: dict, game: str, seat: dict, spec: dict) -> Group | None:
    """The group that fits the networks of a seat; None if it carries none, or nobody fits them."""
    if seat.get("rule") not in registry.CARRYING:
        return None
    return networks(config, game, seat, registry.etas(spec) if "region" in spec else [seat["eta"]])


def networks(config: dict, game: str, block: dict, etas: Iterable[float]) -> Group | None:
    """The group that fits an algorithm's networks in a game, at these look-ahead rates; None if the study has none.

    They are known by their kind, so that several algorithms may carry the same.
    """
    for name, part in config["study"].items():
        for group in part_groups(config, name, part) if regions.fits(part) and game in part["games"] else ():
            known = {*registry.etas(group.spec)}
            if group.game == game and group.spec["seats"][0].get("net") == block.get("net") and {*etas} <= known:
                return group
    return None


def part_matchups(config: dict, name: str, part: dict) -> list[tuple[str, str]]:
    """The matchups of a part of the study, with their opponent models; in a tournament every entrant meets each."""
    models = part.get("opponent_models", ["oracle"])
    if "entrants" in part:
        return list(dict.fromkeys(match for model in models for match in matches(config, name, model)))
    within = regions.within(part) or (MAP if "grid" in part else "")
    matchups = [str(replace(Matchup.read(algorithm), within=within)) for algorithm in part["algorithms"]]
    return [(matchup, model) for matchup in matchups for model in models]


def matches(config: dict, tournament: str, opponent_model: str) -> list[tuple[str, str]]:
    """The matches of a tournament, with their opponent models: the oracle where nobody needs to know the other."""
    found = []
    for pair in itertools.combinations_with_replacement(config["study"][tournament]["entrants"], 2):
        models = any("rule" in config["algorithms"][entrant] for entrant in pair)
        match = Matchup(tuple(dict.fromkeys(pair)), tournament)
        found.append((str(match), opponent_model if models else "oracle"))
    return found


def players(game: dict) -> int:
    """The number of players of a game: as its kind says, or as its block has."""
    known = registry.kind(game).players
    return len(game[known]) if isinstance(known, str) else known


def play_of(part: dict, game: dict, blocks: list[dict]) -> dict | None:
    """How many roll-outs come before every update (in a match one, the episode), of how many steps; None if none."""
    if "episodes" in part:
        return {"batch": 1, "length": part["length"]}
    batch = next((block["batch"] for block in blocks if "batch" in block), None)
    return {"batch": batch, "length": game.get("length")} if batch else None


def is_trained(cell: Cell, root: str | Path) -> bool:
    """Whether both files of a cell are there."""
    return cell.curve(root).exists() and cell.manifest(root).exists()


def progress(groups: dict[str, Group], root: str | Path) -> dict[str, int]:
    """The number of cells of the study, and of those that are there already."""
    cells = [cell for group in groups.values() for cell in group.cells]
    return {"cells": len(cells), "done": sum(is_trained(cell, root) for cell in cells)}


def batches(group: Group, root: str | Path) -> list[list[Cell]]:
    """The cells of a group as training jobs: those still missing apart from those already there.

    So a new seed trains without its neighbours. A job that was killed stays the job it was, for its checkpoint's sake.
    """
    cells = group.cells
    missing = {cell: None for cell in cells if not is_trained(cell, root)}
    killed, taken = [], set()
    for seeds in checkpointed(group, root):
        job = [cell for cell in cells if cell.seed in seeds]
        if len(job) == len(seeds) and taken.isdisjoint(job) and not {*job}.isdisjoint(missing):
            killed.append(job)
            taken.update(job)
    rest = [cell for cell in missing if cell not in taken]
    present = [cell for cell in cells if cell not in missing and cell not in taken]
    width = group.seeds_per_job
    return killed + [part[n : n + width] for part in (rest, present) for n in range(0, len(part), width)]


def checkpointed(group: Group, root: str | Path) -> Iterator[set[int]]:
    """The seeds of each job of the group that has left a checkpoint; `lola.files.checkpoints` writes them."""
    for path in group.checkpoints(root):
        with suppress(ValueError, KeyError, TypeError, OSError, RecursionError), path.open("rb") as file:
            file.readline()
            yield {*json.loads(file.readline())["seeds"]}


def group_spec(group: Group) -> dict:
    """What a gathered group is told of itself: seeds, course, whether rows are means over blocks, bounds of returns.

    Of a game of real parameters also its spec, from which the step may be known; of a tournament's match without
    episodes too, from which it is known what last policies are worth.
    """
    about = {"seeds": [*group.seeds], "course": group.course, "blocks": registry.COURSES[group.course].blocks}
    told = registry.kind(group.spec["game"]).courses[0] == "parameters"
    told |= group.course == "updates" and bool(group.matchup.tournament)
    about |= {"spec": group.spec} if told else {}
    return about | ({"bounds": bounds} if (bounds := return_bounds(group.spec["game"])) else {})


def further_spec(group: Group) -> dict:
    """What the training of a group's further seeds is told."""
    told = {"cells": group.spec, "further": group.further}
    return told | ({"first": group.more_first} if group.more_first else {})


def blocks(config: dict, stage: str) -> dict[str, dict]:
    """The figures or tables of a study; among the tables the one of its claims, which are held against all groups."""
    own = config[f"{stage}s"]
    if stage == "figure" or "claims" not in config:
        return own
    return own | {CLAIMS: {"kind": CLAIMS, "caption": "The paper's claims", "groups": [*groups(config)]}}


def block_names(block: dict, what: str) -> list[str]:
    """What a figure or table names as its games, algorithms or tournaments, or as the only one."""
    return block.get(f"{what}s") or ([block[what]] if what in block else [])


def named_groups(block: dict) -> list[str]:
    """The groups that a figure or table names, alone or as options."""
    return block.get("groups") or [name for groups in block.get("options", {}).values() for name in groups]


def block_games(block: dict) -> list[str]:
    """The games that a figure or table shows."""
    if named := named_groups(block):
        return list(dict.fromkeys(GroupName.read(name).game for name in named))
    return block_names(block, "game")


def block_groups(config: dict, block: dict) -> list[str]:
    """The names of the groups that a figure or table shows, each once, games first, then algorithms or matches."""
    model = block.get("opponent_model", "oracle")
    if tournaments := block_names(block, "tournament"):
        played = [match for tournament in tournaments for match in matches(config, tournament, model)]
        shown = [GroupName(game, *match) for game in block_games(block) for match in played]
    else:
        shown = [GroupName.read(name, model) for names in shown_together(block) for name in names]
    return list(dict.fromkeys(group.name for group in shown))


def shown_together(block: dict) -> list[list[str]]:
    """The groups that a figure or table shows beside each other, as it names them; matches of a tournament apart."""
    if "groups" in block:
        return [block["groups"]]
    if "options" in block:
        return [*block["options"].values()]
    algorithms = block_names(block, "algorithm") + block.get("sampled", [])
    return [[f"{game}/{name}" for game in block_games(block) for name in algorithms]]


def player_actions(game: dict) -> list[list[str]]:
    """The names of each player's actions; none where a game has no actions."""
    actions = game.get("actions") or list(registry.kind(game).actions)
    return actions if actions and not isinstance(actions[0], str) else [actions] * players(game)
