"""Checks of classifiers of several labels per row, which have the tag `multi_label`."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from sklearn.base import is_classifier
from sklearn.utils import get_tags

from agnews_sk.testing._corpus import CLASSES, LABEL_SETS, LABELS, TEXTS
from agnews_sk.testing._outputs import (
    as_array,
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    fit_outputs,
    get_outputs,
)
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import has, text_check

INDICATOR = np.array([[int(label in labels) for label in CLASSES] for labels in LABEL_SETS])


def takes_label_sets(estimator: Any) -> bool:
    """Return whether it is a classifier whose tags say that it takes several labels per row."""
    tags = get_tags(estimator).classifier_tags
    return is_classifier(estimator) and tags is not None and tags.multi_label


def _objects(rows: list[Any]) -> np.ndarray:
    """Return rows as a 1-D array of objects."""
    column = np.empty(len(rows), dtype=object)
    column[:] = rows
    return column


@text_check(takes_label_sets)
def check_label_sets(name: str, estimator: Any) -> None:
    """Lists of labels are taken, classes_ are the labels, and predict gives lists of them.

    Also for a text without words, and for rows without labels in fit.
    """
    fitted = fit_clone(estimator, TEXTS, LABEL_SETS)
    ensure(list(fitted.classes_) == CLASSES, f"classes_ is {list(fitted.classes_)}")
    found = fitted.predict(contained([*TEXTS, "", "zzyzx"]))
    ensure(len(found) == len(TEXTS) + 2, f"it gives {len(found)} sets for {len(TEXTS) + 2} texts")
    for labels in found:
        ensure(isinstance(labels, (list, tuple, set)), f"a row is predicted as {labels!r:.60}")
        strange = set(labels) - set(CLASSES)
        ensure(not strange, f"it gives {strange}")


@text_check(takes_label_sets)
def check_label_set_containers(name: str, estimator: Any) -> None:
    """Tuples, sets and columns of labels give the outputs of lists of them."""
    expected = fit_outputs(estimator, TEXTS, LABEL_SETS)
    kinds: list[Any] = [
        lambda rows: tuple(map(tuple, rows)),
        lambda rows: [set(row) for row in rows],
        _objects,
        pd.Series,
        partial(pl.Series, dtype=pl.List(pl.String)),
    ]
    for kind in kinds:
        ensure_equal(fit_outputs(estimator, TEXTS, kind(LABEL_SETS)), expected)


@text_check(takes_label_sets)
def check_label_indicators(name: str, estimator: Any) -> None:
    """An array, sparse matrix or frame of 0 and 1 is taken, and predict gives the same kind."""
    lists = fit_clone(estimator, TEXTS, LABEL_SETS)
    expected = np.array(
        [[label in row for label in CLASSES] for row in lists.predict(contained(TEXTS))]
    )
    frame = pd.DataFrame(INDICATOR, columns=CLASSES)
    for y in (INDICATOR, INDICATOR.astype(bool), sp.csr_matrix(INDICATOR), frame):
        fitted = fit_clone(estimator, TEXTS, y)
        found = fitted.predict(contained(TEXTS))
        kind = type(y).__name__
        alike = sp.issparse(found) if sp.issparse(y) else isinstance(found, type(y))
        ensure(alike, f"labels in a {kind} are predicted as {type(found).__name__}")
        values = found.toarray() if sp.issparse(found) else as_array(found)
        ensure(np.array_equal(values, expected), f"those in a {kind} differ from those of lists")
        columns = list(y.columns) if isinstance(y, pd.DataFrame) else [0, 1, 2]
        ensure(list(fitted.classes_) == columns, f"classes_ is {list(fitted.classes_)}")


@text_check(takes_label_sets, has("predict_proba"))
def check_label_set_probabilities(name: str, estimator: Any) -> None:
    """predict_proba gives a column per label, from 0 to 1, higher where the label is predicted.

    Within a column, all texts that are predicted to have the label come before all others.
    """
    fitted = fit_clone(estimator, TEXTS, LABEL_SETS)
    found = np.asarray(fitted.predict_proba(contained([*TEXTS, ""])))
    wanted = (len(TEXTS) + 1, len(CLASSES))
    ensure(found.shape == wanted, f"its shape is {found.shape}, not {wanted}")
    ensure(((found >= 0) & (found <= 1)).all(), "a value is outside of [0, 1]")
    predicted = fitted.predict(contained(TEXTS))
    for column, label in enumerate(CLASSES):
        with_label = np.array([label in labels for labels in predicted])
        p = found[:-1, column]
        ordered = p[with_label].min(initial=1) >= p[~with_label].max(initial=0)
        ensure(ordered, f"{label} is predicted where it is less probable than elsewhere")


@text_check(takes_label_sets)
def check_label_that_no_row_has(name: str, estimator: Any) -> None:
    """A column of zeros is taken and not predicted, and one of ones is predicted.

    A fold of few rows may lack a rare label.
    """
    y = INDICATOR.copy()
    y[:, 0], y[:, 2] = 0, 1
    found = fit_clone(estimator, TEXTS, y).predict(contained(TEXTS))
    ensure(found.shape == y.shape, f"the shape of predictions is {found.shape}")
    ensure(not found[:, 0].any(), "a label that no row has is predicted")
    ensure(found[:, 2].all(), "a label that all rows have is not predicted")


@text_check(takes_label_sets)
def check_refit_with_one_label(name: str, estimator: Any) -> None:
    """A fit on one label per row after one on several gives the outputs of the first alone."""
    expected = fit_outputs(estimator)
    fitted = fit_clone(estimator, TEXTS, LABEL_SETS)
    ensure_equal(get_outputs(fitted.fit(contained(TEXTS), LABELS), TEXTS), expected)


@text_check(takes_label_sets)
def check_missing_label_set(name: str, estimator: Any) -> None:
    """A missing set of labels, or a missing label in a set, is rejected with its position."""
    at = 7
    for missing in (None, np.nan, ["Tech", None]):
        y = [*LABEL_SETS[:at], missing, *LABEL_SETS[at + 1 :]]
        named = [f"{word} {at}" for word in ("position", "row", "index")]
        ensure_raises(partial(fit_clone, estimator, TEXTS, y), *named)
