"""Any player in any seat: whatever it remembers is kept, and resumed bit for bit, in every way to train."""

from collections import deque
from types import SimpleNamespace

import pytest
import specs
import torch
from small_jobs import same

from lola.learning import trainers
from lola.study import checks, plan
from lola.study.config import load
from lola.vocabulary import registry

LOLA = {"rule": "lola", "lr": 0.5, "eta": 0.3}
PG = LOLA | {"estimator": "pg", "critic_lr": 0.5}
Q = {"learner": "q", "alpha": 0.1, "decay": 0.01, "epsilon": 0.2}


class Momentum:
    """Climbs its own exact value by Adam, through a network of its own that it feeds with what it saw last.

    It remembers the network, the optimiser's moments and the parameters of others that it has seen.
    """

    def start(self, seat):
        policy, network = seat.policies[seat.i], torch.nn.Linear(1, seat.game.sizes[seat.i]).double()
        for parameter in network.parameters():
            torch.nn.init.constant_(parameter, 0.1)
        optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
        theta = policy.initial(seat.i, seat.seeds, seat.std)
        return theta, SimpleNamespace(network=network, optimiser=optimiser, seen=deque(maxlen=3))

    def step(self, view, memory):
        memory.seen.append(torch.stack([theta.mean() for theta in view.thetas]))
        fed = torch.stack(list(memory.seen)).mean().reshape(1, 1).expand(len(view.thetas[0]), 1)
        thetas = [theta.detach() for theta in view.thetas]
        thetas[view.i] = thetas[view.i] + memory.network(fed)
        memory.optimiser.zero_grad()
        (-view.game.values(thetas)[view.i].sum()).backward()
        memory.optimiser.step()
        return thetas[view.i].detach(), memory


@pytest.fixture
def momentum(monkeypatch):
    monkeypatch.setitem(registry.LEARNERS, "momentum", SimpleNamespace(load=lambda: Momentum, settings={}))


def spec(*seats, match=False):
    return specs.EXACT | {
        "game": specs.IPD,
        "seats": list(seats),
        "play": {"batch": 1, "length": 8} if match or any("estimator" in seat for seat in seats) else None,
        "steps": 6,
        "match": {"perspective": "as_described"} if match else None,
        "every": 2 if match else None,
    }


OWN = {"learner": "momentum"}
TABLES = {
    "alone": spec(OWN, OWN),
    "against LOLA": spec(OWN, LOLA),
    "against LOLA from samples": spec(PG, OWN),
    "in a match with Q-learning": spec(OWN, Q, match=True),
    "LOLA from samples in a match with Q-learning": spec(Q, PG, match=True),
    "LOLA from samples in a match with exact LOLA": spec(PG, LOLA, match=True),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_whatever_a_player_remembers_is_resumed_bit_for_bit(table, momentum):
    snapshots, seeds = [], [2]
    whole = list(trainers.run(table, seeds, keep=lambda snapshot: snapshots.append(snapshot())))
    assert whole[0].outcome["status"] == "finished"
    assert len({row[3] for row in whole[0].rows if row[2] == "return"}) > 2
    for n, saved in enumerate(snapshots):
        later = []
        assert list(trainers.run(table, seeds, saved, lambda snapshot, to=later: to.append(snapshot()))) == whole
        assert all(same(*pair) for pair in zip(later, snapshots[n:], strict=True))


PARTS = {
    "a tournament of the Coin Game": {
        "games": ["coin-game"],
        "entrants": ["coin-nl-pg", "coin-lola-pg"],
        "steps": 20,
        "every": 2,
    },
    "a tournament without episodes": {
        "games": ["ipd", "imp"],
        "entrants": ["nl-ex", "lola-ex", "lookahead"],
        "steps": 3,
    },
    "Q-learning in self-play": {"games": ["ipd"], "algorithms": ["nl-q"], "episodes": 10, "length": 5, "every": 1},
    "a matchup with a learner": {
        "games": ["ipd"],
        "algorithms": ["nl-q-vs-lola-ex"],
        "episodes": 10,
        "length": 5,
        "every": 1,
    },
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_study_seats_them_so(part):
    config = load("lola")
    config |= {"study": {"cup": part}, "figures": {}, "tables": {}, "first": []}
    config["algorithms"] = {
        name: block | ({"batch": 4} if name.startswith("coin-") else {}) for name, block in config["algorithms"].items()
    }
    config["games"]["coin-game"] |= {"length": 3}
    checks.check_study(config)
    groups = plan.groups(config)
    entrants = len(part.get("entrants", []))
    assert len(groups) == len(part["games"]) * (entrants * (entrants + 1) // 2 or 1)
    for group in groups.values():
        (trained,) = trainers.run(group.spec, [0])
        assert trained.outcome["status"] == "finished"
        assert {row[1] for row in trained.rows if row[2] == "return"} == {1, 2}
