"""How the claims on each rule came out, counted over papers."""

from lola.page import family
from lola.study.config import load


def test_a_claim_counts_for_every_rule_that_it_measures():
    """In the SGA paper's claims, of which some compare two rules; what is not run counts for nobody."""
    verdicts = {
        "sga/bilinear/sga/wider": "reproduced",  # SGA against OMD
        "sga/bilinear/nl": "reproduced",
        "sga/bilinear/omd/below": "not reproduced",
        "co/potential/worst": "not run",
        "sga/no/such/claim": "reproduced",
    }
    rows = [{"claim": claim, "verdict": verdict} for claim, verdict in verdicts.items()]
    columns, lines = family.listing({"sga": rows, "sos": []})
    assert columns == ["rule", "sga"]
    assert lines == [["`naive`", "1 : 0"], ["`sga`", "1 : 0"], ["`optimistic`", "1 : 1"]]


def test_players_that_learn_from_samples_are_in_no_line():
    config = load("lola")
    claim = type("Claim", (), {"groups": ["ipd/lola-pg/oracle", "ipd/nl-ex-vs-lola-ex/oracle"]})
    assert family.rules_of(config, claim) == {"naive", "lola"}
