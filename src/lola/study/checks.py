"""What a config's schema cannot say: that names exist, that what is trained can be, that groups can be shown."""

from lola.study import plan
from lola.study.blocks import check_algorithm, check_game, check_opponent_model, check_sources, has_shape
from lola.vocabulary import kinds, registry
from lola.vocabulary.errors import BadConfig, lookup, quoted
from lola.vocabulary.names import MAP, SEATS, Matchup
from lola.vocabulary.settings import AXES, BLOCKS, STUDY

TOURNAMENT = ("entrants", "episodes", "length", "every")  # the keys of a tournament


def check_study(config: dict) -> None:
    """Raise BadConfig at the first thing that is wrong in a config of the right shape."""
    for name, game in config["games"].items():
        check_game(f"games.{name}", game)
    kinds_of_games = registry.KINDS.values()
    for name, algorithm in config["algorithms"].items():
        if len(Matchup.read(name).seats) > 1:
            raise BadConfig(f"algorithms.{name}: the name has {SEATS!r} in it, which separates the seats of a matchup")
        check_algorithm(f"algorithms.{name}", algorithm, kinds_of_games)
    for name, block in config["opponent_models"].items():
        check_opponent_model(f"opponent_models.{name}", block, kinds_of_games)
    for name, part in config["study"].items():
        check = check_tournament if "entrants" in part else check_part
        check(config, f"study.{name}", part)
    check_sources("sources", config, STUDY)
    for key, settings in BLOCKS.items():
        for name, block in config[key].items():
            check_sources(f"{key}.{name}.sources", block, settings)
    try:
        groups = plan.groups(config)
    except ValueError as error:
        raise BadConfig(str(error)) from None
    for name, block in config["figures"].items():
        check_block(config, groups, f"figures.{name}", block, kinds.FIGURES[block["kind"]])
    for name, block in config["tables"].items():
        check_block(config, groups, f"tables.{name}", block, kinds.TABLES[block["kind"]])
    for stage, names in enumerate(config.get("first", [])):
        for name in names:
            lookup(f"first[{stage}]", name, config["figures"] | config["tables"], "figure or table")
    if "claims" in config["tables"]:
        raise BadConfig("tables.claims: the name is taken by the table of claims; allowed: another name")


def check_part(config: dict, where: str, part: dict) -> None:
    """Games, algorithms and opponent models must exist, and a matchup must fill the seats and be playable."""
    names = part.get("opponent_models", ["oracle"])
    models = {name: lookup(f"{where}.opponent_models", name, config["opponent_models"]) for name in names}
    kind = part_kind(config, where, part)
    course = registry.COURSES[kind.courses[0]]
    maps = () if "map" in kind.courses else ("grid",)
    if course.blocks:
        lacks = ("episodes", "length", "perspective", "label", *maps)
        check_keys(where, part, needs=("algorithms", "every"), lacks=lacks, what=f"a part with {course.what}")
        check_every(where, part["every"], part.get("steps", config["steps"]), "steps")
    else:
        lacks = (*TOURNAMENT, "perspective", "label", *maps)
        check_keys(where, part, needs=("algorithms",), lacks=lacks, what="a part without entrants")
    for game in part["games"]:
        players = plan.players(config["games"][game])
        for matchup in part["algorithms"]:
            seats, within = Matchup.read(matchup).seats, Matchup.read(matchup).within
            for algorithm in [matchup] if within else seats:
                settings = lookup(f"{where}.algorithms", algorithm, config["algorithms"])
                if "learner" in settings:
                    allowed = "algorithms with a rule; this one learns as it plays, in tournaments (entrants)"
                    raise BadConfig(f"{where}.algorithms: given {algorithm}; allowed: {allowed}")
                check_algorithm(f"{where}: in {game}, algorithms.{algorithm}", settings, [kind])
            if len(seats) not in (1, players):
                allowed = f"1 (everybody) or {players}, the players of {game}"
                raise BadConfig(f"{where}.algorithms: {matchup} names {len(seats)} seats; allowed: {allowed}")
            for model, block in models.items():
                check_opponent_model(f"{where}: in {game}, opponent_models.{model}", block, [kind])
                check_play(config, where, game, matchup, model, block)
            check_grid(where, matchup, plan.seats(config, game, matchup), part.get("grid", {}), kind)


def part_kind(config: dict, where: str, part: dict) -> registry.Kind:
    """The kind of a part's games, which must be one."""
    found = {}
    for game in part["games"]:
        block = lookup(f"{where}.games", game, config["games"])
        found.setdefault(registry.kind_name(block), game)
    if len(found) > 1:
        given = " and ".join(f"{game} ({kind})" for kind, game in found.items())
        raise BadConfig(f"{where}.games: given {given}; allowed: games of one kind in a part")
    return registry.KINDS[next(iter(found))]


def check_tournament(config: dict, where: str, part: dict) -> None:
    """There must be two or more entrants, each once, all of whom can play games of two players, for whole blocks."""
    check_keys(where, part, needs=TOURNAMENT, lacks=("algorithms", "steps", "grid"), what="a tournament")
    entrants = part["entrants"]
    if where == f"study.{MAP}":
        raise BadConfig(f"{where}: the name is taken by maps of settings; allowed: another name for the tournament")
    for entrant in entrants:
        algorithm = lookup(f"{where}.entrants", entrant, config["algorithms"])
        if entrants.count(entrant) > 1:
            raise BadConfig(f"{where}.entrants: {entrant} is named {entrants.count(entrant)} times; allowed: once")
        if "estimator" in algorithm:
            allowed = "algorithms with a learner, or with a rule and no estimator, since an episode is one roll-out"
            raise BadConfig(f"{where}.entrants: {entrant} needs {algorithm['batch']} roll-outs; allowed: {allowed}")
        for setting in ("clip", "lr_final"):
            if setting in algorithm:
                given = f"{entrant}, whose {setting} is {algorithm[setting]}"
                raise BadConfig(f"{where}.entrants: given {given}; allowed in a tournament: algorithms without it")
    if len(entrants) < 2:
        raise BadConfig(f"{where}.entrants: given {entrants[0]} alone; allowed: two or more")
    check_every(where, part["every"], part["episodes"], "episodes")
    models = part.get("opponent_models", ["oracle"])
    for model in (*models, "oracle"):  # matches in which nobody models anybody count as the oracle's
        lookup(f"{where}.opponent_models", model, config["opponent_models"])
    perspective = part.get("perspective", "as_described")
    lookup(f"{where}.perspective", perspective, registry.PERSPECTIVES)
    if perspective != "as_described" and any(config["opponent_models"][m]["model"] != "oracle" for m in models):
        allowed = "oracle, since players take what clones say in another way than as_described"
        raise BadConfig(f"{where}.opponent_models: given {quoted(models)}; allowed with {perspective}: {allowed}")
    if "match" not in part_kind(config, where, part).courses:
        raise BadConfig(f"{where}.games: given {quoted(part['games'])}; allowed in a tournament: matrix games")
    for game in part["games"]:
        payoffs = config["games"][game]["payoffs"]
        if len(payoffs) != 2:
            raise BadConfig(f"{where}.games: given {game}, a game of {len(payoffs)} players; allowed: games of 2")
        if perspective != "as_described" and not has_released_form(payoffs):
            allowed = "games with 2 actions each that are symmetric or zero-sum"
            raise BadConfig(f"{where}.games: given {game}; allowed with {perspective}: {allowed}")


def has_released_form(payoffs: list) -> bool:
    """Whether the authors' round robin is defined for a game: 2 × 2, and symmetric or zero-sum."""
    first, second = payoffs
    if not has_shape(first, [2, 2]):
        return False
    swapped = [list(row) for row in zip(*second, strict=True)]
    return first == swapped or first == [[-reward for reward in row] for row in second]


def check_keys(where: str, part: dict, needs: tuple[str, ...], lacks: tuple[str, ...], what: str) -> None:
    """A part must have what its sort needs, and nothing that only the other sort takes."""
    for key in needs:
        if key not in part:
            raise BadConfig(f"{where}.{key}: is missing; {what} needs {', '.join(needs)}")
    for key in lacks:
        if key in part:
            raise BadConfig(f"{where}.{key}: is not used by {what}; allowed: without it")


def check_every(where: str, every: int, count: int, what: str) -> None:
    """The last tenth, over which final numbers average, must be whole rows."""
    if count % (10 * every):
        allowed = f"a number that divides a tenth of {what}, {count / 10:g}, over which final numbers average"
        raise BadConfig(f"{where}.every: given {every}; allowed: {allowed}")


def check_grid(where: str, matchup: str, seats: list[dict], grid: dict, kind: registry.Kind) -> None:
    """Every axis must be a setting of somebody who is trained on it, and every batch large enough."""
    axes = [axis for axis in AXES if any(axis in seat for seat in seats)]
    for axis in grid:
        if axis not in axes:
            raise BadConfig(f"{where}.grid: given {axis}; allowed for {matchup}: {', '.join(axes)}")
    fewest = max((kind.estimators[seat["estimator"]].plays for seat in seats if "estimator" in seat), default=1)
    for n, batch in enumerate(grid.get("batch", [])):
        if batch < fewest:
            raise BadConfig(
                f"{where}.grid.batch[{n}]: given {batch}; allowed for {matchup}: whole numbers from {fewest}"
            )


def check_play(config: dict, where: str, game: str, matchup: str, model: str, block: dict) -> None:
    """Who needs roll-outs must find a game that has them, all seats alike; who needs exact values, one with those."""
    seats = plan.seats(config, game, matchup)
    batches = sorted({seat["batch"] for seat in seats if "batch" in seat})
    if len(batches) > 1:
        allowed = "one batch for all seats that have an estimator, since they learn from the same roll-outs"
        raise BadConfig(f"{where}.algorithms: {matchup} has batches {batches}; allowed: {allowed}")
    if (batches or "batch" in block) and "length" not in config["games"][game]:
        who = matchup if batches else f"opponent model {model}"
        allowed = f"games that say how long a roll-out is (games.{game}.length)"
        raise BadConfig(f"{where}: {who} needs roll-outs, and {game} has none; allowed: {allowed}")
    kind = registry.kind(config["games"][game])
    if not kind.exact and not all("estimator" in seat for seat in seats):
        allowed = f"algorithms with an estimator: {', '.join(kind.estimators)}"
        raise BadConfig(f"{where}: {matchup} needs exact values, and {game} has none; allowed: {allowed}")


def check_block(config: dict, groups: dict, where: str, block: dict, kind: kinds.Kind) -> None:
    """A figure or table must give the keys of its kind and name groups that the study trains and the kind can show."""
    takes = (*kind.keys, *kind.optional, "opponent_model")
    for key in sorted({*kind.keys} - {*block} | {*block} - {*takes, "kind", "caption"}):
        what = "is missing" if key in kind.keys else "is not used"
        raise BadConfig(f"{where}.{key}: {what}; kind {block['kind']} takes {', '.join(takes)}")
    shows = f"kind {block['kind']} shows {kind.shows}"
    for game in plan.block_games(block):
        key = next(key for key in ("game", "games", "groups") if key in block)
        lookup(f"{where}.{key}", game, config["games"])
        counts = [len(own) for own in plan.player_actions(config["games"][game])]
        if kind.players not in (None, len(counts)) or (kind.actions and {kind.actions} != {*counts}):
            raise BadConfig(f"{where}: given {game}, whose {len(counts)} players have {counts} actions; {shows}")
    check_tournaments(config, where, block)
    for name in plan.block_groups(config, block):
        group = lookup(where, name, groups, what="group of cells in the study")
        if group.course not in kind.of or kind.axes not in (None, len(group.spec["grid"] or ())):
            axes = f" by {', '.join(group.spec['grid'])}" if group.spec["grid"] else ""
            given = f"{name}, one of the {registry.COURSES[group.course].what}{axes}"
            raise BadConfig(f"{where}: given {given}; {shows}")
    if "beside" in block:
        lookup(f"{where}.beside", block["beside"], config["algorithms"])
    for curve in block.get("saved", {}):
        lookup(f"{where}.saved", curve, dict.fromkeys(block["algorithms"]), what="curve in this figure")


def check_tournaments(config: dict, where: str, block: dict) -> None:
    """The tournaments of a block must be there, in its games, with its opponent model and with labels of their own."""
    names = plan.block_tournaments(block)
    for name in names:
        part = lookup(where, name, config["study"], what="part of the study")
        if "entrants" not in part:
            raise BadConfig(f"{where}: given {name}; kind {block['kind']} shows parts of the study that have entrants")
        for game in plan.block_games(block):
            lookup(where, game, dict.fromkeys(part["games"]), what=f"game in study.{name}")
        models = dict.fromkeys(part.get("opponent_models", ["oracle"]))
        lookup(f"{where}.opponent_model", block.get("opponent_model", "oracle"), models, what=f"model in study.{name}")
        entrants = [config["algorithms"][entrant].get("label", entrant) for entrant in part["entrants"]]
        check_labels(where, f"entrants of {name}", entrants)
    check_labels(where, "tournaments", list(plan.tournament_labels(config, names).values()))


def check_labels(where: str, what: str, labels: list[str]) -> None:
    """What a table shows side by side must be called differently."""
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice:
        raise BadConfig(f"{where}: two {what} have the label {twice!r}; allowed: a label for each")
