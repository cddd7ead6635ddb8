"""`import agnews_sk` gives access to every public name and room."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import agnews_sk

SOURCE = Path(agnews_sk.__file__)
ROOMS = [module.name for module in pkgutil.iter_modules(agnews_sk.__path__)]
PUBLIC = [name for name in ROOMS if not name.startswith("_")]


@pytest.mark.parametrize("room", PUBLIC)
def test_a_room_is_an_attribute_of_the_package_without_being_imported(room):
    assert agnews_sk.__getattr__(room) is importlib.import_module(f"agnews_sk.{room}")
    assert room in dir(agnews_sk)


def test_a_room_is_loaded_on_access():
    code = "import agnews_sk; print(agnews_sk.caching.TextCache.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "agnews_sk.caching\n"


def test_a_name_that_is_neither_is_missing():
    with pytest.raises(AttributeError, match="module 'agnews_sk' has no attribute 'evaluations'"):
        agnews_sk.evaluations  # noqa: B018


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (SOURCE, set(agnews_sk.__all__) - {"__version__"}),
        (SOURCE.parent / "classifiers/__init__.py", set(agnews_sk.classifiers.__all__)),
    ],
    ids=["agnews_sk", "classifiers"],
)
def test_type_checkers_see_every_name_that_is_loaded_on_access(file, names):
    blocks = [
        node
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imported = [alias.name for block in blocks for node in block.body for alias in node.names]
    assert sorted(imported) == sorted(names)
