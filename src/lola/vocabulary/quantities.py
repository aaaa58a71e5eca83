"""Every quantity that a claim may measure, and every key of a file of claims, once. Standard library only.

By this a file of claims is checked before anything is trained (`lola.study.ledger_checks`). How a quantity is measured
says `lola.analysis` under the same name, and how a claim is decided `lola.analysis.verdicts`.
"""

from dataclasses import dataclass, field

from lola.vocabulary.settings import Setting, choice, listed, name, number, whole

MATRIX = ("updates", "match", "weights")  # those that leave policies
BY_UPDATES = ("updates", "weights")  # those that have them after every update
REAL = ("parameters",)  # those of games of real parameters
MOST = 1e9  # the largest size of a number, far from where sums and squares overflow

# What sums up the runs: only a mean scatters around a number, only of a percentage of runs there is a count.
MEAN, SHARE, EXTREME = "a mean over runs", "a percentage of runs", "no mean over runs"


@dataclass(frozen=True)
class Quantity:
    """What a claim may measure of groups on some courses (`of`), or of a tournament whose matches are on these.

    Without a word on courses it is of all on which returns are known by step.

    `takes`: its arguments, `needs` those without which it says nothing. `players`, `actions`: how many there must be.
    `of_divergence`: whether a run that diverged has a number of its own. `computed`: whether it is worked out from the
    settings of a game with values of degree two at most, and from no run. `scored`: whether it is of those returns of a
    tournament that count, so that a measure may say which.
    """

    of: tuple[str, ...] = ()
    takes: dict[str, Setting] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    sums: str = MEAN
    players: int | None = None
    actions: int | None = None
    of_divergence: bool = False
    computed: bool = False
    scored: bool = False

    @property
    def tells_divergence(self) -> bool:
        """Whether of a run that diverged it is an answer that it did."""
        return self.of_divergence or self.sums == SHARE


NAME = {"type": "string"}


def words(meaning: str) -> Setting:
    """Words of whatever length."""
    return Setting("text", meaning, {"type": "string"})


def mapping(allowed: str, meaning: str, values: dict | None = None, least: int = 1) -> Setting:
    """A mapping from text to what `values` describes."""
    shape = {"type": "object", "minProperties": least}
    return Setting(allowed, meaning, shape | ({"additionalProperties": values} if values else {}))


VARIANTS = ("joint thresholded", "agent thresholded", "joint probability", "agent probability")
VARIANT = {"variant": choice("how what players do is compared with what they should", *VARIANTS)}
PLAYER = {"player": whole("the player, from 1; without it all players")}
LAST = {"last": whole("the updates over which returns are averaged")}
SCALE = {"scale": number("by which returns are multiplied")}
LINE = {"line": number("the return with which runs are compared")}
WITHIN = {"within": number("how far a run may be off", least=0)}
TOLERANCE = {"tolerance": number("how far a probability may be off", least=0, most=1)}
STATES = {"states": mapping("a mapping", "from joint states to joint actions, as CD: DC", NAME)}
PAYOFFS = {
    "payoffs": Setting(
        "a list of four numbers",
        "what a player of two actions each earns at CC, CD, DC and DD",
        {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}},
    )
}
ETA = {"eta": number("at which η, where there are several", least=0)}
MEDIAN = {"median": Setting("true or false", "whether it is the median over points, not the mean", {"type": "boolean"})}
START = {"start": Setting("true or false", "whether it is taken in the first updates", {"type": "boolean"})}

AT = {"at": whole("the step after which it is measured, instead of the last", least=0)}
POINT = {"point": listed("a number per parameter, player 1's first (default: the origin)", {"type": "number"})}
STEPS = "the step from which on it is measured"
OF = ("distance", "gradient", "return")
SIZE = {"of": choice("what must be within so much of 0", *OF, "residual")}
BETWEEN = {"type": "array", "minItems": 2, "items": {"type": "number"}}

OF_GROUPS = {  # those of one group
    "R": Quantity(takes=PLAYER | LAST | SCALE | AT),
    "stationary": Quantity(("parameters",), WITHIN, ("within",), SHARE),
    "scatter": Quantity(takes=LAST),
    "below": Quantity(takes=LINE | LAST, needs=("line",), sums=SHARE),
    "above": Quantity(takes=LINE | LAST, needs=("line",), sums=SHARE),
    "near": Quantity(
        takes={"value": number("the return at which runs are to end")} | WITHIN | SCALE,
        needs=("value", "within"),
        sums=SHARE,
    ),
    "tft": Quantity(MATRIX, VARIANT, players=2),
    "found": Quantity(
        BY_UPDATES,
        {
            "most": number("the probability below which players cooperate with who defected", least=0, most=1),
            "share": number("how far from the least to the most that both can earn", least=0, most=1),
        },
        sums=SHARE,
        players=2,
        actions=2,
    ),
    "nash": Quantity(MATRIX, TOLERANCE | VARIANT),
    "plays": Quantity(MATRIX, STATES | VARIANT | PLAYER, ("states",)),
    "pure": Quantity(MATRIX, TOLERANCE),
    "extortion": Quantity(MATRIX, PAYOFFS | PLAYER, ("payoffs",), players=2, actions=2),
    "swing": Quantity(),
    "own_colour": Quantity(("coin_game",), PLAYER),
    "points": Quantity(("coin_game",), PLAYER),
    "coins": Quantity(("coin_game",), START),
    "distance": Quantity(REAL, POINT | AT),
    "gradient": Quantity(REAL, AT),
    "motion": Quantity(REAL),
    "growth": Quantity(REAL, POINT | {"since": whole(STEPS, least=0)}, of_divergence=True),
    "arrival": Quantity(
        REAL,
        WITHIN | SIZE | POINT | SCALE,
        ("within",),
        of_divergence=True,
    ),
    "converged": Quantity(
        REAL,
        WITHIN | {"motion": number("how far parameters may lie from their end over the last tenth", least=0)},
        ("within", "motion"),
        SHARE,
    ),
    "diverged": Quantity(
        REAL,
        {
            "beyond": number("the size beyond which a run has diverged", above=0),
            "of": choice("what size that is", "distance", "residual"),
        },
        ("beyond",),
        SHARE,
    ),
    "residual": Quantity(REAL, AT),
    "area": Quantity(
        ("parameter_map",),
        WITHIN | SIZE | POINT | {"where": mapping("a mapping", "from axes of the map to [from, to]", BETWEEN)},
        ("within",),
        of_divergence=True,
    ),
    "radius": Quantity(REAL, computed=True),
    "limit": Quantity(REAL, {"of": choice("what is taken of it", *OF)} | POINT | PLAYER | SCALE, computed=True),
    "threshold": Quantity(
        REAL,
        {
            "over": listed("settings that are moved together", NAME),
            "most": number("the largest value that is tried", above=0),
        },
        ("over", "most"),
        computed=True,
    ),
    "consistency": Quantity(("consistency",), ETA | MEDIAN),
    "cosine": Quantity(("consistency",), ETA),
    "solutions": Quantity(("consistency",), ETA),
}
FIT = {"fit": Quantity(("updates", "map"), sums=EXTREME, players=2)}  # of several groups
ENTRANT = {"entrant": name("who is measured")}
OF_TOURNAMENTS = {
    "earns": Quantity(takes=ENTRANT | {"against": name("whom it meets")}, needs=("entrant", "against"), scored=True),
    "average": Quantity(takes=ENTRANT, needs=("entrant",), scored=True),
    "rank": Quantity(takes=ENTRANT, needs=("entrant",), sums=EXTREME, scored=True),
    "worst": Quantity(takes=ENTRANT, needs=("entrant",), sums=EXTREME, scored=True),
    "elicits": Quantity(MATRIX, ENTRANT, ("entrant",)),
    "exploited": Quantity(("updates",), ENTRANT, ("entrant",)),
    "exploiter": Quantity(("updates",), ENTRANT, ("entrant",)),
    "across": Quantity(("updates",), ENTRANT, ("entrant",)),
    "apart": Quantity(scored=True),
}
QUANTITIES = OF_GROUPS | FIT | OF_TOURNAMENTS
# A paper may print these of runs; a standard deviation is shown and not judged.
PRINTED = ("std", *(name for name, quantity in OF_GROUPS.items() if not quantity.computed))

GROUPS = {"type": "array", "minItems": 1, "uniqueItems": True, "items": NAME}
WHERE = {  # what a measure is of, beside its arguments
    "group": Setting("a group", "game/algorithm/opponent model", NAME),
    "groups": Setting("a list of different groups", "each game/algorithm/opponent model", GROUPS),
    "options": mapping("a mapping", "from the names of settings to lists of different groups", GROUPS),
    "game": name("the game of a tournament"),
    "tournament": name("a part of the study with entrants"),
    "opponent_model": name("whose matches are meant (default: oracle)"),
    "field": Setting("a list of different entrants", "two or more", {"type": "array", "minItems": 2, "items": NAME}),
    "first": whole("the first updates of matches over which returns are averaged, the start not among them"),
    "last": whole("the last updates of matches over which returns are averaged"),
}

RULES = {  # with the keys that a rule alone takes
    "equals": ("paper", "std", "runs", "digit"),
    "count": ("paper", "runs", "digit"),
    "greater": ("than",),
    "less": ("than",),
}
DETERMINISTIC = {"equals": ("paper",), "greater": ("than",), "less": ("than",)}  # of a claim with a tolerance
CERTAINTIES = ("read", "inferred", "relayed", "memory", "saved", "digitised")
MARGIN = {"margin": number("what still counts as the same, or as no effect", least=0)}
DIGIT = {"digit": number("a unit of the last printed digit", least=0)}
RUNS = {"runs": whole("how many runs are behind a number of the paper")}
ID = r"(?=.{1,100}\Z)[\w.+-]+(/[\w.+-]+)*"
NEEDED = ("id", "sentence", "source", "certainty", "rule", "measure")
CLAIM = {
    "id": Setting(
        'up to 100 letters, digits, "_", ".", "+" and "-", in parts between "/"',
        "as table3/ipd/lola-ex/R",
        {"type": "string", "pattern": ID},
    ),
    "sentence": words("what is claimed"),
    "source": words("where it stands"),
    "certainty": choice("how we know that the paper says so", *CERTAINTIES),
    "rule": choice("what decides it", *RULES),
    "measure": mapping("a mapping", "with a quantity and what it is of"),
    "minus": mapping("a mapping", "a second measure, which is taken off the first"),
    "paper": number("the paper's number"),
    "std": number("the standard deviation that the paper prints", least=0),
    **RUNS,
    **DIGIT,
    "than": number("with what it is compared"),
    **MARGIN,
    "tolerance": number("how far off the number of a deterministic claim may be, whatever the start", least=0),
    "rival": mapping("a mapping", "with a name, and what to measure instead or a value"),
    "known": words("what was known when the rule was fixed"),
}
RIVAL = {"name": words("what the claim must tell apart"), "value": number("around which runs scatter like ours")}
SECTION = {
    "title": words("who speaks, of what"),
    "headline": Setting("true or false", "whether its claims are counted", {"type": "boolean"}),
    "claims": listed("claims, each a mapping", {"type": "object"}, least=0),
}
HEADINGS = ("The headline", "Withdrawn")  # of the table of claims itself
WORDS = ("reproduced", "not reproduced", "inconclusive", "not run", "none published")
VERDICT = rf"(\d+ )?({'|'.join(WORDS)})( \([^()]+\))?"
LAST_VERDICT = {"type": "string", "pattern": f"{VERDICT}(, {VERDICT})*"}  # of a family: 20 reproduced, 7 inconclusive
WITHDRAWN = {
    "why": words("why they are asked no more"),
    "last": mapping("a mapping", f"from the ids of claims to their last verdicts, as {', '.join(WORDS)}", LAST_VERDICT),
}
OF_QUANTITY = {"margin": number("what still counts as the same", above=0), **DIGIT, "why": words("of the margin")}
PLOT = {
    "field": listed("different entrants, in the order of the cells", NAME),
    "cells": listed("a row per entrant: a number per entrant that it meets, or null", {"type": "array"}),
    "average": listed("a number per entrant", {"type": "number"}),
}


def digest(what: str) -> Setting:
    """A digest of code."""
    meaning = f"a digest of the code {what}, in quotes if it has digits alone"
    return Setting("12 digits and letters from a to f", meaning, {"type": "string", "pattern": "[0-9a-f]{12}"})


PARTS = {
    "code": digest("that decides"),
    "code_deterministic": digest("that decides claims with a tolerance"),
    **RUNS,
    "notes": words("what a reader of the claims must know"),
    "quantities": mapping("a mapping", "from quantities to their margins", least=0),
    "printed": mapping("a mapping", "from groups to the paper's numbers", least=0),
    "plotted": mapping("a mapping", "from games to the authors' round robin", least=0),
    "sections": listed("each with a title and claims", {"type": "object"}, least=0),
    "withdrawn": listed("each why claims are asked no more, and their last verdicts", {"type": "object"}, least=0),
    "deviations": Setting(
        "a list of different sentences",
        "on where the study departs from the paper",
        {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
    ),
}
