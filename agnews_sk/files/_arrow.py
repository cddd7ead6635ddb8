"""Rows of columnar formats: a stream of record batches, or all columns at once."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from agnews_sk._core.validation import POLARS_STRINGS
from agnews_sk.files._rows import Batch, ByColumn, Cells, Fault, Found, Row, RowReader, take_rows

# Number of rows converted at a time.
_N_ROWS = 4_096
_N_ROWS_OF_COLUMNS = 65_536
# Key of the metadata that the Hugging Face `datasets` library writes.
_FEATURES = b"huggingface"


class ArrowReader(RowReader):
    """Read a columnar format: a few thousand rows at a time, and only the columns that are wanted.

    The fields of a struct are columns with names such as "data.text". A cell that cannot be
    converted to a Python object is a fault of its row: bytes in a column of texts that are no
    UTF-8, or a date that Python cannot represent. A file that is damaged otherwise is rejected as
    a whole.
    """

    kind = "Arrow"

    @abstractmethod
    def schema(self) -> pa.Schema:
        """Return the columns of the file as they are stored, with their metadata."""

    @abstractmethod
    def tables(
        self, columns: list[str] | None, n_rows: int, rows: range | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows, at most some at a time; of stored columns, or of all for None.

        Parameters
        ----------
        columns : list of str or None
        n_rows : int
        rows : range, optional
            One of `row_ranges`; by default all rows.

        Yields
        ------
        pyarrow.Table
        """

    def column_names(self) -> list[str]:
        """Return the columns of the file, wanted or not."""
        with self.named():
            return list(_flat(self.schema().empty_table()).column_names)

    def rows(self) -> Found:
        """Yield a row per row of the file, of the wanted columns or, if none is, of all."""
        self.names = self.column_names()
        wanted = [name for name in dict.fromkeys(self.names) if self.wants(name)]
        start = 1
        for table in self._wanted_tables(wanted, _N_ROWS):
            yield from _rows_of(table, start)
            start += len(table)

    def batches(self, n_rows: int, rows: range | None = None) -> Iterator[Batch]:
        """Yield the rows in batches, whose cells stay in columns while nobody asks for rows.

        Parameters
        ----------
        n_rows : int
            Rows per batch, faulty ones included; the last batch may have fewer.
        rows : range, optional
            One of `row_ranges`; by default all rows.

        Yields
        ------
        Batch
            At least one, which is empty if the file is.
        """
        self.names = self.column_names()
        wanted = [name for name in dict.fromkeys(self.names) if self.wants(name)]
        start = 1 if rows is None else rows.start + 1
        for table in _recut(self._wanted_tables(wanted, n_rows, rows), n_rows):
            yield _TableBatch(table, start)
            start += len(table)
        if start == 1:
            yield Batch()

    def spread_rows(self, n_rows: int) -> list[Cells]:
        """Return the cells of rows from all places of the file; only these rows are converted.

        Parameters
        ----------
        n_rows : int
            How many; less than twice as many may be returned.

        Returns
        -------
        list of dict
        """
        self.names = self.column_names()
        wanted = [name for name in dict.fromkeys(self.names) if self.wants(name)]
        found: list[Cells] = []
        start, every = 0, 1
        for table in self._wanted_tables(wanted, _N_ROWS):
            chosen = table.take(list(range(-start % every, len(table), every)))
            found += [one.cells for one in _rows_of(chosen, 1) if isinstance(one, Row)]
            start += len(table)
            while len(found) >= 2 * n_rows:
                del found[1::2]
                every *= 2
        return found

    def frame(self, columns: Sequence[str]) -> pl.DataFrame | None:
        """Return all rows of some columns at once.

        Parameters
        ----------
        columns : sequence of str

        Returns
        -------
        polars.DataFrame or None
            None if a cell is faulty; `rows` then finds which.
        """
        self.names = self.column_names()
        wanted = list(dict.fromkeys(columns))
        tables = list(self._wanted_tables(wanted, _N_ROWS_OF_COLUMNS))
        if not tables:
            return self._polars(_first_of_each(_flat(self.schema().empty_table()), wanted))
        table = pa.concat_tables(tables).unify_dictionaries()
        try:
            table.validate(full=True)
        except pa.ArrowInvalid:  # texts that are no UTF-8
            return None
        return self._polars(table)

    def _wanted_tables(
        self, wanted: list[str], n_rows: int, rows: range | None = None
    ) -> Iterator[pa.Table]:
        """Yield the wanted columns, or all if none is wanted, structs taken apart.

        Lengths and offsets are checked, which a damaged file may get wrong. Texts are not: bytes
        that are no UTF-8 are a fault of one row, which conversion finds.

        Parameters
        ----------
        wanted : list of str
            Columns, those of structs under dotted names.
        n_rows : int
            Most rows of a table.
        rows : range, optional
            One of `row_ranges`; by default all rows.

        Yields
        ------
        pyarrow.Table
        """
        is_part = len(set(wanted)) < len(self.names)
        stored = [name for name in self.schema().names if _holds_any(name, wanted)]
        with self.named():
            for table in self.tables(stored if is_part else None, n_rows, rows):
                table.validate()
                flat = _flat(table)
                yield _first_of_each(flat, wanted) if wanted and is_part else flat

    @contextmanager
    def named(self) -> Iterator[None]:
        """Raise a ValueError that names the file if it is broken as a whole."""
        try:
            yield
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            if isinstance(error, FileNotFoundError) or str(error).startswith(str(self.path)):
                raise
            raise ValueError(f"{self.path} is not a readable {self.kind} file: {error}") from error

    def _polars(self, table: pa.Table) -> pl.DataFrame:
        """Return an Arrow table as a Polars frame."""
        try:
            return pl.DataFrame(table)
        except (ValueError, pl.exceptions.PanicException) as error:  # a type of a damaged file
            raise ValueError(f"{self.path} is not a readable {self.kind} file: {error}") from error

    def wrong_type(self, label: str, texts: Sequence[str]) -> str | None:
        """Return which column has a type that fits no texts or no labels; None if all fit.

        Texts are strings or categories; labels are also integers, floats and booleans, and lists
        of strings or integers.

        Parameters
        ----------
        label : str
        texts : sequence of str

        Returns
        -------
        str or None
        """
        empty = _first_of_each(_flat(self.schema().empty_table()), [label, *texts])
        schema = self._polars(empty).schema
        wrong = next((name for name in texts if schema[name] not in POLARS_STRINGS), None)
        if wrong is not None:
            return f"{wrong} must hold texts, got {schema[wrong]}"
        dtype = schema[label]
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        is_list = inner is not dtype
        if inner.is_integer() or inner in POLARS_STRINGS:
            return None
        if not is_list and (dtype.is_float() or dtype == pl.Boolean):
            return None
        return f"the class must hold texts, integers or booleans, got {dtype}"

    def label_names(self, column: str) -> Sequence[str] | None:
        """Return the class names that the Hugging Face `datasets` library wrote as metadata.

        Parameters
        ----------
        column : str

        Returns
        -------
        sequence of str or None
            None if the metadata has none that can be read.
        """
        written = (self.schema().metadata or {}).get(_FEATURES, b"{}")
        try:
            feature = json.loads(written)["info"]["features"]
            for name in column.split("."):
                feature = feature[name]
            feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
            names = feature["names"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return None
        is_known = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return names if is_known else None


class _TableBatch(Batch):
    """A batch of rows of a table, which are converted when they are asked for.

    Parameters
    ----------
    table : pyarrow.Table
    start : int
        Number of its first row in the file.
    """

    def __init__(self, table: pa.Table, start: int) -> None:
        self._table = table
        self._start = start

    @cached_property
    def _found(self) -> Batch:
        """The rows and the faults."""
        return take_rows(_rows_of(self._table, self._start), len(self._table))

    @property
    def lines(self) -> list[int]:  # type: ignore[override]
        """The numbers of the rows that could be converted."""
        return self._found.lines

    @property
    def rows(self) -> list[Cells]:  # type: ignore[override]
        """The cells of these rows."""
        return self._found.rows

    @property
    def faults(self) -> list[Fault]:  # type: ignore[override]
        """The rows that could not be converted."""
        return self._found.faults

    def __len__(self) -> int:
        """Return the number of rows, faulty ones included."""
        return len(self._table)

    def by_column(self, wants: Callable[[str], bool]) -> ByColumn | None:
        """Return the cells of some columns; None if there are faults, or two columns of a name."""
        names = self._table.column_names
        try:
            self._table.validate(full=True)
        except pa.ArrowInvalid:  # texts that are no UTF-8
            return None
        if len(set(names)) < len(names):
            return None
        return ByColumn(
            np.arange(self._start, self._start + len(self._table)),
            {name: self._table[name] for name in names if wants(name)},
            # `take` has no kernel for every type.
            lambda chosen: [self._table.slice(i, 1).to_pylist()[0] for i in chosen],
            [],
        )


def _recut(tables: Iterator[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """Yield the rows of tables in tables of so many rows; the last one may have fewer."""
    held: list[pa.Table] = []
    n_held = 0
    for table in tables:
        held.append(table)
        n_held += len(table)
        if n_held >= n_rows:
            whole = pa.concat_tables(held)
            yield from (whole.slice(i, n_rows) for i in range(0, n_held - n_rows + 1, n_rows))
            n_held %= n_rows
            held = [whole.slice(len(whole) - n_held)]
    if n_held:
        yield pa.concat_tables(held)


def _holds_any(stored: str, wanted: list[str]) -> bool:
    """Return whether a stored column is wanted, or a field of it; any is if none is named."""
    return not wanted or any(one == stored or one.startswith(f"{stored}.") for one in wanted)


def _first_of_each(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the columns of some names; of a name that is there twice, the first one."""
    return table.select([table.column_names.index(name) for name in names])


def _flat(table: pa.Table) -> pa.Table:
    """Return a table whose structs are taken apart into columns with dotted names.

    Parameters
    ----------
    table : pyarrow.Table

    Returns
    -------
    pyarrow.Table
    """
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return table


def _rows_of(table: pa.Table, start: int) -> Iterator[Row | Fault]:
    """Yield the rows of a table whose first row has the number `start` in the file.

    Only if the conversion of the whole table fails are its rows converted one by one.

    Parameters
    ----------
    table : pyarrow.Table
    start : int

    Yields
    ------
    Row or Fault
    """
    try:
        cells = table.to_pylist()
    except (ValueError, OverflowError):  # of one cell: bytes that are not text, dates out of range
        for i in range(len(table)):
            yield _one_row(table.slice(i, 1), start + i)
    else:
        yield from map(Row, range(start, start + len(table)), cells)


def _one_row(table: Any, number: int) -> Row | Fault:
    """Return the only row of a table, or why it cannot be converted.

    Parameters
    ----------
    table : pyarrow.Table of one row
    number : int
        Of the row in the file.

    Returns
    -------
    Row or Fault
    """
    try:
        (cells,) = table.to_pylist()
    except (ValueError, OverflowError) as error:
        return Fault(number, str(error))
    return Row(number, cells)
