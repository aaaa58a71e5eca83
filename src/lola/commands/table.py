"""Write one table: `python -m lola.commands.table --spec JSON --claims FILE --out results/tables/table3 FOLDER …`.

In:  the table's block of the config, with its name, labels and actions; the folders of its groups; the paper's numbers.
Out: `table3.csv`, `table3.md` and `table3.tex`. Runs that diverged count, by a rule that the notes then tell.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from lola.analysis.groups import NothingLeft
from lola.analysis.paper import read_claims
from lola.analysis.sources import split_spec
from lola.tables import table as tables
from lola.vocabulary import kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--claims", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("groups", nargs="+", type=Path)
    args = parser.parse_args()
    try:
        kind, claims = kinds.TABLES[args.spec["kind"]], read_claims(args.claims) if args.claims else []
        sources, block = split_spec(args.spec, args.groups, claims)
        try:
            table = importlib.import_module(kind.module).tabulate(sources.counted, **block)
        except NothingLeft as reason:
            table = tables.empty(str(reason))
        tables.save(tables.with_note(table, sources.divergences), args.spec["caption"], args.out)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
