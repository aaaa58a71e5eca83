"""A file of claims with a claim of every sort, and the groups that it asks for, as they are planned and on disk."""

from functools import cache
from itertools import combinations_with_replacement

from group_files import tell, write, write_coin_game, write_group, write_map, write_match

from lola.study import plan
from lola.study.config import load

TEXT = """\
code: 5e6b83420e4d
code_deterministic: 0fb3a81c2d4e
runs: 50
notes: What a reader must know.
quantities:
  R: {margin: 0.1, digit: 0.01, why: a tenth of the gap}
  std: {margin: 0.1}
  tft: {margin: 10, digit: 0.1}
  nash: {margin: 10}
  above: {margin: 10}
  own_colour: {margin: 5, digit: 1}
  apart: {why: a claim compares it with a line}
printed:
  ipd/nl-ex/oracle: {R: -1.98, std: 0.14, R 1: -1.9, tft: 20.8}
  ipd/lola-pg/oracle: {R: -1.17, std: 0.34, tft: 66.4}
  imp/lola-pg/oracle: {R: 0, std: 0.06, nash: 93.2}
plotted:
  ipd:
    field: [nl-q, nl-ex, lola-ex]
    cells:
      - [-1.26, -1.89, null]
      - [-1.94, -1.80, -2.09]
      - [-1.95, -1.63, -1.76]
    average: [-1.60, -1.99, -1.59]
sections:
  - title: The paper
    headline: true
    claims:
      - id: table/ipd/nl-ex/R
        sentence: NL-Ex ends at -1.98
        source: Table 3
        certainty: read
        measure: {quantity: R, group: ipd/nl-ex/oracle}
        rule: equals
        rival: {name: LOLA-Ex, group: ipd/lola-ex/oracle}
      - id: table/ipd/nl-ex/R1
        sentence: player 1 of NL-Ex ends at -1.9
        source: Table 4
        certainty: memory
        measure: {quantity: R, group: ipd/nl-ex/oracle, player: 1, last: 10, scale: 0.9978}
        rule: equals
        paper: -1.9
        std: 0.1
        runs: 5
        digit: 0.1
        margin: 0.2
        rival: {name: defection, value: -2}
      - id: table/ipd/nl-ex/cooperating
        sentence: one run in 50 cooperates
        source: Table 3
        certainty: inferred
        known: its mean
        measure: {quantity: above, group: ipd/nl-ex/oracle, line: -1.5, last: 2}
        rule: count
        paper: 1
        rival: {name: a coin flip, value: 50}
      - id: table/ipd/lola-ex/ahead
        sentence: LOLA-Ex earns more
        source: Figure 1
        certainty: relayed
        measure: {quantity: R, group: ipd/lola-ex/oracle}
        minus: {quantity: R, group: ipd/nl-ex/oracle}
        rule: greater
        paper: 0.92
      - id: table/imp/lola-ex/nash
        sentence: LOLA-Ex plays the equilibrium
        source: Table 3
        certainty: read
        measure: {quantity: nash, group: imp/lola-ex/oracle, tolerance: 0.1, variant: agent thresholded}
        rule: greater
        than: 50
        margin: 1
        rival: {name: NL-Ex, group: imp/nl-ex/oracle}
  - title: Ours
    claims:
      - {id: plays, sentence: s, source: t, certainty: saved, rule: greater, than: 50,
         measure: {quantity: plays, group: ipd/lola-ex/oracle, states: {start: CC, CD: DC}}}
      - {id: tft, sentence: s, source: t, certainty: saved, rule: less, than: 50,
         measure: {quantity: tft, group: ipd/lola-ex/oracle}, minus: {quantity: tft, group: ipd/nl-ex/oracle}}
      - {id: pure, sentence: s, source: t, certainty: saved, rule: less, than: 50,
         measure: {quantity: pure, group: ipd/lola-ex/oracle, tolerance: 0.05}}
      - {id: swing, sentence: s, source: t, certainty: saved, rule: less, margin: 0.02,
         measure: {quantity: swing, group: ipd/lola-ex/oracle}, minus: {quantity: scatter, group: imp/nl-ex/oracle}}
      - {id: below, sentence: s, source: t, certainty: saved, rule: less, than: 50,
         measure: {quantity: below, group: ipd/lola-ex/oracle, line: -1.5}}
      - {id: near, sentence: s, source: t, certainty: saved, rule: greater, than: 50, margin: 0,
         measure: {quantity: near, group: tandem/tandem-lola/oracle, value: 0.3, within: 0.1, scale: -1.0}}
      - {id: stationary, sentence: s, source: t, certainty: saved, rule: greater, than: 50,
         measure: {quantity: stationary, group: tandem/tandem-lola/oracle, within: 0.000001}}
      - {id: exact/distance, sentence: s, source: t, certainty: read, rule: equals, paper: 0.5, tolerance: 0.05,
         measure: {quantity: distance, group: tandem/tandem-lola/oracle, point: [1, 1.5], at: 20},
         rival: {name: none, quantity: distance, at: 0}}
      - {id: exact/growth, sentence: s, source: t, certainty: read, rule: less, tolerance: 0,
         measure: {quantity: growth, group: tandem/tandem-lola/oracle, point: [1, 1], since: 2},
         minus: {quantity: arrival, group: tandem/tandem-lola/oracle, within: 0.6, of: distance, scale: 2.0}}
      - {id: exact/converged, sentence: s, source: t, certainty: read, rule: greater, than: 50, tolerance: 1,
         measure: {quantity: converged, group: tandem/tandem-lola/oracle, within: 0.1, motion: 0.1},
         rival: {name: none, value: 0}}
      - {id: exact/diverged, sentence: s, source: t, certainty: read, rule: less, than: 50, tolerance: 1,
         measure: {quantity: diverged, group: tandem/tandem-lola/oracle, beyond: 5, of: distance}}
      - {id: exact/radius, sentence: s, source: t, certainty: read, rule: less, than: 1, tolerance: 0,
         measure: {quantity: radius, group: tandem/tandem-lola/oracle}, rival: {name: it leaves, value: 1}}
      - {id: exact/limit, sentence: s, source: t, certainty: read, rule: equals, paper: 0.3125, tolerance: 0.0001,
         measure: {quantity: limit, group: tandem/tandem-lola/oracle, of: return, scale: -1.0}}
      - {id: exact/threshold, sentence: s, source: t, certainty: read, rule: greater, than: 0.2, tolerance: 0,
         measure: {quantity: threshold, group: tandem/tandem-lola/oracle, over: [lr, eta], most: 0.3}}
      - {id: coin/own, sentence: s, source: t, certainty: digitised, rule: equals, paper: 80, digit: 10, runs: 30,
         measure: {quantity: own_colour, group: coin-game/coin-lola-pg/oracle},
         rival: {name: NL-PG, group: coin-game/coin-nl-pg/oracle}}
      - {id: coin/points, sentence: s, source: t, certainty: digitised, rule: greater, than: 3,
         measure: {quantity: points, group: coin-game/coin-lola-pg/oracle, player: 2}}
      - {id: coin/coins, sentence: s, source: t, certainty: digitised, rule: greater, margin: 0.05,
         measure: {quantity: coins, group: coin-game/coin-lola-pg/oracle},
         minus: {quantity: coins, group: coin-game/coin-nl-pg/oracle, start: true}}
      - id: fit
        sentence: one point gives all
        source: t
        certainty: inferred
        measure: {quantity: fit, groups: [ipd/lola-pg@map/oracle, imp/lola-pg@map/oracle]}
        rule: less
        than: 1
      - id: fit/options
        sentence: one number of updates gives all
        source: t
        certainty: inferred
        measure:
          quantity: fit
          options:
            one: &maps [ipd/lola-pg@map/oracle, imp/lola-pg@map/oracle]
            other: *maps
        rule: less
        than: 1
      - {id: apart, sentence: s, source: t, certainty: digitised, rule: less, than: 0.1,
         measure: {quantity: apart, game: ipd, tournament: tournament, field: [nl-q, nl-ex, lola-ex]}}
      - {id: rank, sentence: s, source: t, certainty: digitised, rule: less, than: 1.5,
         measure: {quantity: rank, game: ipd, tournament: tournament, entrant: lola-ex, field: [nl-q, nl-ex, lola-ex]},
         rival: {name: nl-q, entrant: nl-q}}
      - {id: earns, sentence: s, source: t, certainty: digitised, rule: less, than: -1,
         measure: {quantity: earns, game: ipd, tournament: tournament, entrant: lola-ex, against: nl-q}}
      - {id: elicits, sentence: s, source: t, certainty: digitised, rule: less, margin: 10,
         measure: {quantity: elicits, game: ipd, tournament: tournament, entrant: lola-ex, field: [nl-q, lola-ex]},
         minus: {quantity: elicits, game: ipd, tournament: tournament, entrant: nl-ex, field: [nl-q, nl-ex]}}
      - {id: average, sentence: s, source: t, certainty: digitised, rule: equals, paper: -1.1, runs: 2, digit: 0.1,
         margin: 0.2, measure: {quantity: average, game: ipd, tournament: tournament, opponent_model: cloning,
         entrant: lola-ex, field: [nl-q, nl-ex, lola-ex]}}
withdrawn:
  - why: asked in other words
    last: {table/ipd/nl-ex/std: inconclusive, table/cells/*: 20 reproduced}
deviations: [It is smaller.]
"""
ENTRANTS = ("nl-q", "nl-ex", "lola-ex")
SEEDS = range(12)


@cache
def planned():
    """The groups of the papers' studies, by name."""
    return plan.groups(load("sos")) | plan.groups(load("lola"))


def on_disk(root):
    """The groups that the claims ask for, some with runs that scatter and some with runs that are all alike."""
    return {group.name: group for group in [*of_matrix_games(root), *of_coin_games(root), *of_matches(root)]}


def of_matrix_games(root):
    for n, name in enumerate(("nl-ex", "lola-ex", "lola-pg")):
        returns = {
            seed: {player: [-2 + 0.01 * seed * n + 0.1 * step for step in range(12)] for player in (1, 2)}
            for seed in SEEDS
        }
        yield write_group(root, f"ipd/{name}/oracle", returns)
        even = {seed: {1: rows[1], 2: [-r for r in rows[1]]} for seed, rows in returns.items()}
        yield write_group(root, f"imp/{name}/oracle", even)
    for game in ("ipd", "imp"):
        points = {(lr, eta): -1 - lr * eta for lr in (0.5, 1) for eta in (0.5, 1)}
        yield write_map(root, f"{game}/lola-pg@map/oracle", points, zero_sum=game == "imp")
    ends = {"return": -0.3, "gradient norm": 1e-9, "parameter 1": 1.0}
    rows = [
        (s, step, player, metric, value + 1e-3 * s + (step < 10))
        for s in SEEDS
        for step in range(21)
        for player in (1, 2)
        for metric, value in ends.items()
    ]
    group = write(root, "tandem/tandem-lola/oracle", "parameters", rows, {seed: {} for seed in SEEDS})
    yield tell(group, spec=planned()[group.name].spec)


def of_coin_games(root):
    for n, name in enumerate(("coin-nl-pg", "coin-lola-pg")):
        rows = [(0.1 * n, 0.1 * n, 0.1 + 0.05 * n, 0.2)] * 10
        yield write_coin_game(root, f"coin-game/{name}/oracle", {s: dict.fromkeys((1, 2), rows) for s in SEEDS})


def of_matches(root):
    for n, pair in enumerate(combinations_with_replacement(ENTRANTS, 2)):
        for model in ("oracle", "cloning"):
            returns = {s: {1: [-1 - 0.1 * n + 0.01 * s] * 10, 2: [-1.5 + 0.1 * n] * 10} for s in SEEDS}
            shares = {s: {1: [0.5 + 0.01 * s] * 10, 2: [0.1 * n] * 10} for s in SEEDS}
            match = "-vs-".join(dict.fromkeys(pair))
            yield write_match(root, f"ipd/{match}@tournament/{model}", returns, shares)
