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
    soft_labels : array-like of shape (n_samples, n_classes)
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
