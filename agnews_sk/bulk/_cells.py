"""The cells of a batch as columns of texts, without an object per row."""

import json
from typing import Any

import polars as pl
import pyarrow as pa

_STRINGS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def as_strings(cells: Any) -> pl.Series | None:
    """Return cells as a column of texts, None if one is neither a text nor missing.

    Parameters
    ----------
    cells : list or pyarrow.ChunkedArray of shape (n_rows,)

    Returns
    -------
    polars.Series of str of shape (n_rows,), or None
    """
    if isinstance(cells, pa.ChunkedArray):
        kind = cells.type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not any(is_kind(kind) for is_kind in _STRINGS):
            return None
        return pl.Series(pl.from_arrow(cells)).cast(pl.String)
    try:
        return pl.Series(values=cells, dtype=pl.String, strict=True)
    except (TypeError, ValueError, pl.exceptions.PolarsError):  # also half of a character
        return None


def as_texts(cells: Any) -> pl.Series | None:
    """Return cells to keep as a column of texts, as `as_text` writes them.

    Parameters
    ----------
    cells : list or pyarrow.ChunkedArray of shape (n_rows,)

    Returns
    -------
    polars.Series of str of shape (n_rows,), or None
        None if one cannot be written.
    """
    if isinstance(cells, pa.ChunkedArray):
        if pa.types.is_integer(cells.type):
            return pl.Series(pl.from_arrow(cells)).cast(pl.String)
        strings = as_strings(cells)
        if strings is not None:
            return strings
        try:
            cells = cells.to_pylist()
        except (ValueError, OverflowError):  # a date that Python cannot represent
            return None
    return as_strings(list(map(as_text, cells)))


def as_text(cell: Any) -> str | None:
    """Return a cell to keep as text: numbers and nested values as JSON, dates as Python does.

    Parameters
    ----------
    cell : object

    Returns
    -------
    str or None
        None where the cell is missing.
    """
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    is_json = isinstance(cell, (dict, list, bool, int, float))
    return json.dumps(cell, default=str) if is_json else str(cell)
