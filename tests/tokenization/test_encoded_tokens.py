"""Codes of tokens are those of a dictionary, in the order of first occurrence."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk._core import columnar
from agnews_sk.tokenization import _encoded_tokens
from agnews_sk.tokenization._encoded_tokens import (
    decode_tokens,
    drop_tokens,
    encode_tokens,
    is_ragged,
)
from agnews_sk.tokenization._words import split_words


def test_codes_follow_the_first_occurrence_across_blocks(monkeypatch):
    monkeypatch.setattr(columnar, "_ONE_BLOCK_ROWS", 0)
    monkeypatch.setattr(columnar, "BLOCK_ROWS", 1)
    column = pl.Series([["b", "a"], [], ["c", "a", "b"], ["d"]])
    encoded = encode_tokens(column)
    assert encoded.distinct.to_list() == ["b", "a", "c", "d"]
    assert encoded.codes.tolist() == [0, 1, 2, 1, 0, 3]
    assert encoded.offsets.tolist() == [0, 2, 2, 5, 6]


TOKENS = st.lists(st.lists(st.sampled_from(["oil", "cup", "é", ""]), max_size=4), max_size=8)


@pytest.mark.parametrize("few_rows", [0, 512], ids=["in threads", "in one block"])
@given(rows=TOKENS.filter(len))
@settings(deadline=None)
def test_tokens_are_restored_from_their_codes(few_rows, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "_ONE_BLOCK_ROWS", few_rows)
        encoded = encode_tokens(pl.Series(rows, dtype=pl.List(pl.String)))
    assert encoded.codes.dtype == np.int32
    assert encoded.offsets.dtype == np.int64
    assert encoded.distinct.to_list() == list(dict.fromkeys(t for row in rows for t in row))
    assert decode_tokens(encoded).to_list() == rows


def test_words_whose_keys_collide_have_codes_of_their_own(monkeypatch):
    def same_key(views):
        return np.zeros(len(views), dtype=np.uint64), np.arange(len(views))

    monkeypatch.setattr(_encoded_tokens, "view_keys", same_key)
    encoded = encode_tokens(pl.Series([["president", "minister"], ["president"]]))
    assert encoded.distinct.to_list() == ["president", "minister"]
    assert encoded.codes.tolist() == [0, 1, 0]


def test_long_words_that_are_stored_twice_have_one_code():
    encoded = encode_tokens(pl.Series([["unconstitutional", "oil"], ["unconstitutional"]]))
    assert encoded.distinct.to_list() == ["unconstitutional", "oil"]
    assert encoded.codes.tolist() == [0, 1, 0]


def test_texts_are_encoded_as_the_lists_they_are_split_into():
    texts = pl.Series(["oil up", "", "up up oil"] * 300)
    of_texts = encode_tokens(texts, split_words)
    of_lists = encode_tokens(split_words(texts))
    assert of_texts.distinct.to_list() == of_lists.distinct.to_list() == ["oil", "up"]
    np.testing.assert_array_equal(of_texts.codes, of_lists.codes)
    np.testing.assert_array_equal(of_texts.offsets, of_lists.offsets)


def test_null_tokens_and_null_rows_have_no_codes():
    encoded = encode_tokens(pl.Series([["oil", None], None, ["cup"]]))
    assert encoded.distinct.to_list() == ["oil", "cup"]
    assert encoded.offsets.tolist() == [0, 1, 1, 2]


def test_ids_are_encoded_too():
    encoded = encode_tokens(pl.Series([[7, 3], [7]]))
    assert encoded.distinct.to_list() == [7, 3]
    assert encoded.codes.tolist() == [0, 1, 0]


@given(TOKENS.filter(any), st.sets(st.sampled_from(["oil", "cup", "é", ""])))
@settings(deadline=None)
def test_dropped_tokens_are_those_that_a_filter_drops(rows, dropped):
    encoded = encode_tokens(pl.Series(rows, dtype=pl.List(pl.String)))
    is_dropped = np.array([token in dropped for token in encoded.distinct])
    left = drop_tokens(encoded, is_dropped)
    assert decode_tokens(left).to_list() == [[t for t in row if t not in dropped] for row in rows]
    assert left.codes.dtype == np.int32
    assert dropped.isdisjoint(left.distinct)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (pl.Series([["a"]]), True),
        (pl.Series([[1]]), True),
        (pl.Series(["a"]), False),
        ([["a"]], False),
    ],
    ids=["tokens", "ids", "texts", "lists of Python"],
)
def test_ragged_columns_are_list_columns_of_polars(X, expected):
    assert is_ragged(X) is expected
