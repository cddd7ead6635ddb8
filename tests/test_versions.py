"""`make test-minimum` installs the lowest versions that pyproject.toml allows."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TESTED = (
    "offline",
    "plot",
    "peft",
    "audit",
    "explain",
    "onnx",
    "serve",
    "dask",
    "excel",
    "languages",
)
REQUIREMENTS = [
    Requirement(line)
    for lines in (
        PROJECT["dependencies"],
        *(PROJECT["optional-dependencies"][extra] for extra in TESTED),
    )
    for line in lines
]


def pins(name):
    lines = (ROOT / name).read_text().splitlines()
    pairs = [line.split("==") for line in lines if "==" in line]
    return {package.lower().replace("_", "-"): Version(version) for package, version in pairs}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_the_minimum_is_tested_and_the_newest_allowed(requirement):
    name = requirement.name.lower().replace("_", "-")
    floor = next(s.version for s in requirement.specifier if s.operator == ">=")
    assert pins("constraints-minimum.txt")[name] == Version(floor)
    assert pins("constraints.txt")[name] in requirement.specifier
