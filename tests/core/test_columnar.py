"""Ragged columns: flat values and offsets, and back."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core.columnar import flat_values, row_offsets, to_object_array, to_ragged

LISTS = st.lists(st.none() | st.lists(st.integers(-9, 9), max_size=4), max_size=6)


@given(LISTS)
def test_a_ragged_column_survives_the_way_there_and_back(lists):
    ragged = pl.Series(lists, dtype=pl.List(pl.Int64))
    again = to_ragged(flat_values(ragged), row_offsets(ragged))
    assert again.to_list() == [row or [] for row in lists]


@given(LISTS)
def test_offsets_begin_each_row_in_the_flat_values(lists):
    ragged = pl.Series(lists, dtype=pl.List(pl.Int64))
    offsets, values = row_offsets(ragged), flat_values(ragged).to_list()
    assert len(offsets) == len(lists) + 1
    for row, begin, end in zip(lists, offsets[:-1], offsets[1:], strict=True):
        assert values[begin:end] == (row or [])


def test_values_may_be_an_array():
    assert to_ragged(np.array([1.5, 2.5]), np.array([0, 0, 2])).to_list() == [[], [1.5, 2.5]]


def test_missing_texts_become_the_empty_string():
    found = to_object_array(pl.Series(["a", None]))
    assert (found.dtype, found.tolist()) == (object, ["a", ""])
