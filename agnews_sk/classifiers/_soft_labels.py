"""Soft labels: a distribution of the classes for each row, such as another classifier gives."""

from typing import Any

import numpy as np

from agnews_sk._core.validation import n_rows

_SUM_TOLERANCE = 1e-3  # float32 probabilities of thousands of classes do not sum to 1 exactly


def check_soft_labels(
    soft_labels: Any, X: Any, classes: np.ndarray, *, name: str = "soft_labels"
) -> np.ndarray:
    """Return one distribution of the classes per row of X.

    Parameters
    ----------
    soft_labels : array-like or DataFrame of shape (n_samples, n_classes)
        A frame whose columns are named by the classes may have them in any order.
    X : container of n_samples rows
    classes : ndarray of shape (n_classes,)
    name : str, default="soft_labels"
        Name in messages.

    Returns
    -------
    ndarray of float64 of shape (n_samples, n_classes)
        Rows sum to 1.

    Raises
    ------
    ValueError
        If the shape is not that of rows and classes, or a row is no distribution.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._soft_labels import check_soft_labels
    >>> check_soft_labels([[0.25, 0.75]], ["Oil up"], np.array(["a", "b"]))
    array([[0.25, 0.75]])
    """
    soft_labels = _in_order(soft_labels, classes, name)
    found = np.empty(()) if soft_labels is None else np.asarray(soft_labels, dtype=np.float64)
    if found.shape != (n_rows(X), len(classes)):
        raise ValueError(
            f"{name} must have the shape ({n_rows(X)}, {len(classes)}), a column for each of "
            f"the classes {classes.tolist()!r:.60}, got {found.shape}."
        )
    total = found.sum(axis=1, keepdims=True)
    wrong = ~(np.abs(total[:, 0] - 1) < _SUM_TOLERANCE) | (found < 0).any(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{name} must be probabilities that sum to 1 in each row, got "
            f"{found[row].tolist()!r:.60} at position {row}."
        )
    distributions: np.ndarray = found / total
    return distributions


def _in_order(soft_labels: Any, classes: np.ndarray, name: str) -> Any:
    """Return the columns of a frame in the order of the classes that they are named by.

    Columns that are numbered instead of named are in that order already.
    """
    columns = getattr(soft_labels, "columns", None)
    if columns is None:
        return soft_labels
    names, labels = [str(column) for column in columns], [str(c) for c in classes.tolist()]
    if sorted(names) == sorted(labels):
        return np.asarray(soft_labels)[:, [names.index(label) for label in labels]]
    if any(not column.removeprefix("column_").isdigit() for column in names):
        raise ValueError(
            f"the columns of {name} must be named as the classes {labels!r:.60}, got "
            f"{names!r:.60}; rename them, or pass an array with columns in that order."
        )
    return soft_labels
