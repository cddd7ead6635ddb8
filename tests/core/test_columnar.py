"""Ragged columns are split into values and offsets, and joined again."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core.columnar import flat_values, row_offsets, to_object_array, to_ragged

ROWS = st.lists(st.one_of(st.none(), st.lists(st.integers(-5, 5), max_size=4)), max_size=8)


@given(ROWS)
def test_values_between_two_offsets_are_a_row(rows):
    ragged = pl.Series(rows, dtype=pl.List(pl.Int64))
    values, offsets = flat_values(ragged), row_offsets(ragged)
    assert offsets.dtype == np.int64
    assert len(offsets) == len(rows) + 1
    found = [values[start:end].to_list() for start, end in itertools.pairwise(offsets)]
    assert found == [row or [] for row in rows]
    assert offsets[-1] == len(values)


@given(ROWS)
def test_a_ragged_column_survives_a_round_trip_with_null_rows_empty(rows):
    ragged = pl.Series(rows, dtype=pl.List(pl.Int64))
    for values in (flat_values(ragged), flat_values(ragged).to_numpy()):
        back = to_ragged(values, row_offsets(ragged))
        assert back.dtype == ragged.dtype
        assert back.to_list() == [row or [] for row in rows]


@given(ROWS, st.integers(0, 8), st.integers(0, 8))
def test_a_slice_has_offsets_of_its_own(rows, start, length):
    part = pl.Series(rows, dtype=pl.List(pl.Int64)).slice(start, length)
    assert row_offsets(part)[0] == 0
    assert row_offsets(part)[-1] == len(flat_values(part))
    assert to_ragged(flat_values(part), row_offsets(part)).to_list() == [
        row or [] for row in part.to_list()
    ]


def test_null_values_within_a_row_stay():
    ragged = pl.Series([["a", None], None, []])
    assert flat_values(ragged).to_list() == ["a", None]
    assert row_offsets(ragged).tolist() == [0, 2, 2, 2]


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32])
def test_dtypes_of_values_are_kept(dtype):
    ragged = to_ragged(np.array([1, 2], dtype=dtype), np.array([0, 2]))
    assert flat_values(ragged).to_numpy().dtype == dtype


def test_numbers_are_not_copied():
    values = np.arange(100)
    back = flat_values(to_ragged(values, np.array([0, 50, 100]))).to_numpy()
    assert np.shares_memory(values, back)


def test_missing_texts_become_empty_ones():
    texts = to_object_array(pl.Series(["oil", None, ""]))
    assert texts.dtype == object
    assert texts.tolist() == ["oil", "", ""]
