"""Maps of games of real parameters, trained or made by hand, for the tests of planes."""

from pathlib import Path

import specs
from group_files import tell, write

from lola.analysis.groups import Group
from lola.learning import trainers

COLUMNS = ("lr", "eta", "player", "metric", "value")


def by_hand(root: Path, ends: dict, steps: int = 100, name: str = "tandem/lola@map/oracle") -> Group:
    """`ends` {(lr, eta): per seed (θ, ‖ξ‖, last move), of both players alike}, or (lr,) of a map over one axis."""
    rows = [
        (seed, *point, player, name, value)
        for point, of_seeds in ends.items()
        for seed, values in enumerate(of_seeds)
        for player in (1, 2)
        for name, value in zip(("parameter 1", "gradient norm", "last move"), values, strict=True)
    ]
    point = next(iter(ends))
    seeds = {seed: {"steps": steps} for seed in range(len(ends[point]))}
    group = write(root, name, "parameter_map", rows, seeds, (*COLUMNS[: len(point)], *COLUMNS[2:]))
    return tell(group, spec=specs.EXACT | {"grid": {"lr": [1]}, "game": {"kind": "market"}, "seats": []})


def trained(root: Path, name: str, game: dict, seat: dict, grid: dict, steps: int, seeds=(0,)) -> Group:
    """The group of what training leaves of a map, both players alike."""
    spec = specs.EXACT | {"game": game, "seats": [seat | dict.fromkeys(grid)] * 2, "steps": steps, "grid": grid}
    found = list(trainers.run(spec, [*seeds]))
    rows = [(seed, *row) for seed, of_seed in zip(seeds, found, strict=True) for row in of_seed.rows]
    ends = {seed: of_seed.outcome for seed, of_seed in zip(seeds, found, strict=True)}
    return tell(write(root, name, "parameter_map", rows, ends, found[0].columns), spec=spec)
