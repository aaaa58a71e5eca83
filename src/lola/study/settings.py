"""What the blocks of a config must be, each by itself: settings belong to their rule, payoffs to their players."""

from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig, lookup, quoted
from lola.vocabulary.names import SEATS, Matchup


def check_game(where: str, game: dict) -> None:
    """A game must take exactly the settings of its kind."""
    name = registry.kind_name(game)
    kind = lookup(f"{where}.kind", name, registry.KINDS)
    check_settings(where, game, {f"kind {name}": kind.game}, ("kind", "length"))
    if "filters" in game and game.get("encoder") != "convolutional":
        raise BadConfig(f"{where}.filters: is not used by a linear encoder; allowed: with encoder: convolutional")
    if kind is registry.MATRIX_GAME:
        check_payoffs(where, game["payoffs"], game["actions"])


def check_payoffs(where: str, payoffs: list, actions: list) -> None:
    """Payoffs and actions must agree on the players and on each player's number of actions."""
    players = len(payoffs)
    shared = all(isinstance(action, str) for action in actions)
    if not shared and (len(actions) != players or any(isinstance(own, str) for own in actions)):
        allowed = f"one list of names for all, or a list per player, {players} here"
        raise BadConfig(f"{where}.actions: given {quoted(actions)}; allowed: {allowed}")
    counts = [len(actions)] * players if shared else [len(own) for own in actions]
    for own in [actions] if shared else actions:
        if len(set(own)) < len(own):
            raise BadConfig(f"{where}.actions: given {quoted(own)}; allowed: different names")
    for player, table in enumerate(payoffs, start=1):
        if not has_shape(table, counts):
            shape = " × ".join(map(str, counts))
            raise BadConfig(
                f"{where}.payoffs: player {player}'s is {quoted(table)}; allowed: numbers nested {shape}, "
                f"since {players} tables mean {players} players, and they have {shape} actions"
            )


def has_shape(table, counts: list[int]) -> bool:
    """Whether `table` is numbers nested in lists of these lengths."""
    if not counts:
        return isinstance(table, int | float) and not isinstance(table, bool)
    return isinstance(table, list) and len(table) == counts[0] and all(has_shape(row, counts[1:]) for row in table)


def check_algorithm(where: str, name: str, algorithm: dict) -> None:
    """The rule and the estimator, or the learner, must exist and take exactly what is given, in some kind of game."""
    if len(Matchup.read(name).seats) > 1:
        raise BadConfig(f"{where}: the name has {SEATS!r} in it, which separates the seats of a matchup")
    if ("learner" in algorithm) == ("rule" in algorithm):
        given = "both" if "rule" in algorithm else "neither"
        raise BadConfig(f"{where}: given {given} of rule and learner; allowed: a rule with lr, or a learner")
    if "learner" in algorithm:
        learner = lookup(f"{where}.learner", algorithm["learner"], registry.LEARNERS)
        check_settings(where, algorithm, {f"the learner {algorithm['learner']}": learner}, ("learner", "label"))
        return
    some = registry.KINDS.values()
    if all(rule_problem(where, algorithm, kind) for kind in some):
        check_rule(where, algorithm, max(some, key=lambda kind: settings_taken(algorithm, kind)))


def settings_taken(algorithm: dict, kind: registry.Kind) -> int:
    """How many settings of an algorithm its estimator takes in games of a kind, which tells the kind that it is for."""
    estimator = kind.estimators.get(algorithm.get("estimator"))
    return len({*estimator.required, *estimator.optional} & {*algorithm}) if estimator else 0


def rule_problem(where: str, algorithm: dict, kind: registry.Kind) -> BadConfig | None:
    """What keeps an algorithm with a rule from being trained in games of a kind, if anything does."""
    try:
        check_rule(where, algorithm, kind)
    except BadConfig as problem:
        return problem
    return None


def check_rule(where: str, algorithm: dict, kind: registry.Kind) -> None:
    """The rule and the estimator must exist and take exactly the settings given, in games of this kind."""
    if "lr" not in algorithm:
        raise BadConfig(f"{where}.lr: is missing; the rule {algorithm['rule']} needs it")
    rule = lookup(f"{where}.rule", algorithm["rule"], registry.RULES)
    parts = {f"the rule {algorithm['rule']}": rule}
    if "estimator" in algorithm:
        estimator = lookup(f"{where}.estimator", algorithm["estimator"], kind.estimators)
        parts |= {f"the estimator {algorithm['estimator']}": estimator}
        if algorithm.get("order", 1) > 1:
            allowed = (
                "1, or no estimator: those give the first two derivatives of the values, a higher order needs more"
            )
            raise BadConfig(f"{where}.order: given {algorithm['order']}; allowed: {allowed}")
        if algorithm.get("inner_steps", 1) > 1 and not kind.own_curvature:
            allowed = "1: estimators for recurrent players lack a player's own second derivative, which more would need"
            raise BadConfig(f"{where}.inner_steps: given {algorithm['inner_steps']}; allowed: {allowed}")
    elif "batch" in algorithm:
        allowed = f"only with an estimator: {', '.join(kind.estimators)}"
        raise BadConfig(
            f"{where}.batch: given {algorithm['batch']}, but values without an estimator are exact; allowed: {allowed}"
        )
    check_settings(where, algorithm, parts, ("rule", "estimator", "lr", "lr_final", "clip", "label"))


def check_opponent_model(where: str, block: dict) -> None:
    """The model must exist and take exactly the settings given."""
    model = lookup(f"{where}.model", block["model"], registry.MATRIX_GAME.opponent_models)
    check_settings(where, block, {f"the opponent model {block['model']}": model}, ("model", "label"))


def check_settings(where: str, block: dict, parts: dict[str, registry.Entry], always: tuple[str, ...]) -> None:
    """A block must give what its parts require, and nothing that none of them takes."""
    takes = [*always]
    for what, entry in parts.items():
        required = (*entry.required, *["batch"] * bool(entry.plays))
        for setting in required:
            if setting not in block:
                raise BadConfig(f"{where}.{setting}: is missing; {what} needs it")
        takes += [*required, *entry.optional]
        if entry.plays > block.get("batch", entry.plays):
            allowed = f"a whole number from {entry.plays}, since {what} compares roll-outs with their mean"
            raise BadConfig(f"{where}.batch: given {block['batch']}; allowed: {allowed}")
    for setting in block:
        if setting not in takes:
            whose = " and ".join(parts)
            raise BadConfig(
                f"{where}.{setting}: {whose} take{'s' * (len(parts) == 1)} no such setting; allowed: {', '.join(takes)}"
            )
