"""Run a stage and record what it read and wrote.

    python -m lola.commands.record --manifest FILE --spec JSON --code JSON --inputs … --outputs … -- STAGE …

The manifest is written after the stage has succeeded. Standard library only.
"""

import argparse
import json
import runpy
import sys
from pathlib import Path

from lola.files.artifacts import file_sha256, write_whole


def main() -> None:
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--code", type=json.loads, required=True)
    parser.add_argument("--inputs", nargs="*", default=[])
    parser.add_argument("--outputs", nargs="+", required=True)
    args = parser.parse_args(sys.argv[1:split])
    inputs = {path: file_sha256(path) for path in args.inputs}
    sys.argv = sys.argv[split + 1 :]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    outputs = {path: file_sha256(path) for path in args.outputs if Path(path) != Path(args.manifest)}
    made = {"spec": args.spec, "code": args.code, "inputs": inputs, "outputs": outputs}
    write_whole(args.manifest, json.dumps(made, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
