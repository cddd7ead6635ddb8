"""The conda recipe has the version, the requirements and the commands of pyproject.toml."""

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = yaml.safe_load((ROOT / "recipe/recipe.yaml").read_text(encoding="utf-8"))
# Distributions with another name on conda channels.
RENAMED = {"torch": "pytorch"}


def versions_by_name(lines):
    """Return the range of versions of each package, its parts in any order."""
    found = [Requirement(line) for line in lines]
    return {one.name: one.specifier for one in found}


def test_the_recipe_requires_what_the_package_does():
    required = versions_by_name(PROJECT["dependencies"])
    required = {RENAMED.get(name, name): versions for name, versions in required.items()}
    required["python"] = versions_by_name([f"python{PROJECT['requires-python']}"])["python"]
    assert versions_by_name(RECIPE["requirements"]["run"]) == required


def test_the_recipe_is_built_with_what_the_package_is():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert set(build["requires"]) < set(RECIPE["requirements"]["host"])


def test_the_recipe_describes_the_package_as_it_describes_itself():
    assert RECIPE["context"]["version"] == PROJECT["version"]
    assert RECIPE["package"]["name"] == PROJECT["name"]
    assert " ".join(RECIPE["about"]["summary"].split()) == PROJECT["description"]
    assert RECIPE["about"]["license"] == PROJECT["license"]
    scripts = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert RECIPE["build"]["python"]["entry_points"] == scripts
