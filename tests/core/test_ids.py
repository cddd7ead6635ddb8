import numpy as np
import polars as pl
import pytest

from agnews_sk._core.ids import as_ragged_ids, holds_ids


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (pl.Series([[1, 2]]), True),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)), True),
        (np.array([[1, 2]]), True),
        (np.array([[1.0, 2.0]]), False),
        (np.array([1, 2]), False),
        (pl.Series(["oil"]), False),
        (["oil"], False),
    ],
    ids=["lists", "arrays", "integers", "floats", "1-D", "texts", "list of texts"],
)
def test_ids_are_distinguished_from_texts(X, expected):
    assert holds_ids(X) is expected


def test_an_array_is_texts_of_one_length():
    assert as_ragged_ids(np.array([[1, 2], [3, 4]])).to_list() == [[1, 2], [3, 4]]


def test_a_column_of_arrays_becomes_one_of_lists():
    column = pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2))
    assert as_ragged_ids(column).dtype == pl.List(pl.Int64)
    assert as_ragged_ids(column).to_list() == [[1, 2], [3, 4]]


def test_a_null_row_is_a_text_without_ids():
    assert as_ragged_ids(pl.Series([[1], None])).list.len().fill_null(0).to_list() == [1, 0]


def test_words_and_nulls_among_ids_are_rejected():
    with pytest.raises(TypeError, match="got lists of String; put a Vocabulary"):
        as_ragged_ids(pl.Series([["oil"]]))
    with pytest.raises(ValueError, match="null among the ids"):
        as_ragged_ids(pl.Series([[1, None]]))
    with pytest.raises(ValueError, match="X_val is empty"):
        as_ragged_ids(pl.Series([], dtype=pl.List(pl.Int64)), name="X_val")
