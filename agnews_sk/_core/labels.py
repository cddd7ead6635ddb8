"""Checks of labels: any container and dtype in, one plain array out."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _num_samples

from agnews_sk._core.sequences import materialized
from agnews_sk._core.user_warnings import warn_user

_KINDS = "a list, tuple, 1-D array, pandas, Polars or Arrow column of strings, integers or booleans"
_OF_SEVERAL = "the guide on several labels tells what takes them"
_NAMED_POSITIONS = 5
# This many rows distinguish most columns of texts from labels.
_FIRST = 100


@dataclass(frozen=True, eq=False)
class EncodedLabels:
    """Labels that are checked already: many rows take a tenth of the memory of their labels.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted, as `encode_labels` returns them; each has a row.
    codes : ndarray of int of shape (n_samples,)
        Position of the label of each row.
    """

    classes: np.ndarray
    codes: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)


def check_labels(y: Any, X: Any = None, *, name: str = "y") -> np.ndarray:
    """Return labels of any container and dtype as one plain array.

    Equal labels give equal arrays, independent of their container: pandas' nullable, Arrow,
    category and string columns, Polars columns, NumPy's `StringDType` and object arrays all
    become the array that the same labels in a list would be.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Strings, integers, booleans, or floats with integer values.
    X : container of n_samples rows, optional
        Rows that the labels belong to, one each.
    name : str, default="y"
        Name in messages. With "y_test" they name the rows "X_test".

    Returns
    -------
    ndarray of shape (n_samples,)
        Of str (of object, unless a list, tuple or NumPy array of str was passed), integers, bool or
        float.

    Raises
    ------
    TypeError
        If y is not a sequence, or holds values that are not labels, or labels of two kinds.
    ValueError
        If y is None or empty, a label is missing, there is more than one column, the values are
        continuous, or there is not one label per row of X.

    Warns
    -----
    DataConversionWarning
        If y is an array or frame with one column.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.labels import check_labels
    >>> check_labels(pd.Series([3, 1], dtype="Int64"))
    array([3, 1])
    >>> check_labels(["Sports", None])
    Traceback (most recent call last):
    ValueError: y has 1 missing label, at position 1; drop such rows first.
    """
    values = only_column(y, name)
    check_one_per_row(values, X, name)
    if len(values) == 0:
        raise ValueError(f"{name} is empty: at least one label is needed, got 0.")
    labels = as_plain(values, name)
    if labels.dtype == object and (isinstance(y, (list, tuple)) or _is_array_of_str(y)):
        as_str = labels.astype(str)  # which would drop a NUL at the end of a label
        return as_str if (as_str == labels).all() else labels
    return labels


def check_one_per_row(values: np.ndarray, X: Any, name: str) -> None:
    """Reject labels that are not one per row of X."""
    if X is not None and len(values) != _num_samples(X):
        raise ValueError(
            f"{name} must have one label per row of {name.replace('y', 'X', 1)}, "
            f"{_num_samples(X)}, got {len(values)}."
        )


def encode_labels(y: Any, X: Any = None, *, name: str = "y") -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of labels, and the position of each label among them.

    Parameters
    ----------
    y : array-like of shape (n_samples,), or EncodedLabels
        As `check_labels` takes it.
    X : container of n_samples rows, optional
    name : str, default="y"
        Name in messages.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        Sorted.
    codes : ndarray of int of shape (n_samples,)

    Raises
    ------
    TypeError, ValueError
        As `check_labels`, or if there is a single class.

    Examples
    --------
    >>> from agnews_sk._core.labels import encode_labels
    >>> encode_labels([True, False, True])
    (array([False,  True]), array([1, 0, 1]))
    """
    if isinstance(y, EncodedLabels):
        check_one_per_row(y.codes, X, name)
        return y.classes, y.codes
    classes, codes = np.unique(check_labels(y, X, name=name), return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"{name} must have at least 2 classes, got 1 class: {classes.tolist()[0]!r}; "
            "add rows of another class."
        )
    return classes, codes


def reject_labels(columns: dict[str, pl.Series], y: Any, *, name: str = "X") -> None:
    """Reject text columns that are the labels.

    Parameters
    ----------
    columns : dict of str to polars.Series of str of shape (n_samples,)
    y : array-like of shape (n_samples,)
    name : str, default="X"
        Name of the frame in messages.

    Raises
    ------
    ValueError
        If a column equals y in all rows where it is not missing, and these are at least half of
        the rows. Case, whitespace around a value and the decimals of whole numbers are ignored.
    """
    labels = _as_texts(y)
    for column, texts in columns.items():
        _check_length(texts, labels)
        if _agree(texts[:_FIRST], labels[:_FIRST]) and _agree(texts, labels):
            n_same = len(texts) - texts.null_count()
            if n_same >= len(texts) / 2:
                raise ValueError(
                    f"{name}[{column!r}] holds the labels: it equals y, and a classifier would "
                    "only copy them. Drop the column, or, to use it anyway, name it in "
                    "join__columns (columns of ColumnJoiner)."
                )


def warn_of_labels(columns: dict[str, pl.Series], y: Any, *, name: str = "X") -> None:
    """Warn of text columns with a one-to-one relation between values and labels.

    Parameters
    ----------
    columns : dict of str to polars.Series of str of shape (n_samples,)
        A single column is the text, and gives no warning.
    y : array-like of shape (n_samples,)
    name : str, default="X"
        Name of the frame in messages.

    Warns
    -----
    UserWarning
        One per such column.
    """
    labels = _as_texts(y)
    for column, texts in columns.items():
        if len(columns) > 1 and _stand_for(texts, labels):
            warn_user(
                f"{name}[{column!r}] has one value per label and so reveals the label; drop it "
                "unless it is known for new rows too.",
            )


def _as_texts(y: Any) -> pl.Series:
    """Return labels of any kind as texts that can be compared with a column."""
    texts = [str(label) for label in np.asarray(y, dtype=object)]
    try:
        labels = pl.Series(values=texts, dtype=pl.String)
    except UnicodeEncodeError:  # a lone surrogate
        labels = pl.Series(values=[text.encode("utf-8", "replace").decode() for text in texts])
    return _comparable(labels)


def _comparable(texts: pl.Series) -> pl.Series:
    """Return texts in lower case, without whitespace around them, and whole numbers as integers."""
    return texts.str.strip_chars().str.to_lowercase().str.replace(r"^(-?\d+)\.0+$", "$1")


def _check_length(texts: pl.Series, labels: pl.Series) -> None:
    """Raise a ValueError unless there is one label per text."""
    if len(texts) != len(labels):
        raise ValueError(f"y must have one label per row of X, {len(texts)}, got {len(labels)}.")


def _agree(texts: pl.Series, labels: pl.Series) -> bool:
    """Return whether every text that is not missing equals its label."""
    return bool((_comparable(texts) == labels).drop_nulls().all())


def _stand_for(texts: pl.Series, labels: pl.Series) -> bool:
    """Return whether each value has one label and each label one value, and both vary."""
    first = texts.drop_nulls()[:_FIRST]
    if first.n_unique() > len(first) / 2:
        return False
    pairs = pl.DataFrame({"text": texts, "label": labels}).drop_nulls().unique()
    return pairs["text"].n_unique() == pairs["label"].n_unique() == len(pairs) > 1


def only_column(y: Any, name: str) -> np.ndarray:
    """Return the labels as a 1-D array, of object unless NumPy has a plain type for them.

    Parameters
    ----------
    y : array-like
        Any container, or a frame of one column.
    name : str
        Name of the labels in messages.

    Returns
    -------
    ndarray of shape (n_samples,)
        Missing labels are still among them.

    Raises
    ------
    TypeError
        If it is not a container of labels.
    ValueError
        If it is None, or has several columns or dimensions.
    """
    if y is None:
        raise ValueError(
            f"requires {name} to be passed, but the target {name} is None: a classifier needs one "
            "label per row."
        )
    if isinstance(y, (str, bytes, Mapping, Set)):
        raise TypeError(f"{name} must be {_KINDS}, got {type(y).__name__}.")
    y = materialized(y)
    if isinstance(y, (pa.Array, pa.ChunkedArray)):
        return _objects(y.to_pylist())
    if isinstance(y, pa.Table):
        y = pl.from_arrow(y)
    if isinstance(y, (pd.DataFrame, pl.DataFrame)):
        _check_one_column(y.shape, name)
        y = y[:, 0] if isinstance(y, pl.DataFrame) else y.iloc[:, 0]
    if isinstance(y, pl.Series):
        return _objects(y.to_list())
    if isinstance(y, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return y.to_numpy(dtype=object)
    if isinstance(y, (list, tuple, range)):
        return _from_sequence(y, name)
    if hasattr(y, "__array__"):
        return _from_array(np.asanyarray(y), name)  # keeps the mask of a masked array
    raise TypeError(f"{name} must be {_KINDS}, got {type(y).__name__}.")


def _from_sequence(y: Any, name: str) -> np.ndarray:
    """Return the labels in a list, tuple or range, which may hold rows of one label each."""
    values = _objects(list(y))
    if any(isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) for value in values):
        return _from_array(_table(y, name), name)
    return values


def _table(y: Any, name: str) -> np.ndarray:
    """Return rows of equal length as an array, and reject others."""
    try:
        return np.array(y)
    except ValueError as error:
        raise ValueError(
            f"{name} must be 1-D, one label per row, got rows of several labels; {_OF_SEVERAL}."
        ) from error


def _from_array(y: np.ndarray, name: str) -> np.ndarray:
    """Return the labels in an array of one dimension or one column; a masked one is missing."""
    if y.ndim != 1:
        _check_one_column(y.shape, name)
        y = y[:, 0]
    if isinstance(y, np.ma.MaskedArray):
        values = _objects(y.data.tolist())
        values[np.ma.getmaskarray(y)] = None
        return values
    if y.dtype.kind in "mM":  # of nanoseconds, `tolist` makes integers
        raise TypeError(f"{name} must hold strings, integers or booleans, got {y.dtype}.")
    return y if y.dtype.kind in "biu" else _objects(y.tolist())


def _check_one_column(shape: tuple[int, ...], name: str) -> None:
    """Reject several columns, and warn of one, as scikit-learn does."""
    if len(shape) != 2 or shape[1] != 1:
        raise ValueError(
            f"{name} must be 1-D, one label per row, got shape {shape}; {_OF_SEVERAL}."
        )
    warn_user(
        f"A column-vector {name} was passed when a 1d array was expected; its only column is used.",
        DataConversionWarning,
    )


def _objects(values: list[Any]) -> np.ndarray:
    """Return values as a 1-D object array, even if they are sequences themselves."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def as_plain(values: np.ndarray, name: str, rows: np.ndarray | None = None) -> np.ndarray:
    """Return labels as an array of the one kind that all of them are.

    Parameters
    ----------
    values : ndarray of shape (n_labels,)
    name : str
        Name of the labels in messages.
    rows : ndarray of int of shape (n_labels,), optional
        Row of each label, for messages; by default each label is a row.

    Returns
    -------
    ndarray of shape (n_labels,)
        Strings, integers, booleans or floats.

    Raises
    ------
    TypeError
        If a value is not a label, or labels are of several kinds.
    ValueError
        If labels are missing, with their positions, or continuous.
    """
    if values.dtype != object:
        return values
    rows = np.arange(len(values)) if rows is None else rows
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise ValueError(
            f"{name} has {len(missing)} missing label{'s' * (len(missing) > 1)}, at "
            f"{named_positions(rows[missing])}; drop such rows first."
        )
    kinds = {kind: _kind(kind) for kind in set(map(type, values))}
    found = set(kinds.values())
    if found == {str}:
        return values if set(kinds) == {str} else _objects([str.__str__(v) for v in values])
    if found == {int}:
        return _integers(values, name)
    if found == {bool}:
        return values.astype(bool)
    if found in ({float}, {float, int}):
        floats = values.astype(np.float64)
        if (floats == values).all():
            check_classification_targets(floats)
            return floats
    raise _wrong_kinds(values, kinds, name, rows)


def _kind(kind: type) -> type | None:
    """Return the plain type that a label of some type is, None if it is not a label."""
    if issubclass(kind, str):
        return str
    if issubclass(kind, (bool, np.bool_)):
        return bool
    if issubclass(kind, (int, np.integer)):
        return int
    return float if issubclass(kind, (float, np.floating)) else None


def _integers(values: np.ndarray, name: str) -> np.ndarray:
    """Return integers as int64, or as uint64 where they do not fit that."""
    for kind in (np.int64, np.uint64):
        try:
            return np.array([int(value) for value in values], dtype=kind)
        except OverflowError:
            continue
    raise ValueError(
        f"{name} has integers that do not fit in 64 bits; convert the labels with str() first."
    )


def _wrong_kinds(
    values: np.ndarray, kinds: dict[type, Any], name: str, rows: np.ndarray
) -> TypeError:
    """Return the error for the first value that is not a label, or for labels of two kinds."""
    no_label = next((i for i, value in enumerate(values) if kinds[type(value)] is None), None)
    if no_label is not None:
        value = values[no_label]
        return TypeError(
            f"{name} must hold strings, integers or booleans, got {type(value).__name__} "
            f"{value!r:.60} at position {rows[no_label]}; "
            f"{'decode' if isinstance(value, bytes) else 'convert'} the labels first."
        )
    first = {kinds[type(v)].__name__: row for row, v in zip(rows[::-1], values[::-1])}
    found = " and ".join(f"{kind} at position {i}" for kind, i in sorted(first.items()))
    return TypeError(f"{name} must hold labels of one kind, got {found}; convert them with str().")


def named_positions(missing: np.ndarray) -> str:
    """Return the first few positions as a message shows them."""
    named = ", ".join(map(str, missing[:_NAMED_POSITIONS]))
    more = ", ..." if len(missing) > _NAMED_POSITIONS else ""
    return f"position{'s' * (len(missing) > 1)} {named}{more}"


def _is_array_of_str(y: Any) -> bool:
    """Return whether this is a NumPy array of fixed-width strings."""
    return isinstance(y, np.ndarray) and y.dtype.kind == "U"
