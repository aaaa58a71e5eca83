"""What a processor is called, with the instruction sets that can move last bits."""

import platform

import pytest

from lola.files import processor

CORE = "processor\t: 0\nmodel name\t: {model}\nflags\t\t: fpu sse2 {flags}\nbugs\t\t: none\n"


@pytest.mark.parametrize(
    ("flags", "sets"),
    [
        ("avx avx2 avx512f avx512vl", ", AVX2, AVX-512"),
        ("avx avx2 avx_vnni", ", AVX2"),
        ("avx", ""),
    ],
)
def test_on_linux_it_is_the_model_with_its_instruction_sets(tmp_path, monkeypatch, flags, sets):
    monkeypatch.setattr(processor, "INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    processor.INFO.write_text(2 * CORE.format(model="AMD EPYC 9B45 128-Core Processor", flags=flags))
    assert processor.name() == f"AMD EPYC 9B45 128-Core Processor, x86_64{sets}"


def test_elsewhere_it_is_what_python_knows(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "INFO", tmp_path / "absent")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    assert processor.name() == "arm, arm64"
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert processor.name() == "arm64"
