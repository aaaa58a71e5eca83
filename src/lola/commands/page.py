"""Write the results page: `python -m lola.commands.page --config JSON --out results/lola/index.html`.

In:  the resolved config, the tables, the claims, the captions of workflow/report, the reasons in docs/<paper>.md.
Out: the page, and in the folder above it a list of the pages that are there.
"""

import argparse
import json
from pathlib import Path

from lola.files.artifacts import write_whole
from lola.page import results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=json.loads, required=True)
    parser.add_argument("--overlays", nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write_whole(args.out, results.page(args.config, args.overlays, results.beside_results(args.config)))
    above = args.out.parent.parent
    if above != Path():  # the project's own folder, where nothing is made
        pages = {path.parent.name: path.read_text() for path in above.glob(f"*/{results.NAME}")}
        write_whole(above / results.NAME, results.index(above, pages))


if __name__ == "__main__":
    main()
