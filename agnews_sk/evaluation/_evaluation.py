"""One classifier fitted and tested: its predictions and what they cost."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.multiclass import check_classification_targets

from agnews_sk._validation import n_rows
from agnews_sk.evaluation._costs import Cost, count_parameters, latencies, measured, size_bytes

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """One classifier's predictions on the test rows and what they cost.

    Attributes
    ----------
    name : str
    estimator : estimator
        The fitted clone.
    y_true, y_pred : ndarray of shape (n_test_rows,)
        Labels of the test rows, and those predicted.
    y_proba : ndarray of float of shape (n_test_rows, n_known_classes), optional
        Probabilities; None where the estimator gives none.
    classes : ndarray of shape (n_known_classes,), optional
        Labels that the columns of `y_proba` belong to.
    n_train_rows : int
        Rows handed to `fit`, before a pipeline's own filters drop any.
    fit_seconds : float
        Wall-clock time of the one fit.
    predict_seconds : float
        Wall-clock time of one `predict` over all test rows, without a warm-up.
    size_bytes : int or None
        Bytes that `joblib.dump` writes for the fitted estimator, uncompressed; None if it
        cannot be pickled.
    cpu_seconds : float
        Processor time of the fit, over all threads of this process.
    peak_memory_bytes : float
        By how much the process' resident memory rose at its highest during fit and prediction.
        NaN where the system does not tell.
    latency_seconds : ndarray of float of shape (n_calls,), optional
        Wall-clock time of `predict` on single rows, after a warm-up.
    n_parameters : int or None
        Learnt or pretrained numbers, as `count_parameters` finds them.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation import Evaluation
    >>> Evaluation(
    ...     name="remote model",
    ...     estimator=None,
    ...     y_true=np.array(["World", "Sports"]),
    ...     y_pred=np.array(["World", "World"]),
    ...     n_train_rows=120_000,
    ...     fit_seconds=60.0,
    ...     predict_seconds=0.01,
    ...     size_bytes=None,
    ... ).texts_per_second
    200.0
    """

    name: str
    estimator: Any
    y_true: np.ndarray
    y_pred: np.ndarray
    n_train_rows: int
    fit_seconds: float
    predict_seconds: float
    size_bytes: int | None
    y_proba: np.ndarray | None = None
    classes: np.ndarray | None = None
    cpu_seconds: float = np.nan
    peak_memory_bytes: float = np.nan
    latency_seconds: np.ndarray | None = None
    n_parameters: int | None = None

    @property
    def texts_per_second(self) -> float:
        """Test rows predicted in a second of wall-clock time."""
        return len(self.y_pred) / self.predict_seconds


def evaluate_classifier(
    name: str,
    estimator: Any,
    X_train: Any,
    y_train: Any,
    X_test: Any,
    y_test: Any,
    *,
    progress: Progress | None = None,
) -> Evaluation:
    """Fit a clone of a classifier, predict the test rows, and measure what that takes.

    Parameters
    ----------
    name : str
        How results call the classifier.
    estimator : estimator
        Classifier or pipeline. It is cloned, and stays as it was.
    X_train, X_test : DataFrame or array-like of str of shape (n_rows,)
        Whatever the estimator takes.
    y_train, y_test : array-like of shape (n_rows,)
        Labels, none missing.
    progress : callable taking a str, optional
        Told each stage, such as "tfidf: fitting on 8,000 rows", as it begins.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError
        If the name is not a `str`.
    ValueError
        If labels are missing, continuous or not one a row, or there are no test rows.

    Warns
    -----
    UserWarning
        If test labels are not among the training labels: those rows count as wrong. If the
        fitted estimator cannot be pickled: its size is left out.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from agnews_sk.evaluation import evaluate_classifier
    >>> evaluation = evaluate_classifier(
    ...     "bayes",
    ...     make_pipeline(CountVectorizer(), MultinomialNB()),
    ...     ["oil rises", "team wins"],
    ...     ["Business", "Sports"],
    ...     ["oil falls", "team loses"],
    ...     ["Business", "Sports"],
    ... )
    >>> evaluation.y_pred.tolist(), evaluation.n_train_rows
    (['Business', 'Sports'], 2)
    """
    if not isinstance(name, str):
        raise TypeError(f"name of a classifier must be a str, got {type(name).__name__} {name!r}.")
    seen = check_labels(y_train, X_train, name="train")
    y_true = check_labels(y_test, X_test, name="test")
    _warn_of_unseen(name, seen, y_true)
    tell = progress or _say_nothing

    tell(f"{name}: fitting on {len(seen):,} rows")
    with measured() as fit:
        fitted = clone(estimator).fit(X_train, y_train)
    tell(f"{name}: predicting {len(y_true):,} rows")
    with measured() as predict:
        y_pred = fitted.predict(X_test)
    tell(f"{name}: measuring probabilities, latency and size")
    y_proba, classes = _probabilities(fitted, X_test)
    return Evaluation(
        name=name,
        estimator=fitted,
        y_true=y_true,
        y_pred=_check_predictions(y_pred, y_true, name),
        y_proba=y_proba,
        classes=classes,
        n_train_rows=len(seen),
        latency_seconds=latencies(fitted.predict, X_test),
        size_bytes=size_bytes(fitted, name),
        n_parameters=count_parameters(fitted),
        **_costs(fit, predict),
    )


def _costs(fit: Cost, predict: Cost) -> dict[str, float]:
    return {
        "fit_seconds": fit.seconds,
        "predict_seconds": predict.seconds,
        "cpu_seconds": fit.cpu_seconds,
        "peak_memory_bytes": max(fit.peak_memory_bytes, predict.peak_memory_bytes),
    }


def _probabilities(fitted: Any, X: Any) -> tuple[np.ndarray | None, np.ndarray | None]:
    if not hasattr(fitted, "predict_proba"):
        return None, None
    return np.asarray(fitted.predict_proba(X)), as_label_array(fitted.classes_)


def check_labels(y: Any, X: Any, *, name: str) -> np.ndarray:
    """Return labels as an array, one a row of X and none missing.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
    X : container of n_rows rows
    name : {"train", "test"}
        Part that messages name: "train" makes them say y_train and X_train.

    Returns
    -------
    ndarray of shape (n_rows,)
        Strings as an object array.

    Raises
    ------
    ValueError
        If labels are missing, continuous, none at all or not one a row.
    """
    labels = as_label_array(y)
    if labels.ndim != 1:
        raise ValueError(f"y_{name} must be 1-D, one label a row, got shape {labels.shape}.")
    if len(labels) != n_rows(X):
        raise ValueError(
            f"y_{name} must have one label a row of X_{name}, {n_rows(X)}, got {len(labels)}."
        )
    if len(labels) == 0:
        raise ValueError(f"y_{name} is empty: at least one label is needed, got 0.")
    n_missing = int(pd.isna(labels).sum())
    if n_missing:
        raise ValueError(
            f"y_{name} must have no missing labels, got {n_missing} of {len(labels)}; "
            "drop those rows first."
        )
    check_classification_targets(labels)
    return labels


def as_label_array(y: Any) -> np.ndarray:
    """Return labels as an array, strings as an object array."""
    labels = np.asarray(y)
    return labels.astype(object) if labels.dtype.kind == "U" else labels


def aligned_probabilities(y_proba: np.ndarray, known: Any, classes: np.ndarray) -> np.ndarray:
    """Return probabilities with a column for each class, zero where it was not known.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_known)
    known : array-like of shape (n_known,)
        Labels of its columns.
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
    """
    aligned = np.zeros((len(y_proba), len(classes)))
    aligned[:, pd.Index(classes).get_indexer(known)] = y_proba
    return aligned


def _warn_of_unseen(name: str, seen: np.ndarray, y_true: np.ndarray) -> None:
    unseen = sorted(set(y_true.tolist()) - set(seen.tolist()), key=str)
    if unseen:
        warnings.warn(
            f"{name} can only be wrong on the labels {unseen} of y_test, which are not among its "
            "training labels.",
            stacklevel=3,
        )


def _check_predictions(y_pred: Any, y_true: np.ndarray, name: str) -> np.ndarray:
    predicted = as_label_array(y_pred)
    if predicted.shape != y_true.shape:
        raise ValueError(
            f"predict of {name} must return one label a row, shape {y_true.shape}, "
            f"got shape {predicted.shape}."
        )
    return predicted


def _say_nothing(stage: str) -> None:
    """Stand in for the progress callable that was not given."""
