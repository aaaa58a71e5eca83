"""Manifests of what is made from cells: settings, code, digests of what was read and written. Standard library only."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

from lola.files.artifacts import file_sha256, write_whole


def arguments(about: str) -> ArgumentParser:
    """The arguments of every command that leaves such a manifest: what makes it, and where it and its outputs go."""
    parser = ArgumentParser(description=about)
    parser.add_argument("--spec", type=json.loads, required=True)
    parser.add_argument("--code", type=json.loads, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser


def digests(paths: Iterable[str | Path]) -> dict[str, str]:
    """The digest of each file, by its path."""
    return {str(path): file_sha256(path) for path in paths}


def write(path: str | Path, spec: dict, code: dict, inputs: dict[str, str], outputs: Iterable[str | Path]) -> None:
    """Write the manifest of outputs that lie on disk. `inputs` are their digests from before the work began."""
    made = {"spec": spec, "code": code, "inputs": inputs, "outputs": digests(outputs)}
    write_whole(path, json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def matches(path: str | Path, digest: str) -> bool:
    """Whether a file is there, can be read and has this digest."""
    try:
        return file_sha256(path) == digest
    except OSError:
        return False


def manifest(path: str | Path) -> dict:
    """A manifest as it lies on disk. Raises ValueError if it is none."""
    try:
        made = json.loads(Path(path).read_text(encoding="utf-8"))
        whole = made["outputs"] and all(isinstance(made[key], dict) for key in ("spec", "code", "inputs", "outputs"))
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ValueError(f"{path} is not a whole manifest")
    return made


def is_as_written(path: str | Path) -> bool:
    """Whether the text of a manifest, or of a cell's, is the one that is written of what it holds, to every blank."""
    text = Path(path).read_bytes().decode()
    return text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def read(path: str | Path) -> dict:
    """A manifest, after checking the outputs against it. Raises ValueError that says what is not as it was written."""
    made = manifest(path)
    for output, digest in made["outputs"].items():
        if file_sha256(output) != digest:
            raise ValueError(f"{output} is not as it was written (truncated, edited or overwritten)")
    return made
