"""Final policies of a group's first runs in one small file, to be played without training. Standard library only.

Parameters are kept as bytes in base64, half as long as their decimals and as exact; policies in words beside them.
"""

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import Path

FOLDER = "policies"  # in that of a paper's docs
RUNS, CHARACTERS = 5, 80_000  # at most so many, unless the first alone is longer
SINGLE, DOUBLE = "<f", "<d"  # how a number is packed


def text(group: str, spec: dict, manifests: Iterable[tuple[int, dict]]) -> str:
    """The file of a group, from its name, its spec and the seeds and manifests of its runs: of the first that finished.

    Raises ValueError if none did.
    """
    runs, length = {}, 0
    for seed, manifest in manifests:
        if manifest["status"] != "finished":
            continue
        run = compact(packed(manifest))
        length += len(run)
        if runs and length > CHARACTERS:
            break
        runs[seed] = run
        if len(runs) == RUNS:
            break
    if not runs:
        raise ValueError(f"no run of {group} finished, so there are no final policies")
    head = compact({"group": group, "spec": spec}).removesuffix("}")
    return f'{head},"runs":{{\n' + ",\n".join(f'"{seed}":{run}' for seed, run in runs.items()) + "}}\n"


def read(path: Path) -> tuple[dict, dict[int, dict]]:
    """The spec of a group, and by seed how each of its shipped runs ended."""
    known = json.loads(path.read_text(encoding="utf-8"))
    return known["spec"], {int(seed): unpacked(run) for seed, run in known["runs"].items()}


def packed(manifest: dict) -> dict:
    """The end of a run with its parameters as text, in single precision where that holds them."""
    thetas, number = manifest["thetas"], SINGLE
    if any(struct.unpack(SINGLE, struct.pack(SINGLE, x)) != (x,) for theta in thetas for x in theta):
        number = DOUBLE
    coded = [b64encode(b"".join(struct.pack(number, x) for x in theta)).decode() for theta in thetas]
    return {"steps": manifest["steps"], "number": number, "thetas": coded, "policies": manifest["policies"]}


def unpacked(run: dict) -> dict:
    """Inverse of `packed`."""
    thetas = [[x for (x,) in struct.iter_unpack(run["number"], b64decode(theta))] for theta in run["thetas"]]
    return {"status": "finished", "steps": run["steps"], "thetas": thetas, "policies": run["policies"]}


def compact(value: dict) -> str:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
