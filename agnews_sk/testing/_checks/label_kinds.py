"""Checks that labels mean the same in every type that holds them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.base import is_classifier

from agnews_sk.testing._answers import ensure, ensure_agree, fitted, outcome
from agnews_sk.testing._corpus import CLASSES, LABELS, TEXTS
from agnews_sk.testing._refusals import ensure_refuses
from agnews_sk.testing._registry import has, text_check

INTEGERS = [CLASSES.index(label) + 3 for label in LABELS]
BOOLEANS = [label == "Tech" for label in LABELS]

Kinds = Sequence[Callable[[Any], Any]]


def _ensure_same_as_list(estimator: Any, labels: list[Any], kinds: Kinds) -> None:
    expected = outcome(estimator, TEXTS, labels)
    for kind in kinds:
        found = outcome(estimator, TEXTS, kind(labels))
        ensure_agree(found, expected)
        ours, theirs = _kind(found["predict"]), _kind(expected["predict"])
        ensure(ours == theirs, f"predict gives the kind {ours!r}, not {theirs!r}")


def _kind(labels: np.ndarray) -> str:
    if labels.dtype != object:
        return "U" if labels.dtype.kind == "T" else labels.dtype.kind
    return "U" if isinstance(labels[0], str) else "O"


def _series(dtype: str) -> Callable[[Any], pd.Series]:
    return lambda labels: pd.Series(labels, dtype=dtype)


@text_check(is_classifier)
def check_nullable_labels(name: str, estimator: Any) -> None:
    """Labels in pandas' nullable and Arrow types give what a list of them gives."""
    _ensure_same_as_list(estimator, LABELS, [_series("string")])
    _ensure_same_as_list(estimator, INTEGERS, [_series("Int64")])
    _ensure_same_as_list(estimator, BOOLEANS, [_series("boolean"), _series("bool[pyarrow]")])


@text_check(is_classifier)
def check_categories_of_numbers(name: str, estimator: Any) -> None:
    """Categories of integers or booleans give what a list of these gives."""
    for labels in (INTEGERS, BOOLEANS):
        _ensure_same_as_list(estimator, labels, [_series("category")])


@text_check(is_classifier)
def check_labels_of_objects(name: str, estimator: Any) -> None:
    """Integers or booleans in an array of objects give what a list of them gives."""
    for labels in (INTEGERS, BOOLEANS):
        _ensure_same_as_list(estimator, labels, [partial(np.array, dtype=object)])


@text_check(is_classifier)
def check_string_dtype_labels(name: str, estimator: Any) -> None:
    """Labels in a NumPy array of StringDType give what a list of them gives."""
    kinds = [partial(np.array, dtype=np.dtypes.StringDType())]
    _ensure_same_as_list(estimator, LABELS, kinds)


@text_check(is_classifier)
def check_polars_and_arrow_labels(name: str, estimator: Any) -> None:
    """Labels in Polars' Categorical or Enum, or in Arrow, give what a list of them gives."""
    enum = pl.Enum(CLASSES[::-1])  # another order than that of the sorted labels
    kinds = [partial(pl.Series, dtype=pl.Categorical), partial(pl.Series, dtype=enum), pa.array]
    _ensure_same_as_list(estimator, LABELS, kinds)


@text_check(is_classifier)
def check_missing_label_position(name: str, estimator: Any) -> None:
    """A missing label of any type is refused in fit with its position."""
    at = 7
    named = [f"{word} {at}" for word in ("position", "row", "index")]
    for missing in (None, np.nan, pd.NA):
        y = [*LABELS[:at], missing, *LABELS[at + 1 :]]
        ensure_refuses(partial(fitted, estimator, TEXTS, y), *named)
    y = [*LABELS[:at], None, *LABELS[at + 1 :]]
    for kind in (_series("string"), _series("category"), pl.Series):
        ensure_refuses(partial(fitted, estimator, TEXTS, kind(y)), *named)


@text_check(is_classifier, has("predict_proba"))
def check_log_probabilities_exist(name: str, estimator: Any) -> None:
    """What has predict_proba has predict_log_proba too."""
    ensure(hasattr(fitted(estimator), "predict_log_proba"), "it has none")
