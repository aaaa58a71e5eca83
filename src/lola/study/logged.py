"""What is logged of a study, game by game, and whether it was logged as it is now. Standard library only."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lola.files import records
from lola.files.artifacts import canonical, sha256
from lola.study import display, papers, plan, schedule
from lola.study.fingerprints import EVERYTHING, fingerprints
from lola.study.plan import Group
from lola.vocabulary import registry

CELLS, AGGREGATE = "cells", "aggregate"  # the runs of a game: one a cell, and one with what shows them
COMMAND = "lola.commands.track"


@dataclass(frozen=True)
class Log:
    """What is logged of a game: what its runs are `told`, the files that they are made from, and what says so."""

    game: str
    what: str
    marker: Path
    told: dict
    files: list[str]

    @cached_property
    def digest(self) -> str:
        """Names what runs are told, and the code that tells them."""
        return sha256(canonical([self.told, fingerprints(COMMAND, without=registry.__name__)]))[:12]

    def stale(self) -> str | None:
        """Why it is to be logged again, as far as the marker says: what it is made from is not what it was."""
        try:
            marker = json.loads(self.marker.read_text(encoding="utf-8"))
            made_from = marker["inputs"]
            if marker["digest"] != self.digest:
                return "what runs are told changed"
            changed = [path for path in self.files if not records.matches(path, made_from.get(path, ""))]
        except FileNotFoundError:
            return "not logged yet"
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return f"{self.marker} is damaged"
        return f"{changed[0]} changed" if changed else None


def logs(config: dict, store: str, overlays: list[str], by_hand: dict) -> Iterator[Log]:
    """All that is logged of a study to the store of this digest; nothing if the config has no tracking."""
    if config["tracking"] == "none":
        return
    groups, root = plan.groups(config), config["results"]
    games = sorted({group.game for group in groups.values()})
    for game in games:
        told = {"store": store, "about": about(config, groups, game, papers.makes(config["paper"], overlays, by_hand))}
        known = {"games": games if game == games[0] else []}  # whoever comes first forgets all others
        of_game = [f"{root}/manifests/groups/{group.name}.json" for group in groups.values() if group.game == game]
        yield Log(game, CELLS, marker(root, game, CELLS), told | known, of_game)
        figures = shown_figures(config, game)
        tables = [name for name, block in plan.blocks(config, "table").items() if game in plan.block_games(block)]
        shown = [f"{root}/figures/{name}.{ending}" for name in figures for ending in ("pdf", "png")]
        shown += [f"{root}/tables/{name}.{ending}" for name in tables for ending in ("csv", "md")]
        yield Log(game, AGGREGATE, marker(root, game, AGGREGATE), told | {"figures": figures}, shown)


def marker(root: str | Path, game: str, what: str) -> Path:
    """The file that says what was logged of a game, and where."""
    return Path(root, "tracking", f"{game}.{what}.json")


def about(config: dict, groups: dict[str, Group], game: str, command: str) -> dict:
    """What the runs of a game are told of the study that the command makes."""
    own, labels = [group for group in groups.values() if group.game == game], display.labels(config)
    models = {group.opponent_model: config["opponent_models"][group.opponent_model] for group in own}
    return {
        "algorithms": {group.algorithm: labels[group.algorithm] for group in own},
        "opponent_models": {name: block.get("label", name) for name, block in models.items()},
        "command": command,
        "code": sha256(canonical(fingerprints(("lola.tracking.runs", EVERYTHING), without=registry.__name__)))[:12],
    }


def shown_figures(config: dict, game: str) -> dict[str, dict]:
    """The figures that show a game: the kind of each, the groups in it, its rank among all figures."""
    return {
        name: {"kind": block["kind"], "groups": plan.block_groups(config, block), "rank": rank}
        for rank, (name, block) in enumerate(schedule.ranked(config, plan.blocks(config, "figure")).items())
        if game in plan.block_games(block)
    }
