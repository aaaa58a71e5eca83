"""Where training ends: R, its spread over runs, and how often tit-for-tat or the equilibrium is played."""

import itertools

import pandas as pd

from lola.analysis import metrics
from lola.analysis.groups import Group
from lola.analysis.sources import Sources
from lola.tables.table import NONE, Table, interval, number, numbers

WAYS = "Other ways to count, with the paper's number in brackets"
NOTES = f"""\
R is the normalised discounted return per step after the last update: the mean over all runs and both agents. Its
standard deviation (std) is over runs and agents too. In a zero-sum game R is 0 whatever is learned, and the std tells.
In brackets: 95 % intervals over runs. Of two outcomes the std says less than R, and no claim is asked of it.

The paper does not define %TFT and %Nash. %TFT: the share of the five states, averaged over runs, in which the agents
do what tit-for-tat does; %Nash: in which they mix uniformly. Joint: both agents must; agent: each counts for itself.
Thresholded: the right action has probability above 1/2; probability: that probability (for joint, the product).
Within x: every probability is at most x from uniform. The table gives the joint, thresholded %TFT, and the joint %Nash
within {metrics.TOLERANCE}."""


def tabulate(sources: Sources, *, games: list[str], algorithms: list[str]) -> Table:
    """Table 3 of the paper, beside the paper's numbers, and below it every way to count %TFT and %Nash."""
    rows, lines, ways = [], [], {}
    for game, (column, algorithm) in itertools.product(games, enumerate(algorithms)):
        group = sources.group(game, algorithm)
        about = {"game": game, "algorithm": sources.label(group), "runs": len(group.final)}
        found = []
        for name, (quantity, sample) in measures(group).items():
            e, paper = metrics.estimate(sample), sources.ledger.number(group.name, quantity)
            found.append((name, e, paper))
            rows.append(about | {"measure": name} | numbers(e) | {"paper": paper})
            if name.startswith("%"):
                way = ways.setdefault((game, name), [NONE] * len(algorithms))
                way[column] = f"{number(e.value, 1)} ({number(paper, 1)})"
        (_, r, r_paper), (_, spread, spread_paper), (main, share, share_paper), *_ = found
        printed = {"runs": str(about["runs"]), "R": interval(r, 2), "R, paper": number(r_paper, 2)}
        printed |= {"std": number(spread.value, 2), "std, paper": number(spread_paper, 2)}
        printed |= {"%TFT or %Nash": f"{main.split()[0]} {interval(share, 1)}", "paper": number(share_paper, 1)}
        lines.append(about | {"game": sources.title(game)} | printed)
    columns = ["game", "measure", *(line["algorithm"] for line in lines[: len(algorithms)])]
    counts = [[sources.title(game), name, *way] for (game, name), way in ways.items()]
    blocks = {"": pd.DataFrame(lines), WAYS: pd.DataFrame(counts, columns=columns)}
    return Table(pd.DataFrame(rows).astype({"paper": float}), blocks, NOTES)


def measures(group: Group) -> dict[str, tuple[str, metrics.Sample]]:
    """The measures of a group by name, with the claims' name for each; the main percentage comes third."""
    if metrics.is_zero_sum(metrics.ends(group).to_numpy()):
        shares = {
            f"%Nash {who} within {tolerance}": ("nash", metrics.nash(group, tolerance, f"{who} thresholded"))
            for tolerance in sorted(metrics.TOLERANCES, key=lambda tolerance: tolerance != metrics.TOLERANCE)
            for who in ("joint", "agent")
        }
    else:
        shares = {f"%TFT {variant}": ("tft", metrics.tit_for_tat(group, variant)) for variant in metrics.VARIANTS}
    return {"R": ("R", metrics.final_return(group)), "std": ("std", metrics.final_spread(group))} | shares
