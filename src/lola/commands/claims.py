"""Check the paper's claims: `python -m lola.commands.claims --claims FILE --out results/tables/claims FOLDER …`.

In:  the claims; the folders of all groups of the study, and their spec (`lola.study.plan.claims_spec`).
Out: `claims.csv` (claim,source,paper,measured,low,high,seeds,verdict), `claims.md` and `claims.tex`.
"""

import argparse
import json
import sys
from pathlib import Path

from lola.analysis.claims import check
from lola.analysis.groups import Counted
from lola.analysis.paper import read_ledger
from lola.tables import claims as of_claims
from lola.tables import table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("groups", nargs="+", type=Path)
    args = parser.parse_args()
    groups = {group.name: group for group in map(Counted, args.groups)}
    try:
        ledger = read_ledger(args.claims)
        checked = [check(claim, groups, ledger.claims, args.spec["scales"]) for claim in ledger.claims]
    except ValueError as error:
        sys.exit(str(error))
    table.save(of_claims.tabulate(checked, ledger), "The paper's claims", args.out)


if __name__ == "__main__":
    main()
