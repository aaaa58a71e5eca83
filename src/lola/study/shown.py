"""What figures and tables ask for must be trained, and be what their kinds can show, under names that differ."""

import itertools
from collections.abc import Iterator

from lola.study import display, plan, scoring
from lola.vocabulary import kinds, registry
from lola.vocabulary.errors import BadConfig, lookup, quoted
from lola.vocabulary.names import GroupName, Matchup


def of_order(config: dict) -> Iterator[tuple]:
    """Checks of the order of work: each figure and table that it names is there, and stands in one stage."""
    shown, before = config["figures"] | config["tables"], {}
    for stage, names in enumerate(config.get("first", [])):
        for name in names:
            yield lookup, f"first[{stage}]", name, shown, "figure or table"
            yield check_once, f"first[{stage}]", name, before.setdefault(name, stage), stage


def check_once(where: str, name: str, first: int, stage: int) -> None:
    """What is made first in one stage is made by the next."""
    if first != stage:
        raise BadConfig(f"{where}: given {name}, which stands in first[{first}] too; allowed: once")


def check_table_names(tables: dict) -> None:
    """No table may have the name of the table of claims."""
    if "claims" in tables:
        raise BadConfig("tables.claims: the name is taken by the table of claims; allowed: another name")


def check_block(config: dict, groups: dict, where: str, block: dict, known: dict[str, kinds.Kind]) -> None:
    """A figure or table must give the keys of its kind and name groups that the study trains and the kind can show."""
    kind = known[block["kind"]]
    takes = (*kind.keys, *kind.optional, "opponent_model")
    for key in sorted({*kind.keys} - {*block} | {*block} - {*takes, "kind", "caption"}):
        what = "is missing" if key in kind.keys else "is not used"
        raise BadConfig(f"{where}.{key}: {what}; kind {block['kind']} takes {', '.join(takes)}")
    for game in plan.block_games(block):
        key = next(key for key in ("game", "games", "groups", "options") if key in block)
        found = lookup(f"{where}.{key}", game, config["games"])
        counts = [len(own) for own in plan.player_actions(found)]
        if not kind.fits(counts):
            given = f"{game}, whose {len(counts)} players have {counts} actions"
            courses = registry.kind(found).courses
            others = [name for name, each in known.items() if each.fits(counts) and {*courses} & {*each.of}]
            raise BadConfig(f"{where}: given {given}; {what_shows(block['kind'], others, known)}")
    if "opponent_model" in block:
        lookup(f"{where}.opponent_model", block["opponent_model"], config["opponent_models"])
    check_tournaments(config, where, block)
    for name in plan.block_groups(config, block):
        group = lookup(f"{where}{key_of(block, name)}", name, groups, what="group of cells in the study")
        for fault in scoring.faults(where, block, group.spec):
            raise BadConfig(fault)
        course, axes = group.course, group.spec["grid"] or ()
        if not kind.takes(course, len(axes)):
            of = f"{registry.COURSES[course].what}{' by ' if axes else ''}{', '.join(axes)}"
            counts = [len(own) for own in plan.player_actions(config["games"][group.game])]
            others = [name for name, each in known.items() if each.fits(counts) and each.takes(course, len(axes))]
            raise BadConfig(f"{where}: given {name}, one of the {of}; {what_shows(block['kind'], others, known)}")
    check_options(where, block)
    check_saved(where, block)
    if "beside" in block:
        lookup(f"{where}.beside", block["beside"], config["algorithms"])
    check_called(config, where, block)


def key_of(block: dict, group: str) -> str:
    """The key by which a block asks for a group, after a point; nothing where it is a match of a tournament."""
    of, model = GroupName.read(group), block.get("opponent_model", "oracle")
    for key in ("algorithms", "sampled"):
        if any(GroupName.read(f"{of.game}/{name}", model) == of for name in block.get(key, [])):
            return f".{key}"
    return next((f".{key}" for key in ("algorithm", "groups", "options") if key in block), "")


def check_saved(where: str, block: dict) -> None:
    """What others have saved must be of curves in this figure, each update once and in order."""
    if "saved_label" in block and not block.get("saved"):
        raise BadConfig(f"{where}.saved_label: is not used without saved; allowed: with saved results, or without it")
    for curve, pairs in block.get("saved", {}).items():
        lookup(f"{where}.saved", curve, dict.fromkeys(block["algorithms"]), what="curve in this figure")
        for n, ((before, _), (update, _)) in enumerate(itertools.pairwise(pairs), start=1):
            if update <= before:
                given = f"{where}.saved.{curve}[{n}]: given update {update} after {before}"
                raise BadConfig(f"{given}; allowed: each update once, in order")


def check_options(where: str, block: dict) -> None:
    """In a figure the n-th groups of all options stand at one place, so all have as many."""
    counts = {option: len(groups) for option, groups in block.get("options", {}).items()}
    if block["kind"] == "found" and len({*counts.values()}) > 1:
        given = ", ".join(f"{count} for {quoted(option)}" for option, count in counts.items())
        raise BadConfig(f"{where}.options: given {given}; allowed: as many groups for each")


def what_shows(name: str, others: list[str], known: dict[str, kinds.Kind]) -> str:
    """What a kind of figure or table shows, and which others would do that are asked for in the same way."""
    others = [other for other in others if known[other].asks == known[name].asks]
    instead = f"; kinds that would do: {', '.join(others)}" if others else ""
    return f"kind {name} shows {known[name].shows}{instead}"


def check_tournaments(config: dict, where: str, block: dict) -> None:
    """The tournaments of a block must be there, in its games, with its opponent model and with labels of their own."""
    names = plan.block_names(block, "tournament")
    asked, game_key = (f"{where}.{key}s" if f"{key}s" in block else f"{where}.{key}" for key in ("tournament", "game"))
    for name in names:
        part = lookup(asked, name, config["study"], what="part of the study")
        if "entrants" not in part:
            raise BadConfig(f"{asked}: given {name}; kind {block['kind']} shows parts of the study that have entrants")
        for game in plan.block_games(block):
            lookup(game_key, game, dict.fromkeys(part["games"]), what=f"game in study.{name}")
        models = dict.fromkeys(part.get("opponent_models", ["oracle"]))
        lookup(f"{where}.opponent_model", block.get("opponent_model", "oracle"), models, what=f"model in study.{name}")
        entrants = {entrant: config["algorithms"][entrant].get("label", entrant) for entrant in part["entrants"]}
        check_labels(where, f"entrants of {name}", entrants)
    check_labels(where, "tournaments", display.tournament_labels(config, names))


def check_called(config: dict, where: str, block: dict) -> None:
    """The games of a figure or table must be called differently, and so must all that it shows of one game."""
    if both := [name for name in block.get("sampled", []) if name in block["algorithms"]]:
        raise BadConfig(f"{where}.sampled: given {both[0]}, which is among algorithms too; allowed: in one of them")
    games, saved = plan.block_games(block), {"saved_label": block["saved_label"]} if "saved_label" in block else {}
    check_labels(where, "games", {game: config["games"][game].get("title", game) for game in games})
    for named in plan.shown_together(block):
        written = {}
        for name in named:
            group = GroupName.read(name, block.get("opponent_model", "oracle"))
            if (first := written.setdefault(group, name)) != name:
                raise BadConfig(f"{where}: given {first} and {name}, which are the same runs; allowed: one of them")
        for game in games:
            labels = {name: display.group_label(config, of) for of, name in written.items() if of.game == game}
            check_labels(where, "groups", labels | saved)
    if block["kind"] == "matchups":  # whose rows and columns are players
        seats = [seat for name in block["algorithms"] for seat in Matchup.read(name).seats]
        check_labels(where, "algorithms", {seat: config["algorithms"][seat].get("label", seat) for seat in seats})


def check_labels(where: str, what: str, labels: dict[str, str]) -> None:
    """What stands side by side must be called differently; `labels` are by name."""
    names = {}
    for name, label in labels.items():
        if (first := names.setdefault(label, name)) != name:
            allowed = f"a label for each, {first} and {name}"
            raise BadConfig(f"{where}: two {what} have the label {label!r}; allowed: {allowed}")
