"""What training computes on, and whether there is room."""

import psutil
import torch

CHOICES = ("auto", "cpu", "cuda")
GIB = 2**30


class CannotTrain(Exception):
    """Training cannot begin here; the message says what was asked for and what would do."""


def chosen(name: str) -> str:
    """cpu or cuda: for `auto`, cuda where PyTorch finds one."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise CannotTrain(f"device: given cuda, but PyTorch {torch.__version__} finds none here; allowed: cpu, auto")
    return "cuda" if there and name != "cpu" else "cpu"


def check_memory(needed: int, device: str, settings: str) -> None:
    """Raise CannotTrain unless `needed` bytes are free on the device; `settings` says what they depend on."""
    free = torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available
    if needed > free:
        raise CannotTrain(
            f"this needs about {needed / GIB:.1f} GiB of memory and {free / GIB:.1f} GiB are free on {device}; "
            f"lower {settings}"
        )
