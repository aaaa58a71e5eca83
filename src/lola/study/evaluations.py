"""What a part of the study with a region must be, which holds rules against themselves, or fits networks."""

from lola.study import plan, regions
from lola.vocabulary import registry
from lola.vocabulary.errors import BadConfig, listed, lookup, quoted

KEYS = ("region", "points", "against")  # of a part
AT_ONCE = 10**7  # points at once, in all games


def check_keys(where: str, part: dict, some: tuple[str, ...]) -> None:
    """Such a part needs algorithms and a region, and takes nothing of how players train.

    With points it holds rules against themselves, without it fits networks, which takes steps.
    """
    held = {"points", "against"} & {*part}
    what = "a part that holds rules against themselves" if held else "a part that fits networks"
    needs = ("algorithms", "region", "points") if held else ("algorithms", "region")
    takes = (*needs, "grid", *(("against",) if held else ("steps", "every")))
    for key in needs:
        if key not in part:
            raise BadConfig(f"{where}.{key}: is missing; {what} needs {', '.join(needs)}")
    for key in some:
        if key in part and key not in takes:
            raise BadConfig(f"{where}.{key}: is not used by {what}; allowed: without it")


def check_part(config: dict, where: str, part: dict) -> None:
    """Everybody's parameters are known, and whoever is compared with must be there."""
    if (models := part.get("opponent_models", ["oracle"])) != ["oracle"]:
        allowed = "oracle, since rules are held against themselves where everybody's parameters are known"
        raise BadConfig(f"{where}.opponent_models: given {quoted(models)}; allowed: {allowed}")
    if "against" in part:
        lookup(f"{where}.against", part["against"], config["algorithms"])


def check_group(where: str, group: plan.Group) -> None:
    """All seats must have one rule, of exact values, with a look-ahead rate; a rule that is compared, the same."""
    spec, grid, first = group.spec, group.spec["grid"] or {}, group.spec["seats"][0]
    if len(group.matchup.seats) > 1:
        raise BadConfig(f"{where}.algorithms: given {group.matchup.players}; allowed: one algorithm for all seats")
    for seat in (first, *regions.seats(spec)[len(spec["seats"]) :]):
        if "rule" not in seat or "estimator" in seat:
            given = f"{quoted(seat.get('learner') or seat['rule'])}, which has no direction at a point that is known"
            raise BadConfig(f"{where}: given {given}; allowed: rules without an estimator")
    for axis in grid:
        if axis != "eta":
            raise BadConfig(f"{where}.grid: given {axis}; allowed in a part with a region: eta")
    if not grid and "eta" not in first:
        allowed = "a rule with eta, or a grid of eta"
        raise BadConfig(f"{where}.algorithms: {group.matchup.players} has no look-ahead rate; allowed: {allowed}")
    if group.course == "networks":
        if first["rule"] not in registry.CARRYING:
            given = f"{group.matchup.players}, whose rule {first['rule']} follows no networks"
            allowed = f"rules that do: {', '.join(registry.CARRYING)}; or points, to hold rules against themselves"
            raise BadConfig(f"{where}.algorithms: given {given}; allowed: {allowed}")
        return
    against = spec["region"]["against"]
    if not grid and against and against.get("eta", first["eta"]) != first["eta"]:
        given = f"an algorithm with eta {against['eta']:g}"
        raise BadConfig(
            f"{where}.against: given {given}; allowed: eta {first['eta']:g}, as {group.matchup.players} has"
        )
    points = spec["region"]["points"] * len(registry.etas(spec))
    if points > AT_ONCE:
        raise BadConfig(f"{where}.points: given {points} in all; allowed: up to {AT_ONCE:.0e} at once")


def check_carried(config: dict, where: str, group: plan.Group) -> None:
    """Whoever follows networks must find some that the study fits, in this game, at this rate, for these seeds."""
    for seat, name in zip(regions.seats(group.spec), group.reads, strict=True) if group.reads else ():
        if seat.get("rule") not in registry.CARRYING:
            continue
        courses = registry.RULES[seat["rule"]].courses
        if group.course not in courses or group.more:
            what = listed([registry.COURSES[course].what for course in courses])
            given = f"{group.matchup.players}, which follows networks{', with further seeds' if group.more else ''}"
            raise BadConfig(f"{where}.algorithms: given {given}; allowed in {what}, without further seeds")
        rates = ", ".join(f"{eta:g}" for eta in (registry.etas(group.spec) if seat["eta"] is None else [seat["eta"]]))
        if not name:
            given = f"{group.matchup.players} in {group.game} follows networks ({seat['net']}, eta {rates})"
            allowed = (
                f"a part with a region and no points, in which networks {seat['net']} are fitted to it at eta {rates}"
            )
            raise BadConfig(f"{where}.algorithms: given {given} that nobody fits; allowed: {allowed}")
        fitted = plan.groups(config)[name].seeds
        if missing := sorted({*group.seeds} - {*fitted}):
            raise BadConfig(f"{where}.seeds: given {missing[0]}; allowed: seeds for which {name} fits networks")


def check_quadratic(where: str, group: plan.Group) -> None:
    """An affine consistent direction is known in closed form where values are quadratic."""
    if not any(seat.get("rule") == "cola_affine" for seat in regions.seats(group.spec)):
        return
    if group.course not in (courses := registry.RULES["cola_affine"].courses):
        what = listed([registry.COURSES[course].what for course in courses])
        raise BadConfig(f"{where}.algorithms: given {group.matchup.players}, COLA in closed form; allowed in {what}")
    kind, terms = registry.kind_name(group.spec["game"]), group.spec["game"].get("terms")
    if terms is None:
        allowed = "games of real parameters whose values are polynomials of degree 2 at most"
        raise BadConfig(f"{where}: cola_affine in {group.game}, of the kind {kind}; allowed: {allowed}")
    degree = max((sum(exponents) for of_player in terms for _, *exponents in of_player))
    if degree > 2:
        given = f"{group.game}, where a value is a polynomial of degree {degree:g}"
        raise BadConfig(f"{where}: cola_affine in {given}; allowed: degree 2 at most")
