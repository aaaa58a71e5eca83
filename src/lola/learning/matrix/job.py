"""From a spec to what training leaves: rows of numbers, and how each seed ended."""

import itertools
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.history import History, metric_names, metrics, named, outcome
from lola.learning.trainers import COLUMNS, Keep, Snapshot, Trained
from lola.learning.training import State, initial_state, initial_thetas, train
from lola.vocabulary import registry


def run_curves(spec: dict, seeds: list[int], saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
    """Every metric at every step, until a number of the seed stops being finite."""
    game, seats, play = build(spec, seeds)
    start = unpacked(saved) if saved else initial_state(game, initial_thetas(game.sizes, seeds, spec["init_std"]))
    history = History(game, trainers.assess(spec), saved)
    for state in train(game, seats, start, spec["steps"], play):
        history.add(state)
        keep(lambda state=state: packed(state) | history.snapshot())
    yield from trained(game, history)


def trained(game, history) -> Iterator[Trained]:
    """Each seed's part of a history, up to the first row with a number that is not finite."""
    table, thetas, at = history.table(), history.thetas(), history.at
    finite = torch.cat([table.flatten(2), *thetas], dim=2).isfinite().all(2)
    for s, whole in enumerate(finite.T.tolist()):
        end = whole.index(False) if False in whole else len(whole)
        rows = [
            (step, *row)
            for step, values in zip(at, table[:end, s].tolist(), strict=False)
            for row in named(history.names(step), values)
        ]
        yield Trained(COLUMNS, rows, outcome(game, at, [theta[:end, s] for theta in thetas]))


def run_map(spec: dict, seeds: list[int], saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
    """The metrics after the last step at every point of the grid; nan, a result, where it diverged.

    Points are trained side by side, but for different batches of roll-outs, which come one after another.
    """
    axes = list(spec["grid"])
    points = [dict(zip(axes, point, strict=True)) for point in itertools.product(*spec["grid"].values())]
    tables = list(torch.from_numpy(saved["tables"])) if saved else []
    batches = spec["grid"].get("batch", [None])
    for batch in batches[len(tables) :]:
        at = [point for point in points if point.get("batch") == batch]
        rows = [seed for seed in seeds for _ in at]
        sizes = {
            axis: torch.tensor([[point[axis]] for point in at] * len(seeds), dtype=torch.float64)
            for axis in axes
            if axis != "batch"
        }
        game, seats, play = build(spec, rows, sizes, batch)
        start = unpacked(saved) if saved else initial_state(game, initial_thetas(game.sizes, rows, spec["init_std"]))
        saved, done = None, torch.stack(tables).numpy() if tables else np.empty(0)
        for state in train(game, seats, start, spec["steps"], play):
            keep(lambda state=state, done=done: packed(state) | {"tables": done})
        table = metrics(game, state.thetas)
        table[~torch.cat(state.thetas, dim=1).isfinite().all(1)] = torch.nan
        tables.append(table.unflatten(0, (len(seeds), -1)))
    names = metric_names(game)
    for s in range(len(seeds)):
        of_batch = {batch: iter(table[s].tolist()) for batch, table in zip(batches, tables, strict=True)}
        rows = [(*point.values(), *row) for point in points for row in named(names, next(of_batch[point.get("batch")]))]
        yield Trained((*axes, *COLUMNS[1:]), rows, {"status": "finished", "steps": spec["steps"]})


def build(spec: dict, seeds: list[int], at: dict[str, Tensor] | None = None, batch: int | None = None):
    """The game, the seats of a spec, and how roll-outs are played, if they are, with one seed per row.

    `at`, step sizes (S, 1) by name, and `batch` replace the spec's own, as a map needs.
    """
    game, opponent_model = trainers.game(spec), trainers.opponent_model(spec)
    seats = [
        trainers.seat(spec, seat | {name: sizes for name, sizes in (at or {}).items() if name in seat}, opponent_model)
        for seat in spec["seats"]
    ]
    play = None
    if spec["play"]:
        settings = spec["play"] | ({"batch": batch} if batch else {})
        play = partial(registry.kind(spec["game"]).play.load(), game=game, seeds=seeds, **settings)
    return game, seats, play


def packed(state: State) -> Snapshot:
    """A state as arrays by name."""
    thetas = {f"theta{i}": theta.numpy() for i, theta in enumerate(state.thetas)}
    believed = {
        f"believed{i}.{j}": theta.numpy() for i, of_i in enumerate(state.believed) for j, theta in enumerate(of_i)
    }
    return thetas | believed | {"step": np.array(state.step), "critics": state.critics}


def unpacked(saved: Snapshot) -> State:
    """The state that `packed` made these arrays of."""
    players = range(saved["critics"].shape[1])
    thetas = [torch.from_numpy(saved[f"theta{i}"]) for i in players]
    believed = [[torch.from_numpy(saved[f"believed{i}.{j}"]) for j in players] for i in players]
    return State(int(saved["step"]), thetas, believed, saved["critics"])
