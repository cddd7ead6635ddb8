"""Values have equal digests if, and only if, their content is equal."""

import copyreg
import functools
import importlib
import itertools
import re
import subprocess
import sys
import textwrap
import threading
from itertools import permutations
from operator import attrgetter

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer

from agnews_sk._core.content import _Walk, content_digest


class Thing:
    def __init__(self, **attributes):
        vars(self).update(attributes)


def function_of(factor, default=1):
    return lambda x, y=default: x * factor + y


def class_of(factor, limit):
    class Named:
        cap = limit

        def method(self):
            return factor

    return Named


def around_itself(value):
    values = [value]
    values.append(values)
    return values


def fitted(text):
    return CountVectorizer().fit([text])


def told(callback):
    estimator = CountVectorizer()
    estimator._skl_callbacks = [callback]
    return estimator


PAIRS = {
    "number and its kind": (1, True),
    "text and bytes": ("a", b"a"),
    "order": ([1, 2], [2, 1]),
    "nesting": ([1, [2]], [[1], 2]),
    "list and tuple": ([1], (1,)),
    "keys": ({"a": 1}, {"b": 1}),
    "sets": ({"a", "b"}, {"a", "c"}),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "dtype": (np.zeros(2, np.int32), np.zeros(2, np.float32)),
    "texts in an array": (np.array(["a", "b"]), np.array(["a", "c"])),
    "objects in an array": (np.array([1, "a"], object), np.array([1, "b"], object)),
    "tensors": (torch.zeros(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
    "scalars": (torch.tensor(1.0), torch.tensor(2.0)),
    "attributes": (Thing(a=1), Thing(a=2)),
    "closures": (function_of(2), function_of(3)),
    "defaults": (function_of(2, 1), function_of(2, 3)),
    "partials": (functools.partial(max, 1), functools.partial(max, 2)),
    "bound to": (Thing(a=1).__eq__, Thing(a=2).__eq__),
    "classes by method": (class_of(1, 1), class_of(2, 1)),
    "classes by attribute": (class_of(1, 1), class_of(1, 2)),
    "libraries' classes": (torch.optim.Adam, torch.optim.SGD),
    "modules": (torch.nn.Linear(1, 2), torch.nn.Linear(2, 1)),
    "cycles": (around_itself(1), around_itself(2)),
    "patterns": (re.compile("a"), re.compile("b")),
    "flags": (re.compile("a"), re.compile("a", re.IGNORECASE)),
    "frozensets": (frozenset({"a"}), frozenset({"b"})),
    "columns' index": (pd.Series([1, 2], ["a", "b"]), pd.Series([1, 2], ["a", "c"])),
    "masked": (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[0, 0])),
    "dates": (np.datetime64("2020-01-01"), np.datetime64("2021-01-01")),
    "cached": (functools.cache(function_of(1)), functools.cache(function_of(2))),
    "methods of an object": ("ab".join, "cd".join),
    "learned": (FrozenEstimator(fitted("oil")), FrozenEstimator(fitted("cup"))),
    "learned, in a dictionary": ({"by": fitted("oil")}, {"by": fitted("cup")}),
    "learned, in a closure": (function_of(fitted("oil")), function_of(fitted("cup"))),
    "learned, among the arguments": (
        FunctionTransformer(kw_args={"by": fitted("oil")}),
        FunctionTransformer(kw_args={"by": fitted("cup")}),
    ),
    "callbacks": (told(Thing(n=1)), told(Thing(n=5))),
    "criteria": (torch.nn.NLLLoss(torch.ones(2)), torch.nn.NLLLoss(torch.zeros(2))),
    "pickled": (attrgetter("a"), attrgetter("b")),
    "ranges": (range(3), range(4)),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_other_content_has_another_digest(one, other):
    assert content_digest(one) != content_digest(other)
    assert content_digest(one) == content_digest(one)
    assert content_digest([one, one]) != content_digest([one, other])


@pytest.mark.parametrize(
    "make",
    [
        lambda: function_of(2),
        lambda: class_of(1, 2),
        lambda: Thing(a=np.arange(3), b={"x", "y", "z"}, c=[torch.ones(2)]),
        lambda: around_itself(3),
        lambda: torch.nn.CrossEntropyLoss(weight=torch.ones(2)),
        lambda: FrozenEstimator(fitted("oil")),
        lambda: [fitted("oil")],
        lambda: threading.Lock(),
        lambda: functools.cache(function_of(2)),
    ],
    ids=["function", "class", "object", "cycle", "module", "frozen", "fitted", "lock", "cache"],
)
def test_equal_values_have_equal_digests(make):
    assert content_digest(make()) == content_digest(make())


def test_a_value_that_cannot_be_read_has_another_digest_each_time(tmp_path):
    with open(tmp_path / "file", "w") as file:
        assert content_digest(file) != content_digest(file)


WRITTEN = {
    "a global": ("G = 1\ndef f(x): return x * G", "G = 2"),
    "a global pattern": ("import re\nG = re.compile('a')\ndef f(x): return G.sub('', x)", "('b')"),
    "a global set": ("G = frozenset({'a', 'b'})\ndef f(x): return x in G", "'c'}"),
    "a global NumPy number": ("import numpy as np\nG = np.int64(1)\ndef f(x): return x * G", "(2)"),
    "a global series": ("import pandas as pd\nG = pd.Series([1])\ndef f(x): return x * G", "[2]"),
    "a global partial": (
        "from functools import partial\nG = partial(max, 1)\ndef f(x): return G(x)", "max, 2",
    ),
    "a global class": (
        "class K:\n  def go(self, x): return x + 1\ndef f(x): return K().go(x)", "x + 2",
    ),
    "a helper of a helper": (
        "def h(x): return x + 1\ndef g(x): return h(x)\ndef f(x): return g(x)", "x + 2",
    ),
    "helpers that call each other": (
        "def g(x): return f(x - 1)\ndef f(x): return g(x) if x > 1 else x", "x > 2",
    ),
    "a global in a comprehension": ("G = 1\ndef f(x): return [t * G for t in x]", "G = 2"),
    "a global in a method": ("G = 1\nclass K:\n  def go(self): return G\nf = K", "G = 2"),
    "a class in a class": ("class K:\n  class L:\n    n = 1\nf = K", "n = 2"),
    "a base class": ("class B:\n  n = 1\nclass K(B): pass\nf = K()", "n = 2"),
    "a property": ("class K:\n  n = property(lambda self: 1)\nf = K()", "self: 2"),
    "a class method": ("class K:\n  @classmethod\n  def n(cls): return 1\nf = K()", "return 2"),
    "a scorer": ("class S:\n  def __call__(self, e, X, y): return 1.0\nf = S()", "return 2.0"),
    "a step": (
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "class S(TransformerMixin, BaseEstimator):\n  def transform(self, X): return X * 1\n"
        "f = S()",
        "X * 2",
    ),
    "a decorator": (
        "import functools\ndef d(f):\n  @functools.wraps(f)\n  def g(x): return f(x) * 1\n"
        "  return g\n@d\ndef f(x): return x", "f(x) * 2",
    ),
    "a decorated function": (
        "import functools\ndef d(f):\n  @functools.wraps(f)\n  def g(x): return f(x)\n"
        "  return g\n@d\ndef f(x): return x + 1", "x + 2",
    ),
    "a decorator's argument": (
        "import functools\ndef d(k):\n  def w(f):\n    @functools.wraps(f)\n"
        "    def g(x): return f(x) * k\n    return g\n  return w\n"
        "@d(1)\ndef f(x): return x", "d(2)",
    ),
    "a cached function": (
        "import functools\n@functools.lru_cache\ndef f(x): return x + 1", "x + 2",
    ),
    "a library's decorator": (
        "import contextlib\n@contextlib.contextmanager\ndef f():\n  yield 1", "yield 2",
    ),
    "a dispatched function": (
        "import functools\n@functools.singledispatch\ndef f(x): return 0\n"
        "@f.register\ndef _(x: int): return 1", "return 2",
    ),
    "a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass K:\n  n: int = 1\nf = K", "= 2",
    ),
    "a keyword's default": ("def f(x, *, y=1): return x + y", "y=2"),
    "an attribute of a function": ("def f(x): return x * f.k\nf.k = 1", "k = 2"),
    "a caught error": (
        "def f(x):\n  try: return x()\n  except ValueError: return 0", "except KeyError",
    ),
    "a bound method": (
        "class K:\n  def __init__(self, n): self.n = n\n  def go(self): return self.n\nf = K(1).go",
        "K(2)",
    ),
}  # fmt: skip
_numbers = itertools.count()


def written(folder, source):
    """Return `f` of a module with this source."""
    name = f"written{next(_numbers)}"
    (folder / f"{name}.py").write_text(source)
    importlib.invalidate_caches()
    return importlib.import_module(name).f


def edited(source, part):
    """Replace a part of the source by one that differs in a digit, a letter or a name."""
    for new, old in (("2", "1"), ("'c'", "'b'"), ("'b'", "'a'"), ("KeyError", "ValueError")):
        if new in part and part.replace(new, old) in source:
            return source.replace(part.replace(new, old), part)
    raise AssertionError(part)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("source", "part"), WRITTEN.values(), ids=WRITTEN)
def test_everything_that_a_function_or_class_does_matters(source, part, folder):
    before = content_digest(written(folder, source))
    moved = "# a comment\n\n\n" + source
    assert content_digest(written(folder, moved)) == before
    assert content_digest(written(folder, edited(source, part))) != before


@pytest.mark.parametrize("use", ["import helper", "from helper import go", "def local(): ..."])
def test_only_the_used_members_of_a_users_module_matter(use, folder):
    sources = {
        "import helper": "import helper\ndef f(x): return helper.go(x)",
        "from helper import go": "from helper import go\ndef f(x): return go(x)",
        "def local(): ...": "def f(x):\n  import helper\n  return helper.go(x)",
    }

    def digest(n, unused):
        helper = f"N = {n}\nUNUSED = {unused}\ndef go(x): return x + N\n"
        sys.modules.pop("helper", None)
        (folder / "helper.py").write_text(helper + "#" * next(_numbers))
        importlib.invalidate_caches()
        return content_digest(written(folder, sources[use]))

    before = digest(1, 1)
    assert digest(1, 2) == before
    assert digest(2, 1) != before
    del sys.modules["helper"]


def test_docstrings_do_not_matter(folder):
    plain = "def f(x):\n  'Do {}.'\n  return x + 1"
    one, other = (written(folder, plain.format(what)) for what in ("this", "that"))
    assert content_digest(one) == content_digest(other)
    twice = "def f():\n  '{0}'\n  return '{0}'"
    one, other = (written(folder, twice.format(what)) for what in ("this", "that"))
    assert content_digest(one) != content_digest(other)


def test_use_does_not_change_a_digest(folder):
    source = (
        "import functools\n@functools.singledispatch\ndef g(x): return x\n"
        "@functools.cache\ndef h(x): return x\n"
        "class K:\n  @functools.cached_property\n  def n(self): return 1\n"
        "G = K()\ndef f(x): return g(x), h(x), G.n"
    )
    f = written(folder, source)
    before = content_digest(f)
    f(3)
    assert content_digest(f) == before


def test_one_object_twice_is_like_two_equal_objects():
    one, copy = Thing(a=[1]), Thing(a=[1])
    assert content_digest([one, one]) == content_digest([one, copy])


def test_a_digest_does_not_depend_on_the_order_of_the_walk(folder):
    source = "def g(x): return f(x)\ndef f(x): return g(x)"
    f = written(folder, source)
    g = f.__globals__["g"]
    assert content_digest({f, g}) == content_digest({g, f})
    assert content_digest([f, g]) != content_digest([g, f])


CYCLES = {
    "a cycle": "def f(x): return g(x)\ndef g(x): return h(x)\ndef h(x): return f(x)",
    "a cycle with a way in": "def f(x): return g(x)\ndef g(x): return h(x)\ndef h(x): return g(x)",
    "two cycles": "def f(x): return g(x), h(x)\ndef g(x): return f(x)\ndef h(x): return f(x)",
    "a cycle of itself": "def f(x): return f(x), g(x)\ndef g(x): return h(x)\ndef h(x): return 1",
    "a cycle through a set": (
        "def f(x): return S\ndef g(x): return f(x)\ndef h(x): return f(x) + 1\nS = {g, h}"
    ),
}


@pytest.mark.parametrize("source", CYCLES.values(), ids=list(CYCLES))
def test_members_of_a_set_are_digested_alike_in_any_order(folder, source):
    f = written(folder, source)
    functions = [f, f.__globals__["g"], f.__globals__["h"]]
    # A set itself is walked in the order of addresses, which another process may have otherwise.
    digests = {_Walk()._set("set", order, True) for order in permutations(functions)}
    assert len(digests) == 1
    assert len({content_digest(function) for function in functions}) == 3


IN_ANY_PROCESS = textwrap.dedent("""
    import functools, re
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.frozen import FrozenEstimator
    from sklearn.metrics import accuracy_score, make_scorer
    from torch import nn
    from agnews_sk import make_tfidf_pipeline
    from agnews_sk._core.content import content_digest

    WORDS = frozenset({"a", "b", "c", "d"})
    PATTERN = re.compile("[a-z]")

    class Loss(nn.Module):
        def forward(self, x): return self.scale * x if x not in WORDS else super().forward(x)

    @functools.cache
    def f(x): return x in {'a', 'b', 'c', 'd'} or PATTERN.match(x) or Loss()

    values = [
        f, Loss, Loss(), {"a", "b", "c", "d"}, {("a", 1): WORDS, ("b", 2): {f, len}}, len,
        CountVectorizer(stop_words=WORDS), FrozenEstimator(TfidfVectorizer().fit(["oil cup"])),
        make_scorer(accuracy_score), accuracy_score, nn.CrossEntropyLoss(), lambda x: x + 1,
        make_tfidf_pipeline(characters=True),
    ]
    print([content_digest(value) for value in values])
""")


def test_a_digest_is_the_same_in_every_process():
    shown = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", IN_ANY_PROCESS],
            capture_output=True, text=True, check=True, env=environment,
        )  # fmt: skip
        shown.add(done.stdout)
    assert len(shown) == 1


def test_a_long_chain_of_helpers_is_walked_to_its_end(folder):
    lines = [
        "def f0(x): return x + 1",
        *[f"def f{n}(x): return f{n - 1}(x)" for n in range(1, 400)],
    ]
    source = "\n".join([*lines, "f = f399"])
    before = content_digest(written(folder, source))
    assert content_digest(written(folder, edited(source, "x + 2"))) != before


def test_a_class_is_the_same_after_its_instances_were_pickled():
    class Step:
        pass

    before = content_digest(Step)
    copyreg._slotnames(Step)  # what pickling leaves in the class
    assert content_digest(Step) == before
