"""A name of a measure that is written is read again."""

from lola.vocabulary import measures


def test_names_are_read_as_they_are_written():
    assert measures.shared(measures.share("C")) == "C"
    assert measures.clones(1, 3) == [
        *("clone of player 1 log-likelihood", "clone of player 1 distance"),
        *("clone of player 3 log-likelihood", "clone of player 3 distance"),
    ]
    assert measures.numbered(measures.parameter(12)) == (12,)
    assert list(map(measures.clone, measures.clones(0, 2))) == [("log-likelihood", 2), ("distance", 2)]


def test_a_probability_says_where():
    assert measures.probability("C", "start") == "C at start"
    assert measures.probability("C", "CD") == "C after CD"
    for action, state in (("C", "start"), ("one", "one.none")):
        assert measures.probable(measures.probability(action, state)) == (action, state)


def test_other_names_are_neither_shares_nor_of_clones():
    for name in (*measures.OF_COIN_GAME, "C after CD", "clone of player 2", "shares of C"):
        assert measures.shared(name) is None
        assert (measures.probable(name) is None) == (name != "C after CD")
        assert measures.clone(name) is None
        assert measures.numbered(name) is None
