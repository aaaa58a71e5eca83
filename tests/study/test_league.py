"""The league's study: what it plays, and each mistake in it in one sentence before anything is trained."""

import re

import pytest
import yaml

from lola.study import plan
from lola.study.config import check_claims, load
from lola.vocabulary.errors import BadConfig

FAULTS = {
    "tables: {league: {last: 0}}": r"tables\.league\.last: given 0; allowed: a whole number from 1",
    "tables: {league: {first: 100}}": r"tables\.league: given first and last; allowed: one of them",
    "tables: {league: {last: 301}}": r"tables\.league\.last: given 301; allowed: up to 300, the steps of a run",
    "figures: {imp: {first: 42}}": r"figures\.imp\.first: given 42; allowed: multiples of 5, since there is a row",
    "figures: {imp: {early: 5}}": r"figures\.imp\.early: there is no such key; allowed: .*first",
    "tables: {league: {kind: standings, tournament: null, tournaments: [league]}}": (
        r"tables\.league\.last: is not used; kind standings takes games, tournaments"
    ),
    "study: {league: {entrants: [aa]}}": r"study\.league\.entrants: given aa alone; allowed: two or more",
    "study: {league: {games: [chicken-once], entrants: [aa, loqa]}}": (
        r"study\.league\.entrants: given aa, whose rule advantage_alignment needs tables of logits, one for each state"
    ),
    "study: {league: {games: [chicken-once], entrants: [pola, aa]}}": (
        r"study\.league\.entrants: given pola, which goes by everybody's parameters and not by play, for games of real"
    ),
    "study: {league: {games: [public-goods]}}": r"study\.league\.games: given public-goods, a game of 3 players",
    "algorithms: {coala: {inner_steps: 0}}": r"algorithms\.coala\.inner_steps: given 0; allowed: a whole number from 1",
    "study: {league: {every: 7}}": r"study\.league\.every: given 7; allowed: a number that divides steps, 300",
    "study: {mfos: {further_first: 400}}": r"study\.mfos\.further_first: given 400; allowed: up to 300",
}
CLAIMS = {
    "{first: 7}": r"measure\.first: given 7; allowed: multiples of 5",
    "{first: 5, last: 5}": r"measure: given first and last; allowed: one of them",
    "{last: 1000}": r"measure\.last: given 1000; allowed: up to 300",
    "{frist: 5}": r"measure\.frist: there is no such key; allowed: .*first, last.*did you mean 'first'",
    "{quantity: exploited, against: null, first: 5}": r"measure\.first: there is no such key",
}


def test_everybody_meets_everybody():
    groups = plan.groups(load("league"))
    of_league = [group for group in groups.values() if group.matchup.tournament == "league"]
    assert len(of_league) == 5 * 16 * 17 / 2
    assert {group.spec["every"] for group in of_league} == {5}
    told = {plan.group_spec(group)["spec"]["game"]["gamma"] for group in of_league}
    assert told == {0.96, 0.9, 0.0}, "what policies are worth is known from the group alone"


@pytest.mark.parametrize("settings", FAULTS)
def test_a_mistake_is_told_before_training(settings):
    with pytest.raises(BadConfig, match=FAULTS[settings]):
        load("league", settings=yaml.safe_load(settings))


@pytest.mark.parametrize("more", CLAIMS)
def test_a_mistake_in_a_claim_is_told_too(tmp_path, more):
    measure = {"quantity": "earns", "game": "ipd", "tournament": "league", "entrant": "aa", "against": "nl-ex"}
    measure = {key: value for key, value in (measure | yaml.safe_load(more)).items() if value is not None}
    claim = {"id": "c", "sentence": "s", "source": "t", "certainty": "read", "rule": "greater", "than": 0}
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"sections": [{"title": "All", "claims": [claim | {"measure": measure}]}]}))
    with pytest.raises(BadConfig, match=CLAIMS[more]) as found:
        check_claims(str(path), plan.groups(load("league")))
    assert not re.search("Traceback", str(found.value))


def test_only_of_two_actions_each_it_is_asked_how_near_they_are_to_extortion(tmp_path):
    zero = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    game = {"actions": ["R", "P", "S"], "gamma": 0.9, "payoffs": [zero, [[-x for x in row] for row in zero]]}
    part = {"games": ["rps"], "algorithms": ["nl-ex"]}
    config = load("lola", settings={"games": {"rps": game}, "study": {"rps": part}})
    asked = {"quantity": "extortion", "group": "rps/nl-ex/oracle", "payoffs": [1, -1, 2, 0]}
    claim = {
        "id": "c",
        "sentence": "s",
        "source": "t",
        "certainty": "read",
        "rule": "less",
        "than": 1,
        "measure": asked,
    }
    path, groups = tmp_path / "claims.yaml", plan.groups(config)
    wrong = r"group: given rps/nl-ex/oracle, of 3 × 3 actions; allowed for extortion: 2 each"
    count = r"measure\.payoffs: given .*; allowed: a list of four numbers"
    for payoffs, told in (([1, -1, 2, 0], wrong), ([1, -1, 2], count), ([1, -1, 2, 0, 0], count)):
        own = claim | {"measure": asked | {"payoffs": payoffs}}
        path.write_text(yaml.safe_dump({"sections": [{"title": "All", "claims": [own]}]}))
        with pytest.raises(BadConfig, match=told):
            check_claims(str(path), groups)
