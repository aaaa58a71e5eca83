"""How near policies come to extortion, against a search over χ and φ."""

import numpy as np
import pytest
from group_files import write_group

from lola.analysis.extortion import distances, extortion

PAYOFFS = [1, -1, 2, 0]  # COALA's, of CC, CD, DC and DD
TIT_FOR_TAT = (1, 0, 1, 0)


def extorting(chi, phi):
    """Press & Dyson's policies as COALA's equation 18 has them, for these payoffs."""
    R, S, T, P = PAYOFFS
    gap = P - S
    return np.array(
        [1 - phi * (chi - 1) * (R - P) / gap, 1 - phi * (1 + chi * (T - P) / gap), phi * (chi + (T - P) / gap), 0]
    )


@pytest.mark.parametrize(("chi", "phi"), [(1.0, 1 / 3), (3.0, 0.1), (20.0, 1 / 41), (1.0, 0.0)])
def test_policies_that_extort_are_no_distance_away(chi, phi):
    assert distances(extorting(chi, phi)[None], PAYOFFS) == pytest.approx([0], abs=1e-15)


def test_tit_for_tat_is_fair_and_whoever_cooperates_or_defects_for_ever_is_known():
    assert extorting(1.0, 1 / 3) == pytest.approx(TIT_FOR_TAT)
    assert distances(np.array([TIT_FOR_TAT], float), PAYOFFS) == pytest.approx([0])
    assert distances(np.array([[1, 1, 0, 1]], float), PAYOFFS) == pytest.approx([1])  # DD alone is off


def test_the_nearest_is_found_wherever_it_lies():
    policies = np.random.default_rng(0).uniform(size=(40, 4))
    found = distances(policies, PAYOFFS)
    chis = np.concatenate([np.linspace(1, 10, 300), np.geomspace(10, 1e5, 300)])
    for policy, distance in zip(policies, found, strict=True):
        tried = [
            ((policy - extorting(chi, phi)) ** 2).sum() for chi in chis for phi in np.linspace(0, 1 / (1 + 2 * chi), 60)
        ]
        assert distance <= min(tried) + 1e-12 and distance == pytest.approx(min(tried), abs=2e-3)


def test_a_groups_policies_are_read_in_the_players_own_view(tmp_path):
    first, second = (0.2, 0.9, 0.1, 0.6, 0.0), (0.3, 0.8, 0.7, 0.2, 0.1)  # by joint state, player 1's action first
    group = write_group(tmp_path, "ipd/a/oracle", {0: {1: [0], 2: [0]}}, {0: {1: first, 2: second}})
    assert extortion(group, PAYOFFS).runs == pytest.approx(distances(np.array([first[1:]]), PAYOFFS)[:, None])
    own = np.array([[0.8, 0.2, 0.7, 0.1]])
    assert extortion(group, PAYOFFS, player=2).runs == pytest.approx(distances(own, PAYOFFS)[:, None])
