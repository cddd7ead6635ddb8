"""Two things have one fingerprint if, and only if, their content is the same."""

import functools
import subprocess
import sys
from operator import attrgetter

import numpy as np
import pytest
import torch

from agnews_sk.classifiers._fingerprint import fingerprint


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
    "pickled": (attrgetter("a"), attrgetter("b")),
    "ranges": (range(3), range(4)),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_other_content_has_another_fingerprint(one, other):
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(one)
    assert fingerprint([one, one]) != fingerprint([one, other])


@pytest.mark.parametrize(
    "make",
    [
        lambda: function_of(2),
        lambda: class_of(1, 2),
        lambda: Thing(a=np.arange(3), b={"x", "y", "z"}, c=[torch.ones(2)]),
        lambda: around_itself(3),
        lambda: torch.nn.CrossEntropyLoss(weight=torch.ones(2)),
    ],
    ids=["function", "class", "object", "cycle", "module"],
)
def test_what_was_made_alike_has_one_fingerprint(make):
    assert fingerprint(make()) == fingerprint(make())


def test_what_cannot_be_read_is_like_nothing(tmp_path):
    with open(tmp_path / "file", "w") as file:
        assert fingerprint(file) != fingerprint(file)


def test_it_is_the_same_in_every_process(capsys):
    code = (
        "from agnews_sk.classifiers._fingerprint import fingerprint\n"
        "def f(x): return x in {'a', 'b', 'c', 'd'}\n"
        "print(fingerprint([f, {'a', 'b', 'c', 'd'}, len]))"
    )
    exec(code, {"__name__": "__main__"})
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)}
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert elsewhere.stdout == capsys.readouterr().out
