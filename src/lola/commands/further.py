"""Train further seeds of a group and keep where they end: `python -m lola.commands.further --spec JSON … --out CSV`.

In:  the spec of the group's cells and its further seeds (`lola.study.plan.further_spec`).
Out: a CSV of seed, step, player, metric and value, of the last update alone; of a seed whose numbers stop being finite
     of step 0, since it has learned nothing; and the manifest of that. No cell, no checkpoint, no run in MLflow.
"""

import sys
from collections.abc import Iterator

from lola.files import records
from lola.files.artifacts import write_whole
from lola.learning import devices
from lola.learning.trainers import run

COLUMNS = ("seed", "step", "player", "metric", "value")
SIDE_BY_SIDE = 250  # seeds, whose curves are held in memory at once


def main() -> None:
    args = records.arguments(__doc__.splitlines()[0]).parse_args()
    try:
        rows = [COLUMNS, *ends(args.spec["cells"], args.spec["further"])]
    except devices.CannotTrain as error:
        sys.exit(str(error))
    written = write_whole(args.out, "".join(",".join(map(str, row)) + "\n" for row in rows))
    records.write(args.manifest, args.spec, args.code, {}, [written])


def ends(spec: dict, seeds: list[int]) -> Iterator[tuple]:
    """The rows that are kept, seed by seed."""
    for first in range(0, len(seeds), SIDE_BY_SIDE):
        together = seeds[first : first + SIDE_BY_SIDE]
        for seed, trained in zip(together, run(spec, together), strict=True):
            last = trained.outcome["steps"] if trained.outcome["status"] == "finished" else 0
            yield from ((seed, *row) for row in trained.rows if row[0] == last)


if __name__ == "__main__":
    main()
