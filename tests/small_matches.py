"""Matches that tests play: everybody who can take a seat, by name, and what is left of a match."""

from golden.regenerate import GAMES

from lola.learning import rules
from lola.learning.opponent_models import oracle
from lola.learning.tabular.match import Match
from lola.learning.training import Seat
from lola.vocabulary.registry import LEARNERS, PERSPECTIVES, RULES

IPD, IMP = GAMES["ipd"], GAMES["imp"]
# Fast enough that in a few hundred steps policies reach their bounds and every decay is felt.
Q = {"alpha": 0.2, "decay": 0.01, "epsilon": 0.3}
CLIMB = {"alpha": 0.2, "decay": 0.01, "delta": 0.05, "delta_decay": 0.02}
SETTINGS = {"q": Q, "joint_q": Q, "phc": CLIMB, "wolf_phc": CLIMB | {"lose": 3.0}}
SETTINGS |= {"fixed": {}, "naive": {"lr": 0.7}, "lola": {"lr": 0.7, "eta": 1.0}}


def seat(name, model=None):
    """A learner, a rule with its learning rate, or somebody who never moves."""
    if name in LEARNERS:
        return LEARNERS[name].load()(**SETTINGS[name])
    settings = {"lr": 0.0} | SETTINGS[name]
    lr = settings.pop("lr")
    return Seat(RULES[name].load()(**settings) if name in RULES else rules.naive(), lr, model or oracle())


def match(game, names, seeds=(0,), length=100, perspective="as_described", model=None):
    seats = [seat(name, model) for name in names]
    return Match(game, seats, list(seeds), length, PERSPECTIVES[perspective].load()(game))


def states_of(played, episodes):
    return list(played.episodes(played.start(1.0), episodes))


def bits(states, s):
    """The bytes of row s of every state."""
    arrays = []
    for state in states:
        arrays += [theta[s].numpy() for theta in (*state.thetas, *(theta for of_i in state.believed for theta in of_i))]
        arrays += [table[s] for table in state.tables]
        if state.episode:
            arrays += [state.episode.rollouts.codes[s], state.episode.returns[s], state.episode.shares[s]]
    return b"".join(array.tobytes() for array in arrays)
