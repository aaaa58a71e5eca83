"""What a file of claims may hold: its keys and values, each by itself. Standard library only.

Which keys there are and what each may be says `lola.vocabulary.quantities`. Faults are sentences that name the key,
what was given and what is allowed; a claim goes by its id. What claims say of groups and numbers is checked by
`lola.study.ledger_checks`.
"""

import math
import re
from collections.abc import Iterable, Iterator

from lola.vocabulary.errors import UNPRINTABLE, listed, nearest, quoted
from lola.vocabulary.kinds import SCORING
from lola.vocabulary.quantities import (
    CLAIM,
    FIT,
    ID,
    MOST,
    NEEDED,
    OF_QUANTITY,
    OF_TOURNAMENTS,
    PARTS,
    PLOT,
    PRINTED,
    QUANTITIES,
    RIVAL,
    SECTION,
    WHERE,
    WITHDRAWN,
)
from lola.vocabulary.settings import Setting

MANY = 12  # names, of which only the nearest is told


def of_shape(file: dict) -> Iterator[str]:
    """Faults of the file's parts, each by itself."""
    yield from of_block("", file, PARTS)
    for at, section in enumerate(inner(file, "sections", list)):
        yield from of_block(f"sections[{at}]", section, SECTION, ("title", "claims"))
    for where, claim in claims_of(file):
        yield from of_block(where, claim, CLAIM, NEEDED)
        for key in ("measure", "minus"):
            if inner(claim, key, dict):
                yield from of_measure(f"{where}.{key}", claim[key])
        if rival := inner(claim, "rival", dict):
            own = {key: value for key, value in rival.items() if key in RIVAL}  # the rest says what to measure instead
            yield from of_block(f"{where}.rival", own, RIVAL, ("name",))
    for quantity, block in inner(file, "quantities", dict).items():
        yield from of_name("quantities", quantity, ("std", *QUANTITIES), "quantity")
        yield from of_block(dotted("quantities", quantity), block, OF_QUANTITY)
    for group, numbers in inner(file, "printed", dict).items():
        known = {key: CLAIM["std" if key == "std" else "paper"] for key in printable()}
        yield from of_block(dotted("printed", group), numbers, known)
    for game, plot in inner(file, "plotted", dict).items():
        yield from of_plot(dotted("plotted", game), plot)
    for at, block in enumerate(inner(file, "withdrawn", list)):
        yield from of_block(f"withdrawn[{at}]", block, WITHDRAWN, tuple(WITHDRAWN))


def of_block(where: str, block, known: dict[str, Setting], needs: tuple[str, ...] = ()) -> Iterator[str]:
    """Faults of a mapping: a key that there is not, one that is missing, a value that is none of its setting."""
    if not isinstance(block, dict):
        yield f"{where}: given {quoted(block)}; allowed: a mapping of {listed(known)}"
        return
    for key in block:
        if key not in known:
            yield f"{dotted(where, key)}: there is no such key; allowed: {listed(known)}{nearest(key, known)}"
    for key, setting in known.items():
        if key not in block:
            if key in needs:
                yield f"{dotted(where, key)}: is missing; allowed: {setting.allowed}, {setting.meaning}"
        elif not fits(block[key], setting.shape):
            hint = nearest(block[key], setting.shape["enum"]) if "enum" in setting.shape else ""
            given = f"given {quoted(block[key])}; allowed: {setting.allowed}, {setting.meaning}"
            yield f"{dotted(where, key)}: {given}{hint}"


def of_measure(where: str, measure: dict) -> Iterator[str]:
    """Faults of a measure's keys and values: which there are says its quantity."""
    name = measure.get("quantity")
    if not isinstance(name, str) or name not in QUANTITIES:
        given, hint = f"given {quoted(name)}", nearest(name, QUANTITIES)
        given, hint = (given, hint) if "quantity" in measure else ("is missing", "")
        yield f"{where}.quantity: {given}; allowed: {listed(QUANTITIES)}{hint}"
        return
    quantity, one_of = QUANTITIES[name], ("groups", "options") if name in FIT else ()
    if name in OF_TOURNAMENTS:
        takes, needs = ("game", "tournament", "opponent_model", "field"), ("game", "tournament")
        takes += SCORING if quantity.scored else ()
    else:
        takes = needs = one_of or ("group",)
    known = {"quantity": CLAIM["sentence"]} | {key: WHERE[key] for key in takes} | quantity.takes
    yield from of_block(where, measure, known, () if one_of else (*needs, *quantity.needs))
    if one_of and len({*one_of} & {*measure}) != 1:
        yield f"{where}: given {quoted([*measure])}; allowed with quantity {name}: either of {' and '.join(one_of)}"
    field = inner(measure, "field", list)
    if len({*map(str, field)}) < len(field):
        yield f"{where}.field: given {quoted(field)}; allowed: {WHERE['field'].allowed}"


def of_plot(where: str, plot) -> Iterator[str]:
    """Faults of what authors plotted of a game: there must be as many numbers as the field asks for."""
    shape = [*of_block(where, plot, PLOT, tuple(PLOT))]
    if shape:
        yield from shape
        return
    field, cells, average = (plot[key] for key in PLOT)
    if len({*field}) < len(field):
        yield f"{where}.field: given {quoted(field)}; allowed: different entrants"
    n, empty_or_number = len(field), [{"type": "null"}, {"type": "number"}]
    if {len(cells), len(average), *map(len, cells)} != {n}:
        yield f"{where}: field names {n}, so cells must be {n} rows of {n} numbers, and average {n}"
    for row, earned in enumerate(cells):
        for column, value in enumerate(earned):
            if not any(fits(value, shape) for shape in empty_or_number):
                yield f"{where}.cells[{row}][{column}]: given {quoted(value)}; allowed: a number or null"


def fits(value, shape: dict) -> bool:
    """Whether a value is as a setting's shape says; text must be printable and numbers finite, with room to square."""
    match shape.get("type"):
        case "number" | "integer" as kind:
            return type(value) in ((int,) if kind == "integer" else (int, float)) and within(value, shape)
        case "string":
            readable = isinstance(value, str) and value.strip() and not UNPRINTABLE.search(value)
            return bool(readable and re.fullmatch(shape.get("pattern", r"(?s).*"), value, re.ASCII))
        case "array":
            items = shape.get("items", {})
            counts = shape.get("minItems", 0), shape.get("maxItems", math.inf)
            long_enough = isinstance(value, list) and counts[0] <= len(value) <= counts[1]
            return long_enough and all_fit(value, items) and not (shape.get("uniqueItems") and twice(value))
        case "object":
            values = shape.get("additionalProperties", {})
            whole = isinstance(value, dict) and len(value) >= shape.get("minProperties", 0)
            return whole and all_fit(value, {"type": "string"}) and all_fit(value.values(), values)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
    return "enum" not in shape or (isinstance(value, str) and value in shape["enum"])


def twice(values: list) -> bool:
    """Whether something stands in a list more than once."""
    return len({*map(repr, values)}) < len(values)


def all_fit(values: Iterable, shape: dict) -> bool:
    return all(fits(value, shape) for value in values)


def within(value: float, shape: dict) -> bool:
    """Whether a number is finite and within the bounds of a shape."""
    least, above = shape.get("minimum", -MOST), shape.get("exclusiveMinimum", -math.inf)
    return least <= value <= shape.get("maximum", MOST) and value > above


def inner(block, key: str, kind: type):
    """What a block has under a key, if that is a list or a mapping as it should be; else an empty one."""
    found = block.get(key) if isinstance(block, dict) else None
    return found if isinstance(found, kind) else kind()


def dotted(where: str, key) -> str:
    """A key and where it stands, on one line whatever it is."""
    text = str(key)
    told = text if text.isprintable() and len(text) <= 60 else quoted(key)
    return f"{where}.{told}" if where else told


def claims_of(file: dict) -> Iterator[tuple[str, dict]]:
    """Every claim with what messages call it: by its id, or by its place if it has none."""
    for n, section in enumerate(inner(file, "sections", list)):
        for k, claim in enumerate(inner(section, "claims", list)):
            name = claim.get("id") if isinstance(claim, dict) else None
            told = isinstance(name, str) and re.fullmatch(ID, name, re.ASCII)
            yield f"claims[{name}]" if told else f"sections[{n}].claims[{k}]", claim


def printable() -> list[str]:
    """The keys of printed numbers: quantities, and those of one player."""
    taking = [name for name in PRINTED if name in QUANTITIES and "player" in QUANTITIES[name].takes]
    return [*PRINTED, *(f"{name} {player}" for name in taking for player in (1, 2))]


def of_name(where: str, name, names: Iterable[str], what: str) -> Iterator[str]:
    """The fault of a name that there is not; of many names only the nearest is told."""
    names = dict.fromkeys(names)
    if name not in names:
        known = f": {', '.join(names)}" if 0 < len(names) <= MANY else ""
        article = "an" if what[0] in "aeiou" else "a"
        yield f"{where}: given {quoted(name)}; allowed: {article} {what}{known}{nearest(name, names)}"
