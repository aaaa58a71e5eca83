"""Groups as `lola.commands.aggregate` leaves them, made by hand for the tests of the reporting."""

from pathlib import Path

from lola.analysis.groups import Group

STATES = ("start", "CC", "CD", "DC", "DD")  # joint: player 1's action first
TIT_FOR_TAT = {1: (1, 1, 0, 1, 0), 2: (1, 1, 1, 0, 0)}  # P(C | joint state) by player
ALWAYS_DEFECT = {1: (0,) * 5, 2: (0,) * 5}


def write_group(
    root: Path, name: str, returns: dict, policies: dict | None = None, failed: str = "", beliefs: dict | None = None
) -> Group:
    """`returns` {seed: {player: [per step]}}; `policies` {seed: {player: [P(C | joint state)]}}.

    `beliefs` {seed: {(player, opponent): [distance after step 1, 2, …]}}; the likelihood is minus the distance.
    """
    folder = root / "groups" / name
    folder.mkdir(parents=True)
    rows = [
        f"{seed},{step},{player},{float(value)!r}\n"
        for seed, players in returns.items()
        for player, values in players.items()
        for step, value in enumerate(values)
    ]
    (folder / "returns.csv").write_text("seed,step,player,return\n" + "".join(rows))
    rows = [
        f"{seed},{player},{state},{own_view(state, player)},{action},{p if action == 'C' else 1 - p!r}\n"
        for seed, players in (policies or dict.fromkeys(returns, ALWAYS_DEFECT)).items()
        for player, probabilities in players.items()
        for state, p in zip(STATES, probabilities, strict=True)
        for action in "CD"
    ]
    (folder / "policies.csv").write_text("seed,player,state,own_state,action,probability\n" + "".join(rows))
    rows = [
        f"{seed},{step},{player},{opponent},{-distance},{distance}\n"
        for seed, pairs in (beliefs or {}).items()
        for (player, opponent), distances in pairs.items()
        for step, distance in enumerate(distances, start=1)
    ]
    (folder / "beliefs.csv").write_text("seed,step,player,opponent,likelihood,distance\n" + "".join(rows))
    (folder / "failed.csv").write_text("seed,step,reason\n" + failed)
    return Group(folder)


def write_match(
    root: Path, name: str, returns: dict, shares: dict | None = None, every: int = 1, failed: str = ""
) -> Group:
    """`returns`, `shares` {seed: {player: [per row]}}, the shares of action C; a row per `every` episodes."""
    folder = root / "groups" / name
    folder.mkdir(parents=True)
    for column, action, values in (("return", "", returns), ("share", ",C", shares or returns)):
        rows = [
            f"{seed},{row * every},{player}{action},{float(value)!r}\n"
            for seed, players in values.items()
            for player, per_row in players.items()
            for row, value in enumerate(per_row, start=1)
        ]
        header = f"seed,step,player{',action' if action else ''},{column}\n"
        (folder / f"{column}s.csv").write_text(header + "".join(rows))
    (folder / "failed.csv").write_text("seed,step,reason\n" + failed)
    return Group(folder)


def own_view(state: str, player: int) -> str:
    return state if state == "start" or player == 1 else state[::-1]


def write_map(root: Path, name: str, value: dict, zero_sum: bool = False) -> Group:
    """A map with 2 seeds: `value` {(lr, eta): R of player 1}; both play tit-for-tat where lr = 1, else defect."""
    folder = root / "groups" / name
    folder.mkdir(parents=True)
    rows = []
    for seed in (0, 1):
        for (lr, eta), r in value.items():
            for player in (1, 2):
                at = f"{seed},{lr},{eta},{player}"
                rows.append(f"{at},return,{-r if zero_sum and player == 2 else r}\n")
                for state, p in zip(STATES, TIT_FOR_TAT[1] if lr == 1 else ALWAYS_DEFECT[1], strict=True):
                    rows.append(f"{at},C {'at' if state == 'start' else 'after'} {state},{p}\n")  # own view
    (folder / "map.csv").write_text("seed,lr,eta,player,metric,value\n" + "".join(rows))
    (folder / "failed.csv").write_text("seed,step,reason\n")
    return Group(folder)


def write_coin_game(root: Path, name: str, rows: dict, every: int = 20, episode: list | None = None) -> Group:
    """`rows` {seed: {player: [(return, points, own, coins), …]}}, a row per `every` updates.

    `episode` [(red, blue, coin, colour), …] is what each seed plays in the end; without it nobody moves.
    """
    folder = root / "groups" / name
    folder.mkdir(parents=True)
    found = [
        (f"{seed},{row * every},{player}", values)
        for seed, players in rows.items()
        for player, own_rows in players.items()
        for row, values in enumerate(own_rows, start=1)
    ]
    returns = "".join(f"{at},{float(values[0])!r}\n" for at, values in found)
    coins = "".join(f"{at},{','.join(repr(float(value)) for value in values[1:])}\n" for at, values in found)
    boards = "".join(
        f"{seed},{step},{red},{blue},{coin},{colour}\n"
        for seed in rows
        for step, (red, blue, coin, colour) in enumerate(episode or [(0, 4, 8, 0)] * 24)
    )
    (folder / "returns.csv").write_text("seed,step,player,return\n" + returns)
    (folder / "coins.csv").write_text("seed,step,player,points,own,coins\n" + coins)
    (folder / "episodes.csv").write_text("seed,step,red,blue,coin,colour\n" + boards)
    (folder / "beliefs.csv").write_text("seed,step,player,opponent,likelihood,distance\n")
    (folder / "failed.csv").write_text("seed,step,reason\n")
    return Group(folder)
