"""The bounded cache keeps what a list ordered by use would keep."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk.caching import LRUCache


class ListOfUses:
    """The reference: (key, value, size) from the least to the most recently used."""

    def __init__(self, max_bytes):
        self.max_bytes = max_bytes
        self.entries = []

    def get(self, key):
        for entry in self.entries:
            if entry[0] == key:
                self.entries.remove(entry)
                self.entries.append(entry)
                return entry[1]
        return None

    def put(self, key, value, n_bytes):
        self.entries = [entry for entry in self.entries if entry[0] != key]
        if n_bytes > self.max_bytes:
            return False
        self.entries.append((key, value, n_bytes))
        while self.n_bytes > self.max_bytes:
            del self.entries[0]
        return True

    @property
    def n_bytes(self):
        return sum(n_bytes for _, _, n_bytes in self.entries)


puts = st.tuples(st.just("put"), st.integers(0, 5), st.integers(0, 12))
gets = st.tuples(st.just("get"), st.integers(0, 5), st.none())


@given(st.integers(0, 20), st.lists(st.one_of(puts, gets), max_size=40))
def test_any_sequence_of_calls_agrees_with_the_reference(max_bytes, calls):
    cache, reference = LRUCache(max_bytes), ListOfUses(max_bytes)
    for number, (method, key, n_bytes) in enumerate(calls):
        arguments = (key,) if method == "get" else (key, number, n_bytes)
        assert getattr(cache, method)(*arguments) == getattr(reference, method)(*arguments)
        assert cache.n_bytes == reference.n_bytes <= max_bytes
        assert len(cache) == len(reference.entries)
    kept = {key: value for key, value, _ in reference.entries}
    assert cache.get_many(range(6)) == kept


def test_many_keys_at_once_are_marked_as_used_in_their_order():
    cache = LRUCache(3)
    for key in "abc":
        cache.put(key, key.upper(), 1)
    assert cache.get_many(["b", "unknown", "a"]) == {"b": "B", "a": "A"}
    cache.put("d", "D", 2)
    assert cache.get_many("abcd") == {"a": "A", "d": "D"}


def test_a_value_larger_than_the_bound_drops_only_the_earlier_value_of_its_key():
    cache = LRUCache(3)
    cache.put("a", "A", 2)
    cache.put("b", "B", 1)
    assert not cache.put("a", "larger", 4)
    assert cache.get_many("ab") == {"b": "B"}
    assert cache.n_bytes == 1


def test_none_can_be_a_value():
    cache = LRUCache(1)
    cache.put("a", None, 1)
    assert cache.get("a", "default") is None
    assert cache.get("b", "default") == "default"


def test_clear_drops_all_values_and_frees_their_bytes():
    cache = LRUCache(2)
    cache.put("a", "A", 2)
    cache.clear()
    assert (len(cache), cache.n_bytes, cache.get("a")) == (0, 0, None)
    assert cache.put("b", "B", 2)


def test_a_pickle_holds_the_bound_and_no_values():
    cache = LRUCache(2)
    cache.put("a", "A", 2)
    restored = pickle.loads(pickle.dumps(cache))
    assert (restored.max_bytes, restored.n_bytes, len(restored)) == (2, 0, 0)
    assert restored.put("b", "B", 2)


@pytest.mark.parametrize("n_threads", [2, 8])
def test_the_size_stays_correct_with_several_threads(n_threads):
    cache = LRUCache(50)

    def use(start):
        for number in range(500):
            key = (start + 7 * number) % 40
            if cache.get(key) is None:
                cache.put(key, key, key % 9)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(use, range(n_threads)))
    kept = cache.get_many(range(40))
    assert cache.n_bytes == sum(key % 9 for key in kept) <= 50
