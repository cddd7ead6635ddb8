"""Rooms import downwards only, through each other's `__init__`, and load nothing heavy."""

import ast
import subprocess
import sys

import pytest

from tests import structure
from tests.structure import AT_LEAST, AT_MOST, Import, Package, count_lines, functions, is_below

PACKAGE = Package()


@pytest.fixture(scope="module")
def figures():
    return structure.figures()


@pytest.mark.parametrize("name", AT_MOST)
def test_figure_is_at_most_its_limit(figures, name):
    assert figures[name] <= AT_MOST[name]


@pytest.mark.parametrize("name", AT_LEAST)
def test_figure_is_at_least_its_limit(figures, name):
    assert figures[name] >= AT_LEAST[name]


def test_every_figure_has_a_limit(figures):
    assert set(figures) == set(AT_MOST | AT_LEAST)


@pytest.mark.parametrize("path", PACKAGE.files, ids=lambda p: str(p.relative_to(structure.ROOT)))
def test_module_imports_lower_floors_through_their_init(path):
    assert PACKAGE.upward_imports(path) == []
    assert PACKAGE.imports_of_private_files(path) == []
    assert PACKAGE.foreign_private_attributes(path) == []


def test_every_room_has_a_floor():
    assert set(map(PACKAGE.room_of, PACKAGE.files)) == set(structure.FLOOR)


def test_there_are_no_import_cycles():
    assert PACKAGE.import_circles() == []


@pytest.mark.parametrize("path", PACKAGE.files, ids=lambda p: str(p.relative_to(structure.ROOT)))
def test_imports_within_the_package_are_absolute(path):
    relative = [n for n in structure.nodes_of(path) if isinstance(n, ast.ImportFrom) and n.level]
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


def test_words_of_ascii_load_no_library_of_other_texts_and_models():
    unused = ["torch", "transformers", "nltk", "ftfy", "rjieba", "optuna", "matplotlib"]
    unused += ["statsmodels", "typer", "tqdm", "pooch", "skops", "safetensors", "onnx"]
    unused += ["pytest", "sklearn.utils._testing", "sklearn.utils.estimator_checks"]
    code = f"""
import sys
from agnews_sk import load_texts, make_tfidf_pipeline
pipeline = make_tfidf_pipeline(characters=False).fit(["oil up", "cup won"] * 9, ["a", "b"] * 9)
pipeline.predict(["oil"])
print([module for module in {unused} if module in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=structure.ROOT.parent,
    )
    assert done.stdout.strip() == "[]"


def write_package(folder, **files):
    """Write source files, `room__file` for `room/file.py`, and return their package and paths."""
    paths = [folder / f"{name.replace('__', '/', 1)}.py" for name in files]
    for path, source in zip(paths, files.values()):
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    return Package(folder), paths


def test_imports_that_are_not_allowed_are_found(tmp_path):
    source = """
from agnews_sk.pipeline import TextPipeline
from agnews_sk.sampling import MaskFilter
from agnews_sk.nn._depth import find_layers
from agnews_sk._core.base import TextInputMixin
from agnews_sk.cleaning._b import b
from agnews_sk import __version__, nn
import agnews_sk.nn
import numpy as np


def later():
    import agnews_sk.serving
    from agnews_sk.nn import _private
"""
    package, [path] = write_package(tmp_path, cleaning___a=source)
    upward = [found.module for found in package.upward_imports(path)]
    assert sorted(upward) == ["pipeline", "sampling", "serving"]
    assert package.imports_of_private_files(path) == [
        Import(path, "nn._depth", "find_layers"),
        Import(path, "nn", "_private"),
    ]


def test_a_private_attribute_of_another_room_is_found(tmp_path):
    package, [first, second] = write_package(
        tmp_path,
        nn___a="class A:\n    def __init__(self):\n        self._depth = self._width = 1\n",
        cleaning___b="""
class B:
    def b(self, a):
        self._mine = a._depth
        return self._width, a._mine, a._of_no_room, a.__dict__
""",
    )
    assert package.foreign_private_attributes(first) == []
    assert package.foreign_private_attributes(second) == ["cleaning/_b.py:4 _depth"]


def test_a_circle_is_found(tmp_path):
    package, _ = write_package(
        tmp_path,
        cleaning___a="from agnews_sk.cleaning._b import b\n",
        cleaning___b="from agnews_sk.cleaning._a import a\n",
        cleaning___c="from agnews_sk.cleaning._d import d\n",
        cleaning___d="def d():\n    from agnews_sk.cleaning._c import c\n",
        nn____init__="from agnews_sk.nn import _e\n",
        nn___e="class E:\n    from agnews_sk.nn import f\n",
        nn___f="if TYPE_CHECKING:\n    from agnews_sk.nn._g import g\n",
        nn___g="from agnews_sk.nn._f import f\n",
    )
    assert package.import_circles() == [["cleaning._a", "cleaning._b"], ["nn.__init__", "nn._e"]]


def test_floors_are_ordered():
    assert is_below("_core", "cli")
    assert not is_below("sampling", "cleaning")


def test_sizes_of_rooms_are_shares_of_all_lines(tmp_path):
    package, _ = write_package(tmp_path, nn___a="a = 1\n" * 3, nn___b="b = 1\n", _core__c="\n")
    assert package.size_of_rooms() == {"nn": 0.8, "_core": 0.2}
    assert package.private_entries() == ["_core"]


SOURCE = '''"""A module.

Of a few lines.
"""

# A comment.
TEXT = """
not a docstring
"""


def outer(x, *, y=(1 if True else 2)):
    """Return something."""
    # A comment.
    if x and y or x:
        return [z for z in y]

    def inner():
        while x:
            pass

    return inner


async def other():
    try:
        pass
    except ValueError:
        pass
'''


def test_lines_of_code_and_docstrings_are_counted_without_blank_ones(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(SOURCE)
    assert count_lines(path) == (15, 4)


def test_each_condition_of_a_comprehension_is_a_branch(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("def f(x):\n    return [a for a in x if a if a > 1]\n")
    assert [found.complexity for found in functions(path)] == [4]


@pytest.mark.parametrize(
    "source",
    ["import agnews_sk", "from importlib import import_module\nimport_module('agnews_sk.serving')"],
)
def test_an_upward_import_in_another_form_would_be_seen(tmp_path, source):
    package, (path,) = write_package(tmp_path, cleaning___a=source)
    assert len(package.upward_imports(path)) == 1


def test_a_private_name_of_the_ground_floor_would_be_seen(tmp_path):
    source = "from agnews_sk._core.base import TextInputMixin, _columns"
    package, (path,) = write_package(tmp_path, cleaning___a=source)
    assert [found.name for found in package.imports_of_private_files(path)] == ["_columns"]


def test_functions_are_measured_without_docstrings_and_inner_functions(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(SOURCE)
    measured = {f.name: (f.n_lines, f.complexity) for f in functions(path)}
    # `outer`: if, or, and, comprehension.
    assert measured == {"outer": (7, 5), "inner": (3, 2), "other": (5, 2)}


def test_errors_whose_message_is_not_checked_are_found(tmp_path):
    path = tmp_path / "test_a.py"
    path.write_text(
        "pytest.raises(ValueError)\n"
        "pytest.raises(ValueError, match='a')\n"
        "pytest.raises((KeyboardInterrupt, ValueError))\n"
        "other.raises(ValueError)\n"
    )
    assert len(structure.raises_calls(path)) == 2
    assert structure.unmatched_raises(path) == ["test_a.py:1"]
