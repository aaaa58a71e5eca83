"""What a player needs of the way in which its group is trained."""

import math
from collections.abc import Collection

from lola.study import plan
from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig

UNITS = 16  # of a network, where an algorithm says nothing else
MOST_REPLIES = 10**4  # that best response shaping tries, in every update


def check_course(where: str, group: plan.Group, name: str, block: dict) -> None:
    """A player must be one that can be trained in the way of its group; `where` is its part of the study."""
    learner = registry.LEARNERS.get(block.get("learner"))
    if learner and learner.courses:
        check_learner(where, group, name, learner.courses)
    check_states(where, group, name, block)
    if group.course == "weights":
        check_networks(where, group, name, block)
    if group.course == "match" and "estimator" in block:
        if block["batch"] > 1:
            allowed = "algorithms with batch 1, since an episode is one roll-out"
            given = f"{name} needs {block['batch']} roll-outs"
            raise BadConfig(f"{of_seats(where, group)}: {given}; allowed in episodes: {allowed}")
        if (perspective := group.spec["match"]["perspective"]) != "as_described":
            allowed = "algorithms with exact values"
            raise BadConfig(f"{of_seats(where, group)}: {name} estimates values; allowed with {perspective}: {allowed}")


def check_begin(config: dict, where: str, group: plan.Group) -> None:
    """Whoever begins with somebody's last policies must find them: of this game, for all of its seeds."""
    for name in group.matchup.seats:
        if "begin" not in (block := config["algorithms"][name]):
            continue
        given = (
            f"{of_seats(where, group)}: given {name} in {group.game}, which begins with policies of {block['begin']}"
        )
        if not plan.begins_somewhere(config, block["begin"]):
            allowed = "an algorithm in the config, none that begins with itself in the end"
            raise BadConfig(f"algorithms.{name}.begin: given {block['begin']}; allowed: {allowed}")
        plain = group.course == "updates" and "networks" not in group.spec and not group.more
        if not plain or group.spec["opponent_model"]["model"] != "oracle":
            allowed = "matrix games of tables, with the oracle, without a grid, further seeds and fitted networks"
            raise BadConfig(f"{given}; allowed in {allowed}")
        if not (trained := plan.begins(config, group.game, block)):
            raise BadConfig(f"{given} that the study does not train; allowed: such a part, without a grid")
        if missing := sorted({*group.seeds} - {*trained.seeds}):
            raise BadConfig(f"{where}.seeds: given {missing[0]}; allowed: seeds for which {trained.name} is trained")


def check_learner(where: str, group: plan.Group, name: str, courses: tuple[str, ...]) -> None:
    """A learner must find one of its courses, and one that goes by parameters the true ones."""
    as_it_plays, model = "match" in courses, group.opponent_model
    if group.course not in courses:
        how, allowed = "learns as it plays, in episodes", "parts that say episodes, length and every"
        if not as_it_plays:
            how = f"goes by everybody's parameters and not by play, for {registry.COURSES[group.course].what}"
            allowed = ", ".join(registry.COURSES[course].what for course in courses)
        raise BadConfig(f"{of_seats(where, group)}: given {name}, which {how}; allowed: {allowed}")
    if not as_it_plays and group.spec["opponent_model"]["model"] != "oracle":
        given = f"given {model} for {name}, which goes by everybody's true parameters"
        raise BadConfig(f"{where}.opponent_models: {given}; allowed: oracle")


def check_states(where: str, group: plan.Group, name: str, block: dict) -> None:
    """Who answers states must be in a game that has them, and who mirrors or enumerates them in one that allows it."""
    rule, policy = block.get("rule"), block.get("policy")
    if rule in registry.OF_STATES and group.course not in registry.BY_STATES:
        what = ", ".join(registry.COURSES[course].what for course in registry.BY_STATES)
        given = f"given {name}, whose rule {rule} needs tables of logits, one for each state"
        raise BadConfig(f"{of_seats(where, group)}: {given}; allowed: {what}")
    if rule != "brs" and policy != "tit_for_tat":
        return
    counts = [len(actions) for actions in plan.player_actions(group.spec["game"])]
    game = f"given {name} in {group.game}, whose players have {' × '.join(map(str, counts))} actions"
    replies = max(counts) ** (1 + math.prod(counts))
    if len(counts) != 2 or (rule and replies > MOST_REPLIES):
        allowed = f"games of 2 players{f' with up to {MOST_REPLIES} replies of one action per state' if rule else ''}"
        raise BadConfig(f"{of_seats(where, group)}: {game}; allowed for {rule or policy}: {allowed}")
    if len({*counts}) > 1 and (policy or block.get("self_play")):
        what = policy or "self_play"
        raise BadConfig(f"{of_seats(where, group)}: {game}; allowed with {what}: as many for each")


def check_networks(where: str, group: plan.Group, name: str, block: dict) -> None:
    """Networks have no table to pre-condition, and begin with as many weights as they have."""
    if block.get("precondition"):
        given = f"given {name} in {group.game}, whose players have networks"
        raise BadConfig(f"{of_seats(where, group)}: {given}; allowed with precondition: games with tables of logits")
    counts = [len(actions) for actions in plan.player_actions(group.spec["game"])]
    units = block.get("hidden", UNITS)
    for seat, count in zip(group.matchup.seated(len(counts)), counts, strict=True):
        size = weights(units, counts, count)
        if seat == name and len(block.get("first_weights", [0] * size)) != size:
            given = f"given {len(block['first_weights'])} numbers"
            allowed = f"{size}, of {units} hidden units in {group.game}"
            raise BadConfig(f"algorithms.{name}.first_weights: {given}; allowed: {allowed}")


def weights(units: int, counts: Collection[int], own: int) -> int:
    """How many weights a network has that sees what players with so many actions did, and has `own` of them."""
    return units * (1 + sum(1 + count for count in counts)) + (units + 1) * (own - 1)


def of_seats(where: str, group: plan.Group) -> str:
    """The key of a part of the study by which it names who plays."""
    return f"{where}.{'entrants' if group.matchup.tournament else 'algorithms'}"
