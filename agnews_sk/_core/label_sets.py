"""Checks of label sets, several labels per row: any container in, an indicator matrix out."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp

from agnews_sk._core.label_arrays import as_kind_of, codes_of, comparable
from agnews_sk._core.label_formats import (
    LABEL_FORMATS,
    LISTS,
    as_lists,
    flat_labels,
    in_format,
    indicator_of,
    label_format_of,
    labels_in,
    thresholds_of,
)
from agnews_sk._core.labels import as_plain, check_labels, named_positions
from agnews_sk._core.validation import as_frame, is_frame, n_rows

__all__ = [
    "LABEL_FORMATS",
    "LISTS",
    "LabelSets",
    "as_lists",
    "check_label_sets",
    "check_target",
    "equal_sets",
    "in_format",
    "indicator_of",
    "is_multilabel",
    "label_format_of",
    "labels_in",
    "stratification",
    "thresholds_of",
]

_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
_SETS = (list, tuple, set, frozenset, np.ndarray, pl.Series)
_ARROW_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
)


@dataclass(frozen=True, eq=False)
class LabelSets:
    """The labels of rows with several labels each.

    Attributes
    ----------
    classes : ndarray of shape (n_labels,)
        Labels: sorted, or the names of the columns of a frame in their order, or the positions of
        the columns of a matrix.
    indicator : ndarray of bool of shape (n_samples, n_labels)
        Which row has which label.
    format : str
        One of `LABEL_FORMATS`.
    """

    classes: np.ndarray
    indicator: np.ndarray
    format: str

    def restored(self) -> Any:
        """Return the sets in the format that they came in, see `in_format`."""
        return in_format(self.indicator, self.classes, self.format)


def is_multilabel(y: Any) -> bool:
    """Return whether y has several labels per row: sets of labels, or an indicator matrix.

    Parameters
    ----------
    y : container of n_samples labels, or of n_samples sets of labels

    Returns
    -------
    bool
        True for lists, columns and arrays that hold a list, tuple, set or array, for matrices of
        two columns or more, and for sparse matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.label_sets import is_multilabel
    >>> is_multilabel([["oil", "war"], []]), is_multilabel(np.eye(2)), is_multilabel(["oil"])
    (True, True, False)
    """
    if sp.issparse(y):
        return True
    if isinstance(y, (pa.Array, pa.ChunkedArray)):
        return any(is_kind(y.type) for is_kind in _ARROW_LISTS)
    if isinstance(y, pl.Series) and y.dtype != pl.Object:
        return isinstance(y.dtype, (pl.List, pl.Array))
    if not isinstance(y, (list, tuple)):
        shape: tuple[int, ...] = getattr(y, "shape", ())
        if len(shape) != 1:
            return len(shape) == 2 and shape[1] > 1
        if not _may_hold_sets(y.dtype):
            return False
    return any(issubclass(kind, _SETS) for kind in set(map(type, y)))


def check_label_sets(
    y: Any,
    X: Any = None,
    *,
    name: str = "y",
    classes: np.ndarray | None = None,
    label_format: str | None = None,
) -> LabelSets:
    """Return label sets of any container as an indicator matrix, with its labels.

    Parameters
    ----------
    y : container of n_samples sets of labels, or indicator of shape (n_samples, n_labels)
        List, tuple, 1-D array, pandas, Polars or Arrow column of lists, tuples, sets or arrays
        of labels; an empty one is a row without labels. Or an array, sparse matrix or frame of 0
        and 1, or of booleans; the columns of a frame are the labels. A list of lists of numbers
        holds labels or is an indicator, as `label_format` says; without it, an indicator if all
        rows are of one length, at least 2, and hold only 0 and 1.
    X : container of n_samples rows, optional
        Rows that the sets belong to, one each.
    name : str, default="y"
        Name in messages. With "y_test" they name the rows "X_test".
    classes : ndarray of shape (n_labels,), optional
        Known labels, which the columns of a matrix stand for. Labels of `y` that are not among them
        come after them.
    label_format : str, optional
        Format in which `classes` came, one of `LABEL_FORMATS`. It decides whether a list of lists
        of numbers is an indicator or holds labels, which its values do not.

    Returns
    -------
    LabelSets

    Raises
    ------
    TypeError
        If a row is not a set of labels, or labels are of two kinds.
    ValueError
        If y is empty, a row or a label is missing, an indicator holds anything but 0 and 1 or has
        rows of different lengths, no row has a label and none is known, or there is not one set per
        row of X.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.label_sets import check_label_sets
    >>> sets = check_label_sets([["war", "oil"], [], ["oil"]])
    >>> sets.classes.tolist(), sets.indicator.sum(axis=0).tolist(), sets.restored().tolist()
    (['oil', 'war'], [2, 1], [['oil', 'war'], [], ['oil']])
    >>> check_label_sets(pd.DataFrame({"war": [0, 1], "oil": [1, 1]})).classes.tolist()
    ['war', 'oil']
    """
    y = as_frame(y)
    if y is None:
        check_labels(y, name=name)  # raises the error for it
    is_column = _is_column(y)
    sets = _from_rows(y, name, classes, label_format) if is_column else _from_matrix(y, name)
    if classes is not None:
        sets = _among(sets, classes, name)
    elif len(sets.classes) == 0:
        raise ValueError(f"{name} has no label in any row: at least one is needed, got 0.")
    if X is not None and len(sets.indicator) != n_rows(X):
        raise ValueError(
            f"{name} must have one set of labels per row of {name.replace('y', 'X', 1)}, "
            f"{n_rows(X)}, got {len(sets.indicator)}."
        )
    return sets


def check_target(y: Any, X: Any = None, *, name: str = "y") -> Any:
    """Return labels as one plain array, or label sets in the format that they came in.

    Parameters
    ----------
    y : container of n_samples labels or sets of labels
        As `check_labels` or, if `is_multilabel`, as `check_label_sets` takes it.
    X : container of n_samples rows, optional
    name : str, default="y"
        Name in messages.

    Returns
    -------
    ndarray of shape (n_samples,), or matrix or frame of shape (n_samples, n_labels)

    Raises
    ------
    TypeError, ValueError
        As the two functions.

    Examples
    --------
    >>> from agnews_sk._core.label_sets import check_target
    >>> check_target(["oil", "war"]).tolist(), check_target([{"oil"}, set()]).tolist()
    (['oil', 'war'], [['oil'], []])
    """
    if is_multilabel(y):
        return check_label_sets(y, X, name=name).restored()
    return check_labels(y, X, name=name)


def stratification(y: Any) -> np.ndarray:
    """Return what `split_rows` and `fold_rows` stratify by.

    Parameters
    ----------
    y : container of n_samples labels or sets of labels
        As `check_target` returns it.

    Returns
    -------
    ndarray of int of shape (n_samples,), or of bool of shape (n_samples, n_labels)
        Class of each row, from 0 on; or which row has which label.
    """
    if is_multilabel(y):
        return check_label_sets(y).indicator
    return np.unique(y, return_inverse=True)[1]


def equal_sets(
    y: Any, predicted: Any, X: Any, classes: np.ndarray, *, label_format: str | None = None
) -> np.ndarray:
    """Return for which rows all labels are predicted, and no others.

    Parameters
    ----------
    y, predicted : containers of n_samples sets of labels, or indicators
    X : container of n_samples rows
    classes : ndarray of shape (n_labels,)
        Labels that can be predicted.
    label_format : str, optional
        Format in which they came in `fit`, see `check_label_sets`.

    Returns
    -------
    ndarray of bool of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.label_sets import equal_sets
    >>> equal_sets([["oil"], ["war"]], np.array([[1], [0]]), "ab", np.array(["oil"])).tolist()
    [True, False]
    """
    known: dict[str, Any] = {"classes": classes, "label_format": label_format}
    true = check_label_sets(y, X, **known).indicator
    found = check_label_sets(predicted, **known).indicator
    n_known = len(classes)
    return (true[:, :n_known] == found).all(axis=1) & ~true[:, n_known:].any(axis=1)


def _among(sets: LabelSets, classes: np.ndarray, name: str) -> LabelSets:
    """Return sets with one column per known label, and then those that are not known."""
    if sets.format.startswith(("array", "sparse")):
        if len(sets.classes) != len(classes):
            raise ValueError(
                f"{name} must have one column per label, {len(classes)}, got {len(sets.classes)}."
            )
        return replace(sets, classes=classes)
    found, known = comparable(sets.classes), comparable(classes)
    if len(found):
        found = as_kind_of(found, known, name=name, whose="the known labels")
    codes = codes_of(found, classes)
    columns = np.where(codes < 0, len(classes) + np.cumsum(codes < 0) - 1, codes)
    if (codes < 0).any():
        classes = np.concatenate([known, found[codes < 0]])
    indicator = np.zeros((len(sets.indicator), len(classes)), dtype=bool)
    indicator[:, columns] = sets.indicator
    return replace(sets, classes=classes, indicator=indicator)


def _may_hold_sets(dtype: Any) -> bool:
    """Return whether a column of this dtype may hold sets: objects, or lists of Arrow."""
    if isinstance(dtype, pd.ArrowDtype):
        return any(is_kind(dtype.pyarrow_dtype) for is_kind in _ARROW_LISTS)
    return dtype in (object, pl.Object)


def _is_column(y: Any) -> bool:
    """Return whether this is a container of one set per row, rather than a matrix."""
    return not (sp.issparse(y) or is_frame(y) or getattr(y, "ndim", 1) == 2)


def _from_rows(
    y: Any, name: str, classes: np.ndarray | None, label_format: str | None
) -> LabelSets:
    """Return the sets in a column of lists, tuples, sets or arrays of labels."""
    if isinstance(y, (pa.Array, pa.ChunkedArray)):
        y = y.to_pylist()
    rows = y.to_list() if isinstance(y, (pl.Series, pd.Series)) else list(y)
    _check_rows(rows, name)
    if isinstance(y, (list, tuple)) and _is_nested_indicator(rows, classes, label_format):
        return _from_matrix(_as_matrix(rows, name), name)
    labels, row_of = flat_labels(rows)
    if len(labels) == 0:
        return LabelSets(labels, np.zeros((len(rows), 0), dtype=bool), LISTS)
    codes, classes = pd.factorize(as_plain(labels, name, row_of))
    order = np.argsort(classes, kind="stable")
    indicator = np.zeros((len(rows), len(classes)), dtype=bool)
    indicator[row_of, np.argsort(order)[codes]] = True
    return LabelSets(np.asarray(classes)[order], indicator, LISTS)


def _check_rows(rows: list[Any], name: str) -> None:
    """Reject missing rows, and rows that are not sets of labels, by their position."""
    if not rows:
        raise ValueError(f"{name} is empty: at least one set of labels is needed, got 0.")
    if all(issubclass(kind, _SETS) for kind in set(map(type, rows))):
        return
    wrong = np.flatnonzero([not isinstance(row, _SETS) for row in rows])
    missing = [i for i in wrong if rows[i] is None or rows[i] is pd.NA or rows[i] != rows[i]]
    if missing:
        raise ValueError(
            f"{name} has {len(missing)} missing set{'s' * (len(missing) > 1)} of labels, at "
            f"{named_positions(np.array(missing))}; drop such rows, or pass [] for a row without "
            "labels."
        )
    row = rows[wrong[0]]
    raise TypeError(
        f"{name} must hold a list, tuple or set of labels in every row, got {type(row).__name__} "
        f"{row!r:.60} at position {wrong[0]}; wrap a single label in a list."
    )


def _is_nested_indicator(
    rows: list[Any], classes: np.ndarray | None, label_format: str | None
) -> bool:
    """Return whether lists of numbers are the rows of an indicator rather than labels.

    Their values do not tell, as 0 and 1 may be labels too: what `fit` got does, if it is known.
    """
    kinds = set(map(type, chain.from_iterable(rows)))
    of_numbers = bool(kinds) and all(issubclass(kind, _NUMBERS) for kind in kinds)
    if not of_numbers or any(isinstance(row, (set, frozenset)) for row in rows):
        return False
    if label_format is None or classes is None:
        return _are_zeros_and_ones(rows, n_fewest=2)
    if label_format != LISTS:
        return True
    of_bools = all(issubclass(kind, (bool, np.bool_)) for kind in kinds)
    are_labels = classes.dtype.kind in ("b" if of_bools else "iuf")
    return not are_labels and _are_zeros_and_ones(rows, n_fewest=len(classes))


def _are_zeros_and_ones(rows: list[Any], *, n_fewest: int) -> bool:
    """Return whether rows have one length, not below another one, and hold only 0 and 1."""
    widths = set(map(len, rows))
    is_equal = len(widths) == 1 and min(widths) >= n_fewest
    return is_equal and all(value in (0, 1) for row in rows for value in row)


def _as_matrix(rows: list[Any], name: str) -> np.ndarray:
    """Return the rows of an indicator as an array, and reject rows of different lengths."""
    widths = [*map(len, rows)]
    if len(set(widths)) > 1:
        other = next(i for i, width in enumerate(widths) if width != widths[0])
        raise ValueError(
            f"{name} must have one column per label, as the indicator in fit, got {widths[0]} "
            f"values at position 0 and {widths[other]} at position {other}; pass labels as sets, "
            "such as {0, 2}."
        )
    return np.array([[*row] for row in rows])


def _from_matrix(y: Any, name: str) -> LabelSets:
    """Return the sets in a 2-D array, a sparse matrix or a frame of 0 and 1."""
    if 0 in y.shape:
        raise ValueError(f"{name} is empty: one row and one label are needed, got shape {y.shape}.")
    if is_frame(y):
        kind = "polars" if isinstance(y, pl.DataFrame) else "pandas"
        values, classes = y.to_numpy(), _names_of(y, name)
    else:
        kind = "sparse" if sp.issparse(y) else "array"
        values, classes = y.toarray() if sp.issparse(y) else y, np.arange(y.shape[1])
    values = np.asanyarray(values)  # keeps the mask of a masked array
    dtype = "bool" if _are_bools(values) else "int"
    return LabelSets(classes, _zeros_and_ones(values, classes, name), f"{kind} of {dtype}")


def _names_of(y: Any, name: str) -> np.ndarray:
    """Return the names of the columns of a frame as labels, and reject a name that repeats."""
    names = np.empty(y.shape[1], dtype=object)
    names[:] = list(y.columns)
    classes = as_plain(names, f"columns of {name}")
    if len(set(classes.tolist())) < len(classes):
        raise ValueError(
            f"columns of {name} must have different names, the labels, got {classes.tolist()}."
        )
    return classes


def _are_bools(values: np.ndarray) -> bool:
    """Return whether all values are booleans, whether or not their dtype says so."""
    if values.dtype == object:
        return set(map(type, values.ravel())) <= {bool, np.bool_}
    return values.dtype.kind == "b"


def _zeros_and_ones(values: np.ndarray, classes: np.ndarray, name: str) -> np.ndarray:
    """Return 0 and 1 as booleans of the same shape; reject other values by label and position."""
    missing = np.ma.getmaskarray(values) | pd.isna(np.ma.getdata(values))
    values = np.ma.getdata(values)
    if missing.any():
        rows = np.flatnonzero(missing.any(axis=1))
        raise ValueError(
            f"{name} has {len(rows)} row{'s' * (len(rows) > 1)} with a missing value, at "
            f"{named_positions(rows)}; drop such rows first."
        )
    ones = np.asarray(values == 1, dtype=bool)
    wrong = np.argwhere(~(ones | np.asarray(values == 0, dtype=bool)))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"{name} must have one label per row, sets of labels, or an indicator of 0 and 1, got "
            f"{values[row, column]!r:.60} in column {classes.tolist()[column]!r} at position {row}."
        )
    return ones
