"""Rules that are held against themselves, from the command to what is claimed, tabulated and logged of them."""

import json

import pytest
import quadratics
import specs

from lola.analysis import at_points
from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.commands import aggregate, consistent
from lola.files import cells
from lola.files.artifacts import file_sha256
from lola.study import provenance
from lola.tables import consistency
from lola.tracking import games, runs
from lola.vocabulary.names import Cell

TANDEM = quadratics.block(*quadratics.TANDEM)
AFFINE = {"rule": "cola_affine", "eta": None}
HOLA = {"rule": "lola_exact", "eta": None, "order": 2}
REGION = {"radius": 1.0, "points": 50, "against": AFFINE}
SPEC = specs.EXACT | {"game": TANDEM, "grid": {"eta": [1.0, 0.1]}, "steps": 0, "region": REGION}


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """Two groups of three seeds, made and gathered."""
    root, found = tmp_path_factory.mktemp("study"), {}
    for name, seat in {"hola": HOLA, "cola": AFFINE}.items():
        curves = [Cell("tandem", f"{name}@consistency", "oracle", seed).curve(root) for seed in range(3)]
        told = ["consistent", "--spec", json.dumps(SPEC | {"seats": [seat, seat]}), "--code", "{}", "--lock", "l"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", [*told, *map(str, curves)])
            consistent.main()
        about = {"course": "consistency", "blocks": False}
        folder = root / "groups" / "tandem" / f"{name}@consistency" / "oracle"
        folder.mkdir(parents=True)
        for file, text in aggregate.gather(curves, about).items():
            (folder / file).write_text(text)
        found[name] = Group(folder)
    return found


def curve(group, seed=0):
    return group.cell(seed).curve(group.folder.parents[3])


def mean(sample):
    return float(sample.statistic.value(sample.runs))


def test_a_cell_vouches_for_its_rows(groups):
    manifest = cells.read_manifest(curve(groups["hola"]))
    assert manifest["status"] == "finished" and manifest["spec"]["region"] == REGION
    assert curve(groups["hola"]).read_text().startswith("eta,metric,value\n1.0,consistency loss,")


def test_claims_measure_one_eta(groups):
    sample = at_points.consistency(groups["hola"], eta=1.0)
    assert sample.seeds == (0, 1, 2) and mean(sample) == pytest.approx(512)
    assert mean(at_points.consistency(groups["hola"], eta=0.1)) == pytest.approx(9.2e-3, rel=0.3)
    assert (
        0
        < mean(at_points.consistency(groups["hola"], 0.1, median=True))
        < mean(at_points.consistency(groups["hola"], 0.1))
    )
    assert mean(at_points.cosine(groups["hola"], eta=0.1)) == pytest.approx(0.98, abs=0.02)
    assert mean(at_points.solutions(groups["cola"], eta=0.1)) == 3
    with pytest.raises(KeyError, match="one look-ahead rate alone"):
        at_points.consistency(groups["hola"])
    with pytest.raises(KeyError, match="affine solutions"):
        at_points.solutions(groups["hola"], eta=0.1)


def test_the_table_has_a_row_for_each_eta(groups):
    names = {group.algorithm: label for (label, group) in (("HOLA2", groups["hola"]), ("COLA", groups["cola"]))}
    sources = Sources({group.name: group for group in groups.values()}, names, {"tandem": [[], []]})
    table = consistency.tabulate(sources, games=["tandem"], algorithms=[*names])
    block = table.blocks[""]
    assert block[["algorithm", "η", "affine solutions"]].to_numpy().tolist() == [
        ["HOLA2", "1", "–"],
        ["HOLA2", "0.1", "–"],
        ["COLA", "1", "4"],
        ["COLA", "0.1", "3"],
    ]
    assert block["mean"][0] == "512" and block["mean"][1].startswith("0.00") and "[" in block["mean"][1]
    row = table.rows[(table.rows.algorithm == "HOLA2") & (table.rows["η"] == "1")].set_index("measure").loc["mean"]
    assert (row.seeds, row.value) == (3, "512")


def test_mlflow_is_told_a_number_for_each_eta(groups):
    path = curve(groups["cola"])
    about = runs.About({"cola@consistency": "COLA"})
    content = runs.content(path, cells.read_manifest(path), about)
    logged = {name: value for name, _, value in content.metrics}
    assert logged["affine solutions eta 0.1"] == 3 and logged["consistency loss eta 0.1"] < 1e-20
    assert content.tags["kind"] == "consistency" and content.tags["group"] == "COLA consistency"
    assert "tournament" not in content.tags and content.params["region.radius"] == "1.0"
    assert {"curve.csv", "manifest.json"} < {*content.files}
    assert [*games.ends(cells.read_manifest(path)["spec"])] == []


def make(root, algorithm, spec, reads=(), seeds=(0, 1)):
    """The cells of a group, by the command."""
    curves = [Cell("tandem", algorithm, "oracle", seed).curve(root) for seed in seeds]
    told = ["consistent", "--spec", json.dumps(spec), "--code", "{}", "--lock", "l", "--reads", json.dumps(reads)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [*told, *map(str, curves)])
        consistent.main()
    return curves


def test_cells_know_the_networks_that_they_were_made_from(tmp_path):
    seat = {"rule": "cola", "eta": None, "net": "relu"}
    nets = specs.EXACT | {"game": TANDEM, "grid": {"eta": [1.0, 0.1]}, "seats": [seat, seat], "steps": 20}
    nets |= {"fit": {"radius": 1.0}, "every": 10}
    read = "tandem/cola@networks/oracle"
    fitted = make(tmp_path, "cola@networks", nets)
    assert fitted[0].read_text().startswith("step,eta,metric,value\n10,1.0,consistency loss,")
    content = runs.content(fitted[0], cells.read_manifest(fitted[0]), runs.About({"cola@networks": "COLA"}))
    assert [name for name, step, _ in content.metrics] == ["consistency loss eta 1"] * 2 + [
        "consistency loss eta 0.1"
    ] * 2
    assert content.tags["kind"] == "networks"

    own = seat | {"eta": 0.1, "lr": 0.1}
    plays = specs.EXACT | {"game": TANDEM, "seats": [own, own], "steps": 3, "networks": [nets, nets]}
    curves = make(tmp_path, "cola", plays, [read, read])
    manifest = cells.read_manifest(curves[1])
    path = str(fitted[1].with_suffix(".json"))
    assert manifest["inputs"] == {path: file_sha256(path)} and manifest["spec"] == plays

    region = {"radius": 1.0, "points": 10, "against": AFFINE}
    held = SPEC | {"seats": [seat, seat], "region": region, "networks": [nets, nets, None]}
    points = make(tmp_path, "cola@consistency", held, [read, read, ""])
    assert points[0].read_text() != points[1].read_text()

    product = provenance.Product("tandem/cola/oracle/seed1", "cells", curves[1].with_suffix(".json"), plays, {})
    assert provenance.problem(product, "l") is None
    make(tmp_path, "cola@networks", nets | {"steps": 30}, seeds=[1])
    kind, reason = provenance.problem(product, "l")
    assert kind == "stale" and reason == f"{path} changed"


def test_a_damaged_network_is_told(tmp_path):
    seat = {"rule": "cola", "eta": 0.1, "net": "relu"}
    nets = specs.EXACT | {"game": TANDEM, "seats": [seat, seat], "steps": 2, "fit": {"radius": 1.0}}
    (curve,) = make(tmp_path, "cola@networks", nets, seeds=[0])
    curve.write_text("nothing")
    plays = specs.EXACT | {"game": TANDEM, "seats": [seat | {"lr": 0.1}] * 2, "steps": 3, "networks": [nets] * 2}
    with pytest.raises(SystemExit, match=r"seed0\.csv is not as it was written"):
        make(tmp_path, "cola", plays, ["tandem/cola@networks/oracle"] * 2, seeds=[0])
