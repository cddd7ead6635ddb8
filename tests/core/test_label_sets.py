"""Sets of labels mean the same in any container."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from agnews_sk._core.label_sets import (
    LABEL_FORMATS,
    as_lists,
    check_label_sets,
    check_target,
    equal_sets,
    in_format,
    indicator_of,
    is_multilabel,
    labels_in,
    stratification,
)

SETS = [["war", "oil"], [], ["oil"], ["war"]]
INDICATOR = np.array([[1, 1], [0, 0], [1, 0], [0, 1]])


def objects(rows):
    column = np.empty(len(rows), dtype=object)
    column[:] = rows
    return column


COLUMNS = {
    "lists": lambda rows: rows,
    "tuples": lambda rows: [tuple(row) for row in rows],
    "sets": lambda rows: [set(row) for row in rows],
    "frozensets": lambda rows: tuple(frozenset(row) for row in rows),
    "arrays": lambda rows: [np.array(row, dtype=object) for row in rows],
    "array of lists": objects,
    "pandas": pd.Series,
    "pandas Arrow": lambda rows: pd.Series(rows, dtype=pd.ArrowDtype(pa.list_(pa.string()))),
    "polars": lambda rows: pl.Series(rows, dtype=pl.List(pl.String)),
    "polars Categorical": lambda rows: pl.Series(rows, dtype=pl.List(pl.Categorical)),
    "polars Object": lambda rows: pl.Series([set(row) for row in rows], dtype=pl.Object),
    "Arrow": pa.array,
    "Arrow chunks": lambda rows: pa.chunked_array([rows]),
    "Arrow large lists": lambda rows: pa.array(rows, type=pa.large_list(pa.string())),
}
MATRICES = {
    "int": lambda y: y,
    "uint8": lambda y: y.astype(np.uint8),
    "float": lambda y: y.astype(float),
    "bool": lambda y: y.astype(bool),
    "object": lambda y: y.astype(object),
    "nested lists": lambda y: y.tolist(),
    "masked": np.ma.array,
    "csr": sp.csr_matrix,
    "coo array": sp.coo_array,
    "sparse bool": lambda y: sp.csc_array(y.astype(bool)),
}
FRAMES = {
    "pandas": lambda y: pd.DataFrame(y, columns=["oil", "war"]),
    "pandas bool": lambda y: pd.DataFrame(y.astype(bool), columns=["oil", "war"]),
    "pandas boolean": lambda y: pd.DataFrame(y, columns=["oil", "war"]).astype("boolean"),
    "pandas Int8": lambda y: pd.DataFrame(y, columns=["oil", "war"]).astype("Int8"),
    "pandas mixed": lambda y: pd.DataFrame({"oil": y[:, 0].astype(bool), "war": y[:, 1]}),
    "polars": lambda y: pl.DataFrame(y, schema=["oil", "war"]),
    "polars bool": lambda y: pl.DataFrame(y.astype(bool), schema=["oil", "war"]),
    "Arrow": lambda y: pa.table({"oil": y[:, 0], "war": y[:, 1]}),
}


@pytest.mark.parametrize("to_kind", COLUMNS.values(), ids=COLUMNS)
def test_sets_of_any_container_are_those_of_lists(to_kind):
    y = to_kind(SETS)
    assert is_multilabel(y)
    found = check_label_sets(y)
    assert found.classes.tolist() == ["oil", "war"]
    assert found.indicator.tolist() == INDICATOR.astype(bool).tolist()
    assert found.restored().tolist() == [["oil", "war"], [], ["oil"], ["war"]]


@pytest.mark.parametrize("to_kind", MATRICES.values(), ids=MATRICES)
def test_matrices_of_zeros_and_ones_have_positions_as_labels(to_kind):
    y = to_kind(INDICATOR)
    assert is_multilabel(y)
    found = check_label_sets(y)
    assert found.classes.tolist() == [0, 1]
    assert found.indicator.tolist() == INDICATOR.astype(bool).tolist()
    restored = found.restored()
    assert sp.issparse(restored) == sp.issparse(y)
    is_bool = getattr(y, "dtype", np.dtype(int)).kind == "b"
    assert restored.dtype == (bool if is_bool else np.int64)
    assert np.array_equal(restored.toarray() if sp.issparse(y) else restored, INDICATOR)


@pytest.mark.parametrize("name", FRAMES)
def test_columns_of_a_frame_are_the_labels(name):
    y = FRAMES[name](INDICATOR)
    assert is_multilabel(y)
    found = check_label_sets(y)
    assert found.classes.tolist() == ["oil", "war"]
    restored = found.restored()
    assert type(restored) is (pd.DataFrame if name.startswith("pandas") else pl.DataFrame)
    assert list(restored.columns) == ["oil", "war"]
    assert np.array_equal(restored.to_numpy(), INDICATOR)
    assert (restored.to_numpy().dtype == bool) == ("bool" in name)


@pytest.mark.parametrize(
    "y",
    [
        ["oil", "war"],
        ("oil",),
        np.array([1, 0]),
        np.array([[1], [0]]),
        objects(["oil", None]),
        pd.Series(["oil"]),
        pd.Series(["oil"], dtype="category"),
        pd.DataFrame({"y": [1]}),
        pl.Series(["oil"]),
        pl.DataFrame({"y": [1]}),
        pa.array(["oil"]),
        pa.table({"y": [1]}),
        None,
        "oil",
    ],
    ids=lambda y: f"{type(y).__module__}.{type(y).__name__} {np.shape(y)}",
)
def test_one_label_per_row_is_not_several(y):
    assert not is_multilabel(y)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([], ValueError, "y is empty: at least one set of labels is needed, got 0"),
        (np.zeros((0, 3)), ValueError, r"y is empty: .* got shape \(0, 3\)"),
        ([[], []], ValueError, "y has no label in any row: at least one is needed, got 0"),
        ([["a"], None], ValueError, "y has 1 missing set of labels, at position 1; drop"),
        ([None, ["a"], np.nan], ValueError, "2 missing sets of labels, at positions 0, 2; drop"),
        (pl.Series([["a"], None]), ValueError, "1 missing set of labels, at position 1"),
        ([["a"], ["b", None]], ValueError, "y has 1 missing label, at position 1; drop"),
        ([["a"], "b"], TypeError, "every row, got str 'b' at position 1; wrap a single label"),
        ([["a"], [["b"]]], TypeError, r"got list \['b'\] at position 1; convert"),
        ([["a", "b"], [3]], TypeError, "one kind, got int at position 1 and str at position 0"),
        ([[0.5], [1.5]], ValueError, "Unknown label type: continuous"),
        (np.array([[1, 2], [0, 1]]), ValueError, "indicator of 0 and 1, got .*2.* in column 1 at"),
        (np.array([["a", "b"]]), ValueError, "indicator of 0 and 1, got .*'a'.* in column 0 at po"),
        (np.array([[1, np.nan], [0, 1]]), ValueError, "1 row with a missing value, at position 0"),
        (np.ma.array([[1, 0]], mask=[[0, 1]]), ValueError, "1 row with a missing value, at posi"),
        (pd.DataFrame({"a": [1], "b": ["x"]}), ValueError, "got 'x' in column 'b' at position 0"),
        (pd.DataFrame({"a": [1, None], "b": [1, 1]}), ValueError, "missing value, at position 1"),
        (pl.DataFrame({"a": [True, None], "b": [True, True]}), ValueError, "missing value, at po"),
        (
            pd.DataFrame([[1, 0]], columns=["a", "a"]),
            ValueError,
            "columns of y must have different",
        ),
    ],
    ids=lambda value: None if isinstance(value, type) else str(value)[:40].replace("\n", " "),
)
def test_what_is_no_set_of_labels_is_rejected(y, error, message):
    with pytest.raises(error, match=message):
        check_label_sets(y)


def test_another_number_of_rows_is_rejected_by_the_names_of_both():
    with pytest.raises(ValueError, match="y_test must have one set of labels per row of X_test, 1"):
        check_label_sets([["a"], ["b"]], ["x"], name="y_test")


def test_a_list_of_rows_of_zero_and_one_is_an_indicator_and_other_integers_are_labels():
    assert check_label_sets([[0, 1], [1, 0]]).format == "array of int"
    assert check_label_sets([[True, False]]).format == "array of bool"
    of_labels = check_label_sets([[0, 2], [1, 0]])
    assert (of_labels.classes.tolist(), of_labels.format) == ([0, 1, 2], "lists")
    assert check_label_sets([{0, 1}, {0, 1}]).format == "lists"
    assert check_label_sets([[0], [1]]).classes.tolist() == [0, 1]
    assert check_label_sets(objects([[0, 1], [0, 1]])).format == "lists"


NUMBERS = np.array([0, 1])


@pytest.mark.parametrize(
    ("y", "indicator"),
    [
        ([[0], [1], [0, 1]], [[1, 0], [0, 1], [1, 1]]),
        ([[0, 1], [1, 0]], [[1, 1], [1, 1]]),
        ([[0, 0], [1, 1]], [[1, 0], [0, 1]]),
        ([(1,), (1,)], [[0, 1], [0, 1]]),
        ([np.array([0, 1])], [[1, 1]]),
        ([[1.0, 0.0]], [[1, 1]]),
    ],
    ids=str,
)
def test_lists_of_zero_and_one_are_labels_where_fit_saw_labels(y, indicator):
    found = check_label_sets(y, classes=NUMBERS, label_format="lists")
    assert found.indicator.tolist() == np.array(indicator, dtype=bool).tolist()


@pytest.mark.parametrize("label_format", LABEL_FORMATS[1:])
def test_lists_of_zero_and_one_are_an_indicator_where_fit_saw_one(label_format):
    known = {"classes": NUMBERS, "label_format": label_format}
    assert check_label_sets([[0, 1], [1, 0]], **known).indicator.tolist() == [[0, 1], [1, 0]]
    assert check_label_sets([{0}, {0, 1}], **known).indicator.tolist() == [[1, 0], [1, 1]]
    assert not check_label_sets([[], []], **known).indicator.any()
    one = check_label_sets([[0], [1]], classes=NUMBERS[:1], label_format=label_format)
    assert one.indicator.tolist() == [[False], [True]]
    with pytest.raises(ValueError, match="got 1 values at position 0 and 2 at position 2; pass la"):
        check_label_sets([[0], [1], [0, 1]], **known)


def test_numbers_that_cannot_be_labels_are_an_indicator():
    names = np.array(["oil", "war"], dtype=object)
    known = {"classes": names, "label_format": "lists"}
    assert check_label_sets([[0, 1]], **known).indicator.tolist() == [[False, True]]
    one = check_label_sets([[1], [0]], classes=names[:1], label_format="lists")
    assert one.indicator.tolist() == [[True], [False]]
    with pytest.raises(TypeError, match="kind of the known labels, str, got int"):
        check_label_sets([[1], [2]], **known)
    bools = check_label_sets([[True, False]], classes=NUMBERS, label_format="lists")
    assert bools.indicator.tolist() == [[True, False]]


def test_lists_of_whole_floats_are_an_indicator_as_an_array_of_them_is():
    assert check_label_sets(INDICATOR.astype(float).tolist()).format == "array of int"
    assert check_label_sets([[1.0, 2.0], [2.0, 1.0]]).format == "lists"


def test_labels_that_are_none_are_rejected_as_such():
    with pytest.raises(ValueError, match="but the target y is None"):
        check_label_sets(None)


def test_a_label_that_is_named_twice_counts_once():
    assert check_label_sets([["a", "a"], ["b"]]).restored().tolist() == [["a"], ["b"]]


def test_known_labels_come_first_and_name_the_columns():
    known = np.array(["war", "oil"], dtype=object)
    found = check_label_sets([["oil", "sea"], []], classes=known)
    assert found.classes.tolist() == ["war", "oil", "sea"]
    assert found.indicator.tolist() == [[False, True, True], [False, False, False]]
    assert check_label_sets([[], []], classes=known).indicator.shape == (2, 2)
    of_matrix = check_label_sets(np.array([[1, 0]]), classes=known)
    assert of_matrix.classes.tolist() == ["war", "oil"]
    of_frame = check_label_sets(pd.DataFrame({"oil": [1], "war": [0]}), classes=known)
    assert of_frame.indicator.tolist() == [[False, True]]
    with pytest.raises(ValueError, match="one column per label, 2, got 3"):
        check_label_sets(np.eye(3), classes=known)
    with pytest.raises(TypeError, match="kind of the known labels, str, got int"):
        check_label_sets([[1], [2]], classes=known)


@pytest.mark.parametrize("label_format", LABEL_FORMATS)
def test_sets_are_restored_to_each_format(label_format):
    classes = np.array(["oil", "war"], dtype=object)
    restored = in_format(INDICATOR.astype(bool), classes, label_format)
    again = check_label_sets(restored, classes=classes)
    assert again.format == label_format
    assert np.array_equal(again.indicator, INDICATOR)
    assert again.classes.tolist() == ["oil", "war"]


def test_lists_of_equal_length_stay_lists():
    assert as_lists(np.eye(2, dtype=bool), np.array([3, 7])).tolist() == [[3], [7]]
    assert as_lists(np.zeros((2, 2), dtype=bool), np.array([3, 7])).tolist() == [[], []]


def test_lists_and_indicators_are_inverse():
    classes = np.array(["oil", "war"], dtype=object)
    lists = as_lists(INDICATOR.astype(bool), classes)
    assert np.array_equal(indicator_of(lists, classes), INDICATOR)
    assert labels_in(lists).tolist() == ["oil", "war"]
    assert labels_in(lists[1:2]).tolist() == []


def test_sets_are_equal_if_all_labels_are():
    classes = np.array(["oil", "war"], dtype=object)
    y = [["oil", "war"], ["sea"], ["oil"], []]
    assert equal_sets(y, INDICATOR, y, classes).tolist() == [True, False, True, False]


def test_targets_are_plain_labels_or_sets_in_their_format():
    assert check_target(pd.Series(["a", "b"])).tolist() == ["a", "b"]
    assert check_target(pl.Series([["b", "a"]])).tolist() == [["a", "b"]]
    assert isinstance(check_target(sp.csr_array(INDICATOR)), (sp.csr_array, sp.csr_matrix))


def test_rows_are_stratified_by_class_or_by_label():
    assert stratification(np.array(["b", "a", "b"])).tolist() == [1, 0, 1]
    assert np.array_equal(stratification(objects(SETS)), INDICATOR)


def test_a_square_frame_of_polars_keeps_its_rows():
    columns = {"a": [1, 0, 0], "b": [1, 1, 0], "c": [0, 0, 0]}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64))
    found = check_target(frame)
    assert np.asarray(found).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
