"""environment.yml, pyproject.toml, the lock, its hashes and what is installed say the same."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PYPROJECT = tomllib.loads(Path("pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LOCK = {
    name.lower().replace("_", "-"): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", Path("requirements.lock").read_text(), re.MULTILINE)
}
HASHES = Path("requirements.hashes").read_text()
WANTED = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]


def test_the_lock_pins_every_line():
    lines = [line for line in Path("requirements.lock").read_text().splitlines() if line and line[0] != "#"]
    assert len(lines) == len(LOCK)


@pytest.mark.parametrize("requirement", WANTED, ids=str)
def test_the_lock_satisfies_each_requirement(requirement):
    assert LOCK[requirement.name.lower()] in requirement.specifier


def test_all_locked_packages_but_pytorch_and_what_builds_this_one_have_hashes():
    entry = re.compile(r"^([\w.-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.MULTILINE)
    pinned = {name: version for name, version, _ in entry.findall(HASHES)}
    (builds_with,) = map(Requirement, PYPROJECT["build-system"]["requires"])
    assert pinned.pop(builds_with.name) in builds_with.specifier
    assert pinned == {name: version for name, version in LOCK.items() if name != "torch"}
    left = entry.sub("", HASHES).splitlines()
    assert all(line.startswith("#") for line in left), "a line is no package with its hashes"


PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
)


def plain(name: str) -> str:
    """A package's name in the one spelling that all others stand for."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_all_that_its_packages_need_on_every_python_and_system(python):
    (builds_with,) = re.findall(r"^(setuptools)==(\S+)", HASHES, re.MULTILINE)
    locked = {plain(name): version for name, version in [*LOCK.items(), builds_with]}
    asked = 0
    for name in LOCK:
        assert f"{python}.0" in SpecifierSet(metadata.metadata(name).get("Requires-Python", "")), name
        for needed in map(Requirement, metadata.requires(name) or ()):
            version = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
            if not needed.marker or any(needed.marker.evaluate(system | version) for system in SYSTEMS):
                assert needed.specifier.contains(locked[plain(needed.name)], prereleases=True), (name, str(needed))
                asked += 1
    assert asked > 200


@pytest.fixture(scope="module")
def uv(tmp_path_factory):
    """What `make lock` resolves with, which is no part of the environment."""
    folder = tmp_path_factory.mktemp("uv")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--retries", "0", "--target", str(folder), "uv"]
    if subprocess.run(install, capture_output=True).returncode:
        pytest.skip("no network: uv cannot be installed, so the lock is not resolved anew")
    return folder / "bin" / "uv"


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_resolves_from_the_default_index_alone_to_the_files_that_we_name(uv, python):
    lock = Path("requirements.lock").read_text() + "\n".join(PYPROJECT["build-system"]["requires"]) + "\n"
    known = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    how = ["--quiet", "--no-config", "--universal", "--generate-hashes", "--no-annotate", "--no-header"]
    command = [str(uv), "pip", "compile", *how, "--python-version", python, "-"]
    done = subprocess.run(command, input=lock, env=known, capture_output=True, text=True)
    if re.search("dns error|error sending request|[Cc]onnect", done.stderr):
        pytest.skip("no network: the default index cannot be reached, so the lock is not resolved anew")
    assert done.returncode == 0, done.stderr
    found, ours = files(done.stdout), files(HASHES)
    assert LOCK["torch"] in found["torch"]
    assert [name for name in ours if not ours[name] <= found.get(name, set())] == []


def files(hashed: str) -> dict[str, set[str]]:
    """The version of each package of a file with hashes, and the digests of its files."""
    entries = re.findall(r"^([\w.-]+)==([^\s;]+)(.*(?:\n +--hash=.*)*)", hashed, re.MULTILINE)
    return {plain(name): {version, *re.findall(r"sha256:(\w+)", rest)} for name, version, rest in entries}


def test_torch_is_pinned_without_a_build():
    assert LOCK["torch"] == "2.13.0"


def test_no_cluster_plugin_is_in_the_default_environment():
    assert not [name for name in LOCK if name.startswith("snakemake-executor-plugin")]


@pytest.mark.parametrize("name", sorted(LOCK))
def test_what_is_installed_is_what_is_locked(name):
    assert metadata.version(name).partition("+")[0] == LOCK[name].partition("+")[0]


def test_conda_users_get_an_allowed_python_and_the_same_lock():
    environment = yaml.safe_load(Path("environment.yml").read_text())
    python, pip, section = environment["dependencies"]
    assert pip == "pip"
    assert section == {"pip": ["-r requirements.lock", "-e ."]}
    version = python.removeprefix("python=").replace("*", "0")
    assert version in SpecifierSet(PROJECT["requires-python"])
