"""Rows of Parquet files, of which only the wanted columns are read."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from agnews_sk.files._arrow import ArrowReader
from agnews_sk.files._source import seekable


class ParquetReader(ArrowReader):
    """Read Parquet, regardless of its row groups."""

    kind = "Parquet"

    def schema(self) -> pa.Schema:
        """Return the columns of the file as they are stored."""
        with self._open() as file:
            return file.schema_arrow

    def tables(self, columns: list[str] | None, n_rows: int) -> Iterator[pa.Table]:
        """Yield the rows, at most some at a time.

        Parameters
        ----------
        columns : list of str or None
        n_rows : int

        Yields
        ------
        pyarrow.Table
        """
        with self._open() as file:
            for batch in file.iter_batches(n_rows, columns=columns):
                yield pa.Table.from_batches([batch])

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        """Open the file, or raise a ValueError that names it if it is no Parquet file."""
        source = seekable(self.path)
        with self.named():
            # Prefetched data would stay in memory until the end of the file.
            file = pq.ParquetFile(source, pre_buffer=False)
        with file:
            yield file
