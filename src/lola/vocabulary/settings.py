"""Every setting of a config once: what it may be, and what it means. Standard library only.

From here come the schema that configs are checked by (`lola.study.config`), which settings are real numbers, and the
list of settings in config/README.md. Which of them a rule, an estimator or a game takes says its own signature.
"""

import re
from dataclasses import dataclass

BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")  # signs that nobody sees
TEXTS = ("title", "label", "caption", "saved_label")  # the keys of words for people


@dataclass(frozen=True)
class Setting:
    """What a setting may be, in words and as a JSON schema, and what it means."""

    allowed: str
    meaning: str
    shape: dict

    @property
    def schema(self) -> dict:
        return self.shape | {"description": f"{self.allowed}, {self.meaning}"}


BOOLEAN = {"type": "boolean"}
NUMBERS = {"$ref": "#/$defs/numbers"}  # a number, or a list of such: a place in the schema, since it holds itself


def in_shape(value, shape: dict):
    """A value with real numbers wherever its shape has them: 1 and 1.0 are one experiment."""
    if isinstance(value, list):
        return [in_shape(item, shape.get("items", shape)) for item in value]
    if isinstance(value, dict):
        return {key: in_shape(item, shape["properties"][key]) for key, item in value.items()}
    return float(value) if shape == NUMBERS or shape.get("type") == "number" else value


def number(meaning: str, *, least=None, above=None, most=None, below=None) -> Setting:
    """A real number within bounds."""
    bounds = {"minimum": least, "exclusiveMinimum": above, "maximum": most, "exclusiveMaximum": below}
    until = "to" if above is None else "and up to"
    words = {"from": least, "above": above, until: most, "up to but not including": below}
    said = " ".join(["a number", *(f"{word} {bound:g}" for word, bound in words.items() if bound is not None)])
    return Setting(said, meaning, {"type": "number"} | {k: v for k, v in bounds.items() if v is not None})


def whole(meaning: str, least: int = 1, most: int | None = None) -> Setting:
    """A whole number within bounds."""
    shape, said = {"type": "integer", "minimum": least}, f"a whole number from {least}"
    return Setting(said if most is None else f"{said} to {most}", meaning, shape | ({"maximum": most} if most else {}))


def choice(meaning: str, *names: str) -> Setting:
    """One of a few words."""
    return Setting(f"{', '.join(names[:-1])} or {names[-1]}", meaning, {"enum": list(names)})


def name(meaning: str) -> Setting:
    """The name of something that is elsewhere."""
    return Setting("a name", meaning, {"type": "string"})


def text(meaning: str) -> Setting:
    """Words for people."""
    return Setting("text of up to 100 characters", meaning, {"type": "string", "pattern": r"\S", "maxLength": 100})


def one_line(words: str) -> str:
    """Words without line breaks, and without other signs that nobody sees."""
    return BLANK.sub(" ", words).strip(" ")


def texts_in_one_line(block: dict) -> dict:
    """A block of a config, and the blocks within it, with all words for people on one line."""
    found = {}
    for key, value in block.items():
        found[key] = texts_in_one_line(value) if isinstance(value, dict) else value
        if key in TEXTS and isinstance(value, str):
            found[key] = one_line(value)
    return found


def listed(meaning: str, items: dict, least: int = 1) -> Setting:
    """A list of what `items` describes."""
    return Setting("a list", meaning, {"type": "array", "minItems": least, "items": items})


def numbers(meaning: str) -> Setting:
    """Real numbers in nested lists, whose lengths the code that takes them checks."""
    return Setting("numbers, nested in lists", meaning, {"type": "array", "minItems": 1, "items": NUMBERS})


def axis(setting: Setting) -> Setting:
    """The values of a setting that a map tries."""
    shape = {"type": "array", "minItems": 2, "uniqueItems": True, "items": setting.schema}
    return Setting("a list of at least two different values", f"each {setting.allowed}", shape)


ACTION_NAME = 'an action\'s name of up to 30 letters (A to Z), digits, "_" and "-"'
ACTION = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,30}\Z", "description": ACTION_NAME}
SEED = {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**32}
SEEDS = {"type": "array", "minItems": 1, "uniqueItems": True, "items": SEED}

STUDY = {  # of the whole study, and all but the last two of a part of it
    "seeds": Setting(
        "a whole number n from 1 to 100000, or a list of different whole numbers from 0 and below 2³²",
        "the runs; n means seeds 0 … n-1",
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100000}, SEEDS]},
    ),
    "seeds_per_job": whole("how many seeds one job trains side by side", most=10**5),
    "steps": whole("the updates per run", most=10**8),
    "init_std": number("the standard deviation of the initial parameters", least=0),
    "device": choice("where the Coin Game is trained: auto is a CUDA device where there is one", "auto", "cpu", "cuda"),
    "tracking": choice("whether runs are logged to MLflow: afterwards, also live, or not", "deferred", "live", "none"),
}

COLOURS = ("red", "blue", "purple", "green", "orange", "brown", "sky", "black", "grey")
SHADES = ("", "light ", "dark ")  # which may stand before each of them

TERM = {"description": "[coefficient, exponent of player 1's parameter, exponent of player 2's, …]"}
TERM |= {"type": "array", "items": {"type": "number", "description": "a number"}}
TERMS = {"description": "a list of terms", "type": "array", "minItems": 1, "items": TERM}

GAME = {
    "title": text("the name shown to people in figures and tables (default: its own)"),
    "kind": name("the kind of game, a matrix game if it says none"),
    "payoffs": Setting(
        "a list with one nested list of numbers per player",
        "indexed by player 1's action, then player 2's, …",
        {"type": "array", "minItems": 2},
    ),
    "actions": listed(
        "the names of the actions, one list for all players or one list per player",
        {
            "description": 'the name of an action, or a list of such names, in letters, digits, "_" and "-"',
            "anyOf": [ACTION, {"type": "array", "minItems": 2, "uniqueItems": True, "items": ACTION}],
        },
        least=2,
    ),
    "terms": Setting(
        "a list of terms per player",
        f"of a polynomial game, each {TERM['description']}",
        {"type": "array", "minItems": 2, "items": TERMS},
    ),
    "start": listed(
        "the means of the first parameters, a number per player (default: 0 for all)",
        {"type": "number", "description": "a number"},
    ),
    "dimension": whole("the rows and columns of a covariance game's matrices", most=100),
    "gamma": number("the discount per step", least=0, below=1),
    "length": whole("the steps of a roll-out; without it the game can't be learned from samples", most=10**6),
    "grid": whole("the board has grid × grid cells, for two players and a coin apart from them", 2, 9),
    "tie": choice("who picks a coin that both players step on", "both", "red"),
    "respawn": choice("where the next coin lies: on a cell free of players, or anywhere", "free", "anywhere"),
    "colour": choice("the next coin's colour", "alternating", "random"),
}

ALGORITHM = {
    "label": text("the name shown to people in figures and tables"),
    "colour": Setting(
        f"{', '.join(COLOURS)}, or one of these after light or dark",
        "of its curves (default: one for each rule and learner, in the config's order)",
        {"enum": [shade + colour for colour in COLOURS for shade in SHADES]},
    ),
    "rule": name("the learning rule"),
    "lr": number("δ: the player's own step size", least=0),
    "lr_final": number("to which the step size goes from lr in equal steps (default: lr)", least=0),
    "clip": number("how long a direction may be at most (default: no limit)", above=0),
    "eta": number("η: the step size assumed for the others", least=0),
    "order": whole("how deep the player looks", most=10),
    "a": number("SOS's a: how much of ξ₀ shaping may undo, since −p⟨ηχ, ξ₀⟩ is at most a‖ξ₀‖²", above=0, below=1),
    "b": number("SOS's b: the length of ξ below which shaping fades with its square", above=0, below=1),
    "lam": number("λ: the weight of SGA's adjustment Aᵀξ", least=0),
    "penalty": number("γ: the weight of consensus optimisation's penalty ½‖ξ‖²", least=0),
    "align": Setting("true or false", "whether SGA or CO choose the sign of their term (default: false)", BOOLEAN),
    "bias": number("ε: added to that of which an aligned SGA takes the sign (default: 0.1)", least=0),
    "kappa": number("κ: added to the diagonal of JᵀJ in LSS; with 0 a singular J has no direction", least=0),
    "tolerance": number("the share of ‖ξ‖ that CGD may be off, by conjugate gradients (default: 0)", above=0, below=1),
    "net": choice("the kind of networks, of the COLA authors' code: for quadratic games, for others", "relu", "tanh"),
    "clamp": number("networks see parameters beyond ± this as if they were there (default: as they are)", above=0),
    "solution": whole("which affine solution is taken, of smallest slopes first (default: 1)", most=100),
    "inner_steps": whole("how many steps of the others the player looks through", most=1000),
    "weight": number("of the term that shapes, beside ∇V; of a Reciprocator that of what it gives back", least=0),
    "quadrants": listed(
        "the signs of the player's own past advantages and of the other's present ones that AA counts (default: all)",
        {"enum": ["++", "+-", "-+", "--"], "description": "++, +-, -+ or --, each in quotes"},
    ),
    "tau": number("τ: the temperature at which others are taken to choose by their values", above=0),
    "through": choice(
        "whose Q-values LOQA differentiates through: all actions', or as released (default: all)", "all", "taken"
    ),
    "self_play": number("the share of what the player earns against itself in BRS (default: 0)", least=0),
    "baseline_window": whole(
        "what a Reciprocator is used to: the mean policies of so many updates (default: 1)", most=1000
    ),
    "own": Setting("true or false", "whether Meta-MAPG sees through the player's own steps (default: true)", BOOLEAN),
    "peer": Setting("true or false", "whether Meta-MAPG sees through the others' steps (default: true)", BOOLEAN),
    "beta": number("β: the weight of how far POLA's next policy is from the last", least=0),
    "proximal_lr": number("the step size with which POLA looks for its next policy", above=0),
    "kl_tolerance": number("POLA stops where a step moves its policy by less, in KL (default: 1e-8)", least=0),
    "iterations": whole("POLA stops after so many steps (default: 5000)", most=10**6),
    "precondition": number(
        "how far the last state's parameter moves all logits; POLA's pre-conditioned policies: -2 (default: 0)"
    ),
    "learners": whole(
        "the naive learners that are drawn for every update; COALA without them copies the other", most=10**5
    ),
    "naive_share": number("p: the share of naive learners among those whom COALA meets (default: 1)", least=0, most=1),
    "final_only": Setting("true or false", "whether only the last return on a path counts (default: false)", BOOLEAN),
    "weight_decay": number("of AdamW (default: 0.01)", least=0),
    "begin": name(
        "an algorithm trained before, with whose last policies the players begin, those of their seats and seeds"
    ),
    "policy": choice(
        "of a frozen player that begins with nobody's (default: random)",
        "always_cooperate",
        "always_defect",
        "tit_for_tat",
        "random",
    ),
    "logit": number("how surely a frozen player takes its action, of two (default: 18.42, once in 10⁸ not)", above=0),
    "estimator": name("how values are estimated from roll-outs; without it they are exact"),
    "batch": whole("the roll-outs before every update", most=10**7),
    "critic_lr": number("the step size of the critic", least=0),
    "baseline": Setting("true or false", "whether each step's rewards are centred on their mean", BOOLEAN),
    "entropy": number("the weight of the mean entropy of a player's moves in its value (default: 0)", least=0),
    "hidden": whole("the hidden units of the player's network (default: 32; in a network_game 16)", most=10**4),
    "first_weights": listed(
        "all weights of the player's network in a network_game, with which every seed begins", {"type": "number"}
    ),
    "encoder": choice("how that sees the board (default: linear)", "linear", "convolutional"),
    "filters": whole("the filters of each convolution (default: 20)", most=10**4),
    "learner": name("a learner instead of a rule, which remembers: tables of what was played, or the last update"),
    "momentum": number("β: the share of a player's last update that it takes again", above=-1, below=1),
    "coupling": number("LEAD's weight of what the others' last updates did to a player's gradient"),
    "alpha": number("α: the first step size of Q-values", above=0, most=1),
    "decay": number("α_t = 1 / (1/α + t · decay) after t steps", least=0),
    "epsilon": number("ε: how likely another action than the best is", least=0, most=1),
    "delta": number("δ: the first step size of the policy", above=0, most=1),
    "delta_decay": number("δ_t = 1 / (1/δ + t · delta_decay) after t steps", least=0),
    "lose": number("by which δ is multiplied while losing", least=0),
}
WEIGHTS = ("lam", "penalty")  # of what a rule adds to ξ
AXES = ("lr", "eta", *WEIGHTS, "batch")  # settings of an algorithm that a map may try

OPPONENT_MODEL = {
    "label": text("how figures and tables call it, behind the algorithm's name"),
    "model": name("the opponent model"),
    "rate": number("the step size of a clone on the mean log-likelihood; with two actions it settles below 8", least=0),
    "steps": whole("the steps that a clone takes before every update", 0, most=10**6),
    "batch": whole("the roll-outs watched before every update where the algorithm itself needs none", most=10**7),
}

PART = {name: STUDY[name] for name in ("seeds", "seeds_per_job", "steps", "init_std")} | {
    "label": text("how figures and tables call a tournament"),
    "entrants": listed(
        "two or more algorithms, each of which meets each, itself included",
        {"type": "string", "description": "an algorithm"},
    ),
    "episodes": whole("the episodes of a match", most=10**8),
    "length": whole("the steps of an episode", most=10**6),
    "every": Setting(
        "a whole number that divides a tenth of steps, or of episodes; of exact values one that divides steps",
        "so many are averaged for a row of a curve; of exact values the curve has a row after so many",
        {"type": "integer", "minimum": 1, "maximum": 10**8},
    ),
    "further": whole("so many more seeds, of which only the ends are kept, for tables and claims", most=10**5),
    "further_first": whole("of further seeds the mean return over so many first updates is kept as well", most=10**8),
    "region": number(
        "r: at points of [−r, r] rules are held against themselves, or networks fitted", above=0, most=1e6
    ),
    "points": whole("how many points of the region a seed draws", most=10**6),
    "against": name("an algorithm with whose directions theirs are compared, by the cosine"),
    "perspective": name("who sees what in a match (default: as_described)"),
    "grid": Setting(
        "lists of values",
        f"settings to try instead of the algorithms' own, each with each; any of {', '.join(AXES)}",
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {each: axis(ALGORITHM[each]).schema for each in AXES},
        },
    ),
}

RESOURCES = {  # by Snakemake's names
    "mem_mb": whole("the memory of a job, in MB"),
    "runtime": whole("how long a job may take, in minutes"),
    "gpu": whole("the GPUs of a job, which trains on one", 0, 1),
    "slurm_partition": name("SLURM's partition"),
    "slurm_account": name("SLURM's account"),
}
PART["resources"] = Setting(
    f"{', '.join(RESOURCES)}, each with its value",
    "what the part's training jobs ask a cluster for (docs/cluster.md); no run depends on it",
    {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {name: setting.schema for name, setting in RESOURCES.items()},
    },
)

BLOCKS = {"games": GAME, "algorithms": ALGORITHM, "opponent_models": OPPONENT_MODEL, "study": PART}


def given(block: dict, settings: dict[str, Setting]) -> dict:
    """The settings that a block gives, by name; those within one as grid.lr, and nothing else that stands there."""
    found = {}
    for key, value in block.items():
        if key in settings:
            found |= {f"{key}.{name}": v for name, v in value.items()} if isinstance(value, dict) else {key: value}
    return found


def plain(block: dict, settings: dict[str, Setting], without: tuple[str, ...] = ()) -> dict:
    """The settings of a block as an experiment is known by, without those that move no numbers."""
    return {key: in_shape(block[key], settings[key].shape) for key in block if key in settings and key not in without}
