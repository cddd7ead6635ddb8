"""Checks of classifiers: labels of any type, and columns in the order of `classes_`."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score

from agnews_sk.testing._corpus import CLASSES, LABELS, TEXTS, TWO_CLASS_ROWS
from agnews_sk.testing._outputs import (
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    fit_outputs,
    get_outputs,
)
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import has, text_check


def _ensure_labels_are_kept(estimator: Any, classes: list[Any], y: Any = None) -> None:
    """Fit with other labels in the same order, and ensure that only the labels differ.

    Parameters
    ----------
    estimator : estimator object
    classes : list
        The new labels, sorted; with two, the rows of the third class are left out.
    y : array-like of shape (n_samples,), optional
        The new labels in the container to fit on; an array by default.
    """
    n_classes = len(classes)
    rows = range(len(TEXTS)) if n_classes == 3 else TWO_CLASS_ROWS
    texts, strings = [TEXTS[i] for i in rows], [LABELS[i] for i in rows]
    names = dict(zip(CLASSES, classes))
    relabelled = np.array([names[label] for label in strings], dtype=np.asarray(classes).dtype)
    expected = fit_outputs(estimator, texts, strings)
    estimator = fit_clone(estimator, texts, relabelled if y is None else y)
    found = get_outputs(estimator, texts)
    ensure(list(estimator.classes_) == classes, f"classes_ is {list(estimator.classes_)}")
    predicted = [names[label] for label in expected["predict"]]
    ensure(list(found["predict"]) == predicted, f"predict gives {found['predict']}")
    del found["predict"], expected["predict"]
    ensure_equal(found, expected)


@text_check(is_classifier)
def check_string_labels(name: str, estimator: Any) -> None:
    """String labels are taken, kept in classes_ and predicted."""
    _ensure_labels_are_kept(estimator, ["Economy", "Football", "Phones"])


@text_check(is_classifier)
def check_integer_labels(name: str, estimator: Any) -> None:
    """Integer labels, with gaps and negative, are taken, kept in classes_ and predicted.

    Fails where labels are used as positions.
    """
    _ensure_labels_are_kept(estimator, [-4, 0, 17])


@text_check(is_classifier)
def check_boolean_labels(name: str, estimator: Any) -> None:
    """Boolean labels are taken, kept in classes_ and predicted."""
    _ensure_labels_are_kept(estimator, [False, True])


@text_check(is_classifier)
def check_object_labels(name: str, estimator: Any) -> None:
    """Strings in an array of objects are taken, kept in classes_ and predicted.

    It is the type of a pandas column of strings before pandas 3.
    """
    y = np.array(LABELS, dtype=object)
    _ensure_labels_are_kept(estimator, CLASSES, y)


@text_check(is_classifier)
def check_label_containers(name: str, estimator: Any) -> None:
    """Labels in a tuple, array, pandas or Polars Series give the outputs of a list."""
    expected = fit_outputs(estimator)
    index = range(100, 100 + len(LABELS))
    kinds: list[Any] = [tuple, np.array, pl.Series, lambda y: pd.Series(y, index=index)]
    for kind in kinds:
        ensure_equal(fit_outputs(estimator, TEXTS, kind(LABELS)), expected)


@text_check(is_classifier)
def check_categorical_labels(name: str, estimator: Any) -> None:
    """A pandas Series of categories gives the outputs of a list of its labels."""
    expected = fit_outputs(estimator)
    ensure_equal(fit_outputs(estimator, TEXTS, pd.Series(LABELS, dtype="category")), expected)


@text_check(is_classifier)
def check_predict_dtype(name: str, estimator: Any) -> None:
    """Predictions have the type of the labels: str for str, int for int, bool for bool."""
    for y in (LABELS, [len(label) for label in LABELS], [label == "Tech" for label in LABELS]):
        kind = fit_clone(estimator, TEXTS, y).predict(contained(TEXTS)).dtype.kind
        wanted = "UOT" if isinstance(y[0], str) else np.asarray(y).dtype.kind
        ensure(kind in wanted, f"labels of {type(y[0]).__name__} are predicted as kind {kind!r}")


@text_check(is_classifier)
def check_classes(name: str, estimator: Any) -> None:
    """classes_ is the sorted array of distinct labels, in any order of the labels."""
    for step in (1, -1):
        estimator = fit_clone(estimator, TEXTS[::step], LABELS[::step])
        ensure(isinstance(estimator.classes_, np.ndarray), "classes_ is not an array")
        ensure(list(estimator.classes_) == CLASSES, f"classes_ is {list(estimator.classes_)}")


@text_check(is_classifier)
def check_predictions_are_classes(name: str, estimator: Any) -> None:
    """Predict gives a 1-D array of labels that were seen in fit.

    Also for an empty text and for one of unknown words.
    """
    found = fit_clone(estimator).predict(contained([*TEXTS, "", "zzyzx"]))
    ensure(found.shape == (len(TEXTS) + 2,), f"its shape is {found.shape}")
    strange = set(found.tolist()) - set(CLASSES)
    ensure(not strange, f"it gives {strange}")


@text_check(is_classifier, has("predict_proba"))
def check_predict_proba(name: str, estimator: Any) -> None:
    """predict_proba gives one column per class, values from 0 to 1, and rows that sum to one.

    Also for an empty text and for one of unknown words, whose features are all zero.
    """
    found = fit_clone(estimator).predict_proba(contained([*TEXTS, "", "zzyzx"]))
    wanted = (len(TEXTS) + 2, len(CLASSES))
    ensure(found.shape == wanted, f"its shape is {found.shape}, not {wanted}")
    ensure(((found >= 0) & (found <= 1)).all(), "a value is outside of [0, 1]")
    sums = found.sum(axis=1)
    ensure(np.allclose(sums, 1, atol=1e-5), f"a row sums to {sums[np.abs(sums - 1).argmax()]:.6g}")


@text_check(is_classifier, has("predict_proba"))
def check_predict_proba_columns(name: str, estimator: Any) -> None:
    """The column of the largest probability is that of the predicted label in classes_.

    The labels are not sorted, as the columns might be by mistake.
    """
    order = [2, 1, 0, *range(3, len(TEXTS))]
    estimator = fit_clone(estimator, [TEXTS[i] for i in order], [LABELS[i] for i in order])
    _ensure_columns_follow(estimator, estimator.predict_proba(contained(TEXTS)))


@text_check(is_classifier, has("decision_function"))
def check_decision_function_columns(name: str, estimator: Any) -> None:
    """The largest value of decision_function is that of the predicted label in classes_."""
    estimator = fit_clone(estimator)
    scores = np.asarray(estimator.decision_function(contained(TEXTS)))
    _ensure_columns_follow(estimator, scores)


def _ensure_columns_follow(estimator: Any, scores: np.ndarray) -> None:
    """Ensure that the largest score of each row belongs to its predicted label.

    Parameters
    ----------
    estimator : estimator object
        Fitted.
    scores : ndarray of shape (n_samples, n_classes)
    """
    best = estimator.classes_[scores.argmax(axis=1)]
    predicted = estimator.predict(contained(TEXTS))
    differ = np.flatnonzero(best != predicted)
    ensure(
        not len(differ), f"{best[differ[:1]]} has the largest, {predicted[differ[:1]]} is predicted"
    )


@text_check(is_classifier, has("decision_function"))
def check_binary_decision_function(name: str, estimator: Any) -> None:
    """With two classes decision_function is 1-D, and positive for classes_[1].

    The convention of scikit-learn, which its metrics and calibration rely on.
    """
    texts, y = [TEXTS[i] for i in TWO_CLASS_ROWS], [LABELS[i] for i in TWO_CLASS_ROWS]
    estimator = fit_clone(estimator, texts, y)
    scores = estimator.decision_function(contained(texts))
    ensure(scores.shape == (len(texts),), f"its shape is {scores.shape}")
    best = estimator.classes_[(scores > 0).astype(int)]
    ensure((best == estimator.predict(contained(texts))).all(), "its sign is not that of predict")


@text_check(is_classifier, has("predict_log_proba"))
def check_predict_log_proba(name: str, estimator: Any) -> None:
    """predict_log_proba is the logarithm of predict_proba."""
    estimator = fit_clone(estimator)
    found, expected = (
        estimator.predict_log_proba(contained(TEXTS)),
        np.log(estimator.predict_proba(contained(TEXTS))),
    )
    ensure(np.allclose(found, expected, atol=1e-5), "it differs")


@text_check(is_classifier, has("score"))
def check_score(name: str, estimator: Any) -> None:
    """Score is the accuracy of predict."""
    estimator = fit_clone(estimator)
    found, expected = (
        estimator.score(contained(TEXTS), LABELS),
        accuracy_score(LABELS, estimator.predict(contained(TEXTS))),
    )
    ensure(np.isclose(found, expected), f"it is {found}, not {expected}")


@text_check(is_classifier)
def check_one_class(name: str, estimator: Any) -> None:
    """Labels of one class are rejected with a message that says so, or always predicted.

    Small folds of rare classes have only one.
    """
    try:
        only = fit_clone(estimator, TEXTS, ["Tech"] * len(TEXTS)).predict(contained(TEXTS))
    except ValueError as error:
        ensure("class" in str(error), f"the message does not mention classes: {error}")
    else:
        ensure(set(only) == {"Tech"}, f"it predicts {set(only)}")


@text_check(is_classifier)
def check_missing_labels(name: str, estimator: Any) -> None:
    """A missing label, None or NaN, is rejected in fit.

    `str(nan)` would make them a class.
    """
    for missing in (None, np.nan):
        y = np.array([*LABELS[:-1], missing], dtype=object)
        words = ("missing", "nan", "label", "none", "float")
        ensure_raises(partial(fit_clone, estimator, TEXTS, y), *words)


@text_check(is_classifier)
def check_continuous_labels(name: str, estimator: Any) -> None:
    """Continuous targets are rejected in fit, for they are not classes."""
    y = np.linspace(0.1, 0.9, len(TEXTS))
    ensure_raises(partial(fit_clone, estimator, TEXTS, y), "continuous", "label", "class")


@text_check(is_classifier)
def check_requires_y(name: str, estimator: Any) -> None:
    """Fit without labels is rejected with a message that names y."""
    ensure_raises(lambda: fit_clone(estimator, TEXTS, None), "y")


@text_check(is_classifier)
def check_inconsistent_length(name: str, estimator: Any) -> None:
    """Fewer labels than texts are rejected, and the message has a number of rows."""
    counts = str(len(TEXTS)), str(len(TEXTS) - 1)
    ensure_raises(lambda: fit_clone(estimator, TEXTS, LABELS[:-1]), *counts)
