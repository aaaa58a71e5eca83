"""Groups whose games, algorithms, opponent models and tournaments have names that mean something elsewhere."""

import itertools
from pathlib import Path

from group_files import tell, write, write_coin_game, write_map, write_match, write_parameters
from plane_files import by_hand

from lola.analysis.groups import Group
from lola.analysis.paper import Ledger
from lola.analysis.sources import Sources
from lola.vocabulary import measures

A, B = r"$5 to $10, 50 % & _x_ #1", r"_b_ \alpha$ {^2} a|b ~ <b>&amp;</script> é 😀"
GAME, MODEL, CUP, SAVED = r"Game $\frac{$, 100 $", r"$\alpha_$", r"cup \$1 <i>", r"_their $x$_"
SEATS = {"a": A, "b": B}
ACTIONS, STATES = ("_c", "_d"), ("start", "_c._c", "_c._d", "_d._c", "_d._d")
IPD = {"payoffs": [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]], "gamma": 0.96}
RUNS, STEPS, PLAYERS = range(2), range(3), (1, 2)


def sources(root: Path) -> Sources:
    """A group of every course for each of two algorithms, called by these names."""
    groups = []
    for name in ("ipd/a/oracle", "ipd/b/oracle", "ipd/b/cloning", "ipd/a-vs-b/oracle"):
        groups.append(write_learned(root, name))
    returns = {seed: {player: [-2.0, -1.5, seed / 10] for player in PLAYERS} for seed in RUNS}
    for name in ("a", "a-vs-b", "b"):
        groups.append(write_match(root, f"ipd/{name}@cup/oracle", returns))
    for name in ("a", "a-vs-b", "b"):
        groups.append(tell(write_learned(root, f"ipd/{name}@league/oracle"), spec={"game": IPD}))
    for name in SEATS:
        moved = {seed: {player: {1: [0.0, 0.5, 1.0]} for player in PLAYERS} for seed in RUNS}
        groups.append(write_parameters(root, f"tandem/{name}/oracle", moved, returns))
        rows = {seed: {player: [(0.1, 0.2, 0.1, 0.3)] * 10 for player in PLAYERS} for seed in RUNS}
        groups.append(write_coin_game(root, f"coins/{name}/oracle", rows))
    points = {(lr, eta): -lr - eta for lr in (0.5, 1.0) for eta in (0.5, 1.0)}
    groups.append(write_map(root, "ipd/a@map/oracle", points))
    rests = {(lr, eta): [(1.0, 0.0, 9), (1.0, 0.0, 7)] for lr in (0.5, 1.0) for eta in (0.5, 1.0)}
    groups.append(by_hand(root, rests, name="tandem/a@map/oracle"))
    measured = [(seed, 0.5, measures.CONSISTENCY, 0.1 + seed) for seed in RUNS]
    columns = ("eta", "metric", "value")
    name = "tandem/a@consistency/oracle"
    groups.append(write(root, name, "consistency", measured, {seed: {} for seed in RUNS}, columns))
    scale = {"grid": 3, "tie": "both", "batch": 8, "length": 16, "steps": 200}
    return Sources(
        {group.name: group for group in groups},
        SEATS | {"a@map": A, "a@consistency": A, "a-vs-b@cup": f"{A} vs {B}"},
        {"ipd": [[*ACTIONS]] * 2},
        opponent_models={"cloning": MODEL},
        tournament_labels={"cup": CUP, "league": CUP},
        titles=dict.fromkeys(("ipd", "tandem", "coins"), GAME),
        colours={"a": "red", "b": "blue"},
        coin_games={f"coins/{name}/oracle": scale for name in SEATS},
        ledger=Ledger(
            printed={f"ipd/{name}/oracle": {"R": -1.06, "tft": 81.0} for name in SEATS},
            quantities={"R": {"margin": 0.1}, "tft": {"margin": 10.0}},
            runs=50,
        ),
    )


def write_learned(root: Path, name: str) -> Group:
    """Two runs of three updates of players who mostly take their second action."""
    rows = [
        (seed, step, player, measure, value)
        for seed, step, player in itertools.product(RUNS, STEPS, PLAYERS)
        for measure, value in [
            (measures.RETURN, -1.5 - step / 10 + seed / 100),
            (measures.clones(player - 1, 2)[1], 0.1 * step),
            *((measures.probability(ACTIONS[0], state), 0.2 + seed / 10) for state in STATES),
        ]
    ]
    policies = [
        {"player": player, "state": state, "probabilities": dict(zip(ACTIONS, (0.2, 0.8), strict=True))}
        for player, state in itertools.product(PLAYERS, STATES)
    ]
    group = write(root, name, "updates", rows, {seed: {"policies": policies} for seed in RUNS})
    return tell(group, bounds={who: [-3.0, 0.0] for who in ("1", "2", "mean")})
