"""The smoke study end to end, and what each change makes again."""

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from project_copies import PROJECT, copied, copied_again, edit

from lola.study.config import load
from lola.study.plan import groups

pytestmark = pytest.mark.xdist_group("studies")  # one process runs them all, since they copy one finished study

ROOT = Path("results/lola-smoke")
CELLS = 147  # 49 groups of 3 seeds
GAMES = ("ipd", "imp", "imp-96", "imp-99", "coin-game")
OVERLAY = "config/lola/smoke.yaml"
LIBRARY = "config/library.yaml"
OF_ALL_SEEDS = {  # what shows groups that have the study's seeds
    *("figure1", "figure2", "figure-a3-ipd", "figure-a3-imp", "opponent-models", "sensitivity"),
    *("table3", "table4", "cross-term", "claims"),
}


def reproduce(project: Path, *overlays: str, check: bool = True) -> subprocess.CompletedProcess:
    """What `make reproduce` runs."""
    command = [sys.executable, "-m", "lola.commands.reproduce", *(overlays or [OVERLAY])]
    done = subprocess.run(command, cwd=project, env=own(project), capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done


def own(project: Path) -> dict[str, str]:
    """The environment in which a copy of the project uses its own modules and store."""
    rest = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_TRACKING")}
    return rest | {"PYTHONPATH": str(project / "src")}


def snakemake(
    project: Path, *arguments: str, overlays=(OVERLAY,), check: bool = True, **environment: str
) -> subprocess.CompletedProcess:
    """Run the workflow of a copy of the project, whose modules come before the installed ones."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, "--configfile", *overlays]
    done = subprocess.run(command, cwd=project, env=own(project) | environment, capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done


def again(project: Path, overlays=(OVERLAY,)) -> set[str]:
    """What would be made again, as paths below the results folder."""
    table = snakemake(project, "--summary", overlays=overlays).stdout.splitlines()
    rows = [line.split("\t") for line in table if line.count("\t") >= 5]
    assert rows[0][-1] == "plan"
    return {row[0].removeprefix(f"{ROOT}/") for row in rows[1:] if row[-1] != "no update"}


def trained(paths: set[str]) -> set[str]:
    """The curves among the paths, without their folder and suffix."""
    return {path[len("cells/") : -len(".csv")] for path in paths if path.startswith("cells/") and path.endswith(".csv")}


def drawn(paths: set[str]) -> set[str]:
    return {Path(path).stem for path in paths if path.startswith(("figures/", "tables/"))}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy of the project in which the smoke study is finished."""
    project = copied(tmp_path_factory.mktemp("study"))
    project.joinpath("first.log").write_text(snakemake(project).stderr)
    return project


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished study that a test may change."""
    return copied_again(finished, tmp_path)


def rows(path: Path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_everything_is_made(finished):
    results = finished / ROOT
    for name in (
        "figure1",
        "figure2",
        "figure-a3-ipd",
        "dice",
        "opponent-models",
        "sensitivity",
        "sensitivity-pg",
        "batch-size",
        "figure4",
        "figure4-clones",
        "figure4-cells-ipd",
        "figure4-ipd-returns",
        "figure5",
        "coin-episode",
    ):
        assert (results / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (results / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG")
    for name in ("table3", "table4", "settings-pg", "figure4", "figure4-cells", "claims"):
        assert all((results / f"tables/{name}.{ext}").stat().st_size > 200 for ext in ("csv", "md", "tex"))
    assert "## Settings" in (results / "reproducibility.md").read_text()
    report = (results / "report.html").read_text()
    assert "<html" in report.lower() and "figure1" in report
    page = (results / "index.html").read_text()
    links = set(re.findall(r'(?:href|src)="([^":#]+)(?=["#])', page)) - {"../../docs/reading.md"}  # docs is not copied
    assert {"figures/figure1.png", "manifests/figures/figure1.json", "report.html", "../index.html"} <= links
    assert not [link for link in links if not (results / link).exists()]
    assert "An overlay" in page and "lola-smoke/index.html" in (results.parent / "index.html").read_text()
    assert len(list(results.glob("cells/*/*/*/seed*.csv"))) == CELLS
    claims = rows(results / "tables/claims.csv")
    assert {"claim", "section", "headline", "measured", "runs", "verdict", "kind", "rival", "since"} <= {*claims[0]}
    assert {"table3/ipd/lola-ex/R"} <= {row["claim"] for row in claims}
    assert {row["verdict"] for row in claims} <= {"reproduced", "not reproduced", "inconclusive", "not run"}


class Jobs:
    """The jobs of a study, by their logs."""

    def __init__(self, project: Path):
        self.project, self.outputs, self.inputs, self.commands = project, {}, {}, {}
        for row in snakemake(project, "--detailed-summary").stdout.splitlines():
            if row.startswith(f"{ROOT}/"):
                output, _, _, log, inputs, command, *_ = row.split("\t")
                self.outputs.setdefault(log, []).append(project / output)
                self.inputs[log], self.commands[log] = inputs.split(","), command
        self.makers = {str(path.relative_to(project)): log for log, made in self.outputs.items() for path in made}

    def ancestors(self, job: str) -> set[str]:
        """The jobs that must have ended before a job begins."""
        found, ahead = set(), [job]
        while ahead:
            needed = {self.makers[path] for path in self.inputs[ahead.pop()] if path in self.makers} - found
            found |= needed
            ahead += needed
        return found

    def files(self, job: str) -> list[Path]:
        """All that a job leaves behind: outputs, log and benchmark."""
        log = self.project / job
        folder = self.project / ROOT / "benchmarks" / log.parent.relative_to(self.project / ROOT / "logs")
        measured = [*folder.glob(f"{log.stem}.jsonl"), *folder.glob(f"{log.stem}-[0-9]*.jsonl")]
        return [path for path in (*self.outputs[job], log, *measured) if path.exists()]

    def run(self, job: str, absent: list[Path]) -> dict[Path, object]:
        """What is in the outputs of a job that begins where none are, nor files that are `absent`."""
        for path in absent:
            path.rename(path.with_name(path.name + ".absent"))
        for path in self.outputs[job]:
            path.unlink()
        python = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "MPLBACKEND": "Agg"}
        command = ["bash", "-euo", "pipefail", "-c", self.commands[job]]
        done = subprocess.run(command, cwd=self.project, env=own(self.project) | python)
        assert done.returncode == 0, (self.project / job).read_text()
        for path in absent:
            path.with_name(path.name + ".absent").rename(path)
        return {path: content(path) for path in self.outputs[job]}


def content(path: Path) -> object:
    """A file's bytes; of the report what it shows, not its digest: it has time stamps, and sets in no order."""
    if path.name == "report.html.json":
        return {key: told for key, told in json.loads(path.read_text()).items() if key != "outputs"}
    if path.name != "report.html":
        return path.read_bytes()
    (shown,) = re.findall(r"var results = (\{.*\});?$", path.read_text(), re.MULTILINE)
    return json.loads(shown)


@pytest.mark.slow
def test_the_last_ten_jobs_may_run_in_every_order(study):
    """Any order leaves a job a part of the files of those that it does not wait for, while these may change: if it
    succeeds with none of them, and makes the same with all, then it reads none, and no order can matter."""
    jobs = Jobs(study)
    waits = {job: jobs.ancestors(job) for job in jobs.commands}
    last = sorted(waits, key=lambda job: len(waits[job]))[-10:]
    assert last[-1] == f"{ROOT}/logs/report.log"
    assert waits[last[-1]] == {*waits} - {last[-1]}, "the report runs Snakemake, which reads everything"
    for job in last:
        others = [path for other in {*waits} - waits[job] - {job} for path in jobs.files(other)]
        made = {path: content(path) for path in jobs.outputs[job]}
        assert jobs.run(job, absent=others) == made, job
        assert jobs.run(job, absent=[]) == made, job


@pytest.mark.slow
def test_every_cell_has_its_run(finished):
    logged = {}
    for game in GAMES:
        marker = json.loads((finished / ROOT / f"tracking/{game}.cells.json").read_text())
        assert marker["status"] == "logged"
        logged |= marker["runs"]
    assert len(logged) == CELLS
    assert len(set(logged.values())) == CELLS


@pytest.mark.slow
def test_progress_is_plain_lines_in_a_log(finished):
    log = (finished / "first.log").read_text()
    assert "\x1b" not in log
    assert "\r" not in log
    assert re.search(rf"cells {CELLS} of {CELLS}", log)


@pytest.mark.slow
def test_by_hand_it_needs_no_home_and_no_utf_8_and_minds_no_other_package_of_its_name(study, tmp_path):
    Path(tmp_path, "theirs/lola").mkdir(parents=True)
    Path(tmp_path, "theirs/lola/__init__.py").touch()
    hostile = {"PYTHONPATH": f"{tmp_path}/theirs{os.pathsep}{study}/src", "LC_ALL": "C", "PYTHONUTF8": "0"}
    hostile |= {"HOME": "/dev/null/none", "XDG_CACHE_HOME": "/dev/null/none"}
    figure = study / ROOT / "figures/figure1.png"
    before = figure.read_bytes()
    figure.unlink()
    (study / "matplotlibrc").write_text("axes.grid: True\nsavefig.bbox: tight\n")
    snakemake(study, f"{ROOT}/figures/figure1.png", **hostile)
    assert figure.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("graph", ["--dag", "--rulegraph"])
def test_a_graph_stands_alone_on_standard_output(finished, graph):
    told = snakemake(finished, graph, "--forceall").stdout
    assert told.startswith("digraph") and told.rstrip().endswith("}") and "train" in told


@pytest.mark.slow
def test_a_profile_that_is_not_there_is_named(finished):
    done = snakemake(finished, check=False, SNAKEMAKE_PROFILE="no-such-profile")
    assert done.returncode and "no-such-profile" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_nothing_changed_nothing_runs_and_it_says_so(study):
    before = {path: path.stat().st_mtime_ns for path in (study / ROOT).rglob("*") if path.is_file()}
    done = snakemake(study)
    assert "Nothing to do" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in (study / ROOT).rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_where_nothing_is_to_do_snakemake_is_not_started(study):
    def runs():
        return len([*study.joinpath(".snakemake/log").iterdir()])

    before, marker = runs(), study / ROOT / "tracking/imp.aggregate.json"
    told = marker.read_bytes()
    done = reproduce(study)
    assert f"Nothing to do: all {CELLS} cells" in done.stderr and f"Read them: {ROOT}/index.html" in done.stderr
    assert runs() == before
    marker.write_text(marker.read_text().replace('"digest": "', '"digest": "x'))
    assert "aggregate of imp: what runs are told changed" in audit(study, "explain").stdout
    assert "Done in" in reproduce(study).stderr
    assert (runs(), marker.read_bytes()) == (before + 1, told)


@pytest.mark.slow
def test_a_touched_or_copied_tree_is_no_change(study):
    for path in [*(study / "src").rglob("*.py"), *(study / "config").iterdir(), *(study / ROOT).rglob("*.csv")]:
        path.touch()
    assert again(study) == set()


@pytest.mark.slow
def test_verify_and_explain_have_nothing_to_say_of_a_finished_study(study):
    for what, said in (("verify", f"Verified: {CELLS} cells"), ("explain", "Nothing would be made again.")):
        assert said in audit(study, what).stdout


def audit(project: Path, what: str, check: bool = True) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "lola.commands.audit", what, OVERLAY]
    done = subprocess.run(command, cwd=project, env=own(project), capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_one_more_seed_trains_that_cell_in_each_algorithm(study):
    edit(study / OVERLAY, "seeds: 3", "seeds: 4")
    paths = again(study)
    assert len(trained(paths)) == 27  # of the other groups each has seeds of its own
    assert {name[-5:] for name in trained(paths)} == {"seed3"}
    assert drawn(paths) == OF_ALL_SEEDS


@pytest.mark.slow
def test_one_seed_less_trains_nothing_and_is_not_up_to_date(study):
    edit(study / OVERLAY, "seeds: 3", "seeds: 2")
    paths = again(study)
    assert trained(paths) == set()
    assert drawn(paths) == OF_ALL_SEEDS
    assert "seeds" in audit(study, "verify", check=False).stdout


@pytest.mark.slow
def test_the_step_size_of_one_algorithm_retrains_its_cells_alone(study):
    edit(study / LIBRARY, "label: NL-Ex, rule: naive, lr: 1.0", "label: NL-Ex, rule: naive, lr: 0.9")
    paths = again(study)
    assert trained(paths) == {f"{game}/nl-ex/oracle/seed{k}" for game in ("ipd", "imp") for k in range(3)}
    assert drawn(paths) == {"figure1", "figure2", "table3", "claims"}
    assert "ipd/nl-ex/oracle: 3 cells" in audit(study, "explain").stdout
    assert audit(study, "verify", check=False).returncode == 1


@pytest.mark.slow
def test_swapping_two_settings_is_a_change(study):
    edit(study / LIBRARY, "rule: lola, lr: 1.0, eta: 1.0, sources", "rule: lola, lr: 1.0, eta: 0.5, sources")
    snakemake(study, f"{ROOT}/cells/ipd/lola-ex/oracle/seed0.csv")
    edit(study / LIBRARY, "rule: lola, lr: 1.0, eta: 0.5, sources", "rule: lola, lr: 0.5, eta: 1.0, sources")
    assert "ipd/lola-ex/oracle/seed0" in trained(again(study))


@pytest.mark.slow
def test_a_comment_or_docstring_anywhere_changes_nothing(study):
    for path in (study / "src").rglob("*.py"):
        text = path.read_text().replace('"""', '"""Well: ', 1)
        path.write_text("# a comment\n" + text + "\n# another\n")
    assert again(study) == set()


@pytest.mark.slow
def test_a_figures_code_redraws_that_figure(study):
    module = study / "src/lola/figures/map.py"
    module.write_text(module.read_text() + "\nCHANGED = 1\n")
    paths = again(study)
    assert drawn(paths) == {"sensitivity", "sensitivity-pg", "batch-size"}
    assert trained(paths) == set()
    assert "report.html" in paths


@pytest.mark.slow
def test_a_rules_code_retrains_the_cells_that_use_it(study):
    """A rule in a module of its own; then functions beside it, a change in it, and one in what every rule uses."""
    rules = study / "src/lola/learning/rules.py"
    own = study / "src/lola/learning/mine.py"
    own.write_text("from lola.learning.rules import naive\n\n\ndef mine():\n    return naive()\n")
    edit(
        study / "src/lola/vocabulary/registry.py",
        "RULES = {",
        'RULES = {\n    "mine": Entry("lola.learning.mine", "mine"),',
    )
    edit(study / LIBRARY, "rule: naive, lr: 1.0", "rule: mine, lr: 1.0")
    (study / "few.yaml").write_text(
        "without: [study, figures, tables]\n"
        "study: {self-play: {games: [ipd, imp], algorithms: [nl-ex, lola-ex]}}\n"
        "figures: {figure1: {kind: learning, game: ipd, algorithms: [nl-ex, lola-ex], caption: Few}}\n"
    )
    few = (OVERLAY, "few.yaml")
    snakemake(study, overlays=few)
    assert again(study, few) == set()
    for module in (own, rules):
        module.write_text(module.read_text() + "\n\ndef another():\n    return naive()\n")
    assert again(study, few) == set()
    edit(own, "return naive()", "return (naive)()  # again\n    return None")
    assert trained(again(study, few)) == {f"{game}/nl-ex/oracle/seed{k}" for game in ("ipd", "imp") for k in range(3)}
    edit(rules, "V = values(thetas)\n", "V = [*values(thetas)]\n")
    assert len(trained(again(study, few))) == 4 * 3


@pytest.mark.slow
def test_an_estimators_code_retrains_no_exact_cell(study):
    """Nor does it retrain exact learners that watch roll-outs, to clone each other."""
    module = study / "src/lola/learning/matrix/estimators.py"
    edit(module, "class Estimator:\n", "class Estimator:\n    CHANGED = 1\n")
    algorithms = {name.split("/")[1] for name in trained(again(study))}
    assert algorithms == {
        *("nl-pg", "lola-pg", "lola-pg-released", "lola-pg-halved", "lola-pg-centred"),
        *("nl-dice", "lola-dice-2", "no-box-1"),
        *("lola-pg@map", "lola-pg-batch@map"),
    }


@pytest.mark.slow
def test_a_module_that_no_cell_uses_changes_nothing(study):
    (study / "src/lola/learning/unused.py").write_text("x = 1\n")
    assert again(study) == set()
    (study / "src/lola/learning/unused.py").write_text("x = 2\n")
    assert again(study) == set()


@pytest.mark.slow
def test_what_is_damaged_is_named_and_made_again_and_nothing_is_made_from_it(study):
    """Two cells that are damaged, a table and what was gathered of a group that were edited."""
    damaged = {
        study / ROOT / "cells/imp/nl-ex/oracle/seed2.csv": b"step,player\n",
        study / ROOT / "cells/imp/lola-ex/oracle/seed0.csv": b"\xff\x00junk",
    }
    edited = [study / ROOT / "tables/table4.csv", study / ROOT / "groups/ipd/lola-ex/oracle/curves.csv"]
    before = {path: path.read_bytes() for path in (*damaged, *edited, study / ROOT / "tables/claims.csv")}
    for curve, junk in damaged.items():
        curve.write_bytes(junk)
    for table in edited:
        table.write_text(table.read_text().replace("-1.", "-0."))
    done = reproduce(study)
    for curve, junk in damaged.items():
        name = curve.relative_to(study / ROOT / "cells").with_suffix("")
        assert done.stderr.count(f"{name} is made again") == 1
        assert curve.with_name(f"{curve.name}.damaged").read_bytes() == junk
    for table in edited:
        assert f"{table.relative_to(study)} is not as it was written" in done.stderr
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_asking_changes_nothing_on_disk(study):
    (study / ROOT / "cells/imp/nl-ex/oracle/seed2.csv").write_text("junk")
    marker = study / ROOT / "tracking/ipd.cells.json"
    marker.write_text(json.dumps({"status": "pending", "reason": "down"}))
    before = {path: path.read_bytes() for path in (study / ROOT).rglob("*") if path.is_file()}
    for question in (["-n"], ["--summary"], ["--lint"], ["--rulegraph"], ["--report", "/dev/null.html", "-n"]):
        snakemake(study, *question, check=False)
    assert {path: path.read_bytes() for path in (study / ROOT).rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_killed_run_is_taken_up_again_and_two_at_once_are_refused(study):
    shutil.rmtree(study / ROOT / "cells/imp")
    command = [sys.executable, "-m", "lola.commands.reproduce", OVERLAY]
    first = subprocess.Popen(command, cwd=study, env=own(study), stderr=subprocess.PIPE, text=True)
    for line in first.stderr:
        if "train imp" in line and "done in" in line:
            break
    second = reproduce(study, check=False)
    assert second.returncode != 0
    assert "already" in second.stderr
    first.kill()
    first.wait()
    reproduce(study)
    assert f"Verified: {CELLS} cells" in audit(study, "verify").stdout


@pytest.mark.slow
def test_a_new_entrant_plays_its_own_matches_only(study):
    edit(study / OVERLAY, "entrants: [nl-q, lola-ex]", "entrants: [nl-q, lola-ex, phc]")
    changed = again(study)
    new = {f"ipd/{match}@tournament/oracle" for match in ("phc", "nl-q-vs-phc", "lola-ex-vs-phc")}
    new |= {"ipd/lola-ex-vs-phc@tournament/cloning"}
    assert trained(changed) == {f"{group}/seed{seed}" for group in new for seed in range(3)}
    shows = {"figure4", "figure4-clones", "figure4-cells-ipd", "figure4-ipd-returns", "figure4-ipd-actions"}
    assert drawn(changed) == shows | {"figure4-cells", "claims"}
    reproduce(study)
    assert len(list((study / ROOT / "cells").glob("ipd/*@tournament/*/seed*.csv"))) == 5 * 3 + 4 * 3
    assert again(study) == set()


@pytest.mark.slow
def test_a_diverging_seed_fails_alone_and_blocks_nothing(study):
    alone = study / ROOT / "cells/ipd/nl-ex/oracle/seed2"
    edit(study / LIBRARY, "label: NL-Ex, rule: naive, lr: 1.0", "label: NL-Ex, rule: naive, lr: 6.0e+307")
    done = snakemake(study)
    manifests = {path.stem: json.loads(path.read_text()) for path in alone.parent.glob("*.json")}
    assert {seed: manifest["status"] for seed, manifest in manifests.items()} == {
        "seed0": "finished",
        "seed1": "finished",
        "seed2": "failed",
    }
    assert "ipd/nl-ex/oracle/seed2: a number became NaN or infinite at step 1" in done.stderr
    assert all((study / ROOT / f"figures/{name}.png").exists() for name in ("figure1", "figure2", "sensitivity"))
    assert (
        "Iterated prisoner's dilemma, NL-Ex: 2 of 3 runs; 1 diverged" in (study / ROOT / "tables/table3.md").read_text()
    )
    verdicts = {row["claim"]: row["verdict"] for row in rows(study / ROOT / "tables/claims.csv")}
    assert verdicts["table3/ipd/lola-pg/R"] == "inconclusive"  # of three seeds
    (study / ROOT / "tracking/ipd.cells.json").unlink()
    before = alone.with_suffix(".json").stat().st_mtime_ns
    snakemake(study)
    assert alone.with_suffix(".json").stat().st_mtime_ns == before, "a seed that fails for good is not trained again"


DIVERGING = {  # step sizes at which some of three seeds overflow, one for every kind of group
    "nl-ex": 6e307,
    "lola-ex": 2e307,
    "lola-pg": 3e307,
    "lola-dice-2": 1.7e308,
    "coin-lola-bare": 1e37,
}
DIVERGED = (
    *("ipd/nl-ex/oracle", "ipd/lola-ex/oracle", "ipd/lola-pg/oracle", "ipd/lola-dice-2/oracle"),
    *("ipd/lola-ex/cloning", "ipd/lola-pg/cloning", "coin-game/coin-lola-bare/coin-cloning"),
    *("ipd/lola-ex@tournament/oracle", "ipd/nl-q-vs-lola-ex@tournament/cloning"),
)


@pytest.mark.slow
def test_a_study_ends_although_runs_of_every_kind_diverge(study):
    """With exit status 0, every figure and table, a verdict on every claim, and words on who diverged."""
    overlay = {
        "algorithms": {name: {"lr": lr} for name, lr in DIVERGING.items()},
        "study": {"map": {"grid": {"lr": [1.0, 2e307], "eta": [1.0, 2.0]}}},
    }
    (study / "diverging.yaml").write_text(json.dumps(overlay))
    done = reproduce(study, OVERLAY, "diverging.yaml")
    root, config = study / ROOT, load("lola", [study / OVERLAY, study / "diverging.yaml"])
    for group in DIVERGED:
        statuses = [json.loads(path.read_text())["status"] for path in root.glob(f"cells/{group}/seed*.json")]
        assert {*statuses} == {"finished", "failed"}, group
    assert all((root / f"figures/{name}.png").exists() for name in config["figures"])
    assert all((root / f"tables/{name}.md").exists() for name in [*config["tables"], "claims"])
    assert (root / "report.html").exists()
    for table in ("table3", "figure4", "figure4-cells", "claims"):
        assert "diverged" in (root / f"tables/{table}.md").read_text(), table
    verdicts = {row["claim"]: row["verdict"] for row in rows(root / "tables/claims.csv")}
    assert verdicts["table3/ipd/lola-pg/R"] == "inconclusive"  # of three seeds
    assert re.search(
        r"^\d+ runs diverged: .*\nFigures show the other runs; tables and claims count all \(config/README.md\).\n"
        rf"Done in .*\nVerdicts: (.*\n)+Read them: {ROOT}/index.html\nBrowse the runs: make ui CONFIG=.*\n\Z",
        done.stderr,
        re.MULTILINE,
    )
    of_ipd = [cell for name, group in groups(config).items() if name.startswith("ipd/") for cell in group.cells]
    assert len(json.loads((root / "tracking/ipd.cells.json").read_text())["runs"]) == len(of_ipd)


@pytest.mark.slow
def test_a_deleted_cell_comes_back_alone_though_the_store_is_down_which_is_caught_up(study):
    marker = study / ROOT / "tracking/ipd.cells.json"
    curve = study / ROOT / "cells/ipd/nl-ex/oracle/seed0.csv"
    neighbour = curve.with_name("seed1.csv")
    before, untouched = curve.read_bytes(), neighbour.stat().st_mtime_ns
    marker.unlink()
    curve.unlink()
    down = snakemake(study, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert "MLflow: not everything was logged" in down.stderr
    assert curve.read_bytes() == before and neighbour.stat().st_mtime_ns == untouched
    assert json.loads(marker.read_text())["status"] == "pending"
    reproduce(study)
    assert json.loads(marker.read_text())["status"] == "logged"
    assert again(study) == set()


@pytest.mark.slow
def test_a_lost_store_is_filled_again_from_the_files(study):
    (study / "results/mlflow.db").unlink()
    reproduce(study)
    with closing(sqlite3.connect(study / "results/mlflow.db")) as store:
        active = "SELECT count(*) FROM runs WHERE lifecycle_stage = 'active' AND status = 'FINISHED'"
        assert store.execute(active).fetchone() == (CELLS + len(GAMES),)  # and an aggregate run per game


SHAPED = ("lola-ex", "kept-vs-nl-ex")


@pytest.mark.slow
def test_a_game_written_in_yaml_alone_trains_and_is_logged(study):
    overlay = study / "mine.yaml"
    overlay.write_text(
        "results: results/mine\nwithout: [study, figures, tables]\n"
        "games:\n  battle: {actions: [B, F], gamma: 0.9, payoffs: [[[2, 0], [0, 1]], [[1, 0], [0, 2]]]}\n"
        "algorithms: {kept: {label: kept, learner: frozen, begin: lola-ex}}\n"
        "study: {self-play: {games: [battle], algorithms: [kept-vs-nl-ex, nl-ex, lola-ex]}}\n"
        "figures: {battle: {kind: learning, game: battle, algorithms: [nl-ex, lola-ex], caption: Battle </script>}}\n"
    )
    snakemake(study, overlays=(OVERLAY, "mine.yaml"))
    root = study / "results/mine"
    assert len(list(root.glob("cells/battle/*/oracle/seed*.csv"))) == 9
    assert len(json.loads((root / "tracking/battle.cells.json").read_text())["runs"]) == 9
    learned, kept = (json.loads((root / f"cells/battle/{name}/oracle/seed1.json").read_text()) for name in SHAPED)
    assert kept["thetas"][0] == learned["thetas"][0] != kept["thetas"][1], "one seat begins where the other group ended"
    assert [*kept["inputs"]] == ["results/mine/cells/battle/lola-ex/oracle/seed1.json"]
    assert (root / "figures/battle.png").exists()
    assert not (root / "tables/claims.csv").exists() and "Battle </script>" not in (root / "report.html").read_text()


@pytest.mark.slow
def test_another_papers_study_has_its_own_folder_and_shares_the_store(study):
    reproduce(study, "--paper", "sos", "smoke")
    root = study / "results/sos-smoke"
    assert (root / "figures/tandem.png").exists() and (root / "tables/claims.csv").exists()
    assert "Stable Opponent Shaping" in (root / "report.html").read_text()
    assert len(json.loads((root / "tracking/tandem.cells.json").read_text())["runs"]) == 20 * 3
    with closing(sqlite3.connect(study / "results/mlflow.db")) as store:
        names = {name for (name,) in store.execute("SELECT name FROM experiments")}
    sos = ("tandem", "tandem-from-lola", "tandem-from-lola-uneven", "hamiltonian", "saddle", "ipd")
    assert names == {"Default", *(f"lola-smoke/{game}" for game in GAMES), *(f"sos-smoke/{game}" for game in sos)}
    assert "Nothing to do" in reproduce(study).stderr


TINY = """
results: results/tiny
without: [study, figures, tables]
seeds: 2
steps: 6
study: {s: {games: [ipd], algorithms: [nl-ex]}}
figures: {f: {kind: returns, game: ipd, algorithms: [nl-ex], caption: F}}
tables: {t: {kind: convergence, games: [ipd], algorithms: [nl-ex], caption: T}}
"""


@pytest.mark.slow
def test_a_killed_job_and_damage_of_every_kind_are_named_and_made_good(tmp_path):
    project = copied(tmp_path)
    (project / "tiny.yaml").write_text(TINY)
    command = [sys.executable, "-m", "lola.commands.reproduce", "tiny.yaml"]
    first = subprocess.Popen(command, cwd=project, env=own(project), stderr=subprocess.PIPE, text=True)
    while not (jobs := [job for job in children(first.pid) if "lola.commands.train" in job.cmdline()]):
        time.sleep(0.05)
    jobs[0].kill()
    said = first.communicate()[1]
    assert "the command was ended by SIGKILL" in said and "--spec" not in said

    reproduce(project, "tiny.yaml")
    root, group = project / "results/tiny", "ipd/nl-ex/oracle"
    before = {path: path.read_bytes() for path in root.rglob("*") if lasting(path.relative_to(root))}
    damage = {
        f"tiny/cells/{group}/seed0.csv": a_folder,
        f"tiny/cells/{group}/seed1.json": cut,
        f"tiny/groups/{group}/curves.csv": cut,
        "tiny/figures/f.png": a_link_to_nowhere,
        "tiny/tables/t.md": overwritten,
        "tiny/index.html": emptied,
        "tiny/report.html": cut,
        "tiny/manifests/pages/reproducibility.md.json": emptied,
        "index.html": overwritten,
    }
    unwatched = {
        f"tiny/benchmarks/train/{group}/seed0-1.jsonl": cut,
        "tiny/logs/figures/f.log": a_folder,
        "tiny/tracking/ipd.cells.json": a_folder,
        f"tiny/checkpoints/{group}/seed0-seed1.checkpoint": a_folder,
        "mlflow.db": overwritten,
    }
    for file, harm in (damage | unwatched).items():
        harm(project / "results" / file)
    records = sorted((project / ".snakemake/metadata").iterdir())
    overwritten(records[0])
    a_folder(records[1])
    (root / "figures/.f.png.123").touch()
    found = asked(project, "verify")
    assert found.returncode == 1 and not found.stderr
    for name in (
        f"{group} (1 cell)",
        f"{group}: ",
        "f: ",
        "t: ",
        "index.html: ",
        "report.html: ",
        "reproducibility.md: ",
    ):
        assert name in found.stdout
    would = asked(project, "explain").stdout
    for file in damage | unwatched:
        assert f"results/{file} " in found.stdout and f"results/{file} " in would, file
    assert "2 of Snakemake's records cannot be read" in found.stdout
    done = reproduce(project, "tiny.yaml")
    for file in damage | unwatched:
        assert f"results/{file} " in done.stderr, file
    assert "2 of Snakemake's records cannot be read" in done.stderr
    assert "Verified: 2 cells" in asked(project, "verify").stdout
    assert {path: path.read_bytes() for path in before} == before
    assert not (root / "figures/.f.png.123").exists()
    for overlay in ("tiny.yaml", str(project / "tiny.yaml")):
        assert "Nothing to do: all 2 cells and everything made from them" in reproduce(project, overlay).stderr

    shutil.rmtree(project / ".snakemake")
    (project / "tiny.yaml").write_text(TINY + "algorithms: {nl-ex: {lr: 0.7}}\n")
    by_hand = snakemake(project, overlays=["tiny.yaml"]).stderr
    assert "up to date" not in by_hand and f"stale: {group} (2 cells): seats[0].lr: 1.0 → 0.7" in by_hand


def children(process: int) -> list[psutil.Process]:
    """The processes that a process has started, and theirs."""
    return psutil.Process(process).children(recursive=True)


def asked(project: Path, what: str) -> subprocess.CompletedProcess:
    """What verify or explain says of the tiny study."""
    command = [sys.executable, "-m", "lola.commands.audit", what, "tiny.yaml"]
    return subprocess.run(command, cwd=project, env=own(project), capture_output=True, text=True)


def lasting(path: Path) -> bool:
    """Whether a result is the same whenever it is made: no measured time, no run's name."""
    return path.suffix in (".csv", ".json", ".png", ".pdf", ".md", ".tex") and path.parts[0] in (
        *("cells", "groups", "figures", "tables", "index.html"),
    )


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def overwritten(path: Path) -> None:
    path.write_bytes(b"\xff" * 100)


def a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    (path / "inner").mkdir(parents=True)


def a_link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.slow
def test_the_lint_of_the_workflow_is_clean():
    done = subprocess.run([sys.executable, "-m", "snakemake", "--lint"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
