"""Labels mean the same in any container, in every public function that takes them."""

import datetime
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from agnews_sk._core.labels import check_labels, encode_labels, reject_labels, warn_of_labels
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import train_val_test_split
from agnews_sk.pipeline import TextPipeline, make_tfidf_pipeline
from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    LengthFilter,
    MissingTextFilter,
    SamplerChain,
)
from tests import label_kinds
from tests.label_kinds import KINDS, MISSING, PLAIN

TEXTS = [f"{text} {i}" for i in range(4) for text in ("oil rises", "cup final", "bank", "goal")]
SIDES = [0, 1] * 8
IDS = [name for name, _, _ in KINDS]
METRIC_KINDS = {"array": np.array, "pandas boolean": label_kinds.OF_BOOL["pandas boolean"]}


def linear(X, y):
    classifier = CalibratedLinearSVC(random_state=0).fit(TfidfVectorizer().fit_transform(X), y)
    return classifier.classes_, classifier.predict(TfidfVectorizer().fit_transform(X))


def tfidf(X, y):
    pipeline = make_tfidf_pipeline().fit(X, y)
    assert pipeline.score(X, y) == np.mean(pipeline.predict(X) == check_labels(y))
    return pipeline.classes_, pipeline.predict(X)


def of_scikit_learn(X, y):
    steps = [("vectorize", TfidfVectorizer()), ("classify", LogisticRegression(C=100))]
    pipeline = TextPipeline(steps).fit(X, y)
    assert pipeline.score(X, y) == np.mean(pipeline.predict(X) == check_labels(y))
    return pipeline.classes_, pipeline.predict(X)


def sampled(sampler):
    def sample(X, y):
        _, y_out = clone(sampler).fit_resample(X, y)
        return (check_labels(y_out),)

    return sample


def split(X, y):
    parts = train_val_test_split(X, y, val_size=4, test_size=4, random_state=0)
    return tuple(check_labels(part) for part in parts[3:])


TAKERS = {
    "CalibratedLinearSVC": linear,
    "make_tfidf_pipeline": tfidf,
    "TextPipeline": of_scikit_learn,
    "train_val_test_split": split,
    "MissingTextFilter": sampled(MissingTextFilter()),
    "DuplicateFilter": sampled(DuplicateFilter()),
    "LengthFilter": sampled(LengthFilter(min_words=1)),
    "LabelConflictFilter": sampled(LabelConflictFilter()),
    "EDAAugmenter": sampled(EDAAugmenter(random_state=0)),
    "SamplerChain": sampled(SamplerChain([("filter", MissingTextFilter())])),
}


@pytest.mark.parametrize(("name", "values", "to_kind"), KINDS, ids=IDS)
def test_labels_of_every_kind_are_those_of_a_list(name, values, to_kind):
    y = [values[side] for side in SIDES]
    labels = check_labels(to_kind(y))
    assert labels.tolist() == y
    assert labels.dtype.kind in {str: "OU", int: "iu", bool: "b"}[type(values[0])]


@pytest.mark.parametrize("plain", PLAIN)
@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_functions_of_labels_accept_every_kind(take, plain):
    values, kinds = PLAIN[plain]
    y = [values[side] for side in SIDES]
    of_list = take(TEXTS, y)
    for name, to_kind in kinds.items():
        for expected, found in zip(of_list, take(TEXTS, to_kind(y)), strict=True):
            assert found.tolist() == expected.tolist(), name
            assert isinstance(found.tolist()[0], type(values[0])), name


@pytest.mark.parametrize("to_kind", METRIC_KINDS.values(), ids=METRIC_KINDS)
def test_predictions_equal_labels_in_the_metrics_of_scikit_learn(to_kind):
    y = to_kind([bool(side) for side in SIDES])
    predicted = make_tfidf_pipeline().fit(TEXTS, y).predict(TEXTS)
    assert accuracy_score(y, predicted) == 1
    assert f1_score(y, predicted) == 1


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
@pytest.mark.parametrize("to_missing", MISSING.values(), ids=MISSING)
def test_a_missing_label_is_rejected_by_its_position(to_missing, take):
    y = [["Business", "Sports"][side] for side in SIDES]
    with pytest.raises(ValueError, match="y has 1 missing label, at position 0; drop such rows"):
        take(TEXTS, to_missing(y))


def test_positions_of_many_missing_labels_are_cut():
    with pytest.raises(ValueError, match=r"7 missing labels, at positions 0, 1, 2, 3, 4, \.\.\.;"):
        check_labels([None] * 7)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ValueError, "requires y to be passed, but the target y is None"),
        ("ab", TypeError, "y must be a list, tuple, 1-D array, .* got str"),
        ({"a", "b"}, TypeError, "got set"),
        ({0: "a"}, TypeError, "got dict"),
        (iter("ab"), TypeError, "got str_.*iterator"),
        (3, TypeError, "got int"),
        ([], ValueError, "y is empty: at least one label is needed, got 0"),
        (["a", 1], TypeError, "one kind, got int at position 1 and str at position 0; convert"),
        ([True, 2], TypeError, "one kind, got bool at position 0 and int at position 1"),
        ([b"a"], TypeError, "got bytes b'a' at position 0; decode the labels first"),
        (np.array([b"a"]), TypeError, "got bytes b'a' at position 0; decode"),
        ([datetime.date(2024, 1, 1)], TypeError, "got date .* at position 0; convert"),
        (pd.Series(pd.to_datetime(["2024-01-01"])), TypeError, "got Timestamp .* at position 0"),
        ([1j], TypeError, "got complex"),
        ([0.5, 1.5], ValueError, "Unknown label type: continuous"),
        ([np.inf], ValueError, "infinity"),
        ([2**70], ValueError, "y has integers that do not fit in 64 bits"),
        (np.zeros((2, 2), int), ValueError, r"must be 1-D, one label per row, got shape \(2, 2\)"),
        ([["a"], ["a", "b"]], ValueError, "must be 1-D, .* got rows of several labels"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), ValueError, r"must be 1-D.* \(1, 2\)"),
    ],
    ids=[
        "None",
        "str",
        "set",
        "dict",
        "iterator",
        "number",
        "empty",
        "str and int",
        "bool and int",
        "bytes",
        "array of bytes",
        "date",
        "timestamp",
        "complex",
        "continuous",
        "infinite",
        "huge",
        "two columns",
        "ragged",
        "frame of two",
    ],
)
def test_values_that_are_not_labels_are_rejected(y, error, message):
    with pytest.raises(error, match=message):
        check_labels(y)


def test_labels_of_another_length_are_rejected_by_the_names_of_both():
    with pytest.raises(ValueError, match="y_test must have one label per row of X_test, 2, got 1"):
        check_labels(["a"], ["x", "y"], name="y_test")


@pytest.mark.parametrize(
    "column", [np.array([["a"], ["b"]]), pd.DataFrame({"y": ["a", "b"]}), [["a"], ["b"]]],
    ids=["array", "frame", "list"],
)  # fmt: skip
def test_a_column_vector_is_accepted_with_a_warning(column):
    with pytest.warns(UserWarning, match="column-vector y was passed"):
        assert check_labels(column).tolist() == ["a", "b"]


def test_floats_that_are_whole_numbers_stay_floats():
    assert check_labels(pd.Series([1.0, 2.0], dtype="Float64")).tolist() == [1.0, 2.0]


def test_classes_are_sorted_and_codes_point_into_them():
    classes, codes = encode_labels(pd.Series(["b", "a", "b"], dtype="category"))
    assert classes[codes].tolist() == ["b", "a", "b"]


def test_text_columns_that_are_the_labels_are_rejected():
    columns = {"title": pl.Series(["x", "y", "z"]), "label": pl.Series(["Oil", None, "cup "])}
    with pytest.raises(ValueError, match=r"X\['label'\] holds the labels: it equals y"):
        reject_labels(columns, ["oil", "oil", "Cup"])
    with warnings.catch_warnings(action="error"):
        reject_labels(columns, ["oil", "oil", "gas"])


def test_a_column_with_one_value_for_each_label_is_named():
    desk = pl.Series([None, "A", "B", "B", "A", "A", "B", "B"])
    columns = {"title": pl.Series(list("abcdefgh")), "desk": desk}
    with pytest.warns(UserWarning, match=r"X\['desk'\] has one value per label and so"):
        warn_of_labels(columns, [1, 1, 2, 2] * 2)
    with warnings.catch_warnings(action="error"):
        warn_of_labels(columns, [1, 1, 2, 2, 1, 1, 2, 1])


def test_a_label_column_that_is_missing_in_the_first_rows_is_rejected():
    y = ["oil", "cup"] * 200
    with pytest.raises(ValueError, match="holds the labels"):
        reject_labels({"section": pl.Series([None] * 150 + y[150:])}, y)


def test_labels_of_another_length_than_the_frame_are_rejected():
    frame = pd.DataFrame({"title": TEXTS, "note": TEXTS})
    for fit in (make_tfidf_pipeline().fit, ColumnJoiner().fit):
        with pytest.raises(ValueError, match="y must have one label per row of X, 16, got 15"):
            fit(frame, [0, 1, 0] * 5)


def test_labels_that_numpy_would_truncate_stay_distinct():
    assert check_labels(["a\0", "a"]).tolist() == ["a\0", "a"]
    assert check_labels(["\ud800", "a"]).tolist() == ["\ud800", "a"]
    frame = pd.DataFrame({"title": TEXTS, "note": TEXTS})
    labels = ["\ud800" if side else "a" for side in SIDES]
    assert make_tfidf_pipeline().fit(frame, labels).classes_.tolist() == ["a", "\ud800"]


@pytest.mark.parametrize("kind", ["M8[ns]", "M8[D]", "m8[ns]"])
def test_times_are_not_labels(kind):
    with pytest.raises(TypeError, match="must hold strings, integers or booleans, got"):
        check_labels(np.array([1, 2], dtype=kind))


def test_integers_that_floats_cannot_hold_are_not_converted_to_floats():
    with pytest.raises(TypeError, match="labels of one kind"):
        check_labels([2**53 + 1, 1.0])


@pytest.mark.parametrize("y", [[1, 2, 1], [1.0, 2.0, 1.0]], ids=["int", "float"])
@pytest.mark.parametrize("cells", ["1", "1.0"])
def test_columns_that_are_the_labels_in_another_dtype_are_rejected(y, cells):
    with pytest.raises(ValueError, match="holds the labels"):
        reject_labels({"code": pl.Series([cells, cells.replace("1", "2"), cells])}, y)
