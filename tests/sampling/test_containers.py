"""New texts in some rows of any container, which keeps its type."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk.sampling._containers import take_and_replace

TEXTS = ["a", "b", "c"]
INDICES = np.array([0, 2, 1])
NEW = {"text": np.array(["B!", None], dtype=object)}
MAKE = {
    "list": list,
    "tuple": tuple,
    "object array": lambda texts: np.array(texts, dtype=object),
    "series": lambda texts: pd.Series(texts, index=[7, 8, 9], name="x"),
    "string series": lambda texts: pd.Series(texts, dtype="string"),
    "index": pd.Index,
    "pandas array": lambda texts: pd.array(texts, dtype="string"),
    "polars": lambda texts: pl.Series("x", texts),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=list(MAKE))
def test_the_first_rows_stay_and_none_keeps_the_text(make):
    X = make(TEXTS)
    found = take_and_replace(X, INDICES, NEW, first=1)
    assert type(found) is type(X)
    assert list(found) == ["a", "B!", "b"]
    assert list(X) == TEXTS


def test_fixed_width_strings_are_widened_and_not_cut():
    found = take_and_replace(np.array(TEXTS), INDICES, {"text": np.array(["long", None])}, first=1)
    assert found.tolist() == ["a", "long", "b"]


def test_an_array_with_one_column_keeps_its_shape():
    found = take_and_replace(np.array(TEXTS, dtype=object)[:, None], INDICES, NEW, first=1)
    assert found.tolist() == [["a"], ["B!"], ["b"]]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_other_columns_of_a_frame_follow_unchanged(make):
    frame = make({"text": TEXTS, "id": [1, 2, 3]})
    found = take_and_replace(frame, INDICES, NEW, first=1)
    assert type(found) is make
    assert found["text"].to_list() == ["a", "B!", "b"]
    assert found["id"].to_list() == [1, 3, 2]


def test_rows_of_pandas_keep_their_labels_and_names():
    series = pd.Series(TEXTS, index=[7, 8, 9], name="x")
    found = take_and_replace(series, INDICES, NEW, first=1)
    assert (found.index.tolist(), found.name) == ([7, 9, 8], "x")
