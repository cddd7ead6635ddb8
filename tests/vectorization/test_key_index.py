"""Positions of keys are those of a dictionary, also where many keys share a slot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk.vectorization import _key_index
from agnews_sk.vectorization._key_index import KeyIndex

# Multiples of a large power of two collide in a table whose slots are few of the highest bits.
some_keys = st.lists(st.one_of(st.integers(0, 40), st.integers(0, 2**64 - 1)), max_size=40)


def as_keys(numbers):
    return np.array(numbers, dtype=np.uint64)


@pytest.mark.parametrize("multiplier", [None, 0, 1], ids=["as usual", "one slot", "few slots"])
@given(some_keys, some_keys)
def test_positions_are_those_of_a_dictionary(multiplier, keys, others):
    keys = list(dict.fromkeys(keys))
    position = {key: i for i, key in enumerate(keys)}
    with pytest.MonkeyPatch.context() as patch:
        if multiplier is not None:
            patch.setattr(_key_index, "_TABLES", ((np.uint64(multiplier), 2),) * 2)
        index = KeyIndex(as_keys(keys))
    queries = [*others, *keys]
    found = index.find(as_keys(queries))
    assert index.is_unique
    assert found.tolist() == [position.get(query, -1) for query in queries]
    assert found.dtype == np.int32


@pytest.mark.parametrize("multiplier", [None, 0], ids=["as usual", "one slot"])
@given(some_keys.filter(len), st.data())
def test_a_key_that_is_there_twice_is_noted(multiplier, keys, data):
    keys = list(dict.fromkeys(keys))
    keys.insert(data.draw(st.integers(0, len(keys))), data.draw(st.sampled_from(keys)))
    with pytest.MonkeyPatch.context() as patch:
        if multiplier is not None:
            patch.setattr(_key_index, "_TABLES", ((np.uint64(multiplier), 2),) * 2)
        index = KeyIndex(as_keys(keys))
    assert not index.is_unique
    assert [keys[i] for i in index.find(as_keys(keys))] == keys
