"""Copies that share no writable memory with the original, without pickling where possible."""

import pickle
from copy import deepcopy
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

_ATOMS = {NoneType, bool, int, float, complex, str, bytes, np.str_, type(pd.NA), type, FunctionType}
_IMMUTABLE = (pa.Array, pa.ChunkedArray, pa.Table, np.number, np.bool_, BuiltinFunctionType)
# Libraries whose fitted estimators are changed by `fit` only.
_LIBRARIES = {"agnews_sk", "builtins", "imblearn", "numpy", "pandas", "polars", "scipy", "sklearn"}


def private_copy(value: Any) -> Any:
    """Return a copy that shares nothing writable with the original.

    Parameters
    ----------
    value : object
        Texts, a frame, an array, a sparse matrix, or anything else that `copy.deepcopy` takes.

    Returns
    -------
    object
        Of the same type.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.tuning._private_copy import private_copy
    >>> rows = np.array([["oil"], ["cup"]])
    >>> private_copy(rows)[:] = "goal"
    >>> rows.tolist()
    [['oil'], ['cup']]
    """
    if type(value) in _ATOMS or isinstance(value, _IMMUTABLE):
        return value
    if type(value) in (list, tuple) and _are_atoms(value):
        return type(value)(value)
    if type(value) is np.ndarray and _holds_atoms(value):
        return value.copy(order="K")
    if isinstance(value, (pl.Series, pl.DataFrame)):
        return _polars_copy(value)
    if isinstance(value, (pd.Series, pd.DataFrame)):
        return _pandas_copy(value)
    return deepcopy(value)


def _are_atoms(values: Any) -> bool:
    """Return whether all values are of types that cannot be modified."""
    return all(kind in _ATOMS or issubclass(kind, _IMMUTABLE) for kind in set(map(type, values)))


def _holds_atoms(array: np.ndarray) -> bool:
    """Return whether an array holds no objects, or only such that cannot be modified."""
    return not array.dtype.hasobject or (array.dtype == object and _are_atoms(array.ravel()))


def _polars_copy(value: pl.Series | pl.DataFrame) -> pl.Series | pl.DataFrame:
    """Clone a column or frame: Polars copies values on write, but not Python objects."""
    if isinstance(value, pl.DataFrame):
        objects = [_polars_copy(value[name]) for name in value.columns if _has_objects(value[name])]
        return value.clone().with_columns(objects) if objects else value.clone()
    if not _has_objects(value):
        return value.clone()
    return pl.Series(value.name, deepcopy(value.to_list()), dtype=pl.Object)


def _has_objects(column: pl.Series) -> bool:
    """Return whether a Polars column holds Python objects, which its copies share."""
    return column.dtype == pl.Object


def _pandas_copy(value: pd.Series | pd.DataFrame) -> pd.Series | pd.DataFrame:
    """Return a deep copy, through pickle if there are objects that can be modified."""
    columns = [value] if isinstance(value, pd.Series) else [column for _, column in value.items()]
    objects = (column.array for column in columns if column.dtype == object)
    if all(_are_atoms(column) for column in objects):
        return value.copy()
    # A copy that pandas calls deep shares Python's objects.
    return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def changes_in_fit_only(step: Any) -> bool:
    """Return whether an estimator and its parts are of libraries that change them in `fit` only.

    Parameters
    ----------
    step : estimator

    Returns
    -------
    bool
        False if the class of the estimator, or of a parameter at any depth, is of another library.
    """
    parts = [step, *(step.get_params().values() if hasattr(step, "get_params") else [])]
    return all(_root(part) in _LIBRARIES for part in parts)


def _root(part: Any) -> str:
    """Return the top-level package of an object's class."""
    return type(part).__module__.partition(".")[0]
