"""All rows of a file of labelled texts: the batches of its reader concatenated, or its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.column_kinds import as_polars
from agnews_sk.datasets._columns import Chosen, LabelledRules
from agnews_sk.datasets._gather import Gathered, gather
from agnews_sk.datasets._label_cells import (
    LabelTexts,
    label_texts,
    label_texts_of,
    labels_of_indicators,
    lists_in_cells,
    split_labels,
)
from agnews_sk.datasets._plain_csv import read_plain_csv
from agnews_sk.files import (
    ArrowReader,
    DatasetReader,
    Fault,
    ReadOptions,
    RowReader,
    TextFolderReader,
    is_dataset,
    open_rows,
)

_N_ROWS = 8_192
# Rows by which columns are recognized.
_N_ROWS_AHEAD = 1_000
# Loading holds all rows in memory anyway, so that a record may have any length.
_ANY_LENGTH = 2**31 - 1
# Under these options the fast reader of CSV agrees with the stream.
_PLAIN_OPTIONS = (ReadOptions(), ReadOptions(detects=False))


class Table(NamedTuple):
    """What one file of labelled texts holds.

    Attributes
    ----------
    path : pathlib.Path
    rows : polars.DataFrame of str of shape (n_rows, n_columns)
        The text columns, and those to keep beside them, of any type.
    labels : polars.Series of str of shape (n_rows,)
        The labels as they are in the file, a list of labels as JSON.
    lines : ndarray of int of shape (n_rows,)
        The line, counted from 1, on which each row begins; the number of the row in formats without
        lines.
    faults : list of Fault
        The rows that cannot be read.
    names : list of str
        All columns of the file.
    chosen : Chosen or None
        Those that are read; None if the file has no rows.
    has_header : bool
        Whether the columns have names in the file.
    is_official : bool
        Whether the file has the form in which AG News is published.
    label_kind : {"text", "number", "boolean", "list"} or None
        What the labels are, None where the format does not distinguish the kinds.
    label_form : str
        How several labels are written, for the summary.
    """

    path: Path
    rows: pl.DataFrame
    labels: pl.Series
    lines: np.ndarray
    faults: list[Fault]
    names: list[str]
    chosen: Chosen | None
    has_header: bool = True
    is_official: bool = False
    label_kind: str | None = None
    label_form: str = ""

    @property
    def label(self) -> str:
        """Return the column of the labels."""
        return "class" if self.chosen is None else self.chosen.label

    @property
    def has_numbered_classes(self) -> bool:
        """Return whether the columns are those of AG News without a header: numbers, then texts."""
        return not self.has_header and self.label == "class"


def read_table(
    source: Any, rules: LabelledRules, options: ReadOptions, *, label_sep: str | None = None
) -> Table:
    """Read labelled texts of any format.

    Parameters
    ----------
    source : pathlib.Path or datasets.Dataset
        A file, a folder with a folder per class, or a dataset.
    rules : LabelledRules
        Choose the columns.
    options : ReadOptions
    label_sep : str, optional
        Separates several labels in a cell.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the format is not known or the file is broken as a whole, the columns of the labels and
        the texts are not found or have a type that does not fit, or labels are of two kinds.
    """
    if is_dataset(source):
        return _table_of(DatasetReader(source, rules), rules, label_sep)
    if source.is_dir():
        reader = TextFolderReader(source, rules, replace(options, max_record_bytes=_ANY_LENGTH))
        return _table_of(reader, rules, label_sep)
    is_csv = source.suffix.lower() == ".csv"
    if is_csv and options in _PLAIN_OPTIONS and label_sep is None:
        cells = read_plain_csv(source, rules)
        if cells is not None:
            chosen = _choose(rules, source, cells.columns, _spread(cells).to_dicts())
            if not chosen.indicators:
                return _plain_table(source, chosen, cells)
    return read_row_by_row(source, rules, options, label_sep=label_sep)


def read_row_by_row(
    path: Path, rules: LabelledRules, options: ReadOptions, *, label_sep: str | None = None
) -> Table:
    """Read a file with the reader of its format.

    Parameters
    ----------
    path, rules, options, label_sep
        As `read_table` takes them.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        As `read_table`.
    """
    given = {**asdict(options), "max_record_bytes": _ANY_LENGTH}
    return _table_of(open_rows(path, rules, **given), rules, label_sep)


def _spread(cells: pl.DataFrame) -> pl.DataFrame:
    """Return about a thousand rows from all places of a frame."""
    return cells.gather_every(max(1, len(cells) // _N_ROWS_AHEAD))


def _plain_table(path: Path, chosen: Chosen, cells: pl.DataFrame) -> Table:
    """Return the table of a CSV file in the form of AG News.

    Parameters
    ----------
    path : pathlib.Path
    chosen : Chosen
    cells : polars.DataFrame of str of shape (n_rows, n_columns)

    Returns
    -------
    Table
    """
    return Table(
        path=path,
        rows=cells.select(
            *(pl.col(column).alias(name) for name, column in chosen.texts.items()),
            *(pl.col(name).replace("", None) for name in chosen.others),
        ),
        labels=cells[chosen.label],
        lines=np.arange(1, len(cells) + 1),
        faults=[],
        names=cells.columns,
        chosen=chosen,
        has_header=False,
        is_official=cells.width == 3,
    )


def _table_of(reader: RowReader, rules: LabelledRules, label_sep: str | None) -> Table:
    """Return the table of all rows that a reader finds.

    Parameters
    ----------
    reader : RowReader
    rules : LabelledRules
        Choose the columns.
    label_sep : str or None

    Returns
    -------
    Table
    """
    chosen = choose_columns(reader, rules)
    if chosen is None:
        return _table_without_rows(reader)
    columns = [*chosen.label_columns, *chosen.texts.values(), *chosen.others]
    frame = reader.frame(columns) if isinstance(reader, ArrowReader) else None
    if frame is None:
        found = gather(reader, columns, chosen)
    else:
        found = Gathered(np.arange(1, len(frame) + 1), dict(frame.to_dict()), [])
    return table_of_cells(reader, found, chosen, label_sep)


def choose_columns(reader: RowReader, rules: LabelledRules) -> Chosen | None:
    """Choose the columns of a file, and let its reader read no others.

    Parameters
    ----------
    reader : RowReader
    rules : LabelledRules

    Returns
    -------
    Chosen or None
        None if the file has no rows, or faulty ones only.

    Raises
    ------
    ValueError
        If columns are not found, or have a type that does not fit.
    """
    ahead = next((batch for batch in reader.batches(_N_ROWS_AHEAD) if batch.rows), None)
    if ahead is None:
        return None
    rows = ahead.rows
    if len(ahead) == _N_ROWS_AHEAD and rules.looks_at_values:
        rows = reader.spread_rows(_N_ROWS_AHEAD)  # the first ones may be of one class
    chosen = _choose(rules, reader.path, reader.names, rows)
    texts = list(chosen.texts.values())
    for label in chosen.label_columns:
        wrong = reader.wrong_type(label, texts)
        if wrong is not None:
            raise ValueError(f"{reader.path}: {wrong}.")
    reader.select([*chosen.label_columns, *texts, *chosen.others])
    return chosen


def table_of_cells(
    reader: RowReader, found: Gathered, chosen: Chosen, label_sep: str | None
) -> Table:
    """Return the table of some cells of a file.

    Parameters
    ----------
    reader : RowReader
    found : Gathered
    chosen : Chosen
    label_sep : str or None

    Returns
    -------
    Table
    """
    labels = _labels(reader, found, chosen, label_sep)
    return Table(
        path=reader.path,
        rows=_texts(reader, found, chosen.texts).with_columns(_others(found, chosen.others)),
        labels=pl.Series("label", labels.texts, dtype=pl.String),
        lines=np.asarray(found.lines, dtype=int),
        faults=found.faults,
        names=reader.names,
        chosen=chosen,
        has_header=reader.has_header,
        is_official=reader.is_official,
        label_kind=labels.kind,
        label_form=labels.form,
    )


def _choose(
    rules: LabelledRules, path: Path, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Chosen:
    """Return the columns that the rules choose; errors name the file.

    Parameters
    ----------
    rules : LabelledRules
    path : pathlib.Path
    names : sequence of str
        All columns.
    rows : sequence of dict
        The first ones.

    Returns
    -------
    Chosen
    """
    try:
        return rules.choose(names, rows)
    except ValueError as error:
        raise type(error)(f"{path} {error}") from error


def _table_without_rows(reader: RowReader) -> Table:
    """Return the table of a file that has no rows, or faulty ones only.

    Parameters
    ----------
    reader : RowReader

    Returns
    -------
    Table
    """
    return table_of_faults(
        reader, [fault for batch in reader.batches(_N_ROWS) for fault in batch.faults]
    )


def table_of_faults(reader: RowReader, faults: list[Fault]) -> Table:
    """Return a table without rows.

    Parameters
    ----------
    reader : RowReader
    faults : list of Fault

    Returns
    -------
    Table
    """
    nothing = pl.Series("label", [], dtype=pl.String)
    return Table(
        reader.path, pl.DataFrame(), nothing, np.empty(0, dtype=int), faults, reader.names, None
    )


def _texts(reader: RowReader, found: Gathered, texts: Mapping[str, str]) -> pl.DataFrame:
    """Return the text columns under the names that they get.

    Parameters
    ----------
    reader : RowReader
        Knows whether an empty cell is a missing one.
    found : Gathered
    texts : mapping of str to str
        From the new name to that in the file.

    Returns
    -------
    polars.DataFrame of str of shape (n_rows, n_columns)
    """
    columns = [
        pl.Series(name, found.cells[column]).cast(pl.String)
        if isinstance(found.cells[column], pl.Series)
        else pl.Series(name, found.cells[column], dtype=pl.String)
        for name, column in texts.items()
    ]
    rows = pl.DataFrame(columns)
    return rows.with_columns(pl.all().replace("", None)) if reader.empty_is_missing else rows


def _others(found: Gathered, names: Sequence[str]) -> list[pl.Series]:
    """Return the columns beside the texts; cells of several types are missing lists.

    Parameters
    ----------
    found : Gathered
    names : sequence of str

    Returns
    -------
    list of polars.Series of shape (n_rows,)
        Empty strings are missing.
    """
    columns = []
    for name in names:
        cells = found.cells[name]
        column = (
            cells if isinstance(cells, pl.Series) else as_polars(pd.Series(cells, dtype=object))
        )
        column = column.replace("", None) if column.dtype == pl.String else column
        columns.append(column.rename(name))
    return columns


def _labels(
    reader: RowReader, found: Gathered, chosen: Chosen, label_sep: str | None
) -> LabelTexts:
    """Return the labels of the rows as texts, and their kind.

    Parameters
    ----------
    reader : RowReader
        Knows whether the format has types, and the names of the labels.
    found : Gathered
    chosen : Chosen
    label_sep : str or None

    Returns
    -------
    LabelTexts
    """
    if chosen.indicators:
        columns = {name: list(found.cells[name]) for name in chosen.indicators}
        return labels_of_indicators(columns, list(found.lines), reader.path)
    column = chosen.label
    cells, place = found.cells[column], f"{reader.path}: {column}"
    names = reader.label_names(column)
    if isinstance(cells, pl.Series):
        labels = label_texts_of(cells, place, names)
    elif reader.has_types:
        labels = label_texts(cells, list(found.lines), place, names)
    else:
        labels = LabelTexts(cells, None)
    if labels.kind not in (None, "text"):
        return labels
    lists = (
        lists_in_cells(labels.texts, list(found.lines), place) if reader.options.detects else None
    )
    if lists is not None:
        return lists
    return labels if label_sep is None else split_labels(labels.texts, label_sep)
