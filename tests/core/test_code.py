"""Functions are traced to their library, and to the globals that they use."""

import contextlib
import functools
import json
import os.path
import sys
import types

import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

from agnews_sk._core.code import constants_of, globals_of, is_inherent, library_of
from agnews_sk.cleaning import TextCleaner

PYTHON = f"python {sys.version_info.major}.{sys.version_info.minor}"
FACTOR = 3


def own(x):
    return x


class Own:
    pass


@contextlib.contextmanager
def managed():
    yield 1


@pytest.mark.parametrize(
    ("value", "library"),
    [
        (np.linspace, f"numpy {np.__version__}"),
        (LogisticRegression, f"scikit-learn {sklearn.__version__}"),
        (LogisticRegression.fit, f"scikit-learn {sklearn.__version__}"),
        (json, PYTHON),
        (json.dumps.__code__, PYTHON),
        (os.path.join, PYTHON),
        (len, PYTHON),
        (own, None),
        (own.__code__, None),
        (Own, None),
        (3, None),
    ],
    ids=lambda value: getattr(value, "__name__", getattr(value, "co_name", str(value))),
)
def test_the_library_is_named_with_its_version(value, library):
    found = library_of(value)
    if library is not None and library.startswith("scikit-learn"):
        # By the module's name, or by the distribution's where that has another one.
        assert sklearn.__version__ in found
    else:
        assert found == library


def test_this_package_is_a_library_too():
    assert library_of(TextCleaner).startswith("agnews_sk ")
    assert library_of(TextCleaner.fit.__code__) == library_of(TextCleaner)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (json.dumps, True),
        (LogisticRegression.fit, True),
        (own, False),
        (managed, False),
        (functools.partial(own).func, False),
    ],
    ids=["function", "method", "own", "made by a decorator", "within a partial"],
)
def test_a_function_is_inherent_where_its_name_leads_to_it(function, expected):
    assert is_inherent(function) is expected


def code_of(source):
    names = {}
    exec(compile(source, f"file{len(source)}.py", "exec"), names)
    return names["f"].__code__


@pytest.mark.parametrize(
    "other",
    [
        "\n\n# comment\ndef f(x):\n    return x + 1",
        "def f(x):\n    'Add one.'\n    return x + 1",
        "def f(x):\n    return (\n        x + 1\n    )",
    ],
    ids=["moved", "documented", "wrapped"],
)
def test_location_and_docstring_do_not_affect_the_digest_of_code(other):
    assert constants_of(code_of(other)) == constants_of(code_of("def f(x):\n    return x + 1"))


@pytest.mark.parametrize(
    "other",
    [
        "def f(x):\n    return x + 2",
        "def f(y):\n    return y + 1",
        "def f(x, /):\n    return x + 1",
        "def f(x):\n    yield x + 1",
    ],
    ids=["constant", "name of an argument", "kind of argument", "generator"],
)
def test_the_operations_of_code_affect_its_digest(other):
    assert constants_of(code_of(other)) != constants_of(code_of("def f(x):\n    return x + 1"))


def test_globals_are_those_that_are_used_in_inner_functions_too():
    def uses(x):
        return [own(FACTOR) for _ in range(x)]

    assert globals_of(uses) == {"own": own, "FACTOR": 3}


def test_attributes_named_like_globals_are_not_globals():
    def uses(x):
        return x.FACTOR

    assert globals_of(uses) == {}


def test_imports_within_a_function_are_named_with_their_library():
    def uses():
        import json

        import no_such_module_anywhere  # noqa: F401

        return json

    found = globals_of(uses)
    assert found.pop("import json") == f"json of {PYTHON}"
    assert found.pop("import no_such_module_anywhere") == "no_such_module_anywhere"


def test_a_users_module_counts_with_the_members_that_are_named():
    helper = types.ModuleType("helper_of_test_code")
    helper.go, helper.unused = own, 1
    names = {"helper": helper}
    exec("def f(x): return helper.go(x)", names)
    assert globals_of(names["f"]) == {"helper": {"go": own}}


def test_modules_that_import_each_other_are_walked_once():
    one, other = types.ModuleType("one_of_test_code"), types.ModuleType("other_of_test_code")
    one.other, other.one, other.go = other, one, own
    names = {"one": one}
    exec("def f(x): return one.other.one.other.go(x)", names)
    found = globals_of(names["f"])["one"]
    assert found == {"other": {"go": own, "one": "one_of_test_code"}}
