"""All that a figure or table is told: its block of the config, and what it shows by the names that people read."""

import itertools
from collections.abc import Iterable

from lola.study.plan import Group, block_groups, block_names, groups, part_matchups, player_actions
from lola.vocabulary.kinds import CLAIMS
from lola.vocabulary.names import GroupName, Matchup
from lola.vocabulary.settings import ALGORITHM, AXES, COLOURS, SHADES, WEIGHTS, plain


def labels(config: dict) -> dict[str, str]:
    """Algorithm and matchup names as people read them."""
    own = {name: block.get("label", name) for name, block in config["algorithms"].items()}
    found = dict(own)
    for part, block in config["study"].items():
        tournament = f" ({block.get('label', part)})" if "entrants" in block else ""
        for name, _ in part_matchups(config, part, block):
            found[name] = " vs ".join(own[seat] for seat in Matchup.read(name).seats) + tournament
    return found


def group_label(config: dict, group: GroupName) -> str:
    """A group as people read it: the algorithm, and the opponent model if it is not the oracle."""
    model = config["opponent_models"][group.opponent_model].get("label", group.opponent_model)
    return labels(config)[group.algorithm] + (f", {model}" if group.opponent_model != "oracle" else "")


def colours(config: dict) -> dict[str, str]:
    """The colour of each algorithm: its own, or that of its rule or learner, which take turns in the config's order.

    Shades come after all plain ones, so that no two of few rules look alike.
    """
    families = {name: block.get("rule") or block["learner"] for name, block in config["algorithms"].items()}
    turns = itertools.cycle(shade + colour for shade in SHADES for colour in COLOURS)
    default = dict(zip(dict.fromkeys(families.values()), turns, strict=False))
    return {name: block.get("colour", default[families[name]]) for name, block in config["algorithms"].items()}


def tournament_labels(config: dict, names: Iterable[str]) -> dict[str, str]:
    """The labels of some tournaments, by their names."""
    return {name: config["study"][name].get("label", name) for name in names}


def block_spec(config: dict, name: str, block: dict, known: dict[str, Group] | None = None) -> dict:
    """All that a figure or table shows and cannot read from its groups: names, labels, actions, scale.

    Who asks for many gives the `groups` of the config.
    """
    found = known or groups(config)
    shown = [found[group] for group in block_groups(config, block)]
    coin_games = {group.name: coin_game_scale(group) for group in shown if group.course == "coin_game"}
    if block["kind"] == CLAIMS:  # whose table calls groups by their names
        return block | {"name": name, "labels": {}, "actions": {}, "coin_games": coin_games}
    every = labels(config)
    models = {group.opponent_model for group in shown} - {"oracle"}  # which adds no label
    named = {name for group in shown for name in (group.algorithm, *group.matchup.seats)}
    games, drawn = sorted({group.game for group in shown}), colours(config)
    return block | {
        "name": name,
        "labels": {name: every[name] for name in sorted(named)},
        "colours": {name: drawn[name] for name in sorted(named) if name in drawn},
        "titles": {name: config["games"][name].get("title", name) for name in games},
        "opponent_models": {name: config["opponent_models"][name].get("label", name) for name in sorted(models)},
        "actions": {group.game: player_actions(group.spec["game"]) for group in shown},
        "settings": {group.algorithm: own_settings(config, group) for group in shown if group.course != "match"},
        "tournament_labels": tournament_labels(config, block_names(block, "tournament")),
        "coin_games": coin_games,
    }


def own_settings(config: dict, group: Group) -> dict[str, float | int | None]:
    """What the study itself takes for the axes that a grid may have: the first seat's, None where it has no such.

    Of weights, which few rules have, those that it has.
    """
    first = plain(config["algorithms"][group.matchup.seats[0]], ALGORITHM)
    return {axis: first.get(axis) for axis in AXES if axis in first or axis not in WEIGHTS}


def coin_game_scale(group: Group) -> dict[str, int | str]:
    """The board of a Coin Game, who picks a coin that both step on, and how much was played."""
    board = {"grid": group.spec["game"]["grid"], "tie": group.spec["game"].get("tie", "both")}
    return board | group.spec["play"] | {"steps": group.spec["steps"]}
