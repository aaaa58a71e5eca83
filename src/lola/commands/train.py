"""Train the cells of one group: `python -m lola.commands.train --spec JSON --code DIGESTS --lock DIGEST CURVE.csv …`.

In:  the spec (see `lola.study.plan`), one curve path per seed, and the checkpoint if it was killed before.
Out: each curve, and its manifest beside it. A seed whose numbers stop being finite fails alone: its manifest says at
     which step.
"""

import argparse
import json
import sys

from lola.files import cells, checkpoints, processor
from lola.learning import devices
from lola.learning.trainers import run
from lola.vocabulary.names import Cell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--code", required=True)
    parser.add_argument("--lock", required=True)
    parser.add_argument("--device", default="auto", choices=devices.CHOICES)
    parser.add_argument("curves", nargs="+")
    args = parser.parse_args()
    made_by = {"spec": args.spec, "code": args.code, "lock": args.lock}
    made_on = {"processor": processor.name()}
    seeds = [Cell.at(path).seed for path in args.curves]
    checkpoint, job = checkpoints.beside(args.curves), made_by | {"seeds": seeds}
    saved, keep = checkpoints.resume(checkpoint, job), checkpoints.keeper(checkpoint, job)
    try:
        ends = run(args.spec, seeds, saved, keep, devices.chosen(args.device))
        for path, trained in zip(args.curves, ends, strict=True):
            cells.write(path, trained.columns, trained.rows, made_by | made_on | trained.outcome)
            if trained.outcome["status"] == "failed":
                print(f"{Cell.at(path).name} failed: {trained.outcome['reason']}", file=sys.stderr)
    except devices.CannotTrain as error:
        sys.exit(str(error))
    checkpoints.remove(checkpoint, seeds)


if __name__ == "__main__":
    main()
