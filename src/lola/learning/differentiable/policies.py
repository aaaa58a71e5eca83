"""Where players of games of real parameters start."""

from dataclasses import dataclass

from torch import Tensor

from lola.learning.policies import Plain


@dataclass(frozen=True)
class Around(Plain):
    """Parameters drawn around the game's `start`, a number per player."""

    def initial(self, i: int, seeds: list[int], std: float) -> Tensor:
        """θ_i ~ N(start_i, std²), one stream per (seed, player): float64, (S, d_i). Without std it is start_i."""
        return self.game.start[i] + super().initial(i, seeds, std)
