"""Codes of words are their positions, by any way of looking them up."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.vectorization import _token_codes
from agnews_sk.vectorization._token_codes import TokenCodes, from_arrays, to_arrays

WORDS = ["a", "é", "eleven_one", "exactly_12b!", "exactly_12c!", "more_than_12_bytes", "ürgestein"]


@pytest.mark.parametrize("collide", [False, True], ids=["keys", "keys that collide"])
@given(st.lists(st.sampled_from(WORDS), min_size=1), st.lists(st.sampled_from(WORDS), min_size=1))
@settings(deadline=None)
def test_codes_of_words_are_their_positions(collide, words, new):
    tokens = sorted(set(words))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_token_codes, "_FEW_WORDS", 0)
        if collide:
            patch.setattr(_token_codes, "view_keys", one_key)
        codes = TokenCodes(pl.Series(tokens)).of(pl.Series(new))
    assert codes.tolist() == [tokens.index(word) if word in tokens else -1 for word in new]


def one_key(views):
    return np.zeros(len(views), dtype=np.uint64), np.arange(len(views))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_tokens_survive_as_plain_arrays(tokens):
    arrays = to_arrays(pl.Series(tokens, dtype=pl.String))
    assert {name: array.dtype for name, array in arrays.items()} == {
        "values": np.uint8,
        "offsets": np.int64,
    }
    assert from_arrays(**arrays).to_list() == tokens


def test_ids_survive_as_plain_arrays():
    arrays = to_arrays(pl.Series([3, 1]))
    assert list(arrays) == ["values"]
    assert from_arrays(**arrays).to_list() == [3, 1]
