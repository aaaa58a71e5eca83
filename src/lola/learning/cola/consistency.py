"""How consistent a rule is: how far each player's direction is from what it would be if it knew the others'.

Nothing is trained. Points are drawn uniformly from [−r, r], and at each of them a rule's directions are held against
the gradient that looks ahead to them: Σ_i ‖f_i − ∇_i V_i(θ_i, θ_−i + η f_−i(θ))‖², the consistency loss of Willi et al.
(2022, COLA), where the derivative goes through f_−i.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lola.learning import trainers
from lola.learning.rules import Rule, Values, anticipate
from lola.learning.training import Keep, Snapshot, Trained
from lola.vocabulary import measures, registry

COLUMNS = ("eta", "metric", "value")


@dataclass(frozen=True)
class Evaluation:
    """The rule of a spec, at points of its region, which every seed draws for itself."""

    spec: dict
    seeds: list[int]

    def train(self, until: int, saved: Snapshot | None, keep: Keep) -> Iterator[Trained]:
        """The rows of each seed: mean and median loss at each η, a mean cosine; nan where directions are not finite.

        The cosine is that of the angle between all players' directions together and those of the rule that the spec's
        region has `against` it, if it has any. There is nothing to go on from.
        """
        game, region, etas = trainers.game(self.spec), self.spec["region"], registry.etas(self.spec)
        values, each = Values(game.values), region["points"]
        column = torch.tensor(etas, dtype=torch.float64).repeat_interleave(each)[:, None]
        named = [self.spec["seats"][0], region["against"]]
        rules = [rule_of(settings, column) if settings else None for settings in named]
        for s, seed in enumerate(self.seeds):
            first, other = (of_seed(rule, s, len(self.seeds)) for rule in rules)
            thetas = drawn(game.sizes, seed, region["radius"], each, len(etas))
            losses, cosines = held_against_itself(values, thetas, column, first, other)
            about = first.about(values, thetas)[::each] if hasattr(first, "about") else [{}] * len(etas)
            rows = []
            for n, eta in enumerate(etas):
                found = summed_up(losses[n * each : (n + 1) * each].numpy())
                if cosines is not None:
                    found[measures.COSINE] = mean(cosines[n * each : (n + 1) * each].numpy())
                rows += [(eta, name, value) for name, value in (found | about[n]).items()]
            yield Trained(COLUMNS, rows, {"status": "finished", "steps": 0, "policies": []})


def rule_of(settings: dict, eta: Tensor) -> Rule:
    """The rule of an algorithm's block, at a look-ahead rate for each row."""
    return trainers.configured(registry.RULES[settings["rule"]], settings | {"eta": eta})


def of_seed(rule: Rule | None, s: int, seeds: int) -> Rule | None:
    """A rule for the s-th of so many seeds, each of which may have networks of its own."""
    return rule.of_seed(s, seeds) if hasattr(rule, "of_seed") else rule


def drawn(sizes: list[int], seed: int, radius: float, points: int, times: int) -> list[Tensor]:
    """Points of [−r, r], so many per seed and again for each η: (η × points, d_i) per player."""
    found = []
    for i, size in enumerate(sizes):
        uniform = np.random.default_rng([seed, i]).random((points, size))
        found.append(torch.from_numpy(radius * (2 * uniform - 1)).repeat(times, 1).requires_grad_())
    return found


def held_against_itself(
    values: Values, thetas: list[Tensor], eta: Tensor, rule: Rule, other: Rule | None = None
) -> tuple[Tensor, Tensor | None]:
    """The consistency loss of a rule at each point, (R,), and the cosine between its directions and another's."""
    players, looking_ahead = range(len(thetas)), anticipate(rule, eta)
    f, ahead = (flat([each(values, thetas, i) for i in players]) for each in (rule, looking_ahead))
    losses = dot(f - ahead, f - ahead)
    if other is None:
        return losses, None
    g = flat([other(values, thetas, i) for i in players])
    return losses, dot(f, g) / (dot(f, f).sqrt() * dot(g, g).sqrt())


def flat(directions: list[Tensor]) -> Tensor:
    """Directions of all players side by side, (R, Σd)."""
    return torch.cat(directions, dim=1).detach()


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Σ_k a_k b_k, (R,), one term after another."""
    return sum(x * y for x, y in zip(a.unbind(1), b.unbind(1), strict=True))


def summed_up(losses: np.ndarray) -> dict[str, float]:
    """The mean and the median of losses at points."""
    return {measures.CONSISTENCY: mean(losses), measures.MEDIAN_CONSISTENCY: float(np.median(losses))}


def mean(numbers: np.ndarray) -> float:
    """The mean, added up one by one."""
    return float(np.add.accumulate(numbers)[-1] / len(numbers))
