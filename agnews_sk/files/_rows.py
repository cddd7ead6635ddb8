"""What every file format yields: rows as cells by name, with their lines, and faults."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agnews_sk.files._columns import ColumnRules
from agnews_sk.files._options import ReadOptions
from agnews_sk.files._source import NOT_UNICODE, why_not_utf8

Cells = dict[str, Any]


class Row(NamedTuple):
    """A row that could be read.

    Attributes
    ----------
    line : int
        Where it begins, counted from 1; the number of the row in formats without lines.
    cells : dict of str to object
        The cells by column name.
    """

    line: int
    cells: Cells


class Fault(NamedTuple):
    """A row that cannot be read.

    Attributes
    ----------
    line : int
        Where it begins, counted from 1; the number of the row in formats without lines.
    reason : str
    """

    line: int
    reason: str


Found = Generator[Row | Fault, None, None]


@dataclass
class Batch:
    """Some consecutive rows of a file.

    Attributes
    ----------
    lines : list of int of length n_rows
        Where each row begins, counted from 1; the number of the row in formats without lines.
    rows : list of dict of length n_rows
        The cells of each row by column name.
    faults : list of Fault
        The rows among them that cannot be read.
    """

    lines: list[int] = field(default_factory=list)
    rows: list[Cells] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of rows, faulty ones included."""
        return len(self.rows) + len(self.faults)

    def by_column(self, wants: Callable[[str], bool]) -> "ByColumn | None":
        """Return the cells of some columns, if all rows have the same columns.

        Parameters
        ----------
        wants : callable
            From the name of a column to whether its cells are returned.

        Returns
        -------
        ByColumn or None
        """
        if not self.rows or any(row.keys() != self.rows[0].keys() for row in self.rows):
            return None
        cells = {name: [row[name] for row in self.rows] for name in self.rows[0] if wants(name)}
        return ByColumn(
            np.array(self.lines), cells, lambda chosen: [self.rows[i] for i in chosen], self.faults
        )


class ByColumn(NamedTuple):
    """Rows that have the same columns.

    Attributes
    ----------
    lines : ndarray of int of shape (n_rows,)
    cells : dict of str to list or pyarrow.ChunkedArray of shape (n_rows,)
    rows_at : callable
        From positions to the cells of these rows in all columns.
    faults : list of Fault
        The rows among them that cannot be read.
    """

    lines: np.ndarray
    cells: dict[str, Any]
    rows_at: Callable[[Sequence[int]], list[Cells]]
    faults: list[Fault]


class RowReader(ABC):
    """Read the rows of one file, as a stream.

    A subclass is a file format. It yields its rows in order and declares what the format defines
    of the columns; which columns hold texts and labels is decided elsewhere.

    Parameters
    ----------
    path : pathlib.Path
    rules : ColumnRules
        Distinguish a header from a row, and decide which columns are read.
    options : ReadOptions, optional

    Attributes
    ----------
    names : list of str
        The columns found so far; those of all rows once all have been read.
    has_types : bool
        Whether the format distinguishes texts from numbers and booleans.
    has_header : bool
        Whether the columns have names in the file; known with the first row.
    empty_is_missing : bool
        Whether an empty cell is a missing one; known with the first row.
    is_official : bool
        Whether all rows so far have the form in which AG News is published.
    """

    has_types = True
    has_header = True
    empty_is_missing = False
    is_official = False

    def __init__(self, path: Path, rules: ColumnRules, options: ReadOptions | None = None) -> None:
        self.path = path
        self.rules = rules
        self.options = options or ReadOptions()
        self.names: list[str] = []
        self._selected: Collection[str] = ()

    @abstractmethod
    def column_names(self) -> list[str]:
        """Return the columns of the file, read no further than that takes; empty if it is."""

    @abstractmethod
    def rows(self) -> Found:
        """Yield the rows in order, and a fault where one cannot be read."""

    def select(self, names: Collection[str]) -> None:
        """Read only these columns, in formats that can leave out others.

        Parameters
        ----------
        names : collection of str
        """
        self._selected = names

    def wants(self, name: str) -> bool:
        """Return whether a column is read by formats that can leave out others."""
        return name in self._selected if self._selected else self.rules.wants(name)

    def row_ranges(self, n_rows: int) -> list[range | None]:
        """Return the parts of the file that can be read without the rows before them.

        Parameters
        ----------
        n_rows : int
            Rows per batch.

        Returns
        -------
        list of range or None
            Positions of consecutive rows, each of whole batches; None stands for all rows.
        """
        return [None]

    def batches(self, n_rows: int, rows: range | None = None) -> Iterator[Batch]:
        """Yield the rows in batches; the same file is always cut at the same rows.

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
        found = self.rows()
        batch = take_rows(found, n_rows)
        yield batch
        while len(batch := take_rows(found, n_rows)):
            yield batch

    def first_rows(self, n_rows: int) -> Batch:
        """Return the first rows of the file.

        Parameters
        ----------
        n_rows : int

        Returns
        -------
        Batch
        """
        found = self.rows()
        try:
            return take_rows(found, n_rows)
        finally:
            found.close()

    def spread_rows(self, n_rows: int) -> list[Cells]:
        """Return the cells of rows from all places of the file, evenly spaced.

        Parameters
        ----------
        n_rows : int
            How many; less than twice as many may be returned.

        Returns
        -------
        list of dict
        """
        found: list[Cells] = []
        every = 1
        rows = (one.cells for one in self.rows() if isinstance(one, Row))
        for i, cells in enumerate(rows):
            if i % every == 0:
                found.append(cells)
            if len(found) == 2 * n_rows:
                del found[1::2]
                every *= 2
        return found

    def wrong_type(self, label: str, texts: Sequence[str]) -> str | None:
        """Return which column has a type that fits no labels or no texts; None if all fit.

        Parameters
        ----------
        label : str
            Column of the labels.
        texts : sequence of str
            Columns of the texts.

        Returns
        -------
        str or None
            What is wrong, for a message; None in formats whose columns have no types.
        """
        return None

    def label_names(self, column: str) -> Sequence[str] | None:
        """Return the names that the file has for labels 0, 1, ... of a column; None without."""
        return None

    @cached_property
    def not_unicode(self) -> str:
        """Return why a row with undecodable bytes is a fault, with the encoding to try."""
        if self.options.encoding is not None:
            return f"{NOT_UNICODE} in encoding {self.options.encoding!r}"
        return why_not_utf8(self.path) if self.options.detects else NOT_UNICODE


def take_rows(found: Iterator[Row | Fault], n_rows: int) -> Batch:
    """Return the next rows as a batch, which is empty at the end.

    Parameters
    ----------
    found : iterator of Row or Fault
    n_rows : int

    Returns
    -------
    Batch
    """
    batch = Batch()
    for one in islice(found, n_rows):
        if isinstance(one, Fault):
            batch.faults.append(one)
        else:
            batch.lines.append(one.line)
            batch.rows.append(one.cells)
    return batch


def is_unicode(text: str) -> bool:
    """Return whether a text has no lone surrogate, which is what an undecodable byte becomes.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
