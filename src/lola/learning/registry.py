"""What a config may name, and where it lives: standard library only, imported on use.

The code digest of a cell covers exactly the entries that its config names here, and their
modules, so a rule in a module of its own never retrains the cells of another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Entry:
    """`name` in `module`, with the settings that a config block must (`required`) and may give it.

    `plays`: the fewest roll-outs that it can do with, if it needs any; its block says how many
    there are (`batch`). `exact`: of a game, that it has exact values.
    """

    module: str
    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    plays: int = 0
    exact: bool = False

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
    "q": Entry("lola.learning.tabular", "q", ("alpha", "decay", "epsilon")),
    "joint_q": Entry("lola.learning.tabular", "joint_q", ("alpha", "decay", "epsilon")),
    "phc": Entry("lola.learning.tabular", "phc", ("alpha", "decay", "delta", "delta_decay")),
    "wolf_phc": Entry("lola.learning.tabular", "wolf_phc", ("alpha", "decay", "delta", "delta_decay", "lose")),
}

ESTIMATORS = {
    "pg": Entry("lola.learning.estimators", "pg", (), ("critic_lr",), plays=1),
    "pg_released": Entry("lola.learning.estimators", "pg_released", (), ("critic_lr",), plays=2),
    "dice": Entry("lola.learning.estimators", "dice", (), ("baseline",), plays=2),
    "surrogate": Entry("lola.learning.estimators", "surrogate", plays=2),
}

OPPONENT_MODELS = {
    "oracle": Entry("lola.learning.opponent_models", "oracle"),
    "cloning": Entry("lola.learning.cloning", "cloning", ("rate", "steps"), plays=1),
}

PERSPECTIVES = {
    "as_described": Entry("lola.learning.perspectives", "as_described"),
    "as_released": Entry("lola.learning.perspectives", "as_released"),
    "as_fitted": Entry("lola.learning.perspectives", "as_fitted"),
}

MATRIX_GAME = Entry("lola.learning.matrix_games", "MatrixGame", ("payoffs", "gamma", "actions"), exact=True)

PLAY = Entry("lola.learning.rollouts", "play")
ASSESS = Entry("lola.learning.cloning", "assessed")
MATCH = Entry("lola.learning.match_curves", "run_match")
