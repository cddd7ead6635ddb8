"""Predictions of label sets, in whatever form a classifier gives them, as lists of labels."""

from typing import Any

import numpy as np

from agnews_sk._core.label_arrays import plain_labels
from agnews_sk._core.label_sets import LISTS, as_lists, check_label_sets


def sets_of_test_rows(
    y_test: Any, X_test: Any, classes: np.ndarray, label_format: str | None = None
) -> np.ndarray:
    """Return the labels of each test row.

    Parameters
    ----------
    y_test : container of n_rows sets of labels, or indicator
    X_test : container of n_rows rows
    classes : ndarray of shape (n_labels,)
        Labels of the training rows, which the columns of a matrix stand for.
    label_format : str, optional
        Format of the training labels, see `check_label_sets`.

    Returns
    -------
    ndarray of object of shape (n_rows,)
        A list of labels per row.

    Raises
    ------
    TypeError, ValueError
        As `check_label_sets`, or if no row has a label.
    """
    found = check_label_sets(
        y_test, X_test, name="y_test", classes=classes, label_format=label_format
    )
    if not found.indicator.any():
        raise ValueError("y_test has no label in any row: at least one is needed, got 0.")
    return as_lists(found.indicator, found.classes)


def read_sets(
    y_pred: Any, n_rows: int, classes: np.ndarray, name: str, label_format: str | None = None
) -> np.ndarray:
    """Return the predicted labels of each row.

    Parameters
    ----------
    y_pred : container of n_rows sets of labels, or indicator
        What `predict` returned.
    n_rows : int
    classes : ndarray of shape (n_labels,)
        Labels of the training rows.
    name : str
        Name in messages, such as "predict of tfidf".
    label_format : str, optional
        Format of the training labels.

    Returns
    -------
    ndarray of object of shape (n_rows,)
        A list of labels per row.

    Raises
    ------
    TypeError, ValueError
        As `check_label_sets`, or if there is not one set per row.
    """
    found = check_label_sets(y_pred, name=name, classes=classes, label_format=label_format)
    if len(found.indicator) != n_rows:
        raise ValueError(
            f"{name} must give one set of labels per row, {n_rows}, got {len(found.indicator)}."
        )
    return as_lists(found.indicator, found.classes)


def set_probabilities(y_proba: Any, fitted: Any) -> np.ndarray:
    """Return the probability of each label.

    Parameters
    ----------
    y_proba : ndarray of shape (n_rows, n_labels), or list of ndarray of shape (n_rows, 2)
        What `predict_proba` returned; scikit-learn's forests and nearest neighbours give the
        probabilities of 0 and 1 for each label.
    fitted : classifier

    Returns
    -------
    ndarray of float of shape (n_rows, n_labels)
    """
    if not isinstance(y_proba, list):
        return np.asarray(y_proba)
    # A label that all training rows have, or none, has one column: that of its only class.
    return np.column_stack(
        [np.sum(p * (known == 1), axis=1) for p, known in zip(y_proba, fitted.classes_)]
    )


def labels_of_columns(
    fitted: Any, seen: np.ndarray, label_format: str | None, name: str
) -> np.ndarray:
    """Return the labels of the columns of probabilities.

    Parameters
    ----------
    fitted : classifier
    seen : ndarray of shape (n_labels,)
        Labels of the training rows.
    label_format : str or None
        Their format.
    name : str
        Name of the classifier in messages.

    Returns
    -------
    ndarray of shape (n_columns,)
        All labels, or those in `classes_`: if a sampler drops all rows of a label, it is no longer
        in lists, but is still a column of an indicator.
    """
    if label_format != LISTS or not hasattr(fitted, "classes_"):
        return seen
    return plain_labels(fitted.classes_, name=f"classes_ of {name}")
