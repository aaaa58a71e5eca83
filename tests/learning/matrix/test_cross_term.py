"""How noisy the cross term of eq. 4.6 is from 4000 roll-outs, and what centring its rewards does (docs/lola.md)."""

import numpy as np
import pytest
import torch

from lola.learning.joint.field import field
from lola.learning.matrix.job import build
from lola.learning.rules import Values
from lola.study import plan
from lola.study.config import load

SEEDS, BATCHES = [0, 1, 2, 3], 20


def size_and_noise(game, algorithm):
    """|χ| of player 1 at the start, per seed, and the root mean square of what one estimate is off."""
    group = plan.groups(load())[f"{game}/{algorithm}/oracle"]
    job = build(group.spec, SEEDS)
    start, estimator = job.start(), job.players[0].estimator
    thetas = [theta.clone().requires_grad_() for theta in start.thetas]
    critics = [np.zeros((len(SEEDS), 5))] * 2
    found = []
    for batch in range(BATCHES):
        rollouts = job.play(start.thetas, (1000 + batch, 0))

        def estimated(at, rollouts=rollouts):
            return estimator.values(rollouts, at, critics)

        at = field(Values(estimated), thetas)
        found.append(at.parts(at.shape)[0].detach())
    estimates = torch.stack(found)
    mean = estimates.mean(0)
    return mean.norm(dim=-1).numpy(), (estimates - mean).square().sum(-1).mean(0).sqrt().numpy()


@pytest.fixture(scope="module")
def found():
    return {
        (game, form): size_and_noise(game, f"lola-pg{form}") for game in ("ipd", "imp") for form in ("", "-centred")
    }


def test_in_the_prisoners_dilemma_one_estimate_is_as_noisy_as_the_term_is_large(found):
    size, noise = found["ipd", ""]
    assert (size > 4).all() and (size < 11).all() and (noise > 4).all() and (noise < 9).all()


def test_centring_takes_most_of_the_noise_away_and_leaves_the_term(found):
    (size, noise), (centred_size, centred_noise) = found["ipd", ""], found["ipd", "-centred"]
    assert (centred_noise < noise / 3).all()
    assert (np.abs(size - centred_size) < 4 * np.hypot(noise, centred_noise) / np.sqrt(BATCHES)).all()


def test_in_matching_pennies_rewards_average_nothing_so_that_centring_does_nothing(found):
    size, noise = found["imp", ""]
    assert (noise < size / 4).all() and found["imp", "-centred"][1] == pytest.approx(noise, rel=0.1)
