"""Find runs on disk: those of a study's folder, or the few whose final policies are shipped."""

from pathlib import Path

import pandas as pd

from lola.files import cells, policies
from lola.python.catalogue import PROJECT
from lola.python.runs import Runs
from lola.study import papers, plan
from lola.vocabulary.errors import BadConfig, lookup
from lola.vocabulary.names import Cell, GroupName

ENDED = ("status", "steps", "reason", "thetas", "policies", "episode", "device")  # of a manifest


def groups(results: str | Path | None = None) -> list[str]:
    """The names of the groups that `load` finds: in a study's folder such as results/lola, or of those shipped.

    Raises BadConfig if that is no such folder.
    """
    return [*folders(results)]


def load(name: str, results: str | Path | None = None) -> Runs:
    """The runs of a group, as a study's folder has them; without a folder those that are shipped, without curves.

    Where no opponent model is named it is the oracle. Raises BadConfig, which names the groups that there are, and
    ValueError if a file is not as it was written.
    """
    full = name if name.count("/") == 2 else f"{name}/oracle"
    path = lookup("name", full, folders(results), "group of runs")
    return shipped(path) if results is None else read(path, Path(results))


def folders(results: str | Path | None) -> dict[str, Path]:
    """By group where it lies: the folder of its cells, or the file of its policies."""
    if results is None:
        files = sorted(PROJECT.joinpath(papers.DOCS).glob(f"*/{policies.FOLDER}/*/*/*.json"))
        return {GroupName.at(file.with_suffix("")).name: file for file in files}
    found = {GroupName.at(file.parent).name: file.parent for file in sorted(Path(results).glob("cells/*/*/*/*.json"))}
    if not found:
        raise BadConfig(f"results: given {results}, in which nothing is trained; allowed: a study's folder")
    return found


def shipped(path: Path) -> Runs:
    """The runs whose final policies are in a file of docs/."""
    spec, ends = policies.read(path)
    return Runs(group_of(GroupName.at(path.with_suffix("")), spec, ends), ends, None)


def read(folder: Path, root: Path) -> Runs:
    """The runs in a folder of cells. Raises ValueError unless all are whole and of one experiment."""
    manifests = {Cell.at(path).seed: cells.read_manifest(path) for path in folder.glob("*.json")}
    seeds, name = sorted(manifests), GroupName.at(folder)
    spec = manifests[seeds[0]]["spec"]
    if any(manifest["spec"] != spec for manifest in manifests.values()):
        raise ValueError(f"{folder} has cells of different settings; make reproduce trains those again that are stale")
    ends = {seed: {key: manifests[seed][key] for key in ENDED if key in manifests[seed]} for seed in seeds}
    curves = [pd.read_csv(name.cell(seed).curve(root)).assign(seed=seed) for seed in seeds]
    rows = pd.concat(curves, ignore_index=True)
    further = root / "groups" / name.name / "further.csv"
    return Runs(
        group_of(name, spec, ends),
        ends,
        rows[["seed", *rows.columns.drop("seed")]],
        pd.read_csv(further) if further.exists() else None,
    )


def group_of(name: GroupName, spec: dict, ends: dict[int, dict]) -> plan.Group:
    """The group that these runs are of."""
    return plan.Group(name.game, name.algorithm, name.opponent_model, tuple(ends), len(ends), spec)
