"""What a result is made from: the definitions that its code reaches, as they run, not as they look."""

import shutil
from pathlib import Path

import pytest

from lola.study import fingerprints, plan, provenance
from lola.study.config import load
from lola.vocabulary import kinds, registry

PROJECT = Path(__file__).parents[2]
FILES = {
    "__init__": "",
    "entry": """
        import json
        from pack import shapes, values
        from pack.near import f as again

        def main():
            return again(values.size)

        def unused():
            return shapes.Square
    """,
    "near": """
        import pack.far
        LIMIT, OTHER = 1, 2
        MADE = list("ab")

        def f(x):
            '''Doc.'''
            from pack import late
            return late.deep(x) + LIMIT

        def aside():
            return pack.far
    """,
    "values": """
        size = 3
        weight: float = 2.5
    """,
    "shapes": """
        class Shape:
            side = 1

        class Square(Shape):
            pass

        print("imported")
    """,
    "far": "x = 1",
    "late": "from pack.deeper import deep",
    "deeper": """
        def deep(x):
            return helper(x)

        def helper(x):
            return x

        def alone():
            return 1
    """,
    "whole": """
        import pack.far
        from pack import deeper, values

        def by_name(name):
            return getattr(deeper, name)

        def dotted():
            return pack.far.x

        def parent():
            return Square()

        from pack.shapes import Square
    """,
}

EVERYTHING_NEAR = {"near", "near.f", "near.LIMIT", "deeper.deep", "deeper.helper"}


def forget():
    fingerprints.read.cache_clear()
    fingerprints.fingerprints.cache_clear()
    fingerprints.module_file.cache_clear()
    fingerprints.surroundings.cache_clear()


@pytest.fixture
def changing(tmp_path, monkeypatch):
    """`change(file, old, new)` of a package of small modules, which are those looked at."""
    for name, text in FILES.items():
        path = tmp_path / "pack" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()))
    monkeypatch.setattr(fingerprints, "SOURCE", tmp_path)
    forget()
    yield lambda file, old, new: change(tmp_path / f"pack/{file}.py", old, new)
    forget()


def change(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    forget()


def entry():
    return fingerprints.fingerprints(("pack.entry", "main"))


def test_what_is_mentioned_is_reached_and_what_runs_on_import(changing):
    assert list(entry()) == [
        *("pack.deeper.deep", "pack.deeper.helper", "pack.entry.main", "pack.near", "pack.near.LIMIT", "pack.near.f"),
        *("pack.shapes", "pack.values.size"),
    ]


@pytest.mark.parametrize(
    ("entry", "reached"),
    [
        ("by_name", {"deeper.alone", "deeper.deep", "deeper.helper"}),
        ("dotted", {"far.x"}),
        ("parent", {"shapes.Shape", "shapes.Square"}),
    ],
)
def test_a_module_that_is_passed_on_counts_as_a_whole_and_a_class_with_its_bases(changing, entry, reached):
    found = set(fingerprints.fingerprints(("pack.whole", entry)))
    assert found == {f"pack.{name}" for name in reached | {"shapes", f"whole.{entry}"}}


def test_what_is_not_there_is_no_entry_point(changing):
    with pytest.raises(ValueError, match=r"^no modules of this project: pack.gone$"):
        fingerprints.fingerprints("pack.entry", ("pack.gone", "main"))


def test_a_name_that_is_made_at_run_time_reaches_its_whole_module(changing):
    found = set(fingerprints.fingerprints(("pack.deeper", "not there")))
    assert found == {"pack.deeper.alone", "pack.deeper.deep", "pack.deeper.helper"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("values", "size = 3", "size  =  (3)  # three"),
        ("near", "Doc.", "Another."),
        ("near", "\n\ndef f", "\n\n\n# f\ndef f"),
        ("near", "return pack.far", "return pack.far, 1"),
        ("near", "OTHER = 1, 2", "OTHER = (1, 2)"),
        ("values", "2.5", "3.5"),
        ("far", "x = 1", "x = 2"),
        ("deeper", "return 1", "return 2"),
        ("deeper", "def alone", "def new(x):\n    return helper(x)\n\n\ndef alone"),
        ("entry", "import json", "import json\nimport os\nfrom pack import far"),
        ("shapes", "side = 1", "side = 2"),
    ],
)
def test_what_is_not_reached_and_how_it_looks_do_not_count(changing, file, old, new):
    before = entry()
    changing(file, old, new)
    assert entry() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("values", "size = 3", "size = 4", {"values.size"}),
        ("near", "LIMIT, OTHER = 1, 2", "LIMIT, OTHER = 1, 3", {"near.LIMIT"}),
        ("near", 'list("ab")', 'list("abc")', {"near"}),
        ("near", "late.deep(x) + LIMIT", "late.deep(x) + OTHER", {"near.f", "near.LIMIT", "near.OTHER"}),
        ("deeper", "return x", "return -x", {"deeper.helper"}),
        ("shapes", '"imported"', '"again"', {"shapes"}),
        ("late", "deeper import deep", "deeper import alone as deep", {"deeper.alone", "deeper.deep", "deeper.helper"}),
        ("entry", "again(values.size)", "again(values.weight)", {"entry.main", "values.size", "values.weight"}),
        ("entry", "pack.near import f as again", "math import floor as again", EVERYTHING_NEAR | {"entry.main"}),
        ("near", "from pack import late", "import late", {"deeper.deep", "deeper.helper", "near.f"}),
        ("far", "x = 1", "x = print(1)", {"far"}),
        ("far", "x = 1", "x = 1\nx += 1", {"far"}),
        ("far", "x = 1", "y = [1]\ny[0] = 2", {"far", "far.y"}),
    ],
)
def test_a_change_in_what_is_reached_is_named(changing, file, old, new, named):
    before = entry()
    changing(file, old, new)
    after = entry()
    assert {name for name in before | after if before.get(name) != after.get(name)} == {f"pack.{n}" for n in named}


# Of the study itself.


@pytest.fixture(scope="module")
def groups():
    return plan.groups(load())


@pytest.fixture
def stale(groups, tmp_path, monkeypatch):
    """`stale(module, old, new)`: the groups that a change in a copy of the project's modules makes stale."""
    shutil.copytree(PROJECT / "src/lola", tmp_path / "lola", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprints, "SOURCE", tmp_path)
    forget()
    before = {name: provenance.training_code(group) for name, group in groups.items()}

    def changed(module: str, old: str, new: str) -> set[str]:
        change(tmp_path / f"lola/learning/{module}.py", old, new)
        return {name for name, group in groups.items() if provenance.training_code(group) != before[name]}

    yield changed
    forget()


def seats(group):
    return [seat.get("rule") or seat["learner"] for seat in group.spec["seats"]]


FILES_OF_FUNCTIONS = ["rules", "tabular/learners", "matrix/estimators", "matrix/kernels", "coins/networks"]


@pytest.mark.parametrize("module", FILES_OF_FUNCTIONS)
def test_a_function_that_is_added_makes_nothing_stale(stale, module):
    new = "from lola.learning.streams import stream\n\n\ndef another(seed):\n    return stream(seed, ())\n\n\n"
    first = "@kernel\n" if module == "matrix/kernels" else "@dataclass(frozen=True)\n"
    assert stale(module, first, new + first) == set()


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ("return FirstOrder(eta, ahead=1.0, shape=1.0)", "return FirstOrder(eta, 1.0, 1.0)", {"lola_surrogate"}),
        ("rule = FirstOrder(eta, ahead=0.0, shape=1.0)", "rule = FirstOrder(eta, 0.0, 1.0)", {"lola"}),
        ("for _ in range(order):", "for _ in range(0, order):", {"lola_exact"}),
        ("moved[j] = thetas[j] + eta *", "moved[j] = thetas[j] + 1 * eta *", {"lola_exact"}),
    ],
)
def test_a_change_makes_stale_exactly_the_cells_whose_rules_use_it(groups, stale, old, new, rules):
    assert stale("rules", old, new) == {name for name, group in groups.items() if rules & set(seats(group))}


def test_where_a_name_comes_from_counts(groups, stale):
    old, new = "import powers", "import running_sum as powers"
    assert stale("coins/rollouts", old, new) == {name for name, group in groups.items() if group.course == "coin_game"}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [("kernels", "= 0.0, 0.0", "= 1.0, 0.0"), ("tensors", "(1 - gate) * (1 - n * n)", "(1 - gate)")],
)
def test_passes_that_are_called_by_their_names_count(groups, stale, module, old, new):
    assert stale(f"coins/{module}", old, new) == {name for name, group in groups.items() if group.course == "coin_game"}


def test_how_the_registry_is_read_counts(groups, stale):
    assert stale("../vocabulary/registry", "return KINDS[kind_name(game)]", 'return KINDS["matrix_game"]') == set(
        groups
    )


def test_what_training_itself_names_is_everybodys(groups, stale):
    """It makes climbers of the algorithms that have a rule."""
    assert stale("players", "return lr * direction", "return direction * lr") == set(groups)


def test_first_order_terms_are_those_of_rules_that_are_made_of_them(groups, stale):
    learners = {name for name, group in groups.items() if not any("rule" in seat for seat in group.spec["seats"])}
    assert learners
    assert stale("rules", "if weight:", "if weight != 0:") == set(groups) - learners


def test_no_cell_depends_on_what_shows_it_and_no_figure_on_learning():
    assert "lola.commands.show.main" in fingerprints.fingerprints("lola.commands.show")
    shown, learned = ("lola.analysis", "lola.figures", "lola.tables", "lola.tracking"), "lola.learning"
    assert not [name for name in fingerprints.fingerprints("lola.commands.train") if name.startswith(shown)]
    for stage, (_, known) in kinds.SHOWN.items():
        code = {name for kind in known for name in provenance.product_code(stage, {"kind": kind})}
        assert not [name for name in code if name.startswith((learned, registry.__name__))]


@pytest.mark.parametrize(
    ("module", "old", "new", "stages", "kind"),
    [
        ("figures/style", "FONT = 7", "FONT = 8", ["figure"], None),
        ("tables/table", "DIGITS = 4", "DIGITS = 5", ["table"], None),
        ("figures/map", "LABELS = 3", "LABELS = 4", ["figure"], "map"),
        ("tables/claims", "SCALE = ", "SCALE = 2 * ", ["table"], "claims"),
        ("files/records", '"spec": spec', '"spec": {**spec}', ["figure", "table"], None),
        ("commands/show", "choices=SHOWN", "choices=[*SHOWN]", ["figure", "table"], None),
        ("vocabulary/registry", "RULES = {", 'RULES = {"mine": Entry("lola.learning.rules", "naive"),', [], None),
        ("commands/audit", "def main() -> None:", "def another():\n    pass\n\n\ndef main() -> None:", [], None),
    ],
)
def test_a_change_makes_stale_exactly_what_is_drawn_or_tabulated_with_it(
    tmp_path, monkeypatch, module, old, new, stages, kind
):
    shutil.copytree(PROJECT / "src/lola", tmp_path / "lola", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprints, "SOURCE", tmp_path)
    forget()
    blocks = [(stage, name) for stage, (_, known) in kinds.SHOWN.items() for name in known]

    def code():
        return {block: provenance.product_code(block[0], {"kind": block[1]}) for block in blocks}

    before = code()
    change(tmp_path / f"lola/{module}.py", old, new)
    after = code()
    forget()
    moved = {block for block in blocks if before[block] != after[block]}
    assert moved == {(stage, name) for stage, name in blocks if stage in stages and kind in (None, name)}
