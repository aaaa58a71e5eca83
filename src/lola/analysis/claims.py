"""Hold every claim of the paper against the runs. config/README.md describes the rules."""

from dataclasses import dataclass

from lola.analysis import standings
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
    found = {}
    for settings in claim.measures:
        try:
            found |= {group.name: group for group in needed(settings, groups)}
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
        return standings.matches_needed(standings.tournament_of(groups, settings), settings)
    return [groups[name] for name in settings.get("groups") or [settings["group"]]]


def measure(claim: Claim, settings: dict, groups: dict[str, Group], claims: list[Claim]) -> Sample:
    """The sample that a claim's `measure` or `minus` asks for."""
    if settings["quantity"] == FIT:
        return fit([groups[name] for name in settings["groups"]], claims).sample
    of_a_tournament = "tournament" in settings
    known = standings.QUANTITIES if of_a_tournament else QUANTITIES
    if settings["quantity"] not in known:
        names = ", ".join(known if of_a_tournament else (*known, FIT))
        raise ValueError(f"{claim.id}: unknown quantity {settings['quantity']!r}; known: {names}")
    source = standings.tournament_of(groups, settings) if of_a_tournament else groups[settings["group"]]
    arguments = {key: value for key, value in settings.items() if key not in ABOUT}
    return known[settings["quantity"]](source, **arguments)


def decide(claim: Claim, measured: Estimate) -> tuple[str, str]:
    """The verdict, and why."""
    if claim.rule not in RULES:
        raise ValueError(f"{claim.id}: unknown rule {claim.rule!r}; known: {', '.join(RULES)}")
    if measured.n < FEWEST_SEEDS:
        return INCONCLUSIVE, f"{measured.n} seeds, fewer than {FEWEST_SEEDS}"
    if claim.rule == "equals" and claim.fewest:
        return equals_any(measured, claim.paper, claim.digit / 2, claim.fewest)
    if claim.rule == "equals":
        return equals(measured, claim.paper, claim.std, claim.digit / 2, claim.runs, claim.one_run)
    if claim.rule == "within":
        return within(measured, claim.than), f"must be at most {claim.than:g}"
    if claim.rule == "greater":
        return above(measured.low, measured.high, claim.than), f"its interval must lie above {claim.than:g}"
    return above(-measured.high, -measured.low, -claim.than), f"its interval must lie below {claim.than:g}"


def equals(
    measured: Estimate, paper: float, std: float | None, rounding: float, runs: int, one_run: float = 0.0
) -> tuple[str, str]:
    """|measured − paper| ≤ √(t² + h²) + rounding; t: the paper's sampling error, h: our half-width.

    Inconclusive if the numbers agree only thanks to `one_run`, or only since our interval is wide.
    """
    off = abs(measured.value - paper)
    allowed, t, h = tolerance(measured, std, runs, rounding)
    because = f"within {allowed:.3g} (paper's error {t:.2g}, ours {h:.2g}, rounding {rounding:.2g})"
    if off > max(allowed, one_run + rounding):
        return NOT_REPRODUCED, because
    if off > allowed:
        return INCONCLUSIVE, f"{because}; agrees only if one of the {runs} runs ended otherwise ({one_run:.2g})"
    if h > 3 * (max(t, one_run) + rounding):
        return INCONCLUSIVE, f"{because}, but ours is wider than three times the paper's"
    return REPRODUCED, because


def equals_any(measured: Estimate, paper: float, rounding: float, fewest: int) -> tuple[str, str]:
    """As `equals`, where the paper's number comes from `fewest` runs or any number above.

    Reproduced if |measured − paper| ≤ h + rounding, as if it had no sampling error; not reproduced if it is above
    √(t² + h²) + rounding with the t of the fewest.
    """
    off = abs(measured.value - paper)
    least, _, h = tolerance(measured, 0.0, fewest, rounding)
    most, *_ = tolerance(measured, None, fewest, rounding)
    because = f"within {least:.3g} (ours {h:.2g}, rounding {rounding:.2g}), or {most:.3g} if it is of {fewest} runs"
    if off > most:
        return NOT_REPRODUCED, because
    if off > least:
        return INCONCLUSIVE, f"{because}; agrees only if it is of few runs"
    if h > 3 * rounding:
        return INCONCLUSIVE, f"{because}, but ours is wider than three times the rounding"
    return REPRODUCED, because


def within(measured: Estimate, than: float) -> str:
    """The verdict on a measure that allows for our error already: it must be at most `than`."""
    if measured.value <= than:
        return REPRODUCED
    return NOT_REPRODUCED if measured.low > than else INCONCLUSIVE


def above(low: float, high: float, than: float) -> str:
    """The verdict on an interval that must lie above a number."""
    if low > than:
        return REPRODUCED
    return NOT_REPRODUCED if high < than else INCONCLUSIVE
