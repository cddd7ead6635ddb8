"""The rooms import downwards only, through each other's front door, and load nothing heavy."""

import ast
import subprocess
import sys

import pytest

from tests import structure
from tests.structure import Import, is_below, modules, room_of

MODULES = modules()
BARS = {
    "import circles": 0,
    "imports of a higher floor": 0,
    "imports of private files": 0,
    "private attributes of other rooms": 0,
    "largest room, %": 10,
    "private entries at the root": 2,
    "longest file, lines": 450,
    "median function, lines": 6,
    "90 % of functions, lines": 17,
    "longest function, lines": 60,
    "worst complexity": 12,
}
LEAST = {
    "docstring lines : code": 0.7,
    "pytest.raises with match, %": 97,
    "tests : code": 1.0,
}


@pytest.fixture(scope="module")
def figures():
    return structure.figures()


@pytest.mark.parametrize("name", BARS)
def test_structure_stays_below_its_bar(figures, name):
    assert figures[name] <= BARS[name]


@pytest.mark.parametrize("name", LEAST)
def test_structure_stays_above_its_bar(figures, name):
    assert figures[name] >= LEAST[name]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(structure.ROOT)))
def test_module_imports_lower_floors_through_their_front_doors(path):
    assert structure.upward_imports(path) == []
    assert structure.imports_of_private_files(path) == []
    assert structure.foreign_private_attributes(path) == []


def test_every_room_has_a_floor():
    assert {room_of(path) for path in MODULES} == set(structure.FLOOR)


def test_no_modules_import_each_other():
    assert structure.import_circles() == []


def written(folder, monkeypatch, **files):
    """Lay out a package of these files, and measure that one."""
    monkeypatch.setattr(structure, "ROOT", folder)
    monkeypatch.setattr(structure, "_NAMES", {})
    for name, source in files.items():
        path = folder / f"{name.replace('__', '/', 1)}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        yield path


def test_imports_that_are_not_allowed_would_be_seen(tmp_path, monkeypatch):
    (path,) = written(
        tmp_path,
        monkeypatch,
        cleaning___a="""
from agnews_sk.pipeline import TextPipeline
from agnews_sk.sampling import MaskFilter
from agnews_sk.nn._depth import find_layers
from agnews_sk._core.base import TextInputMixin
from agnews_sk.cleaning._b import b
""",
    )
    upward = [found.module for found in structure.upward_imports(path)]
    assert upward == ["pipeline", "sampling"]
    assert structure.imports_of_private_files(path) == [Import(path, "nn._depth", "find_layers")]


def test_a_private_attribute_of_another_room_would_be_seen(tmp_path, monkeypatch):
    first, second = written(
        tmp_path,
        monkeypatch,
        nn___a="class A:\n    def __init__(self):\n        self._depth = 1\n",
        cleaning___b="class B:\n    def b(self, a):\n        self._mine = a._depth\n",
    )
    assert structure.foreign_private_attributes(first) == []
    assert structure.foreign_private_attributes(second) == ["cleaning/_b.py:3 _depth"]


def test_a_circle_would_be_seen(tmp_path, monkeypatch):
    circle = {
        "cleaning___a": "from agnews_sk.cleaning._b import b\n",
        "cleaning___b": "from agnews_sk.cleaning._a import a\n",
        "cleaning___c": "from agnews_sk.cleaning._d import d\n",
        "cleaning___d": "def d():\n    from agnews_sk.cleaning._c import c\n",
    }
    assert list(written(tmp_path, monkeypatch, **circle))
    assert structure.import_circles() == [["cleaning._a", "cleaning._b"]]


def test_floors_are_ordered():
    assert is_below("_core", "cli")
    assert not is_below("sampling", "cleaning")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(structure.ROOT)))
def test_imports_within_the_package_are_absolute(path):
    relative = [
        n for n in ast.walk(structure.tree_of(path)) if isinstance(n, ast.ImportFrom) and n.level
    ]
    assert relative == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = [
        "torch",
        "transformers",
        "optuna",
        "matplotlib",
        "fastapi",
        "polars",
        "pandas",
        "sklearn",
    ]
    code = f"import sys, agnews_sk; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=structure.ROOT.parent,
    )
    assert done.stdout.strip() == "[]"
