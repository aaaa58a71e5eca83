"""Every kind of damage to every kind of file is named, and set aside so that the file is made again or not missed."""

import io
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from lola.commands import audit, reproduce
from lola.files import cells, checkpoints, records, seen
from lola.files.artifacts import canonical
from lola.study import provenance
from lola.study.config import load
from lola.tracking import store

STUDY = {
    "without": ["study", "figures", "tables"],
    "seeds": 2,
    "tracking": "none",
    "study": {"s": {"games": ["ipd"], "algorithms": ["nl-ex"]}},
    "figures": {"f": {"kind": "returns", "game": "ipd", "algorithms": ["nl-ex"], "caption": "F"}},
    "tables": {"t": {"kind": "convergence", "games": ["ipd"], "algorithms": ["nl-ex"], "caption": "T"}},
}
GROUP = "ipd/nl-ex/oracle"
VOUCHED = {  # files, below the folder of all studies, and the product that each is of
    f"one/cells/{GROUP}/seed1.csv": f"{GROUP} (1 cell)",
    f"one/cells/{GROUP}/seed1.json": f"{GROUP} (1 cell)",
    f"one/groups/{GROUP}/curves.csv": GROUP,
    f"one/groups/{GROUP}/ends.json": GROUP,
    f"one/manifests/groups/{GROUP}.json": GROUP,
    "one/figures/f.pdf": "f",
    "one/manifests/figures/f.json": "f",
    "one/tables/t.csv": "t",
    "one/tables/t.html": "t",
    "one/manifests/tables/t.json": "t",
    "one/reproducibility.md": "reproducibility.md",
    "one/index.html": "index.html",
    "one/report.html": "report.html",
    "one/manifests/pages/report.html.json": "report.html",
    "index.html": "index.html",
    "index.json": "index.html",
}
OTHERS = (
    f"one/benchmarks/train/{GROUP}/seed0-1.jsonl",
    "one/benchmarks/figures/f.jsonl",
    f"one/checkpoints/{GROUP}/seed0-seed1.checkpoint",
    f"one/logs/train/{GROUP}/seed0.log",
    "one/logs/report.log",
    "one/tracking/ipd.cells.json",
    "mlflow.db",
    ".snakemake/metadata/cmVzdWx0cw==",
    ".snakemake/incomplete/cmVzdWx0cw==",
)


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class Made:
    """A study in which everything is in order, of files made up here, in the present folder."""

    def __init__(self, config: dict, products: list[provenance.Product]):
        self.config, self.root = deepcopy(config), Path(config["results"])
        self.products = products
        for product in self.products:
            self.make(product)
        jobs = {"spec": {}, "code": "{}", "lock": "l", "seeds": [0, 1]}
        checkpoints.write(self.root / f"checkpoints/{GROUP}/seed0-seed1.checkpoint", jobs, {"a": np.zeros(3)})
        for name in ("train/ipd/nl-ex/oracle/seed0-1", "figures/f"):
            written(self.root / f"benchmarks/{name}.jsonl", '{"s": 1.5}\n')
        for name in (f"train/{GROUP}/seed0", "report"):
            written(self.root / f"logs/{name}.log", "said")
        with closing(sqlite3.connect(self.root.parent / "mlflow.db")) as database, database:
            database.execute("CREATE TABLE runs (run_uuid TEXT)")
            database.execute("INSERT INTO runs VALUES ('r')")
        logged = {"status": "logged", "reason": None, "runs": {}}
        written(self.root / "tracking/ipd.cells.json", json.dumps(logged))
        for folder in ("metadata", "incomplete"):
            written(Path(".snakemake", folder, "cmVzdWx0cw=="), '{"rule": "train"}')

    def make(self, product: provenance.Product) -> None:
        """What the product's job would make, whose digests follow from its name."""
        if product.stage == "cells":
            made = {"spec": product.spec, "code": canonical(product.code), "lock": provenance.environment()}
            cells.write(product.manifest.with_suffix(".csv"), ("step",), [(product.name,)], made)
            return
        folder = {"group": f"groups/{product.name}/", "figure": "figures/f", "table": "tables/t", "page": product.name}
        ends = {
            "group": ["curves.csv", "ends.json"],
            "figure": [".pdf", ".png"],
            "table": [".csv", ".md", ".tex", ".html"],
        }
        of = Path(product.name) if product.beside else self.root / folder[product.stage]
        paths = [Path(f"{of}/{e}" if product.stage == "group" else f"{of}{e}") for e in ends.get(product.stage, [""])]
        made = [written(path, f"{path.name} of {product.name}") for path in paths]
        inputs = [p.manifest for p in self.products if product.stage == "group" and p.name in product.needs]
        records.write(product.manifest, product.spec, product.code, records.digests(inputs), made)

    def faults(self) -> list[tuple[str, str]]:
        return provenance.faults(provenance.examine(self.config))


@pytest.fixture(scope="module")
def study():
    config = load("lola", [], STUDY | {"results": "results/one"})
    return config, list(provenance.products(config))


@pytest.fixture
def made(study, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(seen, "SETTLED", -60.0)  # as if all was written long ago
    made = Made(*study)
    list(reproduce.repair(made.config))
    return made


def test_a_study_in_order_stays_as_it_is(made):
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert Path(".snakemake/cache/seen") in {path.parent for path in before}
    assert made.faults() == [] and list(reproduce.repair(made.config)) == []
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_what_was_found_in_order_is_not_read_again(made, monkeypatch):
    (kept,) = Path(".snakemake/cache/seen").iterdir()
    monkeypatch.setattr(provenance, "judged", None)
    assert not any(problem for _, problem in provenance.examine(made.config, seen=seen.Seen(kept)))
    made.config["steps"] = 7  # which the cells are not made of
    with pytest.raises(TypeError):
        provenance.examine(made.config, seen=seen.Seen(kept))


def truncated(path, _):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path, _):
    path.write_bytes(b"")


def other_bytes(path, _):
    path.write_bytes(b"\xff\xfe" + path.read_bytes()[2:])


def nested(path, _):
    path.write_text("[" * 100_000)


def without_its_last_line_break(path, _):
    path.write_bytes(path.read_bytes()[:-1])


def deleted(path, _):
    path.unlink()


def folder(path, _):
    path.unlink()
    written(path / "inner", "somebody's")


def link_to_itself(path, _):
    path.unlink()
    path.symlink_to(path.name)


def link_to_another(path, _):
    path.unlink()
    path.symlink_to(Path(__file__))


def link_to_nowhere(path, _):
    path.unlink()
    path.symlink_to("nowhere")


def unreadable(path, monkeypatch):
    """Without permission: tests may run as root, who needs none."""
    path.chmod(path.stat().st_mode)  # which moves the time of its last change
    usual, number = io.open, path.stat().st_ino

    def refuse(file, *arguments, **keywords):
        if str(file) == str(path) and path.exists() and path.stat().st_ino == number:
            raise PermissionError(13, "Permission denied", str(file))
        return usual(file, *arguments, **keywords)

    monkeypatch.setattr(io, "open", refuse)


KINDS = (truncated, emptied, other_bytes, nested, deleted, folder, link_to_nowhere, link_to_itself, unreadable)


@pytest.mark.parametrize("kind", [*KINDS, without_its_last_line_break], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("file", "product"), VOUCHED.items(), ids=VOUCHED)
def test_damage_to_a_result_is_named_and_made_good(made, monkeypatch, file, product, kind):
    path = made.root.parent / file
    before = path.read_bytes()
    kind(path, monkeypatch)
    found = made.faults()
    assert any(product in line for _, line in found), found
    said = list(reproduce.repair(made.config))
    assert kind is deleted or any(str(path) in line for line in said), said
    assert {kind for kind, _ in made.faults()} <= {"missing", "stale"}
    for each in made.products:
        if not each.beside and provenance.problem(each, provenance.environment()):
            made.make(each)
            if each.name == provenance.PAGE:  # whose job makes the list of pages too
                made.make(made.products[-1])
    assert (made.faults(), path.read_bytes()) == ([], before)
    assert list(reproduce.repair(made.config)) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("file", OTHERS)
def test_damage_to_what_no_result_needs_stops_nothing_and_is_out_of_the_way(made, monkeypatch, file, kind):
    path = (made.root.parent if not file.startswith(".") else Path()) / file
    kind(path, monkeypatch)
    assert made.faults() == []
    named = " ".join([*audit.beside(made.root, []), *(reason for _, reason in store.not_logged(made.root))])
    said = list(reproduce.repair(made.config))
    harmless = path.suffix == ".log" and kind not in (folder, link_to_nowhere, link_to_itself)
    silent = harmless or kind is deleted
    if path.name == "mlflow.db" and kind in (emptied, unreadable):
        return  # a database without tables, which is filled; one that MLflow names when it cannot open it
    assert silent or any(path.name in line for line in said), said
    assert harmless or kind is deleted or path.name in named
    assert harmless or not os.path.lexists(path)
    left = path.with_name(f"{path.name}.damaged")
    assert kind is not folder or (left / "inner").read_text() == "somebody's"
    assert list(reproduce.repair(made.config)) == []


def test_a_folder_is_set_aside_beside_what_was_before_and_nothing_is_lost(made):
    path = made.root / "figures/f.pdf"
    for number in ("", "-2", "-3"):
        folder(path, None)
        list(reproduce.repair(made.config))
        assert (path.with_name(f"f.pdf.damaged{number}") / "inner").exists()
        path.write_text("again")


def test_a_folder_is_set_aside_beside_a_link_that_was(made):
    path = made.root / "reproducibility.md"
    link_to_nowhere(path, None)
    list(reproduce.repair(made.config))
    folder(written(path, "again"), None)
    list(reproduce.repair(made.config))
    assert path.with_name("reproducibility.md.damaged").is_symlink()
    assert (path.with_name("reproducibility.md.damaged-2") / "inner").exists()


@pytest.mark.parametrize("lock", ["one/tracking/.game-ipd.lock", ".mlflow.db.lock", "../.snakemake/study.lock"])
@pytest.mark.parametrize("kind", [folder, link_to_nowhere, link_to_another])
def test_what_no_process_can_hold_in_a_locks_place_is_set_aside(made, monkeypatch, lock, kind):
    path = made.root.parent / lock
    kind(written(path, ""), monkeypatch)
    (said,) = reproduce.repair(made.config)
    assert path.name in said and not os.path.lexists(path)
    assert list(reproduce.repair(made.config)) == []


def test_a_file_in_the_place_of_a_folder_is_set_aside(made):
    for place in (made.root / "figures", made.root / "groups/ipd"):
        shutil.rmtree(place)
        place.write_text("a file")
        (said,) = [line for line in reproduce.repair(made.config) if "a file where a folder belongs" in line]
        assert str(place) in said and place.with_name(f"{place.name}.damaged").read_text() == "a file"


def test_a_folder_whose_name_has_a_dot_is_where_it_belongs(made):
    for place in ("cells/my.game.v2/al.go.1/mo.del", "checkpoints/my.game.v2"):
        written(made.root / place / "seed0.csv", "")
    assert list(reproduce.repair(made.config)) == []
    folder(made.root / "cells/my.game.v2/al.go.1/mo.del/seed0.csv", None)
    (said,) = reproduce.repair(made.config)
    assert "seed0.csv is a folder where a file belongs" in said


def test_what_cut_writes_have_left_goes_and_the_rest_stays(made):
    stays = [written(made.root / name, "") for name in ("tracking/.ipd.lock", "cells/.gitkeep", ".x.d")]
    goes = [written(made.root / name, "") for name in ("figures/.f.png.10357", f"cells/{GROUP}/.seed0.csv.1")]
    goes.append(written(made.root.parent / ".index.html.77", ""))
    assert list(reproduce.repair(made.config)) == []
    assert all(path.exists() for path in stays) and not any(path.exists() for path in goes)


def test_locks_of_a_run_that_was_killed_go(made):
    lock = written(Path(".snakemake/locks/0.input.lock"), "results")
    assert list(reproduce.repair(made.config)) == [] and not lock.exists()


def test_many_broken_records_are_one_sentence_and_long_paths_are_no_damage(made):
    long = written(Path(".snakemake/metadata/@bG9uZw/cGF0aA=="), "{}")
    for n in range(20):
        written(Path(f".snakemake/metadata/{n}"), b"\xff")
    (said,) = reproduce.repair(made.config)
    assert said.startswith("20 of Snakemake's records cannot be read") and long.exists()


def test_a_checkpoint_with_pickles_is_named_and_not_read(made):
    path = made.root / f"checkpoints/{GROUP}/seed0-seed1.checkpoint"
    job = {"spec": {}, "code": "{}", "lock": "l", "seeds": [0, 1]}
    checkpoints.write(path, job, {"a": np.array([{}], dtype=object)})
    (said,) = reproduce.repair(made.config)
    assert said.startswith(f"{path} cannot be used (Object arrays cannot be loaded") and not path.exists()


def run(made, monkeypatch) -> str:
    """What `make reproduce` exits with, before Snakemake."""
    monkeypatch.setattr(reproduce, "load", lambda *_: made.config)
    monkeypatch.setattr(reproduce.papers, "chosen", lambda *_: [("lola", [])])
    monkeypatch.setattr(sys, "argv", ["reproduce"])
    with pytest.raises(SystemExit) as ended:
        reproduce.main()
    return ended.value.code


def test_results_that_may_not_be_written_are_one_sentence(made, monkeypatch):
    manifest = made.root / "manifests/figures/f.json"
    made.config["figures"]["f"]["caption"] = "Another"

    def refuse(path, *_, **__):
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert run(made, monkeypatch).startswith(f"Nothing was run: {manifest}: Read-only file system.")


def test_a_project_that_may_not_be_written_is_one_sentence(made, monkeypatch):
    shutil.rmtree(".snakemake")
    written(Path(".snakemake"), "no folder")
    assert run(made, monkeypatch).startswith("Nothing was run: .snakemake: ")


def test_a_folder_whose_disk_is_away_is_not_damage(made, monkeypatch):
    shutil.rmtree(made.root)
    made.root.symlink_to("/nowhere/one")
    assert "the link leads nowhere, /nowhere/one is not there" in run(made, monkeypatch)
    assert made.root.is_symlink()


def test_a_database_that_is_only_busy_is_left_alone(made, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda file, **_: connect(file, timeout=0))
    with closing(sqlite3.connect(made.root.parent / "mlflow.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert store.is_whole(made.root.parent / "mlflow.db") and list(reproduce.repair(made.config)) == []
