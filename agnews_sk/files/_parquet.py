"""Rows of Parquet files, of which only the wanted columns are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agnews_sk.files._arrow import ArrowReader
from agnews_sk.files._source import is_compressed, seekable


class ParquetReader(ArrowReader):
    """Read Parquet, regardless of its row groups."""

    kind = "Parquet"

    def schema(self) -> pa.Schema:
        """Return the columns of the file as they are stored."""
        with self._open() as file:
            return file.schema_arrow

    def row_ranges(self, n_rows: int) -> list[range | None]:
        """Return the batches that begin in the same row group, as ranges of rows.

        Parameters
        ----------
        n_rows : int
            Rows per batch.

        Returns
        -------
        list of range or None
            None for all rows of a compressed file, which is decompressed as a whole.
        """
        if is_compressed(self.path):
            return [None]
        with self._open() as file:
            ends = _ends_of_groups(file)
        n_all = int(ends[-1]) if len(ends) else 0
        starts = range(0, n_all, n_rows)
        groups = np.searchsorted(ends, starts, side="right").tolist()
        firsts = [next(found)[1] for _, found in groupby(zip(groups, starts), lambda one: one[0])]
        found = [range(start, stop) for start, stop in zip(firsts, [*firsts[1:], n_all])]
        return [*found] or [None]

    def tables(
        self, columns: list[str] | None, n_rows: int, rows: range | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows, at most some at a time.

        Parameters
        ----------
        columns : list of str or None
        n_rows : int
        rows : range, optional
            One of `row_ranges`: of the other row groups nothing is read.

        Yields
        ------
        pyarrow.Table
        """
        with self._open() as file:
            if rows is None:
                for batch in file.iter_batches(n_rows, columns=columns):
                    yield pa.Table.from_batches([batch])
                return
            ends = _ends_of_groups(file)
            first, last = np.searchsorted(ends, [rows.start, rows.stop - 1], side="right").tolist()
            at = int(ends[first - 1]) if first else 0
            groups = range(first, last + 1)
            for batch in file.iter_batches(n_rows, row_groups=groups, columns=columns):
                begin, stop = max(rows.start - at, 0), min(rows.stop - at, len(batch))
                at += len(batch)
                if begin < stop:
                    yield pa.Table.from_batches([batch.slice(begin, stop - begin)])

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        """Open the file, or raise a ValueError that names it if it is no Parquet file."""
        source = seekable(self.path)
        with self.named():
            # Prefetched data would stay in memory until the end of the file.
            file = pq.ParquetFile(source, pre_buffer=False)
        with file:
            yield file


def _ends_of_groups(file: pq.ParquetFile) -> np.ndarray:
    """Return how many rows a file has up to the end of each row group."""
    groups = range(file.num_row_groups)
    return np.cumsum([file.metadata.row_group(i).num_rows for i in groups], dtype=np.int64)
