"""Write the report: `python -m lola.commands.report --spec JSON … --out results/lola/report.html FILE …`.

In:  the study (`lola.study.provenance.study_spec`), whose Snakemake is asked for the report; the files in it.
Out: the report of figures and tables, since that of the whole study would hold itself; and its manifest.
"""

import subprocess
import sys
from pathlib import Path

from lola.files import records
from lola.study import papers


def main() -> None:
    parser = records.arguments(__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="+", type=Path)
    args = parser.parse_args()
    inputs = records.digests(args.inputs)
    paper, overlays, by_hand = args.spec["config"]["paper"], args.spec["overlays"], args.spec["by_hand"]
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "figures",
        "tables",
        "--report",
        str(args.out),
        "--nolock",
        "--dry-run",
    ]
    # The paper is named even where nobody named it, so that however the study is started, the report is the same.
    command += papers.flags(paper, overlays, by_hand)
    if status := subprocess.run(command).returncode:
        sys.exit(status)
    records.write(args.manifest, args.spec, args.code, inputs, [args.out])


if __name__ == "__main__":
    main()
