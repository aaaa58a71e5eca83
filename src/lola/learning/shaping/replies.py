"""Best replies to memory-one policies, and what they say of a policy: how it fares against who knows it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lola.learning.matrix.game import MatrixGame
from lola.learning.players import Seat, View
from lola.learning.shaping import kernels
from lola.learning.shaping.chain import told

SURE = 18.420680733952366  # a logit: of two actions the other one is taken once in 10⁸ times


def best_reply(game: MatrixGame, thetas: list[Tensor], i: int) -> tuple[Tensor, Tensor]:
    """Player i's best replies to all others, an action for each joint state (S, states), and all values (S, players).

    Against memory-one players it is best to answer the state alone, whatever else one may remember (Press & Dyson
    2012), and one action in each is as good as any mixture; so this is the maximum over all policies. By policy
    iteration in closed form; `thetas[i]` does not count. Values are not times 1 − γ.
    """
    actions, values = kernels.answer_best(*told(game, thetas), i)
    return torch.from_numpy(actions), torch.from_numpy(values)


def logits(game: MatrixGame, actions: Tensor, i: int, sure: float = SURE) -> Tensor:
    """Player i's parameters (S, d_i) that take an action in each joint state, (S, states), by logits of ± `sure`."""
    count = game.counts[i]
    chosen = torch.nn.functional.one_hot(actions, count)[..., :-1] - (actions == count - 1)[..., None].long()
    own = torch.empty(*actions.shape, count - 1, dtype=torch.float64)
    own[:, game.views[i]] = sure * chosen.double()
    return own.flatten(1)


@dataclass(frozen=True)
class BestResponse:
    """θ_i ← the best reply to the others' policies as they are; at first it is drawn like anybody's."""

    def start(self, seat: Seat) -> tuple[Tensor, None]:
        return seat.policies[seat.i].initial(seat.i, seat.seeds, seat.std), None

    def step(self, view: View, memory: None) -> tuple[Tensor, None]:
        actions, _ = best_reply(view.game, view.thetas, view.i)
        return logits(view.game, actions, view.i), None


@dataclass(frozen=True)
class Frozen:
    """A `policy` that never moves: always_cooperate, always_defect, tit_for_tat or random; or one to begin with.

    The first action is to cooperate, the last to defect. Tit-for-tat, of two players with the same actions, cooperates
    first and then takes what the other took last. At random every action is as likely. `logit` says how surely actions
    are taken.
    """

    policy: str = "random"
    logit: float = SURE

    def start(self, seat: Seat) -> tuple[Tensor, None]:
        game, i = seat.game, seat.i
        if self.policy == "random":
            return torch.zeros(len(seat.seeds), game.sizes[i], dtype=torch.float64), None
        actions = torch.full((len(seat.seeds), len(game.views[i])), 0)
        if self.policy == "always_defect":
            actions += game.counts[i] - 1
        if self.policy == "tit_for_tat":
            actions[:, 1:] = torch.from_numpy(game.joint[1 - i])
        return logits(game, actions, i, self.logit), None

    def step(self, view: View, memory: None) -> tuple[Tensor, None]:
        return view.thetas[view.i], None
