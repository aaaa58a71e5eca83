"""What a config may name, and where it lives: standard library only, imported on use.

The code digest of a cell covers exactly the entries that its config names here, and the definitions that they reach,
so that a rule never retrains the cells of another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Entry:
    """`name` in `module`, with the settings that a config block must (`required`) and may give it.

    `plays`: the fewest roll-outs that it can do with, if it needs any; its block says how many
    there are (`batch`).
    """

    module: str
    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    plays: int = 0

    def load(self) -> Callable:
        return getattr(import_module(self.module), self.name)


RULES = {
    "naive": Entry("lola.learning.rules", "naive"),
    "lola": Entry("lola.learning.rules", "lola", ("eta",), ("order",)),
    "lola_surrogate": Entry("lola.learning.rules", "lola_surrogate", ("eta",)),
    "lola_exact": Entry("lola.learning.rules", "lola_exact", ("eta",), ("order", "inner_steps")),
    "lookahead": Entry("lola.learning.rules", "lookahead", ("eta",)),
}

LEARNERS = {
    "q": Entry("lola.learning.tabular.learners", "q", ("alpha", "decay", "epsilon")),
    "joint_q": Entry("lola.learning.tabular.learners", "joint_q", ("alpha", "decay", "epsilon")),
    "phc": Entry("lola.learning.tabular.learners", "phc", ("alpha", "decay", "delta", "delta_decay")),
    "wolf_phc": Entry("lola.learning.tabular.learners", "wolf_phc", ("alpha", "decay", "delta", "delta_decay", "lose")),
}

PERSPECTIVES = {
    "as_described": Entry("lola.learning.tabular.perspectives", "as_described"),
    "as_released": Entry("lola.learning.tabular.perspectives", "as_released"),
    "as_fitted": Entry("lola.learning.tabular.perspectives", "as_fitted"),
}


@dataclass(frozen=True)
class Kind:
    """A kind of game, and what goes with it: who trains its players, estimators, opponent models, roll-outs.

    `exact`: whether it has values in closed form; `own_curvature`: whether estimators give a player's own second
    derivative. `assess` says how good clones are. `players` and `actions`, which are everybody's, if the kind decides
    them and not a game's block.
    """

    game: Entry
    trainer: Entry
    estimators: dict[str, Entry]
    opponent_models: dict[str, Entry]
    play: Entry
    assess: Entry
    exact: bool
    own_curvature: bool
    players: int | None = None
    actions: tuple[str, ...] = ()


MATRIX_GAME = Kind(
    game=Entry("lola.learning.matrix.game", "MatrixGame", ("payoffs", "gamma", "actions")),
    trainer=Entry("lola.learning.matrix.job", "run_curves"),
    estimators={
        "pg": Entry("lola.learning.matrix.estimators", "pg", (), ("critic_lr",), plays=1),
        "pg_released": Entry("lola.learning.matrix.estimators", "pg_released", (), ("critic_lr",), plays=2),
        "dice": Entry("lola.learning.matrix.estimators", "dice", (), ("baseline",), plays=2),
        "surrogate": Entry("lola.learning.matrix.estimators", "surrogate", plays=2),
    },
    opponent_models={
        "oracle": Entry("lola.learning.opponent_models", "oracle"),
        "cloning": Entry("lola.learning.matrix.cloning", "cloning", ("rate", "steps"), plays=1),
    },
    play=Entry("lola.learning.matrix.rollouts", "play"),
    assess=Entry("lola.learning.matrix.cloning", "assessed"),
    exact=True,
    own_curvature=True,
)

COIN_GAME = Kind(
    game=Entry(
        "lola.learning.coins.game",
        "CoinGame",
        ("grid", "gamma"),
        ("tie", "respawn", "colour", "hidden", "encoder", "filters"),
    ),
    trainer=Entry("lola.learning.coins.job", "run_coin_game", optional=("device",)),
    estimators={
        "pg": Entry("lola.learning.coins.estimators", "pg", (), ("critic_lr", "entropy"), plays=1),
        "dice": Entry("lola.learning.coins.estimators", "dice", (), ("baseline", "entropy"), plays=2),
    },
    opponent_models={
        "oracle": Entry("lola.learning.opponent_models", "oracle"),
        "cloning": Entry("lola.learning.coins.cloning", "cloning", ("rate", "steps"), plays=1),
    },
    play=Entry("lola.learning.coins.rollouts", "play"),
    assess=Entry("lola.learning.coins.cloning", "assessed"),
    exact=False,
    own_curvature=False,
    players=2,
    actions=("right", "left", "down", "up"),
)

KINDS = {"matrix_game": MATRIX_GAME, "coin_game": COIN_GAME}
MAP = Entry("lola.learning.matrix.job", "run_map")
MATCH = Entry("lola.learning.tabular.job", "run_match")


def kind_name(game: dict) -> str:
    """The kind of a game that its block names: a matrix game unless it says otherwise."""
    return game.get("kind", "matrix_game")


def kind(game: dict) -> Kind:
    """The kind of a game, by its block."""
    return KINDS[kind_name(game)]


def trainer(spec: dict) -> Entry:
    """What trains the cells of a spec (see `lola.study.plan`)."""
    return MATCH if spec["match"] else MAP if spec["grid"] else kind(spec["game"]).trainer
