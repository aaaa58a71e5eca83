"""Matches that tests play: everybody who can take a seat, by name, and what is left of a match."""

from dataclasses import replace

import numpy as np
from golden.regenerate import GAMES

from lola.learning import rules
from lola.learning.opponent_models import oracle
from lola.learning.players import Climber
from lola.learning.policies import Tabular
from lola.learning.tabular.learners import Tables
from lola.learning.tabular.match import Match
from lola.learning.tabular.perspectives import as_described
from lola.learning.training import learn
from lola.vocabulary.registry import LEARNERS, PERSPECTIVES, RULES

TABLES = {name: entry for name, entry in LEARNERS.items() if "match" in entry.courses}
IPD, IMP = GAMES["ipd"], GAMES["imp"]
# Fast enough that in a few hundred steps policies reach their bounds and every decay is felt.
Q = {"alpha": 0.2, "decay": 0.01, "epsilon": 0.3}
CLIMB = {"alpha": 0.2, "decay": 0.01, "delta": 0.05, "delta_decay": 0.02}
SETTINGS = {"q": Q, "joint_q": Q, "phc": CLIMB, "wolf_phc": CLIMB | {"lose": 3.0}}
SETTINGS |= {"fixed": {}, "naive": {"lr": 0.7}, "lola": {"lr": 0.7, "eta": 1.0}}


def player(name, model=None):
    """A learner, a rule with its learning rate, or somebody who never moves."""
    if name in TABLES:
        return TABLES[name].load()(**SETTINGS[name])
    settings = {"lr": 0.0} | SETTINGS[name]
    lr = settings.pop("lr")
    return Climber(RULES[name].load()(**settings) if name in RULES else rules.naive(), lr, model or oracle())


def match_of(game, players, seeds=(0,), length=100, perspective=as_described, std=1.0):
    """A match of players, from a perspective on the game."""
    policies = [Tabular(game)] * len(players)
    return Match(game, list(players), policies, list(seeds), std, length=length, perspective=perspective(game))


def match(game, names, seeds=(0,), length=100, perspective="as_described", model=None):
    players = [player(name, model) for name in names]
    return match_of(game, players, seeds, length, PERSPECTIVES[perspective].load())


def started(played, std):
    """The state before the first episode, drawn with another standard deviation."""
    return replace(played, std=std).start()


def states_of(played, episodes, start=None):
    """The state before the first episode and after each."""
    return list(learn(played, start or played.start(), episodes))


def bits(states, s):
    """The bytes of row s of every state."""
    arrays = []
    for state in states:
        arrays += [theta[s].numpy() for theta in state.thetas]
        for memory in state.memories:
            kept = memory if isinstance(memory, Tables) else (*memory.believed, memory.critic)
            arrays += [table[s] for table in kept]
        if state.rollouts:
            arrays += [state.rollouts.codes[s], state.rollouts.returns[s], state.rollouts.shares[s]]
    return b"".join(np.asarray(array).tobytes() for array in arrays)
