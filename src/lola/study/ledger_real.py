"""What claims may ask of games of real parameters, and of rules at points. Standard library only."""

from collections.abc import Iterator

from lola.study import plan
from lola.study.ledger_keys import of_name
from lola.vocabulary import registry
from lola.vocabulary.errors import quoted
from lola.vocabulary.quantities import QUANTITIES


def of_real(where: str, measure: dict, group: plan.Group) -> Iterator[str]:
    """Faults of what is asked of real parameters: a point among them, a row that there is, a step that is linear."""
    name, spec = measure["quantity"], group.spec
    terms, steps, every = spec["game"].get("terms"), spec["steps"], spec["every"]
    if terms and "point" in measure and len(measure["point"]) != len(terms):
        yield f"{where}.point: given {len(measure['point'])} numbers; allowed in {group.game}: {len(terms)}"
    for key, last in {"at": steps, "since": steps - 1}.items():
        step = measure.get(key)
        if step is not None and (step > last or step % (every or 1) or (every and not step)):
            told = f"a step from 0 to {last}" if not every else f"a multiple of {every} from {every} to {last}"
            yield f"{where}.{key}: given {step}; allowed in {group.name}: {told}"
    if QUANTITIES[name].computed and not (terms and all(sum(term[1:]) <= 2 for own in terms for term in own)):
        yield f"{where}.quantity: given {name!r} of {group.game}; allowed: polynomial games of degree 2 at most"
    for axis, ends in measure.get("where", {}).items():
        yield from of_name(f"{where}.where", axis, group.grid, f"axis of {group.name}")
        values = group.grid.get(axis)
        if values and (len(ends) != 2 or not any(ends[0] <= value <= ends[1] for value in values)):
            yield f"{where}.where.{axis}: given {ends}; allowed: [from, to], with a point of the map between them"
    for setting in measure.get("over", []):
        if any(settings.get(setting) is None for settings in spec["seats"]):
            given = f"given {quoted(setting)}, which not every player of {group.name} has"
            yield f"{where}.over: {given}; allowed: a number that every player's algorithm gives"


def of_points(where: str, name: str, measure: dict, spec: dict) -> Iterator[str]:
    """Faults of what is measured at points: at one η of those that there are, and of what the rule can be asked."""
    etas = registry.etas(spec)
    if measure.get("eta", etas[0]) not in etas or (len(etas) > 1 and "eta" not in measure):
        yield f"{where}.eta: given {quoted(measure.get('eta'))}; allowed of {name}: {', '.join(f'{x:g}' for x in etas)}"
    if measure["quantity"] == "cosine" and not spec["region"]["against"]:
        yield f"{where}.quantity: given 'cosine' of {name}; allowed: groups of a part that says against whom"
    if measure["quantity"] == "solutions" and spec["seats"][0]["rule"] != "cola_affine":
        yield f"{where}.quantity: given 'solutions' of {name}; allowed: groups of the rule cola_affine"
