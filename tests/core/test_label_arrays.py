"""Labels as arrays that can be compared."""

import numpy as np
import pandas as pd
import pytest

from agnews_sk._core.label_arrays import (
    as_kind_of,
    codes_of,
    comparable,
    labels_given,
    plain_labels,
    split_labelled,
    union_of,
)

BIG = 2**63


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (["a", "b"], object),
        (pd.Series(["a", "b"], dtype="string"), object),
        ([1, 2], np.int64),
        (np.array([1, 2], dtype=np.uint8), np.int64),
        (np.array([1, BIG], dtype=np.uint64), np.uint64),
        ([True, False], bool),
    ],
)
def test_labels_of_one_kind_have_one_dtype(y, dtype):
    assert plain_labels(y).dtype == dtype


def test_comparable_labels_are_unchanged():
    labels = np.array(["a"], dtype=object)
    assert comparable(labels) is labels


@pytest.mark.parametrize(
    ("labels", "reference", "expected"),
    [
        ([1.0, 3.0], [1, 2], [1, 3]),
        ([1, 0], [True, False], [True, False]),
        ([True, False], [0, 1], [1, 0]),
        ([1.5], [1], [1.5]),
        ([1], [0.5], [1.0]),
    ],
    ids=["whole floats", "integers", "booleans", "decimals", "floats"],
)
def test_labels_take_the_kind_of_others_where_they_are_equal(labels, reference, expected):
    found = as_kind_of(np.array(labels), np.array(reference), name="y_test", whose="y_train")
    assert found.tolist() == expected
    assert [type(one) for one in found.tolist()] == [type(one) for one in expected]


@pytest.mark.parametrize(
    ("labels", "reference", "message"),
    [
        ([1], ["1"], "y_test must hold labels of the kind of y_train, str, got int such as 1;"),
        (["1"], [1], "of the kind of y_train, int, got str such as '1'; convert one of them"),
        ([2], [True], "of the kind of y_train, bool, got int such as 2"),
    ],
)
def test_labels_that_no_label_of_the_other_kind_equals_are_rejected(labels, reference, message):
    with pytest.raises(TypeError, match=message):
        as_kind_of(np.array(labels), np.array(reference), name="y_test", whose="y_train")


def test_abstentions_are_left_out_and_the_dtype_restored():
    y_pred = np.array([1, None, 2], dtype=object)
    abstained = np.array([False, True, False])
    found = labels_given(y_pred, abstained, np.array([1, 2]))
    assert (found.dtype, found.tolist()) == (np.int64, [1, 2])
    assert labels_given(y_pred, None, np.array([1])) is y_pred
    words = np.array(["a", None], dtype=object)
    assert labels_given(words, np.array([False, True]), np.array(["a"], object)).tolist() == ["a"]


def test_large_integers_of_two_dtypes_stay_distinct():
    signed, unsigned = np.array([1, BIG - 1]), np.array([BIG - 1, BIG], dtype=np.uint64)
    assert union_of(signed, unsigned).tolist() == [1, BIG - 1, BIG]
    assert union_of(np.array([-1]), unsigned).tolist() == [-1, BIG - 1, BIG]
    assert union_of(signed, np.array([2])).dtype == np.int64


def test_codes_are_positions_among_classes_and_minus_one_for_others():
    classes = np.array(["b", "a"], dtype=object)
    assert codes_of(["a", "c", "b"], classes).tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("y", "missing_label", "rows", "labels"),
    [
        (["a", None, "b"], None, [0, 2], ["a", "b"]),
        (["a", "", "b"], "", [0, 2], ["a", "b"]),
        ([0, -1, 1], -1, [0, 2], [0, 1]),
        ([0, -1, 1], None, [0, 1, 2], [0, -1, 1]),
        ([True, None, False], None, [0, 2], [True, False]),
        (pd.Series([1, None, 2]), None, [0, 2], [1.0, 2.0]),
        (pd.Series([1, None, 2], dtype="Int64"), None, [0, 2], [1, 2]),
    ],
)
def test_rows_with_and_without_labels_are_told_apart(y, missing_label, rows, labels):
    found_rows, found = split_labelled(y, ["x"] * 3, missing_label)
    assert found_rows.tolist() == rows
    assert found.tolist() == labels
    assert [type(one) for one in found.tolist()] == [type(one) for one in labels]


def test_labels_beside_missing_ones_are_of_the_type_of_labels_alone():
    texts = ["x"] * 2
    assert split_labelled(["a", None], texts)[1].dtype == split_labelled(["a", "b"], texts)[1].dtype
    objects = np.array(["a", None], dtype=object)
    assert split_labelled(objects, texts)[1].dtype == object


def test_rows_without_any_label_are_rejected():
    with pytest.raises(ValueError, match="y must have at least one label, got 2 missing ones"):
        split_labelled([None, np.nan], ["x"] * 2)
    with pytest.raises(ValueError, match="one label per row of X, 2, got 1"):
        split_labelled(["a"], ["x"] * 2)
