"""Parts of the study with a region, in which nobody plays: what their specs are. Standard library only.

With `points` they hold rules against themselves, without they fit networks.
"""

from lola.vocabulary.names import CONSISTENCY, NETWORKS
from lola.vocabulary.settings import ALGORITHM, plain

UNSEEN = ("label", "colour", "batch", "lr", "lr_final", "clip")  # how far a player steps, which is nothing here
OF_PLAY = ("clamp",)  # what networks see when players carry them far


def within(part: dict) -> str:
    """What its matchups are within; nothing, of any other part."""
    return "" if "region" not in part else CONSISTENCY if "points" in part else NETWORKS


def fits(part: dict) -> bool:
    """Whether it fits networks."""
    return within(part) == NETWORKS


def differences(config: dict, part: dict, blocks: list[dict], grid: dict | None) -> dict:
    """What differs in the spec of a group from what it would be if the algorithms of these blocks were trained."""
    if not within(part):
        return {}
    named = [config["algorithms"][part["against"]]] if "against" in part else []
    unseen = UNSEEN + OF_PLAY * fits(part)
    held = [overridden(plain(block, ALGORITHM, unseen), grid) for block in blocks + named]
    found, radius = {"seats": held[: len(blocks)], "init_std": 0.0}, float(part["region"])
    if fits(part):
        return found | {"fit": {"radius": radius}}
    against = held[-1] if named else None
    return found | {"steps": 0, "region": {"radius": radius, "points": part["points"], "against": against}}


def overridden(settings: dict | None, grid: dict | None) -> dict | None:
    """Settings of a group, without those that a grid replaces: no number of its map comes of them."""
    return settings and {key: None if key in (grid or {}) else value for key, value in settings.items()}


def seats(spec: dict) -> list[dict]:
    """The seats of a spec, and last the algorithm that they are compared with, if there is one."""
    against = spec.get("region", {}).get("against")
    return [*spec["seats"], *([against] if against else [])]
