"""Games of real parameters in a config: what is wrong with one is said in one message, before anything is trained."""

import pytest

from lola.study.config import BadConfig, load

ONE = "[[1, 2, 0]]"  # player 1's terms, which are right
A_TERM = "[coefficient, exponent of player 1's parameter, exponent of player 2's, …]"
TERMS = {  # by what stands there: what is said behind `games.mine.terms`
    "[[[1, 2]]]": f": given [[[1, 2]]]; allowed: a list of terms per player, of a polynomial game, each {A_TERM}",
    "[]": ": given []; allowed",
    f"[{ONE}, []]": "[1]: given []; allowed: a list of terms",
    f"[{ONE}, 3]": "[1]: given 3; allowed: a list of terms",
    f"[{ONE}, [3, 1, 0]]": f"[1][0]: given 3; allowed: {A_TERM}",
    f"[{ONE}, [[1, 0]]]": "[1][0]: given [1, 0]; allowed: [coefficient, 2 exponents], since there are terms of 2",
    f"[{ONE}, [[1, 0, 2, 0]]]": "[1][0]: given [1, 0, 2, 0]; allowed: [coefficient, 2 exponents]",
    f"[{ONE}, [[1, 0, 2], [1, 0, 1.5]]]": "[1][1][2]: given 1.5; allowed: an exponent, a whole number from 0 to 20",
    f"[{ONE}, [[1, -1, 2]]]": "[1][0][1]: given -1; allowed: an exponent",
    f"[{ONE}, [[1, 21, 2]]]": "[1][0][1]: given 21; allowed: an exponent",
    f"[{ONE}, [[.inf, 0, 2]]]": "[1][0][0]: given inf; allowed: a finite number",
    f"[{ONE}, [[a, 0, 2]]]": "[1][0][0]: given 'a'; allowed: a number",
    f"[{ONE}, [[1, true, 2]]]": "[1][0][1]: given True; allowed: a number",
}
GOOD = f"kind: polynomial, terms: [{ONE}, [[1, 0, 2]]]"
THREE = "[[1, 2, 3], [3, 4, 5]]"
BLOCKS = {  # the same behind `games.mine`
    "kind: polynomial": ".terms: is missing; kind polynomial needs it",
    f"{GOOD}, start: [1.0]": ".start: given [1.0]; allowed: a number for each of 2 players",
    f"{GOOD}, start: [1.0, .nan]": ".start[1]: given nan; allowed: a finite number",
    f"{GOOD}, gamma: 0.9": ".gamma: kind polynomial takes no such setting; allowed: kind, title, terms, start",
    f"{GOOD}, length: 150": ".length: kind polynomial takes no such setting",
    "kind: quadratic": ".kind: given 'quadratic'; there is no such name; allowed: matrix_game, coin_game",
    "kind: market, start: [0.5]": ".start: given [0.5]; allowed: a number for each of 2 players",
    "kind: bimatrix, actions: [a, b], payoffs: [[[1, 2]], [[3, 4]]]": ".payoffs: player 1's is [[1, 2]]; allowed",
    f"kind: bimatrix, actions: [[a, b], [c, d, e]], payoffs: [{THREE}, {THREE}]": (
        f".payoffs: given [{THREE}, {THREE}]; allowed in a bimatrix game: 2 actions per player"
    ),
    "actions: [a, b], gamma: 0.9, payoffs: [[[1, 2], [3, 4]], [[1, 2], [3, 4]]], start: [0, 0]": (
        ".start: kind matrix_game takes no such setting"
    ),
}
PARTS = {  # the same behind `study.mine`
    "init_std: 0": ".seeds: given 50 for mine/nl-ex/oracle; allowed: one seed, since init_std is 0",
    "every: 7": ".every: given 7; allowed: a number that divides steps, 200",
}
CASES = [(f"kind: polynomial, terms: {terms}", "", f"games.mine.terms{said}") for terms, said in TERMS.items()]
CASES += [(block, "", f"games.mine{said}") for block, said in BLOCKS.items()]
CASES += [(GOOD, part, f"study.mine{said}") for part, said in PARTS.items()]


def loaded(tmp_path, block, part=""):
    study = f"\nstudy: {{mine: {{games: [mine], algorithms: [nl-ex], {part}}}}}" if part else ""
    tmp_path.joinpath("mine.yaml").write_text(f"games: {{mine: {{{block}}}}}{study}")
    return load("lola", [tmp_path / "mine.yaml"])


@pytest.mark.parametrize(("block", "part", "said"), CASES, ids=[f"{block} {part}"[:90] for block, part, _ in CASES])
def test_a_mistake_gets_one_message(block, part, said, tmp_path):
    with pytest.raises(BadConfig) as error:
        loaded(tmp_path, block, part)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


@pytest.mark.parametrize("part", ["init_std: 0, seeds: 1", "init_std: 0, seeds: [7]", "every: 40", "every: 200"])
def test_one_fixed_start_is_one_seed_and_rows_may_be_few(part, tmp_path):
    loaded(tmp_path, f"{GOOD}, start: [0.5, -3]", part)
