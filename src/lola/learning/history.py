"""What is kept of training: the parameters of every step, and what they amount to."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lola.learning.training import State
from lola.vocabulary import measures


class History:
    """Every step's parameters, and how good clones were; `assess` (see `cloning.assessed`) where there are any."""

    def __init__(self, game, assess: Callable | None = None, saved: dict[str, np.ndarray] | None = None):
        self.game, self.assess = game, assess
        self.steps: list[tuple[Tensor, ...]] = []
        self.clones: list[Tensor] = []  # (S, players, 2 · opponents)
        if saved:
            self.steps = list(
                zip(*(torch.from_numpy(saved[f"thetas{i}"]) for i in range(len(game.sizes))), strict=True)
            )
            self.clones = list(torch.from_numpy(saved["clones"]))

    def add(self, state: State) -> None:
        """Take in a state, unless it is the one that training was resumed from."""
        if state.step == len(self.steps):
            self.clones.append(self.assessed(state))
            self.steps.append(tuple(state.thetas))

    def assessed(self, state: State) -> Tensor:
        """Likelihood and distance of each clone, against the parameters that it stood for; zeros before the first."""
        players = range(len(state.thetas))
        if self.assess is None or not self.steps:
            width = 2 * (len(players) - 1) if self.assess else 0
            return torch.zeros(len(state.thetas[0]), len(players), width, dtype=torch.float64)
        truth = self.steps[-1]
        by_owner = [
            [self.assess(state.believed[i][j], truth[j], j, state.rollouts) for j in players if j != i] for i in players
        ]
        return torch.stack([torch.cat(of_opponents, dim=1) for of_opponents in by_owner], dim=1)

    @property
    def at(self) -> list[int]:
        """The steps that there are rows of."""
        return list(range(len(self.steps)))

    def thetas(self) -> list[Tensor]:
        """(steps, S, d_i) per player."""
        return [torch.stack(steps) for steps in zip(*self.steps, strict=True)]

    def table(self) -> Tensor:
        """All metrics, (steps, S, players, metrics); their names are those of `names`."""
        thetas = [theta.flatten(0, 1) for theta in self.thetas()]
        table = metrics(self.game, thetas, torch.stack(self.clones).flatten(0, 1))
        return table.unflatten(0, (len(self.steps), -1))

    def names(self, step: int) -> list[list[str]]:
        """The metrics of each player at a step: clones have none before the first update."""
        return metric_names(self.game, clones=self.assess is not None and step > 0)

    def snapshot(self) -> dict[str, np.ndarray]:
        """What a history is restored from, and the returns so far, (steps, S, players), `at` which steps."""
        thetas = {f"thetas{i}": theta.numpy() for i, theta in enumerate(self.thetas())}
        shown = {"at": np.array(self.at), "returns": self.table()[..., 0].numpy()}
        return thetas | {"clones": torch.stack(self.clones).numpy()} | shown


def metrics(game, thetas: list[Tensor], clones: Tensor | None = None) -> Tensor:
    """The metrics that `metric_names` names, (S, players, metrics); `clones` is (S, players, measures of clones).

    The last action's probability is left out, being what is missing to 1. A player with fewer
    metrics than others has zeros, without names, at the end.
    """
    columns = []
    for i, value in enumerate(game.values(thetas)):
        probs = game.probabilities(thetas, i)[..., :-1]
        own = [(1 - game.gamma) * value[:, None], probs.flatten(1)]
        columns.append(torch.cat([*own, clones[:, i]] if clones is not None else own, dim=1))
    width = max(column.shape[1] for column in columns)
    return torch.stack([torch.nn.functional.pad(c, (0, width - c.shape[1])) for c in columns], dim=1)


def metric_names(game, clones: bool = False) -> list[list[str]]:
    """Per player: the normalised return, P(a | own state), and with clones how good that of each opponent is."""
    names = []
    for i in range(len(game.sizes)):
        states, actions = game.state_names(i), game.actions[i][:-1]
        own = [measures.RETURN, *(measures.probability(action, state) for state in states for action in actions)]
        names.append(own + (measures.clones(i, len(game.sizes)) if clones else []))
    return names


def named(names: list[list[str]], values: list[list[float]]) -> Iterator[tuple[int, str, float]]:
    """(player, metric, value) for each metric that has a name; players count from 1."""
    for player, (own_names, own_values) in enumerate(zip(names, values, strict=True), start=1):
        for name, value in zip(own_names, own_values, strict=False):
            yield player, name, value


def outcome(game, at: list[int], history: list[Tensor]) -> dict:
    """How a seed ended, of whose rows, `at` these steps, only those in `history` are finite: (rows, d_i) per player."""
    finite = len(history[0])
    taken = at[finite - 1] if finite else 0
    ended = {"status": "finished", "steps": taken}
    if finite < len(at):
        when = f"at step {at[finite]}" if at[finite] <= taken + 1 else f"between steps {taken + 1} and {at[finite]}"
        ended = {"status": "failed", "steps": taken, "reason": f"a number became NaN or infinite {when}"}
    thetas = [theta[-1:] for theta in history]
    policies = [
        {
            "player": i + 1,
            "state": joint,
            "own_state": own,
            "probabilities": dict(zip(game.actions[i], probabilities, strict=True)),
        }
        for i in range(len(thetas))
        for table in game.probabilities(thetas, i).tolist()
        for joint, own, probabilities in zip(game.state_names(0), game.state_names(i), table, strict=True)
    ]
    return ended | {"thetas": [row for theta in thetas for row in theta.tolist()], "policies": policies}
