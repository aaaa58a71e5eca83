"""How long the paper's scale would take: by the updates that were timed, and by hand."""

import subprocess
import sys

import pytest

from lola.bench import scale
from lola.study import plan
from lola.study.config import load


def test_the_longest_run_goes_to_the_card_that_is_free_first():
    assert scale.last_ends([3.0, 1.0, 2.0, 2.0], 2) == 4.0
    assert scale.last_ends([3.0, 1.0], 5) == 3.0


def test_the_estimate_is_that_of_its_rows():
    groups = plan.groups(load("lola", [scale.STUDY]))
    rows = [{"s per update": 0.36, "checkpoint MiB": 0.5} for _ in groups]  # 10 hours a run of 100,000 updates
    told = scale.estimate(groups, rows, "This card")
    runs = 30 * len(groups)
    assert told.startswith("As This card did it") and told.count("| 100,000 | 10.0 | 300 |") == len(groups)
    assert f"All {runs} runs are {runs} jobs. One card takes {runs * 10 / 24:,.0f} days" in told
    assert (
        f"100 cards, each job on one, {10 * -(-runs // 100)} hours" in told and f"{runs / 2:,.0f} MiB for all" in told
    )


def test_a_run_is_timed_for_two_updates_at_least():
    spec = plan.groups(load("lola", [scale.STUDY]))["coin-game/coin-lola-pg/oracle"].spec
    row = scale.train(spec | {"play": {"batch": 4, "length": 3}}, "cpu", 0.0)
    assert row["updates"] == 2 and row["s per update"] > 0 and row["checkpoint MiB"] > 0


def test_without_a_gpu_it_says_so_at_once():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    done = subprocess.run([sys.executable, "-m", "lola.bench.scale"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("device: given cuda, but PyTorch")
