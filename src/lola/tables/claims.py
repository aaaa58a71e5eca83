"""All claims of the paper with their verdicts, by who speaks of what, and what a sceptic asks of each."""

import textwrap
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from lola.analysis.claims import Checked, check
from lola.analysis.groups import RULE
from lola.analysis.metrics import Estimate
from lola.analysis.paper import Ledger, slack
from lola.analysis.sources import Sources
from lola.analysis.verdicts import BLOCK, LEVEL, NOT_REPRODUCED, NOT_RUN, VERDICTS, holm
from lola.tables.table import NONE, Table, decimals, interval, number, numbers, significant, span

SCALE = "{batch} games of {length} steps per update, {steps} updates"
HEADLINE, WITHDRAWN = "The headline", "Withdrawn"
DETERMINISTIC = """\
A claim that says "deterministic" is decided by its number and a tolerance. Ours is that of the start that is farthest
from what is said, with the least and the greatest of all starts where they differ. It does not scatter, so there are no
resamples of it and no p, and its rival is refuted or is not."""
NOTES = f"""\
Ours: with its 95 % interval over runs. Certainty: how we know that the paper says so. Refuted: where ours, scattered as
it is, would have been refuted. Rival: what the claim must tell apart, what that comes to, and how often as many runs of
it as ours are refuted. A claim that its rival would pass as well is not discriminating and counts in no headline. Same:
in how many % of resamples of our runs the same word comes out, and in how many of the disjoint blocks of {BLOCK} seeds.
p: the least level at which the claim is refuted; Holm: the same, adjusted for all claims of the headline. Since: the
commit that fixed the rule by which the claim is judged; a * where a verdict by an earlier rule, or what the same runs
end at, was known by then.
config/README.md describes the rules, docs/verdicts.md how often each errs.

{RULE}"""


def tabulate(sources: Sources, *, groups: list[str]) -> Table:
    """All claims, held against all groups: as rows of numbers, and to read by section."""
    ledger, found = sources.ledger, {name: sources.groups[name] for name in groups}
    scales = {name: SCALE.format(**scale) for name, scale in sources.coin_games.items()}
    return arrange([check(claim, found, ledger, scales) for claim in ledger.claims], ledger)


def arrange(checked: list[Checked], ledger: Ledger) -> Table:
    """The table of claims that were held against runs: first those of the headline, counted, then every section."""
    adjusted = holm_of(checked)
    blocks = {HEADLINE: headline(checked, adjusted)}
    for c in checked:
        blocks.setdefault(c.claim.section, []).append(text(c, adjusted, ledger))
    if ledger.withdrawn:
        blocks[WITHDRAWN] = [{"claim": w.id, "last verdict": w.verdict, "why": w.why} for w in ledger.withdrawn]
    exact = tuple(n for n, c in enumerate(checked) if c.deterministic or digits_of(c.measured) is None)
    deterministic = any(c.deterministic for c in checked)
    return Table(
        pd.DataFrame([row(c, adjusted, ledger) for c in checked]),
        {heading: pd.DataFrame(lines).fillna(NONE) for heading, lines in blocks.items()},
        "\n\n".join(filter(None, (textwrap.fill(ledger.notes, 120), DETERMINISTIC if deterministic else "", NOTES))),
        prose=("what is said", "remarks", "why"),
        exact=exact,
    )


def holm_of(checked: list[Checked]) -> dict[str, float]:
    """The p-values of the claims that the headline counts, adjusted for being so many, by claim.

    Those of deterministic claims are no chance, and are none of them.
    """
    family = [c for c in checked if c.counts and c.measured and not c.deterministic]
    return dict(zip((c.claim.id for c in family), holm([c.p for c in family]), strict=True))


def headline(checked: list[Checked], adjusted: dict[str, float]) -> list[dict[str, str]]:
    """How many claims of the headline have which verdict, and how many refutations chance alone would make."""
    counted = [c for c in checked if c.counts]
    verdicts = Counter(c.verdict for c in counted)
    chance = sum(LEVEL if c.claim.numeric else LEVEL / 2 for c in counted if c.measured and not c.deterministic)
    alone = sum(c.deterministic for c in counted)
    lines = {verdict: verdicts[verdict] for verdict in VERDICTS} | {
        **({"deterministic, decided by a number alone": alone} if alone else {}),
        "not discriminating, not counted": sum(c.claim.headline and not c.discriminating for c in checked),
        "unstable": sum(c.unstable == "unstable" for c in counted),
        "refuted, if chance alone were at work: at most": f"{chance:.1f}",
        "refuted after Holm's adjustment": sum(p < LEVEL for p in adjusted.values()),
    }
    return [{"claims": name, "number": str(count)} for name, count in lines.items()]


def row(checked: Checked, adjusted: dict[str, float], ledger: Ledger) -> dict:
    """One claim as numbers; those that were not measured are empty."""
    claim, measured, rival = checked.claim, checked.measured, checked.rival
    value, low, high = numbers(measured).values()
    fixed = ledger.fixed(claim)
    return {
        "claim": claim.id,
        "section": claim.section,
        "headline": "yes" if checked.counts else "no",
        "source": claim.source,
        "paper": paper_number(checked),
        "measured": value,
        "low": low,
        "high": high,
        "runs": measured.n if measured else 0,
        "verdict": checked.verdict,
        "kind": "" if checked.verdict == NOT_RUN else checked.kind,
        "decided by": "a number" if checked.deterministic else "runs",
        "margin": slack(claim),
        "radius": checked.radius,
        "refuted below": finite(checked.refutable[0]),
        "refuted above": finite(checked.refutable[1]),
        "rival": rival.name if rival else "",
        "rival's": rival.value if rival else np.nan,
        "rival's verdict": rival.verdict if rival else "",
        "power": rival.power if rival else np.nan,
        "discriminating": "yes" if checked.discriminating else "no",
        "same": checked.same,
        "blocks alike": f"{checked.blocks[0]} of {checked.blocks[1]}" if checked.blocks[1] else "",
        "stability": checked.unstable,
        "p": checked.p,
        "holm": adjusted.get(claim.id, np.nan),
        "since": fixed.commit if fixed else "",
        "known then": "; ".join(filter(None, (fixed.seen if fixed else "", claim.known))),
    }


def paper_number(checked: Checked) -> float | None:
    """The paper's number; of a count the percentage that it is."""
    claim = checked.claim
    return 100 * claim.paper / claim.runs if claim.rule == "count" else claim.paper


def finite(end: float) -> float:
    return end if np.isfinite(end) else np.nan


def text(checked: Checked, adjusted: dict[str, float], ledger: Ledger) -> dict:
    """One claim as people read it."""
    claim, measured, paper = checked.claim, checked.measured, paper_number(checked)
    said = f"{claim.sentence} ({claim.source}; {claim.certainty})"
    if not measured:
        return {"claim": claim.id, "what is said": said, "verdict": NOT_RUN, "remarks": checked.because}
    digits = digits_of(measured)
    show = significant if checked.deterministic else partial(number, digits=digits)
    by_chance = checked.verdict == NOT_REPRODUCED and not checked.deterministic  # so it might have been
    fixed = ledger.fixed(claim)
    return {
        "claim": claim.id,
        "what is said": said,
        "paper": NONE if paper is None else f"{paper:g}",
        "ours": span(*numbers(measured).values()) if checked.deterministic else interval(measured, digits),
        "runs": str(measured.n),
        "verdict": f"{checked.verdict} ({checked.unstable})" if checked.unstable else checked.verdict,
        "kind": checked.kind,
        "margin": f"{slack(claim):g}",
        "refuted": outside(*checked.refutable, show),
        "rival": rival(checked, show),
        "same": same(checked),
        "p": p_text(checked.p) if by_chance else NONE,
        "Holm": p_text(adjusted.get(claim.id)) if by_chance else NONE,
        "since": fixed.commit + "*" * bool(fixed.seen or claim.known) if fixed else "in no commit*",
        "remarks": checked.because,
    }


def digits_of(measured: Estimate | None) -> int | None:
    """How many decimals an estimate is shown with; None if it is too small for any."""
    value, low, high = numbers(measured).values()
    return decimals(1 if abs(value) >= 10 else 3, value, low, high)


def same(checked: Checked) -> str:
    """In how many % of resamples the same word comes out, and in how many blocks of 50 seeds of how many."""
    if checked.deterministic:
        return "deterministic"
    return f"{100 * checked.same:.0f}" + (", {} of {}".format(*checked.blocks) if checked.blocks[1] else "")


def outside(low: float, high: float, show: Callable[[float], str]) -> str:
    """Below or above what a claim is refuted, in words."""
    sides = {"below": low, "above": high}
    return " or ".join(f"{word} {show(end)}" for word, end in sides.items() if np.isfinite(end))


def rival(checked: Checked, show: Callable[[float], str]) -> str:
    """The rival and what becomes of it."""
    if not (found := checked.rival):
        return f"{(checked.claim.rival or {}).get('name', 'none')}: not discriminating"
    how = "refuted" if checked.deterministic else f"{100 * found.power:.0f} %"
    if not found.told_apart:
        how = "not discriminating" if checked.deterministic else f"{how}: not discriminating"
    return f"{found.name}, {show(found.value)}: {how}"


def p_text(p: float | None) -> str:
    return NONE if p is None else "≤ 0.0001" if p < 1.5e-4 else f"{p:.2g}"
