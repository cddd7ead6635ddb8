"""Checks of texts, frames and metadata; the only module with scikit-learn's private helpers."""

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils._sparse import _align_api_if_sparse
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition
from sklearn.utils.validation import _check_method_params, _check_sample_weight, _num_samples

from agnews_sk._core.labels import check_labels, encode_labels
from agnews_sk._core.sequences import as_frame

__all__ = [
    "POLARS_STRINGS",
    "BaseComposition",
    "Interval",
    "RealNotInt",
    "StrOptions",
    "align_sparse",
    "as_frame",
    "check_frame",
    "check_groups",
    "check_labels",
    "check_sample_weight",
    "check_texts",
    "class_weights",
    "encode_labels",
    "is_frame",
    "n_rows",
    "select_metadata",
    "take_rows",
    "text_columns",
]

Frame = pd.DataFrame | pl.DataFrame

_ARROW_STRINGS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
POLARS_STRINGS = (pl.String, pl.Categorical, pl.Enum, pl.Null)

_KINDS = "a list, tuple, 1-D array, pandas or Polars Series, or one-column frame of str"


def is_frame(X: Any) -> TypeGuard[Frame]:
    """Return whether this is a pandas or Polars DataFrame."""
    return isinstance(X, (pd.DataFrame, pl.DataFrame))


def check_texts(X: Any, *, name: str = "X") -> pl.Series:
    """Return texts in any accepted container as one Polars string column.

    A missing value (`None`, NaN, `pandas.NA`) becomes null. A lone surrogate, which has no
    UTF-8 form, becomes U+FFFD.

    Parameters
    ----------
    X : array-like of str of shape (n_samples,)
        List, tuple, ndarray, pandas Series, Polars Series, or frame with one column.
    name : str, default="X"
        Name in messages.

    Returns
    -------
    polars.Series of str of shape (n_samples,)

    Raises
    ------
    TypeError
        If X is a single `str`, is not a sequence, or holds anything but texts.
    ValueError
        If X is empty or has more than one dimension.

    Examples
    --------
    >>> from agnews_sk._core.validation import check_texts
    >>> check_texts(["Oil rises", None]).to_list()
    ['Oil rises', None]
    """
    column = _text_column(X, name)
    if len(column) == 0:
        raise ValueError(f"{name} is empty: at least one text is needed, got 0.")
    return column.rename("")


def _text_column(X: Any, name: str) -> pl.Series:
    """Return texts of a container that may be empty as a Polars string column."""
    X = as_frame(X)
    if isinstance(X, (str, bytes)):
        raise TypeError(
            f"{name} must be {_KINDS}, got a single {type(X).__name__}; wrap it in a list: [{X!r}]."
        )
    if is_frame(X):
        return _only_column(X, name)
    if isinstance(X, pl.Series):
        return _from_polars(X, name)
    if isinstance(X, pd.Series):
        return _from_pandas(X, name)
    if isinstance(X, np.ndarray):
        return _from_array(X, name)
    if isinstance(X, (list, tuple)):
        return _from_values(X, name)
    if hasattr(X, "__array__"):
        return _from_array(np.asarray(X), name)
    raise TypeError(f"{name} must be {_KINDS}, got {type(X).__name__}.")


def _only_column(X: Frame, name: str) -> pl.Series:
    """Return the texts of a frame with one column, and reject others."""
    if X.shape[1] != 1:
        raise ValueError(
            f"{name} must have one column of texts, got a frame with the {X.shape[1]} columns "
            f"{list(map(str, X.columns))}; choose one, or join them with ColumnJoiner."
        )
    column = X[:, 0] if isinstance(X, pl.DataFrame) else X.iloc[:, 0]
    return _text_column(column, name)


def _from_polars(X: pl.Series, name: str) -> pl.Series:
    """Return the texts of a Polars Series: strings, categories, or objects that are texts."""
    if X.dtype == pl.Object:
        return _from_values(X.to_list(), name)
    if X.dtype not in POLARS_STRINGS:
        raise TypeError(f"{name} must hold texts, got a Polars Series of {X.dtype}.")
    return X.cast(pl.String)


def _from_pandas(X: pd.Series, name: str) -> pl.Series:
    """Return the texts of a pandas Series: strings, categories, or objects that are texts."""
    if _is_string(X.dtype):
        return pl.from_pandas(X, nan_to_null=True).cast(pl.String)
    if isinstance(X.dtype, pd.CategoricalDtype) or X.dtype == object:
        return _from_values(X.to_numpy(dtype=object), name)
    raise TypeError(f"{name} must hold texts, got a pandas Series of {X.dtype}.")


def _from_array(X: np.ndarray, name: str) -> pl.Series:
    """Return the texts of an array of one dimension or one column; a masked one is missing."""
    if X.ndim == 2 and X.shape[1] == 1:
        X = X[:, 0]
    if X.ndim != 1:
        raise ValueError(
            f"{name} must be 1-D, one text per row, got an array of shape {X.shape}; pass several "
            "columns of texts as a DataFrame."
        )
    if X.dtype.kind not in "OUT":
        raise TypeError(f"{name} must hold texts, got an array of {X.dtype}.")
    texts = np.array(X, dtype=object)
    texts[np.ma.getmaskarray(X)] = None
    return _from_values(texts, name)


def _from_values(values: Sequence[Any] | np.ndarray, name: str) -> pl.Series:
    """Return the texts of a sequence; one by one only if Polars cannot take all at once."""
    # From an object array, Polars 2 would convert bytes and numbers to texts without an error.
    values = values.tolist() if isinstance(values, np.ndarray) else values
    try:
        return pl.Series(values=values, dtype=pl.String, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError):  # UnicodeEncodeError is a ValueError
        return pl.Series(
            values=[_one_text(value, i, name) for i, value in enumerate(values)], dtype=pl.String
        )


def _one_text(value: Any, position: int, name: str) -> str | None:
    """Return a text with lone surrogates replaced, None if missing; reject anything else."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if _is_missing(value):
        return None
    way_out = "convert it with str() first"
    if isinstance(value, bytes):
        way_out = "decode it first"
    elif isinstance(value, (list, tuple)):
        way_out = "a row is one text, so join its tokens with ' '.join() first"
    raise TypeError(
        f"{name} must hold texts, got {type(value).__name__} {value!r:.60} at position "
        f"{position}; {way_out}."
    )


def check_frame(X: Any, *, columns: Sequence[str] | None = None, name: str = "X") -> Frame:
    """Return X if it is a frame with rows and these columns, and raise an error if not.

    Parameters
    ----------
    X : pandas.DataFrame or polars.DataFrame of shape (n_samples, n_columns)
    columns : sequence of str, optional
        Required columns.
    name : str, default="X"
        Name in messages.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame

    Raises
    ------
    TypeError
        If X is not a frame.
    ValueError
        If X has no rows, lacks a column, or has two columns of one name.
    """
    if not is_frame(X):
        raise TypeError(f"{name} must be a pandas or Polars DataFrame, got {type(X).__name__}.")
    if len(X) == 0:
        raise ValueError(f"{name} is empty: at least one row is needed, got 0.")
    names = list(map(str, X.columns))
    twice = {column for column in names if names.count(column) > 1}
    if twice:
        raise ValueError(f"{name} has more than one column {', '.join(twice)}; rename or drop one.")
    missing = [column for column in columns or () if column not in X.columns]
    if missing:
        raise ValueError(f"{name} lacks the columns {missing}; it has {list(map(str, X.columns))}.")
    return X


def text_columns(X: Any, columns: Sequence[str] | None, *, name: str = "X") -> dict[str, pl.Series]:
    """Return the text columns of a frame by name, or texts under the name "text".

    Parameters
    ----------
    X : DataFrame, Arrow table or array-like of str of shape (n_samples,)
    columns : sequence of str or None
        Columns to take; None takes every column that holds texts: strings,
        categories and enums of strings, and objects that are all `str` or missing. Ignored for
        texts.
    name : str, default="X"
        Name in messages.

    Returns
    -------
    dict of str to polars.Series of str of shape (n_samples,)

    Raises
    ------
    TypeError
        If a column holds texts and other objects.
    ValueError
        If a frame lacks a column or has none that holds texts.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.validation import text_columns
    >>> frame = pd.DataFrame({"title": ["Oil", "Cup"], "views": [3, 4]})
    >>> list(text_columns(frame, None))
    ['title']
    """
    X = as_frame(X)
    if not is_frame(X):
        return {"text": check_texts(X, name=name)}
    check_frame(X, columns=columns, name=name)
    chosen = [c for c in X.columns if _holds_texts(X[c])] if columns is None else list(columns)
    if not chosen:
        raise ValueError(f"{name} has no column of texts; it has {list(map(str, X.columns))}.")
    return {str(c): check_texts(X[c], name=f"{name}[{c!r}]") for c in chosen}


def _holds_texts(column: pd.Series | pl.Series) -> bool:
    """Return whether a column holds texts, by its dtype or, for objects, by its values.

    A column of objects that are all missing counts as texts, and so does one with any text or
    bytes: `check_texts` then names the value that is none.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _holds_texts(dtype.categories.to_series())
    if dtype not in (pl.Object, object):
        return dtype in POLARS_STRINGS if isinstance(column, pl.Series) else _is_string(dtype)
    kinds = {type(value) for value in column.to_list() if not _is_missing(value)}
    return not kinds or any(issubclass(kind, (str, bytes)) for kind in kinds)


def _is_missing(value: Any) -> bool:
    """Return whether a value is `None`, NaN or `pandas.NA`."""
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _is_string(dtype: Any) -> bool:
    """Return whether a pandas dtype is of strings: pandas' own, or Arrow's."""
    if isinstance(dtype, pd.ArrowDtype):
        arrow = dtype.pyarrow_dtype
        values = arrow.value_type if pa.types.is_dictionary(arrow) else arrow
        return any(is_kind(values) for is_kind in _ARROW_STRINGS)
    return isinstance(dtype, pd.StringDtype)


def n_rows(X: Any) -> int:
    """Return the number of rows of texts, a frame, an array or a sparse matrix."""
    return _num_samples(X)


def take_rows(X: Any, indices: np.ndarray) -> Any:
    """Return the rows of X at these positions, as the kind of container that X is.

    Parameters
    ----------
    X : list, tuple, ndarray, pandas array, Index, Series, DataFrame or sparse matrix of shape \
            (n_samples, ...)
    indices : ndarray of int of shape (n_taken,)

    Returns
    -------
    The same kind of container, of length n_taken.
    """
    if isinstance(X, (pd.Index, pd.api.extensions.ExtensionArray)):
        return X.take(indices)
    taken = _safe_indexing(X, indices)
    return tuple(taken) if isinstance(X, tuple) else taken


def select_metadata(
    X: Any, params: dict[str, Any], indices: np.ndarray | None = None
) -> dict[str, Any]:
    """Return metadata with one value per row of X checked and, given indices, indexed.

    Other parameters are returned unchanged.

    Parameters
    ----------
    X : container of n_samples rows
    params : dict of str to object
    indices : ndarray of int of shape (n_taken,), optional

    Returns
    -------
    dict of str to object
    """
    return _check_method_params(X, params=params, indices=indices)


def check_sample_weight(sample_weight: Any, X: Any) -> np.ndarray:
    """Return one non-negative finite weight per row of X.

    Parameters
    ----------
    sample_weight : None, number or array-like of shape (n_samples,)
    X : container of n_samples rows

    Returns
    -------
    ndarray of float64 of shape (n_samples,)

    Raises
    ------
    ValueError
        If the shape is not that of X, or a weight is negative or not finite.
    """
    placeholder = np.empty((n_rows(X), 0))
    return _check_sample_weight(
        sample_weight, placeholder, dtype=np.float64, ensure_non_negative=True
    )


def class_weights(
    class_weight: Any,
    classes: np.ndarray,
    codes: np.ndarray,
    sample_weight: np.ndarray | None = None,
) -> np.ndarray:
    """Return the weight of each class.

    Parameters
    ----------
    class_weight : "balanced", dict of label to float, or None
    classes : ndarray of shape (n_classes,)
    codes : ndarray of int of shape (n_samples,)
        Class of each training row; "balanced" weights are inversely proportional to its counts.
    sample_weight : ndarray of float of shape (n_samples,), optional
        How often each row counts. A class whose rows all have the weight 0 counts them once each.

    Returns
    -------
    ndarray of float of shape (n_classes,)

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or a label in `class_weight` is not a class.
    """
    if sample_weight is not None:
        counted = np.bincount(codes, sample_weight, minlength=len(classes)) > 0
        sample_weight = np.where(counted[codes], sample_weight, 1.0)
    weights = compute_class_weight(
        class_weight, classes=classes, y=classes[codes], sample_weight=sample_weight
    )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"class_weight must be finite and not negative, got {class_weight}.")
    return weights


def check_groups(groups: Any, X: Any) -> np.ndarray:
    """Return the origin of each row of X as an integer.

    Parameters
    ----------
    groups : array-like of shape (n_samples,)
        Equal for rows of one origin; a row with a missing value is its own origin.
    X : container of n_samples rows

    Returns
    -------
    ndarray of int of shape (n_samples,)

    Raises
    ------
    ValueError
        If there is not one value per row.
    """
    groups = groups.to_list() if isinstance(groups, pl.Series) else groups
    if len(np.shape(groups)) != 1:
        raise ValueError(f"groups must be 1-D, one value per row, got shape {np.shape(groups)}.")
    values = pd.Series(groups)
    if len(values) != n_rows(X):
        raise ValueError(
            f"groups must have one value per row of X, {n_rows(X)}, got {len(values)}."
        )
    codes = pd.factorize(values)[0].astype(np.intp)
    missing = codes < 0
    codes[missing] = codes.max(initial=-1) + 1 + np.arange(missing.sum())
    return codes


def align_sparse(X: Any) -> Any:
    """Return a sparse X as the kind that scikit-learn's `sparse_interface` setting selects."""
    return _align_api_if_sparse(X)
