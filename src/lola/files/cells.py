"""A cell on disk: the curve `seed<k>.csv` and, beside it, the manifest `seed<k>.json`.

The manifest says what made the cell (spec, code, lock) and on which processor, how it ended, its final policies, and
the digest of the curve. It holds nothing that changes when the same cell is trained again there. Standard library only.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from lola.files.artifacts import canonical, sha256, write_whole
from lola.vocabulary.names import Cell


def write(path: str | Path, columns: Iterable[str], rows: Iterable[Iterable], manifest: dict) -> None:
    """Write the curve to `path` as CSV, floats so that they read back the same, and last the manifest that vouches."""
    curve = "".join(",".join(map(str, row)) + "\n" for row in [columns, *rows])
    manifest = {"cell": Cell.at(path).name, **manifest, "curve_sha256": sha256(curve)}
    manifest["manifest_sha256"] = sha256(canonical(manifest))
    write_whole(path, curve)
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(Path(path).with_suffix(".json"), text + "\n")


def read_manifest(path: str | Path) -> dict:
    """A cell's manifest, by its path or its curve's; both are checked. Raises ValueError that says what is wrong."""
    path = Path(path).with_suffix(".json")
    try:
        manifest = json.loads(path.read_text())
        vouched = manifest.pop("manifest_sha256")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ValueError(f"{path} is not a whole manifest (truncated or overwritten)") from None
    if sha256(canonical(manifest)) != vouched:
        raise ValueError(f"{path} is not as it was written (edited or overwritten)")
    curve = path.with_suffix(".csv")
    if sha256(curve.read_bytes()) != manifest["curve_sha256"]:
        raise ValueError(f"{curve} is not as it was written (truncated, edited or overwritten)")
    return manifest
