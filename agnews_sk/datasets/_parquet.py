"""Rows of Parquet files, of which only the wanted columns are read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from agnews_sk._core.validation import POLARS_STRINGS
from agnews_sk.datasets._rows import Fault, Row, RowReader

# Number of rows converted at a time.
_N_ROWS = 4_096


class ParquetReader(RowReader):
    """Read Parquet: a few thousand rows at a time, and only the columns that are wanted.

    A cell that cannot be converted to a Python object is a fault of its row: bytes in a column of
    texts that are no UTF-8, or a date that Python cannot represent. A file that is damaged
    otherwise is rejected as a whole.
    """

    def column_names(self) -> list[str]:
        """Return the columns of the file's schema, wanted or not."""
        with self._open() as file:
            return list(file.schema_arrow.names)

    def rows(self) -> Iterator[Row | Fault]:
        """Yield a row per row of the file, of the wanted columns or, if none is, of all."""
        with self._open() as file:
            self.names = list(file.schema_arrow.names)
            wanted = [name for name in self.names if self.rules.wants(name)]
            start = 1
            for table in self._tables(file, wanted):
                yield from _rows_of(table, start)
                start += len(table)

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        """Open the file, or raise a ValueError that names it if it is no Parquet file."""
        try:
            # Prefetched data would stay in memory until the end of the file.
            file = pq.ParquetFile(self.path, pre_buffer=False)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from error
        with file:
            yield file

    def _tables(self, file: pq.ParquetFile, wanted: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield the wanted columns a few thousand rows at a time, regardless of the row groups.

        Lengths and offsets are checked, which a damaged file may get wrong. Texts are not: bytes
        that are no UTF-8 are a fault of one row, which conversion finds.
        """
        try:
            for table in file.iter_batches(_N_ROWS, columns=wanted or None):
                table.validate()
                yield table
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: BaseException) -> ValueError:
        """Return the error for a file that is broken as a whole."""
        return ValueError(f"{self.path} is not a readable Parquet file: {error}")

    def wrong_type(self, label: str, texts: Sequence[str]) -> str | None:
        """Return which column has a type that fits no texts or no labels; None if all fit.

        Texts are strings or categories; labels are also integers, floats and booleans.
        """
        schema = self._schema()
        wrong = next((name for name in texts if schema[name] not in POLARS_STRINGS), None)
        if wrong is not None:
            return f"{wrong} must hold texts, got {schema[wrong]}"
        dtype = schema[label]
        if dtype.is_integer() or dtype.is_float() or dtype in (*POLARS_STRINGS, pl.Boolean):
            return None
        return f"the class must hold texts, integers or booleans, got {dtype}"

    def _schema(self) -> pl.Schema:
        """Return the type that each column has as a Polars column."""
        with self._open() as file:
            try:
                return pl.DataFrame(file.schema_arrow.empty_table()).schema
            except (ValueError, pl.exceptions.PanicException) as error:  # a type of a damaged file
                raise self._unreadable(error) from error

    def label_names(self, column: str) -> Sequence[str] | None:
        """Return the class names that the Hugging Face `datasets` library wrote as metadata."""
        with self._open() as file:
            written = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
        try:
            names = json.loads(written)["info"]["features"][column]["names"]
        except (ValueError, KeyError, TypeError):
            return None
        is_known = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return names if is_known else None


def _rows_of(table: Any, start: int) -> Iterator[Row | Fault]:
    """Yield the rows of a record batch whose first row has the number `start` in the file.

    Only if the conversion of the whole batch fails are its rows converted one by one.
    """
    try:
        cells = table.to_pylist()
    except (ValueError, OverflowError):  # of one cell: bytes that are not text, dates out of range
        for i in range(len(table)):
            yield _one_row(table.slice(i, 1), start + i)
    else:
        yield from map(Row, range(start, start + len(table)), cells)


def _one_row(table: Any, number: int) -> Row | Fault:
    """Return the only row of a record batch, or why it cannot be converted."""
    try:
        (cells,) = table.to_pylist()
    except (ValueError, OverflowError) as error:
        return Fault(number, str(error))
    return Row(number, cells)
