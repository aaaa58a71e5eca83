"""A name that is printed is read again, and only by the module of names."""

import ast
import re
from pathlib import Path

import pytest

from lola.vocabulary import names
from lola.vocabulary.names import Cell, GroupName, Matchup

MATCHUPS = {
    "lola-ex": Matchup(("lola-ex",)),
    "lola-ex-vs-nl-ex": Matchup(("lola-ex", "nl-ex")),
    "a-vs-b-vs-a": Matchup(("a", "b", "a")),
    "lola-ex@map": Matchup(("lola-ex",), "map"),
    "nl-q-vs-lola-ex@cup": Matchup(("nl-q", "lola-ex"), "cup"),
}
REGULAR = {r"//[^/@\s]*@"}  # the user in the address of a store
OURS = Path("src/lola/vocabulary/names.py"), Path("src/lola/files/damage.py")  # which knows Snakemake's own names
ELSEWHERE = [
    *(path for path in Path("src").rglob("*.py") if path not in OURS),
    *(Path("Snakefile"), *Path("workflow").rglob("*.smk")),
]


@pytest.mark.parametrize("text", MATCHUPS)
def test_a_matchup_is_read_as_it_is_written(text):
    assert Matchup.read(text) == MATCHUPS[text]
    assert str(MATCHUPS[text]) == text


def test_a_match_and_a_map_say_what_they_are():
    match, grid, plain = (MATCHUPS[text] for text in ("nl-q-vs-lola-ex@cup", "lola-ex@map", "lola-ex"))
    assert [each.is_map for each in (match, grid, plain)] == [False, True, False]
    assert [each.tournament for each in (match, grid, plain)] == ["cup", "", ""]
    assert [each.players for each in (match, grid, plain)] == ["nl-q-vs-lola-ex", "lola-ex", "lola-ex"]
    assert plain.seated(3) == ("lola-ex",) * 3
    assert match.seated(2) == ("nl-q", "lola-ex")


@pytest.mark.parametrize("matchup", MATCHUPS)
def test_a_group_and_a_cell_are_read_as_they_are_written(matchup):
    group = GroupName("ipd", matchup, "oracle")
    assert GroupName.read(group.name) == GroupName.at(Path("results/groups", group.name)) == group
    assert GroupName.read(f"ipd/{matchup}") == group
    assert GroupName.read(f"ipd/{matchup}", "cloning") == GroupName.read(f"ipd/{matchup}/cloning", "oracle")
    cell = group.cell(7)
    assert cell == Cell("ipd", matchup, "oracle", 7) == Cell.at(cell.name)
    assert (cell.group, cell.name) == (group.name, f"{group.name}/seed7")
    assert Cell.at(cell.curve("a/b")) == Cell.at(cell.manifest("a/b")) == cell
    assert Cell.root(cell.curve("a/b")) == Path("a/b")
    assert re.fullmatch(names.CELL, cell.name)
    paths = [str(cell.curve("results")), str(cell.manifest("results")), "results/groups/a/b/c/returns.csv"]
    assert names.curves(paths) == [cell]


def test_a_checkpoint_lies_in_the_folder_of_its_group(tmp_path):
    group = GroupName("ipd", "nl-q@cup", "oracle")
    path = group.cell(3).checkpoint(tmp_path, group.cell(9))
    path.parent.mkdir(parents=True)
    path.touch()
    assert list(names.checkpoints(tmp_path)) == group.checkpoints(tmp_path) == [path]
    assert GroupName.at(path.parent) == group


def test_another_group_of_the_same_game():
    grid = GroupName("ipd", "lola-pg-batch@map", "oracle")
    assert grid.instead().name == "ipd/lola-pg-batch/oracle"
    assert grid.instead("lola-pg").name == "ipd/lola-pg/oracle"


@pytest.mark.parametrize("path", ELSEWHERE, ids=str)
def test_separators_stand_in_the_module_of_names_alone(path):
    """Nor is a path taken apart by position, which stands for a name."""
    text = path.read_text()
    for separator in ("-vs-", "@", "/seed") if path.suffix == ".py" else ("-vs-", "@"):
        found = [word for word in words(path, text) if separator in word and word not in REGULAR]
        assert not found, separator
    assert not re.search(r"\.parts\[|\.parents\[[4-9]\]", text)
    assert not re.search(r"label\w*\([^()]*\)\.(split|partition|rpartition|replace|removesuffix)\(", text)


def words(path: Path, text: str) -> list[str]:
    """The strings of a module without its docstrings; of a rule file, its lines without comments."""
    if path.suffix != ".py":
        return [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    nodes = list(ast.walk(ast.parse(text)))
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in told]


@pytest.mark.parametrize("numbers, text", [([0], "0"), ([2, 0, 1], "0-2"), ([0, 2, 3, 9], "0, 2-3, 9"), ([], "")])
def test_ranges(numbers, text):
    assert names.ranges(numbers) == text
