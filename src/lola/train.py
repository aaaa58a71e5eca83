"""Train the cells of one group: `python -m lola.train --spec JSON --code DIGEST --lock DIGEST CURVE.csv …`.

In:  the spec (see `lola.study`), and one curve path per seed.
Out: each curve, and its manifest beside it. A seed whose numbers stop being finite fails
     alone: its manifest says at which step, and the others are written as usual.
"""

import argparse
import itertools
import json
import sys
from collections import deque

import torch

from lola import cells
from lola.learning import registry
from lola.learning.training import Seat, initial_thetas, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--code", required=True)
    parser.add_argument("--lock", required=True)
    parser.add_argument("curves", nargs="+")
    args = parser.parse_args()
    torch.set_num_threads(1)
    seeds = [cells.Cell.at(path).seed for path in args.curves]
    run = run_map if args.spec["grid"] else run_curves
    for path, (curve, outcome) in zip(args.curves, run(args.spec, seeds), strict=True):
        made_by = {"spec": args.spec, "code": args.code, "lock": args.lock}
        cells.write(path, curve, made_by | outcome)
        if outcome["status"] == "failed":
            print(f"{cells.Cell.at(path).name} failed: {outcome['reason']}", file=sys.stderr)


def run_curves(spec: dict, seeds: list[int]):
    """Yield (curve, outcome) per seed: every metric at every step."""
    game, seats = build(spec)
    thetas = initial_thetas(game.sizes, seeds, spec["init_std"])
    history = list(train(game, seats, thetas, spec["steps"]))
    names, table = metrics(game, [torch.cat(steps) for steps in zip(*history, strict=True)])
    table = table.reshape(len(history), len(seeds), *table.shape[1:])  # (steps, S, players, metrics)
    for s in range(len(seeds)):
        finite = table[:, s].isfinite().flatten(1).all(1).tolist()
        end = finite.index(False) if False in finite else len(history)
        lines = ["step,player,metric,value\n"]
        for step, players in enumerate(table[:end, s].tolist()):
            for player, values in enumerate(players):
                lines += [
                    f"{step},{player + 1},{name},{value!r}\n"
                    for name, value in zip(names[player], values, strict=True)
                    if name
                ]
        last = [theta[s : s + 1] for theta in history[end - 1]] if end else thetas
        yield "".join(lines), outcome(game, end - 1, spec["steps"], last)


def run_map(spec: dict, seeds: list[int]):
    """Yield (curve, outcome) per seed: the metrics after the last step at every point of the (lr, eta) grid.

    A point that diverges is a result, written as nan.
    """
    points = list(itertools.product(spec["grid"]["lr"], spec["grid"]["eta"]))
    lr, eta = (
        torch.tensor(axis, dtype=torch.float64).repeat(len(seeds))[:, None] for axis in zip(*points, strict=True)
    )
    game, seats = build(spec, lr, eta)
    thetas = [theta.repeat_interleave(len(points), 0) for theta in initial_thetas(game.sizes, seeds, spec["init_std"])]
    (last,) = deque(train(game, seats, thetas, spec["steps"]), maxlen=1)
    names, table = metrics(game, last)
    for rows in table.reshape(len(seeds), len(points), *table.shape[1:]).tolist():
        lines = ["lr,eta,player,metric,value\n"]
        for (point_lr, point_eta), players in zip(points, rows, strict=True):
            for player, values in enumerate(players):
                lines += [
                    f"{point_lr!r},{point_eta!r},{player + 1},{name},{value!r}\n"
                    for name, value in zip(names[player], values, strict=True)
                    if name
                ]
        yield "".join(lines), {"status": "finished", "steps": spec["steps"]}


def build(spec: dict, lr=None, eta=None):
    """The game and the seats of a spec; `lr` and `eta` replace every seat's own, as a map needs."""
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


def metrics(game, thetas: list) -> tuple[list[list[str]], torch.Tensor]:
    """Metric names per player, and their values (S, players, metrics): the normalised return, then P(a | own state).

    The last action's probability is left out, being what is missing to 1. Players with fewer
    metrics than others have empty names at the end.
    """
    names, columns = [], []
    for i, value in enumerate(game.values(thetas)):
        probs = game.probabilities(thetas, i)[..., :-1]
        states = game.state_names(i)
        names.append(
            ["return"] + [f"{a} {'at' if s == 'start' else 'after'} {s}" for s in states for a in game.actions[i][:-1]]
        )
        columns.append(torch.cat([(1 - game.gamma) * value[:, None], probs.flatten(1)], dim=1))
    width = max(map(len, names))
    names = [own + [""] * (width - len(own)) for own in names]
    padded = [torch.nn.functional.pad(column, (0, width - column.shape[1])) for column in columns]
    return names, torch.stack(padded, dim=1)


def outcome(game, step: int, steps: int, thetas: list) -> dict:
    """How a seed ended after `step` of `steps` updates, with its final parameters and policies."""
    ended = {"status": "finished", "steps": step}
    if step < steps:
        ended = {"status": "failed", "steps": step, "reason": f"a value became NaN or infinite at step {step + 1}"}
    policies = [
        {
            "player": i + 1,
            "state": joint,
            "own_state": own,
            "probabilities": dict(zip(game.actions[i], row, strict=True)),
        }
        for i in range(len(thetas))
        for joint, own, row in zip(
            game.state_names(0), game.state_names(i), game.probabilities(thetas, i)[0].tolist(), strict=True
        )
    ]
    return ended | {"thetas": [theta[0].tolist() for theta in thetas], "policies": policies}


if __name__ == "__main__":
    main()
