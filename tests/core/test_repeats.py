"""Rows that repeat, in any container."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.repeats import repeats_of, same_rows
from agnews_sk.cleaning import ColumnJoiner


def partition(values):
    """Return which rows are together, as positions of the first of each."""
    values = list(values)
    return [values.index(value) for value in values]


ROWS = {
    "texts": (["Oil up", "Cup", "oil, UP!", "Cup"], [0, 1, 0, 1]),
    "missing texts": (["Oil", None, None, ""], [0, 1, 2, 3]),
    "numbers": ([[1, 2], [2, 1], [1, 2]], [0, 1, 0]),
    "missing numbers": (
        [[np.nan, 1.0], [np.nan, 1.0], [np.inf, 1.0], [-np.inf, 1.0]],
        [0, 0, 2, 3],
    ),
    "signed zeros": (np.array([[0.0], [-0.0]]), [0, 0]),
    "lists of tokens": ([["a", "b"], ["a"], ["a", "b"]], [0, 1, 0]),
    "series": (pl.Series(["Oil", "oil"]), [0, 0]),
    "frame of numbers": (pd.DataFrame({"a": [1, 1, 2], "b": [0.5, 0.5, 0.5]}), [0, 0, 2]),
    "frame of kinds": (pd.DataFrame({"text": ["Oil", "OIL", "Oil"], "n": [1, 1, 2]}), [0, 0, 2]),
}


@pytest.mark.parametrize(("X", "expected"), ROWS.values(), ids=list(ROWS))
def test_rows_with_the_same_content_are_repeats(X, expected):
    assert partition(repeats_of(X).tolist()) == expected


@given(st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=1, max_size=8))
def test_sparse_rows_repeat_as_dense_ones_do(rows):
    dense = np.array(rows, dtype=float)
    expected = partition(map(tuple, rows))
    assert partition(same_rows(dense).tolist()) == expected
    assert partition(same_rows(sp.csr_array(dense)).tolist()) == expected


def test_rows_are_numbered_alike_in_every_precision_and_layout():
    # The numbers decide which fold a row is in.
    single = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    expected = same_rows(single).tolist()
    for rows in (single.astype(float), np.asfortranarray(single), pd.DataFrame(single).to_numpy()):
        assert same_rows(rows).tolist() == expected
    beyond = np.array([[1e300], [0.1], [1e300]])
    assert partition(same_rows(beyond).tolist()) == partition([0, 1, 0])


def test_only_the_columns_that_an_estimator_joins_are_compared():
    frame = pd.DataFrame({"id": ["1", "2", "3"], "title": ["Oil", "oil!", "Cup"]})
    pipeline = make_tfidf_pipeline(join__columns=["title"])
    assert partition(repeats_of(frame).tolist()) == [0, 1, 2]
    assert partition(repeats_of(frame, pipeline).tolist()) == [0, 0, 2]


def test_several_estimators_group_rows_that_any_of_them_groups():
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": ["1", "2", "2"]})
    pipelines = [make_tfidf_pipeline(join=ColumnJoiner(columns=[c])) for c in ("a", "b")]
    assert partition(repeats_of(frame, *pipelines).tolist()) == [0, 0, 0]
