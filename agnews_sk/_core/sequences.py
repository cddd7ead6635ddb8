"""Containers of rows that other libraries read on demand, such as Hugging Face datasets."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

_READ = (str, bytes, bytearray, memoryview, list, tuple, range)


def is_dataset(found: Any) -> bool:
    """Return whether this is a dataset of the Hugging Face library, without importing it."""
    return hasattr(found, "with_format") and hasattr(found, "features") and hasattr(found, "iter")


def materialized(X: Any) -> Any:
    """Return rows that are read on demand as rows in memory, and anything else as it is.

    Parameters
    ----------
    X : Any

    Returns
    -------
    Any
        Of a dataset of the Hugging Face library a pyarrow.Table, in which classes are numbers. Of
        one of its columns, or of another sequence of Python, a list.

    Raises
    ------
    TypeError
        If X is a dataset that is streamed, so that its number of rows is unknown, or a dict of
        datasets.
    """
    if isinstance(X, Mapping) and X and all(map(is_dataset, X.values())):
        raise TypeError(f"X must hold rows, got a dict of datasets; pass one of {sorted(X)}.")
    if isinstance(X, Sequence) and not isinstance(X, _READ):
        return list(X)
    if not is_dataset(X):
        return X
    if not hasattr(X, "__len__"):
        raise TypeError(
            f"X must hold rows, got an {type(X).__name__}, which is streamed; make a Dataset of "
            "its rows, or save them as files for fit_files and predict_files."
        )
    return X.with_format("arrow")[:]


def as_frame(X: Any) -> Any:
    """Return an Arrow table, or a Hugging Face dataset, as a Polars DataFrame.

    A column of such a dataset, or another sequence, becomes a list; anything else is as it is.

    Parameters
    ----------
    X : Any

    Returns
    -------
    Any

    Raises
    ------
    TypeError
        If X is a Polars LazyFrame, which has no rows before it is collected, or is streamed.
    """
    X = materialized(X)
    if isinstance(X, pl.LazyFrame):
        raise TypeError("X must hold rows, got a Polars LazyFrame; call collect() first.")
    return pl.from_arrow(X) if isinstance(X, (pa.Table, pa.RecordBatch)) else X
