"""Draw one figure: `python -m lola.figure --spec JSON --claims FILE --out results/figures/figure1 FOLDER …`.

In:  the figure's block of the config, with its name, labels and actions; the folders of its groups; the paper's
     numbers, where the figure shows one.
Out: `figure1.pdf` and `figure1.png`. If a seed of a group failed, nothing but a line that says which, unless
     the figure's kind shows failures.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from lola.reporting import kinds, style
from lola.reporting.paper import read_claims
from lola.reporting.sources import split_spec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--claims", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("groups", nargs="+", type=Path)
    args = parser.parse_args()
    try:
        kind, claims = kinds.FIGURES[args.spec["kind"]], read_claims(args.claims) if args.claims else []
        sources, block = split_spec(args.spec, args.groups, claims, kind.shows_failures)
        with style.theme():
            style.save(importlib.import_module(kind.module).draw(sources, **block), args.out)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
