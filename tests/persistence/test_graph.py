"""Every object within an object is found, in any container."""

from functools import partial

import numpy as np
import pytest

from agnews_sk.persistence._graph import expanded_size, walk


class Thing:
    def __init__(self, **attributes):
        vars(self).update(attributes)


HIDDEN = Thing()


@pytest.mark.parametrize(
    "root",
    [
        [HIDDEN],
        (1, (2, HIDDEN)),
        {HIDDEN},
        {"a": HIDDEN},
        {HIDDEN: "a"},
        Thing(a=[Thing(b=HIDDEN)]),
        np.array([1, HIDDEN], dtype=object),
        partial(print, HIDDEN),
        partial(print, end=HIDDEN),
        partial(partial(print, HIDDEN), 1),
    ],
    ids=[
        "list", "nested tuple", "set", "dict value", "dict key", "attribute", "array of objects",
        "partial argument", "partial keyword", "partial of a partial",
    ],
)  # fmt: skip
def test_an_object_is_found_in_any_container(root):
    assert any(found is HIDDEN for found in walk(root))


def test_each_object_is_visited_once_and_cycles_end():
    cycle = [HIDDEN, HIDDEN]
    cycle.append(cycle)
    assert len(list(walk(cycle))) == 2


def test_deep_containers_do_not_exhaust_the_stack():
    deep = HIDDEN
    for _ in range(100_000):
        deep = [deep]
    assert sum(1 for _ in walk(deep)) == 100_001


def test_types_functions_and_modules_are_not_entered():
    assert list(walk(Thing)) == [Thing]
    assert list(walk(np)) == [np]


@pytest.mark.parametrize(
    ("root", "size"),
    [(1, 1), ([], 1), ([1, 2], 3), ({"a": [1]}, 4), (np.zeros(9), 1)],
    ids=["number", "empty", "list", "dict", "numbers"],
)
def test_the_size_of_a_tree_counts_its_objects(root, size):
    assert expanded_size(root) == size


def test_a_shared_object_counts_as_often_as_it_is_referred_to():
    shared = [1, 2]
    assert expanded_size([shared, shared, shared]) == 1 + 3 * 3
