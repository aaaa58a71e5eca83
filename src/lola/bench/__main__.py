"""Measure speed on this machine: `python -m lola.bench [--out results/bench] [MEASURE …]`, one thread.

Out: a table for each of `MEASURED`, named after it: the median of several repeats, the fastest and the slowest.
"""

import argparse
import csv
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import torch

from lola.bench.coins import coin_game
from lola.bench.timing import pace, per_update, spread
from lola.files import benchmarks, environment, processor
from lola.files.artifacts import canonical, write_whole
from lola.learning import rules
from lola.learning.joint import rules as joint
from lola.learning.joint.momentum import Lead, Optimistic
from lola.learning.matrix.job import build
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.shaping import rules as shaping
from lola.learning.shaping.paths import OuterPola, meta_mapg
from lola.learning.shaping.reciprocator import Reciprocator
from lola.learning.shaping.replies import BestResponse
from lola.learning.shaping.shapers import coala, gs, m_maml
from lola.learning.tabular.match import build as build_match
from lola.study import logged, plan, provenance
from lola.study.config import load
from lola.vocabulary.names import GroupName

RULES = {
    "NL-Ex": rules.naive(),
    "LOLA-Ex": rules.lola(1.0),
    "LOLA-Ex, second order": rules.lola(1.0, order=2),
    "LOLA, full surrogate": rules.lola_surrogate(1.0),
    "LOLA, exact look-ahead": rules.lola_exact(1.0),
    "LookAhead": rules.lookahead(1.0),
    "LookAhead, first order": joint.lookahead_first(1.0),
    "LookAhead, third order": joint.lookahead_nested(1.0, 3),
    "SOS": joint.sos(1.0, 0.5, 0.1),
    "SGA": joint.sga(1.0),
    "SGA, aligned": joint.sga(1.0, align=True),
    "CO": joint.consensus(1.0),
    "CO, aligned": joint.consensus(1.0, align=True),
    "EG": joint.extragradient(1.0),
    "CGD": joint.cgd(1.0),
    "LSS": joint.lss(0.1),
    "LSS, κ = 0": joint.lss(0.0),
}
OF_STATES = {  # which have no form by autograd
    "AA-Ex": Climber(shaping.advantage_alignment(0.4), 1.0, oracle()),
    "LOQA-Ex": Climber(shaping.loqa(1.0), 1.0, oracle()),
    "LOQA-Ex, as released": Climber(shaping.loqa(1.0, through="taken"), 1.0, oracle()),
    "BRS-Ex": Climber(shaping.brs(1.0, 1.0), 1.0, oracle()),
    "Reciprocator-Ex": Reciprocator(1.0, 1.0),
    "Meta-MAPG, 7 steps": Climber(meta_mapg(1.0, 7), 1.0, oracle()),
    "outer POLA, up to 100 steps": OuterPola(1.0, 1.0, 0.1, iterations=100),
    "GS-Ex, a learner of 100 steps": gs(0.01, 1.0, 100, 1),
    "COALA-Ex, a learner of 20 steps": coala(0.005, 1.0, 20, learners=1),
    "M-MAML, a learner of 100 steps": m_maml(0.1, 1.0, 100, 1),
    "best response": BestResponse(),
}
BY_AUTOGRAD = {"LOLA-Ex, second order", "LOLA, exact look-ahead", "LookAhead", "LookAhead, third order"}  # alone
LEARNERS = {"OMD": Optimistic(1.0), "LEAD": Lead(1.0, 0.5, 0.5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/bench"))
    parser.add_argument("measures", nargs="*", help="such as updates, coin_game; default: all")
    args = parser.parse_args()
    measures = {measure.__name__: measure for measure in MEASURED}
    if unknown := {*args.measures} - {*measures}:
        parser.error(f"given {', '.join(sorted(unknown))}; allowed: {', '.join(measures)}")
    torch.set_num_threads(1)
    config = load()
    for name in args.measures or measures:
        rows, text = list(measures[name](config)), io.StringIO()
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        print(write_whole(args.out / f"{name}.csv", text.getvalue()), text.getvalue(), sep="\n")


def machine(config: dict) -> Iterator[dict]:
    """The machine that the figures were measured on."""
    yield {
        "processor": processor.name(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "GPU": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
    }


def updates(config: dict) -> Iterator[dict]:
    """One update of both players on the IPD, for every rule, in closed form where there is one and by autograd."""
    spec = plan.groups(config)["ipd/lola-ex/oracle"].spec
    players = {(label, "closed form"): (learner, 100) for label, learner in LEARNERS.items()}
    players |= {(label, "closed form"): (player, 1) for label, player in OF_STATES.items()}
    for label, rule in RULES.items():
        if label not in BY_AUTOGRAD:
            players[label, "closed form"] = Climber(rule, 1.0, oracle()), 100
        by_autograd = Climber(lambda values, *at, rule=rule: rule(values.by_autograd(), *at), 1.0, oracle())
        players[label, "autograd"] = by_autograd, 10
    for ((label, form), (player, count)), seeds in product(players.items(), (1, 50, 4096)):
        seconds = per_update(replace(build(spec, list(range(seeds))), players=[player] * 2), count)
        speed = {"seed-updates per second": round(seeds / statistics.median(seconds))}
        yield {"rule": label, "form": form, "seeds": seeds} | spread("ms", seconds) | speed


def rollouts(config: dict) -> Iterator[dict]:
    """One update of both players on the IPD from roll-outs: play, estimate, both gradients."""
    imagined = {"nl-pg": 0, "lola-pg": 0, "lola-dice-1": 1, "lola-dice-2": 2}
    batches = (64, config["algorithms"]["lola-pg"]["batch"])
    for algorithm, batch, seeds in product(imagined, batches, (1, 50)):
        spec = plan.groups(config)[f"ipd/{algorithm}/oracle"].spec
        job = build(spec | {"play": spec["play"] | {"batch": batch}}, list(range(seeds)))
        seconds = per_update(job, 1 if batch * seeds > 10_000 else 20)
        # Of the roll-outs played, which both players share, and of those that each imagines.
        steps = seeds * batch * spec["play"]["length"] * (1 + 2 * imagined[algorithm])
        label = config["algorithms"][algorithm]["label"]
        about = {"algorithm": label, "roll-outs": batch, "seeds": seeds, "steps": steps}
        yield about | spread("ms", seconds) | pace(steps, seconds)


def matches(config: dict) -> Iterator[dict]:
    """An episode of all matches of the round robin on the IPD, with all that is learned from it."""
    groups = plan.groups(config)
    for model in ("oracle", "cloning"):
        matches, steps = [], 0
        for names in plan.matches(config, "tournament", model):
            group = groups[GroupName("ipd", *names).name]
            match = build_match(group.spec, list(group.seeds))
            matches.append(per_update(match, 100))
            steps += len(group.seeds) * match.length
        seconds = [sum(repeat) for repeat in zip(*matches, strict=True)]
        about = {"match": f"all {len(matches)} matches, {model}", "steps": steps}
        yield about | spread("ms", seconds) | pace(steps, seconds)


def jobs(config: dict) -> Iterator[dict]:
    """Whole commands, with their memory: a training job, the study of the matrix games, some of its jobs, it again."""
    groups = plan.groups(config)
    with tempfile.TemporaryDirectory() as root:
        group = groups["ipd/lola-ex/oracle"]
        code, curves = canonical(provenance.training_code(group)), [str(cell.curve(root)) for cell in group.cells]
        command = [sys.executable, "-m", "lola.commands.train", "--spec", canonical(group.spec)]
        command += ["--code", code, "--lock", "none", *curves]
        yield command_row(f"train {group.name}, {len(group.seeds)} seeds", [command_cost(command) for _ in range(5)])
        overlay = Path(root, "elsewhere.yaml")
        overlay.write_text(json.dumps({"results": f"{root}/results"} | without_coin_game(config)))
        command = [sys.executable, "-m", "lola.commands.reproduce", str(overlay)]
        yield command_row("make reproduce of the matrix games, from nothing", [command_cost(command)])
        for group in (groups[f"{game}/{name}/oracle"] for game in ("ipd", "imp") for name in ("nl-pg", "lola-pg")):
            (measured,) = group.benchmarks(f"{root}/results")
            took = benchmarks.seconds(measured), benchmarks.memory(measured)
            yield command_row(f"  of it {group.name}, {len(group.seeds)} seeds", [took])
        yield command_row("the same, nothing to do", [command_cost(command) for _ in range(3)])


def plans(config: dict) -> Iterator[dict]:
    """What Snakemake takes until it would start the first job of studies of so many cells, 500 to a job; its memory."""
    part = {"games": ["ipd", "imp", "imp-96", "imp-99"], "algorithms": ["nl-ex", "lola-ex"]}
    study = {"without": ["study", "figures", "tables"], "study": {"all": part}, "seeds_per_job": 500}
    with tempfile.TemporaryDirectory() as root:
        for cells in (1_000, 10_000, 50_000):
            overlay = Path(root, "many.yaml")
            overlay.write_text(json.dumps(study | {"results": f"{root}/results", "seeds": cells // 8}))
            command = [sys.executable, "-m", "snakemake", "--dryrun", "--quiet", "all", "--configfile", str(overlay)]
            yield command_row(f"plan a study of {cells:,} cells", [command_cost(command) for _ in range(3)])


def logging(config: dict) -> Iterator[dict]:
    """A thousand cells of 200 updates logged to a new SQLite database, with the start of the process that does so."""
    part = {"games": ["ipd"], "algorithms": ["nl-ex", "lola-ex"]}
    study = {"without": ["study", "figures", "tables"], "study": {"all": part}, "seeds": 500}
    with tempfile.TemporaryDirectory() as root:
        overlay = Path(root, "logged.yaml")
        overlay.write_text(json.dumps(study | {"results": f"{root}/results", "tracking": "none"}))
        command_cost([sys.executable, "-m", "lola.commands.reproduce", str(overlay)])
        log = next(logged.logs(load("lola", [str(overlay)], {"tracking": "deferred"}), "", [], {}))
        told = {"root": f"{root}/results", "game": log.game, "out": f"{root}/marker.json", "digest": log.digest}
        named = [f"--{name}={value}" for name, value in (told | {"told": canonical(log.told)}).items()]
        command = [
            "env",
            "-u",
            "MLFLOW_TRACKING_URI",
            sys.executable,
            "-m",
            logged.COMMAND,
            log.what,
            *named,
            *log.files,
        ]
        seconds, memory = command_cost(command)
        cells = 2 * study["seeds"]
        yield command_row(f"log {cells} cells", [(seconds, memory)]) | {"ms per cell": round(1e3 * seconds / cells, 2)}


def without_coin_game(config: dict) -> dict:
    """An overlay that removes the Coin Game's parts of the study, and what shows them."""
    games = {name for name, game in config["games"].items() if game.get("kind") == "coin_game"}
    return {
        key: {name: None for name, block in config[key].items() if games.intersection(plan.block_games(block))}
        for key in ("study", "figures", "tables")
    }


def command_cost(command: list[str]) -> tuple[float, float]:
    """Seconds from start to end, and MiB of the largest process. Raises CalledProcessError if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def command_row(what: str, runs: list[tuple[float, float]]) -> dict:
    seconds, memory = zip(*runs, strict=True)
    return {"command": what} | spread("s", list(seconds)) | {"MiB": round(max(memory)) or "not measured"}


# Jobs early, since a command inherits the peak of memory of who starts it.
MEASURED = (machine, plans, jobs, logging, updates, rollouts, matches, coin_game)

if __name__ == "__main__":
    environment.set_up()
    main()
