"""Text and ragged columns: Polars series in, flat values and offsets out, and back."""

import numpy as np
import polars as pl
import pyarrow as pa


def to_object_array(column: pl.Series) -> np.ndarray:
    """Return a text column as a 1-D object array of `str`, missing as the empty string.

    Parameters
    ----------
    column : polars.Series of str of shape (n_samples,)

    Returns
    -------
    ndarray of object of shape (n_samples,)
    """
    return column.fill_null("").to_numpy()


def flat_values(ragged: pl.Series) -> pl.Series:
    """Return the values of a list column one after the other, lists' borders forgotten.

    Parameters
    ----------
    ragged : polars.Series of list of shape (n_samples,)

    Returns
    -------
    polars.Series of shape (n_values,)
    """
    return ragged.explode(empty_as_null=False, keep_nulls=False)


def row_offsets(ragged: pl.Series) -> np.ndarray:
    """Return where each list of a list column begins in its flat values, and their end.

    Parameters
    ----------
    ragged : polars.Series of list of shape (n_samples,)

    Returns
    -------
    ndarray of int64 of shape (n_samples + 1,)
    """
    offsets = np.zeros(len(ragged) + 1, dtype=np.int64)
    np.cumsum(ragged.list.len().fill_null(0).to_numpy(), out=offsets[1:])
    return offsets


def to_ragged(values: np.ndarray | pl.Series, offsets: np.ndarray) -> pl.Series:
    """Return the list column with these flat values and offsets.

    Parameters
    ----------
    values : ndarray or polars.Series of shape (n_values,)
    offsets : ndarray of int64 of shape (n_samples + 1,)

    Returns
    -------
    polars.Series of list of shape (n_samples,)

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
    arrow = values.to_arrow() if isinstance(values, pl.Series) else pa.array(values)
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, type=pa.int64()), arrow)
    return pl.Series(pl.from_arrow(lists))
