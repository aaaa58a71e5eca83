"""What a config's schema cannot say: that names exist, that what is trained can be, that groups can be shown."""

from collections.abc import Iterator

from lola.study import evaluations, plan, scoring
from lola.study.blocks import check_algorithm, check_game, check_opponent_model, has_shape, read_otherwise
from lola.study.limits import check_names, check_results, check_size
from lola.study.seats import check_begin, check_course
from lola.study.shown import check_block, check_table_names, of_order
from lola.vocabulary import kinds, registry
from lola.vocabulary.errors import BadConfig, Faults, dotted, lookup, quoted
from lola.vocabulary.names import CONSISTENCY, MAP, NETWORKS, SEATS, Matchup
from lola.vocabulary.settings import AXES, BLOCKS, STUDY, given

# The keys of a part that not every part takes.
SOME = ("algorithms", "entrants", "label", "steps", "episodes", "length", "perspective", "every", "grid")
SOME += evaluations.KEYS


def check_study(config: dict) -> None:
    """Raise BadConfig with all that is wrong at the first stage at which something is, since the next builds on it.

    The stages: blocks by themselves; parts of the study; figures, tables, the order of work.
    """
    faults = Faults()
    for stage in (of_blocks, of_parts, of_what_is_shown):
        for check in stage(config):
            faults.of(*check)
        faults.tell()


def of_blocks(config: dict) -> Iterator[tuple]:
    """Checks of where results go, of each game, algorithm and opponent model by itself, and of all sources."""
    yield check_results, config["results"]
    for name, game in config["games"].items():
        yield check_game, f"games.{name}", game
    for name, algorithm in config["algorithms"].items():
        yield check_name, name
        yield check_algorithm, f"algorithms.{name}", algorithm, registry.KINDS.values()
    for name, block in config["opponent_models"].items():
        yield check_opponent_model, f"opponent_models.{name}", block, registry.KINDS.values()
    blocks = [(f"{key}.{name}.", block, known) for key, known in BLOCKS.items() for name, block in config[key].items()]
    for where, block, known in [("", config, STUDY), *blocks]:
        for name in block.get("sources", {}):
            yield lookup, f"{where}sources", name, given(block, known), "setting in this block"


def of_parts(config: dict) -> Iterator[tuple]:
    """Checks of each part of the study."""
    for name, part in config["study"].items():
        yield check_part, config, name, part


def of_what_is_shown(config: dict) -> Iterator[tuple]:
    """Checks of the figures and tables, and of the order of work."""
    groups = plan.groups(config)
    for stage, (_, known) in kinds.SHOWN.items():
        for name, block in config[f"{stage}s"].items():
            yield check_block, config, groups, f"{stage}s.{name}", block, known
    yield check_table_names, config["tables"]
    yield from of_order(config)


def check_name(name: str) -> None:
    """An algorithm's name must not read like a matchup, nor be read as another in one."""
    if len(Matchup.read(name).seats) > 1:
        raise BadConfig(f"algorithms.{name}: the name has {SEATS!r} in it, which separates the seats of a matchup")
    if Matchup.read(str(Matchup((name, name)))).seats != (name, name):
        raise BadConfig(f"algorithms.{name}: the name ends like {SEATS!r}, which separates the seats of a matchup")


def check_part(config: dict, name: str, part: dict) -> None:
    """What a part names must exist, and all whom it seats must be able to play in its games."""
    where, tournament, episodes = f"study.{name}", "entrants" in part, "episodes" in part
    check_keys(where, part, part_kind(config, where, part))
    key = "entrants" if tournament else "algorithms"
    for matchup in map(Matchup.read, part[key]):
        for algorithm in [str(matchup)] if tournament or matchup.within else matchup.seats:
            lookup(f"{where}.{key}", algorithm, config["algorithms"])
    oracle = ["oracle"] if tournament else []  # that of matches in which nobody models anybody
    for model in part.get("opponent_models", ["oracle"]) + oracle:
        lookup(f"{where}.opponent_models", model, config["opponent_models"])
    if tournament:
        check_tournament(config, where, part)
    if episodes:
        check_episodes(config, where, part)
    if every := part.get("every"):
        count, unit = (part["episodes"], "episodes") if episodes else (part.get("steps", config["steps"]), "steps")
        averaged = episodes or registry.COURSES[part_kind(config, where, part).courses[0]].blocks
        if count % (10 * every if averaged else every):
            tenth = f"a number that divides a tenth of {unit}, {count / 10:g}, over which final numbers average"
            if count % 10:  # of which there is no tenth
                tenth = f"{unit} in a multiple of 10, not {count}, and a number that divides a tenth of them"
            allowed = tenth if averaged else f"a number that divides {unit}, {count}"
            raise BadConfig(f"{where}.every: given {every}; allowed: {allowed}")
    if "region" in part:
        evaluations.check_part(config, where, part)
    for group in plan.part_groups(config, name, part):
        check_group(config, where, group)


def check_keys(where: str, part: dict, kind: registry.Kind) -> None:
    """A part must have what its sort needs, and nothing that only other sorts take."""
    if {*evaluations.KEYS} & {*part}:
        evaluations.check_keys(where, part, SOME)
        return
    tournament, episodes = "entrants" in part, "episodes" in part
    course = registry.COURSES["match" if episodes else kind.courses[0]]
    what = f"a part with {course.what}" if course.blocks else "a part without entrants"
    if tournament:
        what = "a tournament in episodes" if episodes else "a tournament without episodes"
    needs = ["entrants" if tournament else "algorithms"]
    needs += ["episodes", "length"] if episodes else []
    needs += ["every"] if course.blocks else []
    takes = {*needs, "perspective" if episodes else "steps"}
    if tournament:
        takes |= {"label", "every"}
    elif not course.blocks:
        takes |= {"grid"} if "grid" in part and {*registry.MAPS} & {*kind.courses} else {"every"}
    for key in needs:
        if key not in part:
            raise BadConfig(f"{where}.{key}: is missing; {what} needs {', '.join(needs)}")
    for key in SOME:
        if key in part and key not in takes:
            raise BadConfig(f"{where}.{key}: is not used by {what}; allowed: without it")


def part_kind(config: dict, where: str, part: dict) -> registry.Kind:
    """The kind of a part's games, which must be one."""
    found = {}
    for game in part["games"]:
        block = lookup(f"{where}.games", game, config["games"])
        found.setdefault(registry.kind_name(block), game)
    if len(found) > 1:
        games = " and ".join(f"{game} ({kind})" for kind, game in found.items())
        raise BadConfig(f"{where}.games: given {games}; allowed: games of one kind in a part")
    return registry.KINDS[next(iter(found))]


def check_tournament(config: dict, where: str, part: dict) -> None:
    """There must be two or more entrants, each once, and games of two players."""
    entrants = part["entrants"]
    taken = {MAP: "maps of settings", CONSISTENCY: "rules at points", NETWORKS: "networks"}
    if what := taken.get(where.removeprefix("study.")):
        raise BadConfig(f"{where}: the name is taken by {what}; allowed: another name for the tournament")
    for entrant in entrants:
        if entrants.count(entrant) > 1:
            raise BadConfig(f"{where}.entrants: {entrant} is named {entrants.count(entrant)} times; allowed: once")
    if len(entrants) < 2:
        raise BadConfig(f"{where}.entrants: given {entrants[0]} alone; allowed: two or more")
    for game in part["games"]:
        if (count := plan.players(config["games"][game])) != 2:
            raise BadConfig(f"{where}.games: given {game}, a game of {count} players; allowed: games of 2")


def check_episodes(config: dict, where: str, part: dict) -> None:
    """Games must be such that can be played in episodes, and as their perspective says."""
    perspective, models = part.get("perspective", "as_described"), part.get("opponent_models", [])
    lookup(f"{where}.perspective", perspective, registry.PERSPECTIVES)
    described = perspective == "as_described"
    if not described and {config["opponent_models"][model]["model"] for model in models} - {"oracle"}:
        allowed = "oracle, since players take what clones say in another way than as_described"
        raise BadConfig(f"{where}.opponent_models: given {quoted(models)}; allowed with {perspective}: {allowed}")
    for name, game in ((name, config["games"][name]) for name in part["games"]):
        if "match" not in registry.kind(game).courses:
            raise BadConfig(f"{where}.games: given {quoted(part['games'])}; allowed in episodes: matrix games")
        if not described and not has_released_form(game["payoffs"]):
            allowed = "games with 2 actions each that are symmetric or zero-sum"
            raise BadConfig(f"{where}.games: given {name}; allowed with {perspective}: {allowed}")


def has_released_form(payoffs: list) -> bool:
    """Whether the authors' round robin is defined for a game: 2 × 2, and symmetric or zero-sum."""
    if not has_shape(payoffs, [2, 2, 2]):
        return False
    first, second = payoffs
    swapped = [list(row) for row in zip(*second, strict=True)]
    return first == swapped or first == [[-reward for reward in row] for row in second]


def check_group(config: dict, where: str, group: plan.Group) -> None:
    """Its players must fill the seats and find in the game, whose kind is known here, all that they need."""
    game, model = config["games"][group.game], config["opponent_models"][group.opponent_model]
    kind, players, here = registry.kind(game), plan.players(game), f"{where}: in {group.game}"
    blocks = [config["algorithms"][seat] for seat in group.matchup.seats]
    for seat, block in zip(group.matchup.seats, blocks, strict=True):
        check_course(where, group, seat, block)
        check_algorithm(f"{here}, algorithms.{seat}", block, [kind])
    if len(blocks) not in (1, players):
        allowed = f"1 (everybody) or {players}, the players of {group.game}"
        matchup = dotted([group.matchup.players])
        raise BadConfig(f"{where}.algorithms: {matchup} names {len(blocks)} seats; allowed: {allowed}")
    check_names(where, group)
    played = group.course not in registry.AT_POINTS
    if played and group.spec["init_std"] == 0 and len(group.seeds) > 1 and "start" in kind.game.settings:
        allowed = "one seed, since init_std is 0 and so all seeds of a group would be alike"
        raise BadConfig(f"{where}.seeds: given {len(group.seeds)} for {group.name}; allowed: {allowed}")
    check_opponent_model(f"{here}, opponent_models.{group.opponent_model}", model, [kind])
    if group.course != "match":
        check_play(where, group, game, blocks, model)
        check_size(where, group)
    if group.spec["grid"]:
        check_grid(where, group, blocks)
    if group.resources.get("gpu") and not (registry.COURSES[group.course].gpu and config["device"] != "cpu"):
        allowed = "1 where device is auto or cuda, in a Coin Game, which alone is trained on a GPU; 0"
        raise BadConfig(f"{where}.resources.gpu: given 1 for {group.name}; allowed: {allowed}")
    evaluations.check_quadratic(where, group)
    evaluations.check_carried(config, where, group)
    check_begin(config, where, group)
    if "region" in group.spec or "fit" in group.spec:
        evaluations.check_group(where, group)
    if group.more_first and not group.more:
        allowed = "with further, whose returns they are"
        raise BadConfig(f"{where}.further_first: given {group.more_first} without further; allowed: {allowed}")
    if group.more_first:
        for fault in scoring.faults(where, {"first": group.more_first}, group.spec, of="further_"):
            raise BadConfig(fault)
    if group.more and (group.course != "updates" or players != 2):
        allowed = "parts without a grid and without episodes, in matrix games of 2 players"
        raise BadConfig(f"{where}.further: given {group.more} for {group.name}; allowed: {allowed}")


def check_grid(where: str, group: plan.Group, blocks: list[dict]) -> None:
    """Every axis must be a setting of somebody who is trained on it, and every batch large enough."""
    axes, matchup = [axis for axis in AXES if any(axis in block for block in blocks)], group.matchup.players
    for axis in group.grid:
        if axis not in axes:
            raise BadConfig(f"{where}.grid: given {axis}; allowed for {matchup}: {', '.join(axes)}")
    estimators = registry.kind(group.spec["game"]).estimators
    fewest = max((estimators[block["estimator"]].plays for block in blocks if "estimator" in block), default=1)
    for n, batch in enumerate(group.grid.get("batch", [])):
        if batch < fewest:
            allowed = f"allowed for {matchup}: whole numbers from {fewest}"
            raise BadConfig(f"{where}.grid.batch[{n}]: given {batch}; {allowed}")


def check_play(where: str, group: plan.Group, game: dict, blocks: list[dict], model: dict) -> None:
    """Who needs roll-outs must find a game that has them, all seats alike; who needs exact values, one with those."""
    matchup, kind = group.matchup.players, registry.kind(game)
    batches = sorted({block["batch"] for block in blocks if "batch" in block})
    if len(batches) > 1:
        allowed = "one batch for all seats that have an estimator, since they learn from the same roll-outs"
        raise BadConfig(f"{where}.algorithms: {matchup} has batches {batches}; allowed: {allowed}")
    if (batches or "batch" in model) and "length" not in game:
        who = matchup if batches else f"opponent model {group.opponent_model}"
        allowed = f"games that say how long a roll-out is (games.{group.game}.length)"
        raise BadConfig(f"{where}: {who} needs roll-outs, and {group.game} has none; allowed: {allowed}")
    if not kind.exact and not all("estimator" in block for block in blocks):
        allowed = f"algorithms with an estimator: {', '.join(kind.estimators)}"
        raise BadConfig(f"{where}: {matchup} needs exact values, and {group.game} has none; allowed: {allowed}")


def notes(config: dict) -> Iterator[str]:
    """What a person should look at again: payoffs that may have been meant as another game."""
    for name in dict.fromkeys(group.game for group in plan.groups(config).values()):
        game = config["games"][name]
        if "payoffs" in game and (tables := read_otherwise(game["payoffs"], game["actions"])):
            first, second = game["payoffs"]
            meant = f"if pairs per cell were meant, player 1 has {tables[0]} and player 2 {tables[1]}"
            yield f"games.{name}.payoffs: read as player 1's {first} and player 2's {second}; {meant}"
