"""Gather the cells of one group: `python -m lola.commands.aggregate --out FOLDER CURVE.csv …`.

In:  the group's curves, each with its manifest beside it.
Out: `returns.csv` (seed,step,player,return), `policies.csv` (seed,player,state,own_state,action,probability, at the
     end of training) and `beliefs.csv` (seed,step,player,opponent,likelihood,distance; no rows without clones); for
     a map `map.csv` (seed, the axes of its grid, player,metric,value) instead of these; for a match also `shares.csv`
     (seed,step,player,action,share); for a Coin Game instead of policies `coins.csv` (seed,step,player,points,own,
     coins) and `episodes.csv` (seed,step,red,blue,coin,colour: a game of the trained pair); and `failed.csv`
     (seed,step,reason), the runs that diverged. The other tables have of these what they count with: the rows of their
     first step, or where there are none the mean of the other runs' first rows; no episode.

Numbers are copied as the cells wrote them, so they round-trip. A damaged cell is named and nothing is written.
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

from lola.files import cells
from lola.files.artifacts import write_whole
from lola.vocabulary import measures
from lola.vocabulary.names import Cell

COINS = {measures.POINTS: "points", measures.OWN_COINS: "own", measures.COINS: "coins"}  # columns of coins.csv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("curves", nargs="+", type=Path)
    args = parser.parse_args()
    try:
        tables = gather(args.curves)
    except ValueError as error:
        sys.exit(str(error))
    for name, text in tables.items():
        write_whole(args.out / name, text)


def gather(curves: list[Path]) -> dict[str, str]:
    """The group's tables by file name. Raises ValueError that names every damaged cell."""
    manifests, damaged = {}, []
    for curve in curves:
        try:
            manifests[curve] = cells.read_manifest(curve)
        except (ValueError, OSError) as error:
            damaged.append(str(error))
    if damaged:
        raise ValueError("\n".join(damaged))

    ended = dict(sorted((Cell.at(curve).seed, (curve, manifest)) for curve, manifest in manifests.items()))
    finished = {seed: end for seed, end in ended.items() if not diverged(end[1])}
    failed = [(seed, m["steps"] + 1, m["reason"]) for seed, (_, m) in ended.items() if diverged(m)]
    tables = {"failed.csv": table("seed,step,reason", failed)}
    if any(manifest["spec"]["grid"] for manifest in manifests.values()):
        return tables | {"map.csv": grids(curves[0], finished)}
    rows = curve_rows(ended)
    tables |= {"returns.csv": returns(rows), "beliefs.csv": beliefs(rows)}
    if any(manifest["spec"]["game"].get("kind") == "coin_game" for manifest in manifests.values()):
        return tables | {"coins.csv": coins(rows), "episodes.csv": episodes(finished)}
    tables["policies.csv"] = policies(ended, rows)
    if any(manifest["spec"]["match"] for manifest in manifests.values()):
        tables["shares.csv"] = shares(rows)
    return tables


def diverged(manifest: dict) -> bool:
    """Whether a number of the run became NaN or infinite."""
    return manifest["status"] == "failed"


def curve_rows(ended: dict) -> list[tuple]:
    """The rows of every curve, as they are written: seed, step, player, metric, value.

    Of a run that diverged those of its first step; where there are none, the mean of those of the other runs.
    """
    curves = {
        seed: [line.split(",") for line in curve.read_text().splitlines()[1:]] for seed, (curve, _) in ended.items()
    }
    starts = {seed: [row for row in rows if row[0] == rows[0][0]] for seed, rows in curves.items()}
    known = zip(*filter(None, starts.values()), strict=True)
    mean = [[*same[0][:-1], repr(fmean(float(value) for *_, value in same))] for same in known]
    curves |= {seed: starts[seed] or mean for seed, (_, manifest) in ended.items() if diverged(manifest)}
    return [(seed, *row) for seed, rows in curves.items() for row in rows]


def returns(rows: list[tuple]) -> str:
    """The return of every player at every step."""
    return table("seed,step,player,return", [(*at, value) for *at, metric, value in rows if metric == measures.RETURN])


def policies(ended: dict, rows: list[tuple]) -> str:
    """Every player's probability of every action in every state, at the end of training.

    Of a run that diverged those that its `rows` tell.
    """
    found = {seed: manifest["policies"] for seed, (_, manifest) in ended.items()}
    named = next(filter(None, found.values()), [])
    for seed, (_, manifest) in ended.items():
        if diverged(manifest):
            start = {(player, metric): value for of, _, player, metric, value in rows if of == seed}
            found[seed] = start_policies(named, start)
    return table(
        "seed,player,state,own_state,action,probability",
        [
            (seed, policy["player"], policy["state"], policy["own_state"], action, repr(probability))
            for seed, policies in found.items()
            for policy in policies
            for action, probability in policy["probabilities"].items()
        ],
    )


def start_policies(named: list[dict], start: dict) -> Iterator[dict]:
    """The policies before the first update: `start` has P(action | own state) of all actions but the last.

    `named` are policies of the same players in the same states. The curve of a match tells none.
    """
    for policy in named:
        *actions, last = policy["probabilities"]
        names = [measures.probability(action, policy["own_state"]) for action in actions]
        told = [start.get((str(policy["player"]), name)) for name in names]
        if None not in told:
            first = dict(zip(actions, map(float, told), strict=True))
            yield policy | {"probabilities": first | {last: 1 - sum(first.values())}}


def beliefs(rows: list[tuple]) -> str:
    """How good every player's clone of every opponent is, after every update or, in the Coin Game, block of updates."""
    found = {}
    for *at, metric, value in rows:
        if clone := measures.clone(metric):
            opponent, measure = clone
            found.setdefault((*at, opponent), {})[measure] = value
    return table(
        "seed,step,player,opponent,likelihood,distance",
        [(*key, clone["log-likelihood"], clone["distance"]) for key, clone in found.items()],
    )


def shares(rows: list[tuple]) -> str:
    """How often every player took each action but its last."""
    taken = [(*at, action, value) for *at, metric, value in rows if (action := measures.shared(metric))]
    return table("seed,step,player,action,share", taken)


def coins(rows: list[tuple]) -> str:
    """What every player of the Coin Game earns and picks."""
    found = {}
    for *at, metric, value in rows:
        if metric in COINS:
            found.setdefault(tuple(at), {})[metric] = value
    return table(
        ",".join(["seed,step,player", *COINS.values()]),
        [(*at, *(picked[metric] for metric in COINS)) for at, picked in found.items()],
    )


def episodes(finished: dict) -> str:
    """A game of every trained pair, board by board."""
    return table(
        "seed,step,red,blue,coin,colour",
        [
            (seed, step, *board)
            for seed, (_, manifest) in finished.items()
            for step, board in enumerate(manifest["episode"])
        ],
    )


def grids(one: Path, finished: dict) -> str:
    """The rows of every map, headed by the seed; `one` of the curves names the columns, even if every seed failed."""
    columns = one.read_text().partition("\n")[0]
    lines = [f"seed,{columns}\n"]
    for seed, (curve, _) in finished.items():
        lines += [f"{seed},{row}\n" for row in curve.read_text().splitlines()[1:]]
    return "".join(lines)


def table(header: str, rows: list[tuple]) -> str:
    """CSV text of some rows under a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header.split(","), *rows])
    return text.getvalue()


if __name__ == "__main__":
    main()
