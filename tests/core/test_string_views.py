"""Views and keys of strings are equal where the strings are."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core.string_views import HELD, from_views, string_views, view_keys

texts = st.text(st.sampled_from("ab\0é石"), max_size=8)
some_texts = st.lists(texts, max_size=8)


@given(some_texts)
def test_strings_are_restored_from_their_views(texts):
    strings = pl.Series(texts, dtype=pl.String)
    arrow = strings.to_arrow(compat_level=pl.CompatLevel.newest())
    buffers = [np.frombuffer(buffer, np.uint8) for buffer in arrow.buffers()[2:]]
    assert from_views(string_views(strings), buffers).to_list() == texts


@given(some_texts, st.integers(0, 8), st.integers(0, 8))
def test_views_of_a_slice_are_those_of_its_rows(texts, start, length):
    strings = pl.Series(texts, dtype=pl.String)
    views = string_views(strings.slice(start, length))
    np.testing.assert_array_equal(views, string_views(strings)[start : start + length])


@given(some_texts)
def test_keys_are_equal_only_for_equal_strings(texts):
    held = [text for text in texts if len(text.encode()) <= HELD]
    keys, mixed = view_keys(string_views(pl.Series(held, dtype=pl.String)))
    assert len(set(keys.tolist())) == len(set(held))
    assert mixed.tolist() == [i for i, text in enumerate(held) if len(text.encode()) > 7]


def test_a_key_without_a_hash_tells_zeros_from_the_end():
    keys, mixed = view_keys(string_views(pl.Series(["", "\0", "a", "a\0", "\0a"])))
    assert len(set(keys.tolist())) == 5
    assert len(mixed) == 0


def test_keys_of_words_that_differ_in_any_byte_differ():
    word = b"abcdefghijkl"
    words = [word[:i] + b"x" + word[i + 1 : n] for n in range(8, 13) for i in range(n)]
    keys, mixed = view_keys(string_views(pl.Series([word.decode() for word in words])))
    assert len(mixed) == len(words)
    assert len(set(keys.tolist())) == len(set(words))
