"""From a spec to what training leaves: rows of numbers, and how each seed ended."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning import registry
from lola.learning.training import Seat, initial_thetas, train


@dataclass(frozen=True)
class Trained:
    """One seed's rows, under their column names, and how it ended: status, steps taken, final policies."""

    columns: tuple[str, ...]
    rows: list[tuple]
    outcome: dict


def run(spec: dict, seeds: list[int]) -> Iterator[Trained]:
    """Train the seeds side by side and yield each in turn. The spec is `lola.study.Group`'s."""
    return run_map(spec, seeds) if spec["grid"] else run_curves(spec, seeds)


def run_curves(spec: dict, seeds: list[int]) -> Iterator[Trained]:
    """Every metric at every step, until a number of the seed stops being finite."""
    game, seats = build(spec)
    thetas = initial_thetas(game.sizes, seeds, spec["init_std"])
    history = [torch.stack(steps) for steps in zip(*train(game, seats, thetas, spec["steps"]), strict=True)]
    names, table = metrics(game, [theta.flatten(0, 1) for theta in history])
    table = table.unflatten(0, (-1, len(seeds)))  # (steps, S, players, metrics)
    finite = torch.cat([table.flatten(2), *history], dim=2).isfinite().all(2)
    for s, whole in enumerate(finite.T.tolist()):
        end = whole.index(False) if False in whole else len(whole)
        rows = [(step, *row) for step, values in enumerate(table[:end, s].tolist()) for row in named(names, values)]
        ended = outcome(game, spec["steps"], [theta[:end, s] for theta in history])
        yield Trained(("step", "player", "metric", "value"), rows, ended)


def run_map(spec: dict, seeds: list[int]) -> Iterator[Trained]:
    """The metrics after the last step at every point of the (lr, eta) grid; nan, a result, where it diverged."""
    points = list(itertools.product(spec["grid"]["lr"], spec["grid"]["eta"]))
    lr, eta = torch.tensor(points, dtype=torch.float64).repeat(len(seeds), 1).split(1, dim=1)
    game, seats = build(spec, lr, eta)
    thetas = [theta.repeat_interleave(len(points), 0) for theta in initial_thetas(game.sizes, seeds, spec["init_std"])]
    (last,) = deque(train(game, seats, thetas, spec["steps"]), maxlen=1)
    names, table = metrics(game, last)
    table[~torch.cat(last, dim=1).isfinite().all(1)] = torch.nan
    for at_points in table.unflatten(0, (len(seeds), -1)).tolist():
        rows = [(*point, *row) for point, values in zip(points, at_points, strict=True) for row in named(names, values)]
        yield Trained(("lr", "eta", "player", "metric", "value"), rows, {"status": "finished", "steps": spec["steps"]})


def build(spec: dict, lr: Tensor | None = None, eta: Tensor | None = None):
    """The game and the seats of a spec; `lr` and `eta`, (S, 1), replace every seat's own, as a map needs."""
    game = registry.MATRIX_GAME.load()(**spec["game"])
    opponent_model = registry.OPPONENT_MODELS[spec["opponent_model"]].load()
    seats = []
    for seat in spec["seats"]:
        settings = {k: v for k, v in seat.items() if k not in ("rule", "lr")}
        if eta is not None and "eta" in settings:
            settings["eta"] = eta
        rule = registry.RULES[seat["rule"]].load()(**settings)
        seats.append(Seat(rule, seat["lr"] if lr is None else lr, opponent_model))
    return game, seats


def metrics(game, thetas: list[Tensor]) -> tuple[list[list[str]], Tensor]:
    """Metric names per player, and their values (S, players, metrics): the normalised return, then P(a | own state).

    The last action's probability is left out, being what is missing to 1. A player with fewer
    metrics than others has zeros, without names, at the end.
    """
    names, columns = [], []
    for i, value in enumerate(game.values(thetas)):
        probs = game.probabilities(thetas, i)[..., :-1]
        states = [f"at {state}" if state == "start" else f"after {state}" for state in game.state_names(i)]
        names.append(["return", *(f"{action} {state}" for state in states for action in game.actions[i][:-1])])
        columns.append(torch.cat([(1 - game.gamma) * value[:, None], probs.flatten(1)], dim=1))
    width = max(map(len, names))
    return names, torch.stack([torch.nn.functional.pad(c, (0, width - c.shape[1])) for c in columns], dim=1)


def named(names: list[list[str]], values: list[list[float]]) -> Iterator[tuple[int, str, float]]:
    """(player, metric, value) for each metric that has a name; players count from 1."""
    for player, (own_names, own_values) in enumerate(zip(names, values, strict=True), start=1):
        for name, value in zip(own_names, own_values, strict=False):
            yield player, name, value


def outcome(game, steps: int, history: list[Tensor]) -> dict:
    """How a seed ended that was to take `steps` updates; `history`: its finite parameters, (steps, d_i) per player."""
    taken = len(history[0]) - 1
    ended = {"status": "finished", "steps": taken}
    if taken < steps:
        reason = f"a number became NaN or infinite at step {taken + 1}"
        ended = {"status": "failed", "steps": max(taken, 0), "reason": reason}
    thetas = [theta[-1:] for theta in history]
    policies = [
        {
            "player": i + 1,
            "state": joint,
            "own_state": own,
            "probabilities": dict(zip(game.actions[i], probabilities, strict=True)),
        }
        for i in range(len(thetas))
        for table in game.probabilities(thetas, i).tolist()
        for joint, own, probabilities in zip(game.state_names(0), game.state_names(i), table, strict=True)
    ]
    return ended | {"thetas": [row for theta in thetas for row in theta.tolist()], "policies": policies}
