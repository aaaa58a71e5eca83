"""Draw one figure: `python -m lola.commands.figure --spec JSON --claims FILE --out results/figures/figure1 FOLDER …`.

In:  the figure's block of the config, with its name, labels and actions; the folders of its groups; the paper's
     numbers, where the figure shows one.
Out: `figure1.pdf` and `figure1.png`, of the runs that finished. Below it stands how many diverged, if any did.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from lola.analysis.groups import NothingLeft
from lola.analysis.paper import read_claims
from lola.analysis.sources import split_spec
from lola.figures import style
from lola.vocabulary import kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--claims", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("groups", nargs="+", type=Path)
    args = parser.parse_args()
    try:
        kind, claims = kinds.FIGURES[args.spec["kind"]], read_claims(args.claims) if args.claims else []
        sources, block = split_spec(args.spec, args.groups, claims)
        with style.theme():
            try:
                if not any(group.seeds for group in sources.groups.values()):
                    raise NothingLeft("no run of what this figure shows finished")
                figure = importlib.import_module(kind.module).draw(sources, **block)
            except NothingLeft as reason:
                figure = style.empty(str(reason))
            style.save(figure, args.out, sources.divergences)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
