"""What no command line can hold is refused before anything is trained."""

import re
import subprocess
import sys
import time

import pytest

from lola.study import limits, plan
from lola.study.config import load
from lola.study.limits import check_command_lines
from lola.vocabulary.errors import BadConfig


def study(seeds, root="results/many", **more):
    part = {"games": ["ipd"], "algorithms": ["nl-ex"], "seeds": seeds}
    return load(
        "lola", [], {"without": ["study", "figures", "tables"], "results": root, "study": {"many": part}} | more
    )


def test_as_many_seeds_are_trained_as_a_command_line_can_name():
    check_command_lines(study(10_000))
    with pytest.raises(BadConfig, match=r"ipd/nl-ex/oracle: its seeds would take .* allowed: up to 120000"):
        check_command_lines(study(100_000))
    with pytest.raises(BadConfig, match="ipd/nl-ex/oracle: the names of its cells' files would take"):
        check_command_lines(study(10_000, "long/" * 30 + "results", tracking="none"))
    with pytest.raises(BadConfig, match="study: the whole config would take"):
        check_command_lines(study(3, games={"ipd": {"title": "x"}, "big": game(80)}))


def test_what_a_figure_is_told_of_all_that_it_shows_must_fit_too(monkeypatch):
    """Of a tournament that are the matches, of which a short config has many."""
    monkeypatch.setattr(limits, "WORD", 8_000)
    entrants = {f"n{number}": {"rule": "naive", "lr": 0.5} for number in range(30)}
    cup = {"games": ["ipd"], "entrants": [*entrants], "episodes": 20, "length": 3, "every": 1, "seeds": 1}
    shown = {"kind": "matches", "game": "ipd", "tournament": "cup", "shows": "return", "caption": "The cup"}
    config = study(1, algorithms=entrants, study={"cup": cup}, figures={"cup": shown})
    with pytest.raises(BadConfig) as refused:
        check_command_lines(config)
    for told in ("figures.cup: what it shows would take ", "games.ipd: the groups in its figures would take "):
        assert re.search(rf"{told}\d+ bytes of a command line; allowed: up to 8000", str(refused.value))


def test_a_command_line_that_is_allowed_can_be_run():
    """The longest argument and the longest list of them, together."""
    group = plan.groups(study(10_000, "long/" * 18 + "results"))["ipd/nl-ex/oracle"]
    curves = [str(cell.curve("long/" * 18 + "results")) for cell in group.cells]
    command = [sys.executable, "-c", "import sys; print(len(sys.argv))", "x" * 120_000, *curves]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"10002\n"


def game(actions):
    return {
        "gamma": 0.9,
        "actions": [f"a{n}" for n in range(actions)],
        "payoffs": [[[player + 0.12345] * actions for _ in range(actions)] for player in range(2)],
    }


def test_many_seeds_are_split_into_jobs_at_once(tmp_path):
    group = plan.groups(study(20_000))["ipd/nl-ex/oracle"]
    for seed in range(0, 20_000, 2):
        for path in (group.cell(seed).curve(tmp_path), group.cell(seed).manifest(tmp_path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    started = time.process_time()
    jobs = plan.batches(group, tmp_path)
    assert time.process_time() - started < 5
    assert [cell.seed for cells in jobs for cell in cells] == [*range(1, 20_000, 2), *range(0, 20_000, 2)]
