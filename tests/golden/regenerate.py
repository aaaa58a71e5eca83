"""What every rule makes of every game in five steps, kept as numbers: `python tests/golden/regenerate.py [--all]`.

Writes one JSON file per game beside this one, and one of matches: five episodes of fifty steps. What is known stays,
unless `--all` is given. `tests/learning/test_training.py` compares with them bit for bit, on whatever processor, so
that no change moves a number unnoticed. A golden file that changes needs a commit of its own and a line in
CHANGELOG.md that says why.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

from lola.learning.matrix.cloning import cloning
from lola.learning.matrix.game import MatrixGame
from lola.learning.matrix.job import MatrixJob
from lola.learning.matrix.rollouts import play
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.policies import Tabular
from lola.learning.tabular.match import Match
from lola.learning.training import learn
from lola.vocabulary.registry import KINDS, LEARNERS, OF_STATES, PERSPECTIVES, RULES

HERE = Path(__file__).parent

# Player i gives own[i] units or fewer (action 0: all); everybody gets twice the total and loses 3 a unit.
OWN = (1, 1, 2)
PUBLIC_GOOD = [
    [[[2 * (4 - a - b - c) - 3 * (OWN[i] - (a, b, c)[i]) for c in range(3)] for b in range(2)] for a in range(2)]
    for i in range(3)
]
GAMES = {
    "ipd": MatrixGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], 0.96, ["C", "D"]),
    "imp": MatrixGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], 0.9, ["H", "T"]),
    "public_good": MatrixGame(PUBLIC_GOOD, 0.9, [["one", "none"], ["one", "none"], ["two", "one", "none"]]),
}
# Every rule for any course or any matrix game and every learner that is no table, with 0.3 for each setting that it
# needs, 2 if that is a whole number; of some also with more.
MORE = {"lola": {"order": 2}, "lola_exact": {"order": 2}, "sga": {"align": True}, "consensus": {"align": True}}
MORE |= {"loqa": {"through": "taken"}, "brs": {"self_play": 0.3}, "advantage_alignment": {"quadrants": ["++", "+-"]}}
OTHERWISE = dict.fromkeys(("order", "inner_steps", "learners"), 2) | {"policy": "always_defect"}
ALSO = ("policy",)  # without which a frozen player is at random
ANYWHERE = {name: entry for name, entry in RULES.items() if not entry.courses or name in OF_STATES}
SETTINGS = {}
for name, entry in (
    ANYWHERE | {name: entry for name, entry in LEARNERS.items() if "match" not in entry.courses}
).items():
    needed = {
        setting: OTHERWISE.get(setting, 0.3) for setting, needed in entry.settings.items() if needed or setting in ALSO
    }
    SETTINGS[name] = (name, needed)
    for setting, value in MORE.get(name, {}).items():
        SETTINGS[f"{name}, {setting} {value}"] = (name, needed | {setting: value})
SAMPLED = {
    "naive, pg": ("naive", {}, "pg"),
    "lola, pg": ("lola", {"eta": 0.3}, "pg"),
    "lola, pg_released": ("lola", {"eta": 0.3}, "pg_released"),
    "lola, pg_halved": ("lola", {"eta": 0.3}, "pg_halved"),
    "lola, pg_centred": ("lola", {"eta": 0.3}, "pg_centred"),
    "lola_exact, dice": ("lola_exact", {"eta": 0.3, "inner_steps": 2}, "dice"),
    "lola_exact, surrogate": ("lola_exact", {"eta": 0.3}, "surrogate"),
}
LEARNS = {
    "q": {"alpha": 0.1, "decay": 0.01, "epsilon": 0.2},
    "joint_q": {"alpha": 0.1, "decay": 0.01, "epsilon": 0.2},
    "phc": {"alpha": 0.1, "decay": 0.01, "delta": 0.05, "delta_decay": 0.1},
    "wolf_phc": {"alpha": 0.1, "decay": 0.01, "delta": 0.02, "delta_decay": 0.1, "lose": 3.0},
}
PAIRS = [("q", "wolf_phc"), ("phc", "joint_q"), ("q", "lola"), ("joint_q", "naive"), ("lola", "phc"), ("naive", "lola")]
MATCHES = {
    f"{game}, {a} against {b}, {perspective}": (game, (a, b), perspective, oracle())
    for game, (a, b), perspective in product(("ipd", "imp"), PAIRS, PERSPECTIVES)
} | {
    f"{game}, lola clones wolf_phc": (game, ("wolf_phc", "lola"), "as_described", cloning(2.0, 5))
    for game in ("ipd", "imp")
}


def plays(game: MatrixGame, name: str) -> bool:
    """Whether it can: best response shaping tries all replies, and is for two players."""
    return game.counts == (2, 2) or not name.startswith("brs")


PLAYED = [(game, name) for game, name in product(GAMES, SETTINGS | SAMPLED) if plays(GAMES[game], name)]


def five_steps(game: MatrixGame, name: str) -> dict:
    """The parameters and values of seed 0 after five steps of self-play at learning rate 1."""
    learner, settings, *estimator = (SETTINGS | SAMPLED)[name]
    made = (RULES | LEARNERS)[learner].load()(**settings)
    estimators = [KINDS["matrix_game"].estimators[known].load()() for known in estimator]
    players = [Climber(made, 1.0, oracle(), *estimators) if learner in RULES else made] * len(game.sizes)
    rollouts = partial(play, game=game, seeds=[0], batch=16, length=20)
    job = MatrixJob(game, players, [Tabular(game)] * len(players), [0], 1.0, rollouts)
    *_, end = learn(job, job.start(), 5)
    thetas = end.thetas
    return {"thetas": [theta[0].tolist() for theta in thetas], "values": [v.item() for v in game.values(thetas)]}


def five_episodes(name: str) -> dict:
    """The logits that stand for both players after five episodes with seed 0, and what they earned in the last."""
    game, names, perspective, model = MATCHES[name]
    players = [
        LEARNERS[seat].load()(**LEARNS[seat])
        if seat in LEARNS
        else Climber(RULES[seat].load()(**({"eta": 0.3} if seat == "lola" else {})), 1.0, model)
        for seat in names
    ]
    game, policies = GAMES[game], [Tabular(GAMES[game])] * len(players)
    match = Match(game, players, policies, [0], 1.0, length=50, perspective=PERSPECTIVES[perspective].load()(game))
    *_, end = learn(match, match.start(), 5)
    return {"thetas": [theta[0].tolist() for theta in end.thetas], "returns": end.rollouts.returns[0].tolist()}


def written(entries: dict) -> str:
    """An entry a line."""
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()) + "\n}\n"


def keep(file: Path, names: list[str], numbers: Callable[[str], dict]) -> None:
    """Write a file of the entries with these names: as they stand there, or worked out where they don't."""
    known = {} if "--all" in sys.argv or not file.exists() else json.loads(file.read_text())
    file.write_text(written({name: known.get(name) or numbers(name) for name in names}))


if __name__ == "__main__":
    for game, matrix in GAMES.items():
        names = [name for played, name in PLAYED if played == game]
        keep(HERE / f"{game}.json", names, partial(five_steps, matrix))
    keep(HERE / "matches.json", [*MATCHES], five_episodes)
