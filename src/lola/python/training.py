"""Train in memory: the same cells as the pipeline's, without its files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from lola.learning import devices, trainers
from lola.python.catalogue import study
from lola.python.runs import Runs
from lola.study import papers, plan
from lola.vocabulary.errors import BadConfig, quoted
from lola.vocabulary.names import GroupName, Matchup

OWN, PART = "own", "train"  # how the config calls a block, and the part of the study, that come from Python
AS_IN_STUDY = ("seeds_per_job", "steps", "init_std", "every", "episodes", "length", "perspective")

Block = str | Mapping[str, object]  # a name that the config knows, or settings


def train(
    game: Block,
    algorithm: Block | Sequence[Block],
    *,
    seeds: int | Iterable[int] = 10,
    opponent_model: Block = "oracle",
    steps: int | None = None,
    init_std: float | None = None,
    every: int | None = None,
    episodes: int | None = None,
    length: int | None = None,
    perspective: str | None = None,
    device: str = "cpu",
    paper: str = papers.FIRST,
) -> Runs:
    """Train the players of a game, a run per seed; a number n of seeds means 0 … n-1.

    Game, algorithm and opponent model are names that the paper's config knows, or settings as it has them. One
    algorithm learns in all seats; a matchup (`"lola-ex-vs-nl-ex"`), or a list, has one for each. What is not given is
    as in the paper's study if that trains the same group, else as in the study as a whole. With `episodes` of `length`
    steps it is a match. The numbers are those of the pipeline, to the last bit.

    Raises BadConfig, which says what was given and what is allowed, and `devices.CannotTrain` if memory is too small.
    """
    game_name, games = block("game", game)
    matchup, algorithms = seated(algorithm)
    model_name, opponent_models = block("opponent_model", opponent_model)
    asked = GroupName(game_name, matchup, model_name)
    known = settings_in_study(study(paper), asked)
    settings: dict[str, object] = {"steps": steps, "init_std": init_std, "every": every}
    settings |= {"episodes": episodes, "length": length, "perspective": perspective}
    part = {
        "games": [game_name],
        "algorithms": [matchup if known is None else asked.matchup.players],
        "opponent_models": [model_name],
        "seeds": as_in_config(seeds),
        **(known or {}),
        **{key: value for key, value in settings.items() if value is not None},
    }
    config = {
        "without": ["study", "figures", "tables"],
        "games": games,
        "algorithms": algorithms,
        "opponent_models": opponent_models,
        "study": {PART: part},
        "device": device,
    }
    try:
        (group,) = plan.groups(study(paper, config)).values()
    except BadConfig as error:
        raise BadConfig(str(error).removeprefix(f"study.{PART}.")) from None
    return trained(replace(group, algorithm=matchup), devices.chosen(device))


def trained(group: plan.Group, device: str) -> Runs:
    """The runs of a group, as many side by side as it says."""
    ends, rows = {}, []
    columns: tuple[str, ...] = ()
    for first in range(0, len(group.seeds), group.seeds_per_job):
        together = list(group.seeds[first : first + group.seeds_per_job])
        for seed, run in zip(together, trainers.run(group.spec, together, device=device), strict=True):
            ends[seed], columns = run.outcome, run.columns
            rows += [(seed, *row) for row in run.rows]
    return Runs(group, ends, pd.DataFrame(rows, columns=["seed", *columns]))


def settings_in_study(config: dict, asked: GroupName) -> dict | None:
    """The settings with which a study trains a group; None if it doesn't."""
    for name, part in config["study"].items():
        if "grid" not in part and any(group.name == asked.name for group in plan.part_groups(config, name, part)):
            return {key: part[key] for key in AS_IN_STUDY if key in part}
    return None


def seated(algorithm: Block | Sequence[Block]) -> tuple[str, dict]:
    """A matchup, and the algorithms in it that the config doesn't know."""
    if isinstance(algorithm, str | Mapping) or not isinstance(algorithm, Sequence) or not algorithm:
        return block("algorithm", algorithm)
    seats = [block("algorithm", seat, f"{OWN}-{n}") for n, seat in enumerate(algorithm, start=1)]
    own = {name: settings for _, named in seats for name, settings in named.items()}
    return str(Matchup(tuple(name for name, _ in seats))), own


def block(what: str, given: object, name: str = OWN) -> tuple[str, dict]:
    """The name of a block, and the block under it unless the config knows it."""
    if isinstance(given, str):
        return given, {}
    if not isinstance(given, Mapping):
        raise BadConfig(f"{what}: given {quoted(given)}; allowed: a name, or settings by name")
    return name, {name: as_in_config(given)}


def as_in_config(value):
    """A value as a config has it: mappings as dicts, any other collection as a list, an array's numbers as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: as_in_config(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [as_in_config(inner) for inner in value]
    return value
