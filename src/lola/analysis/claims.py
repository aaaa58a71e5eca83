"""Hold every claim of the paper against the runs. config/README.md describes the rules."""

from dataclasses import dataclass

from lola.analysis import tournaments
from lola.analysis.groups import Group, NothingLeft
from lola.analysis.maps import fit
from lola.analysis.metrics import QUANTITIES, Estimate, Sample, difference, estimate
from lola.analysis.paper import Claim, tolerance

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN = "reproduced", "not reproduced", "inconclusive", "not run"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN)

FIT = "fit"  # this quantity rests on other claims
ABOUT = ("quantity", "group", "game", "tournament", "opponent_model", "field")  # no arguments of a quantity
RULES = ("equals", "greater", "less", "within")
FEWEST_SEEDS = 10


@dataclass(frozen=True)
class Checked:
    """A claim with its verdict: the estimate (None if it was not run), and the rule with its numbers in words."""

    claim: Claim
    measured: Estimate | None
    verdict: str
    because: str


def check(
    claim: Claim, groups: dict[str, Group], claims: list[Claim] = (), scales: dict[str, str] | None = None
) -> Checked:
    """Measure a claim and decide it; `claims` are all, for those that rest on others.

    `scales` are remarks on how much a group learns from, by its name. They stand beside the verdict, as runs that
    diverged do. Raises ValueError if a measure or the rule is unknown.
    """
    try:
        found = {group.name: group for settings in claim.measures for group in needed(settings, groups)}
    except KeyError as missing:
        return Checked(claim, None, NOT_RUN, f"{missing.args[0]} is not in the study")
    try:
        sample = measure(claim, claim.measure, groups, claims)
        if claim.minus:
            sample = difference(sample, measure(claim, claim.minus, groups, claims))
    except KeyError as missing:
        return Checked(claim, None, NOT_RUN, f"the game has no {missing}")
    except NothingLeft as reason:
        return Checked(claim, None, NOT_RUN, str(reason))
    measured = estimate(sample)
    verdict, because = decide(claim, measured)
    ran = dict.fromkeys(scales[name] for name in claim.groups if name in (scales or {}))
    diverged = [f"{name}: {group.divergence}" for name, group in found.items() if group.divergence]
    return Checked(claim, measured, verdict, "; ".join(filter(None, (because, sample.about, *ran, *diverged))))


def needed(settings: dict, groups: dict[str, Group]) -> list[Group]:
    """The groups that a measure needs. Raises KeyError with the name of one that is not there."""
    if "tournament" in settings:
        return tournaments.matches_needed(tournaments.tournament_of(groups, settings), settings)
    return [groups[name] for name in settings.get("groups") or [settings["group"]]]


def measure(claim: Claim, settings: dict, groups: dict[str, Group], claims: list[Claim]) -> Sample:
    """The sample that a claim's `measure` or `minus` asks for."""
    if settings["quantity"] == FIT:
        return fit([groups[name] for name in settings["groups"]], claims).sample
    known, names = QUANTITIES, ", ".join([*QUANTITIES, FIT])
    if "tournament" in settings:
        known, names = tournaments.QUANTITIES, ", ".join(tournaments.QUANTITIES)
    if settings["quantity"] not in known:
        raise ValueError(f"{claim.id}: unknown quantity {settings['quantity']!r}; known: {names}")
    source = tournaments.tournament_of(groups, settings) if "tournament" in settings else groups[settings["group"]]
    arguments = {key: value for key, value in settings.items() if key not in ABOUT}
    return known[settings["quantity"]](source, **arguments)


def decide(claim: Claim, measured: Estimate) -> tuple[str, str]:
    """The verdict, and why."""
    if claim.rule not in RULES:
        raise ValueError(f"{claim.id}: unknown rule {claim.rule!r}; known: {', '.join(RULES)}")
    if measured.n < FEWEST_SEEDS:
        return INCONCLUSIVE, f"{measured.n} seeds, fewer than {FEWEST_SEEDS}"
    if claim.rule == "equals":
        return equals(measured, claim)
    low, high, than = measured.low, measured.high, claim.than
    if claim.rule == "within":
        return judge(measured.value <= than, low > than), f"must be at most {than:g}"
    if claim.rule == "greater":
        return judge(low > than, high < than), f"its interval must lie above {than:g}"
    return judge(high < than, low > than), f"its interval must lie below {than:g}"


def judge(holds: bool, fails: bool) -> str:
    return REPRODUCED if holds else NOT_REPRODUCED if fails else INCONCLUSIVE


def equals(measured: Estimate, claim: Claim) -> tuple[str, str]:
    """|measured − paper| ≤ √(t² + h²) + rounding; t: the paper's sampling error, h: our half-width.

    Inconclusive if the numbers agree only thanks to `one_run`, or only since our interval is wide. Of a number from
    `fewest` runs or more, t is 0, and it is inconclusive if they agree only with the t of the fewest.
    """
    rounding = claim.digit / 2
    if claim.fewest:
        allowed, _, h = tolerance(measured, 0.0, claim.fewest, rounding)
        most, *_ = tolerance(measured, None, claim.fewest, rounding)
        numbers = f"(ours {h:.2g}, rounding {rounding:.2g}), or {most:.3g} if it is of {claim.fewest} runs"
        only, theirs, whose = "it is of few runs", rounding, "the rounding"
    else:
        allowed, t, h = tolerance(measured, claim.std, claim.runs, rounding)
        most = max(allowed, claim.one_run + rounding)
        numbers = f"(paper's error {t:.2g}, ours {h:.2g}, rounding {rounding:.2g})"
        only = f"one of the {claim.runs} runs ended otherwise ({claim.one_run:.2g})"
        theirs, whose = max(t, claim.one_run) + rounding, "the paper's"
    off, because = abs(measured.value - claim.paper), f"within {allowed:.3g} {numbers}"
    if off > most:
        return NOT_REPRODUCED, because
    if off > allowed:
        return INCONCLUSIVE, f"{because}; agrees only if {only}"
    if h > 3 * theirs:
        return INCONCLUSIVE, f"{because}, but ours is wider than three times {whose}"
    return REPRODUCED, because
