"""Copies share nothing writable with the original."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.cleaning import TextCleaner
from agnews_sk.tuning._private_copy import changes_in_fit_only, private_copy


@pytest.mark.parametrize(
    "value",
    [
        np.arange(4.0),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["a", "b"], dtype=object),
        np.array([["a"], None], dtype=object),
        sp.random_array((3, 3), density=0.5, format="csr", rng=0),
        pl.Series(["a", None]),
        pl.DataFrame({"a": [1, 2]}),
        pd.DataFrame({"a": ["x", None], "b": [1.5, 2]}),
        pd.DataFrame({"a": [[1], [2]]}),
        pd.Series(["x"], dtype="category"),
        ["a", "b"],
        [["a"], ["b"]],
        ("a", 1, None),
        {"a": [1]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_private_copy_is_equal_and_of_the_same_type(value):
    copy = private_copy(value)
    assert type(copy) is type(value)
    assert repr(copy) == repr(value)


def test_a_private_copy_of_objects_shares_none_of_them():
    frame = pd.DataFrame({"a": [[1], [2]]})
    private_copy(frame)["a"][0].append(3)
    assert frame["a"].tolist() == [[1], [2]]
    column = pl.Series([["a"], ["b"]], dtype=pl.Object)
    private_copy(column)[0].append("c")
    private_copy(column.to_frame("a"))["a"][1].append("c")
    assert column.to_list() == [["a"], ["b"]]


@pytest.mark.parametrize(
    "value",
    ["oil", None, 3, pa.array(["oil"]), np.float64(0.5), len],
    ids=lambda v: type(v).__name__,
)
def test_immutable_values_are_not_copied(value):
    assert private_copy(value) is value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.array([["a", "b"]], dtype=object),
        np.array([["a"], None], object),
    ],
    ids=["numbers", "texts", "objects"],
)
def test_writing_into_the_copy_of_an_array_leaves_the_original(array):
    before = array.tolist()
    private_copy(array)[...] = 0
    assert array.tolist() == before


def test_a_copy_keeps_the_memory_order():
    array = np.asfortranarray(np.arange(6).reshape(2, 3))
    assert private_copy(array).flags.f_contiguous


def test_writing_into_the_copy_of_a_polars_column_leaves_the_original():
    column = pl.Series([1, 2])
    private_copy(column)[0] = 9
    assert column.to_list() == [1, 2]


class Own(BaseEstimator):
    def __init__(self, part=None):
        self.part = part


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (LogisticRegression(), True),
        (make_pipeline(TextCleaner(), LogisticRegression()), True),
        (Own(), False),
        (make_pipeline(TextCleaner(), Own()), False),
        (TextCleaner(lowercase=Own()), False),
        ("passthrough", True),
    ],
    ids=["scikit-learn", "both", "own", "own step", "own parameter", "passthrough"],
)
def test_estimators_of_other_libraries_may_change_after_fit(step, expected):
    assert changes_in_fit_only(step) is expected
