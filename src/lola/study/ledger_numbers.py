"""Numbers of a file of claims must be such that a measure can have: checked before anything is trained.

A claim that what lies between 0 and 100 is above −1, or below 500, is true whatever is trained, and so no claim; nor is
one with a margin as wide as all that can come out. Numbers are held against the games of the study that names the file:
an overlay may change these, and the paper says what it says. Standard library only.
"""

from collections.abc import Iterator

from lola.study import plan
from lola.study.ledger_keys import claims_of
from lola.study.payoffs import return_bounds
from lola.vocabulary.names import GroupName
from lola.vocabulary.quantities import FIT, QUANTITIES, SHARE

Bounds = tuple[float, float]
Groups = dict[str, plan.Group]

PERCENTAGES = ("tft", "nash", "plays", "pure", "own_colour", "elicits")
RETURNS = ("R", "std", "scatter", "swing", "earns", "average", "apart")
SIZES = ("std", "scatter", "swing", "apart")  # of returns, which may be 0
FROM_0 = (*FIT, "coins", "distance", "gradient", "motion", "growth", "arrival", "residual", "radius", "consistency")
BETWEEN = {"area": (0.0, 100.0), "cosine": (-1.0, 1.0), "solutions": (0.0, float("inf"))}
MOST_MARGINS = 10  # that a digit of a paper's number may be wide, as one that was read off a plot is
WIDEST = 100  # times the paper's number a tolerance may be: a number near 0 may be rounding there, and another here
SLACK = 0.05  # of what lies between the bounds: noise of a number that was estimated or read off a plot


def of_size(file: dict, groups: Groups) -> Iterator[str]:
    """Faults of numbers of a file in which all else is good."""
    for name, of in file.get("quantities", {}).items():
        yield from of_digit(f"quantities.{name}", of)
        if unit({"quantity": name}) == "percentages" and of.get("margin", 0) >= 100:
            yield f"quantities.{name}.margin: given {of['margin']:g}; allowed: less than 100, of percentages"
    for name, numbers in file.get("printed", {}).items():
        for key, value in numbers.items() if name in groups else ():
            quantity, _, player = key.partition(" ")
            measure = {"quantity": quantity, "group": name} | ({"player": int(player)} if player else {})
            yield from of_paper(f"printed.{name}.{key}", value, bounds_of(measure, groups))
    for game, plot in file.get("plotted", {}).items():
        bounds = bounds_of({"quantity": "earns", "game": game}, groups)
        rows = {f"cells[{n}]": row for n, row in enumerate(plot["cells"])} | {"average": plot["average"]}
        for where, row in rows.items():
            for n, value in enumerate(row):
                if value is not None:
                    yield from of_paper(f"plotted.{game}.{where}[{n}]", value, bounds)
    for where, claim in claims_of(file):
        wrong = [of_arguments(f"{where}.{key}", claim[key], groups) for key in ("measure", "minus") if key in claim]
        wrong = [fault for faults in wrong for fault in faults]
        yield from wrong or of_claim(where, claim, file, groups)  # which builds on them


def of_claim(where: str, claim: dict, file: dict, groups: Groups) -> Iterator[str]:
    """Faults of a claim's own numbers, which are of what it measures or of the difference of two measures."""
    measure, of_two = claim["measure"], "minus" in claim
    of = file.get("quantities", {}).get(measure["quantity"], {})
    bounds = bounds_of(measure, groups)
    if of_two:
        if wrong := [*of_unit(f"{where}.minus.quantity", claim["minus"], measure)]:
            yield from wrong
            return
        taken = bounds_of(claim["minus"], groups)
        bounds = (bounds[0] - taken[1], bounds[1] - taken[0]) if bounds and taken else None
    if "paper" in claim and claim["rule"] != "count":
        yield from of_paper(f"{where}.paper", claim["paper"], bounds)
    if claim["rule"] == "equals" and "digit" in claim:
        yield from of_digit(where, of | claim)
    if "std" in claim:
        yield from of_paper(f"{where}.std", claim["std"], bounds_of(measure | {"quantity": "std"}, groups))
    rival = claim.get("rival", {})
    yield from of_unit(f"{where}.rival.quantity", measure | rival, measure)
    if "value" in rival:
        yield from of_paper(f"{where}.rival.value", rival["value"], bounds)
    if bounds is None:
        return
    by_default = 0 if claim["rule"] in ("greater", "less") and ("paper" in claim or not of_two) else of.get("margin", 0)
    key = "tolerance" if "tolerance" in claim else "margin"
    margin, (low, high) = claim.get(key, by_default), bounds
    if margin >= high - low:
        yield f"{where}.{key}: given {margin:g}; allowed: less than the {high - low:g} that lie between {told(bounds)}"
    elif "tolerance" in claim and claim["rule"] == "equals" and margin > (most := WIDEST * abs(claim["paper"])) > 0:
        yield f"{where}.tolerance: given {margin:g}; allowed: up to {most:g}, {WIDEST} times the paper's number"
    elif claim["rule"] in ("greater", "less"):
        than, up = claim.get("than", 0), claim["rule"] == "greater"
        least, most = (low, high - margin) if up else (low + margin, high)
        if not (least <= than < most if up else least < than <= most):
            allowed = f"from {least:g} to below {most:g}" if up else f"above {least:g} and up to {most:g}"
            of_what = f"what lies between {told(bounds)}" + (f", with a {key} of {margin:g}" if margin else "")
            yield f"{where}.than: given {than:g}; allowed with rule {claim['rule']} of {of_what}: a number {allowed}"


def of_arguments(where: str, measure: dict, groups: Groups) -> Iterator[str]:
    """Faults of the numbers that a quantity takes."""
    returns = bounds_of({"quantity": "R", "group": measure.get("group")}, groups)
    if measure.get("scale") == 0:
        yield f"{where}.scale: given 0; allowed: a number other than 0, by which returns are multiplied"
    if "line" in measure and returns and not returns[0] < measure["line"] < returns[1]:
        yield f"{where}.line: given {measure['line']:g}; allowed: a number between {told(returns)}, all returns"
    if returns and measure["quantity"] == "near" and (scale := measure.get("scale", 1)):
        ends = sorted(scale * end for end in returns)
        yield from of_paper(f"{where}.value", measure["value"], (ends[0], ends[1]))
        if measure["within"] >= ends[1] - ends[0]:
            yield f"{where}.within: given {measure['within']:g}; allowed: less than {ends[1] - ends[0]:g}"
    group = groups.get(measure.get("group"))
    if group and measure.get("last", 0) > group.spec["steps"]:
        yield f"{where}.last: given {measure['last']}; allowed: up to the {group.spec['steps']} updates of {group.name}"


def of_paper(where: str, value: float, bounds: Bounds | None) -> Iterator[str]:
    """The fault of a number that lies outside of what can come out."""
    if bounds and not bounds[0] - (slack := SLACK * (bounds[1] - bounds[0])) <= value <= bounds[1] + slack:
        yield f"{where}: given {value:g}; allowed: a number between {told(bounds)}, since nothing else can come out"


def of_unit(where: str, measure: dict, other: dict) -> Iterator[str]:
    """The fault of a measure that is counted in something else than the one it is held against."""
    given, allowed = unit(measure), unit(other)
    if None not in (given, allowed) and given != allowed:
        yield f"{where}: given {measure['quantity']!r}, in {given}; allowed: {allowed}, as {other['quantity']}"


def of_digit(where: str, of: dict) -> Iterator[str]:
    """The fault of a digit whose rounding would hide all that counts: many times the margin."""
    if "margin" in of and of.get("digit", 0) > MOST_MARGINS * of["margin"]:
        allowed = f"up to {MOST_MARGINS * of['margin']:g}, {MOST_MARGINS} times the margin"
        yield f"{where}.digit: given {of['digit']:g}; allowed: {allowed}"


def unit(measure: dict) -> str | None:
    """In what a measure is counted; None where nothing is known of it."""
    quantity = measure["quantity"]
    if quantity in PERCENTAGES or (quantity in QUANTITIES and QUANTITIES[quantity].sums == SHARE):
        return "percentages"
    return "returns" if quantity in RETURNS else quantity if quantity in ("points", "coins") else None


def bounds_of(measure: dict, groups: Groups) -> Bounds | None:
    """The least and the most that a measure can be; None where nothing is known of it."""
    quantity = measure["quantity"]
    if unit(measure) == "percentages":
        return 0.0, 100.0
    if quantity == "rank" and "field" in measure:
        return 1.0, float(len(measure["field"]))
    if quantity == "threshold":
        return 0.0, float(measure["most"])
    if quantity in FROM_0:
        return (0.0, float("inf")) if measure.get("scale", 1) > 0 else (-float("inf"), 0.0)
    if quantity in BETWEEN:
        return BETWEEN[quantity]
    if quantity not in RETURNS or not (payoffs := payoffs_of(measure, groups)):
        return None
    alone = [bounds for player, bounds in payoffs.items() if player != "mean"]
    low, high = min(least for least, _ in alone), max(most for _, most in alone)
    if quantity in SIZES:
        return 0.0, max(abs(low), abs(high)) if quantity == "scatter" else high - low
    if quantity == "R":
        ends = payoffs[str(measure.get("player", "mean"))]
        low, high = sorted(measure.get("scale", 1) * end for end in ends)
    return float(low), float(high)


def payoffs_of(measure: dict, groups: Groups) -> dict[str, list[float]] | None:
    """The least and the most that players of a measure's game earn a step; None if it is unknown or has no payoffs."""
    name = measure.get("group")
    game = GroupName.read(name).game if name else measure.get("game")
    named = groups.get(name) if name else next((group for group in groups.values() if group.game == game), None)
    return return_bounds(named.spec["game"]) if named else None


def told(bounds: Bounds) -> str:
    return f"{bounds[0]:g} and {bounds[1]:g}"
