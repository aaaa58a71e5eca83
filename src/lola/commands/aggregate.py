"""Gather the cells of a group: `python -m lola.commands.aggregate --spec JSON --code JSON --out FOLDER CURVE.csv …`.

In:  the group's curves, each with its manifest beside it; what sort of group it is (`lola.study.plan.group_spec`).
Out: `curves.csv`, the rows of all curves after a column `seed`; `ends.json`, what sort of group it is and how each seed
     ended: what its manifest says, but for what is `LEFT_OUT`; and the manifest of both. If a cell is damaged, none.
"""

import json
import sys
from pathlib import Path

from lola.files import cells, records
from lola.files.artifacts import write_whole
from lola.vocabulary.names import Cell

LEFT_OUT = ("cell", "spec", "code", "lock", "processor", "device", "curve_sha256", "thetas")  # of a cell's manifest


def main() -> None:
    parser = records.arguments(__doc__.splitlines()[0])
    parser.add_argument("curves", nargs="+", type=Path)
    args = parser.parse_args()
    inputs = records.digests(curve.with_suffix(".json") for curve in args.curves)
    try:
        outputs = [write_whole(args.out / name, text) for name, text in gather(args.curves, args.spec).items()]
    except ValueError as error:
        sys.exit(str(error))
    records.write(args.manifest, args.spec, args.code, inputs, outputs)


def gather(curves: list[Path], spec: dict) -> dict[str, str]:
    """The group's files by name. Raises ValueError that names every damaged cell."""
    manifests, damaged = {}, []
    for curve in curves:
        try:
            manifests[curve] = cells.read_manifest(curve)
        except (ValueError, OSError) as error:
            damaged.append(str(error))
    if damaged:
        raise ValueError("\n".join(damaged))
    rows, ends = [], {}
    for seed, curve in sorted((Cell.at(curve).seed, curve) for curve in curves):
        columns, *lines = curve.read_text().splitlines()
        rows += [f"{seed},{line}\n" for line in lines]
        ends[seed] = {key: value for key, value in manifests[curve].items() if key not in LEFT_OUT}
    about = {key: value for key, value in spec.items() if key != "seeds"}
    ended = json.dumps(about | {"seeds": ends}, ensure_ascii=False, separators=(",", ":"))
    return {"curves.csv": f"seed,{columns}\n" + "".join(rows), "ends.json": ended + "\n"}


if __name__ == "__main__":
    main()
