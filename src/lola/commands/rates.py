"""Work out how often the rules of verdicts err: `python -m lola.commands.rates`, a few minutes.

Out: docs/rates.csv, which docs/verdicts.md shows, in per cent.
"""

import csv
from io import StringIO

from lola.analysis import rates
from lola.files import environment
from lola.files.artifacts import write_whole
from lola.study.papers import DOCS


def main() -> None:
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows([rates.COLUMNS, *map(rates.line, rates.rows())])
    write_whole(DOCS / "rates.csv", file.getvalue())


if __name__ == "__main__":
    environment.set_up()
    main()
