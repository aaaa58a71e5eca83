"""From a spec to what trains it: games, players and their parts, by the names that the registry knows."""

from collections.abc import Iterator

import torch

from lola.learning.opponent_models import OpponentModel
from lola.learning.players import Climber
from lola.learning.training import Keep, Snapshot, Trained
from lola.vocabulary import registry


def run(
    spec: dict, seeds: list[int], saved: Snapshot | None = None, keep: Keep = lambda snapshot: None, device: str = "cpu"
) -> Iterator[Trained]:
    """Train the seeds side by side and yield each in turn. The spec is `lola.study.plan.Group`'s.

    After every update `keep` is given a function that, called at once, makes a snapshot; training
    that starts from one (`saved`) ends like training that never stopped, bit for bit. A job that
    knows no `device` uses the processor, on one thread, since several would take sums in another order.
    """
    torch.set_num_threads(1)
    job = registry.COURSES[registry.course(spec)].job
    options = {"device": device} if "device" in job.settings else {}
    yield from job.load()(spec, seeds, **options).train(spec["steps"], saved, keep)


def parts(spec: dict, seeds: list[int], device: str | None = None) -> dict:
    """The fields of a spec's `training.Job` by name, without `play`."""
    played = game(spec).to(device) if device else game(spec)
    kind, believes = registry.kind(spec["game"]), spec["opponent_model"]
    model = configured(kind.opponent_models[believes["model"]], believes)
    return {
        "game": played,
        "players": [player(spec, settings, model) for settings in spec["seats"]],
        "policies": [configured(kind.policy, settings, played) for settings in spec["seats"]],
        "seeds": seeds,
        "std": spec["init_std"],
        "every": spec["every"],
        "assess": kind.assess.load() if believes["model"] == "cloning" else None,
    }


def game(spec: dict):
    """The game of a spec."""
    return configured(registry.kind(spec["game"]).game, spec["game"])


def player(spec: dict, settings: dict, model: OpponentModel):
    """The player that an algorithm's block describes."""
    if "learner" in settings:
        return configured(registry.LEARNERS[settings["learner"]], settings)
    estimators = registry.kind(spec["game"]).estimators
    estimator = configured(estimators[settings["estimator"]], settings) if "estimator" in settings else None
    limits = {name: settings.get(name) for name in ("lr_final", "clip")}
    return Climber(configured(registry.RULES[settings["rule"]], settings), settings["lr"], model, estimator, **limits)


def configured(entry: registry.Entry, settings: dict, *given):
    """The result of an entry of the registry, called with what is `given` and those settings that are its own."""
    return entry.load()(*given, **{name: value for name, value in settings.items() if name in entry.settings})
