"""Rows of Arrow files, as the Hugging Face `datasets` library saves them, and of its datasets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from agnews_sk.files._arrow import ArrowReader
from agnews_sk.files._columns import ColumnRules
from agnews_sk.files._source import read_head, seekable

_MAGIC = b"ARROW1"


class ArrowFileReader(ArrowReader):
    """Read Arrow IPC: a stream, as `Dataset.save_to_disk` writes it, or a file (Feather)."""

    def schema(self) -> pa.Schema:
        """Return the columns of the file as they are stored."""
        with self._open() as reader:
            return reader.schema

    def tables(
        self, columns: list[str] | None, n_rows: int, rows: range | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows, at most some at a time.

        Parameters
        ----------
        columns : list of str or None
        n_rows : int
        rows : None
            All rows, as `row_ranges` tells.

        Yields
        ------
        pyarrow.Table of at most n_rows rows
        """
        with self._open() as reader:
            for batch in _batches_of(reader):
                table = pa.Table.from_batches([batch])
                table = table if columns is None else table.select(columns)
                for start in range(0, len(table), n_rows):
                    yield table.slice(start, n_rows)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        """Open the file, or raise a ValueError that names it if it is no Arrow file."""
        source = seekable(self.path)
        is_file = read_head(self.path).startswith(_MAGIC)
        with self.named():
            mapped = (
                pa.memory_map(source)
                if isinstance(source, str)
                else pa.BufferReader(source.getbuffer())
            )
            with mapped, (pa.ipc.open_file if is_file else pa.ipc.open_stream)(mapped) as reader:
                yield reader


def _batches_of(reader: Any) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a file, which is not iterable, or of a stream."""
    if isinstance(reader, pa.RecordBatchFileReader):
        yield from map(reader.get_batch, range(reader.num_record_batches))
    else:
        yield from reader


class DatasetReader(ArrowReader):
    """Read a `Dataset` or `IterableDataset` of the Hugging Face `datasets` library.

    Parameters
    ----------
    dataset : datasets.Dataset or datasets.IterableDataset
    rules : ColumnRules
    """

    kind = "dataset"

    def __init__(self, dataset: Any, rules: ColumnRules) -> None:
        super().__init__(Path("the dataset"), rules)
        self._dataset = dataset.with_format("arrow")

    def schema(self) -> pa.Schema:
        """Return the columns and the metadata of the dataset."""
        features = self._dataset.features
        if features is not None:
            return features.arrow_schema
        first: Any = next(iter(self._dataset.iter(1)), pa.table({}))
        return first.schema

    def tables(
        self, columns: list[str] | None, n_rows: int, rows: range | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows, at most some at a time, in the order of the dataset.

        Parameters
        ----------
        columns : list of str or None
        n_rows : int
        rows : None
            All rows, as `row_ranges` tells.

        Yields
        ------
        pyarrow.Table of at most n_rows rows
        """
        for table in self._dataset.iter(n_rows):
            yield table if columns is None else table.select(columns)
