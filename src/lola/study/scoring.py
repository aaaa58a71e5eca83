"""How many updates of a tournament count, the first or the last ones: what may be asked of its matches."""

from collections.abc import Iterator

from lola.vocabulary.kinds import SCORING


def faults(where: str, asked: dict, spec: dict, of: str = "") -> Iterator[str]:
    """What is wrong with `first` or `last` of a measure or a block, for matches with this spec.

    `of` stands before these words in the key that is named.
    """
    keys = [key for key in SCORING if key in asked]
    if len(keys) > 1:
        yield f"{where}: given {' and '.join(keys)}; allowed: one of them"
        return
    steps, every = spec["steps"], spec["every"] or 1
    for key in keys:
        given = f"{where}.{of}{key}: given {asked[key]}"
        if spec["match"]:
            yield f"{given}; allowed for matches in episodes: without it, since what counts is their last tenth"
        elif asked[key] > steps:
            yield f"{given}; allowed: up to {steps}, the steps of a run"
        elif key == "first" and asked[key] % every:
            yield f"{given}; allowed: multiples of {every}, since there is a row after so many updates"
