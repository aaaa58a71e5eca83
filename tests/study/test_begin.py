"""Players that begin with the last policies of others: the plan, and every mistake in one sentence."""

import pytest

from lola.study import plan, provenance
from lola.study.config import load
from lola.vocabulary.errors import BadConfig

ALGORITHMS = {
    "before": {"label": "before", "rule": "lola", "lr": 1.0, "eta": 1.0},
    "after": {"label": "after", "rule": "naive", "lr": 1.0, "begin": "before"},
    "kept": {"label": "kept", "learner": "frozen", "begin": "before"},
}
PARTS = {
    "before": {"games": ["ipd"], "algorithms": ["before"], "steps": 3, "seeds": 3},
    "after": {"games": ["ipd"], "algorithms": ["after", "after-vs-nl-ex", "kept"], "steps": 2, "seeds": 2},
}


def study(algorithms=None, **parts):
    parts = {name: PARTS.get(name, {}) | more for name, more in (PARTS | parts).items()}
    settings = {
        "algorithms": ALGORITHMS | (algorithms or {}),
        "study": parts,
        "without": ["study", "figures", "tables"],
    }
    return load("lola", settings=settings)


def test_a_seat_reads_whom_it_begins_with_and_the_spec_says_how_they_were_trained():
    groups = plan.groups(study())
    before, after = groups["ipd/before/oracle"], groups["ipd/after/oracle"]
    assert after.reads == ("ipd/before/oracle",) * 2 and after.spec["begin"] == [before.spec] * 2
    mixed = groups["ipd/after-vs-nl-ex/oracle"]
    assert mixed.reads == ("ipd/before/oracle", "") and mixed.spec["begin"] == [before.spec, None]
    assert [cell.name for cell in after.read_by(1)] == ["ipd/before/oracle/seed1"]
    assert not any("begin" in seat for seat in after.spec["seats"]), "a name moves no number"
    assert "begin" not in before.spec and not any(before.reads)


def test_cells_come_after_those_that_they_are_made_from():
    products = [product for product in provenance.products(study()) if product.stage == "cells"]
    order = [product.name for product in products]
    (after,) = (product for product in products if product.name == "ipd/after/oracle/seed1")
    assert after.needs == ("ipd/before/oracle/seed1",) and order.index(after.needs[0]) < order.index(after.name)


def test_who_begins_with_somebody_may_be_begun_with():
    longer = study({"kept": ALGORITHMS["kept"] | {"begin": "after"}}, after={"algorithms": ["kept", "after"]})
    groups = plan.groups(longer)
    kept = groups["ipd/kept/oracle"]
    assert (
        kept.reads == ("ipd/after/oracle",) * 2
        and kept.spec["begin"][0]["begin"][0] == groups["ipd/before/oracle"].spec
    )
    order = [product.name for product in provenance.products(longer) if product.stage == "cells"]
    first = [f"ipd/{name}/oracle/seed0" for name in ("before", "after", "kept")]
    assert sorted(first, key=order.index) == first


@pytest.mark.parametrize(
    ("algorithms", "parts", "told"),
    [
        ({"after": {"begin": "nobody"}}, {}, r"algorithms\.after\.begin: given nobody; allowed: an algorithm in the"),
        ({"kept": {"begin": "after"}, "after": {"begin": "kept"}}, {}, r"begin: given \w+; allowed: .* with itself"),
        ({"after": {"begin": "after"}}, {}, r"algorithms\.after\.begin: given after; allowed"),
        ({"after": {"begin": "lola-ex"}}, {}, r"begins with policies of lola-ex that the study does not train"),
        ({}, {"after": {"seeds": 4}}, r"study\.after\.seeds: given 3; allowed: seeds for which ipd/before/oracle is"),
        ({}, {"after": {"games": ["imp"]}}, r"given after in imp, which .* that the study does not train"),
        (
            {},
            {"after": {"further": 5}},
            r"allowed in matrix games of tables, with the oracle, without a grid, further seeds",
        ),
        (
            {},
            {"after": {"grid": {"lr": [0.1, 1.0]}}},
            r"allowed in matrix games of tables, with the oracle, without a grid",
        ),
    ],
)
def test_a_mistake_is_told_before_training(algorithms, parts, told):
    own = {name: ALGORITHMS[name] | more for name, more in algorithms.items()}
    with pytest.raises(BadConfig, match=told):
        study(own, **parts)
