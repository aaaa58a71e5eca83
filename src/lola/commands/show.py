"""Show groups: `python -m lola.commands.show figure|table --spec JSON … --out results/figures/figure1 FOLDER …`.

In:  its block of the config with names and labels (`lola.study.display.block_spec`), the folders of its groups, the
     paper's claims and the history of their rules if any.
Out: `figure1.pdf` and `.png` of the runs that finished, with the number that diverged; or `table3.csv`, `.md`, `.tex`
     and `.html`, in which those count by a rule that its notes tell; and the manifest of these files.
"""

import sys
from importlib import import_module
from pathlib import Path

from lola.analysis.paper import Ledger, read_ledger
from lola.analysis.sources import split_spec
from lola.files import records
from lola.vocabulary.kinds import SHOWN, counts_further


def main() -> None:
    parser = records.arguments(__doc__.splitlines()[0])
    parser.add_argument("stage", choices=SHOWN)
    parser.add_argument("--claims", type=Path, nargs="*")
    parser.add_argument("groups", nargs="+", type=Path)
    args = parser.parse_args()
    files = [folder / name for folder in args.groups for name in ("curves.csv", "ends.json")]
    if counts_further(args.stage, args.spec):
        files += [path for folder in args.groups if (path := folder / "further.csv").exists()]
    inputs = records.digests([*files, *(args.claims or [])])
    module, kinds = SHOWN[args.stage]
    try:
        ledger = read_ledger(*args.claims) if args.claims else Ledger()
        sources, block = split_spec(args.spec, args.groups, ledger)
        kind = import_module(kinds[args.spec["kind"]].module)
        outputs = import_module(module).make(kind, sources, block, args.spec["caption"], args.out)
    except ValueError as error:
        sys.exit(str(error))
    records.write(args.manifest, args.spec, args.code, inputs, outputs)


if __name__ == "__main__":
    main()
