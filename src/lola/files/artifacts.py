"""Files that are written whole or not at all, their digests, and settings as text. Standard library only."""

import hashlib
import json
import os
from pathlib import Path


def write_whole(path: str | Path, content: str | bytes) -> Path:
    """Write beside, then rename: a reader sees the old file or the new one, never a part. Returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content.encode() if isinstance(content, str) else content)
    return beside.replace(path)


def sha256(content: str | bytes) -> str:
    """The hex digest of a text or of bytes."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def file_sha256(path: str | Path) -> str:
    """The hex digest of a file's bytes."""
    return sha256(Path(path).read_bytes())


def canonical(settings) -> str:
    """One JSON text per value: keys sorted, no spaces, so that equal settings are equal strings."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def differences(before, after, path: str = "") -> list[str]:
    """The differences of two settings, as lines like `seats[0].lr: 1.0 → 0.5`."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        return [d for k in keys for d in differences(before.get(k), after.get(k), f"{path}.{k}".removeprefix("."))]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [d for n, (b, a) in pairs for d in differences(b, a, f"{path}[{n}]")]
    return [] if before == after else [f"{path}: {canonical(before)} → {canonical(after)}"]
