"""What training computes on, and whether there is room for it."""

import pytest
import torch

from lola.learning import devices


def there_is_cuda(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)


@pytest.mark.parametrize(
    ("name", "there", "expected"),
    [
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_auto_takes_cuda_where_there_is_one(monkeypatch, name, there, expected):
    there_is_cuda(monkeypatch, there)
    assert devices.chosen(name) == expected


def test_cuda_where_there_is_none_is_an_error_that_says_what_would_do(monkeypatch):
    there_is_cuda(monkeypatch, False)
    with pytest.raises(devices.CannotTrain, match=r"device: given cuda.*none here; allowed: cpu, auto"):
        devices.chosen("cuda")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_too_little_memory_is_an_error_with_both_numbers_and_what_to_lower(monkeypatch, device):
    GIB = 2**30
    monkeypatch.setattr(devices.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 3 * GIB // 2}))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (3 * GIB // 2, 99 * GIB))
    devices.check_memory(3 * GIB // 2, device, "batch")
    with pytest.raises(devices.CannotTrain) as problem:
        devices.check_memory(5 * GIB // 2, device, "batch or length")
    for said in ("about 2.5 GiB", f"1.5 GiB are free on {device}", "lower batch or length"):
        assert said in str(problem.value)
