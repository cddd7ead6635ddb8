"""Ragged columns as flat values and offsets, and back.

A ragged column (a Polars list column) of n rows is stored as one flat array and n + 1 offsets, as
Arrow stores lists; row i is `values[offsets[i]:offsets[i + 1]]`:

    [[7, 8], [], [9]]    values 7 8 9    offsets 0 2 2 3

No row is padded to the longest one, and a computation on all values needs no loop over rows.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

BLOCK_ROWS = 32_768  # per task of a thread, at most
_ONE_BLOCK_ROWS = 512  # faster in one block than with threads, which have to be started


def to_object_array(column: pl.Series) -> np.ndarray:
    """Return a text column as an object array of `str`, with "" for null.

    Parameters
    ----------
    column : polars.Series of str of shape (n_samples,)

    Returns
    -------
    ndarray of object of shape (n_samples,)
    """
    return without_nulls(column).to_numpy()


def without_nulls(column: pl.Series) -> pl.Series:
    """Return a text column with "" for null.

    Parameters
    ----------
    column : polars.Series of str of shape (n_samples,)

    Returns
    -------
    polars.Series of str of shape (n_samples,)
    """
    return column.fill_null("") if column.null_count() else column


def map_blocks(
    column: pl.Series, function: Callable[[pl.Series], Any], *, max_rows: int | None = None
) -> list[Any]:
    """Apply a function to blocks of rows, in threads if there are many rows.

    Parameters
    ----------
    column : polars.Series of shape (n_rows,)
    function : callable
        Takes a block of rows.
    max_rows : int, optional
        Most rows of a block, which bounds what is in memory at once; `BLOCK_ROWS` by default.

    Returns
    -------
    list
        What it returns for each block, in their order.
    """
    if len(column) <= _ONE_BLOCK_ROWS:
        return [function(column)]
    n_threads = pl.thread_pool_size()
    # A multiple of the threads, so that all of them finish at about the same time.
    n_blocks = n_threads * -(-len(column) // (n_threads * (max_rows or BLOCK_ROWS)))
    bounds = np.linspace(0, len(column), n_blocks + 1).astype(int)
    return map_in_threads(function, map(column.slice, bounds[:-1], np.diff(bounds)))


def map_in_threads(function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Return the results of a function for some values, in as many threads as Polars has.

    Parameters
    ----------
    function : callable
    values : iterable

    Returns
    -------
    list
    """
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return list(pool.map(function, values))


def flat_values(ragged: pl.Series) -> pl.Series:
    """Return the values of all rows of a list column, one after the other.

    Parameters
    ----------
    ragged : polars.Series of list of shape (n_samples,)

    Returns
    -------
    polars.Series of shape (n_values,)
        Nulls within a list are values like others; null and empty lists have none. Integers of a
        column without null lists are not copied, so that those in a file stay there.
    """
    if isinstance(ragged.dtype, pl.List) and ragged.dtype.inner.is_integer():
        # `explode` copies before Polars 2.
        lists = ragged.to_arrow(compat_level=pl.CompatLevel.newest())
        return pl.Series(pl.from_arrow(lists.flatten()))
    # By default Polars makes a null of each empty or null list: values would not fit the offsets.
    return ragged.explode(empty_as_null=False, keep_nulls=False)


def row_offsets(ragged: pl.Series) -> np.ndarray:
    """Return where each row of a list column begins in its flat values, and where the last ends.

    Parameters
    ----------
    ragged : polars.Series of list of shape (n_samples,)
        A null list is an empty row.

    Returns
    -------
    ndarray of int64 of shape (n_samples + 1,)
        From 0, ascending. Computed from lengths: Arrow's own offsets may begin above 0 in a slice,
        and may count values below null lists.
    """
    offsets = np.zeros(len(ragged) + 1, dtype=np.int64)
    np.cumsum(ragged.list.len().fill_null(0).to_numpy(), out=offsets[1:])
    return offsets


def to_ragged(values: np.ndarray | pl.Series, offsets: np.ndarray) -> pl.Series:
    """Return the list column with these flat values and offsets.

    Numbers are not copied. 64-bit offsets (`large_list`) are those of Polars, and the
    number of values may exceed 2**31.

    Parameters
    ----------
    values : ndarray or polars.Series of shape (n_values,)
    offsets : ndarray of int64 of shape (n_samples + 1,)
        From 0 to n_values, ascending.

    Returns
    -------
    polars.Series of list of shape (n_samples,)
        Without null lists.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
    >>> ragged = to_ragged(np.array([7, 8, 9]), np.array([0, 2, 2, 3]))
    >>> ragged.to_list()
    [[7, 8], [], [9]]
    >>> row_offsets(ragged).tolist(), flat_values(ragged).to_list()
    ([0, 2, 2, 3], [7, 8, 9])
    """
    if isinstance(values, pl.Series):
        arrow = values.to_arrow(compat_level=pl.CompatLevel.newest())  # strings are not copied
    else:
        arrow = pa.array(values)
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, type=pa.int64()), arrow)
    return pl.Series(pl.from_arrow(lists))


def interleave(
    first: pl.Series, rows_of_first: np.ndarray, second: pl.Series, rows_of_second: np.ndarray
) -> pl.Series:
    """Return one list column of two, given the rows that each of them has in it.

    Parameters
    ----------
    first, second : polars.Series of list of shape (n_first,) and (n_second,)
        Of the same type.
    rows_of_first, rows_of_second : ndarray of int of shape (n_first,) and (n_second,)
        All positions from 0 to n_first + n_second - 1, each once.

    Returns
    -------
    polars.Series of list of shape (n_first + n_second,)

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from agnews_sk._core.columnar import interleave
    >>> first, second = pl.Series([["a", "b"], []]), pl.Series([["c"]])
    >>> interleave(first, np.array([0, 2]), second, np.array([1])).to_list()
    [['a', 'b'], ['c'], []]
    """
    starts = np.empty(len(first) + len(second), dtype=np.int64)
    lengths = np.empty_like(starts)
    before = 0
    for ragged, rows in ((first, rows_of_first), (second, rows_of_second)):
        offsets = row_offsets(ragged)
        starts[rows], lengths[rows] = before + offsets[:-1], np.diff(offsets)
        before += offsets[-1]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    # From the place of a value in the result to that in the two columns, one after the other.
    source = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)  # (n_values,)
    values = pl.concat([flat_values(first), flat_values(second)], rechunk=True)
    return to_ragged(values.gather(source), offsets)
