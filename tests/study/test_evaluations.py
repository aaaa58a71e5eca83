"""Parts that hold rules against themselves: what they become, and each thing that they cannot be."""

import copy

import pytest
import quadratics

from lola.study import checks, plan, provenance
from lola.study.config import BadConfig, load
from lola.study.ledger_checks import check_ledger
from lola.vocabulary.names import Matchup, tournament

TANDEM = quadratics.block(*quadratics.TANDEM)
PART = {"games": ["tandem"], "algorithms": ["hola"], "region": 1, "points": 100, "against": "cola"}
GROUP = "tandem/hola@consistency/oracle"


def study(**part):
    """A study of one part; what it says None of is left out."""
    config = load("lola")
    algorithms = {
        "hola": {"label": "HOLA2", "rule": "lola_exact", "lr": 0.1, "eta": 0.3, "order": 2},
        "cola": {"label": "COLA", "rule": "cola_affine", "lr": 0.1, "eta": 0.3},
        "other": {"rule": "cola_affine", "lr": 0.1, "eta": 0.5},
    }
    mine = {key: value for key, value in (PART | part).items() if value is not None}
    shown = {"figures": {}, "tables": {}, "first": []}
    games = config["games"] | {"tandem": copy.deepcopy(TANDEM)}
    return config | shown | {"games": games, "algorithms": config["algorithms"] | algorithms, "study": {"mine": mine}}


def test_its_groups_are_evaluated_by_a_command_of_their_own():
    config = study(grid={"eta": [1, 0.5]})
    checks.check_study(config)
    group = plan.groups(config)[GROUP]
    assert group.course == "consistency" and provenance.command(group) == "lola.commands.consistent"
    assert group.spec["region"] == {"radius": 1.0, "points": 100, "against": {"rule": "cola_affine", "eta": None}}
    assert group.spec["seats"] == [{"rule": "lola_exact", "eta": None, "order": 2}] * 2
    assert {entry.name for entry in group.entries} >= {"Evaluation", "lola_exact", "cola_affine"}
    code = provenance.training_code(group)
    assert "lola.learning.cola.affine.newton" in code and "lola.learning.players.Climber" not in code
    assert tournament(Matchup.read(group.algorithm)) == ""


def test_nothing_is_evaluated_anew_for_how_players_step():
    one, other = study(), study()
    other["algorithms"]["hola"] |= {"lr": 0.7, "label": "second order"}
    other |= {"steps": 3, "init_std": 0.5}
    assert plan.groups(one)[GROUP].spec == plan.groups(other)[GROUP].spec


def test_all_that_is_trained_keeps_its_spec():
    assert not [group for group in plan.groups(load("lola")).values() if "region" in group.spec]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"points": None}, "study.mine.points: is missing; a part that holds rules against themselves needs"),
        (
            {"points": None, "against": None},
            "given hola, whose rule lola_exact follows no networks; allowed:",
        ),
        ({"region": None}, "study.mine.region: is missing"),
        ({"steps": 7}, "study.mine.steps: is not used by a part that holds rules against themselves"),
        ({"every": 7}, "study.mine.every: is not used by"),
        ({"entrants": ["hola", "cola"]}, "study.mine.entrants: is not used by"),
        ({"opponent_models": ["cloning"]}, "study.mine.opponent_models: given ['cloning']; allowed: oracle"),
        ({"against": "nobody"}, "study.mine.against: given 'nobody'; there is no such name"),
        ({"against": "other"}, "study.mine.against: given an algorithm with eta 0.5; allowed: eta 0.3, as hola has"),
        (
            {"against": None, "algorithms": ["nl-ex"]},
            "nl-ex has no look-ahead rate; allowed: a rule with eta, or a grid",
        ),
        ({"algorithms": ["hola-vs-cola"]}, "given hola-vs-cola; allowed: one algorithm for all seats"),
        ({"grid": {"lr": [0.1, 1]}}, "study.mine.grid: given lr; allowed in a part with a region: eta"),
        ({"games": ["ipd"], "algorithms": ["lola-pg"], "against": None}, "rules without an estimator"),
        ({"games": ["coin-game"], "algorithms": ["hola"], "against": None}, "needs exact values"),
        ({"games": ["ipd"]}, "cola_affine in ipd, of the kind matrix_game; allowed: games of real parameters"),
        ({"further": 3}, "study.mine.further: given 3"),
        ({"points": 10**6, "grid": {"eta": [n / 100 for n in range(20)]}}, "study.mine.points: given 20000000 in all"),
    ],
)
def test_each_mistake_has_its_message(part, said):
    with pytest.raises(BadConfig) as error:
        checks.check_study(study(**part))
    assert said in str(error.value)


@pytest.mark.parametrize("region", [0, -1, "wide", float("nan")])
def test_a_region_must_be_wider_than_nothing(region, tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        "without: [study, figures, tables]\nresults: results/mine\n"
        f"study: {{mine: {{games: [ipd], algorithms: [lola-exact], region: {region}, points: 10}}}}\n"
    )
    with pytest.raises(BadConfig, match=r"^study\.mine\.region: given .*; allowed: a number above 0"):
        load("lola", [overlay])


@pytest.mark.parametrize("degree", [2, 3])
def test_affine_directions_need_values_of_degree_two(degree):
    """`terms`: per player a list of [coefficient, exponent of each player's parameter …]."""
    config = study(against=None, algorithms=["cola"])
    group = plan.groups(config)["tandem/cola@consistency/oracle"]
    group.spec["game"] = {"kind": "polynomial", "terms": [[[1.0, degree - 1, 1]], [[1.0, 1, 1], [2, 0, 1]]]}
    if degree == 2:
        checks.evaluations.check_quadratic("study.mine", group)
        return
    with pytest.raises(BadConfig, match="tandem, where a value is a polynomial of degree 3; allowed: degree 2 at most"):
        checks.evaluations.check_quadratic("study.mine", group)


def test_a_tournament_cannot_be_called_like_them():
    config = study()
    config["study"] = {"consistency": {"games": ["ipd"], "entrants": ["nl-ex", "lola-ex"]}}
    with pytest.raises(BadConfig, match=r"study\.consistency: the name is taken by rules at points"):
        checks.check_study(config)


def claims(rule="less", **measure):
    claim = {"id": "a", "sentence": "s", "source": "p. 1", "certainty": "read", "rule": rule, "than": 1.0}
    claim["measure"] = {"group": GROUP, "quantity": "consistency"} | measure
    return {"code": "d5abbec32ec2", "sections": [{"title": "t", "claims": [claim]}]}


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({}, "eta: given None; allowed of tandem/hola@consistency/oracle: 1, 0.5"),
        ({"eta": 0.2}, "eta: given 0.2; allowed of"),
        (
            {"eta": 1.0, "quantity": "solutions"},
            "given 'solutions' of tandem/hola@consistency/oracle; allowed: groups of",
        ),
        ({"quantity": "R"}, "given 'R' of tandem/hola@consistency/oracle, one of the rules at points"),
    ],
)
def test_a_claim_asks_of_an_eta_that_is_there(measure, said):
    groups = plan.groups(study(grid={"eta": [1, 0.5]}))
    check_ledger(claims(eta=1), groups)
    check_ledger(claims(eta=0.5, median=True), groups)
    check_ledger(claims(eta=0.5, quantity="cosine"), groups)
    with pytest.raises(BadConfig) as error:
        check_ledger(claims(**measure), groups)
    assert said in str(error.value)


def test_a_cosine_needs_somebody_to_compare_with():
    with pytest.raises(BadConfig, match="given 'cosine' of tandem/hola@consistency/oracle; allowed: groups of a part"):
        check_ledger(claims(quantity="cosine"), plan.groups(study(against=None)))


NETS = {
    "games": ["tandem"],
    "algorithms": ["fit"],
    "region": 1.0,
    "steps": 100,
    "every": 10,
    "grid": {"eta": [0.1, 0.3]},
}


def networked(nets=NETS, **part):
    """A study that fits networks, and one part whose players carry some."""
    config = study()
    config["algorithms"] |= {
        "fit": {"rule": "cola", "lr": 0.1, "eta": 0.1, "net": "relu"},
        "far": {"rule": "cola", "lr": 0.1, "eta": 0.5, "net": "relu"},
    }
    mine = {"games": ["tandem"], "algorithms": ["fit"], "seeds": 3} | part
    return config | {"study": ({"nets": nets | {"seeds": 3}} if nets else {}) | {"mine": mine}}


def test_players_carry_the_networks_that_a_part_fits_in_their_game():
    config = networked(algorithms=["fit", "fit-vs-nl-ex"])
    checks.check_study(config)
    groups = plan.groups(config)
    nets, alone, mixed = (groups[f"tandem/{name}/oracle"] for name in ("fit@networks", "fit", "fit-vs-nl-ex"))
    assert nets.course == "networks" and nets.spec["fit"] == {"radius": 1.0} and not any(nets.reads)
    assert alone.course == "parameters" and alone.reads == (nets.name,) * 2 and mixed.reads == (nets.name, "")
    assert alone.spec["networks"] == [nets.spec] * 2 and mixed.spec["networks"] == [nets.spec, None]
    assert [cell.name for cell in alone.read_by(2)] == [f"{nets.name}/seed2"]
    assert {provenance.command(group) for group in groups.values()} == {"lola.commands.consistent"}
    assert "lola.learning.cola.fitting.Fit" in provenance.training_code(alone)
    products = {product.name: product for product in provenance.products(config | {"results": "results/x"})}
    assert products[f"{alone.name}/seed2"].needs == (f"{nets.name}/seed2",)
    assert [*products].index(f"{nets.name}/seed2") < [*products].index(f"{alone.name}/seed2")


def test_rules_at_points_may_carry_them_too_at_every_eta_of_a_grid():
    part = {"region": 1.0, "points": 5, "against": "cola", "grid": {"eta": [0.3, 0.1]}}
    config = networked(**part)
    checks.check_study(config)
    group = plan.groups(config)["tandem/fit@consistency/oracle"]
    assert group.reads == ("tandem/fit@networks/oracle",) * 2 + ("",)


@pytest.mark.parametrize(
    ("nets", "part", "said"),
    [
        (
            None,
            {},
            "study.mine.algorithms: given fit in tandem follows networks (relu, eta 0.1) that nobody fits",
        ),
        (NETS, {"algorithms": ["far"]}, "given far in tandem follows networks (relu, eta 0.5) that nobody fits"),
        (NETS, {"games": ["ipd"]}, "given fit in ipd follows networks (relu, eta 0.1) that nobody fits"),
        (
            NETS,
            {"seeds": [1, 7]},
            "study.mine.seeds: given 7; allowed: seeds for which tandem/fit@networks/oracle",
        ),
        (NETS | {"every": 7}, {}, "study.nets.every: given 7; allowed: a number that divides steps, 100"),
        (NETS | {"algorithms": ["hola"]}, {}, "given hola, whose rule lola_exact follows no networks"),
        (NETS | {"algorithms": ["fit-vs-hola"]}, {}, "given fit-vs-hola; allowed: one algorithm for all seats"),
    ],
)
def test_who_follows_networks_must_find_some(nets, part, said):
    with pytest.raises(BadConfig) as error:
        checks.check_study(networked(nets, **part))
    assert said in str(error.value)


def test_networks_are_carried_on_no_map():
    nets = NETS | {"games": ["ipd"]}
    with pytest.raises(BadConfig, match="given fit, which follows networks; allowed in matrix games"):
        checks.check_study(networked(nets, games=["ipd"], grid={"lr": [0.1, 1.0]}))
