"""What a tracked run says about its cell: name, tags, params, metrics and files. Knows no tracker."""

import csv
import json
import math
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from lola.files import benchmarks
from lola.files.artifacts import canonical, sha256
from lola.tracking import pictures
from lola.vocabulary import measures, registry
from lola.vocabulary.names import CONSISTENCY, MAP, NETWORKS, Cell, Matchup, rule, tournament

LIVE = "live"  # a run of this kind shows a cell while it is trained; others are curves or maps
MARKS = {
    MAP: " map",
    CONSISTENCY: " consistency",
    NETWORKS: " networks",
}  # what a label says of runs that are no curves
OF_CELLS = ("curve", *MARKS, LIVE)
STEPS = 41  # every fifth of 200 updates; the whole curve is attached
POLICY_STEPS = STEPS // 2 + 1  # every tenth
POINTS = 2400  # a run has at most so many, since a point costs 0.15 ms by MLflow's calls
NAME = 250  # characters of the name of a metric
FORBIDDEN = re.compile(r"[^\w\-. :]")  # in the name of a metric
BEST, DIVERGED = "best return", "share diverged"  # a map of step sizes has these metrics

Series = dict[tuple[str, str], list[tuple[int, float]]]  # points (step, value) by player and metric


@dataclass(frozen=True)
class About:
    """What the runs of a game are told of their study: labels as in the figures, the command that makes it again.

    `code`: of this module, so that runs which it no longer would log so are logged anew.
    """

    algorithms: dict[str, str] = field(default_factory=dict)
    opponent_models: dict[str, str] = field(default_factory=dict)
    command: str = "make reproduce"
    code: str = ""


@dataclass(frozen=True)
class Content:
    """All that is logged of one run. `files` maps names in the run to bytes; metrics are (name, step, value).

    `start`, `end`: of the training, in ms; where they are not known, of the logging.
    """

    tags: dict[str, str]
    params: dict[str, str]
    metrics: list[tuple[str, int, float]]
    files: dict[str, bytes]
    start: int | None = None
    end: int | None = None


def title(cell: Cell, about: About) -> str:
    """A run's name, what tells it apart first, as in "s3 LOLA-Ex"."""
    return f"s{cell.seed} {group(cell, about)}"


def group(cell: Cell, about: About) -> str:
    """The common name of the runs of all seeds; where two algorithms have one label, it names the algorithm."""
    mine = label(cell.algorithm, about)
    shared = any(label(other, about) == mine for other in about.algorithms if other != cell.algorithm)
    model = "" if cell.opponent_model == "oracle" else f", {opponent_model(cell, about)}"
    return f"{mine} ({cell.algorithm}){model}" if shared else f"{mine}{model}"


def label(algorithm: str, about: About) -> str:
    """An algorithm as people read it; a map of step sizes says that it is one."""
    matchup, labels = Matchup.read(algorithm), about.algorithms
    return (labels.get(algorithm) or labels.get(matchup.players, algorithm)) + MARKS.get(matchup.within, "")


def opponent_model(cell: Cell, about: About) -> str:
    """What a cell's players take the others' parameters for, in words."""
    return about.opponent_models.get(cell.opponent_model, cell.opponent_model)


def content(curve: str | Path, manifest: dict, about: About) -> Content:
    """The content of a cell's run, from the curve's path and its manifest."""
    cell, spec = Cell.at(curve), manifest["spec"]
    text = Path(curve).read_bytes()
    lines = text.decode().splitlines()
    files = {"curve.csv": text, "manifest.json": cell.manifest(Cell.root(curve)).read_bytes()}
    files["config.json"] = _json(spec)
    if cell.matchup.within == CONSISTENCY:
        metrics = at_points(csv.DictReader(lines))
    elif cell.matchup.within == NETWORKS:
        metrics = thin(by_eta(csv.DictReader(lines)))
    elif spec["grid"]:
        metrics = best_of_map(csv.DictReader(lines))
    else:
        series = with_shares(by_metric(lines))
        metrics = thin(series)
        of_matrix_game = registry.course(spec) in registry.WITH_POLICIES
        picture = pictures.returns_and_policies if of_matrix_game else pictures.returns_and_others
        files["picture.png"] = picture(series, manifest)
        if manifest.get("policies"):
            files["policies.json"] = _json(manifest["policies"])
    if "episode" in manifest:
        from lola.figures.boards import film  # takes seconds and much memory, which a watcher never needs

        files["episode.gif"] = film(manifest["episode"], spec["game"]["grid"], spec["game"].get("tie", "both"))
    job = benchmarks.job_of(curve)
    times = (None, None)
    if job:  # seeds begin a millisecond apart, so that views which sort by that have them in order
        times = round((job.end - job.seconds) * 1000) + job.seeds.index(cell.seed), round(job.end * 1000)
    described = {"mlflow.note.content": note(curve, manifest, about, job)}
    return Content(tags(cell, manifest, about) | described, params(cell, spec, about), metrics, files, *times)


def note(curve: str | Path, manifest: dict, about: About, job: benchmarks.Job | None) -> str:
    """What the page of a run says of it, in Markdown: how it ended, what its times are, how to make it again."""
    cell, spec = Cell.at(curve), manifest["spec"]
    failed = f": {manifest['reason']}" if "reason" in manifest else ""
    ended = f"{manifest['status']} after {manifest['steps']} {pictures.unit(spec)}s{failed}"
    times = "How long it trained was not kept: start, end and duration are the logging's."
    if job and len(job.seeds) == 1:
        times = "Start, end and duration are those of its training."
    elif job:
        times = (
            f"Seeds {job.seeds[0]} to {job.seeds[-1]} were trained side by side in one job of {job.seconds:.3g} s: "
            "start, end and duration are the job's."
        )
    files = Path(curve).with_suffix(".*")
    return (
        f"**{group(cell, about)}** in *{cell.game}*, seed {cell.seed}: {ended}. {times}\n\n"
        f"To make it again, byte for byte: `rm {files}`, then `{about.command}`.\n\n"
        f"Charts have at most {STEPS} steps, those of policies {POLICY_STEPS}; a step is one {pictures.unit(spec)}. "
        "The whole curve is *curve.csv*, all settings are *config.json*."
    )


def tags(cell: Cell, manifest: dict, about: About) -> dict[str, str]:
    """The tags that runs are searched and grouped by."""
    seats = cell.matchup.seated(len(manifest["spec"]["seats"]))
    found = {
        "kind": cell.matchup.within if cell.matchup.within in MARKS else "curve",
        "status": manifest.get("status"),
        "group": group(cell, about),
        "game": cell.game,
        "algorithm": cell.algorithm,
        "opponent_model": cell.opponent_model,
        "tournament": tournament(cell.matchup),
        "seed": str(cell.seed),
        "code_fingerprint": sha256(manifest["code"])[:12],
        "lock": manifest["lock"],
        "device": manifest.get("device"),
        "reason": manifest.get("reason"),
        "snakemake_rule": rule(cell),
        **{f"seat{seat}": algorithm for seat, algorithm in enumerate(seats, 1)},
    }
    return {name: value for name, value in found.items() if value}


def params(cell: Cell, spec: dict, about: About) -> dict[str, str]:
    """The resolved settings under dotted names: `game.gamma`, `seat1.lr`, `steps`, …"""
    seats = {f"seat{n}": seat for n, seat in enumerate(spec["seats"], 1)}
    settings = {key: value for key, value in spec.items() if key not in ("seats", "match")}
    own = {"algorithm": label(cell.algorithm, about), "opponent_model": opponent_model(cell, about)}
    return own | {"seed": str(cell.seed)} | dict(_flat(settings | seats | (spec["match"] or {})))


def _flat(settings: dict, prefix: str = ""):
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value if isinstance(value, str) else canonical(value)


def metric_name(player: str, metric: str) -> str:
    """`agent 1/C after CD`, or the metric alone if it is nobody's; what MLflow doesn't allow becomes an underscore.

    A name that is longer than MLflow takes ends with its digest.
    """
    name = metric.replace("player", "agent") if measures.clone(metric) else metric  # as players are called in figures
    name = FORBIDDEN.sub("_", name)
    whole = f"agent {player}/{name}" if player else name
    return whole if len(whole) <= NAME else f"{whole[: NAME - 13]} {sha256(whole)[:12]}"


def by_metric(lines: Iterable[str]) -> Series:
    """The lines of a curve as series of (step, value), by player and metric."""
    columns, *rows = csv.reader(lines)
    step, player, metric, value = map(columns.index, ("step", "player", "metric", "value"))
    series = {}
    for row in rows:
        series.setdefault((row[player], row[metric]), []).append((int(row[step]), float(row[value])))
    return series


def with_shares(series: Series) -> Series:
    """The Coin Game's own coins as shares of the coins picked, where any were; other games' series as they are."""
    own = {player: dict(points) for (player, metric), points in series.items() if metric == measures.OWN_COINS}
    if not own:
        return series
    coins = {player: dict(series[player, measures.COINS]) for player in own}
    found = {key: points for key, points in series.items() if key[1] != measures.OWN_COINS}
    for name, players in [("", [*own]), *((player, [player]) for player in own)]:
        picked = {step: sum(coins[player][step] for player in players) for step in coins[players[0]]}
        shares = ((step, sum(own[player][step] for player in players) / n) for step, n in picked.items() if n)
        found[name, measures.OWN_COLOUR] = list(shares)
    return found


def thin(series: Series) -> list[tuple[str, int, float]]:
    """Finite points at no more than `STEPS` evenly spaced steps of those in the curve, and of policies at fewer."""
    rows, most = [step for step, _ in max(series.values(), key=len, default=[])], POINTS // max(1, len(series))
    policies = {key: values for key, values in series.items() if measures.probable(key[1])}
    others = {key: values for key, values in series.items() if key not in policies}
    return [
        point
        for some, steps in ((others, STEPS), (policies, POLICY_STEPS))
        for point in points(some, shown_steps(rows, max(2, min(steps, most))))
    ]


def points(series: Series, steps: set[int], after: int = -1) -> list[tuple[str, int, float]]:
    """The finite values at the steps that come after one, as metrics of a run."""
    return [
        (metric_name(*key), step, value)
        for key, values in series.items()
        for step, value in values
        if step > after and step in steps and math.isfinite(value)
    ]


def steps_of(spec: dict) -> Sequence[int]:
    """The steps that a whole curve has rows of: every update, or the end of every block of updates or episodes."""
    return range(spec["every"] or 0, spec["steps"] + 1, spec["every"] or 1)


def shown_steps(steps: Sequence[int], most: int = STEPS) -> set[int]:
    """At most `most` of the steps, evenly spaced, with the first and the last."""
    return {steps[n] for n in np.linspace(0, len(steps) - 1, most).round().astype(int).tolist()} if steps else set()


def at_points(rows: Iterable[dict]) -> list[tuple[str, int, float]]:
    """What is measured of a rule at the points of a region: finite numbers, by measure and η."""
    found = [(f"{row['metric']} eta {float(row['eta']):g}", 0, float(row["value"])) for row in rows]
    return [row for row in found if math.isfinite(row[2])]


def by_eta(rows: Iterable[dict]) -> Series:
    """The losses of networks that are fitted, as series of (step, value) by η."""
    series = {}
    for row in rows:
        series.setdefault(("", f"{row['metric']} eta {float(row['eta']):g}"), []).append(
            (int(row["step"]), float(row["value"]))
        )
    return series


def best_of_map(rows: Iterable[dict]) -> list[tuple[str, int, float]]:
    """Per player the best return on a map of step sizes, and the share of the map that diverged."""
    returns, found = defaultdict(list), []
    for row in rows:
        if row["metric"] == measures.RETURN:
            returns[row["player"]].append(float(row["value"]))
    for player, values in sorted(returns.items()):
        finite = [value for value in values if math.isfinite(value)]
        found += [(metric_name(player, BEST), 0, max(finite))] if finite else []
        found.append((metric_name(player, DIVERGED), 0, 1 - len(finite) / len(values)))
    return found


@cache
def code_version() -> dict[str, str]:
    """The commit that runs are logged from, and whether the tree differs from it, or "unknown" without git."""
    try:
        commit, changes = (
            subprocess.run(["git", *asked], capture_output=True, text=True, check=True).stdout.strip()
            for asked in (("rev-parse", "HEAD"), ("status", "--porcelain"))
        )
    except (OSError, subprocess.CalledProcessError):
        return {"git_commit": "unknown", "git_dirty": "unknown"}
    return {"git_commit": commit, "git_dirty": str(bool(changes)).lower()}


def _json(value) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
