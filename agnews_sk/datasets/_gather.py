"""The cells of the chosen columns of all rows of a file, as a stream yields them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk.datasets._columns import Chosen
from agnews_sk.datasets._label_cells import is_label
from agnews_sk.files import ArrowReader, Batch, Fault, RowReader

_N_ROWS = 8_192


class Gathered(NamedTuple):
    """The chosen cells of all rows.

    Attributes
    ----------
    lines : sequence of int of length n_rows
    cells : dict of str to list or polars.Series of length n_rows
        Cells by column; None where a row lacks the column.
    faults : list of Fault
    """

    lines: Sequence[int] | np.ndarray
    cells: dict[str, Any]
    faults: list[Fault]


def gather(reader: RowReader, columns: Sequence[str], chosen: Chosen) -> Gathered:
    """Read all rows, and keep the cells of some columns that can be labels or texts.

    Cells are collected by column, so that the dicts of only one batch are in memory at a time.

    Parameters
    ----------
    reader : RowReader
    columns : sequence of str
        Those of labels and texts, and those to keep beside them.
    chosen : Chosen

    Returns
    -------
    Gathered
    """
    lines: list[int] = []
    cells: dict[str, list[Any]] = {name: [] for name in columns}
    faults: list[Fault] = []
    for batch in reader.batches(_N_ROWS):
        for name, column in cells.items():
            column.extend(row.get(name) for row in batch.rows)
        lines += batch.lines
        faults += batch.faults
    found = Gathered(lines, cells, faults)
    return _without_wrong_types(found, chosen) if reader.has_types else found


def gather_batch(
    reader: RowReader, batch: Batch, columns: Sequence[str], chosen: Chosen
) -> Gathered:
    """Return the cells of some columns of a batch, in columns if its format has them.

    Parameters
    ----------
    reader : RowReader
        Of the batch.
    batch : Batch
    columns : sequence of str
    chosen : Chosen

    Returns
    -------
    Gathered
    """
    wanted = set(columns)
    found = batch.by_column(wanted.__contains__) if isinstance(reader, ArrowReader) else None
    if found is not None and found.cells.keys() == wanted:
        cells: dict[str, Any] = {n: pl.Series(pl.from_arrow(c)) for n, c in found.cells.items()}
        return Gathered(found.lines, cells, found.faults)
    by_name: dict[str, Any] = {name: [row.get(name) for row in batch.rows] for name in columns}
    rows = Gathered(batch.lines, by_name, batch.faults)
    return _without_wrong_types(rows, chosen) if reader.has_types else rows


def _wrong_types(found: Gathered, chosen: Chosen) -> dict[int, str]:
    """Return why rows cannot be used, by their position.

    Parameters
    ----------
    found : Gathered
    chosen : Chosen

    Returns
    -------
    dict of int to str
    """
    reasons: dict[int, str] = {}
    for label in chosen.label_columns:
        for i, value in enumerate(found.cells[label]):
            if not is_label(value):
                reasons[i] = f"{label} must be a string, a number, true or false, got {value!r:.60}"
    for name in chosen.texts.values():
        for i, value in enumerate(found.cells[name]):
            if not isinstance(value, str | None):
                reasons[i] = f"{name} must be a string or null, got {value!r:.60}"
    return reasons


def _without_wrong_types(found: Gathered, chosen: Chosen) -> Gathered:
    """Move rows with values that are not texts, or cannot be labels, to the faults.

    Parameters
    ----------
    found : Gathered
    chosen : Chosen
        In columns of labels strings, numbers, booleans and lists of labels are kept, in those of
        texts strings. Missing values are kept in all columns.

    Returns
    -------
    Gathered
    """
    reasons = _wrong_types(found, chosen)
    if not reasons:
        return found
    kept = [i for i in range(len(found.lines)) if i not in reasons]
    return Gathered(
        [found.lines[i] for i in kept],
        {name: [column[i] for i in kept] for name, column in found.cells.items()},
        found.faults + [Fault(found.lines[i], reason) for i, reason in reasons.items()],
    )
