"""What all trainers share: what they are given, what they leave, and how settings become parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from lola.learning.training import Seat
from lola.vocabulary import registry

Snapshot = dict[str, np.ndarray]  # all that training needs to go on, and the returns so far
Keep = Callable[[Callable[[], Snapshot]], None]
COLUMNS = ("step", "player", "metric", "value")


@dataclass(frozen=True)
class Trained:
    """One seed's rows, under their column names, and how it ended: status, steps taken, final policies."""

    columns: tuple[str, ...]
    rows: list[tuple]
    outcome: dict


def run(
    spec: dict,
    seeds: list[int],
    saved: Snapshot | None = None,
    keep: Keep = lambda snapshot: None,
    device: str = "cpu",
) -> Iterator[Trained]:
    """Train the seeds side by side and yield each in turn. The spec is `lola.study.plan.Group`'s.

    After every update `keep` is given a function that, called at once, makes a snapshot; training
    that starts from one (`saved`) ends like training that never stopped, bit for bit. A trainer that
    knows no `device` uses the processor, on one thread, since several would take sums in another order.
    """
    torch.set_num_threads(1)
    job = registry.job(spec)
    options = {"device": device} if "device" in job.optional else {}
    yield from job.load()(spec, seeds, saved, keep, **options)


def game(spec: dict):
    """The game of a spec."""
    settings = {name: value for name, value in spec["game"].items() if name != "kind"}
    return registry.kind(spec["game"]).game.load()(**settings)


def opponent_model(spec: dict):
    """The opponent model of a spec."""
    settings = dict(spec["opponent_model"])
    return registry.kind(spec["game"]).opponent_models[settings.pop("model")].load()(**settings)


def assess(spec: dict) -> Callable | None:
    """What says how good clones are, if there are any."""
    clones = spec["opponent_model"]["model"] == "cloning"
    return registry.kind(spec["game"]).assess.load() if clones else None


def seat(spec: dict, settings: dict, model: Callable) -> Seat:
    """The seat that an algorithm's block describes."""
    estimators = registry.kind(spec["game"]).estimators
    estimator = configured(estimators[settings["estimator"]], settings) if "estimator" in settings else None
    limits = {name: settings.get(name) for name in ("lr_final", "clip")}
    return Seat(configured(registry.RULES[settings["rule"]], settings), settings["lr"], model, estimator, **limits)


def configured(entry: registry.Entry, settings: dict):
    """What an entry of the registry makes of those settings that are its own."""
    own = {*entry.required, *entry.optional}
    return entry.load()(**{name: value for name, value in settings.items() if name in own})
