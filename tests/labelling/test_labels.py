import numpy as np
import pandas as pd
import pytest

from agnews_sk.labelling._labels import as_positions, partial_labels


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b"],
        np.array(["a", None, "b"], dtype=object),
        pd.Series(["a", None, "b"], dtype="str"),
        pd.Series(["a", pd.NA, "b"], dtype="category"),
    ],
    ids=["list", "array", "string series", "category"],
)
def test_missing_labels_of_any_container_are_none(y):
    assert partial_labels(y, [0, 0, 0]).tolist() == ["a", None, "b"]


def test_integers_beside_missing_ones_stay_integers():
    found = partial_labels(pd.Series([1, None, 3], dtype="Int64"), [0, 0, 0]).tolist()
    assert found == [1, None, 3]
    assert type(found[0]) is int


def test_no_labels_are_none_each():
    assert partial_labels(None, [0, 0]).tolist() == [None, None]
    assert partial_labels([None, None], [0, 0]).tolist() == [None, None]


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="y must have one label or None per row of X, 2, got 1"):
        partial_labels(["a"], [0, 0])


@pytest.mark.parametrize("y", [[["a", "b"], ["a"]], np.eye(2, dtype=int)], ids=["sets", "matrix"])
def test_several_labels_per_row_are_rejected(y):
    with pytest.raises(ValueError, match="one label per row, got several"):
        partial_labels(y, [0, 0])


def test_labels_of_two_kinds_are_rejected():
    with pytest.raises(TypeError, match="y must hold labels of one kind"):
        partial_labels(["a", 1], [0, 0])


def test_positions_are_checked():
    assert as_positions(3, 4).tolist() == [3]
    assert as_positions([], 4).dtype == int
    with pytest.raises(ValueError, match="rows must be from 0 to 3, got 4"):
        as_positions([0, 4], 4)
    with pytest.raises(ValueError, match="rows must be from 0 to 3, got -1"):
        as_positions([-1], 4)
    with pytest.raises(ValueError, match="one is there twice"):
        as_positions([2, 2], 4)
    with pytest.raises(ValueError, match="positions in the pool, got"):
        as_positions([True, False], 4)
