"""Texts beside columns."""

import numpy as np
import polars as pl
import pytest

from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk._core.validation import n_rows, take_rows

ROWS = MixedRows(["a", "b", "c"], pl.DataFrame({"x": [1, 2, 3], "y": [4, 5, 6]}))


def test_rows_are_counted_and_taken_with_their_columns():
    taken = take_rows(ROWS, np.array([2, 0]))
    assert (n_rows(ROWS), ROWS.shape) == (3, (3, 3))
    assert (taken.texts.tolist(), taken.columns.rows()) == (["c", "a"], [(3, 6), (1, 4)])


def test_an_array_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="transform_output is set, reset it to 'default'"):
        np.asarray(ROWS)
