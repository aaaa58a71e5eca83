"""Write the results page: `python -m lola.commands.page --spec JSON … --out results/lola/index.html FILE …`.

In:  the study (`lola.study.provenance.study_spec`), the tables, the claims, the captions of workflow/report, the
     reasons in docs/<paper>.md.
Out: the page, and in the folder above it a list of the pages that are there; the manifest of each.
"""

from pathlib import Path

from lola.files import records
from lola.files.artifacts import write_whole
from lola.page import results
from lola.study import provenance


def main() -> None:
    parser = records.arguments(__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="+", type=Path)
    args = parser.parse_args()
    config, inputs = args.spec["config"], records.digests(args.inputs)
    place = results.beside_results(config)
    page = write_whole(args.out, results.page(config, args.spec["overlays"], place, args.spec["by_hand"]))
    records.write(args.manifest, args.spec, args.code, inputs, [page])
    above = args.out.parent.parent
    if above != Path():  # the project's own folder, where nothing is made
        paths = sorted(above.glob(f"*/{results.NAME}"))
        inputs = records.digests(paths)
        pages = {path.parent.name: path.read_text(encoding="utf-8", errors="replace") for path in paths}
        listed = write_whole(above / results.NAME, results.index(above, pages))
        records.write(provenance.list_manifest(above), {}, args.code, inputs, [listed])


if __name__ == "__main__":
    main()
