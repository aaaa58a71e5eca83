"""Where a group's step is affine, θ ↦ Mθ + c: its spectral radius and its limit, from the settings and not from runs.

Steps converge from everywhere if there is a fixed point, and all eigenvalues of M have moduli below 1 but for those
that are 1, along which fixed points form a line or a plane. A step of players that remember the last one is affine in
(θ_t, θ_{t−1}), and M its companion matrix.
"""

import inspect
from dataclasses import dataclass

import numpy as np

from lola.analysis.affine import LEARNERS, RULES, Affine, Forms, NotLinear, rows

NEUTRAL = 1e-9  # of the size of M − I: an eigenvalue that is so near to 1 is 1
POINTS = 2000  # that are tried for a threshold


@dataclass(frozen=True)
class Step:
    """A step (θ_t, θ_{t−1}) ↦ (θ_{t+1}, θ_t), without the second if nobody remembers."""

    map: Affine
    players: int

    @property
    def radius(self) -> float:
        """The largest modulus of an eigenvalue of M that is not 1, and 1 if there is no other."""
        eigenvalues, moves = np.linalg.eigvals(self.map.matrix), self.map.matrix - np.eye(len(self.map.matrix))
        moving = eigenvalues[np.abs(eigenvalues - 1) > NEUTRAL * np.linalg.norm(moves, 2)]
        return float(np.abs(moving).max()) if len(moving) else 1.0

    def limit(self, start: np.ndarray) -> np.ndarray | None:
        """Where steps lead from θ_0 = θ_{−1} = `start`; None if they lead nowhere.

        P = lim Mᵏ is the projection on the eigenvectors of 1, along the others. With Pc = 0 the limit is Py + z, where
        (I − M + P)z = c; else steps drift away.
        """
        matrix, vector = self.map.matrix, self.map.vector
        if self.radius >= 1:
            return None
        identity = np.eye(len(vector))
        left, sizes, right = np.linalg.svd(matrix - identity)
        still = sizes <= NEUTRAL * sizes.max()
        left, right = left[:, still], right[still].T
        along = left.T @ right
        if len(along) and np.abs(np.linalg.det(along)) <= NEUTRAL:
            return None
        P = right @ np.linalg.inv(along) @ left.T
        if np.abs(P @ vector).max() > NEUTRAL * np.abs(vector).max():
            return None
        state = np.tile(start, len(vector) // self.players)
        return (P @ state + np.linalg.solve(identity - matrix + P, vector))[: self.players]


def step(spec: dict) -> Step:
    """The step of a group's spec. Raises NotLinear if it is none of a matrix and a vector."""
    if "terms" not in spec["game"]:
        raise NotLinear("the game is not given by terms")
    if spec.get("grid"):
        raise NotLinear("a map has a step for every point")
    game = Forms.of(spec["game"]["terms"])
    parts = [part(game, settings) for settings in spec["seats"]]
    now, remembered = rows([now for now, _ in parts]), np.stack([of[i] for i, (_, of) in enumerate(parts)])
    identity = np.eye(len(game.k))
    forth = Affine(identity + now.matrix, now.vector)
    if not remembered.any():
        return Step(forth, len(game.k))
    matrix = np.block([[forth.matrix + remembered, -remembered], [identity, 0 * identity]])
    return Step(Affine(matrix, np.concatenate([now.vector, 0 * now.vector])), len(game.k))


def at_point(spec: dict, place: dict[str, float]) -> dict:
    """The spec of a map's point: every seat has those of its settings that it takes."""
    seats = [seat | {axis: value for axis, value in place.items() if axis in seat} for seat in spec["seats"]]
    return spec | {"grid": None, "seats": seats}


def part(game: Forms, settings: dict) -> tuple[Affine, np.ndarray]:
    """θ_{t+1} − θ_t of all players, were they all of this algorithm: see `optimistic`."""
    if settings.get("lr_final") not in (None, settings["lr"]) or settings.get("clip"):
        raise NotLinear("the size of a step changes with lr_final or clip")
    name = settings.get("rule") or settings["learner"]
    known = LEARNERS if "learner" in settings else RULES
    if name not in known:
        raise NotLinear(f"no linear map is known of {name}")
    takes = inspect.signature(known[name]).parameters
    found = known[name](game, **{key: value for key, value in settings.items() if key in takes})
    return found if "learner" in settings else (settings["lr"] * found, np.zeros_like(game.J))


def threshold(spec: dict, over: list[str], most: float) -> float:
    """The least value of some settings, the same of all and of all players, at which the radius reaches 1.

    `most` if it does so nowhere up to there. Values are tried at `POINTS` places and then halved down to.
    """

    def leaves(value: float) -> bool:
        seats = [settings | dict.fromkeys(over, value) for settings in spec["seats"]]
        return step(spec | {"seats": seats}).radius >= 1

    tried = most * np.arange(1, POINTS + 1) / POINTS
    high = next((value for value in tried if leaves(float(value))), None)
    if high is None:
        return most
    low = high - most / POINTS
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if leaves(float(middle)) else (middle, high)
    return float(high)
