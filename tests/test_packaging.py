"""What is installed: the versions that the scripts pin are the ones that pyproject.toml allows."""

from __future__ import annotations

import tomllib
from collections import defaultdict

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import graphrec
from tests.documents import ROOT


def requirements() -> list[Requirement]:
    """Those of the package and of all its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for texts in stated for text in texts]


def pins() -> dict[str, list[Requirement]]:
    """The pinned versions of each distribution: there are several where Pythons differ."""
    found = defaultdict(list)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            found[canonicalize_name(pin.name)].append(pin)
    return found


def test_every_requirement_is_pinned_to_a_version_that_it_allows() -> None:
    """Otherwise `scripts/lock` has to be run."""
    pinned = pins()
    for requirement in requirements():
        if requirement.name == "graphrec":
            continue  # an extra that takes in another one
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"constraints.txt does not name {requirement.name}"
        for pin in versions:
            [version] = [one.version for one in pin.specifier]
            assert requirement.specifier.contains(version), f"{pin} is not {requirement}"


def test_pins_are_exact_and_name_no_index() -> None:
    for versions in pins().values():
        for pin in versions:
            assert [one.operator for one in pin.specifier] == ["=="], pin
            assert pin.url is None


def test_the_version_is_stated_once() -> None:
    """In `graphrec/__init__.py`, where the build reads it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    stated = (ROOT / project["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    assert f'__version__ = "{graphrec.__version__}"' in stated
