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
from collections.abc import Iterator

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


def run_curves(spec: dict, seeds: list[int]) -> Iterator[tuple[str, dict]]:
    """(curve, outcome) per seed: every metric at every step until a number stops being finite."""
    game, seats = build(spec)
    thetas = initial_thetas(game.sizes, seeds, spec["init_std"])
    history = [torch.stack(steps) for steps in zip(*train(game, seats, thetas, spec["steps"]), strict=True)]
    names, table = metrics(game, [theta.flatten(0, 1) for theta in history])
    table = table.unflatten(0, (-1, len(seeds)))  # (steps, S, players, metrics)
    finite = torch.cat([table.flatten(2), *history], dim=2).isfinite().all(2)
    for s, whole in enumerate(finite.T.tolist()):
        end = whole.index(False) if False in whole else len(whole)
        text = ["step,player,metric,value\n"]
        for step, players in enumerate(table[:end, s].tolist()):
            text += rows(f"{step}", names, players)
        yield "".join(text), outcome(game, spec["steps"], [theta[:end, s] for theta in history])


def run_map(spec: dict, seeds: list[int]) -> Iterator[tuple[str, dict]]:
    """(curve, outcome) per seed: the metrics after the last step at every point of the (lr, eta) grid.

    A point that diverges is a result, written as nan.
    """
    points = list(itertools.product(spec["grid"]["lr"], spec["grid"]["eta"]))
    lr, eta = torch.tensor(points, dtype=torch.float64).repeat(len(seeds), 1).split(1, dim=1)
    game, seats = build(spec, lr, eta)
    thetas = [theta.repeat_interleave(len(points), 0) for theta in initial_thetas(game.sizes, seeds, spec["init_std"])]
    (last,) = deque(train(game, seats, thetas, spec["steps"]), maxlen=1)
    names, table = metrics(game, last)
    for at_points in table.unflatten(0, (len(seeds), -1)).tolist():
        text = ["lr,eta,player,metric,value\n"]
        for (point_lr, point_eta), players in zip(points, at_points, strict=True):
            text += rows(f"{point_lr!r},{point_eta!r}", names, players)
        yield "".join(text), {"status": "finished", "steps": spec["steps"]}


def rows(head: str, names: list[list[str]], players: list[list[float]]) -> list[str]:
    """One CSV line per player and metric; floats round-trip."""
    return [
        f"{head},{player},{name},{value!r}\n"
        for player, (own, values) in enumerate(zip(names, players, strict=True), start=1)
        for name, value in zip(own, values, strict=True)
        if name
    ]


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


def outcome(game, steps: int, history: list) -> dict:
    """How a seed ended that was to take `steps` updates, with its last finite parameters and policies."""
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
        for probabilities_of_all_states in game.probabilities(thetas, i).tolist()
        for joint, own, probabilities in zip(
            game.state_names(0), game.state_names(i), probabilities_of_all_states, strict=True
        )
    ]
    return ended | {"thetas": [row for theta in thetas for row in theta.tolist()], "policies": policies}


if __name__ == "__main__":
    main()
