"""Train further seeds of a group and keep where they end: `python -m lola.commands.further --spec JSON … --out CSV`.

In:  the spec of the group's cells and its further seeds (`lola.study.plan.further_spec`).
Out: a CSV of seed, step, player, metric and value, of the last update alone, and where the spec says how many are first
     the mean return over these; of a seed whose numbers stop being finite all of step 0, since it has learned nothing;
     and the manifest of that. No cell, no checkpoint, no run in MLflow.
"""

import sys
from collections.abc import Iterator
from statistics import fmean

from lola.files import records
from lola.files.artifacts import write_whole
from lola.learning import devices
from lola.learning.trainers import run
from lola.vocabulary import measures

COLUMNS = ("seed", "step", "player", "metric", "value")
SIDE_BY_SIDE = 250  # seeds, whose curves are held in memory at once


def main() -> None:
    args = records.arguments(__doc__.splitlines()[0]).parse_args()
    try:
        rows = [COLUMNS, *ends(args.spec["cells"], args.spec["further"], args.spec.get("first"))]
    except devices.CannotTrain as error:
        sys.exit(str(error))
    written = write_whole(args.out, "".join(",".join(map(str, row)) + "\n" for row in rows))
    records.write(args.manifest, args.spec, args.code, {}, [written])


def ends(spec: dict, seeds: list[int], early: int | None = None) -> Iterator[tuple]:
    """The rows that are kept, seed by seed."""
    for first in range(0, len(seeds), SIDE_BY_SIDE):
        together = seeds[first : first + SIDE_BY_SIDE]
        for seed, trained in zip(together, run(spec, together), strict=True):
            last = trained.outcome["steps"] if trained.outcome["status"] == "finished" else 0
            yield from ((seed, *row) for row in trained.rows if row[0] == last)
            if early:
                yield from ((seed, last, *row) for row in mean_returns(trained.rows, early, bool(last)))


def mean_returns(rows: list[tuple], early: int, finished: bool) -> Iterator[tuple]:
    """Each player's mean return over the rows of the first updates; of a seed that did not finish, at the start."""
    returns = {}
    for step, player, metric, value in rows:
        if metric == measures.RETURN and (0 < step <= early if finished else step == 0):
            returns.setdefault(player, []).append(value)
    yield from ((player, measures.mean_return(early), fmean(values)) for player, values in returns.items())


if __name__ == "__main__":
    main()
