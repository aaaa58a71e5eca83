"""Make cells at points, and from other cells: `python -m lola.commands.consistent --spec JSON … CURVE.csv …`.

In:  the spec of a group (see `lola.study.plan`) and one path per seed: of rules that are held against themselves, of
     networks that are fitted, of players that carry networks or begin with others' last policies; the cells of those
     (`--reads`, a group for each seat, "" where there is none); the checkpoint if it was killed before.
Out: each curve, and its manifest beside it, with the digests of the cells that were read.
"""

import argparse
import json
import sys
from functools import partial

from lola.files import cells, checkpoints, processor, records
from lola.learning import begun, trainers
from lola.learning.cola.networks import carrying
from lola.vocabulary.names import Cell, GroupName, of_seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--code", required=True)
    parser.add_argument("--lock", required=True)
    parser.add_argument("--reads", type=json.loads, default=[])
    parser.add_argument("curves", nargs="+")
    args = parser.parse_args()
    root, seeds = Cell.root(args.curves[0]), [Cell.at(path).seed for path in args.curves]
    made_by = {"spec": args.spec, "code": args.code, "lock": args.lock}
    inputs = [records.digests(read.manifest(root) for read in of_seed(seed, args.reads)) for seed in seeds]
    spec, train = args.spec, trainers.run
    try:
        left = [last_parameters(name, seeds, root) for name in args.reads]
    except ValueError as error:
        sys.exit(str(error))
    if "networks" in spec:
        spec = carrying(spec, left)
    if "begin" in spec:
        train = partial(begun.run, begin=left)
    checkpoint, job = (
        checkpoints.beside(args.curves),
        made_by | {"seeds": seeds} | ({"inputs": inputs} if args.reads else {}),
    )
    saved, keep = checkpoints.resume(checkpoint, job), checkpoints.keeper(checkpoint, job)
    for path, read, trained in zip(args.curves, inputs, train(spec, seeds, saved=saved, keep=keep), strict=True):
        made = made_by | {"processor": processor.name()} | ({"inputs": read} if read else {})
        cells.write(path, trained.columns, trained.rows, made | trained.outcome)
        if trained.outcome["status"] == "failed":
            print(f"{Cell.at(path).name} failed: {trained.outcome['reason']}", file=sys.stderr)
    checkpoints.remove(checkpoint, seeds)


def last_parameters(name: str, seeds: list[int], root: str) -> list[list] | None:
    """What a group's cells left of each seed, weights or policies; None for no group. Raises ValueError for damage."""
    if not name:
        return None
    return [cells.read_manifest(GroupName.read(name).cell(seed).manifest(root))["thetas"] for seed in seeds]


if __name__ == "__main__":
    main()
