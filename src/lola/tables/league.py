"""How the entrants of a tournament without episodes fare: on average, at worst, against themselves and best replies."""

import numpy as np
import pandas as pd

from lola.analysis.metrics import Estimate, estimate
from lola.analysis.sources import Sources
from lola.analysis.tournaments import (
    Tournament,
    across,
    average,
    borda,
    borda_rank,
    earns,
    elicits,
    exploited,
    exploiter,
    itself,
    rank,
    worst,
)
from lola.tables.table import Table, interval, number, numbers

NOTES = """\
What counts is the normalised return per step {counted}, the mean over runs. Average: over all who meet, self-play
included, so it depends on who they are, everybody in the table. Rank: 1 + how many earn more on average; its interval
is from all differences to the others at once. Worst: against whom it earns least, in the mean over runs. In brackets:
95 % intervals over runs, all matches of a seed together; none where all runs are alike.

By the last policies alone: self-play is what both seats of its match with itself earn on average, other seeds the same
where a run's first seat meets the second seats of the other runs. Left by best replies: what its policies earn,
averaged over its matches, where the other changes to a best reply, and best reply: what that earns. First action of
others: in how many % of discounted steps those whom it meets take their first action against it.

Borda: in each game as many points as there are others who earn less on average, half a point for who earns the same."""
COLUMNS = {
    "average": average,
    "rank": rank,
    "worst": worst,
    "self-play": itself,
    "other seeds": across,
    "left by best replies": exploited,
    "best reply": exploiter,
    "first action of others, %": elicits,
}
WHOLE = ("rank", "first action of others, %")  # columns without decimals
BORDA = "Borda"


def tabulate(
    sources: Sources, *, games: list[str], tournament: str, first: int | None = None, last: int | None = None
) -> Table:
    """A block per game, and one for all games together; the CSV file has every match as well."""
    leagues = {game: sources.tournament(game, tournament, first, last) for game in games}
    rows, blocks = [], {}
    for game, league in leagues.items():
        found = {entrant: measured(league, entrant) for entrant in league.entrants}
        about = {"game": game, "tournament": sources.tournament_label(league)}
        for entrant, measures in found.items():
            own = about | {"row": sources.labels[entrant]}
            rows += [own | {"measure": what, "column": None, "runs": e.n} | numbers(e) for what, e in measures.items()]
            for other in league.entrants:
                e = estimate(earns(league, entrant, other))
                rows.append(own | {"measure": "earns", "column": sources.labels[other], "runs": e.n} | numbers(e))
        ranked = sorted(found.items(), key=lambda item: -item[1]["average"].value)
        blocks[sources.title(game)] = pd.DataFrame(
            {"entrant": sources.labels[entrant]}
            | {what: shown(e, 0 if what in WHOLE else 2) for what, e in measures.items()}
            for entrant, measures in ranked
        )
    if len(leagues) > 1:
        overall, more = together(sources, leagues)
        blocks, rows = {"All games": overall} | blocks, rows + more
    counted = next(iter(leagues.values())).what_counts
    return Table(pd.DataFrame(rows), blocks, NOTES.format(counted=counted))


def shown(e: Estimate, digits: int) -> str:
    """A number with its interval; alone where all runs are alike, as those of two who never move."""
    return interval(e, digits) if np.isfinite(e.high - e.low) else number(e.value, digits)


def measured(league: Tournament, entrant: str) -> dict[str, Estimate]:
    """An entrant's numbers, by column."""
    return {what: estimate(of(league, entrant)) for what, of in COLUMNS.items()}


def together(sources: Sources, leagues: dict[str, Tournament]) -> tuple[pd.DataFrame, list[dict]]:
    """The entrants by the sum of their Borda points over the games that all of them are in, and the rows of that."""
    entrants = next(iter(leagues.values())).entrants
    seeds = sorted(set.intersection(*({*league.seeds} for league in leagues.values())))
    runs = np.stack([league.means[[league.seeds.index(s) for s in seeds]] for league in leagues.values()], axis=1)
    rows, found = [], {}
    for position, entrant in enumerate(entrants):
        points, place = (estimate(of(tuple(seeds), runs, position)) for of in (borda, borda_rank))
        found[entrant] = points, place
        about = {"game": "all", "row": sources.labels[entrant], "runs": points.n}
        rows += [about | {"measure": what} | numbers(e) for what, e in ((BORDA, points), ("rank", place))]
    ranked = sorted(found.items(), key=lambda item: -item[1][0].value)
    block = pd.DataFrame(
        {"entrant": sources.labels[entrant], "Borda points": interval(points, 1), "rank": interval(place, 0)}
        for entrant, (points, place) in ranked
    )
    return block, rows
