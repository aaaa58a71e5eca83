"""Settings are declared once: the schema, the documentation and what is a real number agree with it."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from lola.commands import docs
from lola.study import plan
from lola.study.config import BadConfig, load, schema
from lola.vocabulary import registry, settings


def entries():
    """Each entry of the registry whose arguments are settings, with the block that gives them."""
    for entry in (*registry.RULES.values(), *registry.LEARNERS.values()):
        yield entry, settings.ALGORITHM
    for kind in registry.KINDS.values():
        yield kind.game, settings.GAME
        yield kind.policy, settings.ALGORITHM
        yield from ((entry, settings.ALGORITHM) for entry in kind.estimators.values())
        yield from ((entry, settings.OPPONENT_MODEL) for entry in kind.opponent_models.values())


@pytest.mark.parametrize(("entry", "known"), [*entries()], ids=lambda value: getattr(value, "name", ""))
def test_whatever_an_entry_takes_is_declared(entry, known):
    assert entry.settings.keys() - {"game"} <= known.keys()  # which policies are given beside settings


def test_every_setting_is_taken_by_something():
    taken = {id(known): set() for known in (settings.GAME, settings.ALGORITHM, settings.OPPONENT_MODEL)}
    for entry, known in entries():
        taken[id(known)] |= entry.settings.keys()
    assert settings.GAME.keys() - taken[id(settings.GAME)] == {"title", "kind", "length"}
    assert settings.OPPONENT_MODEL.keys() - taken[id(settings.OPPONENT_MODEL)] == {"label", "model", "batch"}
    shared = {"label", "colour", "rule", "lr", "lr_final", "clip", "estimator", "batch", "learner", "begin"}
    assert settings.ALGORITHM.keys() == (taken[id(settings.ALGORITHM)] | shared) - {"game"}


def test_the_schema_is_one_and_describes_every_setting():
    structure = yaml.safe_load(Path("workflow/schemas/config.schema.yaml").read_text())
    Draft202012Validator.check_schema(schema())
    for name, known in settings.BLOCKS.items():
        described = schema()["$defs"][name]["properties"]
        assert all(described[key]["description"] for key in known)
        assert not structure["$defs"][name].get("properties", {}).keys() & known


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        (settings.number("x", least=0), "a number from 0"),
        (settings.number("x", least=0, most=1), "a number from 0 to 1"),
        (settings.number("x", least=0, below=1), "a number from 0 up to but not including 1"),
        (settings.number("x", above=0), "a number above 0"),
        (settings.number("x", above=0, most=1), "a number above 0 and up to 1"),
        (settings.number("x"), "a number"),
        (settings.whole("x"), "a whole number from 1"),
        (settings.whole("x", 2, 9), "a whole number from 2 to 9"),
        (settings.choice("x", "a", "b", "c"), "a, b or c"),
    ],
)
def test_bounds_are_said_as_they_are_checked(setting, allowed):
    assert setting.allowed == allowed
    assert setting.schema["description"] == f"{allowed}, x"
    valid = Draft202012Validator(setting.schema).is_valid
    at = {"from 0": [(0, True), (-0.1, False)], "above 0": [(0, False), (0.1, True)], "to 1": [(1, True), (1.1, False)]}
    at |= {"including 1": [(0.99, True), (1, False)], "from 2 to 9": [(2, True), (9, True), (1, False), (10, False)]}
    for words, values in at.items():
        if words in allowed:
            assert [valid(value) for value, _ in values] == [good for _, good in values]


@pytest.mark.parametrize("name", ["lr", "eta", "clip", "epsilon"])
def test_it_does_not_matter_whether_a_real_number_is_written_with_a_point(name):
    assert settings.plain({name: 1}, settings.ALGORITHM) == {name: 1.0}
    assert isinstance(settings.plain({name: 1}, settings.ALGORITHM)[name], float)
    assert isinstance(settings.plain({"order": 1}, settings.ALGORITHM)["order"], int)


def test_numbers_in_lists_are_real_too():
    plain = settings.in_shape([[[1, 2], [0, 1]]], settings.numbers("a matrix per player").shape)
    assert plain == [[[1.0, 2.0], [0.0, 1.0]]] and isinstance(plain[0][0][0], float)


def test_a_config_with_or_without_points_is_one_experiment():
    written = {
        "algorithms": {"lola-ex": {"lr": 1, "eta": 1}},
        "study": {"map": {"grid": {"lr": [1, 2], "eta": [1, 2]}}},
    }
    pointed = {
        "algorithms": {"lola-ex": {"lr": 1.0, "eta": 1.0}},
        "study": {"map": {"grid": {"lr": [1.0, 2.0], "eta": [1.0, 2.0]}}},
    }
    of_written, of_pointed = (
        {name: repr(group.spec) for name, group in plan.groups(load("lola", [], given)).items()}
        for given in (written, pointed)
    )
    assert of_written == of_pointed


def test_the_lists_of_settings_and_of_kinds_in_the_readme_are_up_to_date():
    """`make docs` writes them."""
    text = docs.SETTINGS.read_text()
    assert docs.fill(docs.SETTINGS, {"settings": docs.settings_listing(), "kinds": docs.kinds_listing()}) == text


def test_an_algorithm_that_no_part_uses_is_checked_where_it_stands():
    mine = {"rule": "naive", "lr": 1, "estimator": "pg_released", "batch": 1}
    with pytest.raises(BadConfig, match=r"^algorithms\.mine\.batch: given 1; allowed: a whole number from 2"):
        load("lola", [], {"algorithms": {"mine": mine}})
    for estimator, setting in (("pg", {"entropy": 0.1}), ("pg_released", {"critic_lr": 0.1})):
        assert load("lola", [], {"algorithms": {"mine": mine | {"estimator": estimator, "batch": 4} | setting}})


SHAPES = """
from dataclasses import dataclass

def function(a, b=1, *, c, d=2): ...

class Plain:
    def __init__(self, a, b=None): ...

@dataclass
class Record:
    a: float
    b: int = 3

    def step(self, x): ...
"""


def test_what_an_entry_takes_is_read_off_functions_classes_and_dataclasses(tmp_path, monkeypatch):
    (tmp_path / "shapes.py").write_text(SHAPES)
    monkeypatch.setattr(registry, "SOURCE", tmp_path)
    for name, required, optional in (("function", "ac", "bd"), ("Plain", "a", "b"), ("Record", "a", "b")):
        settings = registry.Entry("shapes", name).settings
        assert settings == dict.fromkeys(required, True) | dict.fromkeys(optional, False)
