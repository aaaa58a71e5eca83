"""What a game, an algorithm and an opponent model must be, each by itself: settings belong to what takes them."""

from collections.abc import Collection, Iterable

from lola.study import plan
from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig, dotted, lookup, quoted, walk
from lola.vocabulary.registry import Entry, Kind

HIGHEST = 20  # exponent: far above those of any paper


def check_game(where: str, game: dict) -> None:
    """A game must take exactly the settings of its kind."""
    name = registry.kind_name(game)
    kind = lookup(f"{where}.kind", name, registry.KINDS)
    always = ("kind", "title", "length") if kind.play else ("kind", "title")
    check_settings(where, game, {f"kind {name}": [kind.game]}, always)
    if "payoffs" in game:
        check_payoffs(where, game["payoffs"], game["actions"])
        if name == "bimatrix":
            check_two_actions(where, game["payoffs"])
    if "terms" in game:
        check_terms(where, game["terms"])
    if "start" in game and len(game["start"]) != (players := plan.players(game)):
        allowed = f"a number for each of {players} players"
        raise BadConfig(f"{where}.start: given {quoted(game['start'])}; allowed: {allowed}")


def check_terms(where: str, terms: list) -> None:
    """Each term of a polynomial game has an exponent for every player's parameter."""
    shape = f"[coefficient, {len(terms)} exponents], since there are terms of {len(terms)} players"
    for path, value in walk(terms):
        if len(path) == 2 and len(value) != 1 + len(terms):
            raise BadConfig(f"{where}.terms{dotted(path)}: given {quoted(value)}; allowed: {shape}")
        if len(path) == 3 and path[2] and value not in range(1 + HIGHEST):
            allowed = f"an exponent, a whole number from 0 to {HIGHEST}"
            raise BadConfig(f"{where}.terms{dotted(path)}: given {quoted(value)}; allowed: {allowed}")


def check_two_actions(where: str, payoffs: list) -> None:
    """In a game that is played once by players with a logit each, everybody has two actions."""
    if not has_shape(payoffs, [len(payoffs)] + [2] * len(payoffs)):
        raise BadConfig(f"{where}.payoffs: given {quoted(payoffs)}; allowed in a bimatrix game: 2 actions per player")


def check_payoffs(where: str, payoffs: list, actions: list) -> None:
    """Payoffs must be numbers, and agree with actions on the players and on each player's number of actions."""
    for path, value in walk(payoffs):
        if not isinstance(value, list | int | float) or isinstance(value, bool):
            raise BadConfig(f"{where}.payoffs{dotted(path)}: given {quoted(value)}; allowed: a number")
    players = len(payoffs)
    if (tables := table_per_player(payoffs, actions)) and not has_shape(payoffs, [players, *counted(actions, players)]):
        raise BadConfig(f"{where}.payoffs: given a list per cell; allowed: a table per player, here {quoted(tables)}")
    each = [actions] * players if all(isinstance(action, str) for action in actions) else actions
    if len(each) != players or any(isinstance(own, str) for own in each):
        allowed = f"one list of names for all, or a list per player, {players} here"
        raise BadConfig(f"{where}.actions: given {quoted(actions)}; allowed: {allowed}")
    for own in each:
        if len(set(own)) < len(own):
            raise BadConfig(f"{where}.actions: given {quoted(own)}; allowed: different names")
    counts = [len(own) for own in each]
    shape = " × ".join(map(str, counts))
    for player, table in enumerate(payoffs, start=1):
        if not has_shape(table, counts):
            why = f"since {players} tables mean {players} players, and they have {shape} actions"
            given = f"player {player}'s is {quoted(table)}"
            raise BadConfig(f"{where}.payoffs: {given}; allowed: numbers nested {shape}, {why}")


def counted(actions: list, players: int) -> list[int]:
    """How many actions each player has."""
    return [len(actions)] * players if isinstance(actions[0], str) else [len(own) for own in actions]


def table_per_player(payoffs: list, actions: list) -> list | None:
    """A table per player of payoffs that are a list per cell, with one for each; None if they can't be read so."""
    cell, players = payoffs, -1
    while isinstance(cell, list) and cell:
        cell, players = cell[0], players + 1
    if not has_shape(payoffs, [*counted(actions, players), players]):
        return None
    return [nth(payoffs, player, players) for player in range(players)]


def nth(cells: list, player: int, deep: int):
    """The payoffs of a player, of cells that are nested so deep."""
    return [nth(row, player, deep - 1) for row in cells] if deep else cells[player]


def read_otherwise(payoffs: list, actions: list) -> list | None:
    """The tables of a game of two players that would be meant by a pair per cell, where the game is odd as it is read.

    Both readings fit two players with two actions. Most games are symmetric, zero-sum or of common interest; of one
    that is none of these a person should see how it is read.
    """
    if not has_shape(payoffs, [2, 2, 2]):
        return None
    first, second = payoffs
    cells = [(r, c) for r in range(2) for c in range(2)]
    alike = all(first[r][c] == second[c][r] for r, c in cells) or all(
        first[r][c] == second[1 - c][1 - r] for r, c in cells
    )
    together = {first[r][c] + second[r][c] for r, c in cells}
    return None if alike or first == second or len(together) == 1 else table_per_player(payoffs, actions)


def has_shape(table, counts: list[int]) -> bool:
    """Whether `table` is numbers nested in lists of these lengths."""
    if not counts:
        return isinstance(table, int | float) and not isinstance(table, bool)
    return isinstance(table, list) and len(table) == counts[0] and all(has_shape(row, counts[1:]) for row in table)


def check_algorithm(where: str, block: dict, kinds: Collection[Kind]) -> None:
    """Rule and estimator, or learner, must exist and take what is given, in games of one of these kinds."""
    if ("learner" in block) == ("rule" in block):
        given = "both" if "rule" in block else "neither"
        raise BadConfig(f"{where}: given {given} of rule and learner; allowed: a rule with lr, or a learner")
    policies = [name for kind in kinds for name, needed in kind.policy.settings.items() if not needed]
    always = ("label", "colour", "begin", *policies)
    if "learner" in block:
        learner = lookup(f"{where}.learner", block["learner"], registry.LEARNERS)
        check_settings(where, block, {f"the learner {block['learner']}": [learner]}, ("learner", *always))
        return
    if "lr" not in block:
        raise BadConfig(f"{where}.lr: is missing; the rule {block['rule']} needs it")
    parts = {f"the rule {block['rule']}": [lookup(f"{where}.rule", block["rule"], registry.RULES)]}
    estimators = by_name([kind.estimators for kind in kinds])
    if "estimator" in block:
        entries = lookup(f"{where}.estimator", block["estimator"], estimators)
        parts |= {f"the estimator {block['estimator']}": entries}
        check_derivatives(where, block, kinds)
    elif "batch" in block:
        given = f"given {block['batch']}, but values without an estimator are exact"
        raise BadConfig(f"{where}.batch: {given}; allowed: only with an estimator: {', '.join(estimators)}")
    check_settings(where, block, parts, ("rule", "estimator", "lr", "lr_final", "clip", *always))
    if "bias" in block and not block.get("align"):
        raise BadConfig(f"{where}.bias: is not used by an SGA that takes no sign; allowed: with align: true")
    if "filters" in block and block.get("encoder") != "convolutional":
        raise BadConfig(f"{where}.filters: is not used by a linear encoder; allowed: with encoder: convolutional")


def check_derivatives(where: str, block: dict, kinds: Collection[Kind]) -> None:
    """A rule must not need higher derivatives of values than estimators give."""
    rule = block["rule"]
    if rule in registry.EXACT:
        given = f"given {quoted(block['estimator'])}, but the rule {rule} needs exact values"
        raise BadConfig(f"{where}.estimator: {given}; allowed: without it")
    if rule in registry.OWN_CURVATURE and not any(kind.own_curvature for kind in kinds):
        without, courses = (*registry.OWN_CURVATURE, *registry.EXACT), {each for kind in kinds for each in kind.courses}
        known = {name: {*(rule.courses or courses)} for name, rule in registry.RULES.items() if name not in without}
        rules = ", ".join(name for name, of in known.items() if of & courses)
        why = "estimators for recurrent players lack a player's own second derivative"
        raise BadConfig(f"{where}.rule: given {rule}, but {why}; allowed: {rules}")
    if block.get("order", 1) > 1:
        allowed = "1, or no estimator: those give the first two derivatives of the values, a higher order needs more"
        raise BadConfig(f"{where}.order: given {block['order']}; allowed: {allowed}")
    if block.get("inner_steps", 1) > 1 and not any(kind.own_curvature for kind in kinds):
        allowed = "1: estimators for recurrent players lack a player's own second derivative, which more would need"
        raise BadConfig(f"{where}.inner_steps: given {block['inner_steps']}; allowed: {allowed}")


def check_opponent_model(where: str, block: dict, kinds: Iterable[Kind]) -> None:
    """The model must exist and take exactly the settings given, in games of one of the kinds."""
    entries = lookup(f"{where}.model", block["model"], by_name([kind.opponent_models for kind in kinds]))
    check_settings(where, block, {f"the opponent model {block['model']}": entries}, ("model", "label"))


def by_name(tables: list[dict[str, Entry]]) -> dict[str, list[Entry]]:
    """All entries of some tables, by their names."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: [table[name] for table in tables if name in table] for name in names}


def check_settings(where: str, block: dict, parts: dict[str, list[Entry]], always: tuple[str, ...]) -> None:
    """A block must give what its parts require, and nothing that none of them takes; a part has an entry per kind."""
    takes = [*always]
    for what, entries in parts.items():
        fewest = min(entry.plays for entry in entries)
        needs = [name for name in entries[0].settings if all(entry.settings.get(name) for entry in entries)]
        needs += ["batch"] if fewest else []
        for setting in needs:
            if setting not in block:
                raise BadConfig(f"{where}.{setting}: is missing; {what} needs it")
        takes += needs + [name for entry in entries for name in entry.settings]
        if fewest > block.get("batch", fewest):
            allowed = f"a whole number from {fewest}, since {what} compares roll-outs with their mean"
            raise BadConfig(f"{where}.batch: given {block['batch']}; allowed: {allowed}")
    for setting in block:
        if setting not in (*takes, "sources"):
            whose = " and ".join(parts) + (" takes" if len(parts) == 1 else " take")
            raise BadConfig(f"{where}.{setting}: {whose} no such setting; allowed: {', '.join(dict.fromkeys(takes))}")
