"""Groups as `lola.commands.aggregate` leaves them, made by hand for the tests of the reporting."""

import json
from collections.abc import Iterable
from pathlib import Path

from lola.analysis.groups import Group

STATES = ("start", "CC", "CD", "DC", "DD")  # joint: player 1's action first
TIT_FOR_TAT = {1: (1, 1, 0, 1, 0), 2: (1, 1, 1, 0, 0)}  # P(C | joint state) by player
ALWAYS_DEFECT = {1: (0,) * 5, 2: (0,) * 5}
CURVE = ("step", "player", "metric", "value")


def write(
    root: Path, name: str, course: str, rows: Iterable[tuple], ends: dict[int, dict], columns=CURVE, blocks=False
) -> Group:
    """The two files of a group; `rows` begin with the seed, `ends` are by seed and finished if they don't say."""
    folder = root / "groups" / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join(map(str, row)) + "\n" for row in [("seed", *columns), *rows]]
    (folder / "curves.csv").write_text("".join(lines))
    seeds = {seed: {"status": "finished", "steps": 1, "policies": []} | end for seed, end in ends.items()}
    (folder / "ends.json").write_text(json.dumps({"course": course, "blocks": blocks, "seeds": seeds}))
    return Group(folder)


def tell(group: Group, **about) -> Group:
    """The same group, told more of itself."""
    path = group.folder / "ends.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | about))
    return type(group)(group.folder)


def write_parameters(root: Path, name: str, parameters: dict, gradients: dict) -> Group:
    """`parameters` {seed: {player: {number: [per step]}}}, `gradients` {seed: {player: [per step]}}."""
    rows = [
        (seed, step, player, measure, float(value))
        for seed, players in parameters.items()
        for player, own in players.items()
        for measure, values in [("gradient norm", gradients[seed][player])]
        + [(f"parameter {number}", values) for number, values in own.items()]
        for step, value in enumerate(values)
    ]
    return write(root, name, "parameters", rows, {seed: {} for seed in parameters})


def failures(failed: dict) -> dict[int, dict]:
    """How runs ended that diverged: {seed: the first step with a number that is not finite}."""
    return {seed: {"status": "failed", "steps": step - 1, "reason": "NaN"} for seed, step in failed.items()}


def write_group(
    root: Path,
    name: str,
    returns: dict,
    policies: dict | None = None,
    failed: dict | None = None,
    beliefs: dict | None = None,
) -> Group:
    """`returns` {seed: {player: [per step]}}; `policies` {seed: {player: [P(C | joint state)]}}.

    `beliefs` {seed: {(player, opponent): [distance after step 1, 2, …]}}; the likelihood is minus the distance.
    `failed` {seed: step}.
    """
    rows = [
        (seed, step, player, "return", float(value))
        for seed, players in returns.items()
        for player, values in players.items()
        for step, value in enumerate(values)
    ]
    rows += [
        (seed, step, player, f"clone of player {opponent} {measure}", value)
        for seed, pairs in (beliefs or {}).items()
        for (player, opponent), distances in pairs.items()
        for step, distance in enumerate(distances, start=1)
        for measure, value in (("log-likelihood", -distance), ("distance", distance))
    ]
    played = {
        seed: [
            {
                "player": player,
                "state": state,
                "own_state": own_view(state, player),
                "probabilities": {"C": float(p), "D": 1 - float(p)},
            }
            for player, probabilities in players.items()
            for state, p in zip(STATES, probabilities, strict=True)
        ]
        for seed, players in (policies or dict.fromkeys(returns, ALWAYS_DEFECT)).items()
    }
    ends = {seed: {"policies": played.get(seed, [])} for seed in {*returns, *played}}
    return write(root, name, "updates", rows, ends | failures(failed or {}))


def write_match(
    root: Path, name: str, returns: dict, shares: dict | None = None, every: int = 1, failed: dict | None = None
) -> Group:
    """`returns`, `shares` {seed: {player: [per row]}}, the shares of action C; a row per `every` episodes."""
    rows = [
        (seed, row * every, player, metric, float(value))
        for metric, values in (("return", returns), ("share of C", shares or returns))
        for seed, players in values.items()
        for player, per_row in players.items()
        for row, value in enumerate(per_row, start=1)
    ]
    ends = {seed: {} for seed in {*returns, *(shares or {})}}
    return write(root, name, "match", rows, ends | failures(failed or {}), blocks=True)


def own_view(state: str, player: int) -> str:
    return state if state == "start" or player == 1 else state[::-1]


def write_map(root: Path, name: str, value: dict, zero_sum: bool = False) -> Group:
    """A map with 2 seeds: `value` {(lr, eta): R of player 1}; both play tit-for-tat where lr = 1, else defect."""
    rows = []
    for seed in (0, 1):
        for (lr, eta), r in value.items():
            for player in (1, 2):
                at = (seed, lr, eta, player)
                rows.append((*at, "return", -r if zero_sum and player == 2 else r))
                for state, p in zip(STATES, TIT_FOR_TAT[1] if lr == 1 else ALWAYS_DEFECT[1], strict=True):
                    rows.append((*at, f"C {'at' if state == 'start' else 'after'} {state}", p))  # own view
    return write(root, name, "map", rows, {0: {}, 1: {}}, columns=("lr", "eta", "player", "metric", "value"))


def write_coin_game(
    root: Path, name: str, rows: dict, every: int = 20, episode: list | None = None, failed: dict | None = None
) -> Group:
    """`rows` {seed: {player: [(return, points, own, coins), …]}}, a row per `every` updates.

    `episode` [(red, blue, coin, colour), …] is what each seed plays in the end; without it nobody moves.
    """
    found = [
        (seed, row * every, player, metric, float(value))
        for seed, players in rows.items()
        for player, own_rows in players.items()
        for row, values in enumerate(own_rows, start=1)
        for metric, value in zip(("return", "points", "own coins", "coins"), values, strict=True)
    ]
    ends = {seed: {"episode": episode or [(0, 4, 8, 0)] * 24} for seed in rows}
    return write(root, name, "coin_game", found, ends | failures(failed or {}), blocks=True)
