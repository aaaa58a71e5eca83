"""What no command line can hold is refused before anything is trained."""

import subprocess
import sys
import time

import pytest

from lola.study import plan
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
