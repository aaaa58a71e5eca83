"""The stage that draws and tabulates, for the tests of what it makes."""

import json
from pathlib import Path

from lola.commands import show

CODE = {"lola.commands.show": "digest"}


def run_show(monkeypatch, stage: str, spec: dict, out: Path, folders: list, claims: Path | str | None = None) -> Path:
    """Draw or tabulate what the spec says of the groups in these folders; the manifest lies beside what was made."""
    manifest = out.with_name(f"{out.name}.json")
    given = ["--spec", json.dumps(spec), "--code", json.dumps(CODE), "--manifest", str(manifest), "--claims"]
    given += ([str(claims)] if claims else []) + ["--out", str(out), *map(str, folders)]
    monkeypatch.setattr("sys.argv", ["lola.commands.show", stage, *given])
    show.main()
    return manifest
