"""Write the reproducibility checklist: `python -m lola.commands.checklist --spec JSON … --out FILE FILE …`.

In:  the study (`lola.study.provenance.study_spec`), the claims and their table, Snakemake's benchmarks.
Out: Markdown; of a study with claims also deviations from the paper and verdicts; and the manifest of that.
"""

import os
import platform
from collections import Counter
from importlib import metadata
from pathlib import Path

from lola.analysis.paper import read_ledger
from lola.files import processor, records
from lola.files.artifacts import canonical, write_whole
from lola.files.benchmarks import seconds
from lola.files.cells import read_manifest
from lola.study import plan, provenance
from lola.study.config import inside, load
from lola.study.papers import command, digests_file, makes
from lola.tables import outcomes
from lola.tables.table import grid
from lola.vocabulary.settings import BLOCKS, STUDY, given

UNSEEN = ("label", "title", "colour", "seeds_per_job")  # settings of a block that move no number
PACKAGES = ("torch", "numpy", "numba", "scipy", "pandas", "matplotlib", "seaborn", "snakemake", "mlflow")


def main() -> None:
    parser = records.arguments(__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="+", type=Path)
    args = parser.parse_args()
    inputs = records.digests(args.inputs)
    written = write_whole(args.out, checklist(*(args.spec[key] for key in ("config", "overlays", "by_hand"))))
    records.write(args.manifest, args.spec, args.code, inputs, [written])


def checklist(config: dict, overlays: list[str], by_hand: dict) -> str:
    """The whole document, in Markdown. `by_hand`: the settings that Snakemake was given."""
    groups, study = plan.groups(config), (config["paper"], overlays)
    papers = settings(load(config["paper"]))
    seeds = sorted({seed for group in groups.values() for seed in group.seeds})
    known = [
        (f"`{key}`", f"`{canonical(value)}`", origin(key, value, source, papers, by_hand))
        for key, (value, source) in settings(config).items()
    ]
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    sections = {
        "Commands": [
            f"- `{makes(*study, by_hand)}` makes every result.",
            *by_hand_alone(by_hand),
            f"- `{command('verify', *study)}` holds what is on disk against settings, code and packages.",
            f"- `{command('explain', *study)}` says what would be made again, and why.",
            f"- `{command('ui', *study)}` opens the runs in MLflow.",
        ],
        "Environment": [
            f"- Python {platform.python_version()} on {platform.system()}, {processor.name()}, {os.cpu_count()} cores; "
            f"`device: {config['device']}`.",
            *trained_on(config["results"], groups),
            f"- Packages {pinned()} (digest {provenance.environment()}): {packages}.",
            "- With one lock, a cell has the same bytes whichever seeds share its job, and on x86-64 processors with "
            f"AVX2 whatever their make: {digests_file(config['paper'])} has the published digests, and `make verify` "
            "compares.",
            "- ARM and processors without AVX2 have instructions that round otherwise, and a GPU (Coin Game only) sums "
            "matrix products in another order. Learning from samples is chaotic: expect the same statistics there, not "
            "the same bytes. PyTorch's builds for CUDA are compiled separately and were not compared.",
        ],
        "Settings, and where each comes from": [grid(("setting", "value", "source"), known)],
        "Seeds": [
            f"- {len(seeds)} seeds, {seeds[0]} to {seeds[-1]}; none was chosen or left out. "
            "A seed whose numbers stop being finite is named, and counts as one that learned nothing.",
            "- A seed and a player fix the initial parameters, so all algorithms start from the same ones. "
            "Exact gradients draw nothing else at random. Roll-outs have a stream per seed, update and player who "
            "imagines them, so algorithms that play alike have the same luck.",
        ],
        "Error bars": [
            "- Intervals are 95 % intervals over seeds: of a percentage of runs the exact one; of a mean of fewer than "
            "30 runs, or without bounds, Student's t; of more by their bounds alone (Learned-Miller & Thomas 2019). "
            "The bands of curves are percentiles of a bootstrap (999 resamples, fixed generator).",
            "- config/README.md says how a claim is decided, docs/verdicts.md how often that errs.",
        ],
        "Compute": [grid(("result", "made from", "training", "itself"), compute(config, groups))],
    }
    if "claims" in config:
        claims = outcomes.read(Path(config["results"], "tables", "claims.csv").read_text())
        verdicts = outcomes.counts(outcomes.counted(claims))
        sections |= {
            "Deviations from the paper": [f"- {deviation}" for deviation in read_ledger(config["claims"]).deviations],
            "Verdicts": [
                "Of the claims that the headline counts:",
                *(f"- {verdict}: {count}" for verdict, count in verdicts.items()),
                "",
                "Each claim, with its number and interval, is in tables/claims.md.",
            ],
        }
    written = (f"\n## {title}\n\n" + "\n".join(lines) + "\n" for title, lines in sections.items())
    return "# Reproducibility\n" + "".join(written)


def by_hand_alone(settings: dict) -> list[str]:
    """What to do so that the other commands are about this study too, where settings were given by hand."""
    if not settings:
        return []
    keys = ", ".join(f"`{key}`" for key in settings)
    return [f"- {keys} was given to Snakemake by hand: put it in a YAML file after those of CONFIG for what follows."]


def pinned() -> str:
    """Whether the packages are those of the lock."""
    others = provenance.unlocked()
    return f"not as pinned in requirements.lock, {others}" if others else "as pinned in requirements.lock"


def trained_on(root: str, groups: dict[str, plan.Group]) -> list[str]:
    """The number of cells by the processor that trained them; of the Coin Game's, if there are any, by device."""
    made = [read_manifest(cell.manifest(root)) for group in groups.values() for cell in group.cells]
    processors = Counter(manifest["processor"] for manifest in made)
    devices = Counter(manifest["device"] for manifest in made if "device" in manifest)
    lines = [f"- Trained on: {name} ({count} cells)." for name, count in sorted(processors.items())]
    counts = ", ".join(f"{count} on {device}" for device, count in sorted(devices.items()))
    return [*lines, f"- Cells of the Coin Game, by what trained them: {counts}."] if devices else lines


def settings(config: dict) -> dict[str, tuple[object, str]]:
    """The settings that can move a number, of what the study runs, by dotted name, with their sources, if any."""
    groups, parts = plan.groups(config).values(), config["study"]
    used = {
        "games": sorted({group.game for group in groups}),
        "algorithms": sorted({name for group in groups for name in group.matchup.seats}),
        "opponent_models": sorted({group.opponent_model for group in groups}),
        "study": parts,
    }
    common = {name: STUDY[name] for name in STUDY if any(name not in part for part in parts.values())}
    blocks = [("", config, common, ("tracking",))]
    for key, names in used.items():
        blocks += [(f"{key}.{name}.", config[key][name], BLOCKS[key], UNSEEN) for name in names]
    found = {}
    for where, block, known, unseen in blocks:
        own = {name: value for name, value in given(block, known).items() if name not in unseen}
        found |= {where + name: (value, block.get("sources", {}).get(name, "")) for name, value in own.items()}
    return found


def origin(key: str, value, source: str, papers: dict[str, tuple[object, str]], by_hand: dict | None = None) -> str:
    """The source of a value; of one that was replaced, by an overlay or by hand, the value in the paper's study."""
    theirs, from_where = papers.get(key, (value, ""))
    if source or theirs == value:
        return source or "ours"
    by = "an overlay" if inside(by_hand or {}, key) is None else "given by hand"
    return f"{by}; the paper's study has `{canonical(theirs)}` ({from_where or 'ours'})"


def compute(config: dict, groups: dict) -> list[tuple[str, ...]]:
    """Seconds of training and of drawing per figure and table, as Snakemake measured them."""
    root = Path(config["results"], "benchmarks")
    rows = []
    for kind in ("figures", "tables"):
        for name, block in config[kind].items():
            shown = plan.block_groups(config, block)
            cells = sum(len(groups[group].cells) for group in shown)
            training = sum(seconds(path) for group in shown for path in groups[group].benchmarks(config["results"]))
            drawing = seconds(root / kind / f"{name}.jsonl")
            rows.append((name, f"{cells} cells", f"{training:.0f} s", f"{drawing:.0f} s"))
    total = sum(seconds(path) for path in root.rglob("*.jsonl"))
    return [*rows, ("all jobs measured, one core each", "", "", f"{total:.0f} s")]


if __name__ == "__main__":
    main()
