"""What a player needs of the way in which its group is trained."""

from lola.study import plan
from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig


def check_course(where: str, group: plan.Group, name: str, block: dict) -> None:
    """A player must be one that can be trained in the way of its group; `where` is its part of the study."""
    learner = registry.LEARNERS.get(block.get("learner"))
    if learner and learner.courses:
        check_learner(where, group, name, learner.courses)
    if group.course == "match" and "estimator" in block:
        if block["batch"] > 1:
            allowed = "algorithms with batch 1, since an episode is one roll-out"
            given = f"{name} needs {block['batch']} roll-outs"
            raise BadConfig(f"{of_seats(where, group)}: {given}; allowed in episodes: {allowed}")
        if (perspective := group.spec["match"]["perspective"]) != "as_described":
            allowed = "algorithms with exact values"
            raise BadConfig(f"{of_seats(where, group)}: {name} estimates values; allowed with {perspective}: {allowed}")


def check_learner(where: str, group: plan.Group, name: str, courses: tuple[str, ...]) -> None:
    """A learner must find one of its courses, and one that climbs exact values the true parameters."""
    as_it_plays, model = "match" in courses, group.opponent_model
    if group.course not in courses:
        how, allowed = "learns as it plays, in episodes", "parts that say episodes, length and every"
        if not as_it_plays:
            how = f"climbs exact values and remembers its last update, for {registry.COURSES[group.course].what}"
            allowed = ", ".join(registry.COURSES[course].what for course in courses)
        raise BadConfig(f"{of_seats(where, group)}: given {name}, which {how}; allowed: {allowed}")
    if not as_it_plays and group.spec["opponent_model"]["model"] != "oracle":
        given = f"given {model} for {name}, which climbs exact values at the true parameters"
        raise BadConfig(f"{where}.opponent_models: {given}; allowed: oracle")


def of_seats(where: str, group: plan.Group) -> str:
    """The key of a part of the study by which it names who plays."""
    return f"{where}.{'entrants' if group.matchup.tournament else 'algorithms'}"
