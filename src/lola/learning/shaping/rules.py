"""Rules that shape by the chain of states, of exact values of iterated matrix games between memory-one players.

s is a state, a a joint action and at once the state that it leads to; d(s) = Σ_t γᵗ P(s_t = s), Π(a|s) the play of all,
A_k(s, a) = r_k(a) + γ V_k(a) − V_k(s) the advantage of a joint action, and M(s, s′) = Σ_t γᵗ P(s_t = s′ | s_0 = s). The
papers' methods are sampled; what stands here is the expectation that their estimators have with exact values. Every
rule is ∇_i V_i and a term that shapes, which counts `weight` times beside it, with V not times 1 − γ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning.rules import Rule, Values
from lola.learning.shaping import kernels
from lola.learning.shaping.chain import per_seed, told

QUADRANTS = ("++", "+-", "-+", "--")  # the signs of my past advantages, then of the other's now


@dataclass(frozen=True)
class OfChain:
    """A kernel's direction of player i, given everybody's logits, the game, the weight of shaping and what else."""

    kernel: Callable
    weight: float | Tensor
    given: tuple

    def __call__(self, values: Values, thetas: list[Tensor], i: int) -> Tensor:
        game = values.closed_form
        return torch.from_numpy(self.kernel(*told(game, thetas), i, per_seed(self.weight, thetas), *self.given))


def advantage_alignment(weight: float | Tensor, quadrants: Sequence[str] = QUADRANTS) -> Rule:
    """∇_i V_i + w Σ_j≠i E Σ_k<t γᵗ A_i(s_k, a_k) A_j(s_t, a_t) ∇ log π_i(a_i,t|s_t): advantage alignment, AA-Ex.

    Duque et al. 2025. Its A*_t = A_t + βγ (Σ_k<t γᵗ⁻ᵏ A_k) A′_t leaves open whether a further γᵗ multiplies it; here a
    pair k < t counts γᵗ in all: Σ_s d(s) Σ_a Π A_i(s, a) γ Σ_s′ M(a, s′) Σ_a′ Π A_j(s′, a′) ∇ log π_i(a′_i|s′). Of the
    pairs of signs of A_i and A_j only `quadrants` count: ++ is mutual benefit, +- empathy, -+ vengeance, -- spite. The
    paper was not open to us; the formula is relayed by reviews.
    """
    kept = torch.tensor([[one + other in quadrants for other in "+-"] for one in "+-"])
    return OfChain(kernels.align, weight, (kept.numpy(),))


def loqa(tau: float, weight: float | Tensor = 1.0, through: str = "all") -> Rule:
    """∇_i V_i + w Σ_j≠i Σ_s d(s) Σ_a Π A_i(s, a) ∇_i log π̂_j(a_j|s), π̂_j = softmax_b Q_j(s, b) / τ: LOQA-Ex.

    Aghajohari et al. 2024: others are taken to play by their Q-values, Q_j(s, b) = E[r_j + γ V_j | b], of which γ V_j
    alone depends on θ_i; all else is held constant. `through` those of `all` actions the normaliser falls out, since
    advantages have the mean 0: Σ_s d(s) Σ_a Π E[A_i | s, a_j] γ ∇_i V_j(a) / τ. Through that of the `taken` action
    alone, as in the released code, other Q-values are constants, and what follows is known with my own action in it:
    Σ_s d(s) Σ_a Π A_i(s, a) (1 − π̂_j(a_j|s)) γ ∇_i V_j(a) / τ. The code's further discount of 0.9 is left out. The
    paper was not open to us; its code was.
    """
    return OfChain(kernels.q_aware, weight, (tau, through == "taken"))


def brs(tau: float, self_play: float = 0.0) -> Rule:
    """∇_i [Σ_k softmax_k(V_j(θ_i, k) / τ) V_i(θ_i, k) + c V_i(θ_i, θ_i)]: best response shaping, BRS-Ex.

    Aghajohari et al. 2024 (RLJ), for two players. k are all of the other's memory-one replies that take one action in
    each state, τ is of values that are not times 1 − γ. The paper's detective is a network that approximates a best
    reply; this one is exact but for τ, which makes it differentiable. `self_play` is c, for players with
    equally many actions. Who the other really is plays no part. The paper was not open to us; reviews relay it.
    """
    return OfReplies(tau, self_play)


@dataclass(frozen=True)
class OfReplies:
    """The rule of `brs`."""

    tau: float
    self_play: float

    def __call__(self, values: Values, thetas: list[Tensor], i: int) -> Tensor:
        assert len(thetas) == 2, "best response shaping is for two players"
        return torch.from_numpy(kernels.meet_replies(*told(values.closed_form, thetas), i, self.tau, self.self_play))
