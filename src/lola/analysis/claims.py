"""Hold every claim of the paper against the runs, and against those of the rival that it must tell apart."""

from dataclasses import dataclass, replace

import numpy as np

from lola.analysis import (
    at_points,
    deterministic,
    extortion,
    finding,
    linear,
    metrics,
    parameters,
    tournaments,
    verdicts,
)
from lola.analysis.affine import NotLinear
from lola.analysis.groups import Group, NothingLeft
from lola.analysis.maps import fit
from lola.analysis.metrics import SHARE, Estimate, Sample, difference, estimate, mean
from lola.analysis.paper import APART, FIT, Claim, Deterministic, Ledger, names_of
from lola.analysis.verdicts import KINDS, NOT_REPRODUCED, NOT_RUN
from lola.vocabulary import quantities
from lola.vocabulary.kinds import SCORING

QUANTITIES = metrics.QUANTITIES | finding.QUANTITIES | extortion.QUANTITIES  # of groups
QUANTITIES |= parameters.QUANTITIES | at_points.QUANTITIES
ABOUT = ("quantity", "group", "game", "tournament", "opponent_model", "field")  # no arguments of a quantity
NONE = "no difference"  # the rival of a claim on a difference that names none


@dataclass(frozen=True)
class Rival:
    """Whose runs a claim must refute: what they measure, and how often they are refuted (`power`), of 1.

    A deterministic claim refutes it or not, and has no power: nan.
    """

    name: str
    value: float
    verdict: str
    power: float

    @property
    def told_apart(self) -> bool:
        return self.verdict == NOT_REPRODUCED and not self.power < verdicts.POWER


@dataclass(frozen=True)
class Checked:
    """A claim with its verdict and what a sceptic asks of it; where it was not run, `because` says why.

    `refutable`: below and above what it would have been refuted. `same`: in which share of resamples the same word
    comes out. `blocks`: in how many blocks of 50 seeds, of how many. `p`: the least level at which it is refuted. A
    deterministic claim has none of these three; what is measured of it is its worst start. `radius`: the spectral
    radius of the step of the group that it measures, where that is linear.
    """

    claim: Claim
    measured: Estimate | None = None
    kind: str = NOT_RUN
    refutable: tuple[float, float] = (-np.inf, np.inf)
    rival: Rival | None = None
    same: float = np.nan
    blocks: tuple[int, int] = (0, 0)
    p: float = np.nan
    because: str = ""
    radius: float = np.nan

    @property
    def deterministic(self) -> bool:
        """Whether its number decides it, and no scatter."""
        return isinstance(self.claim, Deterministic)

    @property
    def verdict(self) -> str:
        return KINDS[self.kind]

    @property
    def discriminating(self) -> bool:
        """Whether it tells its rival apart. One that was not run may."""
        return self.measured is None or bool(self.rival and self.rival.told_apart)

    @property
    def counts(self) -> bool:
        """Whether it counts in the headline."""
        return self.claim.headline and self.discriminating

    @property
    def unstable(self) -> str:
        """What another draw of seeds may make of it, in a word or two; nothing if the same."""
        agreed, of = self.blocks
        if self.same < verdicts.UNSTABLE:
            return "unstable"
        return f"unstable at {verdicts.BLOCK} seeds" if agreed < of else ""


def check(claim: Claim, groups: dict[str, Group], ledger: Ledger, scales: dict[str, str] | None = None) -> Checked:
    """Measure a claim and decide it.

    `scales` are remarks on how much a group learns from, by its name. They stand beside the verdict, as runs that
    diverged do, and spectral radii. Raises ValueError if a measure or the rule is unknown.
    """
    if claim.rule not in verdicts.RULES:
        raise ValueError(f"{claim.id}: unknown rule {claim.rule!r}; known: {', '.join(verdicts.RULES)}")
    try:
        found = {group.name: group for settings in claim.measures for group in needed(settings, groups)}
    except KeyError as missing:
        return Checked(claim, because=f"{missing.args[0]} is not in the study")
    try:
        sample = of_claim(claim, groups, ledger)
    except KeyError as missing:
        return Checked(claim, because=f"the game has no {missing}")
    except NothingLeft as reason:
        return Checked(claim, because=str(reason))
    if reason := no_number(sample):
        return Checked(claim, because=reason)
    ran = dict.fromkeys(scales[name] for name in claim.groups if name in (scales or {}))
    diverged = [f"{name}: {group.divergence}" for name, group in found.items() if group.divergence]
    radii = {name: radius for name, group in found.items() if (radius := radius_of(group)) is not None}
    remarks = [sample.about, *ran, *diverged, *(f"{name}: spectral radius {r:.6g}" for name, r in radii.items())]
    rival = rival_of(claim, sample, groups, ledger)
    beside = radii.get(claim.measure.get("group"), np.nan)
    if isinstance(claim, Deterministic):
        measured, refutable = deterministic.worst(claim, sample), deterministic.refutable(claim)
        kind, because = deterministic.kind(claim, measured.value), "; ".join(filter(None, remarks))
        return Checked(claim, measured, kind, refutable, rival, because=because, radius=beside)
    kind = str(verdicts.kinds(claim, sample.statistic, sample.runs))
    again = verdicts.resampled(claim, sample) == KINDS[kind]
    apart = verdicts.blocks(claim, sample) == KINDS[kind]
    coarse = ""
    if kind == verdicts.COARSE and (reach := verdicts.finest(claim, sample)) > claim.margin:
        coarse = f"an equal number would be too coarse as well, ± {reach:.2g}"
    return Checked(
        claim,
        estimate(sample),
        kind,
        verdicts.refutable(claim, sample),
        rival,
        float(again.mean()),
        (int(apart.sum()), len(apart)),
        verdicts.p_value(claim, sample),
        "; ".join(filter(None, (coarse, *remarks))),
        beside,
    )


def radius_of(group: Group) -> float | None:
    """The spectral radius of a group's step; None if that is not linear."""
    try:
        return linear.step(group.about["spec"]).radius
    except (KeyError, NotLinear):
        return None


def no_number(sample: Sample) -> str:
    """Why nothing can be said of a sample: it has no runs, or not all of their numbers are finite; else nothing."""
    unknown = ~np.isfinite(sample.runs).reshape(len(sample.runs), -1).all(axis=1) if len(sample.runs) else np.array([])
    if len(unknown) and not unknown.any():
        return ""
    what = f"{unknown.sum()} of {len(unknown)} runs have no finite number" if len(unknown) else "no run has a number"
    return "; ".join(filter(None, (what, sample.about)))


def of_claim(claim: Claim, groups: dict[str, Group], ledger: Ledger) -> Sample:
    """The sample that decides a claim.

    Raises NothingLeft if runs of a deterministic one diverged and its quantity has no answer to that.
    """
    if isinstance(claim, Deterministic):
        for settings in claim.measures:
            for group in needed(settings, groups):
                check_whole(settings, group)
    sample = measure(claim, claim.measure, groups, ledger)
    return difference(sample, measure(claim, claim.minus, groups, ledger)) if claim.minus else sample


def check_whole(settings: dict, group: Group) -> None:
    """Raises NothingLeft if runs of a group diverged and its quantity has no answer to that."""
    quantity = quantities.QUANTITIES[settings["quantity"]]
    if group.diverged and not quantity.tells_divergence and not quantity.computed:
        raise NothingLeft(f"{group.name}: {len(group.diverged)} of {len(group.ends)} runs diverged")


def rival_of(claim: Claim, ours: Sample, groups: dict[str, Group], ledger: Ledger) -> Rival | None:
    """The claim's rival, held against the claim; None if it names none, or its runs are not there."""
    try:
        name, sample = rival_sample(claim, ours, groups, ledger)
    except (KeyError, NothingLeft):
        return None
    if sample is None or no_number(sample):
        return None
    if isinstance(claim, Deterministic):
        worst = deterministic.worst(claim, sample).value
        return Rival(name, worst, KINDS[deterministic.kind(claim, worst)], np.nan)
    word = KINDS[str(verdicts.kinds(claim, sample.statistic, sample.runs))]
    power = (verdicts.resampled(claim, sample, len(ours.runs)) == NOT_REPRODUCED).mean()
    return Rival(name, float(sample.statistic.value(sample.runs)), word, float(power))


def rival_sample(claim: Claim, ours: Sample, groups: dict[str, Group], ledger: Ledger) -> tuple[str, Sample | None]:
    """The rival's name, and its runs in the place of ours.

    It is a number around which runs scatter like ours, or says what to measure instead. The rival of a difference is
    without other word that there is none: the second measure's runs stand for the first's, with other seeds. Those of a
    deterministic claim are the number alone.
    """
    rival = claim.rival or {"name": NONE if claim.minus else ""}
    instead = {key: value for key, value in rival.items() if key not in ("name", "value")}
    alone = isinstance(claim, Deterministic)
    if "value" in rival:
        return rival["name"], number(rival["value"]) if alone else around(ours, rival["value"])
    if instead:
        return rival["name"], of_claim(replace(claim, measure=claim.measure | instead), groups, ledger)
    if not claim.minus:
        return rival["name"], None
    if alone:
        return rival["name"], number(0.0)
    sample = measure(claim, claim.minus, groups, ledger)
    return rival["name"], difference(replace(sample, runs=np.roll(sample.runs, 1, axis=0)), sample)


def number(value: float) -> Sample:
    """A number as one run."""
    return Sample((0,), np.array([[value]]), mean())


def around(sample: Sample, value: float) -> Sample:
    """Runs that scatter like these around another value; of a percentage of runs, a hundred of which it is true."""
    if sample.statistic is SHARE:
        return Sample(tuple(range(100)), np.where(np.arange(100) < value, 100.0, 0.0)[:, None], SHARE)
    return replace(sample, runs=sample.runs - sample.statistic.value(sample.runs) + value)


def needed(settings: dict, groups: dict[str, Group]) -> list[Group]:
    """The groups that a measure needs. Raises KeyError with the name of one that is not there."""
    if "tournament" in settings:
        return tournaments.matches_needed(tournaments.tournament_of(groups, settings), settings)
    return [groups[name] for name in names_of(settings)]


def measure(claim: Claim, settings: dict, groups: dict[str, Group], ledger: Ledger) -> Sample:
    """The sample that a claim's `measure` or `minus` asks for."""
    of_tournament = "tournament" in settings
    known, alone = (tournaments.QUANTITIES, APART) if of_tournament else (QUANTITIES, FIT)
    if settings["quantity"] not in (*known, alone):
        raise ValueError(f"{claim.id}: unknown quantity {settings['quantity']!r}; known: {', '.join((*known, alone))}")
    if settings["quantity"] == FIT:
        options = settings.get("options") or {"": settings["groups"]}
        return fit({option: [groups[name] for name in names] for option, names in options.items()}, ledger).sample
    source = tournaments.tournament_of(groups, settings) if of_tournament else groups[settings["group"]]
    if settings["quantity"] == APART:
        return tournaments.apart(source, ledger.crosstable(source.game))
    scoring = SCORING if of_tournament else ()
    arguments = {key: value for key, value in settings.items() if key not in (*ABOUT, *scoring)}
    return known[settings["quantity"]](source, **arguments)
