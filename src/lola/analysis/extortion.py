"""How near policies of two actions come to those that extort (Press & Dyson 2012)."""

import numpy as np

from lola.analysis.groups import Group
from lola.analysis.metrics import Sample, mean

OWN_VIEW = {1: [1, 2, 3, 4], 2: [1, 3, 2, 4]}  # the joint states CC, CD, DC and DD with a player's own action first


def extortion(group: Group, payoffs: list[float], player: int = 1) -> Sample:
    """The squared distance of a player's P(C | CC, CD, DC, DD) to the nearest policy that extorts, of every run.

    `payoffs` are what it earns in these four. The regression loss of COALA's Figure 8 (Meulemans et al. 2025).
    """
    cooperates = group.policies(player)[:, OWN_VIEW[player], 0]
    return Sample((*group.play.index,), distances(cooperates, payoffs)[:, None], mean())


def distances(policies: np.ndarray, payoffs: list[float]) -> np.ndarray:
    """The least squared distances of policies (n, 4) to those that extort, (n,).

    These are (1, 1, 0, 0) + φ(a, −1, b, 0) + φχ(−a, −b, 1, 0) with χ ≥ 1, φ ≥ 0 and φ(1 + χb) ≤ 1, where
    a = (R − P)/(P − S) and b = (T − P)/(P − S): a triangle, with its corners where φ = 0, χ = 1 or φ is largest.
    """
    R, S, T, P = payoffs
    a, b = (R - P) / (P - S), (T - P) / (P - S)
    nothing = np.array([1.0, 1.0, 0.0, 0.0])
    spanned = np.array([[a, -1.0, b, 0.0], [-a, -b, 1.0, 0.0]])
    corners = np.array([[0.0, 0.0], [1 / (1 + b)] * 2, [0.0, 1 / b]]) @ spanned + nothing
    edges = [along(policies, corners[k], corners[(k + 1) % 3]) for k in range(3)]
    (phi, phi_chi), *_ = np.linalg.lstsq(spanned.T, (policies - nothing).T)
    inside = (phi >= 0) & (phi_chi >= phi) & (phi + b * phi_chi <= 1)
    within = ((policies - nothing - np.stack([phi, phi_chi], axis=-1) @ spanned) ** 2).sum(axis=-1)
    return np.where(inside, within, np.min(edges, axis=0))


def along(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The squared distances of points (n, d) to the line from one point to another."""
    line = end - start
    share = np.clip((points - start) @ line / (line @ line), 0, 1)
    return ((points - start - share[:, None] * line) ** 2).sum(axis=-1)


QUANTITIES = {"extortion": extortion}
