"""What became of the claims on each rule that climbs exact values, paper by paper, for the page on the family."""

from collections import Counter

from lola.analysis.paper import Claim, read_ledger
from lola.analysis.verdicts import NOT_REPRODUCED, REPRODUCED
from lola.study.config import load
from lola.vocabulary.names import GroupName
from lola.vocabulary.registry import LEARNERS, RULES

ENDS = (REPRODUCED, NOT_REPRODUCED)
NONE = "–"


def listing(rows: dict[str, list[dict]]) -> tuple[list[str], list[list[str]]]:
    """Columns and lines: a line per rule, a column per paper with claims that hold : claims that do not.

    `rows` are those of each paper's claims.csv. A claim that compares two rules counts for both.
    """
    found = {paper: counts(paper, of_paper) for paper, of_paper in rows.items()}
    papers = [paper for paper, of_paper in found.items() if of_paper]
    told = {rule for paper in papers for rule, verdict in found[paper] if verdict in ENDS}
    rules = [rule for rule in (*RULES, *LEARNERS) if rule in told]
    lines = [[f"`{rule}`", *(cell(found[paper], rule) for paper in papers)] for rule in rules]
    return ["rule", *papers], lines


def cell(found: Counter, rule: str) -> str:
    """How many claims on a rule hold, and how many do not."""
    numbers = [found[rule, verdict] for verdict in ENDS]
    return " : ".join(map(str, numbers)) if any(numbers) else NONE


def counts(paper: str, rows: list[dict]) -> Counter:
    """How many of a paper's claims on each rule came out how."""
    config = load(paper)
    claims = {claim.id: claim for claim in read_ledger(config["claims"]).claims}
    known = [(row["verdict"], claims[row["claim"]]) for row in rows if row["claim"] in claims]
    return Counter((rule, verdict) for verdict, claim in known for rule in rules_of(config, claim))


def rules_of(config: dict, claim: Claim) -> set[str]:
    """The rules and learners whose groups a claim measures, of players that climb exact values."""
    seats = {seat for name in claim.groups for seat in GroupName.read(name, "oracle").matchup.seats}
    blocks = [config["algorithms"][seat] for seat in seats]
    return {block.get("rule") or block["learner"] for block in blocks if "estimator" not in block}
