"""A file of claims must be one that can be decided: checked before anything is trained. Standard library only.

A claim may only ask for what can be measured of groups that are trained, by a rule that is given all its numbers.
"""

import re
from collections.abc import Iterable, Iterator

from lola.study import plan, scoring
from lola.study.ledger_keys import claims_of, of_measure, of_name, of_shape
from lola.study.ledger_numbers import of_size
from lola.study.ledger_real import of_points, of_real
from lola.study.payoffs import flat
from lola.vocabulary.errors import Faults, quoted
from lola.vocabulary.kinds import CURVES
from lola.vocabulary.names import tournament
from lola.vocabulary.quantities import (
    DETERMINISTIC,
    EXTREME,
    FIT,
    HEADINGS,
    ID,
    OF_TOURNAMENTS,
    QUANTITIES,
    RIVAL,
    RULES,
    SHARE,
    Quantity,
)
from lola.vocabulary.registry import COURSES

Groups = dict[str, plan.Group]
FEWEST = 2  # runs of which a scatter can be told


def check_ledger(file: dict, groups: Groups, said_of: Groups | None = None) -> None:
    """Raise BadConfig with all that is wrong with keys and values, or else with what they say of groups, or of numbers.

    `said_of` are the groups as the study has them that the file speaks of, if an overlay has changed some.
    """
    for stage in (of_shape(file), of_meaning(file, groups), of_size(file, groups if said_of is None else said_of)):
        Faults(dict.fromkeys(stage)).tell()


def of_meaning(file: dict, groups: Groups) -> Iterator[str]:
    """Faults of a file whose keys and values are good, each by itself."""
    yield from of_ids(file)
    for name, numbers in file.get("printed", {}).items():
        yield from of_name("printed", name, groups, "group that is trained")
        for key in numbers if name in groups else ():
            player = key.partition(" ")[2]
            if player and int(player) > players(groups[name]):
                yield f"printed.{name}: given {key!r}; allowed: players up to {players(groups[name])}"
    for game, plot in file.get("plotted", {}).items():
        played = tournaments(groups)
        yield from of_name("plotted", game, sorted({of for of, *_ in played}), "game with a tournament")
        known = {each for (of, *_), who in played.items() if of == game for each in who}
        for entrant in plot["field"] if known else ():
            yield from of_name(f"plotted.{game}.field", entrant, sorted(known), "entrant of a tournament in this game")
    for where, claim in claims_of(file):
        wrong = [*of_rule(where, claim, file)]
        for key in ("measure", "minus"):
            if key in claim:
                wrong += of_runs(f"{where}.{key}", claim[key], file, groups)
        yield from wrong or of_numbers(where, claim, file)  # which would only tell what follows
        if "minus" in claim:
            yield from of_difference(where, claim, groups)
        if "rival" in claim:
            yield from of_rival(f"{where}.rival", claim, file, groups)


def of_ids(file: dict) -> Iterator[str]:
    """Faults of titles and ids: each stands once, and no title is one of the table's own."""
    titles, ids = list(HEADINGS), []
    for n, section in enumerate(file.get("sections", [])):
        if (title := section["title"]) in titles:
            yield f"sections[{n}].title: given {quoted(title)}; allowed: a title that nothing else has"
        titles.append(title)
    for where, claim in claims_of(file):
        if claim["id"] in ids:
            yield f"{where}.id: there are two claims of this id; allowed: one"
        ids.append(claim["id"])
    for n, gone in enumerate(file.get("withdrawn", [])):
        for name in gone["last"]:
            if name in ids:
                yield f"withdrawn[{n}].last: given {quoted(name)}; allowed: claims that stand nowhere else"
            elif not re.fullmatch(rf"{ID}[/*]*", name, re.ASCII):
                yield f"withdrawn[{n}].last: given {quoted(name)}; allowed: ids of claims, or table3/* for all of those"
            ids.append(name)


def of_rule(where: str, claim: dict, file: dict) -> Iterator[str]:
    """Faults of a rule: its own keys and no others, and a quantity that it can decide."""
    rule, name, of_two = claim["rule"], claim["measure"]["quantity"], "minus" in claim
    if "tolerance" in claim:
        yield from of_deterministic(where, claim)
        return
    for key in ("measure", "minus") if of_two else ("measure",):
        if QUANTITIES[claim[key]["quantity"]].computed:
            what = f"quantity {claim[key]['quantity']}, which is computed and does not scatter"
            yield f"{where}.tolerance: is missing; allowed with {what}: a number from 0"
    takes = [*RULES[rule], *(["paper"] if of_two and "than" in RULES[rule] else [])]
    for key in dict.fromkeys(key for keys in RULES.values() for key in keys):
        if key in claim and key not in takes:
            without = "" if of_two or rule in ("equals", "count") else " without minus"
            yield f"{where}.{key}: is not used by rule {rule}{without}; allowed: {', '.join(takes)}"
    if "than" in takes and "than" not in claim and not of_two:
        yield f"{where}.than: is missing; allowed: a number with which the measure is compared"
    sums = QUANTITIES[name].sums
    rules = [each for each in RULES if decides(each, sums) and not (of_two and each == "count")]
    if rule not in rules:
        of = f"a difference of {name}" if of_two else f"{name}, {sums}"
        yield f"{where}.rule: given {rule!r}; allowed for {of}: {', '.join(rules)}"
    if of_two:
        yield from of_extremes(where, claim, "in a difference")


def of_extremes(where: str, claim: dict, allowed: str) -> Iterator[str]:
    """Faults of quantities that are no mean over runs, where there must be one."""
    extremes = [name for name, quantity in QUANTITIES.items() if quantity.sums == EXTREME]
    for key in ("measure", "minus"):
        if (name := claim.get(key, {}).get("quantity")) in extremes:
            yield f"{where}.{key}.quantity: given {name!r}, {EXTREME}; allowed {allowed}: all but {', '.join(extremes)}"


def of_deterministic(where: str, claim: dict) -> Iterator[str]:
    """Faults of a claim that its number decides: it has no use for what is said of scatter."""
    rule, of_two = claim["rule"], "minus" in claim
    if rule not in DETERMINISTIC:
        yield f"{where}.rule: given {rule!r}; allowed with a tolerance: {', '.join(DETERMINISTIC)}"
        return
    takes = (*DETERMINISTIC[rule], "tolerance")
    for key in dict.fromkeys(["margin", *(key for keys in RULES.values() for key in keys)]):
        if key in claim and key not in takes:
            yield f"{where}.{key}: is not used by rule {rule} with a tolerance; allowed: {', '.join(takes)}"
    if rule == "equals" and claim["tolerance"] == 0:
        yield f"{where}.tolerance: given 0; allowed with rule equals: a number above 0"
    if "than" in takes and "than" not in claim and not of_two:
        yield f"{where}.than: is missing; allowed: a number with which the measure is compared"
    yield from of_extremes(where, claim, "with a tolerance")


def decides(rule: str, sums: str) -> bool:
    """Whether a rule can decide what sums up runs in a way: a number needs a mean, a count a percentage of runs."""
    return sums == SHARE or (rule == "equals" and sums != EXTREME) or "than" in RULES[rule]


def of_numbers(where: str, claim: dict, file: dict) -> Iterator[str]:
    """Faults of the numbers that a rule needs, of the claim itself or of the rest of the file."""
    rule, measure, of_two = claim["rule"], claim["measure"], "minus" in claim
    name, of = measure["quantity"], file.get("quantities", {}).get(measure["quantity"], {})
    runs = claim.get("runs", file.get("runs"))
    if rule in ("equals", "count"):
        paper = claim.get("paper", None if of_two else printed(file, measure))
        if paper is None:
            of_what = "a difference" if of_two else f"printed.{measure.get('group', name)}"
            yield f"{where}.paper: is missing, and {of_what} has no number of its own; allowed: the paper's number"
    if "tolerance" in claim:
        return
    if rule in ("equals", "count"):
        fewest = 1 if rule == "count" else FEWEST
        if runs is None or runs < fewest:
            given = "is missing, here and of the whole file" if runs is None else f"given {runs}"
            yield f"{where}.runs: {given}; allowed with rule {rule}: a whole number from {fewest}"
        elif rule == "count" and paper is not None:
            yield from of_count(where, paper, runs, claim.get("digit", of.get("digit", 0)))
    needs_margin = rule in ("equals", "count") or (of_two and "paper" not in claim)
    margin = claim.get("margin", of.get("margin") if needs_margin else 0)
    if margin is None:
        yield f"{where}.margin: is missing, here and in quantities.{name}; allowed: what counts as the same"
    elif rule in ("equals", "count") and margin == 0:
        yield f"{where}.margin: given 0; allowed with rule {rule}: a number above 0"
    if name in FIT and file.get("runs", 0) < FEWEST:
        given = f"given {file['runs']}" if "runs" in file else "is missing"
        yield f"runs: {given}; allowed with quantity {name}: a whole number from {FEWEST}"


def of_count(where: str, paper: float, runs: int, digit: float) -> Iterator[str]:
    """The fault of a count: it and all that are rounded to it must be numbers of runs."""
    if paper != int(paper) or not 0 <= paper <= runs:
        yield f"{where}.paper: given {paper}; allowed with rule count: a whole number from 0 to its runs, {runs}"
    elif paper - digit / 2 <= -1 or paper + digit / 2 >= runs + 1:
        allowed = f"a unit by which {paper} is a rounded number from 0 to its runs, {runs}"
        yield f"{where}.digit: given {digit}; allowed: {allowed}"


def printed(file: dict, measure: dict) -> float | None:
    """The number that the file prints for what is measured, if any."""
    name, player = measure["quantity"], measure.get("player")
    return file.get("printed", {}).get(measure.get("group"), {}).get(name if player is None else f"{name} {player}")


def of_difference(where: str, claim: dict, groups: Groups) -> Iterator[str]:
    """The fault of two measures of one group each that have no run in common."""
    pair = [groups.get(claim[key].get("group")) for key in ("measure", "minus")]
    if all(pair) and not set.intersection(*({*group.seeds, *group.further} for group in pair)):
        yield f"{where}.minus: given {pair[1].name}; allowed: a group with seeds that {pair[0].name} has too"


def of_rival(where: str, claim: dict, file: dict, groups: Groups) -> Iterator[str]:
    """Faults of a rival, which is a number, or what to measure instead, or neither."""
    rival, sums = claim["rival"], QUANTITIES[claim["measure"]["quantity"]].sums
    instead = {key: value for key, value in rival.items() if key not in RIVAL}
    if "value" in rival:
        if instead:
            yield f"{where}: given a value and {', '.join(instead)}; allowed: either"
        if sums == EXTREME:
            given = f"given {rival['value']}"
            yield f"{where}.value: {given}; allowed for {sums}: what to measure instead, as entrant or groups"
        if sums == SHARE and not 0 <= rival["value"] <= 100:
            yield f"{where}.value: given {rival['value']}; allowed for {sums}: a number from 0 to 100"
    elif instead:
        measure = claim["measure"] | instead
        wrong = [*of_measure(where, measure)]
        yield from wrong or of_runs(where, measure, file, groups)


def of_runs(where: str, measure: dict, file: dict, groups: Groups) -> Iterator[str]:
    """Faults of what is measured: it must be trained, and have such a quantity."""
    if measure["quantity"] in OF_TOURNAMENTS:
        yield from of_tournament(where, measure, file, groups)
        return
    quantity = QUANTITIES[measure["quantity"]]
    key = next(key for key in ("group", "groups", "options") if key in measure)
    options = {"group": [[measure.get("group")]], "groups": [measure.get("groups")]}.get(key) or measure[key].values()
    names = dict.fromkeys(name for names in options for name in names)
    wrong = [fault for name in names for fault in of_group(where, key, name, measure, quantity, groups)]
    yield from wrong
    if not wrong and measure["quantity"] in FIT:
        yield from of_fit(f"{where}.{key}", [[groups[name] for name in names] for names in options], file)


def of_group(where: str, key: str, name: str, measure: dict, quantity: Quantity, groups: Groups) -> Iterator[str]:
    """Faults of a group: it must be trained, and have the quantity, the player and the states that are asked for."""
    if name not in groups:
        yield from of_name(f"{where}.{key}", name, groups, "group that is trained")
        return
    group = groups[name]
    yield from of_course(where, measure["quantity"], name, group.course)
    count, actions = players(group), plan.player_actions(group.spec["game"])
    if quantity.players not in (None, count):
        yield f"{where}.{key}: given {name}, of {count} players; allowed for {measure['quantity']}: {quantity.players}"
    if quantity.actions and {*map(len, actions)} != {quantity.actions}:
        each = " × ".join(str(len(own)) for own in actions)
        given = f"{where}.{key}: given {name}, of {each} actions"
        yield f"{given}; allowed for {measure['quantity']}: {quantity.actions} each"
    if (player := measure.get("player", 1)) > count:
        yield f"{where}.player: given {player}; allowed in {group.game}: 1 to {count}"
    yield from of_real(where, measure, group)
    if group.course == "consistency":
        yield from of_points(where, name, measure, group.spec)
    if "states" in measure and actions:
        joint = joint_names(actions)
        for state, action in measure["states"].items():
            yield from of_name(f"{where}.states", state, ["start", *joint], f"joint state of {group.game}")
            yield from of_name(f"{where}.states.{state}", action, joint, f"joint action of {group.game}")


def of_course(where: str, name: str, of: str, course: str) -> Iterator[str]:
    """The fault of a quantity that runs of a course do not have."""
    if course not in (allowed := QUANTITIES[name].of or CURVES):
        shown = " and ".join(COURSES[each].what for each in allowed)
        yield f"{where}.quantity: given {name!r} of {of}, one of the {COURSES[course].what}; allowed: {shown}"


def of_fit(where: str, options: list[list[plan.Group]], file: dict) -> Iterator[str]:
    """Faults of groups that are held against all that is printed: it must be as much for every option, with margins."""
    found = [[name for group in groups for name in compared(group, file)] for groups in options]
    counts = [len(names) for names in found]
    if {*counts} != {max(counts[0], 1)}:
        given = f"given groups of which {' and '.join(map(str, counts))} numbers are printed"
        yield f"{where}: {given}; allowed: one or more, as many of each option"
    seeds = {frozenset.intersection(*(frozenset(group.seeds) for group in groups)) for groups in options}
    if len(seeds) > 1 or frozenset() in seeds:
        yield f"{where}: given groups of different seeds; allowed: groups that share some, in every option the same"
    for name in sorted({name for names in found for name in names}):
        if "margin" not in file.get("quantities", {}).get(name, {}):
            yield f"quantities.{name}.margin: is missing; allowed: a number above 0, since a fit compares with it"


def compared(group: plan.Group, file: dict) -> list[str]:
    """The numbers that are printed of a group's players and that its points are held against."""
    tables = [[*flat(table)] for table in group.spec["game"]["payoffs"]]
    share = "nash" if all(abs(sum(payoffs)) < 1e-9 for payoffs in zip(*tables, strict=True)) else "tft"
    return [name for name in file.get("printed", {}).get(group.instead().name, {}) if name in ("R", "std", share)]


def of_tournament(where: str, measure: dict, file: dict, groups: Groups) -> Iterator[str]:
    """Faults of a measure of a tournament: it must be played, in the game, by these entrants."""
    played = tournaments(groups)
    left = (measure["game"], measure["tournament"], measure.get("opponent_model", "oracle"))
    for place, key in ((1, "tournament"), (0, "game"), (2, "opponent_model")):
        names = sorted({each[place] for each in played})
        if left[place] not in names:
            yield from of_name(f"{where}.{key}", left[place], names, f"{key.replace('_', ' ')} that is played")
            return
        played = {each: who for each, who in played.items() if each[place] == left[place]}
    (who,) = played.values()
    for entrant in measure.get("field", []):
        yield from of_name(f"{where}.field", entrant, who, "entrant")
    field = measure.get("field", who)
    for key in ("entrant", "against"):
        if key in measure:
            yield from of_name(f"{where}.{key}", measure[key], field, "entrant in the field")
    match = next(group for group in groups.values() if (group.game, group.matchup.tournament) == left[:2])
    yield from of_course(where, measure["quantity"], f"a match of {left[1]}", match.course)
    yield from scoring.faults(where, measure, match.spec)
    if measure["quantity"] == "apart" and not plots(file, left[0], field):
        yield f"{where}.game: given {left[0]}; allowed: games with numbers in plotted of two or more of the field"


def plots(file: dict, game: str, field: Iterable[str]) -> bool:
    """Whether the file has a number of what one of the field earns against one who comes after it."""
    plot, field = file.get("plotted", {}).get(game, {"field": []}), [*field]
    at = [plot["field"].index(entrant) for entrant in field if entrant in plot["field"]]
    return any(plot["cells"][row][column] is not None for n, row in enumerate(at) for column in at[n + 1 :])


def tournaments(groups: Groups) -> dict[tuple[str, str, str], list[str]]:
    """The entrants of every tournament that is played, by its game, its name and the opponent model of its matches."""
    found = {}
    for group in groups.values():
        if name := tournament(group.matchup):
            who = found.setdefault((group.game, name, group.opponent_model), {})
            who.update(dict.fromkeys(group.matchup.seats))
    for (game, name, _), who in found.items():  # matches in which nobody models anybody are the oracle's
        who.update(found.get((game, name, "oracle"), {}))
    return {key: [*who] for key, who in found.items()}


def players(group: plan.Group) -> int:
    return plan.players(group.spec["game"])


def joint_names(actions: list[list[str]]) -> list[str]:
    """The names of joint actions, player 1's first: CD, or of longer names one.none."""
    names = [[]]
    for own in actions:
        names = [[*name, action] for name in names for action in own]
    glue = "" if all(len(action) == 1 for own in actions for action in own) else "."
    return [glue.join(name) for name in names]
