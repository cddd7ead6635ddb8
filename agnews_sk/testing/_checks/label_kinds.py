"""Checks that labels are accepted in any container and dtype."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.base import is_classifier

from agnews_sk.testing._corpus import CLASSES, LABELS, TEXTS
from agnews_sk.testing._outputs import ensure, ensure_equal, fit_clone, fit_outputs
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import has, text_check

INTEGERS = [CLASSES.index(label) + 3 for label in LABELS]
BOOLEANS = [label == "Tech" for label in LABELS]

Kinds = Sequence[Callable[[Any], Any]]


def _ensure_same_as_list(estimator: Any, labels: list[Any], kinds: Kinds) -> None:
    """Ensure that each label container gives the outputs, and the label type, of a list."""
    expected = fit_outputs(estimator, TEXTS, labels)
    for kind in kinds:
        found = fit_outputs(estimator, TEXTS, kind(labels))
        ensure_equal(found, expected)
        ours, theirs = _kind(found["predict"]), _kind(expected["predict"])
        ensure(ours == theirs, f"predict gives the kind {ours!r}, not {theirs!r}")


def _kind(labels: np.ndarray) -> str:
    """Return the dtype kind of labels, with one letter for all ways to hold strings."""
    if labels.dtype != object:
        return "U" if labels.dtype.kind == "T" else labels.dtype.kind
    return "U" if isinstance(labels[0], str) else "O"


def _series(dtype: str) -> Callable[[Any], pd.Series]:
    """Return the function that makes a pandas Series of this dtype."""
    return lambda labels: pd.Series(labels, dtype=dtype)


@text_check(is_classifier)
def check_nullable_labels(name: str, estimator: Any) -> None:
    """Labels in pandas' nullable and Arrow types give the outputs of a list of labels.

    `numpy.asarray` makes arrays of objects of them, or of floats.
    """
    _ensure_same_as_list(estimator, LABELS, [_series("string")])
    _ensure_same_as_list(estimator, INTEGERS, [_series("Int64")])
    _ensure_same_as_list(estimator, BOOLEANS, [_series("boolean"), _series("bool[pyarrow]")])


@text_check(is_classifier)
def check_numeric_categories(name: str, estimator: Any) -> None:
    """Categories of integers or booleans give the outputs of a list of these.

    The codes of the categories are integers too, but not the labels.
    """
    for labels in (INTEGERS, BOOLEANS):
        _ensure_same_as_list(estimator, labels, [_series("category")])


@text_check(is_classifier)
def check_object_dtype_labels(name: str, estimator: Any) -> None:
    """Integers or booleans in an array of objects give the outputs of a list of labels."""
    for labels in (INTEGERS, BOOLEANS):
        _ensure_same_as_list(estimator, labels, [partial(np.array, dtype=object)])


@text_check(is_classifier)
def check_string_dtype_labels(name: str, estimator: Any) -> None:
    """Labels in a NumPy array of StringDType give the outputs of a list of labels."""
    kinds = [partial(np.array, dtype=np.dtypes.StringDType())]
    _ensure_same_as_list(estimator, LABELS, kinds)


@text_check(is_classifier)
def check_polars_and_arrow_labels(name: str, estimator: Any) -> None:
    """Labels in Polars' Categorical or Enum, or in Arrow, give the outputs of a list of labels.

    The order of an Enum's categories is not the sorted order of `classes_`.
    """
    enum = pl.Enum(CLASSES[::-1])  # another order than that of the sorted labels
    kinds = [partial(pl.Series, dtype=pl.Categorical), partial(pl.Series, dtype=enum), pa.array]
    _ensure_same_as_list(estimator, LABELS, kinds)


@text_check(is_classifier)
def check_missing_label_position(name: str, estimator: Any) -> None:
    """A missing label of any type is rejected in fit with its position.

    Among thousands of rows, a message without the position does not help to find it.
    """
    at = 7
    named = [f"{word} {at}" for word in ("position", "row", "index")]
    for missing in (None, np.nan, pd.NA):
        y = [*LABELS[:at], missing, *LABELS[at + 1 :]]
        ensure_raises(partial(fit_clone, estimator, TEXTS, y), *named)
    y = [*LABELS[:at], None, *LABELS[at + 1 :]]
    for kind in (_series("string"), _series("category"), pl.Series):
        ensure_raises(partial(fit_clone, estimator, TEXTS, kind(y)), *named)


@text_check(is_classifier, has("predict_proba"))
def check_has_predict_log_proba(name: str, estimator: Any) -> None:
    """An estimator that has predict_proba has predict_log_proba too."""
    ensure(hasattr(fit_clone(estimator), "predict_log_proba"), "it has none")
