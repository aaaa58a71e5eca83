"""Jobs that tests train: players of a matrix game, from parameters of the test's own or drawn."""

from collections import deque
from dataclasses import fields, is_dataclass, replace
from types import SimpleNamespace

import numpy as np
import torch

from lola.learning import trainers
from lola.learning.matrix.job import MatrixJob
from lola.learning.policies import Tabular
from lola.learning.training import learn, unpickled


def job_of(game, players, seeds=(0,), play=None, std=1.0):
    return MatrixJob(game, list(players), [Tabular(game)] * len(players), list(seeds), std, play)


def states_from(job, steps, thetas=None):
    """The state before the first step and after each."""
    start = job.start()
    return list(learn(job, replace(start, thetas=thetas) if thetas else start, steps))


def drawn(game, seeds, std=1.0):
    """First parameters of all players."""
    return [Tabular(game).initial(i, list(seeds), std) for i in range(len(game.sizes))]


def same(one, other):
    """Whether two snapshots hold the same numbers, bit for bit, whatever the players remember."""
    bits = [
        {
            key: list(leaves(unpickled(array))) if key in ("state", "rows") else array.tobytes()
            for key, array in snapshot.items()
        }
        for snapshot in (one, other)
    ]
    return bits[0] == bits[1]


def trained_however(spec):
    """What the seeds 3 and 1 come to, from the start and from any snapshot, and seed 1 alone as well."""
    snapshots = []
    whole = list(trainers.run(spec, [3, 1], keep=lambda snapshot: snapshots.append(snapshot())))
    for n, saved in enumerate(snapshots):
        later = []
        assert list(trainers.run(spec, [3, 1], saved, lambda snapshot, to=later: to.append(snapshot()))) == whole
        assert all(same(*pair) for pair in zip(later, snapshots[n:], strict=True))
    assert snapshots and [whole[1]] == list(trainers.run(spec, [1]))
    return whole


def leaves(value):
    """All numbers in a state, as bytes or as they are, with the types that hold them."""
    yield type(value)
    if isinstance(value, torch.nn.Module | torch.optim.Optimizer):
        yield from leaves(value.state_dict())
    elif isinstance(value, list | tuple | deque):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, dict):
        yield from leaves(list(value.items()))
    elif is_dataclass(value):
        yield from leaves([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, SimpleNamespace):
        yield from leaves(vars(value))
    elif isinstance(value, torch.Tensor):
        yield value.detach().numpy().tobytes()
    else:
        yield np.asarray(value).tobytes()
