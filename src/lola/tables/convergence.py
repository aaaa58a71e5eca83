"""Where training ends: R, its spread over runs, and how often tit-for-tat or the equilibrium is played."""

import pandas as pd

from lola.analysis.groups import Group
from lola.analysis.metrics import (
    TOLERANCE,
    TOLERANCES,
    VARIANTS,
    Sample,
    estimate,
    final_return,
    final_returns,
    final_spread,
    is_zero_sum,
    nash,
    tit_for_tat,
)
from lola.analysis.paper import paper_number
from lola.analysis.sources import Sources
from lola.tables.table import Table, interval, number

WAYS = "Other ways to count, with the paper's number in brackets"
NOTES = f"""\
R is the normalised discounted return per step after the last update: the mean over all runs and both agents. Its
standard deviation (std) is over runs and agents too. In a zero-sum game R is 0 whatever is learned, and the std tells.
In brackets: 95 % percentile bootstrap intervals over runs (scipy).

The paper does not define %TFT and %Nash. %TFT: the share of the five states, averaged over runs, in which the agents
do what tit-for-tat does; %Nash: in which they mix uniformly. Joint: both agents must; agent: each counts for itself.
Thresholded: the right action has probability above 1/2; probability: that probability (for joint, the product).
Within x: every probability is at most x from uniform. The table gives the joint, thresholded %TFT, and the joint %Nash
within {TOLERANCE}."""


def tabulate(sources: Sources, *, games: list[str], algorithms: list[str], opponent_model: str = "oracle") -> Table:
    """Table 3 of the paper, beside the paper's numbers, and below it every way to count %TFT and %Nash."""
    rows = []
    for game in games:
        for algorithm in algorithms:
            group = sources.group(game, algorithm, opponent_model)
            about = {"game": game, "algorithm": sources.label(group), "runs": len(group.returns)}
            for name, (quantity, sample) in measures(group).items():
                rows.append(
                    about
                    | {"measure": name, "estimate": estimate(sample)}
                    | {"paper": paper_number(sources.claims, group.name, quantity)}
                )
    long = pd.DataFrame(rows).astype({"paper": float})
    return Table(tidy(long), {"": summary(long), WAYS: variants(long)}, NOTES)


def measures(group: Group) -> dict[str, tuple[str, Sample]]:
    """The measures of a group by name, with the claims' name for each; the main percentage comes third."""
    if is_zero_sum(final_returns(group.returns).to_numpy()):
        tolerances = [TOLERANCE, *(t for t in TOLERANCES if t != TOLERANCE)]
        shares = {
            f"%Nash {who} within {tolerance}": ("nash", nash(group, tolerance, f"{who} thresholded"))
            for tolerance in tolerances
            for who in ("joint", "agent")
        }
    else:
        shares = {f"%TFT {variant}": ("tft", tit_for_tat(group, variant)) for variant in VARIANTS}
    return {"R": ("R", final_return(group)), "std": ("std", final_spread(group))} | shares


def tidy(long: pd.DataFrame) -> pd.DataFrame:
    """One row per game, algorithm and measure, with numbers only."""
    parts = {name: long.estimate.map(lambda e, name=name: getattr(e, name)) for name in ("value", "low", "high")}
    return long.assign(**parts)[["game", "algorithm", "runs", "measure", "value", "low", "high", "paper"]]


def summary(long: pd.DataFrame) -> pd.DataFrame:
    """A row per game and algorithm, as the paper prints them."""
    lines = []
    for (game, algorithm, runs), of in long.groupby(["game", "algorithm", "runs"], sort=False):
        r, spread, share = of.head(3).itertuples()
        lines.append(
            {
                "game": game,
                "algorithm": algorithm,
                "runs": str(runs),
                "R": interval(r.estimate, 2),
                "R, paper": number(r.paper, 2),
                "std": interval(spread.estimate, 2),
                "std, paper": number(spread.paper, 2),
                "%TFT or %Nash": f"{share.measure.split()[0]} {interval(share.estimate, 1)}",
                "paper": number(share.paper, 1),
            }
        )
    return pd.DataFrame(lines)


def variants(long: pd.DataFrame) -> pd.DataFrame:
    """A row per game and way to count, a column per algorithm."""
    shares = long[long.measure.str.startswith("%")]
    text = shares.assign(text=[f"{number(r.estimate.value, 1)} ({number(r.paper, 1)})" for r in shares.itertuples()])
    wide = text.pivot(index=["game", "measure"], columns="algorithm", values="text")
    order = list(dict.fromkeys(zip(text.game, text.measure, strict=True)))
    wide = wide.loc[order, list(dict.fromkeys(text.algorithm))]
    return wide.reset_index().rename_axis(columns=None)
