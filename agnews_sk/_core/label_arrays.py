"""Labels as arrays that can be compared: kinds, unions, positions among classes; missing ones."""

from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.labels import check_labels, check_one_per_row, only_column

_LONGEST_REPR = 60


def plain_labels(y: Any, X: Any = None, *, name: str = "y") -> np.ndarray:
    """Return labels in any container as an array that can be compared with other such arrays.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
    X : container of n_rows rows, optional
    name : str, default="y"
        Name in messages.

    Returns
    -------
    ndarray of shape (n_rows,)
        As `check_labels` returns them, with one dtype per kind of label.
    """
    return comparable(check_labels(y, X, name=name))


def split_labelled(y: Any, X: Any, missing_label: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows have a label, and their labels.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        As `check_labels` takes it, with missing labels: None, NaN or `pandas.NA`.
    X : container of n_samples rows
    missing_label : str, int or float, optional
        Another value of y that is no label, such as -1.

    Returns
    -------
    rows : ndarray of int of shape (n_labelled,)
        Positions, in ascending order.
    labels : ndarray of shape (n_labelled,)
        As `check_labels` returns them.

    Raises
    ------
    TypeError, ValueError
        As `check_labels`, or if no row has a label.

    Examples
    --------
    >>> from agnews_sk._core.label_arrays import split_labelled
    >>> rows, labels = split_labelled(["oil", None, "cup"], ["a", "b", "c"])
    >>> rows.tolist(), labels.tolist()
    ([0, 2], ['oil', 'cup'])
    >>> split_labelled([3, -1, 3], ["a", "b", "c"], missing_label=-1)
    (array([0, 2]), array([3, 3]))
    """
    values = only_column(y, "y")
    check_one_per_row(values, X, "y")
    is_missing = np.asarray(pd.isna(values))
    if missing_label is not None:
        is_missing |= np.array([value == missing_label for value in values.tolist()], dtype=bool)
    rows = np.flatnonzero(~is_missing)
    if len(rows) == len(values):
        return rows, check_labels(y, X)
    if not len(rows):
        raise ValueError(f"y must have at least one label, got {len(values)} missing ones.")
    labels = values[rows]
    return rows, check_labels(labels.tolist() if isinstance(y, (list, tuple)) else labels)


def comparable(labels: np.ndarray) -> np.ndarray:
    """Return labels with one dtype per kind: strings as objects, integers as int64 if they fit.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        As `check_labels` returns them.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    if labels.dtype.kind == "U":
        return labels.astype(object)
    if labels.dtype.kind in "iu" and (labels <= np.iinfo(np.int64).max).all():
        return labels.astype(np.int64)
    return labels


_WORDS = {"O": "str", "U": "str", "b": "bool", "i": "int", "u": "int", "f": "float"}


def as_kind_of(labels: np.ndarray, reference: np.ndarray, *, name: str, whose: str) -> np.ndarray:
    """Convert labels to the kind of others where they are equal: 1.0 to the integer 1, 1 to True.

    Parameters
    ----------
    labels, reference : ndarray
        As `plain_labels` returns them.
    name, whose : str
        Names of the two in messages.

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
    """Return the predicted labels without abstentions, in the dtype of other labels.

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

    Labels in uint64 and in int64 are compared as integers; NumPy would convert them to floats, in
    which large ones become equal.

    Parameters
    ----------
    *labels : ndarray of shape (n_rows,)
        As `plain_labels` returns them.

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    kinds = {part.dtype.kind for part in labels if len(part)}
    if kinds == {"i", "u"}:
        known = sorted({label for part in labels for label in part.tolist()})
        fits = known[0] >= 0
        return np.array(known, dtype=np.uint64 if fits else object)
    return np.unique(np.concatenate(labels))


def codes_of(labels: Any, classes: np.ndarray) -> np.ndarray:
    """Return the position of each label among the classes, -1 if it is none of them.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of int of shape (n_rows,)
    """
    return pd.Index(classes).get_indexer(labels)
