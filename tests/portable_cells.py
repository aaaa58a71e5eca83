"""Train a small cell of every kind and print its digest: `python tests/portable_cells.py [--brief] [KIND …]`, JSON.

With `--brief` two updates from at most eight roll-outs, for emulators. `test_portability.py` runs it on other
processors' terms and expects the same bytes; so does every machine, of golden/cells.json, which
`python tests/portable_cells.py > tests/golden/cells.json` writes.
"""

import json
import sys

from lola.files.artifacts import canonical, sha256
from lola.learning.trainers import run
from lola.study.config import load
from lola.study.plan import groups

SEEDS = [0, 1]
KINDS = {  # a group of the study, and what is smaller than there
    "exact": ("ipd/lola-ex/oracle", {"steps": 100}),
    "autograd": ("ipd/lola-t4-vs-lola2-t4/oracle", {"steps": 60}),
    "sampled": ("ipd/lola-pg/oracle", {"steps": 60, "play": {"batch": 250}}),
    "sampled, as released": ("imp/lola-pg-released/oracle", {"steps": 60, "play": {"batch": 250}}),
    "clones": ("ipd/lola-ex/cloning", {"steps": 60}),
    "sampled, with clones": ("ipd/lola-pg/cloning", {"steps": 40, "play": {"batch": 250}}),
    "LOLA-DiCE": ("ipd/lola-dice-2/cloning", {"steps": 40}),
    "match": ("ipd/jal-q-vs-lola-ex@tournament/cloning", {"steps": 50, "every": 5}),
    "match, as released": ("imp/jal-q-vs-wolf-phc@tournament-released/oracle", {"steps": 50, "every": 5}),
    "map": ("ipd/lola-ex@map/oracle", {"steps": 30, "grid": {"lr": [0.3, 3.0], "eta": [1.0, 3.0]}}),
    "map, sampled": ("ipd/lola-pg-batch@map/oracle", {"steps": 20, "grid": {"batch": [16, 64], "lr": [1.0, 3.0]}}),
    "Coin Game": ("coin-game/coin-lola-pg/oracle", {"steps": 40, "every": 5, "play": {"batch": 32}}),
    "Coin Game, convolutional": (
        "coin-game/coin-lola-pg/oracle",
        {"steps": 5, "every": 1, "play": {"batch": 16}, "seats": {"encoder": "convolutional"}},
    ),
    "Coin Game, with clones": (
        "coin-game/coin-lola-bare/coin-cloning",
        {"steps": 40, "every": 5, "play": {"batch": 32}},
    ),
    "Coin Game, clipped": (
        "coin-game/coin-lola-pg/oracle",
        {"steps": 20, "every": 5, "play": {"batch": 32}, "seats": {"clip": 1.0, "lr_final": 0.0, "entropy": 0.03}},
    ),
    "Coin Game, LOLA-DiCE": ("coin-game/coin-lola-dice/oracle", {"steps": 40, "every": 5, "play": {"batch": 32}}),
    "polynomial": ("four-players/lookahead/oracle", {"steps": 60, "seats": {"lr": 0.1, "eta": 0.1}}),
    "played once": ("ultimatum/lola-surrogate/oracle", {"steps": 60}),
    "market": ("market/lola-exact/oracle", {"steps": 60, "seats": {"lr": 0.01, "eta": 0.01}}),
    "matrices": ("covariance-20/lola-surrogate/oracle", {"steps": 20, "every": 5, "seats": {"lr": 0.01, "eta": 0.01}}),
    "networks": ("nets/lola-exact/oracle", {"steps": 30}),
    "networks, outer POLA": ("nets/pola/oracle", {"steps": 2, "every": 1}),
    "map, parameters": ("no-outcome/lola-ex@map/oracle", {"steps": 30}),
}
PARTS = {  # which the study has not
    "polynomial": {"games": ["four-players"], "algorithms": ["lookahead"]},
    "once": {"games": ["ultimatum"], "algorithms": ["lola-surrogate"]},
    "market": {"games": ["market"], "algorithms": ["lola-exact"]},
    "matrices": {"games": ["covariance-20"], "algorithms": ["lola-surrogate"]},
    "networks": {"games": ["nets"], "algorithms": ["lola-exact", "pola"]},
    "points": {"games": ["no-outcome"], "algorithms": ["lola-ex"], "grid": {"lr": [0.01, 0.1, 9.0], "eta": [0.1, 1]}},
}

GAMES = {
    "nets": {
        "kind": "network_game",
        "gamma": 0.96,
        "actions": ["C", "D"],
        "payoffs": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]],
    }
}
ALGORITHMS = {
    "pola": {"learner": "outer_pola", "eta": 1.0, "beta": 1.0, "proximal_lr": 0.1, "iterations": 20, "hidden": 5}
}


def digest(kind: str, study: dict, brief: bool) -> str:
    """The digest of a kind's cells: their rows and how they ended."""
    name, smaller = KINDS[kind]
    spec = json.loads(canonical(study[name].spec))
    for key, value in smaller.items():
        if key == "seats":
            spec[key] = [seat | value for seat in spec[key]]
        else:
            spec[key] = spec[key] | value if key == "play" else value
    if brief:
        spec |= {"steps": 2, "every": 1}
        if spec["play"]:
            spec["play"] = {key: min(n, 8) for key, n in spec["play"].items()}
    return sha256(canonical([[cell.rows, cell.outcome] for cell in run(spec, SEEDS)]))


if __name__ == "__main__":
    named = [given for given in sys.argv[1:] if given != "--brief"]
    study = groups(load("lola", [], {"study": PARTS, "games": GAMES, "algorithms": ALGORITHMS}))
    print(json.dumps({kind: digest(kind, study, "--brief" in sys.argv) for kind in named or KINDS}, indent=1))
