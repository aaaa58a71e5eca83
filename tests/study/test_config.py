"""The configs that ship are good, every block binds to its function, and each mistake gets its one message."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from lola.commands.checklist import origin, settings, trained_on
from lola.files import cells, damage
from lola.files.artifacts import canonical
from lola.learning import trainers
from lola.learning.matrix.job import build
from lola.learning.tabular.match import build as build_match
from lola.learning.training import COLUMNS
from lola.study import plan
from lola.study.checks import notes
from lola.study.config import BadConfig, load, overlay
from lola.study.reading import mapping
from lola.vocabulary import kinds, registry
from lola.vocabulary.settings import GAME, plain

BASE = "lola"

OVERLAYS = [
    [],
    *(
        [f"config/{name}.yaml"]
        for name in ("games", "lola/exploration", "lola/divergence", "lola/clipped", "lola/scale")
    ),
]


@pytest.mark.parametrize("overlays", [*OVERLAYS, ["config/lola/smoke.yaml"]])
def test_the_configs_that_ship_are_good(overlays):
    assert plan.groups(load(BASE, overlays))


ENTRIES = [
    *(*registry.RULES.values(), *registry.LEARNERS.values()),
    *(kind.game for kind in registry.KINDS.values()),
    *(entry for kind in registry.KINDS.values() for entry in kind.estimators.values()),
    *(entry for kind in registry.KINDS.values() for entry in kind.opponent_models.values()),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.module.rpartition('.')[2]}.{entry.name}")
def test_registered_settings_are_the_arguments_of_the_function(entry):
    parameters = inspect.signature(entry.load()).parameters.values()
    assert [*entry.settings.items()] == [(p.name, p.default is p.empty) for p in parameters]


def test_every_block_of_the_config_binds_to_its_function():
    for overlays in OVERLAYS:
        config = load(BASE, overlays)
        for game in config["games"].values():
            assert trainers.game({"game": plain(game, GAME, without=("length",))})
        for group in plan.groups(config).values():
            if group.course == "coin_game":
                assert all(trainers.parts(group.spec, [0])["players"])
            else:
                assert (build_match if group.course == "match" else build)(group.spec, [0])


def test_overlay_replaces_lists_merges_mappings_and_removes_nulls():
    below = {"a": {"x": 1, "y": [1, 2]}, "b": 2}
    assert overlay(below, {"a": {"y": [3]}, "b": None}) == {"a": {"x": 1, "y": [3]}}


def test_an_overlay_may_leave_out_what_lies_below(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("without: [study, figures, tables]\nstudy: {mine: {games: [ipd], algorithms: [nl-ex]}}")
    config = load(BASE, [path])
    assert list(plan.groups(config)) == ["ipd/nl-ex/oracle"]
    assert (config["figures"], config["tables"], "without" in config) == ({}, {}, False)


COMPARISON = "{kind: comparison, caption: x, game: ipd, algorithms: [nl-ex, lola-ex]"

NETWORKS = (
    "games: {nets: {kind: network_game, gamma: 0.9, actions: [C, D], payoffs: "
    "[[[1, -1], [2, 0]], [[1, 2], [-1, 0]]]}}\n"
    "study: {mine: {games: [nets], algorithms: [mine]}}\n"
)
MISTAKES = {
    "algorithms: {lola-ex: {etaa: 1}}": ["algorithms.lola-ex.etaa", "did you mean 'eta'"],
    "figures: {figure1: {captoin: x}}": ["figures.figure1.captoin", "did you mean 'caption'"],
    "sedes: 3": ["sedes", "did you mean 'seeds'"],
    "games: {ipd: {gamma: 1.0}}": ["games.ipd.gamma", "1.0", "up to but not including 1"],
    "games: {ipd: {gamma: -0.1}}": ["games.ipd.gamma", "-0.1"],
    "games: {ipd: {gamma: .nan}}": ["games.ipd.gamma", "nan", "finite"],
    "games: {ipd: {payoffs: [[[1, 2], [3]], [[1, 2], [3, 4]]]}}": ["games.ipd.payoffs", "player 1", "2 × 2"],
    "games: {ipd: {payoffs: [[[1, .inf], [3, 4]], [[1, 2], [3, 4]]]}}": ["games.ipd.payoffs[0][0][1]", "inf"],
    "games: {ipd: {payoffs: [[[1, a], [3, 4]], [[1, 2], [3, 4]]]}}": ["games.ipd.payoffs", "'a'"],
    "games: {ipd: {actions: [C, C]}}": ["games.ipd.actions", "different"],
    "games: {ipd: {actions: [yes, no]}}": ["games.ipd.actions", "True", "quotes"],
    "games: {coin-game: {kind: coin_gaem}}": [
        "games.coin-game.kind: given 'coin_gaem'; there is no such name; allowed: matrix_game, coin_game",
        "did you mean 'coin_game'",
    ],
    "games: {coin-game: {grid: 1}}": ["games.coin-game.grid", "given 1", "a whole number from 2"],
    "games: {coin-game: {grid: null}}": ["games.coin-game.grid: is missing; kind coin_game needs it"],
    "games: {coin-game: {tie: blue}}": ["games.coin-game.tie", "given 'blue'; allowed: both, red"],
    "games: {coin-game: {respawn: nowhere}}": ["games.coin-game.respawn", "given 'nowhere'; allowed: free, anywhere"],
    "games: {coin-game: {colour: red}}": ["games.coin-game.colour", "given 'red'; allowed: alternating, random"],
    "games: {coin-game: {hidden: 32}}": ["games.coin-game.hidden"],
    "games: {coin-game: {length: null}}": ["study.coin-game: coin-nl-pg needs roll-outs, and coin-game has none"],
    "games: {coin-game: {actions: [C, D]}}": ["games.coin-game.actions: kind coin_game takes no such setting"],
    "games: {ipd: {grid: 3}}": ["games.ipd.grid: kind matrix_game takes no such setting", "payoffs, gamma, actions"],
    "games: {ipd: {kind: coin_game}}": ["games.ipd.grid: is missing; kind coin_game needs it"],
    "games: {no: {gamma: 0.5}}": ["games.False", "quotes"],
    "on: 3": ["True", "quotes"],
    "tracking: off": ["tracking", "False", "deferred, live, none"],
    "algorithms: {nl-ex: {lr: -1}}": ["algorithms.nl-ex.lr", "-1", "a number from 0"],
    "algorithms: {nl-ex: {lr: .nan}}": ["algorithms.nl-ex.lr", "nan"],
    "algorithms: {nl-ex: {lr: '1'}}": ["algorithms.nl-ex.lr", "'1'"],
    "algorithms: {nl-ex: {eta: 1}}": ["algorithms.nl-ex.eta", "naive"],
    "algorithms: {lola-ex: {eta: null}}": ["algorithms.lola-ex.eta", "missing"],
    "algorithms: {lola-ex: {rule: lol}}": ["algorithms.lola-ex.rule", "did you mean 'lola'"],
    "algorithms: {coin-nl-pg: {hidden: 0}}": ["algorithms.coin-nl-pg.hidden", "given 0", "a whole number from 1"],
    "algorithms: {coin-nl-pg: {encoder: conv}}": [
        "algorithms.coin-nl-pg.encoder",
        "given 'conv'; allowed: linear, convolutional",
    ],
    "algorithms: {coin-nl-pg: {filters: 3}}": [
        "algorithms.coin-nl-pg.filters: is not used by a linear encoder; allowed: with encoder: convolutional"
    ],
    "algorithms: {nl-ex: {hidden: 8}}": ["in ipd, algorithms.nl-ex.hidden: the rule naive takes no such setting"],
    "algorithms: {a-vs-b: {rule: naive, lr: 1}}": ["algorithms.a-vs-b", "-vs-"],
    "study: {self-play: {games: [idp]}}": ["study.self-play.games", "did you mean 'ipd'"],
    "study: {self-play: {algorithms: [lola-x]}}": ["study.self-play.algorithms", "did you mean 'lola-ex'"],
    "study: {self-play: {opponent_models: [orcle]}}": ["opponent_models", "did you mean 'oracle'"],
    "study: {three: {games: [public-goods], algorithms: [nl-ex-vs-nl-ex]}}": ["study.three.algorithms", "2 seats", "3"],
    "study: {again: {games: [ipd], algorithms: [nl-ex], steps: 7}}": ["study.again", "ipd/nl-ex/oracle"],
    "study: {coin-game: {algorithms: [nl-ex]}}": [
        "study.coin-game: nl-ex needs exact values, and coin-game has none",
        "allowed: algorithms with an estimator: pg, dice",
    ],
    "study: {coin-game: {algorithms: [lola-pg-released]}}": [
        "algorithms.lola-pg-released.estimator: given 'pg_released'; there is no such name; allowed: pg, dice"
    ],
    "study: {coin-game: {algorithms: [lola-dice-2]}}": ["algorithms.lola-dice-2.inner_steps: given 2", "allowed: 1"],
    "study: {coin-game: {grid: {lr: [0.1, 1]}}}": ["study.coin-game.grid: is not used by a part with Coin Games"],
    "study: {coin-game: {every: null}}": ["study.coin-game.every: is missing", "needs algorithms, every"],
    "study: {coin-game: {steps: 1500, every: 100}}": [
        "study.coin-game.every: given 100; allowed: a number that divides a tenth of steps, 150, over which"
    ],
    "study: {coin-game: {games: [coin-game, ipd]}}": [
        "study.coin-game.games: given coin-game (coin_game) and ipd (matrix_game); allowed: games of one kind"
    ],
    "study: {tournament: {games: [coin-game]}}": [
        "study.tournament.games: given ['coin-game']; allowed in episodes: matrix games"
    ],
    "study: {map: {grid: {lr: [1]}}}": ["study.map.grid.lr", "at least two"],
    "figures: {figure1: {algorithms: [nl-ex, lola-exact]}}": ["figures.figure1", "ipd/lola-exact/oracle", "study"],
    "figures: {figure1: {algorithms: [nl-ex, lola-ex/clonning]}}": [
        *("figures.figure1", "'ipd/lola-ex/clonning'", "no such group", "did you mean 'ipd/lola-ex/")
    ],
    "figures: {figure1: {sampled: [lola-x]}}": ["figures.figure1", "'ipd/lola-x/oracle'", "did you mean 'ipd/lola-ex"],
    "figures: {figure1: {sampled: lola-ex}}": ["figures.figure1.sampled", "given 'lola-ex'", "a list of different"],
    "figures: {figure1: {saved: {nl-ex: [[0, -1]]}}}": ["figures.figure1.saved", "not used", "sampled, opponent_model"],
    f"figures: {{c: {COMPARISON}, saved: {{lola-ax: [[0, -1]]}}}}}}": [
        *("figures.c.saved", "'lola-ax'", "no such curve in this figure", "nl-ex, lola-ex (did you mean 'lola-ex'?)")
    ],
    f"figures: {{c: {COMPARISON}, saved: {{nl-ex: [[9]]}}}}}}": ["figures.c.saved.nl-ex[0]", "given [9]", "a pair of"],
    f"figures: {{c: {COMPARISON}, saved: {{nl-ex: [[0.5, 1]]}}}}}}": ["saved.nl-ex[0][0]", "given 0.5", "whole number"],
    f"figures: {{c: {COMPARISON}, saved: {{nl-ex: [[0, .nan]]}}}}}}": ["figures.c.saved.nl-ex[0][1]", "nan", "finite"],
    "figures: {figure1: {kind: learnign}}": ["figures.figure1.kind", "did you mean 'learning'"],
    "algorithms: {lola-pg: {batch: 0}}": ["algorithms.lola-pg.batch", "given 0", "a whole number from 1"],
    "algorithms: {nl-dice: {batch: 1}}": ["algorithms.nl-dice.batch", "given 1", "a whole number from 2"],
    "seeds: [4294967296]": ["seeds", "4294967296", "below 2"],
    "algorithms: {lola-pg: {batch: 64.0}}": ["algorithms.lola-pg.batch", "64.0", "a whole number from 1"],
    "algorithms: {lola-pg: {batch: null}}": ["algorithms.lola-pg.batch", "missing", "the estimator pg needs it"],
    "algorithms: {lola-pg: {estimator: dicee}}": ["algorithms.lola-pg.estimator", "'dicee'", "did you mean 'dice'"],
    "algorithms: {lola-pg: {estimator: null}}": ["algorithms.lola-pg.batch", "exact", "only with an estimator: pg"],
    "algorithms: {lola-pg: {order: 2}}": ["algorithms.lola-pg.order", "given 2", "first two derivatives"],
    "algorithms: {lola-pg: {rule: cgd}}": ["algorithms.lola-pg.estimator", "given 'pg'", "needs exact", "without it"],
    "algorithms: {coin-lola-pg: {rule: consensus, eta: null, penalty: 1}}": [
        "algorithms.coin-lola-pg.rule: given consensus, but estimators for recurrent players lack",
        "allowed: naive, lola, lola_surrogate",
    ],
    "algorithms: {mine: {rule: sos, lr: 1, eta: 1, a: 1, b: 0.1}}": [
        "algorithms.mine.a",
        "given 1",
        "but not including",
    ],
    "algorithms: {mine: {rule: sga, lr: 1}}": ["algorithms.mine.lam: is missing; the rule sga needs it"],
    "algorithms: {mine: {learner: lead, lr: 1, momentum: 1, coupling: 0}}": ["algorithms.mine.momentum", "given 1"],
    "algorithms: {lola-pg: {clip: 0}}": ["algorithms.lola-pg.clip", "given 0", "a number above 0"],
    "algorithms: {lola-pg: {lr_final: -1}}": ["algorithms.lola-pg.lr_final", "given -1", "a number from 0"],
    "algorithms: {lola-pg: {entropy: 0.1}}": [
        "study.policy-gradient: in ipd, algorithms.lola-pg.entropy: the rule lola and the estimator pg take no such"
    ],
    "algorithms: {mine: {rule: naive, lr: 1, estimator: pg, batch: 4, entropy: 0.1, baseline: true}}": [
        "algorithms.mine.baseline: the rule naive and the estimator pg take no such",
        "critic_lr, entropy",
    ],
    "algorithms: {mine: {rule: naive, lr: 1, estimator: pg_released, batch: 4, entropy: 0.1}}": [
        "algorithms.mine.entropy: the rule naive and the estimator pg_released take no such"
    ],
    "algorithms: {phc: {clip: 1}}": ["algorithms.phc.clip: the learner phc takes no such setting"],
    "algorithms: {lola-pg: {critic_lr: .nan}}": ["algorithms.lola-pg.critic_lr", "nan", "finite"],
    "algorithms: {lola-dice-1: {critic_lr: 1}}": [
        "lola-dice-1.critic_lr",
        "the estimator dice take no such",
        "inner_steps",
    ],
    "algorithms: {lola-dice-1: {inner_steps: 0}}": ["algorithms.lola-dice-1.inner_steps", "given 0", "from 1"],
    "games: {ipd: {length: 0}}": ["games.ipd.length", "given 0", "a whole number from 1"],
    "games: {ipd: {length: null}}": ["nl-pg needs roll-outs, and ipd has none", "games.ipd.length"],
    "study: {mine: {games: [chicken], algorithms: [lola-pg]}}": ["study.mine: lola-pg needs roll-outs", "chicken"],
    "study: {mine: {games: [chicken], algorithms: [nl-ex], opponent_models: [cloning]}}": [
        "study.mine: opponent model cloning needs roll-outs, and chicken has none"
    ],
    "study: {mine: {games: [ipd], algorithms: [lola-pg-vs-nl-dice]}}": [
        "study.mine.algorithms",
        "[64, 4000]",
        "one batch",
    ],
    "study: {mine: {games: [ipd], algorithms: [nl-ex], grid: {batch: [1, 2]}}}": [
        "study.mine.grid",
        "batch",
        "for nl-ex: lr",
    ],
    "study: {mine: {games: [ipd], algorithms: [nl-ex], grid: {eta: [1, 2]}}}": [
        "study.mine.grid: given eta",
        "nl-ex: lr",
    ],
    "study: {mine: {games: [ipd], algorithms: [nl-dice], grid: {batch: [2, 1]}}}": [
        "study.mine.grid.batch[1]: given 1; allowed for nl-dice: whole numbers from 2"
    ],
    "figures: {batch-size: {beside: lola-pgg}}": ["figures.batch-size.beside", "'lola-pgg'", "did you mean 'lola-pg'"],
    "study: {map-batch: {grid: {batch: [0, 1]}}}": [
        "study.map-batch.grid.batch[0]",
        "given 0",
        "a whole number from 1",
    ],
    "opponent_models: {cloning: {rate: fast}}": ["opponent_models.cloning.rate", "'fast'", "a number from 0"],
    "opponent_models: {cloning: {rate: .nan}}": ["opponent_models.cloning.rate", "nan", "a finite number"],
    "opponent_models: {cloning: {rate: null}}": ["opponent_models.cloning.rate", "missing", "cloning needs it"],
    "opponent_models: {cloning: {model: clone}}": ["opponent_models.cloning.model", "did you mean 'cloning'"],
    "opponent_models: {oracle: {rate: 1}}": ["opponent_models.oracle.rate", "the opponent model oracle takes no such"],
    "study: {tournament: {entrants: [nl-q]}}": ["study.tournament.entrants: given nl-q alone", "two or more"],
    "study: {tournament: {entrants: [nl-q, phc, nl-q]}}": ["study.tournament.entrants: nl-q is named 2 times", "once"],
    "study: {tournament: {entrants: [nl-q, wolf]}}": ["study.tournament.entrants", "'wolf'", "did you mean"],
    "study: {tournament: {entrants: [nl-q, lola-pg]}}": [
        "study.tournament.entrants: lola-pg needs 4000 roll-outs; allowed in episodes: algorithms with batch 1",
        "an episode is one roll-out",
    ],
    "algorithms: {mine: {rule: lola, lr: 1, eta: 1, estimator: pg, batch: 1}}\n"
    "study: {tournament-released: {entrants: [nl-q, mine]}}": [
        "study.tournament-released.entrants: mine estimates values; allowed with as_released: algorithms with exact"
    ],
    "study: {tournament: {episodes: null}}": [
        "study.tournament.length: is not used by a tournament without episodes; allowed: without it"
    ],
    "study: {cup: {games: [ipd], entrants: [nl-q, lola-ex]}}": [
        "study.cup.entrants: given nl-q, which learns as it plays, in episodes; allowed: parts that say episodes"
    ],
    "algorithms: {omd: {learner: optimistic, lr: 1}}\nstudy: {tournament: {entrants: [nl-q, omd]}}": [
        "study.tournament.entrants: given omd, which goes by everybody's parameters and not by play, for matches in "
        "episodes; allowed: matrix games, maps (parts with a grid), games of real parameters"
    ],
    "algorithms: {omd: {learner: optimistic, lr: 1}}\n"
    "study: {mine: {games: [ipd], algorithms: [omd], opponent_models: [cloning]}}": [
        "study.mine.opponent_models: given cloning for omd, which goes by everybody's true parameters",
        "allowed: oracle",
    ],
    "algorithms: {mine: {rule: loqa, lr: 1, tau: 1}}\nstudy: {mine: {games: [tandem], algorithms: [mine]}}": [
        "study.mine.algorithms: given mine, whose rule loqa needs tables of logits, one for each state; allowed: "
        "matrix games"
    ],
    "algorithms: {mine: {rule: loqa, lr: 1, tau: 1}}\nstudy: {coin-game: {algorithms: [mine]}}": [
        "study.coin-game.algorithms: given mine, whose rule loqa needs tables of logits, one for each state"
    ],
    "algorithms: {mine: {rule: loqa, lr: 1, tau: 1, through: both}}": [
        "algorithms.mine.through: given 'both'",
        "allowed: all, taken",
    ],
    "algorithms: {mine: {rule: loqa, lr: 1, tau: 1, estimator: pg, batch: 8}}": ["algorithms.mine.estimator", "exact"],
    "algorithms: {mine: {rule: advantage_alignment, lr: 1, weight: 1, quadrants: ['+']}}": [
        "algorithms.mine.quadrants[0]: given '+'",
        "allowed: ++, +-, -+, --",
    ],
    "algorithms: {mine: {rule: meta_mapg, lr: 1, eta: 1, inner_steps: 0}}": [
        "algorithms.mine.inner_steps: given 0; allowed: a whole number from 1 to 1000"
    ],
    "algorithms: {mine: {learner: coala, lr: 1, eta: 1, inner_steps: 0}}": [
        "algorithms.mine.inner_steps: given 0; allowed: a whole number from 1 to 1000"
    ],
    "algorithms: {mine: {rule: brs, lr: 1, tau: 1}}\nstudy: {mine: {games: [public-goods], algorithms: [mine]}}": [
        "study.mine.algorithms: given mine in public-goods, whose players have 2 × 2 × 2 actions; allowed for brs: "
        "games of 2 players with up to 10000 replies of one action per state"
    ],
    "games: {ipd: {payoffs: [[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]], "
    "actions: [a, b, c]}}\n"
    "algorithms: {mine: {rule: brs, lr: 1, tau: 1}}\nstudy: {mine: {games: [ipd], algorithms: [mine]}}": [
        "study.mine.algorithms: given mine in ipd, whose players have 3 × 3 actions; allowed for brs: games of 2 "
    ],
    "games: {ipd: {payoffs: [[[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 1, 0]]], "
    "actions: [[a, b], [a, b, c]]}}\n"
    "algorithms: {mine: {learner: frozen, policy: tit_for_tat}}\nstudy: {mine: {games: [ipd], algorithms: [mine]}}": [
        "study.mine.algorithms: given mine in ipd, whose players have 2 × 3 actions; allowed with tit_for_tat: as many "
        "for each"
    ],
    "algorithms: {mine: {learner: frozen, policy: tit_for_tat}}\n"
    "study: {mine: {games: [public-goods], algorithms: [mine]}}": ["allowed for tit_for_tat: games of 2 players"],
    "algorithms: {mine: {learner: frozen, policy: grim}}": [
        "algorithms.mine.policy: given 'grim'",
        "tit_for_tat, random",
    ],
    "algorithms: {mine: {learner: gs, lr: 1, eta: 1, inner_steps: 3, learners: 2}}\n"
    "study: {mine: {games: [ipd], algorithms: [mine], grid: {lr: [1, 2]}}}": [
        "study.mine.algorithms: given mine, which goes by everybody's parameters and not by play, for maps"
    ],
    NETWORKS + "algorithms: {mine: {rule: lola, lr: 1, eta: 1, hidden: 2, first_weights: [1, 2]}}": [
        "algorithms.mine.first_weights: given 2 numbers; allowed: 17, of 2 hidden units in nets"
    ],
    NETWORKS + "algorithms: {mine: {learner: outer_pola, eta: 1, beta: 1, proximal_lr: 1, precondition: -2}}": [
        "study.mine.algorithms: given mine in nets, whose players have networks; allowed with precondition: games with "
        "tables of logits"
    ],
    NETWORKS + "algorithms: {mine: {rule: loqa, lr: 1, tau: 1}}": [
        "study.mine.algorithms: given mine, whose rule loqa needs tables of logits, one for each state"
    ],
    NETWORKS + "algorithms: {mine: {learner: gs, lr: 1, eta: 1, inner_steps: 3, learners: 2}}": [
        "study.mine.algorithms: given mine, which goes by everybody's parameters and not by play, for matrix games of "
        "networks"
    ],
    "study: {cup: {games: [ipd], entrants: [nl-ex, lola-ex], length: 3}}": [
        "study.cup.length: is not used by a tournament without episodes"
    ],
    "study: {cup: {games: [coin-game], entrants: [coin-nl-pg, coin-lola-pg], steps: 20}}": [
        "study.cup.every: is missing; a tournament without episodes needs entrants, every"
    ],
    "study: {tournament: {games: [public-goods]}}": [
        "study.tournament.games: given public-goods, a game of 3 players; allowed: games of 2"
    ],
    "study: {tournament-released: {games: [chicken, stag-hunt, rps]}}\n"
    "games: {rps: {gamma: 0.9, actions: [R, P, S], payoffs: [[[0, -1, 1], [1, 0, -1], [-1, 1, 0]], "
    "[[0, 1, -1], [-1, 0, 1], [1, -1, 0]]]}}": [
        "study.tournament-released.games: given rps; allowed with as_released: games with 2 actions each"
    ],
    "study: {mine: {games: [public-goods], algorithms: [nl-q], episodes: 10, length: 2, every: 1, "
    "perspective: as_released}}": [
        "study.mine.games: given public-goods; allowed with as_released: games with 2 actions"
    ],
    "study: {tournament-released: {opponent_models: [cloning]}}": [
        "study.tournament-released.opponent_models",
        "cloning",
        "allowed with as_released: oracle",
    ],
    "study: {tournament: {perspective: as_relased}}": [
        "study.tournament.perspective",
        "did you mean 'as_released'",
    ],
    "study: {tournament: {every: 3}}": ["study.tournament.every: given 3", "divides a tenth of episodes, 100"],
    "study: {tournament: {every: 250}}": ["study.tournament.every: given 250", "divides a tenth of episodes, 100"],
    "study: {tournament: {every: null}}": ["study.tournament.every: is missing", "entrants, episodes, length, every"],
    "study: {tournament: {steps: 3}}": ["study.tournament.steps: is not used by a tournament"],
    "study: {self-play: {every: 3}}": ["study.self-play.every: given 3", "a number that divides steps, 200"],
    "study: {map: {every: 3}}": ["study.map.every: is not used by a part without entrants"],
    "study: {self-play: {further: 0}}": ["study.self-play.further: given 0", "a whole number from 1"],
    "study: {tournament: {further_first: 9}}": [
        "study.tournament.further_first: given 9 without further",
        "with further",
    ],
    "study: {self-play: {further: 9, further_first: 999}}": [
        "study.self-play.further_first: given 999",
        "up to 200, the steps of a run",
    ],
    "study: {map: {further: 9}}": ["study.map.further: given 9 for ipd/lola-ex@map/oracle", "parts without a grid"],
    "study: {tournament: {further: 9}}": ["study.tournament.further: given 9", "without episodes"],
    "study: {mine: {games: [ipd]}}": ["study.mine.algorithms: is missing"],
    "study: {mine: {games: [ipd], algorithms: [nl-q-vs-nl-ex]}}": [
        "study.mine.algorithms: given nl-q, which learns as it plays, in episodes; allowed: parts that say episodes",
    ],
    "figures: {figure4: {tournaments: [map]}}": [
        "figures.figure4.tournaments: given map",
        "parts of the study that have entrants",
    ],
    "algorithms: {nl-ex: {lr: yes}}": ["algorithms.nl-ex.lr: given True; allowed: a number from 0, δ: the player's"],
    "algorithms: {nl-ex: {RULE: lola}}": ["algorithms.nl-ex.RULE: there is no such key", "did you mean 'rule'?"],
    "study: {self-play: {games: [IPD]}}": ["study.self-play.games: given 'IPD'", "did you mean 'ipd'?"],
    "games: {ipd: {gamma: off}}": ["games.ipd.gamma: given False; allowed: a number from 0 up to but not including 1"],
    "games: {ipd: {actions: [on, off]}}": ["games.ipd.actions[0]: given True", "put them in quotes"],
    "title: ' '": ["title: given ''; allowed: a sentence"],
    "without: [figures, tables, figures]": ["without: given 'figures' 2 times; allowed: once"],
    "only: {games: [ipd, ipd]}": ["only.games: given 'ipd' 2 times; allowed: once"],
    "first: [[figure1], [figure1]]": ["first[1]: given figure1, which stands in first[0] too; allowed: once"],
    "results: ' x'": ["results: given ' x', which a shell or Snakemake would read"],
    "results: results/mlflow.db": ["results: given 'results/mlflow.db', which is what a file beside studies is called"],
    "figures: {figure1: {opponent_model: oracl}}": ["figures.figure1.opponent_model: given 'oracl'", "mean 'oracle'"],
    "figures: {figure2: {sampled: [nl-ex]}}": ["figures.figure2.sampled: given nl-ex, which is among algorithms too"],
    "figures: {figure2: {sampled: [nl-pgg]}}": ["figures.figure2.sampled: given 'imp/nl-pgg/oracle'; there is no such"],
    "figures: {dice: {saved: {nl-dice: [[0, -1], [0, -2]]}}}": [
        "figures.dice.saved.nl-dice[1]: given update 0 after 0; allowed: each update once, in order"
    ],
    "figures: {dice: {saved: null}}": ["figures.dice.saved_label: is not used without saved"],
    "study: {coin-game: {steps: 25, every: 5}}": [
        "study.coin-game.every: given 5; allowed: steps in a multiple of 10, not 25"
    ],
    "figures: {figure4: {tournaments: [cup]}}": ["figures.figure4", "'cup'", "no such part of the study"],
    "figures: {figure4-clones: {tournaments: [tournament-released]}}": [
        "figures.figure4-clones.opponent_model: given 'cloning'",
        "no such model in study.tournament-released; allowed: oracle",
    ],
    "study: {tournament-released: {games: [imp]}}": [
        "figures.figure4.games: given 'ipd'; there is no such game in study.tournament-released; allowed: imp"
    ],
    "algorithms: {jal-q: {label: NL-Q}}": [
        "figures.figure4: two entrants of tournament have the label 'NL-Q'; allowed: a label for each"
    ],
    "study: {tournament-released: {label: as described}}": [
        "figures.figure4: two tournaments have the label 'as described'"
    ],
    "algorithms: {lola-ex: {label: NL-Ex}}": [
        "figures.figure1: two groups have the label 'NL-Ex'; allowed: a label for each, ipd/nl-ex and ipd/lola-ex"
    ],
    'algorithms: {nl-pg: {label: " LOLA-PG\\n"}}': ["figures.figure1: two groups have the label 'LOLA-PG'"],
    "opponent_models: {cloning: {label: 1 step}}\nalgorithms: {nl-dice: {label: 'LOLA-DiCE, 2 steps, 1 step'}}": [
        "figures.dice: two groups have the label 'LOLA-DiCE, 2 steps, 1 step'; "
        "allowed: a label for each, ipd/nl-dice and ipd/lola-dice-2/cloning"
    ],
    "algorithms: {lola2-t4: {label: LOLA-Ex}}": [
        "tables.table4: two algorithms have the label 'LOLA-Ex'; allowed: a label for each, lola-t4 and lola2-t4"
    ],
    "games: {imp: {title: Iterated prisoner's dilemma}}": [
        'two games have the label "Iterated prisoner\'s dilemma"; allowed: a label for each, ipd and imp'
    ],
    "figures: {dice: {saved_label: NL}}": [
        "figures.dice: two groups have the label 'NL'; allowed: a label for each, ipd/nl-dice and saved_label"
    ],
    "figures: {figure1: {sampled: [nl-ex/oracle]}}": [
        "figures.figure1: given ipd/nl-ex and ipd/nl-ex/oracle, which are the same runs; allowed: one of them"
    ],
    'algorithms: {nl-ex: {label: " \\t"}}': ["algorithms.nl-ex.label: given ''; allowed: text"],
    "study: {cup: {games: [ipd], episodes: 10, length: 2, every: 1}}": [
        "study.cup.algorithms: is missing; a part with matches in episodes needs algorithms, episodes, length, every"
    ],
    "figures: {opponent-models: {games: [coin-game], algorithms: [coin-lola-pg, coin-lola-pg/coin-cloning]}}": [
        "figures.opponent-models: given coin-game/coin-lola-pg/oracle, one of the Coin Games; "
        "kind beliefs shows matrix games"
    ],
    "tables: {table4: {game: coin-game, algorithms: [coin-nl-pg]}}": [
        "tables.table4: given coin-game/coin-nl-pg/oracle, one of the Coin Games; "
        "kind matchups shows matrix games of 2 players"
    ],
    "figures: {figure1: {sampled: [nl-q@tournament]}}": [
        "figures.figure1: given ipd/nl-q@tournament/oracle, one of the matches in episodes; "
        "kind learning shows matrix games of 2 players with 2 actions"
    ],
    "algorithms: {phc: {rule: naive}}": ["algorithms.phc: given both of rule and learner"],
    "algorithms: {phc: {learner: null}}": ["algorithms.phc: given neither of rule and learner"],
    "algorithms: {phc: {learner: phk}}": ["algorithms.phc.learner", "'phk'", "did you mean 'phc'"],
    "algorithms: {phc: {lr: 1}}": ["algorithms.phc.lr: the learner phc takes no such setting"],
    "algorithms: {phc: {delta: null}}": ["algorithms.phc.delta: is missing; the learner phc needs it"],
    "algorithms: {phc: {delta: 0}}": ["algorithms.phc.delta", "given 0", "above 0"],
    "algorithms: {nl-q: {epsilon: 2}}": ["algorithms.nl-q.epsilon", "given 2", "from 0 to 1"],
    "algorithms: {nl-ex: {lr: null}}": ["algorithms.nl-ex.lr: is missing"],
    "without: [studdy]": ["without", "'studdy'", "study", "did you mean 'study'"],
    "only: {study: [self-plya]}": ["only.study", "'self-plya'", "self-play", "did you mean 'self-play'"],
    "only: {studdy: [self-play]}": ["only", "'studdy'", "did you mean 'study'"],
    "only: {figures: figure1}": ["only.figures", "'figure1'", "a list of figure1, figure2"],
    "only: [study]": ["only", "a mapping of games, algorithms"],
    "without: study": ["without", "'study'", "a list of games, algorithms, opponent_models, study, figures, tables"],
    "device: gpu": ["device", "given 'gpu'; allowed: auto, cpu, cuda"],
    "device: null": ["device", "missing"],
    "seeds: [1, 1]": ["seeds", "[1, 1]", "different"],
    "seeds: [-1]": ["seeds", "[-1]"],
    "seeds: 0": ["seeds", "given 0"],
    "seeds: 3.0": ["seeds", "3.0", "whole number"],
    "seeds: [0, 1.0]": ["seeds", "[0, 1.0]"],
    "seeds: 100000000000": ["seeds", "100000"],
    "steps: 8.0": ["steps", "8.0"],
    "games: {ipd: {actions: [C, 1]}}": ["games.ipd.actions[1]", "given 1", "name of an action"],
    "a: &x [*x]": ["alias"],
    "results: .": ["results", "'.'"],
    "results: ../out": ["results", "'../out'"],
    "results: 'a{x}'": ["results", "braces"],
    "figures: {figure1: {games: [ipd], game: null}}": ["figures.figure1.game", "missing", "learning"],
    "figures: {figure1: {algorithms: [lola-ex@map]}}": [
        "figures.figure1",
        "lola-ex@map",
        "one of the maps",
        "shows matrix games",
    ],
    "figures: {sensitivity: {algorithm: lola-ex}}": [
        "figures.sensitivity: given ipd/lola-ex/oracle, one of the matrix games; "
        "kind map shows maps (parts with a grid) of 2 players with 2 actions by 2 axes"
    ],
    "tables: {table4: {game: public-goods}}": [
        "tables.table4",
        "public-goods, whose 3 players have [2, 2, 2] actions",
        "of 2 players",
    ],
    "tables: {claims: {kind: matchups, game: ipd, algorithms: [nl-ex], caption: x}}": ["tables.claims", "taken"],
    "first: [[figure1], [figure9]]": ["first[1]: given 'figure9'; there is no such figure or table", "did you mean"],
    "first: [figure1]": ["first[0]", "given 'figure1'", "a list of different figures and tables"],
    "first: [[[figure1]]]": ["first[0][0]", "given ['figure1']"],
    "without: [figures]\nfirst: [[{figure1: x}]]": ["first[0][0]", "given {'figure1': 'x'}"],
    "first: [[figure1, figure1]]": ["first[0]", "a list of different figures and tables"],
    "without: [figures, tables]\nfirst: [[figure1]]": ["first[0]: given 'figure1'; there is no such figure or table"],
    "seeds: yes": ["seeds", "True"],
    "steps: 0": ["steps", "given 0"],
    "steps: 1.5": ["steps", "1.5"],
    "seeds: 2\nseeds: 3": ["'seeds'", "twice", "line 2"],
    "": ["holds nothing"],
    "- 1": ["holds a list"],
    "a: [b": ["not YAML", "line 1"],
    "games: {imp: {gamma: 0,9}}": ["line 1 is read as 'gamma: 0' and a key '9' without a value", "a point, 0.9"],
    "without: [figures, tables]\nfirst: [[a]]\ngames: {imp: {length: 5, title}}": ["line 3", "a key 'title' without"],
    "algorithms: {a: {<<: {rule: naive, lr: 1, lr: 2}}}": ["'lr' is given twice (line 1)"],
    "algorithms:\n  a: {rule: naive, lr: 1}\n  a: {rule: naive, lr: 2}": ["'a' is given twice (line 3)"],
    "steps: 0b11": ["steps: given '0b11'; allowed: a whole number"],
    "steps: 1_0": ["steps: given '1_0'"],
    "steps: 1:30": ["steps: given '1:30'"],
    "steps: 0,5": ["steps: given '0,5'"],
    "games: {ipd: {payoffs: [[[1/3, -3], [0, -2]], [[-1, 0], [-3, -2]]]}}": [
        "games.ipd.payoffs[0][0][0]: given '1/3'; allowed: a number"
    ],
    "games: {2024: {gamma: 0.5}}": ["games.2024: the key was read as 2024; allowed: text: put the key in quotes"],
    "study: {map-releasd: null}": [
        "study.map-releasd: given null, which removes a key, and there is none; allowed: self-play, discount",
        "did you mean 'map-released'",
    ],
    "algorithms: {nl-ex: {eat: null, lrr: null}}": [
        "2 faults",
        "nl-ex.eat: given null",
        "nl-ex.lrr: given null",
        "'lr'",
    ],
    "without: [study]\nstudy: {map: null}": ["study.map: given null", "allowed: none"],
    "figures: {mine: {kind: returns}}\ngames: {imp: {gama: 1, lenght: 2}}\nsteps: 0": [
        *(
            "4 faults",
            "figures.mine.caption: is missing",
            "imp.gama: there is no such key",
            "imp.lenght",
            "steps: given 0",
        )
    ],
    "games: {a b: {gamma: 0.5}, é: {gamma: 0.5}}": ["2 faults", "games.'a b'", "games.é", "letters (A to Z)"],
    'games: {"ipd\\n": {gamma: 0.5}}': ["games.'ipd\\n': given 'ipd\\n'; allowed: a name of up to 60 letters (A to Z)"],
    f"games: {{{'x' * 61}: {{gamma: 0.5}}}}": ["a name of up to 60 letters"],
    'games: {ipd: {actions: ["C\\n", D]}}': ["games.ipd.actions[0]", "'C\\n'"],
    'algorithms: {nl-ex: {label: "\\ud800"}}': ["algorithms.nl-ex.label", "'\\ud800'", "without control characters"],
    "algorithms: {nl-ex: {label: ' '}}": ["algorithms.nl-ex.label: given ''; allowed: text of up to 100 characters"],
    f"algorithms: {{nl-ex: {{label: {'x' * 101}}}}}": ["algorithms.nl-ex.label", "text of up to 100 characters"],
    "algorithms: {a-vs: {rule: naive, lr: 1}}": ["algorithms.a-vs: the name ends like '-vs-'"],
    "figures: {figure1: {algorithms: [nl-ex/oracle/x]}}": ["figures.figure1.algorithms", "algorithm/opponent model"],
    "only: {study: [[self-play]]}": ["only.study", "given ['self-play']"],
    "paper: ''": ["paper: given lola and ''"],
    f"algorithms: {{nl-ex: {{lr: {'9' * 310}}}}}": ["algorithms.nl-ex.lr: given 999", "a finite number"],
    f"algorithms: {{nl-ex: {{lr: {'9' * 5000}}}}}": ["a number of 5000 digits (line 1); allowed: up to 400"],
    "algorithms: {nl-ex: {lr: !!float abc}}": ["the tag '!!float' (line 1); allowed: values without tags"],
    "seeds: !!int abc": ["the tag '!!int' (line 1)"],
    f"a: {'[' * 1000}{']' * 1000}": ["nested more than 30 deep"],
    f"a: {'[' * 40}{']' * 40}": ["nested more than 30 deep"],
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)): [
        "holds more than 200000 values, those of an alias each time"
    ],
    "a: b\nc: \0": ["not YAML (line 2: the character '\\x00' is not allowed)"],
    "sources: {3: x}": ["sources.3: the key was read as 3"],
    "algorithms: {lola-pg: {batch: 1000000000000}}": ["algorithms.lola-pg.batch: given 1000000000000", "to 10000000"],
    "algorithms: {lola-pg: {batch: 5000000}}": [
        "study.policy-gradient: 50 seeds side by side with roll-outs of 750000000 steps in all are 4e+10",
    ],
    f"games: {{ipd: {{length: {10**30}}}}}": ["games.ipd.length", "a whole number from 1 to 1000000"],
    f"steps: {10**21}": ["steps: given 1000000000000000000000"],
    f"study: {{tournament: {{episodes: {10**21}}}}}": ["study.tournament.episodes"],
    f"algorithms: {{lola-dice-2: {{inner_steps: {2**64}}}}}": ["algorithms.lola-dice-2.inner_steps"],
    "results: ~/out": ["results: given '~/out'", "would read as something else"],
    "results: $SCRATCH/out": ["results: given '$SCRATCH/out'", "would read as something else"],
    "results: --help": ["results: given '--help'", "would read as something else"],
    'results: "a\\nb"': ["results: given 'a\\nb'"],
    'results: "a\\0b"': ["results: given 'a\\x00b'"],
    "results: results/..": ["results: given 'results/..', which is the project's own"],
    "results: x/../../outside": ["results", "which is the project's own"],
    "results: src/lola": ["results: given 'src/lola', which is the project's own"],
    "results: config": ["results: given 'config', which is the project's own"],
    "results: README.md": ["results: given 'README.md', which is, or lies in, a file"],
    "results: /dev/null": ["results: given '/dev/null', which is, or lies in, a file"],
    f"results: {'x/' * 300}": ["results", "which is too long"],
    "results: /": ["results: given '/', which is the project's own"],
    "\tseeds: 3": ["not YAML"],
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text[:100])
def test_a_mistake_gets_one_message_that_names_key_given_and_allowed(text, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(BadConfig) as error:
        load(BASE, [path])
    head, *lines = str(error.value).split("\n")
    assert not lines or head == f"{len(lines)} faults:"
    for part in MISTAKES[text]:
        assert part in str(error.value)


@pytest.mark.parametrize("kind", ["returns", "comparison"])
@pytest.mark.parametrize(("game", "algorithm"), [("ipd", "nl-ex"), ("coin-game", "coin-nl-pg")])
def test_returns_are_shown_of_games_of_either_kind(kind, game, algorithm):
    block = {"kind": kind, "game": game, "algorithms": [algorithm], "caption": "c"}
    assert load(BASE, [], {"figures": {"mine": block}})["figures"]["mine"] == block


def test_a_figure_that_an_overlay_removes_leaves_the_order_of_work():
    first = [["figure1", "figure2", "table3", "table4"], ["figure4"], ["figure5"]]
    assert load(BASE)["first"] == first
    assert load(BASE, [], {"figures": {"figure1": None, "figure4": None}})["first"] == [
        *(["figure2", "table3", "table4"], ["figure4"], ["figure5"])  # there is a table of that name
    ]
    figure5 = load(BASE)["figures"]["figure5"]
    assert load(BASE, [], {"without": ["figures", "tables"]})["first"] == [[], [], []]
    assert load(BASE, [], {"without": ["figures", "tables"], "figures": {"figure5": figure5}})["first"] == [
        *([], [], ["figure5"])
    ]
    assert load(BASE, [], {"first": [["figure5"]]})["first"] == [["figure5"]]


NUMBERS = {"010": 10, "0200": 200, "0o17": 15, "0x1F": 31, "+3": 3, "-.5": -0.5, ".5": 0.5, "1.": 1.0, "1e-3": 0.001}
TEXTS = ("1:30", "12:30:45", "1_0", "0b11", "1/3", "2026-11-26", "2026-13-45", "=", "0,9", "1e", "--1")


@pytest.mark.parametrize(("text", "value"), [*NUMBERS.items(), *((text, text) for text in TEXTS)])
def test_numbers_are_those_of_yaml_1_2_and_all_else_is_text(text, value):
    found = mapping(f"key: {text}\n{text}: key\n")
    assert (found["key"], found[value], type(found["key"])) == (value, "key", type(value))


@pytest.mark.parametrize("suffix", [*damage.FILES, damage.DAMAGED])
def test_no_game_is_called_as_a_file_is(suffix, tmp_path):
    """Since folders are called after games, by which they are told from files."""
    (tmp_path / "mine.yaml").write_text(f"games: {{mine.v2: {{gamma: 0.5}}, mine{suffix}: {{gamma: 0.5}}}}")
    with pytest.raises(BadConfig, match=rf"games.mine\{suffix}: given 'mine\{suffix}'; allowed: .* not end as a file"):
        load(BASE, [tmp_path / "mine.yaml"])


def test_a_game_may_be_called_after_a_day(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "games: {2026-11-26: {actions: [a, b], gamma: 0.9, payoffs: [[[1, 2], [3, 4]], [[1, 3], [2, 4]]]}}"
    )
    assert "2026-11-26" in load(BASE, [tmp_path / "mine.yaml"])["games"]


def test_null_takes_away_what_a_block_inherits_and_what_lies_below(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "algorithms:\n  a: &a {rule: lola, lr: 1, eta: 1, order: 2}\n  b: {<<: *a, order: null}\n"
        "  nl-ex: {<<: *a, lr_final: 1, label: null, order: null}\n"
    )
    found = load(BASE, [path], {"without": ["study", "figures", "tables"], "study": ENDS})["algorithms"]
    assert found["b"] == {"rule": "lola", "lr": 1, "eta": 1}
    assert found["nl-ex"].pop("sources") and found["nl-ex"] == {"rule": "lola", "lr": 1, "eta": 1, "lr_final": 1}


ENDS = {"ends": {"games": ["ipd"], "algorithms": ["nl-ex"]}}


@pytest.mark.parametrize("data", ["steps: 6\n".encode("utf-16"), "title: naïf\n".encode("latin-1"), b"\x89PNG\xff"])
def test_what_is_not_utf_8_is_told_so(data, tmp_path):
    (tmp_path / "mine.yaml").write_bytes(data)
    with pytest.raises(BadConfig, match=r"mine\.yaml: is not UTF-8, .*line 1: byte 0x.*allowed: YAML in UTF-8"):
        load(BASE, [tmp_path / "mine.yaml"])


def test_a_byte_order_mark_and_the_ends_of_lines_of_windows_are_read(tmp_path):
    (tmp_path / "mine.yaml").write_bytes("seeds: 3\r\ntitle: naïf\r\n".encode("utf-8-sig"))
    config = load(BASE, [tmp_path / "mine.yaml"])
    assert (config["seeds"], config["title"]) == (3, "naïf")


def test_in_another_folder_a_command_says_where_it_is_to_be_called(tmp_path, monkeypatch):
    project = Path.cwd()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        BadConfig, match=re.escape(f"given {tmp_path}, in which there is no config/library.yaml")
    ) as error:
        load()
    assert f"allowed: the project's own, {project}," in str(error.value)


PER_CELL = [[[-1, -1], [-3, 0]], [[0, -3], [-2, -2]]]  # the prisoner's dilemma, as pairs
PER_PLAYER = [[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]]


def of_duel(payoffs, actions):
    game = {"actions": actions, "gamma": 0.9, "payoffs": payoffs}
    study = {"ends": {"games": ["duel"], "algorithms": ["nl-ex"]}}
    return load(BASE, [], {"without": ["study", "figures", "tables"], "games": {"duel": game}, "study": study})


def test_payoffs_that_may_have_been_meant_as_pairs_are_shown_back():
    (note,) = notes(of_duel(PER_CELL, ["C", "D"]))
    assert note == (
        f"games.duel.payoffs: read as player 1's {PER_CELL[0]} and player 2's {PER_CELL[1]}; "
        f"if pairs per cell were meant, player 1 has {PER_PLAYER[0]} and player 2 {PER_PLAYER[1]}"
    )
    for payoffs in (PER_PLAYER, [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], [[[2, 0], [0, 1]], [[1, 0], [0, 2]]]):
        assert [*notes(of_duel(payoffs, ["C", "D"]))] == []


@pytest.mark.parametrize(
    ("pairs", "actions", "tables"),
    [
        (
            [[[1, 2], [3, 4], [5, 6]], [[1, 0], [2, 0], [3, 0]]],
            [["a", "b"], ["c", "d", "e"]],
            "[[[1, 3, 5], [1, 2, 3]], [[",
        ),
        ([[[0, 0], [-1, 1], [1, -1]]] * 3, ["R", "P", "S"], "[[[0, -1, 1], [0, -1, 1], [0, -1, 1]], "),
        ([[[[1, 2, 3]] * 2] * 2] * 2, ["C", "D"], "[[[[1, 1], [1, 1]], [[1, 1], [1, 1]]], "),
    ],
)
def test_payoffs_per_cell_are_refused_with_those_per_player(pairs, actions, tables):
    with pytest.raises(BadConfig) as error:
        of_duel(pairs, actions)
    told = "games.duel.payoffs: given a list per cell; allowed: a table per player, here "
    assert str(error.value).startswith(told + tables)


def test_a_missing_file_and_a_binary_file_are_named(tmp_path):
    with pytest.raises(BadConfig, match=r"absent\.yaml"):
        load(BASE, [tmp_path / "absent.yaml"])
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(BadConfig, match=r"picture\.yaml.*not text"):
        load(BASE, [tmp_path / "picture.yaml"])


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ({"seeds": 0, "algorithms": {"nl-ex": {"lr": -1}}}, ["seeds: given 0", "algorithms.nl-ex.lr: given -1"]),
        (
            {"games": {"ipd": {"grid": 3}}, "algorithms": {"nl-ex": {"rule": "naiv"}, "a-vs-b": {"rule": "naive"}}},
            ["games.ipd", "algorithms.nl-ex.rule", "algorithms.a-vs-b: the name", "algorithms.a-vs-b.lr: is missing"],
        ),
        (
            {"study": {"self-play": {"games": ["ipd", "imq"]}, "mine": {"games": ["ipd"], "algorithms": ["loal"]}}},
            ["study.self-play.games: given 'imq'", "study.mine.algorithms: given 'loal'"],
        ),
        (
            {"first": [["figure9"]], "figures": {"figure1": {"algorithms": ["nl"]}, "figure2": {"game": "imq"}}},
            ["figures.figure1.algorithms: given", "figures.figure2.game: given 'imq'", "first[0]: given 'figure9'"],
        ),
    ],
)
def test_all_faults_of_a_stage_are_told_at_once(above, told):
    with pytest.raises(BadConfig) as error:
        load(BASE, [], above)
    head, *lines = str(error.value).split("\n")
    assert head == f"{len(told)} faults:" and len(lines) == len(told)
    assert all(any(line.startswith(f"  {part}") for line in lines) for part in told)


def test_the_quick_overlay_trains_the_same_cells_as_the_study_and_leaves_the_order_of_work_whole():
    quick, study = load(overlays=["config/lola/quick.yaml"]), load()
    assert list(quick["study"]) == ["self-play", "discount", "table4"] and list(quick["tables"]) == ["table3", "table4"]
    assert quick["first"] == [["figure1", "figure2", "table3", "table4"], [], []]
    cells = [{name: canonical(group.spec) for name, group in plan.groups(config).items()} for config in (quick, study)]
    assert cells[0].items() <= cells[1].items() and (quick["claims"], quick["title"]) == (
        study["claims"],
        study["title"],
    )


def test_exponents_without_a_point_are_numbers(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("algorithms: {nl-ex: {lr: 1e-3}}")
    assert load(BASE, [path])["algorithms"]["nl-ex"]["lr"] == 0.001


def test_the_commands_stop_at_a_mistake_and_touch_nothing(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"results: {tmp_path}/made\nsteps: 0")
    snakemake = [sys.executable, "-m", "snakemake", "--configfile", str(path), "--directory", str(Path.cwd())]
    for command in ([sys.executable, "-m", "lola.commands.reproduce", str(path)], snakemake):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode != 0
        assert done.stderr.count("steps: given 0; allowed: a whole number from 1") == 1
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "made").exists()


def test_every_setting_of_the_papers_study_has_a_source():
    assert [key for key, (_, source) in settings(load(BASE)).items() if not source] == []


def test_no_source_is_without_its_setting():
    """Also of blocks that no study uses; `check_sources` looks at each."""
    for given, where in (
        (
            {"algorithms": {"lola-ex": {"sources": {"etaa": "x"}}}},
            "algorithms.lola-ex.sources: given 'etaa'; there is no",
        ),
        ({"algorithms": {"lookahead": {"sources": {"label": "x", "order": "x"}}}}, "given 'order'"),
        ({"games": {"chicken": {"sources": {"tie": "x"}}}}, "games.chicken.sources: given 'tie'"),
        ({"opponent_models": {"oracle": {"sources": {"rate": "x"}}}}, "opponent_models.oracle.sources: given 'rate'"),
        ({"study": {"map": {"sources": {"grid.batch": "x"}}}}, "study.map.sources: given 'grid.batch'"),
        ({"study": {"map": {"sources": {"grid.lrr": "x"}}}}, "did you mean 'grid.lr'"),
        (
            {"sources": {"sedes": "x"}},
            "sources: given 'sedes'; there is no such setting in this block; allowed: device",
        ),
        ({"sources": {"steps": 3}}, "sources.steps: given 3; allowed: text, where the setting comes from"),
    ):
        with pytest.raises(BadConfig, match=re.escape(where)):
            load(BASE, [], given)


def test_a_source_moves_nothing():
    mine = {"lola-ex": {"sources": {"lr": "mine"}}}
    told = load(BASE, [], {"algorithms": mine, "games": {"ipd": {"sources": {"gamma": "mine"}}}})
    assert plan.groups(told) == plan.groups(load(BASE))
    assert settings(told)["algorithms.lola-ex.lr"] == (1.0, "mine")
    spec = repr([group.spec for group in plan.groups(told).values()])
    assert "sources" not in spec and "mine" not in spec


def test_a_value_that_is_laid_over_another_leaves_its_source_behind(tmp_path):
    paper = settings(load(BASE))
    path = tmp_path / "mine.yaml"
    path.write_text(
        "algorithms:\n"
        "  lola-ex: {lr: 0.3, eta: 0.4, sources: {lr: tried}}\n"
        "  heir: &heir {rule: naive, lr: 1, sources: {lr: of the other}}\n"
        "  nl-ex: {<<: *heir, lr: 2}\n"
        "study: {map: {grid: {lr: [1, 2]}}, policy-gradient: {steps: null}}\n"
    )
    mine = settings(load(BASE, [path]))
    assert mine["algorithms.lola-ex.lr"] == (0.3, "tried")
    assert mine["algorithms.lola-ex.eta"] == (0.4, "") and mine["algorithms.nl-ex.lr"] == (2, "")
    assert mine["study.map.grid.lr"] == ([1, 2], "") and "study.policy-gradient.steps" not in mine
    for key in ("study.map.grid.eta", "algorithms.lola-ex.rule", "algorithms.nl-ex.rule", "games.ipd.gamma", "seeds"):
        assert mine[key] == paper[key] and paper[key][1]
    assert "of the other" not in repr(mine)
    said = {key: origin(key, *mine[key], paper) for key in mine}
    assert said["algorithms.lola-ex.lr"] == "tried"
    assert said["algorithms.lola-ex.eta"].startswith("an overlay; the paper's study has `1.0` (the LOLA authors' code")
    assert origin("algorithms.mine.lr", 2, "", paper) == "ours"


def test_a_value_that_every_part_replaces_is_not_printed():
    """Networks start from orthogonal weights, not from N(0, init_std²)."""
    for overlays, printed in (
        ([], True),
        (["config/lola/scale.yaml"], False),
        (["config/lola/exploration.yaml"], False),
    ):
        assert ("init_std" in settings(load(BASE, overlays))) == printed


def test_the_checklist_counts_cells_by_what_trained_them(tmp_path):
    groups = plan.groups(load(BASE, ["config/lola/smoke.yaml"]))
    shown = {name: groups[name] for name in ("coin-game/coin-nl-pg/oracle", "ipd/nl-ex/oracle")}
    devices = ("cpu", "cuda", "cpu")
    for cell, device in zip(shown["coin-game/coin-nl-pg/oracle"].cells, devices, strict=True):
        cells.write(cell.curve(tmp_path), COLUMNS, [], {"processor": "A, AVX2", "device": device})
    for cell, processor in zip(shown["ipd/nl-ex/oracle"].cells, ("A, AVX2", "B", "B"), strict=True):
        cells.write(cell.curve(tmp_path), COLUMNS, [], {"processor": processor})
    assert trained_on(tmp_path, shown) == [
        "- Trained on: A, AVX2 (4 cells).",
        "- Trained on: B (2 cells).",
        "- Cells of the Coin Game, by what trained them: 2 on cpu, 1 on cuda.",
    ]
    assert len(trained_on(tmp_path, {"ipd/nl-ex/oracle": shown["ipd/nl-ex/oracle"]})) == 2


def test_one_and_one_point_zero_are_one_setting(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("algorithms: {nl-ex: {lr: 1}, lola-ex: {lr: 1, eta: 1}}\ninit_std: 1")
    specs = [{name: canonical(group.spec) for name, group in plan.groups(load(BASE, o)).items()} for o in ([], [path])]
    assert specs[0] == specs[1]


@pytest.mark.parametrize("known", [kinds.FIGURES, kinds.TABLES], ids=["figures", "tables"])
def test_every_kind_takes_the_keys_of_its_function(known):
    for kind in known.values():
        module = import_module(kind.module)
        parameters = inspect.signature(getattr(module, "draw", None) or module.tabulate).parameters
        assert list(parameters)[1:] == [*kind.keys, *kind.optional]


def test_words_for_people_are_on_one_line(tmp_path):
    path = tmp_path / "lines.yaml"
    path.write_text(
        "title: 'a\n\n  b'\nalgorithms: {nl-ex: {label: \"Naïve\\t😀\\u2028x\\0\"}}\nfigures:\n  figure1:\n"
        "    caption: |\n      Two lines.\n      50 % & _x_\n"
    )
    found = load(overlays=[path])
    assert found["title"] == "a b" and found["algorithms"]["nl-ex"]["label"] == "Naïve 😀 x"
    assert found["figures"]["figure1"]["caption"] == "Two lines. 50 % & _x_"


def test_a_trailing_slash_and_merge_keys_are_fine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("results: results/b/\nalgorithms:\n  a: &a {rule: naive, lr: 1}\n  b: {<<: *a, lr: 2}\n")
    config = load(BASE, [path])
    assert config["results"] == "results/b"
    assert config["algorithms"]["b"] == {"rule": "naive", "lr": 2}


def test_the_examples_in_the_readme_are_whole_studies(tmp_path):
    examples = re.findall(r"```yaml\n(# config/(\S+)\n.*?)```", Path("config/README.md").read_text(), re.DOTALL)
    assert [name for _, name in examples] == [
        "coins.yaml",
        "cup.yaml",
        "nets.yaml",
        "consistency.yaml",
        "networks.yaml",
        "mine.yaml",
    ]
    groups = {}
    for text, name in examples:
        (tmp_path / name).write_text(text)
        groups[name] = plan.groups(load("lola", [tmp_path / name]))
    read = {name for group in groups["networks.yaml"].values() for name in group.reads}
    assert read == {"tandem/nets@networks/oracle", ""}
    assert {group.course for group in groups["consistency.yaml"].values()} == {"consistency", "parameters"}
    assert {group.course for group in groups["nets.yaml"].values()} == {"weights"}
    assert len(groups["cup.yaml"]) == 4 * 5 / 2 and len(groups["mine.yaml"]) == 2
    assert {group.spec["every"] for group in groups["coins.yaml"].values()} == {20} and len(groups["coins.yaml"]) == 6


def test_matches_in_which_nobody_models_anybody_need_the_oracle(tmp_path):
    overlay = tmp_path / "cup.yaml"
    overlay.write_text(
        "without: [study, figures, tables, opponent_models]\nopponent_models: {truth: {model: oracle}}\n"
        "study: {cup: {games: [ipd], entrants: [nl-q, lola-ex], opponent_models: [truth], "
        "episodes: 10, length: 2, every: 1}}\n"
    )
    with pytest.raises(BadConfig, match=r"study\.cup\.opponent_models: given 'oracle'; there is no such name"):
        load("lola", [overlay])
