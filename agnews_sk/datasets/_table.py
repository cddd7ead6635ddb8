"""All rows of a file of labelled texts: the batches of its reader, concatenated."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk.datasets._columns import LabelledColumns, choose_labelled_columns, plain_name
from agnews_sk.datasets._files import open_rows
from agnews_sk.datasets._rows import Fault, RowReader

_N_ROWS = 8_192
# Loading holds all rows in memory anyway, so that a record may have any length.
_ANY_LENGTH = 2**31 - 1
_KINDS_OF_LABELS = {str: "text", int: "number", float: "number", bool: "boolean"}

# All fields are quoted, and the first has no quotes inside: every CSV reader agrees on such a line.
_PLAIN_LINE = r'^"[^"\r]*"(?:,"(?:[^"\r]|"")*"){%d}$'


class Table(NamedTuple):
    """What one file of labelled texts holds.

    Attributes
    ----------
    path : pathlib.Path
    rows : polars.DataFrame of str of shape (n_rows, n_columns)
        The column `class` as it is in the file, and the text columns.
    lines : ndarray of int of shape (n_rows,)
        The line, counted from 1, on which each row begins; in Parquet the number of the row.
    faults : list of Fault
        The rows that cannot be read.
    class_column : str
        The name in the file of the column `class`; "class" without a header.
    has_header : bool
        Whether the columns have names in the file.
    is_official : bool
        Whether the file has the form in which AG News is published.
    label_kind : {"text", "number", "boolean"} or None
        What the labels are, None where the format does not distinguish the kinds.
    """

    path: Path
    rows: pl.DataFrame
    lines: np.ndarray
    faults: list[Fault]
    class_column: str
    has_header: bool = True
    is_official: bool = False
    label_kind: str | None = None


def read_table(path: Path) -> Table:
    """Read a file of labelled texts of any format.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the format is not known or the file is broken as a whole, the columns of the labels and
        the texts are not found or have a type that does not fit, or labels are of two kinds.
    """
    plain = read_plain_csv(path) if path.suffix.lower() == ".csv" else None
    return read_row_by_row(path) if plain is None else plain


def read_plain_csv(path: Path) -> Table | None:
    """Read a CSV file in the form of AG News, without a header and without a broken row.

    Polars reads such a file much faster than rows can be streamed, and to the same table.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Table or None
        None if the file has any other form, or a flaw.
    """
    data = path.read_bytes()
    n_fields = _n_fields_of_plain(data)
    if n_fields is None:
        return None
    rows = pl.read_csv(data, has_header=False, infer_schema=False).fill_null("")
    names = LabelledColumns().names_without_header([[""] * n_fields])
    rows = rows.rename(dict(zip(rows.columns, names, strict=True)))
    lines = np.arange(1, len(rows) + 1)
    return Table(path, rows, lines, [], "class", has_header=False, is_official=n_fields == 3)


def _n_fields_of_plain(data: bytes) -> int | None:
    """Return the number of fields of a CSV file without a header or a broken row.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    {2, 3} or None
        None if not all lines are records of two or of three quoted fields, or the first one names
        columns.
    """
    try:
        lines = pl.Series(data.decode().removesuffix("\n").split("\n"), dtype=pl.String)
    except UnicodeDecodeError:
        return None
    if LabelledColumns().is_header([field.strip('"') for field in lines[0].split(",")]):
        return None
    return next((n for n in (3, 2) if lines.str.contains(_PLAIN_LINE % (n - 1)).all()), None)


def read_row_by_row(path: Path) -> Table:
    """Read a file of any format as the concatenation of the batches of its reader.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        As `read_table`.
    """
    reader = open_rows(path, LabelledColumns(), max_record_bytes=_ANY_LENGTH)
    found = _gather(reader)
    if not reader.names:
        empty = pl.DataFrame(schema={"class": pl.String})
        return _table(reader, empty, found, "class", None)
    chosen = choose_labelled_columns(reader.names, path)
    names = {column: reader.names[i] for column, i in chosen.items()}
    label = names.pop("class")
    wrong = reader.wrong_type(label, list(names.values()))
    if wrong is not None:
        raise ValueError(f"{path}: {wrong}.")
    found = _without_wrong_types(found, label, list(names.values()))
    labels, kind = _labels(reader, found, label)
    values = {"class": labels, **{column: found.cells[name] for column, name in names.items()}}
    rows = pl.DataFrame(values, schema=dict.fromkeys(values, pl.String))
    if reader.empty_is_missing:
        rows = rows.with_columns(pl.all().replace("", None))
    return _table(reader, rows, found, plain_name(label), kind)


class _Gathered(NamedTuple):
    """The wanted cells of all rows.

    Attributes
    ----------
    lines : list of int of length n_rows
    cells : dict of str to list of length n_rows
        Cells by column; None where a row lacks the column.
    faults : list of Fault
    """

    lines: list[int]
    cells: dict[str, list[Any]]
    faults: list[Fault]


def _gather(reader: RowReader) -> _Gathered:
    """Read all rows, and keep the cells that may be labels or texts.

    Cells are collected by column, so that the dicts of only one batch are in memory at a time.
    """
    lines: list[int] = []
    cells: dict[str, list[Any]] = {}
    faults: list[Fault] = []
    for batch in reader.batches(_N_ROWS):
        for name in filter(reader.rules.wants, {name for row in batch.rows for name in row}):
            column = cells.setdefault(name, [])
            column.extend([None] * (len(lines) - len(column)))
            column.extend(row.get(name) for row in batch.rows)
        lines += batch.lines
        faults += batch.faults
    for name in filter(reader.rules.wants, reader.names):
        column = cells.setdefault(name, [])
        column.extend([None] * (len(lines) - len(column)))
    return _Gathered(lines, cells, faults)


def _table(
    reader: RowReader, rows: pl.DataFrame, found: _Gathered, class_column: str, kind: str | None
) -> Table:
    """Return a table of rows with the properties of their file.

    Parameters
    ----------
    reader : RowReader
        After all rows have been read.
    rows : polars.DataFrame of str of shape (n_rows, n_columns)
    found : _Gathered
        Lines and faults.
    class_column : str
        Name of the class in the file.
    kind : str or None
        Kind of the labels.

    Returns
    -------
    Table
    """
    return Table(
        path=reader.path,
        rows=rows,
        lines=np.array(found.lines, dtype=int),
        faults=found.faults,
        class_column=class_column if reader.has_header else "class",
        has_header=reader.has_header,
        is_official=reader.is_official,
        label_kind=kind,
    )


def _wrong_types(found: _Gathered, label: str, texts: Sequence[str]) -> dict[int, str]:
    """Return why rows cannot be used, by their position.

    Parameters
    ----------
    found : _Gathered
    label : str
        Column of the labels.
    texts : sequence of str
        Columns of the texts.

    Returns
    -------
    dict of int to str
    """
    reasons: dict[int, str] = {}
    for i, value in enumerate(found.cells[label]):
        if not isinstance(value, str | int | float | None):
            reasons[i] = f"{label} must be a string, a number, true or false, got {value!r:.60}"
    for name in texts:
        for i, value in enumerate(found.cells[name]):
            if not isinstance(value, str | None):
                reasons[i] = f"{name} must be a string or null, got {value!r:.60}"
    return reasons


def _without_wrong_types(found: _Gathered, label: str, texts: Sequence[str]) -> _Gathered:
    """Move rows with values that are not texts, or cannot be labels, to the faults.

    Parameters
    ----------
    found : _Gathered
    label : str
        Column of the labels: strings, numbers and booleans are kept.
    texts : sequence of str
        Columns of the texts: strings are kept. Missing values are kept in all columns.

    Returns
    -------
    _Gathered
    """
    reasons = _wrong_types(found, label, texts)
    if not reasons:
        return found
    kept = [i for i in range(len(found.lines)) if i not in reasons]
    return _Gathered(
        [found.lines[i] for i in kept],
        {name: [column[i] for i in kept] for name, column in found.cells.items()},
        found.faults + [Fault(found.lines[i], reason) for i, reason in reasons.items()],
    )


def _labels(
    reader: RowReader, found: _Gathered, column: str
) -> tuple[list[str | None], str | None]:
    """Return the labels of the rows as texts, and their kind.

    Parameters
    ----------
    reader : RowReader
        Knows whether the format has types, and the names of the labels.
    found : _Gathered
    column : str

    Returns
    -------
    labels : list of str or None, of length n_rows
        None where the label is missing: null, NaN, or a number without a name.
    kind : {"text", "number", "boolean"} or None
        None if the format has no types, or all labels are missing.
    """
    labels = [None if value != value else value for value in found.cells[column]]  # NaN
    if not reader.has_types:
        return labels, None
    kind = _kind_of(labels, found.lines, f"{reader.path}: {column}")
    names = reader.label_names(column)
    if names is not None and all(type(value) is int for value in labels if value is not None):
        known = dict(enumerate(names))
        return [None if value is None else known.get(value) for value in labels], "text"
    return [_label_text(value) for value in labels], kind


def _kind_of(labels: Sequence[Any], lines: Sequence[int], column: str) -> str | None:
    """Return the kind of all labels that are not missing.

    Parameters
    ----------
    labels : sequence of str, int, float, bool or None, of length n_rows
    lines : sequence of int of length n_rows
        Line of each row, for the message.
    column : str
        File and column, for the message.

    Returns
    -------
    {"text", "number", "boolean"} or None
        None if all labels are missing.

    Raises
    ------
    ValueError
        If labels are of two kinds; names the first line of each.
    """
    first: dict[str, int] = {}
    for label, line in zip(labels, lines, strict=True):
        if label is not None and str(label).strip():
            first.setdefault(_KINDS_OF_LABELS[type(label)], line)
    if len(first) > 1:
        found = " and ".join(f"a {kind} on line {line}" for kind, line in first.items())
        raise ValueError(
            f'{column} must hold labels of one kind, got {found}; 1 is a number and "1" a text, '
            "so write all labels in the same way."
        )
    return next(iter(first), None)


def _label_text(label: Any) -> str | None:
    """Return a label as text, a boolean as JSON writes it."""
    if label is None:
        return None
    return str(label).lower() if isinstance(label, bool) else str(label)
