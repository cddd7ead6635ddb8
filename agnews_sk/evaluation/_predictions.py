"""Predictions and probabilities as labels and columns of the kind of the true labels."""

from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.label_arrays import as_kind_of, codes_of, labels_given, plain_labels
from agnews_sk._core.label_sets import is_multilabel
from agnews_sk.evaluation._set_evaluation import labels_of_columns, set_probabilities

# No label, not even None or NaN: the classifier never abstains.
_NEVER = object()


def read_predictions(
    y_pred: Any, fitted: Any, y_true: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return predictions as labels of the kind of the true ones, and where they are abstentions.

    Parameters
    ----------
    y_pred : array-like of shape (n_rows,)
        What `predict` returned, in any container.
    fitted : classifier
        If it, or the last step of a pipeline, has `abstain_label_`, that is an
        abstention.
    y_true : ndarray of shape (n_rows,)
    name : str
        Name of the classifier in messages.

    Returns
    -------
    y_pred : ndarray of shape (n_rows,)
        Of dtype object if it abstains on some rows.
    abstained : ndarray of bool of shape (n_rows,) or None
        None if it abstains on no row.

    Raises
    ------
    TypeError, ValueError
        If predictions are not labels of the kind of the true ones, or not one per row.
    """
    if np.shape(y_pred) != y_true.shape:
        raise ValueError(
            f"predict of {name} must return one label per row, shape {y_true.shape}, "
            f"got shape {np.shape(y_pred)}."
        )
    label = _abstain_label(fitted)
    if label is _NEVER:
        return _predicted_labels(y_pred, y_true, name), None
    given = np.asarray(y_pred, dtype=object)
    abstained = pd.isna(given) if pd.isna(label) else given == label
    if abstained.all():
        return given, abstained
    labels = _predicted_labels(given[~abstained], y_true, name)
    if not abstained.any():
        return labels, None
    given[~abstained] = labels
    return given, abstained


def _predicted_labels(y_pred: Any, y_true: np.ndarray, name: str) -> np.ndarray:
    """Return predicted labels of the kind of the true ones, none of them an abstention."""
    labels = plain_labels(y_pred, name=f"predict of {name}")
    return as_kind_of(labels, y_true, name=f"predict of {name}", whose="y_test")


def _abstain_label(fitted: Any) -> Any:
    """Return the abstain label of a classifier, a search's best one, or a pipeline's last step."""
    fitted = predicting_estimator(fitted)
    if hasattr(fitted, "abstain_label_"):
        return fitted.abstain_label_
    return _abstain_label(fitted.steps[-1][1]) if hasattr(fitted, "steps") else _NEVER


def read_probabilities(
    fitted: Any,
    X: Any,
    y_true: np.ndarray,
    seen: np.ndarray,
    name: str,
    label_format: str | None = None,
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return probabilities, None without any, and the labels of their columns.

    Parameters
    ----------
    fitted : classifier
    X : container of n_rows rows
    y_true : ndarray of shape (n_rows,)
    seen : ndarray of shape (n_labels,)
        Labels of the training rows.
    name : str
        Name of the classifier in messages.
    label_format : str, optional
        Format of the label sets of the training rows.

    Returns
    -------
    y_proba : ndarray of float of shape (n_rows, n_classes) or None
    classes : ndarray of shape (n_classes,) or None
    """
    multilabel = is_multilabel(y_true)
    if not hasattr(fitted, "predict_proba"):
        return None, seen if multilabel else None
    if multilabel:
        y_proba = set_probabilities(fitted.predict_proba(X), fitted)
        classes = labels_of_columns(fitted, seen, label_format, name)
    else:
        y_proba, whose = np.asarray(fitted.predict_proba(X)), f"classes_ of {name}"
        classes = as_kind_of(
            plain_labels(fitted.classes_, name=whose), y_true, name=whose, whose="y_test"
        )
    if y_proba.shape != (len(y_true), len(classes)) or not np.isfinite(y_proba).all():
        raise ValueError(
            f"predict_proba of {name} must return finite numbers of shape "
            f"{(len(y_true), len(classes))}, got shape {y_proba.shape} with "
            f"{int(np.sum(~np.isfinite(y_proba)))} that are not finite."
        )
    return y_proba, classes


def aligned_probabilities(y_proba: np.ndarray, known: Any, classes: np.ndarray) -> np.ndarray:
    """Return probabilities with a column per class, zero for classes that were not known.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_known)
    known : array-like of shape (n_known,)
        Labels of the columns of `y_proba`, all among `classes`.
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
    """
    aligned = np.zeros((len(y_proba), len(classes)))
    aligned[:, codes_of(known, classes)] = y_proba
    return aligned


def predicted_codes(
    y_pred: np.ndarray, abstained: np.ndarray | None, classes: np.ndarray
) -> np.ndarray:
    """Return the position of each predicted label in `classes`, -1 where it abstained.

    Parameters
    ----------
    y_pred : ndarray of shape (n_predictions,)
    abstained : ndarray of bool of shape (n_predictions,) or None
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of int of shape (n_predictions,)
    """
    codes = np.full(len(y_pred), -1)
    given = slice(None) if abstained is None else ~abstained
    codes[given] = codes_of(labels_given(y_pred, abstained, classes), classes)
    return codes
