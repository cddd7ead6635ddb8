"""Arrays of labels that can be compared: kinds, unions and positions among classes."""

from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.labels import check_labels

_LONGEST_REPR = 60


def plain_labels(y: Any, X: Any = None, *, name: str = "y") -> np.ndarray:
    """Return labels of any container as one array that compares with all others made here.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
    X : container of n_rows rows, optional
    name : str, default="y"
        How messages call it.

    Returns
    -------
    ndarray of shape (n_rows,)
        As `check_labels` returns them, but for `comparable`.
    """
    return comparable(check_labels(y, X, name=name))


def comparable(labels: np.ndarray) -> np.ndarray:
    """Return labels of `check_labels` with one dtype a kind: strings as objects, ints as int64."""
    if labels.dtype.kind == "U":
        return labels.astype(object)
    if labels.dtype.kind in "iu" and (labels <= np.iinfo(np.int64).max).all():
        return labels.astype(np.int64)
    return labels


_WORDS = {"O": "str", "U": "str", "b": "bool", "i": "int", "u": "int", "f": "float"}


def as_kind_of(labels: np.ndarray, reference: np.ndarray, *, name: str, whose: str) -> np.ndarray:
    """Return labels as the kind of other labels: 1.0 as 1 beside integers, 1 as True beside bools.

    Parameters
    ----------
    labels, reference : ndarray
        As `plain_labels` returns them.
    name, whose : str
        How messages call the two.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        If no label of one kind can equal one of the other, such as strings and integers.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.label_arrays import as_kind_of
    >>> as_kind_of(np.array([1.0, 3.0]), np.array([1, 2]), name="y_test", whose="y_train")
    array([1, 3])
    """
    kind, wanted = _WORDS[labels.dtype.kind], _WORDS[reference.dtype.kind]
    if kind == wanted:
        return labels
    if "str" not in (kind, wanted):
        cast = labels.astype(reference.dtype)
        if np.array_equal(cast, labels):
            return cast
        if "bool" not in (kind, wanted):
            return labels
    raise TypeError(
        f"{name} must hold labels of the kind of {whose}, {wanted}, got {kind} such as "
        f"{labels[:1].tolist()[0]!r:.{_LONGEST_REPR}}; convert one of them."
    )


def labels_given(
    y_pred: np.ndarray, abstained: np.ndarray | None, reference: np.ndarray
) -> np.ndarray:
    """Return the predicted labels without abstentions, as the kind of other labels.

    Parameters
    ----------
    y_pred : ndarray of shape (n_rows,)
        Of object where it holds abstentions.
    abstained : ndarray of bool of shape (n_rows,) or None
    reference : ndarray

    Returns
    -------
    ndarray of shape (n_labelled,)
    """
    if abstained is None:
        return y_pred
    labels = y_pred[~abstained]
    return labels if _WORDS[reference.dtype.kind] == "str" else labels.astype(reference.dtype)


def union_of(*labels: np.ndarray) -> np.ndarray:
    """Return the distinct labels of arrays of one kind, sorted.

    uint64 and int64 stay distinct, which NumPy would convert to floats.
    """
    kinds = {part.dtype.kind for part in labels if len(part)}
    if kinds == {"i", "u"}:
        known = sorted({label for part in labels for label in part.tolist()})
        fits = known[0] >= 0
        return np.array(known, dtype=np.uint64 if fits else object)
    return np.unique(np.concatenate(labels))


def codes_of(labels: Any, classes: np.ndarray) -> np.ndarray:
    """Return the position of each label among classes, -1 where it is none of them."""
    return pd.Index(classes).get_indexer(labels)
