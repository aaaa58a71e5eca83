"""environment.yml, pyproject.toml, the lock, its hashes and what is installed say the same."""

import re
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
