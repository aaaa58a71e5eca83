"""What a config may name, and where it lives: standard library only, imported on use.

The code digest of a cell covers exactly the entries that its config names here, and the definitions that they reach,
so that a rule never retrains the cells of another.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path

SOURCE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Entry:
    """`name` in `module`: a function or class, whose arguments are the settings that a config block gives it.

    `plays`: the fewest roll-outs that it needs, of the `batch` that its block says. `courses`: the names of those
    `COURSES` that a player can be trained in, if not in all.
    """

    module: str
    name: str
    plays: int = 0
    courses: tuple[str, ...] = ()

    def load(self) -> Callable:
        return getattr(import_module(self.module), self.name)

    @cached_property
    def settings(self) -> dict[str, bool]:
        """Its arguments, and whether a block must give them: read off the file, since imports take seconds."""
        tree = ast.parse(SOURCE.joinpath(*self.module.split(".")).with_suffix(".py").read_text())
        found = next(node for node in tree.body if getattr(node, "name", None) == self.name)
        if isinstance(found, ast.ClassDef):
            found = next((node for node in found.body if getattr(node, "name", None) == "__init__"), found)
        if isinstance(found, ast.ClassDef):  # a dataclass or a named tuple
            return {node.target.id: node.value is None for node in found.body if isinstance(node, ast.AnnAssign)}
        given = found.args
        defaults = [None] * (len(given.args) - len(given.defaults)) + given.defaults + given.kw_defaults
        pairs = zip(given.args + given.kwonlyargs, defaults, strict=True)
        return {argument.arg: default is None for argument, default in pairs if argument.arg != "self"}


def entries(module: str, *names: str, **more) -> dict[str, Entry]:
    """Definitions of a module, by the names that they have there."""
    return {name: Entry(module, name, **more) for name in names}


BY_UPDATES = ("updates", "weights")  # the courses that leave policies after every update
WITH_POLICIES = (*BY_UPDATES, "match")
BY_STATES = ("updates", "map", "match")  # the courses of players with a table that answers the last joint action
RULES = {
    **entries("lola.learning.rules", "naive", "lola", "lola_surrogate", "lola_exact", "lookahead"),
    **entries("lola.learning.joint.rules", "hola", "lookahead_first", "lookahead_nested", "sos", "sga", "consensus"),
    **entries("lola.learning.joint.rules", "extragradient", "cgd", "lss"),
    "cola": Entry("lola.learning.cola.networks", "cola", courses=("updates", "parameters", "consistency", "networks")),
    "cola_affine": Entry("lola.learning.cola.affine", "cola_affine", courses=("parameters", "consistency")),
    **entries("lola.learning.shaping.rules", "advantage_alignment", "loqa", "brs", courses=BY_STATES),
    **entries("lola.learning.shaping.paths", "meta_mapg", courses=BY_STATES),
}
OF_STATES = tuple(name for name, rule in RULES.items() if rule.courses == BY_STATES)
OWN_CURVATURE = ("sga", "consensus")  # rules that need players' second derivatives in their own parameters
EXACT = ("lookahead_nested", "cgd", "lss", *OF_STATES)  # rules that need exact values
BY_AUTOGRAD = ("lola_exact", "lookahead", "hola", "lookahead_nested")  # rules that no closed form serves, so take long
REMEMBERED = ("updates", "map", "parameters", "parameter_map")
LEARNERS = {
    "optimistic": Entry("lola.learning.joint.momentum", "Optimistic", courses=REMEMBERED),
    "lead": Entry("lola.learning.joint.momentum", "Lead", courses=REMEMBERED),
    "reciprocator": Entry("lola.learning.shaping.reciprocator", "Reciprocator", courses=("updates", "map")),
    "outer_pola": Entry("lola.learning.shaping.paths", "OuterPola", courses=("updates", "map", "weights")),
    **entries("lola.learning.shaping.shapers", "gs", "coala", "m_maml", courses=("updates",)),
    "best_response": Entry("lola.learning.shaping.replies", "BestResponse", courses=("updates", "map")),
    "frozen": Entry("lola.learning.shaping.replies", "Frozen", courses=("updates", "map")),
    **entries("lola.learning.tabular.learners", "q", "joint_q", "phc", "wolf_phc", courses=("match",)),
}
PERSPECTIVES = entries("lola.learning.tabular.perspectives", "as_described", "as_released", "as_fitted")


@dataclass(frozen=True)
class Kind:
    """A kind of game, and what goes with it: ways to train in it, opponent models, estimators, roll-outs.

    `courses`: the names of `COURSES` that it knows, first the one of a game that is played by itself. `policy`: how
    players are parameterised, of which an algorithm may give the settings. `players`: how many there are, or which
    setting of a game's block has an item for each. `actions`: everybody's, if the kind decides them. `play` rolls out
    and `assess` says how good clones are, where there are roll-outs. `exact`: whether it has values in closed form;
    `own_curvature`: whether estimators give a player's own second derivative.
    """

    game: Entry
    policy: Entry
    courses: tuple[str, ...]
    players: int | str
    opponent_models: dict[str, Entry]
    estimators: dict[str, Entry] = field(default_factory=dict)
    play: Entry | None = None
    assess: Entry | None = None
    exact: bool = True
    own_curvature: bool = True
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """A way to train, which decides what is known of its groups, and so what can show them.

    `job`: from a spec, its seeds and maybe a device to what trains them, as `training.Job.train` does.
    `what`: what its groups are called in messages. `key`: which part of a spec says that it is this one; without, it is
    how a game is played by itself. `blocks`: whether a row is the mean over a block of `every` steps, so that final
    numbers are those of the last tenth. `gpu`: whether training may use one.
    """

    job: Entry
    what: str
    key: str = ""
    blocks: bool = False
    gpu: bool = False


AT_POINTS = ("consistency", "networks")  # the courses in which nobody plays, known before maps, which they may be too
ORACLE = Entry("lola.learning.opponent_models", "oracle")


def of_scalars(name: str, players: int | str) -> Kind:
    """A kind of game in which every player has one real parameter."""
    return Kind(
        game=Entry("lola.learning.differentiable.game", name),
        policy=Entry("lola.learning.differentiable.policies", "Around"),
        courses=("parameters", *AT_POINTS, "parameter_map"),
        players=players,
        opponent_models={"oracle": ORACLE},
    )


# Which kinds there are is in no digest of code: kinds come and go without a cell's being trained again.
KINDS = {
    "matrix_game": Kind(
        game=Entry("lola.learning.matrix.game", "MatrixGame"),
        policy=Entry("lola.learning.policies", "Tabular"),
        courses=("updates", "match", *AT_POINTS, "map"),
        players="payoffs",
        estimators={
            **entries("lola.learning.matrix.estimators", "pg", "pg_halved", plays=1),
            **entries("lola.learning.matrix.estimators", "pg_released", "pg_centred", "dice", "surrogate", plays=2),
        },
        opponent_models={"oracle": ORACLE, "cloning": Entry("lola.learning.matrix.cloning", "cloning", plays=1)},
        play=Entry("lola.learning.matrix.rollouts", "play"),
        assess=Entry("lola.learning.matrix.cloning", "assessed"),
    ),
    "coin_game": Kind(
        game=Entry("lola.learning.coins.game", "CoinGame"),
        policy=Entry("lola.learning.coins.job", "Recurrent"),
        courses=("coin_game",),
        players=2,
        estimators={
            "pg": Entry("lola.learning.coins.estimators", "pg", plays=1),
            "dice": Entry("lola.learning.coins.estimators", "dice", plays=2),
        },
        opponent_models={"oracle": ORACLE, "cloning": Entry("lola.learning.coins.cloning", "cloning", plays=1)},
        play=Entry("lola.learning.coins.rollouts", "play"),
        assess=Entry("lola.learning.coins.cloning", "assessed"),
        exact=False,
        own_curvature=False,
        actions=("right", "left", "down", "up"),
    ),
    "network_game": Kind(
        game=Entry("lola.learning.matrix.networks", "NetworkGame"),
        policy=Entry("lola.learning.matrix.networks", "Networks"),
        courses=("weights",),
        players="payoffs",
        opponent_models={"oracle": ORACLE},
    ),
    "polynomial": of_scalars("Polynomial", "terms"),
    "bimatrix": of_scalars("Bimatrix", "payoffs"),
    "market": of_scalars("Market", 2),
    "covariance": Kind(
        game=Entry("lola.learning.differentiable.covariance", "Covariance"),
        policy=Entry("lola.learning.differentiable.covariance", "Nearby"),
        courses=("parameters", *AT_POINTS, "parameter_map"),
        players=2,
        opponent_models={"oracle": ORACLE},
    ),
}
COURSES = {
    "updates": Course(Entry("lola.learning.matrix.job", "build"), "matrix games"),
    "weights": Course(Entry("lola.learning.matrix.job", "build"), "matrix games of networks"),
    "map": Course(Entry("lola.learning.matrix.maps", "Map"), "maps (parts with a grid)", key="grid"),
    "match": Course(Entry("lola.learning.tabular.match", "build"), "matches in episodes", key="match", blocks=True),
    "coin_game": Course(Entry("lola.learning.coins.job", "build"), "Coin Games", blocks=True, gpu=True),
    "parameters": Course(Entry("lola.learning.differentiable.job", "build"), "games of real parameters"),
    "parameter_map": Course(
        Entry("lola.learning.differentiable.job", "ParameterMap"),
        "maps (parts with a grid) of games of real parameters",
        key="grid",
    ),
    "consistency": Course(
        Entry("lola.learning.cola.consistency", "Evaluation"), "rules at points (parts with points)", key="region"
    ),
    "networks": Course(
        Entry("lola.learning.cola.fitting", "Fit"), "networks (parts with a region and no points)", key="fit"
    ),
}
MAPS = tuple(name for name, known in COURSES.items() if known.key == "grid")  # a row a point
WITHOUT_STEPS = (*MAPS, *AT_POINTS)  # courses that leave no returns over steps
CARRYING = ("cola",)  # the rules that follow networks, which are fitted before


def kind_name(game: dict) -> str:
    """The kind of a game that its block names: a matrix game unless it says otherwise."""
    return game.get("kind", "matrix_game")


def kind(game: dict) -> Kind:
    """The kind of a game, by its block."""
    return KINDS[kind_name(game)]


def course(spec: dict) -> str:
    """The name of the way in which the cells of a spec are trained (see `lola.study.plan`)."""
    known = kind(spec["game"]).courses
    return next((name for name in known if spec.get(COURSES[name].key)), known[0])


def etas(spec: dict) -> list[float]:
    """The look-ahead rates of a spec: those of its grid, or that of its first seat."""
    return spec["grid"]["eta"] if spec["grid"] else [spec["seats"][0]["eta"]]
