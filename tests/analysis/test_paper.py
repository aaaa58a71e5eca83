"""What the paper says of the exact learners, on the settings of the config, with margins wider than 50 seeds need."""

import numpy as np
import pytest
import torch

from lola.learning.matrix.job import build
from lola.learning.tabular.match import build as build_match
from lola.learning.training import learn
from lola.study import plan
from lola.study.config import load
from lola.vocabulary.names import Matchup


@pytest.fixture(scope="module")
def ends():
    """Normalised returns (seeds, players) and P(first action) per player (seeds, joint states) of each group."""
    groups = plan.groups(load())

    def run(name):
        job = build(groups[name].spec, list(groups[name].seeds))
        *_, state = learn(job, job.start(), groups[name].spec["steps"])
        game, last = job.game, state.thetas
        returns = (1 - game.gamma) * torch.stack(game.values(last), dim=1)
        return returns, [game.probabilities(last, i)[..., 0] for i in range(2)]

    return {name: run(name) for name in groups if name.split("/")[1:] in (["nl-ex", "oracle"], ["lola-ex", "oracle"])}


def test_naive_learners_end_in_mutual_defection(ends):
    returns, policies = ends["ipd/nl-ex/oracle"]
    assert (returns < -1.98).all()
    assert all((p[:, 4] < 0.05).all() for p in policies)  # after mutual defection


def test_lola_cooperates_by_tit_for_tat(ends):
    returns, (mine, yours) = ends["ipd/lola-ex/oracle"]
    assert -1.2 < returns.mean() < -1.0
    tit_for_tat = [torch.tensor([1, 1, 0, 1, 0]), torch.tensor([1, 1, 1, 0, 0])]  # start, CC, CD, DC, DD
    both = ((mine > 0.5) == tit_for_tat[0]) & ((yours > 0.5) == tit_for_tat[1])
    assert 0.65 < both.double().mean() < 0.95


def test_naive_learners_swing_in_matching_pennies_and_lola_settles(ends):
    (naive, _), (lola, policies) = ends["imp/nl-ex/oracle"], ends["imp/lola-ex/oracle"]
    assert naive.std() > 0.25
    assert lola.std() < 0.05
    assert torch.allclose(lola.sum(1), torch.zeros(len(lola), dtype=lola.dtype), atol=1e-12)  # zero-sum
    assert all(((p - 0.5).abs() < 0.1).double().mean() > 0.9 for p in policies)


def test_lola_earns_most_in_the_round_robin_on_the_ipd():
    config = load()
    groups, entrants = plan.groups(config), config["study"]["tournament"]["entrants"]
    earned = {entrant: [] for entrant in entrants}
    for algorithm, model in plan.matches(config, "tournament", "oracle"):
        match = build_match(groups[f"ipd/{algorithm}/{model}"].spec, list(range(5)))
        late = [state.rollouts.returns for state in learn(match, match.start(), 300) if state.step > 250]
        seats = Matchup.read(algorithm).seats
        for seat, returns in zip(seats * (2 // len(seats)), np.mean(late, axis=(0, 1)), strict=True):
            earned[seat].append((1 - match.game.gamma) * returns / (2 // len(seats)))  # self-play fills both seats
    averages = {entrant: sum(returns) / len(entrants) for entrant, returns in earned.items()}
    others = [averages[entrant] for entrant in entrants if entrant != "lola-ex"]
    assert averages["lola-ex"] > max(others) + 0.25
    assert all(-2.1 < average < -1.4 for average in others)
