"""Configs that are wrong in a thousand ways: each loads and expands, or is refused in short lines that name keys."""

import copy
import functools
import random
import re
from pathlib import Path

import pytest
import yaml

from lola.study import checks, config, display, limits, plan
from lola.study.reading import StrictLoader
from lola.vocabulary.errors import BadConfig
from lola.vocabulary.settings import BLOCKS

# A small study with every sort of block: of each kind of game, a map, a tournament, a match, a further seed.
STUDY = """
results: results/mutated
without: [study, figures, tables]
only: {games: [ipd, imp], algorithms: [nl-ex, lola-ex, nl-q, coin-nl-pg, lola-pg], opponent_models: [oracle, cloning]}
seeds: 3
seeds_per_job: 2
first: [[ends], [cup]]
sources: {seeds: ours}
games:
  duel: {actions: [[a, b], [c, d, e]], gamma: 0.9, payoffs: [[[1, 2, 3], [4, 5, 6]], [[0, -1, 2.5], [1, 0, 3]]]}
  board: {kind: coin_game, grid: 3, gamma: 0.9, length: 4, tie: red}
  hill: {title: A hill, kind: polynomial, terms: [[[-1, 2, 0], [1, 1, 0]], [[-1, 0, 2], [1, 0, 1]]]}
algorithms:
  quick: &quick {label: quick LOLA, colour: light red, rule: lola, lr: 0.5, eta: 0.5, order: 2, sources: {lr: ours}}
  slow: {<<: *quick, label: slow LOLA, lr: 0.1, lr_final: 0.01, order: null}
  exact: {label: exact LOLA, rule: lola_exact, lr: 0.5, eta: 0.5}
opponent_models:
  clone: {label: clone, model: cloning, rate: 1.0, steps: 3, batch: 8}
study:
  ends: {games: [ipd, imp], algorithms: [nl-ex, slow-vs-nl-ex], further: 5, opponent_models: [oracle, clone], every: 10}
  wide: {games: [duel], algorithms: [slow], seeds: [4, 7], init_std: 0.1, steps: 7}
  map: {games: [ipd], algorithms: [slow], grid: {lr: [0.1, 1], eta: [0.1, 1]}, sources: {grid.lr: ours}}
  cup: {label: C, games: [ipd], entrants: [nl-q, nl-ex], episodes: 20, length: 3, every: 1, perspective: as_fitted}
  coins: {games: [board], algorithms: [coin-nl-pg], steps: 20, every: 1, seeds_per_job: 1}
  climb: {games: [hill], algorithms: [slow]}
  points: {games: [hill], algorithms: [exact], region: 1, points: 10, against: quick, grid: {eta: [1, 0.5]}}
figures:
  ends: {kind: learning, game: ipd, algorithms: [nl-ex, slow-vs-nl-ex], caption: Where they end}
  far: {kind: comparison, game: duel, algorithms: [slow], saved: {slow: [[0, 1.5]]}, saved_label: theirs, caption: Far}
  map: {kind: map, games: [ipd], algorithm: slow@map, beside: nl-ex, caption: A map}
  cup: {kind: matches, game: ipd, tournament: cup, shows: return, caption: The cup}
  coins: {kind: exploration, groups: [board/coin-nl-pg], caption: Coins}
tables:
  cup: {kind: standings, games: [ipd], tournaments: [cup], caption: The cup}
  ends: {kind: convergence, games: [ipd], algorithms: [nl-ex], opponent_model: clone, caption: Ends}
  points: {kind: consistency, games: [hill], algorithms: [exact@consistency], caption: Points}
"""

NUMBERS = [0, -1, 1, 2.5, -0.0, 1e308, 1e-320, 10**6, 10**9, 10**21, 2**64, 10**399, float("nan"), float("inf")]
TEXTS = [
    "",
    " ",
    "ipd\n",
    "a\nb",
    "\0",
    "\x1b[31m",
    "\ud800",
    "x" * 5000,
    "{",
    "{x}",
    "$HOME",
    "~",
    "a/b",
    "../x",
    "%",
    "é",
]
TEXTS += [
    "IPD",
    "NL-EX",
    "nl–ex",
    "nl-ex ",
    "nl-ex",
    "nl-ex-vs-nl-ex",
    "-vs-",
    "a-vs",
    "@",
    "x@map",
    "1e3",
    "null",
    "True",
    "0,9",
    "*",
    "-x",
    "a: b",
    "# x",
]
OTHERS = [None, True, [], {}, [[]], [None], [1, "a"], {"a": 1}, {"sources": 3}, [[1, 2], [3, 4]], {"": ""}]
ODD = [
    "010",
    "1:30",
    "1_0",
    "0b11",
    "0o17",
    "0x1f",
    "+1",
    "-.5",
    ".5",
    "1.",
    "1/3",
    "0,9",
    "2026-11-26",
    "2026-13-45",
    "~",
]
ODD += [
    "!!int abc",
    "!!timestamp abc",
    "!foo 3",
    "*nowhere",
    "&a [*a]",
    "[" * 400,
    "{" * 50 + "}" * 50,
    "<<",
    "=",
    "9" * 5000,
]
ODD += [
    "yes",
    "off",
    "@",
    "`",
    "%",
    "'",
    '"',
    "\t",
    "\0",
    "\x85",
    "{a: 1, a: 2}",
    "{<<: {a: 1, a: 2}}",
    "{a, b}",
    "? x",
    "- x",
]


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """From the bytes of an overlay to the study with it laid over, checked as before it runs."""
    monkeypatch.setattr(config, "read", reading(config.read))

    def load(overlay: bytes) -> dict:
        path = tmp_path / "mine.yaml"
        path.write_bytes(overlay)
        return config.load("lola", [path])

    return load


def reading(read):
    """Read the project's files once."""
    known = functools.cache(read)
    return lambda path: read(path) if Path(path).is_absolute() else copy.deepcopy(known(path))


def told(load, overlay: bytes) -> list[str]:
    """What is told of an overlay that is refused, a line each; nothing if it expands to jobs and to what shows them."""
    try:
        found = load(overlay)
        groups = plan.groups(found)
        assert sum(len(plan.batches(group, "results/none")) for group in groups.values()) >= len(groups) > 0
        for stage in ("figure", "table"):
            for name, block in plan.blocks(found, stage).items():
                assert display.block_spec(found, name, block)
        assert all(isinstance(note, str) for note in checks.notes(found))
        limits.check_command_lines(found)
    except BadConfig as error:
        head, *lines = str(error).split("\n")
        assert not lines or head == f"{len(lines)} faults:"
        return [line.strip() for line in lines or [head]]
    return []


def is_told_well(line: str) -> bool:
    """Whether a line is short and can be printed, and names the key, or the line of the file, and what is allowed."""
    known = "|".join(
        (*BLOCKS, *config.schema()["properties"], "without", "only", "figures", "tables", r"\S*mine\.yaml")
    )
    named = re.match(rf"({known}|[^:]*: there is no such key|[^:]*: the key was read)(\b|[.:\[])", line)
    said = re.search(
        "allowed( for [^:]+)?: |is missing; |; kind .* (takes|shows) |is not YAML|separates the seats|is taken by", line
    )
    return len(line) <= 400 and line.isprintable() and bool((named and said) or "is already in the study" in line)


def places(value, path=()):
    """Where something stands in a config."""
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def mutated(study: dict, rng: random.Random) -> bytes:
    """A study with a few faults, in its values or in its text."""
    study = copy.deepcopy(study)
    for _ in range(rng.choice([1, 1, 1, 1, 2])):
        *path, key = rng.choice([path for path in places(study) if path])
        block = at(study, path)
        rng.choice([replace, replace, replace, delete, misspell, exchange, nest, unmake])(study, block, key, rng)
    text = yaml.safe_dump(
        study, allow_unicode=False, sort_keys=False, default_flow_style=rng.choice([None, True, False])
    )
    if rng.random() < 0.2:
        text = rng.choice([odd, odd, doubled, cut])(text, rng)
    data = text.encode(rng.choice(["utf-8"] * 50 + ["utf-16", "utf-8-sig"]), "surrogatepass")
    return data if rng.random() < 0.99 else data + rng.randbytes(4)


def replace(study, block, key, rng):
    """Another value: of another type, size or spelling."""
    block[key] = copy.deepcopy(rng.choice(rng.choice([NUMBERS, TEXTS, OTHERS])))


def delete(study, block, key, rng):
    del block[key]


def misspell(study, block, key, rng):
    if isinstance(block, dict):
        block[rng.choice([f"{key}x", f"{key}\n", key[1:], key.upper(), key + "x" * 300, 3, None, True, 2.5])] = (
            block.pop(key)
        )


def exchange(study, block, key, rng):
    """The value of another key."""
    block[key] = copy.deepcopy(at(study, rng.choice([path for path in places(study) if path])))


def nest(study, block, key, rng):
    for _ in range(rng.choice([1, 2, 40])):
        block[key] = rng.choice([lambda value: [value], lambda value: {"a": value}])(block[key])


def unmake(study, block, key, rng):
    """An odd way to leave out what lies below, or to take away what is not there."""
    known = ["study", "games", "figures", "nowhere", 3, None, ["study"], {"a": 1}, "ipd", "nl-ex"]
    odd = [rng.choice(known), [rng.choice(known)], {rng.choice(["study", "games", "x"]): rng.choice([*known, ["ipd"]])}]
    study[rng.choice(["without", "only", "first", "paper", "claims", "results"])] = rng.choice(odd)
    if isinstance(block, dict) and rng.random() < 0.5:
        block[f"{key}-gone"] = None


def odd(text, rng):
    """A word of the text in another spelling."""
    words = list(re.finditer(r"[^\s,{}\[\]:]+", text))
    word = rng.choice(words)
    return text[: word.start()] + rng.choice(ODD) + text[word.end() :]


def doubled(text, rng):
    """A line twice."""
    lines = text.splitlines(keepends=True)
    n = rng.randrange(len(lines))
    return "".join([*lines[: n + 1], *lines[n:]])


def cut(text, rng):
    """The text without some letters."""
    n = rng.randrange(len(text))
    return text[:n] + text[n + rng.choice([1, 2, 5, 50, len(text)]) :]


def test_the_study_that_is_mutated_is_good(loaded):
    assert told(loaded, STUDY.encode()) == []


@pytest.mark.parametrize("seed", range(10))
def test_a_mutated_config_expands_or_is_refused_in_short_lines(seed, loaded):
    rng, study = random.Random(seed), yaml.load(STUDY, StrictLoader)
    study["algorithms"]["slow"].pop("order")  # taken away from what it inherits
    refused = 0
    for _ in range(60):
        overlay = mutated(study, rng)
        lines = told(loaded, overlay)
        assert [line for line in lines if not is_told_well(line)] == [], overlay
        refused += bool(lines)
    assert refused > 30
