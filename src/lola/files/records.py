"""Manifests of what is made from cells: settings, code, digests of what was read and written. Standard library only."""

import json
from collections.abc import Iterable
from pathlib import Path

from lola.files.artifacts import file_sha256, write_whole


def digests(paths: Iterable[str | Path]) -> dict[str, str]:
    """The digest of each file, by its path."""
    return {str(path): file_sha256(path) for path in paths}


def write(path: str | Path, spec: dict, code: dict, inputs: dict[str, str], outputs: Iterable[str | Path]) -> None:
    """Write the manifest of outputs that lie on disk. `inputs` are their digests from before the work began."""
    made = {"spec": spec, "code": code, "inputs": inputs, "outputs": digests(outputs)}
    write_whole(path, json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def read(path: str | Path) -> dict:
    """A manifest, after checking the outputs against it. Raises ValueError that says what is not as it was written."""
    try:
        made = json.loads(Path(path).read_text())
        outputs, _, _ = made["outputs"], made["spec"], made["code"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is not a whole manifest") from None
    for output, digest in outputs.items():
        if file_sha256(output) != digest:
            raise ValueError(f"{output} is not as it was written (truncated, edited or overwritten)")
    return made
